"""A run without its spans: counts, sums for the bill, and a histogram of latencies, in constant memory."""

from __future__ import annotations

import numpy as np

from simlib.params import ParamError
from simlib.result import PARTS, Result, begins_with_client, first_working, levels_to_work
from simlib.scenario import Scenario
from simlib.services.base import CALLS_PER_CALL, NO_REQUEST, THROTTLED, Metered, Sums, Window, first_call
from simlib.services.parts import own
from simlib.workload import Workload

_SUB_BITS = 7
_SHIFT = 52 - _SUB_BITS
_LOWEST = np.float64(2.0**-40).view(np.int64) >> _SHIFT
_BUCKETS = 80 << _SUB_BITS

_PART_COLUMNS = (("queue", "wait_s"), ("init", "init_s"), ("work", "work_s"))

RELATIVE_ERROR = 2.0**-(_SUB_BITS + 1)
"""How far a quantile of a Histogram may be from the exact one, relative to it: 0.4 %."""


class Histogram:
    """Counts of positive numbers in buckets whose width is 1/128 to 1/256 of the number.

    Every power of two from 2^-40 to 2^40 is cut into 128 equal buckets, told apart by the first bits of the number
    itself. What lies outside falls into the first or last bucket.
    """

    def __init__(self):
        self.counts = np.zeros(_BUCKETS, np.int64)

    def add(self, values: np.ndarray) -> None:
        """Counts some numbers."""
        place = (np.ascontiguousarray(values, dtype=float).view(np.int64) >> _SHIFT) - _LOWEST
        self.counts += np.bincount(np.clip(place, 0, _BUCKETS - 1), minlength=_BUCKETS)

    @property
    def edges(self) -> np.ndarray:
        """The buckets' limits, float64, one more than there are counts."""
        return ((np.arange(_BUCKETS + 1) + _LOWEST) << _SHIFT).view(np.float64)

    def quantile(self, q) -> np.ndarray:
        """Quantiles (of one number or an array of them) as `numpy.quantile` gives them, within RELATIVE_ERROR."""
        total = int(self.counts.sum())
        try:
            q = np.asarray(q, dtype=float)
        except (TypeError, ValueError):
            q = np.array(np.nan)
        if not ((q >= 0) & (q <= 1)).all():
            raise ParamError("A quantile is asked for by numbers between 0 and 1; write for example 0.99.")
        if not total:
            return np.full(q.shape, np.nan)
        rank = q * (total - 1)
        below, upto, edges = np.floor(rank), np.cumsum(self.counts), self.edges
        low, high = (np.searchsorted(upto, np.minimum(place, total - 1), side="right") for place in (below, below + 1))
        middle = (edges[:-1] + edges[1:]) / 2
        return middle[low] + (rank - below) * (middle[high] - middle[low])


def _blocks_of(request: np.ndarray, shift: int) -> list[int]:
    """The blocks in which some requests lie."""
    if not len(request):
        return []
    first, last = int(request.min()) >> shift, int(request.max()) >> shift
    return list(range(first, last + 1)) if last - first < 4 else np.unique(request >> shift).tolist()


_ALL = slice(None)


def _rows(mask: np.ndarray):
    """An index for the rows of a mask: of all of them, one that copies nothing."""
    return _ALL if mask.all() else mask


class _Across:
    """A column of the requests in memory, taken by request number from whichever block holds it."""

    def __init__(self, blocks: dict[int, Workload], shift: int, name: str):
        self.blocks, self.shift, self.name = blocks, shift, name

    def __getitem__(self, request: np.ndarray) -> np.ndarray:
        found = [self.blocks[number] for number in _blocks_of(request, self.shift) if number in self.blocks]
        if len(found) == 1:
            return getattr(found[0], self.name)[request - found[0].first]
        values = np.empty(0, np.intp)
        for part in found:
            mine = request >> self.shift == part.first >> self.shift
            column = getattr(part, self.name)
            values = values if len(values) else np.empty(len(request), column.dtype)
            values[mine] = column[request[mine] - part.first]
        return values


class _Requests:
    """Looks like a Workload to those who take columns by request number."""

    def __init__(self, blocks, shift, traffic):
        self._place = blocks, shift
        self.traffic = traffic

    def __getattr__(self, name):
        return _Across(*self._place, name)


