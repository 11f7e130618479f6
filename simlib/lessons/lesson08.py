"""Lesson 08: which capacity mode: provisioned capacity with auto scaling or on demand, in a ticket sale at 20:00."""

from __future__ import annotations

import csv
import numbers
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from simlib import facts
from simlib.capacity_units import write_units
from simlib.engine import Result, Scenario, simulate
from simlib.i18n import N_, _, duration, number, percent, usd
from simlib.pricing import SERVED, Bill, bill, month, price, price_book, usage
from simlib.services import DynamoDb
from simlib.services.base import THROTTLED
from simlib.services.dynamodb.scaling import MINUTE_S, AutoScaling
from simlib.teach import (
    Check,
    Condition,
    Control,
    Essay,
    Explorable,
    Hint,
    InputError,
    Option,
    Prediction,
    Question,
    Quiz,
    Target,
)
from simlib.views.throughput import Modes, Served
from simlib.workload import Constant, Keys, Operation, Poisson, Steps, Traffic, Workload, draw

PROVISIONED, ON_DEMAND = N_("provisioned, auto scaling"), N_("on demand")
BEFORE_CUT = "2024-10-31"
SEED = 1
WRITES = 2
"""The resource number of the table's write capacity."""
ORDER_KB = 20


def _writing(name: str, kilobytes: float) -> Operation:
    return Operation(name=name, access="write", item_bytes=int(1024 * kilobytes), work_vcpu_s=0.0, io_s=0.0)


ORDER = _writing("order", ORDER_KB)
"""A purchase: one item of 20 KB, the order with its signed ticket as a PDF."""
SEAT = _writing("seat", 1)
ORDER_UNITS = write_units(ORDER.item_bytes)
MANY_KEYS = Keys(popularity="uniform", count=100_000)
ONE_KEY = Keys(count=1)
MOST_UNITS = int(facts.value("dynamodb.table_quota_units"))
PARTITION_UNITS = int(facts.value("dynamodb.partition_write_units"))
NEW_TABLE_UNITS = int(facts.value("dynamodb.on_demand_initial_write"))


# The two modes ----------------------------------------------------


def auto_scaled(**changes) -> DynamoDb:
    """The lesson's provisioned table: 5 units, auto scaling at 70 %, no retries unless changed."""
    return DynamoDb(**{"capacity_mode": "provisioned", "auto_scaling": True, "max_attempts": 1, **changes})


def on_demand(**changes) -> DynamoDb:
    """The lesson's on-demand table, new, no retries unless changed."""
    return DynamoDb(**{"max_attempts": 1, **changes})


STEADY_WCU, STEADY_S = 100, 20.0
SHARES = np.linspace(0.0, 1.0, 41)
DATES = ((None, N_("today")), (BEFORE_CUT, N_("before November 2024")))


@dataclass(frozen=True)
class Steady:
    """A steady load through both modes: utilisation of 100 WCU, and both bills, without the free tier."""

    share: float
    date: str | None
    bills: dict[str, Bill]

    def usd(self, mode: str) -> float:
        """Dollars a month for writes."""
        return self.bills[mode].usd_of("dynamodb.write")

    @property
    def ratio(self) -> float:
        """How many times on demand costs what provisioned capacity does."""
        return self.usd(ON_DEMAND) / self.usd(PLAIN)


PLAIN = N_("provisioned mode")


@lru_cache(maxsize=128)
def steady(share: float, date: str | None = None) -> Steady:
    """Plays writes of 1 KB that use a share of 100 WCU through both modes, and bills a month of it."""
    traffic = Traffic(arrivals=Constant(STEADY_WCU * share), window_s=STEADY_S, operations=(SEAT,), keys=MANY_KEYS)
    workload = draw(traffic, SEED)
    tables = {
        PLAIN: DynamoDb(capacity_mode="provisioned", write_capacity=STEADY_WCU, read_capacity=1, storage_gb=0.0),
        ON_DEMAND: DynamoDb(storage_gb=0.0),
    }
    results = {
        mode: simulate(Scenario((table,), traffic, date=date), SEED, workload) for mode, table in tables.items()
    }
    return Steady(share, date, {mode: bill(result, free_tier=False) for mode, result in results.items()})


def break_even(date: str | None = None, kind: str = "write", table_class: str = "standard") -> float:
    """The average utilisation at which both modes cost the same."""
    book = price_book(date=date)
    a_unit_usd = facts.value("dynamodb.unit_hour") * book.usd(f"dynamodb.{kind}_request.{table_class}")
    return book.usd(f"dynamodb.{kind}_capacity.{table_class}") / a_unit_usd


def _modes_lines(date: str | None) -> dict[str, np.ndarray]:
    book, hours = price_book(date=date), facts.value("hours_per_month")
    flat_usd = STEADY_WCU * hours * book.usd("dynamodb.write_capacity.standard")
    full_usd = STEADY_WCU * hours * facts.value("dynamodb.unit_hour") * book.usd("dynamodb.write_request.standard")
    return {PLAIN: np.full(SHARES.size, flat_usd), ON_DEMAND: SHARES * full_usd}


def _modes_picture(seen: Steady) -> dict:
    return {
        "shares": SHARES,
        "lines": _modes_lines(seen.date),
        "now": (seen.share, {mode: seen.usd(mode) for mode in (PLAIN, ON_DEMAND)}),
        "even": break_even(seen.date),
    }


def _say_modes(seen: Steady, before: Steady | None) -> str:
    words = _(
        "{rate} writes a second use {share} of {wcu} WCU. A month of writes: provisioned {flat}, on demand {paid}, that is {ratio} "
        "times as much; the break-even lies at {even}.",
        rate=number(STEADY_WCU * seen.share),
        share=percent(seen.share),
        wcu=STEADY_WCU,
        flat=usd(seen.usd(PLAIN)),
        paid=usd(seen.usd(ON_DEMAND)),
        ratio=number(seen.ratio),
        even=percent(break_even(seen.date)),
    )
    if before is not None:
        words += "\n" + _("(A: {share} used, {ratio} times as much)", share=percent(before.share), ratio=number(before.ratio))
    return words


