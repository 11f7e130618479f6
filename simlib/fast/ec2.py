"""EC2's kernel: the load balancer's choice, the queue of an instance, its workers and vCPUs (see `services.ec2`)."""

from __future__ import annotations

from simlib.fast.compiling import inlined, kernel
from simlib.fast.flow import (
    FOREVER,
    LAST_LEFT,
    RING,
    answer,
    arm,
    call_next,
    clear_deadline,
    column,
    free_frame,
    push,
    set_deadline,
    span,
    wait,
)
from simlib.fast.world import NONE
from simlib.services.base import COMPLETION, FAILED, NO_REQUEST, OK, QUEUE_FULL, TIMED_OUT

_START, _REFUSED, _SERVED, _WORKED, _LEFT, _CALLED = range(6)
_MINUTE_S = 60.0
_SIGNAL = 0


@inlined
def pick(world, fleet):
    """The instance that the load balancer sends a request to, or NONE."""
    count = fleet.registered
    if count == 0:
        return NONE
    if not fleet.least_outstanding:
        chosen = world.registered[fleet.first + fleet.turn % count]
        fleet.turn += 1
        return chosen
    best = NONE
    least = 0
    for place in range(fleet.first, fleet.first + count):
        candidate = world.registered[place]
        instance = world.instances[candidate]
        outstanding = instance.busy + instance.waiting
        if best == NONE or outstanding < least or (
                outstanding == least and instance.number < world.instances[best].number):
            best, least = candidate, outstanding
    return best


@kernel
def take_vcpu(world, first, count, until_s):
    """The vCPU that is free first is taken until `until_s`: a heap's first entry is replaced."""
    free_s = world.vcpu_free_s
    place = 0
    below = 1
    while below < count:
        if below + 1 < count and free_s[first + below + 1] < free_s[first + below]:
            below += 1
        if free_s[first + below] >= until_s:
            break
        free_s[first + place] = free_s[first + below]
        place = below
        below = 2 * place + 1
    free_s[first + place] = until_s


