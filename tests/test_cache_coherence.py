"""What a cache in front of a table may show, against a replay of its spans with dictionaries.

The replay knows of a run only its spans and of a cache only its settings. It goes through all moments in order: a read
begins at the table and sees the writes that have ended there (one less where the table itself calls it stale), a write
ends there, a call looks into the cache, an answer lands in it. A version is the number of a key's writes so far.
"""

import math
from collections import Counter, defaultdict
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from simlib import (
    Client,
    Dax,
    DynamoDb,
    ElastiCache,
    GlobalIndex,
    GlobalTable,
    Keys,
    Operation,
    ParamError,
    Poisson,
    Result,
    Scenario,
    Traffic,
    draw,
    facts,
    fast,
    simulate,
)
from simlib.lessons.lesson12 import examine
from simlib.services.base import CALLS_PER_CALL, FAILED, OK, STALE, THROTTLED
from simlib.services.copies import HIT, MISS, PASSED, WROTE

GB = 1024**3
AMPLE = 10**9
NODES = {
    "dax.t3.small": (6_000, 1e9), "dax.t3.medium": (6_000, 3_000.0), "dax.r5.large": (2 * AMPLE, 1e9),
    "dax.r5.xlarge": (2 * AMPLE, 3_000.0), "dax.t2.small": (6, 1e9), "cache.t4g.micro": (4_000, math.nan),
    "cache.t4g.small": (AMPLE, math.nan), "cache.t4g.medium": (3, math.nan),
}
"""Bytes and normalized requests a second in place of the real ones, so that rooms and limits are met. A few bytes have
room only for that there is nothing."""

LAGS = dict.fromkeys(("dynamodb.lag", "dynamodb.index_lag"), (np.array([0.3, 0.6, 0.999]), np.array([0.0, 0.01, 0.5])))
"""Seconds by quantile that the table's own reads are behind: most are, where of real ones few are."""


@pytest.fixture(autouse=True, scope="module")
def another_world():
    latency = facts.latency
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(facts, "cache_node", lambda name: facts.CacheNode(name, NODES[name][0] / GB, NODES[name][1]))
        patch.setattr(facts, "latency", lambda name: LAGS.get(name) or latency(name))
        yield


# Scenarios ---------------------------------------------------------------------------------------------------

READS = {
    "get": {"item_bytes": 700},
    "get of any size": {"item_bytes": 1500, "item_distribution": "lognormal"},
    "list": {"items": 3, "item_bytes": 300},
    "list by status": {"items": 2, "index": "by-status"},
    "get by status": {"index": "by-status"},
    "strong get": {"consistency": "strong"},
    "strong list": {"consistency": "strong", "items": 3},
    "transaction of gets": {"consistency": "transactional", "items": 2},
}
WRITES = {
    "put": {"item_bytes": 700},
    "put of any size": {"item_bytes": 1500, "item_distribution": "lognormal"},
    "batch": {"items": 3, "item_bytes": 300},
    "transaction of puts": {"consistency": "transactional", "items": 2, "item_bytes": 500},
}
OPERATIONS = {name: Operation(name, access=access, work_vcpu_s=0.0, io_s=0.0, **fields)
              for access, named in (("read", READS), ("write", WRITES)) for name, fields in named.items()}
MIXES = st.tuples(
    st.sampled_from(("get", "get of any size")), st.sampled_from(("list", "list by status", "get by status")),
    st.sampled_from(tuple(WRITES)), st.sets(st.sampled_from(tuple(OPERATIONS)), max_size=4),
    st.sampled_from((0.2, 1.0, 4.0)),
).map(lambda drawn: tuple(
    Operation(**{**vars(OPERATIONS[name]), "weight": drawn[4] if name in WRITES else 2.0})
    for name in sorted({*drawn[:3], *drawn[3]})
))
INDEX = GlobalIndex("by-status", key_values=3)
TABLES = st.one_of(
    st.just(DynamoDb(indexes=INDEX)),
    st.builds(
        DynamoDb, capacity_mode=st.just("provisioned"), read_capacity=st.sampled_from([20, 1000]),
        write_capacity=st.sampled_from([2, 20]), burst_at_start=st.sampled_from([0.0, 0.02]),
        max_attempts=st.integers(1, 3), backoff_s=st.sampled_from([0.0, 0.05]), indexes=st.just(INDEX)),
)
CLIENTS = st.builds(Client, last_mile_ms=st.just(0.0), timeout_s=st.sampled_from([0.006, 60.0]),
                    max_attempts=st.integers(1, 3), backoff_failed_s=st.just(0.01))
