"""Sweeps: the same numbers whoever plays them, stopped and resumed, and what happens when something fails."""

import dataclasses
import importlib
import json
import multiprocessing
import os
import pickle
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from strategies import SCENARIOS

from simlib import (
    Client,
    Ec2,
    Lambda,
    Operation,
    ParamError,
    Poisson,
    Scenario,
    Trace,
    Traffic,
    simulate,
    sweep,
    vary,
)
from simlib.compare import METRICS, SweepError, measures
from simlib.pricing import PriceError
from simlib.scenario_file import load, shipped
from simlib.workload import WorkloadError

sweeps = importlib.import_module("simlib.compare.sweeps")
ROOT = Path(__file__).resolve().parents[1]
TRAFFIC = Traffic(arrivals=Poisson(2.0), window_s=60, operations=(Operation(work_distribution="exponential"),))
BASE = Scenario((Client(), Lambda()), TRAFFIC, name="base")
FLEET = Scenario((Client(), Ec2()), TRAFFIC, name="fleet")
NOBODY_SERVED = Scenario((Client(max_attempts=1), Lambda(reserved_concurrency=0)), TRAFFIC, name="nobody served")
GRID = vary(BASE, {"Lambda.memory_mb": [128, 1024], "traffic.arrivals.rate_rps": [1, 4]}) | [FLEET, NOBODY_SERVED]
SEEDS = (3, 0, 7)
KEYS = [key for _, key in METRICS.values()]


def exact(found):
    """A sweep's cells in their order, every number to the last bit."""
    return [(place, [numbers[key].hex() for key in KEYS]) for place, numbers in found.runs.items()]


@pytest.fixture(scope="module")
def one_by_one():
    """The cells of GRID x SEEDS, played one by one without any sweep."""
    return [((name, seed), [float(measures(scenario, seed)[key]).hex() for key in KEYS])
            for name, scenario in GRID.items() for seed in SEEDS]


class Bar:
    """A progress bar that writes down what it is told; `at` is called with the cells so far after each update."""

    def __init__(self, at=None):
        self.at, self.total, self.updates, self.closed = at, None, [], False

    def __call__(self, total):
        self.total = total
        return self

    def update(self, count):
        self.updates.append(count)
        if self.at:
            self.at(sum(self.updates))

    def close(self):
        self.closed = True


def interrupt_at(count):
    def at(done):
        if done >= count:
            raise KeyboardInterrupt
    return Bar(at)


@pytest.fixture
def played(monkeypatch):
    """The cells that are played in this process, as (name, seed); only for sweeps of one worker."""
    seen = []

    def noted(scenario, seed, free_tier=True):
        seen.append((scenario.name, seed))
        return measures(scenario, seed, free_tier)
    monkeypatch.setattr(sweeps, "measures", noted)
    return seen


# --- the same numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2, None])
def test_the_numbers_are_those_of_cells_played_one_by_one_in_grid_then_seed_order(one_by_one, workers):
    found = sweep(GRID, SEEDS, workers=workers)
    assert exact(found) == one_by_one
    assert found.complete and found.missing == ()


def test_batches_of_one_cell_played_backwards_give_the_same_numbers(one_by_one, monkeypatch):
    monkeypatch.setattr(sweeps, "BATCH_REQUESTS", 0)
    make = sweeps._batches
    monkeypatch.setattr(sweeps, "_batches", lambda *arguments: make(*arguments)[::-1])
    assert exact(sweep(GRID, SEEDS, workers=2)) == one_by_one


def test_a_grid_in_another_order_has_the_same_numbers_in_its_own_order(one_by_one):
    names = list(GRID)
    np.random.default_rng(1).shuffle(names)
    found = sweep({name: GRID[name] for name in names}, SEEDS[::-1], workers=2)
    assert sorted(exact(found)) == sorted(one_by_one)
    assert list(found.runs) == [(name, seed) for name in names for seed in SEEDS[::-1]]


