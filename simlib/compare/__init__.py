"""Designs compared: two on the same requests, and where the costs of two cross.

`pairs` plays two scenarios with many seeds, `caches` a table with each cache in front of it, `crossing` finds where a
function and a fleet cost the same, `grid` makes many scenarios of one, `sweeps` plays them all with many seeds on all
cores, `keep` has what is finished in a file.
"""

from simlib.compare.caches import PayMap, Side, side_by_side, ways, where_it_pays
from simlib.compare.crossing import (
    BreakEven,
    Steady,
    break_even,
    break_even_map,
    steady_ec2,
    steady_lambda,
)
from simlib.compare.grid import Grid, vary
from simlib.compare.pairs import METRICS, TOO_CLOSE, Comparison, compare, interval, measures
from simlib.compare.sweeps import Sweep, SweepError, sweep

__all__ = ["METRICS", "TOO_CLOSE", "BreakEven", "Comparison", "Grid", "PayMap", "Side", "Steady", "Sweep", "SweepError",
           "break_even", "break_even_map", "compare", "interval", "measures", "side_by_side", "steady_ec2",
           "steady_lambda", "sweep", "vary", "ways", "where_it_pays"]
