"""The Client's kernel: attempts, their time limit, and the pauses between them (see `services.client`)."""

from __future__ import annotations

from simlib.fast.compiling import kernel
from simlib.fast.flow import (
    IS_CLIENT,
    answer,
    clear_deadline,
    free_frame,
    new_frame,
    set_deadline,
    span,
    uniform,
    visit,
    wait,
    wait_in_lane,
)
from simlib.fast.world import NONE
from simlib.services.base import ARRIVAL, CALLS_PER_CALL, COMPLETION, OK, THROTTLED, TIMED_OUT

_START, _AGAIN, _THERE, _ANSWERED, _BACK = range(5)
_GIVEN_UP = -2


@kernel
def client(world, number):
    """One step of a user's request. i: attempts so far; a_s: when the last one began; j: its answer.

    An attempt that is given up plays on with `i` = _GIVEN_UP and nobody waiting.
    """
    run, frame = world.run[0], world.frames[number]
    settings = world.clients[frame.unit]
    step = frame.step
    if step == _START:
        world.levels[frame.level].in_use += 1
        frame.start_s = run.now_s
        frame.i = 0
        step = _AGAIN
    if step == _AGAIN:
        frame.i += 1
        frame.a_s = run.now_s
        inner = frame.call * CALLS_PER_CALL + frame.i
        frame.j = inner
        set_deadline(world, number, run.now_s + settings.timeout_s, inner)
        if settings.hop_s:
            return wait_in_lane(world, number, settings.lane, run.now_s + settings.hop_s, ARRIVAL, inner, _THERE)
        step = _THERE
    if step == _THERE:
        following = world.levels[frame.level].next
        if following != NONE:
            frame.step = _ANSWERED
            return visit(world, following, frame.request, frame.j, number)
        run.status = OK
        step = _ANSWERED
    if step == _ANSWERED:
        if frame.i == _GIVEN_UP:
            free_frame(world, number)
            return NONE
        frame.k = run.status
        if settings.hop_s:
            return wait_in_lane(world, number, settings.lane + 1, run.now_s + settings.hop_s, COMPLETION, frame.j,
                                _BACK)
    elif frame.i == _GIVEN_UP:
        free_frame(world, number)
        return NONE
    clear_deadline(frame)
    return decide(world, number, frame.k, frame.a_s - frame.start_s)


@kernel
def client_late(world, number):
    """The answer did not come in time: the attempt plays on by itself, the user goes on in a frame of their own."""
    run = world.run[0]
    attempt = world.frames[number]
    parent = attempt.parent
    attempt.parent = NONE
    user = new_frame(world, IS_CLIENT, attempt.unit, attempt.level, attempt.request, attempt.call, parent)
    frame = world.frames[user]
    frame.start_s = attempt.start_s
    frame.a_s = attempt.a_s
    frame.i = attempt.i
    frame.j = attempt.j
    attempt.i = _GIVEN_UP
    clear_deadline(attempt)
    return decide(world, user, TIMED_OUT, run.now_s - frame.start_s)


@kernel
def decide(world, number, status, lost_s):
    """Gives the user the answer, or waits before another attempt."""
    run, frame = world.run[0], world.frames[number]
    settings = world.clients[frame.unit]
    if world.retryable[status] and frame.i < settings.max_attempts:
        first_s = settings.throttled_s if status == THROTTLED else settings.failed_s
        ceiling_s = min(settings.most_s, first_s * (1 << (frame.i - 1)))
        pause_s = ceiling_s * uniform(run.backoff_die, frame.request, frame.j)
        return wait(world, number, run.now_s + pause_s, ARRIVAL, frame.j, _AGAIN)
    world.levels[frame.level].in_use -= 1
    span(world, frame.level, frame.request, frame.call, frame.start_s, lost_s, 0.0, 0.0, status, 0, 0, frame.i)
    return answer(world, number, status)
