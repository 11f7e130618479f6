"""Expressions: what they say, what DynamoDB refuses in them, and whether an item meets a condition.

Models the grammar of conditions, key conditions, filters, updates and projections, their functions, operand types,
placeholders and reserved words, and the values that comparisons and functions give. Leaves out what an update does:
that is moto's. Sources: the Developer Guide on expressions; the wording of errors as captured on DynamoDB
(dynamodb-conformance and dynalite in data/sources.csv).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from simlib import facts
from simlib.meter import wire
from simlib.meter.capacity import same_value
from simlib.meter.limits import Refused
from simlib.meter.size import TYPES, canonical_number

MOST_BYTES = int(facts.value("dynamodb.expression_max_bytes"))

_OF_OPERATION = {
    "GetItem": ("ProjectionExpression",),
    "BatchGetItem": ("ProjectionExpression",),
    "Get": ("ProjectionExpression",),
    "PutItem": ("ConditionExpression",),
    "DeleteItem": ("ConditionExpression",),
    "Put": ("ConditionExpression",),
    "Delete": ("ConditionExpression",),
    "ConditionCheck": ("ConditionExpression",),
    "UpdateItem": ("UpdateExpression", "ConditionExpression"),
    "Update": ("UpdateExpression", "ConditionExpression"),
    "Query": ("FilterExpression", "KeyConditionExpression", "ProjectionExpression"),
    "Scan": ("FilterExpression", "ProjectionExpression"),
}
_COUNTED = ("PutItem", "DeleteItem", "UpdateItem")
"""Operations whose refusals begin with the number of errors, in the wording of 2026."""

_NAMES, _VALUES = "ExpressionAttributeNames", "ExpressionAttributeValues"


@dataclass(frozen=True)
class Node:
    """A part of an expression: its kind, what it is called, and what it is made of.

    Kinds are "path" (its parts are names and positions, placeholders replaced), "value" (called by its placeholder),
    "function", "=" and the other comparisons, "BETWEEN", "IN", "NOT", "AND" and "OR".
    """

    kind: str
    name: str = ""
    parts: tuple = ()

    @property
    def is_operand(self) -> bool:
        """Whether this stands for a value rather than for a condition."""
        return self.kind in ("path", "value") or self.name == "size"


@dataclass(frozen=True)
class Expression:
    """An expression that was read: the tree of a condition, the paths of a projection, or the text of an update.

    `heads` are the top-level attributes that it names; `names` and `values` are the placeholders that it uses.
    """

    meaning: object
    heads: tuple[str, ...]
    names: frozenset[str]
    values: frozenset[str]


# --- a request's expressions ------------------------------------------------------------------------------


def check(operation: str, request: dict, reserved: frozenset[str] = frozenset()) -> None:
    """Refuses what DynamoDB refuses in the expressions of a request, and in their placeholders."""
    for what, holder in _holders(operation, request):
        try:
            _check_holder(holder, _OF_OPERATION[what], operation in _COUNTED, reserved)
        except Refused as refused:
            if operation not in _COUNTED:
                raise
            raise Refused(f"1 validation error detected: {refused.message}") from None


def _holders(operation: str, request: dict) -> Iterator[tuple[str, dict]]:
    if operation == "BatchGetItem":
        yield from ((operation, each) for each in request.get("RequestItems", {}).values())
    elif operation in _OF_OPERATION:
        yield operation, request
    else:
        yield from wire.actions(request)


def _check_holder(holder: dict, expressions: tuple[str, ...], counted: bool, reserved) -> None:
    names, values = holder.get(_NAMES), holder.get(_VALUES)
    given = [kind for kind in expressions if kind in holder]
    _check_without(names, values, given, expressions, counted)
    used_names, used_values = set(), set()
    for kind in given:
        read = read_expression(kind, holder[kind], names or {}, values or {}, reserved)
        used_names |= read.names
        used_values |= read.values
    for parameter, several, used in ((_NAMES, names, used_names), (_VALUES, values, used_values)):
        unused = [name for name in several or () if name not in used]
        if unused:
            raise Refused(f"Value provided in {parameter} unused in expressions: keys: {{{', '.join(unused)}}}")


def _check_without(names, values, given: list[str], expressions: tuple[str, ...], counted: bool) -> None:
    takers = [kind for kind in expressions if kind != "ProjectionExpression"]
    if values is not None and not any(kind in given for kind in takers):
        null = f": {' and '.join(takers)} {'are' if len(takers) > 1 else 'is'} null"
        raise Refused(f"{_VALUES} can only be specified when using expressions{'' if counted else null}")
    if names is not None and not given:
        raise Refused(f"{_NAMES} can only be specified when using expressions")
    for parameter, several, sign in ((_NAMES, names, "#"), (_VALUES, values, ":")):
        if several is not None and not several:
            raise Refused(f"{parameter} must not be empty")
        for key in several or ():
            if not re.fullmatch(f"{sign}[A-Za-z0-9_]+", key):
                raise Refused(f'{parameter} contains invalid key: Syntax error; key: "{key}"')
    for key, name in (names or {}).items():
        if not name:
            raise Refused(f"{_NAMES} contains invalid value: The attribute name must not be empty; key: {key}")


def read_expression(kind: str, text: str, names: dict, values: dict, reserved: frozenset[str] = frozenset()):
    """The Expression in a text; `kind` is the parameter that holds it. Raises Refused with DynamoDB's message."""
    if not text.strip():
        raise Refused(f"Invalid {kind}: The expression can not be empty;")
    if len(text.encode()) > MOST_BYTES:
        size = len(text.encode())
        raise Refused(f"Invalid {kind}: Expression size has exceeded the maximum allowed size; expression size: {size}")
    try:
        return _READERS[kind](kind, text, names, values, reserved).read()
    except RecursionError:
        raise Refused(f"Invalid {kind}: The expression is nested too deeply;") from None


