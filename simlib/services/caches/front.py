"""A cache in front of a table: what DAX and ElastiCache have in common while requests go through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simlib import dists, facts
from simlib.services.base import ARRIVAL, CALLS_PER_CALL, COMPLETION, FAILED, OK, STALE, THROTTLED
from simlib.services.copies import (
    HIT,
    MISS,
    NOWHERE,
    PASSED,
    WROTE,
    Entry,
    Lru,
    drop,
    find,
    is_later,
    put,
    result_bytes,
)

ITEM, QUERY, PASSES, WRITES = range(4)
"""What a cache does with an operation: looks the item up, looks the query up, hands it or a write through."""

KEEPS, DELETES, UPDATES = range(3)
"""What it does to the item's entry when a write has succeeded."""


@dataclass(frozen=True)
class Front:
    """How a cache treats the requests of one run.

    classes: by operation, one of ITEM, QUERY, PASSES, WRITES; most_bytes, ttl_s: of the items' and of the queries'
    memory; one_pool: whether both share the first one; on_write: KEEPS, DELETES or UPDATES; own_trips: whether looking,
    filling and deleting are calls of the code that uses the cache, which asks it for nothing that is not cached;
    latency: name of the latency of one trip; costs: normalized requests that a KB of a hit, a miss and a write take of
    the cluster; bypass_share: of the writes, those that go around it; keeps_nothing: whether it is kept, too, that
    there is nothing.
    """

    classes: tuple[int, ...]
    most_bytes: tuple[float, float]
    ttl_s: tuple[float, float]
    on_write: int
    own_trips: bool
    latency: str
    costs: tuple[float, float, float]
    bypass_share: float
    one_pool: bool
    keeps_nothing: bool

    @property
    def queries(self) -> dict[int, int]:
        """Numbers from 1, by operation, of those whose results are held as queries."""
        return {operation: number for number, operation in enumerate(
            (each for each, kind in enumerate(self.classes) if kind == QUERY), 1)}


def classes(operations, caches_queries: bool) -> tuple[int, ...]:
    """What a cache does with each operation: eventually consistent reads may be answered, all others go through."""

    def kind_of(operation):
        if operation.access == "write":
            return WRITES
        if operation.consistency != "eventual":
            return PASSES
        if operation.items == 1 and operation.index is None:
            return ITEM
        return QUERY if caches_queries else PASSES

    return tuple(map(kind_of, operations))


class Bucket:
    """Normalized requests that a cluster can still take in this second."""

    __slots__ = ("rate", "tokens", "at_s")

    def __init__(self, rate: float):
        self.rate = self.tokens = rate
        self.at_s = 0.0


def takes(bucket, cost, now_s):
    """Whether the cluster takes a call of this cost now, and if so counts it; a huge one needs a full second's."""
    tokens = bucket.tokens + (now_s - bucket.at_s) * bucket.rate
    bucket.tokens = tokens if tokens < bucket.rate else bucket.rate
    bucket.at_s = now_s
    if bucket.tokens < (cost if cost < bucket.rate else bucket.rate) or bucket.rate == 0.0:
        return False
    bucket.tokens -= cost
    return True


def open_front(front: Front, run, backend, bucket: Bucket | None):
    """The handle of a cache on an engine, with a function `forget` to empty it; `bucket` is what limits its cluster, or
    None."""
    workload = run.workload
    count = workload.traffic.keys.count
    queries = front.queries
    entries = [Entry() for _ in range(count * (1 + len(queries)))]
    caches = [Lru(most, ttl_s) for most, ttl_s in zip(front.most_bytes, front.ttl_s)]
    operation_of, key_of = memoryview(workload.operation), memoryview(workload.key)
    size_of = memoryview(result_bytes(workload))
    trip_s = memoryview(trips_s(front, workload))
    bypass = memoryview(workload.uniforms("cache.bypass")) if front.bypass_share else None
    hit_cost, miss_cost, write_cost = front.costs
    shown = run.shown
    tell = shown.teller(run.depth)

    def call(request, number):
        start_s = run.now
        operation = operation_of[request]
        kind, key, size = front.classes[operation], int(key_of[request]), size_of[request]
        inner = number * CALLS_PER_CALL + 1
        if kind == WRITES and bypass and bypass[request] < front.bypass_share:
            status = yield from backend(request, inner)
            shown.take(request, number)
            run.span(request, number, start_s, status=status, resource=PASSED)
            return status
        place = key + count * queries.get(operation, 0)
        cache = caches[1 if kind == QUERY and not front.one_pool else 0]
        is_hit = kind <= QUERY and find(cache, entries, place, start_s)
        trip = trip_s[request]
        if bucket is not None:
            kilobytes = max(1, -(-size // 1024))
            cost = kilobytes * (write_cost if kind == WRITES else hit_cost if is_hit else miss_cost)
            if not takes(bucket, cost, start_s):
                status = THROTTLED if bucket.rate else FAILED
                yield run.at(start_s + trip, COMPLETION, request, number)
                run.span(request, number, start_s, status=status)
                return status
        version = entries[place].version
        seen = STALE if is_hit and version < shown.newest(key) else OK
        spent_s = 0.0
        if kind <= QUERY or not front.own_trips:
            yield run.at(start_s + trip, COMPLETION, request, number)
            spent_s = trip
        if is_hit:
            tell(request, number, version)
            run.span(request, number, start_s, work_s=trip, status=seen, resource=HIT)
            return OK
        status = yield from backend(request, inner)
        version = shown.take(request, number)
        fills = status == OK and kind <= QUERY and (size > 0 or front.keeps_nothing)
        changes = status == OK and kind == WRITES and front.on_write != KEEPS
        if front.own_trips and (fills or changes):
            yield run.at(run.now + trip, ARRIVAL, request, number)
            spent_s += trip
        size = float(max(size, 1))
        if fills and not is_later(entries[place], version, run.now):
            put(cache, entries, place, size, version, run.now)
        elif changes and front.on_write == UPDATES:
            put(cache, entries, place, size, version, run.now)
        elif changes:
            drop(cache, entries, place)
        run.span(request, number, start_s, work_s=spent_s, status=status,
                 resource=WROTE if kind == WRITES else PASSED if kind == PASSES else MISS)
        return status

    call.forget = lambda: forget(caches, entries)
    return call


def forget(caches, entries) -> None:
    """Empties the memories."""
    for cache in caches:
        while cache.first != NOWHERE:
            drop(cache, entries, cache.first)


def trips_s(front: Front, workload) -> np.ndarray:
    """Seconds of a trip to the cache and back, by request."""
    return dists.table(workload.uniforms("cache.latency"), *facts.latency(front.latency))