SHARE_CONTROL = Control("percent", N_("Average utilisation"), 70.0, "%", 5.0, 100.0, step=5.0,
                        doc=N_("of 100 provisioned write capacity units"))
DATE_CONTROL = Control("date", N_("Prices"), None, choices=DATES)


def _modes(*controls: Control) -> Explorable:
    return Explorable(
        controls=controls,
        run=lambda settings: steady(settings["percent"] / 100, settings.get("date")),
        picture=lambda: Modes((PLAIN, ON_DEMAND), float(_modes_lines(BEFORE_CUT)[ON_DEMAND][-1])),
        look=_modes_picture,
        say=_say_modes,
        bills=lambda seen: {_(mode): each for mode, each in seen.bills.items()},
    )


SHARE_EXPLORER = _modes(SHARE_CONTROL)
DATE_EXPLORER = _modes(SHARE_CONTROL, DATE_CONTROL)


# The sale ----------------------------------------------------

OPENS_S, STORM_S, WINDOW_S = 600.0, 120.0, 3600.0
"""The window begins at 19:50; sales open 600 s later."""
LATER_S, LATER_SHARE, QUIET_RPS, SALES = 600.0, 0.1, 0.1, 4
"""Until ten minutes after 20:00 a tenth of the storm comes; then it is quiet again; four sales a month."""
HEIGHT_RPS, MOST_RPS, HIGHEST_RPS = 50, 400, 1000


def sale(height_rps: float) -> Traffic:
    """An hour from 19:50: quiet, at 20:00 two minutes of so many orders a second, a tenth until 20:10, quiet.

    Raises InputError for what is no number from 1 to 1,000.
    """
    if not isinstance(height_rps, numbers.Real) or isinstance(height_rps, bool) or not 1 <= height_rps <= HIGHEST_RPS:
        raise InputError(
            _("A sale takes a number of orders a second from 1 to {most}, as in lesson.sale(50); correct it in this cell.",
              most=f"{HIGHEST_RPS:,}")
        )
    steps = (
        (0.0, QUIET_RPS),
        (OPENS_S, float(height_rps)),
        (OPENS_S + STORM_S, LATER_SHARE * height_rps),
        (OPENS_S + LATER_S, QUIET_RPS),
    )
    return Traffic(arrivals=Steps(steps), window_s=WINDOW_S, operations=(ORDER,), keys=MANY_KEYS,
                   windows_per_month=SALES, quiet_rps=QUIET_RPS)


@lru_cache(maxsize=8)
def _buyers(height_rps: float) -> Workload:
    return draw(sale(height_rps), SEED)


@lru_cache(maxsize=64)
def _played(height_rps: float, table: DynamoDb) -> Result:
    return simulate(Scenario((table,), sale(height_rps)), SEED, _buyers(height_rps))


@lru_cache(maxsize=256)
def _bill_of(height_rps: float, table: DynamoDb, ready_wcu: float) -> Bill:
    """A month with four sales, without the free tier; `ready_wcu` stand only in the hours of the sales."""
    if not ready_wcu:
        return bill(_played(height_rps, table), free_tier=False)
    plain, raised = _played(height_rps, table), _played(height_rps, prepared(table, ready_wcu))
    quantities, before, after = month(plain), usage(plain), usage(raised)
    for sku in quantities:
        quantities[sku] += SALES * (after.get(sku, 0.0) - before.get(sku, 0.0))
    quantities.pop(SERVED)
    book = price_book()
    return Bill(tuple(price(quantities, book, free_tier=False)), DynamoDb.not_billed, book.region, book.date)


def prepared(table: DynamoDb, ready_wcu: float) -> DynamoDb:
    """The table as a scheduled action leaves it from 19:50 to 20:50: at least so much write capacity."""
    least = max(table.min_write_capacity, ready_wcu)
    return replace(table, write_capacity=max(table.write_capacity, ready_wcu), min_write_capacity=least)


def minutes(result: Result, bin_s: float = MINUTE_S, from_s: float = OPENS_S) -> dict[str, np.ndarray]:
    """Units a second by time: what was wanted, consumed and throttled, and the edges in bins counted from `from_s`."""
    spans = result.of(len(result.scenario.stack) - 1)
    edges = np.arange(0.0, result.workload.window_s + bin_s / 2, bin_s)
    came = result.workload.arrival_s
    each = write_units(result.scenario.traffic.operations[0].item_bytes)
    taken = spans["status"] != THROTTLED
    begun = (spans["start_s"] + spans["wait_s"])[taken]
    lost = came[spans["request"].astype(int)[~taken]]
    counted = {"wanted": came, "served": begun, "throttled": lost}
    return {
        "edges": (edges - from_s) / bin_s,
        **{name: each * np.histogram(moments, edges)[0] / bin_s for name, moments in counted.items()},
    }


def capacity_of(result: Result, bin_s: float = MINUTE_S, from_s: float = OPENS_S) -> tuple[np.ndarray, np.ndarray]:
    """The write capacity (or on-demand limit) that stood: moments in bins counted from `from_s`, and units a second."""
    rows = result.metered(len(result.scenario.stack) - 1).capacity
    mine = np.flatnonzero(rows["resource"] == WRITES)
    mine = mine[np.argsort(rows["start_s"][mine])]
    amounts = rows["amount"][mine]
    moments = np.append(rows["start_s"][mine], rows["end_s"][mine].max())
    return (moments - from_s) / bin_s, np.append(amounts, amounts[-1])


