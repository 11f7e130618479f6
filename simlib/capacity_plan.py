"""Your own table's metrics in; what each capacity mode would have cost and throttled comes out.

A CloudWatch export of ConsumedReadCapacityUnits and ConsumedWriteCapacityUnits (statistic Sum, best by the minute) is
played against on-demand mode, against provisioned capacity for the highest minute, and against auto scaling with
several targets, with its alarms, delays and limits on decreases.

Left out: what was throttled when the metrics were recorded (they count what was consumed), unequal seconds within a
minute, hot partitions, and indexes, whose metrics are exported on their own.
"""

from __future__ import annotations

import csv
import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from simlib import facts
from simlib.params import ParamError
from simlib.pricing import price_book
from simlib.services.dynamodb.scaling import MINUTE_S, AutoScaling, OnDemandGrowth

KINDS = ("read", "write")
TARGETS = (0.5, 0.7, 0.9)
MOST_MINUTES = 60 * 24 * 455
_HOUR_MINUTES = 60
_OTHER_STATISTICS = ("average", "minimum", "maximum", "samplecount", "sample count")
_HELP = ("export ConsumedReadCapacityUnits and ConsumedWriteCapacityUnits with the statistic Sum as CSV, or as JSON "
         "with `aws cloudwatch get-metric-data`")


class MetricsError(ValueError):
    """Metrics that cannot be read: one sentence with the cure."""

    def _render_traceback_(self):
        """What a notebook shows: the sentence alone."""
        return [str(self)]


@dataclass(frozen=True, eq=False)
class Consumption:
    """Units consumed by the minute: `read` and `write`, float64 of one length; `begins` is the first minute in UTC.

    period_s: how long the recorded periods were; longer ones than a minute are spread evenly over their minutes.
    """

    begins: datetime
    read: np.ndarray
    write: np.ndarray
    period_s: float

    @property
    def minutes(self) -> int:
        """How many minutes there are."""
        return len(self.read)

    def __repr__(self) -> str:
        return (f"Consumption({self.minutes:,} minutes from {self.begins:%Y-%m-%d %H:%M} UTC, "
                f"{self.read.sum():,.0f} read and {self.write.sum():,.0f} write units)")


@dataclass(frozen=True)
class Option:
    """One way to provide capacity for recorded consumption.

    name: the mode; usd_per_month: capacity or requests of a month of 730 hours; throttled_units, throttled_share: what
    would not have been served; throttled_minutes; changes: of capacity; highest: capacity or limit, (reads, writes).
    """

    name: str
    usd_per_month: float
    throttled_units: float
    throttled_share: float
    throttled_minutes: int
    changes: int
    highest: tuple[float, float]


# Reading ----------------------------------------------------


def read_metrics(path: str | Path) -> Consumption:
    """Consumption from a CloudWatch export.

    CSV: a column of times and columns whose names contain "read" or "write" (other lines before the first time are
    skipped); JSON: the answer of GetMetricData, or of GetMetricStatistics for reads, for writes, or a list of both.
    Periods without data had no consumption. Raises MetricsError, in one sentence.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise MetricsError(f"{path} cannot be read ({error.strerror}); {_HELP}.") from None
    except UnicodeDecodeError:
        raise MetricsError(f"{path} is not text in UTF-8; {_HELP}.") from None
    series = _from_json(path, text) if text.lstrip()[:1] in ("{", "[") else _from_csv(path, text)
    points = [point for each in series.values() for point in each]
    if not points:
        raise MetricsError(f"{path} has no data points; {_HELP}.")
    return _by_minute(path, series, points)


def _by_minute(path, series, points):
    times = sorted({at_s for at_s, _ in points})
    gaps = np.diff(times)
    period_s = float(gaps.min()) if len(gaps) else MINUTE_S
    if period_s < MINUTE_S or period_s % MINUTE_S:
        raise MetricsError(f"{path} has periods of {period_s:g} s, but they must be whole minutes; export it again "
                           "with a period of 60 seconds.")
    each = int(period_s // MINUTE_S)
    count = int((times[-1] - times[0]) // MINUTE_S) + each
    if count > MOST_MINUTES:
        raise MetricsError(f"{path} spans {count / 1440:,.0f} days, but CloudWatch keeps at most 455; check its "
                           "times.")
    found = {kind: np.zeros(count) for kind in KINDS}
    for kind, values in series.items():
        for at_s, units in values:
            if not (math.isfinite(units) and units >= 0):
                raise MetricsError(f"{path} has {units!r} {kind} units at {_shown(at_s)}, but consumption is a number "
                                   "from 0 up; export it again.")
            place = int((at_s - times[0]) // MINUTE_S)
            found[kind][place:place + each] += units / each
    return Consumption(datetime.fromtimestamp(times[0], UTC), found["read"], found["write"], period_s)


def _shown(at_s):
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M}"


def _time_s(cell) -> float | None:
    """Seconds since 1970 of an ISO time, or of one as the console writes it; UTC unless it says otherwise."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return float(cell) if math.isfinite(cell) else None
    try:
        at = datetime.fromisoformat(str(cell).strip().replace("/", "-").replace("Z", "+00:00"))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _kind_of(label) -> str | None:
    named = [kind for kind in KINDS if kind in str(label).lower()]
    return named[0] if len(named) == 1 else None


