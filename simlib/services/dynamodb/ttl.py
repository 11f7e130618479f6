"""Time to Live: items that expire, stay for a while, and are deleted without consuming write units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simlib import dists, facts
from simlib.params import Checked, param
from simlib.services.base import EXPIRY, ITEM_DELETED, ITEM_REPLACED, Sums

DELAY = "dynamodb.ttl_delete"


@dataclass(frozen=True)
class Ttl(Checked):
    """Time to Live of a table's items.

    Models: a share of the writes give their items a lifetime; an item that has expired is deleted some time later and
        until then read and stored as before; a write in between gives it a new life; the delete consumes no write
        units, and the stream tells that it was no user's. A read of the table that meets an expired item has a status
        of its own.
    Leaves out: items from before the window; reads of an item that is gone cost what they cost before.
    Billed for: the storage of these items from write to delete, on top of the table's `storage_gb`, as in a table that
        has been written to in this way for long: windows follow one another and write the same keys.
    """

    lifetime_s: float = param(86_400.0, "s", "from the write to the time in the item's TTL attribute", 0, 315_360_000)
    share: float = param(1.0, "", "share of writes that set it", 0, 1)
    delete_delay: str = param("measured", "", "from expiry to delete: as measured once, or as late as AWS says",
                              choices=("measured", "documented", "custom"))
    delete_delay_s: float = param(1200.0, "s", "from expiry to delete when delete_delay is custom", 0, 2_592_000)

    def delays_s(self, u, date: str | None = None) -> np.ndarray:
        """Seconds from expiry to delete, from uniforms: measured minutes with a long end, or anything up to two days
        (a few days since 2022, taken as three)."""
        if self.delete_delay == "custom":
            return dists.constant(u, self.delete_delay_s)
        if self.delete_delay == "documented":
            return np.asarray(u) * facts.value("dynamodb.ttl_delete_within_s", date)
        return dists.table(u, *facts.latency(DELAY))


def tally(spans, window_s: float, writes_per_s: np.ndarray, sums: Sums) -> None:
    """Adds up what items with a lifetime have stored: all of it, and what they did after they had expired.

    An item that outlives the window may be replaced in the next one: `writes_per_s` is how often it is written, by
    span, and what is left of its life lasts (1 - exp(-rate x left)) / rate on average.
    """
    size = spans["billed_ms"].astype(float)
    left_s = np.maximum(spans["end_s"] - window_s, 0.0)
    lasts_s = -np.expm1(-writes_per_s * left_s) / writes_per_s
    sums.add("byte_s", size * (spans["end_s"] - spans["start_s"] - left_s + lasts_s))
    sums.add("expired_byte_s", size * spans["work_s"])


class Items:
    """The items that have a lifetime, by key, and when each of them goes."""

    def __init__(self, ttl: Ttl, run, part: int, deleted):
        self.ttl = ttl
        self.run = run
        self.part = part
        self.deleted = deleted
        self._lives: dict[int, _Life] = {}

    def wrote(self, record, size_bytes: int, delay_s: float | None) -> None:
        """The items of a key have been written; `record` stands for the write. `delay_s` goes by from their expiry to
        their delete; None: they have no lifetime."""
        old = self._lives.pop(record.key, None)
        if old is not None:
            self._end(old, ITEM_REPLACED)
        if delay_s is not None:
            expires_s = self.run.now + self.ttl.lifetime_s
            life = self._lives[record.key] = _Life(record, size_bytes, expires_s)
            self.run.start(self._delete(life, expires_s + delay_s))

    def is_expired(self, key: int) -> bool:
        """Whether a key's items are still there although they have expired."""
        life = self._lives.get(key)
        return life is not None and self.run.now >= life.expires_s

    def _delete(self, life, at_s):
        record = life.record
        yield self.run.at(at_s, EXPIRY, record.request, record.call(self.part))
        if self._lives.get(record.key) is life:
            del self._lives[record.key]
            self._end(life, ITEM_DELETED)
            self.deleted(record)

    def _end(self, life, status):
        record, now_s = life.record, self.run.now
        alive_s = min(now_s, life.expires_s) - record.written_s
        self.run.span(record.request, record.call(self.part), record.written_s, wait_s=alive_s,
                      work_s=now_s - record.written_s - alive_s, status=status, billed_ms=life.size_bytes)


class _Life:
    __slots__ = ("record", "size_bytes", "expires_s")

    def __init__(self, record, size_bytes, expires_s):
        self.record = record
        self.size_bytes = size_bytes
        self.expires_s = expires_s
