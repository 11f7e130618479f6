"""Lesson 04: how many at once: quotas, reservations, scaling rate, retries; and Auto Scaling groups beside them."""

from __future__ import annotations

import numbers
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from simlib import facts, theory
from simlib.engine import Result, Scenario, simulate
from simlib.i18n import N_, _, duration, number, percent, usd
from simlib.pricing import Bill, bill
from simlib.services import Client, Ec2, Functions, Lambda
from simlib.services.lambda_.events import count_events, is_invocation
from simlib.services.scaling import HIGH_ALARM_MINUTES, LOW_ALARM_MINUTES
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
from simlib.views.scaling import Group, Ramp, Sharing, Throttling
from simlib.workload import Constant, Operation, Poisson, Steps, Traffic, Workload, draw

THROTTLED = 429


def _operation(name: str, work_vcpu_s: float, io_s: float, varies: str = "constant") -> Operation:
    return Operation(
        name=name, work_vcpu_s=work_vcpu_s, work_distribution=varies, io_s=io_s, io_distribution=varies
    )


BUY = _operation("buy", 1.2, 0.8)
"""Drawing the personal ticket, then waiting for the bank: two seconds on one vCPU."""
VARIED = _operation("buy", 1.2, 0.8, "exponential")
"""The same on average, longer and shorter, so that a few seconds suffice to settle."""
POSTERS = _operation("posters", 3.0, 1.0, "exponential")
VIDEO = _operation("video", 60.0, 0.0)
BUY_S, POSTERS_S, VIDEO_S = (each.work_vcpu_s + each.io_s for each in (BUY, POSTERS, VIDEO))
FUNCTION = Lambda(memory_mb=int(facts.value("lambda.mb_per_vcpu")))
"""One vCPU exactly."""
WARM = replace(FUNCTION, platform_s=0.0, init_s=0.0, first_handler_s=0.0)
"""The same without cold starts, where nothing but the limits should be seen."""
QUOTA = int(facts.value("lambda.account_concurrency"))
SEED, SHARED_SEED = 2, 3
"""Ordinary luck: shares of what is throttled lie near the mean of many seeds."""


# What happens at 1,000 ----------------------------------------------------

SETTLED_S, WINDOW_S = 4.0, 8.0
MOST_RPS = 800.0
CURVE_RPS = np.linspace(0.0, MOST_RPS, 81)


def buyers(rate_rps: float) -> Traffic:
    """People who buy at a steady rate, for a few seconds."""
    return Traffic(arrivals=Poisson(rate_rps), window_s=WINDOW_S, operations=(VARIED,))


def mean_in_progress(result: Result, from_s: float, until_s: float, chosen=slice(None)) -> float:
    """Requests in progress at the last service of a run, averaged over a stretch of time."""
    spans = result.of(len(result.scenario.stack) - 1)
    took = (spans["status"] != THROTTLED)[chosen]
    start, end = spans["start_s"][chosen][took], spans["end_s"][chosen][took]
    return float((np.clip(end, from_s, until_s) - np.clip(start, from_s, until_s)).sum() / (until_s - from_s))


@dataclass(frozen=True)
class Rush:
    """A steady rate against the quota: what is wanted, carried and throttled once it has settled."""

    rate_rps: float
    result: Result

    @property
    def asked(self) -> float:
        """Requests in progress that the rate would need (Little's law)."""
        return theory.concurrency(self.rate_rps, BUY_S)

    @cached_property
    def mean(self) -> float:
        """Requests in progress on average."""
        return mean_in_progress(self.result, SETTLED_S, WINDOW_S)

    @cached_property
    def share(self) -> float:
        """Share of the requests that was throttled."""
        settled = self.result.workload.arrival_s >= SETTLED_S
        return float((self.result.status[settled] == THROTTLED).mean()) if settled.any() else 0.0

    @property
    def erlang(self) -> float:
        """The same share by Erlang's formula."""
        return theory.erlang_b(self.asked, QUOTA)


@lru_cache(maxsize=64)
def rush(rate_rps: float, seed: int = SEED) -> Rush:
    """Plays a steady rate through the warm function, without retries."""
    return Rush(rate_rps, simulate(Scenario((WARM,), buyers(rate_rps)), seed))


@lru_cache(maxsize=1)
def _erlang_curve() -> np.ndarray:
    return np.array([theory.erlang_b(theory.concurrency(rate, BUY_S), QUOTA) for rate in CURVE_RPS])


def _rush_picture(seen: Rush) -> dict:
    return {
        "levels": seen.result.in_use(0),
        "limit": QUOTA,
        "asked": seen.asked,
        "rate_rps": seen.rate_rps,
        "share": seen.share,
        "curve": (CURVE_RPS, _erlang_curve()),
        "until_s": WINDOW_S,
    }


