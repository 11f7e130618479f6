"""Kinesis Data Streams for DynamoDB: a second way out of a table, with limits, disorder and duplicates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simlib import facts
from simlib.capacity_units import WRITE_BYTES, started
from simlib.params import Checked, param
from simlib.services.base import BYTES_PER_GB, CALLS_PER_CALL, CAPACITY, RECORD_REPLICATED, Sums
from simlib.services.dynamodb.records import BY_TTL
from simlib.services.dynamodb.streams import EventSourceMapping, checked_consumers

POLLS_PER_SHARD, BURST_S = 5, 1.0
UPDATE = 32
"""Added to the number of the part in the call of a change that replaces an item (see `Record.call`)."""

_HOUR_S = 3600.0


def shards_needed(writes_per_s: float, item_bytes: float, update_share: float) -> int:
    """Shards of a Kinesis data stream for the changes of a table, by the formula of AWS's guide.

    writes_per_s: all writes at their peak, deletes by Time to Live included; update_share: those that overwrite an
    item. The guide's own worked answer for its example (1,040 writes of 800 bytes, a quarter of them updates) is two,
    but its formula gives 3.4, rounded up to four; the formula is what this function follows. It counts what takes
    changes in, not what further readers need. Source: dynamodb-kinesis-shards.
    """
    bytes_per_s = writes_per_s * (facts.value("kinesis.change_weight") + update_share) * item_bytes
    needed = max(bytes_per_s / facts.value("kinesis.shard_bytes_per_s"),
                 writes_per_s / facts.value("kinesis.shard_records_per_s"))
    return max(1, math.ceil(needed))


@dataclass(frozen=True)
class KinesisStream(Checked):
    """A Kinesis data stream in provisioned mode that takes the changes of a table.

    Models: one change for each item that a write or Time to Live changes, as heavy as in the formula of
        `shards_needed`; shards that take 1 MB or 1,000 records a second, with a second's burst, beyond which a change
        waits in DynamoDB; changes that come a second late (`disorder_share`) or twice (`duplicate_share`); event
        source mappings that poll each shard once a second; records that are kept for `retention_hours`.
    Leaves out: on-demand streams, enhanced fan-out, changes above 1 MB, which DynamoDB skips, and the end of
        replication after a week of failures.
    Billed for: change data capture units (started KB of the item, for each attempt), shard-hours, PUT payload units,
        retention beyond 24 hours, and beyond 7 days by the GB.
    """

    parts: ClassVar[dict] = {"consumers": {"event_source_mapping": EventSourceMapping}}

    consumers: tuple = ()
    shards: int = param(1, "shards", "of the data stream", 1, 10_000)
    retention_hours: float = param(24.0, "hours", "how long records are kept", 24, 8760)
    update_share: float = param(0.5, "", "share of writes that update or overwrite an item", 0, 1)
    unchanged_share: float = param(0.0, "", "share of writes that change nothing", 0, 1)
    duplicate_share: float = param(0.0, "", "share of changes that come twice", 0, 1)
    disorder_share: float = param(0.0, "", "share of changes that come late, behind later ones", 0, 1)

    def check(self):
        checked_consumers(self, (EventSourceMapping,), POLLS_PER_SHARD)

    @property
    def retention_s(self) -> float:
        """How long records are kept, in seconds."""
        return self.retention_hours * _HOUR_S

    def change_bytes(self, item_bytes, is_update):
        """What a change weighs in a shard (arrays or numbers)."""
        return (facts.value("kinesis.change_weight") + is_update) * item_bytes

    def usage(self, sums: Sums, hours: float) -> dict[str, float]:
        """Quantities by sku of a window of some hours, whose changes are in `sums`."""
        used = {"dynamodb.kinesis_change": sums["units"], "kinesis.shard_hours": self.shards * hours,
                "kinesis.put_units": sums["put_units"]}
        extended_s = facts.value("kinesis.retention_extended_s")
        if self.retention_s > facts.value("kinesis.retention_base_s"):
            used["kinesis.extended_retention"] = self.shards * hours
        if self.retention_s > extended_s:
            gb_hours = sums["bytes"] / BYTES_PER_GB * (self.retention_s - extended_s) / _HOUR_S
            used["kinesis.long_term_retention"] = gb_hours / facts.value("hours_per_month")
        return used


def tally(stream: KinesisStream, spans, item_bytes: np.ndarray, sums: Sums) -> None:
    """Adds up the changes in the spans of a data stream; `item_bytes` belong to them one by one."""
    size = stream.change_bytes(item_bytes, spans["call"] // CALLS_PER_CALL % BY_TTL >= UPDATE)
    sums.add("units", spans["billed_ms"].astype(np.int64))
    sums.add("put_units", np.ceil(size / facts.value("kinesis.put_unit_bytes")))
    sums.add("bytes", size)


class Replication:
    """The way of changes into the shards of a data stream (see `KinesisStream`)."""

    def __init__(self, stream: KinesisStream, run, part: int, deliver):
        self.stream = stream
        self.run = run
        self.part = part
        self.deliver = deliver
        self.late_s = facts.value("kinesis.disorder_s")
        self.record_s = 1 / facts.value("kinesis.shard_records_per_s")
        self.bytes_per_s = facts.value("kinesis.shard_bytes_per_s")
        self.records_due_s = [0.0] * stream.shards
        self.bytes_due_s = [0.0] * stream.shards

    def put(self, record, is_update: bool, is_late: bool) -> None:
        """A change is on its way; it is written once its shard has room for it."""
        size_bytes = self.stream.change_bytes(record.size_bytes, is_update)
        self.run.start(self._send(record, size_bytes, record.call(self.part + UPDATE * is_update), is_late))

    def _send(self, record, size_bytes, call, is_late):
        changed_s, shard = self.run.now, record.key % self.stream.shards
        if is_late:
            yield self.run.at(changed_s + self.late_s, CAPACITY, record.request, call)
        at_s = self._room_at_s(shard, size_bytes)
        if at_s > self.run.now:
            yield self.run.at(at_s, CAPACITY, record.request, call)
        self.run.span(record.request, call, changed_s, wait_s=self.run.now - changed_s, status=RECORD_REPLICATED,
                      billed_ms=int(started(record.size_bytes, WRITE_BYTES)), resource=shard)
        record.written_s, record.size_bytes = self.run.now, size_bytes
        self.deliver(shard, record)

    def _room_at_s(self, shard, size_bytes):
        """When a shard has room for one more record of a size, which it then takes."""
        now_s = self.run.now
        records_due_s = max(now_s, self.records_due_s[shard])
        bytes_due_s = max(now_s, self.bytes_due_s[shard])
        self.records_due_s[shard] = records_due_s + self.record_s
        self.bytes_due_s[shard] = bytes_due_s + size_bytes / self.bytes_per_s
        return max(now_s, records_due_s - BURST_S, bytes_due_s - BURST_S)
