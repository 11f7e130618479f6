"""The loop: takes the next arrival or event, and lets one visit after the other go on until all of them wait."""

from __future__ import annotations

from simlib.fast.api_gateway import gateway, gateway_late
from simlib.fast.caches import cached
from simlib.fast.client import client, client_late
from simlib.fast.compiling import inlined, kernel
from simlib.fast.dynamodb import table_call
from simlib.fast.ec2 import answered, server
from simlib.fast.flow import (
    DONE,
    FOREVER,
    FULL,
    IDLE,
    IS_ACCEPT,
    IS_API,
    IS_CACHE,
    IS_CLIENT,
    IS_DELIVERY,
    IS_FLEET,
    IS_FUNCTION,
    IS_PING,
    IS_PINGS,
    IS_TABLE,
    KIND_SHIFT,
    LATE,
    MORE_REQUESTS,
    OUTSIDE,
    REQUEST_OF,
    column,
    drop_first,
    drop_from_lane,
    is_before,
    is_late,
    visit,
)
from simlib.fast.lambda_ import acceptance, delivery, invocation, invocation_late, ping, pings, retire
from simlib.fast.world import NONE
from simlib.services.base import ARRIVAL, FAILED, TIMED_OUT

ARRIVAL_COLUMN = 0


@inlined
def step(world, number):
    """Lets a visit go on; returns the frame that follows at once, or NONE."""
    kind = world.frames[number].kind
    if kind == IS_CLIENT:
        return client(world, number)
    if kind == IS_FUNCTION:
        return invocation(world, number)
    if kind == IS_FLEET:
        return server(world, number)
    if kind == IS_CACHE:
        return cached(world, number)
    if kind == IS_API:
        return gateway(world, number)
    if kind == IS_TABLE:
        return table_call(world, number)
    if kind == IS_ACCEPT:
        return acceptance(world, number)
    if kind == IS_DELIVERY:
        return delivery(world, number)
    if kind == IS_PINGS:
        return pings(world, number)
    if kind == IS_PING:
        return ping(world, number)
    return NONE


@inlined
def step_late(world, number):
    """Tells a visit that its deadline has come."""
    kind = world.frames[number].kind
    if kind == IS_CLIENT:
        return client_late(world, number)
    if kind == IS_FUNCTION:
        return invocation_late(world, number)
    if kind == IS_API:
        return gateway_late(world, number)
    return answered(world, number, TIMED_OUT)


@inlined
def has_room(world):
    """Whether every table has room for what one event may add."""
    run = world.run[0]
    return (run.events + run.in_lanes + run.reserve <= run.event_room and run.free_frames >= run.reserve
            and run.idle + run.reserve <= run.environment_room
            and run.most_spans + run.reserve <= run.span_room
            and run.most_rows + run.idle + run.reserve <= run.row_room)


@inlined
def arrival_precedes(run, event):
    """Whether the next arrival comes before an event of the same instant."""
    order = (ARRIVAL << KIND_SHIFT) | run.arrived
    if event.order != order:
        return order < event.order
    if event.call != 0:
        return event.call > 0
    return run.first_sequence < event.sequence


@inlined
def to_time(world, time_s):
    """Moves the clock; what was in use before counts for the peak."""
    run = world.run[0]
    if time_s > run.now_s:
        note_peak(world)
    run.now_s = time_s


@inlined
def note_peak(world):
    run = world.run[0]
    in_use = world.levels[run.watched].in_use
    if in_use > run.peak:
        run.peak = in_use


@inlined
def next_visit(world):
    """Takes the next arrival or event: the frame that goes on, or NONE where it has become meaningless."""
    run, events = world.run[0], world.events
    first, time_s, lane = NONE, FOREVER, NONE
    if run.events > 0:
        first, time_s = world.heap[0].event, world.heap[0].time_s
    for name in range(run.lanes):
        head, head_s = world.lanes[name].head, world.lanes[name].time_s
        if head != NONE and (head_s < time_s or first == NONE or (
                head_s == time_s and is_before(events[head], events[first]))):
            first, time_s, lane = head, head_s, name
    if run.arrived < run.loaded:
        arrival_s = column(world, ARRIVAL_COLUMN, run.arrived)
        if first == NONE or arrival_s < time_s or (arrival_s == time_s and arrival_precedes(run, events[first])):
            to_time(world, arrival_s)
            run.arrived += 1
            return visit(world, 0, run.arrived - 1, 0, NONE)
    to_time(world, time_s)
    event = events[first]
    number, request, call = event.frame, event.order & REQUEST_OF, event.call
    if lane == NONE:
        drop_first(world)
    else:
        drop_from_lane(world, lane)
    if number < 0:
        run.trap = OUTSIDE
        run.trapped = number
        return NONE
    if number < LATE:
        return number
    number -= LATE
    if is_late(world.frames[number], request, call):
        return step_late(world, number)
    return NONE


@kernel
def advance(world):
    """Plays on until there is a reason to stop, and returns it (see `flow`)."""
    run = world.run[0]
    number = run.active
    run.active = NONE
    if run.retiring != NONE:
        retire(world, run.retiring)
        run.retiring = NONE
    if run.cut_off:
        run.cut_off = 0
        number = answered(world, number, FAILED)
    while True:
        while True:
            while number != NONE:
                number = step(world, number)
            if run.trap:
                reason = run.trap
                run.trap = 0
                return reason
            if world.ready[0] == 0:
                break
            number = world.ready[world.ready[0]]
            world.ready[0] -= 1
        if run.nested:
            return IDLE
        if not has_room(world):
            return FULL
        if run.arrived == run.loaded:
            if not run.all_loaded:
                return MORE_REQUESTS
            if run.events + run.in_lanes == 0:
                note_peak(world)
                return DONE
        number = next_visit(world)
