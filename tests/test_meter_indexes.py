"""What a write costs the indexes: captured on DynamoDB itself, and an oracle written independently.

The figures of `MEASURED` and `LARGE` were captured on AWS (dynamodb-conformance, index writes of 2026-08-12; and
dynoxide's differential tests of 2026-08-13): the table has the keys pk and sk, the global index the key g, and
the local index the key l.
"""

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws
from tables import INDEXES, item, laboratory, make, of_key, parts, shared_client, total

from simlib import meter

KEY = item(pk="a", sk="1")
FULL = item(pk="a", sk="1", g="g1", l="l1", proj="p", rest="o")
SPARSE = item(pk="a", sk="1", proj="p", rest="o")
GLOBAL = item(pk="a", sk="1", g="g1", proj="p", rest="o")
LOCAL = item(pk="a", sk="1", l="l1", proj="p", rest="o")


@pytest.fixture
def client():
    with laboratory() as lab:
        make(lab.client, keys="pk sk", gsi=("g", ["proj"]), lsi=("pk l", "ALL"))
        yield lab.client


def put(client, new):
    return client.put_item(TableName="t", Item=new, **INDEXES)


def update(client, expression, **values):
    given = {"ExpressionAttributeValues": item(**{f":{name}": value for name, value in values.items()})}
    names = {"ExpressionAttributeNames": {"#l": "l"}} if "#l" in expression else {}
    return client.update_item(
        TableName="t", Key=KEY, UpdateExpression=expression, **(given if values else {}), **names, **INDEXES
    )


G, L = {"gsi": 1}, {"lsi": 1}
MEASURED = {
    "put with the global key": (None, lambda c: put(c, GLOBAL), (2, 1, G, {})),
    "put without index keys": (None, lambda c: put(c, SPARSE), (1, 1, {}, {})),
    "put with the local key": (None, lambda c: put(c, LOCAL), (2, 1, {}, L)),
    "put with both": (None, lambda c: put(c, FULL), (3, 1, G, L)),
    "put of the same again": (FULL, lambda c: put(c, FULL), (1, 1, {}, {})),
    "set what only ALL projects": (FULL, lambda c: update(c, "SET rest = :v", v="x"), (2, 1, {}, L)),
    "set what both project": (FULL, lambda c: update(c, "SET proj = :v", v="x"), (3, 1, G, L)),
    "set to the value it has": (FULL, lambda c: update(c, "SET proj = :v", v="p"), (1, 1, {}, {})),
    "move the global key": (FULL, lambda c: update(c, "SET g = :v", v="g2"), (4, 1, {"gsi": 2}, L)),
    "remove the global key": (FULL, lambda c: update(c, "REMOVE g"), (3, 1, G, L)),
    "move the local key": (FULL, lambda c: update(c, "SET #l = :v", v="l2"), (3, 1, {}, {"lsi": 2})),
    "remove the local key": (FULL, lambda c: update(c, "REMOVE #l"), (2, 1, {}, L)),
    "add the global key": (SPARSE, lambda c: update(c, "SET g = :v", v="g1"), (2, 1, G, {})),
    "delete": (FULL, lambda c: c.delete_item(TableName="t", Key=KEY, **INDEXES), (3, 1, G, L)),
    "delete without index keys": (SPARSE, lambda c: c.delete_item(TableName="t", Key=KEY, **INDEXES), (1, 1, {}, {})),
    "delete of nothing": (None, lambda c: c.delete_item(TableName="t", Key=KEY, **INDEXES), (1, 1, {}, {})),
    "batch of one in both and one in none": (
        None,
        lambda c: c.batch_write_item(
            RequestItems={
                "t": [
                    {"PutRequest": {"Item": {**each, "sk": {"S": sk}}}} for each, sk in ((GLOBAL, "1"), (SPARSE, "2"))
                ]
            },
            **INDEXES,
        ),
        (3, 2, G, {}),
    ),
}