def _say_rush(seen: Rush, before: Rush | None) -> str:
    words = _(
        "{rate} requests per second × {took} = {asked} wanted at once; the limit is {limit}. On average {mean} are in "
        "progress, and {share} are throttled (Erlang's formula: {theory}).",
        rate=number(seen.rate_rps),
        took=duration(1000 * BUY_S),
        asked=number(seen.asked, 4),
        limit=f"{QUOTA:,}",
        mean=number(seen.mean),
        share=percent(seen.share),
        theory=percent(seen.erlang),
    )
    if before is not None:
        words += " " + _(
            "(A: {rate} per second, {share} throttled)", rate=number(before.rate_rps), share=percent(before.share)
        )
    return words


RATE_EXPLORER = Explorable(
    controls=(Control("rate_rps", N_("Requests per second"), 300.0, "", 50.0, MOST_RPS, step=10.0),),
    run=lambda settings: rush(settings["rate_rps"]),
    picture=Throttling,
    look=_rush_picture,
    say=_say_rush,
)


# One function takes it all ----------------------------------------------------

SHARED_SETTLED_S, SHARED_WINDOW_S = 5.0, 10.0
BUYERS_RPS = 100.0
RESERVABLE = QUOTA - int(facts.value("lambda.unreserved_minimum"))
UNRESERVED = -1
RESERVATIONS = tuple(range(0, RESERVABLE + 1, 100))
NAMES = (N_("purchases"), N_("posters"))


@dataclass(frozen=True)
class Shared:
    """Purchases and posters in one account, with or without a reservation for the posters."""

    posters_rps: float
    reserved: int | None
    result: Result

    def throttled(self, which: int) -> float:
        """Share of a function's requests that was throttled, once it has settled."""
        workload = self.result.workload
        mine = (workload.operation == which) & (workload.arrival_s >= SHARED_SETTLED_S)
        return float((self.result.status[mine] == THROTTLED).mean()) if mine.any() else 0.0

    def levels(self, which: int) -> tuple[np.ndarray, np.ndarray]:
        """Requests of a function in progress: times and amounts."""
        spans = self.result.of(0)
        mine = self.result.workload.operation[spans["request"]] == which
        taken = mine & (spans["status"] != THROTTLED)
        start, end = np.sort(spans["start_s"][taken]), np.sort(spans["end_s"][taken])
        times = np.concatenate([[0.0], np.union1d(start, end)])
        return times, np.searchsorted(start, times, "right") - np.searchsorted(end, times, "right")


@lru_cache(maxsize=64)
def shared(posters_rps: float, reserved: int | None = None, seed: int = SHARED_SEED) -> Shared:
    """Plays purchases at 100 per second beside posters at `posters_rps`, without retries."""
    total = BUYERS_RPS + posters_rps
    traffic = Traffic(
        arrivals=Poisson(total),
        window_s=SHARED_WINDOW_S,
        operations=(replace(VARIED, weight=BUYERS_RPS), replace(POSTERS, weight=posters_rps)),
    )
    functions = Functions((WARM, replace(WARM, reserved_concurrency=reserved)), account_concurrency=QUOTA)
    return Shared(posters_rps, reserved, simulate(Scenario((functions,), traffic), seed))


def _shared_picture(seen: Shared) -> dict:
    names = tuple(_(name) for name in NAMES)
    return {
        "names": names,
        "levels": {name: seen.levels(k) for k, name in enumerate(names)},
        "limit": QUOTA,
        "reserved": seen.reserved,
        "throttled": {name: seen.throttled(k) for k, name in enumerate(names)},
        "until_s": SHARED_WINDOW_S,
    }


def _say_shared(seen: Shared, before: Shared | None) -> str:
    lines = [
        _(
            "Wanted at once: purchases {buyers} ({rate} per second × {took}), posters {posters} ({other} per second × "
            "{long}).",
            buyers=number(BUYERS_RPS * BUY_S),
            rate=number(BUYERS_RPS),
            took=duration(1000 * BUY_S),
            posters=number(seen.posters_rps * POSTERS_S, 4),
            other=number(seen.posters_rps),
            long=duration(1000 * POSTERS_S),
        )
    ]
    if seen.reserved is not None:
        lines.append(
            _(
                "Reserved for the posters: {mine}; left for everybody else: {rest}.",
                mine=f"{seen.reserved:,}",
                rest=f"{QUOTA - seen.reserved:,}",
            )
        )
    words = _(
        "Throttled: {buyers} of the purchases, {posters} of the posters.",
        buyers=percent(seen.throttled(0)),
        posters=percent(seen.throttled(1)),
    )
    if before is not None:
        words += " " + _(
            "(A: {buyers} and {posters})", buyers=percent(before.throttled(0)), posters=percent(before.throttled(1))
        )
    return "\n".join([*lines, words])


SHARE_EXPLORER = Explorable(
    controls=(
        Control(
            "posters_rps",
            N_("Posters per second"),
            100.0,
            "",
            10.0,
            350.0,
            step=10.0,
            doc=N_("each takes 4 s on average; beside them come 100 purchases per second"),
        ),
        Control(
            "reserved",
            N_("Reserved for the posters"),
            UNRESERVED,
            choices=((UNRESERVED, N_("nothing reserved")), *((count, f"{count:,}") for count in RESERVATIONS)),
            doc=N_("reserved concurrency; 0 stops the function"),
        ),
    ),
    run=lambda settings: shared(
        settings["posters_rps"], None if settings["reserved"] == UNRESERVED else settings["reserved"]
    ),
    picture=Sharing,
    look=_shared_picture,
    say=_say_shared,
)


