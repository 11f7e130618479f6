"""Plays a Scenario: on SimPy."""

from __future__ import annotations

from simlib import on_simpy
from simlib.params import ParamError
from simlib.result import Result
from simlib.scenario import Scenario
from simlib.services.base import REQUEST_BITS
from simlib.workload import Workload, draw

__all__ = ["Result", "Scenario", "simulate"]


def simulate(scenario: Scenario, seed: int = 0, workload: Workload | None = None, progress=None) -> Result:
    """Plays `scenario` once and returns its Result.

    Arrivals stop at the end of the window, but every request is played out. `workload` may be given to play
    the same drawn requests through several stacks; it must have been drawn from the scenario's traffic, and
    its own seed counts. `progress(total)` makes a bar with `update(count)` and `close()`, such as tqdm's.
    """
    if workload is None:
        workload = draw(scenario.traffic, seed)
    elif workload.traffic != scenario.traffic:
        raise ParamError("The workload was drawn from other traffic than the scenario's; give the result of "
                         "draw(scenario.traffic, seed), or none.")
    if workload.n >= 1 << REQUEST_BITS:
        raise ParamError(f"The traffic has {workload.n:,} requests, but the engine numbers at most "
                         f"{1 << REQUEST_BITS:,}; shorten the window.")
    return Result(scenario, workload, *on_simpy.play(scenario, workload, progress), "simpy")
