"""API Gateway's kernel: throttling, the time limit, and the cache of a stage (see `services.api_gateway`)."""

from __future__ import annotations

from simlib.fast.compiling import inlined, kernel
from simlib.fast.flow import call_next, clear_deadline, column, done, is_ready, set_deadline, show, wait
from simlib.fast.world import NONE
from simlib.services.api_gateway import answer_to
from simlib.services.base import CALLS_PER_CALL, COMPLETION, OK, STALE, THROTTLED, TIMED_OUT
from simlib.services.copies import HIT, MISS, PASSED, find, put

inlined(answer_to)

_START, _THROUGH, _ANSWERED = range(3)


@inlined
def is_admitted(world, api, now_s):
    """Whether the buckets have a token for a call; if so takes it. Both are refilled in any case."""
    account = world.buckets[api.account]
    ready = is_ready(account, now_s)
    if api.stage != NONE:
        ready = is_ready(world.buckets[api.stage], now_s) and ready
        if ready:
            world.buckets[api.stage].tokens -= 1
    if ready:
        account.tokens -= 1
    return ready


@kernel
def gateway(world, number):
    """One step of a call to an API. i: the number under which its answer is kept, or 0; j: the entry's place; a_s: what
    the gateway itself takes."""
    run, frame = world.run[0], world.frames[number]
    api = world.apis[frame.unit]
    request, call, step = frame.request, frame.call, frame.step
    if step == _START:
        world.levels[frame.level].in_use += 1
        frame.start_s = run.now_s
        if not is_admitted(world, api, run.now_s):
            return done(world, number, 0.0, THROTTLED, THROTTLED, 0)
        frame.a_s = column(world, api.overhead, request)
        return wait(world, number, run.now_s + frame.a_s, COMPLETION, call, _THROUGH)
    if step == _THROUGH:
        frame.i = world.targets[api.kept + int(column(world, api.operation, request))]
        if frame.i:
            key = int(column(world, api.key, request))
            frame.j = api.entries + key + api.count * (frame.i - 1)
            if find(world.lrus[api.lru], world.entries, frame.j, run.now_s):
                version = world.entries[frame.j].version
                if frame.level > run.keeper:
                    show(world, number, version)
                is_old = api.versions != NONE and version < world.key_s[api.versions + key]
                return done(world, number, frame.a_s, OK, STALE if is_old else OK, HIT)
        if world.levels[frame.level].next != NONE:
            set_deadline(world, number, run.now_s + api.timeout_s, call * CALLS_PER_CALL + 1)
            frame.step = _ANSWERED
            return call_next(world, number)
        run.status = OK
    clear_deadline(frame)
    return answered(world, number, run.status)


@kernel
def gateway_late(world, number):
    """The integration's time limit has come; what stands behind plays on by itself."""
    frame = world.frames[number]
    world.frames[frame.callee].parent = NONE
    clear_deadline(frame)
    return answered(world, number, TIMED_OUT)


@kernel
def answered(world, number, behind):
    """Hands on how what stands behind the API has ended, and keeps its answer."""
    run, frame = world.run[0], world.frames[number]
    api = world.apis[frame.unit]
    status = answer_to(behind)
    size = max(column(world, api.size, frame.request), 1.0)
    if frame.i and status == OK and size <= api.most_bytes:
        put(world.lrus[api.lru], world.entries, frame.j, size, frame.shown, run.now_s)
    return done(world, number, frame.a_s, status, status, MISS if frame.i else PASSED)
