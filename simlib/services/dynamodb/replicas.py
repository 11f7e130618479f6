"""Global tables: replicas of a table in other Regions, and how its writes come to them."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from simlib import dists, facts
from simlib.params import Checked, ParamError, param, shown
from simlib.services.base import (
    ARRIVAL,
    BYTES_PER_GB,
    CALLS_PER_CALL,
    CAPACITY,
    COMPLETION,
    CONFLICTED,
    FAILED,
    LOST_WRITE,
    OK,
    REPLICATED_CONFLICT,
    STALE,
    SUPERSEDED,
    UNDELIVERED,
)
from simlib.services.dynamodb.capacity import admits, take
from simlib.services.dynamodb.control import resource_of, write_of
from simlib.services.parts import PART, Part

REGION, REGIONS, REPLICATION = 1 << 10, 32, 512
"""Resource numbers of Region r are r * 1024 away from those of a table without replicas; Region 0 is the stack's own,
then come the replicas in their order. Replicated writes are apart, as part 512, and from Region s to r they are
(32 s + r) * 1024 away."""

NOT_BILLED = ("other Regions' own DynamoDB prices (those of the stack's Region stand in)",
              "adding a replica, unless as restored data")

_NEVER = (-math.inf,)
_SETS = "dynamodb.mrsc_regions."


@dataclass(frozen=True)
class GlobalTable(Checked):
    """The other Regions of a `DynamoDb` table, whose own Region is the scenario's.

    regions: the other Regions; each has a replica, but for the witness that an MRSC table may have; shares: share of
    the requests that come from an application in each Region with another replica (nothing: all come from the table's
    own Region); consistency: MREC (asynchronous, the last writer wins) or MRSC (a write waits for another Region);
    fails: the Region that is lost at fails_at_s (nothing: the table's own) and returns after back_after_s (nothing:
    never); when_lost: whether its requests fail or go to the next Region; ttl_deletes_per_s: items that TTL deletes.

    Models: a version (time, Region) of each key in each Region; the lag of each replicated write, a die of its own plus
        half a round trip; conflicts, in which the later write wins everywhere; stale reads, strongly consistent
        ones of MREC included; each replica's own throughput, which replicated writes consume, too, and wait for; the
        loss of a Region: writes that have not left it or have not reached it arrive after its return. MRSC: writes and
        strong reads wait a round trip to the nearest other Region, a write of a key that another Region is just
        writing fails, a Region that catches up answers eventually consistent reads only. An application calls the
        replica in its own Region, without network; only after a loss does it call another, over their round trip.
    Leaves out: clocks that disagree; changes that are combined into one replicated write; relays (a write comes from
        its own Region only); the SDK's retries after a replicated write conflict; other read capacity in a replica; the
        wait for a lost Region: a call to it fails at once, one that is under way when its answer would have come. A
        transaction is replicated as single writes at single cost (assumed). TTL deletes are billed and consume nothing
        in time.
    Billed for: replicated write units in every Region, index writes as ordinary ones in every Region, reads and storage
        in every Region, and until it became free the data transfer between Regions. Regions without prices of their
        own in the data have those of the stack's Region. A witness costs nothing.
    Sources: data/facts.csv (dynamodb.mrsc_*, dynamodb.repl*), data/latencies.csv (dynamodb.replication, assumed),
        data/region_rtt.csv, data/prices.csv.
    """

    regions: tuple[str, ...] = ("us-west-2",)
    shares: tuple[float, ...] = ()
    consistency: str = param("MREC", "", "multi-Region consistency", choices=("MREC", "MRSC"))
    witness: str | None = param(None, "", "which of the Regions of an MRSC table is a witness")
    fails_at_s: float | None = param(None, "s", "when a Region is lost", 0, 1e8)
    fails: str | None = param(None, "", "the Region that is lost; nothing: the table's own")
    back_after_s: float | None = param(None, "s", "how long it is lost; nothing: for good", 0, 1e8)
    when_lost: str = param("fail", "", "what requests for a lost Region do", choices=("fail", "next"))
    ttl_deletes_per_s: float = param(0.0, "deletes/s", "items that TTL deletes, of up to 1 KB", 0, 1e6)

    def check(self):
        for name, example in (("regions", '("us-west-2",)'), ("shares", "(0.5,)")):
            value = getattr(self, name)
            value = (value,) if isinstance(value, (str, int, float)) else value
            if not isinstance(value, (tuple, list)):
                raise ParamError(f"GlobalTable.{name} is {shown(value)}, but it must be a list; write for example "
                                 f"{example}.")
            object.__setattr__(self, name, tuple(value))
        if not 1 <= len(self.regions) < REGIONS or len(set(self.regions)) < len(self.regions):
            raise ParamError(f"GlobalTable.regions is {shown(self.regions)}, but it must name 1 to {REGIONS - 1} "
                             "Regions, each once; name the others.")
        for region in self.regions:
            facts.round_trip_ms(region, region)
        if self.is_strong:
            self._check_strong()
        elif self.witness:
            raise ParamError(f"GlobalTable.witness is {self.witness!r}, but only an MRSC table has a witness; leave it "
                             "out or set consistency to MRSC.")
        numbers = [isinstance(share, (int, float)) and 0 <= share <= 1 for share in self.shares]
        if not all(numbers) or len(self.shares) not in (0, len(self.replicas)) or sum(self.shares) > 1 + 1e-9:
            raise ParamError(f"GlobalTable.shares is {shown(self.shares)}, but it must hold one number from 0 to 1 for "
                             "each other replica, at most 1 in all; the rest is the own Region's.")

    def _check_strong(self):
        count = facts.value("dynamodb.mrsc_region_count")
        if len(self.regions) != count - 1:
            raise ParamError(f"GlobalTable.regions names {len(self.regions)} other Regions, but an MRSC table has "
                             f"exactly {count:.0f} Regions with its own; name {count - 1:.0f}.")
        if self.witness is not None and self.witness not in self.regions:
            raise ParamError(f"GlobalTable.witness is {self.witness!r}, but the other Regions are "
                             f"{', '.join(self.regions)}; name one of these.")
        if self.ttl_deletes_per_s:
            raise ParamError(f"GlobalTable.ttl_deletes_per_s is {self.ttl_deletes_per_s:g}, but an MRSC table has no "
                             "TTL; set it to 0 or consistency to MREC.")

    @property
    def is_strong(self) -> bool:
        """Whether the mode is MRSC."""
        return self.consistency == "MRSC"

    @property
    def replicas(self) -> tuple[str, ...]:
        """The other Regions with a replica."""
        return tuple(region for region in self.regions if region != self.witness)

    def check_run(self, region: str, date: str | None) -> None:
        """Raises ParamError unless a table of this Region may have these replicas on this date."""
        if region in self.regions:
            raise ParamError(f"GlobalTable.regions is {shown(self.regions)}, but {region} is the table's own Region; "
                             "name others only.")
        if self.fails is not None and self.fails not in (region, *self.regions):
            raise ParamError(f"GlobalTable.fails is {self.fails!r}, but the table's Regions are "
                             f"{', '.join((region, *self.regions))}; name one of these.")
        if not self.is_strong:
            return
        first = facts.history("dynamodb.mrsc_region_count")[0].effective
        if facts.iso_date(date) < first:
            raise ParamError(f"GlobalTable.consistency is MRSC, but on {date} there was none; choose MREC or a date "
                             f"from {first} on.")
        sets = [facts.value(name).split() for name in facts.names(_SETS)]
        if not any({region, *self.regions} <= set(each) for each in sets):
            raise ParamError(f"GlobalTable.consistency is MRSC, but {', '.join((region, *self.regions))} are not of "
                             f"one Region set; choose within {' or '.join(' '.join(each) for each in sets)}.")


def check_table(table) -> None:
    """Raises ParamError where a table cannot be a global one as it is."""
    if not isinstance(table.global_table, GlobalTable):
        raise ParamError(f"DynamoDb.global_table is {shown(table.global_table)}, but it must be a GlobalTable; write "
                         'for example GlobalTable(("us-west-2",)).')
    follows = next((name for name in ("stream", "kinesis", "ttl") if getattr(table, name) is not None), None)
    if follows:
        raise ParamError(f"DynamoDb.{follows} is set on a global table, which this model does not play; leave "
                         f"{follows} or global_table out.")
    if table.global_table.is_strong and table.local_indexes:
        raise ParamError(f"DynamoDb.local_indexes is {table.local_indexes}, but an MRSC table has no local indexes; "
                         "set it to 0 or consistency to MREC.")
    if table.reserved_write_capacity:
        raise ParamError(f"DynamoDb.reserved_write_capacity is {table.reserved_write_capacity:g}, but replicated write "
                         "capacity cannot be reserved; set it to 0.")


# Playing


class Replica(Part):
    """One Region's table during a run, and what it knows of each key.

    versions: the version that it holds; own: the last one that was written here. `begin` and `end` are called by the
    table for each call that is not throttled.
    """

    def __init__(self, group: Replicas, number: int):
        super().__init__(group.run, 0)
        self.group = group
        self.number = number
        self.region = group.regions[number]
        self.versions: dict[int, tuple] = {}
        self.own: dict[int, tuple] = {}
        self.written_s: dict[int, float] = {}
        self.writing: dict[int, int] = {}
        self.missed = 0
        self.line: deque = deque()
        self.hops: dict[tuple[int, int], tuple[float, float]] = {}
        self.places = None
        self.handle = group.table.open_in(self, self)

    def _resource(self, resource):
        return resource + self.number * REGION

    def span(self, request, call, start_s, work_s=0.0, **named):
        """Records a call; one that came over the network lasts from its caller's start to its caller's end."""
        if (request, call) in self.hops:
            start_s, hop_s = self.hops.pop((request, call))
            work_s, named["end_s"] = work_s + 2 * hop_s, self.now + hop_s
        super().span(request, call, start_s, work_s=work_s, **named)

    def begin(self, request: int, key: int, seen: int, work_s: float) -> tuple[int, float]:
        """What a call that begins now sees, and how long it works; both as one Region alone would have it."""
        group = self.group
        operation = group.operation(request)
        is_write = operation.access == "write"
        if not group.is_strong or not (is_write or operation.consistency == "strong"):
            if seen == OK and not is_write and self.versions.get(key, _NEVER) < group.newest.get(key, _NEVER):
                seen = STALE
            return seen, work_s
        trip_s = group.quorum_s(self.region, self.now)
        if trip_s is None or self.missed:
            return FAILED, work_s
        if is_write:
            if any(other.writing.get(key) for other in group.replicas if other is not self):
                seen = REPLICATED_CONFLICT
            else:
                self.writing[key] = self.writing.get(key, 0) + 1
        return seen, work_s + trip_s

    def end(self, request: int, call: int, key: int, start_s: float, seen: int) -> int:
        """How a call ends that began at `start_s` and saw so much; a write that succeeds is replicated from now on."""
        group = self.group
        is_write = group.operation(request).access == "write"
        if is_write and group.is_strong and seen == OK:
            self.writing[key] -= 1
        if group.outage.touches(self.region, start_s, self.now):
            return FAILED
        if is_write and seen == OK:
            version = (self.now, self.number, request, call)
            self.own[key] = version
            self.hold(key, version)
            group.newest[key] = max(version, group.newest.get(key, _NEVER))
            for other in group.replicas:
                if other is not self:
                    self.start(group.replicate(version, key, self, other))
        return seen

    def hold(self, key: int, version: tuple) -> bool:
        """Takes a version unless a later one is here; whether it did."""
        if version < self.versions.get(key, _NEVER):
            return False
        self.versions[key] = version
        self.written_s[key] = self.now
        return True

    def consume(self, request: int, call: int, wanted):
        """Waits its turn and for capacity, then consumes it; ends with False if the Region never returns."""
        turn = self.event()
        self.line.append(turn)
        if self.line[0] is not turn:
            yield turn
        while True:
            back_s = self.group.outage.over_s(self.region, self.now)
            if back_s == math.inf:
                break
            if back_s > self.now:
                yield self.at(back_s, CAPACITY, request, call)
            elif all([admits(*each, self.now) for each in wanted]):
                break
            else:
                yield self.at(self.now + self.group.retry_s, CAPACITY, request, call)
        if back_s < math.inf:
            for each in wanted:
                take(*each)
        self.line.popleft()
        if self.line:
            self.line[0].succeed()
        return back_s < math.inf


class Outage:
    """When which Region is lost."""

    def __init__(self, spec: GlobalTable, home: str):
        self.region = spec.fails or home
        self.from_s = math.inf if spec.fails_at_s is None else spec.fails_at_s
        self.to_s = self.from_s + (math.inf if spec.back_after_s is None else spec.back_after_s)

    def stands(self, region: str, time_s: float) -> bool:
        """Whether a Region answers calls at a time."""
        return region != self.region or not self.from_s <= time_s < self.to_s

    def over_s(self, region: str, time_s: float) -> float:
        """From when on a Region takes what reaches it at a time; that time itself unless it is lost."""
        return self.to_s if region == self.region and self.from_s < time_s < self.to_s else time_s

    def touches(self, region: str, start_s: float, end_s: float) -> bool:
        """Whether a Region is lost at any time of a stretch."""
        return region == self.region and self.from_s < end_s and start_s < self.to_s


class Replicas:
    """All replicas of a global table during a run; `newest` is the last version of each key anywhere."""

    def __init__(self, table, run):
        spec = table.global_table
        spec.check_run(run.region, run.date)
        self.table, self.run, self.spec = table, run, spec
        self.is_strong = spec.is_strong
        self.regions = (run.region, *spec.replicas)
        self.outage = Outage(spec, run.region)
        self.newest: dict[int, tuple] = {}
        self._replication = Part(run, REPLICATION)
        self.retry_s = facts.value("dynamodb.replication_retry_s", run.date)
        self._operations = run.workload.traffic.operations
        self._operation_of = memoryview(run.workload.operation)
        self._key_of = memoryview(run.workload.key)
        if self.is_strong and any(each.consistency == "transactional" for each in self._operations):
            raise ParamError("GlobalTable.consistency is MRSC, but an MRSC table takes no transactions; set the "
                             "operations' consistency to eventual or strong.")
        self._trip_s = {(one, other): facts.round_trip_ms(one, other) / 1000
                        for one in self.regions for other in (run.region, *spec.regions) if one != other}
        self.replicas = [Replica(self, number) for number in range(len(self.regions))]
        upto = np.cumsum(spec.shares or [0.0])
        u = run.workload.uniforms("dynamodb.region")
        callers = np.searchsorted(upto, u, side="right") + 1
        self._caller_of = memoryview(np.where(callers > len(upto), 0, callers))
        self._answer_s = facts.value("dynamodb.throttled_answer_ms", run.date) / 1000

    def operation(self, request: int):
        """The operation of a request."""
        return self._operations[self._operation_of[request]]

    def quorum_s(self, region: str, time_s: float) -> float | None:
        """Round trip to the nearest other Region that stands; None where there is none."""
        return min((trip_s for (one, other), trip_s in self._trip_s.items()
                    if one == region and self.outage.stands(other, time_s)), default=None)

    def call(self, request: int, number: int):
        """A call by an application in some Region, answered by the replica there or the next one."""
        run = self.run
        caller = self.replicas[self._caller_of[request]]
        answering = self._answering(caller)
        if answering is None:
            start_s = run.now
            yield run.at(start_s + self._answer_s, COMPLETION, request, number)
            caller.span(request, number, start_s, status=FAILED)
            return FAILED
        if answering is caller:
            return (yield from caller.handle(request, number))
        hop_s = self._trip_s[caller.region, answering.region] / 2
        answering.hops[request, number] = run.now, hop_s
        yield run.at(run.now + hop_s, ARRIVAL, request, number)
        status = yield from answering.handle(request, number)
        yield run.at(run.now + hop_s, COMPLETION, request, number)
        return status

    def _answering(self, caller):
        behind = self.replicas[caller.number:] + self.replicas[:caller.number]
        found = [each for each in behind if self.outage.stands(each.region, self.run.now)]
        return caller if caller in found else found[0] if found and self.spec.when_lost == "next" else None

    def replicate(self, version, key: int, source: Replica, destination: Replica):
        """Brings a version to another Region: its lag, the loss of either Region, and capacity there."""
        run, outage = self.run, self.outage
        written_s, _, request, call = version
        inner = call * CALLS_PER_CALL + 1 + destination.number
        lag_s = self._lag_s(source, destination, request, inner)
        sends, missed = 0, 0
        while True:
            sends += 1
            yield run.at(run.now + lag_s, COMPLETION, request, inner)
            there_s = outage.over_s(destination.region, run.now)
            gone_s = run.now if self.is_strong else outage.over_s(source.region, run.now)
            back_s = max(there_s, gone_s)
            if back_s == run.now or back_s == math.inf:
                break
            if there_s > run.now and not missed:
                destination.missed += 1
                missed = 1
            yield run.at(back_s, CAPACITY, request, inner)
        status, halves = LOST_WRITE if gone_s == math.inf else UNDELIVERED, 0
        if back_s < math.inf:
            wanted = self._wanted(destination, request, key)
            if (yield from destination.consume(request, inner, wanted)):
                halves = sum(int(2 * units) for _, _, units in wanted)
                status = self._arrive(version, key, destination)
        destination.missed -= missed
        self._replication.span(
            request, inner, written_s, wait_s=run.now - (written_s + lag_s), work_s=lag_s, status=status,
            billed_ms=halves, resource=sends + REGION * (REGIONS * source.number + destination.number))

    def _lag_s(self, source, destination, request, call):
        half_s = self._trip_s[source.region, destination.region] / 2
        if self.is_strong:
            return max(0.0, half_s - (self.quorum_s(source.region, self.run.now) or 0.0))
        u = self.run.uniform("dynamodb.replication", request, call)
        return half_s + float(dists.table(np.array([u]), *facts.latency("dynamodb.replication"))[0])

    def _wanted(self, destination, request, key):
        wanted = destination.places(request, 1, key)
        if self.operation(request).consistency == "transactional":
            whole, partition, units = wanted[0]
            wanted[0] = whole, partition, units / 2
        return wanted

    def _arrive(self, version, key, destination):
        if destination.own.get(key, _NEVER) > version and not self.is_strong:
            return CONFLICTED
        return OK if destination.hold(key, version) else SUPERSEDED


def open_replicas(table, run):
    """Opens all replicas of a global table and returns how to call them. Raises ParamError where something in front
    keeps copies."""
    if run.shown.keepers:
        raise ParamError("The stack has a cache in front of a global table, which is not modelled; leave out the cache "
                         "or DynamoDb.global_table.")
    return Replicas(table, run).call


# Looking at what was played


def is_replication(resource: np.ndarray) -> np.ndarray:
    """Which of a table's spans are replicated writes, by their resource."""
    return resource // PART == REPLICATION


