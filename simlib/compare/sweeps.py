"""Many scenarios times many seeds on all cores or on a cluster, stopped and resumed at will."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import textwrap
import threading
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from simlib import facts
from simlib.compare.grid import Grid, grid_of
from simlib.compare.keep import Keep, fingerprints, versions
from simlib.compare.pairs import METRICS, interval, measures
from simlib.engine import Scenario
from simlib.params import ParamError, several, shown
from simlib.pricing import PriceError, price_book
from simlib.workload import Dice, Trace, Traffic, WorkloadError

SENTENCES = (ParamError, WorkloadError, PriceError, facts.FactError)
"""Errors whose message is a sentence to whoever described the scenario."""

BATCH_REQUESTS = 400_000
"""About so many requests are played before a worker reports: enough to share what was drawn, little to lose."""

CELL_REQUESTS = 2000
"""What a cell costs whatever it plays, in requests."""


class SweepError(RuntimeError):
    """A cell failed in a way that no input explains, or the workers did. The message is one sentence."""

    def _render_traceback_(self):
        """What a notebook shows: the sentence, and the way to it where a cell has left one."""
        return [str(self), *getattr(self.__cause__, "__notes__", ())]


@dataclass(frozen=True, repr=False)
class Sweep:
    """What a sweep found, scenario by scenario and seed by seed, whoever played them and in whatever order.

    grid: the scenarios by name; seeds: of each scenario; runs: (name, seed) -> the numbers of METRICS by key, in order
    of the grid, then of the seeds. Cells of a sweep that was stopped are not in `runs` but in `missing`.
    """

    grid: Grid
    seeds: tuple[int, ...]
    runs: Mapping[tuple[str, int], Mapping[str, float]]

    @property
    def missing(self) -> tuple[tuple[str, int], ...]:
        """The cells that were not played, as (name, seed)."""
        return tuple((name, seed) for name in self.grid for seed in self.seeds if (name, seed) not in self.runs)

    @property
    def complete(self) -> bool:
        """Whether every cell was played."""
        return not self.missing

    @property
    def varied(self) -> tuple[str, ...]:
        """The paths that `vary` changed, in order."""
        return tuple(dict.fromkeys(path for fields in self.grid.varied.values() for path in fields))

    def __repr__(self) -> str:
        cells = len(self.grid) * len(self.seeds)
        state = "complete" if self.complete else f"incomplete: {len(self.runs):,} of {cells:,} cells"
        return f"Sweep({len(self.grid):,} scenarios, {len(self.seeds):,} seeds, {state})"

    def _labels(self, name: str) -> dict:
        return {"scenario": name, **{path: self.grid.varied[name].get(path) for path in self.varied}}

    @property
    def table(self):
        """A DataFrame, a row per cell: scenario, a column per varied path, seed, and the numbers of METRICS by key."""
        import pandas as pd

        keys = [key for _, key in METRICS.values()]
        rows = [{**self._labels(name), "seed": seed, **numbers} for (name, seed), numbers in self.runs.items()]
        return pd.DataFrame(rows, columns=["scenario", *self.varied, "seed", *keys])

    @property
    def summary(self):
        """A DataFrame, a row per scenario and metric: scenario, varied paths, metric, unit, mean, low, high, seeds.

        low and high are the ends of the mean's 95 % interval (Student's t), seeds the number of cells behind it. A
        scenario of which no cell was played has no rows.
        """
        import pandas as pd

        rows = []
        for name in self.grid:
            played = [self.runs[name, seed] for seed in self.seeds if (name, seed) in self.runs]
            for metric, (unit, key) in METRICS.items() if played else ():
                mean, low, high = interval(np.array([numbers[key] for numbers in played]))
                rows.append({**self._labels(name), "metric": metric, "unit": unit, "mean": mean, "low": low,
                             "high": high, "seeds": len(played)})
        return pd.DataFrame(rows, columns=["scenario", *self.varied, "metric", "unit", "mean", "low", "high", "seeds"])


@dataclass(frozen=True)
class Cell:
    """One scenario with one seed, still to be played: `mark` is its fingerprint, `requests` what it weighs."""

    name: str
    scenario: Scenario
    seed: int
    mark: str
    requests: float


def sweep(grid, seeds: Iterable[int] = range(8), free_tier: bool = True, workers: int | None = None,
          keep: str | os.PathLike | None = None, stop: Callable[[], bool] | None = None, progress=None) -> Sweep:
    """Plays every scenario of `grid` with every seed, on all cores at once.

    grid: what `vary` makes, a mapping name -> Scenario, or Scenarios of different names. The same seed means the same
    luck for all of them. The numbers do not depend on how many workers play, where, or in which order.

    workers: processes (None: one for each core; 1: none but this one). They are started when first needed and kept
    for the next sweep. progress(total): makes a bar with `update(count)` and `close()`, such as tqdm's.

    A sweep is stopped by the stop button of JupyterLab, by Ctrl-C, or by `stop()`, which is asked after each report of
    a worker: what is finished is returned, a Sweep that is not `complete`. With `keep`, a file of JSON lines, every
    cell is also written down as soon as its worker reports it, and read the next time instead of played, unless the
    scenario, the free tier, or the code or data of this project have changed. Only one sweep at a time may use a file.

    On a cluster: inside `with joblib.parallel_config(backend="dask"):` the cells go to the Dask cluster of the current
    `distributed.Client`, whose workers need the same version of this project and of Python, and any trace under the
    same path; its tasks survive the loss of a worker. Other settings of joblib.parallel_config hold as well.

    Raises ParamError, WorkloadError, PriceError or FactError for a scenario that cannot be played, before any is played
    where it can be told; later with the scenario and the seed. Anything else that fails is a SweepError. An error that
    comes late carries what was finished as its attribute `sweep`.
    """
    grid, seeds = grid_of(grid), _checked(seeds)
    if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        raise ParamError(f"workers is {shown(workers)}, but it must be a whole number from 1 up, or nothing for all "
                         "cores.")
    cells = [cell for name, scenario in grid.items() for cell in _cells(name, scenario, seeds, free_tier)]
    found: dict[tuple[str, int], dict[str, float]] = {}

    def finished():
        order = ((cell.name, cell.seed) for cell in cells)
        return Sweep(grid, seeds, {place: found[place] for place in order if place in found})

    with Keep(keep) as kept:
        for cell in cells:
            numbers = kept.get(cell.mark)
            if numbers is not None:
                found[cell.name, cell.seed] = numbers
        missing = [cell for cell in cells if (cell.name, cell.seed) not in found]
        bar = progress(len(cells)) if progress else None
        reports = _reports(missing, free_tier, workers)
        try:
            if bar and found:
                bar.update(len(found))
            for report in reports:
                for number, outcome in report:
                    cell = missing[number]
                    if isinstance(outcome, Exception):
                        raise _named(outcome, cell) from outcome
                    kept.add(cell.mark, cell.name, cell.seed, outcome)
                    found[cell.name, cell.seed] = outcome
                if bar:
                    bar.update(len(report))
                if stop is not None and stop():
                    break
        except KeyboardInterrupt:
            pass
        except (*SENTENCES, SweepError) as error:
            error.sweep = finished()
            raise
        finally:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # joblib's, that work is thrown away
                reports.close()
            if bar:
                bar.close()
    return finished()


def _checked(seeds: Iterable[int]) -> tuple[int, ...]:
    seeds = tuple(Dice(seed).seed for seed in several(seeds, "sweep's seeds", "range(8)"))
    if len(set(seeds)) < len(seeds):
        twice = next(seed for seed in seeds if seeds.count(seed) > 1)
        raise ParamError(f"The seed {twice} is there twice, which would pass for more luck than there was; give each "
                         "seed once.")
    return seeds


def _cells(name: str, scenario: Scenario, seeds, free_tier: bool) -> Iterator[Cell]:
    """The cells of one scenario; what can be told to fail before it is played fails here, with the name."""
    try:
        price_book(scenario.region, scenario.date)
        requests = CELL_REQUESTS + _requests(scenario.traffic)
        for seed, mark in zip(seeds, fingerprints(scenario, seeds, free_tier)):
            yield Cell(name, scenario, seed, mark, requests)
    except SENTENCES as error:
        raise type(error)(f"{name}: {error}") from None


def _requests(traffic: Traffic) -> float:
    """How many requests to expect; a trace, which only reading it could tell, counts as a batch of its own."""
    if isinstance(traffic.arrivals, Trace):
        return BATCH_REQUESTS
    return traffic.arrivals.expected_rps(traffic.window_s) * traffic.window_s


def _named(error: Exception, cell: Cell) -> Exception:
    """The error of a cell as one sentence that names the cell."""
    if isinstance(error, SENTENCES):
        return type(error)(f"{cell.name}, seed {cell.seed}: {error}")
    return SweepError(f"{cell.name}, seed {cell.seed}: the simulation failed, which no scenario should be "
                      f"able to cause ({_told(error)}); leave the scenario out, and report it.")


def _reports(cells: list[Cell], free_tier: bool, workers: int | None) -> Iterator[list[tuple[int, dict | Exception]]]:
    """What `_play` makes of each batch, as it comes in. Closing the generator ends workers in the middle of a cell."""
    if not cells:
        return
    import joblib
    from joblib.parallel import get_active_backend

    if workers is None and get_active_backend()[1] is None:
        workers = -1
    tasks = (joblib.delayed(_play)(batch, free_tier, versions())
             for batch in _batches(cells, joblib.effective_n_jobs(workers)))
    with _deaf_children():
        reports = joblib.Parallel(workers, return_as="generator_unordered", batch_size=1)(tasks)
    try:
        yield from reports
    except SweepError:
        raise
    except Exception as error:
        raise SweepError(f"The workers of the sweep failed, perhaps for lack of memory ({_told(error)}); give fewer "
                         "workers, and the same keep to go on from here.") from error


@contextlib.contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes that start meanwhile never hear Ctrl-C, which a terminal sends to all; who started them does."""
    ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT)
    if ours:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGINT, ours)


