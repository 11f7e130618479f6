"""What every service is made of: the order of equal times, call numbers, statuses and the metering record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Protocol

import numpy as np

from simlib.params import Checked
from simlib.workload import Workload

COMPLETION, TIMEOUT, EXPIRY, CAPACITY, ARRIVAL = range(1, 6)
"""What happens first when several things fall on the same instant (SimPy's own priorities 0 and 1 precede)."""

OK, ACCEPTED, STALE, CONFLICT, COLLECTION_FULL, THROTTLED = 200, 202, 203, 409, 413, 429
FUNCTION_ERROR, FUNCTION_TIMEOUT = 460, 461
REJECTED, FAILED, QUEUE_FULL, TIMED_OUT = 500, 502, 503, 504
EVENT_DONE, EVENT_DEAD_LETTERED, EVENT_DROPPED = 299, 560, 561
STATUS_NAMES = {OK: "ok", ACCEPTED: "accepted", STALE: "ok, but stale", CONFLICT: "transaction conflict",
                COLLECTION_FULL: "item collection full", THROTTLED: "throttled",
                FUNCTION_ERROR: "function error", FUNCTION_TIMEOUT: "function timeout",
                REJECTED: "rejected downstream", FAILED: "failed downstream",
                QUEUE_FULL: "queue full", TIMED_OUT: "timed out",
                EVENT_DONE: "event processed", EVENT_DEAD_LETTERED: "event sent to the queue",
                EVENT_DROPPED: "event dropped"}
"""How a visit ends, in HTTP's numbers. 429 and 503 turn a request away; 500 was turned away by what it called; 502 did
the work and got an error from what it called, or was cut off. 460 and 461 stand for what Lambda answers with 200 and
`FunctionError`, which an SDK therefore does not retry; 203 is a read that saw an old item, of which the caller knows
nothing; 299, 560 and 561 tell how an asynchronous event ended."""

EXPIRED_ITEM, ITEM_REPLACED, ITEM_DELETED = 204, 295, 296
RECORD_REPLICATED, RECORD_PROCESSED, RECORD_TOO_OLD, RECORD_GIVEN_UP = 297, 298, 562, 563
RECORD_TOO_OLD_QUEUED, RECORD_GIVEN_UP_QUEUED, RECORD_EXPIRED = 564, 565, 566
STATUS_NAMES |= {EXPIRED_ITEM: "ok, but an expired item", ITEM_REPLACED: "item written again",
                 ITEM_DELETED: "item deleted", RECORD_REPLICATED: "record replicated",
                 RECORD_PROCESSED: "record processed", RECORD_TOO_OLD: "record too old, discarded",
                 RECORD_GIVEN_UP: "record discarded after its retries",
                 RECORD_TOO_OLD_QUEUED: "record too old, sent to the queue",
                 RECORD_GIVEN_UP_QUEUED: "record sent to the queue after its retries", RECORD_EXPIRED: "record expired"}
"""204 is a read that met an item past its time to live; 295 to 298 and 562 to 566 tell how an item with a time to live
and a record of a stream ended."""

NO_REQUEST = -1
"""The request number of a span that no request caused, such as a ping."""

SUPERSEDED, CONFLICTED, REPLICATED_CONFLICT, LOST_WRITE, UNDELIVERED = 208, 209, 410, 520, 521
STATUS_NAMES |= {SUPERSEDED: "replicated after a later write", CONFLICTED: "replicated, and lost to a later write",
                 REPLICATED_CONFLICT: "replicated write conflict", LOST_WRITE: "lost with its Region",
                 UNDELIVERED: "not replicated to a lost Region"}
"""How a replicated write ended (see `dynamodb.replicas`); 410 stands for ReplicatedWriteConflictException."""

CALLS_PER_CALL = 128
"""Calls are numbered as a path: the k-th call (k >= 1) made by call c is c * 128 + k; the outermost call is 0."""

CALL_BITS, REQUEST_BITS = 63, 30
"""Bits that the engines keep for the number of a call and of a request."""

MOST_LEVELS = CALL_BITS // (CALLS_PER_CALL - 1).bit_length() + 1
"""How deep calls may be nested so that their numbers fit (see `Service.levels`)."""

BYTES_PER_GB = 1024**3
"""AWS bills a gigabyte of 1,024 MB (its own sums show it)."""

Handle = Callable[[int, int], Iterator]
"""What `open` returns: called with (request, call), a generator that ends by returning a status."""


def depths(stack: tuple[Service, ...]) -> list[int]:
    """How many levels of calls lie above each service of a stack."""
    return list(accumulate((service.levels for service in stack[:-1]), initial=0))


def first_call(depth: int, number: int = 0) -> int:
    """The number of the first call of the first call ... of call `number`, `depth` levels down."""
    for _ in range(depth):
        number = number * CALLS_PER_CALL + 1
    return number


class Shown:
    """Versions of items, for caches to know what they hold: how often each key was written, and what calls were shown.

    Calls are numbered as a path, so that each service that keeps copies finds what a call of its own was shown, however
    deep below it the table or another cache gave the answer. keepers: how many levels of calls lie above each service
    that keeps copies.
    """

    def __init__(self, keepers: Iterable[int] = ()):
        self.keepers = tuple(keepers)
        self.versions: dict[int, float] = {}
        self._shown: dict[tuple[int, int], float] = {}

    def teller(self, depth: int) -> Callable[[int, int, float], None]:
        """What a service with `depth` levels above it tells the keepers above: (request, call, version)."""
        above = [CALLS_PER_CALL ** (depth - keeper) for keeper in self.keepers if keeper < depth]

        def tell(request, call, version):
            for calls in above:
                self._shown[request, call // calls] = version

        return tell

    def take(self, request: int, call: int) -> float:
        """The version that a call was shown last; 0 where it was shown none. It is then forgotten."""
        return self._shown.pop((request, call), 0.0)

    def newest(self, key: int) -> float:
        """The version of an item after its last write."""
        return self.versions.get(key, 0.0)


class Run(Protocol):
    """What an engine offers an open service. Times are seconds since the window began."""

    workload: Workload
    window_s: float
    region: str
    date: str | None
    depth: int
    first_call: int
    now: float
    shown: Shown

    def at(self, time_s: float, kind: int, request: int, call: int) -> Any:
        """An event to yield: it happens at `time_s`; ties go by kind, then request, then call."""

    def within(self, deadline_s: float, activity: Iterator, request: int, call: int, callers=None) -> Iterator:
        """Plays `activity` until it ends or the deadline comes; its status, or None when late (it goes on).

        While it waits, `callers[request, call].settle(status)` cuts the wait short with another status.
        """

    def start(self, activity: Iterator) -> None:
        """Plays an activity on its own, beginning now."""

    def event(self) -> Any:
        """An event that another process triggers with `succeed()`."""

    def span(self, request, call, start_s, wait_s=0.0, init_s=0.0, work_s=0.0, status=OK, cold=0,
             billed_ms=0, resource=0, end_s=None) -> None:
        """Records what a request met here; it ends now unless `end_s` says otherwise. `billed_ms` is whole; a table
        keeps halves of capacity units in it."""

    def capacity(self, resource: int, start_s: float, end_s: float, amount: float) -> None:
        """Records that `amount` of `resource` stood ready from `start_s` to `end_s`."""

    def at_end(self, action: Callable[[], None]) -> None:
        """Has `action` called when every request has been played out."""

    def uniform(self, die: str, request: int, call: int) -> float:
        """The die of a repeated call: a pure function of seed, name, request and call."""


@dataclass(frozen=True)
class Window:
    """What a bill needs to know about the window that was played: its length, where and when, how many requests.

    between_windows: these are the quiet hours between two windows, in which what starts and stops with a window
    does not run.
    """

    window_s: float
    region: str
    date: str | None
    requests: int
    between_windows: bool = False

    @property
    def hours(self) -> float:
        """The window's length in hours."""
        return self.window_s / 3600


@dataclass(frozen=True)
class Metered:
    """What a service's `tally` looks at: some of its spans and capacity, as columns of arrays, and the requests they
    belong to (columns of the workload, to be taken by request number)."""

    spans: Mapping[str, np.ndarray]
    capacity: Mapping[str, np.ndarray]
    workload: Workload
    window: Window


_NOTHING = np.zeros(0)


class Sums:
    """Named sums over spans and capacity, one number or one per place (an hour, say).

    Numbers are added one after the other, so that the sums are the same, bit for bit, whatever blocks the spans come
    in.
    """

    def __init__(self):
        self._values: dict[str, np.ndarray] = {}
        self._parts: dict[int, Sums] = {}

    def add(self, name: str, values: np.ndarray) -> None:
        """Adds all `values` (of a mask: how many are true) to a sum."""
        known = self._at_least(name, 1)
        if values.dtype.kind in "iub":
            known[0] += int(values.sum())
        elif values.any():
            self.add_at(name, np.zeros(len(values), np.intp), values)

    def add_at(self, name: str, places: np.ndarray, values: np.ndarray) -> None:
        """Adds each value to the sum at its place."""
        np.add.at(self._at_least(name, int(places.max(initial=-1)) + 1), places, values)

    def _at_least(self, name, length):
        known = self._values.get(name, _NOTHING)
        if len(known) < length:
            known = self._values[name] = np.concatenate([known, np.zeros(length - len(known))])
        return known

    def part(self, number: int) -> Sums:
        """The sums of one of several functions."""
        return self._parts.setdefault(number, Sums())

    def __getitem__(self, name: str) -> float:
        known = self._values.get(name)
        return float(known[0]) if known is not None and len(known) else 0.0

    def by_place(self, name: str) -> np.ndarray:
        """The sum at each place, float64."""
        return self._values.get(name, _NOTHING)


@dataclass(frozen=True)
class Discount:
    """A reduction on every line whose sku starts with `sku_prefix`: `share` of the price, why, and the source."""

    sku_prefix: str
    share: float
    label: str
    source: str


class Service(Checked):
    """Base of every AWS service: a frozen description that can be opened on an engine and metered afterwards."""

    title: str = ""
    not_billed: tuple[str, ...] = ()
    counts_units: bool = False
    """Whether its spans hold halves of capacity units in place of billed milliseconds."""

    hands_on: bool = False
    """Whether it hands requests on to the service that does their work."""

    calls_next: bool = True
    """Whether a service may stand behind it in a stack."""

    keeps_copies: bool = False
    """Whether it answers from copies of what stands behind it."""

    stands_before: str = ""
    """The class of the service that must stand directly behind it, where there is one."""

    @property
    def levels(self) -> int:
        """How many levels of nested calls a visit to this service takes."""
        return 1

    @property
    def attached(self) -> dict[int, str]:
        """What plays beside the service and on its account, a stream or its consumers: name by number of the part (see
        `services.parts`) that its spans and capacity carry. The service's own have number 0."""
        return {}

    @property
    def left_off_the_bill(self) -> tuple[str, ...]:
        """What this service costs and its bill does not say: `not_billed`, and what is attached to it leaves off."""
        return self.not_billed

    def open(self, run: Run, backend: Handle | None) -> Handle:
        """Starts the service on an engine and returns how to call it."""
        raise NotImplementedError

    takes_batches: bool = False
    """Whether it can consume the records of a stream."""

    def open_batches(self, run: Run) -> Callable[[int, float, float, bool], Iterator]:
        """Starts the service as a consumer and returns how to hand it a batch: a generator function (call, work_vcpu_s,
        io_s, fails) that returns a status. `call` numbers the batch, for its span and its dice."""
        raise NotImplementedError

    def tally(self, metered: Metered, sums: Sums) -> None:
        """Adds to `sums` what of these spans and this capacity `usage` will ask for."""

    def usage(self, sums: Sums, window: Window) -> dict[str, float]:
        """What AWS meters in one window: quantity by sku, in the sku's unit; no dollars."""
        return {}

    def between_windows(self) -> Service:
        """The same service in the quiet hours: without what happens at a chosen time of the window."""
        return self

    def discounts(self, date: str | None) -> tuple[Discount, ...]:
        """Discounts chosen by the user."""
        return ()
