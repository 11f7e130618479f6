"""Lesson 01: Lambda against a fair fleet: idle cost, break-even, utilisation, latency, two real days."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from simlib import facts, pricing
from simlib.compare import break_even, break_even_map, steady_ec2, steady_lambda
from simlib.engine import Result, Scenario, simulate
from simlib.i18n import N_, _, duration, number, percent, usd
from simlib.pricing import Bill, bill, price_book
from simlib.services import Client, Ec2, Lambda
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
from simlib.views import BreakEven, BreakEvenMap, Latency, item_words, paid_and_used, unit_words
from simlib.workload import Operation, Poisson, Trace, Traffic, draw

LIST = Operation(
    name="list",
    work_vcpu_s=0.05,
    work_distribution="lognormal",
    work_cv=0.5,
    io_s=0.03,
    io_distribution="lognormal",
    io_cv=0.5,
)
RENDER = Operation(
    name="render",
    work_vcpu_s=0.4,
    work_distribution="lognormal",
    work_cv=0.5,
    io_s=0.03,
    io_distribution="lognormal",
    io_cv=0.5,
)
FLEET = Ec2(instance_type="t3.small", instances=2, zones=2)
FUNCTION = Lambda(memory_mb=1024)
TARGET_UTILISATION = 0.6
SAMPLE, CROWDED_SAMPLE = 800, 6000
CROWDED = 0.9
"""From this utilisation on a longer stretch is played: a queue takes a while to fill."""
SEED = 35
"""Ordinary luck: 798 requests where 800 are expected, their mean work within 1 % of the declared."""
RATES_RPS = np.geomspace(0.1, 100, 61)
NAMES = ("Lambda", "EC2")


# Playing both sides ----------------------------------------------------


def steady(rate_rps: float, operation: Operation = LIST, sample: int = SAMPLE) -> Traffic:
    """Poisson traffic at a steady rate, all month; a window of about `sample` requests is played."""
    return Traffic(arrivals=Poisson(rate_rps), window_s=sample / rate_rps, operations=(operation,))


@dataclass(frozen=True)
class Month:
    """Both sides under one steady rate: {name: Result}, {name: Bill}, and the fleet."""

    rate_rps: float
    operation: Operation
    fleet: Ec2
    results: dict[str, Result]
    bills: dict[str, Bill]

    def usd(self, name: str) -> float:
        """Dollars a month of one side."""
        return self.bills[name].total_usd

    @property
    def utilisation(self) -> float:
        """The share of the fleet's workers that is busy, on average; above 1 they cannot keep up."""
        return _load(self.rate_rps, self.operation, self.fleet)

    @property
    def played_s(self) -> float:
        """How long a stretch of the month was played."""
        return self.results["EC2"].workload.window_s


def _load(rate_rps: float, operation: Operation, fleet: Ec2) -> float:
    return rate_rps * (operation.work_vcpu_s + operation.io_s) / (fleet.instances * fleet.workers_each)


def fleet_for(rate_rps: float, operation: Operation = LIST) -> Ec2:
    """The lesson's fleet, with as many servers as keep it at or below 60 % busy; never fewer than two."""
    needed = steady_ec2(FLEET, rate_rps, operation, price_book(), TARGET_UTILISATION).instances
    return replace(FLEET, instances=needed)


@lru_cache(maxsize=128)
def month(rate_rps: float, operation: Operation = LIST, instances: int | None = None) -> Month:
    """Plays a steady rate through the function and the fleet, on the same requests. Kept by its arguments."""
    fleet = fleet_for(rate_rps, operation) if instances is None else replace(FLEET, instances=instances)
    crowded = _load(rate_rps, operation, fleet) >= CROWDED
    traffic = steady(rate_rps, operation, CROWDED_SAMPLE if crowded else SAMPLE)
    workload = draw(traffic, SEED)
    results = {
        name: simulate(Scenario((Client(), service), traffic, name=name), SEED, workload)
        for name, service in zip(NAMES, (FUNCTION, fleet), strict=True)
    }
    return Month(
        rate_rps, operation, fleet, results, {name: bill(result) for name, result in results.items()}
    )


