"""The benchmark runs to its end and leaves its table; how fast it is depends on the machine."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks import sweep
from tests.benchmarks.__main__ import MEMORY_GOAL_MIB, in_fresh_python, memory_mib

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_the_quick_benchmark_measures_speed_the_meter_import_and_memory(tmp_path):
    table = tmp_path / "deeper" / "bench.csv"
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--quick", "--csv", str(table)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode in (0, 1), done.stderr
    assert (done.returncode == 1) == ("MISSED" in done.stdout)
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    kinds = ["requests/s"] * 8 + ["ns/request"] * 3 + ["sweep", "requests/s"]
    kinds += ["sizes"] + ["metered"] * 5 + ["plan", "requests/s", "requests/s"] + ["import", "peak", "peak"]
    assert [row["what"].split()[0] for row in rows] == kinds
    for row in rows:
        assert float(row["ours"]) > 0 and row["goal"] and row["met"] in ("True", "False")
        if row["rival"]:
            assert float(row["ratio"]) == pytest.approx(float(row["ours"]) / float(row["rival"]), rel=0.05)
        assert row["what"] in done.stdout


@pytest.mark.slow
def test_a_million_requests_fit_into_300_mib():
    assert MEMORY_GOAL_MIB == 300
    assert memory_mib(1_000_000, "simpy", "spans") < MEMORY_GOAL_MIB


def test_peak_memory_is_in_mebibytes_and_counts_what_is_held():
    grown = in_fresh_python(
        "from tests.benchmarks.__main__ import peak_mib; before = peak_mib(); "
        "held = bytes(range(256)) * 2**18; print(peak_mib() - before)"
    )
    assert 60 < grown < 70


@pytest.mark.parametrize("measure, what", [
    (sweep.seconds_of_a_sweep, "sweep of 10 scenarios x 2,000 requests on two workers, s"),
    (sweep.speed_of_two_workers, "requests/s of a sweep on two warm workers against one, 10 x 2,000"),
])
def test_the_quick_benchmarks_of_sweeps_return_rows_of_the_table(measure, what):
    (row,) = measure(quick=True)
    assert list(row) == ["what", "ours", "rival", "ratio", "goal", "met"]
    assert row["what"] == what and row["ours"] > 0 and isinstance(row["met"], bool)
    if row["rival"]:
        assert row["ratio"] == pytest.approx(row["ours"] / row["rival"], abs=0.006)
        assert row["met"] == (row["ours"] / row["rival"] >= 1.7)


def test_the_sweep_that_is_timed_has_as_many_scenarios_and_requests_as_it_says():
    from simlib import draw

    scenarios = sweep.grid(200, 100_000)
    assert len(scenarios) == 200
    assert draw(next(iter(scenarios.values())).traffic).n == pytest.approx(100_000, rel=0.02)
