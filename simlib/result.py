"""What one run leaves behind: spans, capacity, and the numbers that sum them up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simlib.params import ParamError
from simlib.scenario import Scenario
from simlib.services.base import (
    CALLS_PER_CALL,
    NO_REQUEST,
    THROTTLED,
    Metered,
    Sums,
    Window,
    depths,
    first_call,
)
from simlib.services.parts import PART, number_of, only, own
from simlib.workload import Workload

SPAN = np.dtype([("start_s", float), ("end_s", float), ("wait_s", float), ("init_s", float),
                 ("work_s", float), ("call", np.int64), ("request", np.int32), ("billed_ms", np.int32),
                 ("resource", np.int32), ("status", np.int16), ("cold", bool)], align=True)
"""A span as kept in memory, 64 bytes."""

CAPACITY = np.dtype([("start_s", float), ("end_s", float), ("amount", float), ("resource", np.int64)])
"""A stretch of capacity as kept in memory."""

PARTS = ("retries", "network", "queue", "init", "work")
"""Where a request's time goes, next to what happens downstream (see `Result.parts_s`)."""


def begins_with_client(scenario: Scenario) -> bool:
    """Whether the outermost service is a Client."""
    return type(scenario.stack[0]).__name__ == "Client"


def first_working(scenario: Scenario) -> int:
    """Position of the outermost service that does not just hand requests on; where all do, of the last."""
    stack = scenario.stack
    return next((position for position, service in enumerate(stack) if not service.hands_on), len(stack) - 1)


