"""Lesson 02: how much memory: CPU share, GB-seconds, power tuning for three kinds of work, and the limits."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from simlib import facts
from simlib.engine import Result, Scenario, simulate
from simlib.i18n import N_, _, duration, number, percent, usd
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
from simlib.views.memory import PowerTuning
from simlib.workload import Constant, Operation, Traffic, draw


def _work(name: str, work_vcpu_s: float, threads: int, io_s: float) -> Operation:
    return Operation(
        name=name,
        work_vcpu_s=work_vcpu_s,
        work_distribution="lognormal",
        work_cv=0.3,
        threads=threads,
        io_s=io_s,
        io_distribution="lognormal",
        io_cv=0.3,
    )


TICKET = _work("ticket", 0.4, threads=1, io_s=0.03)
POSTER = _work("poster", 1.2, threads=6, io_s=0.01)
PAYMENT = _work("payment", 0.01, threads=1, io_s=0.4)
KINDS = {"ticket": TICKET, "poster": POSTER, "payment": PAYMENT}
KIND_WORDS = {
    "ticket": N_("ticket PDF: computes, one thread"),
    "poster": N_("poster: computes, six threads"),
    "payment": N_("payment: waits for an answer"),
}

MB_PER_VCPU = int(facts.value("lambda.mb_per_vcpu"))
LEAST_MB, MOST_MB = int(facts.value("lambda.memory_min_mb")), int(facts.value("lambda.memory_max_mb"))
SIZES_MB = (LEAST_MB, 256, 512, 768, 1024, 1536, MB_PER_VCPU, 2048, 3008, 4096, 6144, 8192, MOST_MB)
SAMPLE, RATE_RPS, MILLION = 1000, 0.5, 1_000_000
TIMEOUT_S = 60.0
SEED = 10
"""Ordinary luck: the mean work of each kind lies within 1 % of the declared."""
EVENT_PAYLOAD_MB = facts.value("lambda.payload_event_mb")


# Playing a million requests ----------------------------------------------------


def million(operation: Operation = TICKET) -> Traffic:
    """A million requests a month, evenly spaced; a window of 1,000 is played and counted 1,000 times."""
    return Traffic(
        arrivals=Constant(RATE_RPS),
        window_s=SAMPLE / RATE_RPS,
        windows_per_month=MILLION / SAMPLE,
        operations=(operation,),
    )


@dataclass(frozen=True)
class Tuned:
    """One function under a million requests of one kind: the played sample and the bill without free tier."""

    kind: str
    function: Lambda
    result: Result
    bill: Bill

    @property
    def operation(self) -> Operation:
        """The work of a request."""
        return KINDS[self.kind]

    @property
    def ms(self) -> float:
        """Mean billed duration."""
        return float(self.result.of(self.result.position("Lambda"))["billed_ms"].mean())

    @property
    def usd(self) -> float:
        """Dollars for a million requests."""
        return self.bill.total_usd

    @property
    def failed(self) -> int:
        """Requests of the sample that were not answered."""
        return int((~self.result.ok).sum())


@lru_cache(maxsize=8)
def _drawn(kind: str):
    return draw(million(KINDS[kind]), SEED)


@lru_cache(maxsize=512)
def tune(kind: str, memory_mb: int, timeout_s: float = TIMEOUT_S, architecture: str = "x86_64") -> Tuned:
    """Plays a million requests of a kind through a function of one size. Kept by its arguments."""
    function = Lambda(memory_mb=memory_mb, timeout_s=timeout_s, architecture=architecture)
    scenario = Scenario((Client(), function), million(KINDS[kind]), name=size_words(memory_mb))
    result = simulate(scenario, SEED, _drawn(kind))
    return Tuned(kind, function, result, bill(result, free_tier=False))


def size_words(memory_mb: float) -> str:
    """A memory size as it is read: 1,024 MB."""
    return f"{memory_mb:,.0f} MB"


@lru_cache(maxsize=8)
def curve(kind: str) -> dict:
    """Mean duration and dollars over memory: simulated at SIZES_MB, and the closed form behind them."""
    runs = [tune(kind, memory_mb) for memory_mb in SIZES_MB]
    mb = np.geomspace(LEAST_MB, MOST_MB, 161)
    operation, book = KINDS[kind], price_book()
    took_s = operation.io_s + operation.work_vcpu_s / np.minimum(operation.threads, mb / MB_PER_VCPU)
    each_usd = book.usd("lambda.requests") + mb / 1024 * took_s * book.usd("lambda.duration.x86_64")
    return {
        "mb": SIZES_MB,
        "ms": tuple(run.ms for run in runs),
        "usd": tuple(run.usd for run in runs),
        "law": (mb, took_s * 1000, each_usd * MILLION),
        "vcpu_mb": MB_PER_VCPU,
        "least_mb": LEAST_MB,
        "most_mb": MOST_MB,
    }


def sweet_spot(kind: str, dearer: float = 0.1) -> int:
    """The fastest of SIZES_MB that costs at most a share `dearer` more than the cheapest."""
    seen = curve(kind)
    most_usd = min(seen["usd"]) * (1 + dearer)
    within = [k for k, dollars in enumerate(seen["usd"]) if dollars <= most_usd]
    return SIZES_MB[min(within, key=lambda k: (round(seen["ms"][k]), SIZES_MB[k]))]


# In the words of power tuning ----------------------------------------------------


def versus(ms: float, dollars: float, before_ms: float, before_usd: float, what: str) -> str:
    """A setting against another in words: "Against 128 MB: 87 % faster, 3 % dearer."."""
    return _(
        "Against {what}: {speed}, {price}.",
        what=what,
        speed=_speed(ms / before_ms),
        price=_price(dollars / before_usd),
    )


def _share(share: float) -> str:
    """A change as power-tuning tools say it: whole percents from 10 % on."""
    return percent(round(share, 2) if share >= 0.1 else share)


def _speed(ratio: float) -> str:
    if abs(ratio - 1) < 0.005:
        return _("just as fast")
    if ratio < 1:
        return _("{share} faster", share=_share(1 - ratio))
    if ratio < 2:
        return _("{share} slower", share=_share(ratio - 1))
    return _("{times} times as long", times=number(ratio, 2))


def _price(ratio: float) -> str:
    if abs(ratio - 1) < 0.005:
        return _("the same price")
    if ratio < 1:
        return _("{share} cheaper", share=_share(1 - ratio))
    if ratio < 2:
        return _("{share} dearer", share=_share(ratio - 1))
    return _("{times} times the price", times=number(ratio, 2))


def in_words(large: Result, small: Result) -> str:
    """Two runs of the same requests compared as power-tuning tools do."""
    ms, dollars = zip(
        *(
            (
                float(result.of(result.position("Lambda"))["billed_ms"].mean()),
                bill(result, free_tier=False).total_usd,
            )
            for result in (large, small)
        )
    )
    return large.scenario.name + " · " + versus(ms[0], dollars[0], ms[1], dollars[1], small.scenario.name)


def say_tuned(seen: Tuned, before: Tuned | None) -> str:
    """Duration and price of a setting, against the smallest size and against A, and vCPUs without work."""
    vcpu, memory_mb = seen.function.vcpu, seen.function.memory_mb
    words = [
        _(
            "{size}, {vcpu} vCPU: a request is billed {took} on average, a million cost {usd}.",
            size=size_words(memory_mb),
            vcpu=number(vcpu),
            took=duration(seen.ms),
            usd=usd(seen.usd),
        )
    ]
    if memory_mb != LEAST_MB:
        small = tune(seen.kind, LEAST_MB)
        words.append(versus(seen.ms, seen.usd, small.ms, small.usd, size_words(LEAST_MB)))
    if before is not None and before.kind == seen.kind:
        words.append(versus(seen.ms, seen.usd, before.ms, before.usd, "A"))
    elif before is not None:
        words.append(
            _(
                "A is other work ({kind}): {size}, {took}, {usd}.",
                kind=_(KIND_WORDS[before.kind]),
                size=size_words(before.function.memory_mb),
                took=duration(before.ms),
                usd=usd(before.usd),
            )
        )
    threads = seen.operation.threads
    if vcpu > threads:
        words.append(
            _(
                "You pay for {vcpu} vCPUs; the work can use {threads}.",
                vcpu=number(vcpu),
                threads=threads,
            )
        )
    return "\n".join(words)


# Explorables ----------------------------------------------------

MEMORY_CONTROL = Control(
    "memory_mb",
    N_("Memory of the function"),
    LEAST_MB,
    "MB",
    LEAST_MB,
    MOST_MB,
    step=128,
    whole=True,
    doc=N_("any whole number can be typed"),
)
KIND_CONTROL = Control(
    "kind",
    N_("Kind of work"),
    "ticket",
    lo="ticket",
    hi="payment",
    choices=tuple(KIND_WORDS.items()),
)
TIMEOUT_CONTROL = Control(
    "timeout_s",
    N_("Timeout"),
    int(facts.value("lambda.timeout_default_s")),
    "s",
    int(facts.value("lambda.timeout_default_s")),
    int(facts.value("lambda.timeout_max_s")),
    whole=True,
    doc=N_("starts at what Lambda sets when you name none, ends at the most it allows"),
)


def _picture(seen: Tuned) -> dict:
    return curve(seen.kind) | {"now": (seen.function.memory_mb, seen.ms, seen.usd)}


def _bills(seen: Tuned) -> dict[str, Bill]:
    return {size_words(seen.function.memory_mb): seen.bill}


MEMORY_EXPLORER = Explorable(
    controls=(MEMORY_CONTROL,),
    run=lambda settings: tune("ticket", settings["memory_mb"]),
    picture=PowerTuning,
    look=_picture,
    say=say_tuned,
    bills=_bills,
)
KIND_EXPLORER = Explorable(
    controls=(replace(MEMORY_CONTROL, default=1024), KIND_CONTROL),
    run=lambda settings: tune(settings["kind"], settings["memory_mb"]),
    picture=PowerTuning,
    look=_picture,
    say=say_tuned,
    bills=_bills,
)


def say_broken(seen: Tuned, before: Tuned | None) -> str:
    """What fails, and what a delivered ticket costs."""
    words = [
        _(
            "{size}, timeout {limit}: {failed} of {all} tickets fail. A million requests cost {usd}.",
            size=size_words(seen.function.memory_mb),
            limit=_("{value} s", value=number(seen.function.timeout_s)),
            failed=f"{seen.failed:,}",
            all=f"{seen.result.n:,}",
            usd=usd(seen.usd),
        )
    ]
    if seen.failed == seen.result.n:
        words.append(_("You pay, and nobody gets a ticket."))
    elif seen.failed:
        words.append(
            _(
                "A million tickets that arrive cost {usd}.",
                usd=usd(seen.usd * seen.result.n / (seen.result.n - seen.failed)),
            )
        )
    if before is not None:
        words.append(
            _(
                "A: {failed} of {all} fail, a million requests cost {usd}.",
                failed=f"{before.failed:,}",
                all=f"{before.result.n:,}",
                usd=usd(before.usd),
            )
        )
    threads, vcpu = seen.operation.threads, seen.function.vcpu
    if vcpu > threads:
        words.append(
            _(
                "You pay for {vcpu} vCPUs; the work can use {threads}.",
                vcpu=number(vcpu),
                threads=threads,
            )
        )
    return "\n".join(words)


BREAK_EXPLORER = Explorable(
    controls=(MEMORY_CONTROL, TIMEOUT_CONTROL),
    run=lambda settings: tune("ticket", settings["memory_mb"], settings["timeout_s"]),
    picture=PowerTuning,
    look=lambda seen: _picture(seen) | {"timeout_ms": seen.function.timeout_s * 1000},
    say=say_broken,
    bills=_bills,
)


def limits(function: Lambda, request_mb: float, answer_mb: float, event_mb: float, files_mb: float):
    """What a request needs beside the limits of a function, as a DataFrame of text.

    request_mb, answer_mb: bodies of a call whose caller waits; event_mb: a call whose caller does not wait;
    files_mb: what the handler writes to /tmp.
    """
    import pandas as pd

    rows = {
        _("request, caller waits"): (
            request_mb,
            facts.value("lambda.payload_request_mb"),
            _("refused with 413: too large"),
        ),
        _("answer, caller waits"): (
            answer_mb,
            facts.value("lambda.payload_response_mb"),
            _("the request fails after the work is done"),
        ),
        _("event, caller does not wait"): (event_mb, EVENT_PAYLOAD_MB, _("refused with 413: too large")),
        _("files in /tmp"): (
            files_mb,
            function.ephemeral_storage_mb,
            _("the handler fails: no space left"),
        ),
    }
    return pd.DataFrame.from_dict(
        {
            what: {
                _("needed"): f"{number(needed)} MB",
                _("limit"): f"{number(limit, 6)} MB",
                _("what happens"): _("fits") if needed <= limit else fault,
            }
            for what, (needed, limit, fault) in rows.items()
        },
        orient="index",
    )


def storage_sum(function: Lambda) -> str:
    """What /tmp above the free size adds to a million ticket PDFs."""
    run = tune("ticket", function.memory_mb)
    seconds = MILLION * run.ms / 1000
    used = function.quantities(MILLION, seconds).get("lambda.ephemeral_storage", 0.0)
    free_mb = facts.value("lambda.ephemeral_storage_free_mb")
    return _(
        "/tmp of {size}: ({size} − {free} free) / 1,024 × {seconds} s × ${price} = {usd} more for a million tickets.",
        size=size_words(function.ephemeral_storage_mb),
        free=size_words(free_mb),
        seconds=f"{seconds:,.0f}",
        price=_digits(price_book().usd("lambda.ephemeral_storage")),
        usd=usd(used * price_book().usd("lambda.ephemeral_storage")),
    )


# Predict ----------------------------------------------------

SMALL_MB, LARGE_MB = LEAST_MB, 1024

HOW_LONG = Prediction(
    "02.duration",
    N_("The memory is raised from 128 MB to 1,024 MB. How long does a ticket PDF take then, in milliseconds?"),
    unit="ms",
    lo=1,
    hi=1_000_000,
)
HOW_DEAR = Prediction(
    "02.price",
    N_("And the price of a million ticket PDFs?"),
    choices=(
        N_("about an eighth"),
        N_("nearly the same"),
        N_("about eight times as much"),
    ),
)


def large_ms() -> float:
    """Mean billed duration of the ticket PDF at LARGE_MB."""
    return tune("ticket", LARGE_MB).ms


def price_choice() -> int:
    """Which choice of HOW_DEAR the run gives."""
    ratio = tune("ticket", LARGE_MB).usd / tune("ticket", SMALL_MB).usd
    return int(np.argmin([abs(math.log(ratio / share)) for share in (1 / 8, 1, 8)]))


# The sums by hand ----------------------------------------------------

HAND_MB = (LEAST_MB, 1024, MB_PER_VCPU, MOST_MB)


def _digits(dollars: float) -> str:
    """A unit price with all its digits."""
    return f"{dollars:.10f}".rstrip("0").rstrip(".")


def worked_sums() -> str:
    """GB-seconds and dollars of the ticket PDF at four sizes, a line each."""
    book, lines = price_book(), []
    for memory_mb in HAND_MB:
        run = tune("ticket", memory_mb)
        gb_s = memory_mb / 1024 * run.ms / 1000
        lines.append(
            _(
                "{size}: {gb} GB × {took} s = {gb_s} GB-seconds; × ${price} × 1,000,000 + ${requests} = {usd}",
                size=size_words(memory_mb),
                gb=number(memory_mb / 1024, 5),
                took=number(run.ms / 1000, 4),
                gb_s=number(gb_s, 4),
                price=_digits(book.usd("lambda.duration.x86_64")),
                requests=f"{MILLION * book.usd('lambda.requests'):.2f}",
                usd=usd(run.usd),
            )
        )
    return "\n".join(lines)


def sweet_spots() -> str:
    """The three optima in one sentence each."""
    lines = [_("The fastest size that costs at most {share} more than the cheapest:", share=percent(0.1))]
    for kind, words in KIND_WORDS.items():
        memory_mb = sweet_spot(kind)
        run = tune(kind, memory_mb)
        lines.append(
            _(
                "• {kind}: {size} ({took}, {usd} for a million)",
                kind=_(words),
                size=size_words(memory_mb),
                took=duration(run.ms),
                usd=usd(run.usd),
            )
        )
    return "\n".join(lines)


GATE_VCPU_S = 0.016
GATE_MB = (512, 768, 1024, 1536)


def quota_sum() -> str:
    """A request shorter than the scheduler's period, at sizes where it ends sooner and costs less."""
    lines = [
        _(
            "A request that computes only {work}, as at the gate, meets the kernel's periods of {period}:",
            work=duration(GATE_VCPU_S * 1000),
            period=duration(facts.value("lambda.scheduler_period_ms")),
        )
    ]
    took_ms = [1000 * float(Lambda(memory_mb=mb).run_time_s([GATE_VCPU_S])[0]) for mb in GATE_MB]
    gb_s = [mb / 1024 * math.ceil(ms - 1e-6) / 1000 for mb, ms in zip(GATE_MB, took_ms)]
    for k, memory_mb in enumerate(GATE_MB):
        words = f"• {size_words(memory_mb)}: {duration(took_ms[k])}, " + _("{gb_s} GB-seconds", gb_s=number(gb_s[k]))
        if k:
            words += ". " + versus(took_ms[k], gb_s[k], took_ms[0], gb_s[0], size_words(GATE_MB[0]))
        lines.append(words)
    return "\n".join(lines)


