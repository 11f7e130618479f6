"""What every service's kernel needs: events in their order, visits that call each other, deadlines, records.

A visit's kernel is called with its frame when there is something to do, and returns the frame to go on with at once:
its own callee, its caller, or NONE when it waits for an event. `run.status` carries how a callee ended.
"""

from __future__ import annotations

import math

from simlib.fast.compiling import inlined, kernel, u64
from simlib.fast.world import NONE
from simlib.services.base import CALLS_PER_CALL, TIMEOUT

KIND_SHIFT = 32
REQUEST_OF = (1 << KIND_SHIFT) - 1
FOREVER = math.inf
LATE = 1 << 40
"""Marks an event's frame as one whose deadline has come."""

IS_CLIENT, IS_FUNCTION, IS_FLEET, IS_ACCEPT, IS_TABLE, IS_CACHE, IS_API, IS_DELIVERY, IS_PINGS, IS_PING = range(10)
"""What a frame is; the first seven are also what a level is."""

(DONE, IDLE, MORE_REQUESTS, FULL, COLD, PING_DICE, OUTSIDE, RING, LAST_LEFT) = range(1, 10)
"""Why a kernel stops: the run is over; nothing more to do at once; requests are used up; a table is full; a cold
start's dice are wanted, or a ping's; an event of an activity outside; CPU bookings reach beyond the ring of minutes;
the last request has left an instance that is to end."""

_MASK, _STEP = (1 << 64) - 1, 0x9E3779B97F4A7C15
_MIX_1, _MIX_2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


@inlined
def mixed(z):
    z = ((z ^ (z >> 30)) * _MIX_1) & _MASK
    z = ((z ^ (z >> 27)) * _MIX_2) & _MASK
    return z ^ (z >> 31)


@inlined
def uniform(die, request, call):
    """`workload.hash_uniform`, its first two steps done (see `hash_die`)."""
    z = mixed(((die ^ u64(request)) + _STEP) & _MASK)
    z = mixed(((z ^ u64(call)) + _STEP) & _MASK)
    return ((z >> 12) + 0.5) * 2.0**-52


def hash_die(seed: int, stream: int) -> int:
    """What `uniform` wants to know of a seed and a stream."""
    return mixed((mixed((seed + _STEP) & _MASK) ^ stream) + _STEP & _MASK)


# Events


@inlined
def is_before(one, other):
    """Which of two events of one instant comes first: by kind, request, call, and then first come."""
    if one.order != other.order:
        return one.order < other.order
    if one.call != other.call:
        return one.call < other.call
    return one.sequence < other.sequence


@inlined
def new_event(world, time_s, kind, request, call, frame):
    run = world.run[0]
    number = run.free_event
    event = world.events[number]
    run.free_event = event.next
    event.time_s = time_s
    event.order = (kind << KIND_SHIFT) | request
    event.call = call
    event.sequence = run.sequence
    event.frame = frame
    run.sequence += 1
    return number


@kernel
def push(world, time_s, kind, request, call, frame):
    """Puts an event into the queue."""
    run, heap, events = world.run[0], world.heap, world.events
    number = new_event(world, time_s, kind, request, call, frame)
    place = run.events
    run.events = place + 1
    while place > 0:
        above = heap[(place - 1) >> 2]
        if above.time_s < time_s or (above.time_s == time_s and is_before(events[above.event], events[number])):
            break
        here = heap[place]
        here.time_s = above.time_s
        here.event = above.event
        place = (place - 1) >> 2
    heap[place].time_s = time_s
    heap[place].event = number


@kernel
def push_in_lane(world, name, time_s, kind, request, call, frame):
    """Puts an event behind those of its lane; where it is not later than the last one, into the queue."""
    run, lane = world.run[0], world.lanes[name]
    if lane.head != NONE and lane.tail_s >= time_s:
        push(world, time_s, kind, request, call, frame)
        return
    number = new_event(world, time_s, kind, request, call, frame)
    world.events[number].next = NONE
    if lane.head == NONE:
        lane.head = number
        lane.time_s = time_s
    else:
        world.events[lane.tail].next = number
    lane.tail = number
    lane.tail_s = time_s
    run.in_lanes += 1


