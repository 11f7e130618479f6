"""Makes a `World` and lets it grow: as NumPy arrays for compiled kernels, as lists for plain Python."""

from __future__ import annotations

from functools import cache

import numpy as np

from simlib.fast.world import ARRAYS, NONE, RECORDS, World


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

    `world` is what kernels take; `view` is the same memory for everybody else, whose records have attributes. Both
    change when a table grows, so nobody keeps them.
    """

    def __init__(self, is_compiled: bool):
        self.is_compiled = is_compiled
        self._tables = {name: self._made(np.zeros(0, kind)) for name, kind in (*RECORDS.items(), *ARRAYS.items())}
        self._tables["columns"] = np.zeros((0, 1))
        self._renew()

    def _made(self, array):
        if self.is_compiled:
            return array
        return _as_rows(array) if array.dtype.names else array.tolist()

    def _renew(self):
        self.world = World(**self._tables)
        if self.is_compiled:
            self.view = World(**{name: table.view(np.recarray) if name in RECORDS else table
                                 for name, table in self._tables.items()})
        else:
            columns = [memoryview(column) for column in self._tables["columns"]]
            self.view = self.world = self.world._replace(columns=columns)

    def length(self, name: str) -> int:
        """Rows of a table."""
        return len(self._tables[name])

    def extend(self, name: str, rows: np.ndarray) -> int:
        """Appends rows to a table and returns the number of the first."""
        table = self._tables[name]
        first = len(table)
        self._tables[name] = np.concatenate([table, rows]) if self.is_compiled else table + self._made(rows)
        self._renew()
        return first

    def lengthen(self, name: str, more: int, value=0) -> int:
        """Appends `more` empty rows (or entries `value`) to a table and returns the number of the first."""
        if name in RECORDS:
            return self.extend(name, np.zeros(more, RECORDS[name]))
        return self.extend(name, np.full(more, value, ARRAYS[name]))

    def add(self, name: str, **fields) -> int:
        """Appends one record and returns its number."""
        row = np.zeros(1, RECORDS[name])
        for field, value in fields.items():
            row[field] = value
        return self.extend(name, row)

    @property
    def columns(self) -> np.ndarray:
        """The columns, float64[column, request]; writing into them is seen by the kernels."""
        return self._tables["columns"]

    def replace(self, name: str, values: np.ndarray) -> None:
        """Sets a whole table of numbers."""
        self._tables[name] = values if name == "columns" else self._made(values.astype(ARRAYS[name]))
        self._renew()

    def lengthen_stack(self, name: str, more: int, head: str) -> None:
        """Appends free rows, linked by `next`, to the stack that begins at the run's field `head`."""
        run = self.view.run[0]
        first = self.length(name)
        rows = np.zeros(more, RECORDS[name])
        rows["next"] = np.append(np.arange(first + 1, first + more), getattr(run, head))
        if "kind" in RECORDS[name].names:
            rows["kind"] = NONE
        self.extend(name, rows)
        setattr(self.view.run[0], head, first)

    def taken(self, name: str, first: int, count: int) -> np.ndarray:
        """`count` rows of a table as an array, to be used before the kernels go on."""
        table = self._tables[name][first:first + count]
        if self.is_compiled:
            return table
        names = RECORDS[name].names
        rows = np.zeros(count, RECORDS[name])
        rows[:] = [tuple(getattr(row, field) for field in names) for row in table]
        return rows

    def emptied(self, name: str, rows: int) -> None:
        """Replaces a table by `rows` empty ones."""
        self._tables[name] = self._made(np.zeros(rows, RECORDS[name]))
        self._renew()


def linked(state: State, first: int) -> list[int]:
    """The numbers of idle environments on one stack, the oldest first."""
    found = []
    while first != NONE:
        found.append(first)
        first = state.view.environments[first].next
    return found[::-1]