# Exercises ----------------------------------------------------

EXERCISE_MB, EXERCISE_MS = 3008, 212.4


def _billed_ms(took_ms: float) -> int:
    grain = facts.value("lambda.billing_granularity_ms")
    return int(grain * math.ceil(took_ms / grain - 1e-9))


def _exercise_gb_s() -> float:
    used = Lambda(memory_mb=EXERCISE_MB).quantities(MILLION, MILLION * _billed_ms(EXERCISE_MS) / 1000)
    return used["lambda.duration.x86_64"]


BY_HAND = Target(
    "02.by_hand",
    N_("A function of 3,008 MB makes 1,000,000 posters a month, each in 212.4 ms. How many GB-seconds are billed?"),
    numbers.Real,
    (
        Condition(
            N_("distance from the simulator's GB-seconds"),
            lambda given: abs(given / _exercise_gb_s() - 1),
            0.001,
            show=percent,
        ),
    ),
    solution=_exercise_gb_s,
    worked=lambda: _(
        "{mb} / 1,024 GB × {took} s × 1,000,000 = {gb_s} GB-seconds: every request is rounded up to a whole "
        "millisecond first. At ${price} each that is {usd}.",
        mb=f"{EXERCISE_MB:,}",
        took=number(_billed_ms(EXERCISE_MS) / 1000),
        gb_s=f"{_exercise_gb_s():,.0f}",
        price=_digits(price_book().usd("lambda.duration.x86_64")),
        usd=usd(_exercise_gb_s() * price_book().usd("lambda.duration.x86_64")),
    ),
    untouched=lambda given: given == 0,
    needs=N_("a number"),
)

