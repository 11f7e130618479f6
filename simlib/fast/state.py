"""Makes a `World` and lets it grow: as NumPy arrays for compiled kernels, as lists for plain Python."""

from __future__ import annotations

from functools import cache

import numpy as np

from simlib.fast.world import NONE, TABLES, World


@cache
def _row_class(kind: np.dtype):
    """A class whose objects have a record's fields as attributes."""
    return type("Row", (), {"__slots__": kind.names})


def _as_rows(array: np.ndarray) -> list:
    made = _row_class(array.dtype)
    rows = []
    for values in array.tolist():
        row = made()
        for name, value in zip(array.dtype.names, values):
            setattr(row, name, value)
        rows.append(row)
    return rows


class State:
    """A growing World.

    `world` is what kernels take. `view` is the same memory for everybody else: a World whose records have attributes.
    A table that grows becomes another object, so take it from `view` each time.
    """

    def __init__(self, is_compiled: bool):
        self.is_compiled = is_compiled
        self.view = self.world = World()
        self._tables: dict = {}
        if is_compiled:
            from simlib.fast.on_numba import Addresses

            self._addresses = np.zeros(len(TABLES), np.int64)
            self.world = Addresses(self._addresses.ctypes.data)
        for name, kind in TABLES.items():
            self._set(name, self._made(np.zeros(0, kind)))

    def _set(self, name, table):
        """Makes an array, or what was made of one, the table `name`."""
        if self.is_compiled:
            self._addresses[list(TABLES).index(name)] = table.ctypes.data
            setattr(self.view, name, table.view(np.recarray) if table.dtype.names else table)
        else:
            setattr(self.view, name, table)
        self._tables[name] = table

    def _made(self, array):
        if self.is_compiled:
            return array
        return _as_rows(array) if array.dtype.names else array.tolist()

    def length(self, name: str) -> int:
        """Rows of a table."""
        return len(self._tables[name])

    def extend(self, name: str, rows: np.ndarray) -> int:
        """Appends rows to a table and returns the number of the first."""
        table = self._tables[name]
        first = len(table)
        self._set(name, np.concatenate([table, rows]) if self.is_compiled else table + self._made(rows))
        return first

    def lengthen(self, name: str, more: int, value=0) -> int:
        """Appends `more` rows, empty or of a `value`, to a table and returns the number of the first."""
        kind = TABLES[name]
        return self.extend(name, np.zeros(more, kind) if kind.names else np.full(more, value, kind))

    def add(self, name: str, **fields) -> int:
        """Appends one record and returns its number."""
        row = np.zeros(1, TABLES[name])
        for field, value in fields.items():
            row[field] = value
        return self.extend(name, row)

    def replace(self, name: str, values: np.ndarray) -> None:
        """Sets a whole table of numbers."""
        self._set(name, self._made(values.astype(TABLES[name])))

    def set_columns(self, columns: np.ndarray) -> None:
        """Sets the columns, float64[column, request]; writing into them later is seen by the kernels."""
        self.columns = columns
        self.view.run[0].stride = columns.shape[1]
        flat = columns.reshape(-1)
        self._set("columns", flat if self.is_compiled else memoryview(flat))

    def lengthen_stack(self, name: str, more: int, head: str) -> None:
        """Appends free rows, linked by `next`, to the stack that begins at the run's field `head`."""
        first = self.length(name)
        rows = np.zeros(more, TABLES[name])
        rows["next"] = np.append(np.arange(first + 1, first + more), getattr(self.view.run[0], head))
        if "kind" in TABLES[name].names:
            rows["kind"] = NONE
        self.extend(name, rows)
        setattr(self.view.run[0], head, first)

    def taken(self, name: str, first: int, count: int) -> np.ndarray:
        """`count` rows of a table as an array, to be used before the kernels go on."""
        table = self._tables[name][first:first + count]
        if self.is_compiled:
            return table
        names = TABLES[name].names
        rows = np.zeros(count, TABLES[name])
        rows[:] = [tuple(getattr(row, field) for field in names) for row in table]
        return rows

    def emptied(self, name: str, rows: int) -> None:
        """Replaces a table by `rows` empty ones."""
        self._set(name, self._made(np.zeros(rows, TABLES[name])))
