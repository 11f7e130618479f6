"""When requests arrive: generated patterns. (A recorded one is in `trace`.)

Every pattern yields arrival times in seconds since the window began, sorted, 0 <= t < window_s. The dice are
called "arrivals.*". All Poisson-like patterns stretch one and the same unit-rate process (die
"arrivals.gap"), so that a change of rate keeps the luck: with the same seed, twice the rate means the same
gaps, each half as long.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np

from simlib import dists
from simlib.params import Checked, ParamError, param, shown
from simlib.workload.chance import Dice, WorkloadError

DAY_S = 86_400.0
_MAX_RPS = 1e6


class Arrivals(Checked):
    """Base of all patterns. `pattern` is the name a scenario file uses."""

    pattern: ClassVar[str] = ""

    def times(self, dice: Dice, window_s: float, limit: float = math.inf) -> np.ndarray:
        """Arrival times, float64[n], sorted, 0 <= t < window_s. WorkloadError above `limit` requests."""
        self._refuse_above(limit, window_s)
        times = self._draw(dice, window_s)
        return times[:np.searchsorted(times, window_s)]

    def blocks(self, dice: Dice, window_s: float, limit: float = math.inf, size: int = 65_536) -> Iterator[np.ndarray]:
        """The same times as `times` gives, in blocks of `size` (the last may be shorter); patterns that can do so
        never hold them all at once."""
        self._refuse_above(limit, window_s)
        held = np.empty(0)
        for times in self._pieces(dice, window_s, size):
            within = times[:np.searchsorted(times, window_s)]
            held = np.concatenate([held, within])
            while held.size > size:
                yield held[:size]
                held = held[size:]
            if within.size < times.size:
                break
        if held.size:
            yield held

    def _pieces(self, dice, window_s, size):
        yield self._draw(dice, window_s)

    def _refuse_above(self, limit, window_s):
        expected = self.expected_rps(window_s) * window_s
        if expected > limit:
            raise WorkloadError(
                f"The arrivals ({self.pattern}) would be about {expected:,.0f} requests in {window_s:,g} s, "
                f"but at most {limit:,.0f} are allowed; lower the rate, shorten window_s, or raise "
                "max_requests.")

    def version(self):
        """What changes when the same description gives other times, such as a file that was replaced."""

    def expected_rps(self, window_s: float) -> float:
        """Expected requests per second over a window of this length."""
        raise NotImplementedError

    def _draw(self, dice: Dice, window_s: float) -> np.ndarray:
        """Sorted times from 0; those at or after the window's end are cut by `times`."""
        raise NotImplementedError


class Stretched(Arrivals):
    """Base of the Poisson-like patterns: one process of rate 1, stretched."""

    def _shape(self, dice: Dice, window_s: float):
        """How far the process of rate 1 is drawn, and a function from its times, piece by piece, to arrivals."""
        raise NotImplementedError

    def _draw(self, dice, window_s):
        total, stretched = self._shape(dice, window_s)
        return stretched(np.concatenate([np.empty(0), *_unit_arrivals(dice, total)]))

    def _pieces(self, dice, window_s, size):
        total, stretched = self._shape(dice, window_s)
        for times in _unit_arrivals(dice, total, size):
            yield stretched(times)


def _unit_arrivals(dice: Dice, total: float, size: int | None = None) -> Iterator[np.ndarray]:
    """A Poisson process of rate 1 on [0, total), in blocks of at most `size`."""
    more = dice.stream("arrivals.gap")
    reached = 0.0
    while reached < total:
        ahead = total - reached
        count = int(ahead + 6 * math.sqrt(ahead)) + 16
        gaps = dists.exponential(more(min(count, size or count)), 1.0)
        gaps[0] += reached
        times = np.cumsum(gaps, out=gaps)
        reached = times[-1]
        yield times[:np.searchsorted(times, total)]


def _piecewise(starts: np.ndarray, rates: np.ndarray, window_s: float):
    """The shape of a Poisson process with the rate `rates[i]` from `starts[i]` on (rising, first 0)."""
    ends = np.append(starts[1:], window_s)
    reached = np.concatenate(([0.0], np.cumsum(rates * (ends - starts))))

    def stretched(unit):
        piece = np.searchsorted(reached, unit, side="right") - 1
        return np.minimum(starts[piece] + (unit - reached[piece]) / rates[piece], ends[piece])

    return reached[-1], stretched