TTLS_S = st.sampled_from([0.0, 0.001, 0.02, 0.2, 1.0, 3.0])
SHARES = st.sampled_from([0.0, 0.3, 1.0])
DAX = st.builds(
    Dax, node_type=st.sampled_from([name for name in NODES if name.startswith("dax")]), nodes=st.integers(1, 3),
    item_ttl_s=TTLS_S, query_ttl_s=TTLS_S, bypass_share=SHARES, fails_at_s=st.sampled_from([None, None, 0.1, 1.0]),
    back_after_s=st.sampled_from([None, 0.1, 1.0]),
).filter(lambda cache: cache.nodes > 1 or cache.fails_at_s is None or cache.back_after_s is None)
"""No lone node that is lost and comes back: these tests do not say what it still knows."""
ELASTICACHE = st.builds(
    ElastiCache, serverless=st.booleans(), node_type=st.sampled_from([name for name in NODES if name[0] == "c"]),
    nodes=st.integers(1, 2), ttl_s=TTLS_S, on_write=st.sampled_from(["delete", "update", "keep"]),
    caches_queries=st.booleans(), caches_empty=st.booleans(), bypass_share=SHARES)
KEYS = st.builds(
    Keys, popularity=st.sampled_from(["zipf", "hot", "uniform"]), count=st.sampled_from([1, 2, 6, 30]),
    hot_share=st.just(0.8), absent_share=st.sampled_from([0.0, 0.0, 0.5, 1.0]))
RUNS = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
SEEDS = st.integers(0, 99)
REQUESTS = 200
REFUSED = 0
"""What a span says in `resource` of a call that the cluster turned away."""


def scenarios(caches):
    """Some 200 requests, ten a second or one each ms, so that entries end or calls cross."""
    traffic = st.tuples(st.sampled_from([10.0, 100.0, 1000.0]), MIXES, KEYS).map(lambda drawn: Traffic(
        arrivals=Poisson(drawn[0]), window_s=REQUESTS / drawn[0], operations=drawn[1], keys=drawn[2]))
    stacks = st.one_of(st.tuples(caches, TABLES), st.tuples(CLIENTS, caches, TABLES))
    return st.builds(Scenario, stack=stacks, traffic=traffic)


def played(scenario, seed=0):
    return simulate(scenario, seed, engine="simpy")


# The replay --------------------------------------------------------------------------------------------------


class Span(NamedTuple):
    request: int
    call: int
    start_s: float
    end_s: float
    wait_s: float
    work_s: float
    status: int
    resource: int
    operation: Operation
    key: int
    size: int


def spans_of(result, position):
    """The spans of a service; `size` is that of all items of a call."""
    rows, workload = result.span_rows[position], result.workload
    fields = (rows[name].tolist() for name in Span._fields[:8])
    operations, keys, sizes = workload.traffic.operations, workload.key.tolist(), workload.item_bytes.tolist()
    kinds = [operations[kind] for kind in workload.operation.tolist()]
    return [Span(*row, kinds[row[0]], keys[row[0]], kinds[row[0]].items * sizes[row[0]]) for row in zip(*fields)]


