"""What single calls, batches and pages consume: AWS's examples and sums worked by hand."""

import pytest
from botocore.exceptions import ClientError
from tables import INDEXES, contents, item, laboratory, make, of_key, padded, parts, total

KB = 1024


@pytest.fixture
def lab():
    with laboratory() as lab:
        yield lab


@pytest.fixture
def client(lab):
    make(lab.client)
    return lab.client


def put(client, size_bytes, name="t", **attributes):
    attributes = attributes or {"pk": "a"}
    return client.put_item(TableName=name, Item=padded(size_bytes, **attributes), **INDEXES)


A = item(pk="a")


# --- AWS's examples ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size_bytes", "strong", "eventual", "transactional"), [(8 * KB, 2, 1, 4), (3500, 1, 0.5, 2)])
def test_an_item_of_8_kb_takes_2_strong_1_eventual_or_4_transactional_units_and_3500_bytes_take_one(
    client, size_bytes, strong, eventual, transactional
):
    """DynamoDB Developer Guide, read and write operations."""
    put(client, size_bytes)
    assert total(client.get_item(TableName="t", Key=A, ConsistentRead=True, **INDEXES)) == strong
    assert total(client.get_item(TableName="t", Key=A, **INDEXES)) == eventual
    got = client.transact_get_items(TransactItems=[{"Get": {"TableName": "t", "Key": A}}], **INDEXES)
    assert total(got) == transactional


def test_an_item_of_2_kb_takes_2_write_units_or_4_in_a_transaction(client):
    """DynamoDB Developer Guide, read and write operations."""
    assert total(put(client, 2 * KB)) == 2
    action = {"Put": {"TableName": "t", "Item": padded(2 * KB, pk="a")}}
    assert total(client.transact_write_items(TransactItems=[action], **INDEXES)) == 4


def test_three_writes_of_500_bytes_in_a_transaction_take_6_units(client):
    """DynamoDB Developer Guide, transactions: "each transaction performs three 500-byte item writes": 6 WCUs."""
    actions = [{"Put": {"TableName": "t", "Item": padded(500, pk=key)}} for key in "abc"]
    assert total(client.transact_write_items(TransactItems=actions, **INDEXES)) == 6


def test_eighty_strong_reads_of_3_kb_and_a_hundred_writes_of_512_bytes_take_80_and_100_units(lab, client):
    """DynamoDB Developer Guide, provisioned capacity mode."""
    put(client, 3 * KB)
    before = lab.ledger.write_units
    for _ in range(80):
        client.get_item(TableName="t", Key=A, ConsistentRead=True)
    for number in range(100):
        put(client, 512, pk=f"{number:03}")
    assert (lab.ledger.read_units, lab.ledger.write_units - before) == (80, 100)


