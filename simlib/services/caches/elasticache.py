"""Amazon ElastiCache, used cache-aside: the learner's own code looks, fills and deletes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simlib import facts
from simlib.params import param
from simlib.services.base import BYTES_PER_GB, OK, Metered, Service, Sums, Window
from simlib.services.caches.front import DELETES, KEEPS, UPDATES, Front, classes, open_front
from simlib.services.copies import HIT, MISS, WROTE, result_bytes

ON_WRITE = {"delete": DELETES, "update": UPDATES, "keep": KEEPS}
ENGINES = ("valkey", "redis", "memcached")


@dataclass(frozen=True)
class ElastiCache(Service):
    """An ElastiCache cluster, or ElastiCache Serverless, in front of a `DynamoDb` table.

    Models: cache-aside: the code looks in the cache, on a miss reads the table and fills the entry, on a write deletes
        or replaces the item's entry (`on_write`), each a trip of its own, and does not ask it for what is not cached;
        results of queries, whole pages and aggregates, which end with their time to live only; one memory of all nodes
        together, in which what was longest unused makes room, by bytes; a stampede: while a popular entry is missing,
        every reader goes to the table.
    Leaves out: throughput limits of nodes, replicas and failover, data structures, overhead of the engine's memory,
        the code's own errors.
    Billed for: hours of every node, or GB-hours and ElastiCache processing units (ECPU: a started KB of what
        is found or put, one for what is not found or is deleted).
    Sources: data/cache_nodes.csv, data/facts.csv (elasticache.*), data/latencies.csv, data/prices.csv.
    """

    title = "Amazon ElastiCache"
    not_billed = ("backups", "data transfer between zones")
    stands_before = "DynamoDb"
    keeps_copies = True

    engine: str = param("valkey", "", "engine", choices=ENGINES)
    serverless: bool = param(False, "", "pay for data and requests in place of nodes")
    node_type: str = param("cache.t4g.small", "", "node type", choices=lambda: facts.cache_nodes("elasticache"))
    nodes: int = param(2, "nodes", "nodes that share the data", 1, 500)
    ttl_s: float = param(300.0, "s", "time to live of an entry; 0: until there is no room", 0, 1e8)
    on_write: str = param("delete", "", "what the code does to an entry after a write", choices=tuple(ON_WRITE))
    caches_queries: bool = param(True, "", "whether results of queries are cached too")
    caches_empty: bool = param(False, "", "whether the code keeps, too, that there is nothing")
    bypass_share: float = param(0.0, "", "share of writes by others, who do not know of the cache", 0, 1)

    @property
    def memory_bytes(self) -> float:
        """What fits; a serverless cache grows."""
        return math.inf if self.serverless else self.nodes * facts.cache_node(self.node_type).memory_gib * BYTES_PER_GB

    def front(self, workload) -> Front:
        """How the code treats these requests."""
        return Front(
            classes=classes(workload.traffic.operations, self.caches_queries), most_bytes=(self.memory_bytes, 0.0),
            ttl_s=(self.ttl_s or math.inf, math.inf), on_write=ON_WRITE[self.on_write], own_trips=True,
            latency="cache.elasticache", costs=(0.0, 0.0, 0.0), bypass_share=self.bypass_share, one_pool=True,
            keeps_nothing=self.caches_empty)

    def open(self, run, backend):
        run.at_end(lambda: self.close(run))
        return open_front(self.front(run.workload), run, backend, None)

    def stored_gb(self, sums: Sums, window: Window) -> float:
        """What a serverless cache holds on average: what was filled, each for its time to live (Little's law), at least
        what AWS bills."""
        lives_s = min(self.ttl_s or window.window_s, window.window_s)
        held_gb = sums["filled_bytes"] * lives_s / window.window_s / BYTES_PER_GB
        return max(held_gb, facts.value(f"elasticache.serverless_least_gb.{self.engine}", window.date))

    def close(self, run) -> None:
        """Notes what stood ready."""
        for node in range(1, 1 if self.serverless else self.nodes + 1):
            run.capacity(node, 0.0, run.window_s, 1.0)

    def tally(self, metered: Metered, sums: Sums):
        spans, workload = metered.spans, metered.workload
        sums.add("node_s", metered.capacity["end_s"] - metered.capacity["start_s"])
        if not self.serverless:
            return
        request = spans["request"].astype(np.int64)
        kilobytes = np.maximum(1, -(-result_bytes(workload, request) // 1024))
        resource, done = spans["resource"], spans["status"] == OK
        filled = (resource == MISS) & done
        if not self.caches_empty:
            filled &= workload.item_bytes[request] > 0
        whole = (resource == HIT).astype(np.int64) + filled
        least = resource == MISS
        if self.on_write == "update":
            whole += (resource == WROTE) & done
        elif self.on_write == "delete":
            least = least | (resource == WROTE) & done
        sums.add("ecpu", whole * kilobytes + least)
        sums.add("filled_bytes", (kilobytes * 1024)[filled])

    def usage(self, sums: Sums, window: Window):
        if not self.serverless:
            return {f"elasticache.node.{self.engine}.{self.node_type}": sums["node_s"] / 3600}
        return {f"elasticache.serverless_data.{self.engine}": self.stored_gb(sums, window) * window.hours,
                f"elasticache.serverless_ecpu.{self.engine}": sums["ecpu"]}
