"""Rules that hold whatever is called: the meter touches nothing, sums are sums, more bytes are never cheaper."""

from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws
from tables import INDEXES, contents, item, laboratory, make, of_key, padded, parts, shared_client, total

from simlib import meter

names = st.sampled_from(["a", "b", "c"])
texts = st.sampled_from(["", "x", "가나다", "x" * 700, "y" * 1500, "z" * 5000])
plain = st.one_of(
    texts.map(lambda text: {"S": text}),
    st.integers(-200, 10**12).map(lambda number: {"N": str(number)}),
    st.binary(max_size=4).map(lambda content: {"B": content}),
    st.booleans().map(lambda flag: {"BOOL": flag}),
    st.just({"NULL": True}),
    st.sets(st.sampled_from("pqrs"), min_size=1).map(lambda members: {"SS": sorted(members)}),
    st.sets(st.integers(0, 99), min_size=1, max_size=3).map(lambda members: {"NS": [str(n) for n in sorted(members)]}),
    st.lists(texts.map(lambda text: {"S": text}), max_size=3).map(lambda content: {"L": content}),
    st.dictionaries(st.sampled_from("mn"), texts.map(lambda text: {"S": text})).map(lambda content: {"M": content}),
)
keys = st.builds(lambda pk, sk: item(pk=pk, sk=sk), names, st.sampled_from(["1", "2"]))
index_keys = st.fixed_dictionaries(
    {}, optional={"g": names.map(lambda n: {"S": n}), "l": names.map(lambda n: {"S": n})}
)
bodies = st.dictionaries(st.sampled_from(["p", "q", "r"]), plain, max_size=3)
items = st.builds(lambda key, index, body: {**key, **index, **body}, keys, index_keys, bodies)
conditions = st.sampled_from(
    [{}, {}, {"ConditionExpression": "attribute_exists(p)"}, {"ConditionExpression": "attribute_not_exists(p)"}]
)
returned = st.sampled_from([{}, {"ReturnValues": "ALL_OLD"}])
updates = st.one_of(
    st.builds(
        lambda name, value: {"UpdateExpression": f"SET {name} = :v", "ExpressionAttributeValues": {":v": value}},
        st.sampled_from(["p", "q", "r"]),
        plain,
    ),
    st.sampled_from(["p", "q", "g"]).map(lambda name: {"UpdateExpression": f"REMOVE {name}"}),
    st.just({"UpdateExpression": "ADD hits :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}),
    names.map(lambda name: {"UpdateExpression": "SET g = :v", "ExpressionAttributeValues": {":v": {"S": name}}}),
)


def apart(keyed):
    """Whether no two of several items, keys or actions have the same key."""
    found = [next(iter(each.values())) if len(each) == 1 else each for each in keyed]
    found = [each.get("Item") or each.get("Key") or each for each in found]
    return len({(each["pk"]["S"], each["sk"]["S"]) for each in found}) == len(found)


actions = st.one_of(
    items.map(lambda new: {"Put": {"Item": new}}),
    keys.map(lambda key: {"Delete": {"Key": key}}),
    st.builds(lambda key, update: {"Update": {"Key": key, **update}}, keys, updates),
    keys.map(lambda key: {"ConditionCheck": {"Key": key, "ConditionExpression": "attribute_exists(pk)"}}),
).map(lambda action: {kind: {"TableName": "t", **content} for kind, content in action.items()})
calls = st.one_of(
    st.builds(lambda new, c, r: ("put_item", {"TableName": "t", "Item": new, **c, **r}), items, conditions, returned),
    st.builds(lambda key, c, r: ("delete_item", {"TableName": "t", "Key": key, **c, **r}), keys, conditions, returned),
    st.builds(
        lambda key, u, c, r: ("update_item", {"TableName": "t", "Key": key, **u, **c, **r}),
        keys,
        updates,
        conditions,
        returned,
    ),
    keys.map(lambda key: ("get_item", {"TableName": "t", "Key": key})),
    names.map(lambda name: ("query", {"TableName": "t", **of_key("pk", name)})),
    names.map(lambda name: ("query", {"TableName": "t", "IndexName": "far", **of_key("g", name)})),
    st.just(("scan", {"TableName": "t", "FilterExpression": "attribute_exists(q)"})),
    st.just(("scan", {"TableName": "t", "IndexName": "near", "Select": "COUNT"})),
    st.lists(items, min_size=1, max_size=4)
    .filter(apart)
    .map(lambda each: ("batch_write_item", {"RequestItems": {"t": [{"PutRequest": {"Item": new}} for new in each]}})),
    st.lists(keys, min_size=1, max_size=4)
    .filter(apart)
    .map(lambda each: ("batch_get_item", {"RequestItems": {"t": {"Keys": each}}})),
    st.lists(actions, min_size=1, max_size=3)
    .filter(apart)
    .map(lambda each: ("transact_write_items", {"TransactItems": each})),
)


def play(client, script):
    """Responses or errors of the calls, without what differs from one call to the next anyway, and the table."""
    make(client, keys="pk sk", far=("g", ["p"]), near=("pk l", "ALL"))
    answers = []
    for call, arguments in script:
        try:
            answer = getattr(client, call)(**arguments)
        except ClientError as error:
            answer = dict(error.response)
        for unlike in ("ResponseMetadata", "ConsumedCapacity"):
            answer.pop(unlike, None)
        answers.append(answer)
    return answers, contents(client)


@settings(max_examples=80)
@given(st.lists(calls, min_size=1, max_size=12))
def test_the_same_calls_with_and_without_the_meter_return_and_store_the_same(script):
    with mock_aws():
        plainly = play(shared_client(), script)
    with laboratory() as lab:
        assert play(lab.client, script) == plainly


@settings(max_examples=60)
@given(st.lists(calls, min_size=1, max_size=12))
def test_the_ledger_is_the_sum_of_what_the_responses_say(script):
    with laboratory() as lab:
        make(lab.client, keys="pk sk", far=("g", ["p"]), near=("pk l", "ALL"))
        told = 0.0
        for call, arguments in script:
            try:
                told += total(getattr(lab.client, call)(**arguments, **INDEXES))
            except ClientError:
                pass
        failed = sum((line.read_units + line.write_units) for line in lab.ledger if line.error)
        assert lab.ledger.read_units + lab.ledger.write_units == told + failed
        assert all(line.read_units >= 0 and line.write_units >= 0 for line in lab.ledger)
        assert all((line.read_units > 0) != (line.write_units > 0) for line in lab.ledger)
        by_call = [sum(line.on_demand_usd for line in lab.ledger if line.call == n) for n in range(lab.ledger.calls)]
        assert all(usd > 0 for usd in by_call) and abs(sum(by_call) - lab.ledger.on_demand_usd) < 1e-12


@settings(max_examples=30)
@given(st.lists(st.integers(10, 9000), min_size=1, max_size=10))
def test_batches_cost_the_sum_of_their_items(sizes):
    """Writes and reads of a batch, against single calls on another table."""
    with laboratory() as lab:
        for name in ("t", "u"):
            make(lab.client, name, by_g=("g", "ALL"))
        new = [padded(size, pk=str(number), g="g") for number, size in enumerate(sizes)]
        wanted = [item(pk=str(number)) for number in range(len(sizes) + 1)]
        singly = sum(total(lab.client.put_item(TableName="u", Item=each, **INDEXES)) for each in new)
        puts = {"t": [{"PutRequest": {"Item": each}} for each in new]}
        assert total(lab.client.batch_write_item(RequestItems=puts, **INDEXES)) == singly
        singly = sum(total(lab.client.get_item(TableName="u", Key=key, **INDEXES)) for key in wanted)
        assert total(lab.client.batch_get_item(RequestItems={"t": {"Keys": wanted}}, **INDEXES)) == singly
        singly = sum(total(lab.client.delete_item(TableName="u", Key=key, **INDEXES)) for key in wanted)
        deletes = {"t": [{"DeleteRequest": {"Key": key}} for key in wanted]}
        assert total(lab.client.batch_write_item(RequestItems=deletes, **INDEXES)) == singly


@settings(max_examples=30)
@given(st.integers(10, 20_000), st.integers(0, 20_000))
def test_a_larger_item_is_never_cheaper(size, more):
    with laboratory() as lab:
        make(lab.client, by_g=("g", "ALL"))
        costs = []
        for weight in (size, size + more):
            new, key = padded(weight, pk="a", g="g"), item(pk="a")
            put = {"Put": {"TableName": "t", "Item": new}}
            costs.append(
                [
                    parts(lab.client.put_item(TableName="t", Item=new, **INDEXES)),
                    parts(lab.client.get_item(TableName="t", Key=key, **INDEXES)),
                    parts(lab.client.query(TableName="t", IndexName="by_g", **of_key("g", "g"), **INDEXES)),
                    parts(lab.client.delete_item(TableName="t", Key=key, **INDEXES)),
                    parts(lab.client.transact_write_items(TransactItems=[put], **INDEXES)),
                ]
            )
            lab.client.delete_item(TableName="t", Key=key)
        for small, large in zip(*costs):
            assert 0 < small[0] <= large[0] and 0 <= small[1] <= large[1]
            assert small[2].get("by_g", 0) <= large[2].get("by_g", 0)


@given(st.lists(items, min_size=1, max_size=5))
def test_a_scan_costs_what_the_items_of_the_table_weigh(batch):
    with laboratory() as lab:
        make(lab.client, keys="pk sk")
        for new in batch:
            lab.client.put_item(TableName="t", Item=new)
        stored = {(new["pk"]["S"], new["sk"]["S"]): new for new in batch}
        size = sum(map(meter.item_size, stored.values()))
        found = lab.client.scan(TableName="t", ConsistentRead=True, **INDEXES)
        assert total(found) == max(1, -(-size // 4096)) and found["Count"] == len(stored)