# How fast it may grow ----------------------------------------------------

RAMP_S, RAISED, START_S = 50.0, 10_000, 2.0
BEFORE = "2023-10-01"
RULES = {N_("today"): None, N_("before November 2023"): BEFORE}
STUBBORN = Client(max_attempts=10, timeout_s=600.0, backoff_max_s=8.0)
"""A program that starts many calls at once and tries each again until it is taken."""


@dataclass(frozen=True)
class Climb:
    """Videos that are started at once: how many are wanted, and when how many are drawn."""

    wanted: int
    rule: str
    result: Result

    @property
    def turned_away(self) -> int:
        """Attempts that were throttled."""
        return int((self.result.of(1)["status"] == THROTTLED).sum())

    @property
    def given_up(self) -> int:
        """Videos for which all attempts were throttled."""
        return int((~self.result.ok).sum())

    def begun_s(self, share: float = 0.9) -> float:
        """When so large a share of all videos has begun; infinite if never."""
        spans = self.result.of(1)
        begun = np.sort(spans["start_s"][spans["status"] != THROTTLED])
        needed = int(np.ceil(share * self.result.n))
        return float(begun[needed - 1]) if begun.size >= needed else float("inf")


@lru_cache(maxsize=32)
def climb(wanted: int, rule: str = "today") -> Climb:
    """Starts so many videos within two seconds, under a quota raised to 10,000, and tries throttled ones again."""
    gap_s = START_S / wanted
    traffic = Traffic(arrivals=Constant(1 / gap_s), window_s=START_S, operations=(VIDEO,))
    function = replace(WARM, account_concurrency=RAISED, timeout_s=2 * VIDEO_S)
    return Climb(wanted, rule, simulate(Scenario((STUBBORN, function), traffic, date=RULES[rule]), SEED))


def allowed(rule: str) -> tuple[np.ndarray, np.ndarray]:
    """What the scaling rate allows from an empty start: seconds and environments."""
    seconds = np.array([0.0, RAMP_S])
    date = RULES[rule]
    burst = facts.value("lambda.scale_environments_burst", date)
    return seconds, burst + facts.value("lambda.scale_environments_per_s", date) * seconds


def _ramp_picture(seen: Climb) -> dict:
    return {
        "levels": seen.result.in_use(1),
        "wanted": seen.wanted,
        "allowed": {rule: allowed(rule) for rule in RULES},
        "rule": seen.rule,
        "until_s": RAMP_S,
    }


def _say_climb(seen: Climb, before: Climb | None) -> str:
    burst = facts.value("lambda.scale_environments_burst", RULES[seen.rule])
    per_s = facts.value("lambda.scale_environments_per_s", RULES[seen.rule])
    words = [
        _(
            "{wanted} videos are to start within {spread}. Allowed {rule}: {burst} environments at the start and {more} more per "
            "second. {count} attempts are throttled.",
            wanted=f"{seen.wanted:,}",
            spread=duration(1000 * START_S),
            rule=_(seen.rule),
            burst=f"{burst:,.0f}",
            more=number(per_s),
            count=f"{seen.turned_away:,}",
        ),
        _("Only {share} ever begin.", share=percent(1 - seen.given_up / seen.wanted))
        if seen.begun_s() == float("inf")
        else _("Nine of ten have begun after {after}.", after=duration(1000 * seen.begun_s())),
        _("{lost} are given up after {most} attempts.", lost=f"{seen.given_up:,}", most=STUBBORN.max_attempts),
    ]
    if before is not None:
        words.append(_("(A: {count} attempts throttled)", count=f"{before.turned_away:,}"))
    return " ".join(words)


RAMP_EXPLORER = Explorable(
    controls=(
        Control(
            "wanted",
            N_("Videos to start within two seconds"),
            1000,
            "",
            500,
            4000,
            step=250,
            whole=True,
            doc=N_("each is drawn for 60 s; the quota is raised to 10,000"),
        ),
        Control("rule", N_("Scaling rate"), "today", choices=tuple((rule, rule) for rule in RULES)),
    ),
    run=lambda settings: climb(settings["wanted"], settings["rule"]),
    picture=lambda: Ramp(tuple(RULES)),
    look=_ramp_picture,
    say=_say_climb,
    live=False,
)


# Servers in the storm ----------------------------------------------------

OPENS_S = 1800.0
RUSH_RPS = ((0.0, 6.0), (120.0, 2.0), (360.0, None))
"""Buyers per second by seconds after 20:00; None: the rate of the quiet hours."""
QUIET_RPS = 1 / 300
RUSH_S = RUSH_RPS[-1][0]
DAY_S = 86_400.0
GROUP = Ec2(
    instance_type="t3.small",
    workers=4,
    instances=2,
    zones=2,
    queue_limit=20,
    boot_cv=0.0,
    min_instances=2,
    max_instances=12,
)
UP, DOWN = "19:55", "20:30"


