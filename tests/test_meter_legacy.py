"""Parameters from before expressions: they mean what the expressions mean, and cost the same.

moto ignores Expected in deletes, and misreads some AttributeUpdates and filters. What is expected here is the
Developer Guide's "Legacy conditional parameters", worked by hand.
"""

import pytest
from botocore.exceptions import ClientError
from tables import INDEXES, contents, item, laboratory, make, padded, total

A = item(pk="a")


@pytest.fixture
def lab():
    with laboratory() as lab:
        make(lab.client)
        yield lab


def compared(operator, *values):
    listed = {"AttributeValueList": [*item(**{str(k): v for k, v in enumerate(values)}).values()]} if values else {}
    return {"ComparisonOperator": operator, **listed}


HOLDS = [
    compared("EQ", "bcd"), compared("NE", "x"), compared("LT", "c"), compared("LE", "bcd"), compared("GT", "b"),
    compared("GE", "bcd"), compared("BETWEEN", "b", "c"), compared("IN", "x", "bcd"), compared("BEGINS_WITH", "bc"),
    compared("CONTAINS", "cd"), compared("NOT_CONTAINS", "x"), compared("NOT_NULL"),
    {"Value": {"S": "bcd"}}, {"Exists": True, "Value": {"S": "bcd"}},
]  # fmt: skip
FAILS = [
    compared("EQ", "x"), compared("NE", "bcd"), compared("LT", "b"), compared("LE", "b"), compared("GT", "c"),
    compared("GE", "c"), compared("BETWEEN", "c", "d"), compared("IN", "x", "y"), compared("BEGINS_WITH", "x"),
    compared("CONTAINS", "x"), compared("NOT_CONTAINS", "cd"), compared("NULL"),
    {"Value": {"S": "x"}}, {"Exists": False},
]  # fmt: skip


@pytest.mark.parametrize("write", ["put", "update", "delete"])
@pytest.mark.parametrize("holds", [True, False])
def test_expected_holds_or_fails_and_a_failure_costs_the_item(lab, write, holds):
    for test in HOLDS if holds else FAILS:
        old = {**padded(2500, pk="a", **{"name": "bcd"})}
        lab.client.put_item(TableName="t", Item=old)
        before = lab.ledger.write_units
        call, arguments = {
            "put": (lab.client.put_item, {"Item": padded(3500, pk="a", **{"name": "bcd"})}),
            "update": (lab.client.update_item, {"Key": A, "AttributeUpdates": {"n": {"Value": {"N": "1"}}}}),
            "delete": (lab.client.delete_item, {"Key": A}),
        }[write]
        arguments |= {"TableName": "t", "Expected": {"name": test}}
        if holds:
            call(**arguments)
        else:
            with pytest.raises(ClientError, match="ConditionalCheckFailed"):
                call(**arguments)
            assert contents(lab.client) == [old], test
        assert lab.ledger.write_units - before == (4 if write == "put" else 3), test


@pytest.mark.parametrize(("operator", "holds"), [("AND", False), ("OR", True)])
def test_several_expectations_are_joined_as_the_request_says(lab, operator, holds):
    lab.client.put_item(TableName="t", Item=item(pk="a", x="x", y="y"))
    expected = {"x": compared("EQ", "x"), "y": compared("EQ", "other")}
    arguments = {"TableName": "t", "Key": A, "Expected": expected, "ConditionalOperator": operator}
    if holds:
        lab.client.delete_item(**arguments)
    else:
        with pytest.raises(ClientError, match="ConditionalCheckFailed"):
            lab.client.delete_item(**arguments)
    assert len(contents(lab.client)) == (not holds)


def changed(lab, **updates):
    done = lab.client.update_item(TableName="t", Key=A, AttributeUpdates=updates, **INDEXES)
    (stored,) = contents(lab.client)
    return total(done), stored


def test_attribute_updates_put_add_and_delete(lab):
    """API reference, AttributeUpdates: PUT is the default; ADD adds numbers and joins sets; DELETE takes away."""
    assert changed(lab, x={"Value": {"S": "x"}}) == (1, item(pk="a", x="x"))
    assert changed(lab, x={"Action": "DELETE"}, n={"Action": "ADD", "Value": {"N": "5"}}) == (1, item(pk="a", n=5))
    assert changed(lab, n={"Action": "ADD", "Value": {"N": "-2"}}) == (1, item(pk="a", n=3))
    units, stored = changed(lab, s={"Action": "ADD", "Value": {"SS": ["a", "b"]}}, n={"Action": "DELETE"})
    assert units == 1 and set(stored["s"]["SS"]) == {"a", "b"} and "n" not in stored
    units, stored = changed(lab, s={"Action": "DELETE", "Value": {"SS": ["a"]}})
    assert units == 1 and stored["s"] == {"SS": ["b"]}
    for value in ({"B": b"\xff\x00"}, {"BOOL": True}, {"NULL": True}, {"L": [{"S": "a"}]}, {"M": {"m": {"N": "1"}}}):
        changed(lab, v={"Action": "PUT", "Value": value})
        assert lab.client.get_item(TableName="t", Key=A)["Item"]["v"] == value
    units, stored = changed(lab, l={"Action": "ADD", "Value": {"L": [{"S": "first"}]}})
    units, stored = changed(lab, l={"Action": "ADD", "Value": {"L": [{"S": "x" * 3000}]}})
    assert units == 3 and [len(each["S"]) for each in stored["l"]["L"]] == [5, 3000]