def tidy_update(text: str) -> str:
    """An UpdateExpression that was checked, with single spaces and without parentheses."""
    return _Update("UpdateExpression", text, {}, {}, frozenset()).whole()


def heads(request: dict, kind: str) -> tuple[str, ...]:
    """The top-level attributes that one expression of a request names; none where it is not given."""
    if kind not in request:
        return ()
    return read_expression(kind, request[kind], request.get(_NAMES, {}), request.get(_VALUES, {})).heads


# --- reading ----------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"[ \t\r\n]*(?:(?P<name>#[A-Za-z0-9_]+)|(?P<value>:[A-Za-z0-9_]+)|(?P<word>[A-Za-z][A-Za-z0-9_]*)"
    r"|(?P<number>[0-9]+)|(?P<sign><=|>=|<>|[^ \t\r\n]))"
)
_FAULTS = ("parens", "function", "misused", "reserved", "section", "undefined", "count", "distinct", "overlap", "type")
"""Kinds of faults that are no syntax errors, the one that DynamoDB tells first before the others."""


class _Reader:
    """Reads one expression from left to right; syntax errors are raised at once, other faults at the end."""

    keywords: tuple[str, ...] = ()

    def __init__(self, kind: str, text: str, names: dict, values: dict, reserved: frozenset[str]):
        self.kind, self.text, self.given_names, self.given_values, self.reserved = kind, text, names, values, reserved
        self.tokens = [
            (each.lastgroup, each[each.lastgroup], each.start(each.lastgroup)) for each in _TOKEN.finditer(text)
        ]
        self.at = 0
        self.faults: dict[str, str] = {}
        self.heads: dict[str, None] = {}
        self.names: set[str] = set()
        self.values: set[str] = set()

    def read(self) -> Expression:
        """The expression, whole and without faults."""
        meaning = self.whole()
        if self.at < len(self.tokens):
            raise self.syntax_error()
        for rank in _FAULTS:
            if rank in self.faults:
                raise Refused(f"Invalid {self.kind}: {self.faults[rank]}")
        meaning = self.finish(meaning)
        return Expression(meaning, tuple(self.heads), frozenset(self.names), frozenset(self.values))

    def whole(self):
        raise NotImplementedError

    def finish(self, meaning):
        """What is kept of the expression once it has no faults."""
        return meaning

    # --- tokens

    def token(self, ahead: int = 0) -> tuple[str, str, int]:
        place = self.at + ahead
        return self.tokens[place] if place < len(self.tokens) else ("end", "<EOF>", len(self.text))

    def syntax_error(self) -> Refused:
        """DynamoDB names the token, and the text from the one before it to the one after it."""
        nearby = self.tokens[max(0, self.at - 1) : self.at + 2]
        near = self.text[nearby[0][2] : nearby[-1][2] + len(nearby[-1][1])]
        return Refused(f'Invalid {self.kind}: Syntax error; token: "{self.token()[1]}", near: "{near}"')

    def fault(self, rank: str, message: str) -> None:
        self.faults.setdefault(rank, message)

    def sees(self, sign: str) -> bool:
        group, text, _ = self.token()
        return group == "sign" and text == sign

    def sees_word(self, *words: str) -> str | None:
        group, text, _ = self.token()
        return text.upper() if group == "word" and text.upper() in words else None

    def took(self, sign: str) -> bool:
        found = self.sees(sign)
        self.at += found
        return found

    def took_word(self, word: str) -> bool:
        found = bool(self.sees_word(word))
        self.at += found
        return found

    def take(self, sign: str) -> None:
        if not self.took(sign):
            raise self.syntax_error()

    def take_group(self, group: str) -> str:
        if self.token()[0] != group:
            raise self.syntax_error()
        self.at += 1
        return self.token(-1)[1]

    # --- what all expressions are made of

    def path(self) -> Node:
        """A document path such as a.#b[3]; `name` is its text without spaces."""
        parts, text = [], ""
        while True:
            name, written = self.path_name()
            parts.append(name)
            text += written
            while self.took("["):
                parts.append(int(self.take_group("number")))
                text += f"[{parts[-1]}]"
                self.take("]")
            if not self.took("."):
                break
            text += "."
        self.heads[parts[0]] = None
        return Node("path", text, tuple(parts))

    def path_name(self) -> tuple[str, str]:
        group, text, _ = self.token()
        if group == "name":
            self.at += 1
            self.names.add(text)
            if text not in self.given_names:
                self.fault(
                    "undefined",
                    f"An expression attribute name used in the document path is not defined; attribute name: {text}",
                )
            return self.given_names.get(text, text), text
        if group != "word" or self.sees_word(*self.keywords):
            raise self.syntax_error()
        self.at += 1
        if text.upper() in self.reserved:
            self.fault("reserved", f"Attribute name is a reserved keyword; reserved keyword: {text}")
        return text, text

    def value(self) -> Node:
        alias = self.take_group("value")
        self.values.add(alias)
        if alias not in self.given_values:
            self.fault(
                "undefined",
                f"An expression attribute value used in expression is not defined; attribute value: {alias}",
            )
        return Node("value", alias)

    def operand(self) -> Node:
        if self.took("("):
            redundant = self.sees("(")
            inner = self.operand()
            self.take(")")
            if redundant:
                self.redundant()
            return inner
        if self.token()[0] == "value":
            return self.value()
        if self.token()[0] == "word" and self.token(1)[:2] == ("sign", "(") and not self.sees_word(*self.keywords):
            return self.function()
        return self.path()

    def redundant(self) -> None:
        self.fault("parens", "The expression has redundant parentheses;")

    def arguments(self) -> tuple[Node, ...]:
        self.take("(")
        several = [self.operand()]
        while self.took(","):
            several.append(self.operand())
        self.take(")")
        return tuple(several)

    def function(self) -> Node:
        name = self.take_group("word")
        node = Node("function", name, self.arguments())
        self.check_function(node)
        return node

    def check_function(self, node: Node) -> None:
        raise NotImplementedError

    def counted(self, node: Node, counts: dict[str, int]) -> bool:
        """Whether a function is one of those in `counts`, with so many operands."""
        if node.name not in counts:
            self.fault("function", f"Invalid function name; function: {node.name}")
        elif len(node.parts) != counts[node.name]:
            self.fault(
                "count",
                "Incorrect number of operands for operator or function; "
                f"operator or function: {node.name}, number of operands: {len(node.parts)}",
            )
        else:
            return True
        return False

    def type_of(self, node: Node) -> str | None:
        """The type of a literal value or of a function; None for a path, whose type only the item knows."""
        if node.kind == "value":
            return next(iter(self.given_values.get(node.name, ())), None)
        return {"size": "N", "list_append": "L"}.get(node.name, None) if node.kind == "function" else None

    def wrong_type(self, name: str, tag: str | None, word: str = "operator or function") -> None:
        self.fault("type", f"Incorrect operand type for operator or function; {word}: {name}, operand type: {tag}")


