"""Lambda's kernels: environments, invocations, asynchronous events and pings (see `services.lambda_`)."""

from __future__ import annotations

import math

from simlib.fast.compiling import inlined, kernel
from simlib.fast.flow import (
    COLD,
    IS_DELIVERY,
    IS_FUNCTION,
    IS_PING,
    PING_DICE,
    answer,
    call_next,
    capacity,
    clear_deadline,
    column,
    free_frame,
    is_ready,
    new_frame,
    push,
    set_deadline,
    span,
    uniform,
    wait,
)
from simlib.fast.world import NONE
from simlib.services.base import (
    ACCEPTED,
    ARRIVAL,
    CALLS_PER_CALL,
    COMPLETION,
    EVENT_DONE,
    FAILED,
    FUNCTION_ERROR,
    FUNCTION_TIMEOUT,
    NO_REQUEST,
    OK,
    THROTTLED,
    TIMEOUT,
)
from simlib.services.lambda_.function import NANOSECOND_MS

UNTOUCHED = -2
PART = 1 << 20

_START, _COLD, _DICE, _DONE, _CUT, _SERVED = range(6)
_ARRIVED = 1
_ACCEPTED_ONE, _ACCEPTED_TWO = 1, 2
_TRY, _TRIED, _EXPIRED = 1, 2, 3


# Environments


@inlined
def numbered(function, number):
    """The resource number that functions of one account keep apart (see `services.parts`)."""
    return number + function.part if number >= 0 else number - function.part


@inlined
def count_busy(pool, now_s):
    pool.busy_s += pool.busy * (now_s - pool.counted_s)
    pool.counted_s = now_s


@inlined
def admit(world, unit, tenant, now_s):
    """Whether a call arriving now gets an environment; says which in run.environment, created_s and is_warm."""
    run, function = world.run[0], world.functions[unit]
    if function.pool != NONE:
        pool = world.pools[function.pool]
        if pool.idle > 0 and is_ready(world.buckets[pool.bucket], now_s):
            world.buckets[pool.bucket].tokens -= 1
            count_busy(pool, now_s)
            pool.busy += 1
            pool.idle -= 1
            run.environment = world.pool_idle[pool.first + pool.idle]
            run.created_s = 0.0
            run.is_warm = 1
            return True
    slots = world.slots[function.slots]
    if slots.used >= slots.limit:
        return False
    if function.limits_rate and not is_ready(world.buckets[function.requests], now_s):
        return False
    place = function.first_head + tenant
    if world.heads[place] == UNTOUCHED:
        world.heads[place] = NONE
        world.touched[function.first_head + function.touched] = tenant
        function.touched += 1
    while world.heads[place] != NONE:
        idle = world.heads[place]
        environment = world.environments[idle]
        world.heads[place] = environment.next
        environment.next = run.free_environment
        run.free_environment = idle
        run.idle -= 1
        if environment.expires_s > now_s:
            use_slot(world, function)
            run.environment = environment.number
            run.created_s = environment.created_s
            run.is_warm = 1
            return True
        capacity(world, function.level, numbered(function, environment.number), environment.created_s,
                 environment.expires_s)
    growth = world.buckets[function.growth]
    if not is_ready(growth, now_s):
        return False
    growth.tokens -= 1
    use_slot(world, function)
    function.made += 1
    run.environment = function.made
    run.created_s = now_s
    run.is_warm = 0
    return True


@inlined
def use_slot(world, function):
    world.slots[function.slots].used += 1
    if function.limits_rate:
        world.buckets[function.requests].tokens -= 1


@inlined
def release(world, function, number, created_s, tenant, now_s, stays, idle_until_s):
    """A call has ended; its environment waits until `idle_until_s`, or is gone (`stays` 0)."""
    run = world.run[0]
    if number < 0:
        pool = world.pools[function.pool]
        count_busy(pool, now_s)
        pool.busy -= 1
        if pool.idle + pool.busy < pool.ready:
            world.pool_idle[pool.first + pool.idle] = number
            pool.idle += 1
        return
    world.slots[function.slots].used -= 1
    if not stays:
        capacity(world, function.level, numbered(function, number), created_s, now_s)
        return
    free = run.free_environment
    environment = world.environments[free]
    run.free_environment = environment.next
    run.idle += 1
    environment.expires_s = idle_until_s
    environment.created_s = created_s
    environment.number = number
    place = function.first_head + tenant
    environment.next = world.heads[place]
    world.heads[place] = free


