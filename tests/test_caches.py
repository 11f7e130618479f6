"""DAX and ElastiCache, against another LRU cache, Che's approximation, closed forms and AWS's worked examples."""

import dataclasses
import math

import cachetools
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from simlib import (
    Client,
    Constant,
    Dax,
    DynamoDb,
    ElastiCache,
    Keys,
    Lambda,
    Operation,
    ParamError,
    Poisson,
    Scenario,
    Traffic,
    bill,
    facts,
    simulate,
)
from simlib.pricing import usage
from simlib.services.base import OK, STALE, THROTTLED
from simlib.services.caches.dax import sized
from simlib.services.caches.front import HIT, MISS, PASSED, WROTE
from simlib.services.copies import Entry, Lru, drop, find, put

READ = Operation("read", work_vcpu_s=0.0, io_s=0.0, item_bytes=1000)
WRITE = Operation("write", access="write", work_vcpu_s=0.0, io_s=0.0, item_bytes=1000)


def played(cache, operations=READ, rate_rps=100.0, window_s=60.0, keys=None, seed=0, table=None, arrivals=None,
           **fields):
    traffic = Traffic(arrivals=arrivals or Poisson(rate_rps), window_s=window_s, operations=operations,
                      keys=keys or Keys(count=1000))
    return simulate(Scenario((cache, table or DynamoDb()), traffic, **fields), seed)


def of_cache(result):
    return result.spans[result.spans.service.isin(("Dax", "ElastiCache"))]


def hit_ratio(result):
    spans = of_cache(result)
    return (spans.resource == HIT).mean()


# The memory --------------------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 60), st.sampled_from(["get", "get", "drop"]),
                       st.floats(0, 3)), max_size=300),
    st.integers(20, 400),
    st.sampled_from([2.5, 10.0, math.inf]),
)
def test_it_holds_what_another_cache_of_that_size_and_lifetime_holds(steps, most, ttl_s):
    """cachetools' TTLCache with sizes: longest unused goes first, entries end with their time from insertion."""
    now = [0.0]
    other = cachetools.TTLCache(most, ttl_s, timer=lambda: now[0], getsizeof=lambda size: size)
    cache, entries = Lru(most, ttl_s), [Entry() for _ in range(31)]
    for place, size, what, passes_s in steps:
        now[0] += passes_s
        if what == "drop":
            other.pop(place, None)
            drop(cache, entries, place)
            continue
        assert find(cache, entries, place, now[0]) == (other.get(place) is not None)
        if place not in other:
            if size <= most:
                other[place] = size
            put(cache, entries, place, float(size), 0.0, now[0])
    other.expire()
    held = {place for place, entry in enumerate(entries) if entry.size and entry.expires_s > now[0]}
    assert held == set(other)


@pytest.mark.parametrize("exponent", [0.0, 0.8, 1.1])
@pytest.mark.parametrize("room", [10, 100, 400])
def test_hit_ratios_are_those_of_another_cache_and_of_ches_approximation(room, exponent):
    """Che: an item is in the cache if it was asked for in the last T, where as many such items are expected as fit.

    Rarely enough that a filling ends before the next request comes. ElastiCache with ttl 0 is LRU alone; its memory is
    made to hold `room` items of 1,000 bytes.
    """
    keys = Keys("zipf", 1000, exponent)
    cache = OfBytes(ttl_s=0, bytes_held=1000.0 * room)
    result = played(cache, keys=keys, rate_rps=2.0, window_s=60_000.0)
    other = cachetools.LRUCache(room)
    hits = 0
    asked = result.workload.key.tolist()
    for key in asked:
        hits += key in other
        other[key] = True
    shares = keys.shares()
    span = brentq(lambda t: (1 - np.exp(-shares * t)).sum() - room, 1e-9, 1e9)
    che = (shares * (1 - np.exp(-shares * span))).sum()
    warm = of_cache(result).sort_values("start_s").iloc[20_000:]
    assert hit_ratio(result) == pytest.approx(hits / len(asked), abs=0.005)
    assert (warm.resource == HIT).mean() == pytest.approx(che, abs=0.005)