class _Condition(_Reader):
    keywords = ("AND", "OR", "NOT", "BETWEEN", "IN")
    comparisons = ("=", "<>", "<", "<=", ">", ">=")
    functions = {
        "attribute_exists": 1,
        "attribute_not_exists": 1,
        "attribute_type": 2,
        "begins_with": 2,
        "contains": 2,
        "size": 1,
    }

    def whole(self) -> Node:
        node = self.either()
        if node.is_operand:
            raise self.syntax_error()
        return node

    def either(self) -> Node:
        return self.joined("OR", self.both)

    def both(self) -> Node:
        return self.joined("AND", self.negated)

    def joined(self, word: str, part: Callable[[], Node]) -> Node:
        node = part()
        while self.sees_word(word):
            if node.is_operand:
                raise self.syntax_error()
            self.at += 1
            other = part()
            if other.is_operand:
                raise self.syntax_error()
            node = Node(word, "", (node, other))
        return node

    def negated(self) -> Node:
        if not self.took_word("NOT"):
            return self.test()
        node = self.test()
        if node.is_operand:
            raise self.syntax_error()
        return Node("NOT", "", (node,))

    def test(self) -> Node:
        """A comparison or function, or what stands in parentheses: a condition or an operand."""
        left = self.grouped() if self.sees("(") else self.operand()
        if not left.is_operand and (left.kind != "function" or not self.sees_comparison()):
            return left
        if self.sees_comparison():
            return self.comparison(left)
        return left

    def grouped(self) -> Node:
        self.take("(")
        doubled = self.sees("(")
        start = self.at
        node = self.either()
        doubled = doubled and self.closes(start)
        self.take(")")
        if doubled:
            self.redundant()
        return node

    def closes(self, start: int) -> bool:
        """Whether the parenthesis at `start` is closed by the token just read."""
        depth = 0
        for place in range(start, self.at):
            depth += {"(": 1, ")": -1}.get(self.tokens[place][1], 0)
            if depth == 0:
                return place == self.at - 1
        return False

    def sees_comparison(self) -> bool:
        group, text, _ = self.token()
        return (group == "sign" and text in self.comparisons) or bool(self.sees_word("BETWEEN", "IN"))

    def comparison(self, left: Node) -> Node:
        if self.took_word("IN"):
            node = Node("IN", "IN", (left, *self.arguments()))
            if len(node.parts) > 101:
                self.fault(
                    "count",
                    f"The IN operator is provided with too many operands; number of operands: {len(node.parts) - 1}",
                )
        elif self.took_word("BETWEEN"):
            low = self.operand()
            if not self.took_word("AND"):
                raise self.syntax_error()
            node = Node("BETWEEN", "BETWEEN", (left, low, self.operand()))
            self.check_bounds(*node.parts[1:])
        else:
            sign = self.take_group("sign")
            node = Node(sign, sign, (left, self.operand()))
        self.check_use(node.parts)
        self.check_distinct(node)
        if node.kind not in ("=", "<>", "IN"):
            self.check_order(node)
        return node

    def check_function(self, node: Node) -> None:
        self.check_use(node.parts)
        if not self.counted(node, self.functions):
            return
        first, last = node.parts[0], node.parts[-1]
        tag = self.type_of(first)
        if node.name.startswith("attribute_") and node.name.endswith("exists") and first.kind != "path":
            self.fault("type", f"Operator or function requires a document path; operator or function: {node.name}")
        elif node.name == "size" and tag in ("N", "BOOL", "NULL"):
            self.wrong_type("size", tag)
        elif node.name == "begins_with":
            for each in node.parts:
                if self.type_of(each) not in (None, "S", "B"):
                    self.wrong_type(node.name, self.type_of(each))
        elif node.name == "attribute_type":
            self.check_type_name(last)
        self.check_distinct(node)

    def check_type_name(self, node: Node) -> None:
        tag = self.type_of(node)
        if tag != "S":
            self.wrong_type("attribute_type", tag or f"{{{','.join(TYPES)}}}")
        elif self.given_values[node.name]["S"] not in TYPES:
            self.fault(
                "type",
                f"Invalid attribute type name found; type: {self.given_values[node.name]['S']}, "
                f"valid types: {{{','.join(TYPES)}}}",
            )

    def check_use(self, operands) -> None:
        for each in operands:
            if each.kind == "function" and each.name in self.functions and each.name != "size":
                self.fault(
                    "misused",
                    f"The function is not allowed to be used this way in an expression; function: {each.name}",
                )

    def check_distinct(self, node: Node) -> None:
        first = node.parts[0]
        if len(node.parts) == 2 and first.kind == "path" and first.parts == node.parts[1].parts:
            self.fault(
                "distinct",
                "The first operand must be distinct from the remaining operands for this operator or function; "
                f"operator: {node.name}, first operand: {_shown(first.parts)}",
            )

    def check_order(self, node: Node) -> None:
        for each in node.parts:
            if self.type_of(each) not in (None, "S", "N", "B"):
                self.wrong_type(node.name, self.type_of(each))

    def check_bounds(self, low: Node, high: Node) -> None:
        bounds = [self.given_values.get(each.name) for each in (low, high) if each.kind == "value"]
        if len(bounds) < 2 or any(not each for each in bounds):
            return
        lower, upper = ({tag: content} for each in bounds for tag, content in [next(iter(each.items()))])
        shown = ", ".join(
            f"{word} bound operand: AttributeValue: {{{next(iter(each))}:{next(iter(each.values()))}}}"
            for word, each in (("lower", lower), ("upper", upper))
        )
        if lower.keys() != upper.keys():
            self.fault("type", f"The BETWEEN operator requires same data type for lower and upper bounds; {shown}")
        elif _above(lower, upper):
            self.fault(
                "type",
                "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; " + shown,
            )