@kernel
def retire(world, unit):
    """At the end of a run: environments that nobody used again have expired, the longest idle ones first."""
    run, function = world.run[0], world.functions[unit]
    for order in range(function.touched):
        place = function.first_head + world.touched[function.first_head + order]
        oldest = NONE
        following = world.heads[place]
        while following != NONE:
            environment = world.environments[following]
            below = environment.next
            environment.next = oldest
            oldest, following = following, below
        world.heads[place] = NONE
        while oldest != NONE:
            environment = world.environments[oldest]
            capacity(world, function.level, numbered(function, environment.number), environment.created_s,
                     environment.expires_s)
            below = environment.next
            environment.next = run.free_environment
            run.free_environment = oldest
            run.idle -= 1
            oldest = below


# Invocations


@kernel
def quantile(world, number, u):
    """`dists.table` of one number."""
    table = world.tables[number]
    low, high = table.first, table.first + table.length - 1
    if u <= world.table_u[low]:
        return world.table_value[low]
    if u >= world.table_u[high]:
        return world.table_value[high]
    while high - low > 1:
        middle = (low + high) >> 1
        if world.table_u[middle] <= u:
            low = middle
        else:
            high = middle
    slope = (world.table_value[high] - world.table_value[low]) / (world.table_u[high] - world.table_u[low])
    return world.table_value[low] + slope * (u - world.table_u[low])


@inlined
def idle_for_s(world, function, request, call):
    if function.keep_alive == NONE:
        return function.keep_alive_s
    if call == function.drawn_call:
        return quantile(world, function.keep_alive, column(world, function.lifetime, request))
    return quantile(world, function.keep_alive, uniform(world.run[0].keep_alive_die, request, call))


@inlined
def errs(world, function, request, call):
    if function.error_rate == 0.0:
        return False
    if call == function.drawn_call:
        return column(world, function.fails, request) < function.error_rate
    return uniform(world.run[0].error_die, request, call) < function.error_rate


@kernel
def invocation(world, number):
    """One step of an invocation. i: environment; a_s: when it was created; j: whether it was warm; k: tenant;
    b_s: handler's own time; c_s: time before the handler; what of it is billed lies in `deadline_s` until then."""
    run, frame = world.run[0], world.frames[number]
    function = world.functions[frame.unit]
    request, call = frame.request, frame.call
    step = frame.step
    if step == _START:
        tenant = int(column(world, function.tenant, request)) if function.tenants else 0
        if not admit(world, frame.unit, tenant, run.now_s):
            span(world, frame.level, request, call, run.now_s, 0.0, 0.0, 0.0, THROTTLED, 0, 0,
                 numbered(function, 0))
            return answer(world, number, THROTTLED)
        world.levels[frame.level].in_use += 1
        frame.start_s = run.now_s
        frame.k = tenant
        frame.i = run.environment
        frame.a_s = run.created_s
        frame.j = run.is_warm
        frame.b_s = column(world, function.handler, request)
        frame.c_s = 0.0
        frame.billed_s = 0.0
        if not frame.j:
            step = _COLD
    if step == _COLD:
        place = ((request & run.mask) >> run.late_shift) * run.late_kinds + function.known
        if call != function.drawn_call or not world.known[place]:
            frame.step = _DICE if call != function.drawn_call else _COLD
            run.trap = COLD
            run.trapped = number
            return NONE
        run.answer_a = column(world, function.platform, request)
        run.answer_b = column(world, function.init, request)
        run.answer_c = column(world, function.first, request)
        step = _DICE
    if step == _DICE:
        before_s = run.answer_b
        if before_s > run.init_limit_s:
            frame.b_s += before_s
            before_s = run.init_limit_s
        if function.init_billed:
            frame.billed_s = before_s
        frame.c_s = before_s + run.answer_a
        frame.b_s += run.answer_c
    if step <= _DICE:
        handler_at_s = frame.start_s + frame.c_s
        if frame.b_s > function.timeout_s:
            frame.b_s = function.timeout_s
            return wait(world, number, handler_at_s + function.timeout_s, TIMEOUT, call, _CUT)
        return wait(world, number, handler_at_s + frame.b_s, COMPLETION, call, _DONE)
    status = OK
    if step == _DONE and world.levels[frame.level].next != NONE:
        frame.step = _SERVED
        deadline_s = frame.start_s + frame.c_s + function.timeout_s
        set_deadline(world, number, deadline_s, call * CALLS_PER_CALL + 1)
        return call_next(world, number)
    if step == _SERVED:
        clear_deadline(frame)
        status = run.status if run.status < 400 else FAILED
    if step == _CUT:
        status = FUNCTION_TIMEOUT
    elif status == OK and errs(world, function, request, call):
        status = FUNCTION_ERROR
    return invoked(world, number, status)


