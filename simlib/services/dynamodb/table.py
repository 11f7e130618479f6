"""A DynamoDB table: its settings, the life of a call, and what is billed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from simlib import dists, facts
from simlib.capacity_units import (
    EVENTUAL,
    READ_BYTES,
    STRONG,
    TRANSACTIONAL_READ,
    TRANSACTIONAL_WRITE,
    WRITE_BYTES,
    started,
)
from simlib.params import Checked, ParamError, param, shown
from simlib.services.base import (
    ARRIVAL,
    BYTES_PER_GB,
    CALLS_PER_CALL,
    COLLECTION_FULL,
    COMPLETION,
    CONFLICT,
    EXPIRED_ITEM,
    OK,
    STALE,
    THROTTLED,
    Metered,
    Service,
    Sums,
    Window,
)
from simlib.services.dynamodb.capacity import Partition, Throughput, admits, take
from simlib.services.dynamodb.changes import LEVELS, Changes, attached, readers
from simlib.services.dynamodb.changes import tally as tally_changes
from simlib.services.dynamodb.changes import usage as usage_of_changes
from simlib.services.dynamodb.control import Control, read_of, write_of
from simlib.services.dynamodb.kinesis import KinesisStream
from simlib.services.dynamodb.replicas import (
    NOT_BILLED,
    REPLICATION,
    GlobalTable,
    check_table,
    is_replicated_capacity,
    open_replicas,
    replicated_units,
    replicated_usage,
    tally_transfer,
)
from simlib.services.dynamodb.streams import Stream
from simlib.services.dynamodb.ttl import Ttl
from simlib.services.parts import own_part

LATENCIES = ("dynamodb.read", "dynamodb.write", "dynamodb.transact_read", "dynamodb.transact_write")
TRANSACTION = 2
ITEM_MAX_BYTES = int(facts.value("dynamodb.item_max_bytes"))
CAPACITY_FIELDS = ("start_s", "end_s", "amount", "resource")
MODES = ("on_demand", "provisioned")
_HOUR_S, _DAY_S = 3600.0, 86_400.0
HALVES = 2
"""Consumed units are kept as whole halves, for half a unit is the smallest read."""


@dataclass(frozen=True)
class GlobalIndex(Checked):
    """A global secondary index of a `DynamoDb` table.

    key_values: how many values its partition key takes (a status has three, a customer number thousands): item k has
    value k modulo this; projected_bytes: size of an entry (nothing: the whole item); changed_share: of the table's
    writes, those that change an entry (a sparse index has few); moved_share: of these, those that change the index key,
    which costs a delete and a put; read_capacity, write_capacity: its own, in provisioned mode.
    """

    name: str = param("by-status", "", "name of the index")
    key_values: int = param(1000, "values", "different values of its partition key", 1, 10_000_000)
    projected_bytes: int | None = param(None, "bytes", "size of an entry; nothing: the whole item", 1, 409_600)
    changed_share: float = param(1.0, "", "share of writes that change an entry", 0, 1)
    moved_share: float = param(0.0, "", "share of those that change the index key", 0, 1)
    read_capacity: float = param(5, "RCU", "provisioned reads", 1, 1e6)
    write_capacity: float = param(5, "WCU", "provisioned writes", 1, 1e6)

    def check(self):
        """An index has a name, for operations to read it by."""
        if not isinstance(self.name, str) or not self.name:
            raise ParamError(f"GlobalIndex.name is {shown(self.name)}, but it must be a text; write for example "
                             '"by-status".')

    @property
    def is_partial(self) -> bool:
        """Whether writes differ in what they cost the index."""
        return self.changed_share < 1 or self.moved_share > 0


@dataclass(frozen=True)
class DynamoDb(Service):
    """A DynamoDB table with its global indexes, called through an AWS SDK. What follows a write is told by its `stream`
    (see `Stream`), by `kinesis` (see `KinesisStream`) and by `ttl` (see `Ttl`).

    Models: read and write units of every call; provisioned capacity, divided among partitions, with 300 s of burst
        capacity each, adaptive capacity that lends a hot partition at once what others leave unused, and 3,000 read and
        1,000 write units a second that no partition and no key exceeds; auto scaling with its delays; on-demand
        capacity that serves twice the previous peak, an optional maximum, the table quota; global indexes whose
        throttling throttles the table's writes; local indexes and their item collections of 10 GB; switches between
        the modes (`mode_schedule`: pairs of a second and a mode); write sharding; transactions that conflict on a key;
        eventually consistent reads that are stale; the SDK's retries, during which the caller waits; replicas
        in other Regions (see `GlobalTable`).
    Leaves out: items themselves (see `simlib.meter`); keys that meet in one partition by chance (they are spread as
        well as can be, as adaptive capacity does with hot ones); items of one call in several partitions; a delay of
        the index behind the table; the SDK's retry quota; the minutes that a switch of modes takes.
    Billed for: provisioned capacity by the hour or request units, storage, reserved capacity, point-in-time recovery,
        backups and restores; what `KinesisStream` and `Ttl` say, reads of the stream, and functions that read it.
    Sources: data/facts.csv (dynamodb.*, sdk.*), data/latencies.csv, data/prices.csv.
    """

    title = "Amazon DynamoDB"
    not_billed = ("data transfer out, unless added", "raising warm throughput", "exports to S3")
    counts_units = True
    calls_next = False
    parts: ClassVar[dict] = {"indexes": GlobalIndex, "global_table": GlobalTable, "stream": Stream,
                             "kinesis": KinesisStream, "ttl": Ttl}

    capacity_mode: str = param("on_demand", "", "how throughput is paid", choices=MODES)
    read_capacity: float = param(5, "RCU", "provisioned reads", 1, 1e6)
    write_capacity: float = param(5, "WCU", "provisioned writes", 1, 1e6)
    auto_scaling: bool = param(False, "", "capacity follows consumption")
    target_utilization: float = param(0.7, "", "utilisation that auto scaling aims at", 0.2, 0.9)
    min_read_capacity: float = param(5, "RCU", "the least that auto scaling leaves", 1, 1e6)
    max_read_capacity: float = param(40_000, "RCU", "the most that auto scaling sets", 1, 1e6)
    min_write_capacity: float = param(5, "WCU", "the least that auto scaling leaves", 1, 1e6)
    max_write_capacity: float = param(40_000, "WCU", "the most that auto scaling sets", 1, 1e6)
    previous_peak_reads: float = param(0, "RRU/s", "on demand: most reads a second that the table has seen", 0, 1e8)
    previous_peak_writes: float = param(0, "WRU/s", "on demand: most writes a second that it has seen", 0, 1e8)
    warm_reads: float | None = param(None, "RRU/s", "on demand: warm throughput; nothing: by its peak", 1, 1e8)
    warm_writes: float | None = param(None, "WRU/s", "on demand: the same for writes", 1, 1e8)
    max_read_request_units: float | None = param(None, "RRU/s", "on demand: a maximum to cap the bill", 1, 1e8)
    max_write_request_units: float | None = param(None, "WRU/s", "on demand: the same for writes", 1, 1e8)
    mode_schedule: tuple = ()
    table_quota: float = param(40_000, "units/s", "quota of reads and of writes of one table", 1, 1e8)
    partitions: int | None = param(None, "partitions", "of a provisioned table; nothing: by capacity, size", 1, 4000)
    adaptive_capacity: bool | None = param(None, "", "unused throughput goes to hot partitions; nothing: by the date",
                                           choices=(True, False))
    burst_at_start: float = param(1.0, "", "share of burst capacity that is saved when the window begins", 0, 1)
    write_shards: int = param(1, "shards", "suffixes over which the writes of one key are spread", 1, 1000)
    indexes: tuple[GlobalIndex, ...] = ()
    stream: Stream | None = None
    kinesis: KinesisStream | None = None
    ttl: Ttl | None = None
    local_indexes: int = param(0, "indexes", "local secondary indexes", 0, 5)
    local_projected_bytes: int | None = param(None, "bytes", "size of their entries; nothing: whole items", 1, 409_600)
    collection_gb: float = param(0.0, "GB", "size of every item collection at first; 10 GB with a local index", 0, 1e4)
    new_item_share: float = param(0.0, "", "share of writes that add an item to their collection", 0, 1)
    table_class: str = param("standard", "", "table class", choices=("standard", "standard_ia"))
    storage_gb: float = param(1.0, "GB", "data in table and indexes when a month begins", 0, 1e7)
    storage_growth_gb: float = param(0.0, "GB", "data that a month adds; half of it counts", 0, 1e7)
    reserved_read_capacity: float = param(0, "RCU", "reads reserved for a year", 0, 1e6)
    reserved_write_capacity: float = param(0, "WCU", "writes reserved for a year", 0, 1e6)
    point_in_time_recovery: bool = param(False, "", "continuous backups")
    backup_gb: float = param(0.0, "GB", "on-demand backups that are kept", 0, 1e7)
    restored_gb: float = param(0.0, "GB", "data restored in a month", 0, 1e7)
    max_attempts: int = param(4, "attempts", "of the SDK, the first included", 1, 20)
    backoff_s: float = param(1.0, "s", "ceiling of the SDK's first pause after throttling; it doubles", 0, 60)
    backoff_max_s: float = param(20.0, "s", "ceiling of any pause", 0, 600)
    global_table: GlobalTable | None = None

    def check(self):
        if self.global_table is not None:
            check_table(self)
            object.__setattr__(self, "not_billed", type(self).not_billed + NOT_BILLED)
        indexes = self.indexes
        if isinstance(indexes, GlobalIndex):
            indexes = (indexes,)
        if not isinstance(indexes, (tuple, list)) or not all(isinstance(each, GlobalIndex) for each in indexes):
            raise ParamError(f"DynamoDb.indexes is {indexes!r}, but it must hold GlobalIndex descriptions; write for "
                             'example (GlobalIndex("by-status"),).')
        names = [each.name for each in indexes]
        if len(set(names)) < len(names):
            raise ParamError("DynamoDb.indexes has two indexes of one name; give each its own.")
        if len(indexes) > facts.value("dynamodb.gsi_max"):
            raise ParamError(f"DynamoDb.indexes has {len(indexes)} indexes, but a table has at most "
                             f"{facts.value('dynamodb.gsi_max'):.0f}; leave some out.")
        object.__setattr__(self, "indexes", tuple(indexes))
        object.__setattr__(self, "mode_schedule", checked_schedule(self.mode_schedule))
        for kind in ("read", "write"):
            least, most = getattr(self, f"min_{kind}_capacity"), getattr(self, f"max_{kind}_capacity")
            if least > most:
                raise ParamError(f"DynamoDb.min_{kind}_capacity is {least:g}, above max_{kind}_capacity {most:g}; "
                                 f"lower it or raise max_{kind}_capacity.")
        if (self.reserved_read_capacity or self.reserved_write_capacity) and (
                "provisioned" not in self.modes or self.table_class != "standard"):
            raise ParamError("DynamoDb.reserved_read_capacity and reserved_write_capacity need provisioned mode and "
                             "the standard class; change capacity_mode and table_class, or reserve nothing.")
        if "provisioned" in self.modes:
            for kind, most in (("read", self.read_capacity), ("write", self.write_capacity)):
                if most > self.table_quota:
                    raise ParamError(f"DynamoDb.{kind}_capacity is {most:g}, above the table quota of "
                                     f"{self.table_quota:g}; lower it or raise table_quota.")
        for name, kind in (("stream", Stream), ("kinesis", KinesisStream), ("ttl", Ttl)):
            if not isinstance(getattr(self, name), kind | None):
                raise ParamError(f"DynamoDb.{name} is {shown(getattr(self, name))}, but it must be a {kind.__name__} "
                                 f"or nothing; write for example {kind.__name__}().")
        names = list(self.attached.values())
        if len(set(names)) < len(names):
            raise ParamError(f"DynamoDb has two readers of one name among {', '.join(names)}; give each its own.")

    @property
    def modes(self) -> tuple[str, ...]:
        """The capacity modes of the window, in order."""
        return (self.capacity_mode, *(mode for _, mode in self.mode_schedule))

    def is_provisioned_at(self, times_s: np.ndarray) -> np.ndarray:
        """Whether the table is in provisioned mode at some seconds of the window: bool of the same shape."""
        switched_s = [at_s for at_s, _ in self.mode_schedule]
        return np.array([mode == "provisioned" for mode in self.modes])[np.searchsorted(switched_s, times_s, "right")]

    # What requests ask for

    def target_of(self, operation) -> int:
        """What an operation reads: 0 for the table, else the number of the index from 1. Raises ParamError."""
        if operation.index is None:
            return 0
        names = [index.name for index in self.indexes]
        if operation.index not in names:
            known = ", ".join(names) or "none"
            raise ParamError(f"The operation {operation.name!r} reads the index {operation.index!r}, but the table has "
                             f"{known}; name one of its indexes, or leave Operation.index out.")
        return names.index(operation.index) + 1

    def demand(self, workload) -> np.ndarray:
        """Units that each request wants of the table (row 0) and of each index: float64[1 + indexes, requests]."""
        self.check_sizes(workload.traffic.operations)
        size = np.minimum(np.asarray(workload.item_bytes), ITEM_MAX_BYTES)
        kind = np.asarray(workload.operation)
        units = np.zeros((1 + len(self.indexes), workload.n))
        dice = [workload.uniforms(f"dynamodb.index.{index.name}") if index.is_partial else None
                for index in self.indexes]
        for number, operation in enumerate(workload.traffic.operations):
            mine = kind == number
            if operation.access == "read":
                place = self.target_of(operation)
                projected = self.indexes[place - 1].projected_bytes if place else None
                units[place, mine] = self._read_units(operation, _projected(size[mine], projected), place == 0)
                continue
            units[0, mine] = self.write_units(operation, size[mine])
            for place, index in enumerate(self.indexes, 1):
                entry = operation.items * started(_projected(size[mine], index.projected_bytes), WRITE_BYTES)
                units[place, mine] = entry if dice[place - 1] is None else index_units(
                    entry, dice[place - 1][mine], index)
        return units

    @staticmethod
    def check_sizes(operations) -> None:
        """Refuses items that no table takes; the few that a spread of sizes makes too large count as just fitting.
        Raises ParamError."""
        large = next((each for each in operations if each.item_bytes > ITEM_MAX_BYTES), None)
        if large is not None:
            raise ParamError(f"The operation {large.name!r} has items of {large.item_bytes:,} bytes, but DynamoDB "
                             f"takes at most {ITEM_MAX_BYTES:,}; make them smaller, or write several.")

    def write_units(self, operation, size: np.ndarray) -> np.ndarray:
        """Units of the table, local indexes included and global ones not, that writes of these sizes take."""
        twice = TRANSACTIONAL_WRITE if operation.consistency == "transactional" else 1
        units = operation.items * twice * started(size, WRITE_BYTES)
        if self.local_indexes:
            local = started(_projected(size, self.local_projected_bytes), WRITE_BYTES)
            units = units + operation.items * self.local_indexes * local
        return units

    def _read_units(self, operation, size, from_table):
        if operation.consistency == "transactional":
            return operation.items * TRANSACTIONAL_READ * started(size, READ_BYTES)
        factor = STRONG if operation.consistency == "strong" else EVENTUAL
        shards = self.write_shards if from_table else 1
        return shards * factor * started(-(-operation.items * size // shards), READ_BYTES)

    def latency_s(self, workload) -> np.ndarray:
        """Seconds that each request's call takes when it is not throttled, by request."""
        u = workload.uniforms("dynamodb.latency")
        found = np.empty(workload.n)
        for number, operation in enumerate(workload.traffic.operations):
            mine = np.asarray(workload.operation) == number
            found[mine] = dists.table(u[mine], *facts.latency(LATENCIES[kind_of(operation)]))
        return found

    def collection_bytes(self, workload) -> np.ndarray:
        """Bytes that each request's write adds to its item collection, local indexes included; 0 where it adds none."""
        size = np.asarray(workload.item_bytes, dtype=float)
        local = self.local_indexes * _projected(size, self.local_projected_bytes)
        items = np.array([operation.items * (operation.access == "write") for operation in workload.traffic.operations])
        adds = workload.uniforms("dynamodb.new_item") < self.new_item_share
        return np.where(adds, items[workload.operation] * (size + local), 0.0)

    @property
    def collection_room_bytes(self) -> float:
        """What an item collection may still take; without local indexes there is no limit."""
        if not self.local_indexes:
            return math.inf
        return (facts.value("dynamodb.item_collection_max_gb") - self.collection_gb) * BYTES_PER_GB

    def adapts(self, date: str | None) -> bool:
        """Whether unused throughput goes to hot partitions."""
        if self.adaptive_capacity is None:
            return bool(facts.value("dynamodb.adaptive_capacity", date))
        return self.adaptive_capacity

    # Playing

    def open(self, run, backend):
        return self.open_in(run) if self.global_table is None else open_replicas(self, run)

    def open_in(self, run, replica=None):
        """Opens one Region's table; `replica` is told of its calls (see `replicas.Replica`)."""
        control = Control(self, run, _Objects())
        wholes, partitions = control.wholes, control.partitions
        workload = run.workload
        operations = workload.traffic.operations
        kinds = [kind_of(operation) for operation in operations]
        targets = [self.target_of(operation) for operation in operations]
        stale_after = [lag_of(operation) for operation in operations]
        moduli = [index.key_values for index in self.indexes]
        demand = [memoryview(row) for row in self.demand(workload)]
        latency_s = memoryview(self.latency_s(workload))
        operation_of, key_of = memoryview(workload.operation), memoryview(workload.key)
        lag_u = memoryview(workload.uniforms("dynamodb.lag"))
        shards = self.write_shards
        shard_u = memoryview(workload.uniforms("dynamodb.shard")) if shards > 1 else None
        answer_s = facts.value("dynamodb.throttled_answer_ms") / 1000
        room_bytes = self.collection_room_bytes
        adds_bytes = memoryview(self.collection_bytes(workload)) if room_bytes < math.inf else None
        added_bytes: dict[int, float] = {}
        shown = run.shown
        tell = shown.teller(run.depth)
        busy_until_s: dict[int, float] = {}
        written_s: dict[int, float] = {} if replica is None else replica.written_s
        changes = Changes(self, run, int(wholes[write_of(0)].count)) if attached(self) else None

        def places(request, kind, key):
            """(whole, partition, units) of all that the call consumes."""
            if kind % 2 == 0:
                place = targets[operation_of[request]]
                whole, units = wholes[read_of(place)], demand[place][request]
                if place:
                    return [(whole, partitions[whole.first + key % moduli[place - 1] % whole.count], units)]
                return [(whole, partitions[whole.first + (key * shards + shard) % whole.count], units / shards)
                        for shard in range(shards)]
            whole = wholes[write_of(0)]
            shard = int(shard_u[request] * shards) if shard_u else 0
            found = [(whole, partitions[whole.first + (key * shards + shard) % whole.count], demand[0][request])]
            for place, modulus in enumerate(moduli, 1):
                if demand[place][request]:
                    whole = wholes[write_of(place)]
                    found.append((whole, partitions[whole.first + key % modulus % whole.count], demand[place][request]))
            return found

        if replica is not None:
            replica.places = places

        def call(request, number):
            start_s = run.now
            kind = kinds[operation_of[request]]
            key = int(key_of[request])
            attempt = 1
            while True:
                wanted = places(request, kind, key)
                if all([admits(*each, run.now) for each in wanted]):
                    break
                yield run.at(run.now + answer_s, COMPLETION, request, number)
                if attempt == self.max_attempts:
                    run.span(request, number, start_s, wait_s=run.now - start_s, status=THROTTLED, resource=attempt)
                    return THROTTLED
                ceiling_s = min(self.backoff_max_s, self.backoff_s * 2 ** (attempt - 1))
                inner = number * CALLS_PER_CALL + attempt
                pause_s = ceiling_s * run.uniform("dynamodb.backoff", request, inner)
                yield run.at(run.now + pause_s, ARRIVAL, request, number)
                attempt += 1
            begun_s = run.now
            halves = 0
            for whole, partition, units in wanted:
                take(whole, partition, units)
                halves += int(units * HALVES)
            first = number == run.first_call
            work_s = latency_s[request] if first else float(dists.table(
                np.array([run.uniform("dynamodb.latency", request, number)]), *facts.latency(LATENCIES[kind]))[0])
            status = seen = OK
            if (kind % 2 == 1 or kind >= TRANSACTION) and busy_until_s.get(key, 0.0) > begun_s:
                status = seen = CONFLICT
            elif adds_bytes and adds_bytes[request] and added_bytes.get(key, 0.0) + adds_bytes[request] > room_bytes:
                status = seen = COLLECTION_FULL
            elif kind == TRANSACTION + 1:
                busy_until_s[key] = begun_s + work_s
            elif stale_after[operation_of[request]] is not None and key in written_s:
                u = lag_u[request] if first else run.uniform("dynamodb.lag", request, number)
                lag_s = float(dists.table(np.array([u]), *facts.latency(stale_after[operation_of[request]]))[0])
                if begun_s - written_s[key] < lag_s:
                    seen = STALE
            if adds_bytes and status == OK:
                added_bytes[key] = added_bytes.get(key, 0.0) + adds_bytes[request]
            if replica is not None:
                seen, work_s = replica.begin(request, key, seen, work_s)
            version = shown.newest(key) - (seen == STALE)
            yield run.at(begun_s + work_s, COMPLETION, request, number)
            if replica is not None:
                seen = replica.end(request, number, key, start_s, seen)
                status = OK if seen == STALE else seen
            if kind % 2 == 1 and status == OK:
                written_s[key] = run.now
                version = shown.versions[key] = shown.newest(key) + 1.0
                if changes:
                    changes.wrote(request, number, key * shards + (int(shard_u[request] * shards) if shard_u else 0))
            elif (changes and kind % 2 == 0 and status == OK and not targets[operation_of[request]]
                  and changes.is_expired(key)):
                seen = EXPIRED_ITEM
            tell(request, number, version)
            run.span(request, number, start_s, wait_s=begun_s - start_s, work_s=work_s, status=seen, billed_ms=halves,
                     resource=attempt)
            return status

        return call

    # Metering

    def tally(self, metered: Metered, sums: Sums):
        if attached(self):
            tally_changes(self, metered, sums)
            metered = own_part(self, metered)
        spans, workload = metered.spans, metered.workload
        writes = np.array([operation.access == "write" for operation in workload.traffic.operations])
        is_write = writes[workload.operation[spans["request"].astype(np.int64)]]
        halves = spans["billed_ms"].astype(np.int64)
        replicated = (HALVES * replicated_units(self, metered)).astype(np.int64)
        requested = ~self.is_provisioned_at(spans["start_s"] + spans["wait_s"])
        sums.add("read_halves", halves[requested & ~is_write])
        sums.add("write_halves", (halves - replicated)[requested & is_write])
        sums.add("replicated_halves", replicated[requested])
        tally_transfer(self, metered, sums)
        if "provisioned" in self.modes:
            rows = metered.capacity
            paid = self.is_provisioned_at(rows["start_s"])
            for start_s, end_s, amount, resource in zip(*(rows[name][paid] for name in CAPACITY_FIELDS)):
                hours, seconds = _by_hour(float(start_s), float(end_s))
                kind = "read" if resource % 2 else "replicated" if is_replicated_capacity(self, resource) else "write"
                sums.add_at(f"{kind}_unit_s", hours, seconds * amount)

    def usage(self, sums: Sums, window: Window):
        month = window.hours / facts.value("hours_per_month")
        used = {}
        for kind, reserved in (("read", self.reserved_read_capacity), ("write", self.reserved_write_capacity)):
            if "on_demand" in self.modes:
                used[f"dynamodb.{kind}_request.{self.table_class}"] = sums[f"{kind}_halves"] / HALVES
            if "provisioned" not in self.modes:
                continue
            by_hour = sums.by_place(f"{kind}_unit_s")
            covered = reserved * np.minimum(_HOUR_S, window.window_s - _HOUR_S * np.arange(len(by_hour)))
            paid_s = float(np.maximum(by_hour - covered, 0).sum())
            used[f"dynamodb.{kind}_capacity.{self.table_class}"] = paid_s / _HOUR_S
            if reserved:
                used[f"dynamodb.reserved_{kind}_capacity.standard"] = reserved * window.hours
                used[f"dynamodb.reserved_{kind}_upfront.standard"] = reserved * window.hours
        stored_gb = self.storage_gb + self.storage_growth_gb / 2
        used[f"dynamodb.storage.{self.table_class}"] = stored_gb * month
        if self.point_in_time_recovery:
            used["dynamodb.pitr"] = stored_gb * month
        for sku, gigabytes in (("dynamodb.backup", self.backup_gb), ("dynamodb.restore", self.restored_gb)):
            if gigabytes:
                used[sku] = gigabytes * month
        for sku, quantity in usage_of_changes(self, sums, window).items():
            used[sku] = used.get(sku, 0.0) + quantity
        return used if self.global_table is None else replicated_usage(self, sums, window, used)

    @property
    def levels(self) -> int:
        """One; two with replicated writes; three with records of changes, numbered two levels below the write."""
        return 2 if self.global_table is not None else LEVELS if self.attached else 1

    @property
    def attached(self) -> dict[int, str]:
        """Replication; or readers of its streams with their functions, a Kinesis data stream, Time to Live."""
        return attached(self) if self.global_table is None else {REPLICATION: "Replication"}

    def between_windows(self):
        quiet = {name: each and replace(each, consumers=tuple(reader.between_windows() for reader in each.consumers))
                 for name, each in (("stream", self.stream), ("kinesis", self.kinesis))}
        quiet["global_table"] = self.global_table and replace(self.global_table, fails_at_s=None)
        return replace(self, **quiet)

    @property
    def left_off_the_bill(self) -> tuple[str, ...]:
        """Its own remarks and those of its readers."""
        return self.not_billed + tuple(item for _, reader in readers(self) for item in reader.not_billed)

    def discounts(self, date):
        return tuple(discount for _, reader in readers(self) for discount in reader.discounts(date))


