"""The reference engine: plays a Scenario's requests on SimPy and keeps what they met.

Every request is an activity, a generator that yields the events it waits for. Activities of one instant happen in a
fixed order (see `services.base`), so the same seed always gives the same spans, on any engine.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from heapq import heappush

import numpy as np
import simpy

from simlib import facts
from simlib.params import ParamError
from simlib.services.base import (ARRIVAL, CALLS_PER_CALL, NO_REQUEST, OK, THROTTLED, TIMEOUT, Metered, Service,
                                  first_call)
from simlib.workload import Traffic, Workload, draw, hash_uniform, stream_id

_CALL_BITS = 42
_REQUEST_BITS = 30
_KIND = 1 << (_CALL_BITS + _REQUEST_BITS)
_BLOCK = 4096

SPAN_COLUMNS = ("request", "call", "service", "start_s", "end_s", "wait_s", "init_s", "work_s", "status", "cold",
                "billed_ms", "resource")
CAPACITY_COLUMNS = ("service", "resource", "start_s", "end_s", "amount")


@dataclass(frozen=True)
class Scenario:
    """What arrives and what it goes through.

    stack: services, outermost first, each calling the next; traffic: what arrives; costs: lines of the bill that
    no request meets (logs, a NAT gateway, people); region and date: where and as of when things are priced and
    ruled (`date` None: the data's own date).
    """

    stack: tuple[Service, ...]
    traffic: Traffic
    costs: tuple = ()
    region: str = "us-east-1"
    date: str | None = None
    name: str = ""

    def __post_init__(self):
        stack = (self.stack,) if isinstance(self.stack, Service) else tuple(self.stack)
        object.__setattr__(self, "stack", stack)
        object.__setattr__(self, "costs", tuple(self.costs))
        if not stack:
            raise ParamError("Scenario.stack is empty, but it needs at least one service; write for example "
                             "(Client(), Lambda()).")
        for service in stack:
            if not isinstance(service, Service):
                raise ParamError(f"Scenario.stack holds {service!r}, but it may hold services only; write for "
                                 "example (Client(), Lambda()).")
        facts.round_trip_ms(self.region, self.region)


class Moment(simpy.Event):
    """An event at an absolute time, with its place among the events of the same instant."""

    def __init__(self, env, time_s, priority):
        self.env = env
        self.callbacks = []
        self._value = None
        self._ok = True
        heappush(env._queue, (time_s, priority, next(env._eid), self))


class Activity:
    """A generator that runs until it waits for an event and goes on when the event happens."""

    __slots__ = ("resume_with", "on_end")

    def __init__(self, generator, on_end=None):
        self.resume_with = generator.send
        self.on_end = on_end
        self.resume(None)

    def resume(self, _event):
        try:
            awaited = self.resume_with(None)
        except StopIteration as stop:
            if self.on_end:
                self.on_end(stop.value)
        else:
            awaited.callbacks.append(self.resume)


class _Deadline:
    """What a caller yields while it waits for an answer, a deadline or a cut connection, whichever comes first."""

    __slots__ = ("callbacks", "answer")

    def __init__(self):
        self.callbacks = []
        self.answer = None

    def settle(self, answer):
        if self.callbacks is None:
            return
        callbacks, self.callbacks = self.callbacks, None
        self.answer = answer
        for callback in callbacks:
            callback(self)

    def too_late(self, _event):
        self.settle(None)


class SimpyRun:
    """One service's view of a run on SimPy (see `services.base.Run`)."""

    def __init__(self, env, service: int, scenario: Scenario, workload: Workload, spans: array,
                 capacities: array, endings: list):
        self.env = env
        self.workload = workload
        self.window_s = workload.window_s
        self.region = scenario.region
        self.date = scenario.date
        self.first_call = first_call(service)
        self.at_end = endings.append
        self._service = service
        self._record = spans.extend
        self._stand = capacities.extend

    @property
    def now(self) -> float:
        return self.env._now

    def at(self, time_s, kind, request, call):
        return Moment(self.env, time_s, kind * _KIND + (request << _CALL_BITS) + call)

    def start(self, activity):
        Activity(activity)

    def event(self):
        return simpy.Event(self.env)

    def within(self, deadline_s, activity, request, call, callers=None):
        waiting = _Deadline()
        Activity(activity, waiting.settle)
        if waiting.callbacks is None:
            return waiting.answer
        if deadline_s < math.inf:
            self.at(deadline_s, TIMEOUT, request, call).callbacks.append(waiting.too_late)
        if callers is None:
            yield waiting
        else:
            callers[request, call] = waiting
            yield waiting
            del callers[request, call]
        return waiting.answer

    def span(self, request, call, start_s, wait_s=0.0, init_s=0.0, work_s=0.0, status=OK, cold=0, billed_ms=0,
             resource=0, end_s=None):
        self._record((request, call, self._service, start_s, self.env._now if end_s is None else end_s, wait_s,
                      init_s, work_s, status, cold, billed_ms, resource))

    def capacity(self, resource, start_s, end_s, amount):
        self._stand((self._service, resource, start_s, end_s, amount))

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


def simulate(scenario: Scenario, seed: int = 0, workload: Workload | None = None, progress=None) -> Result:
    """Plays `scenario` once and returns its Result.

    Arrivals stop at the end of the window, but every request is played out. `workload` may be given to play the
    same drawn requests through several stacks; it must have been drawn from the scenario's traffic. `progress(total)` makes a
    bar with `update(count)` and `close()`, such as tqdm's.
    """
    workload = workload or draw(scenario.traffic, seed)
    if workload.n >= 1 << _REQUEST_BITS:
        raise ParamError(f"The traffic has {workload.n:,} requests, but the engine numbers at most "
                         f"{1 << _REQUEST_BITS:,}; shorten the window.")
    env = simpy.Environment()
    spans, capacities, endings = array("d"), array("d"), []
    runs = [SimpyRun(env, position, scenario, workload, spans, capacities, endings)
            for position in range(len(scenario.stack))]
    handle = None
    for service, run in zip(reversed(scenario.stack), reversed(runs)):
        handle = service.open(run, handle)
    bar = progress(workload.n) if progress else None
    Activity(_arrivals(runs[0], workload, handle, bar))
    env.run()
    if bar:
        bar.close()
    for end in endings:
        end()
    return Result(scenario, workload, _table(spans, SPAN_COLUMNS), _table(capacities, CAPACITY_COLUMNS), "simpy")


def _table(values: array, columns) -> dict[str, np.ndarray]:
    rows = np.frombuffer(values, dtype=float).reshape(-1, len(columns)) if values else np.empty((0, len(columns)))
    return {name: rows[:, k] for k, name in enumerate(columns)}


@dataclass(frozen=True)
class Result:
    """What one run left behind.

    columns: spans as arrays by name (see SPAN_COLUMNS), in order of completion; standing: capacity likewise.
    `spans` and `capacity` are the same as DataFrames. Seconds count from the start of the window.
    """

    scenario: Scenario
    workload: Workload
    columns: Mapping[str, np.ndarray]
    standing: Mapping[str, np.ndarray]
    engine: str

    @property
    def seed(self) -> int:
        """The seed of the dice."""
        return self.workload.seed

    @property
    def n(self) -> int:
        """Requests played."""
        return self.workload.n

    @cached_property
    def spans(self):
        """One row per visit of a request to a service, sorted by request and call."""
        import pandas as pd

        frame = pd.DataFrame(self.columns)
        for name in ("request", "call", "service", "status", "billed_ms", "resource"):
            frame[name] = frame[name].astype("int64")
        frame["cold"] = frame["cold"].astype(bool)
        frame["parent"] = np.where(frame["call"] > 0, frame["call"] // CALLS_PER_CALL, -1)
        frame["key"] = self.workload.key[frame["request"]]
        frame["bytes"] = self.workload.item_bytes[frame["request"]]
        names = [type(service).__name__ for service in self.scenario.stack]
        frame["service"] = frame["service"].map(dict(enumerate(names)))
        return frame.sort_values(["request", "call"], ignore_index=True)

    @cached_property
    def capacity(self):
        """What stood ready: one row per environment or instance and stretch of time."""
        import pandas as pd

        frame = pd.DataFrame(self.standing)
        names = [type(service).__name__ for service in self.scenario.stack]
        frame["service"] = frame["service"].astype("int64").map(dict(enumerate(names)))
        frame["resource"] = frame["resource"].astype("int64")
        return frame

    def position(self, service: str) -> int:
        """Where in the stack the first service of this class name stands."""
        names = [type(each).__name__ for each in self.scenario.stack]
        if service not in names:
            raise ParamError(f"The stack has no {service!r}, it has {', '.join(names)}; name one of these.")
        return names.index(service)

    def of(self, position: int) -> dict[str, np.ndarray]:
        """The spans of the service at a position of the stack."""
        mine = self.columns["service"] == position
        return {name: column[mine] for name, column in self.columns.items()}

    def metered(self, position: int) -> Metered:
        """What the service at `position` may look at to meter itself."""
        mine = self.standing["service"] == position
        capacity = {name: column[mine] for name, column in self.standing.items()}
        return Metered(self.of(position), capacity, self.workload, self.workload.window_s, self.scenario.region,
                       self.scenario.date)

    def _outermost(self, name) -> np.ndarray:
        spans = self.of(0)
        outermost = (spans["call"] == 0) & (spans["request"] != NO_REQUEST)
        values = np.empty(self.n)
        values[spans["request"][outermost].astype(int)] = spans[name][outermost]
        return values

    @cached_property
    def latency_s(self) -> np.ndarray:
        """Seconds each request's user waited, retries included, by request."""
        return self._outermost("end_s") - self._outermost("start_s")

    @cached_property
    def status(self) -> np.ndarray:
        """How each request ended for its user, by request."""
        return self._outermost("status").astype(int)

    @cached_property
    def ok(self) -> np.ndarray:
        """Which requests were served."""
        return self.status < 400

    @cached_property
    def parts_s(self) -> dict[str, np.ndarray]:
        """Where each request's time went: arrays of seconds by request that add up to `latency_s`.

        retries: lost in attempts that failed and in back-off; network: between client and service; queue: waiting
        for a worker; init: cold start; work: the request's own compute and waiting; downstream: everything
        behind the service that did the work.
        """
        latency = self.latency_s
        parts = {name: np.zeros(self.n) for name in ("retries", "network", "queue", "init", "work")}
        has_client = type(self.scenario.stack[0]).__name__ == "Client"
        attempt = np.zeros(self.n, dtype=np.int64)
        first = 0
        if has_client:
            parts["retries"] = self._outermost("wait_s")
            attempt = self._outermost("resource").astype(np.int64)
            parts["network"] = latency - parts["retries"]
            first = 1
        compute = self.of(first) if len(self.scenario.stack) > first else None
        if compute is not None:
            request = compute["request"].astype(np.int64)
            deciding = (compute["call"].astype(np.int64) == attempt[request]) & (
                parts["retries"][request] < latency[request] if has_client else True)
            request = request[deciding]
            for part, column in (("queue", "wait_s"), ("init", "init_s"), ("work", "work_s")):
                parts[part][request] = compute[column][deciding]
            if has_client:
                parts["network"][request] -= (compute["end_s"] - compute["start_s"])[deciding]
        parts["downstream"] = latency - sum(parts.values())
        return parts

    def in_use(self, position: int) -> tuple[np.ndarray, np.ndarray]:
        """Requests in progress at a service: times (s) at which the number changes, and the number from then."""
        spans = self.of(position)
        taken = spans["status"] != THROTTLED
        times = np.concatenate([spans["start_s"][taken], spans["end_s"][taken]])
        steps = np.concatenate([np.ones(taken.sum()), -np.ones(taken.sum())])
        order = np.lexsort((steps, times))
        return times[order], np.cumsum(steps[order]).astype(int)

    def mean_in_use(self, position: int) -> float:
        """Requests in progress at a service, averaged over the window."""
        spans = self.of(position)
        inside = np.minimum(spans["end_s"], self.workload.window_s) - np.minimum(spans["start_s"],
                                                                                 self.workload.window_s)
        return float(inside[spans["status"] != THROTTLED].sum() / self.workload.window_s)

    def mean_standing(self, position: int) -> float:
        """Capacity (environments, vCPUs) that stood ready, averaged over the window."""
        rows = self.metered(position).capacity
        window = self.workload.window_s
        inside = np.clip(rows["end_s"], 0, window) - np.clip(rows["start_s"], 0, window)
        return float((inside * rows["amount"]).sum() / window)

    def summary(self) -> dict[str, float]:
        """The run in numbers: counts, latency percentiles (ms, of served requests) and where the time went (ms)."""
        served = self.latency_s[self.ok] * 1000
        position = next((k for k, service in enumerate(self.scenario.stack)
                         if type(service).__name__ != "Client"), 0)
        spans = self.of(position)
        calls = int((spans["status"] != THROTTLED).sum())
        cold = int(spans["cold"].sum())
        quantile = np.quantile(served, (0.5, 0.95, 0.99)) if served.size else np.full(3, np.nan)
        levels = self.in_use(position)[1]
        numbers = {
            "requests": self.n,
            "served": int(self.ok.sum()),
            "failed": int((~self.ok & (self.status != THROTTLED)).sum()),
            "throttled": int((self.status == THROTTLED).sum()),
            "throttled_calls": int((spans["status"] == THROTTLED).sum()),
            "cold_starts": cold,
            "cold_share": cold / calls if calls else 0.0,
            "p50_ms": float(quantile[0]),
            "p95_ms": float(quantile[1]),
            "p99_ms": float(quantile[2]),
            "mean_ms": float(served.mean()) if served.size else float("nan"),
        }
        for part, seconds in self.parts_s.items():
            numbers[f"{part}_ms"] = float(seconds[self.ok].mean() * 1000) if served.size else float("nan")
        numbers["peak_concurrency"] = int(levels.max(initial=0))
        numbers["mean_concurrency"] = self.mean_in_use(position)
        numbers["mean_standing"] = self.mean_standing(position)
        return numbers
