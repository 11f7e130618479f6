"""Copies that services keep: so many bytes of them, of which those longest unused go; they end with their time to live.

The functions are plain arithmetic on records, which may be the objects below or rows of arrays: both engines use them.
An entry's place is its number among all that could be held; `NOWHERE` (-1) is no place.
"""

from __future__ import annotations

import numpy as np

NOWHERE = -1

HIT, MISS, PASSED, WROTE = 1, 2, 3, 4
"""What a span of a service that keeps copies says in `resource`."""


def result_bytes(workload, requests=slice(None)) -> np.ndarray:
    """Bytes of what each request, or each of some by number, reads or writes, int64; 0 where it finds nothing."""
    items = np.array([operation.items for operation in workload.traffic.operations], dtype=np.int64)
    return workload.item_bytes[requests] * items[workload.operation[requests]]


class Entry:
    """What may be held at one place.

    newer, older: its neighbours in order of use; later, sooner: in order of insertion, which is that of their ends;
    size: bytes, 0 where nothing is held; expires_s: when it ends; version: of the item that it shows.
    """

    __slots__ = ("newer", "older", "later", "sooner", "size", "expires_s", "version")

    def __init__(self):
        self.newer = self.older = self.later = self.sooner = NOWHERE
        self.size = self.expires_s = self.version = 0.0


class Lru:
    """The cache as a whole.

    newest, oldest: by use; last, first: by insertion; used: bytes held; most: bytes that fit; ttl_s: how long an entry
    lives from insertion, infinite for ever; held: entries; evicted: those dropped for want of room.
    """

    __slots__ = ("newest", "oldest", "last", "first", "used", "most", "ttl_s", "held", "evicted")

    def __init__(self, most: float, ttl_s: float):
        self.newest = self.oldest = self.last = self.first = NOWHERE
        self.used = 0.0
        self.held = self.evicted = 0
        self.most = most
        self.ttl_s = ttl_s


def unlink(cache, entries, place):
    """Takes an entry out of the order of use."""
    entry = entries[place]
    if entry.newer == NOWHERE:
        cache.newest = entry.older
    else:
        entries[entry.newer].older = entry.older
    if entry.older == NOWHERE:
        cache.oldest = entry.newer
    else:
        entries[entry.older].newer = entry.newer


def link(cache, entries, place):
    """Makes an entry the newest."""
    entry = entries[place]
    entry.newer = NOWHERE
    entry.older = cache.newest
    if cache.newest == NOWHERE:
        cache.oldest = place
    else:
        entries[cache.newest].newer = place
    cache.newest = place


def drop(cache, entries, place):
    """Forgets an entry, if it is held."""
    entry = entries[place]
    if entry.size == 0.0:
        return
    unlink(cache, entries, place)
    if entry.later == NOWHERE:
        cache.last = entry.sooner
    else:
        entries[entry.later].sooner = entry.sooner
    if entry.sooner == NOWHERE:
        cache.first = entry.later
    else:
        entries[entry.sooner].later = entry.later
    cache.used -= entry.size
    cache.held -= 1
    entry.size = 0.0


def find(cache, entries, place, now_s):
    """Whether a place is held and has not ended; it is then the newest."""
    entry = entries[place]
    if entry.size == 0.0:
        return False
    if entry.expires_s <= now_s:
        drop(cache, entries, place)
        return False
    if cache.newest != place:
        unlink(cache, entries, place)
        link(cache, entries, place)
    return True


def is_later(entry, version, now_s):
    """Whether an entry is held, has not ended and shows a later version than this."""
    return entry.size > 0.0 and entry.expires_s > now_s and entry.version > version


def put(cache, entries, place, size, version, now_s):
    """Holds an entry of `size` bytes as the newest: what has ended goes, then what was longest unused, until it fits.

    One larger than the cache is not held.
    """
    drop(cache, entries, place)
    if size > cache.most:
        return
    while cache.first != NOWHERE and entries[cache.first].expires_s <= now_s:
        drop(cache, entries, cache.first)
    while cache.used + size > cache.most:
        drop(cache, entries, cache.oldest)
        cache.evicted += 1
    entry = entries[place]
    entry.size = size
    entry.version = version
    entry.expires_s = now_s + cache.ttl_s
    link(cache, entries, place)
    entry.later = NOWHERE
    entry.sooner = cache.last
    if cache.last == NOWHERE:
        cache.first = place
    else:
        entries[cache.last].later = place
    cache.last = place
    cache.used += size
    cache.held += 1