@inlined
def drop_from_lane(world, name):
    """Takes the first event of a lane away."""
    run, lane = world.run[0], world.lanes[name]
    number = lane.head
    event = world.events[number]
    lane.head = event.next
    lane.time_s = FOREVER if event.next == NONE else world.events[event.next].time_s
    event.next = run.free_event
    run.free_event = number
    run.in_lanes -= 1


@kernel
def first_of_ties(world, below, count, time_s):
    """Which of the branches from `below` on has the first event at `time_s`."""
    best = NONE
    for place in range(below, min(below + 4, count)):
        if world.heap[place].time_s == time_s and (best == NONE or is_before(
                world.events[world.heap[place].event], world.events[world.heap[best].event])):
            best = place
    return best


@kernel
def drop_first(world):
    """Takes the next event of the queue away."""
    run, heap, events = world.run[0], world.heap, world.events
    first = heap[0].event
    events[first].next = run.free_event
    run.free_event = first
    count = run.events - 1
    run.events = count
    last_s, last = heap[count].time_s, heap[count].event
    place = 0
    below = 1
    while below < count:
        best, best_s = below, heap[below].time_s
        ties = 0
        for other in range(below + 1, min(below + 4, count)):
            time_s = heap[other].time_s
            ties += time_s == best_s
            best = other if time_s < best_s else best
            best_s = time_s if time_s < best_s else best_s
        if ties:
            best = first_of_ties(world, below, count, best_s)
        if last_s < best_s or (last_s == best_s and is_before(events[last], events[heap[best].event])):
            break
        heap[place].time_s = best_s
        heap[place].event = heap[best].event
        place = best
        below = 4 * place + 1
    heap[place].time_s = last_s
    heap[place].event = last


# Frames


@inlined
def new_frame(world, kind, unit, level, request, call, parent):
    run = world.run[0]
    number = run.free_frame
    frame = world.frames[number]
    run.free_frame = frame.next
    run.free_frames -= 1
    frame.kind = kind
    frame.unit = unit
    frame.level = level
    frame.request = request
    frame.call = call
    frame.step = 0
    frame.parent = parent
    frame.callee = NONE
    frame.deadline_s = FOREVER
    frame.deadline_call = NONE
    frame.armed = 0
    frame.shown = 0.0
    if parent == NONE:
        frame.soonest_s = FOREVER
    else:
        frame.soonest_s = world.frames[parent].soonest_s
        world.frames[parent].callee = number
    if request >= 0:
        world.live[(request & run.mask) >> run.block_shift] += 1
    return number


@inlined
def free_frame(world, number):
    run = world.run[0]
    frame = world.frames[number]
    if frame.request >= 0:
        world.live[(frame.request & run.mask) >> run.block_shift] -= 1
    frame.kind = NONE
    frame.deadline_call = NONE
    frame.next = run.free_frame
    run.free_frame = number
    run.free_frames += 1


@inlined
def visit(world, level_number, request, call, parent):
    """The frame of a new visit to a service of the stack."""
    level = world.levels[level_number]
    unit = level.unit
    if level.by_operation != NONE:
        unit += int(column(world, level.by_operation, request))
    kind = level.kind
    if kind == IS_FUNCTION and world.functions[unit].is_event:
        kind = IS_ACCEPT
    return new_frame(world, kind, unit, level_number, request, call, parent)


@inlined
def call_next(world, number):
    """The frame of a visit's call to the service behind it."""
    frame = world.frames[number]
    return visit(world, world.levels[frame.level].next, frame.request, frame.call * CALLS_PER_CALL + 1, number)


@inlined
def answer(world, number, status):
    """Ends a visit; its caller, if it still waits, goes on."""
    world.run[0].status = status
    parent = world.frames[number].parent
    free_frame(world, number)
    return parent


@inlined
def show(world, number, version):
    """Tells the frames above one which version of an item comes back."""
    above = world.frames[number].parent
    while above != NONE:
        world.frames[above].shown = version
        above = world.frames[above].parent