def at(clock: str) -> float:
    """Seconds from the window's start, 19:30, until a time of the evening such as "19:55"."""
    hours, colon, minutes = str(clock).partition(":")
    if not colon or not hours.isdigit() or not minutes.isdigit() or int(hours) > 23 or int(minutes) > 59:
        raise InputError(_("“{typed}” is not a time of day; write for example “19:55”.", typed=str(clock)[:20]))
    return ((int(hours) - 20) * 3600.0 + int(minutes) * 60 + OPENS_S) % DAY_S


def clock(seconds: float) -> str:
    """The time of day of a moment in the window."""
    whole = round(seconds - OPENS_S + 20 * 3600) % int(DAY_S)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def group(**changes) -> Ec2:
    """The lesson's Auto Scaling group (two t3.small in two zones, at most twelve) with other settings."""
    return replace(GROUP, **changes)


def sale() -> Traffic:
    """A whole day from 19:30 on, with the sale at 20:00; every day of the month has one."""
    steps = [(0.0, QUIET_RPS)]
    steps += [(OPENS_S + after, QUIET_RPS if rate is None else rate) for after, rate in RUSH_RPS]
    return Traffic(arrivals=Steps(tuple(steps)), window_s=DAY_S, operations=(BUY,))


@lru_cache(maxsize=1)
def _people() -> Workload:
    return draw(sale(), SEED)


@dataclass(frozen=True)
class Evening:
    """The sale through a group of servers and through Lambda: {name: Result}."""

    group: Ec2
    results: dict[str, Result]

    @cached_property
    def storm(self) -> np.ndarray:
        """Which requests came in the storm."""
        came = self.results["EC2"].workload.arrival_s
        return (came >= OPENS_S) & (came < OPENS_S + RUSH_S)

    def lost(self, name: str = "EC2") -> int:
        """People of the storm who were not served."""
        return int((~self.results[name].ok[self.storm]).sum())

    def share(self, name: str = "EC2") -> float:
        """The same as a share."""
        return self.lost(name) / int(self.storm.sum())

    def p99_ms(self, name: str = "EC2") -> float:
        """The waiting time that 99 of 100 served people of the storm do not exceed; infinite if nobody is served."""
        result = self.results[name]
        waited = result.latency_s[self.storm & result.ok]
        return float(np.quantile(waited, 0.99) * 1000) if waited.size else float("inf")

    @cached_property
    def bills(self) -> dict[str, Bill]:
        """Both monthly bills."""
        return {name: bill(result) for name, result in self.results.items()}

    @cached_property
    def first_help_s(self) -> float | None:
        """When the first additional server serves, seconds from the window's start; None if there is none."""
        rows = self.results["EC2"].metered(1).capacity
        launched = rows["start_s"][(rows["start_s"] > 0) & (rows["start_s"] < OPENS_S + 3600)]
        return float(launched.min() + self.group.boot_s) if launched.size else None


@lru_cache(maxsize=1)
def _lambda_evening() -> Result:
    return simulate(Scenario((Client(), FUNCTION), sale(), name="Lambda"), SEED, _people())


@lru_cache(maxsize=64)
def evening(servers: Ec2 = GROUP) -> Evening:
    """Plays one day with its sale through a group of servers and through Lambda, on the same requests."""
    result = simulate(Scenario((Client(), servers), sale(), name="EC2"), SEED, _people())
    return Evening(servers, {"EC2": result, "Lambda": _lambda_evening()})


def ruled(servers: int = GROUP.instances, tracking: bool = False, **changes) -> Ec2:
    """The group with so many servers from 19:55 to 20:30 by schedule (two: none is needed), and target tracking."""
    if servers != GROUP.instances:
        changes["schedule"] = ((at(UP), servers), (at(DOWN), GROUP.instances), *changes.get("schedule", ()))
    if tracking:
        changes["scaling"] = "target_tracking"
    return group(**changes)


FAILS = "20:01"
BACK_AFTER_S = 1500.0


def struck(servers: int, tracking: bool, zones: int) -> Ec2:
    """The same, and the first zone fails at 20:01 for 25 minutes.

    With one zone nothing can be launched elsewhere; the group starts again when the zone is back.
    """
    changes = {"zones": zones, "fails": "zone", "fails_at_s": at(FAILS), "back_after_s": BACK_AFTER_S}
    if zones == 1:
        changes |= {"replaces": False, "schedule": ((at(FAILS) + BACK_AFTER_S + 1, GROUP.instances),)}
    return ruled(servers, tracking, **changes)


BIN_S = 15.0


