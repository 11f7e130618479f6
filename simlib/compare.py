"""Two designs on the same requests: paired differences with intervals, and where their costs cross."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from simlib import facts
from simlib.engine import Scenario, simulate
from simlib.params import ParamError
from simlib.pricing import PriceBook, bill, price, price_book
from simlib.services import Ec2, Lambda
from simlib.services.base import BYTES_PER_GB
from simlib.workload import Operation, draw

METRICS = {
    "monthly bill": ("USD", "usd"),
    "p50 latency": ("ms", "p50_ms"),
    "p95 latency": ("ms", "p95_ms"),
    "p99 latency": ("ms", "p99_ms"),
    "mean latency": ("ms", "mean_ms"),
    "cold starts": ("share of calls", "cold_share"),
    "throttled": ("share of requests", "throttled_share"),
    "failed": ("share of requests", "failed_share"),
}
"""What is compared: name -> (unit, key)."""

TOO_CLOSE = "too close to call"


def measures(scenario: Scenario, seed: int, free_tier: bool = True, workload=None) -> dict[str, float]:
    """One run in the numbers of METRICS, by key."""
    result = simulate(scenario, seed, workload)
    numbers = result.summary()
    requests = max(1, result.n)
    numbers["throttled_share"] = numbers["throttled"] / requests
    numbers["failed_share"] = numbers["failed"] / requests
    numbers["usd"] = bill(result, free_tier).total_usd
    return {key: numbers[key] for _, key in METRICS.values()}


@dataclass(frozen=True)
class Comparison:
    """Paired runs of two scenarios.

    runs_a, runs_b: one dict of measures per seed, seeds in the same order. `table` holds, per metric, both means, the
    mean paired difference b - a with its 95 % interval (Student's t), and a verdict: 'a lower', 'b lower', or
    'too close to call' where the interval spans zero.
    """

    name_a: str
    name_b: str
    seeds: tuple[int, ...]
    runs_a: tuple[dict, ...]
    runs_b: tuple[dict, ...]

    @property
    def table(self):
        """A DataFrame: metric, unit, a, b, difference, low, high, verdict."""
        import pandas as pd

        rows = []
        for metric, (unit, key) in METRICS.items():
            a = np.array([run[key] for run in self.runs_a])
            b = np.array([run[key] for run in self.runs_b])
            middle, low, high = interval(b - a)
            rows.append([metric, unit, a.mean(), b.mean(), middle, low, high, self._verdict(low, high)])
        return pd.DataFrame(rows, columns=["metric", "unit", self.name_a, self.name_b, "difference", "low", "high",
                                           "verdict"])

    def _verdict(self, low, high):
        if math.isnan(low):
            return "nothing served"
        if low <= 0 <= high:
            return "equal" if low == high == 0 else TOO_CLOSE
        return f"{self.name_b if high < 0 else self.name_a} lower"


def interval(values: np.ndarray, confidence: float = 0.95) -> tuple[float, float, float]:
    """Mean and the ends of its confidence interval (Student's t); one value alone has an endless interval."""
    middle = float(np.mean(values))
    if len(values) < 2:
        return middle, -math.inf, math.inf
    spread = float(np.std(values, ddof=1))
    if spread == 0:
        return middle, middle, middle
    from scipy.stats import t

    half = float(t.ppf(0.5 + confidence / 2, len(values) - 1)) * spread / math.sqrt(len(values))
    return middle, middle - half, middle + half


def compare(a: Scenario, b: Scenario, seeds: Iterable[int] = range(8), free_tier: bool = True,
            progress=None) -> Comparison:
    """Plays both scenarios with every seed on the same requests and the same luck.

    Both must have the same traffic. `progress` wraps the seeds, for example tqdm.
    """
    if a.traffic != b.traffic:
        raise ParamError("The two scenarios have different traffic, but a comparison needs the same requests; "
                         "give both the same traffic section.")
    seeds = tuple(seeds)
    if not seeds:
        raise ParamError("There are no seeds, but a comparison needs at least one; give for example range(8).")
    names = [a.name or _stack_name(a), b.name or _stack_name(b)]
    if names[0] == names[1]:
        names = [f"{names[0]} (a)", f"{names[1]} (b)"]
    runs_a, runs_b = [], []
    for seed in progress(seeds) if progress else seeds:
        workload = draw(a.traffic, seed)
        runs_a.append(measures(a, seed, free_tier, workload))
        runs_b.append(measures(b, seed, free_tier, workload))
    return Comparison(*names, seeds, tuple(runs_a), tuple(runs_b))


def _stack_name(scenario: Scenario) -> str:
    return " + ".join(type(service).__name__ for service in scenario.stack if type(service).__name__ != "Client")


@dataclass(frozen=True)
class Steady:
    """What one design costs and how busy it is under steady traffic.

    usd: a month's bill; instances: fleet size (0 for Lambda); utilisation: busy share of the vCPUs or workers,
    whichever is larger (for Lambda always 1: nothing stands idle at your expense).
    """

    usd: float
    instances: int
    utilisation: float


def steady_lambda(function: Lambda, rate_rps: float, operation: Operation, book: PriceBook,
                  free_tier: bool = True) -> Steady:
    """Closed-form month of a Lambda function under a steady rate, all calls warm."""
    requests = rate_rps * facts.value("hours_per_month") * 3600
    duration_s = float(function.run_time_s(np.array([operation.work_vcpu_s]), operation.threads)[0])
    duration_s = min(duration_s + operation.io_s, function.timeout_s)
    grain_s = facts.value("lambda.billing_granularity_ms", book.date) / 1000
    billed_s = grain_s * math.ceil(duration_s / grain_s - 1e-6)
    used = function.quantities(requests, requests * billed_s)
    lines = price(used, book, free_tier, function.discounts(book.date))
    return Steady(math.fsum(line.usd for line in lines), 0, 1.0)


def steady_ec2(fleet: Ec2, rate_rps: float, operation: Operation, book: PriceBook,
               target_utilisation: float = 0.6) -> Steady:
    """Closed-form month of an always-on fleet large enough for a steady rate.

    The fleet grows from its own size, as many instances at a time as keep vCPUs and workers at or below
    `target_utilisation`.
    """
    if not 0 < target_utilisation <= 1:
        raise ParamError(f"target_utilisation is {target_utilisation:g}, but it must be above 0 and at most 1.")
    kind = fleet.kind
    vcpu_each = min(operation.threads, max(1, kind.vcpu // fleet.workers_each))
    busy = rate_rps * max(operation.work_vcpu_s / kind.vcpu,
                          (operation.work_vcpu_s / vcpu_each + operation.io_s) / fleet.workers_each)
    instances = max(fleet.instances, math.ceil(busy / target_utilisation - 1e-9))
    sized = replace(fleet, instances=instances, min_instances=None, max_instances=None)
    hours = facts.value("hours_per_month")
    used = sized.standing(hours)
    if sized.load_balancer:
        connections = rate_rps * 3600 / sized.requests_per_connection
        moved_gb = rate_rps * 3600 * (operation.request_bytes + operation.item_bytes) / BYTES_PER_GB
        rules = rate_rps * 3600 * max(0, sized.listener_rules - facts.value("alb.lcu_free_rules"))
        open_now = rate_rps * (operation.work_vcpu_s / vcpu_each + operation.io_s)
        used["alb.lcu"] = hours * float(Ec2.lcu_hours(connections, connections / 60 + open_now, moved_gb, rules))
    used.update(sized.surplus(rate_rps * operation.work_vcpu_s * hours, instances * kind.vcpu * hours))
    lines = price(used, book, True, sized.discounts(book.date))
    return Steady(math.fsum(line.usd for line in lines), instances, busy / instances)


@dataclass(frozen=True)
class BreakEven:
    """Where the monthly costs of a function and a fleet cross.

    rate_rps: the lowest rate from which Lambda is dearer, None where it never is in the range looked at;
    utilisation: how busy the fleet is there; usd: what both cost there.
    """

    rate_rps: float | None
    utilisation: float | None
    usd: float | None
    instances: int | None


def break_even(function: Lambda, fleet: Ec2, operation: Operation, region: str = "us-east-1",
               date: str | None = None, free_tier: bool = True, target_utilisation: float = 0.6,
               max_rps: float = 1e5) -> BreakEven:
    """The lowest steady rate at which the function costs as much as the fleet that could carry the rate."""
    book = price_book(region, date)

    def gap(rate_rps):
        return (steady_lambda(function, rate_rps, operation, book, free_tier).usd
                - steady_ec2(fleet, rate_rps, operation, book, target_utilisation).usd)

    low = 0.0
    for rate_rps in np.geomspace(1e-3, max_rps, 400):
        if gap(rate_rps) >= 0:
            break
        low = rate_rps
    else:
        return BreakEven(None, None, None, None)
    high = float(rate_rps)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if gap(middle) >= 0 else (middle, high)
    there = steady_ec2(fleet, high, operation, book, target_utilisation)
    return BreakEven(high, there.utilisation, there.usd, there.instances)


def break_even_map(function: Lambda, fleet: Ec2, rates_rps: Sequence[float], work_vcpu_s: Sequence[float],
                   operation: Operation | None = None, region: str = "us-east-1", date: str | None = None,
                   free_tier: bool = True, target_utilisation: float = 0.6) -> tuple[np.ndarray, np.ndarray]:
    """Monthly dollars of both designs over rate x duration: two arrays, a row per work, a column per rate."""
    book = price_book(region, date)
    operation = operation or Operation(io_s=0.0)
    shape = (len(work_vcpu_s), len(rates_rps))
    function_usd, fleet_usd = np.empty(shape), np.empty(shape)
    for row, work in enumerate(work_vcpu_s):
        heavier = replace(operation, work_vcpu_s=float(work))
        for column, rate in enumerate(rates_rps):
            function_usd[row, column] = steady_lambda(function, float(rate), heavier, book, free_tier).usd
            fleet_usd[row, column] = steady_ec2(fleet, float(rate), heavier, book, target_utilisation).usd
    return function_usd, fleet_usd