def regions_of(resource: np.ndarray) -> np.ndarray:
    """The Region of a table's spans or capacity: 0 the stack's own, k the k-th replica. Of a replicated write it is the
    Region in which it arrives."""
    return resource % PART // REGION % REGIONS


def attempts_of(resource: np.ndarray) -> np.ndarray:
    """How many attempts a call took, or how many times a replicated write was sent."""
    return resource % REGION


def replications(result, position: int | None = None) -> dict[str, np.ndarray]:
    """The replicated writes of a run, as arrays by name; `position`: of the table in the stack (nothing: the first).

    request; call of the write; key; source and destination (Region numbers); written_s, arrived_s; lag_s, without the
    time for which it was held up, held_s; sends; status: OK, CONFLICTED (a later write, which had not seen this one,
    stood there and stays), SUPERSEDED (a later version had come before it), UNDELIVERED or LOST_WRITE (its destination
    or its source never returned).
    """
    rows = result.span_rows[result.position("DynamoDb") if position is None else position]
    found = rows[is_replication(rows["resource"])]
    resource = found["resource"]
    return {"request": found["request"], "call": found["call"] // CALLS_PER_CALL,
            "key": result.workload.key[found["request"]], "source": resource % PART // REGION // REGIONS,
            "destination": regions_of(resource), "written_s": found["start_s"], "arrived_s": found["end_s"],
            "lag_s": found["work_s"], "held_s": found["wait_s"], "sends": attempts_of(resource),
            "status": found["status"]}


