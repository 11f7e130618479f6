"""What DynamoDB says against expressions and their placeholders, and what conditions mean, where moto differs.

Messages were captured on DynamoDB (dynamodb-conformance and dynalite in data/sources.csv), in the wording of 2026:
those of PutItem, UpdateItem and DeleteItem begin with the number of errors. Results are worked by hand.
"""

import re

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tables import INDEXES, contents, item, laboratory, make, of_key, total

A = item(pk="a", sk=1)
STORED = {
    **A,
    **item(name="seoul", count=5, rawdata=b"\x00\xffz", gone={"NULL": True}, yes={"BOOL": True}),
    "map": {"M": {"deep": {"L": [{"S": "x"}, {"N": "2"}]}}},
    "list": {"L": [{"S": "l0"}, {"S": "l1"}, {"S": "l2"}]},
    "tags": {"SS": ["b", "c"]},
    "sizes": {"NS": ["1", "2.50"]},
}
VALUES = {
    ":s": {"S": "a"},
    ":n": {"N": "1"},
    ":two": {"N": "2"},
    ":five": {"N": "5.0"},
    ":b": {"B": b"\x00"},
    ":t": {"BOOL": True},
    ":null": {"NULL": True},
    ":l": {"L": [{"S": "x"}]},
    ":m": {"M": {"x": {"N": "1"}}},
    ":ss": {"SS": ["b"]},
    ":seoul": {"S": "seoul"},
    ":se": {"S": "se"},
    ":c": {"S": "c"},
    ":half": {"N": "2.5"},
    ":type": {"S": "SS"},
}
NAMES = {"#n": "name", "#c": "count", "#l": "list", "#odd": "a.b c", "#m": "map"}


@pytest.fixture(scope="module")
def lab():
    with laboratory() as lab:
        make(lab.client, keys="pk sk", types={"sk": "N"}, by_g=("g", "ALL"), local=("pk l", ["x"]))
        yield lab


@pytest.fixture(autouse=True)
def stored(lab):
    lab.client.put_item(TableName="t", Item=STORED)


def used(*texts):
    """The placeholders that texts use, of those above."""
    words = set(re.findall("[#:][A-Za-z0-9_]+", " ".join(texts)))
    given = (("ExpressionAttributeNames", NAMES), ("ExpressionAttributeValues", VALUES))
    found = {parameter: {word: all_[word] for word in all_ if word in words} for parameter, all_ in given}
    return {parameter: each for parameter, each in found.items() if each}


