"""Benchmarks: ratios measured in one run, as a table on screen and a CSV file.

`python3 start.py bench` plays the scenario that SimFaaS publishes (warm service exponential 1.991 s, cold
2.244 s, idle expiry 600 s) through SimFaaS and through both engines of this simulator, dice included; it measures how
the fast engine's time per request grows with requests and with live environments, its memory in summary mode, sweeps
over many scenarios, what the DynamoDB meter takes, recorded metrics and a table in time, and import time.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
WARM_S, COLD_S, EXPIRY_S = 1.991, 2.244, 600.0
GOALS = {("simpy", "spans"): {0.9: 1.0, 100.0: 8.0}, ("fast", "spans"): {0.9: 40.0, 100.0: 250.0},
         ("fast", "summary"): {0.9: 40.0, 100.0: 250.0}}  # fmt: skip
REQUESTS = {"simpy": {0.9: 200_000, 100.0: 100_000}, "fast": {0.9: 900_000, 100.0: 1_000_000}}
GROWTH_GOAL, LIVE_GOAL = 1.3, 1.5
IMPORT_GOAL_S = 0.5
MEMORY_GOAL_MIB = 300


def simfaas_scenario(rate_rps: float, window_s: float):
    """The published scenario in our words: `(Lambda(),)` with a constant extra time when cold."""
    from simlib import Lambda, Operation, Poisson, Scenario, Traffic

    operation = Operation(work_vcpu_s=0.0, io_s=WARM_S, io_distribution="exponential")
    function = Lambda(
        timeout_s=900,
        keep_alive="custom",
        keep_alive_s=EXPIRY_S,
        platform_s=0.0,
        init_s=COLD_S - WARM_S,
        first_handler_s=0.0,
    )
    return Scenario(
        (function,), Traffic(arrivals=Poisson(rate_rps=rate_rps), window_s=window_s, operations=(operation,))
    )


def ours(rate_rps: float, window_s: float, seed: int, engine: str, keep: str) -> float:
    """Requests a second, drawing included."""
    from simlib import simulate

    scenario = simfaas_scenario(rate_rps, window_s)
    return 1e9 / ns_per_request(scenario, seed, lambda *what: simulate(*what, engine=engine, keep=keep))


def ns_per_request(scenario, seed: int, play) -> float:
    """Nanoseconds of drawing and playing, by request. No seed is drawn twice, for what was drawn is remembered."""
    started = time.perf_counter()
    result = play(scenario, seed)
    return (time.perf_counter() - started) / result.n * 1e9


def kernels_alone(rate_rps: float, window_s: float, seed: int) -> float:
    """Requests a second within the compiled kernels: no dice, no tables, nothing kept."""
    from simlib import draw, fast

    scenario = simfaas_scenario(rate_rps, window_s)
    workload = draw(scenario.traffic, seed)
    parts = (workload.part(low, min(low + fast.BLOCK, workload.n)) for low in range(0, workload.n, fast.BLOCK))
    player = fast.Player(scenario, workload, parts, fast.BLOCK, lambda *rows: None, 0, True)
    advance, spent = player.advance, []

    def timed(world):
        started = time.perf_counter()
        reason = advance(world)
        spent.append(time.perf_counter() - started)
        return reason

    player.advance = timed
    player.run()
    return workload.n / sum(spent)


def growth_rows(quick: bool) -> list[dict]:
    """How much longer a request takes among 10^7 than among 10^5, and with 10,000 live environments than with 10."""
    from dataclasses import replace

    from simlib import simulate

    def played(keep):
        return lambda scenario, seed: simulate(scenario, seed, engine="fast", keep=keep)

    def best_ns(scenario, keep, seeds):
        return min(ns_per_request(scenario, seed, played(keep)) for seed in seeds)

    few, many = (10_000, 100_000) if quick else (100_000, 10_000_000)
    rows = []
    back_memory(100 if quick else 4000)
    for keep in ("summary", "spans"):
        short, long = (
            best_ns(simfaas_scenario(100.0, requests / 100), keep, range(100, 105 if requests == few else 102))
            for requests in (few, many)
        )
        rows.append(at_most(f"ns/request of {many:,} against {few:,}, {keep}", long, short, GROWTH_GOAL))
    requests = 200_000 if quick else 2_000_000

    def with_live(environments):
        rate_rps = environments / WARM_S
        scenario = simfaas_scenario(rate_rps, requests / rate_rps)
        return replace(scenario, stack=(replace(scenario.stack[0], account_concurrency=100_000),))

    crowd, handful = (best_ns(with_live(number), "summary", range(100, 104)) for number in (10_000, 10))
    rows.append(at_most("ns/request with 10,000 live environments against 10", crowd, handful, LIVE_GOAL))
    return rows


def at_most(what: str, ours: float, rival: float, goal: float) -> dict:
    """A row whose ratio may not exceed the goal."""
    return {"what": what, "ours": round(ours), "rival": round(rival), "ratio": round(ours / rival, 2),
            "goal": f"<= {goal:g}x", "met": ours / rival <= goal}  # fmt: skip


def simfaas(rate_rps: float, window_s: float, seed: int) -> float:
    """Requests a second of SimFaaS 0.2.2 on the same scenario."""
    import numpy as np
    from simfaas.ServerlessSimulator import ServerlessSimulator

    rival = ServerlessSimulator(
        arrival_rate=rate_rps,
        warm_service_rate=1 / WARM_S,
        cold_service_rate=1 / COLD_S,
        expiration_threshold=EXPIRY_S,
        max_time=window_s,
    )
    np.random.seed(seed)
    started = time.perf_counter()
    rival.generate_trace(debug_print=False, progress=False)
    return rival.total_req_count / (time.perf_counter() - started)


def in_fresh_python(code: str) -> float:
    """The number that a fresh interpreter prints after running `code` in the project's directory."""
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    return float(done.stdout)