@pytest.mark.parametrize("case", MEASURED)
def test_small_writes_cost_the_indexes_what_dynamodb_charged(client, case):
    """An index without a part in the call is not reported, and never as 0."""
    before, call, expected = MEASURED[case]
    if before:
        put(client, before)
    response = call(client)
    assert parts(response) == expected
    report = response["ConsumedCapacity"]
    report = report[0] if isinstance(report, list) else report
    assert ("GlobalSecondaryIndexes" in report, "LocalSecondaryIndexes" in report) == tuple(map(bool, expected[2:]))


def sized(base, projected, **more):
    """An item whose `rest` and `proj` have so many characters, with the global key unless told otherwise."""
    return item(**{"pk": "a", "sk": "1", "g": "g1", "rest": "o" * base, "proj": "p" * projected} | more)


LARGE = {
    "a small entry of a large item": (None, sized(3000, 1), 3, 1),
    "an entry that shrinks in place": (sized(0, 3000), sized(0, 1), 3, 3),
    "an entry that grows in place": (sized(0, 1), sized(0, 3000), 3, 3),
    "an entry of 617 bytes that changes in place": (sized(0, 600), sized(0, 599), 1, 1),
    "an entry of 1,517 bytes that changes in place": (sized(0, 1500), sized(0, 1499), 2, 2),
    "an entry that shrinks from 2,017 to 117 bytes": (sized(0, 2000), sized(0, 100), 2, 2),
    "an entry of 1,517 bytes that moves": (sized(0, 1500), sized(0, 1500, g="g2"), 2, 4),
    "an entry that moves and shrinks": (sized(0, 3000), sized(0, 1, g="g2"), 3, 4),
    "an entry that is removed": (sized(0, 3000), item(pk="a", sk="1"), 3, 3),
    "an item that is deleted": (sized(0, 3000), None, 3, 3),
}


@pytest.mark.parametrize("case", LARGE)
def test_large_entries_cost_the_index_what_dynamodb_charged(client, case):
    """In place the larger of both entries; moved, each by itself; removed, the old one."""
    before, after, table, index = LARGE[case]
    if before:
        put(client, before)
    response = put(client, after) if after else client.delete_item(TableName="t", Key=KEY, **INDEXES)
    assert parts(response) == (table + index, table, {"gsi": index}, {})


def test_the_three_index_examples_of_the_developer_guide(client):
    """Developer Guide, GSI write capacity: A to B takes 2 writes; removal 1; a projected attribute alone 1."""
    put(client, GLOBAL)
    assert parts(update(client, "SET g = :v", v="B"))[2] == {"gsi": 2}
    assert parts(update(client, "SET proj = :v", v="other"))[2] == {"gsi": 1}
    assert parts(update(client, "REMOVE g"))[2] == {"gsi": 1}


def test_an_index_whose_keys_are_equal_numbers_or_sets_in_another_order_did_not_change():
    with laboratory() as lab:
        make(lab.client, keys="pk", types={"n": "N"}, by_n=("n", "ALL"))
        for number, members in (("100", ["a", "b"]), ("1E+2", ["b", "a"]), ("100.0", ["a", "b"])):
            done = put(lab.client, {**item(pk="a", tags={"SS": members}), "n": {"N": number}})
        assert parts(done) == (1, 1, {}, {})
        moved = put(lab.client, {**item(pk="a", tags={"SS": ["a", "b"]}), "n": {"N": "101"}})
        assert parts(moved) == (3, 1, {"by_n": 2}, {})