class _KeyCondition(_Condition):
    def redundant(self) -> None:
        """Key conditions may stand in doubled parentheses."""

    def finish(self, meaning: Node) -> list[tuple[str, str, list[str]]]:
        """(key attribute, comparison, placeholders of values) of each condition, equality first."""
        found = sorted(self.conditions(meaning), key=lambda each: each[1] != "=")
        if len({name for name, _, _ in found}) < len(found):
            raise Refused("KeyConditionExpressions must only contain one condition per key")
        return found

    def conditions(self, node: Node) -> Iterator[tuple[str, str, list[str]]]:
        if node.kind == "AND":
            for part in node.parts:
                yield from self.conditions(part)
            return
        name = node.name or node.kind
        if node.kind in ("OR", "NOT", "IN", "<>") or (node.kind == "function" and name != "begins_with"):
            raise Refused(f"Invalid operator used in KeyConditionExpression: {name}")
        if any(each.kind == "function" for each in node.parts):
            raise Refused("KeyConditionExpressions cannot contain nested operations")
        paths = [each for each in node.parts if each.kind == "path"]
        if not paths:
            raise Refused("Invalid condition in KeyConditionExpression: No key attribute specified")
        if len(paths) > 1:
            raise Refused("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition")
        if len(paths[0].parts) > 1:
            raise Refused("KeyConditionExpressions cannot have conditions on nested attributes")
        if node.parts[0].kind != "path":
            if name not in _TURNED:
                raise Refused(f"Invalid operator used in KeyConditionExpression: {name}")
            name = _TURNED[name]
        yield paths[0].parts[0], name, [each.name for each in node.parts if each.kind == "value"]


