"""Benchmarks of DynamoDB in time: recorded minutes through auto scaling, and a stack with a table on both engines.

`measure(quick)` gives rows of the same columns as `tests.benchmarks.__main__.measure`.
"""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime

DAYS, PLAN_GOAL_S = 14, 0.2
STACK_GOAL = 25.0


def fortnight():
    """Units consumed in each minute of two weeks: a daily wave, noise, and a sale each evening at 20:00."""
    import numpy as np

    from simlib.capacity_plan import Consumption

    minute = np.arange(DAYS * 1440)
    wave = 1 + 0.9 * np.sin(2 * np.pi * minute / 1440)
    noise = np.random.default_rng(0)
    read, write = noise.poisson(60 * 400 * wave), noise.poisson(60 * 150 * wave)
    write[minute % 1440 == 1200] += 60_000
    return Consumption(datetime(2026, 11, 1, tzinfo=UTC), read.astype(float), write.astype(float), 60.0)


def plan_s() -> float:
    """Seconds for on-demand mode, the peak's capacity and auto scaling at 70 %, reads and writes."""
    from simlib.capacity_plan import what_if

    recorded = fortnight()
    spent = []
    for _ in range(5):
        started = time.perf_counter()
        what_if(recorded, (0.7,))
        spent.append(time.perf_counter() - started)
    return statistics.median(spent)


def stack_scenario(rate_rps: float, window_s: float, cached: bool):
    """Users, a function, a DAX cluster if wanted, and an on-demand table: one write in ten requests, popular keys."""
    from simlib import Client, Dax, DynamoDb, Keys, Lambda, Operation, Poisson, Scenario, Traffic

    work = {"work_vcpu_s": 0.005, "io_s": 0.0}
    operations = Operation("read", weight=9, **work), Operation("write", access="write", **work)
    traffic = Traffic(arrivals=Poisson(rate_rps), window_s=window_s, operations=operations, keys=Keys(count=10_000))
    cache = (Dax(),) if cached else ()
    return Scenario((Client(), Lambda(), *cache, DynamoDb()), traffic)


def requests_per_s(engine: str, requests: int, seed: int, cached: bool) -> float:
    """Requests a second of the stack in summary mode, dice included."""
    from simlib import simulate

    scenario = stack_scenario(1000.0, requests / 1000.0, cached)
    started = time.perf_counter()
    played = simulate(scenario, seed, engine=engine, keep="summary")
    return played.n / (time.perf_counter() - started)


def stack_row(quick: bool, cached: bool) -> dict:
    """Requests a second of the stack on the fast engine against SimPy."""
    many, few = (20_000, 2_000) if quick else (1_000_000, 50_000)
    requests_per_s("fast", 1000, 99, cached)
    runs = range(1 if quick else 3)
    fast, simpy = (statistics.median(requests_per_s(engine, count, seed, cached) for seed in runs)
                   for engine, count in (("fast", many), ("simpy", few)))
    stack = "Client, Lambda, Dax, DynamoDb" if cached else "Client, Lambda, DynamoDb"
    return {"what": f"requests/s of {stack}, fast (summary) against SimPy", "ours": round(fast), "rival": round(simpy),
            "ratio": round(fast / simpy, 2), "goal": f">= {STACK_GOAL:g}x", "met": fast / simpy >= STACK_GOAL}


def measure(quick: bool) -> list[dict]:
    """The rows: seconds of the plan; requests a second of a stack with a table, and with a cache before it."""
    plan = plan_s()
    return [
        {"what": f"plan for {DAYS} days of minutes with auto scaling, s", "ours": round(plan, 3), "rival": "",
         "ratio": "", "goal": f"< {PLAN_GOAL_S:g}", "met": plan < PLAN_GOAL_S},
        stack_row(quick, False),
        stack_row(quick, True),
    ]