class _Objects:
    """Makes wholes and partitions as plain objects."""

    def __init__(self):
        self.wholes: list[Throughput] = []
        self.partitions: list[Partition] = []

    def add(self, most_partitions: int, **fields) -> None:
        whole = Throughput(**fields)
        whole.first = len(self.partitions)
        self.wholes.append(whole)
        self.partitions += [Partition() for _ in range(most_partitions)]


def checked_schedule(schedule) -> tuple[tuple[float, str], ...]:
    """A schedule of switches between capacity modes as pairs (second, mode). Raises ParamError."""
    try:
        pairs = tuple((float(at_s), mode) for at_s, mode in schedule)
    except (TypeError, ValueError):
        pairs = None
    if pairs is None or any(mode not in MODES or not 0 < at_s < math.inf for at_s, mode in pairs):
        raise ParamError(f"DynamoDb.mode_schedule is {schedule!r}, but it must hold pairs of a second above 0 and one "
                         f'of {", ".join(MODES)}; write for example ((3600, "on_demand"),).')
    times_s = [at_s for at_s, _ in pairs]
    if times_s != sorted(set(times_s)):
        raise ParamError(f"DynamoDb.mode_schedule has the seconds {times_s}, but they must rise; sort them.")
    to_requests_s = [at_s for at_s, mode in pairs if mode == "on_demand"]
    most = int(facts.value("dynamodb.switches_per_day"))
    if any(later - earlier < _DAY_S for earlier, later in zip(to_requests_s, to_requests_s[most:])):
        raise ParamError(f"DynamoDb.mode_schedule switches to on-demand more than {most} times within 24 hours, which "
                         "AWS refuses; leave some out.")
    return pairs