def test_projections_hold_the_keys_of_table_and_index_and_no_more_than_they_say():
    """Three indexes of one item: KEYS_ONLY weighs 2 + 3 + 2 bytes of keys, INCLUDE 1,500 more, ALL 4,500 more."""
    with laboratory() as lab:
        make(lab.client, keys="pk sk", keys_only=("g h", "KEYS_ONLY"), some=("g", ["mid"]), everything=("h g", "ALL"))
        new = item(pk="a", sk="1", g="g", h="h", mid="m" * 1500, big="b" * 3000)
        assert parts(put(lab.client, new))[2] == {"keys_only": 1, "some": 2, "everything": 5}
        shorter = {**new, **item(big="b")}
        assert parts(put(lab.client, shorter)) == (5 + 5, 5, {"everything": 5}, {})
        half = item(pk="a", sk="1", g="g", mid="m")
        assert parts(put(lab.client, half)) == (2 + 1 + 2 + 2, 2, {"keys_only": 1, "some": 2, "everything": 2}, {})


def test_a_failed_condition_reaches_no_index_and_so_costs_none(client):
    """Captured on DynamoDB: the report of a refused write has the table's part only; here the ledger's."""
    put(client, FULL)
    with meter.watch(client) as ledger, pytest.raises(ClientError, match="ConditionalCheckFailed"):
        client.delete_item(TableName="t", Key=KEY, ConditionExpression="attribute_exists(nowhere)")
    assert [(line.index, line.write_units) for line in ledger] == [(None, 1)]


def test_the_ledger_has_a_line_for_the_table_and_for_each_index_that_took_part(client):
    with meter.watch(client) as ledger:
        put(client, FULL)
        client.query(TableName="t", IndexName="gsi", **of_key("g", "g1"))
    found = [(line.call, line.operation, line.index, line.kind, line.read_units, line.write_units) for line in ledger]
    assert found == [
        (0, "PutItem", None, "table", 0, 1),
        (0, "PutItem", "lsi", "local", 0, 1),
        (0, "PutItem", "gsi", "global", 0, 1),
        (1, "Query", "gsi", "global", 0.5, 0),
    ]


# --- the oracle -------------------------------------------------------------------------------------------

TABLE = {"k_only": ("g", "KEYS_ONLY"), "inc": ("g h", ["p"]), "every": ("h", "ALL"), "near": ("pk r", ["p"])}
KEYS = {"k_only": ["g"], "inc": ["g", "h"], "every": ["h"], "near": ["pk", "r"]}
HELD = {"k_only": {"pk", "sk", "g"}, "inc": {"pk", "sk", "g", "h", "p"}, "every": None, "near": {"pk", "sk", "r", "p"}}

short = st.sampled_from(["v", "w"])
filler = st.sampled_from([None, "", "f", "f" * 900, "e" * 900, "f" * 1100, "f" * 2500])
drawn = st.fixed_dictionaries(
    {},
    optional={"g": short, "h": short, "r": short, "p": filler.filter(lambda each: each is not None), "q": filler},
).map(lambda each: {"pk": "a", "sk": "1", **{name: value for name, value in each.items() if value is not None}})