@dataclass(frozen=True)
class ReplicationCounts:
    """How replicated writes ended, each counted once in each other Region: applied, in conflict, or superseded.

    late: those of them that a loss held up; undelivered: their destination never returned; lost_writes: acknowledged
    writes that no other Region got, because their own never returned.
    """

    applied: int
    conflicts: int
    superseded: int
    late: int
    undelivered: int
    lost_writes: int


def count_replications(result, position: int | None = None) -> ReplicationCounts:
    """Counts the replicated writes of a run (see `replications`)."""
    found = replications(result, position)
    status = found["status"]
    writes = np.stack([found["request"].astype(np.int64), found["call"]], axis=1)
    arrived = status < 400
    lost = set(map(tuple, writes[status == LOST_WRITE].tolist())) - set(map(tuple, writes[arrived].tolist()))
    ends = [int((status == each).sum()) for each in (OK, CONFLICTED, SUPERSEDED)]
    return ReplicationCounts(*ends, int((arrived & (found["sends"] > 1)).sum()), int((status == UNDELIVERED).sum()),
                             len(lost))


# Metering


def replicated_units(table, metered) -> np.ndarray:
    """Of the units of each span, those that are billed as replicated writes: the table's own, not its indexes'."""
    spans, workload = metered.spans, metered.workload
    units = np.zeros(len(spans["request"]))
    if table.global_table is None:
        return units
    request = spans["request"].astype(np.int64)
    is_single = is_replication(spans["resource"])
    operation_of = workload.operation[request]
    for number, operation in enumerate(workload.traffic.operations):
        if operation.access == "write":
            mine = (operation_of == number) & (spans["billed_ms"] > 0)
            units[mine] = table.write_units(operation, workload.item_bytes[request[mine]])
            if operation.consistency == "transactional":
                units[mine & is_single] /= 2
    return units