@lru_cache(maxsize=8)
def crossing(operation: Operation = LIST, free_tier: bool = True):
    """Where the two monthly bills cross under steady traffic."""
    return break_even(FUNCTION, FLEET, operation, free_tier=free_tier, target_utilisation=TARGET_UTILISATION)


@lru_cache(maxsize=1)
def _curves() -> dict[str, np.ndarray]:
    book = price_book()
    return {
        "Lambda": np.array([steady_lambda(FUNCTION, rate, LIST, book).usd for rate in RATES_RPS]),
        "EC2": np.array([steady_ec2(FLEET, rate, LIST, book, TARGET_UTILISATION).usd for rate in RATES_RPS]),
    }


# Explorables ----------------------------------------------------

RATE_CONTROL = Control("rate_rps", N_("Requests per second, all month"), 1.0, "", 0.1, 100.0)


def _break_even_picture(seen: Month) -> dict:
    points = {name: ([seen.rate_rps], *[[seen.usd(name)]] * 3) for name in NAMES}
    return {
        "rps": RATES_RPS,
        "usd": _curves(),
        "points": points,
        "now_rps": seen.rate_rps,
        "crossing_rps": crossing().rate_rps,
    }


def _cheaper(a: float, b: float) -> str:
    """Two monthly bills compared in words."""
    low, high = sorted((a, b))
    if low < 0.005:
        return _("The free tier covers Lambda.") if a < b else _("EC2 costs nothing.")
    if high - low < 0.005 * high:
        return _("Both cost nearly the same.")
    share = percent(1 - low / high)
    return (
        _("Lambda is {share} cheaper.", share=share) if a < b else _("EC2 is {share} cheaper.", share=share)
    )


def _changed(now: float, before: float) -> str:
    """A change of dollars in words: percent where both are alike in size, else the earlier amount."""
    if before and 0.5 <= now / before <= 2:
        return _("unchanged") if abs(now / before - 1) < 0.005 else _signed(percent, now / before - 1)
    return f"{usd(before)} → {usd(now)}"


def _signed(show, value: float) -> str:
    return ("−" if value < 0 else "+") + show(abs(value))


def say_month(seen: Month, before: Month | None) -> str:
    """What a month costs on both sides, how long people wait, and the change against A."""
    words = [
        _(
            "At a rate of {rate} per second Lambda costs {function} a month; {count} servers cost {servers} and "
            "are {share} busy.",
            rate=number(seen.rate_rps),
            function=usd(seen.usd("Lambda")),
            count=seen.fleet.instances,
            servers=usd(seen.usd("EC2")),
            share=percent(seen.utilisation),
        ),
        _cheaper(seen.usd("Lambda"), seen.usd("EC2")),
    ]
    if before is not None:
        words.append(
            _(
                "Against A: Lambda {function}, EC2 {servers}.",
                function=_changed(seen.usd("Lambda"), before.usd("Lambda")),
                servers=_changed(seen.usd("EC2"), before.usd("EC2")),
            )
        )
    return " ".join(words)


RATE_EXPLORER = Explorable(
    controls=(RATE_CONTROL,),
    run=lambda settings: month(settings["rate_rps"]),
    picture=BreakEven,
    look=_break_even_picture,
    say=say_month,
    bills=lambda seen: seen.bills,
)


def say_wait(seen: Month, before: Month | None) -> str:
    """How long people wait on both sides, what is refused, what it costs, and the change against A."""
    lines = []
    for name in NAMES:
        summary = seen.results[name].summary()
        refused = summary["failed"] + summary["throttled"]
        words = _(
            "{side}: half wait {p50}, one of 100 waits {p99} or longer, {refused} of {all} are refused, "
            "{usd} a month.",
            side=name,
            p50=duration(summary["p50_ms"]),
            p99=duration(summary["p99_ms"]),
            refused=f"{refused:,}",
            all=f"{summary['requests']:,}",
            usd=usd(seen.usd(name)),
        )
        if before is not None:
            old = before.results[name].summary()
            words += " " + _("(A: p99 {p99}, {usd})", p99=duration(old["p99_ms"]), usd=usd(before.usd(name)))
        lines.append(words)
    lines.append(_say_load(seen))
    return "\n".join(lines)