def test_an_update_without_anything_to_update_writes_the_key(lab):
    assert changed(lab) == (1, A)
    assert total(lab.client.update_item(TableName="t", Key=item(pk="b"), **INDEXES)) == 1
    condition = {"ConditionExpression": "attribute_exists(pk)"}
    assert total(lab.client.update_item(TableName="t", Key=A, **condition, **INDEXES)) == 1
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        lab.client.update_item(TableName="t", Key=item(pk="c"), **condition)
    assert contents(lab.client) == [A, item(pk="b")]


def test_key_conditions_and_filters_of_a_query_and_a_scan(lab):
    make(lab.client, "u", keys="pk sk")
    for number in range(6):
        new = padded(3000, pk="a", sk=str(number), kind="even" if number % 2 == 0 else "odd")
        lab.client.put_item(TableName="u", Item=new)
    keys = {"pk": compared("EQ", "a"), "sk": compared("BETWEEN", "1", "4")}
    for operator in ({}, {"ConditionalOperator": "OR"}):
        found = lab.client.query(
            TableName="u",
            KeyConditions=keys,
            QueryFilter={"kind": compared("EQ", "even"), **({"x": compared("NULL")} if operator else {})},
            **operator,
            **INDEXES,
        )
        assert (found["Count"], found["ScannedCount"], total(found)) == (2, 4, 1.5)
    found = lab.client.query(TableName="u", KeyConditions={"pk": compared("EQ", "a")}, Limit=1, **INDEXES)
    assert found["Count"] == 1 and total(found) == 0.5
    found = lab.client.scan(TableName="u", ScanFilter={"kind": compared("NE", "even")}, **INDEXES)
    assert (found["Count"], total(found)) == (3, 2.5)
    for operator, count in (("CONTAINS", 3), ("BEGINS_WITH", 0), ("NOT_CONTAINS", 3)):
        found = lab.client.scan(TableName="u", ScanFilter={"kind": compared(operator, "dd")}, **INDEXES)
        assert (found["Count"], total(found)) == (count, 2.5)


def test_names_and_values_of_any_kind_survive_the_rewriting(lab):
    """Reserved words, dots, spaces and Korean are plain attribute names in the old parameters."""
    for name in ("size", "a.b", "a b", "이름", "#x", ":x", "a[0]"):
        assert changed(lab, **{name: {"Value": {"S": "v"}}})[0] == 1
        found = lab.client.scan(TableName="t", ScanFilter={name: compared("EQ", "v")})
        assert found["Count"] == 1
        lab.client.delete_item(TableName="t", Key=A, Expected={name: {"Value": {"S": "v"}}})


def test_old_and_new_parameters_together_are_refused(lab):
    """API reference: "Can not use both expression and non-expression parameters in the same request"."""
    values = {"ExpressionAttributeValues": item(**{":v": "a"})}
    for call, arguments in (
        ("update_item", {"Key": A, "AttributeUpdates": {}, "ConditionExpression": "attribute_not_exists(pk)"}),
        ("update_item", {"Key": A, "Expected": {}, "UpdateExpression": "REMOVE x"}),
        ("put_item", {"Item": A, "Expected": {"x": {"Exists": False}}, "ConditionExpression": "pk <> :v", **values}),
        ("get_item", {"Key": A, "AttributesToGet": ["x"], "ProjectionExpression": "x"}),
        ("query", {"KeyConditionExpression": "pk = :v", "AttributesToGet": ["x"], **values}),
        ("scan", {"ScanFilter": {"x": compared("NULL")}, "FilterExpression": "pk = :v", **values}),
    ):
        with pytest.raises(ClientError, match="Can not use both expression and non-expression parameters"):
            getattr(lab.client, call)(TableName="t", **arguments)
    keys = {"Keys": [A], "AttributesToGet": ["x"], "ProjectionExpression": "x"}
    with pytest.raises(ClientError, match="Can not use both expression and non-expression parameters"):
        lab.client.batch_get_item(RequestItems={"t": keys})
    assert contents(lab.client) == [] and lab.ledger.calls == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"Expected": {"x": {}}}, "Value must be provided when Exists is true for Attribute: x"),
        ({"Expected": {"x": {"Exists": False, "Value": {"S": "x"}}}}, "Value cannot be used when Exists is false"),
        ({"Expected": {"x": compared("BETWEEN", "a")}}, "Invalid number of argument(s) for the BETWEEN"),
        ({"Expected": {"x": compared("NULL", "a")}}, "Invalid number of argument(s) for the NULL"),
        ({"Expected": {"x": compared("EQ")}}, "Invalid number of argument(s) for the EQ"),
        ({"Expected": {"x": compared("LIKE", "a")}}, "LIKE"),
        ({"AttributeUpdates": {"x": {"Action": "PUT"}}}, "Only DELETE action is allowed when no attribute value"),
        ({"AttributeUpdates": {"x": {"Action": "ADD", "Value": {"S": "a"}}}}, ""),
    ],
)
def test_old_parameters_that_make_no_sense_are_refused(lab, arguments, says):
    with pytest.raises(ClientError) as caught:
        lab.client.update_item(TableName="t", Key=A, **arguments)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert says in caught.value.response["Error"]["Message"]
    assert contents(lab.client) == [] and lab.ledger.calls == 0