@dataclass(frozen=True)
class Evening:
    """One sale through both modes, on the same requests, without retries: {mode: Result}."""

    height_rps: float
    tables: dict[str, DynamoDb]
    ready_wcu: float = 0

    @cached_property
    def results(self) -> dict[str, Result]:
        """What was played, by mode."""
        return {
            mode: _played(self.height_rps, prepared(table, self.ready_wcu) if self._raised(mode) else table)
            for mode, table in self.tables.items()
        }

    def _raised(self, mode: str) -> bool:
        return bool(self.ready_wcu) and mode == PROVISIONED

    @cached_property
    def bills(self) -> dict[str, Bill]:
        """Both monthly bills, without the free tier."""
        return {
            mode: _bill_of(self.height_rps, table, self.ready_wcu if self._raised(mode) else 0)
            for mode, table in self.tables.items()
        }

    def lost(self, mode: str) -> int:
        """Orders that were throttled."""
        return int((~self.results[mode].ok).sum())

    def share(self, mode: str) -> float:
        """The same as a share of all orders."""
        return self.lost(mode) / self.results[mode].n

    @property
    def first_help_s(self) -> float | None:
        """Seconds after 20:00 at which auto scaling first gives more; None if it does not."""
        moments, amounts = capacity_of(self.results[PROVISIONED], 1.0)
        more = moments[(amounts > amounts[0]) & (moments > 0)]
        return float(more[0]) if more.size else None


@lru_cache(maxsize=256)
def evening(height_rps: float = HEIGHT_RPS, target: float = 0.7, ready_wcu: float = 0, peak_units: float = 0) -> Evening:
    """One sale through a table with auto scaling and through one on demand."""
    return Evening(
        float(height_rps),
        {
            PROVISIONED: auto_scaled(target_utilization=target),
            ON_DEMAND: on_demand(previous_peak_writes=peak_units),
        },
        ready_wcu,
    )


def clock(seconds: float) -> str:
    """The time of the evening of a moment so many seconds after 20:00."""
    return f"{datetime(2026, 12, 1, 20) + timedelta(seconds=round(seconds)):%H:%M:%S}"


def _evening_picture(seen: Evening, modes=(PROVISIONED, ON_DEMAND)) -> dict:
    panels = {}
    for mode in modes:
        panels[mode] = minutes(seen.results[mode]) | {"capacity": capacity_of(seen.results[mode])}
    return {"edges": panels[modes[0]]["edges"], "panels": panels}


def _say_mode(seen: Evening, mode: str) -> str:
    return _(
        "{mode}: of {orders} orders {lost} ({share}) are throttled; a month with {sales} sales costs {usd}.",
        mode=_(mode),
        orders=f"{seen.results[mode].n:,}",
        lost=f"{seen.lost(mode):,}",
        share=percent(seen.share(mode)),
        sales=SALES,
        usd=usd(seen.bills[mode].total_usd),
    )


def _say_evening(seen: Evening, before: Evening | None) -> str:
    lines = [
        _("The storm wants {orders} orders × {each} = {units} write units a second.", orders=number(seen.height_rps),
          each=number(ORDER_UNITS), units=number(seen.height_rps * ORDER_UNITS, 4))
    ]
    lines += [_say_mode(seen, mode) for mode in seen.tables]
    if PROVISIONED in seen.tables:
        help_s = seen.first_help_s
        lines.append(
            _("Auto scaling changes nothing after 20:00.")
            if help_s is None
            else _("After 20:00 auto scaling gives more for the first time at {time}.", time=clock(help_s))
        )
    if before is not None:
        lines.append(
            _("(A: throttled {shares})", shares=", ".join(percent(before.share(mode)) for mode in before.tables))
        )
    return "\n".join(lines)


HEIGHT_CONTROL = Control("height_rps", N_("Orders per second from 20:00 to 20:02"), HEIGHT_RPS, "", 10, MOST_RPS, step=10,
                         whole=True, doc=N_("each writes one item of 20 KB; then a tenth until 20:10"))
TARGET_CONTROL = Control("percent", N_("Target utilisation"), 70.0, "%", 20.0, 90.0, step=5.0,
                         doc=N_("of auto scaling; AWS allows 20 to 90 %"))
READY_CONTROL = Control("ready_wcu", N_("Capacity by schedule, 19:50 to 20:50"), 0, "WCU", 0, 1500, step=100, whole=True,
                        doc=N_("a scheduled action raises the minimum; 0: none"))
PEAK_CONTROL = Control("peak_units", N_("Previous peak"), 0, "WRU/s", 0, 4000, step=250, whole=True,
                       doc=N_("the most that the on-demand table has served; 0: a new table"))


def _sale_explorer(*controls: Control, modes=(PROVISIONED, ON_DEMAND)) -> Explorable:
    def run(settings):
        whole = evening(settings["height_rps"], settings.get("percent", 70.0) / 100, settings.get("ready_wcu", 0),
                        settings.get("peak_units", 0))
        return replace(whole, tables={mode: whole.tables[mode] for mode in modes})

    return Explorable(
        controls=controls,
        run=run,
        picture=lambda: Served(modes, N_("minutes after 20:00"), N_("capacity")),
        look=lambda seen: _evening_picture(seen, modes),
        say=_say_evening,
        bills=lambda seen: {_(mode): seen.bills[mode] for mode in modes},
        live=False,
    )


HEIGHT_EXPLORER = _sale_explorer(HEIGHT_CONTROL)
READY_EXPLORER = _sale_explorer(HEIGHT_CONTROL, READY_CONTROL)
TARGET_EXPLORER = _sale_explorer(HEIGHT_CONTROL, TARGET_CONTROL, modes=(PROVISIONED,))
GREAT_RPS, KNOWN_PEAK = 300, 3500
PEAK_EXPLORER = _sale_explorer(replace(HEIGHT_CONTROL, default=GREAT_RPS), PEAK_CONTROL, modes=(ON_DEMAND,))


# Through a function ----------------------------------------------------


def compared(results: dict[str, Result]):
    """The same orders through both modes, with a function and the SDK's retries in front: a DataFrame of text."""
    import pandas as pd

    columns = {}
    for mode, result in results.items():
        last = len(result.scenario.stack) - 1
        calls, functions = result.of(last), result.of(last - 1)
        taken = result.latency_s[result.ok]
        monthly = bill(result, free_tier=False)
        columns[_(mode)] = {
            _("orders"): f"{result.n:,}",
            _("stored"): f"{int(result.ok.sum()):,}",
            _("given up after all attempts"): f"{int((calls['status'] == THROTTLED).sum()):,}",
            _("turned away by Lambda, or cut off by a time limit"): f"{_turned_away(result, calls):,}",
            _("calls to the table"): f"{int(calls['resource'].sum()):,}",
            _("99 of 100 stored orders take at most"): duration(1000 * float(np.quantile(taken, 0.99))),
            _("a function's time that is billed, on average"): duration(float(functions["billed_ms"].mean())),
            _("month: function"): usd(monthly.usd_of("lambda")),
            _("month: table"): usd(monthly.usd_of("dynamodb")),
        }
    return pd.DataFrame(columns)


