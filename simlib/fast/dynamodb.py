"""DynamoDB's kernel: a call to a table, its throttling and retries (see `services.dynamodb`)."""

from __future__ import annotations

from simlib.fast.compiling import inlined, kernel
from simlib.fast.flow import answer, column, show, span, uniform, wait
from simlib.fast.lambda_ import quantile
from simlib.fast.world import NONE
from simlib.services.base import ARRIVAL, CALLS_PER_CALL, COLLECTION_FULL, COMPLETION, CONFLICT, OK, STALE, THROTTLED
from simlib.services.dynamodb.capacity import admits, has, refill, take
from simlib.services.dynamodb.table import HALVES, TRANSACTION

for each in (refill, has, admits, take):
    inlined(each)

_START, _REFUSED, _AGAIN, _DONE = range(4)


@inlined
def asks(world, frame, whole, place, units, taking):
    """Whether a partition serves `units` now; with `taking`, consumes them."""
    partition = world.partitions[whole.first + place % whole.count]
    if taking:
        take(whole, partition, units)
        frame.j += int(units * HALVES)
        return True
    return admits(whole, partition, units, world.run[0].now_s)


@kernel
def consumes(world, number, taking):
    """Whether all that a call wants is there, of the table and of its indexes; with `taking`, consumes it."""
    frame = world.frames[number]
    table = world.dynamo[frame.unit]
    request, shards = frame.request, table.shards
    key = int(column(world, table.key, request))
    if frame.k % 2 == 0:
        place = world.targets[table.targets + int(column(world, table.operation, request))]
        whole = world.wholes[table.wholes + 2 * place]
        units = column(world, table.units + place, request)
        if place > 0:
            return asks(world, frame, whole, key % world.moduli[table.moduli + place - 1], units, taking)
        served = True
        for shard in range(shards):
            if not asks(world, frame, whole, key * shards + shard, units / shards, taking):
                served = False
        return served
    whole = world.wholes[table.wholes + 1]
    shard = int(column(world, table.shard_u, request) * shards) if shards > 1 else 0
    served = asks(world, frame, whole, key * shards + shard, column(world, table.units, request), taking)
    for place in range(1, table.indexes + 1):
        units = column(world, table.units + place, request)
        if units > 0.0:
            whole = world.wholes[table.wholes + 2 * place + 1]
            if not asks(world, frame, whole, key % world.moduli[table.moduli + place - 1], units, taking):
                served = False
    return served


@kernel
def table_call(world, number):
    """One step of a call to a table. i: attempts; k: kind of operation, then how the call ends; j: halves of units;
    a_s: when it was admitted; b_s: what it takes from then on."""
    run, frame = world.run[0], world.frames[number]
    table = world.dynamo[frame.unit]
    request, call, step = frame.request, frame.call, frame.step
    if step == _START:
        world.levels[frame.level].in_use += 1
        frame.start_s = run.now_s
        frame.i = 1
        frame.j = 0
        frame.k = world.targets[table.kinds + int(column(world, table.operation, request))]
        step = _AGAIN
    if step == _REFUSED:
        if frame.i == table.max_attempts:
            world.levels[frame.level].in_use -= 1
            span(world, frame.level, request, call, frame.start_s, run.now_s - frame.start_s, 0.0, 0.0, THROTTLED, 0, 0,
                 frame.i)
            return answer(world, number, THROTTLED)
        ceiling_s = min(table.backoff_max_s, table.backoff_s * (1 << (frame.i - 1)))
        pause_s = ceiling_s * uniform(run.table_backoff_die, request, call * CALLS_PER_CALL + frame.i)
        frame.i += 1
        return wait(world, number, run.now_s + pause_s, ARRIVAL, call, _AGAIN)
    if step == _AGAIN:
        if not consumes(world, number, False):
            return wait(world, number, run.now_s + table.answer_s, COMPLETION, call, _REFUSED)
        consumes(world, number, True)
        return begun(world, number)
    seen, status = OK, OK
    key = int(column(world, table.key, request))
    if frame.k >= CONFLICT:
        seen, status = frame.k, frame.k
    elif frame.k >= STALE:
        seen = STALE
    elif frame.k % 2 == 1:
        if table.written != NONE:
            world.key_s[table.written + key] = run.now_s
        if table.versions != NONE:
            world.key_s[table.versions + key] += 1.0
            frame.c_s = world.key_s[table.versions + key]
    if table.versions != NONE:
        show(world, number, frame.c_s)
    world.levels[frame.level].in_use -= 1
    span(world, frame.level, request, call, frame.start_s, frame.a_s - frame.start_s, 0.0, frame.b_s, seen, 0,
         frame.j, frame.i)
    return answer(world, number, status)


@inlined
def begun(world, number):
    """A call has been admitted: how long it takes, and whether it conflicts or reads an old item."""
    run, frame = world.run[0], world.frames[number]
    table = world.dynamo[frame.unit]
    request, call, kind = frame.request, frame.call, frame.k
    key = int(column(world, table.key, request))
    is_first = call == table.drawn_call
    frame.a_s = run.now_s
    if is_first:
        frame.b_s = column(world, table.latency, request)
    else:
        frame.b_s = quantile(world, table.latencies + kind, uniform(run.table_latency_die, request, call))
    if (kind % 2 == 1 or kind >= TRANSACTION) and table.busy != NONE and world.key_s[table.busy + key] > run.now_s:
        frame.k = CONFLICT
    elif table.added != NONE and is_full(world, table, request, key):
        frame.k = COLLECTION_FULL
    elif kind == TRANSACTION + 1:
        world.key_s[table.busy + key] = run.now_s + frame.b_s
    elif table.written != NONE:
        lag = world.targets[table.lags + int(column(world, table.operation, request))]
        if lag != NONE:
            u = column(world, table.lag_u, request) if is_first else uniform(run.table_lag_die, request, call)
            if run.now_s - world.key_s[table.written + key] < quantile(world, lag, u):
                frame.k = STALE
    frame.c_s = 0.0
    if table.versions != NONE:
        frame.c_s = world.key_s[table.versions + key] - (1.0 if frame.k == STALE else 0.0)
    if table.added != NONE and frame.k < CONFLICT:
        world.key_s[table.added + key] += column(world, table.adds, request)
    return wait(world, number, run.now_s + frame.b_s, COMPLETION, call, _DONE)


@inlined
def is_full(world, table, request, key):
    """Whether an item collection has no room for what a write adds."""
    adds = column(world, table.adds, request)
    return adds > 0.0 and world.key_s[table.added + key] + adds > table.room_bytes