def levels_to_work(scenario: Scenario) -> int:
    """How many levels of calls lie between a request, or the attempt of a Client, and the service that works for it."""
    levels = depths(scenario.stack)
    return levels[first_working(scenario)] - int(begins_with_client(scenario))


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
        wait_s, init_s, work_s, status, cold, billed_ms, units (capacity units of a table), resource (which environment
        or instance; for a Client or a table the number of attempts; for what is attached to a table a shard), key,
        bytes (returned). A ping and a batch of records have request -1. `service` is a class name, and for what is
        attached to a service (`Service.attached`) its own name.
        """
        import pandas as pd

        columns, workload = self.columns, self.workload
        request, call = columns["request"], columns["call"]
        names, resource, attached = self._named(columns)

        def told(column, otherwise):
            return np.append(column, otherwise)[request]  # request -1 is none: the last entry

        frame = pd.DataFrame({
            "request": request.astype(np.int64), "call": call,
            "parent": np.where(call > 0, call // CALLS_PER_CALL, -1), "service": names,
            "operation": np.array([*workload.operation_names, "ping"], dtype=object)[told(workload.operation, -1)],
            **{name: columns[name] for name in ("start_s", "end_s", "wait_s", "init_s", "work_s")},
            "status": columns["status"].astype(np.int64), "cold": columns["cold"],
            **self._billed(columns, attached & (names != "Replication")), "resource": resource,
            "key": told(workload.key, -1), "bytes": told(workload.item_bytes, 0)})
        return frame.sort_values(["request", "call"], ignore_index=True)

    def _named(self, columns):
        """Who met each row, its resource number there, and whether that is attached to a service of the stack."""
        position, resource = columns["service"], columns["resource"].astype(np.int64)
        names = np.array([type(service).__name__ for service in self.scenario.stack], dtype=object)[position]
        attached = np.zeros(len(names), bool)
        for place, service in enumerate(self.scenario.stack):
            for number, name in service.attached.items():
                mine = (position == place) & (number_of(resource) == number)
                names[mine] = name
                attached |= mine
                resource[mine] -= np.sign(resource[mine]) * number * PART
        return names, resource, attached

    def _billed(self, columns, attached):
        """`billed_ms` of all but tables, and the `units` of these."""
        billed = columns["billed_ms"].astype(np.int64)
        counts_units = np.array([service.counts_units for service in self.scenario.stack])[columns["service"]]
        counts_units &= ~attached
        return {"billed_ms": np.where(counts_units, 0, billed), "units": np.where(counts_units, billed / 2, 0.0)}

    @cached_property
    def capacity(self):
        """What stood ready: service, resource (an environment or instance), start_s, end_s, amount."""
        import pandas as pd

        columns = self.standing
        names, resource, _ = self._named(columns)
        return pd.DataFrame({"service": names, "resource": resource,
                             **{name: columns[name] for name in ("start_s", "end_s", "amount")}})

    def position(self, service: str) -> int:
        """Where in the stack the first service of this class name stands."""
        names = [type(each).__name__ for each in self.scenario.stack]
        if service not in names:
            raise ParamError(f"The stack has no {service!r}, it has {', '.join(names)}; name one of these.")
        return names.index(service)

    def of(self, position: int) -> dict[str, np.ndarray]:
        """The spans of the service at a position of the stack, as arrays by name, without what is attached to it."""
        return own(self.scenario.stack[position], _by_name(self.span_rows[position]))

    def capacity_of(self, position: int) -> dict[str, np.ndarray]:
        """What stood ready at the service at a position of the stack, as arrays by name."""
        return own(self.scenario.stack[position], _by_name(self.capacity_rows[position]))

    def of_attached(self, name: str) -> dict[str, np.ndarray]:
        """The spans of what is attached to a service, such as a stream's consumer, as arrays by name."""
        return self._attached(self.span_rows, name)

    def capacity_of_attached(self, name: str) -> dict[str, np.ndarray]:
        """What stood ready at what is attached to a service, such as a consumer's function, as arrays by name."""
        return self._attached(self.capacity_rows, name)

    def _attached(self, tables, name):
        for position, service in enumerate(self.scenario.stack):
            for number, known in service.attached.items():
                if known == name:
                    return only(_by_name(tables[position]), number)
        names = [known for service in self.scenario.stack for known in service.attached.values()]
        raise ParamError(f"Nothing named {name!r} is attached to a service of the stack, only "
                         f"{', '.join(names) or 'nothing at all'}; name one of these.")

    @property
    def window(self) -> Window:
        """The window that was played, for a bill."""
        return Window(self.workload.window_s, self.scenario.region, self.scenario.date, self.n)

    def metered(self, position: int) -> Metered:
        """What the service at `position` may look at to meter itself."""
        spans, capacity = (_by_name(rows[position]) for rows in (self.span_rows, self.capacity_rows))
        return Metered(spans, capacity, self.workload, self.window)

    def sums(self, position: int) -> Sums:
        """What the service at `position` has tallied."""
        sums = Sums()
        self.scenario.stack[position].tally(self.metered(position), sums)
        return sums

    def sums_of(self, cost) -> Sums:
        """What one of the added costs has tallied."""
        sums = Sums()
        cost.tally(self.metered(0), sums)
        return sums

    @property
    def served(self) -> int:
        """Requests that were served."""
        return int(self.ok.sum())

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

        retries: lost in attempts that failed and in back-off; network: between client and the service that does the
        work, an API in between included; queue: waiting for a worker; init: cold start; work: the request's own
        compute and waiting; downstream: everything behind the service that did the work.
        """
        latency = self.latency_s
        parts = {name: np.zeros(self.n) for name in PARTS}
        has_client, working = begins_with_client(self.scenario), first_working(self.scenario)
        attempt = np.zeros(self.n, np.int64)
        if has_client:
            parts["retries"] = self._outermost("wait_s")
        if has_client or working:
            parts["network"] = latency - parts["retries"]
        if has_client:
            attempt = np.where(parts["network"] > 0, self._outermost("resource"), -1)
        if working >= has_client:
            spans = self.of(working)
            call = first_call(levels_to_work(self.scenario), attempt)[spans["request"]]
            deciding = (spans["call"] == call) & (spans["request"] != NO_REQUEST)
            request = spans["request"][deciding]
            for part, column in (("queue", "wait_s"), ("init", "init_s"), ("work", "work_s")):
                parts[part][request] = spans[column][deciding]
            if working:
                parts["network"][request] -= spans["end_s"][deciding] - spans["start_s"][deciding]
        rest = latency - sum(parts.values())
        parts["downstream"] = np.where(np.abs(rest) < 1e-9, 0.0, rest)
        return parts

    def in_use(self, position: int) -> tuple[np.ndarray, np.ndarray]:
        """Requests in progress at a service: times (s) at which calls start or end, and the number then."""
        spans = self.of(position)
        taken = (spans["status"] != THROTTLED) | (spans["end_s"] > spans["start_s"])
        start_s, end_s = np.sort(spans["start_s"][taken]), np.sort(spans["end_s"][taken])
        times = np.union1d(start_s, end_s)
        levels = np.searchsorted(start_s, times, "right")
        levels -= np.searchsorted(end_s, times, "right")
        return times, levels

    def peak_in_use(self, position: int) -> int:
        """The most requests that were in progress at a service at once."""
        spans = self.of(position)
        start_s, end_s = (np.sort(spans[name], kind="stable") for name in ("start_s", "end_s"))
        levels = np.searchsorted(start_s, start_s, "right")
        levels -= np.searchsorted(end_s, start_s, "right")
        return int(levels.max(initial=0))

    def mean_in_use(self, position: int) -> float:
        """Requests in progress at a service, averaged over the window."""
        spans = self.of(position)
        inside = np.minimum(spans["end_s"], self.workload.window_s) - np.minimum(spans["start_s"],
                                                                                 self.workload.window_s)
        return float(inside[spans["status"] != THROTTLED].sum() / self.workload.window_s)

    def mean_standing(self, position: int) -> float:
        """Capacity (environments, vCPUs) that stood ready, averaged over the window."""
        rows = self.capacity_of(position)
        window = self.workload.window_s
        inside = np.clip(rows["end_s"], 0, window) - np.clip(rows["start_s"], 0, window)
        return float((inside * rows["amount"]).sum() / window)

    def summary(self) -> dict[str, float]:
        """The run in numbers: counts, latency percentiles of served requests and where time went (ms)."""
        served = self.latency_s[self.ok] * 1000
        position = first_working(self.scenario)
        spans = self.of(position)
        calls = int((spans["status"] != THROTTLED).sum())
        cold = int(spans["cold"].sum())
        quantile = np.quantile(served, (0.5, 0.95, 0.99)) if served.size else np.full(3, np.nan)
        numbers = {
            "requests": self.n,
            "served": int(self.ok.sum()),
            "failed": int((~self.ok & (self.status != THROTTLED)).sum()),
            "throttled": int((self.status == THROTTLED).sum()),
            "throttled_calls": sum(int((self.of(place)["status"] == THROTTLED).sum())
                                   for place in range(position, len(self.scenario.stack))),
            "cold_starts": cold,
            "cold_share": cold / calls if calls else 0.0,
            "p50_ms": float(quantile[0]),
            "p95_ms": float(quantile[1]),
            "p99_ms": float(quantile[2]),
            "mean_ms": float(served.mean()) if served.size else float("nan"),
        }
        for part, seconds in self.parts_s.items():
            numbers[f"{part}_ms"] = float(seconds[self.ok].mean() * 1000) if served.size else float("nan")
        numbers["peak_concurrency"] = self.peak_in_use(position)
        numbers["mean_concurrency"] = self.mean_in_use(position)
        numbers["mean_standing"] = self.mean_standing(position)
        return numbers


def _by_name(rows: np.ndarray) -> dict[str, np.ndarray]:
    return {name: rows[name] for name in rows.dtype.names}


def _columns(tables: tuple[np.ndarray, ...]) -> dict[str, np.ndarray]:
    service = np.repeat(np.arange(len(tables)), [len(rows) for rows in tables])
    return {"service": service, **_by_name(np.concatenate(tables))}
