"""DynamoDB's limits, as checks of a request that moto would let through (or refuse where DynamoDB does not).

Each check raises Refused with the error code and message of DynamoDB; messages that nobody has published are worded
like its others. Sources: the facts `dynamodb.*`, and dynamodb-conformance in data/sources.csv for the wording.
"""

from __future__ import annotations

from simlib import facts
from simlib.meter import wire
from simlib.meter.size import item_size, value_size

ITEM_BYTES = int(facts.value("dynamodb.item_max_bytes"))
HASH_BYTES = int(facts.value("dynamodb.partition_key_max_bytes"))
RANGE_BYTES = int(facts.value("dynamodb.sort_key_max_bytes"))
BATCH_GET = int(facts.value("dynamodb.batch_get_max"))
BATCH_WRITE = int(facts.value("dynamodb.batch_write_max"))
TRANSACTION = int(facts.value("dynamodb.transaction_max"))
TRANSACTION_BYTES = int(facts.value("dynamodb.transaction_max_bytes"))
TOKEN_CHARACTERS = int(facts.value("dynamodb.token_max_characters"))

MISMATCH = "The provided key element does not match the schema"
ITEM_TOO_LARGE = "Item size has exceeded the maximum allowed size"
UPDATE_TOO_LARGE = "Item size to update has exceeded the maximum allowed size"
NESTED = (
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
)
TWICE_IN_TRANSACTION = "Transaction request cannot include multiple operations on one item"
TWICE_IN_BATCH = "Provided list of item keys contains duplicates"
HASH_TOO_LONG = f"Size of hashkey has exceeded the maximum size limit of{HASH_BYTES} bytes"
RANGE_TOO_LONG = f"Aggregated size of all range keys has exceeded the size limit of {RANGE_BYTES} bytes"
_INVALID = "One or more parameter values were invalid: "
_NOT_VALID = "One or more parameter values are not valid. "


class Refused(Exception):
    """DynamoDB refuses the request: `code` and `message` as it gives them.

    `reasons` are the CancellationReasons of a cancelled transaction, None for any other error.
    """

    def __init__(self, message: str, code: str = "ValidationException", reasons: list[dict] | None = None):
        super().__init__(message)
        self.code, self.message, self.reasons = code, message, reasons


def cancelled(position: int, count: int, message: str) -> Refused:
    """A transaction of `count` items that is cancelled because the one at `position` is not valid."""
    reasons = [{"Code": "None"}] * count
    reasons[position] = {"Code": "ValidationError", "Message": message}
    codes = ", ".join(each["Code"] for each in reasons)
    return Refused(
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        "TransactionCanceledException",
        reasons,
    )


def check_parameters(request: dict) -> None:
    """Expressions and the parameters that they replaced do not go together in one request."""
    for holder in (request, *(each for each in request.get("RequestItems", {}).values() if isinstance(each, dict))):
        old = [name for name in wire.OLD_PARAMETERS if name in holder]
        new = [name for name in holder if name.endswith("Expression")]
        if old and new:
            raise Refused(
                "Can not use both expression and non-expression parameters in the same request: Non-expression "
                f"parameters: {{{', '.join(old)}}} Expression parameters: {{{', '.join(new)}}}"
            )


def check_key(table, key: dict) -> None:
    """A Key must have the attributes and types of the table's key, not be empty, and not be too long."""
    if key.keys() != set(table.keys):
        raise Refused(MISMATCH)
    for name in table.keys:
        if not table.fits(name, next(iter(key[name]))):
            raise Refused(MISMATCH)
    _check_key_values(table, key)


def _check_key_values(table, key: dict) -> None:
    for name in table.keys:
        tag, content = next(iter(key[name].items()))
        if tag in ("S", "B") and not content:
            raise Refused(
                f"{_NOT_VALID}The AttributeValue for a key attribute cannot contain an empty "
                f"{'string' if tag == 'S' else 'binary'} value. Key: {name}"
            )
    if value_size(key[table.hash]) > HASH_BYTES:
        raise Refused(_INVALID + HASH_TOO_LONG)
    if table.range is not None and value_size(key[table.range]) > RANGE_BYTES:
        raise Refused(_INVALID + RANGE_TOO_LONG)


def check_key_conditions(table, conditions) -> None:
    """(name, DynamoDB type) of the values that a Query compares keys with: the types must be the declared ones."""
    for name, tag in conditions:
        if not table.fits(name, tag):
            raise Refused(_INVALID + "Condition parameter type does not match schema type")


def check_filter(keys, heads, label: str) -> None:
    """A Query's filter names no key attribute of what is queried; `label` is what DynamoDB calls the filter."""
    for name in keys:
        if name in heads:
            raise Refused(f"{label} can only contain non-primary key attributes: Primary key attribute: {name}")


