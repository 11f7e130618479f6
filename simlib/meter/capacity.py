"""From bytes to capacity units: reads, writes, and what a write costs an index.

All functions are pure. A unit is a read or write *request* unit in on-demand mode and a *capacity* unit in
provisioned mode; the arithmetic is the same. Sources: the facts `dynamodb.*`; the rules for indexes were captured on
DynamoDB itself (dynamodb-conformance and dynamodb-constraints in data/sources.csv).
"""

from __future__ import annotations

from dataclasses import dataclass

from simlib.capacity_units import (
    EVENTUAL,
    READ_BYTES,
    STRONG,
    TRANSACTIONAL_READ,
    TRANSACTIONAL_WRITE,
    WRITE_BYTES,
    read_units,
    write_units,
)
from simlib.meter.size import canonical_number, item_size

__all__ = ["EVENTUAL", "READ_BYTES", "STRONG", "TRANSACTIONAL_READ", "TRANSACTIONAL_WRITE", "WRITE_BYTES", "Index",
           "canonical", "read_units", "same_item", "same_value", "write_units"]


@dataclass(frozen=True)
class Index:
    """A secondary index: its name, whether it is local, its key attributes, and what is projected into it.

    `attributes` are all names that an entry holds, the keys of table and index included; None stands for ALL.
    """

    name: str
    local: bool
    keys: tuple[str, ...]
    attributes: frozenset[str] | None

    def entry(self, item: dict | None) -> dict | None:
        """What the index stores of an item; None where the item lacks a key attribute of the index (sparse)."""
        if item is None or not all(key in item for key in self.keys):
            return None
        if self.attributes is None:
            return item
        return {name: value for name, value in item.items() if name in self.attributes}

    def write_units(self, old: dict | None, new: dict | None) -> float:
        """Units of keeping the index in step with a write that turned `old` into `new` (None: no item).

        An entry that comes or goes costs its size; one whose key changed costs both, each rounded; one that changed
        in place costs the larger; one that did not change costs nothing.
        """
        before, after = self.entry(old), self.entry(new)
        if before is None and after is None:
            return 0.0
        if before is None or after is None:
            return write_units(item_size(after if before is None else before))
        if not all(same_value(before[key], after[key]) for key in self.keys):
            return write_units(item_size(before)) + write_units(item_size(after))
        if same_item(before, after):
            return 0.0
        return write_units(item_size(before), item_size(after))


def same_item(one: dict, other: dict) -> bool:
    """Whether two items are the same to DynamoDB: sets have no order, and 1 is 1.0."""
    if one == other:
        return True
    return one.keys() == other.keys() and all(same_value(value, other[name]) for name, value in one.items())


def same_value(one: dict, other: dict) -> bool:
    """Whether two attribute values are the same to DynamoDB."""
    return one == other or canonical(one) == canonical(other)


def canonical(value: dict):
    """A hashable form of an attribute value that is equal for equal values."""
    ((tag, content),) = value.items()
    if tag == "N":
        return tag, canonical_number(content)
    if tag == "NS":
        return tag, frozenset(map(canonical_number, content))
    if tag in ("SS", "BS"):
        return tag, frozenset(map(_frozen, content))
    if tag == "L":
        return tag, tuple(map(canonical, content))
    if tag == "M":
        return tag, frozenset((name, canonical(each)) for name, each in content.items())
    return tag, _frozen(content)


def _frozen(content):
    return bytes(content) if isinstance(content, bytearray) else content
