"""Designs compared: two on the same requests, and where the costs of two cross.

`pairs` plays two scenarios with many seeds, `crossing` finds where a function and a fleet cost the same.
"""

from simlib.compare.crossing import (
    BreakEven,
    Steady,
    break_even,
    break_even_map,
    steady_ec2,
    steady_lambda,
)
from simlib.compare.pairs import METRICS, TOO_CLOSE, Comparison, compare, interval, measures

__all__ = ["METRICS", "TOO_CLOSE", "BreakEven", "Comparison", "Steady", "break_even", "break_even_map", "compare",
           "interval", "measures", "steady_ec2", "steady_lambda"]