def _from_csv(path, text):
    rows = list(csv.reader(text.splitlines(), delimiter=max(",;\t", key=text[:10_000].count)))
    first = next((number for number, row in enumerate(rows) if row and _time_s(row[0]) is not None), None)
    if first is None:
        raise MetricsError(f"{path} has no row that begins with a time; {_HELP}.")
    kinds = next(({place: _kind_of(cell) for place, cell in enumerate(row) if place and _kind_of(cell)}
                  for row in rows[:first] if any(map(_kind_of, row[1:]))), {})
    headings = [cell for row in rows[:first] for cell in row]
    other = next((cell for cell in headings if any(word in cell.lower() for word in _OTHER_STATISTICS)), None)
    if other:
        raise MetricsError(f"{path} speaks of {other!r}, but consumed units must be sums; export it again with the "
                           "statistic Sum.")
    if not kinds:
        raise MetricsError(f"{path} has no column named after read or write units; {_HELP}.")
    series = {kind: [] for kind in KINDS}
    seen: dict[float, int] = {}
    for number, row in enumerate(rows[first:], first + 1):
        if not any(cell.strip() for cell in row):
            continue
        at_s = _time_s(row[0])
        if at_s is None:
            raise MetricsError(f"{path}, line {number}, begins with {row[0]!r}, which is no time; correct the line.")
        if at_s in seen:
            raise MetricsError(f"{path} has the time {row[0].strip()} in lines {seen[at_s]} and {number}, so that it "
                               "would count twice; delete one of them.")
        seen[at_s] = number
        for place, kind in kinds.items():
            cell = row[place].strip() if place < len(row) else ""
            if cell:
                series[kind].append((at_s, _units(path, cell, f"line {number}")))
    return series


def _units(path, value, where):
    try:
        return float(value)
    except (TypeError, ValueError):
        raise MetricsError(f"{path}, {where}, has {value!r} where units should be; correct it.") from None


def _from_json(path, text):
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise MetricsError(f"{path} is no JSON ({error.msg} in line {error.lineno}); {_HELP}.") from None
    answers = document if isinstance(document, list) else [document]
    series = {kind: [] for kind in KINDS}
    for answer in answers:
        if not isinstance(answer, dict):
            raise MetricsError(f"{path} holds no answer of CloudWatch; {_HELP}.")
        if answer.get("NextToken"):
            raise MetricsError(f"{path} is the first page of an answer (it has a NextToken); fetch all pages, put them "
                               "into one list, and leave the tokens out.")
        for result in _listed(path, answer, "MetricDataResults"):
            times, values = _listed(path, result, "Timestamps"), _listed(path, result, "Values")
            if result.get("StatusCode") == "PartialData":
                raise MetricsError(f"{path} holds partial data only; ask CloudWatch again, for a shorter time.")
            if len(times) != len(values):
                raise MetricsError(f"{path} has {len(times)} Timestamps and {len(values)} Values; export it again.")
            kind = _kind_of(f"{result.get('Label', '')}") or _kind_of(result.get("Id", ""))
            if kind:
                series[kind] += [(_json_time(path, at), _units(path, units, "Values"))
                                 for at, units in zip(times, values)]
        kind = _kind_of(answer.get("Label", ""))
        for point in _listed(path, answer, "Datapoints") if kind else []:
            if not isinstance(point, dict) or "Sum" not in point:
                raise MetricsError(f"{path} has data points without Sum; export it again with the statistic Sum.")
            series[kind].append((_json_time(path, point.get("Timestamp")), _units(path, point["Sum"], "Datapoints")))
    return series


def _listed(path, holder, name):
    """The list of this name in an answer of CloudWatch, empty where there is none."""
    found = holder.get(name, []) if isinstance(holder, dict) else None
    if not isinstance(found, list):
        raise MetricsError(f"{path} has no list of {name}; {_HELP}.")
    return found


def _json_time(path, cell):
    at_s = _time_s(cell)
    if at_s is None:
        raise MetricsError(f"{path} has the time {cell!r}, which cannot be read; {_HELP}.")
    return at_s


# Playing ----------------------------------------------------