def story(result):
    """When a call looks into the cache and when its answer lands there, in order: with the version that its call of the
    table saw or wrote, and with the newest at the table at that moment."""
    moments = []
    for span in spans_of(result, -1):
        writes = span.operation.access == "write"
        moments.append((span.end_s if writes else span.start_s + span.wait_s, 0, "writes" if writes else "reads", span))
    for span in spans_of(result, -2):
        moments += (span.start_s, 2, "looks", span), (span.end_s, 1, "lands", span)
    newest, version = Counter(), {}
    for second, _, what, span in sorted(moments, key=lambda moment: moment[:2]):
        if what in ("writes", "reads"):
            newest[span.key] += what == "writes" and span.status == OK
            version[span.request, span.call] = newest[span.key] - (span.status == STALE)
        else:
            inner = span.request, span.call * CALLS_PER_CALL + 1
            yield second, what, span, version.get(inner, 0), newest[span.key]


class Promise(NamedTuple):
    """What the settings of a cache promise; `lives_s` and `room` of items and of queries."""

    lives_s: dict
    room: dict
    shares_room: bool
    on_write: str
    keeps_nothing: bool
    holds_queries: bool

    @classmethod
    def of(cls, cache):
        if isinstance(cache, Dax):
            half = NODES[cache.node_type][0] / 2
            return cls({"item": cache.item_ttl_s or math.inf, "query": cache.query_ttl_s},
                       {"item": half, "query": half}, False, "update", True, cache.query_ttl_s > 0)
        room = math.inf if cache.serverless else cache.nodes * NODES[cache.node_type][0]
        return cls(dict.fromkeys(("item", "query"), cache.ttl_s or math.inf), {"item": room}, True, cache.on_write,
                   cache.caches_empty, cache.caches_queries)

    def what_is(self, operation):
        """An item's or a query's result that is held, or "write", or "other"."""
        if operation.access == "write":
            return "write"
        if operation.consistency != "eventual":
            return "other"
        if operation.items == 1 and operation.index is None:
            return "item"
        return "query" if self.holds_queries else "other"

    def place(self, span):
        """Under which name the answer to a call is held."""
        return (span.operation.name if self.what_is(span.operation) == "query" else "item", span.key)

    def holds(self, span):
        """Whether what a served call brings is to be held."""
        kind = self.what_is(span.operation)
        if kind == "write":
            return span.resource == WROTE and self.on_write == "update"
        return span.resource == MISS and kind in self.lives_s and (span.size > 0 or self.keeps_nothing)

    def forgets(self, span):
        return span.resource == WROTE and self.on_write == "delete"


def permitted(result):
    """Of each hit the versions that the rules allow it to show, whatever else the cache holds, and the newest one.

    A version may be shown that a read or a write through the cache brought less than a time to live ago; of an item
    none that was brought before the last write through the cache landed; and, where there is room for all, none older
    than that write as long as its entry lasts.
    """
    promise = Promise.of(result.scenario.stack[-2])
    landed, written = defaultdict(list), {}
    for second, what, span, version, newest in story(result):
        place, kind = promise.place(span), promise.what_is(span.operation)
        if what == "looks" and span.resource == HIT:
            lasts = [found for at, found in landed[place] if at + promise.lives_s[kind] > second]
            at, found = written.get(place, (-math.inf, 0))
            if at + promise.lives_s[kind] > second and min(promise.room.values()) >= AMPLE:
                lasts = [each for each in lasts if each >= found]
            yield span, set(lasts), newest
        elif what == "lands" and span.status == OK:
            if promise.forgets(span) or (kind == "write" and promise.holds(span)):
                landed[place].clear()
                written.pop(place, None)
            if promise.holds(span):
                landed[place].append((second, version))
                if kind == "write":
                    written[place] = second, version