def _turned_away(result: Result, calls) -> int:
    """Orders that neither were stored nor had used up their attempts at the table."""
    return max(0, result.n - int(result.ok.sum()) - int((calls["status"] == THROTTLED).sum()))


def first_help_minutes() -> float:
    """Minutes after 20:00 until auto scaling first gives more capacity."""
    return evening().first_help_s / MINUTE_S


# A single hot key ----------------------------------------------------

HOT_RPS, HOT_S, HOT_SETTLED_S, HOT_WCU = 1500, 10.0, 3, 10_000
MODES_OF_HOT = (PLAIN, ON_DEMAND)


@dataclass(frozen=True)
class Hot:
    """Writes of 1 KB to one key, in both modes: {mode: Result}."""

    rate_rps: float
    shards: int
    results: dict[str, Result]

    def share(self, mode: str) -> float:
        """Throttled writes as a share of all."""
        return float((~self.results[mode].ok).mean())

    def throttled_rps(self, mode: str) -> float:
        """Throttled writes a second, once what the hardware had saved for a second is gone."""
        return float(minutes(self.results[mode], 1.0, 0.0)["throttled"][HOT_SETTLED_S:].mean())

    @property
    def limit_units(self) -> float:
        """What the partitions of the key's shards take together."""
        return float(self.shards * PARTITION_UNITS)


@lru_cache(maxsize=64)
def hot(rate_rps: float = HOT_RPS, shards: int = 1) -> Hot:
    """Plays writes to one seat map for ten seconds against 10,000 WCU and on demand; `shards` suffixes spread them."""
    traffic = Traffic(arrivals=Poisson(rate_rps), window_s=HOT_S, operations=(SEAT,), keys=ONE_KEY)
    workload = draw(traffic, SEED)
    tables = {
        PLAIN: DynamoDb(capacity_mode="provisioned", write_capacity=HOT_WCU, max_attempts=1, write_shards=shards),
        ON_DEMAND: on_demand(previous_peak_writes=HOT_WCU / 2, write_shards=shards),
    }
    return Hot(
        rate_rps, shards, {mode: simulate(Scenario((table,), traffic), SEED, workload) for mode, table in tables.items()}
    )


def _hot_picture(seen: Hot) -> dict:
    limit = (np.array([0.0, HOT_S]), np.full(2, seen.limit_units))
    panels = {mode: minutes(result, 1.0, 0.0) | {"capacity": limit} for mode, result in seen.results.items()}
    return {"edges": panels[PLAIN]["edges"], "panels": panels}


def _say_hot(seen: Hot, before: Hot | None) -> str:
    words = _(
        "{rate} writes a second on one key, suffixes: {shards}, in a table of {wcu} units a second. Throttled: provisioned {a}, "
        "on demand {b}.",
        rate=f"{seen.rate_rps:,}",
        shards=seen.shards,
        wcu=f"{HOT_WCU:,}",
        a=percent(seen.share(PLAIN)),
        b=percent(seen.share(ON_DEMAND)),
    )
    if before is not None:
        words += "\n" + _("(A: {a} and {b})", a=percent(before.share(PLAIN)), b=percent(before.share(ON_DEMAND)))
    return words


HOT_EXPLORER = Explorable(
    controls=(
        Control("rate_rps", N_("Writes per second on one seat map"), HOT_RPS, "", 250, 4000, step=250, whole=True,
                doc=N_("1 KB each, ten seconds, without retries")),
        Control("shards", N_("Suffixes of the key"), 1, "", 1, 10, whole=True,
                doc=N_("write sharding: SHOW#1224.1, SHOW#1224.2 …")),
    ),
    run=lambda settings: hot(settings["rate_rps"], settings["shards"]),
    picture=lambda: Served(MODES_OF_HOT, N_("seconds"), N_("the most of its partitions"), log=False),
    look=_hot_picture,
    say=_say_hot,
    live=False,
)


def sleeping_usd() -> tuple[float, float]:
    """Dollars a month of 1,000 WCU that auto scaling leaves alone because nothing is written, and of its minimum."""
    rule = AutoScaling(0.7, 5.0, MOST_UNITS)
    rate = 1000.0
    for minute in range(120):
        rate = rule.wanted(0.0, rate, minute)
    hourly = price_book().usd("dynamodb.write_capacity.standard") * facts.value("hours_per_month")
    return rate * hourly, rule.least * hourly