def tally_transfer(table, metered, sums) -> None:
    """Adds up the bytes that went from Region to Region."""
    if table.global_table is None:
        return
    spans, workload = metered.spans, metered.workload
    sent = is_replication(spans["resource"]) & (spans["status"] < 400)
    request = spans["request"][sent].astype(np.int64)
    items = np.array([operation.items for operation in workload.traffic.operations])
    sums.add("replicated_bytes", workload.item_bytes[request] * items[workload.operation[request]])


def replicated_usage(table, sums, window, used: dict[str, float]) -> dict[str, float]:
    """What a global table uses: `used`, with the index writes and the reads of all Regions, and what is added."""
    spec = table.global_table
    kind = table.table_class
    if f"dynamodb.write_request.{kind}" in used:
        deletes = (spec.ttl_deletes_per_s * window.window_s * len(spec.replicas)
                   * facts.value("dynamodb.replicated_delete_units", window.date))
        used[f"dynamodb.replicated_write_request.{kind}"] = sums["replicated_halves"] / 2 + deletes
    if f"dynamodb.write_capacity.{kind}" in used:
        hours = float(sums.by_place("replicated_unit_s").sum()) / 3600
        used[f"dynamodb.replicated_write_capacity.{kind}"] = hours
    used[f"dynamodb.storage.{kind}"] *= 1 + len(spec.replicas)
    if facts.value("dynamodb.replication_transfer_billed", window.date):
        used["data_transfer.between_regions"] = sums["replicated_bytes"] / BYTES_PER_GB
    return used


def is_replicated_capacity(table, resource: int) -> bool:
    """Whether a row of the capacity table is the table's own write capacity, which is billed as a replicated one."""
    return table.global_table is not None and resource % REGION == resource_of(write_of(0))