_TURNED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class _Projection(_Reader):
    def whole(self) -> list[tuple]:
        paths = [self.path().parts]
        while self.took(","):
            paths.append(self.path().parts)
        _check_overlap(self, paths)
        return paths


def _check_overlap(reader: _Reader, paths: list[tuple]) -> None:
    for place, two in enumerate(paths):
        for one in paths[:place]:
            word = _clash(one, two)
            if word:
                reader.fault(
                    "overlap",
                    f"Two document paths {word} with each other; must remove or rewrite one of these paths; "
                    f"path one: {_shown(one)}, path two: {_shown(two)}",
                )


def _clash(one: tuple, two: tuple) -> str | None:
    for first, second in zip(one, two):
        if type(first) is not type(second):
            return "conflict"
        if first != second:
            return None
    return "overlap"


def _shown(path: tuple) -> str:
    return f"[{', '.join(f'[{part}]' if isinstance(part, int) else part for part in path)}]"


class _Update(_Reader):
    keywords = ("SET", "REMOVE", "ADD", "DELETE")
    functions = {"if_not_exists": 2, "list_append": 2}
    words = {"S": "STRING", "N": "NUMBER", "B": "BINARY", "BOOL": "BOOLEAN", "L": "LIST", "M": "MAP"}

    def whole(self) -> str:
        """The update with single spaces and without parentheses."""
        self.targets: list[tuple] = []
        sections: dict[str, str] = {}
        while True:
            word = self.sees_word(*self.keywords)
            if word is None:
                raise self.syntax_error()
            self.at += 1
            actions = [self.action(word)]
            while self.took(","):
                actions.append(self.action(word))
            if word in sections:
                self.fault("section", f'The "{word}" section can only be used once in an update expression;')
            sections[word] = ", ".join(actions)
            if self.at == len(self.tokens):
                break
        _check_overlap(self, self.targets)
        return " ".join(f"{word} {actions}" for word, actions in sections.items())

    def action(self, word: str) -> str:
        target = self.path()
        self.targets.append(target.parts)
        if word == "REMOVE":
            return target.name
        if word == "SET":
            self.take("=")
            return f"{target.name} = {self.new_value()}"
        value = self.value()
        tag = self.type_of(value)
        if tag is not None and tag not in ("SS", "NS", "BS") and not (word == "ADD" and tag == "N"):
            self.wrong_type(word, self.words.get(tag, tag), "operator")
        return f"{target.name} {value.name}"

    def new_value(self) -> str:
        if self.sees("("):
            start = self.at
            self.at += 1
            inner = self.new_value()
            self.take(")")
            if not (self.sees("+") or self.sees("-")):
                return inner
            self.at = start
        left = self.operand()
        if not (self.sees("+") or self.sees("-")):
            return self.written(left)
        sign = self.take_group("sign")
        right = self.operand()
        for each in (left, right):
            if self.type_of(each) not in (None, "N"):
                self.wrong_type(sign, self.type_of(each))
        return f"{self.written(left)} {sign} {self.written(right)}"

    def written(self, node: Node) -> str:
        if node.kind != "function":
            return node.name
        return f"{node.name}({', '.join(map(self.written, node.parts))})"

    def check_function(self, node: Node) -> None:
        if not self.counted(node, self.functions):
            return
        if node.name == "if_not_exists" and node.parts[0].kind != "path":
            self.fault("type", f"Operator or function requires a document path; operator or function: {node.name}")
        if node.name == "list_append":
            for each in node.parts:
                if self.type_of(each) not in (None, "L"):
                    self.wrong_type(node.name, self.type_of(each))

    def redundant(self) -> None:
        """Updates may have doubled parentheses."""


