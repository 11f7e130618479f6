"""What a change of an item leaves in a stream: records, and the marks by which their spans are told apart."""

from __future__ import annotations

import numpy as np

from simlib.services.base import (
    CALLS_PER_CALL,
    NO_REQUEST,
    RECORD_EXPIRED,
    RECORD_GIVEN_UP,
    RECORD_GIVEN_UP_QUEUED,
    RECORD_PROCESSED,
    RECORD_TOO_OLD,
    RECORD_TOO_OLD_QUEUED,
)

BY_TTL = 64
"""Added to the number of a part in the call of a record that Time to Live made (see `Record.call`)."""

TOO_OLD = {"none": RECORD_TOO_OLD, "queue": RECORD_TOO_OLD_QUEUED}
GIVEN_UP = {"none": RECORD_GIVEN_UP, "queue": RECORD_GIVEN_UP_QUEUED}
"""How a record is discarded, by the destination for failures."""

RECORD_ENDS = (RECORD_PROCESSED, *TOO_OLD.values(), *GIVEN_UP.values(), RECORD_EXPIRED)


class Record:
    """One change of one item on its way to one reader.

    written_s: when it was written to the stream; request, write, item: which item of which call made it; by_ttl:
    whether Time to Live deleted the item; key: its partition key, a write shard's suffix included; size_bytes: what it
    holds of the item; copy: 1 for a duplicate.
    """

    __slots__ = ("written_s", "request", "write", "item", "by_ttl", "key", "size_bytes", "copy")

    def __init__(self, written_s, request, write, item, by_ttl, key, size_bytes, copy=0):
        self.written_s = written_s
        self.request = request
        self.write = write
        self.item = item
        self.by_ttl = by_ttl
        self.key = key
        self.size_bytes = size_bytes
        self.copy = copy

    def call(self, part: int) -> int:
        """The number of its span for the reader of a part: two levels below the call that wrote the item."""
        kind = part + self.copy + self.by_ttl * BY_TTL
        return (self.write * CALLS_PER_CALL + kind) * CALLS_PER_CALL + self.item + 1


def is_record(spans: dict[str, np.ndarray]) -> np.ndarray:
    """Which spans of a reader are records; the others are its batches, whose `billed_ms` counts their records."""
    return np.isin(spans["status"], RECORD_ENDS) & (spans["request"] != NO_REQUEST)


def is_by_ttl(spans: dict[str, np.ndarray]) -> np.ndarray:
    """Which records tell that Time to Live deleted an item (`userIdentity` is the service and not a user)."""
    return is_record(spans) & (spans["call"] // CALLS_PER_CALL % CALLS_PER_CALL >= BY_TTL)
