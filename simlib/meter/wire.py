"""A request as it goes over the wire: where it holds attribute values, and what the legacy parameters mean.

The meter reads what DynamoDB would read, the JSON body of the HTTP request, so that it makes no difference whether
a client, a Table, a condition object or a batch writer wrote it. Parameters from before 2014 (Expected,
AttributeUpdates, KeyConditions, QueryFilter, ScanFilter) are rewritten as the expressions that mean the same, because
moto ignores some of them and stores others wrongly. AttributesToGet stays as it is: it moves no unit.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

from simlib import facts
from simlib.meter.size import ItemError, canonical_number, number_size

NESTING_MAX = int(facts.value("dynamodb.nesting_max"))

_MAPS = ("Item", "Key", "ExpressionAttributeValues", "ExclusiveStartKey")


def read(body: bytes) -> dict:
    """The request in a body."""
    return json.loads(body or b"{}")


def write(request: dict) -> bytes:
    """The body of a request that `take` has not been through."""
    return json.dumps(request).encode()


def actions(request: dict) -> Iterator[tuple[str, dict]]:
    """(kind, action) of a transaction's items: Put, Update, Delete, ConditionCheck or Get, with its parameters."""
    for item in request.get("TransactItems", ()):
        yield from item.items()


def take(request: dict) -> None:
    """Checks every attribute value of the request as DynamoDB does, and decodes binary ones in place.

    Raises ItemError, with what DynamoDB answers, for numbers out of range, nesting beyond 32 levels, and sets that
    are empty or hold a member twice.
    """
    for holder in _holders(request):
        for name in _MAPS:
            if "" in holder.get(name, {}):
                raise ItemError(
                    "An attribute has an empty name; name it.",
                    "One or more parameter values were invalid: An attribute name must not be empty",
                )
            for value in holder.get(name, {}).values():
                _take(value, 1)


def _holders(request: dict) -> Iterator[dict]:
    yield request
    for _, action in actions(request):
        yield action
    for requests in request.get("RequestItems", {}).values():
        if isinstance(requests, dict):
            yield from ({"Key": key} for key in requests.get("Keys", ()))
        else:
            for each in requests:
                yield from each.values()


_SET_NAMES = {"SS": "string", "NS": "number", "BS": "binary"}


def _take(value: dict, level: int) -> None:
    if len(value) != 1:
        raise ItemError(
            f"An attribute value has {len(value)} types, but it must have one; write a dict of one type and its value.",
            f"Supplied AttributeValue {'has more than one datatypes set' if value else 'is empty'}, "
            "must contain exactly one of the supported datatypes",
        )
    for tag, content in value.items():
        if tag == "N":
            number_size(content)
        elif tag == "B":
            value[tag] = base64.b64decode(content)
        elif tag in ("L", "M"):
            if level > NESTING_MAX - 1:
                raise ItemError(
                    f"An attribute is nested deeper than the {NESTING_MAX} levels that DynamoDB takes; flatten it.",
                    "Nesting Levels have exceeded supported limits: "
                    "Attributes in the item have nested levels beyond supported limit",
                )
            for each in content if tag == "L" else content.values():
                _take(each, level + 1)
        elif tag in _SET_NAMES:
            if tag == "BS":
                content = value[tag] = [base64.b64decode(each) for each in content]
            members = {canonical_number(each) for each in content} if tag == "NS" else set(content)
            if len(members) < len(content):
                shown = ", ".join(map(str, content))
                raise ItemError(
                    "A set holds a member twice, but DynamoDB takes each member once; remove one of them.",
                    f"One or more parameter values were invalid: Input collection [{shown}] contains duplicates.",
                )
            if not content:
                raise ItemError(
                    "A set is empty, but DynamoDB stores no empty sets; leave the attribute out.",
                    f"One or more parameter values were invalid: An {_SET_NAMES[tag]} set  may not be empty",
                )


def nesting(value: dict) -> int:
    """Levels of one attribute value: 1 for a scalar or a set, 1 more for each list or map around it.

    An empty list or map has the two levels of one that holds a scalar.
    """
    ((tag, content),) = value.items()
    if tag not in ("L", "M"):
        return 1
    return 1 + max(map(nesting, content if tag == "L" else content.values()), default=1)


# --- legacy parameters ------------------------------------------------------------------------------------

_OPERANDS = {"BETWEEN": (2,), "NULL": (0,), "NOT_NULL": (0,), "IN": range(1, 101)}
_COMPARED = {"EQ": "=", "NE": "<>", "LE": "<=", "LT": "<", "GE": ">=", "GT": ">"}
_FUNCTIONS = {
    "NULL": "attribute_not_exists",
    "NOT_NULL": "attribute_exists",
    "BEGINS_WITH": "begins_with",
    "CONTAINS": "contains",
    "NOT_CONTAINS": "NOT contains",
}
_LEGACY = {
    "Expected": "ConditionExpression",
    "KeyConditions": "KeyConditionExpression",
    "QueryFilter": "FilterExpression",
    "ScanFilter": "FilterExpression",
    "AttributeUpdates": "UpdateExpression",
}