def replayed(result):
    """What each read that may be answered from the cache finds there: a version or nothing, and the newest one.

    A dictionary keeps what is held with the longest unused first. An answer older than what is held is dropped. A read
    that the cluster turns away has looked all the same.
    """
    promise = Promise.of(result.scenario.stack[-2])
    memories = defaultdict(dict)
    for second, what, span, version, newest in story(result):
        place, kind = promise.place(span), promise.what_is(span.operation)
        pool = "query" if kind == "query" and not promise.shares_room else "item"
        memory = memories[pool]
        for each in [each for each, held in memory.items() if held[1] <= second]:
            del memory[each]
        if what == "looks" and kind in promise.lives_s:
            if place in memory:
                memory[place] = memory.pop(place)
            yield span, memory[place][0] if place in memory else None, newest
        elif what == "lands" and span.status == OK:
            if promise.forgets(span):
                memory.pop(place, None)
            if promise.holds(span) and (kind == "write" or place not in memory or memory[place][0] <= version):
                memory.pop(place, None)
                size, room = max(span.size, 1), promise.room[pool]
                while memory and size <= room and size + sum(held[2] for held in memory.values()) > room:
                    del memory[next(iter(memory))]
                if size <= room:
                    lives_s = promise.lives_s["query" if kind == "query" else "item"]
                    memory[place] = version, second + lives_s, size


def assert_every_hit_is_allowed(result):
    for span, versions, newest in permitted(result):
        assert versions, "a hit, and nothing that it may show"
        assert span.status == STALE and min(versions) < newest or span.status == OK and newest in versions


def assert_it_plays_as_replayed(result):
    allowed = {(span.request, span.call): versions for span, versions, _ in permitted(result)}
    stale = 0
    for span, shown, newest in replayed(result):
        if span.resource == REFUSED:
            continue
        assert span.resource == (MISS if shown is None else HIT)
        if shown is not None:
            assert shown in allowed[span.request, span.call]
            assert span.status == (STALE if shown < newest else OK)
            stale += shown < newest
    assert stale == sum(span.status == STALE for span in spans_of(result, -2))


def stretches(result, kind):
    """The hits of each place between one answer that lands there and the next, in order: lists of spans."""
    promise, found = Promise.of(result.scenario.stack[-2]), defaultdict(lambda: [[]])
    for _, what, span, *_ in story(result):
        if promise.what_is(span.operation) != kind:
            continue
        if what == "lands" and span.resource == MISS:
            found[promise.place(span)].append([])
        elif what == "looks" and span.resource == HIT:
            found[promise.place(span)][-1].append(span)
    return [hits for each in found.values() for hits in each]


# What DAX shows ----------------------------------------------------------------------------------------------


@RUNS
@given(scenarios(DAX), SEEDS)
def test_a_read_through_dax_never_returns_a_value_older_than_its_rules_allow(scenario, seed):
    assert_every_hit_is_allowed(played(scenario, seed))


@RUNS
@given(scenarios(DAX), SEEDS)
def test_dax_has_what_dictionaries_have_and_calls_stale_what_is_older_than_the_last_finished_write(scenario, seed):
    """The last write that had finished at the table when the call looked into the cache: a write that ends while the
    answer is on its way makes no difference. So it is with the table's own reads, which show what there was when they
    began."""
    assert_it_plays_as_replayed(played(scenario, seed))


@RUNS
@given(scenarios(st.builds(Dax, item_ttl_s=st.just(0.0), query_ttl_s=TTLS_S)), SEEDS)
def test_a_get_through_dax_shows_every_acknowledged_write_where_all_go_through_it_and_all_has_room(scenario, seed):
    """That there is nothing is forgotten with the first write, too. A write is acknowledged and held at one moment."""
    assert not [span for span in spans_of(played(scenario, seed), -2)
                if span.status == STALE and span.operation.name.startswith("get") and not span.operation.index]


@RUNS
@given(scenarios(st.builds(Dax, query_ttl_s=TTLS_S, bypass_share=SHARES)), SEEDS)
def test_a_stale_result_of_a_query_stays_so_until_the_query_is_asked_anew(scenario, seed):
    """No write refreshes it, wherever it goes."""
    for hits in stretches(played(scenario, seed), "query"):
        statuses = [span.status for span in hits]
        assert statuses == sorted(statuses)  # OK 200, then STALE 203


# What ElastiCache shows --------------------------------------------------------------------------------------