def test_the_free_tier_can_be_left_out():
    paid = sweep(BASE, [0], free_tier=False, workers=1).runs["base", 0]
    assert paid == measures(BASE, 0, free_tier=False)
    assert paid["usd"] > sweep(BASE, [0], workers=1).runs["base", 0]["usd"]


def test_joblibs_settings_hold(played, monkeypatch):
    """Threads of this process see that `measures` was replaced, other processes do not."""
    make, told = sweeps._batches, []
    monkeypatch.setattr(sweeps, "_batches", lambda cells, workers: told.append(workers) or make(cells, workers))
    with joblib.parallel_config(backend="threading", n_jobs=3):
        found = sweep(GRID, SEEDS)
    assert len(played) == len(found.runs) == len(GRID) * len(SEEDS)
    assert told == [3]
    played.clear()
    with joblib.parallel_config(backend="loky", n_jobs=2):
        assert exact(sweep(GRID, SEEDS)) == exact(found)
    assert not played


@given(st.lists(st.tuples(st.sampled_from([1.0, 2.0, 3.0]), st.integers(0, 3), st.floats(1, 1e6)), min_size=1,
                max_size=40), st.integers(1, 8))
def test_batches_have_each_cell_once_are_not_too_long_and_keep_the_same_requests_together(drawn, workers):
    scenarios = {rate: dataclasses.replace(BASE, traffic=dataclasses.replace(TRAFFIC, arrivals=Poisson(rate)))
                 for rate in (1.0, 2.0, 3.0)}
    cells = [sweeps.Cell("x", scenarios[rate], seed, "", requests) for rate, seed, requests in drawn]
    batches = sweeps._batches(cells, workers)
    numbers = [number for batch in batches for number, _, _ in batch]
    assert sorted(numbers) == list(range(len(cells)))
    assert all((cells[number].scenario, cells[number].seed) == (scenario, seed)
               for batch in batches for number, scenario, seed in batch)
    loads = [sum(cells[number].requests for number, _, _ in batch) for batch in batches]
    share = sum(cell.requests for cell in cells) / (2 * workers)
    for batch, requests in zip(batches, loads):
        assert len(batch) == 1 or (workers > 1 and requests <= min(400_000, share) * (1 + 1e-9))
    assert loads == sorted(loads, reverse=True)
    kinds = {(drawn[number][0], drawn[number][1]) for number in numbers}
    changes = sum(len({(drawn[number][0], drawn[number][1]) for number, _, _ in batch}) - 1 for batch in batches)
    assert changes <= len(kinds) - 1


@pytest.mark.parametrize("workers", [2, 5, 16])
def test_batches_shrink_towards_the_end_so_that_no_worker_waits_long_for_the_last(workers):
    """Whoever is free takes the next batch: all end within one cell of each other, of a thousand equal cells."""
    cells = [sweeps.Cell("x", BASE, seed, "", 3000.0) for seed in range(1000)]
    busy = [0] * workers
    for batch in sweeps._batches(cells, workers):
        busy[busy.index(min(busy))] += len(batch)
    assert sum(busy) == 1000 and max(busy) - min(busy) <= 1


@settings(max_examples=30)
@given(SCENARIOS)
def test_a_scenario_that_went_through_pickle_plays_the_same(scenario):
    copy = pickle.loads(pickle.dumps(scenario))
    assert copy == scenario
    assert [rows.tobytes() for rows in simulate(copy, 5).span_rows] == [
        rows.tobytes() for rows in simulate(scenario, 5).span_rows]


@pytest.mark.parametrize("name", sorted(shipped()))
def test_shipped_scenarios_can_be_sent_to_a_worker(name):
    scenario = load(name)
    assert pickle.loads(pickle.dumps(scenario)) == scenario


# --- tables -----------------------------------------------------------------------------------------------