def import_s() -> float:
    """Seconds that `import simlib` takes, median of five fresh interpreters."""
    code = "import time; t = time.perf_counter(); import simlib; print(time.perf_counter() - t)"
    return statistics.median(in_fresh_python(code) for _ in range(5))


def memory_mib(requests: int, engine: str, keep: str) -> float:
    """Peak MiB of a fresh interpreter that plays, sums up and bills so many requests."""
    code = (
        "from dataclasses import replace; from tests.benchmarks.__main__ import peak_mib, simfaas_scenario; "
        "from simlib import simulate; from simlib.pricing import bill; "
        f"scenario = simfaas_scenario(100.0, {requests / 100}); "
        "scenario = replace(scenario, traffic=replace(scenario.traffic, max_requests=10**9)); "
        f"result = simulate(scenario, engine={engine!r}, keep={keep!r}); "
        "result.summary(); bill(result); print(peak_mib())"
    )
    return in_fresh_python(code)


def peak_mib() -> float:
    """This process's peak resident memory in MiB.

    Linux's getrusage would count the parent's memory as well, and Windows has performance counters instead.
    """
    if sys.platform == "linux":
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        return int(status.split("VmHWM:")[1].split()[0]) / 2**10
    if sys.platform == "win32":
        import ctypes
        from ctypes import wintypes

        class Counters(ctypes.Structure):
            _fields_ = [
                ("cb", wintypes.DWORD),
                ("PageFaultCount", wintypes.DWORD),
                *(
                    (name, ctypes.c_size_t)
                    for name in (
                        "PeakWorkingSetSize",
                        "WorkingSetSize",
                        "QuotaPeakPagedPoolUsage",
                        "QuotaPagedPoolUsage",
                        "QuotaPeakNonPagedPoolUsage",
                        "QuotaNonPagedPoolUsage",
                        "PagefileUsage",
                        "PeakPagefileUsage",
                    )
                ),
            ]

        this_process = ctypes.windll.kernel32.GetCurrentProcess
        this_process.restype = wintypes.HANDLE
        memory_of = ctypes.windll.psapi.GetProcessMemoryInfo
        memory_of.argtypes = (wintypes.HANDLE, ctypes.c_void_p, wintypes.DWORD)
        counters = Counters()
        memory_of(this_process(), ctypes.byref(counters), ctypes.sizeof(counters))
        return counters.PeakWorkingSetSize / 2**20
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def engine_rows(engine: str, keep: str, quick: bool) -> list[dict]:
    """One engine against SimFaaS, taking turns; medians count. Seeds differ, for what was drawn is remembered."""
    rows = []
    for rate_rps, goal in GOALS[engine, keep].items():
        back_memory(100 if quick else 4000)
        requests = 20_000 if quick else REQUESTS[engine][rate_rps]
        rival_requests = 20_000 if quick else REQUESTS["simpy"][rate_rps]
        pairs = [
            (
                ours(rate_rps, requests / rate_rps, seed, engine, keep),
                simfaas(rate_rps, rival_requests / rate_rps, seed),
            )
            for seed in range(1 if quick else 5)
        ]
        mine, rival = (statistics.median(side) for side in zip(*pairs))
        rows.append(
            {
                "what": f"requests/s at {rate_rps:g}/s, {engine} ({keep}) against SimFaaS 0.2.2",
                "ours": round(mine),
                "rival": round(rival),
                "ratio": round(mine / rival, 2),
                "goal": f">= {goal:g}x",
                "met": mine / rival >= goal,
            }
        )
        if keep == "summary":
            alone = kernels_alone(rate_rps, requests / rate_rps, 50)
            rows.append(
                {
                    "what": f"requests/s at {rate_rps:g}/s, kernels alone",
                    "ours": round(alone),
                    "rival": round(rival),
                    "ratio": round(alone / rival, 2),
                    "goal": "(shown)",
                    "met": True,
                }
            )
    return rows


