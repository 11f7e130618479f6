"""Traffic describes what arrives; `draw` throws all its dice and gives the Workload, one row per request."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Lock

import numpy as np

from simlib import facts
from simlib.params import Checked, ParamError, build, param
from simlib.workload.arrivals import Arrivals, Bursts, Constant, Daily, Poisson, Spike, Steps
from simlib.workload.chance import Dice, hash_uniforms, stream_id
from simlib.workload.requests import Keys, Operation, check_mix
from simlib.workload.trace import MAX_REQUESTS, Trace

PATTERNS = {kind.pattern: kind for kind in (Constant, Poisson, Daily, Steps, Spike, Bursts, Trace)}
"""What a scenario file may write after `pattern:`, and the class it makes."""

_HOUR_S = 3600.0
_KEPT_REQUESTS, _KEPT_WORKLOADS = 10_000_000, 2
_remembered: dict = {}
_remembering = Lock()
_YEAR_S = 366 * 24 * _HOUR_S


@dataclass(frozen=True)
class Traffic(Checked):
    """What arrives in one window, and how often a month has such a window.

    arrivals: one of Constant, Poisson, Daily, Steps, Spike, Bursts, Trace; window_s: how long arrivals are
    drawn (None: an hour, or the whole of a Trace); operations: the mix, one Operation or several; keys: what
    is asked for. A month is as many windows as fit (730 h / window_s), or `windows_per_month` of them with
    Poisson traffic of `quiet_rps` in between, so that a two-minute ticket sale is not billed 20,000 times.

    Leaves out: users who come back later because they waited long (arrivals are open-loop), and sessions.
    """

    arrivals: Arrivals = Poisson()
    window_s: float | None = param(None, "s", "how long arrivals are drawn", lo=1e-6, hi=_YEAR_S)
    operations: tuple[Operation, ...] = (Operation(),)
    keys: Keys = Keys()
    windows_per_month: float | None = param(None, "windows", "how many such windows a month has", lo=0,
                                            hi=1e9)
    quiet_rps: float = param(0.0, "requests/s", "rate between the windows of a month", lo=0, hi=1e6)
    max_requests: int = param(MAX_REQUESTS, "requests", "refuse to draw more", lo=1, hi=10**9)

    def check(self):
        """Parts are of the right kind; the windows fit into a month."""
        if not isinstance(self.arrivals, Arrivals):
            raise ParamError(f"Traffic.arrivals is {self.arrivals!r}, but it must be one of "
                             f"{', '.join(kind.__name__ for kind in PATTERNS.values())}; write for example "
                             "Poisson(5).")
        single = isinstance(self.operations, Operation)
        operations = (self.operations,) if single else self.operations
        if (not isinstance(operations, (tuple, list)) or not operations
                or not all(isinstance(operation, Operation) for operation in operations)):
            raise ParamError(f"Traffic.operations is {operations!r}, but it must hold one Operation or "
                             "several; write for example (Operation(work_vcpu_s=0.1),).")
        object.__setattr__(self, "operations", tuple(operations))
        check_mix(self.operations)
        if not isinstance(self.keys, Keys):
            raise ParamError(f"Traffic.keys is {self.keys!r}, but it must be Keys; write for example "
                             "Keys(count=100).")
        if self.window_s is None and not isinstance(self.arrivals, Trace):
            object.__setattr__(self, "window_s", _HOUR_S)
        if self.window_s is not None:
            self.month_windows(self.window_s)

    def length_s(self) -> float:
        """The window's length: `window_s`, or else as long as the trace lasts (which reads it)."""
        return self.window_s if self.window_s is not None else self.arrivals.length_s(self.max_requests)

    def expected_requests(self) -> float:
        """Requests that a window has on average."""
        window_s = self.length_s()
        return self.arrivals.expected_rps(window_s) * window_s

    def month_windows(self, window_s: float | None = None) -> float:
        """How many such windows a month of 730 hours has. Raises ParamError if those asked for do not fit."""
        window_s = self.length_s() if window_s is None else window_s
        month_s = facts.value("hours_per_month") * _HOUR_S
        fit = month_s / window_s
        if self.windows_per_month is None:
            return fit
        if self.windows_per_month > fit * (1 + 1e-9):
            raise ParamError(f"Traffic.windows_per_month is {self.windows_per_month:,g}, but a month of "
                             f"{month_s:,.0f} s has room for {fit:,.6g} windows of {window_s:,g} s; lower "
                             "it, or leave it out for a month full of them.")
        return self.windows_per_month

    def quiet(self, window_s: float) -> Traffic:
        """The same requests as they come between the windows: Poisson at `quiet_rps`."""
        return replace(self, arrivals=Poisson(self.quiet_rps), window_s=window_s, windows_per_month=None,
                       quiet_rps=0.0)