def test_the_table_has_a_row_per_cell_with_what_was_varied():
    found = sweep(GRID, SEEDS, workers=1)
    table = found.table
    assert list(table.columns) == ["scenario", "Lambda.memory_mb", "traffic.arrivals.rate_rps", "seed", *KEYS]
    assert list(zip(table["scenario"], table["seed"])) == list(found.runs)
    row = table[(table["Lambda.memory_mb"] == 128) & (table["traffic.arrivals.rate_rps"] == 4) & (table["seed"] == 7)]
    assert row["p95_ms"].item() == measures(GRID["base: memory_mb=128, rate_rps=4"], 7)["p95_ms"]
    assert table[table["scenario"] == "fleet"]["Lambda.memory_mb"].isna().all()


def test_the_summary_has_means_and_scipys_intervals():
    found = sweep(GRID, SEEDS, workers=1)
    summary = found.summary.set_index(["scenario", "metric"])
    assert len(summary) == len(GRID) * len(METRICS)
    for (name, metric), row in summary.iterrows():
        unit, key = METRICS[metric]
        values = np.array([found.runs[name, seed][key] for seed in SEEDS])
        assert (row["unit"], row["seeds"]) == (unit, 3)
        assert row["mean"] == pytest.approx(values.mean(), nan_ok=True)
        if np.ptp(values) > 1e-9 * abs(values.mean()):
            expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
            assert (row["low"], row["high"]) == pytest.approx((expected.low, expected.high))
    assert np.isnan(summary.loc[("nobody served", "p95 latency"), "mean"])
    assert summary.loc[("base: memory_mb=128, rate_rps=4", "monthly bill"), "Lambda.memory_mb"] == 128


# --- stopping and going on --------------------------------------------------------------------------------


def test_progress_counts_every_cell_and_closes():
    for workers in (1, 2):
        bar = Bar()
        sweep(GRID, SEEDS, workers=workers, progress=bar)
        assert bar.total == sum(bar.updates) == len(GRID) * len(SEEDS)
        assert bar.closed


@pytest.mark.parametrize("workers", [1, 2])
def test_a_sweep_that_is_told_to_stop_returns_what_is_finished(workers, one_by_one):
    asked = []
    found = sweep(GRID, SEEDS, workers=workers, stop=lambda: asked.append(1) or len(asked) == 2)
    assert len(asked) == 2
    assert not found.complete and 2 <= len(found.runs) < len(one_by_one)
    assert len(found.runs) + len(found.missing) == len(one_by_one)
    assert set(found.missing).isdisjoint(found.runs)
    assert exact(found) == [cell for cell in one_by_one if cell[0] in found.runs]
    assert len(found.table) == len(found.runs)
    assert f"incomplete: {len(found.runs)} of 18 cells" in repr(found)
    assert sum(found.summary.drop_duplicates("scenario")["seeds"]) == len(found.runs)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_sweep_interrupted_in_the_middle_goes_on_from_what_was_kept(workers, one_by_one, tmp_path):
    keep = tmp_path / "cells.jsonl"
    bar = interrupt_at(3)
    stopped = sweep(GRID, SEEDS, workers=workers, keep=keep, progress=bar)
    assert not stopped.complete and bar.closed
    assert len(keep.read_text(encoding="utf-8").splitlines()) == len(stopped.runs) >= 3
    bar = Bar()
    resumed = sweep(GRID, SEEDS, workers=workers, keep=keep, progress=bar)
    assert exact(resumed) == one_by_one
    assert bar.updates[0] == len(stopped.runs) and sum(bar.updates) == bar.total == len(one_by_one)
    places = [(line["scenario"], line["seed"]) for line in map(json.loads, keep.read_text("utf-8").splitlines())]
    assert len(places) == len(set(places)) == len(one_by_one)


def test_neither_a_worker_nor_a_warning_is_left_after_an_interruption(recwarn):
    alive = []

    def at(_done):
        alive.extend(multiprocessing.active_children())
        raise KeyboardInterrupt
    grid = vary(BASE, {"Lambda.memory_mb": range(128, 192)})
    assert not sweep(grid, SEEDS, workers=2, progress=Bar(at)).complete
    assert len(alive) >= 2
    assert not [child for child in alive if child.is_alive()]
    assert not list(recwarn)