TARGET_P95_MS, TARGET_USD = 800.0, 11.0
FREE_TO_CHOOSE = ("memory_mb", "architecture", "timeout_s", "ephemeral_storage_mb")
START = Lambda(memory_mb=LEAST_MB)


def _play(function: Lambda) -> Tuned:
    if function != replace(START, **{name: getattr(function, name) for name in FREE_TO_CHOOSE}):
        raise InputError(
            _(
                "Only {names} may differ here, so that everybody is measured alike; take the rest out again.",
                names=", ".join(FREE_TO_CHOOSE),
            )
        )
    result = simulate(Scenario((Client(), function), million()), SEED, _drawn("ticket"))
    return Tuned("ticket", function, result, bill(result, free_tier=False))


def _one_solution() -> Lambda:
    return Lambda(memory_mb=MB_PER_VCPU, architecture="arm64")


FAST_AND_CHEAP = Target(
    "02.target",
    N_("A million ticket PDFs: none fails, p95 at most 800 ms, at most $11 without the free tier."),
    Lambda,
    (
        Condition(N_("failed, of 1,000 played"), lambda seen: seen.failed, 0),
        Condition("p95", lambda seen: seen.result.summary()["p95_ms"], TARGET_P95_MS, show=duration),
        Condition(N_("dollars for a million"), lambda seen: seen.usd, TARGET_USD, show=usd),
    ),
    solution=_one_solution,
    examine=_play,
    worked=lambda: _(
        "One vCPU on arm ({size}) does it: p95 {p95}, {usd}. On x86 no size does: what is fast enough costs at "
        "least {x86}. The simulator gives arm the speed of x86; measure yours before you switch.",
        size=size_words(MB_PER_VCPU),
        p95=duration(_play(_one_solution()).result.summary()["p95_ms"]),
        usd=usd(_play(_one_solution()).usd),
        x86=usd(_cheapest_fast_x86_usd()),
    ),
    untouched=lambda given: given == START,
)