class OfBytes(ElastiCache):
    """An ElastiCache of any number of bytes."""

    def __init__(self, bytes_held, **fields):
        super().__init__(**fields)
        object.__setattr__(self, "bytes_held", bytes_held)

    @property
    def memory_bytes(self):
        return self.bytes_held


OfBytes.__name__ = "ElastiCache"


@pytest.mark.parametrize(("rate_rps", "ttl_s"), [(0.5, 4.0), (2.0, 3.0), (10.0, 1.0)])
def test_with_a_time_to_live_alone_the_hit_ratio_is_rate_ttl_over_one_plus_rate_ttl(rate_rps, ttl_s):
    """A key's cycle: a miss, and rate x ttl hits on average until the entry ends (here the miss takes 8 ms more)."""
    result = played(Dax(item_ttl_s=ttl_s), rate_rps=rate_rps, window_s=60_000 / rate_rps, keys=Keys(count=1))
    expected = rate_rps * ttl_s / (1 + rate_rps * ttl_s)
    assert hit_ratio(result) == pytest.approx(expected, abs=0.005 + rate_rps * 0.01)


def test_larger_items_need_more_room():
    """Ten times larger items in the same memory: a tenth of them fits."""
    small, large = (hit_ratio(played(OfBytes(ttl_s=0, bytes_held=100_000.0), keys=Keys("uniform", 1000), window_s=300,
                                     operations=Operation("read", work_vcpu_s=0.0, io_s=0.0, item_bytes=size)))
                    for size in (1000, 10_000))
    assert (small, large) == pytest.approx((0.1, 0.01), abs=0.005)


# DAX ---------------------------------------------------------------------------------------------------------


def test_a_hit_takes_a_trip_and_a_miss_the_tables_time_as_well():
    result = played(Dax(), keys=Keys(count=1))
    spans = of_cache(result)
    hits = spans[spans.resource == HIT]
    assert (1000 * (hits.end_s - hits.start_s)).median() == pytest.approx(0.4, rel=0.05)
    assert (spans.resource == MISS).sum() < 10
    misses = spans[spans.resource == MISS]
    assert (misses.end_s - misses.start_s).min() > 0.0035


def test_strong_and_transactional_reads_are_handed_through_and_never_cached():
    for consistency in ("strong", "transactional"):
        result = played(Dax(), Operation("read", consistency=consistency, work_vcpu_s=0.0, io_s=0.0))
        assert set(of_cache(result).resource) == {PASSED}


def test_a_write_through_the_cluster_is_seen_at_once():
    """AWS's example: an item with ten minutes to live, written through after three; a read then gives the new value."""
    result = played(Dax(item_ttl_s=600), (READ, WRITE), keys=Keys(count=5), window_s=100)
    spans = of_cache(result)
    assert set(spans.resource) == {HIT, MISS, WROTE} and STALE not in set(spans.status)


def test_writes_that_go_around_leave_old_items_until_they_end():
    """All writes go around. A hit is stale as soon as one has been written since the entry was filled: with one write
    a second, a filling every 10 s and hits all the time, a share of 1 - (1 - e^-10) / 10 of them."""
    operations = (Operation(**{**vars(READ), "weight": 99}), WRITE)
    result = played(Dax(item_ttl_s=10.0, bypass_share=1.0), operations, keys=Keys(count=1), window_s=2000)
    hits = of_cache(result)
    hits = hits[hits.resource == HIT]
    assert (hits.status == STALE).mean() == pytest.approx(1 - (1 - math.exp(-10)) / 10, abs=0.02)


def test_results_of_queries_are_not_refreshed_by_writes():
    """Writes go through the cluster, and yet queries see old results until their time to live is over."""
    query = Operation("list", items=10, work_vcpu_s=0.0, io_s=0.0, weight=9)
    spans = of_cache(played(Dax(query_ttl_s=20.0), (query, WRITE), keys=Keys(count=1), window_s=200))
    assert (spans[spans.operation == "list"].status == STALE).mean() > 0.5
    off = of_cache(played(Dax(query_ttl_s=0.0), (query, WRITE), keys=Keys(count=1), window_s=20))
    assert set(off[off.operation == "list"].resource) == {PASSED}