def _batches(cells: list[Cell], workers: int) -> list[tuple]:
    """The cells as batches of (number, scenario, seed), the longest first.

    Cells of the same traffic and seed stand side by side, so that what one has drawn the next can use. A batch is at
    most half of a worker's share of what is left, so that all end together. A lone worker gets batches of one cell,
    and so has the last one at hand whenever it is stopped.
    """
    left = sum(cell.requests for cell in cells)
    most = 0.0
    traffics: dict[str, int] = {}
    places = [(traffics.setdefault(repr(cell.scenario.traffic), len(traffics)), cell.seed) for cell in cells]
    batches: list[list] = []
    loads: list[float] = []
    for number in sorted(range(len(cells)), key=places.__getitem__):
        cell = cells[number]
        if not batches or loads[-1] + cell.requests > most:
            batches.append([])
            loads.append(0.0)
            most = min(BATCH_REQUESTS, left / (2 * workers)) if workers > 1 else 0.0
        batches[-1].append((number, cell.scenario, cell.seed))
        loads[-1] += cell.requests
        left -= cell.requests
    return [tuple(batches[k]) for k in sorted(range(len(batches)), key=loads.__getitem__, reverse=True)]


def _play(batch: tuple, free_tier: bool, wanted: str) -> list[tuple[int, dict | Exception]]:
    """What a worker does: (number, measures) of each cell of a batch, up to the first that fails, with its error.

    Batches are tuples because joblib puts larger arguments of other kinds on one worker of a Dask cluster, and they
    would be lost with that worker.
    """
    if versions() != wanted:
        raise SweepError("A worker has another version of this project than the process that sweeps, and its numbers "
                         "might differ; install the same version on both sides, and start the workers again.")
    outcomes: list[tuple[int, dict | Exception]] = []
    for number, scenario, seed in batch:
        try:
            outcomes.append((number, measures(scenario, seed, free_tier)))
        except Exception as error:
            outcomes.append((number, _to_send(error)))
            break
    return outcomes


def _to_send(error: Exception) -> Exception:
    """An error that can go to another process; one that no input explains takes its traceback along as a note."""
    if isinstance(error, SENTENCES):
        return error
    error.add_note(traceback.format_exc())
    try:
        pickle.loads(pickle.dumps(error))
        return error
    except Exception:
        return RuntimeError(_told(error))


def _told(error: Exception) -> str:
    """An error that is no sentence of ours, within a sentence."""
    words = textwrap.shorten(str(error), 160, placeholder="...").rstrip(".")
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
