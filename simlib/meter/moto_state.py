"""What moto holds in this process: its tables as plain items, read without a call, and which items a page reads.

The only module that knows moto from inside. Nothing here changes what moto stores, except `Table.restore`, which
puts back an item that a refused update had changed.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from simlib import facts
from simlib.meter import expressions
from simlib.meter.capacity import READ_BYTES, Index
from simlib.meter.limits import Refused, check_key_conditions
from simlib.meter.size import item_size

PAGE_BYTES = int(facts.value("dynamodb.page_max_bytes"))
KEY_TYPES = ("S", "N", "B")


class NotThere(LookupError):
    """A table or index that moto does not have: moto's own answer says so."""


def answers(url: str) -> bool:
    """Whether moto in this process answers DynamoDB requests to `url` (True inside `mock_aws`)."""
    core = sys.modules.get("moto.core.models")
    if core is None or not core.botocore_stubber.enabled:
        return False
    from moto.backend_index import backend_url_patterns
    from moto.core.config import passthrough_service, passthrough_url, service_whitelisted

    return (
        any(service == "dynamodb" and pattern.match(url) for service, pattern in backend_url_patterns)
        and not passthrough_url(url)
        and not passthrough_service("dynamodb")
        and service_whitelisted("dynamodb")
    )


def answered(http_response) -> bool:
    """Whether moto in this process made this HTTP response."""
    return type(getattr(http_response, "raw", None)).__module__.partition(".")[0] == "moto"


def raised(error: Exception) -> bool:
    """Whether an exception comes out of moto's own code."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return place is not None and place.tb_frame.f_globals.get("__name__", "").startswith("moto.")


def store(url: str, region: str, access_key: str | None):
    """moto's DynamoDB of the account and Region to which a request goes."""
    from moto.dynamodb.models import dynamodb_backends
    from moto.iam.models import get_account_id_from

    account = os.environ.get("MOTO_ACCOUNT_ID") or get_account_id_from(access_key or "")
    found = re.search(r"\.(?P<region>[^.]+)\.amazonaws\.com", url)
    return dynamodb_backends[account][found["region"] if found else region]


def tokens(backend) -> dict:
    """What the meter remembers of request tokens: kept beside moto's tables, gone when moto is reset."""
    return backend.__dict__.setdefault("_meter_tokens", {})


def table(backend, given: str) -> Table:
    """The table of a name or ARN. Raises NotThere."""
    found = backend.tables.get(given) or next(
        (each for each in list(backend.tables.values()) if each.table_arn == given), None
    )
    if found is None:
        raise NotThere(given)
    return Table(given, found)


class Table:
    """One of moto's tables as the meter sees it.

    `given` is the name or ARN in the request; `hash` and `range` are the key attributes (`range` may be None);
    `types` are the types of all key attributes as declared, or as stored where moto has forgotten the declaration;
    `indexes` are `capacity.Index`.
    """

    def __init__(self, given: str, moto_table):
        self.given, self.moto = given, moto_table
        self.hash, self.range = moto_table.hash_key_attr, moto_table.range_key_attr
        self.keys = tuple(moto_table.table_key_attrs)
        self.indexes = tuple(
            _index(each, local, self.keys)
            for local, several in ((True, moto_table.indexes), (False, moto_table.global_indexes))
            for each in several
        )
        self.types = _types(moto_table, {*self.keys, *(name for index in self.indexes for name in index.keys)})

    def index(self, name: str) -> Index:
        """The index of a name. Raises NotThere."""
        for index in self.indexes:
            if index.name == name:
                return index
        raise NotThere(name)

    def identity(self, item: dict):
        """A hashable key of the item in this table, the same for equal keys."""
        return self.moto.name, self._key(item)

    def _key(self, item: dict):
        from moto.dynamodb.models.dynamo_type import DynamoType

        return tuple(DynamoType(item[name]) for name in self.keys)

    def find(self, item: dict):
        """moto's own item with the key of `item`, or None."""
        key = self._key(item)
        found = self.moto.items.get(key[0])
        return found.get(key[1]) if self.range is not None and found is not None else found

    def item(self, item: dict) -> dict | None:
        """The stored item with the key of `item` in DynamoDB JSON with raw bytes, or None."""
        found = self.find(item)
        return None if found is None else plain(found)

    def restore(self, key: dict, old: dict | None, records: int) -> None:
        """Puts `old` back in place of what a refused update left, and takes its stream records back."""
        from moto.dynamodb.models.dynamo_type import Item

        names = self._key(key)
        if self.moto.stream_shard is not None:
            del self.moto.stream_shard.items[records:]
        if old is None:
            self.moto.delete_item(names[0], names[1] if self.range is not None else None)
            if self.moto.stream_shard is not None:
                del self.moto.stream_shard.items[records:]
            return
        item = Item(names[0], names[1] if self.range is not None else None, old)
        if self.range is None:
            self.moto.items[names[0]] = item
        else:
            self.moto.items[names[0]][names[1]] = item

    def fits(self, name: str, tag: str) -> bool:
        """Whether a key attribute may have a value of this type."""
        return tag == self.types.get(name, tag) and tag in KEY_TYPES

    @property
    def records(self) -> int:
        """How many records the table's stream holds."""
        return 0 if self.moto.stream_shard is None else len(self.moto.stream_shard.items)