def _column(draw):
    """A column that is drawn once, and that a part takes from its whole."""
    name = draw.__name__

    def taken(self):
        if self._whole is None:
            return draw(self)
        whole, low, high = self._whole
        return getattr(whole, name)[low:high]

    taken.__doc__ = draw.__doc__
    return cached_property(taken)


class Workload:
    """The requests of one window, drawn: columns of arrays, one row per request, in order of arrival.

    traffic, seed: what was drawn; window_s: how long arrivals were drawn; n: number of requests; arrival_s:
    float64[n], sorted, 0 <= t < window_s. Further columns are drawn when first asked for and kept; all are
    read-only. Each is a function of its own stream of uniforms, so request number i has the same luck
    whatever else is changed. `first` is the number that the first row has in the whole window (see `part`).
    """

    def __init__(self, traffic: Traffic, seed: int, arrival_s: np.ndarray, window_s: float, first: int = 0):
        self.traffic = traffic
        self.window_s = float(window_s)
        self.arrival_s = _fixed(np.asarray(arrival_s, dtype=float))
        self.first = first
        self._dice = Dice(seed)
        self._whole = None
        self.seed = self._dice.seed
        self.n = self.arrival_s.size

    def __repr__(self) -> str:
        return f"Workload({self.n:,} requests in {self.window_s:,g} s, seed {self.seed})"

    def uniforms(self, name: str) -> np.ndarray:
        """The die `name`, thrown once per request: float64[n], inside (0, 1), independent of all other
        names.
        """
        return self._dice.uniforms(name, self.n, self.first)

    def part(self, low: int, high: int) -> Workload:
        """The requests low <= number < high as a Workload of their own, drawn alike. Parts of a small Workload share
        its columns, so that these are drawn once; those of a large one draw theirs anew."""
        part = Workload(self.traffic, self.seed, self.arrival_s[low:high], self.window_s, self.first + low)
        if self.n <= _KEPT_REQUESTS:
            part._whole = self, low, high
        return part

    @property
    def operation_names(self) -> tuple[str, ...]:
        """Names of the operations; `operation` counts into them."""
        return tuple(operation.name for operation in self.traffic.operations)

    @_column
    def operation(self) -> np.ndarray:
        """Which operation, int16[n], by weight (die "request.operation")."""
        weights = np.array([operation.weight for operation in self.traffic.operations], dtype=float)
        if weights.size == 1:
            return _fixed(np.zeros(self.n, np.int16))
        upto = np.cumsum(weights / weights.sum())
        last = np.flatnonzero(weights)[-1]
        chosen = np.searchsorted(upto, self.uniforms("request.operation"), side="right")
        return _fixed(np.minimum(chosen, last).astype(np.int16))

    @_column
    def work_vcpu_s(self) -> np.ndarray:
        """Computing on one full vCPU, float64[n] (die "request.work")."""
        return self._varied("work", float)

    @_column
    def io_s(self) -> np.ndarray:
        """Waiting of its own, float64[n] (die "request.io")."""
        return self._varied("io", float)

    @_column
    def item_bytes(self) -> np.ndarray:
        """Bytes of an item read, written or returned, int64[n] (die "request.item"); 0 where a read finds none.

        Whether a key has an item is a die of the key (die "request.absent").
        """
        size = self._varied("item", np.int64)
        absent_share = self.traffic.keys.absent_share
        if not absent_share or not self.n:
            return size
        finds_none = hash_uniforms(self.seed, stream_id("request.absent"), self.key, 0) < absent_share
        reads = np.array([operation.access == "read" for operation in self.traffic.operations])
        return _fixed(np.where(finds_none & reads[self.operation], 0, size))

    @_column
    def key(self) -> np.ndarray:
        """Which key, int64[n], 0 the most popular (die "request.key")."""
        return _fixed(self.traffic.keys.draw(self.uniforms("request.key")))

    @_column
    def threads(self) -> np.ndarray:
        """vCPUs the computing can use at once, int16[n]."""
        return self._told("threads", np.int16)

    @_column
    def request_bytes(self) -> np.ndarray:
        """Bytes sent, int64[n]."""
        return self._told("request_bytes", np.int64)

    def _varied(self, what, dtype):
        operations = self.traffic.operations
        if all(operation.is_constant(what) for operation in operations):
            each = np.concatenate([getattr(operation, what)(np.array([0.5])) for operation in operations])
            return _fixed(each[self.operation] if len(each) > 1 else np.full(self.n, each[0]))
        u = self.uniforms(f"request.{what}")
        if len(operations) == 1:
            return _fixed(getattr(operations[0], what)(u))
        column = np.empty(self.n, dtype)
        for number, operation in enumerate(operations):
            mine = self.operation == number
            column[mine] = getattr(operation, what)(u[mine])
        return _fixed(column)

    def _told(self, field, dtype):
        values = np.array([getattr(operation, field) for operation in self.traffic.operations], dtype=dtype)
        return _fixed(values[self.operation])