@kernel
def book(world, fleet, instance, begin_s, cpu_s, vcpus):
    """Notes minute by minute which vCPU time is used, as far as the window reaches."""
    end_s = begin_s + cpu_s
    minute = int(begin_s // _MINUTE_S)
    while begin_s < end_s and minute < fleet.minutes:
        until_s = min(end_s, (minute + 1) * _MINUTE_S)
        world.cpu_s[instance.minute + minute % fleet.ring] += (until_s - begin_s) * vcpus
        begin_s = until_s
        minute += 1


@kernel
def server(world, number):
    """One step of a request on an instance.

    i: the instance; a_s: seconds waited for a worker, endless before; b_s: seconds of work; j: when it came, as
    a running number, NONE once the load balancer has answered and the instance works on in vain.
    """
    run, frame = world.run[0], world.frames[number]
    step = frame.step
    if step == _START:
        return arrival(world, number)
    if step == _REFUSED:
        span(world, frame.level, frame.request, frame.call, frame.start_s, run.now_s - frame.start_s, 0.0, 0.0,
             TIMED_OUT, 0, 0, world.instances[frame.i].number)
        world.levels[frame.level].in_use -= 1
        return answer(world, number, TIMED_OUT)
    instance = world.instances[frame.i]
    if step == _SERVED:
        return begin(world, number)
    if step == _WORKED:
        run.status = OK
        if world.levels[frame.level].next != NONE and not instance.failed:
            frame.step = _CALLED
            return call_next(world, number)
    if step == _WORKED or step == _CALLED:
        frame.k = run.status if run.status < 400 else FAILED
        if instance.waiting:
            following = instance.head
            instance.head = world.frames[following].next
            instance.waiting -= 1
            world.frames[following].step = _SERVED
            push(world, run.now_s, _SIGNAL, 0, 0, following)
        else:
            instance.busy -= 1
            if instance.leaving and not instance.busy:
                frame.step = _LEFT
                run.trap = LAST_LEFT
                run.trapped = number
                return NONE
    if frame.j == NONE:
        free_frame(world, number)
        return NONE
    return server_done(world, number)


@kernel
def arrival(world, number):
    """A request comes to the load balancer."""
    run, frame = world.run[0], world.frames[number]
    fleet = world.fleets[frame.unit]
    now_s = run.now_s
    frame.start_s = now_s
    chosen = pick(world, fleet) if fleet.start_s <= now_s < fleet.stop_s else NONE
    if chosen == NONE:
        span(world, frame.level, frame.request, frame.call, now_s, 0.0, 0.0, 0.0, QUEUE_FULL, 0, 0, NO_REQUEST)
        return answer(world, number, QUEUE_FULL)
    frame.i = chosen
    frame.j = NONE
    instance = world.instances[chosen]
    if instance.failed:
        world.levels[frame.level].in_use += 1
        return wait(world, number, now_s + fleet.connect_timeout_s, COMPLETION, frame.call, _REFUSED)
    is_free = instance.busy < fleet.workers
    if not is_free and instance.waiting >= fleet.queue_limit:
        span(world, frame.level, frame.request, frame.call, now_s, 0.0, 0.0, 0.0, QUEUE_FULL, 0, 0, instance.number)
        return answer(world, number, QUEUE_FULL)
    world.levels[frame.level].in_use += 1
    run.entries += 1
    frame.j = run.entries
    frame.a_s = FOREVER
    frame.b_s = 0.0
    if fleet.limit_s < FOREVER:
        set_deadline(world, number, now_s + fleet.limit_s, frame.call)
    if is_free:
        instance.busy += 1
        return begin(world, number)
    if instance.waiting:
        world.frames[instance.tail].next = number
    else:
        instance.head = number
    instance.tail = number
    instance.waiting += 1
    arm(world, number, FOREVER)
    return NONE


@kernel
def begin(world, number):
    """A worker takes the request up."""
    run, frame = world.run[0], world.frames[number]
    fleet = world.fleets[frame.unit]
    instance = world.instances[frame.i]
    begin_s = run.now_s
    cpu_s = column(world, fleet.cpu, frame.request) * instance.slowdown
    if fleet.crowded:
        begin_s = max(begin_s, world.vcpu_free_s[instance.vcpu])
    if fleet.counts_cpu:
        last = min(int((begin_s + cpu_s) // _MINUTE_S), fleet.minutes - 1)
        if last - fleet.minute >= fleet.ring:
            frame.step = _SERVED
            run.trap = RING
            run.trapped = number
            run.answer_a = last
            return NONE
        vcpus = min(column(world, fleet.threads, frame.request), fleet.vcpus_per_request) / instance.slowdown
        book(world, fleet, instance, begin_s, cpu_s, vcpus)
    if fleet.crowded:
        take_vcpu(world, instance.vcpu, fleet.vcpus, begin_s + cpu_s)
    frame.a_s = begin_s - frame.start_s
    done_s = begin_s + cpu_s + column(world, fleet.io, frame.request)
    frame.b_s = done_s - begin_s
    return wait(world, number, done_s, COMPLETION, frame.call, _WORKED)


@kernel
def answered(world, number, status):
    """The load balancer answers; where the instance still works, it does so in vain."""
    run, frame = world.run[0], world.frames[number]
    spent_s = run.now_s - frame.start_s
    wait_s = min(frame.a_s, spent_s)
    span(world, frame.level, frame.request, frame.call, frame.start_s, wait_s, 0.0, min(frame.b_s, spent_s - wait_s),
         status, 0, 0, world.instances[frame.i].number)
    world.levels[frame.level].in_use -= 1
    clear_deadline(frame)
    run.status = status
    parent = frame.parent
    frame.parent = NONE
    frame.j = NONE
    return parent


@inlined
def server_done(world, number):
    """Ends a request that the load balancer has answered."""
    parent = answered(world, number, world.frames[number].k)
    free_frame(world, number)
    return parent