def _types(moto_table, names: set[str]) -> dict[str, str]:
    """The types of key attributes: moto forgets definitions that an UpdateTable does not repeat, DynamoDB does not.

    Definitions that the meter has met are kept beside moto's table. Of others an item that has the attribute tells
    the type; one that no item has is left out, and may still have any type.
    """
    known = moto_table.__dict__.setdefault("_meter_types", {})
    known.update((each["AttributeName"], each["AttributeType"]) for each in moto_table.attr)
    for name in names - known.keys():
        if name == moto_table.hash_key_attr:
            tag = moto_table.hash_key_type
        elif name == moto_table.range_key_attr:
            tag = moto_table.range_key_type
        else:
            stored = (item.attrs[name].type for item in moto_table.all_items() if name in item.attrs)
            tag = next((each for each in stored if each in KEY_TYPES), None)
        if tag:
            known[name] = tag
    return known


def _index(moto_index, local: bool, table_keys: tuple[str, ...]) -> Index:
    keys = tuple(moto_index.schema_key_attrs)
    projection = moto_index.projection or {}
    if projection.get("ProjectionType") in (None, "ALL"):
        return Index(moto_index.name, local, keys, None)
    included = projection.get("NonKeyAttributes", ()) if projection["ProjectionType"] == "INCLUDE" else ()
    return Index(moto_index.name, local, keys, frozenset((*table_keys, *keys, *included)))


def plain(moto_item) -> dict:
    """An item of moto's as DynamoDB JSON with raw bytes: a copy."""
    return {name: _plain(value) for name, value in moto_item.attrs.items()}


def _plain(value) -> dict:
    tag, content = value.type, value.value
    if tag == "L":
        content = [_plain(each) for each in content]
    elif tag == "M":
        content = {name: _plain(each) for name, each in content.items()}
    elif tag == "B":
        content = _raw(content)
    elif tag == "BS":
        content = [_raw(each) for each in content]
    elif tag in ("SS", "NS"):
        content = list(content)
    return {tag: content}


def _raw(content) -> bytes:
    return base64.b64decode(content) if isinstance(content, str) else bytes(content)


