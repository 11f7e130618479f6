"""What each data operation consumes on moto: one generator per operation, read from top to bottom.

An operation checks the request and looks at the items before the call, yields, looks again after it, and returns
what the call consumed of each table. It yields None to have the request sent as it is, a function that changes the
request before it is sent, or a Reply where nothing is sent; it is sent the Answer. It raises `limits.Refused`, before
or after the call, where DynamoDB refuses and moto does not; after the call it has put back what moto had stored.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass

from simlib import facts
from simlib.meter import expressions, limits, wire
from simlib.meter import moto_state as state
from simlib.meter.capacity import (
    EVENTUAL,
    STRONG,
    TRANSACTIONAL_READ,
    TRANSACTIONAL_WRITE,
    read_units,
    write_units,
)
from simlib.meter.consumed import Consumption
from simlib.meter.limits import Refused
from simlib.meter.size import item_size

TOKEN_LIFETIME_S = facts.value("dynamodb.token_lifetime_s")


class MeterError(RuntimeError):
    """A call that cannot be metered rightly. The message is one sentence that names the operation."""


@dataclass
class Answer:
    """What came back: the parsed response, which may be changed, and the error code or None."""

    parsed: dict
    error: str | None

    @property
    def condition_failed(self) -> bool:
        """Whether a condition was not met: the one kind of failure that is charged."""
        if self.error == "TransactionCanceledException":
            reasons = self.parsed.get("CancellationReasons", ())
            return any(each.get("Code") == "ConditionalCheckFailed" for each in reasons)
        return self.error == "ConditionalCheckFailedException"


@dataclass
class Reply:
    """An answer that is given without sending anything."""

    parsed: dict


Operation = Generator[Callable[[dict], None] | Reply | None, Answer, list[Consumption]]


def _size(item: dict | None) -> int:
    return 0 if item is None else item_size(item)


def _has_key(table: state.Table, item: dict) -> bool:
    return all(name in item and table.fits(name, next(iter(item[name]))) for name in table.keys)


def _key(table: state.Table, item: dict) -> dict:
    return {name: item[name] for name in table.keys}


class _PerTable:
    """The Consumption of each table of a call, by the name that the call gave."""

    def __init__(self, reads: bool, transactional: bool = False):
        self._reads, self._transactional = reads, transactional
        self._by_name: dict[str, Consumption] = {}

    def of(self, name: str) -> Consumption:
        if name not in self._by_name:
            self._by_name[name] = Consumption(name, self._reads, transactional=self._transactional)
        return self._by_name[name]

    def write(self, table: state.Table, old: dict | None, new: dict | None, factor: float = 1) -> None:
        """One item written: the table by the larger of both, and each index by what changed in it."""
        consumption = self.of(table.given)
        consumption.add(None, write_units(_size(old), _size(new), factor=factor))
        for index in table.indexes:
            consumption.add(index, index.write_units(old, new))

    def list(self) -> list[Consumption]:
        return list(self._by_name.values())


# --- one item ---------------------------------------------------------------------------------------------


def get_item(backend, request: dict) -> Operation:
    """The whole item, whatever is projected; the least where it is not there."""
    table = state.table(backend, request["TableName"])
    limits.check_key(table, request["Key"])
    size = _size(table.item(request["Key"]))
    answer = yield None
    if answer.error:
        return []
    return [Consumption(table.given, True, read_units(size, _consistency(request)))]


def _consistency(request: dict) -> float:
    return STRONG if request.get("ConsistentRead") else EVENTUAL


def put_item(backend, request: dict) -> Operation:
    """The larger of the item before and the new one; the same where the condition is not met."""
    table, new = state.table(backend, request["TableName"]), request["Item"]
    limits.check_put_key(table, new)
    limits.check_put(table, new)
    old = table.item(new)
    return (yield from _written(table, old, lambda: new, put=new))


def delete_item(backend, request: dict) -> Operation:
    """The item that is deleted; the least where none is there."""
    table = state.table(backend, request["TableName"])
    limits.check_key(table, request["Key"])
    return (yield from _written(table, table.item(request["Key"]), lambda: None))


def update_item(backend, request: dict) -> Operation:
    """The larger of the item before and after, however little of it was updated."""
    table, key = state.table(backend, request["TableName"]), request["Key"]
    limits.check_key(table, key)
    old, records = table.item(key), table.records

    def undo():
        if table.item(key) != old:
            table.restore(key, old, records)

    def updated():
        new = table.item(key)
        limits.check_updated(table, new)
        return new

    return (yield from _written(table, old, updated, undo=undo))


def _written(table, old, new, put=None, undo=lambda: None) -> Operation:
    """The end of every write of one item: `new()` is looked up after the call, `put` counts if a condition fails."""
    answer = yield None
    consumed = _PerTable(reads=False)
    if answer.condition_failed:
        return [Consumption(table.given, False, write_units(_size(old), _size(put)))]
    if answer.error:
        undo()
        return []
    try:
        consumed.write(table, old, new())
    except Refused:
        undo()
        raise
    return consumed.list()


# --- batches ----------------------------------------------------------------------------------------------


def batch_get_item(backend, request: dict) -> Operation:
    """Each item rounded by itself, at its table's consistency; what came back unprocessed is not charged."""
    consumed, asked = _PerTable(reads=True), []
    limits.check_batch(request["RequestItems"])
    for name, each in request["RequestItems"].items():
        table = state.table(backend, name)
        for key in each["Keys"]:
            limits.check_key(table, key)
            units = read_units(_size(table.item(key)), _consistency(each))
            asked.append((table, table.identity(key), units))
    limits.check_distinct((identity for _, identity, _ in asked), limits.TWICE_IN_BATCH)
    answer = yield None
    if answer.error:
        return []
    unprocessed = {
        state.table(backend, name).identity(key)
        for name, each in answer.parsed.get("UnprocessedKeys", {}).items()
        for key in each["Keys"]
    }
    for table, identity, units in asked:
        if identity not in unprocessed:
            consumed.of(table.given).add(None, units)
    return consumed.list()


