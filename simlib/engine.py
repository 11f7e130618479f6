"""The reference engine: plays a Scenario's requests on SimPy and keeps what they met.

Every request is an activity, a generator that yields the events it waits for. Activities of one instant
happen in a fixed order (see `services.base`), so the same seed always gives the same spans, on any engine.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from functools import cached_property
from heapq import heappush

import numpy as np
import simpy

from simlib import facts
from simlib.params import ParamError, shown
from simlib.services.base import (
    ARRIVAL,
    CALLS_PER_CALL,
    NO_REQUEST,
    OK,
    THROTTLED,
    TIMEOUT,
    Metered,
    Service,
    first_call,
)
from simlib.services.costs import Cost
from simlib.workload import Traffic, Workload, draw, hash_uniform, stream_id

_CALL_BITS = 42
_REQUEST_BITS = 30
_KIND = 1 << (_CALL_BITS + _REQUEST_BITS)
_BLOCK = 4096
MOST_SERVICES = _CALL_BITS // (CALLS_PER_CALL - 1).bit_length() + 1

SPAN = np.dtype([("start_s", float), ("end_s", float), ("wait_s", float), ("init_s", float),
                 ("work_s", float), ("call", np.int64), ("request", np.int32), ("billed_ms", np.int32),
                 ("resource", np.int32), ("status", np.int16), ("cold", bool)], align=True)
"""A span as kept in memory, 64 bytes, packed as in `_PACKED_SPAN`."""

CAPACITY = np.dtype([("start_s", float), ("end_s", float), ("amount", float), ("resource", np.int64)])
"""A stretch of capacity as kept in memory, packed as in `_PACKED_CAPACITY`."""

_PACKED_SPAN, _PACKED_CAPACITY = struct.Struct("=5dq3ih?x"), struct.Struct("=3dq")


@dataclass(frozen=True)
class Scenario:
    """What arrives and what it goes through.

    stack: services, outermost first, each calling the next; traffic: what arrives; costs: lines of the bill
    that no request meets (logs, a NAT gateway, people); region and date: where and as of when things are
    priced and ruled (`date` None: the data's own date).
    """

    stack: tuple[Service, ...]
    traffic: Traffic
    costs: tuple = ()
    region: str = "us-east-1"
    date: str | None = None
    name: str = ""

    def __post_init__(self):
        example = "write for example (Client(), Lambda())"
        stack = (self.stack,) if isinstance(self.stack, Service) else self.stack
        if not isinstance(stack, (tuple, list)) or not all(isinstance(service, Service) for service in stack):
            raise ParamError(f"Scenario.stack is {shown(stack)}, but it may hold services only; {example}.")
        if not 1 <= len(stack) <= MOST_SERVICES:
            raise ParamError(f"Scenario.stack has {len(stack)} services, but it must have between 1 and "
                             f"{MOST_SERVICES}; {example}.")
        if not isinstance(self.traffic, Traffic):
            raise ParamError(f"Scenario.traffic is {shown(self.traffic)}, but it must be Traffic; write for "
                             "example Traffic(arrivals=Poisson(5)).")
        costs = (self.costs,) if isinstance(self.costs, Cost) else self.costs
        if not isinstance(costs, (tuple, list)) or not all(isinstance(cost, Cost) for cost in costs):
            raise ParamError(f"Scenario.costs is {shown(costs)}, but it may hold costs only; write for "
                             "example (CloudWatchLogs(),).")
        object.__setattr__(self, "stack", tuple(stack))
        object.__setattr__(self, "costs", tuple(costs))
        facts.iso_date(self.date)
        facts.round_trip_ms(self.region, self.region)


class Moment:
    """An instant to wait for: what SimPy's loop asks of an event, and when it will be."""

    __slots__ = ("callbacks", "time_s")
    _ok = True

    def __init__(self, time_s):
        self.callbacks = []
        self.time_s = time_s


class Signal(simpy.Event):
    """An event that nobody knows the time of: it happens when somebody calls `succeed()`."""

    time_s = math.inf


class Activity:
    """A generator that runs until it waits for an event and goes on when the event happens.

    `awaited` is the event that a generator already waits for; without one it starts at once.
    """

    __slots__ = ("resume_with", "on_end")

    def __init__(self, generator, on_end=None, awaited=None):
        self.resume_with = generator.send
        self.on_end = on_end
        if awaited is not None:
            awaited.callbacks.append(self.resume)
        else:
            self.resume(None)

    def resume(self, _event):
        try:
            awaited = self.resume_with(None)
        except StopIteration as stop:
            if self.on_end:
                self.on_end(stop.value)
        else:
            awaited.callbacks.append(self.resume)


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

    def __init__(self, env, depth: int, scenario: Scenario, workload: Workload):
        self.env = env
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
        place = kind * _KIND + (request << _CALL_BITS) + call
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


def simulate(scenario: Scenario, seed: int = 0, workload: Workload | None = None, progress=None) -> Result:
    """Plays `scenario` once and returns its Result.

    Arrivals stop at the end of the window, but every request is played out. `workload` may be given to play
    the same drawn requests through several stacks; it must have been drawn from the scenario's traffic, and
    its own seed counts. `progress(total)` makes a bar with `update(count)` and `close()`, such as tqdm's.
    """
    if workload is None:
        workload = draw(scenario.traffic, seed)
    elif workload.traffic != scenario.traffic:
        raise ParamError("The workload was drawn from other traffic than the scenario's; give the result of "
                         "draw(scenario.traffic, seed), or none.")
    if workload.n >= 1 << _REQUEST_BITS:
        raise ParamError(f"The traffic has {workload.n:,} requests, but the engine numbers at most "
                         f"{1 << _REQUEST_BITS:,}; shorten the window.")
    env = simpy.Environment()
    runs = [SimpyRun(env, depth, scenario, workload) for depth in range(len(scenario.stack))]
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
    return Result(scenario, workload, tuple(_rows(run.spans, SPAN) for run in runs),
                  tuple(_rows(run.capacities, CAPACITY) for run in runs), "simpy")


def _rows(packed: bytearray, kind: np.dtype) -> np.ndarray:
    rows = np.frombuffer(packed, dtype=kind)
    rows.setflags(write=False)
    return rows


@dataclass(frozen=True, eq=False)
class Result:
    """What one run left behind.

    span_rows, capacity_rows: per service of the stack, a structured array (see SPAN, CAPACITY), spans in
    order of completion. `spans` and `capacity` are the same as DataFrames. Second 0 is the window's start.
    """

    scenario: Scenario
    workload: Workload
    span_rows: tuple[np.ndarray, ...]
    capacity_rows: tuple[np.ndarray, ...]
    engine: str

    @property
    def seed(self) -> int:
        """The seed of the dice."""
        return self.workload.seed

    @property
    def n(self) -> int:
        """Requests played."""
        return self.workload.n

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """All spans as arrays by name, service by service; `service` is the position in the stack."""
        return _columns(self.span_rows)

    @property
    def standing(self) -> dict[str, np.ndarray]:
        """All capacity as arrays by name, service by service; `service` is the position in the stack."""
        return _columns(self.capacity_rows)

    @cached_property
    def spans(self):
        """One row per visit of a request to a service, sorted by request and call.

        request, call, parent (the call that made this one, -1 for none), service, operation, start_s, end_s,
        wait_s, init_s, work_s, status, cold, billed_ms, resource (which environment or instance; for a Client
        the number of attempts), key, bytes (returned). A ping has request -1.
        """
        import pandas as pd

        columns, workload = self.columns, self.workload
        request, call = columns["request"], columns["call"]
        names = np.array([type(service).__name__ for service in self.scenario.stack], dtype=object)

        def told(column, otherwise):
            return np.append(column, otherwise)[request]  # request -1 is none: the last entry

        frame = pd.DataFrame({
            "request": request.astype(np.int64), "call": call,
            "parent": np.where(call > 0, call // CALLS_PER_CALL, -1), "service": names[columns["service"]],
            "operation": np.array([*workload.operation_names, "ping"], dtype=object)[told(workload.operation, -1)],
            **{name: columns[name] for name in ("start_s", "end_s", "wait_s", "init_s", "work_s")},
            "status": columns["status"].astype(np.int64), "cold": columns["cold"],
            "billed_ms": columns["billed_ms"].astype(np.int64), "resource": columns["resource"].astype(np.int64),
            "key": told(workload.key, -1), "bytes": told(workload.item_bytes, 0)})
        return frame.sort_values(["request", "call"], ignore_index=True)

    @cached_property
    def capacity(self):
        """What stood ready: service, resource (an environment or instance), start_s, end_s, amount."""
        import pandas as pd

        columns = self.standing
        names = np.array([type(service).__name__ for service in self.scenario.stack], dtype=object)
        return pd.DataFrame({"service": names[columns["service"]],
                             **{name: columns[name] for name in ("resource", "start_s", "end_s", "amount")}})

    def position(self, service: str) -> int:
        """Where in the stack the first service of this class name stands."""
        names = [type(each).__name__ for each in self.scenario.stack]
        if service not in names:
            raise ParamError(f"The stack has no {service!r}, it has {', '.join(names)}; name one of these.")
        return names.index(service)

    def of(self, position: int) -> dict[str, np.ndarray]:
        """The spans of the service at a position of the stack, as arrays by name."""
        return _by_name(self.span_rows[position])

    def metered(self, position: int) -> Metered:
        """What the service at `position` may look at to meter itself."""
        return Metered(self.of(position), _by_name(self.capacity_rows[position]), self.workload,
                       self.workload.window_s, self.scenario.region, self.scenario.date)

    def _outermost(self, name) -> np.ndarray:
        spans = self.of(0)
        outermost = (spans["call"] == 0) & (spans["request"] != NO_REQUEST)
        values = np.empty(self.n, spans[name].dtype)
        values[spans["request"][outermost]] = spans[name][outermost]
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

        retries: lost in attempts that failed and in back-off; network: between client and service; queue:
        waiting for a worker; init: cold start; work: the request's own compute and waiting; downstream:
        everything behind the service that did the work.
        """
        latency = self.latency_s
        parts = {name: np.zeros(self.n) for name in ("retries", "network", "queue", "init", "work")}
        first, last_attempt = 0, np.zeros(self.n, np.int32)
        if type(self.scenario.stack[0]).__name__ == "Client":
            first = 1
            parts["retries"] = self._outermost("wait_s")
            parts["network"] = latency - parts["retries"]
            last_attempt = np.where(parts["network"] > 0, self._outermost("resource"), -1)
        if len(self.scenario.stack) > first:
            spans = self.of(first)
            deciding = spans["call"] == last_attempt[spans["request"]]
            request = spans["request"][deciding]
            for part, column in (("queue", "wait_s"), ("init", "init_s"), ("work", "work_s")):
                parts[part][request] = spans[column][deciding]
            if first:
                parts["network"][request] -= spans["end_s"][deciding] - spans["start_s"][deciding]
        rest = latency - sum(parts.values())
        parts["downstream"] = np.where(np.abs(rest) < 1e-9, 0.0, rest)
        return parts

    def in_use(self, position: int) -> tuple[np.ndarray, np.ndarray]:
        """Requests in progress at a service: times (s) at which calls start or end, and the number then."""
        spans = self.of(position)
        taken = spans["status"] != THROTTLED
        start_s, end_s = np.sort(spans["start_s"][taken]), np.sort(spans["end_s"][taken])
        times = np.union1d(start_s, end_s)
        levels = np.searchsorted(start_s, times, "right")
        levels -= np.searchsorted(end_s, times, "right")
        return times, levels

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
        """The run in numbers: counts, latency percentiles of served requests and where time went (ms)."""
        served = self.latency_s[self.ok] * 1000
        position = next((k for k, service in enumerate(self.scenario.stack)
                         if type(service).__name__ != "Client"), 0)
        spans = self.of(position)
        calls = int((spans["status"] != THROTTLED).sum())
        cold = int(spans["cold"].sum())
        quantile = np.quantile(served, (0.5, 0.95, 0.99)) if served.size else np.full(3, np.nan)
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
        numbers["peak_concurrency"] = int(self.in_use(position)[1].max(initial=0))
        numbers["mean_concurrency"] = self.mean_in_use(position)
        numbers["mean_standing"] = self.mean_standing(position)
        return numbers


def _by_name(rows: np.ndarray) -> dict[str, np.ndarray]:
    return {name: rows[name] for name in rows.dtype.names}


def _columns(tables: tuple[np.ndarray, ...]) -> dict[str, np.ndarray]:
    service = np.repeat(np.arange(len(tables)), [len(rows) for rows in tables])
    return {"service": service, **_by_name(np.concatenate(tables))}