def _group_picture(seen: Evening) -> dict:
    edges = np.arange(at("19:50"), at("20:30") + BIN_S / 2, BIN_S)
    came = seen.results["EC2"].workload.arrival_s
    served = {name: np.histogram(came[result.ok], edges)[0] / BIN_S for name, result in seen.results.items()}
    lost = {name: np.histogram(came[~result.ok], edges)[0] / BIN_S for name, result in seen.results.items()}
    rows = seen.results["EC2"].metered(1).capacity
    moments = np.arange(at("19:45"), at("20:30"), 5.0)
    begins = np.where(rows["start_s"] > 0, rows["start_s"] + seen.group.boot_s, 0.0)
    ends = rows["end_s"].copy()
    gone = ends.copy()
    if seen.group.fails == "zone" and seen.group.fails_at_s is not None:
        detected_s = seen.group.fails_at_s + seen.group.health_check_interval_s * seen.group.unhealthy_threshold
        gone[np.abs(ends - detected_s) < 1e-6] = seen.group.fails_at_s

    def standing(start, end):
        return ((start[:, None] <= moments) & (moments < end[:, None])).sum(axis=0)

    serving = standing(begins, gone)
    minutes = np.arange(at("19:50"), at("20:30") + 1, 60.0)
    spans = seen.results["EC2"].of(1)
    ran = spans["status"] < 400
    work = np.histogram(
        spans["start_s"][ran] + spans["wait_s"][ran] + BUY.work_vcpu_s / 2,
        minutes,
        weights=np.full(int(ran.sum()), BUY.work_vcpu_s),
    )[0]
    there = np.array(
        [serving[(moments >= a) & (moments < b)].mean() for a, b in zip(minutes[:-1], minutes[1:], strict=True)]
    )
    busy = np.where(there > 0, np.minimum(work / np.maximum(there * seen.group.kind.vcpu * 60, 1e-9), 1.0), 0.0)
    times, levels = seen.results["Lambda"].in_use(1)
    near = (times >= at("19:50")) & (times <= at("20:30"))

    def past_eight(seconds):
        return (seconds - OPENS_S) / 60

    return {
        "share": {name: seen.share(name) for name in seen.results},
        "edge_min": past_eight(edges),
        "served": served,
        "lost": lost,
        "paid": (past_eight(moments), standing(rows["start_s"], ends)),
        "serving": (past_eight(moments), serving),
        "cpu": (past_eight((minutes[1:] + minutes[:-1]) / 2), busy),
        "target": seen.group.target_cpu if seen.group.scaling == "target_tracking" else None,
        "environments": (past_eight(times[near]), levels[near]),
    }


def _say_evening(seen: Evening, before: Evening | None, money: bool = True) -> str:
    help_s = seen.first_help_s
    lines = [
        _(
            "EC2: of {people} people who come within {minutes} minutes, {lost} ({share}) are not served; 99 of 100 "
            "others wait at most {p99}.",
            people=f"{int(seen.storm.sum()):,}",
            minutes=number(RUSH_S / 60),
            lost=f"{seen.lost():,}",
            share=percent(seen.share()),
            p99=duration(seen.p99_ms()),
        )
        + " "
        + (
            _("No server is added.")
            if help_s is None
            else _("The first additional server is in service at {time}.", time=clock(help_s))
        )
    ]
    lines.append(
        _(
            "Lambda: {lost} are not served; 99 of 100 wait at most {p99}.",
            lost=f"{seen.lost('Lambda'):,}",
            p99=duration(seen.p99_ms("Lambda")),
        )
    )
    if money:
        lines.append(
            _(
                "A month with a sale every evening: EC2 {servers}, Lambda {function}.",
                servers=usd(seen.bills["EC2"].total_usd),
                function=usd(seen.bills["Lambda"].total_usd),
            )
        )
    if before is not None:
        words = _("(A: {share} not served)", share=percent(before.share()))
        if money:
            words = _(
                "(A: {share} not served, EC2 {usd})",
                share=percent(before.share()),
                usd=usd(before.bills["EC2"].total_usd),
            )
        lines.append(words)
    return "\n".join(lines)


TRACKING_CONTROL = Control(
    "tracking", N_("Target tracking"), False, choices=((False, N_("off")), (True, N_("on, 50 % CPU")))
)
SERVERS_CONTROL = Control(
    "servers",
    N_("Servers from 19:55 to 20:30"),
    GROUP.instances,
    "",
    GROUP.instances,
    10,
    whole=True,
    doc=N_("by schedule; at all other times there are two"),
)

GROUP_EXPLORER = Explorable(
    controls=(TRACKING_CONTROL, SERVERS_CONTROL),
    run=lambda settings: evening(ruled(settings["servers"], settings["tracking"])),
    picture=Group,
    look=_group_picture,
    say=_say_evening,
    bills=lambda seen: seen.bills,
)

ZONE_EXPLORER = Explorable(
    controls=(
        TRACKING_CONTROL,
        replace(SERVERS_CONTROL, default=5),
        Control(
            "zones",
            N_("Zones of the group"),
            2,
            choices=((2, N_("two zones")), (1, N_("all servers in one zone"))),
            doc=N_("the first zone fails at 20:01"),
        ),
    ),
    run=lambda settings: evening(struck(settings["servers"], settings["tracking"], settings["zones"])),
    picture=Group,
    look=_group_picture,
    say=lambda seen, before: _say_evening(seen, before, money=False),
)


