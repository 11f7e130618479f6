"""When requests arrive: a recorded trace, stretched and thinned or multiplied at will."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from simlib.params import ParamError, param
from simlib.workload import tracefile
from simlib.workload.arrivals import Arrivals
from simlib.workload.chance import Dice, WorkloadError

MAX_REQUESTS = 20_000_000


@dataclass(frozen=True)
class Trace(Arrivals):
    """Arrivals from a CSV or CSV.gz file: one row per request with its time, or one row per second, minute,
    ... with a count. Second 0 of the window is the file's own 0, or the first row where times are dates or
    Unix times (above 100,000,000 s), plus `skip_s`; after the last row nothing arrives.

    Column names are recognised (timestamp, time, t_s, minute ...; count, requests, value ...) or told. A
    number's unit is taken from the column's name (t_ms, minute) or told; else it is seconds. Dates need no
    unit; without an offset they are taken as they stand. Bins without a row are silent.

    Counts are spread over their bin evenly at random (die "arrivals.within"): the bin's count is exact, what
    happened inside it is not known. `time_scale` multiplies every time: 2 plays twice as slowly, half the
    rate. `rate_scale` multiplies the number of requests and keeps the shape: listed requests are dropped at
    random, or repeated at random moments before the next one (dice "arrivals.thin", "arrivals.copy"); counts
    are multiplied and rounded at random to a whole number (die "arrivals.round"), so that means are exact.

    A file with one row per function (or page, tenant) and minute needs `select`: "func=f0003" plays one of
    them, "func=*" all together; the clock is the whole file's in either case. A log that notes when requests
    *ended* needs `duration_column`: a request arrived its duration earlier.

    Errors (WorkloadError) are one sentence with file, line and cure. The file is read again only when it
    changed.
    """

    pattern: ClassVar[str] = "trace"
    path: str = param("", "", "the CSV or CSV.gz file")
    kind: str = param("auto", "", "what a row is", choices=("auto", "timestamps", "counts"))
    column: str | None = param(None, "", "name of the column with counts")
    time_column: str | None = param(None, "", "name of the column with times")
    time_unit: str = param("auto", "", "unit of numeric times", choices=("auto", *tracefile.UNITS))
    bin_s: float | None = param(None, "s", "how long a count lasts (default: smallest distance of rows)",
                                lo=1e-6, hi=1e8)
    duration_column: str | None = param(None, "", "name of the column with durations, if times are ends")
    select: str | None = param(None, "", "column=value: only these rows; column=*: all rows added up")
    skip_s: float = param(0.0, "s", "how much of the recording to leave out at its beginning", lo=0, hi=1e9)
    time_scale: float = param(1.0, "", "times are multiplied by this", lo=1e-6, hi=1e6)
    rate_scale: float = param(1.0, "", "numbers of requests are multiplied by this", lo=0, hi=1e6)

    def __post_init__(self):
        if isinstance(self.path, os.PathLike):
            object.__setattr__(self, "path", os.fspath(self.path))
        super().__post_init__()

    def check(self):
        """A file is named, and options that contradict each other are refused."""
        if not self.path:
            raise ParamError("Trace.path is empty, but it must name a file; give a CSV or CSV.gz file.")
        if self.kind == "timestamps" and self.column:
            raise ParamError(f"Trace.column is {self.column!r}, but with kind timestamps nothing is "
                             "counted; drop one of the two, or name the times in time_column.")
        if self.select is not None and not all(self.select.partition("=")):
            raise ParamError(f"Trace.select is {self.select!r}, but it must be column=value; write for "
                             "example \"func=f0003\", or \"func=*\" to add all up.")

    def version(self):
        """The file's time and size."""
        try:
            status = os.stat(self.path)
        except (OSError, ValueError):
            return None
        return status.st_mtime_ns, status.st_size

    def record(self, window_s: float | None = None, limit: float = MAX_REQUESTS) -> tracefile.Record:
        """The recording before scaling (see `tracefile.Record`); None reads to its end."""
        version = self.version()
        return tracefile.read(self, window_s, limit) if version is None else _remembered(self, window_s, limit, version)

    def length_s(self, limit: float = MAX_REQUESTS) -> float:
        """How long the recording lasts when played: to the end of its last bin, or one mean gap past its last
        request, less `skip_s`, times `time_scale`."""
        length_s = (self.record(None, limit).length_s - self.skip_s) * self.time_scale
        if math.isnan(length_s):
            raise WorkloadError(f"{self.path} records a single instant, which has no length; say in "
                                "window_s how long to play it.")
        if length_s <= 0:
            raise WorkloadError(f"Trace.skip_s is {self.skip_s:g} s, which leaves nothing of {self.path}; "
                                f"the recording lasts {length_s / self.time_scale + self.skip_s:,.6g} s.")
        return length_s

    def expected_rps(self, window_s: float | None = None) -> float:
        """Expected requests per second over a window (None: the whole recording)."""
        record = self.record(window_s)
        window_s = self.length_s() if window_s is None else window_s
        begin, end = self.skip_s, self.skip_s + window_s / self.time_scale
        if record.counts is None:
            n = np.count_nonzero((record.at_s >= begin) & (record.at_s < end))
        else:
            inside = np.minimum(record.at_s + record.bin_s, end) - np.maximum(record.at_s, begin)
            n = (record.counts * np.clip(inside / record.bin_s, 0, 1)).sum()
        return float(n * self.rate_scale / window_s)

    def times(self, dice: Dice, window_s: float | None = None, limit: float = MAX_REQUESTS) -> np.ndarray:
        """Arrival times, float64[n], sorted, 0 <= t < window_s (None: the whole recording)."""
        record = self.record(window_s, limit)
        window_s = self.length_s(limit) if window_s is None else window_s
        played = self._spread if record.counts is not None else self._listed
        times = played(record, dice, window_s, limit)
        return times[np.searchsorted(times, 0.0):np.searchsorted(times, window_s)]

    def blocks(self, dice, window_s=None, limit=MAX_REQUESTS, size=65_536):
        """The same times in blocks; a recording is held whole."""
        times = self.times(dice, window_s, limit)
        for first in range(0, times.size, size):
            yield times[first:first + size]

    def _spread(self, record, dice, window_s, limit):
        start_s = (record.at_s - self.skip_s) * self.time_scale
        bin_s = record.bin_s * self.time_scale
        inside = (start_s > -bin_s) & (start_s < window_s)
        start_s, counts = start_s[inside], record.counts[inside]
        self._refuse_above(limit, float(counts.sum()) * self.rate_scale, window_s)
        if self.rate_scale != 1:
            scaled = counts * self.rate_scale
            whole = np.floor(scaled)
            up = dice.uniforms("arrivals.round", scaled.size) < scaled - whole
            counts = (whole + up).astype(np.int64)
        n = int(counts.sum())
        times = np.repeat(start_s, counts) + dice.uniforms("arrivals.within", n) * bin_s
        np.minimum(times, np.repeat(np.nextafter(start_s + bin_s, 0), counts), out=times)
        times.sort()
        return times

    def _listed(self, record, dice, window_s, limit):
        at_s = (record.at_s - self.skip_s) * self.time_scale
        at_s = at_s[(at_s >= 0) & (at_s < window_s)]
        if self.rate_scale == 1:
            return at_s
        self._refuse_above(limit, at_s.size * self.rate_scale, window_s)
        whole = math.floor(self.rate_scale)
        once_more = dice.uniforms("arrivals.thin", at_s.size) < self.rate_scale - whole
        mean_gap_s = (at_s[-1] - at_s[0]) / (at_s.size - 1) if at_s.size > 1 else 0.0
        gap_s = np.diff(at_s, append=at_s[-1:] + mean_gap_s)
        more = dice.stream("arrivals.copy")
        copies = [at_s if copy == 0 else at_s + more(at_s.size) * gap_s for copy in range(whole + 1)]
        copies[-1] = copies[-1][once_more]
        times = np.concatenate(copies)
        times.sort()
        return times

    def _refuse_above(self, limit, n, window_s):
        if n > limit:
            raise WorkloadError(f"{self.path} would be about {n:,.0f} requests in {window_s:,g} s, but at "
                                f"most {limit:,.0f} are allowed; cut it with window_s, lower rate_scale, or "
                                "raise max_requests.")


@lru_cache(maxsize=2)
def _remembered(trace, window_s, limit, _version):
    record = tracefile.read(trace, window_s, limit)
    for column in (record.at_s, record.counts):
        if column is not None:
            column.setflags(write=False)
    return record
