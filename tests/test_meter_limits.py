"""What DynamoDB refuses and moto does not, or otherwise: the same code and message, and nothing is stored.

Messages and boundaries were captured on DynamoDB (dynamodb-conformance) or are in the Developer Guide's constraints.
"""

import pytest
from botocore.exceptions import ClientError
from tables import INDEXES, contents, item, laboratory, make, of_key, padded, total

LARGEST = 400 * 1024
A = item(pk="a")


@pytest.fixture
def lab():
    with laboratory() as lab:
        make(lab.client)
        yield lab


def refused(lab, call, *, says, name="t", code="ValidationException", **arguments):
    """The call is refused so, costs nothing and stores nothing."""
    before, calls = contents(lab.client, name), lab.ledger.calls
    with pytest.raises(ClientError) as caught:
        getattr(lab.client, call)(**arguments)
    error = caught.value.response["Error"]
    assert error["Code"] == code and says in error["Message"], error
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert contents(lab.client, name) == before and lab.ledger.calls == calls


# --- size -------------------------------------------------------------------------------------------------


def test_an_item_of_400_kb_is_taken_and_one_byte_more_is_not(lab):
    """Captured: 409,600 bytes accepted and 409,601 refused."""
    assert total(lab.client.put_item(TableName="t", Item=padded(LARGEST, pk="a"), **INDEXES)) == 400
    says = "Item size has exceeded the maximum allowed size"
    beyond = padded(LARGEST + 1, pk="a")
    refused(lab, "put_item", says=says, TableName="t", Item=beyond)
    refused(lab, "batch_write_item", says=says, RequestItems={"t": [{"PutRequest": {"Item": beyond}}]})
    refused(lab, "transact_write_items", says=says, TransactItems=[{"Put": {"TableName": "t", "Item": beyond}}])


def test_the_size_limit_counts_names_and_utf_8_and_raw_bytes(lab):
    """moto counts otherwise; 136,532 Korean syllables are 409,596 bytes, and binary is not weighed as base64."""
    name = "x"
    lab.client.put_item(TableName="t", Item=item(pk="a", **{name: "가" * 136_532}))
    refused(lab, "put_item", says="Item size", TableName="t", Item=item(pk="a", **{name: "가" * 136_533}))
    refused(lab, "put_item", says="Item size", TableName="t", Item=item(pk="a", **{"n" * 1000: "x" * 409_000}))
    done = lab.client.put_item(TableName="t", Item=item(pk="a", b=b"\xff" * (LARGEST - 4)), **INDEXES)
    assert total(done) == 400


def test_an_update_that_would_make_an_item_too_large_leaves_it_as_it_was(lab):
    lab.client.put_item(TableName="t", Item=padded(300 * 1024, pk="a"))
    update = {
        "TableName": "t",
        "Key": A,
        "UpdateExpression": "SET y = :y",
        "ExpressionAttributeValues": item(**{":y": "y" * (100 * 1024)}),
    }
    says = "Item size to update has exceeded the maximum allowed size"
    refused(lab, "update_item", says=says, **update)
    refused(lab, "update_item", says=says, **update, ReturnValues="ALL_NEW")
    update["ExpressionAttributeValues"] = item(**{":y": "y" * (100 * 1024 - 1)})
    assert total(lab.client.update_item(**update, **INDEXES)) == 400