def test_a_batch_of_items_of_1_5_and_6_5_kb_is_read_as_12_kb(client):
    """DynamoDB Developer Guide, BatchGetItem: 4 KB + 8 KB, "not 8 KB (1.5 KB + 6.5 KB)": 3 strong units."""
    put(client, KB * 3 // 2, pk="a")
    put(client, KB * 13 // 2, pk="b")
    asked = {"t": {"Keys": [item(pk="a"), item(pk="b")], "ConsistentRead": True}}
    assert parts(client.batch_get_item(RequestItems=asked, **INDEXES)) == (3, 3, {}, {})


def test_a_query_that_returns_40_8_kb_is_charged_for_44_kb(lab):
    """DynamoDB Developer Guide, Query: "If the total size of all items is 40.8 KB, it is rounded to 44 KB"."""
    make(lab.client, keys="pk sk")
    for number in range(8):
        put(lab.client, 40 * KB // 8 + (820 if number == 7 else 0), pk="a", sk=str(number))
    found = lab.client.query(TableName="t", ConsistentRead=True, **INDEXES, **of_key())
    assert found["Count"] == 8 and parts(found) == (11, 11, {}, {})


def test_a_query_of_1500_items_of_64_bytes_is_charged_for_96_kb(lab):
    """DynamoDB Developer Guide, Query: "the cumulative size is 96 KB": 24 strong or 12 eventual units."""
    make(lab.client, keys="pk sk")
    for first in range(0, 1500, 25):
        puts = [{"PutRequest": {"Item": padded(64, pk="a", sk=f"{n:04}")}} for n in range(first, first + 25)]
        lab.client.batch_write_item(RequestItems={"t": puts})
    assert lab.ledger.write_units == 1500
    found = lab.client.query(TableName="t", ConsistentRead=True, **INDEXES, **of_key())
    assert found["Count"] == 1500 and total(found) == 24
    assert total(lab.client.query(TableName="t", **INDEXES, **of_key())) == 12


def test_a_batch_write_of_500_bytes_and_3_5_kb_takes_5_units(client):
    """DynamoDB Developer Guide, BatchWriteItem: 1 KB + 4 KB, "not 4 KB (500 bytes + 3.5 KB)"."""
    puts = [{"PutRequest": {"Item": padded(size, pk=key)}} for key, size in (("a", 500), ("b", KB * 7 // 2))]
    assert parts(client.batch_write_item(RequestItems={"t": puts}, **INDEXES)) == (5, 5, {}, {})


def test_a_put_of_310_kb_over_300_kb_whose_condition_fails_takes_310_units(lab, client):
    """DynamoDB Developer Guide, conditional writes: "the larger of the two", although nothing was written."""
    put(client, 300 * KB)
    before = lab.ledger.write_units
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        client.put_item(
            TableName="t", Item=padded(310 * KB, pk="a"), ConditionExpression="attribute_not_exists(pk)", **INDEXES
        )
    assert lab.ledger.write_units - before == 310
    assert lab.ledger[-1].error == "ConditionalCheckFailedException"


def test_four_items_of_a_local_index_with_a_fetch_are_charged_for_20_kb(lab):
    """DynamoDB Developer Guide, local secondary indexes: items of 300 bytes of which 200 are projected.

    The index reads 4 x 200 bytes, rounded to 4 KB; the table 4 x 4 KB: 5 strong or 2.5 eventual units.
    """
    make(lab.client, keys="pk sk", local=("pk lk", ["x"]))
    for number in range(4):
        entry = padded(200, pk="a", sk=str(number), lk=str(number))
        lab.client.put_item(TableName="t", Item={**entry, **item(rest="r" * 96)})
    for consistent, unit in ((True, 1), (False, 0.5)):
        asked = {"TableName": "t", "IndexName": "local", "ConsistentRead": consistent, **INDEXES, **of_key()}
        fetched = lab.client.query(Select="ALL_ATTRIBUTES", **asked)
        assert parts(fetched) == (5 * unit, 4 * unit, {}, {"local": unit})
        assert {len(each["rest"]["S"]) for each in fetched["Items"]} == {96}
        projected = lab.client.query(**asked)
        assert parts(projected) == (unit, 0, {}, {"local": unit})
        assert not any("rest" in each for each in projected["Items"])


def test_a_hundred_writes_of_1_kb_in_one_region_take_a_hundred_units(lab, client):
    """DynamoDB Developer Guide, global tables billing: on the day before there is a replica, 100 WRUs."""
    for number in range(100):
        put(client, KB, pk=f"{number}")
    assert lab.ledger.write_units == 100


# --- shapes -----------------------------------------------------------------------------------------------


def test_responses_say_as_much_as_was_asked_and_the_ledger_records_all(lab, client):
    """API reference, ConsumedCapacity: single calls have CapacityUnits only; the parts come with INDEXES."""
    for detail, report in (
        ({}, None),
        ({"ReturnConsumedCapacity": "NONE"}, None),
        ({"ReturnConsumedCapacity": "TOTAL"}, {"TableName": "t", "CapacityUnits": 1.0}),
        (INDEXES, {"TableName": "t", "CapacityUnits": 1.0, "Table": {"CapacityUnits": 1.0}}),
    ):
        assert client.put_item(TableName="t", Item=A, **detail).get("ConsumedCapacity") == report
        assert client.update_item(TableName="t", Key=A, **detail).get("ConsumedCapacity") == report
        assert client.get_item(TableName="t", Key=A, ConsistentRead=True, **detail).get("ConsumedCapacity") == report
        assert client.delete_item(TableName="t", Key=A, **detail).get("ConsumedCapacity") == report
        found = client.query(TableName="t", ConsistentRead=True, **of_key(), **detail)
        assert found.get("ConsumedCapacity") == report
        assert client.scan(TableName="t", ConsistentRead=True, **detail).get("ConsumedCapacity") == report
        keys = {"t": {"Keys": [A], "ConsistentRead": True}}
        listed = None if report is None else [report]
        assert client.batch_get_item(RequestItems=keys, **detail).get("ConsumedCapacity") == listed
        writes = {"t": [{"DeleteRequest": {"Key": A}}]}
        assert client.batch_write_item(RequestItems=writes, **detail).get("ConsumedCapacity") == listed
    operations = ["PutItem", "UpdateItem", "GetItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem"]
    assert [line.operation for line in lab.ledger] == operations * 4
    assert (lab.ledger.calls, lab.ledger.read_units, lab.ledger.write_units) == (32, 16, 16)


def test_transactions_say_at_every_level_whether_units_were_read_or_written(lab):
    """Captured on DynamoDB (dynamodb-conformance, transactions of 2026-06-30)."""
    make(lab.client, by_g=("g", "ALL"), types={})
    put = {"Put": {"TableName": "t", "Item": item(pk="a", g="g")}}
    (report,) = lab.client.transact_write_items(TransactItems=[put], **INDEXES)["ConsumedCapacity"]
    assert report == {
        "TableName": "t",
        "CapacityUnits": 3.0,
        "WriteCapacityUnits": 3.0,
        "Table": {"CapacityUnits": 2.0, "WriteCapacityUnits": 2.0},
        "GlobalSecondaryIndexes": {"by_g": {"CapacityUnits": 1.0, "WriteCapacityUnits": 1.0}},
    }
    get = {"Get": {"TableName": "t", "Key": A}}
    (report,) = lab.client.transact_get_items(TransactItems=[get], ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    assert report == {"TableName": "t", "CapacityUnits": 2.0, "ReadCapacityUnits": 2.0}


@pytest.mark.parametrize("provisioned", [True, False])
def test_both_capacity_modes_count_alike_and_tables_may_be_named_by_arn(lab, provisioned):
    make(lab.client, provisioned=provisioned)
    arn = lab.client.describe_table(TableName="t")["Table"]["TableArn"]
    assert total(put(lab.client, 1500)) == 2
    got = lab.client.get_item(TableName=arn, Key=A, **INDEXES)
    assert total(got) == 0.5 and got["Item"] == padded(1500, pk="a")
    assert total(lab.client.put_item(TableName=arn, Item=A, **INDEXES)) == 2
    assert total(lab.client.query(TableName=arn, **of_key(), **INDEXES)) == 0.5
    batch = lab.client.batch_get_item(RequestItems={arn: {"Keys": [A]}}, **INDEXES)
    assert total(batch) == 0.5
    put_again = {"Put": {"TableName": arn, "Item": padded(3000, pk="a")}}
    assert total(lab.client.transact_write_items(TransactItems=[put_again], **INDEXES)) == 6
    assert contents(lab.client) == [padded(3000, pk="a")]
    assert {line.table for line in lab.ledger} == {"t"}


# --- one item ---------------------------------------------------------------------------------------------


def test_a_put_costs_the_larger_of_the_item_before_and_the_new_one(client):
    assert [total(put(client, size)) for size in (3000, 100, 100, 5000)] == [3, 3, 1, 5]


def test_a_delete_costs_the_item_that_was_there_and_the_least_where_none_was(client):
    put(client, 3000)
    assert [total(client.delete_item(TableName="t", Key=A, **INDEXES)) for _ in range(2)] == [3, 1]


def test_a_missing_item_costs_the_least(client):
    assert total(client.get_item(TableName="t", Key=A, **INDEXES)) == 0.5
    assert total(client.get_item(TableName="t", Key=A, ConsistentRead=True, **INDEXES)) == 1


def test_a_projection_makes_no_read_cheaper(client):
    put(client, 9000)
    assert total(client.get_item(TableName="t", Key=A, ProjectionExpression="pk", **INDEXES)) == 1.5
    assert total(client.get_item(TableName="t", Key=A, AttributesToGet=["pk"], **INDEXES)) == 1.5
    asked = {"t": {"Keys": [A], "ProjectionExpression": "pk"}}
    assert total(client.batch_get_item(RequestItems=asked, **INDEXES)) == 1.5


UPDATES = {
    "SET x = :v": 1,
    "SET big = :v": 3,
    "SET big = :big": 5,
    "REMOVE big": 3,
    "SET l = list_append(l, :l)": 4,
    "SET m.deep.leaf = :big": 8,
    "SET l[0] = :v": 3,
    "REMOVE l[0]": 3,
    "ADD n :n": 3,
    "ADD tags :tags": 4,
    "DELETE tags :tag": 3,
    "SET fresh = if_not_exists(fresh, :big)": 8,
    "SET n = n + :n": 3,
}


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("returned", ["NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"])
def test_an_update_costs_the_whole_item_before_or_after_whichever_is_larger(client, update, returned):
    """3,013 to 3,072 bytes before; the list and the set are given another 1,000 bytes, `big` another 5,000."""
    before = item(
        pk="a", n=5, l={"L": [{"S": "one"}]}, m={"M": {"deep": {"M": {}}}}, tags={"SS": ["t"]}, big="b" * 2960
    )
    if update == "SET x = :v":
        del before["big"]
    client.put_item(TableName="t", Item=before)
    values = {
        ":v": {"S": "v"},
        ":big": {"S": "b" * 5000},
        ":l": {"L": [{"S": "b" * 1000}]},
        ":n": {"N": "1"},
        ":tags": {"SS": ["u" * 1000]},
        ":tag": {"SS": ["t"]},
    }
    used = {name: value for name, value in values.items() if name in update.replace(",", " ").replace(")", " ").split()}
    done = client.update_item(
        TableName="t",
        Key=A,
        UpdateExpression=update,
        ReturnValues=returned,
        **({"ExpressionAttributeValues": used} if used else {}),
        **INDEXES,
    )
    assert parts(done) == (UPDATES[update], UPDATES[update], {}, {})


def test_an_update_of_a_missing_item_writes_a_new_one(client):
    set_big = {"UpdateExpression": "SET big = :b", "ExpressionAttributeValues": item(**{":b": "b" * 2000})}
    assert total(client.update_item(TableName="t", Key=A, **set_big, **INDEXES)) == 2
    assert total(client.update_item(TableName="t", Key=item(pk="b"), **INDEXES)) == 1
    removing = {"UpdateExpression": "REMOVE nothing"}
    assert total(client.update_item(TableName="t", Key=item(pk="c"), **removing, **INDEXES)) == 1
    assert [each["pk"]["S"] for each in contents(client)] == ["a", "b", "c"]


def test_failed_conditions_are_charged_by_the_larger_item_and_at_least_one_unit(lab, client):
    """DynamoDB Developer Guide, conditional writes; only a put has a new item to weigh."""
    put(client, 2500)
    never = {"ConditionExpression": "attribute_exists(nowhere)", **INDEXES}
    set_big = {"UpdateExpression": "SET big = :b", "ExpressionAttributeValues": item(**{":b": "b" * 9000})}
    charged = []
    for call, arguments in (
        (client.put_item, {"Item": padded(1500, pk="a")}),
        (client.put_item, {"Item": padded(4500, pk="a")}),
        (client.put_item, {"Item": padded(4500, pk="b")}),
        (client.update_item, {"Key": A, **set_big}),
        (client.update_item, {"Key": item(pk="b"), **set_big}),
        (client.delete_item, {"Key": A}),
        (client.delete_item, {"Key": item(pk="b")}),
    ):
        before = lab.ledger.write_units
        with pytest.raises(ClientError) as caught:
            call(TableName="t", **arguments, **never)
        assert caught.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
        assert "ConsumedCapacity" not in caught.value.response
        charged.append(lab.ledger.write_units - before)
    assert charged == [3, 5, 5, 3, 1, 3, 1]
    assert contents(client) == [padded(2500, pk="a")]


def test_a_condition_that_holds_costs_nothing_extra_and_a_failed_one_may_return_the_old_item(client):
    put(client, 2500)
    holding = {"ConditionExpression": "attribute_exists(pk)"}
    assert total(client.put_item(TableName="t", Item=A, **holding, ReturnValues="ALL_OLD", **INDEXES)) == 3
    with pytest.raises(ClientError) as caught:
        client.delete_item(
            TableName="t",
            Key=A,
            ConditionExpression="attribute_exists(x)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert caught.value.response["Item"] == A


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("get_item", {"TableName": "nowhere", "Key": A}),
        ("put_item", {"TableName": "nowhere", "Item": A}),
        ("put_item", {"TableName": "t", "Item": item(x="no key")}),
        ("put_item", {"TableName": "t", "Item": item(pk=5)}),
        ("get_item", {"TableName": "t", "Key": item(pk="a", sk="b")}),
        ("get_item", {"TableName": "t", "Key": item(pk=b"a")}),
        ("update_item", {"TableName": "t", "Key": A, "UpdateExpression": "SET pk = :v"}),
        ("update_item", {"TableName": "t", "Key": A, "UpdateExpression": "nonsense"}),
        ("delete_item", {"TableName": "t", "Key": item(other="a")}),
        ("query", {"TableName": "t", "KeyConditionExpression": "nonsense"}),
        ("query", {"TableName": "t", "IndexName": "nowhere", **of_key()}),
        ("scan", {"TableName": "nowhere"}),
        ("scan", {"TableName": "t", "FilterExpression": "nonsense nonsense"}),
        ("batch_get_item", {"RequestItems": {"nowhere": {"Keys": [A]}}}),
        ("batch_write_item", {"RequestItems": {"nowhere": [{"DeleteRequest": {"Key": A}}]}}),
        ("transact_get_items", {"TransactItems": [{"Get": {"TableName": "nowhere", "Key": A}}]}),
        ("transact_write_items", {"TransactItems": [{"Delete": {"TableName": "nowhere", "Key": A}}]}),
    ],
)
def test_a_call_that_is_not_valid_costs_nothing(lab, client, call, arguments):
    with pytest.raises(ClientError):
        getattr(client, call)(**arguments, **INDEXES)
    assert len(lab.ledger) == lab.ledger.calls == 0
    assert contents(client) == []


# --- batches ----------------------------------------------------------------------------------------------


def test_each_table_of_a_batch_has_its_own_consistency_and_report(lab):
    for name in ("t", "u"):
        make(lab.client, name)
        for key in "ab":
            put(lab.client, 5000, name, pk=key)
    asked = {
        "t": {"Keys": [item(pk=key) for key in "abz"], "ConsistentRead": True},
        "u": {"Keys": [item(pk=key) for key in "az"]},
    }
    reports = lab.client.batch_get_item(RequestItems=asked, **INDEXES)["ConsumedCapacity"]
    assert {each["TableName"]: each["CapacityUnits"] for each in reports} == {"t": 5.0, "u": 1.5}


def test_the_same_key_in_two_tables_is_no_duplicate_and_twice_in_one_is(lab):
    for name in ("t", "u"):
        make(lab.client, name)
    write = [{"PutRequest": {"Item": A}}]
    assert total(lab.client.batch_write_item(RequestItems={"t": write, "u": write}, **INDEXES)) == 2
    keys = {"Keys": [A]}
    assert total(lab.client.batch_get_item(RequestItems={"t": keys, "u": keys}, **INDEXES)) == 1
    for call, twice in (
        (lab.client.batch_get_item, {"Keys": [A, A]}),
        (lab.client.batch_write_item, [*write, {"DeleteRequest": {"Key": A}}]),
    ):
        with pytest.raises(ClientError, match="Provided list of item keys contains duplicates"):
            call(RequestItems={"t": twice})
    arn = lab.client.describe_table(TableName="t")["Table"]["TableArn"]
    with pytest.raises(ClientError, match="duplicates"):
        lab.client.batch_get_item(RequestItems={"t": keys, arn: keys})
    assert lab.ledger.calls == 2


def test_a_batch_writes_replaces_and_deletes(client):
    put(client, 3000, pk="old")
    put(client, 4000, pk="gone")
    requests = [
        {"PutRequest": {"Item": padded(100, pk="old")}},
        {"PutRequest": {"Item": padded(2000, pk="new")}},
        {"DeleteRequest": {"Key": item(pk="gone")}},
        {"DeleteRequest": {"Key": item(pk="never")}},
    ]
    assert total(client.batch_write_item(RequestItems={"t": requests}, **INDEXES)) == 3 + 2 + 4 + 1


def test_what_comes_back_unprocessed_is_not_charged(lab):
    """moto hands back the keys beyond 16 MB: 41 items of 400 KB are more than that, and 40 are not."""
    make(lab.client)
    keys = [item(pk=f"{number:02}") for number in range(45)]
    for key in keys:
        put(lab.client, 400 * KB, pk=key["pk"]["S"])
    got = lab.client.batch_get_item(RequestItems={"t": {"Keys": keys}}, **INDEXES)
    back = got["UnprocessedKeys"].get("t", {"Keys": []})["Keys"]
    assert len(got["Responses"]["t"]) + len(back) == 45 and back
    assert total(got) == 50 * len(got["Responses"]["t"])


# --- keys of every type -----------------------------------------------------------------------------------

KEYS = {
    "S": ("a", "한글", "🎉"),
    "N": ("0", "-1.5", "12345678901234567890123456789012345678"),
    "B": (b"\x00", b"\xff\xfe", b"abc"),
}


@pytest.mark.parametrize("hashed", KEYS)
@pytest.mark.parametrize("ranged", KEYS)
def test_keys_of_every_type_are_found_again(lab, hashed, ranged):
    make(lab.client, keys="pk sk", types={"pk": hashed, "sk": ranged})
    for first in KEYS[hashed]:
        for second in KEYS[ranged]:
            key = {"pk": {hashed: first}, "sk": {ranged: second}}
            assert total(lab.client.put_item(TableName="t", Item={**key, **item(x="x" * 4200)}, **INDEXES)) == 5
            got = lab.client.get_item(TableName="t", Key=key, **INDEXES)
            assert total(got) == 1 and got["Item"].keys() == {"pk", "sk", "x"}
            assert total(lab.client.put_item(TableName="t", Item=key, **INDEXES)) == 5
        found = lab.client.query(
            TableName="t",
            KeyConditionExpression="pk = :v",
            ExpressionAttributeValues={":v": {hashed: first}},
            **INDEXES,
        )
        assert found["Count"] == 3 and total(found) == 0.5
    assert total(lab.client.scan(TableName="t", **INDEXES)) == 0.5
    deleted = [
        lab.client.delete_item(TableName="t", Key={"pk": {hashed: first}, "sk": {ranged: second}}, **INDEXES)
        for first in KEYS[hashed]
        for second in KEYS[ranged]
    ]
    assert [total(each) for each in deleted] == [1] * 9


def test_one_number_written_in_two_ways_is_one_key(lab):
    make(lab.client, types={"pk": "N"})
    lab.client.put_item(TableName="t", Item={**item(pk=100), **item(x="x" * 3000)})
    other = {"pk": {"N": "1E+2"}}
    assert total(lab.client.get_item(TableName="t", Key=other, **INDEXES)) == 0.5
    assert total(lab.client.delete_item(TableName="t", Key=other, **INDEXES)) == 3


def test_empty_values_are_stored_and_weighed(client):
    empty = item(pk="a", s="", b=b"", l={"L": []}, m={"M": {}}, n={"NULL": True})
    assert total(client.put_item(TableName="t", Item={**empty, **item(x="x" * 1006)}, **INDEXES)) == 1
    more = {"pk": 3, "s": 1, "b": 1, "l": 4, "m": 4, "n": 2, "x": 1 + 1008}
    assert sum(more.values()) == 1024
    full = {**empty, **item(x="x" * 1008)}
    assert total(client.put_item(TableName="t", Item=full, **INDEXES)) == 1
    assert total(client.put_item(TableName="t", Item={**full, **item(y="")}, **INDEXES)) == 2
    assert client.get_item(TableName="t", Key=A)["Item"] == {**full, **item(y="")}
