"""Two designs on the same requests: paired differences with intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from simlib.engine import Scenario, simulate
from simlib.params import ParamError, several
from simlib.pricing import bill
from simlib.workload import draw

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

_MOST_SPANS = 2_000_000

TOO_CLOSE = "too close to call"


def measures(scenario: Scenario, seed: int, free_tier: bool = True, workload=None) -> dict[str, float]:
    """One run in the numbers of METRICS, by key. Beyond two million requests no spans are kept, and percentiles are
    those of a `Summary`."""
    is_large = (scenario.traffic.expected_requests() if workload is None else workload.n) > _MOST_SPANS
    result = simulate(scenario, seed, workload, keep="summary" if is_large else "spans")
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
    seeds = several(seeds, "compare's seeds", "range(8)")
    names = [a.name or stack_name(a), b.name or stack_name(b)]
    if names[0] == names[1]:
        names = [f"{names[0]} (a)", f"{names[1]} (b)"]
    runs_a, runs_b = [], []
    for seed in progress(seeds) if progress else seeds:
        workload = draw(a.traffic, seed)
        runs_a.append(measures(a, seed, free_tier, workload))
        runs_b.append(measures(b, seed, free_tier, workload))
    return Comparison(*names, seeds, tuple(runs_a), tuple(runs_b))


def stack_name(scenario: Scenario) -> str:
    """What a scenario without a name is called: its services, such as "Lambda + Ec2"."""
    return " + ".join(type(service).__name__ for service in scenario.stack if type(service).__name__ != "Client")