@lru_cache(maxsize=1)
def _cheapest_fast_x86_usd() -> float:
    """The cheapest x86 function, in steps of 64 MB around one vCPU, whose p95 meets the target."""
    sizes = [*range(1024, 2049, 64), MB_PER_VCPU]
    return min(
        run.usd
        for run in (_play(Lambda(memory_mb=memory_mb)) for memory_mb in sizes)
        if run.result.summary()["p95_ms"] <= TARGET_P95_MS
    )


ADVICE = Essay(
    "02.advice",
    N_(
        "A colleague says: “More memory is faster and cheaper. Give every function 10 GB.” Answer in three "
        "sentences, with numbers from this lesson."
    ),
    (
        N_("Work that waits hardly gets faster; its price grows with the memory. Keep it small."),
        N_(
            "Work with one thread gets faster up to one vCPU at nearly the same price; above that only the price grows."
        ),
        N_(
            "Work with many threads gets faster up to the largest size at nearly the same price: there the "
            "colleague is half right."
        ),
        N_("Sometimes a larger size is faster and cheaper, but only measuring tells: tune each function."),
    ),
)


# Check ----------------------------------------------------

CHECK_MB, CHECK_VCPU_S, REPORT_VCPU_S = 512, 2.0, 100.0


def _check_ms(memory_mb: float = CHECK_MB) -> float:
    return 1000 * float(Lambda(memory_mb=int(memory_mb)).run_time_s([CHECK_VCPU_S])[0])


