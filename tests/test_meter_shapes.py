"""Requests of any shape that boto3 sends are done or refused: nothing of Python's comes out of a metered call."""

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tables import contents, item, laboratory, make

from simlib import meter

KEY = item(pk="a", sk=1)
STORED = {**KEY, **item(g="g", h=b"h", l="l", x="x"), "m": {"M": {"k": {"L": [{"N": "1"}]}}}}
ATTRIBUTES = st.sampled_from(["pk", "sk", "g", "h", "l", "x", "m", ""])
SCALARS = st.sampled_from(
    [
        {"S": "a"}, {"S": ""}, {"N": "1"}, {"N": ""}, {"N": "abc"}, {"N": "NaN"}, {"N": "1E400"}, {"N": " 1"},
        {"N": "1_0"}, {"B": b""}, {"B": b"a"}, {"BOOL": True}, {"NULL": True}, {"NULL": False}, {"SS": []},
        {"SS": ["a"]}, {"SS": ["a", "a"]}, {"NS": ["1", "1.0"]}, {"NS": ["x"]}, {"BS": [b"", b"a"]}, {"L": []},
        {"M": {}}, {}, {"S": "a", "N": "1"}, {"M": {"": {"S": "x"}}},
    ]
)  # fmt: skip
VALUES = st.one_of(SCALARS, SCALARS.map(lambda each: {"L": [each]}), SCALARS.map(lambda each: {"M": {"k": each}}))
KEYS = st.one_of(st.just(KEY), st.just(KEY), st.dictionaries(ATTRIBUTES, SCALARS, max_size=3))
ITEMS = st.dictionaries(ATTRIBUTES, VALUES, max_size=4).flatmap(lambda some: st.sampled_from([some, {**KEY, **some}]))
TABLES = st.sampled_from(["t", "t", "t", "t", "nowhere", "arn:aws:dynamodb:us-east-1:123456789012:table/t", "t t"])
BOOLEANS = st.booleans()
LEGACY = st.dictionaries(
    ATTRIBUTES,
    st.fixed_dictionaries(
        {},
        optional={
            "ComparisonOperator": st.sampled_from(
                "EQ NE LT GE BETWEEN IN NULL NOT_NULL CONTAINS BEGINS_WITH LIKE".split()
            ),
            "AttributeValueList": st.lists(SCALARS, max_size=2),
            "Value": SCALARS,
            "Exists": BOOLEANS,
        },
    ),
    max_size=2,
)
OPTIONS = {
    "ReturnConsumedCapacity": st.sampled_from(["NONE", "TOTAL", "INDEXES", "x"]),
    "ReturnValues": st.sampled_from(["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW", "x"]),
    "ReturnValuesOnConditionCheckFailure": st.sampled_from(["ALL_OLD", "NONE", "x"]),
    "ConditionalOperator": st.sampled_from(["AND", "OR", "x"]),
    "ConsistentRead": BOOLEANS,
    "AttributesToGet": st.sampled_from([["x"], ["x", "x"], ["pk", "m"], [""]]),
    "Limit": st.sampled_from([1, 2, 10**9]),
    "Select": st.sampled_from(["COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "x"]),
    "IndexName": st.sampled_from(["by_g", "by_h", "local", "nope"]),
    "ExclusiveStartKey": st.one_of(KEYS, KEYS.map(lambda key: {**key, **item(g="g")})),
    "ScanIndexForward": BOOLEANS,
    "Segment": st.sampled_from([0, 1, 5]),
    "TotalSegments": st.sampled_from([1, 2, 1_000_000]),
    "KeyConditions": LEGACY,
    "QueryFilter": LEGACY,
    "ScanFilter": LEGACY,
    "Expected": LEGACY,
    "AttributeUpdates": st.dictionaries(
        ATTRIBUTES,
        st.fixed_dictionaries(
            {}, optional={"Action": st.sampled_from(["PUT", "ADD", "DELETE", "x"]), "Value": SCALARS}
        ),
        max_size=2,
    ),
    "ConditionExpression": st.sampled_from(["attribute_exists(x)", "x = :s", ""]),
    "UpdateExpression": st.sampled_from(["SET x = :s", "REMOVE x", "ADD x :s", "SET m.k[0] = x", ""]),
    "KeyConditionExpression": st.sampled_from(["pk = :s", "g = :s", "pk = :s AND sk = :n", "h = :s AND g > :n"]),
    "FilterExpression": st.sampled_from(["x = :s", "x < :n", ""]),
    "ProjectionExpression": st.sampled_from(["x", "#x", "m.k[0]", ""]),
    "ExpressionAttributeValues": st.dictionaries(st.sampled_from([":s", ":n", ":", ""]), SCALARS, max_size=2),
    "ExpressionAttributeNames": st.dictionaries(
        st.sampled_from(["#x", "#", "x"]), st.sampled_from(["x", ""]), max_size=1
    ),
}
CALLS = {"GetItem": "get_item", "PutItem": "put_item", "DeleteItem": "delete_item", "UpdateItem": "update_item",
         "Query": "query", "Scan": "scan"}  # fmt: skip
WRITES = st.one_of(
    ITEMS.map(lambda each: {"PutRequest": {"Item": each}}),
    KEYS.map(lambda key: {"DeleteRequest": {"Key": key}}),
    st.just({}),
)
EXPRESSED = {name: OPTIONS[name] for name in ("ConditionExpression", "ExpressionAttributeValues")}
VALUED = {"ExpressionAttributeValues": OPTIONS["ExpressionAttributeValues"]}
ACTIONS = st.one_of(
    st.fixed_dictionaries({"TableName": TABLES, "Item": ITEMS}, optional=EXPRESSED).map(lambda each: {"Put": each}),
    *(
        st.fixed_dictionaries({"TableName": TABLES, "Key": KEYS, **more}, optional=optional).map(
            lambda each, kind=kind: {kind: each}
        )
        for kind, more, optional in (
            ("Delete", {}, EXPRESSED),
            ("ConditionCheck", {"ConditionExpression": OPTIONS["ConditionExpression"]}, VALUED),
            ("Update", {"UpdateExpression": OPTIONS["UpdateExpression"]}, EXPRESSED),
        )
    ),
    st.just({}),
)
GETS = st.fixed_dictionaries({"TableName": TABLES, "Key": KEYS}).map(lambda each: {"Get": each})
REFUSALS = {
    "ValidationException",
    "ConditionalCheckFailedException",
    "ResourceNotFoundException",
    "TransactionCanceledException",
    "IdempotentParameterMismatchException",
}


@pytest.fixture(scope="module")
def lab():
    with laboratory() as lab:
        types = {"sk": "N", "h": "B"}
        make(lab.client, keys="pk sk", types=types, by_g=("g", "ALL"), by_h=("h g", "KEYS_ONLY"), local=("pk l", ["x"]))
        yield lab


def done_or_refused(call, **arguments):
    try:
        return call(**arguments)
    except BotoCoreError:
        return None
    except ClientError as error:
        assert error.response["Error"]["Code"] in REFUSALS, error
        return None


def request_of(client, operation):
    members = client.meta.service_model.operation_model(operation).input_shape.members
    needed = {name: each for name, each in (("TableName", TABLES), ("Key", KEYS), ("Item", ITEMS)) if name in members}
    chosen = st.lists(st.sampled_from([name for name in OPTIONS if name in members]), max_size=4, unique=True)
    return chosen.flatmap(lambda names: st.fixed_dictionaries({**needed, **{name: OPTIONS[name] for name in names}}))


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_request_of_any_shape_is_done_or_refused(lab, data):
    client = lab.client
    client.put_item(TableName="t", Item=STORED)
    for operation, name in CALLS.items():
        done_or_refused(getattr(client, name), **data.draw(request_of(client, operation)))


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    writes=st.lists(WRITES, min_size=1, max_size=3),
    keys=st.lists(KEYS, min_size=1, max_size=3),
    actions=st.lists(ACTIONS, min_size=1, max_size=3),
    gets=st.lists(GETS, min_size=1, max_size=3),
    name=TABLES,
    token=st.sampled_from([{}, {"ClientRequestToken": "once"}]),
)
def test_a_batch_or_transaction_of_any_shape_is_done_or_refused(lab, writes, keys, actions, gets, name, token):
    client = lab.client
    client.put_item(TableName="t", Item=STORED)
    done_or_refused(client.batch_write_item, RequestItems={name: writes})
    done_or_refused(client.batch_get_item, RequestItems={name: {"Keys": keys, "ProjectionExpression": "x"}})
    done_or_refused(client.transact_write_items, TransactItems=actions, **token)
    done_or_refused(client.transact_get_items, TransactItems=gets)


def test_an_attribute_without_a_name_is_refused(lab):
    """Developer Guide, naming rules: "an attribute name must be at least one character long"; moto stores it."""
    client, nameless = lab.client, {**KEY, "": {"S": "x"}}
    before = contents(client)
    update = {"Key": KEY, "UpdateExpression": "SET #x = pk", "ExpressionAttributeNames": {"#x": ""}}
    for call, arguments in (
        (client.put_item, {"TableName": "t", "Item": nameless}),
        (client.batch_write_item, {"RequestItems": {"t": [{"PutRequest": {"Item": nameless}}]}}),
        (client.transact_write_items, {"TransactItems": [{"Put": {"TableName": "t", "Item": nameless}}]}),
        (client.update_item, {"TableName": "t", **update}),
        (client.update_item, {"TableName": "t", "Key": KEY, "AttributeUpdates": {"": {"Value": {"S": "x"}}}}),
    ):
        with pytest.raises(ClientError, match="ValidationException.*name must not be empty"):
            call(**arguments)
    assert contents(client) == before


def test_a_transaction_on_a_table_that_is_not_there_is_answered_as_any_other_call(lab):
    """API reference, TransactWriteItems: ResourceNotFoundException; moto cancels the transaction."""
    for call, action in ((lab.client.transact_write_items, "Delete"), (lab.client.transact_get_items, "Get")):
        with pytest.raises(ClientError, match="Requested resource not found") as caught:
            call(TransactItems=[{action: {"TableName": "nowhere", "Key": KEY}}])
        assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_what_moto_itself_fails_at_is_one_sentence_costs_nothing_and_changes_nothing(lab, monkeypatch):
    """moto fails in the middle of an update, after it has changed the item: the item is as it was."""
    from moto.dynamodb.parsing.executors import RemoveExecutor

    client, calls = lab.client, lab.ledger.calls
    client.put_item(TableName="t", Item=STORED)
    before = contents(client)
    # as if it stood in moto's own module
    failing = eval("lambda self, item: self.nothing", {"__name__": "moto.dynamodb.parsing.executors"})
    monkeypatch.setattr(RemoveExecutor, "execute", failing)
    values = {"ExpressionAttributeValues": {":x": {"S": "new"}}}
    sentence = r"moto failed at this {} \(AttributeError\), so that it cannot be metered; "
    update = {"TableName": "t", "Key": KEY, "UpdateExpression": "SET x = :x REMOVE g", **values}
    with pytest.raises(meter.MeterError, match=sentence.format("UpdateItem")):
        client.update_item(**update)
    with pytest.raises(meter.MeterError, match=sentence.format("TransactWriteItems")):
        client.transact_write_items(TransactItems=[{"Update": update}])
    assert contents(client) == before and lab.ledger.calls == calls + 1


def test_moto_reads_expressions_by_itself_again_after_each_call(lab):
    """A client that is not watched gets what moto gives between the calls of one that is."""
    from moto.dynamodb import comparisons, responses
    from moto.dynamodb.parsing.expressions import UpdateExpressionParser

    parts = [comparisons.ConditionExpressionParser.__dict__["parse"], responses.parse_expression]
    parts.append(UpdateExpressionParser.__dict__["make"])
    with pytest.raises(ClientError):
        lab.client.scan(TableName="t", FilterExpression="a = = :b")
    lab.client.scan(TableName="t", FilterExpression="attribute_exists(pk)")
    assert [
        comparisons.ConditionExpressionParser.__dict__["parse"],
        responses.parse_expression,
        UpdateExpressionParser.__dict__["make"],
    ] == parts


def test_a_put_without_its_key_or_with_another_type_is_refused_whatever_it_returns(lab):
    """moto looks for the old item first, and fails on a key that is a list."""
    for wrong, says in (
        ({"pk": {"L": []}, "sk": {"N": "1"}}, "Type mismatch for key pk expected: S actual: L"),
        ({"pk": {"S": "a"}, "sk": {"M": {}}}, "Type mismatch for key sk expected: N actual: M"),
        (item(pk="a"), "Missing the key sk in the item"),
    ):
        for returned in ("NONE", "ALL_OLD"):
            with pytest.raises(ClientError, match=says):
                lab.client.put_item(TableName="t", Item=wrong, ReturnValues=returned)