# --- pages of Query and Scan ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """What one Query or Scan reads: moto's items in order, and the bytes of it.

    `read_bytes` are the entries' sizes of index or table added up; `fetched` are the sizes of the items that had to
    be fetched from the table because a local index does not hold all that was asked for, None if none were. `full`
    says that the page ended at Limit or at 1 MB, whether or not anything follows; then `last_key` is where it ended.
    """

    items: tuple
    read_bytes: int
    fetched: tuple[int, ...] | None
    full: bool
    last_key: dict | None


def page(table: Table, request: dict, fetch: bool) -> Page:
    """The page that DynamoDB would read: up to Limit items, or until 1 MB is reached, before any filter.

    `request` is a Query or Scan with binary values decoded; a Query has a KeyConditionExpression. `fetch` says that
    each item is fetched from the table as well, which counts into the 1 MB in whole 4 KB. Raises NotThere, Refused for
    key conditions of another type, and what moto raises for conditions that are wrong otherwise.
    """
    index = table.index(request["IndexName"]) if "IndexName" in request else None
    start = request.get("ExclusiveStartKey")
    limit = request.get("Limit")
    taken, read, sizes, whole, full = [], 0, [], {}, False
    for item in _candidates(table, index, request, start):
        whole = plain(item)
        read += item_size(index.entry(whole) if index else whole)
        if fetch:
            sizes.append(item_size(whole))
        taken.append(item)
        full = len(taken) == limit or _reached(read, sizes) >= PAGE_BYTES
        if full:
            break
    names = (*table.keys, *(index.keys if index else ()))
    last_key = {name: whole[name] for name in names} if full else None
    return Page(tuple(taken), read, tuple(sizes) if fetch else None, full, last_key)


def _reached(read: int, sizes: list[int]) -> int:
    if not sizes:
        return read
    return sum(-(-size // READ_BYTES) * READ_BYTES for size in (read, *sizes))


def _candidates(table: Table, index: Index | None, request: dict, start: dict | None):
    """moto's items that the request reads, in moto's order, after the start key."""
    from moto.dynamodb.models.dynamo_type import DynamoType

    moto_table = table.moto
    matches: Callable = lambda item: True  # noqa: E731
    schema = moto_table.schema
    if index:
        schema = next(each.schema for each in moto_table.all_indexes() if each.name == index.name)
    hashes = [each["AttributeName"] for each in schema if each["KeyType"] == "HASH"]
    ranges = [each["AttributeName"] for each in schema if each["KeyType"] == "RANGE"]
    forward = True
    if "KeyConditionExpression" in request:
        equal, ranged = _key_conditions(request, schema)
        given = [*equal, *((name, value) for name, _, values in ranged for value in values)]
        check_key_conditions(table, ((name, value.type) for name, value in given))
        forward = request.get("ScanIndexForward", True)
        ranges = ranges or [table.range or table.hash]  # so moto orders a Query of an index without a sort key

        def matches(item):
            return all(item.attrs[name] == value for name, value in equal) and all(
                item.attrs[name].compare(comparison, values) for name, comparison, values in ranged
            )

    else:
        segments = request.get("Segment"), request.get("TotalSegments")
        if segments != (None, None):
            matches = lambda item: in_segment(item, segments)  # noqa: E731
        hashes, ranges = hashes[:1], ranges[:1]
    order = [*hashes, *ranges, *table.keys] if index else list(table.keys)
    if index:
        items = [item for item in moto_table.all_items() if all(name in item.attrs for name in index.keys)]
    elif "KeyConditionExpression" in request:
        found = moto_table.items.get(equal[0][1])
        items = [] if not found else list(found.values()) if table.range is not None else [found]
    else:
        items = moto_table.all_items()
    keyed = [(tuple(item.attrs[name] for name in order), item) for item in items if matches(item)]
    keyed.sort(key=lambda pair: pair[0], reverse=not forward)
    if start is not None:
        after = tuple(DynamoType(start[name]) for name in order)
        keyed = [pair for pair in keyed if (pair[0] > after if forward else pair[0] < after)]
    return [item for _, item in keyed]


def _key_conditions(request: dict, schema):
    from moto.dynamodb.models.dynamo_type import DynamoType

    equal, ranged, _ = _parse_key_conditions(
        key_condition_expression=request["KeyConditionExpression"],
        expression_attribute_names=request.get("ExpressionAttributeNames", {}),
        expression_attribute_values=request.get("ExpressionAttributeValues", {}),
        schema=schema,
    )
    return (
        [(name, DynamoType(value)) for name, value in equal],
        [(name, comparison, [DynamoType(value) for value in values]) for name, comparison, values in ranged],
    )


def answer_items(table: Table, request: dict, items) -> list[dict]:
    """What a Query or Scan returns of whole items: filter and projection applied, in DynamoDB JSON with raw bytes."""
    names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    kept = list(items)
    if "FilterExpression" in request:
        keep = _condition(request["FilterExpression"], names, values)
        kept = [item for item in kept if keep.expr(item)]
    if "ProjectionExpression" in request:
        paths = _read("ProjectionExpression", request["ProjectionExpression"], names, {})
        kept = [_project(item, paths) for item in kept]
    found = [plain(item) for item in kept]
    if "AttributesToGet" in request:
        asked = request["AttributesToGet"]
        found = [{name: value for name, value in item.items() if name in asked} for item in found]
    return found


# --- expressions in moto's place --------------------------------------------------------------------------


@lru_cache(maxsize=1)
def reserved_words() -> frozenset[str]:
    """DynamoDB's reserved words, in capitals."""
    from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

    return frozenset(ReservedKeywords.get_reserved_keywords())