def _report_mb(limit_s: float | None = None) -> int:
    """The smallest memory at which the report ends within the longest timeout."""
    limit_s = facts.value("lambda.timeout_max_s") if limit_s is None else limit_s
    low, high = LEAST_MB - 1, MOST_MB
    while high - low > 1:
        middle = (low + high) // 2
        ends = float(Lambda(memory_mb=middle).run_time_s([REPORT_VCPU_S])[0]) <= limit_s
        low, high = (low, middle) if ends else (middle, high)
    return high


def _waste() -> float:
    return tune("ticket", MOST_MB).usd / tune("ticket", MB_PER_VCPU).usd


CHECKS = (
    Check(
        "02.share",
        N_(
            "A job with one thread needs 2 s of computing on a full vCPU and never waits. How many "
            "milliseconds does it take at 512 MB?"
        ),
        answer=_check_ms,
        unit="ms",
        lo=0,
        hi=1_000_000,
        tolerance=0.03,
        worked=lambda value: _(
            "{took}: {mb} MB are {share} of a vCPU, so {work} of computing take about {work} / {vcpu}; the last of the 20 ms "
            "periods need not be waited for.",
            took=duration(value),
            mb=CHECK_MB,
            share=percent(CHECK_MB / MB_PER_VCPU),
            work=duration(CHECK_VCPU_S * 1000),
            vcpu=number(CHECK_MB / MB_PER_VCPU),
        ),
        hints=(
            Hint(lambda: 1000 * CHECK_VCPU_S, N_("That is the time on a full vCPU. How much of one has this size?")),
            Hint(
                lambda: 1000 * CHECK_VCPU_S * 1024 / CHECK_MB,
                N_("A full vCPU does not come with 1,024 MB but with more: look at the dotted line."),
            ),
            Hint(lambda: _check_ms() / 1000, N_("That is in seconds; the question asks for milliseconds.")),
        ),
    ),
    Check(
        "02.report",
        N_(
            "A nightly report with one thread needs 100 s of computing on a full vCPU. What is the smallest "
            "memory, in MB, with which Lambda can finish it at all?"
        ),
        answer=_report_mb,
        unit="MB",
        lo=1,
        hi=100_000,
        tolerance=0.02,
        worked=lambda value: _(
            "{size}: the longest timeout is {limit}, so the function needs {work} / {limit} = {vcpu} vCPU, "
            "and one vCPU comes with {mb} MB.",
            size=size_words(value),
            limit=_("{value} s", value=number(facts.value("lambda.timeout_max_s"))),
            work=_("{value} s", value=number(REPORT_VCPU_S)),
            vcpu=number(REPORT_VCPU_S / facts.value("lambda.timeout_max_s")),
            mb=f"{MB_PER_VCPU:,}",
        ),
        hints=(
            Hint(lambda: MB_PER_VCPU, N_("That is a whole vCPU. The report may take longer than 100 s.")),
            Hint(lambda: LEAST_MB, N_("There it is stopped before it ends: divide 100 s by the share of a vCPU.")),
            Hint(
                lambda: _report_mb(facts.value("lambda.timeout_max_s", "2018-01-01")),
                N_("That was right with the timeout of older notes; today a function may run longer."),
            ),
        ),
    ),
    Check(
        "02.waste",
        N_(
            "The ticket PDF, one thread, moves from 1,769 MB to 10,240 MB. How many times the price does a "
            "million cost?"
        ),
        answer=_waste,
        unit=N_("times"),
        lo=0,
        hi=1000,
        tolerance=0.04,
        worked=lambda value: _(
            "{times} times: {small} become {large}, and it is not a millisecond faster. One thread uses one vCPU.",
            times=number(value),
            small=usd(tune("ticket", MB_PER_VCPU).usd),
            large=usd(tune("ticket", MOST_MB).usd),
        ),
        hints=(
            Hint(
                lambda: 1.0,
                N_("The price stays only while the time falls as the memory grows. Does it still fall here?"),
            ),
            Hint(lambda: MOST_MB / LEAST_MB, N_("That is the ratio to the smallest size; compare with one vCPU.")),
            Hint(lambda: 1 / _waste(), N_("The other way round: how many times as much?")),
        ),
    ),
)