def test_only_missing_cells_are_played_and_a_changed_scenario_is_missing(played, tmp_path):
    keep = tmp_path / "cells.jsonl"
    sweep([BASE, FLEET], [0, 1], keep=keep, workers=1)
    assert played == [("base", 0), ("fleet", 0), ("base", 1), ("fleet", 1)]
    played.clear()
    before = keep.read_bytes()
    larger = dataclasses.replace(BASE, stack=(Client(), Lambda(memory_mb=2048)))
    found = sweep({"renamed": FLEET, "base": larger}, [1, 2], keep=keep, workers=1)
    assert sorted(played) == [("base", 1), ("base", 2), ("fleet", 2)]
    assert found.runs["renamed", 1] == measures(FLEET, 1)
    assert found.runs["base", 1] == measures(larger, 1)
    assert keep.read_bytes().startswith(before)
    played.clear()
    sweep([BASE], [0], free_tier=False, keep=keep, workers=1)
    assert played == [("base", 0)]
    played.clear()
    assert sweep([BASE, FLEET], [0, 1], keep=keep, workers=1).complete
    assert not played


def test_a_damaged_file_stops_the_sweep_before_anything_is_played(played, tmp_path):
    keep = tmp_path / "cells.jsonl"
    keep.write_text("my notes\n", encoding="utf-8")
    with pytest.raises(ParamError, match="line 1: this is no cell"):
        sweep(BASE, keep=keep, workers=1)
    assert not played and keep.read_text(encoding="utf-8") == "my notes\n"


INTERRUPTED = """
    from simlib import *

    class Bar:
        def __init__(self, total): pass
        def update(self, count): print("played", flush=True)
        def close(self): print("closed", flush=True)

    scenario = Scenario((Client(), Lambda()), Traffic(arrivals=Poisson(5.0), window_s=200))
    found = sweep(vary(scenario, {"Lambda.memory_mb": range(128, 628)}), range(1), workers=2, progress=Bar)
    print(found, flush=True)
"""