def message(call, **arguments):
    """The message of the ValidationException with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(TableName="t", **arguments)
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationException", error
    return error["Message"]


def said(lab, kind, text, **more):
    """What is said against an expression, of Query, GetItem or UpdateItem according to its kind."""
    if kind == "KeyConditionExpression":
        return message(lab.client.query, **{kind: text}, **used(text), **more)
    if kind == "FilterExpression":
        return message(lab.client.scan, **{kind: text}, **used(text), **more)
    if kind == "ProjectionExpression":
        return message(lab.client.get_item, Key=A, **{kind: text}, **used(text), **more)
    return message(lab.client.update_item, Key=A, **{kind: text}, **used(text), **more)


# --- syntax -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text", "token", "near"),
    [
        ("UpdateExpression", "INVALID SYNTAX", "INVALID", "INVALID SYNTAX"),
        ("UpdateExpression", "SET", "<EOF>", "SET"),
        ("UpdateExpression", "ADD numx", "<EOF>", "numx"),
        ("UpdateExpression", "SET a = list_append(b, 0)", "0", ", 0)"),
        ("ConditionExpression", "foo", "<EOF>", "foo"),
        ("ConditionExpression", "attribute_not_exists(", "<EOF>", "("),
        ("ConditionExpression", "attribute_type()", ")", "()"),
        ("FilterExpression", "contains (themes, :s", "<EOF>", ":s"),
        ("FilterExpression", "NOT (#n)", "<EOF>", ")"),
        ("FilterExpression", "a[-1] = :s", "-", "[-1"),
        ("FilterExpression", "a = = :b", "=", "= = :b"),
        ("ProjectionExpression", "!!!", "!", "!!"),
        ("ProjectionExpression", "a b", "b", "a b"),
        ("ProjectionExpression", "a,", "<EOF>", ","),
        ("ProjectionExpression", "a,,b", ",", ",,b"),
        ("ProjectionExpression", "l[a]", "a", "[a]"),
        ("ProjectionExpression", "a[].b", "]", "[]."),
        ("KeyConditionExpression", "concert == :c", "=", "== :c"),
    ],
)
def test_a_syntax_error_names_the_token_and_what_stands_around_it(lab, kind, text, token, near):
    expected = f'Invalid {kind}: Syntax error; token: "{token}", near: "{near}"'
    prefix = "1 validation error detected: " if kind in ("UpdateExpression", "ConditionExpression") else ""
    assert said(lab, kind, text) == prefix + expected


@pytest.mark.parametrize("kind", ["UpdateExpression", "ConditionExpression", "FilterExpression", "ProjectionExpression",
                                  "KeyConditionExpression"])  # fmt: skip
@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_an_empty_expression_is_refused(lab, kind, text):
    assert said(lab, kind, text).endswith(f"Invalid {kind}: The expression can not be empty;")


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("FilterExpression", "((a = :s))", "The expression has redundant parentheses;"),
        ("FilterExpression", "foo(a)", "Invalid function name; function: foo"),
        ("FilterExpression", "size(a)", "Syntax error;"),
        ("FilterExpression", "contains(a)", "Incorrect number of operands for operator or function; operator or "
         "function: contains, number of operands: 1"),
        ("FilterExpression", "contains(note, note)", "The first operand must be distinct from the remaining operands "
         "for this operator or function; operator: contains, first operand: [note]"),
        ("FilterExpression", "a < :t", "Incorrect operand type for operator or function; operator or function: <, "
         "operand type: BOOL"),
        ("FilterExpression", "begins_with(a, :n)", "operator or function: begins_with, operand type: N"),
        ("FilterExpression", "attribute_exists(:s)", "Operator or function requires a document path"),
        ("FilterExpression", "attribute_exists(a) = :t", "The function is not allowed to be used this way in an "
         "expression; function: attribute_exists"),
        ("FilterExpression", "a BETWEEN :five AND :n", "The BETWEEN operator requires upper bound to be greater than "
         "or equal to lower bound"),
        ("FilterExpression", "a BETWEEN :s AND :n", "The BETWEEN operator requires same data type"),
        ("FilterExpression", "name = :s", "Attribute name is a reserved keyword; reserved keyword: name"),
        ("ProjectionExpression", "map", "Attribute name is a reserved keyword; reserved keyword: map"),
        ("ProjectionExpression", "a, a.b", "Two document paths overlap with each other; must remove or rewrite one of "
         "these paths; path one: [a], path two: [a, b]"),
        ("ProjectionExpression", "a.b, a[0]", "Two document paths conflict with each other"),
        ("UpdateExpression", "SET a = :s, a = :n", "Two document paths overlap with each other"),
        ("UpdateExpression", "SET a = :s SET b = :n", 'The "SET" section can only be used once'),
        ("UpdateExpression", "ADD a :s", "operator: ADD, operand type: STRING"),
        ("UpdateExpression", "SET a = b + :s", "operator or function: +, operand type: S"),
        ("UpdateExpression", "SET a = b + :n + :n", "Syntax error;"),
    ],
)  # fmt: skip
def test_what_is_written_rightly_and_makes_no_sense_is_refused(lab, kind, text, says):
    found = said(lab, kind, text)
    assert f"Invalid {kind}: " in found and says in found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("pk = :s OR sk = :n", "Invalid operator used in KeyConditionExpression: OR"),
        ("pk = :s AND sk <> :n", "Invalid operator used in KeyConditionExpression: <>"),
        ("pk = sk", "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"),
        (":s = :s", "Invalid condition in KeyConditionExpression: No key attribute specified"),
        ("pk = :s AND pk = :seoul", "KeyConditionExpressions must only contain one condition per key"),
        ("pk = :s AND sk.foo = :n", "KeyConditionExpressions cannot have conditions on nested attributes"),
        ("pk = :s AND begins_with(sk, :n)", "operator or function: begins_with, operand type: N"),
        ("sk = :n", "Query condition missed key schema element: pk"),
    ],
)
def test_key_conditions_that_dynamodb_does_not_take_are_refused(lab, text, says):
    assert says in said(lab, "KeyConditionExpression", text)


@pytest.mark.parametrize(
    "text",
    [
        "pk=:s AND sk=:n", "pk = :s and :two >= sk", "((pk = :s)) AND ((sk = :n))", "(pk = :s AND sk = :n)",
        "sk BETWEEN :n AND :two AND pk = :s", ":s = pk\nAND\tsk<:two", "(pk) = (:s) AND sk <= :n",
    ],
)  # fmt: skip
def test_key_conditions_may_be_turned_round_and_written_with_any_spaces(lab, text):
    found = lab.client.query(TableName="t", KeyConditionExpression=text, **used(text), **INDEXES)
    assert found["Count"] == 1 and total(found) == 0.5


def test_an_expression_takes_4_kb(lab):
    """Developer Guide, constraints: "The maximum length of any expression string is 4 KB"."""
    text = "attribute_exists(pk)".ljust(4096)
    lab.client.delete_item(TableName="t", Key=A, ConditionExpression=text)
    assert "Expression size has exceeded the maximum" in said(lab, "ConditionExpression", text + " ")
    assert "nested too deeply" in said(lab, "FilterExpression", "NOT (" * 800)


# --- placeholders -----------------------------------------------------------------------------------------


def test_placeholders_without_an_expression_are_refused(lab):
    names, values = ({"ExpressionAttributeNames": {"#n": "name"}}, {"ExpressionAttributeValues": item(**{":s": "a"})})
    alone = "can only be specified when using expressions"
    client = lab.client
    for call, arguments in (
        (client.put_item, {"Item": A}),
        (client.update_item, {"Key": A}),
        (client.delete_item, {"Key": A}),
    ):
        counted = "1 validation error detected: ExpressionAttribute"
        assert message(call, **arguments, **values) == f"{counted}Values {alone}"
        assert message(call, **arguments, **names) == f"{counted}Names {alone}"
    assert message(client.get_item, Key=A, **names) == f"ExpressionAttributeNames {alone}"
    null = "ExpressionAttributeValues can only be specified when using expressions: FilterExpression is null"
    assert message(client.scan, **values) == message(client.scan, ProjectionExpression="a", **values) == null
    assert message(client.scan, **names) == f"ExpressionAttributeNames {alone}"
    both = "FilterExpression and KeyConditionExpression are null"
    conditions = {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}}
    assert message(client.query, KeyConditions=conditions, **values).endswith(both)
    assert contents(client) == [STORED]


def test_placeholders_that_no_expression_uses_are_refused(lab):
    client, key = lab.client, of_key()
    key["ExpressionAttributeValues"] = key["ExpressionAttributeValues"] | item(**{":x": "x", ":y": "y"})
    unused = "Value provided in ExpressionAttributeValues unused in expressions: keys: "
    assert message(client.query, **key) == f"{unused}{{:x, :y}}"
    assert message(client.query, FilterExpression="x = :y", **key) == f"{unused}{{:x}}"
    arguments = {"Key": A, "UpdateExpression": "REMOVE x", "ExpressionAttributeValues": item(**{":unused": "x"})}
    assert message(client.update_item, **arguments) == f"1 validation error detected: {unused}{{:unused}}"
    names = {"#unused": "x", "#p": "pk"}
    said = message(client.get_item, Key=A, ProjectionExpression="#p", ExpressionAttributeNames=names)
    assert said == "Value provided in ExpressionAttributeNames unused in expressions: keys: {#unused}"
    check = {"TableName": "t", "Key": A, "ConditionExpression": "attribute_exists(pk)", **used(":s")}
    with pytest.raises(ClientError, match=f"{unused}{{:s}}"):
        client.transact_write_items(TransactItems=[{"ConditionCheck": check}])
    keys = {"Keys": [A], "ProjectionExpression": "pk", "ExpressionAttributeNames": {"#z": "z"}}
    with pytest.raises(ClientError, match="unused in expressions: keys: {#z}"):
        client.batch_get_item(RequestItems={"t": keys})


def test_placeholders_must_be_defined_and_rightly_written(lab):
    query = lab.client.query
    missing = "An expression attribute {} is not defined; attribute {}"
    found = message(query, KeyConditionExpression="pk = :s", FilterExpression="#missing = :s", **used(":s"))
    assert found == "Invalid FilterExpression: " + missing.format("name used in the document path", "name: #missing")
    found = message(query, KeyConditionExpression="pk = :v")
    assert found == "Invalid KeyConditionExpression: " + missing.format("value used in expression", "value: :v")
    for parameter, wrong in (("Names", {"n": "name"}), ("Names", {"#": "x"}), ("Values", {"v": {"S": "x"}})):
        arguments = {f"ExpressionAttribute{parameter}": wrong}
        (key,) = wrong
        assert message(query, KeyConditionExpression="pk = :s", **arguments) == (
            f'ExpressionAttribute{parameter} contains invalid key: Syntax error; key: "{key}"'
        )
        arguments = {f"ExpressionAttribute{parameter}": {}}
        assert message(query, KeyConditionExpression="pk = :s", **arguments).endswith(f"{parameter} must not be empty")


# --- filters of key attributes ----------------------------------------------------------------------------


def test_a_query_may_not_filter_by_a_key_of_what_it_queries(lab):
    """Developer Guide, Query: "a filter expression cannot contain partition key or sort key attributes"."""
    only = "{} can only contain non-primary key attributes: Primary key attribute: {}"
    client, key = lab.client, {"KeyConditionExpression": "pk = :s"}
    for text, name in (
        ("attribute_exists(pk.b) AND x = :s", "pk"),
        ("pk = :s", "pk"),
        ("sk[1] = :s", "sk"),
        ("x = :s OR NOT size(sk) > :n", "sk"),
    ):
        found = message(client.query, FilterExpression=text, **key, **used(text, ":s"))
        assert found == only.format("Filter Expression", name)
        with pytest.raises(ClientError, match="non-primary key"):
            pages = client.get_paginator("query").paginate(
                TableName="t", FilterExpression=text, **key, **used(text, ":s")
            )
            list(pages)
        assert client.scan(TableName="t", FilterExpression=text, **used(text))["ScannedCount"] == 1
    by_alias = {"FilterExpression": "#k = :value", "KeyConditionExpression": "pk = :value"}
    by_alias |= {"ExpressionAttributeNames": {"#k": "sk"}, "ExpressionAttributeValues": item(**{":value": "a"})}
    assert message(client.query, **by_alias) == only.format("Filter Expression", "sk")
    equal = {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}
    found = message(client.query, KeyConditions={"pk": equal}, QueryFilter={"sk": equal})
    assert found == only.format("QueryFilter", "sk")
    assert client.scan(TableName="t", ScanFilter={"pk": equal})["Count"] == 1


def test_a_query_of_an_index_may_not_filter_by_the_keys_of_the_index(lab):
    """The keys of the table are no keys of a global index, and may be filtered by."""
    client = lab.client
    by_g = {"IndexName": "by_g", "KeyConditionExpression": "g = :s"}
    assert "attribute: g" in message(client.query, **by_g, FilterExpression="g = :s", **used(":s"))
    assert client.query(TableName="t", **by_g, FilterExpression="pk = :s", **used(":s"))["Count"] == 0
    local = {"IndexName": "local", "KeyConditionExpression": "pk = :s"}
    assert "attribute: l" in message(client.query, **local, FilterExpression="l = :s", **used(":s"))
    assert client.query(TableName="t", **local, FilterExpression="sk = :n", **used(":s :n"))["Count"] == 0


# --- what conditions mean ---------------------------------------------------------------------------------

MET = [
    "#n = :seoul", "#c = :five", "#c>=:five", "count_ <> :n", "#c BETWEEN :n AND :five", "#c IN (:n, :five)",
    "begins_with(#n, :se)", "begins_with(rawdata, :b)", "contains(#n, :se)", "contains(tags, :c)",
    "contains(sizes, :half)", "contains(rawdata, :b)", "contains(#m.deep, :two)", "attribute_type(tags, :type)",
    "size(tags) = :two",
    "size(#n) = #c", "attribute_exists(#m.deep[1])",
    "attribute_not_exists(#m.deep[2])", "#m.deep[1] = :two", "#l[0] <> #l[1]", "(gone) = (:null)", "NOT (gone = :s)",
    "yes = :t AND NOT #c = :n", "#n = :s OR #n = :seoul AND #c = :five", "#n\n=\t:seoul", "size(rawdata) > :two",
    "NOT #c < :s", "NOT absent < :n", "NOT absent = :null", "NOT size(absent) > :n", "NOT size(yes) = :n",
    "NOT contains(#c, :n)", "NOT absent BETWEEN :n AND :five", "#c > size(tags) AND :n < #c",
    "NOT attribute_exists(#n.deep)", "NOT begins_with(rawdata, :se)", ":five BETWEEN size(tags) AND #c",
]  # fmt: skip


@pytest.mark.parametrize("text", MET)
def test_a_condition_means_what_it_says_in_filters_and_in_writes(lab, text):
    """Values of another type, and attributes that are not there, have no order and no size: nothing fails on them."""
    client, opposite = lab.client, f"NOT ({text})"
    assert client.scan(TableName="t", FilterExpression=text, **used(text))["Count"] == 1
    assert client.scan(TableName="t", FilterExpression=opposite, **used(text))["Count"] == 0
    key = {"KeyConditionExpression": "pk = :s"}
    assert client.query(TableName="t", FilterExpression=text, **key, **used(text, ":s"))["Count"] == 1
    client.put_item(TableName="t", Item=STORED, ConditionExpression=text, **used(text))
    check = {"TableName": "t", "Key": A, "ConditionExpression": text, **used(text)}
    client.transact_write_items(TransactItems=[{"ConditionCheck": check}])
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        client.delete_item(TableName="t", Key=A, ConditionExpression=opposite, **used(text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pk, #n", item(pk="a", name="seoul")),
        ("#m.deep[1]", {"map": {"M": {"deep": {"L": [{"N": "2"}]}}}}),
        ("#l[2], #l[0]", {"list": {"L": [{"S": "l0"}, {"S": "l2"}]}}),
        ("#n.x, absent, #l[9]", {}),
        ("rawdata,sizes", {"rawdata": STORED["rawdata"], "sizes": STORED["sizes"]}),
        (" yes\n, gone ", {"yes": {"BOOL": True}, "gone": {"NULL": True}}),
    ],
)
def test_a_projection_gives_what_its_paths_lead_to(lab, text, found):
    """The elements of a list come in their order, whatever was asked for first (captured)."""
    client, more = lab.client, {"ProjectionExpression": text, **used(text)}
    assert client.get_item(TableName="t", Key=A, **more).get("Item", {}) == found
    assert client.batch_get_item(RequestItems={"t": {"Keys": [A], **more}})["Responses"]["t"] == [found]
    assert client.scan(TableName="t", **more)["Items"] == [found]


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("SET x=:n", "x", {"N": "1"}),
        ("SET x = (#c + (:n))", "x", {"N": "6"}),
        ("SET x = if_not_exists(x, list_append(#l, :l))", "x", {"L": [*STORED["list"]["L"], {"S": "x"}]}),
        ("SET x = list_append(if_not_exists(x, :l), #l)", "x", {"L": [{"S": "x"}, *STORED["list"]["L"]]}),
        ("REMOVE #l[0]\nSET x=:n", "list", {"L": STORED["list"]["L"][1:]}),
        ("ADD #c :n DELETE tags :ss", "tags", {"SS": ["c"]}),
        ("set #m.more = :m", "map", {"M": {**STORED["map"]["M"], "more": VALUES[":m"]}}),
    ],
)
def test_an_update_may_be_written_in_all_ways_that_dynamodb_takes(lab, text, name, value):
    lab.client.update_item(TableName="t", Key=A, UpdateExpression=text, **used(text))
    assert lab.client.get_item(TableName="t", Key=A)["Item"][name] == value


def test_an_update_from_what_is_not_there_is_refused(lab):
    for text in ("SET x = absent", "SET x = absent + :n", "SET x = list_append(#l, absent)"):
        assert "refers to an attribute that does not exist in the item" in said(lab, "UpdateExpression", text)


# --- any text at all --------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    "a pk sk #n #odd :s :n :l :m :b :t :ss :null = == <> < <= > >= ( ) , . [0] [ ] AND OR NOT BETWEEN IN size( "
    "contains( attribute_exists( begins_with( attribute_type( SET REMOVE ADD DELETE + - if_not_exists( list_append( 0 "
    "! _x".split()
    + [" ", "\n"]
)
PATHS = st.sampled_from(
    ["a", "#n", "#c", "#l[1]", "#m.deep[0]", "#odd", "tags", "rawdata", "yes", "absent.deep", "gone"]
)
OPERANDS = st.one_of(PATHS, st.sampled_from(sorted(VALUES)), PATHS.map("size({})".format))
TESTS = st.one_of(
    st.tuples(OPERANDS, st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), OPERANDS).map(" ".join),
    st.tuples(OPERANDS, OPERANDS, OPERANDS).map(lambda some: "{} BETWEEN {} AND {}".format(*some)),
    st.tuples(OPERANDS, OPERANDS, OPERANDS).map(lambda some: "{} IN ({}, {})".format(*some)),
    st.tuples(st.sampled_from(["begins_with", "contains", "attribute_type", "size"]), OPERANDS, OPERANDS).map(
        lambda some: "{}({},{})".format(*some)
    ),
)
NEW = st.one_of(
    OPERANDS,
    st.tuples(OPERANDS, st.sampled_from("+-"), OPERANDS).map(" ".join),
    st.tuples(st.sampled_from(["if_not_exists", "list_append"]), OPERANDS, OPERANDS).map(
        lambda some: "{}({}, {})".format(*some)
    ),
)
UPDATES = st.one_of(
    st.tuples(PATHS, NEW).map(lambda some: "SET {} = {}".format(*some)),
    PATHS.map("REMOVE {}".format),
    st.tuples(st.sampled_from(["ADD", "DELETE"]), PATHS, st.sampled_from(sorted(VALUES))).map(" ".join),
)
TEXTS = st.one_of(
    st.lists(WORDS, max_size=8).map(" ".join), st.lists(WORDS, max_size=8).map("".join), st.text(max_size=10), TESTS,
    TESTS, st.tuples(TESTS, TESTS).map(" AND NOT ".join), UPDATES, UPDATES, PATHS,
)  # fmt: skip


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(text=TEXTS)
def test_any_text_as_an_expression_is_done_or_refused(lab, text):
    """Nothing but success, a ValidationException or a condition that is not met: never an error of Python's."""
    client, more = lab.client, used(text)
    named = {name: each for name, each in more.items() if name == "ExpressionAttributeNames"}
    keyed = {"KeyConditionExpression": "pk = :s", **used(text, ":s")}
    actions = [{"Update": {"TableName": "t", "Key": A, "UpdateExpression": text, **more}}]
    for call, arguments in (
        (client.put_item, {"Item": STORED, "ConditionExpression": text, **more}),
        (client.update_item, {"Key": A, "UpdateExpression": text, **more}),
        (client.get_item, {"Key": A, "ProjectionExpression": text, **named}),
        (client.query, {"KeyConditionExpression": text, **more}),
        (client.query, {"FilterExpression": text, **keyed}),
        (client.scan, {"FilterExpression": text, **more}),
        (lambda **_: client.transact_write_items(TransactItems=actions), {}),
    ):
        try:
            call(TableName="t", **arguments)
        except ClientError as error:
            assert error.response["Error"]["Code"] in ("ValidationException", "ConditionalCheckFailedException"), error
        client.put_item(TableName="t", Item=STORED)
