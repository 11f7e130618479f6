"""Benchmarks: ratios measured in one run, as a table on screen and a CSV file.

`python3 start.py bench` plays the scenario that SimFaaS publishes (warm service exponential 1.991 s, cold
2.244 s, idle expiry 600 s) through SimFaaS and through this simulator, dice included, and measures import
time and memory.
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
GOALS = {0.9: 1.0, 100.0: 8.0}
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


def ours(rate_rps: float, window_s: float, seed: int) -> float:
    """Requests a second, drawing included."""
    from simlib import simulate

    started = time.perf_counter()
    result = simulate(simfaas_scenario(rate_rps, window_s), seed)
    return result.n / (time.perf_counter() - started)


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


def memory_mib(requests: int) -> float:
    """Peak MiB of a fresh interpreter that plays, sums up and bills so many requests."""
    code = (
        "from tests.benchmarks.__main__ import peak_mib, simfaas_scenario; from simlib import simulate; "
        "from simlib.pricing import bill; "
        f"result = simulate(simfaas_scenario(100.0, {requests / 100})); "
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


def measure(quick: bool) -> list[dict]:
    """All rows: what, ours, rival, ratio, goal, met. Ours and the rival take turns; medians count."""
    rows = []
    ours(100.0, 10.0, 0), simfaas(100.0, 10.0, 0)  # imports and caches are not what is measured
    for rate_rps, goal in GOALS.items():
        requests = 20_000 if quick else 200_000 if rate_rps < 1 else 100_000
        window_s = requests / rate_rps
        pairs = [
            (ours(rate_rps, window_s, seed), simfaas(rate_rps, window_s, seed))
            for seed in range(1 if quick else 3)
        ]
        mine, rival = (statistics.median(side) for side in zip(*pairs))
        rows.append(
            {
                "what": f"requests/s at {rate_rps:g}/s, SimPy against SimFaaS 0.2.2",
                "ours": round(mine),
                "rival": round(rival),
                "ratio": round(mine / rival, 2),
                "goal": f">= {goal:g}x",
                "met": mine / rival >= goal,
            }
        )
    seconds = import_s()
    rows.append(
        {
            "what": "import simlib, s",
            "ours": round(seconds, 3),
            "rival": "",
            "ratio": "",
            "goal": f"< {IMPORT_GOAL_S:g}",
            "met": seconds < IMPORT_GOAL_S,
        }
    )
    requests = 100_000 if quick else 1_000_000
    peak = memory_mib(requests)
    rows.append(
        {
            "what": f"peak memory of {requests:,} requests, MiB",
            "ours": round(peak),
            "rival": "",
            "ratio": "",
            "goal": f"< {MEMORY_GOAL_MIB}",
            "met": peak < MEMORY_GOAL_MIB,
        }
    )
    return rows


def main() -> int:
    """Measures, prints a table, writes a CSV; 0 when every goal is met."""
    parser = argparse.ArgumentParser(
        prog="start.py bench", description="Speed and memory, as ratios in one run."
    )
    parser.add_argument("--quick", action="store_true", help="smaller runs (about 10 s)")
    parser.add_argument(
        "--csv", type=Path, default=ROOT / "test-output" / "bench.csv", help="where the table goes"
    )
    arguments = parser.parse_args()
    rows = measure(arguments.quick)
    width = max(len(row["what"]) for row in rows)
    print(f"{'what':{width}} {'ours':>10} {'rival':>10} {'ratio':>7} {'goal':>8}")
    for row in rows:
        print(
            f"{row['what']:{width}} {row['ours']:>10} {row['rival']:>10} {row['ratio']:>7} {row['goal']:>8}"
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