def batch_write_item(backend, request: dict) -> Operation:
    """Each put and delete rounded by itself."""
    limits.check_batch_write(request["RequestItems"])
    written = []
    for name, requests in request["RequestItems"].items():
        table = state.table(backend, name)
        for each in requests:
            put, delete = each.get("PutRequest"), each.get("DeleteRequest")
            if put and not _has_key(table, put["Item"]):
                raise Refused(limits.MISMATCH)
            key = _key(table, put["Item"]) if put else delete["Key"]
            limits.check_key(table, key)
            if put:
                limits.check_put(table, put["Item"])
            written.append((table, table.identity(key), table.item(key), put["Item"] if put else None))
    limits.check_distinct((identity for _, identity, _, _ in written), limits.TWICE_IN_BATCH)
    answer = yield None
    consumed = _PerTable(reads=False)
    if not answer.error:
        for table, _, old, new in written:
            consumed.write(table, old, new)
    return consumed.list()


# --- pages ------------------------------------------------------------------------------------------------


def query(backend, request: dict) -> Operation:
    """All items that the page reads, added up and then rounded: before filter, projection and count.

    A page that is full has a LastEvaluatedKey even if nothing follows: DynamoDB does not look ahead.
    """
    table = state.table(backend, request["TableName"])
    index = table.index(request["IndexName"]) if "IndexName" in request else None
    fetch = _asks_beyond(index, request)
    _check_start(table, index, request)
    _check_global(index, request)
    if "KeyConditionExpression" in request:
        label = "QueryFilter" if wire.was_legacy(request) else "Filter Expression"
        limits.check_filter((index or table).keys, expressions.heads(request, "FilterExpression"), label)
    page, trouble = None, None
    try:
        page = state.page(table, request, fetch)
    except (state.NotThere, Refused):
        raise
    except Exception as error:  # conditions that cannot be read: moto says what is wrong with them
        trouble = error
    answer = yield (lambda sent: sent.update(Limit=len(page.items))) if page and page.full else None
    if answer.error:
        return []
    if page is None:
        raise MeterError(
            f"The key conditions of a Query or Scan of {table.given} cannot be read, so that it cannot be metered; "
            "write them with ExpressionAttributeNames and ExpressionAttributeValues."
        ) from trouble
    told = answer.parsed.get("LastEvaluatedKey", page.last_key)
    if answer.parsed["ScannedCount"] != len(page.items) or told != page.last_key:
        raise MeterError(
            f"moto read other items of {table.given} than the meter did, so that the Query or Scan cannot be metered; "
            "use a version of moto that constraints.txt names."
        )
    if request.get("Select") == "COUNT":
        answer.parsed.pop("Items", None)
    if fetch:
        found = state.answer_items(table, request, page.items)
        answer.parsed["Count"] = len(found)
        if "Items" in answer.parsed:
            answer.parsed["Items"] = found
    if page.full:
        answer.parsed["LastEvaluatedKey"] = page.last_key
    factor = EVENTUAL if index and not index.local else _consistency(request)
    consumption = Consumption(table.given, True)
    consumption.add(index, read_units(page.read_bytes, factor))
    for size in page.fetched or ():
        consumption.add(None, read_units(size, factor))
    return [consumption]