def breaking() -> list[str]:
    """What one should have seen in section 6, item by item."""
    single, spread = hot(), hot(shards=2)
    fresh, known = evening(GREAT_RPS), evening(GREAT_RPS, peak_units=KNOWN_PEAK)
    half = evening(GREAT_RPS, peak_units=fresh.height_rps * ORDER_UNITS / 2)
    low, usual = evening(target=0.2), evening()
    kept, least = sleeping_usd()
    return [
        _(
            "{rate} writes a second on one key lose {a} provisioned and {b} on demand in ten seconds, though the table has {wcu} units: one "
            "partition takes {most} a second, so about {lost} a second are throttled once it has settled; before, it spends what it has saved. Adaptive capacity can give the key a partition of its own, not more. Two suffixes lose {c}; "
            "reading the seat map then takes a query for each suffix.",
            rate=f"{HOT_RPS:,}", a=percent(single.share(PLAIN)), b=percent(single.share(ON_DEMAND)), wcu=f"{HOT_WCU:,}",
            lost=number(single.throttled_rps(PLAIN), 2),
            most=f"{PARTITION_UNITS:,}", c=percent(spread.share(PLAIN)),
        ),
        _(
            "A sale of {units} units a second loses {a} on a new on-demand table, which serves {new} at once. With a previous peak of "
            "{peak} it serves {twice} and loses {b}. A peak of exactly half still loses {half}: orders come at random, in some seconds more. A load test the day before, or raising the warm "
            "throughput, makes such a peak.",
            units=f"{fresh.height_rps * ORDER_UNITS:,.0f}", a=percent(fresh.share(ON_DEMAND)), new=f"{NEW_TABLE_UNITS:,}",
            peak=f"{KNOWN_PEAK:,}", twice=f"{capacity_of(known.results[ON_DEMAND])[1][0]:,.0f}",
            b=percent(known.share(ON_DEMAND)), half=percent(half.share(ON_DEMAND)),
        ),
        _(
            "After 20:00 auto scaling first gives more at {time}, whatever the target: the storm is over then. A target of 20 % loses {a} instead of "
            "{b}: it keeps more in reserve and asks for five times what was consumed. And where nothing at all is written, nothing is scaled in: "
            "1,000 WCU left over from a sale would go on costing {kept} a month instead of {least}.",
            time=clock(usual.first_help_s), a=percent(low.share(PROVISIONED)), b=percent(usual.share(PROVISIONED)),
            kept=usd(kept), least=usd(least),
        ),
    ]


# The sums by hand ----------------------------------------------------

WORKED_SHARE = 0.7


def by_hand() -> str:
    """Break-even, price ratio, delay, burst, reserved capacity, the infrequent-access class: with the numbers in force."""
    book = price_book()
    hourly, each = book.usd("dynamodb.write_capacity.standard"), book.usd("dynamodb.write_request.standard")
    table = auto_scaled()
    burst = facts.value("dynamodb.burst_s")
    alarm, delay, update = (
        facts.value(f"dynamodb.{name}") for name in ("scale_out_minutes", "alarm_delay_s", "update_table_s")
    )
    return "\n".join(
        [
            _("Break-even: {hourly} a WCU-hour ÷ (3,600 × {each} a million ÷ 1,000,000) = {even}.",
              hourly=f"${hourly:.5f}", each=f"${each * 1e6:.3f}", even=percent(break_even())),
            _("Ratio at {share} utilisation: {share} ÷ {even} = {ratio}; at full use {full}. With the prices before November 2024 the "
              "break-even lay at {old}, so {twice} and {most}.",
              share=percent(WORKED_SHARE), even=percent(break_even()), ratio=number(WORKED_SHARE / break_even()),
              full=number(1 / break_even()), old=percent(break_even(BEFORE_CUT)),
              twice=number(WORKED_SHARE / break_even(BEFORE_CUT)), most=number(1 / break_even(BEFORE_CUT))),
            _("“Two to three times dearer” holds at a utilisation of {low} to {high} today; before November 2024 it held at {old_low} to "
              "{old_high}.", low=percent(2 * break_even()), high=percent(3 * break_even()),
              old_low=percent(2 * break_even(BEFORE_CUT)), old_high=percent(3 * break_even(BEFORE_CUT))),
            _("First help: {alarm} high minutes + {delay} s until CloudWatch tells + {update} s of UpdateTable = {sum} s, so {time}.",
              alarm=number(alarm), delay=number(delay), update=number(update), sum=number(alarm * 60 + delay + update),
              time=clock(evening().first_help_s)),
            _("Burst: {wcu} WCU × {burst} s = {saved} units saved; the storm wants {storm} units a second.",
              wcu=number(table.write_capacity), burst=number(burst), saved=f"{table.write_capacity * burst:,.0f}",
              storm=f"{HEIGHT_RPS * ORDER_UNITS:,.0f}"),
            _("Reserved for a year: {hour} an hour and {upfront} upfront, together {sum} instead of {hourly} a WCU-hour: {saved} less.",
              hour=f"${book.usd('dynamodb.reserved_write_capacity.standard'):.6f}",
              upfront=f"${book.usd('dynamodb.reserved_write_upfront.standard'):.6f}", sum=f"${reserved_hour_usd():.6f}",
              hourly=f"${hourly:.5f}", saved=percent(1 - reserved_hour_usd() / hourly)),
            _("Standard-IA: storage {less} cheaper, units {more} dearer, so it pays where storage costs more than {share} of throughput.",
              less=percent(1 - book.usd("dynamodb.storage.standard_ia") / book.usd("dynamodb.storage.standard")),
              more=percent(_dearer()), share=percent(infrequent_share())),
            _("Free tier: {hours} unit-hours a month, that is {units} WCU and as many RCU day and night of 31 days: {usd} a month; on-demand "
              "requests have none.", hours=f"{facts.value('free_tier.dynamodb.write_capacity.standard'):,.0f}",
              units=number(free_units()), usd=usd(_free_usd())),
        ]
    )


def free_units() -> float:
    """Provisioned units that the free tier covers day and night in a month of 31 days."""
    return facts.value("free_tier.dynamodb.write_capacity.standard") / (31 * 24)


def _free_usd() -> float:
    """What the free unit-hours of reads and of writes are worth."""
    book = price_book()
    return sum(facts.value(f"free_tier.dynamodb.{kind}_capacity.standard")
               * book.usd(f"dynamodb.{kind}_capacity.standard") for kind in ("read", "write"))


def _dearer() -> float:
    """By which share on-demand writes of the infrequent-access class are dearer."""
    book = price_book()
    return book.usd("dynamodb.write_request.standard_ia") / book.usd("dynamodb.write_request.standard") - 1


def infrequent_share() -> float:
    """Storage costs as a share of throughput costs from which the infrequent-access class is cheaper."""
    book = price_book()
    return _dearer() / (1 - book.usd("dynamodb.storage.standard_ia") / book.usd("dynamodb.storage.standard"))


def reserved_hour_usd() -> float:
    """Dollars of a write capacity unit for an hour, reserved for a year, with its share of the upfront payment."""
    book = price_book()
    return book.usd("dynamodb.reserved_write_capacity.standard") + book.usd("dynamodb.reserved_write_upfront.standard")


