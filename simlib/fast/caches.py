"""The kernel of caches in front of a table: DAX and ElastiCache (see `services.caches.front`)."""

from __future__ import annotations

from simlib.fast.compiling import inlined, kernel
from simlib.fast.flow import call_next, column, done, show, wait
from simlib.fast.world import NONE
from simlib.services.base import ARRIVAL, COMPLETION, FAILED, OK, STALE, THROTTLED
from simlib.services.caches.front import KEEPS, PASSES, QUERY, UPDATES, WRITES, takes
from simlib.services.copies import HIT, MISS, PASSED, WROTE, drop, find, is_later, link, put, unlink

for each in (unlink, link, drop, find, is_later, takes):
    inlined(each)
kernel(put)

_START, _REFUSED, _THROUGH, _ANSWERED, _FILLED, _BYPASSED = range(6)


@inlined
def memory_of(world, front, kind):
    return world.lrus[front.lru + (1 if kind == QUERY and front.one_pool == 0 else 0)]


@kernel
def cached(world, number):
    """One step of a call to a cache. i: what the cache does with the operation; j: the entry's place; k: whether it was
    a hit, then the status of what stands behind; a_s: a trip; b_s: the version that is held or came back; c_s: what
    trips have taken."""
    run, frame = world.run[0], world.frames[number]
    front = world.fronts[frame.unit]
    request, call, step = frame.request, frame.call, frame.step
    if step == _START:
        world.levels[frame.level].in_use += 1
        frame.start_s = run.now_s
        operation = int(column(world, front.operation, request))
        kind = world.targets[front.classes + operation]
        frame.i = kind
        if kind == WRITES and front.bypass_share > 0.0 and column(world, front.bypass, request) < front.bypass_share:
            frame.step = _BYPASSED
            return call_next(world, number)
        frame.j = front.entries + int(column(world, front.key, request)) + (
            front.count * world.targets[front.queries + operation])
        frame.k = 0
        if kind <= QUERY and find(memory_of(world, front, kind), world.entries, frame.j, run.now_s):
            frame.k = 1
        frame.a_s = column(world, front.trip, request)
        frame.c_s = 0.0
        if front.own_trips and kind > QUERY:
            frame.step = _ANSWERED
            return call_next(world, number)
        if front.cluster != NONE:
            cluster = world.clusters[front.cluster]
            kilobytes = max(1, -(-int(column(world, front.size, request)) // 1024))
            cost = front.write_cost if kind == WRITES else front.hit_cost if frame.k else front.miss_cost
            if not takes(cluster, kilobytes * cost, run.now_s):
                frame.k = THROTTLED if cluster.rate > 0.0 else FAILED
                return wait(world, number, run.now_s + frame.a_s, COMPLETION, call, _REFUSED)
        if frame.k:
            frame.b_s = world.entries[frame.j].version
            if frame.b_s < world.key_s[front.versions + int(column(world, front.key, request))]:
                frame.k = STALE
        return wait(world, number, run.now_s + frame.a_s, COMPLETION, call, _THROUGH)
    if step == _REFUSED:
        return done(world, number, 0.0, frame.k, frame.k, 0)
    if step == _BYPASSED:
        return done(world, number, 0.0, run.status, run.status, PASSED)
    if step == _THROUGH:
        frame.c_s = frame.a_s
        if frame.k:
            if frame.level > run.keeper:
                show(world, number, frame.b_s)
            return done(world, number, frame.a_s, OK, STALE if frame.k == STALE else OK, HIT)
        frame.step = _ANSWERED
        return call_next(world, number)
    changes = frame.i == WRITES and front.on_write != KEEPS
    if step == _ANSWERED:
        frame.k = run.status
        frame.b_s = frame.shown
        if front.own_trips and frame.k == OK and (changes or fills(world, front, frame)):
            frame.c_s += frame.a_s
            return wait(world, number, run.now_s + frame.a_s, ARRIVAL, call, _FILLED)
    if frame.k == OK:
        keep(world, front, frame, changes)
    resource = WROTE if frame.i == WRITES else PASSED if frame.i == PASSES else MISS
    return done(world, number, frame.c_s, frame.k, frame.k, resource)


@inlined
def fills(world, front, frame):
    """Whether what came back is to be held."""
    return frame.i <= QUERY and (front.keeps_nothing != 0 or column(world, front.size, frame.request) > 0.0)


@inlined
def keep(world, front, frame, changes):
    """Fills, replaces or deletes the entry after what stands behind has answered."""
    place, entry = frame.j, world.entries[frame.j]
    memory = memory_of(world, front, frame.i)
    size = max(column(world, front.size, frame.request), 1.0)
    if fills(world, front, frame) and not is_later(entry, frame.b_s, world.run[0].now_s):
        put(memory, world.entries, place, size, frame.b_s, world.run[0].now_s)
    elif changes and front.on_write == UPDATES:
        put(memory, world.entries, place, size, frame.b_s, world.run[0].now_s)
    elif changes:
        drop(memory, world.entries, place)