def what_if(consumption: Consumption, targets: tuple[float, ...] = TARGETS, least: float = 5.0,
            most: float | None = None, region: str = "us-east-1", date: str | None = None,
            table_class: str = "standard") -> list[Option]:
    """What on-demand mode, capacity for the highest minute, and auto scaling at each target would have meant.

    targets: utilisations from 0.2 to 0.9; least, most: bounds of auto scaling (most None: the table quota). It begins
    at the first minute's needs with full bursts. The free tier is left out. Raises ParamError for bounds or targets
    that AWS refuses.
    """
    quota = facts.value("dynamodb.table_quota_units", date)
    most = quota if most is None else most
    if not 1 <= least <= most:
        raise ParamError(f"what_if's bounds are {least!r} to {most!r}, but they must be from 1 up and in order; change "
                         "least or most.")
    wrong = next((target for target in targets if not 0.2 <= target <= 0.9), None)
    if wrong is not None:
        raise ParamError(f"what_if's target is {wrong!r}, but AWS allows 0.2 to 0.9; choose one of these.")
    demand = [consumption.read, consumption.write]
    book = price_book(region, date)
    hours = facts.value("hours_per_month") / (consumption.minutes / _HOUR_MINUTES)
    hourly = [book.usd(f"dynamodb.{kind}_capacity.{table_class}") for kind in KINDS]
    each = [book.usd(f"dynamodb.{kind}_request.{table_class}") for kind in KINDS]

    def provisioned(name, rule_of):
        runs = [_play(units, rule) for units, rule in zip(demand, map(rule_of, demand))]
        usd = sum(run.rates.sum() / _HOUR_MINUTES * price for run, price in zip(runs, hourly))
        return _option(name, usd * hours, runs, demand)

    on_demand = [_play_on_demand(units, kind, date) for units, kind in zip(demand, KINDS)]
    usd = sum((units.sum() - run.throttled.sum()) * price for units, run, price in zip(demand, on_demand, each))
    options = [_option("on-demand", usd * hours, on_demand, demand),
               provisioned("provisioned for the peak",
                           lambda units: min(quota, math.ceil(max(units.max() / MINUTE_S, 1))))]
    return options + [provisioned(f"auto scaling at {target:.0%}", lambda units, target=target: AutoScaling(
        target, least, most, date)) for target in targets]


def table(options: list[Option]):
    """The options as a DataFrame, cheapest first."""
    import pandas as pd

    frame = pd.DataFrame([vars(option) for option in options])
    return frame.sort_values("usd_per_month", ignore_index=True)


@dataclass(frozen=True, eq=False)
class _Played:
    """Minute by minute: the capacity or limit (units/s) and the units that were not served."""

    rates: np.ndarray
    throttled: np.ndarray

    @property
    def changes(self) -> int:
        return int(np.count_nonzero(np.diff(self.rates)))


def _option(name, usd, runs, demand):
    units = sum(float(run.throttled.sum()) for run in runs)
    wanted = sum(float(each.sum()) for each in demand)
    minutes = int(((runs[0].throttled > 0) | (runs[1].throttled > 0)).sum())
    return Option(name, float(usd), units, units / wanted if wanted else 0.0, minutes, sum(run.changes for run in runs),
                  tuple(float(run.rates.max()) for run in runs))


def _play(units: np.ndarray, rule) -> _Played:
    """Provisioned capacity: a fixed rate, or an AutoScaling rule that changes it."""
    burst_s = facts.value("dynamodb.burst_s")
    scales = isinstance(rule, AutoScaling)
    rate = float(rule) if not scales else min(rule.most, max(rule.least, math.ceil(units[0] / MINUTE_S / rule.target)))
    delay = math.ceil(rule.delay_s / MINUTE_S) if scales else 0
    rates, throttled = [], []
    saved, pending, due = burst_s * rate, rate, -1
    for minute, wanted in enumerate(units.tolist(), 1):
        room = saved + MINUTE_S * rate
        served = wanted if wanted < room else room
        left, most_saved = room - served, burst_s * rate
        saved = left if left < most_saved else most_saved
        rates.append(rate)
        throttled.append(wanted - served)
        if minute == due:
            rate, due = pending, -1
        if scales and due < 0:
            pending = rule.wanted(served / MINUTE_S, rate, minute)
            if pending != rate:
                due = minute + delay
    return _Played(np.array(rates), np.array(throttled))


def _play_on_demand(units: np.ndarray, kind: str, date: str | None) -> _Played:
    """On-demand mode: the limit that follows the peak."""
    rule = OnDemandGrowth(facts.value(f"dynamodb.on_demand_initial_{kind}", date),
                          facts.value("dynamodb.table_quota_units", date), date)
    limits, throttled = [], []
    limit = rule.limit
    for minute, wanted in enumerate(units.tolist(), 1):
        served = min(wanted, MINUTE_S * limit)
        limits.append(limit)
        throttled.append(wanted - served)
        limit = rule.wanted(served / MINUTE_S, limit, minute)
    return _Played(np.array(limits), np.array(throttled))
