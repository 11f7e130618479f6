"""Reads a recorded trace: which columns, what kind of time, and every row checked.

A trace either lists requests (one row each, with its time) or counts them (one row per second, minute, ...).
Times are numbers from 0 up with a decimal point, or dates such as 2014-04-10 00:04:00 (with or without Z or
an offset), and do not fall. Either the whole file is understood or nothing is returned.
"""

from __future__ import annotations

import itertools
import math
import re
from array import array
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from simlib.workload.chance import WorkloadError
from simlib.workload.table import Table

UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "day": 86_400.0}
"""Seconds per unit of time."""

_UNIT_WORDS = {"ns": "ns", "nanoseconds": "ns", "us": "us", "microseconds": "us", "ms": "ms", "millis": "ms",
               "milliseconds": "ms", "s": "s", "sec": "s", "second": "s", "seconds": "s", "min": "min",
               "minute": "min", "minutes": "min", "h": "h", "hour": "h", "hours": "h", "day": "day"}
_TIME = re.compile(r"((start|end|arrival|event|invocation)_?)?"
                   r"(timestamp|datetime|time|date|ts|t|seconds?|minutes?|hours?|day|arrival|start|end|epoch)"
                   rf"(_({'|'.join(_UNIT_WORDS)}|utc|gmt))?")
_COUNT = re.compile(r"((num|n)_)?(requests?_?count|requests|invocations|hits|calls|events)|counts?|value|sum")
_FAR_S = 1e11
_UNIX_S = 1e8
_LONG_S = 31 * 86_400.0
_MAX_COUNT = 1e15
_MAX_ROWS = 20_000_000
_ALIKE = "write all times alike, such as 2024-01-31T09:00:00Z"


@dataclass(frozen=True)
class Record:
    """A trace as recorded, before any scaling, in seconds since its beginning.

    at_s: float64, rising: times of requests, or starts of the bins that have a row; counts: int64 per bin, or
    None; bin_s: length of a bin (0 for requests); length_s: how long the recording lasts: to the end of the
    last bin, or one mean gap past the last request; NaN when a single instant was recorded.
    """

    at_s: np.ndarray
    counts: np.ndarray | None
    bin_s: float
    length_s: float


def read(trace, window_s: float | None, limit: float) -> Record:
    """Reads the file of a `Trace`; see there for its fields.

    Every row is read and checked; requests after `window_s` (in played time; None: no end) are not kept.
    Raises WorkloadError, in the middle of the file once more than `limit` requests would be played.
    """
    with Table(trace.path) as table:
        return _Reading(table, trace, window_s, limit).record()


