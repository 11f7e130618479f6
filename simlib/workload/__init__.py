"""What arrives: patterns of arrivals and real traces, what each request asks for, and all dice, thrown
beforehand.

    Traffic(arrivals, window_s, operations, keys, ...)  --draw(seed)-->  Workload (one row per request)

`chance` holds the dice, `arrivals` the generated patterns, `trace` the recorded ones (read by `tracefile` out
of a `table`), `requests` what a request is, `traffic` puts them together.
"""

from simlib.workload.arrivals import Arrivals, Bursts, Constant, Daily, Poisson, Spike, Steps
from simlib.workload.chance import Dice, WorkloadError, hash_uniform, hash_uniforms, stream_id
from simlib.workload.requests import Keys, Operation
from simlib.workload.trace import Trace
from simlib.workload.traffic import PATTERNS, Traffic, Workload, arrivals_from, draw, draw_blocks, traffic_from

__all__ = ["PATTERNS", "Arrivals", "Bursts", "Constant", "Daily", "Dice", "Keys", "Operation", "Poisson",
           "Spike", "Steps", "Trace", "Traffic", "Workload", "WorkloadError", "arrivals_from", "draw",
           "draw_blocks", "hash_uniform", "hash_uniforms", "stream_id", "traffic_from"]