# Quiz ----------------------------------------------------

QUIZ = Quiz(
    (
        Question(
            N_(
                "A function computes for 10 ms and waits 400 ms for a payment service. Its memory is "
                "raised eightfold. What happens?"
            ),
            (
                Option(
                    N_("It takes an eighth of the time and costs the same"),
                    N_("Only computing is divided by the CPU share; the payment service answers no sooner."),
                ),
                Option(
                    N_("It is a little faster, and its price is several times as high"),
                    N_("The waiting is billed as well, and now with eight times the GB."),
                    True,
                ),
                Option(
                    N_("It is cheaper, since AWS bills only the time in which the CPU works"),
                    N_("A Lambda function is billed from start to end of the handler, waiting included."),
                ),
            ),
        ),
        Question(
            N_(
                "A Python handler with one thread already has as much memory as buys one vCPU. What does "
                "twice the memory change?"
            ),
            (
                Option(
                    N_("Nearly twice the price, the same speed"),
                    N_("One thread runs on one vCPU; the second one stands idle and is paid for."),
                    True,
                ),
                Option(
                    N_("Half the time, the same price"),
                    N_("That holds below one vCPU, and above only for work that uses several threads."),
                ),
                Option(
                    N_("Nothing at all, since Lambda bills used memory only"),
                    N_("Billed is the memory that is configured, whether the handler uses it or not."),
                ),
            ),
        ),
        Question(
            N_(
                "A company makes previews of uploaded videos in a Lambda function with 1,024 MB. The code "
                "computes in one thread, takes 4 s, and fails on files above 512 MB with “no space left on "
                "device”. Previews must take at most 2.5 s, and files of up to 3 GB must work. Which change "
                "is the most cost-effective?"
            ),
            (
                Option(
                    N_("Raise the memory to 10,240 MB and leave everything else"),
                    N_(
                        "One thread gains nothing above one vCPU, the price grows nearly sixfold, and /tmp "
                        "stays as small as before: it is a setting of its own."
                    ),
                ),
                Option(
                    N_("Keep the memory and attach an EFS file system"),
                    N_("That solves the space, but computing gets no faster, and EFS costs on top."),
                ),
                Option(
                    N_("Move the code to a large EC2 instance that runs all the time"),
                    N_("It works, but is paid for around the clock, and somebody has to look after it."),
                ),
                Option(
                    N_("Raise the memory to one vCPU and the size of /tmp to 3 GB"),
                    N_(
                        "At one vCPU the same work takes little over half the time at nearly the same price, "
                        "and /tmp above its free size costs very little."
                    ),
                    True,
                ),
            ),
            domain="cost",
        ),
    )
)
