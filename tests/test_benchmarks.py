"""The benchmark runs to its end and leaves its table; how fast it is depends on the machine."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import MEMORY_GOAL_MIB, in_fresh_python, memory_mib

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_the_quick_benchmark_measures_speed_import_and_memory(tmp_path):
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
    assert [row["what"].split()[0] for row in rows] == ["requests/s", "requests/s", "import", "peak"]
    for row in rows:
        assert float(row["ours"]) > 0 and row["goal"] and row["met"] in ("True", "False")
        if row["rival"]:
            assert float(row["ratio"]) == pytest.approx(float(row["ours"]) / float(row["rival"]), rel=0.02)
        assert row["what"] in done.stdout


@pytest.mark.slow
def test_a_million_requests_fit_into_300_mib():
    assert MEMORY_GOAL_MIB == 300
    assert memory_mib(1_000_000) < MEMORY_GOAL_MIB


def test_peak_memory_is_in_mebibytes_and_counts_what_is_held():
    grown = in_fresh_python(
        "from tests.benchmarks.__main__ import peak_mib; before = peak_mib(); "
        "held = bytes(range(256)) * 2**18; print(peak_mib() - before)"
    )
    assert 60 < grown < 70