@pytest.mark.parametrize(("operation", "cost"), [(READ, 1), (WRITE, 25 * 2)])
def test_a_cluster_takes_its_normalized_requests_and_refuses_the_rest(operation, cost, monkeypatch):
    """Two nodes of 100 normalized requests a second; a KB of a hit costs 1, of a write 25 on each of the two."""
    monkeypatch.setattr(facts, "cache_node", lambda name: facts.CacheNode(name, 16.0, 100.0))
    result = played(Dax(nodes=2, item_ttl_s=0.0), operation, rate_rps=1000.0, window_s=30.0, keys=Keys(count=1))
    served = (of_cache(result).status == OK).sum()
    assert served == pytest.approx(200 * 31 / cost, rel=0.02 + 1 / (200 * 31 / cost))


def test_the_largest_cluster_takes_40000_writes_a_second_on_each_node():
    """AWS's sizing guide: 1,000,000 / 25 writes of a KB a second."""
    assert facts.cache_node("dax.r5.8xlarge").requests_per_s / facts.value("dax.write_cost") == 40_000


def test_the_sizing_formula_is_that_of_the_guide():
    """Factors for the loss of a node: 3 / 2 = 1.5 with three nodes, 11 / 10 = 1.1 with eleven, where 1.43 is more."""
    assert sized(1000, 0, 0, 3) == 1000 * 1.5
    assert sized(1000, 0, 0, 11) == 1000 * 1.43
    assert sized(100, 10, 2, 3) == (100 + 10 * 10 + 2 * 25 * 3) * 1.5


def test_that_there_is_nothing_is_remembered_by_dax_and_by_code_that_does_so():
    """Half of 1,000 keys have no item: DAX answers their readers too, cache-aside code asks the table each time."""
    keys = Keys("uniform", 1000, absent_share=0.5)
    ratios = [hit_ratio(played(cache, keys=keys, rate_rps=200.0, window_s=250.0)) for cache in (
        Dax(item_ttl_s=0.0), ElastiCache(ttl_s=0.0, caches_empty=True), ElastiCache(ttl_s=0.0))]
    assert ratios == pytest.approx([0.98, 0.98, 0.49], abs=0.02)


def test_a_read_that_finds_nothing_costs_the_smallest_read():
    read = Operation("read", item_bytes=40_000, work_vcpu_s=0.0, io_s=0.0)
    traffic = Traffic(arrivals=Constant(10.0), window_s=100.0, operations=read, keys=Keys(absent_share=0.5))
    assert set(simulate(Scenario((DynamoDb(),), traffic), 0).spans.units) == {0.5, 5.0}


def test_a_lost_node_takes_its_throughput_and_its_hours_with_it():
    cluster = Dax(nodes=1, fails_at_s=20.0, back_after_s=20.0)
    result = played(cluster, window_s=60.0)
    lost = of_cache(result)[of_cache(result).status == 502]
    assert 20 <= lost.start_s.min() and lost.start_s.max() < 40
    assert bill(result).usd_of("dax.node") == pytest.approx(0.255 * 730 * 40 / 60)


def test_transactions_through_the_cluster_read_their_items_back():
    """AWS's example: three items of 500 bytes written in a transaction take 6 WRU, and 6 RRU behind the cluster."""
    write = Operation("pay", access="write", consistency="transactional", items=3, item_bytes=500, work_vcpu_s=0.0,
                      io_s=0.0)
    result = played(Dax(), write, rate_rps=1.0, window_s=60.0, keys=Keys("uniform", 10**6))
    lines = {line.sku: line.quantity for line in bill(result, free_tier=False).lines}
    assert lines["dynamodb.read_request.standard"] == pytest.approx(lines["dynamodb.write_request.standard"])
    assert lines["dynamodb.write_request.standard"] == pytest.approx(6 * result.n * 730 * 60)


