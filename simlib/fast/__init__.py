"""The fast engine: the request path as kernels that numba compiles, with SimPy's results bit for bit."""

from __future__ import annotations

import numpy as np

from simlib.fast.compiling import compile_elsewhere, has_numba, is_stored, stored_in
from simlib.fast.compiling import is_loaded as _is_loaded
from simlib.fast.loop import advance
from simlib.fast.player import Player
from simlib.fast.setup import SUPPORTED
from simlib.result import CAPACITY, SPAN, first_working
from simlib.scenario import Scenario
from simlib.services import DynamoDb, Lambda
from simlib.summary import Summary
from simlib.workload import Constant, Traffic, Workload, draw, draw_blocks

__all__ = ["compile_elsewhere", "has_numba", "is_loaded", "is_ready", "is_stored", "play", "summarise", "supports",
           "warm"]

NOT_COMPILED = ("stream", "kinesis", "ttl", "global_table")
"""What a table may have that only SimPy plays."""

BLOCK = 1 << 16
"""Requests whose columns are in memory at once, or a small multiple of it."""


def supports(scenario: Scenario) -> list[str]:
    """Reasons why the fast engine cannot play a scenario, each a sentence; none: it can."""
    known = ", ".join(kind.__name__ for kind in SUPPORTED)
    reasons = [f"{type(service).__name__} is not compiled yet, only {known} are."
               for service in scenario.stack if type(service) not in SUPPORTED]
    return reasons + [f"DynamoDb.{name} is not compiled yet." for service in scenario.stack
                      if isinstance(service, DynamoDb) for name in NOT_COMPILED if getattr(service, name) is not None]


def is_loaded() -> bool:
    """Whether compiled kernels are in memory."""
    return _is_loaded(advance)


def is_ready() -> bool:
    """Whether compiled kernels can be had without compiling."""
    return is_loaded() or is_stored()


def warm() -> str:
    """Compiles the kernels and keeps them on disk, so that nobody waits for it later; returns where, in words."""
    if not has_numba():
        return "numba is not installed, so there is nothing to compile"
    scenario = Scenario((Lambda(),), Traffic(arrivals=Constant(1.0), window_s=2.0))
    play(scenario, draw(scenario.traffic))
    return f"The compiled kernels lie in {stored_in() or 'memory only: no directory can be written'}."


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


def play(scenario: Scenario, workload: Workload, progress=None, is_compiled: bool = True):
    """Plays drawn requests and returns span rows and capacity rows, one array per service of the stack.

    `is_compiled` False runs the same kernels as plain Python.
    """
    spans = [_Kept(SPAN, workload.n + workload.n // 16) for _ in scenario.stack]
    capacities = [_Kept(CAPACITY, 0) for _ in scenario.stack]

    def collect(tables, _columns):
        for number, (span_rows, capacity_rows) in enumerate(tables):
            spans[number].add(span_rows)
            capacities[number].add(capacity_rows)

    parts = (workload.part(low, min(low + BLOCK, workload.n)) for low in range(0, workload.n, BLOCK))
    _run(scenario, workload, parts, BLOCK, collect, progress and progress(workload.n), is_compiled)
    return tuple(each.rows() for each in spans), tuple(each.rows() for each in capacities)


def summarise(scenario: Scenario, seed: int, progress=None, is_compiled: bool = True,
              block_size: int = BLOCK) -> Summary:
    """Draws, plays and sums up a scenario, `block_size` requests (a power of two) at a time."""
    common, parts = draw_blocks(scenario.traffic, seed, block_size)
    summary = Summary(scenario, common.seed, common.window_s, "fast")

    def collect(tables, columns):
        summary.add(tables, columns.blocks, columns.shift)

    bar = progress and progress(round(scenario.traffic.expected_requests()))
    player = _run(scenario, common, parts, block_size, collect, bar, is_compiled)
    summary.peak = int(player.state.view.run[0].peak)
    return summary


def _run(scenario, workload, parts, block_size, collect, bar, is_compiled):
    try:
        player = Player(scenario, workload, parts, block_size, collect, first_working(scenario), is_compiled, bar)
        player.run()
    finally:
        if bar:
            bar.close()
    return player
