"""What a request is: which operation, on which key, how much work, how many bytes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from simlib import dists
from simlib.params import Checked, ParamError, param

DISTRIBUTIONS = ("constant", "exponential", "lognormal")


@dataclass(frozen=True)
class Operation(Checked):
    """One kind of request, with its share of the mix and what the learner's own code does for it.

    Models: computing of its own (`work_vcpu_s`, spread over at most `threads` vCPUs, perfectly parallel) and
    waiting of its own (`io_s`, a call to somebody else's API, say); what it asks of a database at the end of the
    stack: `items` items of one partition key, read or written, through the table or an index. Leaves out: time spent in
    AWS services, which the services of the stack add themselves. A `*_cv` (standard deviation / mean) is used by
    lognormal only.
    """

    name: str = param("read", "", "name of the operation")
    weight: float = param(1.0, "", "share of the mix, relative to the other operations", lo=0, hi=1e9)
    work_vcpu_s: float = param(0.05, "vCPU-s", "mean computing time on one full vCPU", lo=0, hi=1e5)
    work_distribution: str = param("constant", "", "how computing time varies", choices=DISTRIBUTIONS)
    work_cv: float = param(1.0, "", "variation of a lognormal computing time", lo=0.01, hi=20)
    threads: int = param(1, "threads", "vCPUs the computing can use at once", lo=1, hi=192)
    io_s: float = param(0.02, "s", "mean time spent waiting, without computing", lo=0, hi=1e5)
    io_distribution: str = param("constant", "", "how waiting time varies", choices=DISTRIBUTIONS)
    io_cv: float = param(1.0, "", "variation of a lognormal waiting time", lo=0.01, hi=20)
    request_bytes: int = param(1024, "bytes", "size of the request", lo=0, hi=10**9)
    item_bytes: int = param(2048, "bytes", "mean size of an item that is read, written or returned", lo=0, hi=10**9)
    item_distribution: str = param("constant", "", "how that size varies",
                                   choices=("constant", "lognormal"))
    item_cv: float = param(1.0, "", "variation of a lognormal size", lo=0.01, hi=20)
    access: str = param("read", "", "what it does to the items of its key", choices=("read", "write"))
    consistency: str = param("eventual", "", "how it reads, or whether it is a transaction",
                             choices=("eventual", "strong", "transactional"))
    items: int = param(1, "items", "items that it reads (a Query) or writes (a batch) in one call", lo=1, hi=100)
    index: str | None = param(None, "", "name of the global index that it reads; nothing: the table")

    def check(self):
        """Only reads go through an index, and a global index gives no strong or transactional reads."""
        if self.index is not None and (self.access, self.consistency) != ("read", "eventual"):
            raise ParamError(f"Operation.index is {self.index!r}, but a global index is read eventually consistent "
                             "only; choose access read and consistency eventual, or leave the index out.")

    def is_constant(self, what: str) -> bool:
        """Whether `what`, one of work, io and item, is the same whatever the dice say."""
        mean = {"work": self.work_vcpu_s, "io": self.io_s, "item": self.item_bytes}[what]
        return mean == 0 or getattr(self, f"{what}_distribution") == "constant"

    def work(self, u: np.ndarray) -> np.ndarray:
        """Uniforms -> vCPU-seconds, float64."""
        return dists.draw(u, self.work_distribution, self.work_vcpu_s, self.work_cv)

    def io(self, u: np.ndarray) -> np.ndarray:
        """Uniforms -> seconds, float64."""
        return dists.draw(u, self.io_distribution, self.io_s, self.io_cv)

    def item(self, u: np.ndarray) -> np.ndarray:
        """Uniforms -> whole bytes, int64; never below 1 unless `item_bytes` is 0."""
        size = np.rint(dists.draw(u, self.item_distribution, self.item_bytes, self.item_cv)).astype(np.int64)
        return np.maximum(size, 1) if self.item_bytes else size


@dataclass(frozen=True)
class Keys(Checked):
    """How requests spread over keys (items, users, pages). Key 0 is the most popular one.

    zipf: the chance of key i is proportional to 1 / (i + 1) ** exponent (0: uniform; about 1: web pages);
    hot: one key gets `hot_share` of all requests, the others share the rest evenly; uniform: all alike.
    """

    popularity: str = param("zipf", "", "how requests spread over keys", choices=("zipf", "uniform", "hot"))
    count: int = param(1000, "keys", "number of keys", lo=1, hi=10_000_000)
    exponent: float = param(1.0, "", "steepness of zipf", lo=0, hi=1000)
    hot_share: float = param(0.5, "", "share of the hot key", lo=0, hi=1)
    absent_share: float = param(0.0, "", "share of keys under which nothing is stored", lo=0, hi=1)

    def shares(self) -> np.ndarray:
        """The chance of each key, float64[count], summing to 1."""
        if self.popularity == "zipf":
            return np.diff(_zipf(self.count, self.exponent), prepend=0.0)
        if self.popularity == "uniform" or self.count == 1:
            return np.full(self.count, 1 / self.count)
        rest = np.full(self.count, (1 - self.hot_share) / (self.count - 1))
        rest[0] = self.hot_share
        return rest

    def draw(self, u: np.ndarray) -> np.ndarray:
        """Uniforms -> keys, int64, 0 <= key < count; a larger uniform never gives a more popular key."""
        if self.popularity == "zipf":
            return _ranks(self.count, self.exponent, np.asarray(u))
        if self.popularity == "hot" and self.count > 1:
            if self.hot_share == 1:
                return np.zeros(len(u), np.int64)
            cold = (np.asarray(u) - self.hot_share) / (1 - self.hot_share) * (self.count - 1)
            key = np.where(cold < 0, 0, 1 + np.floor(cold)).astype(np.int64)
        else:
            key = np.floor(np.asarray(u) * self.count).astype(np.int64)
        return np.minimum(key, self.count - 1)


@lru_cache(maxsize=2)
def _zipf(count: int, exponent: float) -> np.ndarray:
    """The chance of a key not beyond i, float64[count]; the last is exactly 1."""
    table = np.cumsum(np.arange(1, count + 1, dtype=float) ** -exponent)
    table /= table[-1]
    table.setflags(write=False)
    return table


_CELLS = 1 << 18
_MANY = 1 << 15


def _ranks(count: int, exponent: float, u: np.ndarray) -> np.ndarray:
    """For each uniform the first key whose cumulated chance is above it: int64, as `numpy.searchsorted` finds it.

    Of many uniforms only those are searched for whose cell, one of equal size, has a key's limit in it.
    """
    upto = _zipf(count, exponent)
    if u.size < _MANY or count >= _CELLS:
        return np.searchsorted(upto, u, side="right")
    first, is_cut = _cells(count, exponent)
    cell = (u * _CELLS).astype(np.intp)
    found = first[cell]
    unsure = np.flatnonzero(is_cut[cell])
    found[unsure] = np.searchsorted(upto, u[unsure], side="right")
    return found


@lru_cache(maxsize=2)
def _cells(count: int, exponent: float) -> tuple[np.ndarray, np.ndarray]:
    """For each of equal cells of [0, 1) the key at its lower end, and whether another key begins within."""
    first = np.searchsorted(_zipf(count, exponent), np.arange(_CELLS + 1) / _CELLS, side="right")
    return first[:-1], first[1:] != first[:-1]


def check_mix(operations: tuple[Operation, ...]) -> None:
    """Refuses an operation mix without weight or with a name used twice."""
    names = [operation.name for operation in operations]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ParamError(f"Traffic.operations has two operations named {twice!r}; give each its own name.")
    if sum(operation.weight for operation in operations) <= 0:
        raise ParamError("Traffic.operations has no weight at all; give at least one operation a weight "
                         "above 0.")