def check_put_key(table, item: dict) -> None:
    """An item to be put has all key attributes, each of its type."""
    for name in table.keys:
        if name not in item:
            raise Refused(f"{_INVALID}Missing the key {name} in the item")
        actual = next(iter(item[name]))
        if not table.fits(name, actual):
            raise Refused(
                f"{_INVALID}Type mismatch for key {name} expected: {table.types.get(name, 'S')} actual: {actual}"
            )


def check_put(table, item: dict) -> None:
    """An item to be put, whose key has been checked: the key's size, the keys of indexes in it, and its own size."""
    _check_key_values(table, item)
    check_index_keys(table, item)
    if item_size(item) > ITEM_BYTES:
        raise Refused(ITEM_TOO_LARGE)


def check_index_keys(table, item: dict, updated: bool = False) -> None:
    """What an item has in the key attributes of indexes: their type, not empty, not too long."""
    for index in table.indexes:
        for position, name in enumerate(index.keys):
            if name in item and name not in table.keys:
                _check_index_key(table, index, name, position, item[name], updated)


def _check_index_key(table, index, name: str, position: int, value: dict, updated: bool) -> None:
    ((tag, content),) = value.items()
    if not table.fits(name, tag):
        expected = table.types.get(name, "S")
        raise Refused(
            f"{_INVALID}Type mismatch for Index Key {name} Expected: {expected} Actual: {tag} IndexName: {index.name}"
        )
    if tag in ("S", "B") and not content:
        empty = f"cannot contain an empty {'string' if tag == 'S' else 'binary'} value."
        if updated:
            raise Refused(
                f"{_NOT_VALID}The update expression attempted to update a secondary index key to a value that is not "
                f"supported. The AttributeValue for a key attribute {empty}"
            )
        raise Refused(
            f"{_NOT_VALID}A value specified for a secondary index key is not supported. The AttributeValue for a key "
            f"attribute {empty} IndexName: {index.name}, IndexKey: {name}"
        )
    if value_size(value) > (HASH_BYTES if position == 0 else RANGE_BYTES):
        if updated:
            beyond = "The update expression attempted to update the secondary index key beyond allowed size limits"
        elif position == 0:
            beyond = HASH_TOO_LONG
        else:
            beyond = RANGE_TOO_LONG
        raise Refused(_INVALID + beyond)


def check_updated(table, item: dict) -> None:
    """An item that an update has made: index keys, nesting, size."""
    check_index_keys(table, item, updated=True)
    if any(wire.nesting(value) > wire.NESTING_MAX for value in item.values()):
        raise Refused(NESTED)
    if item_size(item) > ITEM_BYTES:
        raise Refused(UPDATE_TOO_LARGE)


def check_batch(requests: dict) -> None:
    """A batch: at least one table."""
    if not requests:
        raise Refused(
            "1 validation error detected: Value '{}' at 'requestItems' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1"
        )


def check_batch_write(requests: dict) -> None:
    """A BatchWriteItem: at most 25 requests in all, each a put or a delete."""
    check_batch(requests)
    if any(len(each) != 1 for several in requests.values() for each in several):
        raise Refused("Supplied WriteRequest must contain exactly one of PutRequest and DeleteRequest")
    for name, each in requests.items():
        if len(each) > BATCH_WRITE:
            raise Refused(
                f"1 validation error detected: Value '{{{name}=[{len(each)} requests]}}' at 'requestItems' failed to "
                f"satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal "
                f"to {BATCH_WRITE}, Member must have length greater than or equal to 1]"
            )
    if sum(map(len, requests.values())) > BATCH_WRITE:
        raise Refused("Too many items requested for the BatchWriteItem call")


def check_transaction(request: dict) -> None:
    """A transaction: at most 100 items of one action each, and a token of at most 36 characters."""
    count = len(request["TransactItems"])
    if any(len(each) != 1 for each in request["TransactItems"]):
        raise Refused("TransactItems can only contain one of Check, Put, Update or Delete")
    if count > TRANSACTION:
        raise Refused(
            f"1 validation error detected: Value '[{count} items]' at 'transactItems' failed to satisfy constraint: "
            f"Member must have length less than or equal to {TRANSACTION}"
        )
    token = request.get("ClientRequestToken", "")
    if len(token) > TOKEN_CHARACTERS:
        raise Refused(
            f"1 validation error detected: Value '{token}' at 'clientRequestToken' failed to satisfy constraint: "
            f"Member must have length less than or equal to {TOKEN_CHARACTERS}"
        )


def check_transaction_size(size_bytes: int) -> None:
    """The items of a transaction together: at most 4 MB."""
    if size_bytes > TRANSACTION_BYTES:
        raise Refused(f"The aggregate size of the items in the transaction cannot exceed {TRANSACTION_BYTES} bytes")


def check_distinct(identities, message: str) -> None:
    """No two of several items may be the same."""
    identities = list(identities)
    if len(set(identities)) < len(identities):
        raise Refused(message)