# Your own metrics ----------------------------------------------------

EXPORT_QUIET_RPS = ((0, 2.0), (8, 12.0), (13, 20.0), (18, 30.0), (23, 4.0))
EXPORT_HEIGHT_RPS, EXPORT_DAY_S = 900.0, 86_400.0


def export_metrics() -> Path:
    """A CloudWatch-like export of one day, minute by minute, in a temporary file: made up by this simulator, not measured.

    Orders of 1 KB that rise and fall over the day, and a sale at 20:00. Times are UTC, as in CloudWatch.
    """
    hours = [(3600.0 * hour, rate) for hour, rate in EXPORT_QUIET_RPS]
    opens_s = 20 * 3600.0
    sold = [(opens_s, EXPORT_HEIGHT_RPS), (opens_s + STORM_S, EXPORT_HEIGHT_RPS / 10), (opens_s + LATER_S, 30.0)]
    steps = Steps(tuple(sorted(hours + sold)))
    traffic = Traffic(arrivals=steps, window_s=EXPORT_DAY_S, operations=(SEAT,), keys=MANY_KEYS)
    came = draw(traffic, SEED).arrival_s
    writes = np.bincount((came // MINUTE_S).astype(int), minlength=1440)
    begins = datetime(2026, 11, 30, 15, tzinfo=UTC)
    path = Path(tempfile.mkdtemp()) / "tickets.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["Timestamp", "ConsumedWriteCapacityUnits", "ConsumedReadCapacityUnits"])
        for minute, count in enumerate(writes.tolist()):
            lines.writerow([f"{begins + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}", count, 2 * count])
    return path


OPTIONS = {
    "on-demand": ON_DEMAND,
    "provisioned for the peak": N_("provisioned for the highest minute"),
}


def options(found):
    """What `capacity_plan.what_if` found as a DataFrame of text, cheapest first."""
    import pandas as pd

    rows = {}
    for each in sorted(found, key=lambda option: option.usd_per_month):
        target = each.name.removeprefix("auto scaling at ")
        name = _(OPTIONS[each.name]) if each.name in OPTIONS else _("auto scaling, target {target}", target=target)
        rows[name] = {
            _("dollars a month"): usd(each.usd_per_month),
            _("throttled"): percent(each.throttled_share),
            _("minutes with throttling"): f"{each.throttled_minutes:,}",
            _("changes of capacity"): f"{each.changes:,}",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


# Predict ----------------------------------------------------

FIRST_HELP = Prediction(
    "08.first_help",
    N_("The storm begins at 20:00:00. After how many minutes does auto scaling first give the table more capacity?"),
    unit=N_("minutes"),
    lo=0,
    hi=60,
)
HOW_MUCH_DEARER = Prediction(
    "08.ratio",
    N_("A table uses 70 % of its provisioned capacity day and night. How many times as much do the same writes cost on demand?"),
    unit=N_("times"),
    lo=0,
    hi=100,
)


def ratio() -> float:
    """The answer to HOW_MUCH_DEARER, from two bills."""
    return steady(WORKED_SHARE).ratio


# Exercises ----------------------------------------------------

APPLY_RPS, APPLY_KB, APPLY_TARGET = 30, 2.5, 0.7


def _needed_wcu() -> float:
    """Where auto scaling settles under the load of the first exercise."""
    rule = AutoScaling(APPLY_TARGET, 5.0, MOST_UNITS)
    rate = rule.least
    for minute in range(180):
        rate = rule.wanted(APPLY_RPS * write_units(int(1024 * APPLY_KB)), rate, minute)
    return rate


def _needed_worked() -> str:
    each = write_units(int(1024 * APPLY_KB))
    return _(
        "An item of {kb} KB takes {each} write units (rounded up); × {rate} = {used} units a second; ÷ {target} = {exact}, rounded "
        "up {wcu} WCU.",
        kb=number(APPLY_KB), each=number(each), rate=APPLY_RPS, used=number(APPLY_RPS * each), target=percent(APPLY_TARGET),
        exact=number(APPLY_RPS * each / APPLY_TARGET, 4), wcu=number(_needed_wcu()),
    )


BY_HAND = Target(
    "08.by_hand",
    N_("30 items of 2.5 KB are written every second, steadily. On how many WCU does auto scaling with a target of 70 % settle?"),
    numbers.Real,
    (
        Condition(
            N_("distance from the simulated table"), lambda given: abs(given / _needed_wcu() - 1), 0.001, show=percent
        ),
    ),
    solution=_needed_wcu,
    worked=_needed_worked,
    untouched=lambda given: given == 0,
    needs=N_("a number"),
)

TARGET_RPS, LOST_AT_MOST, MONTH_USD, HOUR_USD = 225, 0.001, 12.0, 12.0


@dataclass(frozen=True)
class Judged:
    """What a table does in the exercise's sale: share of throttled orders, dollars a month, dollars of the worst hour."""

    share: float
    month_usd: float
    worst_hour_usd: float


def worst_hour_usd(table: DynamoDb) -> float:
    """What an hour of writes without end could cost: all that the table may ever serve, or have ready."""
    book = price_book()
    if table.capacity_mode == "on_demand":
        most = min(table.max_write_request_units or table.table_quota, table.table_quota)
        return most * facts.value("dynamodb.unit_hour") * book.usd(f"dynamodb.write_request.{table.table_class}")
    most = max(table.write_capacity, min(table.max_write_capacity, table.table_quota) if table.auto_scaling else 0.0)
    return most * book.usd(f"dynamodb.write_capacity.{table.table_class}")


def _judge(table: DynamoDb) -> Judged:
    quick = replace(table, max_attempts=1)
    return Judged(
        float((~_played(float(TARGET_RPS), quick).ok).mean()),
        _bill_of(float(TARGET_RPS), quick, 0).total_usd,
        worst_hour_usd(table),
    )


def first_table() -> DynamoDb:
    """The table with which the second exercise begins."""
    return DynamoDb(capacity_mode="provisioned", auto_scaling=True, write_capacity=5, target_utilization=0.7)


def one_solution() -> DynamoDb:
    """On demand, with a previous peak that lets the storm in and a maximum that keeps an endless loop out."""
    return DynamoDb(capacity_mode="on_demand", previous_peak_writes=2500, max_write_request_units=5000)


SURVIVE = Target(
    "08.survive",
    N_("The sale with 225 orders a second (4,500 write units), four times a month: hardly anybody throttled without retries, at most "
       "$12 a month, and an endless loop must not cost more than $12 in an hour."),
    DynamoDb,
    (
        Condition(N_("throttled orders"), lambda seen: seen.share, LOST_AT_MOST, show=percent),
        Condition(N_("dollars a month"), lambda seen: seen.month_usd, MONTH_USD, show=usd),
        Condition(N_("dollars of the worst hour"), lambda seen: seen.worst_hour_usd, HOUR_USD, show=usd),
    ),
    solution=one_solution,
    examine=_judge,
    worked=lambda: _(
        "On demand the month costs {month}; provisioned for the storm it would be {provisioned}. A new table serves {new} units a second "
        "at once, so it needs a previous peak of more than {half}. A maximum of {most} stops a loop at {hour} an hour; without one, "
        "the quota of {quota} would let it reach {worst}.",
        month=usd(_judge(one_solution()).month_usd),
        provisioned=usd(TARGET_RPS * ORDER_UNITS * facts.value("hours_per_month")
                        * price_book().usd("dynamodb.write_capacity.standard")),
        new=f"{NEW_TABLE_UNITS:,}",
        half=f"{TARGET_RPS * ORDER_UNITS / facts.value('dynamodb.on_demand_growth'):,.0f}",
        most=f"{one_solution().max_write_request_units:,.0f}",
        hour=usd(worst_hour_usd(one_solution())),
        quota=f"{MOST_UNITS:,}",
        worst=usd(worst_hour_usd(DynamoDb())),
    ),
    untouched=lambda given: given == first_table(),
    needs=N_("a DynamoDb table"),
)

ADVICE = Essay(
    "08.advice",
    N_(
        "A colleague says: “On demand is two to three times dearer. We take provisioned capacity with auto scaling, it will follow "
        "the sale.” Answer in three sentences."
    ),
    (
        N_("The ratio is utilisation ÷ break-even: below about 29 % on demand is cheaper, and a table that is quiet for weeks lies far below."),
        N_("Auto scaling acts after two high minutes and further delays; a storm of two minutes is over by then, and burst capacity "
           "of five minutes was saved from very little."),
        N_("It sees only what was consumed, not what was throttled, so it climbs in small steps."),
        N_("A sale at a known time can be met with a scheduled action, or on demand with a peak prepared beforehand."),
        N_("Neither mode helps one hot key: that needs write sharding."),
    ),
)


# Check ----------------------------------------------------

CHECK_PEAK = 3000
CHECK_WCU, CHECK_SHARE, CHECK_GB = 1000, 0.8, 50.0


def _served_at_once() -> float:
    """What an on-demand table with a peak of CHECK_PEAK serves at once."""
    traffic = Traffic(arrivals=Constant(1.0), window_s=10.0, operations=(SEAT,), keys=MANY_KEYS)
    result = simulate(Scenario((on_demand(previous_peak_writes=CHECK_PEAK),), traffic), SEED)
    return float(capacity_of(result)[1][0])


SAVINGS = (
    N_("on-demand mode"),
    N_("the table class Standard-IA"),
    N_("reserving the 1,000 WCU for a year"),
    N_("auto scaling with a target of 50 %"),
)


@lru_cache(maxsize=1)
def saving_bills() -> tuple[float, ...]:
    """Dollars a month of the steady table of the last check under each of SAVINGS, in their order."""
    steady_table = DynamoDb(capacity_mode="provisioned", write_capacity=CHECK_WCU, storage_gb=CHECK_GB, read_capacity=1)
    tables = (
        DynamoDb(storage_gb=CHECK_GB),
        replace(steady_table, table_class="standard_ia"),
        replace(steady_table, reserved_write_capacity=CHECK_WCU),
        replace(steady_table, write_capacity=float(np.ceil(CHECK_WCU * CHECK_SHARE / 0.5))),
    )
    traffic = Traffic(arrivals=Constant(CHECK_WCU * CHECK_SHARE), window_s=5.0, operations=(SEAT,), keys=MANY_KEYS)
    workload = draw(traffic, SEED)
    return tuple(bill(simulate(Scenario((table,), traffic), SEED, workload), free_tier=False).total_usd for table in tables)


CHECKS = (
    Check(
        "08.even",
        N_("From which average utilisation on is provisioned capacity cheaper than on demand, in per cent?"),
        answer=lambda: 100 * break_even(),
        unit="%",
        lo=0,
        hi=100,
        tolerance=0.03,
        worked=lambda value: _("{value} %: the price of a WCU-hour ÷ that of 3,600 write request units. For reads {reads} %.",
                               value=number(value), reads=number(100 * break_even(kind="read"))),
        hints=(
            Hint(lambda: 100 * break_even(BEFORE_CUT), N_("That was right until 2024-10-31; since then a request costs half.")),
            Hint(lambda: 50, N_("It is no matter of taste: divide the price of a WCU-hour by that of 3,600 requests.")),
            Hint(lambda: 70, N_("70 % is the usual target of auto scaling, not the break-even.")),
            Hint(lambda: 100 / 2.5, N_("“2.5 times dearer” holds at one utilisation only; the break-even lies where the ratio is 1.")),
        ),
    ),
    Check(
        "08.help",
        N_("In the default sale of section 4: after how many minutes does auto scaling first give more capacity?"),
        answer=first_help_minutes,
        unit=N_("minutes"),
        lo=0,
        hi=60,
        tolerance=0.05,
        worked=lambda value: _(
            "{value} minutes: {alarm} high minutes in a row, then CloudWatch and UpdateTable. AWS says that these may take a few minutes; "
            "one each is our assumption.", value=number(value), alarm=number(facts.value("dynamodb.scale_out_minutes")),
        ),
        hints=(
            Hint(lambda: 0, N_("Auto scaling does not foresee; it waits for an alarm, and the alarm for minutes.")),
            Hint(lambda: facts.value("dynamodb.scale_out_minutes"), N_("That is the alarm alone; CloudWatch and UpdateTable take time as well.")),
            Hint(lambda: facts.value("dynamodb.scale_in_minutes"), N_("So many low minutes it waits before it scales in; out goes faster.")),
        ),
    ),
    Check(
        "08.peak",
        N_("An on-demand table has served at most 3,000 write units a second. How many does it serve at once today?"),
        answer=_served_at_once,
        unit=N_("units per second"),
        lo=0,
        hi=1_000_000,
        tolerance=0,
        worked=lambda value: _(
            "{value}: {times} × {peak}, which is more than the {new} of a new table. Beyond that it may throttle for 30 minutes.",
            value=f"{value:,.0f}", times=number(facts.value("dynamodb.on_demand_growth")), peak=f"{CHECK_PEAK:,}",
            new=f"{NEW_TABLE_UNITS:,}",
        ),
        hints=(
            Hint(lambda: NEW_TABLE_UNITS, N_("That is what a new table serves; this one has a higher peak behind it.")),
            Hint(lambda: CHECK_PEAK, N_("It serves more at once than its peak so far.")),
            Hint(lambda: MOST_UNITS, N_("That is the table quota; on demand throttles earlier when traffic more than doubles.")),
        ),
    ),
    Check(
        "08.hot",
        N_("1,500 writes a second (1 KB) hit one key of a table with 10,000 WCU, without retries. How many a second are throttled, once it has settled?"),
        answer=lambda: hot().throttled_rps(PLAIN),
        unit=N_("writes per second"),
        lo=0,
        hi=100_000,
        tolerance=0.06,
        worked=lambda value: _(
            "About {value}: one partition takes {most} write units a second, whatever the table has; {rate} come.",
            value=number(value, 2), most=f"{PARTITION_UNITS:,}", rate=f"{HOT_RPS:,}",
        ),
        hints=(
            Hint(lambda: 0, N_("Adaptive capacity gives a key at most a whole partition, and that has an end of its own.")),
            Hint(lambda: HOT_RPS - HOT_WCU / (HOT_WCU // PARTITION_UNITS + 1), N_("A partition's share of the capacity is no wall: adaptive capacity lends it more.")),
            Hint(lambda: HOT_RPS, N_("Up to the limit of its partition the key is served.")),
            Hint(lambda: PARTITION_UNITS, N_("Those are served; the question asks for the others.")),
        ),
    ),
    Check(
        "08.saves",
        N_("A provisioned table uses 80 % of 1,000 WCU day and night, all year, and holds 50 GB. What makes its bill the lowest?"),
        answer=lambda: int(np.argmin(saving_bills())),
        choices=SAVINGS,
        worked=lambda value: _("Dollars a month: {bills}.", bills=", ".join(
            f"{_(name)} {usd(dollars)}" for name, dollars in zip(SAVINGS, saving_bills(), strict=True))),
        hints=(
            Hint(lambda: 0, N_("At 80 % utilisation, far above the break-even, on demand costs a multiple, and it cannot be reserved either.")),
            Hint(lambda: 1, N_("Standard-IA makes storage cheaper and units dearer; here nearly all the money is for units.")),
            Hint(lambda: 3, N_("A lower target keeps more capacity idle; it buys reserve, not savings.")),
        ),
    ),
)


# Quiz ----------------------------------------------------

QUIZ = Quiz(
    (
        Question(
            N_("After a sale a provisioned table stands at 1,000 WCU. Until the morning nobody writes anything at all. What does auto scaling do?"),
            (
                Option(
                    N_("It goes to the minimum at once, because nothing is needed"),
                    N_("Scaling in waits for 15 low minutes in a row, and minutes without any consumption give it no data."),
                ),
                Option(
                    N_("It goes to the minimum after 15 minutes"),
                    N_("It would, if there were a little consumption; without any there are no data points and no low alarm."),
                ),
                Option(
                    N_("Nothing: without consumption there is no low alarm, and the 1,000 WCU go on costing money"),
                    N_("CloudWatch has no data then. A scheduled action, or a little traffic, brings the capacity down."),
                    True,
                ),
            ),
        ),
        Question(
            N_("One seat map is written 1,500 times a second and is throttled, though the table uses a tenth of its capacity. What helps?"),
            (
                Option(
                    N_("A suffix that spreads the writes over several partition keys"),
                    N_("Each suffix lies on its own partition, each of which takes 1,000 writes a second; readers ask for all of them."),
                    True,
                ),
                Option(
                    N_("Twice the write capacity"),
                    N_("The table has enough; the single partition does not, and its limit does not grow with the table."),
                ),
                Option(
                    N_("On-demand mode, which has no partitions"),
                    N_("It has the same partitions with the same limits; only the way of paying differs."),
                ),
            ),
        ),
        Question(
            N_(
                "A team sells tickets six times a year at times nobody knows beforehand; in between, hardly anything is written. Sales grow "
                "to three times the peak so far at most every second year. Which is the most cost-effective way not to lose orders?"
            ),
            (
                Option(
                    N_("Provisioned capacity for the highest peak, reserved for three years"),
                    N_("Reserved or not, capacity for the peak would stand idle nearly all year, far below the break-even."),
                ),
                Option(
                    N_("Provisioned capacity with auto scaling at 70 %"),
                    N_("It is cheap in the quiet weeks, but it comes minutes too late for each sale."),
                ),
                Option(
                    N_("Provisioned capacity with a scheduled action every evening"),
                    N_("The times are not known, so it would be paid every evening, and miss sales at other hours."),
                ),
                Option(
                    N_("On-demand mode, with warm throughput raised where a sale may exceed twice the peak"),
                    N_("Hardly anything is paid in the quiet weeks, and the table follows at once up to twice its peak, or what was warmed."),
                    True,
                ),
            ),
            domain="cost",
        ),
    )
)