def _say_load(seen: Month) -> str:
    """How busy the servers are, what that means in the long run, and how long a stretch was played."""
    load, played = seen.utilisation, duration(1000 * seen.played_s)
    if load > 1:
        return _(
            "{count} servers can answer {most} per second, but {rate} arrive ({load}): in the long run "
            "1 − {most} ÷ {rate} = {lost} are refused. Played here: {played}, beginning with empty queues.",
            count=seen.fleet.instances,
            most=number(seen.rate_rps / load),
            rate=number(seen.rate_rps),
            load=percent(load),
            lost=percent(1 - 1 / load),
            played=played,
        )
    return _("The servers are {load} busy. Played here: {played} of the month.", load=percent(load), played=played)


WAIT_EXPLORER = Explorable(
    controls=(
        replace(RATE_CONTROL, default=10.0),
        Control("servers", N_("Servers"), 2, "", 2, 10, whole=True),
    ),
    run=lambda settings: month(settings["rate_rps"], LIST, settings["servers"]),
    picture=Latency,
    look=lambda seen: seen.results,
    say=say_wait,
    bills=lambda seen: seen.bills,
)

MAP_RPS, MAP_WORK_S = np.geomspace(0.075, 530, 29), np.geomspace(0.004, 3.3, 25)
"""A little more than the controls reach, so that the star never stands on the frame."""


def with_work(work_vcpu_ms: float) -> Operation:
    """The lesson's request with another amount of computing."""
    return replace(LIST, work_vcpu_s=work_vcpu_ms / 1000)


@lru_cache(maxsize=1)
def _map() -> tuple[np.ndarray, np.ndarray]:
    function_usd, fleet_usd = break_even_map(
        FUNCTION, FLEET, MAP_RPS, MAP_WORK_S, LIST, target_utilisation=TARGET_UTILISATION
    )
    return np.maximum(function_usd, 0.01) / fleet_usd, fleet_usd


def _handler_s(work_vcpu_s) -> np.ndarray:
    return FUNCTION.run_time_s(np.asarray(work_vcpu_s), 1) + LIST.io_s


def _map_picture(seen: Month) -> dict:
    limit_rps = FUNCTION.concurrency_limit / _handler_s(MAP_WORK_S)
    return {
        "rps": MAP_RPS,
        "duration_ms": MAP_WORK_S * 1000,
        "ratio": _map()[0],
        "now": (seen.rate_rps, seen.operation.work_vcpu_s * 1000),
        "limit": (limit_rps, MAP_WORK_S * 1000),
    }


def _say_map(seen: Month, before: Month | None) -> str:
    took_s = float(_handler_s([seen.operation.work_vcpu_s])[0])
    busy, limit = seen.rate_rps * took_s, FUNCTION.concurrency_limit
    words = (
        say_month(seen, before)
        + "\n"
        + _(
            "Lambda works on {busy} requests at once on average ({rate} per second × {took}); the quota is "
            "{limit}.",
            busy=number(busy),
            rate=number(seen.rate_rps),
            took=duration(took_s * 1000),
            limit=f"{limit:,}",
        )
    )
    if busy > limit:
        words += " " + _(
            "That is too many: at least {share} of the requests are throttled. The bill of Lambda is that of "
            "a raised quota, with every request served; with this quota it would be about {usd}.",
            share=percent(1 - limit / busy),
            usd=usd(seen.usd("Lambda") * limit / busy),
        )
    return words