def _fixed(column: np.ndarray) -> np.ndarray:
    column = column.view()
    column.setflags(write=False)
    return column


def draw(traffic: Traffic, seed: int = 0) -> Workload:
    """Throws the dice: the same traffic and seed give the same requests, bit for bit.

    What was drawn last is remembered, with all its dice. Raises WorkloadError for a trace that cannot be read, and
    above `traffic.max_requests`.
    """
    seed = Dice(seed).seed
    try:
        key = traffic, seed, traffic.arrivals.version()
        if (known := _remembered.get(key)) is not None:
            return known
    except TypeError:  # arrivals that hold a list, say, cannot be looked up
        key = None
    times = traffic.arrivals.times(Dice(seed), traffic.window_s, traffic.max_requests)
    window_s = traffic.length_s()
    traffic.month_windows(window_s)
    workload = Workload(traffic, seed, times, window_s)
    if key and workload.n <= _KEPT_REQUESTS:
        with _remembering:
            while len(_remembered) >= _KEPT_WORKLOADS:
                _remembered.pop(next(iter(_remembered)))
            _remembered[key] = workload
    return workload


def draw_blocks(traffic: Traffic, seed: int = 0, size: int = 65_536) -> tuple[Workload, Iterator[Workload]]:
    """The requests of `draw` without holding them all: a Workload of none of them, for what they have in common, and
    an iterator of Workloads of `size` requests each (the last may be shorter)."""
    window_s = traffic.length_s()
    traffic.month_windows(window_s)

    def parts():
        first = 0
        for times in traffic.arrivals.blocks(Dice(seed), traffic.window_s, traffic.max_requests, size):
            yield Workload(traffic, seed, times, window_s, first)
            first += times.size

    return Workload(traffic, seed, np.empty(0), window_s), parts()


def arrivals_from(mapping, where: str = "arrivals", base_dir: str | os.PathLike | None = None) -> Arrivals:
    """Arrivals from a mapping such as {"pattern": "poisson", "rate_rps": 5}.

    `where` names the section in errors; a trace's `path` is taken from `base_dir`. Raises ParamError.
    """
    known = ", ".join(PATTERNS)
    if not isinstance(mapping, dict) or "pattern" not in mapping:
        raise ParamError(f"{where} must say a pattern, one of {known}; write for example "
                         "`arrivals: {pattern: poisson, rate_rps: 5}`.")
    fields = dict(mapping)
    pattern = fields.pop("pattern")
    if not isinstance(pattern, str) or pattern not in PATTERNS:
        raise ParamError(f"{where} has the pattern {pattern!r}, but it must be one of {known}.")
    if pattern == "trace" and base_dir is not None and isinstance(fields.get("path"), str) and fields["path"]:
        fields["path"] = os.path.normpath(os.path.join(base_dir, fields["path"]))
    return build(PATTERNS[pattern], fields, f"{where} ({pattern})")


def traffic_from(mapping, where: str = "traffic", base_dir: str | os.PathLike | None = None) -> Traffic:
    """Traffic from a mapping as a scenario file holds it: the fields of Traffic, with `arrivals` and `keys`
    as mappings and `operations` as a list of mappings. Raises ParamError, naming the place and what is
    allowed.
    """
    if not isinstance(mapping, dict) or "arrivals" not in mapping:
        raise ParamError(f"{where} must say what arrives; write for example "
                         "`arrivals: {pattern: poisson, rate_rps: 5}` in it.")
    fields = dict(mapping)
    fields["arrivals"] = arrivals_from(fields["arrivals"], f"{where}: arrivals", base_dir)
    if "operations" in fields:
        listed = fields["operations"]
        if not isinstance(listed, (list, tuple)) or not listed:
            raise ParamError(f"{where}: operations must be a list; write each operation after a dash, for "
                             "example `- {name: read, work_vcpu_s: 0.05}`.")
        fields["operations"] = tuple(build(Operation, entry, f"{where}: operations entry {number}")
                                     for number, entry in enumerate(listed, 1))
    if "keys" in fields:
        fields["keys"] = build(Keys, fields["keys"], f"{where}: keys")
    return build(Traffic, fields, where)