@dataclass(frozen=True)
class _Condition:
    """A condition where moto has one of its own: `expr` says whether an item of moto's meets it."""

    node: expressions.Node
    values: dict

    def expr(self, item) -> bool:
        attrs = {} if item is None else item.attrs

        def attribute(name: str) -> dict | None:
            return _plain(attrs[name]) if name in attrs else None

        return expressions.holds(self.node, attribute, self.values)


def _condition(text: str, names: dict, values: dict) -> _Condition:
    from moto.dynamodb.models.dynamo_type import DynamoType

    node = _read("ConditionExpression", text, names, values)
    return _Condition(node, {alias: _plain(DynamoType(value)) for alias, value in values.items()})


def _read(kind: str, text: str, names: dict, values: dict):
    """What an expression means; what is wrong with it is an error of moto's."""
    from moto.dynamodb.exceptions import MockValidationException

    try:
        return expressions.read_expression(kind, text, names, values).meaning
    except Refused as refused:
        raise MockValidationException(refused.message) from None


def _parse_condition(parser):
    """For moto's ConditionExpressionParser.parse."""
    from moto.dynamodb.comparisons import OpDefault

    if not parser.condition_expression:
        return OpDefault(None, None)
    return _condition(
        parser.condition_expression, parser.expression_attribute_names or {}, parser.expression_attribute_values or {}
    )


def _parse_key_conditions(key_condition_expression, expression_attribute_values, expression_attribute_names, schema):
    """For moto's parse_expression."""
    from moto.dynamodb.parsing.key_condition_expression import validate_schema

    values = expression_attribute_values or {}
    conditions = _read("KeyConditionExpression", key_condition_expression, expression_attribute_names or {}, values)
    told = [(name, comparison, [values[alias] for alias in aliases]) for name, comparison, aliases in conditions]
    return *validate_schema(told, schema), []


def _parse_projection(parser) -> list[tuple]:
    """For moto's ProjectionExpressionParser.parse."""
    if not parser.projection_expression:
        return []
    return _read("ProjectionExpression", parser.projection_expression, parser.expression_attribute_names, {})


def _project(item, paths):
    """For moto's Item.project: an item with what the paths lead to, list elements in the order of their positions."""
    wanted: dict = {}
    for path in paths:
        part = wanted
        for each in path[:-1]:
            part = part.setdefault(each, {})
        part[path[-1]] = None
    kept = {name: _pruned(item.attrs[name], inner) for name, inner in wanted.items() if name in item.attrs}
    return type(item)(item.hash_key, item.range_key, {name: value for name, value in kept.items() if value is not None})


def _pruned(value, wanted: dict | None):
    """What is wanted of one of moto's values: all of it, or the parts of a list or map; None where it has none."""
    from moto.dynamodb.models.dynamo_type import DynamoType

    if wanted is None:
        return value
    if value.type == "L":
        places = sorted(part for part in wanted if isinstance(part, int) and part < len(value.value))
        parts = (_pruned(value.value[place], wanted[place]) for place in places)
        kept = [each for each in parts if each is not None]
    elif value.type == "M":
        pairs = ((name, _pruned(value.value[name], wanted[name])) for name in wanted if name in value.value)
        kept = {name: each for name, each in pairs if each is not None}
    else:
        kept = None
    return DynamoType({value.type: kept}) if kept else None