@kernel
def invocation_late(world, number):
    """The function's timeout has come while it waits for what it called, which plays on by itself."""
    frame = world.frames[number]
    world.frames[frame.callee].parent = NONE
    clear_deadline(frame)
    return invoked(world, number, FUNCTION_TIMEOUT)


@kernel
def invoked(world, number, status):
    """Ends an invocation."""
    run, frame = world.run[0], world.frames[number]
    function = world.functions[frame.unit]
    now_s = run.now_s
    if status == FUNCTION_TIMEOUT:
        release(world, function, frame.i, frame.a_s, frame.k, now_s, False, 0.0)
    else:
        release(world, function, frame.i, frame.a_s, frame.k, now_s, True,
                now_s + idle_for_s(world, function, frame.request, frame.call))
    duration_s = frame.b_s
    if world.levels[frame.level].next != NONE:
        duration_s = now_s - (frame.start_s + frame.c_s)
    span(world, frame.level, frame.request, frame.call, frame.start_s, 0.0, frame.c_s, frame.b_s, status,
         frame.j == 0, billed_ms(function, frame.billed_s + duration_s), numbered(function, frame.i))
    world.levels[frame.level].in_use -= 1
    return answer(world, number, status)


@inlined
def billed_ms(function, seconds):
    return function.grain_ms * math.ceil((seconds * 1000 - NANOSECOND_MS) / function.grain_ms)


# Asynchronous events


@kernel
def acceptance(world, number):
    """The caller's side of an event: answered at once; its deliveries are visits that nobody waits for."""
    run, frame = world.run[0], world.frames[number]
    function = world.functions[frame.unit]
    if frame.step == 0:
        span(world, frame.level, frame.request, frame.call, run.now_s, 0.0, 0.0, 0.0, ACCEPTED, 0, 0,
             numbered(function, 0))
        return deliver(world, number, _ACCEPTED_ONE)
    if frame.step == _ACCEPTED_ONE and function.duplicate_rate > 0.0 and (
            uniform(run.duplicate_die, frame.request, frame.call) < function.duplicate_rate):
        return deliver(world, number, _ACCEPTED_TWO)
    return answer(world, number, ACCEPTED)


@inlined
def deliver(world, number, delivery):
    """Starts a delivery; the acceptance goes on once that waits."""
    frame = world.frames[number]
    frame.step = delivery
    world.ready[world.ready[0] + 1] = number
    world.ready[0] += 1
    return new_frame(world, IS_DELIVERY, frame.unit, frame.level, frame.request,
                     frame.call * CALLS_PER_CALL + delivery, NONE)