def test_a_refused_update_of_a_missing_item_leaves_none_and_no_stream_record():
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.dynamodb.models import dynamodb_backends

    with laboratory() as lab:
        lab.client.create_table(
            TableName="t",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        records = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables["t"].stream_shard.items
        lab.client.put_item(TableName="t", Item=item(pk="a", sk="1", x="x"))
        before = len(records)
        for sort in "12":
            refused(
                lab,
                "update_item",
                says="Item size to update",
                TableName="t",
                Key=item(pk="a", sk=sort),
                UpdateExpression="SET y = list_append(:y, :y)",
                ExpressionAttributeValues={":y": {"L": [{"S": "y" * 250_000}]}},
            )
        assert len(records) == before == 1


# --- keys -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["S", "B"])
def test_partition_keys_take_2048_bytes_and_sort_keys_1024(kind):
    """Developer Guide, constraints: lengths of 1 to 2,048 and 1 to 1,024 bytes."""
    with laboratory() as lab:
        make(lab.client, keys="pk sk", types={"pk": kind, "sk": kind})

        def key(hashed, ranged):
            content = {"S": "k", "B": b"k"}[kind]
            return {"pk": {kind: content * hashed}, "sk": {kind: content * ranged}}

        lab.client.put_item(TableName="t", Item=key(2048, 1024))
        assert lab.client.get_item(TableName="t", Key=key(2048, 1024))["Item"] == key(2048, 1024)
        for wrong, says in (
            (key(2049, 1), "Size of hashkey has exceeded the maximum size limit of2048 bytes"),
            (key(1, 1025), "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"),
            (key(0, 1), "cannot contain an empty"),
            (key(1, 0), "cannot contain an empty"),
        ):
            refused(lab, "put_item", says=says, TableName="t", Item=wrong)
            for call in ("get_item", "update_item", "delete_item"):
                refused(lab, call, says=says, TableName="t", Key=wrong)
            refused(lab, "batch_get_item", says=says, RequestItems={"t": {"Keys": [wrong]}})
            refused(lab, "batch_write_item", says=says, RequestItems={"t": [{"DeleteRequest": {"Key": wrong}}]})
            refused(lab, "transact_get_items", says=says, TransactItems=[{"Get": {"TableName": "t", "Key": wrong}}])


def test_key_sizes_are_counted_in_utf_8(lab):
    """682 Korean syllables are 2,046 bytes, 683 are 2,049."""
    lab.client.put_item(TableName="t", Item=item(pk="가" * 682))
    refused(lab, "put_item", says="Size of hashkey", TableName="t", Item=item(pk="가" * 683))


@pytest.mark.parametrize("wrong", [item(pk=5), item(pk="a", sk="b"), item(sk="a"), {}])
def test_a_key_of_another_schema_is_refused(lab, wrong):
    says = "The provided key element does not match the schema"
    for call in ("get_item", "update_item", "delete_item"):
        refused(lab, call, says=says, TableName="t", Key=wrong)
    refused(lab, "batch_get_item", says=says, RequestItems={"t": {"Keys": [wrong]}})
    refused(lab, "batch_write_item", says=says, RequestItems={"t": [{"DeleteRequest": {"Key": wrong}}]})


def test_keys_of_indexes_must_have_their_type_and_may_be_neither_empty_nor_too_long():
    with laboratory() as lab:
        make(lab.client, keys="pk", types={"n": "N", "s": "S"}, by_n=("n s", "ALL"))
        lab.client.put_item(TableName="t", Item=item(pk="a", n=1, s="s" * 1024))
        for wrong, says in (
            (item(n="text"), "Type mismatch for Index Key n Expected: N Actual: S IndexName: by_n"),
            (item(s=b"s"), "Type mismatch for Index Key s Expected: S Actual: B IndexName: by_n"),
            (item(s=""), "secondary index key"),
            (item(s="s" * 1025), "size"),
        ):
            refused(lab, "put_item", says=says, TableName="t", Item={**A, **wrong})
            ((name, value),) = wrong.items()
            for key in (A, item(pk="new")):
                update = {
                    "TableName": "t",
                    "Key": key,
                    "UpdateExpression": "SET #n = :v",
                    "ExpressionAttributeNames": {"#n": name},
                    "ExpressionAttributeValues": {":v": value},
                }
                refused(lab, "update_item", says=says, **update)


# --- nesting and numbers ----------------------------------------------------------------------------------


def nested(levels, kind="L"):
    """A scalar in so many lists or maps."""
    value = {"S": "x"}
    for _ in range(levels):
        value = {"L": [value]} if kind == "L" else {"M": {"m": value}}
    return value


@pytest.mark.parametrize("kind", ["L", "M"])
def test_31_lists_or_maps_around_a_value_are_taken_and_32_are_not(lab, kind):
    """Developer Guide: 32 levels of nesting. Captured: a value in 31 maps taken, in 32 refused."""
    lab.client.put_item(TableName="t", Item={**A, "deep": nested(31, kind)})
    says = "Nesting Levels have exceeded supported limits"
    refused(lab, "put_item", says=says, TableName="t", Item={**A, "deep": nested(32, kind)})
    puts = [{"PutRequest": {"Item": {**A, "deep": nested(32, kind)}}}]
    refused(lab, "batch_write_item", says=says, RequestItems={"t": puts})
    put = {"Put": {"TableName": "t", "Item": {**A, "deep": nested(32, kind)}}}
    refused(lab, "transact_write_items", says=says, TransactItems=[put])


def test_an_update_may_not_nest_deeper_either(lab):
    lab.client.put_item(TableName="t", Item={**A, "deep": {"L": [nested(0)]}})
    update = {"TableName": "t", "Key": A, "UpdateExpression": "SET deep[0] = :v"}
    says = "Nesting Levels have exceeded supported limits"
    refused(lab, "update_item", says=says, ExpressionAttributeValues={":v": nested(31)}, **update)
    refused(lab, "update_item", says=says, ExpressionAttributeValues={":v": nested(32)}, **update)
    lab.client.update_item(ExpressionAttributeValues={":v": nested(30)}, **update)


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("1" * 39, "Attempting to store more than 38 significant digits in a Number"),
        ("1E126", "Number overflow. Attempting to store a number with magnitude larger than supported range"),
        ("-1E126", "Number overflow"),
        ("1E-131", "Number underflow. Attempting to store a number with magnitude smaller than supported range"),
        ("abc", "The parameter cannot be converted to a numeric value: abc"),
        ("", "The parameter cannot be converted to a numeric value"),
        ("NaN", "The parameter cannot be converted to a numeric value: NaN"),
    ],
)
def test_numbers_out_of_range_are_refused_wherever_they_stand(lab, number, says):
    for value in ({"N": number}, {"NS": ["1", number]}, {"L": [{"M": {"m": {"N": number}}}]}):
        refused(lab, "put_item", says=says, TableName="t", Item={**A, "x": value})
        refused(
            lab,
            "update_item",
            says=says,
            TableName="t",
            Key=A,
            UpdateExpression="SET x = :v",
            ExpressionAttributeValues={":v": value},
        )
        scan = {"FilterExpression": "x = :v", "ExpressionAttributeValues": {":v": value}}
        refused(lab, "scan", says=says, TableName="t", **scan)