MAP_EXPLORER = Explorable(
    controls=(
        replace(RATE_CONTROL, hi=400.0),
        Control(
            "work_ms",
            N_("Computing per request"),
            50.0,
            "ms",
            5.0,
            2500.0,
            doc=N_("on one full vCPU; the function has a little over half of one"),
        ),
    ),
    run=lambda settings: month(settings["rate_rps"], with_work(settings["work_ms"])),
    picture=BreakEvenMap,
    look=_map_picture,
    say=_say_map,
    bills=lambda seen: seen.bills,
)


def breaking() -> list[str]:
    """What one sees in the section "Break it", item by item."""
    lightest = _equal_work_ms(1.0)
    most_rps = MAP_EXPLORER.controls[0].hi
    first = next(
        ms for ms in np.geomspace(5, 2500, 400) if most_rps * float(_handler_s([ms / 1000])[0]) > _quota()
    )
    shares = ", ".join(
        _("{work}: {share}", work=duration(ms), share=percent(crossing(with_work(ms)).utilisation))
        for ms in (10, LIST.work_vcpu_s * 1000, 500)
    )
    heavy = month(most_rps, with_work(MAP_EXPLORER.controls[1].hi))
    lines = {line.sku.split(".")[1]: line.usd for line in heavy.bills["EC2"].lines}
    return [
        _(
            "About {work} of computing, {times} times the lesson's request: then the function costs as much "
            "as the two servers even at one request per second.",
            work=duration(lightest),
            times=number(lightest / (1000 * LIST.work_vcpu_s), 2),
        ),
        _(
            "At {rate} per second from about {work} of computing on. Rate times duration is what counts: "
            "{rate} × {took} are {quota} at once.",
            rate=number(most_rps),
            work=duration(float(first)),
            took=duration(1000 * float(_handler_s([first / 1000])[0])),
            quota=f"{_quota():,}",
        ),
        _(
            "On the line the servers are busy by: {shares}. It is always about a quarter to a third, far below "
            "the {target} to which they may be filled.",
            shares=shares,
            target=percent(TARGET_UTILISATION),
        ),
        _(
            "The surplus CPU credits: at the upper right they cost {surplus} a month, more than the instances "
            "themselves ({instances}).",
            surplus=usd(lines["surplus_credits"]),
            instances=usd(lines["instance"]),
        ),
    ]


def _quota() -> int:
    return FUNCTION.concurrency_limit


def _equal_work_ms(rate_rps: float) -> float:
    """The computing per request, in ms, from which the function is dearer than the fleet at this rate."""
    low, high, book = 1.0, 10_000.0, price_book()
    for _step in range(40):
        middle = (low + high) / 2
        operation = with_work(middle)
        dearer = (
            steady_lambda(FUNCTION, rate_rps, operation, book).usd
            >= steady_ec2(FLEET, rate_rps, operation, book, TARGET_UTILISATION).usd
        )
        low, high = (low, middle) if dearer else (middle, high)
    return high


# Predict ----------------------------------------------------