def kind_of(operation) -> int:
    """Number of an operation's latency within LATENCIES: odd for writes, from TRANSACTION on for transactions."""
    return (operation.access == "write") + TRANSACTION * (operation.consistency == "transactional")


def lag_of(operation) -> str | None:
    """Which lag may make an operation's read stale; None for writes and consistent reads."""
    if operation.access == "write" or operation.consistency != "eventual":
        return None
    return "dynamodb.lag" if operation.index is None else "dynamodb.index_lag"


def index_units(entry: np.ndarray, u: np.ndarray, index: GlobalIndex) -> np.ndarray:
    """Write units of an index from those of an entry: none where the write leaves it alone, twice where it moves."""
    times = np.where(u < index.changed_share * index.moved_share, 2.0, np.where(u < index.changed_share, 1.0, 0.0))
    return times * entry


def _projected(size: np.ndarray, projected_bytes: int | None) -> np.ndarray:
    return size if projected_bytes is None else np.minimum(size, projected_bytes)


def _by_hour(start_s: float, end_s: float) -> tuple[np.ndarray, np.ndarray]:
    """A stretch of time cut at full hours: the number of each hour, and the seconds within it."""
    hours = np.arange(int(start_s // _HOUR_S), max(int(math.ceil(end_s / _HOUR_S)), int(start_s // _HOUR_S) + 1))
    return hours, np.minimum(end_s, (hours + 1) * _HOUR_S) - np.maximum(start_s, hours * _HOUR_S)