# Who tries again ----------------------------------------------------

CROWD, CROWD_RESERVED, CROWD_ERRORS = 1000, 300, 0.2


def _crowd() -> Traffic:
    return Traffic(arrivals=Steps(((0.0, float(CROWD)), (1.0, 0.0))), window_s=600.0, operations=(BUY,))


def tries_again() -> object:
    """About 1,000 people in one second, at most 300 at once: a table of who tries again and what becomes of them."""
    import pandas as pd

    narrow = replace(FUNCTION, reserved_concurrency=CROWD_RESERVED)
    events = replace(narrow, invocation="event")
    sides = {
        _("nobody tries again"): (narrow,),
        _("the client, 3 attempts"): (Client(), narrow),
        _("events"): (events,),
        _("events, {share} errors", share=percent(CROWD_ERRORS)): (replace(events, error_rate=CROWD_ERRORS),),
    }
    table = {}
    for name, stack in sides.items():
        result = simulate(Scenario(stack, _crowd()), SEED)
        spans = result.of(len(stack) - 1)
        counted = count_events(spans) if stack[-1].invocation == "event" else None
        table[name] = {
            _("requests"): f"{result.n:,}",
            _("answered at once with 202"): f"{result.n if counted else 0:,}",
            _("done in the end"): f"{counted.succeeded if counted else int(result.ok.sum()):,}",
            _("refused or dropped"): f"{counted.dropped if counted else int((~result.ok).sum()):,}",
            _("attempts at the function"): f"{int(is_invocation(spans['status']).sum()):,}",
            _("the last attempt ends after"): duration(1000 * float(spans["end_s"].max())),
        }
    return pd.DataFrame(table)


# The sums by hand ----------------------------------------------------

WORKED_RPS = 700.0
SHORT_S = 0.05


def little_sum() -> str:
    """Little's law and the two limits with the numbers of the lesson."""
    seen = rush(WORKED_RPS)
    per_unit = facts.value("lambda.rps_per_concurrency")
    return "\n".join(
        (
            _(
                "{rate} requests per second × {took} = {asked} at once. Only {limit} may run, so at least 1 − {limit} ÷ "
                "{asked} = {least} must be throttled; the run gave {share}.",
                rate=number(WORKED_RPS),
                took=duration(1000 * BUY_S),
                asked=f"{seen.asked:,.0f}",
                limit=f"{QUOTA:,}",
                least=percent(1 - QUOTA / seen.asked),
                share=percent(seen.share),
            ),
            _(
                "The largest steady rate: {limit} ÷ {took} = {rate} requests per second.",
                limit=f"{QUOTA:,}",
                took=duration(1000 * BUY_S),
                rate=f"{QUOTA / BUY_S:,.0f}",
            ),
            _(
                "With a function of {short} it would be {limit} ÷ {short} = {free}, but the request quota stops earlier: "
                "{per} × {limit} = {rps} requests per second.",
                short=duration(1000 * SHORT_S),
                limit=f"{QUOTA:,}",
                free=f"{QUOTA / SHORT_S:,.0f}",
                per=number(per_unit),
                rps=f"{per_unit * QUOTA:,.0f}",
            ),
        )
    )


def delay_sum() -> str:
    """Why target tracking comes too late, minute by minute."""
    seen = evening(ruled(tracking=True))
    return _(
        "Target tracking: the alarm needs {alarm} minutes above the target, a server boots for {boot}. 20:00 + {alarm} min "
        "+ {boot} = {time}. A server leaves only after {low} low minutes in a row.",
        alarm=HIGH_ALARM_MINUTES,
        boot=duration(1000 * GROUP.boot_s),
        time=clock(seen.first_help_s),
        low=LOW_ALARM_MINUTES,
    )


# Predict ----------------------------------------------------

FIRST_429 = Prediction(
    "04.rate",
    N_(
        "A purchase keeps its execution environment busy for 2 s, and 1,000 may run at once. From how many purchases per "
        "second on are people turned away in large numbers?"
    ),
    unit=N_("per second"),
    lo=0.001,
    hi=1_000_000,
)
FLOOD = Prediction(
    "04.flood",
    N_(
        "A second function of the same account draws posters and suddenly wants 1,200 environments. What becomes of the "
        "purchases, which need 200?"
    ),
    choices=(
        N_("no throttling: every function has 1,000 of its own"),
        N_("throttling of both alike"),
        N_("throttling of the posters only, since they came later"),
    ),
)
HELP = Prediction(
    "04.help",
    N_(
        "Servers under target tracking (50 % CPU): how many minutes after 20:00 does the first additional one serve?"
    ),
    unit=N_("minutes"),
    lo=0,
    hi=120,
)


def first_429_rps() -> float:
    """The rate at which the average alone fills the quota."""
    return QUOTA / BUY_S


FLOOD_RPS = 300.0


def flooded() -> int:
    """The choice that the run gives: whether both functions are throttled alike."""
    seen = shared(FLOOD_RPS)
    if seen.throttled(0) < 0.01:
        return 2 if seen.throttled(1) > 0.01 else 0
    return 1