def below(what: str, ours: float, goal: float) -> dict:
    """A row whose figure has to stay below the goal."""
    return {"what": what, "ours": ours, "rival": "", "ratio": "", "goal": f"< {goal:g}", "met": ours < goal}


def back_memory(mebibytes: int) -> None:
    """Touches memory once, because a virtual machine may have to ask its host for pages that it never used before,
    which took twenty times longer than using them again, and is not what is measured."""
    import numpy as np

    np.empty(mebibytes << 20, np.uint8)[::4096] = 1


def measure(quick: bool) -> list[dict]:
    """All rows: what, ours, rival, ratio, goal, met."""
    from simlib import fast
    from tests.benchmarks import meter, sweep, table

    fast.warm()
    for engine, keep in GOALS:  # imports and caches are not what is measured
        ours(100.0, 10.0, 0, engine, keep)
    simfaas(100.0, 10.0, 0)
    rows = [row for engine, keep in GOALS for row in engine_rows(engine, keep, quick)] + growth_rows(quick)
    rows += [*sweep.seconds_of_a_sweep(quick), *sweep.speed_of_two_workers(quick)]
    rows += [*meter.measure(quick), *table.measure(quick)]
    rows.append(below("import simlib, s", round(import_s(), 3), IMPORT_GOAL_S))
    for engine, keep, requests in (("simpy", "spans", 1_000_000), ("fast", "summary", 10**8)):
        requests = requests // 10 if quick else requests
        peak = round(memory_mib(requests, engine, keep))
        rows.append(below(f"peak memory of {requests:,} requests, {engine} ({keep}), MiB", peak, MEMORY_GOAL_MIB))
    return rows


def main() -> int:
    """Measures, prints a table, writes a CSV; 0 when every goal is met."""
    parser = argparse.ArgumentParser(
        prog="start.py bench", description="Speed and memory, as ratios in one run."
    )
    parser.add_argument("--quick", action="store_true", help="smaller runs (about half a minute)")
    parser.add_argument(
        "--csv", type=Path, default=ROOT / "test-output" / "bench.csv", help="where the table goes"
    )
    arguments = parser.parse_args()
    rows = measure(arguments.quick)
    width = max(len(row["what"]) for row in rows)
    print(f"{'what':{width}} {'ours':>10} {'rival':>10} {'ratio':>7} {'goal':>9}")
    for row in rows:
        print(
            f"{row['what']:{width}} {row['ours']:>10} {row['rival']:>10} {row['ratio']:>7} {row['goal']:>9}"
            f"  {'met' if row['met'] else 'MISSED'}"
        )
    arguments.csv.parent.mkdir(parents=True, exist_ok=True)
    with arguments.csv.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    print(f"written to {arguments.csv}")
    return 0 if all(row["met"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