@RUNS
@given(scenarios(ELASTICACHE), SEEDS)
def test_a_read_through_elasticache_never_returns_a_value_older_than_its_rules_allow(scenario, seed):
    assert_every_hit_is_allowed(played(scenario, seed))


@RUNS
@given(scenarios(ELASTICACHE), SEEDS)
def test_elasticache_has_what_dictionaries_have_and_calls_stale_what_is_older_than_the_last_finished_write(
        scenario, seed):
    """Filling, replacing and deleting land a trip after the table's answer. A reader who asked the table before a write
    may so bring back what the write has deleted, and of two writers the later trip wins."""
    assert_it_plays_as_replayed(played(scenario, seed))


@RUNS
@given(scenarios(st.builds(ElastiCache, on_write=st.just("keep"), ttl_s=TTLS_S)), SEEDS,
       st.sampled_from(["item", "query"]))
def test_a_stale_entry_stays_so_until_it_is_read_anew_where_nobody_invalidates(scenario, seed, kind):
    for hits in stretches(played(scenario, seed), kind):
        statuses = [span.status for span in hits]
        assert statuses == sorted(statuses)


# What both do ------------------------------------------------------------------------------------------------


@RUNS
@given(scenarios(DAX | ELASTICACHE), SEEDS)
def test_calls_go_to_the_table_where_a_span_says_so_and_end_as_there(scenario, seed):
    """Hits and refused calls ask nothing of it. Strong and transactional reads always ask it and are never called
    stale; who waits before the cache does not know what is. With ElastiCache looking, filling and deleting are a trip
    each, and what is not cached asks the table at once; with DAX each call is one trip, but for writes around it."""
    result = played(scenario, seed)
    cache, promise = scenario.stack[-2], Promise.of(scenario.stack[-2])
    at_table = {(span.request, span.call): span for span in spans_of(result, -1)}
    allowed = {"item": {HIT, MISS}, "query": {HIT, MISS}, "other": {PASSED},
               "write": {0.0: {WROTE}, 1.0: {PASSED}}.get(cache.bypass_share, {WROTE, PASSED})}
    for span in spans_of(result, -2):
        inner = at_table.pop((span.request, span.call * CALLS_PER_CALL + 1), None)
        assert (inner is None) == (span.resource in (HIT, REFUSED))
        if span.resource == REFUSED:
            assert span.status in (THROTTLED, FAILED) and isinstance(cache, Dax)
            continue
        assert span.resource in allowed[promise.what_is(span.operation)]
        if inner:
            looks = span.resource in (MISS, *((PASSED, WROTE) if isinstance(cache, Dax) else ()))
            lands = not isinstance(cache, Dax) and span.status == OK and (promise.holds(span) or promise.forgets(span))
            around = span.resource == PASSED and span.operation.access == "write"
            trip_s = span.work_s / max(1, (looks and not around) + lands)
            assert inner.start_s == span.start_s + trip_s * (looks and not around)
            assert span.end_s == inner.end_s + trip_s * lands
            assert span.status == (OK if inner.status == STALE else inner.status)
            assert span.operation.consistency == "eventual" or inner.status != STALE
    assert not at_table
    if len(scenario.stack) > 2:
        assert STALE not in {span.status for span in spans_of(result, 0)}


@RUNS
@given(st.sampled_from([Dax(), Dax(node_type="dax.t3.small", item_ttl_s=0.2), ElastiCache(), ElastiCache(
    on_write="update", node_type="cache.t4g.micro")]), scenarios(DAX), SEEDS)
def test_a_write_that_fails_at_the_table_changes_nothing_in_the_cache(cache, scenario, seed):
    """The table has a write unit a second, and each write needs 90 or more: all fail. Where they go around the cache,
    readers meet the same."""
    table = DynamoDb(capacity_mode="provisioned", read_capacity=1000, write_capacity=1, burst_at_start=0.0,
                     max_attempts=1, indexes=INDEX)
    large = {"item_bytes": 90_000, "item_distribution": "constant"}
    traffic = replace(scenario.traffic, operations=tuple(
        replace(each, **large) if each.access == "write" else each for each in scenario.traffic.operations))
    through, around = (
        [span for span in spans_of(played(Scenario((each, table), traffic), seed), -2)
         if span.operation.access == "read"] for each in (cache, replace(cache, bypass_share=1.0)))
    assert sorted(through) == sorted(around)
    assert STALE not in {span.status for span in through}