def kb(entry):
    size = sum(len(name) + len(value) for name, value in entry.items())
    return max(1, size // 1024 + (size % 1024 > 0))


def index_cost(name, old, new):
    """The Developer Guide's list of cases for one index, on dicts of plain text."""

    def view(whole):
        if whole is None or any(key not in whole for key in KEYS[name]):
            return None
        return {k: v for k, v in whole.items() if HELD[name] is None or k in HELD[name]}

    was, now = view(old), view(new)
    if was == now:
        return 0
    if was is None:
        return kb(now)
    if now is None:
        return kb(was)
    if [was[key] for key in KEYS[name]] != [now[key] for key in KEYS[name]]:
        return kb(was) + kb(now)
    return max(kb(was), kb(now))


def expected(old, new, factor=1):
    table = factor * max(kb(each) for each in (old, new, {}) if each is not None)
    arms = {name: cost for name in KEYS if (cost := index_cost(name, old, new))}
    near = {name: arms.pop(name) for name in ("near",) if name in arms}
    return table + sum(arms.values()) + sum(near.values()), table, arms, near


def changes(old, new):
    """An UpdateItem that turns `old` into `new`, both with the same key."""
    key = {"pk", "sk"}
    setting = {name: value for name, value in new.items() if name not in key and (old or {}).get(name) != value}
    removed = [name for name in old or {} if name not in new]
    names = {f"#{name}": name for name in (*setting, *removed)}
    text = ("SET " + ", ".join(f"#{name} = :{name}" for name in setting)) if setting else ""
    text += (" REMOVE " + ", ".join(f"#{name}" for name in removed)) if removed else ""
    return {
        "Key": KEY,
        **({"UpdateExpression": text, "ExpressionAttributeNames": names} if text else {}),
        **({"ExpressionAttributeValues": item(**{f":{k}": v for k, v in setting.items()})} if setting else {}),
    }


@settings(max_examples=60)
@given(st.lists(drawn | st.none(), min_size=1, max_size=6), st.data())
def test_every_way_to_write_an_item_costs_table_and_indexes_what_the_oracle_says(states, data):
    """Puts, updates, deletes, batches and transactions between drawn states; the table's part x2 in transactions."""
    with laboratory() as lab:
        make(lab.client, keys="pk sk", **TABLE)
        old = None
        for new in states:
            whole = None if new is None else item(**new)
            ways = ["one", "batch", "transaction"] + (["update", "transacted update"] if new else [])
            way = data.draw(st.sampled_from(ways))
            if way == "one":
                call = lab.client.put_item if new else lab.client.delete_item
                done = call(TableName="t", **({"Item": whole} if new else {"Key": KEY}), **INDEXES)
            elif way == "update":
                done = lab.client.update_item(TableName="t", **changes(old, new), **INDEXES)
            elif way == "batch":
                request = {"PutRequest": {"Item": whole}} if new else {"DeleteRequest": {"Key": KEY}}
                done = lab.client.batch_write_item(RequestItems={"t": [request]}, **INDEXES)
            else:
                update = way == "transacted update" and changes(old, new)
                if update and "UpdateExpression" in update:
                    action = {"Update": {"TableName": "t", **update}}
                elif new:
                    action = {"Put": {"TableName": "t", "Item": whole}}
                else:
                    action = {"Delete": {"TableName": "t", "Key": KEY}}
                done = lab.client.transact_write_items(TransactItems=[action], **INDEXES)
            assert parts(done) == expected(old, new, 2 if "transact" in way else 1), (way, old, new)
            old = new
        assert lab.ledger.write_units == sum(line.write_units for line in lab.ledger) > 0


def test_total_is_the_sum_of_the_parts(client):
    for new in (FULL, GLOBAL, LOCAL, SPARSE):
        done = put(client, new)
        whole, table, global_parts, local_parts = parts(done)
        assert whole == table + sum(global_parts.values()) + sum(local_parts.values()) == total(done)


# --- indexes that an UpdateTable has added ----------------------------------------------------------------


def add_index(client, name, keys, definitions, table="t"):
    """A global index by UpdateTable, with definitions of the attributes that are new."""
    kinds = ("HASH", "RANGE")
    client.update_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind in definitions.items()],
        GlobalSecondaryIndexUpdates=[
            {
                "Create": {
                    "IndexName": name,
                    "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys.split(), kinds)],
                    "Projection": {"ProjectionType": "ALL"},
                }
            }
        ],
    )


