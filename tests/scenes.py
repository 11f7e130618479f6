"""Small scenes that tests build by hand."""

import tempfile
from pathlib import Path

from simlib import Lambda, Operation, Scenario, Trace, Traffic, simulate

ONE_VCPU = 1769

NO_COLD_START = {"platform_s": 0.0, "init_s": 0.0, "first_handler_s": 0.0}


def arriving_at(times_s, window_s=None, **operation) -> Traffic:
    """Traffic whose requests arrive at exactly these seconds; the operation has no work unless told."""
    operation = {"work_vcpu_s": 0.0, "io_s": 0.0, "work_distribution": "constant", "io_distribution": "constant",
                 **operation}
    window_s = window_s or max(times_s) + 1
    directory = Path(tempfile.mkdtemp())
    path = directory / "arrivals.csv"
    path.write_text("t_s\n" + "\n".join(map(str, times_s)) + "\n", encoding="utf-8")
    return Traffic(arrivals=Trace(path=str(path), kind="timestamps"), window_s=window_s,
                   operations=(Operation(**operation),))


def play(traffic, *stack, seed=0, **scenario):
    """The result of one run."""
    return simulate(Scenario(stack=stack, traffic=traffic, **scenario), seed)


def steady_function(**fields) -> Lambda:
    """A function of one vCPU without cold-start time whose environments live for an hour."""
    return Lambda(**{"memory_mb": ONE_VCPU, "timeout_s": 900, "keep_alive": "custom", "keep_alive_s": 3600.0,
                     **NO_COLD_START, **fields})
