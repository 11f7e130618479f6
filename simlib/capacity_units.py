"""From bytes to DynamoDB's capacity units: reads go in started 4 KB, writes in started 1 KB.

A unit is a read or write *request* unit in on-demand mode and a *capacity* unit in provisioned mode; the arithmetic is
the same. Sources: the facts `dynamodb.*`.
"""

from __future__ import annotations

import numpy as np

from simlib import facts

READ_BYTES = int(facts.value("dynamodb.read_unit_bytes"))
WRITE_BYTES = int(facts.value("dynamodb.write_unit_bytes"))
EVENTUAL = facts.value("dynamodb.read_eventual")
STRONG = facts.value("dynamodb.read_strong")
TRANSACTIONAL_READ = facts.value("dynamodb.read_transactional")
TRANSACTIONAL_WRITE = facts.value("dynamodb.write_transactional")


def read_units(size_bytes: int, factor: float = EVENTUAL) -> float:
    """Units of one read of `size_bytes`: started 4 KB, at least one, times `factor`.

    `factor` is EVENTUAL (0.5), STRONG (1) or TRANSACTIONAL_READ (2). An item that is not there has 0 bytes.
    """
    return max(1, -(-size_bytes // READ_BYTES)) * factor


def write_units(*sizes_bytes: int, factor: float = 1) -> float:
    """Units of one write: started 1 KB of the larger of the sizes before and after, at least one, times `factor`.

    `factor` is 1, or TRANSACTIONAL_WRITE (2). Without sizes the item was there neither before nor after.
    """
    return max(1, -(-max(sizes_bytes, default=0) // WRITE_BYTES)) * float(factor)


def started(size_bytes: np.ndarray, unit_bytes: int) -> np.ndarray:
    """Started units of many sizes, whole bytes: at least one each, float64."""
    return np.maximum(1, -(-size_bytes // unit_bytes)).astype(float)