@dataclass(frozen=True)
class Constant(Arrivals):
    """Equally spaced arrivals, the first half a gap after the window begins, so that windows fit end to end.

    Models a timer, a scheduled job or a load generator at a fixed pace. No dice.
    """

    pattern: ClassVar[str] = "constant"
    rate_rps: float = param(1.0, "requests/s", "requests per second", lo=0, hi=_MAX_RPS)

    def expected_rps(self, window_s: float) -> float:
        """The rate."""
        return self.rate_rps

    def _draw(self, dice, window_s):
        if self.rate_rps == 0:
            return np.empty(0)
        return (np.arange(math.ceil(window_s * self.rate_rps) + 1) + 0.5) / self.rate_rps

    def _pieces(self, dice, window_s, size):
        count = math.ceil(window_s * self.rate_rps) + 1 if self.rate_rps else 0
        for first in range(0, count, size):
            yield (np.arange(first, min(first + size, count)) + 0.5) / self.rate_rps


@dataclass(frozen=True)
class Poisson(Stretched):
    """Independent users at a steady rate: exponential gaps (die "arrivals.gap").

    Leaves out every pattern in time; real traffic has a daily cycle and comes in bursts.
    """

    pattern: ClassVar[str] = "poisson"
    rate_rps: float = param(1.0, "requests/s", "mean requests per second", lo=0, hi=_MAX_RPS)

    def expected_rps(self, window_s: float) -> float:
        """The rate."""
        return self.rate_rps

    def _shape(self, dice, window_s):
        return self.rate_rps * window_s, lambda unit: unit / self.rate_rps if self.rate_rps else unit


@dataclass(frozen=True)
class Daily(Stretched):
    """A Poisson process with a daily cycle: a cosine over 24 hours, drawn by thinning.

    Candidates come at the peak rate (die "arrivals.gap") and stay with probability rate / peak rate (die
    "arrivals.thin"; Lewis and Shedler, "Simulation of nonhomogeneous Poisson processes by thinning", 1979).
    The window begins at `start_hour`. Leaves out weekdays; a real day is a `Trace`.
    """

    pattern: ClassVar[str] = "daily"
    mean_rps: float = param(1.0, "requests/s", "requests per second, averaged over a day", lo=0, hi=_MAX_RPS)
    peak_hour: float = param(20.0, "h", "hour of the day with the most requests", lo=0, hi=24)
    peak_to_trough: float = param(4.0, "", "busiest rate divided by quietest rate", lo=1, hi=1e6)
    start_hour: float = param(0.0, "h", "hour of the day at which the window begins", lo=0, hi=24)

    @property
    def _swing(self) -> float:
        return (self.peak_to_trough - 1) / (self.peak_to_trough + 1)

    def rate_rps(self, time_s):
        """Expected requests per second at `time_s` seconds (number or array) after the window began."""
        turn = 2 * math.pi * (np.asarray(time_s) / DAY_S + (self.start_hour - self.peak_hour) / 24)
        return self.mean_rps * (1 + self._swing * np.cos(turn))

    def expected_rps(self, window_s: float) -> float:
        """The mean over the window, which differs from the day's unless the window is whole days."""
        begin = 2 * math.pi * (self.start_hour - self.peak_hour) / 24
        turns = 2 * math.pi * window_s / DAY_S
        return self.mean_rps * (1 + self._swing * (math.sin(begin + turns) - math.sin(begin)) / turns)

    def _shape(self, dice, window_s):
        peak_rps = self.mean_rps * (1 + self._swing)
        thin = dice.stream("arrivals.thin")

        def stretched(unit):
            times = unit / peak_rps if peak_rps else unit
            return times[thin(times.size) * peak_rps < self.rate_rps(times)]

        return peak_rps * window_s, stretched


@dataclass(frozen=True)
class Steps(Stretched):
    """A Poisson process whose rate changes in steps.

    steps: pairs (start_s, rate_rps), or mappings with these two keys, start_s rising from 0 or later. Each
    rate holds until the next start, the last one to the end of the window; before the first start nothing
    arrives.
    """

    pattern: ClassVar[str] = "steps"
    steps: tuple[tuple[float, float], ...] = ((0.0, 1.0),)

    def check(self):
        """The steps are well-formed and rise."""
        where = f"Steps.steps is {shown(self.steps)}, but it"
        cure = "write for example [[0, 1], [600, 50]] for 1 request/s and from 600 s on 50"
        try:
            pairs = tuple((float(step["start_s"]), float(step["rate_rps"])) if isinstance(step, dict)
                          else (float(step[0]), float(step[1])) for step in self.steps if _is_pair(step))
            right = len(pairs) == len(self.steps) > 0
        except (TypeError, ValueError, KeyError):
            right = False
        if not right:
            raise ParamError(f"{where} must be a list of pairs (start_s, rate_rps); {cure}.")
        starts = [start for start, _ in pairs]
        if any(not 0 <= rate <= _MAX_RPS for _, rate in pairs):
            raise ParamError(f"{where} may hold only rates between 0 and {_MAX_RPS:,.0f} requests/s; {cure}.")
        if not (0 <= starts[0] and starts[-1] < math.inf) or any(not a < b for a, b in pairwise(starts)):
            raise ParamError(f"{where} must have times start_s that rise from 0 or later; {cure}.")
        object.__setattr__(self, "steps", pairs)

    def _within(self, window_s: float) -> tuple[np.ndarray, np.ndarray]:
        steps = self.steps if self.steps[0][0] == 0 else ((0.0, 0.0), *self.steps)
        inside = [step for step in steps if step[0] < window_s]
        return np.array([start for start, _ in inside]), np.array([rate for _, rate in inside])

    def expected_rps(self, window_s: float) -> float:
        """The mean rate over the window."""
        starts, rates = self._within(window_s)
        return float((rates * np.diff(starts, append=window_s)).sum() / window_s)

    def _shape(self, dice, window_s):
        return _piecewise(*self._within(window_s), window_s)


