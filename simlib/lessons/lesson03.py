"""Lesson 03: cold starts: what they are made of, keep-alive and rate, bursts, and what each remedy costs."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import ClassVar

import numpy as np

from simlib import facts, pricing, theory
from simlib.engine import Result, Scenario, simulate
from simlib.i18n import N_, _, duration, number, percent, usd
from simlib.params import param
from simlib.pricing import Bill, bill, price_book
from simlib.services import Client, Lambda
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
from simlib.views.life import Opening, QuietDay, Waterfall, life_bars, plot_keep_alive, stretch
from simlib.workload import Constant, Operation, Poisson, Traffic, draw
from simlib.workload.arrivals import Arrivals

BUY = Operation(
    name="buy",
    work_vcpu_s=0.05,
    work_distribution="lognormal",
    work_cv=0.5,
    io_s=0.1,
    io_distribution="lognormal",
    io_cv=0.5,
)
FRAMEWORK_INIT_S, FRAMEWORK_FIRST_S = 3.0, 0.5
"""Our shop's own: what its Java framework takes to start, and what its first call loads on top."""

MEMORY_MB = 1024
SEED = 12
PING_EVERY_S = 240.0
HOUR_S = 3600.0
CODES = {  # what the function is written in: label, settings of Lambda
    "shop": (N_("Java 21, our shop with its framework"), {"runtime": "java21"}),
    "java": (N_("Java 21, empty"), {"runtime": "java21"}),
    "java_image": (N_("Java 21, empty, container image"), {"runtime": "java21", "package": "image"}),
    "dotnet": (N_(".NET 8, empty"), {"runtime": "dotnet8"}),
    "node": (N_("Node.js 22, empty"), {"runtime": "nodejs22.x"}),
    "python": (N_("Python 3.13, empty"), {"runtime": "python3.13"}),
    "python_image": (N_("Python 3.13, empty, container image"), {"runtime": "python3.13", "package": "image"}),
    "rust": (N_("Rust, empty"), {"runtime": "rust"}),
}
REMEDIES = {
    "none": N_("none"),
    "ping": N_("pings every four minutes"),
    "snapstart": N_("SnapStart"),
    "provisioned": N_("provisioned concurrency, all month"),
}


def function(code: str = "shop", remedy: str = "none", ready: int = 1, memory_mb: int = MEMORY_MB) -> Lambda:
    """The shop's function: in which code (see CODES), with which remedy (see REMEDIES), and how many
    environments the remedy keeps ready (pings sent at once, or provisioned concurrency).
    """
    for chosen, known in ((code, CODES), (remedy, REMEDIES)):
        if chosen not in known:
            raise InputError(_("“{chosen}” is unknown; use one of {known}.", chosen=chosen, known=", ".join(known)))
    settings = {"memory_mb": memory_mb, **CODES[code][1]}
    if code == "shop":
        settings["first_handler_s"] = FRAMEWORK_FIRST_S
        if remedy != "snapstart":  # a restore takes the place of INIT; its time is as measured
            settings["init_s"] = FRAMEWORK_INIT_S
    if remedy == "ping":
        settings |= {"ping_every_s": PING_EVERY_S, "ping_count": ready}
    elif remedy == "snapstart":
        settings["snapstart"] = True
    elif remedy == "provisioned":
        settings["provisioned_concurrency"] = ready
    return Lambda(**settings)


# A cold request beside a warm one ----------------------------------------------------

TWICE = Traffic(
    arrivals=Constant(1 / 60),
    window_s=120,
    operations=(replace(BUY, work_distribution="constant", io_distribution="constant"),),
)
"""The same purchase twice, a minute apart: the first is cold, the second is warm."""


@lru_cache(maxsize=32)
def twice(code: str = "shop") -> Result:
    """The same purchase twice through a new function."""
    return simulate(Scenario((Client(), function(code)), TWICE, name=code), typical_seed())


@lru_cache(maxsize=1)
def typical_seed() -> int:
    """A seed whose first cold start lies near the middle of all that was measured."""

    def off(seed):
        dice = draw(TWICE, seed).uniforms
        return max(abs(dice(die)[0] - 0.5) for die in ("lambda.platform", "lambda.init", "lambda.first"))

    return min(range(300), key=off)


