"""The requests as kernels see them: a ring of columns, filled block by block as the run goes on.

Those blocks are held whose requests have not all ended. Cold-start dice are thrown when the first request of a few
thousand meets a cold start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from simlib.fast.state import State
from simlib.workload import Workload

_LATE_SHIFT = 14


class Columns:
    """The columns of one run.

    parts: the drawn requests, one Workload per block, in order; block_size: requests in each of them but the last, a
    power of two.
    `add` and `add_late` declare columns before `begin`; `load` brings the next block in.
    """

    def __init__(self, state: State, parts: Iterator[Workload], block_size: int):
        self.state = state
        self.parts = parts
        self.shift = max(block_size - 1, 1).bit_length()
        self.late_shift = min(_LATE_SHIFT, self.shift)
        self.blocks: dict[int, Workload] = {}
        self.loaded = 0
        self.slots = 2
        self._fills: list[Callable | None] = []
        self._masked: list[bool] = []
        self._numbers: dict = {}
        self._late: list[tuple[int, Callable]] = []
        self.add("arrival", lambda part: part.arrival_s)

    def add(self, name, fill: Callable | None, constant: bool = False) -> int:
        """The number of a column: `fill(part)` gives the values of a block. A `constant` one has one value for all;
        the same name is the same column."""
        if name not in self._numbers:
            self._numbers[name] = len(self._fills)
            self._fills.append(fill)
            self._masked.append(not constant)
        return self._numbers[name]

    def add_late(self, name, fill: Callable, count: int) -> tuple[int, int]:
        """Declares `count` neighbouring columns that few requests need: `fill(part)` gives an array for each.

        Returns the number of the first, and the number under which `known` says what has been filled.
        """
        first = len(self._fills)
        for number in range(count):
            self.add((name, number), None)
        self._late.append((first, fill))
        return first, len(self._late) - 1

    def begin(self) -> None:
        """Makes room for the columns of two blocks, for requests of one are still under way when the next begins."""
        run = self.state.view.run[0]
        run.block_shift, run.late_shift, run.late_kinds = self.shift, self.late_shift, len(self._late)
        self.state.set_columns(np.empty((len(self._fills), self.slots << self.shift)))
        self.state.replace("live", np.zeros(self.slots))
        self.state.replace("known", np.zeros(self.slots * self._late_per_slot))
        self._mask()

    @property
    def _late_per_slot(self):
        return len(self._late) << (self.shift - self.late_shift)

    def _mask(self):
        mask = (self.slots << self.shift) - 1
        self.state.view.run[0].mask = mask
        self.state.replace("masks", mask * np.array(self._masked, dtype=np.int64))

    def load(self) -> None:
        """Brings the next block in, or notes that there is none."""
        part = next(self.parts, None)
        if part is None:
            self.state.view.run[0].all_loaded = 1
            return
        while self.loaded >= self.slots and self.state.view.live[self.loaded & (self.slots - 1)] > 0:
            self._double()
        self.blocks.pop(self.loaded - self.slots, None)
        slot = self.loaded & (self.slots - 1)
        low, columns = slot << self.shift, self.state.columns
        for number, fill in enumerate(self._fills):
            if fill is not None and self._masked[number]:
                columns[number, low:low + part.n] = fill(part)
            elif fill is not None and part.n and not self.loaded:
                columns[number, 0] = fill(part.part(0, 1))[0]
        known = self.state.view.known
        for place in range(slot * self._late_per_slot, (slot + 1) * self._late_per_slot):
            known[place] = 0
        self.blocks[self.loaded] = part
        self.loaded += 1
        self.state.view.run[0].loaded += part.n

    def fill_late(self, kind: int, request: int) -> None:
        """Fills late columns around a request."""
        first, fill = self._late[kind]
        block = request >> self.shift
        part = self.blocks[block]
        low = (request - part.first) >> self.late_shift << self.late_shift
        high = min(low + (1 << self.late_shift), part.n)
        start = (block & (self.slots - 1)) << self.shift
        for number, values in enumerate(fill(part.part(low, high))):
            self.state.columns[first + number, start + low:start + high] = values
        self.state.view.known[(start + low >> self.late_shift) * len(self._late) + kind] = 1

    def _double(self):
        """Twice the room; every block moves to its new place."""
        was, self.slots = self.slots, 2 * self.slots

        def spread(values, per_slot):
            values = np.asarray(values)
            new = np.zeros(values.shape[:-1] + (self.slots * per_slot,), values.dtype)
            for block in range(self.loaded - was, self.loaded):
                old, target = (block & (was - 1)) * per_slot, (block & (self.slots - 1)) * per_slot
                new[..., target:target + per_slot] = values[..., old:old + per_slot]
            return new

        state = self.state
        state.replace("live", spread(state.view.live, 1))
        state.replace("known", spread(state.view.known, self._late_per_slot))
        constants = state.columns[:, 0].copy()
        state.set_columns(spread(state.columns, 1 << self.shift))
        same = ~np.array(self._masked)
        state.columns[same, 0] = constants[same]
        self._mask()