def how_long_it_takes() -> str:
    """How the computing of a request becomes longer on the function's share of a vCPU, with the numbers."""
    from simlib.cpu_quota import PERIOD_MS

    work_ms = 1000 * LIST.work_vcpu_s
    wall_ms = 1000 * float(FUNCTION.run_time_s(np.array([LIST.work_vcpu_s]), LIST.threads)[0])
    slices = int(wall_ms // PERIOD_MS)
    rest_ms = wall_ms - slices * PERIOD_MS
    full_mb = facts.value("lambda.mb_per_vcpu")
    return _(
        "{memory} MB buy {memory} ÷ {full} = {share} of a vCPU. It is granted in slices: about {each} of every "
        "{period}. For {work} of computing the function needs {slices} such slices and {rest} of the next one, whose "
        "end need not be waited for: {slices} × {period} + {rest} = {wall}. With {io} of waiting a request "
        "takes, and is billed, {took}. A server has whole vCPUs and needs {served}.",
        memory=f"{FUNCTION.memory_mb:,}",
        full=f"{full_mb:,.0f}",
        share=number(FUNCTION.memory_mb / full_mb, 2),
        each=duration(round((work_ms - rest_ms) / slices, 1)),
        period=duration(PERIOD_MS),
        work=duration(work_ms),
        slices=slices,
        rest=duration(rest_ms),
        wall=duration(wall_ms),
        io=duration(1000 * LIST.io_s),
        took=duration(wall_ms + 1000 * LIST.io_s),
        served=duration(work_ms + 1000 * LIST.io_s),
    )


CROSSING = Prediction(
    "01.rate",
    N_(
        "From how many requests per second, day and night, does Lambda cost more than two t3.small servers "
        "with their load balancer?"
    ),
    unit=N_("per second"),
    lo=0.001,
    hi=100_000,
)
BUSY = Prediction(
    "01.busy",
    N_("How busy are the two servers at that point, in percent of what they could do?"),
    unit="%",
    lo=0,
    hi=100,
)


def crossing_busy_percent() -> float:
    """How busy the fleet is where the bills cross, in percent."""
    return 100 * crossing().utilisation


# A real day ----------------------------------------------------


def two_real_days() -> Traffic:
    """Two days of April 2014 at somebody's load balancer, twice the requests, each rendering a ticket."""
    trace = Trace(path=facts.DATA / "traces" / "aws_elb_2014_two_days.csv", rate_scale=2.0)
    return Traffic(arrivals=trace, operations=(RENDER,))


@lru_cache(maxsize=1)
def real_days() -> tuple[dict[str, Result], dict[str, Bill]]:
    """The two days through both sides."""
    traffic = two_real_days()
    workload = draw(traffic, 0)
    results = {
        name: simulate(Scenario((Client(), service), traffic, name=name), 0, workload)
        for name, service in zip(NAMES, (FUNCTION, FLEET), strict=True)
    }
    return results, {name: bill(result) for name, result in results.items()}


def days_in_use(result: Result) -> str:
    """How much of the fleet the two days use: at the busiest and on average."""
    found = paid_and_used(result, int(result.workload.window_s // 60))
    paid = float(found["paid"].mean())
    return _(
        "In the busiest minute {peak} of the {paid} vCPUs are in use, on average {mean}: {share}.",
        peak=number(float(found["used"].max()), 2),
        paid=number(paid),
        mean=number(float(found["used"].mean()), 2),
        share=percent(float(found["used"].mean()) / paid),
    )


# The sums by hand ----------------------------------------------------


def worked_sum(invoice: Bill) -> str:
    """A bill as multiplications, one line each."""
    lines = []
    for line in invoice.lines:
        if line.usd or line.tier == "free":
            lines.append(
                _(
                    "{item}: {quantity} {unit} × ${price} = {usd}",
                    item=item_words(line),
                    quantity=number(line.quantity, 6),
                    unit=unit_words(line),
                    price=_digits(line.price_usd),
                    usd=usd(line.usd),
                )
            )
    return "\n".join([*lines, _("Together {usd} a month.", usd=usd(invoice.total_usd))])


@dataclass(frozen=True)
class _Parts:
    """What the break-even is made of, under steady traffic without the free tier."""

    fleet_usd: float
    billed_ms: float
    request_usd: float
    month_s: float


def _parts(operation: Operation = LIST) -> _Parts:
    book = price_book()
    took_ms = math.ceil(float(_handler_s([operation.work_vcpu_s])[0]) * 1000)
    gb = FUNCTION.memory_mb / 1024
    request_usd = book.usd("lambda.requests") + gb * took_ms / 1000 * book.usd(
        f"lambda.duration.{FUNCTION.architecture}"
    )
    fleet_usd = steady_ec2(FLEET, 1e-9, operation, book, TARGET_UTILISATION).usd
    return _Parts(fleet_usd, took_ms, request_usd, facts.value("hours_per_month") * 3600)


def break_even_sum() -> str:
    """The break-even rate by hand, and what the simulator says once free tier and smaller lines count too."""
    parts, found = _parts(), crossing()
    by_hand = parts.fleet_usd / parts.request_usd / parts.month_s
    return "\n".join(
        (
            _(
                "{work} of computing take {wall} at {memory} MB (section 2); with {io} of waiting {took} are billed.",
                work=duration(1000 * LIST.work_vcpu_s),
                wall=duration(parts.billed_ms - 1000 * LIST.io_s),
                memory=f"{FUNCTION.memory_mb:,}",
                io=duration(1000 * LIST.io_s),
                took=duration(parts.billed_ms),
            ),
            _(
                "One request: ${request} + {gb} GB × {took} s × ${duration} = ${sum}",
                request=_digits(price_book().usd("lambda.requests")),
                gb=number(FUNCTION.memory_mb / 1024),
                took=number(parts.billed_ms / 1000),
                duration=_digits(price_book().usd("lambda.duration.x86_64")),
                sum=_digits(parts.request_usd),
            ),
            _(
                "{fleet} ÷ ${sum} ÷ {seconds} s = {rate} requests per second",
                fleet=usd(parts.fleet_usd),
                sum=_digits(parts.request_usd),
                seconds=f"{parts.month_s:,.0f}",
                rate=number(by_hand),
            ),
            _(
                "With the free tier, load balancer units and CPU credits: {rate} per second. The two servers "
                "are then {share} busy.",
                rate=number(found.rate_rps),
                share=percent(found.utilisation),
            ),
        )
    )


def _digits(dollars: float) -> str:
    """A unit price with all its digits."""
    return f"{dollars:.10f}".rstrip("0").rstrip(".")


# Exercises ----------------------------------------------------

EXERCISE_RPS, EXERCISE_MB, EXERCISE_MS = 12, 512, 200


def _exercise_usd(free_tier: bool = True, gb: float = EXERCISE_MB / 1024, requests_too: bool = True) -> float:
    requests = EXERCISE_RPS * facts.value("hours_per_month") * 3600
    used = {"lambda.duration.x86_64": requests * EXERCISE_MS / 1000 * gb}
    if requests_too:
        used["lambda.requests"] = requests
    return math.fsum(line.usd for line in pricing.price(used, price_book(), free_tier))


BY_HAND = Target(
    "01.by_hand",
    N_(
        "A function of 512 MB gets 12 requests per second all month, each billed 200 ms. What does the "
        "month cost in dollars, free tier taken off?"
    ),
    numbers.Real,
    (
        Condition(
            N_("distance from the simulator's bill"),
            lambda given: abs(given / _exercise_usd() - 1),
            0.005,
            show=percent,
        ),
    ),
    solution=_exercise_usd,
    worked=lambda: _worked_by_hand(),
    untouched=lambda given: given == 0,
    needs=N_("a number"),
)


def _worked_by_hand() -> str:
    book, requests = price_book(), EXERCISE_RPS * facts.value("hours_per_month") * 3600
    return _(
        "({requests} requests − {free} free) × ${price} + ({used} GB-seconds − {free_gbs} free) × "
        "${price_gbs} = {usd}",
        requests=f"{requests:,.0f}",
        free=f"{facts.value('free_tier.lambda.requests'):,.0f}",
        price=_digits(book.usd("lambda.requests")),
        used=f"{requests * EXERCISE_MS / 1000 * EXERCISE_MB / 1024:,.0f}",
        free_gbs=f"{facts.value('free_tier.lambda.duration'):,.0f}",
        price_gbs=_digits(book.usd("lambda.duration.x86_64")),
        usd=usd(_exercise_usd()),
    )


TARGET_RPS, TARGET_P99_MS, TARGET_USD = 20.0, 400.0, 90.0


@dataclass(frozen=True)
class _Played:
    result: Result
    invoice: Bill


def _play(scenario: Scenario) -> _Played:
    if scenario.traffic != steady(TARGET_RPS):
        raise InputError(
            _("The traffic was changed; use lesson.steady(20), so that everybody is measured alike.")
        )
    result = simulate(scenario, SEED)
    return _Played(result, bill(result))


def _one_solution() -> Scenario:
    return Scenario((Client(), FLEET), steady(TARGET_RPS))


UNDER_BUDGET = Target(
    "01.target",
    N_("20 requests per second, day and night: nobody refused, p99 at most 400 ms, at most $90 a month."),
    Scenario,
    (
        Condition(N_("refused"), lambda seen: int((~seen.result.ok).sum()), equals=0),
        Condition("p99", lambda seen: seen.result.summary()["p99_ms"], TARGET_P99_MS, show=duration),
        Condition(N_("dollars a month"), lambda seen: seen.invoice.total_usd, TARGET_USD, show=usd),
    ),
    solution=_one_solution,
    examine=_play,
    worked=lambda: _(
        "Two servers do it for {usd}: at 20 per second they are {share} busy, which leaves room for "
        "chance. The function misses the budget on x86 and meets it on arm, whose GB-second is cheaper.",
        usd=usd(_play(_one_solution()).invoice.total_usd),
        share=percent(month(TARGET_RPS, LIST, 2).utilisation),
    ),
    untouched=lambda given: given.stack == (Client(), Lambda(memory_mb=1024)),
    needs=N_("a Scenario, such as Scenario(my_stack, lesson.steady(20))"),
)

ADVICE = Essay(
    "01.advice",
    N_(
        "Your manager asks: “Should we move everything to Lambda?” Answer in three sentences, with numbers "
        "from this lesson."
    ),
    (
        N_(
            "It depends on how busy the servers would be: below the break-even utilisation Lambda is "
            "cheaper, above it the servers are."
        ),
        N_("Traffic in peaks favours Lambda: servers are sized for the peak and paid for at night as well."),
        N_("Waiting counts as well as money: cold starts on one side, queues and refusals on the other."),
        N_("The bill leaves out people: servers must be patched, watched and scaled by somebody."),
    ),
)


# Check ----------------------------------------------------

CHECK_RPS = 5.0


def _function_usd(free_tier: bool = True) -> float:
    return steady_lambda(FUNCTION, CHECK_RPS, LIST, price_book(), free_tier).usd


def _hundred_ms_usd() -> float:
    """What older notes would compute: every request rounded up to 100 ms."""
    requests = CHECK_RPS * facts.value("hours_per_month") * 3600
    billed_s = math.ceil(_parts().billed_ms / 100) / 10
    return math.fsum(
        line.usd
        for line in pricing.price(FUNCTION.quantities(requests, requests * billed_s), price_book(), True)
    )


HEAVIER = replace(LIST, work_vcpu_s=2 * LIST.work_vcpu_s)

CHECKS = (
    Check(
        "01.five",
        N_("5 requests per second, day and night, all warm: what does Lambda cost in a month?"),
        answer=_function_usd,
        unit="USD",
        lo=0,
        hi=100_000,
        worked=lambda value: _("{usd}: move the rate to 5 above and unfold the sum.", usd=usd(value)),
        hints=(
            Hint(
                lambda: _function_usd(False),
                N_(
                    "That is without the free tier: take the free requests and the free GB-seconds off first."
                ),
            ),
            Hint(
                _hundred_ms_usd,
                N_("Older notes round up to 100 ms. Today only the last millisecond is rounded up."),
            ),
            Hint(
                lambda: steady_ec2(FLEET, CHECK_RPS, LIST, price_book()).usd,
                N_("That is the bill of the servers."),
            ),
        ),
    ),
    Check(
        "01.heavier",
        N_(
            "Every request computes twice as long. From how many requests per second is Lambda now "
            "dearer than the two servers?"
        ),
        answer=lambda: crossing(HEAVIER).rate_rps,
        unit=N_("per second"),
        lo=0,
        hi=10_000,
        tolerance=0.1,
        worked=lambda value: _(
            "From {rate} per second: a request costs nearly twice as much, so the break-even comes "
            "at a little over half the rate ({before} before).",
            rate=number(value),
            before=number(crossing().rate_rps),
        ),
        hints=(
            Hint(lambda: crossing().rate_rps, N_("That is the break-even of the lighter request.")),
            Hint(
                lambda: 2 * crossing().rate_rps,
                N_("The other way round: a dearer request reaches the price of the servers sooner."),
            ),
        ),
    ),
    Check(
        "01.busy",
        N_("How busy are the two servers, in percent, where the bills cross for the lesson's request?"),
        answer=crossing_busy_percent,
        unit="%",
        lo=0,
        hi=100,
        tolerance=0.08,
        worked=lambda value: _(
            "{share}: {rate} requests per second, each holding a worker for {held}, on {workers} workers.",
            share=percent(value / 100),
            rate=number(crossing().rate_rps),
            held=duration(1000 * (LIST.work_vcpu_s + LIST.io_s)),
            workers=FLEET.instances * FLEET.workers_each,
        ),
        hints=(
            Hint(
                lambda: 2 * crossing_busy_percent(),
                N_("You counted one server. The fair fleet has two, in two zones."),
            ),
            Hint(
                lambda: crossing_busy_percent() / 100, N_("That is the share; the question asks for percent.")
            ),
            Hint(
                lambda: 100 * TARGET_UTILISATION,
                N_("60 % is how full we allow servers to be, not where the bills cross."),
            ),
        ),
    ),
)


# Quiz ----------------------------------------------------

QUIZ = Quiz(
    (
        Question(
            N_("No request arrives for a whole month. What is on the bill?"),
            (
                Option(
                    N_(
                        "Nothing for the function; instances, disks, addresses and load balancer for the "
                        "servers"
                    ),
                    N_("On demand costs follow the requests; always-on costs follow the clock."),
                    True,
                ),
                Option(
                    N_("Nothing on either side, since nothing was used"),
                    N_("A running instance is paid for by the second, whether anybody uses it or not."),
                ),
                Option(
                    N_("The memory of the function for the whole month, and the servers"),
                    N_("Memory of a function is billed only while it works on a request."),
                ),
            ),
        ),
        Question(
            N_("Why does a fair comparison take two servers in two zones and not one?"),
            (
                Option(
                    N_("Because Lambda also needs at least two environments"),
                    N_(
                        "Lambda starts as many environments as requests are in progress, and none without "
                        "requests."
                    ),
                ),
                Option(
                    N_("Because Lambda already runs in several zones, and one server fails with its zone"),
                    N_(
                        "Compare designs that survive the same failure; a single server is cheaper because "
                        "it offers less."
                    ),
                    True,
                ),
                Option(
                    N_("Because two small servers are cheaper than one large one"),
                    N_(
                        "On demand prices grow with the size: two small ones cost as much as one of twice "
                        "the size."
                    ),
                ),
            ),
        ),
        Question(
            N_(
                "A company runs an API that is called evenly, day and night, at 150 requests per second. It "
                "computes 50 ms per request, changes rarely, and must survive the loss of a zone. Which "
                "design is the most cost-effective?"
            ),
            (
                Option(
                    N_("Lambda with 1,024 MB behind an API Gateway"),
                    N_(
                        "At this steady rate every request pays a price that busy servers undercut several "
                        "times."
                    ),
                ),
                Option(
                    N_("Instances in two zones behind a load balancer, covered by a Savings Plan"),
                    N_(
                        "Steady and well used: the servers are busy most of the time, and a commitment "
                        "lowers their price further."
                    ),
                    True,
                ),
                Option(
                    N_("One large instance in one zone, on demand"),
                    N_("It does not survive the loss of its zone."),
                ),
                Option(
                    N_("Spot instances only, in one zone"),
                    N_(
                        "The cheapest by the hour, but AWS may take them back at any time, and one zone is "
                        "not enough."
                    ),
                ),
            ),
            domain="cost",
        ),
    )
)
