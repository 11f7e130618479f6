"""Small scenes that tests build by hand."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simlib import Lambda, Operation, Scenario, Traffic, simulate
from simlib.workload import Arrivals

ONE_VCPU = 1769

NO_COLD_START = {"platform_s": 0.0, "init_s": 0.0, "first_handler_s": 0.0}


@dataclass(frozen=True)
class At(Arrivals):
    """Requests at exactly these seconds."""

    pattern: ClassVar[str] = "at"
    at_s: tuple = ()

    def expected_rps(self, window_s):
        return len(self.at_s) / window_s

    def _draw(self, dice, window_s):
        return np.sort(np.array(self.at_s, dtype=float))


def arriving_at(times_s, window_s=None, **operation) -> Traffic:
    """Traffic whose requests arrive at exactly these seconds; the operation has no work unless told."""
    operation = {"work_vcpu_s": 0.0, "io_s": 0.0, "work_distribution": "constant", "io_distribution": "constant",
                 **operation}
    return Traffic(arrivals=At(tuple(times_s)), window_s=window_s or max(times_s) + 1,
                   operations=(Operation(**operation),))


def play(traffic, *stack, seed=0, **scenario):
    """The result of one run."""
    return simulate(Scenario(stack=stack, traffic=traffic, **scenario), seed)


def steady_function(**fields) -> Lambda:
    """A function of one vCPU without cold-start time whose environments live for an hour."""
    return Lambda(**{"memory_mb": ONE_VCPU, "timeout_s": 900, "keep_alive": "custom", "keep_alive_s": 3600.0,
                     **NO_COLD_START, **fields})
