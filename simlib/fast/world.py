"""What the kernels work on: tables of records, as NumPy arrays when compiled and as lists when run as plain Python.

Every piece of changing state of a run lies here, so that a kernel can stop anywhere (see `traps`) and go on later.
`NONE` (-1) stands for no frame, no record, no request.
"""

from __future__ import annotations

import numpy as np

from simlib.result import CAPACITY, SPAN

NONE = -1

_INT, _SMALL, _TINY = np.int64, np.int32, np.int8
_FLOAT, _BITS = np.float64, np.uint64


def _record(**fields) -> np.dtype:
    return np.dtype([(name, kind) for name, kind in fields.items()], align=True)


RUN = _record(
    now_s=_FLOAT, events=_INT, lanes=_INT, in_lanes=_INT, free_event=_INT, event_room=_INT, sequence=_INT,
    first_sequence=_INT, free_frame=_INT, free_frames=_INT, free_environment=_INT, environment_room=_INT, idle=_INT,
    loaded=_INT, arrived=_INT, all_loaded=_INT, mask=_INT, block_shift=_INT, late_shift=_INT, late_kinds=_INT,
    stride=_INT, active=_INT, status=_INT, trap=_INT, trapped=_INT, nested=_INT, cut_off=_INT, retiring=_INT,
    answer_a=_FLOAT, answer_b=_FLOAT, answer_c=_FLOAT, most_spans=_INT, most_rows=_INT, span_room=_INT, row_room=_INT,
    reserve=_INT, entries=_INT, watched=_INT, keeper=_INT, peak=_INT, environment=_INT, created_s=_FLOAT, is_warm=_INT,
    backoff_die=_BITS, keep_alive_die=_BITS, error_die=_BITS, duplicate_die=_BITS, first_retry_s=_FLOAT,
    table_backoff_die=_BITS, table_latency_die=_BITS, table_lag_die=_BITS,
    second_retry_s=_FLOAT, async_backoff_s=_FLOAT, async_backoff_max_s=_FLOAT, init_limit_s=_FLOAT)
"""The run as a whole; one row. `keeper` is the outermost level that keeps copies."""

HEAP = _record(time_s=_FLOAT, event=_INT)
"""A place of the queue, a heap with four branches: when, and which event."""

EVENT = _record(order=_INT, call=_INT, sequence=_INT, frame=_INT, next=_INT, time_s=_FLOAT)
"""Something that will happen: `order` is kind << 32 | request. A frame below 0 stands for an activity outside."""

LANE = _record(time_s=_FLOAT, head=_INT, tail=_INT, tail_s=_FLOAT)
"""Events that all come a constant time after they are known, and so in order: a queue that needs no sorting."""

FRAME = _record(
    call=_INT, request=_SMALL, parent=_SMALL, callee=_SMALL, next=_SMALL, unit=_SMALL, level=np.int16, kind=_TINY,
    step=_TINY, i=_SMALL, k=_SMALL, j=_INT, start_s=_FLOAT, a_s=_FLOAT, b_s=_FLOAT, c_s=_FLOAT, billed_s=_FLOAT,
    deadline_s=_FLOAT, deadline_call=_INT, soonest_s=_FLOAT, shown=_FLOAT, armed=_TINY)
"""A visit in progress: where it stands (`step`), who waits for it (`parent`), and the deadline it has set for what it
waits for. `soonest_s` is the first deadline, its own or that of a frame above, that has no event yet. `shown` is the
version of an item that came back from below. What i, j, k and
a_s, b_s, c_s, billed_s mean is each kernel's own affair."""

LEVEL = _record(kind=_INT, unit=_INT, by_operation=_INT, next=_INT, spans=_INT, rows=_INT, in_use=_INT)
"""A service of the stack. `unit` is its first row among CLIENT, FUNCTION, FLEET, DYNAMO, FRONT or API."""

CLIENT = _record(lane=_INT, hop_s=_FLOAT, timeout_s=_FLOAT, max_attempts=_INT, throttled_s=_FLOAT, failed_s=_FLOAT,
                 most_s=_FLOAT)

FUNCTION = _record(
    level=_INT, part=_INT, drawn_call=_INT, timeout_s=_FLOAT, init_billed=_INT, grain_ms=_INT, error_rate=_FLOAT,
    keep_alive=_INT, keep_alive_s=_FLOAT, tenants=_INT, slots=_INT, requests=_INT, limits_rate=_INT, growth=_INT,
    pool=_INT, made=_INT, first_head=_INT, touched=_INT, known=_INT, handler=_INT, lifetime=_INT, platform=_INT,
    init=_INT, first=_INT, fails=_INT, tenant=_INT, is_event=_INT, max_retries=_INT, max_age_s=_FLOAT,
    undeliverable=_INT, duplicate_rate=_FLOAT, ping_every_s=_FLOAT, ping_count=_INT, window_s=_FLOAT)
"""A Lambda function. handler ... tenant are numbers of columns; keep_alive of a quantile table."""

BUCKET = _record(capacity=_FLOAT, rate_per_s=_FLOAT, tokens=_FLOAT, at_s=_FLOAT)
SLOTS = _record(limit=_INT, used=_INT)
ENVIRONMENT = _record(expires_s=_FLOAT, created_s=_FLOAT, number=_INT, next=_INT)
"""An idle execution environment, on the stack of its function and tenant."""

POOL = _record(ready=_INT, busy=_INT, idle=_INT, first=_INT, bucket=_INT, made=_INT, busy_s=_FLOAT, counted_s=_FLOAT)
"""Provisioned environments of one function; the idle ones' numbers lie in `pool_idle` from `first` on."""