def cold_and_warm() -> dict[str, int]:
    """The two purchases of `twice` by name."""
    return {_("cold"): 0, _("warm"): 1}


def _lives(result: Result) -> dict:
    return {name: life_bars(result, request) for name, request in cold_and_warm().items()}


def _say_twice(seen: Result, before: Result | None) -> str:
    cold, warm = 1000 * seen.latency_s
    words = _(
        "{code}: cold {cold}, warm {warm}; the cold start adds {extra}.",
        code=_(CODES[seen.scenario.name][0]),
        cold=duration(cold),
        warm=duration(warm),
        extra=duration(cold - warm),
    )
    if before is not None:
        words += " " + _("(A: cold {cold})", cold=duration(1000 * before.latency_s[0]))
    return words


CODE_CONTROL = Control(
    "code", N_("Language and package"), "shop", choices=tuple((key, words) for key, (words, _) in CODES.items())
)
CODE_EXPLORER = Explorable(
    controls=(CODE_CONTROL,),
    run=lambda settings: twice(settings["code"]),
    picture=Waterfall,
    look=_lives,
    say=_say_twice,
)


def measured():
    """Measured cold starts of empty functions, by runtime and package, as a table."""
    import pandas as pd

    rows = {}
    for words, settings in CODES.values():
        if words == CODES["shop"][0]:
            continue
        settings = {"package": "zip", **settings}
        cold = facts.cold_start(settings["runtime"], "x86_64", settings["package"])
        p50, p99 = np.interp([0.5, 0.99], cold.probability, cold.init_ms)
        first = cold.first_handler_ms(MEMORY_MB / facts.value("lambda.mb_per_vcpu"))
        rows[_(words)] = {
            _("INIT, p50"): duration(p50),
            _("INIT, p99"): duration(p99),
            _("first call's extra"): duration(first),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


# A quiet site: rate and keep-alive ----------------------------------------------------

POLICY = "2025"
PER_HOUR = np.geomspace(0.5, 120, 60)
POINTS_PER_HOUR = (0.5, 1, 2, 5, 10, 20, 40, 80)
SAMPLE, SEEDS = 400, 6
SHOWN_H = 6.0


@lru_cache(maxsize=8)
def keep_alive_s(policy: str = POLICY) -> float:
    """The mean keep-alive of a dated measurement, in seconds."""
    gone, idle_s = facts.keep_alive(policy)
    return float((np.diff(gone) * (idle_s[1:] + idle_s[:-1]) / 2).sum())


def quiet(per_hour: float, requests: int = SAMPLE) -> Traffic:
    """Single visitors, independent of one another: a window of about so many requests."""
    return Traffic(arrivals=Poisson(per_hour / HOUR_S), window_s=requests / per_hour * HOUR_S, operations=(BUY,))


@lru_cache(maxsize=128)
def quiet_days(per_hour: float, code: str = "shop", seed: int = SEED, requests: int = SAMPLE) -> Result:
    """Plays a quiet site. Kept by its arguments."""
    return simulate(Scenario((Client(), function(code)), quiet(per_hour, requests)), seed)


def cold_share(per_hour: float) -> float:
    """The share of cold starts in a run of 4,000 requests at this rate."""
    return quiet_days(per_hour, "python", SEED, 4000).summary()["cold_share"]


def theory_share(per_hour: float) -> float:
    """The closed form, with the mean keep-alive of today's measurement."""
    return theory.cold_share_at_low_rate(per_hour / HOUR_S, keep_alive_s())


@lru_cache(maxsize=1)
def _share_points():
    shares = np.array(
        [
            [quiet_days(rate, "python", seed).summary()["cold_share"] for seed in range(SEEDS)]
            for rate in POINTS_PER_HOUR
        ]
    )
    half = 2.57 * shares.std(axis=1, ddof=1) / math.sqrt(SEEDS)  # Student's t, five degrees of freedom
    mean = shares.mean(axis=1)
    return np.array(POINTS_PER_HOUR), mean, np.maximum(mean - half, 0), np.minimum(mean + half, 1)


def _look_quiet(seen: Result) -> dict:
    per_hour = seen.scenario.traffic.arrivals.rate_rps * HOUR_S
    until_s = min(SHOWN_H * HOUR_S, seen.workload.window_s)
    return {
        "stretch": stretch(seen, 0.0, until_s, 0.0, HOUR_S),
        "per_hour": PER_HOUR,
        "theory": [theory_share(rate) for rate in PER_HOUR],
        "points": _share_points(),
        "now": (per_hour, seen.summary()["cold_share"]),
    }


def _say_quiet(seen: Result, before: Result | None) -> str:
    per_hour = seen.scenario.traffic.arrivals.rate_rps * HOUR_S
    summary = seen.summary()
    words = _(
        "{rate} requests per hour: {cold} of {all} meet a cold start, that is {share}; the formula says {theory}. "
        "Half wait {p50} or longer, one of 100 {p99} or longer.",
        rate=number(per_hour),
        cold=f"{summary['cold_starts']:,}",
        all=f"{summary['requests']:,}",
        share=percent(summary["cold_share"]),
        theory=percent(theory_share(per_hour)),
        p50=duration(summary["p50_ms"]),
        p99=duration(summary["p99_ms"]),
    )
    if before is not None:
        words += " " + _("(A: {share} cold)", share=percent(before.summary()["cold_share"]))
    return words


RATE_EXPLORER = Explorable(
    controls=(Control("per_hour", N_("Requests per hour"), 5.0, "", 0.5, 120.0),),
    run=lambda settings: quiet_days(settings["per_hour"]),
    picture=QuietDay,
    look=_look_quiet,
    say=_say_quiet,
)


def keep_alive_years():
    """The dated measurements of how long idle environments stood, as a picture."""
    return plot_keep_alive({policy: facts.keep_alive(policy) for policy in facts.keep_alive_policies()})


# 20:00 ----------------------------------------------------

OPENS_S, WINDOW_S = 600.0, 900.0
WITHIN_S = 0.1
SALES_A_MONTH = 4.0
QUIET_PER_HOUR = 5.0
BUYERS = 50


@dataclass(frozen=True)
class AtOnce(Arrivals):
    """Single visitors at `quiet_rps`, and `buyers` people who press Buy within a tenth of a second."""

    pattern: ClassVar[str] = "at_once"
    buyers: int = param(BUYERS, "people", "how many press Buy when sales open", lo=1, hi=10_000)
    quiet_rps: float = param(QUIET_PER_HOUR / HOUR_S, "requests/s", "rate before and after", lo=0, hi=1e6)

    def expected_rps(self, window_s: float) -> float:
        """The mean rate over the window."""
        return self.quiet_rps + self.buyers / window_s

    def _draw(self, dice, window_s):
        single = Poisson(self.quiet_rps)._draw(dice, window_s)
        single = single[(single < OPENS_S) | (single >= OPENS_S + WITHIN_S)]
        together = OPENS_S + WITHIN_S * np.arange(self.buyers) / self.buyers
        return np.sort(np.concatenate([single, together]))


def opening(buyers: int = BUYERS, per_hour: float = QUIET_PER_HOUR) -> Traffic:
    """The quarter of an hour around 20:00, four times a month; single visitors in all other hours."""
    return Traffic(
        arrivals=AtOnce(buyers=buyers, quiet_rps=per_hour / HOUR_S),
        window_s=WINDOW_S,
        operations=(BUY,),
        windows_per_month=SALES_A_MONTH,
        quiet_rps=per_hour / HOUR_S,
    )


@dataclass(frozen=True)
class Evening:
    """20:00 with one function: the run, what the buyers met, and the monthly bill when it is asked for."""

    result: Result

    @cached_property
    def invoice(self) -> Bill:
        """The monthly bill."""
        return monthly_bill(self.result)

    @property
    def buyers(self) -> np.ndarray:
        """The requests of the buyers, in order of arrival."""
        came = self.result.workload.arrival_s
        return np.flatnonzero((came >= OPENS_S) & (came < OPENS_S + WITHIN_S))

    @property
    def wait_ms(self) -> np.ndarray:
        """How long each buyer waited."""
        return 1000 * self.result.latency_s[self.buyers]

    @property
    def ok(self) -> np.ndarray:
        """Which buyers were served."""
        return self.result.ok[self.buyers]

    @property
    def cold(self) -> np.ndarray:
        """Which buyers met a cold start."""
        spans = self.result.of(1)
        return np.isin(self.buyers, spans["request"][spans["cold"]])

    @property
    def spilled(self) -> int:
        """How many buyers were served by an environment that was not provisioned."""
        spans = self.result.of(1)
        return int(np.isin(self.buyers, spans["request"][spans["resource"] > 0]).sum())

    @property
    def p99_ms(self) -> float:
        """The time that 99 of 100 served buyers do not exceed; infinite when nobody was served."""
        return float(np.quantile(self.wait_ms[self.ok], 0.99)) if self.ok.any() else math.inf

    @property
    def p50_ms(self) -> float:
        """The time that half of the served buyers do not exceed."""
        return float(np.median(self.wait_ms[self.ok])) if self.ok.any() else math.inf

    @property
    def usd(self) -> float:
        """Dollars a month."""
        return self.invoice.total_usd


PING_SAMPLE_S = 7200.0


def monthly_bill(result: Result) -> Bill:
    """`bill`, where pings fill the quiet hours from a sample of two of them: pings come evenly, and there are
    half a million of them in a month.
    """
    shop = result.scenario.stack[1]
    if not shop.ping_every_s:
        return bill(result)
    traffic = result.scenario.traffic
    quiet_hours = replace(result.scenario, traffic=traffic.quiet(PING_SAMPLE_S))
    windows = traffic.month_windows(WINDOW_S)
    samples = (facts.value("hours_per_month") * HOUR_S - windows * WINDOW_S) / PING_SAMPLE_S
    used = {sku: windows * quantity for sku, quantity in pricing.usage(result).items()}
    for sku, quantity in pricing.usage(simulate(quiet_hours, SEED), between_windows=True).items():
        used[sku] = used.get(sku, 0.0) + samples * quantity
    del used[pricing.SERVED]
    book = price_book()
    return Bill(tuple(pricing.price(used, book)), shop.not_billed, book.region, book.date)


@lru_cache(maxsize=128)
def evening(shop: Lambda, buyers: int = BUYERS, per_hour: float = QUIET_PER_HOUR) -> Evening:
    """Plays 20:00 with a function. Kept by its arguments."""
    return Evening(simulate(Scenario((Client(), shop), opening(buyers, per_hour), name="Lambda"), SEED))


def _look_evening(seen: Evening) -> dict:
    return {
        "stretch": stretch(seen.result, OPENS_S - 1.0, OPENS_S + 5.0, OPENS_S),
        "wait_ms": seen.wait_ms,
        "cold": seen.cold,
        "ok": seen.ok,
        "p99_ms": seen.p99_ms,
    }


def _say_evening(seen: Evening, before: Evening | None) -> str:
    lines = [
        _(
            "Buyers at 20:00: {buyers}, cold starts among them: {cold}. Half wait {p50} or longer, the p99 is {p99}.",
            buyers=f"{seen.buyers.size:,}",
            cold=f"{int(seen.cold.sum()):,}",
            p50=duration(seen.p50_ms),
            p99=duration(seen.p99_ms),
        )
    ]
    refused = int((~seen.ok).sum())
    if refused:
        lines.append(_("{refused} are refused.", refused=f"{refused:,}"))
    ready = seen.result.scenario.stack[1].provisioned_concurrency
    if ready:
        lines.append(
            _(
                "{ready} environments stood ready all month; {spilled} buyers found none of them free.",
                ready=f"{ready:,}",
                spilled=f"{seen.spilled:,}",
            )
        )
    if before is not None:
        lines.append(_("(A: p99 {p99})", p99=duration(before.p99_ms)))
    return " ".join(lines)


def _say_priced(seen: Evening, before: Evening | None) -> str:
    words = [_say_evening(seen, before), _("The month costs {usd}.", usd=usd(seen.usd))]
    if before is not None:
        words.append(_("(A: {usd})", usd=usd(before.usd)))
    return " ".join(words)


BUYERS_CONTROL = Control("buyers", N_("People who press Buy at once"), BUYERS, "", 1, 100, whole=True)
REMEDY_CONTROL = Control("remedy", N_("Remedy"), "none", choices=tuple(REMEDIES.items()))


def _bills(seen: Evening) -> dict:
    return {"Lambda": seen.invoice}


BURST_EXPLORER = Explorable(
    controls=(
        replace(RATE_EXPLORER.controls[0], label=N_("Requests per hour before 20:00")),
        replace(BUYERS_CONTROL, default=2),
    ),
    run=lambda settings: evening(function(), settings["buyers"], settings["per_hour"]),
    picture=Opening,
    look=_look_evening,
    say=_say_evening,
)

REMEDY_READY = 50
REMEDY_EXPLORER = Explorable(
    controls=(BUYERS_CONTROL, REMEDY_CONTROL),
    run=lambda settings: evening(
        function("shop", settings["remedy"], REMEDY_READY if settings["remedy"] == "provisioned" else 1),
        settings["buyers"],
    ),
    picture=Opening,
    look=_look_evening,
    say=_say_priced,
    bills=_bills,
)

BREAK_CODES = ("shop", "python")
BREAK_EXPLORER = Explorable(
    controls=(
        BUYERS_CONTROL,
        replace(CODE_CONTROL, choices=tuple((key, CODES[key][0]) for key in BREAK_CODES)),
        replace(REMEDY_CONTROL, default="ping"),
        Control(
            "ready",
            N_("Environments kept ready"),
            1,
            "",
            1,
            60,
            whole=True,
            doc=N_("pings sent at once, or provisioned concurrency"),
        ),
    ),
    run=lambda settings: evening(
        function(settings["code"], settings["remedy"], settings["ready"]),
        settings["buyers"],
    ),
    picture=Opening,
    look=_look_evening,
    say=_say_priced,
    bills=_bills,
)


# Predict ----------------------------------------------------

RARE_PER_HOUR = 5.0
RARE = Prediction(
    "03.rare",
    N_("A visitor comes every 12 minutes on average. How many of 100 requests meet a cold start?"),
    unit=N_("of 100"),
    lo=0,
    hi=100,
)


def rare_of_100() -> float:
    """What the simulator says to it."""
    return 100 * cold_share(RARE_PER_HOUR)


ONE_PING = Prediction(
    "03.one_ping",
    N_(
        "A timer calls the function every four minutes, so that it stays warm. At 20:00 ten people press Buy at "
        "the same moment. How many of them meet a cold start?"
    ),
    choices=(N_("none"), N_("one"), N_("nine"), N_("all ten")),
)


@lru_cache(maxsize=1)
def one_ping() -> int:
    """The position of the right choice, from a run."""
    return {0: 0, 1: 1, 9: 2, 10: 3}[cold_buyers(1, 10)]


def cold_buyers(pings: int, buyers: int) -> int:
    """How many buyers meet a cold start when so many pings are sent at once every four minutes."""
    return int(evening(function("shop", "ping", pings), buyers).cold.sum())


# The sums by hand ----------------------------------------------------


def share_sum() -> str:
    """The cold share at the rate of the prediction by hand, beside the simulator's."""
    return _(
        "exp(−{rate} per hour ÷ {hour} s × {kept} s) = exp(−{power}) = {share}; the simulator says {simulated}.",
        rate=number(RARE_PER_HOUR),
        hour=f"{HOUR_S:,.0f}",
        kept=number(keep_alive_s()),
        power=number(RARE_PER_HOUR / HOUR_S * keep_alive_s()),
        share=percent(theory_share(RARE_PER_HOUR)),
        simulated=percent(cold_share(RARE_PER_HOUR)),
    )


def init_sum() -> str:
    """What INIT adds to a request's bill, before and since it is billed for zip packages."""
    changed = facts.fact("lambda.init_billed").effective
    before = replace(twice().scenario, date="2025-07-31")
    billed = {
        day: int(result.of(1)["billed_ms"].max())
        for day, result in ((before.date, simulate(before, typical_seed())), (changed, twice()))
    }
    gb_s = price_book().usd("lambda.duration.x86_64")
    per_thousand = 1000 * FRAMEWORK_INIT_S * MEMORY_MB / 1024 * gb_s
    (old_day, old_ms), (new_day, new_ms) = billed.items()
    return _(
        "The cold purchase is billed {old} ms by the rules of {old_day} and {new} ms since {new_day}. A thousand "
        "such starts: 1,000 × {gb} GB × {init} s × ${price} = {usd}.",
        old=f"{old_ms:,}",
        old_day=old_day,
        new=f"{new_ms:,}",
        new_day=new_day,
        gb=number(MEMORY_MB / 1024),
        init=number(FRAMEWORK_INIT_S),
        price=f"{gb_s:.10f}".rstrip("0"),
        usd=usd(per_thousand),
    )


def _ready_usd(environments: float, memory_mb: float, hours: float) -> float:
    """Dollars for keeping environments ready."""
    return environments * memory_mb / 1024 * hours * HOUR_S * price_book().usd("lambda.provisioned_concurrency.x86_64")


def provisioned_sum() -> str:
    """The price of keeping environments ready, all month and around the openings only."""
    hours = facts.value("hours_per_month")
    step_min = facts.value("lambda.provisioned_billing_step_s") / 60
    sale_h = 3 * step_min / 60
    return "\n".join(
        (
            _(
                "Ready all month: {count} environments × {gb} GB × {hours} h × 3,600 s × ${price} = {usd}.",
                count=REMEDY_READY,
                gb=number(MEMORY_MB / 1024),
                hours=f"{hours:,.0f}",
                price=f"{price_book().usd('lambda.provisioned_concurrency.x86_64'):.10f}".rstrip("0"),
                usd=usd(_ready_usd(REMEDY_READY, MEMORY_MB, hours)),
            ),
            _(
                "Ready by a schedule from 19:50 to 20:05, {sales} evenings a month: {usd} (started steps of {step} "
                "minutes).",
                sales=number(SALES_A_MONTH),
                usd=usd(_ready_usd(REMEDY_READY, MEMORY_MB, SALES_A_MONTH * sale_h)),
                step=number(step_min),
            ),
        )
    )


# Exercises ----------------------------------------------------

EXERCISE_PER_HOUR, EXERCISE_KEEP_S = 4, 330


@lru_cache(maxsize=1)
def _exercise_share() -> float:
    kept = replace(function("python"), keep_alive="custom", keep_alive_s=EXERCISE_KEEP_S)
    result = simulate(Scenario((Client(), kept), quiet(EXERCISE_PER_HOUR, 6000)), SEED)
    return result.summary()["cold_share"]


BY_HAND = Target(
    "03.by_hand",
    N_("4 visitors per hour, and environments are kept for 330 s. What share of requests (0 to 1) meets a cold start?"),
    numbers.Real,
    (
        Condition(
            N_("distance from the simulator's share"),
            lambda given: abs(given / _exercise_share() - 1),
            0.03,
            show=percent,
        ),
    ),
    solution=lambda: theory.cold_share_at_low_rate(EXERCISE_PER_HOUR / HOUR_S, EXERCISE_KEEP_S),
    worked=lambda: _(
        "math.exp(-4 / 3600 * 330) = {share}. Rate and keep-alive must be in the same unit of time; the simulator "
        "finds {simulated}.",
        share=number(theory.cold_share_at_low_rate(EXERCISE_PER_HOUR / HOUR_S, EXERCISE_KEEP_S)),
        simulated=number(_exercise_share()),
    ),
    untouched=lambda given: given == 1,
    needs=N_("a number"),
)

TARGET_BUYERS, TARGET_P99_MS, TARGET_USD = 50, 2500.0, 20.0


def _own_settings(shop: Lambda) -> bool:
    """Whether a function is one that `function` makes for the shop's Java code."""
    return any(
        shop == function("shop", remedy, ready, shop.memory_mb)
        for remedy in REMEDIES
        for ready in {1, shop.ping_count, max(1, shop.provisioned_concurrency)}
    )


def _play(shop: Lambda) -> Evening:
    if not _own_settings(shop):
        raise InputError(
            _(
                'Make the function with lesson.function("shop", remedy, ready, memory_mb): the shop\'s Java code '
                "stays as it is."
            )
        )
    return evening(shop, TARGET_BUYERS)


CALM_OPENING = Target(
    "03.target",
    N_(
        "50 people press Buy at 20:00. The code stays Java with its framework: nobody refused, p99 of the buyers at "
        "most 2.5 s, at most $20 a month."
    ),
    Lambda,
    (
        Condition(N_("refused"), lambda seen: int((~seen.ok).sum()), 0),
        Condition("p99", lambda seen: seen.p99_ms, TARGET_P99_MS, show=duration),
        Condition(N_("dollars a month"), lambda seen: seen.usd, TARGET_USD, show=usd),
    ),
    solution=lambda: function("shop", "snapstart"),
    examine=_play,
    worked=lambda: _(
        "SnapStart does it: p99 {snap} for {snap_usd}, since a restore is shorter than this framework's start. "
        "Provisioned concurrency of 50 is faster ({ready}) and costs {ready_usd}; on a schedule around the opening "
        "it would cost cents. 50 pings at once also pass here, but only a measured habit of AWS stands behind them.",
        snap=duration(evening(function("shop", "snapstart"), TARGET_BUYERS).p99_ms),
        snap_usd=usd(evening(function("shop", "snapstart"), TARGET_BUYERS).usd),
        ready=duration(evening(function("shop", "provisioned", 50), TARGET_BUYERS).p99_ms),
        ready_usd=usd(evening(function("shop", "provisioned", 50), TARGET_BUYERS).usd),
    ),
    untouched=lambda given: given == function("shop", "none"),
)

ADVICE = Essay(
    "03.advice",
    N_(
        "A colleague writes: “Users complain that the site is sometimes slow. I added a ping every five minutes, "
        "so cold starts are solved.” Answer in three sentences."
    ),
    (
        N_("One ping keeps one environment warm; when several people come at once, all but one meet a cold start."),
        N_("AWS promises no keep-alive: five minutes were safe in some years and are at the edge today."),
        N_("First make the start itself shorter: fewer imports, a lighter runtime or framework, SnapStart."),
        N_(
            "Where the opening must be fast, provision as many environments as will work at once, by a schedule, "
            "and say what that costs."
        ),
    ),
)


# Check ----------------------------------------------------

CHECK_PER_HOUR, CHECK_PINGS, CHECK_BUYERS, CHECK_READY, CHECK_MB = 12, 3, 20, 20, 512


@lru_cache(maxsize=1)
def _idle_provisioned_usd() -> float:
    kept = function("python", "provisioned", CHECK_READY, CHECK_MB)
    return bill(simulate(Scenario((Client(), kept), quiet(1.0, 3)), SEED)).usd_of("lambda.provisioned_concurrency")


CHECKS = (
    Check(
        "03.share",
        N_("12 requests per hour, today's keep-alive: what percentage meets a cold start?"),
        answer=lambda: 100 * cold_share(CHECK_PER_HOUR),
        unit="%",
        lo=0,
        hi=100,
        tolerance=0.07,
        worked=lambda value: _(
            "{share} in the simulator; exp(−12 ÷ 3,600 × {kept}) = {theory}.",
            share=percent(value / 100),
            kept=number(keep_alive_s()),
            theory=percent(theory_share(CHECK_PER_HOUR)),
        ),
        hints=(
            Hint(
                lambda: 100 * (1 - cold_share(CHECK_PER_HOUR)),
                N_("That is the share of warm requests: their gap is shorter than the keep-alive."),
            ),
            Hint(
                lambda: 0.0,
                N_("A mean gap of five minutes is no timetable: many gaps are longer than the mean."),
            ),
            Hint(lambda: cold_share(CHECK_PER_HOUR), N_("That is the share; the question asks for percent.")),
        ),
    ),
    Check(
        "03.pings",
        N_(
            "Three pings are sent at once every four minutes. At 20:00 twenty people press Buy at the same moment. "
            "How many of them meet a cold start?"
        ),
        answer=lambda: cold_buyers(CHECK_PINGS, CHECK_BUYERS),
        unit=N_("people"),
        lo=0,
        hi=1000,
        tolerance=0,
        worked=lambda value: _(
            "{cold}: three pings at once keep three environments warm, one for each, and {buyers} people need "
            "{buyers} environments.",
            cold=number(value),
            buyers=CHECK_BUYERS,
        ),
        hints=(
            Hint(lambda: 0.0, N_("Pings warm environments, not the function; each environment serves one request.")),
            Hint(
                lambda: cold_buyers(1, CHECK_BUYERS),
                N_("Three pings at once cannot share an environment, so three are kept warm."),
            ),
            Hint(
                lambda: float(CHECK_BUYERS),
                N_("Not all: some environments are warm when the people come."),
            ),
        ),
    ),
    Check(
        "03.provisioned",
        N_("20 environments of 512 MB are provisioned all month, and nobody comes. What do they cost, in dollars?"),
        answer=_idle_provisioned_usd,
        unit="USD",
        lo=0,
        hi=100_000,
        tolerance=0.01,
        worked=lambda value: _(
            "{usd} = {count} × {gb} GB × {hours} h × 3,600 s × ${price}, whether anybody comes or not.",
            usd=usd(value),
            count=CHECK_READY,
            gb=number(CHECK_MB / 1024),
            hours=f"{facts.value('hours_per_month'):,.0f}",
            price=f"{price_book().usd('lambda.provisioned_concurrency.x86_64'):.10f}".rstrip("0"),
        ),
        hints=(
            Hint(lambda: 0.0, N_("Provisioned environments stand ready, so they are paid for by the clock.")),
            Hint(
                lambda: 2 * _idle_provisioned_usd(),
                N_("512 MB are half a GB."),
            ),
            Hint(
                lambda: (
                    CHECK_READY
                    * CHECK_MB
                    / 1024
                    * facts.value("hours_per_month")
                    * HOUR_S
                    * price_book().usd("lambda.duration.x86_64")
                ),
                N_("That is the price of working; being ready has a lower price of its own."),
            ),
            Hint(
                lambda: (
                    _idle_provisioned_usd()
                    - facts.value("free_tier.lambda.duration")
                    * price_book().usd("lambda.provisioned_concurrency.x86_64")
                ),
                N_("The free tier does not cover provisioned concurrency."),
            ),
        ),
    ),
)


# Quiz ----------------------------------------------------

QUIZ = Quiz(
    (
        Question(
            N_("When does a function that is busy all day still meet cold starts?"),
            (
                Option(
                    N_("Never: a busy function is warm"),
                    N_("Warmth belongs to single environments; a function has as many as it needs at once."),
                ),
                Option(
                    N_("Only after it was idle for longer than the keep-alive"),
                    N_("Idle time is one cause; more requests at once than environments is the other."),
                ),
                Option(
                    N_("When more requests are in progress than environments exist"),
                    N_("Each request beyond the existing environments needs a new one, however busy they are."),
                    True,
                ),
            ),
        ),
        Question(
            N_("For which function does SnapStart shorten a cold start most?"),
            (
                Option(
                    N_("A Java function whose framework takes four seconds to start"),
                    N_("The snapshot is taken after INIT, so a restore replaces all four seconds of it."),
                    True,
                ),
                Option(
                    N_("An empty Java function"),
                    N_("Its INIT was measured to be shorter than a restore, so nothing is gained."),
                ),
                Option(
                    N_("A Rust function in a container image"),
                    N_("SnapStart is offered for zip packages of some managed runtimes; Rust is not one of them."),
                ),
            ),
        ),
        Question(
            N_(
                "A payroll API on Lambda is called by hundreds of employees at once every weekday at 09:00 and hardly "
                "at all otherwise. The first answers must come quickly, without changes to the code, and no "
                "money should be spent on the quiet hours. What should a solutions architect choose?"
            ),
            (
                Option(
                    N_("A scheduled rule that calls the function every minute"),
                    N_("One call at a time keeps one environment warm, and hundreds are needed at 09:00."),
                ),
                Option(
                    N_("Reserved concurrency of 500"),
                    N_("It sets concurrency aside and starts no environment, so the first calls stay cold."),
                ),
                Option(
                    N_("Provisioned concurrency of 500 on an alias, all day"),
                    N_("It meets the goal and pays for the quiet hours of the whole month as well."),
                ),
                Option(
                    N_(
                        "Provisioned concurrency on an alias, raised before 09:00 and lowered after by scheduled scaling"
                    ),
                    N_("Environments are initialised in time, and they are paid for while they are needed."),
                    True,
                ),
            ),
            domain="performance",
        ),
    )
)