OLD_PARAMETERS = (*_LEGACY, "AttributesToGet", "ConditionalOperator")
"""All parameters that expressions have replaced."""


def modernise(operation: str, request: dict) -> bool:
    """Rewrites legacy parameters of a request in place; says whether anything changed.

    The request does not mix them with expressions. An UpdateItem that updates nothing, which DynamoDB takes and moto
    trips over, gets an empty AttributeUpdates. Raises ItemError, with what DynamoDB answers, for parameters that
    are not valid.
    """
    if operation == "UpdateItem" and not {"UpdateExpression", "AttributeUpdates"} & request.keys():
        request["AttributeUpdates"] = {}
        modernise(operation, request)
        return True
    legacy = [name for name in _LEGACY if name in request]
    if not legacy or "ConditionExpression" in request:
        return False
    names, values = {}, {}

    def name(attribute: str) -> str:
        alias = f"#legacy{len(names)}"
        names[alias] = attribute
        return alias

    def value(content: dict) -> str:
        alias = f":legacy{len(values)}"
        values[alias] = content
        return alias

    operator = f" {request.pop('ConditionalOperator', 'AND')} "
    for parameter in legacy:
        content = request.pop(parameter)
        if parameter == "AttributeUpdates":
            expression = _update(content, name, value)
        else:
            each = [_condition(attribute, test, name, value) for attribute, test in content.items()]
            expression = (" AND " if parameter == "KeyConditions" else operator).join(each)
        if expression:
            request[_LEGACY[parameter]] = expression
        elif parameter == "AttributeUpdates":
            request[parameter] = {}
    if names:
        request["ExpressionAttributeNames"] = names
    if values:
        request["ExpressionAttributeValues"] = values
    return True


def was_legacy(request: dict) -> bool:
    """Whether the expressions of a request are what `modernise` has made of legacy parameters."""
    return "#legacy0" in request.get("ExpressionAttributeNames", ())


def _condition(attribute: str, test: dict, name, value) -> str:
    alias = name(attribute)
    operator = test.get("ComparisonOperator")
    operands = test.get("AttributeValueList", [test["Value"]] if "Value" in test else [])
    if operator is None:
        exists = test.get("Exists", True)
        if exists == (not operands):
            raise _invalid(
                f"Value {'must' if exists else 'cannot'} be {'provided' if exists else 'used'} when Exists is "
                f"{'true' if exists else 'false'} for Attribute: {attribute}"
            )
        operator = "EQ" if exists else "NULL"
    if operator not in (*_COMPARED, *_OPERANDS, *_FUNCTIONS):
        raise _invalid(f"There is no ComparisonOperator {operator}")
    if len(operands) not in _OPERANDS.get(operator, (1,)):
        raise _invalid(f"Invalid number of argument(s) for the {operator} ComparisonOperator")
    given = [value(operand) for operand in operands]
    if operator in _COMPARED:
        return f"{alias} {_COMPARED[operator]} {given[0]}"
    if operator == "BETWEEN":
        return f"{alias} BETWEEN {given[0]} AND {given[1]}"
    if operator == "IN":
        return f"{alias} IN ({', '.join(given)})"
    return f"{_FUNCTIONS[operator]}({', '.join([alias, *given])})"


def _invalid(message: str) -> ItemError:
    return ItemError(
        f"A legacy parameter is not valid: {message}; write a ConditionExpression or UpdateExpression instead.",
        f"One or more parameter values were invalid: {message}",
    )


def _update(updates: dict, name, value) -> str:
    clauses: dict[str, list[str]] = {}
    for attribute, update in updates.items():
        action, alias = update.get("Action", "PUT"), name(attribute)
        content = update.get("Value")
        if content is None and action != "DELETE":
            raise _invalid("Only DELETE action is allowed when no attribute value is specified")
        if action == "PUT":
            clauses.setdefault("SET", []).append(f"{alias} = {value(content)}")
        elif action == "ADD" and "L" in content:
            empty = value({"L": []})
            appended = f"list_append(if_not_exists({alias}, {empty}), {value(content)})"
            clauses.setdefault("SET", []).append(f"{alias} = {appended}")
        elif action == "DELETE" and content is None:
            clauses.setdefault("REMOVE", []).append(alias)
        else:
            clauses.setdefault(action, []).append(f"{alias} {value(content)}")
    return " ".join(f"{clause} {', '.join(parts)}" for clause, parts in clauses.items())