FLEET = _record(
    level=_INT, workers=_INT, queue_limit=_INT, least_outstanding=_INT, start_s=_FLOAT, stop_s=_FLOAT,
    limit_s=_FLOAT, connect_timeout_s=_FLOAT, crowded=_INT, counts_cpu=_INT, vcpus=_INT, vcpus_per_request=_INT,
    turn=_INT, registered=_INT, first=_INT, minute=_INT, minutes=_INT, ring=_INT, cpu=_INT, io=_INT, threads=_INT)
"""A group of instances; those registered lie in `registered` from `first` on. Columns: cpu, io, threads."""

INSTANCE = _record(number=_INT, busy=_INT, waiting=_INT, head=_INT, tail=_INT, slowdown=_FLOAT, failed=_INT,
                   leaving=_INT, vcpu=_INT, minute=_INT)
"""A server. `vcpu` and `minute` are its places in `vcpu_free_s` and `cpu_s`."""

DYNAMO = _record(
    level=_INT, drawn_call=_INT, wholes=_INT, indexes=_INT, shards=_INT, max_attempts=_INT, backoff_s=_FLOAT,
    backoff_max_s=_FLOAT, answer_s=_FLOAT, kinds=_INT, targets=_INT, lags=_INT, moduli=_INT, latencies=_INT, busy=_INT,
    written=_INT, versions=_INT, added=_INT, room_bytes=_FLOAT, adds=_INT, operation=_INT, key=_INT, units=_INT,
    latency=_INT, lag_u=_INT, shard_u=_INT)
"""A DynamoDB table. kinds, targets and lags are places in `targets`, by operation; moduli in `moduli`, by index; busy,
written, versions and added in `key_s`, by key, or NONE; latencies is the first of four quantile tables. operation ...
shard_u are columns, `units` the first of one for the table and for each index."""

WHOLE = _record(rate=_FLOAT, share=_FLOAT, burst=_FLOAT, burst_s=_FLOAT, hard=_FLOAT, tokens=_FLOAT, at_s=_FLOAT,
                consumed=_FLOAT, count=_INT, first=_INT, divided=_INT, adapts=_INT)
PARTITION = _record(tokens=_FLOAT, hard=_FLOAT, at_s=_FLOAT)
"""As `services.dynamodb.capacity` has them."""

FRONT = _record(
    classes=_INT, queries=_INT, count=_INT, entries=_INT, lru=_INT, cluster=_INT, versions=_INT, hit_cost=_FLOAT,
    miss_cost=_FLOAT, write_cost=_FLOAT, on_write=_INT, own_trips=_INT, one_pool=_INT, keeps_nothing=_INT,
    bypass_share=_FLOAT, operation=_INT, key=_INT, size=_INT, trip=_INT, bypass=_INT)
"""A cache in front of a table. classes and queries are places in `targets`, by operation; entries the first of its
places; lru the first of two memories; versions the table's place in `key_s`. operation ... bypass are columns."""

API = _record(
    account=_INT, stage=_INT, timeout_s=_FLOAT, kept=_INT, count=_INT, entries=_INT, lru=_INT, versions=_INT,
    most_bytes=_FLOAT, operation=_INT, key=_INT, size=_INT, overhead=_INT)
"""A stage of an API. account and stage are token buckets, stage NONE where it has none; kept is a place in `targets`,
by operation; entries, lru and versions as in FRONT, versions NONE where no table stands behind. operation ... overhead
are columns."""

ENTRY = _record(newer=_INT, older=_INT, later=_INT, sooner=_INT, size=_FLOAT, expires_s=_FLOAT, version=_FLOAT)
LRU = _record(newest=_INT, oldest=_INT, last=_INT, first=_INT, held=_INT, evicted=_INT, used=_FLOAT, most=_FLOAT,
              ttl_s=_FLOAT)
CLUSTER = _record(rate=_FLOAT, tokens=_FLOAT, at_s=_FLOAT)
"""As `services.caches` has them."""

TABLE = _record(first=_INT, length=_INT)
"""A quantile table within `table_u` and `table_value`."""


TABLES = {
    "run": RUN, "heap": HEAP, "lanes": LANE, "events": EVENT, "frames": FRAME, "levels": LEVEL, "spans": SPAN,
    "rows": CAPACITY, "clients": CLIENT, "functions": FUNCTION, "buckets": BUCKET, "slots": SLOTS,
    "environments": ENVIRONMENT, "pools": POOL, "fleets": FLEET, "instances": INSTANCE, "tables": TABLE,
    "dynamo": DYNAMO, "wholes": WHOLE, "partitions": PARTITION, "fronts": FRONT, "apis": API, "entries": ENTRY,
    "lrus": LRU, "clusters": CLUSTER,
    **{name: np.dtype(kind) for name, kind in {
        "columns": _FLOAT, "masks": _INT, "heads": _INT, "touched": _INT, "known": _INT, "pool_idle": _INT,
        "registered": _INT, "ready": _INT, "live": _INT, "retryable": _INT, "vcpu_free_s": _FLOAT, "cpu_s": _FLOAT,
        "table_u": _FLOAT, "table_value": _FLOAT, "targets": _INT, "moduli": _INT, "key_s": _FLOAT}.items()}}
"""The type of a row of each table. `columns` holds one column after the other (see `run.stride`)."""


class World:
    """All state of a run: an attribute for each of TABLES."""

    __slots__ = tuple(TABLES)