def _asks_beyond(index, request: dict) -> bool:
    """Whether attributes are asked for that the index does not hold: a local index fetches them from the table."""
    if index is None or index.attributes is None:
        return False
    if request.get("Select") == "ALL_ATTRIBUTES":
        return index.local
    asked = request.get("AttributesToGet") or expressions.heads(request, "ProjectionExpression")
    beyond = [name for name in asked if name not in index.attributes]
    if beyond and not index.local:
        raise Refused(
            "One or more parameter values were invalid: "
            f"Global secondary index {index.name} does not project [{', '.join(beyond)}]"
        )
    return bool(beyond)


def _check_global(index, request: dict) -> None:
    if index is None or index.local:
        return
    if request.get("ConsistentRead"):
        raise Refused("Consistent reads are not supported on global secondary indexes")
    if request.get("Select") == "ALL_ATTRIBUTES" and index.attributes is not None:
        raise Refused(
            "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global "
            f"secondary index {index.name} because its projection type is not ALL"
        )


def _check_start(table: state.Table, index, request: dict) -> None:
    start = request.get("ExclusiveStartKey")
    wanted = {*table.keys, *(index.keys if index else ())}
    if start is not None and (
        start.keys() != wanted or not all(table.fits(name, next(iter(start[name]))) for name in wanted)
    ):
        raise Refused("The provided starting key is invalid")


# --- transactions -----------------------------------------------------------------------------------------


def transact_get_items(backend, request: dict) -> Operation:
    """Twice the strongly consistent read of each item, also of those that are not there."""
    limits.check_transaction(request)
    consumed = _PerTable(reads=True, transactional=True)
    identities, together = [], 0
    for position, (_, get) in enumerate(wire.actions(request)):
        table = state.table(backend, get["TableName"])
        _check_transacted_key(table, get["Key"], position, request)
        size = _size(table.item(get["Key"]))
        together += size
        identities.append(table.identity(get["Key"]))
        consumed.of(table.given).add(None, read_units(size, TRANSACTIONAL_READ))
    limits.check_distinct(identities, limits.TWICE_IN_TRANSACTION)
    limits.check_transaction_size(together)
    answer = yield None
    return [] if answer.error else consumed.list()


@dataclass
class _Action:
    """One action of a TransactWriteItems: the item before it, and after it once that is known."""

    kind: str
    table: state.Table
    key: dict
    old: dict | None
    new: dict | None
    records: int

    def undo(self) -> None:
        if self.kind != "ConditionCheck":
            self.table.restore(self.key, self.old, self.records)