_READERS: dict[str, type[_Reader]] = {
    "ConditionExpression": _Condition,
    "FilterExpression": _Condition,
    "KeyConditionExpression": _KeyCondition,
    "ProjectionExpression": _Projection,
    "UpdateExpression": _Update,
}


# --- conditions and items ---------------------------------------------------------------------------------


def holds(node: Node, attribute: Callable[[str], dict | None], values: dict) -> bool:
    """Whether a condition is met; `attribute` gives an item's top-level attributes or None, `values` the literals."""

    def found(part: Node) -> dict | None:
        if part.kind == "value":
            return values[part.name]
        if part.kind == "function":
            return _length(found(part.parts[0]))
        return _at(attribute(part.parts[0]), part.parts[1:])

    def met(part: Node) -> bool:
        if part.kind == "AND":
            return met(part.parts[0]) and met(part.parts[1])
        if part.kind == "OR":
            return met(part.parts[0]) or met(part.parts[1])
        if part.kind == "NOT":
            return not met(part.parts[0])
        operands = [found(each) for each in part.parts]
        return _TESTS[part.name if part.kind == "function" else part.kind](*operands)

    return met(node)


def _at(value: dict | None, path: tuple) -> dict | None:
    for part in path:
        if value is None:
            return None
        inner = value.get("L" if isinstance(part, int) else "M")
        if isinstance(part, int):
            value = inner[part] if inner is not None and part < len(inner) else None
        else:
            value = (inner or {}).get(part)
    return value