if os.name == "posix":

    def test_ctrl_c_ends_a_sweep_and_its_workers_without_a_word():
        """A terminal and JupyterLab both interrupt the whole group. Output ends when no process holds it any more."""
        with subprocess.Popen([sys.executable, "-c", textwrap.dedent(INTERRUPTED)], cwd=ROOT, start_new_session=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "played\n"
            os.killpg(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=20)
        assert (process.returncode, err) == (0, "")
        assert "closed" in out and "incomplete" in out


# --- what goes wrong --------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Failing(Lambda):
    """A function that cannot be metered, for a chosen reason."""

    reason: str = "bug"

    def usage(self, sums, window):
        if self.reason == "end":
            os._exit(1)
        raise {"param": ParamError("This is not allowed; do that."), "price": PriceError("There is no price."),
               "bug": ZeroDivisionError("a bug"), "stubborn": Stubborn("one", "two"),
               "interrupt": KeyboardInterrupt()}[self.reason]


class Stubborn(Exception):
    """Cannot be unpickled."""

    def __init__(self, one, two):
        super().__init__("stubborn")


def failing(reason):
    return [BASE, FLEET, Scenario((Client(), Failing(reason=reason)), TRAFFIC, name="odd")]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("reason, kind, message", [
    ("param", ParamError, r"odd, seed [45]: This is not allowed; do that\."),
    ("price", PriceError, r"odd, seed [45]: There is no price\."),
    ("bug", SweepError, r"odd, seed [45]: the simulation failed, .* \(ZeroDivisionError: a bug\); leave .*\."),
    ("stubborn", SweepError, r"odd, seed [45]: the simulation failed, .*[Ss]tubborn.*\."),
], ids=["ParamError", "PriceError", "bug", "no pickle"])
def test_a_cell_that_fails_is_named_and_the_others_are_kept(workers, reason, kind, message, tmp_path):
    keep = tmp_path / "cells.jsonl"
    sweep([BASE, FLEET], [4], workers=1, keep=keep)
    with pytest.raises(kind) as caught:
        sweep(failing(reason), [4, 5], workers=workers, keep=keep)
    assert type(caught.value) is kind and re.fullmatch(message, str(caught.value))
    assert caught.value.__cause__ is not None
    finished = caught.value.sweep
    assert not finished.complete and {("base", 4), ("fleet", 4)} <= set(finished.runs)
    assert len(keep.read_text(encoding="utf-8").splitlines()) == len(finished.runs)
    assert finished.runs["base", 4] == measures(BASE, 4)


def test_the_way_to_a_bug_in_another_process_is_shown():
    with pytest.raises(SweepError) as caught:
        sweep(failing("bug"), [4, 5], workers=2)
    sentence, way = caught.value._render_traceback_()
    assert sentence == str(caught.value)
    assert "in usage" in way and "ZeroDivisionError: a bug" in way


def test_workers_that_end_are_told_in_one_sentence():
    with pytest.raises(SweepError, match="workers of the sweep failed, perhaps for lack of memory") as caught:
        sweep(failing("end"), [4, 5], workers=2)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")
    assert not caught.value.sweep.complete
    assert sweep(BASE, [4, 5], workers=2).complete


def test_an_interruption_inside_a_worker_stops_the_sweep():
    for workers in (1, 2):
        assert not sweep(failing("interrupt"), [4, 5], workers=workers).complete


def test_a_worker_of_another_version_does_not_play(monkeypatch):
    monkeypatch.setattr(sweeps, "versions", lambda: "another")
    with pytest.raises(SweepError, match="another version of this project"):
        sweep([BASE, FLEET], [0, 1], workers=2)


def nowhere(name, **fields):
    return dataclasses.replace(BASE, name=name, **fields)


@pytest.mark.parametrize("grid, options, kind, words", [
    ([BASE, nowhere("far", region="eu-west-1")], {}, PriceError, "far: There are no prices for the Region 'eu-west-1'"),
    ([BASE, nowhere("lost", traffic=Traffic(arrivals=Trace("nowhere.csv")))], {}, WorkloadError, "lost: "),
    (BASE, {"seeds": []}, ParamError, "one value or more"),
    (BASE, {"seeds": [1, 2, 1]}, ParamError, "The seed 1 is there twice"),
    (BASE, {"seeds": [-1]}, WorkloadError, "The seed is -1"),
    (BASE, {"seeds": [0.5]}, WorkloadError, "The seed is 0.5"),
    (BASE, {"workers": 0}, ParamError, "workers is 0"),
    (BASE, {"workers": 1.5}, ParamError, "workers is 1.5"),
    ([], {}, ParamError, "The grid is empty"),
])
def test_what_can_be_told_beforehand_is_told_before_anything_is_played(played, grid, options, kind, words):
    with pytest.raises(kind) as caught:
        sweep(grid, **{"workers": 1, **options})
    assert words in str(caught.value) and "\n" not in str(caught.value)
    assert not played


# --- a cluster --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_dask_cluster_that_loses_a_worker_finds_the_same_numbers(monkeypatch):
    """Two worker processes, one killed while both are busy: every cell is there, to the last bit."""
    import distributed

    monkeypatch.setattr(sweeps, "BATCH_REQUESTS", 0)
    traffic = dataclasses.replace(TRAFFIC, arrivals=Poisson(20.0), window_s=500)
    grid = vary(dataclasses.replace(BASE, traffic=traffic), {"Lambda.memory_mb": [128, 512, 1024, 2048]})
    alone = sweep(grid, range(4), workers=1)
    with (distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
          distributed.Client(cluster) as client):
        pids = client.run(os.getpid)
        assert len(pids) == 2 and os.getpid() not in pids.values()
        left = []

        def kill_one(done):
            if not left:
                left.append(len(grid) * 4 - done)
                os.kill(list(pids.values())[0], signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        with joblib.parallel_config(backend="dask"):
            found = sweep(grid, range(4), progress=Bar(kill_one))
        assert left[0] > 8, "the worker was to be lost in the middle"
    assert exact(found) == exact(alone)