@pytest.mark.parametrize("number", ["9" * 38, "9.9999999999999999999999999999999999999E+125", "1E-130", "-1E-130", "0"])
def test_numbers_at_the_ends_of_the_range_are_taken(lab, number):
    """Developer Guide, data types: 38 digits, 1E-130 to 9.99...E+125 and the same below zero."""
    lab.client.put_item(TableName="t", Item={**A, "x": {"N": number}})


def test_sets_may_be_neither_empty_nor_doubled(lab):
    for value, says in (
        ({"SS": []}, "may not be empty"),
        ({"NS": []}, "may not be empty"),
        ({"BS": []}, "may not be empty"),
        ({"SS": ["a", "a"]}, "contains duplicates"),
        ({"NS": ["1", "1.0"]}, "contains duplicates"),
        ({"BS": [b"a", b"a"]}, "contains duplicates"),
    ):
        refused(lab, "put_item", says=says, TableName="t", Item={**A, "x": value})


# --- batches ----------------------------------------------------------------------------------------------


def test_a_batch_takes_25_writes_or_100_reads_and_no_more(lab):
    """API reference: up to 25 put or delete requests, up to 100 items."""
    make(lab.client, "u")
    keys = [item(pk=str(number)) for number in range(101)]
    puts = [{"PutRequest": {"Item": key}} for key in keys]
    assert total(lab.client.batch_write_item(RequestItems={"t": puts[:25]}, **INDEXES)) == 25
    refused(lab, "batch_write_item", says="25", RequestItems={"t": puts[25:51]})
    too_many = "Too many items requested for the BatchWriteItem call"
    refused(lab, "batch_write_item", says=too_many, RequestItems={"t": puts[25:38], "u": puts[:13]})
    assert total(lab.client.batch_get_item(RequestItems={"t": {"Keys": keys[:100]}}, **INDEXES)) == 50
    refused(lab, "batch_get_item", says="100", RequestItems={"t": {"Keys": keys}})
    too_many = "Too many items requested for the BatchGetItem call"
    refused(lab, "batch_get_item", says=too_many, RequestItems={"t": {"Keys": keys[:51]}, "u": {"Keys": keys[:50]}})