def test_nodes_are_billed_by_the_hour():
    """Three r5.large: 3 x 730 x 0.255 = 558.45."""
    assert bill(played(Dax())).usd_of("dax.node") == pytest.approx(558.45)


# ElastiCache -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("on_write", "old"), [("delete", 0.02), ("update", 0.02), ("keep", 1.0)])
def test_who_does_not_invalidate_reads_old_items(on_write, old):
    """With deletion or replacement only readers that meet a write in flight see the old item."""
    spans = of_cache(played(ElastiCache(on_write=on_write), (READ, WRITE), keys=Keys(count=200), window_s=100))
    hits = spans[spans.resource == HIT]
    share = (hits.status == STALE).mean()
    assert share <= old if old < 1 else share > 0.5


def test_deleting_costs_the_next_reader_a_miss():
    """Writes and reads by turns of chance: after each write the next read misses, so at most half of the reads hit."""
    keys = Keys(count=1)
    by_deletion, by_update = (hit_ratio(played(ElastiCache(on_write=how), (READ, WRITE), rate_rps=5, window_s=2000,
                                               keys=keys)) for how in ("delete", "update"))
    assert by_deletion == pytest.approx(0.25, abs=0.02) and by_update == pytest.approx(0.5, abs=0.02)


def test_a_popular_entry_that_ends_sends_a_stampede_to_the_table():
    """1,000 readers a second of one key, 60 s to live, and 6 to 9 ms to fill it again: several go to the table."""
    spans = of_cache(played(ElastiCache(ttl_s=60.0), rate_rps=1000.0, window_s=185.0, keys=Keys(count=1)))
    misses = spans[spans.resource == MISS].start_s
    rounds = misses.groupby((misses // 20).astype(int)).size()
    assert len(rounds) == 4 and rounds.min() >= 3


def test_nodes_and_serverless_are_billed_as_the_price_list_says():
    """Two cache.t4g.small with Valkey: 2 x 730 x 0.0256. Serverless: 0.1 GB at least x 730 x 0.084, an ECPU for each
    trip of a KB: a hit one, a miss two."""
    assert bill(played(ElastiCache())).usd_of("elasticache.node") == pytest.approx(2 * 730 * 0.8 * 0.032)
    result = played(ElastiCache(serverless=True))
    spans = of_cache(result)
    invoice = bill(result)
    assert invoice.usd_of("elasticache.serverless_data") == pytest.approx(0.1 * 730 * 0.084)
    trips = (spans.resource == HIT).sum() + 2 * (spans.resource == MISS).sum()
    assert invoice.usd_of("elasticache.serverless_ecpu") == pytest.approx(trips * 43_800 * 0.0023e-6)


# What must hold ----------------------------------------------------------------------------------------------

CACHES = st.one_of(
    st.builds(Dax, item_ttl_s=st.sampled_from([0.0, 2.0, 300.0]), query_ttl_s=st.sampled_from([0.0, 3.0]),
              bypass_share=st.sampled_from([0.0, 0.5])),
    st.builds(ElastiCache, ttl_s=st.sampled_from([0.0, 2.0, 300.0]), on_write=st.sampled_from(
        ["delete", "update", "keep"]), bypass_share=st.sampled_from([0.0, 0.5])),
)
STRONG = Operation("sure", consistency="strong", work_vcpu_s=0.0, io_s=0.0)
QUERY = Operation("list", items=3, work_vcpu_s=0.0, io_s=0.0)


@settings(max_examples=60, deadline=None)
@given(CACHES, st.integers(0, 50), st.integers(1, 4))
def test_what_is_called_stale_is_older_than_the_newest_write_and_nothing_else_is(cache, seed, keys):
    """Recounted from the spans: a hit shows the version of the last filling or replacement that ended before it; it is
    stale exactly where a write of the key has ended in between."""
    result = played(cache, (READ, WRITE, QUERY, STRONG), rate_rps=40.0, window_s=20.0, keys=Keys(count=keys), seed=seed)
    spans = of_cache(result)
    table = result.spans[result.spans.service == "DynamoDb"]
    writes = table[(table.operation == "write") & (table.status == OK)]
    ttl_s = getattr(cache, "ttl_s", None)
    for hit in spans[spans.resource == HIT].itertuples():
        ended = writes[(writes.key == hit.key) & (writes.end_s <= hit.start_s)].end_s
        newest_s = ended.max() if len(ended) else -math.inf
        lives_s = ttl_s if ttl_s is not None else cache.item_ttl_s if hit.operation == "read" else cache.query_ttl_s
        if hit.status == STALE:
            assert newest_s > -math.inf
        if lives_s and hit.status == STALE:
            between = ended[ended > hit.start_s - lives_s - 0.5]
            assert len(between), "an entry outlived its time to live"
    if isinstance(cache, Dax) and not cache.bypass_share:
        late = spans[(spans.resource == HIT) & (spans.operation == "read") & (spans.status == STALE)]
        for hit in late.itertuples():
            through = spans[(spans.resource == WROTE) & (spans.key == hit.key)]
            reads = spans[(spans.resource == MISS) & (spans.key == hit.key)]
            assert (reads.start_s.lt(hit.start_s).any() and through.end_s.lt(hit.start_s).any())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Scenario((Client(), Lambda(), Dax()), Traffic()), "DynamoDb"),
        (lambda: Scenario((ElastiCache(), Lambda(), DynamoDb()), Traffic()), "DynamoDb"),
        (lambda: Dax(nodes=12), "between 1 and 11"),
        (lambda: Dax(node_type="dax.r9.huge"), "dax.r"),
        (lambda: ElastiCache(on_write="hope"), "delete"),
    ],
)
def test_what_a_cache_cannot_be_is_said_in_one_sentence(make, words):
    with pytest.raises(ParamError) as refusal:
        make()
    assert words in str(refusal.value) and "\n" not in str(refusal.value)