def _tidied(make: Callable) -> classmethod:
    """moto's UpdateExpressionParser.make, given the update without what moto trips over."""

    def tidied(cls, text: str):
        return make(cls, expressions.tidy_update(text))

    return classmethod(tidied)


def _functions() -> dict:
    """moto's update functions, whose second argument may be a function as well."""
    from moto.dynamodb.parsing import expressions as parsing

    path, operand = parsing.UpdateExpressionPathParser, parsing.UpdateExpressionOperandParser
    return {"if_not_exists": [path, operand], "list_append": [operand, operand]}


def _list_of(listed: Callable) -> classmethod:
    """moto's look-up of a list to append to or from, for one that the item lacks as well."""
    from moto.dynamodb.exceptions import AttributeDoesNotExist
    from moto.dynamodb.parsing.ast_nodes import NoneExistingPath

    def found(cls, node, function_name: str):
        if isinstance(node, NoneExistingPath):
            raise AttributeDoesNotExist
        return listed(cls, node, function_name)

    return classmethod(found)


# --- moto's own limits ------------------------------------------------------------------------------------


def in_segment(item, segments) -> bool:
    """The segment of a parallel Scan as moto chooses it, for binary keys as well, on which moto fails."""
    if segments == (None, None):
        return True
    segment, total = segments
    key = item.hash_key.value
    return hashlib.md5(key if isinstance(key, bytes) else key.encode()).digest()[0] % total == segment


def _limits():
    """(holder, name, value while a metered call runs) of moto's own limits, which are not AWS's.

    In their place the meter holds calls to AWS's limits: the size of an item (moto counts otherwise, up to 405,000),
    of a page (1,000,000), of keys, the number of items of a transaction (25 for reads), and doubled keys in batches
    (moto looks across tables). Also the segments of a parallel Scan, see `in_segment`, and how expressions are read.
    """
    from moto.dynamodb import comparisons, responses
    from moto.dynamodb.models import dynamo_type, table
    from moto.dynamodb.parsing.expressions import UpdateExpressionFunctionParser, UpdateExpressionParser
    from moto.dynamodb.parsing.validators import UpdateExpressionFunctionEvaluator

    make = UpdateExpressionParser.__dict__["make"].__func__
    listed = UpdateExpressionFunctionEvaluator.__dict__["get_list_from_ddb_typed_value"].__func__
    return (
        (comparisons.ConditionExpressionParser, "parse", _parse_condition),
        (responses, "parse_expression", _parse_key_conditions),
        (responses.ProjectionExpressionParser, "parse", _parse_projection),
        (UpdateExpressionParser, "make", _tidied(make)),
        (UpdateExpressionFunctionParser, "FUNCTIONS", _functions()),
        (UpdateExpressionFunctionEvaluator, "get_list_from_ddb_typed_value", _list_of(listed)),
        (responses, "validate_attributes_used", lambda *given, **named: None),
        (dynamo_type.LimitedSizeDict, "__setitem__", dict.__setitem__),
        (table, "RESULT_SIZE_LIMIT", float("inf")),
        (table.Table, "_validate_key_sizes", lambda self, item_attrs: None),
        (responses, "TRANSACTION_MAX_ITEMS", float("inf")),
        (responses.DynamoHandler, "_contains_duplicates", lambda self, keys: False),
        (dynamo_type.Item, "is_within_segment", in_segment),
        (dynamo_type.Item, "project", _project),
    )


class LimitsAside:
    """Sets moto's own limits aside while metered calls run, and puts them back after the last of them.

    moto's limits are module-wide: an unwatched client that calls in another thread meanwhile is held to none.
    """

    def __init__(self):
        self._lock, self._running, self._kept = threading.Lock(), 0, []

    def begin(self) -> None:
        """A metered call begins."""
        with self._lock:
            self._running += 1
            if self._running == 1:
                for holder, name, value in _limits():
                    self._kept.append((holder, name, holder.__dict__[name]))
                    setattr(holder, name, value)

    def end(self) -> None:
        """A metered call has ended, however."""
        with self._lock:
            self._running -= 1
            if self._running == 0:
                while self._kept:
                    setattr(*self._kept.pop())


limits_aside = LimitsAside()
