"""DynamoDB Accelerator (DAX): a write-through cache with DynamoDB's own API."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simlib import facts
from simlib.capacity_units import READ_BYTES, TRANSACTIONAL_READ, started
from simlib.params import param
from simlib.services.base import BYTES_PER_GB, CAPACITY, OK, Metered, Service, Sums, Window
from simlib.services.caches.front import UPDATES, Bucket, Front, classes, open_front
from simlib.services.copies import WROTE


@dataclass(frozen=True)
class Dax(Service):
    """A DAX cluster in front of a `DynamoDb` table.

    Models: one logical cache of one node's memory, with its replicas in step; an item cache for single reads and a
        query cache for reads of several items or through an index, each with its time to live from insertion and half
        of the memory; results that found nothing are held, too; what was longest unused makes room, by bytes;
        write-through: the table first, then the item's entry; results of queries that writes do not refresh; writes
        that go around the cluster and leave old entries; strong and transactional reads handed through; throughput by
        node in AWS's normalized requests (a KB of a hit 1, of a miss 10, of a write 25 on every node), beyond which
        calls are throttled; the loss of a node, with all that is held where it was the only one.
    Leaves out: single steps of replication, the seconds of a failover, retries of the DAX client, memory that the
        cluster keeps for itself.
    Billed for: hours of every node; reads that follow transactional writes.
    Sources: data/cache_nodes.csv, data/facts.csv (dax.*), data/latencies.csv (cache.dax), data/prices.csv.
    """

    title = "DynamoDB Accelerator (DAX)"
    not_billed = ("CPU credits of T nodes", "data transfer between zones")
    stands_before = "DynamoDb"
    keeps_copies = True

    node_type: str = param("dax.r5.large", "", "node type", choices=lambda: facts.cache_nodes("dax"))
    nodes: int = param(3, "nodes", "one primary and replicas", 1, 11)
    item_ttl_s: float = param(300.0, "s", "time to live in the item cache; 0: until there is no room", 0, 1e8)
    query_ttl_s: float = param(300.0, "s", "time to live in the query cache; 0: queries are not cached", 0, 1e8)
    bypass_share: float = param(0.0, "", "share of writes that go to the table directly", 0, 1)
    fails_at_s: float | None = param(None, "s", "when a node is lost", 0)
    back_after_s: float | None = param(None, "s", "how long until it is replaced; nothing: never", 0)

    @property
    def node(self):
        """The node type's memory and throughput."""
        return facts.cache_node(self.node_type)

    def rate(self, nodes: int) -> float:
        """Normalized requests a second of so many nodes."""
        return nodes * self.node.requests_per_s

    def front(self, workload) -> Front:
        """How the cluster treats these requests."""
        most = self.node.memory_gib * BYTES_PER_GB / 2
        return Front(
            classes=classes(workload.traffic.operations, bool(self.query_ttl_s)), most_bytes=(most, most),
            ttl_s=(self.item_ttl_s or math.inf, self.query_ttl_s or math.inf), on_write=UPDATES, own_trips=False,
            latency="cache.dax", bypass_share=self.bypass_share, one_pool=False, keeps_nothing=True,
            costs=(facts.value("dax.hit_cost"), facts.value("dax.miss_cost"),
                   facts.value("dax.write_cost") * self.nodes))

    def open(self, run, backend):
        bucket = Bucket(self.rate(self.nodes))
        call = open_front(self.front(run.workload), run, backend, bucket)
        self.watch(run, lambda: bucket, call.forget)
        return call

    def watch(self, run, cluster_of, forget) -> None:
        """Starts what happens to the nodes on either engine, and notes what stood ready; `cluster_of()` gives the
        bucket that limits them, `forget()` empties the memory."""
        if self.fails_at_s is not None:
            run.start(self._loss(run, cluster_of, forget))
        run.at_end(lambda: self._close(run))

    def _loss(self, run, cluster_of, forget):
        yield run.at(self.fails_at_s, CAPACITY, 0, 0)
        set_rate(cluster_of(), self.rate(self.nodes - 1), run.now)
        if self.nodes == 1:
            forget()
        if self.back_after_s is not None:
            yield run.at(self.fails_at_s + self.back_after_s, CAPACITY, 0, 0)
            set_rate(cluster_of(), self.rate(self.nodes), run.now)

    def _close(self, run):
        lost_s = math.inf if self.fails_at_s is None else self.fails_at_s
        back_s = math.inf if self.back_after_s is None else lost_s + self.back_after_s
        for node in range(1, self.nodes + 1):
            if node == 1 and lost_s < run.window_s:
                run.capacity(node, 0.0, lost_s, 1.0)
                if back_s < run.window_s:
                    run.capacity(node, back_s, run.window_s, 1.0)
            else:
                run.capacity(node, 0.0, run.window_s, 1.0)

    def tally(self, metered: Metered, sums: Sums):
        rows, spans, workload = metered.capacity, metered.spans, metered.workload
        sums.add("node_s", (rows["end_s"] - rows["start_s"]) * rows["amount"])
        operations = workload.traffic.operations
        follows = np.array([each.access == "write" and each.consistency == "transactional" for each in operations])
        items = np.array([each.items for each in operations], dtype=float)
        request = spans["request"].astype(np.int64)
        kind = workload.operation[request]
        followed = follows[kind] & (spans["status"] == OK) & (spans["resource"] == WROTE)
        units = TRANSACTIONAL_READ * items[kind] * started(workload.item_bytes[request], READ_BYTES)
        sums.add("read_back_units", units[followed])

    def usage(self, sums: Sums, window: Window):
        used = {f"dax.node.{self.node_type}": sums["node_s"] / 3600}
        if sums["read_back_units"]:
            used["dynamodb.read_request.standard"] = sums["read_back_units"]
        return used


def set_rate(bucket, rate: float, now_s: float) -> None:
    """Gives a cluster another throughput from now on."""
    bucket.tokens = min(bucket.tokens + (now_s - bucket.at_s) * bucket.rate, rate)
    bucket.at_s, bucket.rate = now_s, rate


def sized(hits_kb: float, misses_kb: float, writes_kb: float, nodes: int) -> float:
    """AWS's sizing formula: normalized requests a second that a cluster of `nodes` should offer, from KB a second.

    A hit counts 1, a miss 10, a write 25 on every node; times the larger of 1.43 (70 % utilisation) and n / (n - 1), so
    that the others carry the load of a lost node.
    """
    load = (hits_kb * facts.value("dax.hit_cost") + misses_kb * facts.value("dax.miss_cost")
            + writes_kb * facts.value("dax.write_cost") * nodes)
    spare = nodes / (nodes - 1) if nodes > 1 else math.inf
    return load * max(facts.value("dax.target_utilization_factor"), spare)