def test_the_full_path_runs_and_is_billed():
    traffic = Traffic(arrivals=Constant(20.0), window_s=60.0, operations=(READ, WRITE))
    result = simulate(Scenario((Client(), Lambda(), Dax(), DynamoDb()), traffic), 0)
    assert result.summary()["served"] == result.n
    assert set(bill(result).by_service()) == {"AWS Lambda", "DynamoDB Accelerator (DAX)", "Amazon DynamoDB"}
    assert THROTTLED not in set(result.spans.status)


def test_a_lone_node_that_is_replaced_has_forgotten_everything_and_one_of_three_has_not():
    """Ten gets a second of one key for 60 s, the node gone from 20 to 40 s: a miss at the start, one at the return."""
    for nodes, misses in ((1, 2), (3, 1)):
        cache = Dax(nodes=nodes, item_ttl_s=0, fails_at_s=20.0, back_after_s=20.0)
        spans = of_cache(played(cache, arrivals=Constant(10.0), keys=Keys(count=1)))
        assert (spans.resource == MISS).sum() == misses


def test_cache_aside_code_pays_for_the_trips_it_makes_and_no_others():
    """Looks, fillings and deletes of 1,000 bytes are an ECPU each; strong reads and idle writes are none."""
    strong = dataclasses.replace(READ, name="strong", consistency="strong")
    for operations, on_write, trips in (
            ((READ, WRITE), "delete", lambda hits, misses, writes: hits + 2 * misses + writes),
            ((READ, WRITE), "keep", lambda hits, misses, writes: hits + 2 * misses),
            ((strong,), "delete", lambda hits, misses, writes: 0)):
        result = played(ElastiCache(serverless=True, on_write=on_write), operations=operations)
        counts = [int((result.of(0)["resource"] == kind).sum()) for kind in (HIT, MISS, WROTE)]
        assert usage(result).get("elasticache.serverless_ecpu.valkey", 0.0) == trips(*counts)
    empty = played(ElastiCache(serverless=True), keys=Keys(count=5, absent_share=1.0))
    assert usage(empty)["elasticache.serverless_ecpu.valkey"] == empty.n