def transact_write_items(backend, request: dict) -> Operation:
    """Twice the larger of each item before and after; indexes once; a repeated token only reads.

    A ConditionCheck is charged as a write of the item it looks at. A transaction that is cancelled because a
    condition is not met is charged as if it had succeeded, except for the indexes, which nothing has reached.
    """
    limits.check_transaction(request)
    token, known = request.get("ClientRequestToken"), _remembered(backend)
    if token in known:
        return (yield from _repeated(request, known[token]))
    done = [_action(backend, kind, action, at, request) for at, (kind, action) in enumerate(wire.actions(request))]
    limits.check_distinct((each.table.identity(each.key) for each in done), limits.TWICE_IN_TRANSACTION)
    limits.check_transaction_size(sum(_size(each.new if each.kind == "Put" else each.old) for each in done))
    answer = yield _by_name(backend, request)
    consumed = _PerTable(reads=False, transactional=True)
    if answer.condition_failed:
        for each in done:
            units = write_units(_size(each.old), _size(each.new), factor=TRANSACTIONAL_WRITE)
            consumed.of(each.table.given).add(None, units)
        return consumed.list()
    if answer.error:
        return []
    for position, each in enumerate(done):
        each.table = state.table(backend, each.table.given)
        if each.kind == "Update":
            each.new = each.table.item(each.key)
            try:
                limits.check_updated(each.table, each.new)
            except Refused as refused:
                for undone in done:
                    undone.undo()
                raise limits.cancelled(position, len(done), refused.message) from None
        elif each.kind == "ConditionCheck":
            each.new = each.old
        consumed.write(each.table, each.old, each.new, TRANSACTIONAL_WRITE)
    if token:
        sizes = [(each.table.given, max(_size(each.old), _size(each.new))) for each in done]
        known[token] = _Token(time.time(), request["TransactItems"], sizes)
    return consumed.list()


def _action(backend, kind: str, action: dict, position: int, request: dict) -> _Action:
    table = state.table(backend, action["TableName"])
    new = action["Item"] if kind == "Put" else None
    if new is None:
        key = action["Key"]
        _check_transacted_key(table, key, position, request)
    else:
        _check_transacted_put(table, new, position, request)
        key = _key(table, new)
    return _Action(kind, table, key, table.item(key), new, table.records)


def _check_transacted_key(table: state.Table, key: dict, position: int, request: dict) -> None:
    try:
        limits.check_key(table, key)
    except Refused as refused:
        if refused.message != limits.MISMATCH:
            raise
        raise limits.cancelled(position, len(request["TransactItems"]), refused.message) from None


def _check_transacted_put(table: state.Table, item: dict, position: int, request: dict) -> None:
    """What is wrong with the type of a key cancels the transaction; what is too large is refused before it starts."""
    count = len(request["TransactItems"])
    try:
        limits.check_put_key(table, item)
    except Refused as refused:
        raise limits.cancelled(position, count, refused.message) from None
    try:
        limits.check_put(table, item)
    except Refused as refused:
        if "Type mismatch" not in refused.message:
            raise
        raise limits.cancelled(position, count, refused.message) from None


def _by_name(backend, request: dict) -> Callable[[dict], None] | None:
    """Writes the names of tables for their ARNs: moto rolls a cancelled transaction back by name only."""
    if not any(action["TableName"].startswith("arn:") for _, action in wire.actions(request)):
        return None

    def change(sent: dict) -> None:
        for _, action in wire.actions(sent):
            action["TableName"] = state.table(backend, action["TableName"]).moto.name

    return change


@dataclass
class _Token:
    """A transaction that was done: when, what it asked for, and (table, bytes) of each item it was charged by."""

    at_s: float
    items: list
    sizes: list[tuple[str, int]]


def _remembered(backend) -> dict[str, _Token]:
    known = state.tokens(backend)
    for token in [token for token, each in known.items() if time.time() - each.at_s >= TOKEN_LIFETIME_S]:
        del known[token]
    return known


def _repeated(request: dict, done: _Token) -> Operation:
    if done.items != request["TransactItems"]:
        raise Refused(
            "Request parameters do not match those of the first request with this ClientRequestToken",
            "IdempotentParameterMismatchException",
        )
    yield Reply({})
    consumed = _PerTable(reads=True, transactional=True)
    for name, size in done.sizes:
        consumed.of(name).add(None, read_units(size, TRANSACTIONAL_READ))
    return consumed.list()


METERED: dict[str, Callable[..., Operation]] = {
    "GetItem": get_item,
    "PutItem": put_item,
    "DeleteItem": delete_item,
    "UpdateItem": update_item,
    "BatchGetItem": batch_get_item,
    "BatchWriteItem": batch_write_item,
    "Query": query,
    "Scan": query,
    "TransactGetItems": transact_get_items,
    "TransactWriteItems": transact_write_items,
}
"""The operations that are metered on moto."""
