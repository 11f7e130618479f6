"""Amazon API Gateway: the front door of an API, its throttling, its time limit and its cache."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simlib import dists, facts
from simlib.params import ParamError, param
from simlib.services.base import (
    BYTES_PER_GB,
    CALLS_PER_CALL,
    COMPLETION,
    FAILED,
    FUNCTION_ERROR,
    FUNCTION_TIMEOUT,
    OK,
    REJECTED,
    STALE,
    THROTTLED,
    TIMED_OUT,
    Metered,
    Service,
    Sums,
    Window,
)
from simlib.services.buckets import TokenBucket
from simlib.services.copies import HIT, MISS, PASSED, Entry, Lru, find, put, result_bytes

API_TYPES = ("REST", "HTTP")
CACHE_SIZES_GB = (0.5, 1.6, 6.1, 13.5, 28.4, 58.2, 118.0, 237.0)


def answer_to(status):
    """What the caller is answered when what stands behind the API has ended with this status."""
    if status == THROTTLED:
        return REJECTED
    if status == FUNCTION_ERROR or status == FUNCTION_TIMEOUT:
        return FAILED
    return status


@dataclass(frozen=True)
class ApiGateway(Service):
    """A stage of an API Gateway API, Regional endpoint, in front of whatever stands behind it.

    Models: REST and HTTP APIs; throttling by token buckets, of the stage and of the account; the integration's time
        limit, after which the caller gets 504 while what stands behind works on; Lambda's refusals as 500 and a
        function's errors as 502; the stage's cache of a REST API, which keeps the answers to reads, of each operation
        and key, for their time to live and never hears of writes; what was longest unused makes room.
    Leaves out: WebSocket APIs, edge-optimised and private endpoints, authorizers, usage plans, request validation,
        clients that ask for a fresh answer (Cache-Control), a cache node's own throughput.
    Billed for: requests that were not throttled (HTTP APIs: every started 512 KB of them), hours of the cache.
    Sources: data/facts.csv (apigateway.*), data/latencies.csv, data/prices.csv.
    """

    title = "Amazon API Gateway"
    hands_on = True
    not_billed = ("data transfer out, unless added",)

    api_type: str = param("REST", "", "kind of API", choices=API_TYPES)
    rate_rps: float | None = param(None, "requests/s", "the stage's limit; nothing: the account's alone", 0.001, 1e6)
    burst: float = param(5000, "requests", "the bucket of the stage's limit", 1, 1e6)
    account_rate_rps: float = param(10_000, "requests/s", "quota of all APIs of the account in the Region", 0.001, 1e6)
    account_burst: float = param(5000, "requests", "its bucket", 1, 1e6)
    timeout_s: float = param(29.0, "s", "the integration's time limit; HTTP APIs: at most 30", 0.05, 900)
    cache_gb: float | None = param(None, "GB", "cache of the stage of a REST API; nothing: none",
                                  choices=CACHE_SIZES_GB)
    cache_ttl_s: float = param(300.0, "s", "how long an answer is kept; 0: not at all", 0, 3600)

    def check(self):
        most_s = facts.value("apigateway.http_timeout_s")
        if self.api_type == "HTTP" and self.timeout_s > most_s:
            raise ParamError(f"ApiGateway.timeout_s is {self.timeout_s:g}, but an HTTP API waits at most {most_s:g} s; "
                             "lower it, or set api_type to REST.")
        if self.api_type == "HTTP" and self.cache_gb is not None:
            raise ParamError("ApiGateway.cache_gb is set, but HTTP APIs have no cache; leave it out, or set api_type "
                             "to REST.")

    @property
    def keeps_copies(self) -> bool:
        """Whether the stage has a cache that keeps anything."""
        return self.cache_gb is not None and self.cache_ttl_s > 0

    @property
    def memory(self) -> Lru:
        """The cache as it is when the window begins."""
        return Lru((self.cache_gb or 0.0) * BYTES_PER_GB, self.cache_ttl_s)

    def kept(self, operations) -> tuple[int, ...]:
        """By operation, from 1 the number under which its answers are kept, or 0: a write's are not."""
        numbers = iter(range(1, len(operations) + 1))
        return tuple(next(numbers) if self.keeps_copies and each.access == "read" else 0 for each in operations)

    def overhead_s(self, workload) -> np.ndarray:
        """Seconds that the gateway itself takes, by request."""
        return dists.table(workload.uniforms("apigateway.latency"),
                           *facts.latency(f"apigateway.{self.api_type.lower()}"))

    def open(self, run, backend):
        buckets = [TokenBucket(self.account_burst, self.account_rate_rps)]
        if self.rate_rps is not None:
            buckets.append(TokenBucket(self.burst, self.rate_rps))
        workload = run.workload
        kept = self.kept(workload.traffic.operations)
        count = workload.traffic.keys.count
        entries = [Entry() for _ in range(count * max(kept))]
        memory = self.memory
        most_bytes = facts.value("apigateway.cached_max_bytes")
        operation_of, key_of = memoryview(workload.operation), memoryview(workload.key)
        size_of = memoryview(result_bytes(workload))
        overhead_s = memoryview(self.overhead_s(workload))
        shown = run.shown
        tell = shown.teller(run.depth)
        self.note(run)

        def call(request, number):
            start_s = run.now
            if not all([bucket.ready(start_s) for bucket in buckets]):
                run.span(request, number, start_s, status=THROTTLED)
                return THROTTLED
            for bucket in buckets:
                bucket.take()
            work_s = overhead_s[request]
            yield run.at(start_s + work_s, COMPLETION, request, number)
            name, key = kept[operation_of[request]], int(key_of[request])
            place = key + count * (name - 1)
            if name and find(memory, entries, place, run.now):
                version = entries[place].version
                tell(request, number, version)
                run.span(request, number, start_s, work_s=work_s, resource=HIT,
                         status=STALE if version < shown.newest(key) else OK)
                return OK
            status = OK
            if backend:
                inner = number * CALLS_PER_CALL + 1
                status = yield from run.within(run.now + self.timeout_s, backend(request, inner), request, inner)
            status = TIMED_OUT if status is None else answer_to(status)
            version = shown.take(request, number)
            size = float(max(size_of[request], 1))
            if name and status == OK and size <= most_bytes:
                put(memory, entries, place, size, version, run.now)
            run.span(request, number, start_s, work_s=work_s, status=status, resource=MISS if name else PASSED)
            return status

        return call

    def note(self, run) -> None:
        """Notes the cache that stands ready."""
        if self.cache_gb is not None:
            run.at_end(lambda: run.capacity(1, 0.0, run.window_s, self.cache_gb))

    def tally(self, metered: Metered, sums: Sums):
        spans = metered.spans
        served = spans["status"] != THROTTLED
        if self.api_type == "REST":
            sums.add("requests", served)
        else:
            size = result_bytes(metered.workload, spans["request"][served].astype(np.int64))
            step = int(facts.value("apigateway.http_metered_bytes"))
            sums.add("requests", np.maximum(1, -(-size // step)))
        sums.add("cache_s", metered.capacity["end_s"] - metered.capacity["start_s"])

    def usage(self, sums: Sums, window: Window):
        used = {f"apigateway.{self.api_type.lower()}_request": sums["requests"]}
        if self.cache_gb is not None:
            used[f"apigateway.cache.{self.cache_gb:g}gb"] = sums["cache_s"] / 3600
        return used
