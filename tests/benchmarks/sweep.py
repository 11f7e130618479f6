"""How fast sweeps are: many scenarios on two workers, and two workers against one.

Each function returns rows in the shape of the benchmark's table; `quick` means far smaller runs, whose figures say
little. Workers are warm: started, and with the code imported, by a small sweep before.
"""

from __future__ import annotations

import statistics
import time

SECONDS_GOAL, SPEED_GOAL = 60.0, 1.7
RATE_RPS = 100.0


def grid(scenarios: int, requests: int):
    """So many scenarios of about so many requests each: functions of several sizes on both architectures."""
    from simlib import Client, Lambda, Operation, Poisson, Scenario, Traffic, vary

    operation = Operation(work_vcpu_s=0.05, work_distribution="lognormal", io_s=0.02, io_distribution="exponential")
    traffic = Traffic(arrivals=Poisson(RATE_RPS), window_s=requests / RATE_RPS, operations=(operation,))
    sizes = range(512, 512 + 16 * (scenarios // 2), 16)
    return vary(Scenario((Client(), Lambda()), traffic, name="sweep"),
                {"Lambda.memory_mb": sizes, "Lambda.architecture": ["x86_64", "arm64"]})


def timed(scenarios, workers: int) -> float:
    """Seconds that a sweep of the scenarios with one seed takes."""
    from simlib import sweep

    started = time.perf_counter()
    assert sweep(scenarios, [0], workers=workers).complete
    return time.perf_counter() - started


def warm_up() -> None:
    """Starts two workers and imports everything, in them and here."""
    small = grid(20, 500)
    timed(small, 2)
    timed(small, 1)


def seconds_of_a_sweep(quick: bool) -> list[dict]:
    """One row: how long 200 scenarios of 100,000 requests take on two workers."""
    scenarios, requests = (10, 2000) if quick else (200, 100_000)
    warm_up()
    seconds = timed(grid(scenarios, requests), 2)
    return [{
        "what": f"sweep of {scenarios} scenarios x {requests:,} requests on two workers, s",
        "ours": round(seconds, 1),
        "rival": "",
        "ratio": "",
        "goal": f"< {SECONDS_GOAL:g}",
        "met": seconds < SECONDS_GOAL,
    }]


def speed_of_two_workers(quick: bool) -> list[dict]:
    """One row: requests/s of two workers against one, which is this process and sends nothing to and fro.

    Both take turns; medians count.
    """
    scenarios, requests = (10, 2000) if quick else (16, 100_000)
    warm_up()
    played = grid(scenarios, requests)
    pairs = [(timed(played, 2), timed(played, 1)) for _ in range(1 if quick else 3)]
    two, one = (scenarios * requests / statistics.median(side) for side in zip(*pairs))
    return [{
        "what": f"requests/s of a sweep on two warm workers against one, {scenarios} x {requests:,}",
        "ours": round(two),
        "rival": round(one),
        "ratio": round(two / one, 2),
        "goal": f">= {SPEED_GOAL:g}x",
        "met": two / one >= SPEED_GOAL,
    }]