def test_a_batch_with_one_wrong_request_does_nothing(lab):
    good = {"PutRequest": {"Item": A}}
    for wrong in (
        {"PutRequest": {"Item": item(x="no key")}},
        {"PutRequest": {"Item": item(pk=5)}},
        {"PutRequest": {"Item": padded(LARGEST + 1, pk="b")}},
        {"DeleteRequest": {"Key": item(pk="b", sk="c")}},
    ):
        refused(lab, "batch_write_item", says="", RequestItems={"t": [good, wrong]})


@pytest.mark.parametrize(
    ("call", "arguments", "says"),
    [
        ("put_item", {"Item": {**A, "x": {}}}, "Supplied AttributeValue is empty"),
        ("put_item", {"Item": {**A, "x": {"S": "a", "N": "1"}}}, "has more than one datatypes set"),
        ("put_item", {"Item": {**A, "x": {"L": [{}]}}}, "Supplied AttributeValue is empty"),
        ("put_item", {"Item": {**A, "x": {"NULL": False}}}, "must have the value of true"),
        ("put_item", {"Item": A, "ReturnConsumedCapacity": "ALL"}, "returnConsumedCapacity"),
        ("query", of_key("pk", 5), "Condition parameter type does not match schema type"),
        (
            "update_item",
            {"Key": A, "UpdateExpression": "ADD x :v", "ExpressionAttributeValues": {":v": {"S": "a"}}},
            "",
        ),
        ("update_item", {"Key": A, "UpdateExpression": "SET y = x"}, ""),
        (
            "update_item",
            {"Key": A, "UpdateExpression": "SET x.y = :v", "ExpressionAttributeValues": {":v": {"S": "a"}}},
            "",
        ),
    ],
)
def test_what_is_malformed_is_refused_and_leaves_nothing(lab, call, arguments, says):
    refused(lab, call, says=says, TableName="t", **arguments)


def test_batches_and_transactions_must_say_one_thing_for_each_item(lab):
    both = {"PutRequest": {"Item": A}, "DeleteRequest": {"Key": A}}
    for wrong in ({}, both):
        refused(lab, "batch_write_item", says="exactly one of", RequestItems={"t": [wrong]})
    refused(lab, "batch_write_item", says="requestItems", RequestItems={})
    refused(lab, "batch_get_item", says="requestItems", RequestItems={})
    both = {"Put": {"TableName": "t", "Item": A}, "Delete": {"TableName": "t", "Key": A}}
    for wrong in ({}, both):
        says = "TransactItems can only contain one of Check, Put, Update or Delete"
        refused(lab, "transact_write_items", says=says, TransactItems=[wrong])


def test_what_is_refused_is_refused_through_every_index_and_paginator_as_well(lab):
    with pytest.raises(ClientError, match="cannot be converted to a numeric value"):
        list(
            lab.client.get_paginator("scan").paginate(
                TableName="t", FilterExpression="x = :v", ExpressionAttributeValues={":v": {"N": "x"}}
            )
        )
    with pytest.raises(ClientError, match="ResourceNotFound|index"):
        lab.client.query(TableName="t", IndexName="nowhere", **of_key())
    assert lab.ledger.calls == 0


def test_motos_own_limits_hold_again_after_the_watch():
    """What the meter sets aside during a call is back afterwards: moto refuses what DynamoDB would take."""
    from moto.dynamodb.models import dynamo_type, table
    from tables import shared_client

    kept = dynamo_type.LimitedSizeDict.__setitem__, table.RESULT_SIZE_LIMIT, table.Table._validate_key_sizes
    with laboratory() as lab:
        make(lab.client)
        lab.client.put_item(TableName="t", Item=padded(LARGEST, pk="a"))
        with pytest.raises(ClientError):
            lab.client.put_item(TableName="t", Item=A, ConditionExpression="attribute_not_exists(pk)")
        now = dynamo_type.LimitedSizeDict.__setitem__, table.RESULT_SIZE_LIMIT, table.Table._validate_key_sizes
        assert now == kept
    assert shared_client() is lab.client