def help_minutes() -> float:
    """Minutes from 20:00 until the first server that target tracking adds is in service."""
    return (evening(ruled(tracking=True)).first_help_s - OPENS_S) / 60


# Exercises ----------------------------------------------------

SEATS_RPS, SEATS_MS = 12_000, 60


def _seats_quota() -> float:
    return theory.required_quota(SEATS_RPS, SEATS_MS / 1000, facts.value("lambda.rps_per_concurrency"))


BY_HAND = Target(
    "04.by_hand",
    N_(
        "The seat map is asked for 12,000 times per second, synchronously, and each answer takes 60 ms. What is the "
        "smallest concurrency quota that bears this steadily?"
    ),
    numbers.Real,
    (
        Condition(
            N_("distance from what both quotas demand"), lambda given: abs(given / _seats_quota() - 1), 0.005, show=percent
        ),
    ),
    solution=_seats_quota,
    worked=lambda: _(
        "The work needs {rate} × {took} = {busy} environments. The request quota is {per} per second for each unit of "
        "concurrency: {rate} ÷ {per} = {needed}. The larger of the two counts: {needed}.",
        rate=f"{SEATS_RPS:,}",
        took=duration(SEATS_MS),
        busy=f"{SEATS_RPS * SEATS_MS / 1000:,.0f}",
        per=number(facts.value("lambda.rps_per_concurrency")),
        needed=f"{_seats_quota():,.0f}",
    ),
    untouched=lambda given: given == 0,
    needs=N_("a number"),
)

TARGET_SHARE, TARGET_P99_MS, TARGET_USD = 0.01, 5000.0, 70.0
_SOLVED = 5


def _one_solution() -> Ec2:
    return group(schedule=((at(UP), _SOLVED), (at(DOWN), 2)))


STAND_THE_STORM = Target(
    "04.target",
    N_(
        "The sale at 20:00, two zones: at most 1 % of the storm not served, 99 of 100 wait at most 5 s, at most $70 a "
        "month on EC2."
    ),
    Ec2,
    (
        Condition(N_("zones"), lambda seen: -seen.group.zones, -2, show=lambda value: number(-value)),
        Condition(N_("not served"), lambda seen: seen.share(), TARGET_SHARE, show=percent),
        Condition("p99", lambda seen: seen.p99_ms(), TARGET_P99_MS, show=duration),
        Condition(N_("dollars a month"), lambda seen: seen.bills["EC2"].total_usd, TARGET_USD, show=usd),
    ),
    solution=_one_solution,
    examine=evening,
    worked=lambda: _(
        "A schedule does it: {count} servers from 19:55 to 20:30 and two otherwise cost {usd} a month, and {share} are not "
        "served. The same {count} servers all month would cost {always}; target tracking alone comes too late.",
        count=_SOLVED,
        usd=usd(evening(_one_solution()).bills["EC2"].total_usd),
        share=percent(evening(_one_solution()).share()),
        always=usd(evening(group(instances=_SOLVED)).bills["EC2"].total_usd),
    ),
    untouched=lambda given: given == group(scaling="target_tracking"),
    needs=N_("a group of servers"),
)

EXPLAIN = Essay(
    "04.explain",
    N_(
        "“Auto Scaling was on, and still people saw errors at 20:00. And why did nobody get tickets while the posters were "
        "drawn?” Answer your manager in a few sentences."
    ),
    (
        N_(
            "Target tracking reacts to what has already happened: some minutes of high CPU, then the boot. A known hour is "
            "met by a schedule that starts before it."
        ),
        N_("Functions of one account share its concurrency in a Region; the posters took what the purchases needed."),
        N_(
            "A reservation for the posters caps them; one for the purchases keeps a part free for them. Both shrink the "
            "pool of the others."
        ),
        N_("The quota itself can be raised, but ask for it before the evening, not during it."),
    ),
)


# Check ----------------------------------------------------

CHECK_RPS = 650.0
CHECK_POSTERS_RPS = 300.0


@lru_cache(maxsize=1)
def largest_harmless() -> int:
    """The largest reservation of the list for the posters that leaves the purchases unthrottled."""
    return max(
        count
        for count in RESERVATIONS
        if shared(CHECK_POSTERS_RPS, count).throttled(0) < 0.005
    )