def _words(column: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", column)]


def _unit_in(column: str) -> str | None:
    return next((_UNIT_WORDS[word] for word in reversed(_words(column)) if word in _UNIT_WORDS), None)


def _listed(texts) -> str:
    texts = [repr(text) for text in texts]
    return ", ".join(texts[:12]) + (f" and {len(texts) - 12} more" if len(texts) > 12 else "")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _date(cell: str) -> datetime | None:
    try:
        return datetime.fromisoformat(cell.strip())
    except ValueError:
        return None


def _told(table: Table, name: str, option: str) -> int:
    """Where the column is that the user named in `option`."""
    found = [at for at, column in enumerate(table.header) if column == name.strip()]
    if not found:
        cure = f"{option} may be one of {_listed(table.header)}"
        raise table.fault(f"there is no column {name!r}", cure, 1)
    if len(found) > 1:
        raise table.fault(f"there are {len(found)} columns {name!r}", "give each column its own name", 1)
    return found[0]


def _guessed(table: Table, pattern, what: str, option: str, needed: bool = True) -> int | None:
    """The one column whose name says that it holds `what`."""
    found = [at for at, column in enumerate(table.header) if pattern.fullmatch("_".join(_words(column)))]
    if len(found) == 1:
        return found[0]
    if found:
        raise table.fault(f"several columns could be {what}: {_listed(table.header[at] for at in found)}",
                          f"name the right one in {option}", 1)
    if not needed:
        return None
    if all(_is_number(column) or _date(column) for column in table.header):
        raise table.fault("the first line holds values instead of names",
                          "add a first line that names the columns, such as time,count", 1)
    raise table.fault(f"no column looks like {what} among {_listed(table.header)}",
                      f"name the right one in {option}", 1)


class _Clock:
    """Turns a cell of the time column into seconds; the first cell decides whether times are numbers or
    dates.
    """

    def __init__(self, table: Table, column: str, told: str, first: str):
        self.assumed = False
        self.unit = "s"
        self.dates = not _is_number(first)
        if self.dates:
            begin = _date(first)
            if begin is None:
                what = f"the cell in column {column!r} is empty"
                if first.strip():
                    what = f"the time {first!r} in column {column!r} is neither a number nor a date"
                raise table.fault(what, "write seconds such as 12.5, or dates such as 2024-01-31T09:00:00Z")
            if told != "auto":
                raise table.fault(f"the time {first!r} is a date, but time_unit says {told}",
                                  "leave time_unit out, a date needs none")
            self.lowest_s = -_FAR_S
            self.seconds = lambda cell: (datetime.fromisoformat(cell.strip()) - begin).total_seconds()
            return
        named = _unit_in(column)
        if named and told not in ("auto", named):
            raise table.fault(f"column {column!r} is in {named} by its name, but time_unit says {told}",
                              "leave time_unit out, or rename the column", 1)
        self.assumed = told == "auto" and named is None
        self.unit = named or ("s" if told == "auto" else told)
        self.lowest_s = 0.0
        unit_s = UNITS[self.unit]
        self.seconds = float if unit_s == 1 else lambda cell: float(cell) * unit_s


class _Reading:
    """One pass over a trace: which column is what, the rows kept, and words for whatever is wrong."""

    def __init__(self, table: Table, trace, window_s, limit):
        self.table, self.trace, self.limit = table, trace, limit
        self.stop_s = math.inf if window_s is None else trace.skip_s + window_s / trace.time_scale
        if trace.column:
            self.count_at = _told(table, trace.column, "column")
        elif trace.kind == "timestamps":
            self.count_at = None
        else:
            self.count_at = _guessed(table, _COUNT, "the count", "column", needed=trace.kind == "counts")
        self.time_at = (_told(table, trace.time_column, "time_column") if trace.time_column
                        else _guessed(table, _TIME, "the time", "time_column"))
        self.duration_at = (_told(table, trace.duration_column, "duration_column") if trace.duration_column
                            else None)
        self.group_at, self.wanted = None, None
        if trace.select:
            column, _, wanted = trace.select.partition("=")
            self.group_at = _told(table, column, "select")
            self.wanted = None if wanted == "*" else wanted
        self.counting, self.grouped = self.count_at is not None, self.group_at is not None

    def record(self) -> Record:
        """Reads to the end of the file."""
        rows = iter(self.table)
        first = next(rows, None)
        if first is None:
            raise self.table.fault("no row follows the header", "export or download the file again")
        column = self.table.header[self.time_at]
        self.clock = _Clock(self.table, column, self.trace.time_unit, first[self.time_at])
        times, counts = self._kept(itertools.chain([first], rows))
        origin = self._origin(self.earliest)
        end_s, span_s = self.latest - origin, self.latest - self.earliest
        if self.clock.assumed and end_s > _LONG_S:
            raise self.table.fault(f"read as seconds, the trace lasts {end_s / 86_400:,.0f} days",
                                   "say in time_unit whether times are s, ms, us or ns")
        times -= origin
        if self.counting:
            return self._binned(times, counts)
        times.sort()
        return Record(times, None, 0.0, end_s + span_s / (self.seen - 1) if span_s > 0 else math.nan)

    def _origin(self, earliest) -> float:
        """Where the trace begins: at its own zero, but dates and Unix times at their first row."""
        return earliest if self.clock.dates or earliest > _UNIX_S else 0.0

    def _kept(self, rows) -> tuple[np.ndarray, np.ndarray]:
        """Times (in the file's own seconds) and counts of the rows to play, every row having been checked."""
        time_at, count_at, duration_at = self.time_at, self.count_at, self.duration_at
        counting, grouped, group_at = self.counting, self.grouped, self.group_at
        seconds, lowest = self.clock.seconds, self.clock.lowest_s
        wanted, begin, stop, scale = self.wanted, self.trace.skip_s, self.stop_s, self.trace.rate_scale
        duration_s = 0.0 if duration_at is None else self._duration_unit_s()
        room = _MAX_ROWS if counting else self.limit / max(scale, 1.0)
        times, counts, last_of = array("d"), array("d"), {}
        earliest, latest, total, seen, chosen = math.inf, -math.inf, 0.0, 0, False
        group, count = "", 1.0
        for row in rows:
            try:
                at = seconds(row[time_at])
                if duration_at is not None:
                    duration = float(row[duration_at])
                    if not 0 <= duration < _FAR_S:
                        raise self._not_a_duration(row[duration_at])
                    at -= duration * duration_s
                if counting:
                    count = float(row[count_at])
            except WorkloadError:
                raise
            except (ValueError, TypeError, OverflowError):
                raise self._not_a_value(row) from None
            if not lowest <= at < _FAR_S:
                raise self._not_a_time(row, at)
            if not (0 <= count < _MAX_COUNT and count.is_integer()):
                raise self._not_a_count(row[count_at], count)
            if grouped:
                group = row[group_at]
            last = last_of.get(group, -math.inf)
            if at < last or (counting and at == last):
                raise self._out_of_order(row, at < last)
            last_of[group] = at
            seen += 1
            if at < earliest:
                earliest, origin = at, self._origin(at)
            if at > latest:
                latest = at
            if wanted is None or group == wanted:
                chosen = True
            elif counting:
                count = 0.0
            else:
                continue
            if not grouped:
                since = at - origin
                if counting:
                    total += count if begin <= since < stop else 0.0
                elif since >= stop:
                    continue
            times.append(at)
            if counting:
                counts.append(count)
            if len(times) > room or total * scale > self.limit:
                raise self._too_many(len(times))
        if not chosen:
            some = _listed(itertools.islice(last_of, 3))
            raise self.table.fault(f"no row has {self.trace.select!r}",
                                   f"select another value, such as {some}")
        self.earliest, self.latest, self.seen = earliest, latest, seen
        return np.array(times), np.array(counts)

    def _duration_unit_s(self) -> float:
        unit = _unit_in(self.table.header[self.duration_at])
        return UNITS[unit or self.clock.unit]

    def _binned(self, times, counts) -> Record:
        starts, inverse = np.unique(times, return_inverse=True)
        counts = np.bincount(inverse, weights=counts).astype(np.int64)
        bin_s, steps = self.trace.bin_s, np.diff(starts)
        cure = "say in bin_s how many seconds a count lasts"
        if bin_s is None:
            if not steps.size:
                raise self.table.fault("a single time does not show how long a count lasts", cure)
            bin_s = float(steps.min())
            uneven = np.flatnonzero(np.abs(steps / bin_s - np.rint(steps / bin_s)) > 0.01)
            if uneven.size:
                raise self._at_step(uneven[0], f"this row comes {steps[uneven[0]]:g} s after the one "
                                    f"before, no multiple of the smallest distance, {bin_s:g} s", cure)
        elif steps.size and steps.min() < bin_s * (1 - 1e-9):
            raise self._at_step(steps.argmin(), f"this row comes {steps.min():g} s after the one before, "
                                f"which is less than bin_s, {bin_s:g} s", "make bin_s the distance of two "
                                                                          "rows")
        return Record(starts, counts, bin_s, float(starts[-1] + bin_s))

    def _at_step(self, step, what, cure) -> WorkloadError:
        return self.table.fault(what, cure, None if self.grouped else int(step) + 3)

    def _not_a_value(self, row) -> WorkloadError:
        fault = self.table.fault
        for at in (self.time_at, self.count_at, self.duration_at):
            if at is None:
                continue
            cell, column = row[at], self.table.header[at]
            if not cell.strip():
                return fault(f"the cell in column {column!r} is empty", "fill it in, or delete the line")
            if at == self.time_at and self.clock.dates:
                if _date(cell) is None:
                    return fault(f"the time {cell!r} is not a date like the ones before", _ALIKE)
            elif not _is_number(cell):
                return fault(f"{cell!r} in column {column!r} is not a number",
                             "write digits with a decimal point and no unit")
        return fault(f"only one of the time {row[self.time_at]!r} and the first time has an offset", _ALIKE)

    def _not_a_time(self, row, at) -> WorkloadError:
        time = f"the time {row[self.time_at]!r}"
        if not math.isfinite(at):
            return self.table.fault(f"{time} is not a finite number", "correct it, or delete the line")
        if at < 0:
            less = "" if self.duration_at is None else f" less the duration {row[self.duration_at]!r}"
            return self.table.fault(f"{time}{less} is negative", "count times from 0 up")
        return self.table.fault(f"{time}, read as {self.clock.unit}, is more than 3,000 years",
                                "say in time_unit whether times are s, ms, us or ns")

    def _not_a_duration(self, cell) -> WorkloadError:
        column = self.table.header[self.duration_at]
        return self.table.fault(f"{cell!r} in column {column!r} is no duration",
                                "write a number from 0 up, or delete the line")

    def _not_a_count(self, cell, count) -> WorkloadError:
        problem = ("is not a finite number" if not math.isfinite(count) else "is negative" if count < 0
                   else "is too large" if count >= _MAX_COUNT else "is not a whole number")
        return self.table.fault(f"the count {cell!r} {problem}",
                                "counts are 0, 1, 2 and so on (if each row is a request, say kind: "
                                "timestamps)")

    def _out_of_order(self, row, falls) -> WorkloadError:
        time = self.table.header[self.time_at]
        others = [at for at in range(len(row)) if at not in (self.time_at, self.count_at, self.duration_at)]
        what = f"the time {row[self.time_at]!r} " + ("is earlier than one before" if falls else "comes twice")
        cure = f"sort the file by {time!r}" if falls else "keep one row per time"
        if self.counting and not self.grouped and others:
            column = self.table.header[others[0]]
            cure += (f", or say select: \"{column}={row[others[0]]}\" to play that {column} only or "
                     f"\"{column}=*\" to add all up")
        elif not self.counting and self.duration_at is None:
            cure += ", or, if it holds ends, say in duration_column where the durations are"
        return self.table.fault(what, cure)

    def _too_many(self, rows) -> WorkloadError:
        if self.counting and rows > _MAX_ROWS:
            return self.table.fault(f"there are more than {_MAX_ROWS:,} rows up to here",
                                    "split the file, or count by longer bins")
        thin = ", thin it with rate_scale" if self.counting else ""
        return self.table.fault(f"there are more than {self.limit:,.0f} requests up to here",
                                f"cut the trace with window_s{thin}, or raise max_requests")