@kernel
def delivery(world, number):
    """One step of an event's delivery. a_s: when it expires; b_s: next pause after throttling; i: attempts; j: errors
    of the function so far."""
    run, frame = world.run[0], world.frames[number]
    function = world.functions[frame.unit]
    if frame.step == _START:
        world.levels[frame.level].in_use += 1
        frame.start_s = run.now_s
        frame.a_s = run.now_s + function.max_age_s
        frame.b_s = run.async_backoff_s
        frame.i = 0
        frame.j = 0
        frame.step = _TRY
    if frame.step == _TRY:
        frame.i += 1
        frame.step = _TRIED
        return new_frame(world, IS_FUNCTION, frame.unit, frame.level, frame.request,
                         frame.call * CALLS_PER_CALL + frame.i, number)
    end = function.undeliverable
    if frame.step == _TRIED:
        pause_s = -1.0
        if run.status < 400:
            end = EVENT_DONE
        elif run.status == THROTTLED:
            pause_s = min(run.async_backoff_max_s, frame.b_s)
            frame.b_s *= 2
        elif frame.j < function.max_retries:
            pause_s = run.first_retry_s if frame.j == 0 else run.second_retry_s
            frame.j += 1
        if pause_s >= 0:
            again_s = run.now_s + pause_s
            if again_s <= frame.a_s:
                return wait(world, number, again_s, ARRIVAL, frame.call, _TRY)
            return wait(world, number, max(frame.a_s, run.now_s), ARRIVAL, frame.call, _EXPIRED)
    span(world, frame.level, frame.request, frame.call, frame.start_s, 0.0, 0.0, 0.0, end, 0, 0,
         numbered(function, frame.i))
    world.levels[frame.level].in_use -= 1
    free_frame(world, number)
    return NONE


# Pings


@kernel
def pings(world, number):
    """Sends the next round of pings, and comes back for the one after. i: rounds sent."""
    frame = world.frames[number]
    function = world.functions[frame.unit]
    frame.i += 1
    at_s = frame.i * function.ping_every_s
    if frame.i > int(function.window_s // function.ping_every_s) or at_s >= function.window_s:
        free_frame(world, number)
        return NONE
    for ping in range(function.ping_count):
        one = new_frame(world, IS_PING, frame.unit, frame.level, NO_REQUEST,
                        frame.i * function.ping_count + ping, NONE)
        world.frames[one].step = _ARRIVED
        push(world, at_s, ARRIVAL, 0, 0, one)
    push(world, at_s, ARRIVAL, 0, 0, number)
    return NONE


@kernel
def ping(world, number):
    """One step of a ping, which uses the fields of a frame as an invocation does."""
    run, frame = world.run[0], world.frames[number]
    function = world.functions[frame.unit]
    if frame.step == _ARRIVED:
        if not admit(world, frame.unit, 0, run.now_s):
            span(world, frame.level, NO_REQUEST, frame.call, run.now_s, 0.0, 0.0, 0.0, THROTTLED, 0, 0,
                 numbered(function, 0))
            free_frame(world, number)
            return NONE
        world.levels[frame.level].in_use += 1
        frame.start_s = run.now_s
        frame.i = run.environment
        frame.a_s = run.created_s
        frame.j = run.is_warm
        frame.step = _DICE
        run.trap = PING_DICE
        run.trapped = number
        return NONE
    if frame.step == _DICE:
        frame.c_s = 0.0
        frame.b_s = function.grain_ms / 1000
        if not frame.j:
            frame.c_s = run.answer_a
            frame.b_s += run.answer_b
        frame.billed_s = run.answer_c
        frame.step = _DONE
        push(world, frame.start_s + frame.c_s + frame.b_s, COMPLETION, 0, 0, number)
        return NONE
    release(world, function, frame.i, frame.a_s, 0, run.now_s, True, run.now_s + frame.billed_s)
    seconds = frame.b_s + (frame.c_s if function.init_billed else 0.0)
    span(world, frame.level, NO_REQUEST, frame.call, frame.start_s, 0.0, frame.c_s, frame.b_s, OK, frame.j == 0,
         billed_ms(function, seconds), numbered(function, frame.i))
    world.levels[frame.level].in_use -= 1
    free_frame(world, number)
    return NONE