@pytest.mark.parametrize("metered_before", [True, False])
def test_every_call_is_metered_after_an_update_table_that_names_the_new_attribute_only(metered_before):
    """UpdateTable asks for the definitions of a new index's keys; those that are there stay, which moto forgets.

    A first write costs the table and each of four indexes a unit; the same again costs the table only.
    """
    with laboratory() as lab:
        client = lab.client
        make(client, keys="pk sk", types={"sk": "N", "g": "B"}, by_g=("g", "ALL"), local=("pk l", "ALL"))
        stored = item(pk="a", sk=1, g=b"g", l="l", h="h", i="i")
        if metered_before:
            client.put_item(TableName="t", Item=stored)
        add_index(client, "by_h", "h", {"h": "S"})
        add_index(client, "by_i", "i sk", {"i": "S"})
        key = item(pk="a", sk=1)
        assert total(client.put_item(TableName="t", Item=stored, **INDEXES)) == (1 if metered_before else 5)
        assert total(client.get_item(TableName="t", Key=key, **INDEXES)) == 0.5
        update = {"UpdateExpression": "SET x = :x", "ExpressionAttributeValues": item(**{":x": "x"})}
        assert total(client.update_item(TableName="t", Key=key, **update, **INDEXES)) == 5
        for index, keys in (
            (None, {"pk": "a", "sk": 1}), ("by_g", {"g": b"g"}), ("local", {"pk": "a", "l": "l"}), ("by_h", {"h": "h"}),
            ("by_i", {"i": "i", "sk": 1}),
        ):  # fmt: skip
            asked = {
                "KeyConditionExpression": " AND ".join(f"{name} = :{name}" for name in keys),
                "ExpressionAttributeValues": item(**{f":{name}": value for name, value in keys.items()}),
                **({"IndexName": index} if index else {}),
            }
            found = client.query(TableName="t", Limit=1, **asked, **INDEXES)
            assert found["Count"] == 1 and total(found) == 0.5
            again = {"ExclusiveStartKey": found["LastEvaluatedKey"]}
            assert client.query(TableName="t", **asked, **again)["Count"] == 0
        batch = {"t": [{"PutRequest": {"Item": item(pk="b", sk=2)}}, {"DeleteRequest": {"Key": item(pk="c", sk=3)}}]}
        assert total(client.batch_write_item(RequestItems=batch, **INDEXES)) == 2
        assert total(client.batch_get_item(RequestItems={"t": {"Keys": [key]}}, **INDEXES)) == 0.5
        assert total(client.transact_get_items(TransactItems=[{"Get": {"TableName": "t", "Key": key}}], **INDEXES)) == 2
        action = {"Update": {"TableName": "t", "Key": key, **update}}
        assert total(client.transact_write_items(TransactItems=[action], **INDEXES)) == 2
        assert total(client.delete_item(TableName="t", Key=key, **INDEXES)) == 5
        assert client.scan(TableName="t")["Count"] == 1


def test_types_of_keys_are_held_to_after_an_update_table():
    with laboratory() as lab:
        client = lab.client
        make(client, types={"g": "N"}, by_g=("g", "ALL"))
        client.put_item(TableName="t", Item=item(pk="a", g=5))
        add_index(client, "by_h", "h", {"h": "S"})
        mismatch = "Type mismatch for Index Key g Expected: N Actual: S IndexName: by_g"
        with pytest.raises(ClientError, match=mismatch):
            client.put_item(TableName="t", Item=item(pk="b", g="text"))
        with pytest.raises(ClientError, match="Type mismatch for key pk expected: S actual: N"):
            client.put_item(TableName="t", Item=item(pk=5))
        with pytest.raises(ClientError, match="does not match the schema"):
            client.get_item(TableName="t", Key=item(pk=5))


def test_the_type_of_a_key_that_moto_has_forgotten_is_told_by_a_stored_item():
    with mock_aws():
        client = shared_client()
        make(client, types={"g": "N"}, by_g=("g", "ALL"))
        add_index(client, "by_h", "h", {"h": "S"})
        with meter.watch(client):
            client.put_item(TableName="t", Item=item(pk="a", x="no key of an index"))
            with pytest.raises(ClientError, match="Type mismatch for Index Key g"):
                client.put_item(TableName="t", Item={**item(pk="b"), "g": {"BOOL": True}})
            client.put_item(TableName="t", Item=item(pk="b", g=5))
            with pytest.raises(ClientError, match="Type mismatch for Index Key g Expected: N Actual: S"):
                client.put_item(TableName="t", Item=item(pk="c", g="text"))