@settings(RUNS, max_examples=30)
@given(scenarios(DAX | ELASTICACHE), SEEDS)
def test_the_lessons_share_of_stale_reads_is_that_of_the_replay(scenario, seed):
    result = played(replace(scenario, stack=scenario.stack[-2:]), seed)
    assume(result.n)
    reads = sum(span.operation.access == "read" for span in spans_of(result, 0))
    stale = sum(shown is not None and shown < newest and span.resource != REFUSED
                for span, shown, newest in replayed(result))
    assert examine(result).stale == stale / max(reads, 1)


BUSY = Traffic(
    arrivals=Poisson(300.0), window_s=4.0, keys=Keys(count=6, absent_share=0.3),
    operations=tuple(OPERATIONS[name] for name in ("get", "list", "get by status", "strong get", "put of any size")))


@pytest.mark.parametrize("cache", [
    Dax(node_type="dax.t3.medium", item_ttl_s=0.5, query_ttl_s=1.0, bypass_share=0.3, fails_at_s=1.0, back_after_s=1.0),
    *(ElastiCache(node_type="cache.t4g.micro", nodes=1, ttl_s=0.5, on_write=how) for how in ("delete", "update")),
])
def test_either_engine_plays_as_replayed(cache):
    scenario = Scenario((cache, DynamoDb(indexes=INDEX)), BUSY)
    workload = draw(BUSY, 0)
    plain = played(scenario)
    quick = Result(scenario, workload, *fast.play(scenario, workload, is_compiled=False), "fast")
    assert [spans_of(quick, place) for place in (0, 1)] == [spans_of(plain, place) for place in (0, 1)]
    assert_it_plays_as_replayed(quick)
    assert {HIT, MISS} <= {span.resource for span in spans_of(quick, 0)}
    assert STALE in {span.status for span in spans_of(quick, 0)}


def test_that_there_is_nothing_takes_a_byte():
    """Ten keys without an item, asked for alike, and a room of three bytes: three of ten reads are hits."""
    traffic = Traffic(arrivals=Poisson(10.0), window_s=300.0, operations=OPERATIONS["get"],
                      keys=Keys("uniform", 10, absent_share=1.0))
    result = played(Scenario((Dax(node_type="dax.t2.small"), DynamoDb()), traffic))
    assert_it_plays_as_replayed(result)
    assert np.mean([span.resource == HIT for span in spans_of(result, 0)]) == pytest.approx(0.3, abs=0.03)


def test_an_entry_that_has_ended_keeps_no_answer_out():
    """An entry lives for a ms. A read of 5 ms begins before a write, which lands and ends meanwhile: the read's older
    answer is held all the same, and the next reader meets it."""
    operations = tuple(replace(OPERATIONS[name], weight=weight) for name, weight in (("get", 2), ("put", 0.2)))
    traffic = Traffic(arrivals=Poisson(1000.0), window_s=2.0, operations=operations, keys=Keys(count=1))
    result = played(Scenario((Dax(item_ttl_s=0.001), DynamoDb()), traffic))
    assert_it_plays_as_replayed(result)
    assert sum(span.status == STALE for span in spans_of(result, 0)) > 0


@pytest.mark.parametrize("cache", [Dax(), ElastiCache()])
def test_a_cache_in_front_of_a_global_table_is_refused_in_one_sentence(cache):
    with pytest.raises(ParamError, match="global_table") as refusal:
        played(Scenario((cache, DynamoDb(global_table=GlobalTable())), Traffic(arrivals=Poisson(1.0))))
    assert "\n" not in str(refusal.value)
