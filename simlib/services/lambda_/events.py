"""Asynchronous invocation: the queue between a caller that does not wait and the function."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simlib import facts
from simlib.services.base import (
    ACCEPTED,
    ARRIVAL,
    CALLS_PER_CALL,
    EVENT_DEAD_LETTERED,
    EVENT_DONE,
    EVENT_DROPPED,
    THROTTLED,
)

_QUEUE_STATUSES = (ACCEPTED, EVENT_DONE, EVENT_DEAD_LETTERED, EVENT_DROPPED)
_DELIVERY, _DUPLICATE = 1, 2


def is_invocation(status: np.ndarray) -> np.ndarray:
    """Which spans of a function are invocations, not the acceptance or the end of an event."""
    return ~np.isin(status, _QUEUE_STATUSES)


class Events:
    """Lambda's own queue for events.

    Models: the caller is answered at once (202); each event is tried at once; after an error of the function again
        after one and then two minutes, `maximum_retry_attempts` times; after throttling again after 1, 2, 4 ...
        300 s for as long as the event's age allows; an event that cannot be processed goes to the on-failure
        queue or is dropped; a share of events is delivered twice. One span with an EVENT_ status tells when and how
        each delivery of an event ended; its children are the attempts.
    Leaves out: the delay of the queue itself (milliseconds), jitter of the pauses, the cost of the on-failure queue.
    """

    def __init__(self, function, run, invoke):
        self.function = function
        self.run = run
        self.invoke = invoke
        self.retry_pauses_s = (facts.value("lambda.async_first_retry_s"), facts.value("lambda.async_second_retry_s"))
        self.backoff_s = facts.value("lambda.async_backoff_base_s")
        self.longest_backoff_s = facts.value("lambda.async_backoff_max_s")

    def accept(self, request, call):
        """Takes an event over; the caller's answer is there at once."""
        run = self.run
        run.span(request, call, run.now, status=ACCEPTED)
        run.start(self._deliver(request, call * CALLS_PER_CALL + _DELIVERY))
        if self.function.duplicate_rate and (
                run.uniform("lambda.duplicate", request, call) < self.function.duplicate_rate):
            run.start(self._deliver(request, call * CALLS_PER_CALL + _DUPLICATE))
        return ACCEPTED
        yield

    def _deliver(self, request, event):
        run, function = self.run, self.function
        accepted_s = run.now
        expires_s = accepted_s + function.maximum_event_age_s
        errors = throttles = attempt = 0
        while True:
            attempt += 1
            status = yield from self.invoke(request, event * CALLS_PER_CALL + attempt)
            if status < 400:
                end = EVENT_DONE
                break
            if status == THROTTLED:
                pause_s = min(self.longest_backoff_s, self.backoff_s * 2**throttles)
                throttles += 1
            elif errors < function.maximum_retry_attempts:
                pause_s = self.retry_pauses_s[errors]
                errors += 1
            else:
                end = self._undeliverable()
                break
            again_s = run.now + pause_s
            if again_s > expires_s:
                yield run.at(max(expires_s, run.now), ARRIVAL, request, event)
                end = self._undeliverable()
                break
            yield run.at(again_s, ARRIVAL, request, event)
        run.span(request, event, accepted_s, status=end, resource=attempt)

    def _undeliverable(self):
        return EVENT_DROPPED if self.function.on_failure == "none" else EVENT_DEAD_LETTERED


@dataclass(frozen=True)
class EventCounts:
    """Where all deliveries of events are at one moment; they add up to `delivered`.

    delivered counts accepted events plus duplicates.
    """

    delivered: int
    succeeded: int
    dead_lettered: int
    dropped: int
    in_flight: int
    waiting: int


def count_events(spans: dict[str, np.ndarray], at_s: float = np.inf) -> EventCounts:
    """Counts the deliveries in a function's spans (as `Result.of` gives them) at a moment.

    A delivery is in flight while one of its attempts runs, and waits otherwise until it has ended.
    """
    ended = np.isin(spans["status"], (EVENT_DONE, EVENT_DEAD_LETTERED, EVENT_DROPPED))
    begun = ended & (spans["start_s"] <= at_s)
    over = begun & (spans["end_s"] <= at_s)
    running = (is_invocation(spans["status"]) & (spans["request"] >= 0) & (spans["start_s"] <= at_s)
               & (spans["end_s"] > at_s))
    delivered = int(begun.sum())
    ends = [int((over & (spans["status"] == status)).sum())
            for status in (EVENT_DONE, EVENT_DEAD_LETTERED, EVENT_DROPPED)]
    return EventCounts(delivered, *ends, int(running.sum()), delivered - sum(ends) - int(running.sum()))
