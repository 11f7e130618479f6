"""The fast engine: the request path as kernels that numba compiles, with SimPy's results bit for bit."""

from __future__ import annotations

import numpy as np

from simlib.fast.compiling import has_numba
from simlib.fast.player import Player
from simlib.fast.setup import SUPPORTED
from simlib.result import CAPACITY, SPAN
from simlib.scenario import Scenario
from simlib.workload import Workload

__all__ = ["play", "supports"]


def supports(scenario: Scenario) -> list[str]:
    """Reasons why the fast engine cannot play a scenario, each a sentence; none: it can."""
    known = ", ".join(kind.__name__ for kind in SUPPORTED)
    return [f"{type(service).__name__} is not compiled yet, only {known} are."
            for service in scenario.stack if type(service) not in SUPPORTED]


class _Kept:
    """Rows of one kind as they come in, as bytes that grow."""

    def __init__(self, kind: np.dtype, rows: int):
        self.kind = kind
        self.words = np.empty((max(rows, 1024), kind.itemsize // 8), np.int64)
        self.count = 0

    def add(self, rows: np.ndarray) -> None:
        needed = self.count + len(rows)
        if needed > len(self.words):
            self.words.resize((max(needed, len(self.words) * 3 // 2), self.words.shape[1]), refcheck=False)
        self.words[self.count:needed] = rows.view(np.int64).reshape(len(rows), self.words.shape[1])
        self.count = needed

    def rows(self) -> np.ndarray:
        rows = self.words[:self.count].reshape(-1).view(self.kind)
        rows.setflags(write=False)
        return rows


def play(scenario: Scenario, workload: Workload, progress=None, is_compiled: bool | None = None):
    """Plays drawn requests and returns span rows and capacity rows, one array per service of the stack.

    `is_compiled` None takes numba where it is installed.
    """
    is_compiled = has_numba() if is_compiled is None else is_compiled
    spans = [_Kept(SPAN, workload.n + workload.n // 16) for _ in scenario.stack]
    capacities = [_Kept(CAPACITY, 0) for _ in scenario.stack]

    def collect(level, span_rows, capacity_rows):
        spans[level].add(span_rows)
        capacities[level].add(capacity_rows)

    bar = progress(workload.n) if progress else None
    try:
        Player(scenario, workload, iter([workload]), workload.n, collect, 0, is_compiled, bar).run()
    finally:
        if bar:
            bar.close()
    return tuple(each.rows() for each in spans), tuple(each.rows() for each in capacities)