def _is_pair(step) -> bool:
    return (set(step) == {"start_s", "rate_rps"} if isinstance(step, dict)
            else isinstance(step, (tuple, list)) and len(step) == 2)


@dataclass(frozen=True)
class Spike(Stretched):
    """A steady Poisson stream with one spike: a ticket sale, a push message, a television spot."""

    pattern: ClassVar[str] = "spike"
    base_rps: float = param(1.0, "requests/s", "rate before and after the spike", lo=0, hi=_MAX_RPS)
    spike_rps: float = param(50.0, "requests/s", "rate during the spike", lo=0, hi=_MAX_RPS)
    start_s: float = param(600.0, "s", "when the spike begins", lo=0, hi=1e8)
    duration_s: float = param(120.0, "s", "how long it lasts", lo=0.001, hi=1e8)

    def steps(self) -> Steps:
        """The same as `Steps`."""
        before = ((0.0, self.base_rps),) if self.start_s > 0 else ()
        after = self.start_s + self.duration_s
        return Steps((*before, (self.start_s, self.spike_rps), (after, self.base_rps)))

    def expected_rps(self, window_s: float) -> float:
        """The mean rate over the window."""
        return self.steps().expected_rps(window_s)

    def _shape(self, dice, window_s):
        return self.steps()._shape(dice, window_s)


@dataclass(frozen=True)
class Bursts(Stretched):
    """A Poisson process whose rate jumps between two states at random times (a two-state MMPP).

    Each stay in a state is exponential; the first state is drawn from the long-run shares, so every moment of
    the window is alike. Dice: "arrivals.state" (first state, then stays), "arrivals.gap". Source of the
    model: Fischer and Meier-Hellstern, "The Markov-modulated Poisson process (MMPP) cookbook", 1993.
    """

    pattern: ClassVar[str] = "bursts"
    quiet_rps: float = param(0.5, "requests/s", "rate between bursts", lo=0, hi=_MAX_RPS)
    burst_rps: float = param(20.0, "requests/s", "rate in a burst", lo=0, hi=_MAX_RPS)
    mean_quiet_s: float = param(300.0, "s", "mean time between bursts", lo=0.001, hi=1e8)
    mean_burst_s: float = param(30.0, "s", "mean length of a burst", lo=0.001, hi=1e8)

    def expected_rps(self, window_s: float) -> float:
        """The long-run mean, which is also the expected rate of any window."""
        cycle_s = self.mean_quiet_s + self.mean_burst_s
        return (self.quiet_rps * self.mean_quiet_s + self.burst_rps * self.mean_burst_s) / cycle_s

    def _shape(self, dice, window_s):
        cycle_s = self.mean_quiet_s + self.mean_burst_s
        if window_s / cycle_s > 1e7:
            raise WorkloadError(
                f"The arrivals (bursts) would change state about {2 * window_s / cycle_s:,.0f} times in "
                f"{window_s:,g} s, but at most 20,000,000 are allowed; raise mean_quiet_s or mean_burst_s.")
        more = dice.stream("arrivals.state")
        in_burst = more(1)[0] < self.mean_burst_s / cycle_s
        means = (self.mean_burst_s, self.mean_quiet_s) if in_burst else (self.mean_quiet_s, self.mean_burst_s)
        blocks, reached = [np.zeros(1)], 0.0
        while reached < window_s:
            stays = dists.exponential(more(2 * int((window_s - reached) / cycle_s * 1.1 + 8)), 1.0)
            stays[::2] *= means[0]
            stays[1::2] *= means[1]
            stays[0] += reached
            blocks.append(np.cumsum(stays, out=stays))
            reached = stays[-1]
        starts = np.concatenate(blocks)
        starts = starts[:np.searchsorted(starts, window_s)]
        rates = np.full(starts.size, self.quiet_rps)
        rates[0 if in_burst else 1::2] = self.burst_rps
        return _piecewise(starts, rates, window_s)
