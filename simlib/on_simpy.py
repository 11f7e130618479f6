"""The reference engine: plays requests on SimPy, one activity each, in the plainest way.

Every request is an activity, a generator that yields the events it waits for. Activities of one instant
happen in a fixed order (see `services.base`), so the same seed always gives the same spans, on any engine.
"""

from __future__ import annotations

import math
import struct
from heapq import heappush

import numpy as np
import simpy

from simlib.activity import Activity, Moment
from simlib.result import CAPACITY, SPAN
from simlib.scenario import Scenario
from simlib.services.base import ARRIVAL, CALL_BITS, OK, REQUEST_BITS, TIMEOUT, Shown, depths, first_call
from simlib.workload import Workload, hash_uniform, stream_id

_KIND = 1 << (CALL_BITS + REQUEST_BITS)
_BLOCK = 4096
_PACKED_SPAN, _PACKED_CAPACITY = struct.Struct("=5dq3ih?x"), struct.Struct("=3dq")


class Signal(simpy.Event):
    """An event that nobody knows the time of: it happens when somebody calls `succeed()`."""

    time_s = math.inf


class Race:
    """What a caller waits for when an answer may come after its deadline, or be cut short: whichever is first."""

    __slots__ = ("callbacks", "time_s", "answer")

    def __init__(self, time_s):
        self.callbacks = []
        self.time_s = time_s
        self.answer = None

    def settle(self, status):
        if self.callbacks is not None:
            callbacks, self.callbacks = self.callbacks, None
            self.answer = status
            for callback in callbacks:
                callback(self)

    def late(self, _event):
        self.settle(None)


class SimpyRun:
    """One service's view of a run on SimPy (see `services.base.Run`)."""

    def __init__(self, env, depth: int, scenario: Scenario, workload: Workload, shown: Shown):
        self.env = env
        self.depth = depth
        self.shown = shown
        self.workload = workload
        self.window_s = workload.window_s
        self.region = scenario.region
        self.date = scenario.date
        self.first_call = first_call(depth)
        self.spans, self.capacities, self.endings = bytearray(), bytearray(), []
        self.at_end = self.endings.append
        self._queue = env._queue
        self._number = env._eid

    @property
    def now(self) -> float:
        return self.env._now

    def at(self, time_s, kind, request, call):
        moment = Moment(time_s)
        place = kind * _KIND + (request << CALL_BITS) + call
        heappush(self._queue, (time_s, place, next(self._number), moment))
        return moment

    def start(self, activity):
        Activity(activity)

    def event(self):
        return Signal(self.env)

    def within(self, deadline_s, activity, request, call, callers=None):
        try:
            awaited = next(activity)
            while callers is None and awaited.time_s < deadline_s:
                yield awaited
                awaited = next(activity)
        except StopIteration as stop:
            return stop.value
        race = Race(deadline_s)
        if deadline_s < math.inf:
            self.at(deadline_s, TIMEOUT, request, call).callbacks.append(race.late)
        Activity(activity, race.settle, awaited)
        if callers is not None:
            callers[request, call] = race
        yield race
        if callers is not None:
            del callers[request, call]
        return race.answer

    def span(self, request, call, start_s, wait_s=0.0, init_s=0.0, work_s=0.0, status=OK, cold=0, billed_ms=0,
             resource=0, end_s=None):
        end_s = self.env._now if end_s is None else end_s
        self.spans += _PACKED_SPAN.pack(start_s, end_s, wait_s, init_s, work_s, call, request, billed_ms,
                                        resource, status, cold)

    def capacity(self, resource, start_s, end_s, amount):
        self.capacities += _PACKED_CAPACITY.pack(start_s, end_s, amount, resource)

    def uniform(self, die, request, call):
        return hash_uniform(self.workload.seed, stream_id(die), request, call)


def _arrivals(run, workload, handle, bar):
    for start in range(0, workload.n, _BLOCK):
        block = workload.arrival_s[start:start + _BLOCK].tolist()
        for request, arrival_s in enumerate(block, start):
            yield run.at(arrival_s, ARRIVAL, request, 0)
            Activity(handle(request, 0))
        if bar:
            bar.update(len(block))


def play(scenario: Scenario, workload: Workload, progress=None) -> tuple[tuple, tuple]:
    """Plays drawn requests and returns span rows and capacity rows, one array per service of the stack."""
    env = simpy.Environment()
    levels = depths(scenario.stack)
    shown = Shown(depth for service, depth in zip(scenario.stack, levels, strict=True) if service.keeps_copies)
    runs = [SimpyRun(env, depth, scenario, workload, shown) for depth in levels]
    handle = None
    for service, run in zip(reversed(scenario.stack), reversed(runs)):
        handle = service.open(run, handle)
    bar = progress(workload.n) if progress else None
    try:
        Activity(_arrivals(runs[0], workload, handle, bar))
        env.run()
    finally:
        if bar:
            bar.close()
    for run in runs:
        while run.endings:
            run.endings.pop(0)()
    return tuple(_rows(run.spans, SPAN) for run in runs), tuple(_rows(run.capacities, CAPACITY) for run in runs)


def _rows(packed: bytearray, kind: np.dtype) -> np.ndarray:
    rows = np.frombuffer(packed, dtype=kind)
    rows.setflags(write=False)
    return rows