CHECKS = (
    Check(
        "04.share",
        N_("650 purchases per second of 2 s each, nobody tries again: how many percent are throttled?"),
        answer=lambda: 100 * rush(CHECK_RPS).share,
        unit="%",
        lo=0,
        hi=100,
        tolerance=0.08,
        worked=lambda value: _(
            "{share}: {asked} are wanted at once and {limit} may run, so 1 − {limit} ÷ {asked} = {least} cannot.",
            share=percent(value / 100),
            asked=f"{CHECK_RPS * BUY_S:,.0f}",
            limit=f"{QUOTA:,}",
            least=percent(1 - QUOTA / (CHECK_RPS * BUY_S)),
        ),
        hints=(
            Hint(
                lambda: 0.0,
                N_("1,000 at once is not 1,000 per second: multiply the rate by how long a request takes."),
            ),
            Hint(
                lambda: 100 * (CHECK_RPS * BUY_S / QUOTA - 1),
                N_("That is the excess as a share of the limit; the question asks for the share of all requests."),
            ),
            Hint(
                lambda: rush(CHECK_RPS).share, N_("That is the share; the question asks for percent.")
            ),
        ),
    ),
    Check(
        "04.reserve",
        N_(
            "300 posters per second, 100 purchases per second. What is the most that may be reserved for the posters (a "
            "multiple of 100) without purchases being throttled?"
        ),
        answer=largest_harmless,
        unit=N_("environments"),
        lo=0,
        hi=QUOTA,
        tolerance=0,
        worked=lambda value: _(
            "{value}: it leaves {rest} for the purchases, which need {busy} on average. With {next} reserved, exactly the "
            "average would be left, and chance goes above it: {share} of them would be throttled.",
            value=number(value),
            rest=f"{QUOTA - value:,.0f}",
            busy=number(BUYERS_RPS * BUY_S),
            next=number(value + 100),
            share=percent(shared(CHECK_POSTERS_RPS, int(value) + 100).throttled(0)),
        ),
        hints=(
            Hint(
                lambda: QUOTA - BUYERS_RPS * BUY_S,
                N_("That leaves exactly the average for the purchases, and half of the time they need more."),
            ),
            Hint(
                lambda: RESERVABLE,
                N_("That is the most AWS lets you reserve; the purchases are then left with the unreserved minimum."),
            ),
            Hint(
                lambda: QUOTA,
                N_("Nobody may reserve the whole quota: a part always stays unreserved."),
            ),
        ),
    ),
    Check(
        "04.minutes",
        N_("Target tracking: how many minutes after 20:00 is the first additional server in service?"),
        answer=help_minutes,
        unit=N_("minutes"),
        lo=0,
        hi=120,
        worked=lambda value: _(
            "{value} minutes: {alarm} minutes until the alarm, then a boot of {boot}.",
            value=number(value),
            alarm=HIGH_ALARM_MINUTES,
            boot=duration(1000 * GROUP.boot_s),
        ),
        hints=(
            Hint(lambda: GROUP.boot_s / 60, N_("That is the boot alone; first the alarm must ring.")),
            Hint(lambda: float(HIGH_ALARM_MINUTES), N_("That is the alarm alone; then the server must boot.")),
            Hint(
                lambda: help_minutes() + GROUP.warmup_s / 60,
                N_("The warm-up only keeps a new server out of the metric; it serves already."),
            ),
        ),
    ),
)


# Quiz ----------------------------------------------------

QUIZ = Quiz(
    (
        Question(
            N_("A function has reserved concurrency 100. What does that mean?"),
            (
                Option(
                    N_("100 environments stand ready and warm, and are paid for"),
                    N_("That is provisioned concurrency. A reservation costs nothing and starts nothing."),
                ),
                Option(
                    N_("It can always have 100, and never more"),
                    N_("Floor and ceiling in one: taken out of the pool for this function, and a cap for it."),
                    True,
                ),
                Option(
                    N_("It has at least 100, and may borrow more from the pool"),
                    N_("A function with a reservation never uses the unreserved pool; above 100 it is throttled."),
                ),
            ),
        ),
        Question(
            N_("An event is sent asynchronously, and the function is throttled. What happens?"),
            (
                Option(
                    N_("The caller gets status 429 and has to try again"),
                    N_("The caller has got its 202 already; Lambda's own queue holds the event."),
                ),
                Option(
                    N_("Lambda makes two retries, after one and two minutes, then drops it"),
                    N_("That is the rule for errors of the function, not for throttling."),
                ),
                Option(
                    N_("Lambda keeps it and tries again for up to six hours"),
                    N_("With growing pauses of up to five minutes, until the event is too old."),
                    True,
                ),
            ),
        ),
        Question(
            N_(
                "A shop runs on EC2 instances in an Auto Scaling group with target tracking. Every Friday at 20:00 the "
                "traffic grows tenfold within a minute, and for five minutes customers see errors. Which change removes them "
                "with the least operational overhead and at low cost?"
            ),
            (
                Option(
                    N_("A scheduled action that raises the minimum shortly before 20:00 and lowers it afterwards"),
                    N_("The hour is known, so capacity can stand before it, and is paid for only around it."),
                    True,
                ),
                Option(
                    N_("Shorten the cooldown of the group to 30 seconds"),
                    N_("Cooldowns belong to simple scaling; target tracking waits for its alarm and for the boot."),
                ),
                Option(
                    N_("Run the whole week with as many instances as Friday evening needs"),
                    N_("That removes the errors, but pays for idle servers all week."),
                ),
                Option(
                    N_("Let an engineer add instances by hand each Friday evening"),
                    N_("It can work, but it is the most overhead of all, and fails when somebody is ill."),
                ),
            ),
            domain="performance",
        ),
    )
)