class Summary:
    """What one run leaves behind in summary mode.

    scenario, seed, engine, window: as in a Result; n: requests played; latencies: the Histogram of the seconds that
    served requests took. `summary()` has the keys of `Result.summary()`, its counts and sums the same, its
    percentiles within RELATIVE_ERROR; `pricing.bill` takes it like a Result and gives the same bill.
    """

    def __init__(self, scenario: Scenario, seed: int, window_s: float, engine: str):
        self.scenario = scenario
        self.seed = seed
        self.engine = engine
        self.n = 0
        self.peak = 0
        self.latencies = Histogram()
        self._window_s = window_s
        self._by_service = [Sums() for _ in scenario.stack]
        self._by_cost = [Sums() for _ in scenario.costs]
        self._run = Sums()
        self._working = first_working(scenario)
        self._has_client = begins_with_client(scenario)
        self._levels = levels_to_work(scenario)
        self._attempts: dict[int, dict[str, np.ndarray]] = {}
        self._spare: list[dict[str, np.ndarray]] = []

    def __repr__(self) -> str:
        return f"Summary({self.n:,} requests in {self._window_s:,g} s, seed {self.seed}, by {self.engine})"

    @property
    def window(self) -> Window:
        """The window that was played, for a bill."""
        return Window(self._window_s, self.scenario.region, self.scenario.date, self.n)

    def sums(self, position: int) -> Sums:
        """What the service at `position` has tallied."""
        return self._by_service[position]

    def sums_of(self, cost) -> Sums:
        """What one of the added costs has tallied."""
        return self._by_cost[next(k for k, each in enumerate(self.scenario.costs) if each is cost)]

    @property
    def served(self) -> int:
        """Requests that were served."""
        return int(self._run["served"])

    def quantile_ms(self, q) -> np.ndarray:
        """Latency quantiles of served requests in ms, within RELATIVE_ERROR."""
        return self.latencies.quantile(q) * 1000

    @classmethod
    def of(cls, result: Result) -> Summary:
        """The summary of a run whose spans were kept."""
        summary = cls(result.scenario, result.seed, result.window.window_s, result.engine)
        shift = max(result.n - 1, 1).bit_length()
        summary.add(list(zip(result.span_rows, result.capacity_rows)), {0: result.workload}, shift)
        summary.peak = result.peak_in_use(first_working(result.scenario))
        return summary

    # Taking rows in

    def add(self, tables: list[tuple[np.ndarray, np.ndarray]], blocks: dict[int, Workload], shift: int) -> None:
        """Takes in (spans, capacity) of every service; `blocks` holds their requests, 2^shift in each."""
        requests = _Requests(blocks, shift, self.scenario.traffic)
        window = self.window
        for position in reversed(range(len(tables))):
            spans, capacity = ({name: rows[name] for name in rows.dtype.names} for rows in tables[position])
            metered = Metered(spans, capacity, requests, window)
            service = self.scenario.stack[position]
            service.tally(metered, self._by_service[position])
            spans, capacity = own(service, spans), own(service, capacity)
            if position >= self._working:
                own_spans = own(self.scenario.stack[position], spans)
                self._run.add("throttled_calls", own_spans["status"] == THROTTLED)
            if position == self._working:
                self._add_calls(spans, capacity)
            if position == self._working and position > 0:
                self._remember_attempts(spans, blocks, shift)
            if position == 0:
                for cost, sums in zip(self.scenario.costs, self._by_cost):
                    cost.tally(metered, sums)
                self._add_outcomes(spans, shift)

    def _add_calls(self, spans, capacity):
        run, window_s = self._run, self._window_s
        taken = spans["status"] != THROTTLED
        run.add("calls", taken)
        run.add("cold", spans["cold"])
        inside = np.minimum(spans["end_s"], window_s) - np.minimum(spans["start_s"], window_s)
        run.add("in_use_s", inside[taken])
        standing = np.clip(capacity["end_s"], 0, window_s) - np.clip(capacity["start_s"], 0, window_s)
        run.add("standing_s", standing * capacity["amount"])

    def _remember_attempts(self, spans, blocks, shift):
        """Keeps what the latest attempt of each request met, until the client's own span comes."""
        for gone in self._attempts.keys() - blocks.keys():
            self._spare.append(self._attempts.pop(gone))
        attempt = spans["call"] // CALLS_PER_CALL**self._levels if self._levels else spans["call"]
        mine = _rows((attempt < CALLS_PER_CALL) & (spans["call"] == first_call(self._levels, attempt))
                     & (spans["request"] >= 0))
        attempt = attempt[mine]
        order = np.argsort(attempt, kind="stable") if (attempt > 1).any() else _ALL
        columns = {"attempt": attempt[order] + 1,
                   "spent_s": (spans["end_s"][mine] - spans["start_s"][mine])[order],
                   **{name: spans[name][mine][order] for name in ("wait_s", "init_s", "work_s")}}
        request = spans["request"][mine][order].astype(np.int64)
        for number in _blocks_of(request, shift):
            kept = self._attempts.get(number)
            if kept is None:
                kept = self._attempts[number] = self._spare.pop() if self._spare else {
                    name: np.empty(1 << shift, column.dtype) for name, column in columns.items()}
                kept["attempt"][:] = 0
            here = _rows(request >> shift == number)
            place = request[here] - (number << shift)
            newer = _rows(columns["attempt"][here] >= kept["attempt"][place])
            for name, column in columns.items():
                kept[name][place[newer]] = column[here][newer]

    def _add_outcomes(self, spans, shift):
        outermost = _rows((spans["call"] == 0) & (spans["request"] != NO_REQUEST))
        status = spans["status"][outermost]
        run = self._run
        self.n += len(status)
        run.add("served", status < 400)
        ok = _rows(status < 400)
        run.add("throttled", status == THROTTLED)
        latency = (spans["end_s"] - spans["start_s"])[outermost][ok]
        self.latencies.add(latency)
        run.add("latency_s", latency)
        own = {name: spans[name][outermost][ok] for name in ("wait_s", "init_s", "work_s", "resource")}
        if not self._has_client and not self._working:
            for part, name in _PART_COLUMNS:
                run.add(part, own[name])
            return
        if not self._has_client:
            own["wait_s"], own["resource"] = np.zeros(len(latency)), np.zeros(len(latency), np.int32)
        run.add("retries", own["wait_s"])
        met = self._deciding(spans["request"][outermost][ok].astype(np.int64), own["resource"], shift)
        for column in met.values():
            column[latency - own["wait_s"] <= 0] = 0
        run.add("network", latency - own["wait_s"] - met["spent_s"])
        for part, name in _PART_COLUMNS:
            run.add(part, met[name])

    def _deciding(self, request, attempt, shift) -> dict[str, np.ndarray]:
        """What the attempts met that decided how requests ended; zeros where none is known."""
        found = {name: np.zeros(len(request)) for name in ("spent_s", "wait_s", "init_s", "work_s")}
        for number in self._attempts.keys() & set(_blocks_of(request, shift)):
            kept = self._attempts[number]
            here = np.flatnonzero(request >> shift == number)
            place = request[here] - (number << shift)
            same = _rows(kept["attempt"][place] == attempt[here] + 1)
            for name, column in found.items():
                column[here[same]] = kept[name][place[same]]
        return found

    # The numbers

    def summary(self) -> dict[str, float]:
        """The run in numbers, with the keys of `Result.summary`."""
        run, served = self._run, self.served
        calls = int(run["calls"])

        def mean_ms(seconds):
            return seconds * 1000 / served if served else float("nan")

        p50, p95, p99 = self.quantile_ms((0.5, 0.95, 0.99))
        throttled = int(run["throttled"])
        parts = {part: run[part] for part in PARTS}
        parts["downstream"] = run["latency_s"] - sum(parts.values())
        if abs(parts["downstream"]) < 1e-9 * max(1.0, run["latency_s"]):
            parts["downstream"] = 0.0
        return {
            "requests": self.n, "served": served, "failed": self.n - served - throttled, "throttled": throttled,
            "throttled_calls": int(run["throttled_calls"]), "cold_starts": int(run["cold"]),
            "cold_share": run["cold"] / calls if calls else 0.0,
            "p50_ms": float(p50), "p95_ms": float(p95), "p99_ms": float(p99), "mean_ms": mean_ms(run["latency_s"]),
            **{f"{part}_ms": mean_ms(seconds) for part, seconds in parts.items()},
            "peak_concurrency": self.peak, "mean_concurrency": run["in_use_s"] / self._window_s,
            "mean_standing": run["standing_s"] / self._window_s}

    def __getattr__(self, name):
        if name in ("spans", "capacity", "span_rows", "capacity_rows", "latency_s", "workload"):
            raise ParamError(f"A summary has no {name}: its spans were not kept; simulate with keep=\"spans\" to have "
                             "them.")
        raise AttributeError(name)