def _length(value: dict | None) -> dict | None:
    """size(): characters, bytes or elements; nothing for what has no size."""
    ((tag, content),) = (value or {"NULL": True}).items()
    return None if tag in ("N", "BOOL", "NULL") else {"N": str(len(content))}


def _equal(one: dict | None, other: dict | None) -> bool:
    return one is not None and other is not None and same_value(one, other)


def _ordered(one: dict | None, other: dict | None) -> int | None:
    """-1, 0 or 1 as one value is below, equal to or above another of its type; None if they have no order."""
    if one is None or other is None or one.keys() != other.keys():
        return None
    ((tag, content),) = one.items()
    if tag not in _ORDER:
        return None
    first, second = _ORDER[tag](content), _ORDER[tag](other[tag])
    return (first > second) - (first < second)


_ORDER: dict[str, Callable] = {"S": str.encode, "N": Decimal, "B": bytes}


def _above(lower: dict, upper: dict) -> bool:
    """Whether a bound of a request, whose binary values are base64, is above another."""
    ((tag, content),) = lower.items()
    try:
        if tag == "N":
            canonical_number(content), canonical_number(upper[tag])
        if tag == "B":
            lower, upper = ({tag: base64.b64decode(each[tag])} for each in (lower, upper))
        return _ordered(lower, upper) == 1
    except (ValueError, TypeError):  # values that are checked elsewhere
        return False


def _begins(value: dict | None, start: dict | None) -> bool:
    if value is None or start is None or value.keys() != start.keys():
        return False
    ((tag, content),) = value.items()
    return tag in ("S", "B") and content.startswith(start[tag])


def _contains(value: dict | None, operand: dict | None) -> bool:
    if value is None or operand is None:
        return False
    ((tag, content),) = value.items()
    ((operand_tag, sought),) = operand.items()
    if tag in ("S", "B"):
        return tag == operand_tag and sought in content
    if tag == "L":
        return any(same_value(each, operand) for each in content)
    return tag == f"{operand_tag}S" and any(same_value({operand_tag: each}, operand) for each in content)


_TESTS: dict[str, Callable[..., bool]] = {
    "=": _equal,
    "<>": lambda one, other: not _equal(one, other),
    "<": lambda one, other: _ordered(one, other) == -1,
    "<=": lambda one, other: _ordered(one, other) in (-1, 0),
    ">": lambda one, other: _ordered(one, other) == 1,
    ">=": lambda one, other: _ordered(one, other) in (0, 1),
    "BETWEEN": lambda value, low, high: _ordered(value, low) in (0, 1) and _ordered(value, high) in (-1, 0),
    "IN": lambda value, *options: any(_equal(value, each) for each in options),
    "attribute_exists": lambda value: value is not None,
    "attribute_not_exists": lambda value: value is None,
    "attribute_type": lambda value, tag: value is not None and tag["S"] in value,
    "begins_with": _begins,
    "contains": _contains,
}
