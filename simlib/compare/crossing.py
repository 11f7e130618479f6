"""Where the monthly costs of a function and a fleet cross, in closed form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simlib import facts
from simlib.params import ParamError
from simlib.pricing import PriceBook, price, price_book
from simlib.services import Ec2, Lambda
from simlib.services.base import BYTES_PER_GB
from simlib.workload import Operation


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
