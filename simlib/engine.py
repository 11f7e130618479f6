"""Plays a Scenario: on SimPy, or on the fast engine, which gives the same spans many times sooner."""

from __future__ import annotations

from simlib import fast, on_simpy
from simlib.params import ParamError, shown
from simlib.result import Result
from simlib.scenario import Scenario
from simlib.services.base import REQUEST_BITS
from simlib.summary import Summary
from simlib.workload import Workload, draw

__all__ = ["ENGINES", "Result", "Scenario", "Summary", "simulate"]

ENGINES = ("auto", "simpy", "fast")
KEEPS = ("spans", "summary")

_WORTH_LOADING, _WORTH_COMPILING = 50_000, 500_000
_played_slowly = 0


def simulate(scenario: Scenario, seed: int = 0, workload: Workload | None = None, progress=None,
             engine: str = "auto", keep: str = "spans") -> Result | Summary:
    """Plays `scenario` once and returns its Result.

    Arrivals stop at the end of the window, but every request is played out. `workload` may be given to play
    the same drawn requests through several stacks; it must have been drawn from the scenario's traffic, and
    its own seed counts. `progress(total)` makes a bar with `update(count)` and `close()`, such as tqdm's.

    engine: `simpy` is the reference; `fast` gives the same bits and refuses, with the reasons, what it cannot play;
    `auto` takes the fast one where it can play the scenario and compiled kernels are at hand or worth loading, which
    never makes anybody wait for a compilation. keep: `summary` returns a Summary, which holds no spans, so that
    memory does not grow with the number of requests.
    """
    for name, value, allowed in (("engine", engine, ENGINES), ("keep", keep, KEEPS)):
        if value not in allowed:
            raise ParamError(f"simulate's {name} is {value!r}, but it must be one of {', '.join(allowed)}.")
    if not isinstance(scenario, Scenario):
        raise ParamError(f"simulate was given {shown(scenario)}, but it plays a Scenario; write for example "
                         "simulate(Scenario((Lambda(),), Traffic())), or load a file with simlib.scenario_file.load.")
    reasons = fast.supports(scenario)
    if engine == "fast" and reasons:
        raise ParamError(f"The fast engine cannot play this scenario: {' '.join(reasons)} Take engine=\"auto\".")
    if workload is not None and workload.traffic != scenario.traffic:
        raise ParamError("The workload was drawn from other traffic than the scenario's; give the result of "
                         "draw(scenario.traffic, seed), or none.")
    seed = seed if workload is None else workload.seed
    is_fast = engine == "fast" or (engine == "auto" and not reasons and _is_worth_it(scenario, workload))
    is_compiled = is_fast and _compiles(scenario, workload)
    if keep == "summary" and is_fast:
        return fast.summarise(scenario, seed, progress, is_compiled)
    if workload is None:
        workload = draw(scenario.traffic, seed)
    if workload.n >= 1 << REQUEST_BITS:
        raise ParamError(f"The traffic has {workload.n:,} requests, but the engine numbers at most "
                         f"{1 << REQUEST_BITS:,}; shorten the window.")
    if is_fast:
        return Result(scenario, workload, *fast.play(scenario, workload, progress, is_compiled), "fast")
    result = Result(scenario, workload, *on_simpy.play(scenario, workload, progress), "simpy")
    return result if keep == "spans" else Summary.of(result)


def _requests(scenario, workload) -> float:
    return scenario.traffic.expected_requests() if workload is None else workload.n


def _compiles(scenario, workload) -> bool:
    """Whether the fast engine runs compiled: where that is at hand, or the run is longer than a compilation."""
    if fast.is_ready():
        return True
    if fast.has_numba() and _requests(scenario, workload) < _WORTH_COMPILING:
        fast.compile_elsewhere()
        return False
    return fast.has_numba()


def _is_worth_it(scenario, workload) -> bool:
    """Whether compiled kernels are loaded, or have been missed long enough to load them now."""
    global _played_slowly
    if fast.is_loaded():
        return True
    _played_slowly += _requests(scenario, workload)
    if _played_slowly < _WORTH_LOADING or not fast.has_numba():
        return False
    if fast.is_stored():
        return True
    fast.compile_elsewhere()
    return False
