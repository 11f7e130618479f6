"""One request's life and the environments' lives, as tables: what the waterfall and the lanes draw.

Times are seconds since the window began.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simlib.params import ParamError
from simlib.services.base import CALLS_PER_CALL, THROTTLED
from simlib.services.lambda_.environments import PROVISIONED_CONFIGURED

LANE_KINDS = ("idle", "init", "busy")


@dataclass(frozen=True)
class Segment:
    """A stretch of one attempt of a request: its part of the time, from when to when, and how the attempt ended.

    attempt counts from 1; part is one of network, queue, init, work, downstream, retries (a pause, or what an
    attempt took after the client had turned away).
    """

    attempt: int
    part: str
    start_s: float
    end_s: float
    status: int

    @property
    def length_s(self) -> float:
        """How long it takes."""
        return self.end_s - self.start_s


def life_of(result, request: int) -> list[Segment]:
    """The segments of one request, in order, attempt by attempt; they fill the time its user waited.

    Models a stack with or without a Client in front. What lies behind the service that does the work is one
    `downstream` segment. Raises ParamError for a request that does not exist.
    """
    if not 0 <= request < result.n:
        raise ParamError(f"There is no request {request}, only 0 to {result.n - 1}; choose one of these.")
    frame = result.spans[result.spans.request == request]
    outer = frame[frame.call == 0].iloc[0]
    client = result.scenario.stack[0] if outer.service == "Client" else None
    if client is None:
        return _attempt_segments(outer, 1, outer.start_s, outer.end_s)
    hop_s = client.round_trip_s(result.scenario.region) / 2
    attempts = frame[(frame.parent == 0) & (frame.call < CALLS_PER_CALL)].sort_values("call")
    segments, at_s = [], outer.start_s
    for number, span in enumerate(attempts.to_dict("records"), 1):
        begin_s = span["start_s"] - hop_s
        if begin_s > at_s + 1e-9:
            segments.append(Segment(number - 1, "retries", at_s, begin_s, segments[-1].status))
        answered_s = span["end_s"] + hop_s
        gives_up_s = min(begin_s + client.timeout_s, outer.end_s)
        at_s = min(answered_s, gives_up_s)
        whole = [Segment(number, "network", begin_s, span["start_s"], span["status"]),
                 *_attempt_segments(span, number, span["start_s"], span["end_s"]),
                 Segment(number, "network", span["end_s"], answered_s, span["status"])]
        segments += [Segment(each.attempt, each.part, each.start_s, min(each.end_s, at_s), each.status)
                     for each in whole if each.start_s < at_s]
    return [each for each in segments if each.length_s > 0]


def _attempt_segments(span, number, start_s, end_s) -> list[Segment]:
    found, at_s = [], start_s
    status = int(span["status"])
    for part, length_s in (("queue", span["wait_s"]), ("init", span["init_s"]), ("work", span["work_s"])):
        if length_s > 0:
            found.append(Segment(number, part, at_s, min(at_s + length_s, end_s), status))
            at_s = min(at_s + length_s, end_s)
    if end_s - at_s > 1e-9:
        found.append(Segment(number, "downstream", at_s, end_s, status))
    return found


@dataclass(frozen=True)
class Lanes:
    """Environments over time: one lane each, in the order in which they were made.

    numbers: resource numbers, provisioned ones (below 0) first; bars: (lane, kind, start_s, end_s), kind being
    one of LANE_KINDS; throttled_s: when calls were turned away; hidden: lanes that were left out.
    """

    numbers: tuple[int, ...]
    bars: tuple[tuple[int, str, float, float], ...]
    throttled_s: np.ndarray
    hidden: int


def lanes_of(result, service: str = "Lambda", until_s: float | None = None, most: int = 40) -> Lanes:
    """The lanes of a function's environments until `until_s` (None: the window's end), at most `most` of them.

    service: the function's name in the stack, or what it is called where it reads a table's stream ("mapping.Lambda").
    """
    if any(service in each.attached.values() for each in result.scenario.stack):
        spans, rows = result.of_attached(service), result.capacity_of_attached(service)
    else:
        position = result.position(service)
        spans, rows = result.of(position), result.capacity_of(position)
    until_s = result.workload.window_s if until_s is None else until_s
    ran = (spans["resource"] != 0) & (spans["start_s"] < until_s)
    stood = (rows["resource"] > 0) & (rows["start_s"] < until_s)
    configured = (rows["resource"] == PROVISIONED_CONFIGURED) & (rows["start_s"] < until_s)
    provisioned = {-number for number in range(1, int(rows["amount"][configured].max(initial=0)) + 1)}
    everyone = sorted(set(spans["resource"][ran].tolist()) | set(rows["resource"][stood].tolist()) | provisioned,
                      key=lambda number: (number > 0, abs(number)))
    numbers = everyone[:most]
    lane = {number: k for k, number in enumerate(numbers)}
    bars = [(lane[number], "idle", start_s, min(end_s, until_s))
            for number, start_s, end_s in zip(rows["resource"][stood].tolist(), rows["start_s"][stood].tolist(),
                                              rows["end_s"][stood].tolist()) if number in lane]
    bars += [(lane[number], "idle", 0.0, until_s) for number in numbers if number < 0]
    for number, start_s, init_s, end_s in zip(spans["resource"][ran].tolist(), spans["start_s"][ran].tolist(),
                                              spans["init_s"][ran].tolist(), spans["end_s"][ran].tolist()):
        if number not in lane:
            continue
        handler_s = start_s + init_s
        if init_s > 0:
            bars.append((lane[number], "init", start_s, min(handler_s, until_s)))
        if handler_s < until_s:
            bars.append((lane[number], "busy", handler_s, min(end_s, until_s)))
    throttled = spans["start_s"][(spans["status"] == THROTTLED) & (spans["start_s"] < until_s)]
    return Lanes(tuple(numbers), tuple(bars), np.asarray(throttled), len(everyone) - len(numbers))