# Deadlines


@inlined
def set_deadline(world, number, deadline_s, call):
    frame = world.frames[number]
    frame.deadline_s = deadline_s
    frame.deadline_call = call
    frame.armed = 0
    if deadline_s < frame.soonest_s:
        frame.soonest_s = deadline_s


@inlined
def clear_deadline(frame):
    frame.deadline_s = FOREVER
    frame.deadline_call = NONE


@inlined
def is_late(frame, request, call):
    """Whether a timeout's event still means something to the frame."""
    return frame.deadline_call == call and frame.armed != 0 and frame.request == request and frame.kind != NONE


@kernel
def arm(world, number, until_s):
    """Gives an event to each deadline, here or above, that comes no later than what is waited for."""
    soonest_s = FOREVER
    above = number
    while above != NONE:
        frame = world.frames[above]
        if frame.deadline_call != NONE and frame.armed == 0:
            if frame.deadline_s <= until_s:
                if frame.deadline_s < FOREVER:
                    push(world, frame.deadline_s, TIMEOUT, frame.request, frame.deadline_call, above | LATE)
                frame.armed = 1
            elif frame.deadline_s < soonest_s:
                soonest_s = frame.deadline_s
        above = frame.parent
    world.frames[number].soonest_s = soonest_s


@inlined
def wait(world, number, time_s, kind, call, step):
    """The visit goes on with `step` at `time_s`."""
    frame = world.frames[number]
    frame.step = step
    push(world, time_s, kind, frame.request, call, number)
    if time_s >= frame.soonest_s:
        arm(world, number, time_s)
    return NONE


@inlined
def wait_in_lane(world, number, name, time_s, kind, call, step):
    """The same where everybody waits equally long."""
    frame = world.frames[number]
    frame.step = step
    push_in_lane(world, name, time_s, kind, frame.request, call, number)
    if time_s >= frame.soonest_s:
        arm(world, number, time_s)
    return NONE


# Columns and records


@inlined
def column(world, name, request):
    """What a request drew, by the number of the column."""
    return world.columns[name * world.run[0].stride + (request & world.masks[name])]


@inlined
def is_ready(bucket, now_s):
    """Whether a token bucket has a token; refills it first."""
    tokens = bucket.tokens + (now_s - bucket.at_s) * bucket.rate_per_s
    bucket.tokens = tokens if tokens < bucket.capacity else bucket.capacity
    bucket.at_s = now_s
    return bucket.tokens >= 1


@inlined
def span(world, level_number, request, call, start_s, wait_s, init_s, work_s, status, cold, billed_ms, resource):
    """Records a visit that ends now."""
    run, level = world.run[0], world.levels[level_number]
    row = world.spans[level_number * run.span_room + level.spans]
    row.start_s = start_s
    row.end_s = run.now_s
    row.wait_s = wait_s
    row.init_s = init_s
    row.work_s = work_s
    row.call = call
    row.request = request
    row.billed_ms = billed_ms
    row.resource = resource
    row.status = status
    row.cold = cold
    level.spans += 1
    if level.spans > run.most_spans:
        run.most_spans = level.spans


@inlined
def capacity(world, level_number, resource, start_s, end_s):
    """Records that one `resource` stood ready."""
    run, level = world.run[0], world.levels[level_number]
    row = world.rows[level_number * run.row_room + level.rows]
    row.start_s = start_s
    row.end_s = end_s
    row.amount = 1.0
    row.resource = resource
    level.rows += 1
    if level.rows > run.most_rows:
        run.most_rows = level.rows


@inlined
def done(world, number, work_s, status, seen, resource):
    """Ends a visit that neither waits nor is billed for its time: recorded as `seen`, answered with `status`."""
    frame = world.frames[number]
    world.levels[frame.level].in_use -= 1
    span(world, frame.level, frame.request, frame.call, frame.start_s, 0.0, 0.0, work_s, seen, 0, 0, resource)
    return answer(world, number, status)
