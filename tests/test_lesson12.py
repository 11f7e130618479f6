"""Lesson 12: caches cost, hit and grow old as sums by hand, closed forms and replays of the requests say."""

import csv
import dataclasses
import re
import sys
from collections import Counter, OrderedDict
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq

from simlib import Dax, DynamoDb, ElastiCache, bill, facts, i18n, teach, views
from simlib.lessons import lesson12 as lesson
from simlib.services.caches.front import HIT, MISS, PASSED, WROTE

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "notebooks"))

READ_USD, WRITE_USD, MONTH_S = 0.125e-6, 0.625e-6, 730 * 3600
"""Dollars of a read and of a write unit since November 2024, and the seconds of a month."""


@pytest.fixture(autouse=True)
def english():
    i18n.use("en")
    yield
    i18n.use("en")


def run_cell(name):
    """Runs a cell of the notebook, showing nothing; returns what it leaves behind."""
    import build

    from simlib import Scenario, simulate

    cells = build.read(build.SOURCE / "12_is_a_cache_worth_it.py").cells
    source = next(each.source for each in cells if each.metadata["title"] == name)
    quiet = {name: lambda *shown: shown for name in ("display", "reach", "write")}
    space = {"lesson": lesson, "Dax": Dax, "DynamoDb": DynamoDb, "ElastiCache": ElastiCache, "Scenario": Scenario,
             "simulate": simulate, **quiet}
    exec(source, space)
    return space


def share(text):
    """The number before a per cent sign; "under 0.1 %" is 0.001."""
    return float(re.search(r"([\d.]+) %$", text)[1]) / 100


# What it costs ----------------------------------------------------


def test_nodes_and_break_even_by_hand():
    """2 x 730 x 0.0256 = 37.376 dollars; a hit of 64 KB saves 8 x 0.000000125; 37.376 / (2,628,000 x 0.000001) = 14.2.
    3 x 730 x 0.255 = 558.45 and 0.5 units of 4 KB: 558.45 / (2,628,000 x 0.0000000625) = 3,400."""
    assert lesson.nodes_usd(ElastiCache()) == pytest.approx(37.376)
    assert lesson.hits_to_pay(ElastiCache(), 64) == pytest.approx(14.22, abs=0.01)
    assert lesson.nodes_usd(Dax()) == pytest.approx(558.45)
    assert lesson.nodes_usd(lesson.BURSTABLE) == pytest.approx(87.6)
    assert lesson.pays_rps() == pytest.approx(3400)
    assert lesson.hits_to_pay(Dax(), 64, lesson.BEFORE_CUT) == pytest.approx(558.45 / 2.628 / 2)


def test_the_worked_sums_hold_numbers_of_the_price_list():
    """558.45 / 2.628 = 212.5, 87.60 / 2.628 = 33.3; (1,000 + 10 x 100 + 25 x 10 x 3) x 1.5 = 4,125."""
    words = lesson.by_hand()
    for told in ("8 read units", "$1.00", "$0.0256 = $37.376", "14.2 hits", "213 hits", "33.3", "3,400", "106 for the",
                 "= 4,125"):
        assert told in words


def test_all_looks_of_the_small_shop_cost_less_than_a_dollar():
    """4 hours of 50 requests a second and 726 of 0.1: 981,360 requests of 8 units and 0.000000125 dollars, drawn."""
    by_hand = (4 * 3600 * 50 + 726 * 3600 * 0.1) * 0.999 * 8 * READ_USD
    assert lesson.shop_bill().usd_of("dynamodb.read") == pytest.approx(by_hand, rel=0.02)
    assert "$0.97" in lesson.by_hand() and by_hand < 1


@pytest.mark.parametrize("writes", [0.001, 0.3, 0.5])
def test_the_parts_of_a_bill_are_what_reached_the_table(writes):
    """Recounted from the table's spans: 8 units a read, 64 a write that was let in, and the hours of the nodes."""
    seen = lesson.ways(writes).seen
    caches = {lesson.NONE: None, lesson.DAX: lesson.BURSTABLE, lesson.ELASTICACHE: ElastiCache()}
    nodes = {lesson.NONE: 0.0, lesson.DAX: 3 * 730 * 0.04, lesson.ELASTICACHE: 2 * 730 * 0.0256}
    for way, cache in caches.items():
        spans = lesson.played(lesson.seat_maps(writes), cache).spans
        count = Counter(spans.operation[spans.service == "DynamoDb"])
        month = MONTH_S / lesson.WINDOW_S
        assert seen[way].parts == pytest.approx({
            "nodes": nodes[way],
            "reads": count["look"] * 8 * READ_USD * month,
            "writes": count["sell"] * 64 * WRITE_USD * month,
        })
        assert seen[way].bill.total_usd == pytest.approx(sum(seen[way].parts.values()) + 0.25)


@pytest.mark.parametrize(("language", "dax", "elasticache"), [
    ("en", "dax.t3.small, node hours", "cache.t4g.small (Valkey), node hours"),
    ("ko", "dax.t3.small, 노드 시간", "cache.t4g.small (Valkey), 노드 시간"),
])
def test_every_line_of_a_bill_is_named_in_words(language, dax, elasticache):
    i18n.use(language)
    for explorable in (lesson.WRITES_EXPLORER, lesson.BYPASS_EXPLORER):
        bills = teach.Exploration(explorable).bills
        _none, through_dax, through_code = (views.bill_html(dict([side]), True) for side in bills.items())
        assert dax in through_dax and elasticache in through_code
        lines = [line for each in bills.values() for line in each.lines]
        assert not [line.sku for line in lines if line.sku in views.bill_html(bills, True)]
    serverless = bill(lesson.played(lesson.seat_maps(), ElastiCache(serverless=True)), free_tier=False)
    words = [views.item_words(line) for line in serverless.lines[:2]]
    assert words == {"en": ["data in the serverless cache", "requests to the serverless cache"],
                     "ko": ["서버리스 캐시의 데이터", "서버리스 캐시 요청"]}[language]


def test_the_cell_of_section_3_says_what_each_way_costs():
    """50 a second for a month: 131.4 million looks cost about 131 dollars; three large nodes 558, two small ones 37."""
    shown = lesson.compared(run_cell("run-three")["results"])
    assert list(shown.loc["month: cache"]) == ["$0.00", "$558", "$37.376"]
    assert float(shown.loc["month: table", "no cache"].lstrip("$")) == pytest.approx(131.3 + 5.3 + 0.25, rel=0.03)
    assert share(shown.loc["reads answered by the cache", "DAX"]) > 0.99
    assert shown.loc["reads answered by the cache", "no cache"] == "0 %"


@pytest.mark.parametrize("given", [(-0.1,), (2,), ("many",), (None,), (True,), (float("nan"),), (0.1, 0), (0.1, 500)])
def test_seat_maps_that_cannot_be_are_answered_with_one_sentence(given):
    with pytest.raises(teach.InputError, match=r"as in lesson.seat_maps\(0.01, 64\)") as caught:
        lesson.seat_maps(*given)
    assert "\n" not in str(caught.value)


# Popularity and room ----------------------------------------------------


@lru_cache
def latencies():
    """Quantiles of the data's latencies in milliseconds, by operation."""
    with open(facts.DATA / "latencies.csv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if row]
    return {name: np.array([(float(row[1]), float(row[2])) for row in rows if row[0] == name]).T
            for name in ("cache.elasticache", "dynamodb.read")}


def drawn(name, shape):
    """Milliseconds of an operation, by dice of our own."""
    return np.interp(np.random.default_rng(12).random(shape), *latencies()[name])


@pytest.mark.parametrize(("exponent", "kilobytes"), [(0.0, 256), (0.6, 112), (0.6, 256), (1.0, 256), (1.4, 400)])
def test_hits_are_those_of_a_list_that_drops_the_longest_unused(exponent, kilobytes):
    """The same keys through an OrderedDict with room for 0.5 GiB / size; Che's line lies within the margin that is
    said, and two of it."""
    found = lesson.popular(exponent, kilobytes)
    traffic = dataclasses.replace(lesson.seat_maps(0, kilobytes), arrivals=lesson.Poisson(200), window_s=60.0,
                                  operations=(lesson._look(kilobytes),), keys=lesson.Keys("zipf", 5000, exponent))
    workload = lesson.draw(traffic, lesson.SEED)
    places, held, hits, reads = 2**29 // (kilobytes * 1024), OrderedDict(), 0, 0
    for key, at_s in zip(workload.key.tolist(), workload.arrival_s.tolist()):
        if at_s >= 30:
            reads, hits = reads + 1, hits + (key in held)
        held[key] = held.pop(key, True)
        if len(held) > places:
            held.popitem(last=False)
    assert reads == found.reads and found.seen.hits == pytest.approx(hits / reads, abs=0.004)
    assert found.seen.hits == pytest.approx(lesson.expected(exponent, kilobytes)[0], abs=3 * (0.25 / reads) ** 0.5)


def test_where_all_are_alike_the_hit_ratio_is_the_share_that_fits():
    """2,048 of 5,000: 41.0 %."""
    assert lesson.room(256) == 2048
    assert lesson.expected(0.0, 256)[0] == pytest.approx(2048 / 5000, abs=0.001)
    assert lesson.popular(0.0).seen.hits == pytest.approx(2048 / 5000, abs=0.02)


def test_size_stops_mattering_once_all_that_is_asked_for_fits_and_where_popularity_is_steep():
    assert lesson.popular(0.6, 16).seen.hits == lesson.popular(0.6, 112).seen.hits
    assert lesson.popular(0.6, 112).seen.hits - lesson.popular(0.6, 400).seen.hits > 0.3
    assert lesson.popular(1.4, 16).seen.hits == pytest.approx(lesson.popular(1.4, 400).seen.hits, abs=0.005)


@pytest.mark.parametrize("hits", [0.41, 0.85, 0.95])
def test_p99_of_a_mixture_is_that_of_a_million_dice(hits):
    """A hit is a trip; a miss a trip, a read of the table, and the same trip again."""
    trip, read = drawn("cache.elasticache", 1_000_000), drawn("dynamodb.read", (2, 1_000_000))[1]
    is_hit = np.arange(1_000_000) < 1_000_000 * hits
    mixed = np.where(is_hit, trip, 2 * trip + read)
    assert lesson.mixed_p99_ms(hits) == pytest.approx(np.quantile(mixed, 0.99), rel=0.03)


def test_p50_falls_with_most_reads_and_p99_only_with_the_last_misses():
    """What section 4 says: from 0.7 on p50 is a millisecond; at 1.4, with 19 of 20 hits, p99 is still 9 ms."""
    seen = [lesson.popular(exponent).seen for exponent in (0.7, 1.0, 1.4)]
    assert all(each.p50_ms < 1.05 and each.p99_ms > 9 for each in seen)
    assert seen[-1].hits == pytest.approx(0.95, abs=0.01)
    least_miss_ms = 3.5 + 2 * 0.2
    assert lesson.mixed_p99_ms(0.985) > least_miss_ms > lesson.mixed_p99_ms(0.999)


@pytest.mark.parametrize("explorable", [lesson.EXPONENT_EXPLORER, lesson.SIZE_EXPLORER, lesson.TTL_EXPLORER])
def test_what_is_pinned_stays_within_its_panel(explorable):
    """Points are drawn beyond their axes, so that an end of the scale shows whole."""
    exploring = teach.Exploration(explorable)
    for pinned, moved in ((0.0, 1.4), (1.4, 0.0)):
        exploring.set({"exponent": pinned})
        exploring.pin()
        exploring.set({"exponent": moved})
        for name, axis in exploring.picture.axes.items():
            low, high = axis.get_ylim()
            for artist in ("then", "now", "before", "line"):
                y = exploring.picture.artists[name][artist].get_ydata()
                assert low <= np.min(y) and np.max(y) <= high


# Time to live ----------------------------------------------------


def replayed(traffic, ttl_s, from_s):
    """Shares of hits and of stale reads in a dictionary of our own that no write reaches; nothing takes any time."""
    workload = lesson.draw(traffic, lesson.SEED)
    filled_s, written_s, reads, hits, stale = {}, {}, 0, 0, 0
    for key, operation, at_s in zip(workload.key.tolist(), workload.operation.tolist(), workload.arrival_s.tolist()):
        if operation == 1:
            written_s[key] = at_s
            continue
        is_hit = at_s < filled_s.get(key, -np.inf) + ttl_s
        if not is_hit:
            filled_s[key] = at_s
        if at_s >= from_s:
            reads, hits = reads + 1, hits + is_hit
            stale += is_hit and written_s.get(key, -np.inf) > filled_s[key]
    return hits / reads, stale / reads


def an_hour(exponent):
    operations = (lesson._look(64, weight=0.99), lesson._sale(64, 0.01))
    return lesson.Traffic(arrivals=lesson.Poisson(15), window_s=3600.0, operations=operations,
                          keys=lesson.Keys("zipf", 40, exponent))


@pytest.mark.parametrize("exponent", [0.0, 1.0, 1.4])
@pytest.mark.parametrize("ttl_s", [1.0, 10.0, 300.0])
def test_hits_and_stale_reads_are_those_of_a_replay_and_of_the_closed_form(exponent, ttl_s):
    seen = lesson.living(exponent, ttl_s).seen
    hits, stale = replayed(an_hour(exponent), ttl_s, 300.0)
    assert seen.hits == pytest.approx(hits, abs=0.004) and seen.stale == pytest.approx(stale, abs=0.006)
    line_hits, line_stale = lesson.lived(exponent, ttl_s)
    assert seen.hits == pytest.approx(line_hits, abs=0.006) and seen.stale == pytest.approx(line_stale, abs=0.04)


def test_a_hundredth_of_sales_makes_one_read_in_twenty_stale_after_eight_or_nine_seconds():
    """Of a show's reads a T / (1 + a T) are hits, of these 1 - (1 - exp(-b T)) / (b T) stale; a = 99 b, and b is 0.15 a
    second times the show's share, which goes as 1/k. Solved for 5 %: 8.7 s."""
    shares = 1 / np.arange(1, 41) / (1 / np.arange(1, 41)).sum()

    def expected(ttl_s):
        a, b = 14.85 * shares * ttl_s, 0.15 * shares * ttl_s
        return (shares * a / (1 + a) * (1 - (1 - np.exp(-b)) / b)).sum()

    assert brentq(lambda ttl_s: expected(ttl_s) - 0.05, 1, 300) == pytest.approx(8.7, abs=0.1)
    exploring = teach.Exploration(lesson.TTL_EXPLORER)
    exploring.pin()
    stale, left_rps = [], []
    for ttl_s in (300, 30, 7, 1):
        exploring.set({"ttl_s": ttl_s})
        stale.append(exploring.found.seen.stale)
        left_rps.append(exploring.found.seen.left_rps)
    assert stale == sorted(stale, reverse=True) and left_rps == sorted(left_rps)
    assert stale[1] > 0.05 > stale[2] and lesson.living(1.0, 10.0).seen.stale > 0.05
    assert exploring.sentence.endswith(f"(A: hit ratio 99.1 %, stale {i18n.percent(stale[0])})")


# Three ways under writes ----------------------------------------------------


def test_three_small_nodes_of_dax_pay_up_to_a_third_of_writes():
    """They need 33.3 hits a second of 50: at 30 % of writes 35 reads come, at 40 % only 30."""
    exploring = teach.Exploration(lesson.WRITES_EXPLORER)
    cheaper = []
    for percent in (30, 40):
        exploring.set({"percent": percent})
        totals = {way: each.bill.total_usd for way, each in exploring.found.seen.items()}
        cheaper.append(totals[lesson.DAX] < totals[lesson.NONE])
        assert exploring.found.seen[lesson.DAX].throttled == 0
    assert cheaper == [True, False]


def test_at_half_writes_dax_is_cheaper_only_by_what_it_refuses():
    """Each write that was refused saves 64 x 0.000000625 dollars, and whoever wanted it has no seat."""
    exploring = teach.Exploration(lesson.WRITES_EXPLORER)
    exploring.set({"percent": 50})
    none, dax = (exploring.found.seen[way] for way in (lesson.NONE, lesson.DAX))
    assert dax.bill.total_usd < none.bill.total_usd and "throttled: not done and not billed" in exploring.sentence
    spans = lesson.played(lesson.seat_maps(0.5), lesson.BURSTABLE).spans
    refused = ((spans.service == "Dax") & (spans.operation == "sell") & (spans.status == 429)).sum()
    unpaid = refused * 64 * WRITE_USD * MONTH_S / lesson.WINDOW_S
    assert none.parts["writes"] - dax.parts["writes"] == pytest.approx(unpaid)
    assert dax.bill.total_usd + unpaid > none.bill.total_usd


def test_from_three_in_a_hundred_on_writes_are_more_than_half_of_every_bill():
    """Without a cache where 40 w = 1 - w: 2.4 %."""
    for writes, more in ((0.02, False), (0.03, True)):
        halves = [each.parts["writes"] > each.bill.total_usd / 2 for each in lesson.ways(writes).seen.values()]
        assert all(halves) == more


@pytest.mark.parametrize("writes", [0.1, 0.3, 0.5])
def test_a_code_that_deletes_hits_only_where_the_request_before_was_a_read(writes):
    """So often as requests are reads: 1 - w. DAX refreshes its entry and goes on hitting."""
    seen = lesson.ways(writes).seen
    assert seen[lesson.ELASTICACHE].hits == pytest.approx(1 - writes, abs=0.025)
    assert seen[lesson.DAX].hits > 0.99


def test_the_picture_and_the_sentence_say_the_same_dollars():
    exploring = teach.Exploration(lesson.WRITES_EXPLORER)
    told = re.findall(r"\$[\d,.]+ a month", exploring.sentence)
    assert told == re.findall(r"\$[\d,.]+ a month", exploring.picture.alt) and len(told) == 3


# What is held ----------------------------------------------------


def test_neither_cache_answers_reads_that_must_be_new_and_both_keep_old_results_of_queries():
    shown = lesson.what_is_held()
    for name in ("get, strongly consistent", "get, transactional"):
        assert set(shown.loc[name]) == {"0 %"}
    for side in ("DAX", "ElastiCache"):
        assert share(shown.loc["query for ten items", f"{side}: stale"]) > 0.8
        assert share(shown.loc["get, eventually consistent", f"{side}: stale"]) < 0.01
    absent = shown.loc["get of a seat that does not exist"]
    assert share(absent["DAX: from the cache"]) > 0.99 and absent["ElastiCache: from the cache"] == "0 %"


def test_old_entries_of_a_code_that_deletes_come_from_reads_that_were_old_at_the_table():
    """For each stale hit the filling before it was an eventually consistent read that the table itself calls stale."""
    result = lesson.played(lesson.seat_maps(0.01), ElastiCache())
    spans = result.spans
    front, table = spans[spans.service == "ElastiCache"], spans[spans.service == "DynamoDb"].set_index("request")
    fillings = front[front.resource == MISS].sort_values("end_s")
    stale = front[(front.resource == HIT) & (front.status == 203)]
    for hit in stale.itertuples():
        before = fillings[(fillings.key == hit.key) & (fillings.end_s <= hit.start_s)].iloc[-1]
        assert table.status[before.request] == 203
    assert 0 < len(stale) / (front.operation == "look").sum() < 0.01
    assert set(front[front.operation == "sell"].resource) == {WROTE}


# Break it ----------------------------------------------------


def rush(rate_rps):
    """Mean number of readers until the first of all fillings stands, by dice of our own; each takes two trips and a
    read, and the first reader comes at 0."""
    dice = np.random.default_rng(5)
    came_s = np.cumsum(dice.exponential(1 / rate_rps, (2000, 400)), axis=1)
    came_s -= came_s[:, :1]
    trip = np.interp(dice.random(came_s.shape), *latencies()["cache.elasticache"])
    read = np.interp(dice.random(came_s.shape), *latencies()["dynamodb.read"])
    stands_s = (came_s + (2 * trip + read) / 1000).min(axis=1)
    return float((came_s < stands_s[:, None]).sum(axis=1).mean())


@pytest.mark.parametrize("rate_rps", [500, 2000, 8000])
def test_a_stampede_is_all_who_come_until_the_first_filling_stands(rate_rps):
    """Four rushes in 3.5 s, each of which differs by a few readers."""
    exploring = teach.Exploration(lesson.HERD_EXPLORER)
    exploring.set({"rate_rps": rate_rps})
    found, expected = exploring.found, rush(rate_rps)
    spans = lesson.played(lesson.Traffic(arrivals=lesson.Poisson(rate_rps), window_s=3.5, keys=lesson.Keys(count=1),
                                         operations=(lesson._look(64),)), ElastiCache(ttl_s=1)).spans
    assert len(found.begins_s) == 4 and found.reads_s.size == (spans.service == "DynamoDb").sum()
    assert found.each == pytest.approx(expected, abs=2 * (expected / 4) ** 0.5)
    assert found.each < 1 + rate_rps * lesson.filling_s()
    assert f"{i18n.number(found.each, 2)} of them go to the table" in exploring.sentence


def test_one_filling_takes_two_trips_and_a_read():
    trip, read = (drawn(name, 1_000_000).mean() for name in ("cache.elasticache", "dynamodb.read"))
    assert 1000 * lesson.filling_s() == pytest.approx(2 * trip + read, rel=0.01)


def test_writes_around_the_cache_make_reads_stale_and_leave_the_bill():
    """Half around at 1 % of writes is a sale in 4 s for 40 shows; nothing but the time to live ends an old entry."""
    exploring = teach.Exploration(lesson.BYPASS_EXPLORER)
    stale, dollars = [], []
    for percent in (0, 50, 100):
        exploring.set({"bypass": percent})
        seen = exploring.found.seen
        stale.append(seen[lesson.DAX].stale)
        dollars.append(seen[lesson.DAX].bill.total_usd)
        assert seen[lesson.ELASTICACHE].stale == pytest.approx(stale[-1], abs=0.01)
    assert stale[0] < 0.001 and 0.3 < stale[1] < 0.5 and stale[2] > 0.6
    assert dollars == pytest.approx([dollars[0]] * 3, rel=0.01)
    passed = lesson.played(lesson.seat_maps(0.01), dataclasses.replace(lesson.BURSTABLE, bypass_share=1.0)).spans
    assert set(passed[(passed.service == "Dax") & (passed.operation == "sell")].resource) == {PASSED}
    assert replayed(lesson.seat_maps(0.01), 300.0, 0.0)[1] == pytest.approx(stale[2], abs=0.01)


def test_a_cluster_takes_no_more_than_its_nodes_offer():
    """Three nodes offer 112,500 a second and a second's worth at the start: 64 a hit, 640 a miss, 4,800 a write."""
    result = lesson.played(lesson.Traffic(
        arrivals=lesson.Poisson(100), window_s=60.0, keys=lesson.Keys("zipf", 40, 1.0),
        operations=(lesson._look(64, weight=0.7), lesson._sale(64, 0.3))), lesson.BURSTABLE)
    front = result.spans[(result.spans.service == "Dax") & (result.spans.status != 429)]
    cost = front.resource.map({HIT: 64, MISS: 640, WROTE: 64 * 25 * 3}).sum()
    assert 0.95 * 112_500 * 60 < cost <= 112_500 * 61
    asked = result.spans[result.spans.service == "Dax"]
    assert lesson.crowded().seen.throttled == pytest.approx((asked.status == 429).mean())


def test_more_nodes_do_not_help_and_fewer_writes_do():
    """37,500 / (100 x 64 x 25) = 23.4 % of writes fill a node alone; three take 20 % and not 25 %; AWS's formula wants
    1.5 times 75 w + 1 - w for each of 6,400 KB, which is less than 112,500 at 10 % and more at 15 %."""
    assert lesson.most_writes() == pytest.approx(0.234375)
    exploring = teach.Exploration(lesson.CROWD_EXPLORER)
    refused = {}
    for percent, nodes in ((20, 3), (25, 3), (30, 1), (30, 3), (30, 11)):
        exploring.set({"percent": percent, "nodes": nodes})
        refused[percent, nodes] = exploring.found.seen.throttled
    assert refused[20, 3] == 0 < refused[25, 3]
    assert refused[30, 1] > refused[30, 3] > refused[30, 11] > 0.8 * refused[30, 3]
    assert (lesson.enough(3), lesson.enough(3, spare=True)) == (0.22, 0.14)
    for writes, suffices in ((0.1, True), (0.15, False)):
        assert (6400 * (75 * writes + 1 - writes) * 1.5 < 112_500) == suffices
    exploring.set({"percent": 50})
    top = exploring.picture.axis.get_ylim()[1]
    assert all(np.nanmax(line.get_ydata()) <= top for line in exploring.picture.lines.values())


@pytest.mark.parametrize("language", ["en", "ko"])
def test_what_one_should_have_seen_is_what_the_controls_show(language):
    i18n.use(language)
    stampede, around, crowded = lesson.breaking()
    for rate_rps in (500, 8000):
        assert i18n.number(lesson.herd(rate_rps).each, 2) in stampede
    for bypass in (0.0, 0.5, 1.0):
        for way in (lesson.DAX, lesson.ELASTICACHE):
            assert i18n.percent(lesson.ways(0.01, bypass=bypass).seen[way].stale) in around
    for told in (lesson.crowded(0.3, 3).seen.throttled, lesson.crowded(0.3, 11).seen.throttled, 0.234375, 0.22, 0.14):
        assert i18n.percent(told) in crowded
    assert not any("{" in answer or "nan" in answer for answer in (stampede, around, crowded))


@pytest.mark.parametrize(
    ("explorable", "name", "typed"),
    [
        (lesson.EXPONENT_EXPLORER, "exponent", "steep"),
        (lesson.SIZE_EXPLORER, "kilobytes", "401"),
        (lesson.TTL_EXPLORER, "ttl_s", "0"),
        (lesson.WRITES_EXPLORER, "percent", ""),
        (lesson.HERD_EXPLORER, "rate_rps", "1e9"),
        (lesson.BYPASS_EXPLORER, "bypass", "-1"),
        (lesson.CROWD_EXPLORER, "nodes", "2.5"),
    ],
)
def test_nonsense_is_answered_with_one_sentence_and_the_picture_stays(explorable, name, typed):
    exploring = teach.Exploration(explorable)
    before = exploring.sentence
    exploring.move(name, typed)
    assert exploring.error and "\n" not in exploring.error and exploring.sentence == before


# Exercises ----------------------------------------------------


def test_the_cells_answers_are_no_try():
    space = run_cell("my-cache")
    for target, given in ((lesson.BY_HAND, space["my_rate"]), (lesson.AFFORDABLE, space["my_cache"])):
        fresh = dataclasses.replace(target)
        assert not fresh.mark(given).right and fresh.tries == 0 and "Try first" in fresh.unfold()


@pytest.mark.parametrize(
    ("given", "right"),
    [
        (15_900, True),
        (15_895, True),
        (10_600, False),  # no spare
        (10_600 * 1.43, False),  # the smaller of both factors
        (12_900, False),  # writes counted on one node
        (3 * 15_900, False),  # all of it on every node
    ],
)
def test_the_sizing_formula_by_hand(given, right):
    """(1,000 x 0.9 x 4 + 10 x 1,000 x 0.1 x 4 + 25 x 3 x 20 x 2) x 3 / 2 = (3,600 + 4,000 + 3,000) x 1.5 = 15,900."""
    assert dataclasses.replace(lesson.BY_HAND).mark(given).right == right


SMALL, TINY = {"node_type": "dax.t3.small", "nodes": 2}, {"node_type": "cache.t4g.micro", "nodes": 2}


@pytest.mark.parametrize(
    ("cache", "met"),
    [
        (lesson.one_solution(), "✓✓✓✓"),
        (lesson.another_solution(), "✓✓✓✓"),
        (ElastiCache(ttl_s=25), "✓✓✓✓"),
        (ElastiCache(**TINY, ttl_s=20), "✓✓✓✓"),
        (ElastiCache(serverless=True, ttl_s=20), "✓✓✓✓"),
        (Dax(), "✓✗✗✓"),
        (Dax(**SMALL), "✓✗✓✓"),
        (Dax(**SMALL, item_ttl_s=40), "✓✗✓✓"),
        (Dax(**SMALL, item_ttl_s=5), "✗✓✗✓"),
        (Dax(**SMALL | {"nodes": 3}, item_ttl_s=20), "✓✓✗✓"),
        (Dax(**SMALL | {"nodes": 1}, item_ttl_s=20), "✓✓✓✗"),
        (ElastiCache(), "✓✗✓✓"),
        (ElastiCache(ttl_s=10), "✗✓✓✓"),
        (ElastiCache(ttl_s=35), "✓✗✓✓"),
        (ElastiCache(ttl_s=45), "✓✗✓✓"),
        (ElastiCache(nodes=1, ttl_s=20), "✓✓✓✗"),
    ],
)
def test_the_target_needs_small_nodes_two_of_them_and_a_time_between(cache, met):
    """60 dollars of DAX leave 10 for the misses; three nodes are 87.60. All maps are 2.5 MB, which every node holds."""
    verdict = dataclasses.replace(lesson.AFFORDABLE).mark(cache)
    assert "".join(line[0] for line in verdict.text.splitlines()[:4]) == met
    assert verdict.right == ("✗" not in met)


def test_a_longer_time_to_live_is_staler_in_the_exercise_too():
    """By hand: at first 0.05 sales a second times T / 2 times the sum of squared shares, 0.0885: 2.2 % for 10 s."""
    stale = [lesson.reached(ElastiCache(ttl_s=ttl_s)).stale for ttl_s in (10, 20, 40, 80)]
    assert stale == sorted(stale) and stale[0] == pytest.approx(0.022, abs=0.006)


@pytest.mark.parametrize("given", ["dax", None, 3, DynamoDb()])
def test_what_is_no_cache_is_answered_with_a_sentence(given):
    with pytest.raises(teach.InputError, match=r"Dax\(...\) or ElastiCache\(...\)") as caught:
        lesson.AFFORDABLE.mark(given)
    assert "\n" not in str(caught.value)


# Check ----------------------------------------------------


def check(key):
    return dataclasses.replace(next(each for each in lesson.CHECKS if each.key == key))


@pytest.mark.parametrize(
    ("key", "typed"),
    [("12.pays", "14.2"), ("12.strong", "60 %"), ("12.query", "300"), ("12.writes", "40,000"), ("12.heavy", 0)],
)
def test_the_answers_by_hand_are_right(key, typed):
    """14.2; 100 - 40; five minutes; 1,000,000 / 25; writes cost the same with and without a cache."""
    assert check(key).mark(typed).right


@pytest.mark.parametrize(
    ("key", "typed", "hint"),
    [
        ("12.pays", "7.11", "prices until 2024-10-31"),
        ("12.pays", "228", "half a unit a read"),
        ("12.pays", "17.8", "Redis OSS"),
        ("12.strong", "100", "hands it to the table"),
        ("12.strong", "40", "they all go to the table"),
        ("12.strong", "0", "where it holds the item"),
        ("12.query", "0", "a cache of their own"),
        ("12.query", "1", "delay of eventually consistent reads"),
        ("12.query", "5", "Five minutes"),
        ("12.query", "600", "from insertion"),
        ("12.writes", "440,000", "nodes add reads"),
        ("12.writes", "1,000,000", "25 times as much"),
        ("12.writes", "11,000,000", "all nodes take together"),
        ("12.writes", "3,636", "once too often"),
        ("12.heavy", 1, "passes through every node"),
        ("12.heavy", 2, "deletes the entry"),
        ("12.heavy", 3, "no write capacity"),
    ],
)
def test_a_wrong_answer_gets_the_hint_of_its_misconception(key, typed, hint):
    verdict = check(key).mark(typed)
    assert not verdict.right and hint in verdict.text


def test_the_bills_of_the_last_check_by_hand():
    """25 reads of half a unit and 25 writes of one: 2,628,000 x 25 x (0.5 x 0.125 + 0.625) / 1,000,000 + 0.25 = 45.4,
    drawn; the nodes come on top, less what hits save, which is at most 4.1."""
    plain = MONTH_S * 25 * (0.5 * READ_USD + WRITE_USD) + 0.25
    bills = lesson.overturned_usd()
    assert bills[0] == pytest.approx(plain, rel=0.03)
    for dollars, nodes in zip(bills[1:], (3 * 29.2, 37.376, 11 * 29.2)):
        assert bills[0] + nodes - 4.2 < dollars < bills[0] + nodes


def test_an_old_list_is_as_old_as_the_query_caches_time_to_live():
    """Recounted: from one filling of the query to the next no write ends it, though 10 of 1,000 requests are writes."""
    assert lesson.oldest_s() == pytest.approx(300, abs=2)


def test_the_right_option_of_the_quiz_is_chosen_by_its_words():
    words = ("How popular the keys are", "In ElastiCache", "A DAX cluster with three nodes")
    for question, begins in zip(lesson.QUIZ.questions, words):
        assert next(option.text for option in question.options if option.right).startswith(begins)


def test_numbers_in_questions_are_the_numbers_that_are_checked():
    said = lesson.AFFORDABLE.question
    assert f"{lesson.P99_MS:g} ms" in said and f"{100 * lesson.STALE_SHARE:g} %" in said
    assert f"${lesson.BUDGET_USD:g} a month" in said and lesson.LEAST_NODES == 2 and "two nodes" in said
    said = lesson.BY_HAND.question
    assert f"{lesson.APPLY_RPS:,} reads a second of {lesson.APPLY_KB} KB" in said and lesson.APPLY_NODES == 3
    assert f"{100 * lesson.APPLY_HITS:g} %" in said and f"{lesson.APPLY_WRITES} writes a second" in said
    texts = {each.key: each.question for each in lesson.CHECKS}
    assert f"Items of {lesson.MAP_KB} KB" in texts["12.pays"] and ElastiCache().nodes == 2
    assert f"{100 * lesson.CHECK_STRONG:g} %" in texts["12.strong"]
    assert f"A {lesson.CHECK_TYPE} takes 1,000,000" in texts["12.writes"]
    assert facts.cache_node(lesson.CHECK_TYPE).requests_per_s == 1_000_000 and lesson.CHECK_NODES == 11
    assert f"{lesson.RATE_RPS} requests a second" in texts["12.heavy"] and lesson.OVERTURNED == 0.5
    assert f"room for {lesson.room(256):,} of {lesson.CATALOGUE:,}" in lesson.HOW_MANY_HITS.question
    assert lesson.hits_percent() == pytest.approx(100 * lesson.expected(1.0, 256)[0], abs=1.5)


# The whole path ----------------------------------------------------


def test_the_api_s_cache_is_quickest_and_cheapest_and_alone_in_being_old():
    sides = lesson.path().sides
    api = sides[lesson.API]
    assert all(api.p50_ms < side.p50_ms and api.usd < side.usd for way, side in sides.items() if way != lesson.API)
    assert api.stale > 0.1 > 0.01 > max(side.stale for way, side in sides.items() if way != lesson.API)


def test_fresher_answers_of_the_api_cost_hits_and_dollars():
    """Entries of all 40 shows that live 10 s: recounted as fillings, one for each time a show's entry is missing."""
    old, fresh = (lesson.path(ttl_s).sides[lesson.API] for ttl_s in (300.0, 10.0))
    assert fresh.stale < old.stale / 4 and fresh.usd > old.usd and fresh.table_reads_rps > 5 * old.table_reads_rps
    rates = lesson.RATE_RPS * (1 - lesson.SOLD_SHARE) * lesson.Keys("zipf", lesson.SHOWS, 1.0).shares()
    assert fresh.table_reads_rps == pytest.approx((rates / (1 + 10 * rates)).sum(), rel=0.1)


def test_the_map_answers_what_the_text_asks():
    """A cache for small maps pays from 20 requests a second on; with 5 % of stale reads ElastiCache wins where steep
    popularity meets large maps, and DAX's three nodes cost more than ElastiCache's two wherever a cache pays."""
    small, never = lesson.MAP_SIZES_KB[0], lesson.DAX
    for rate_rps, pays in ((2, False), (10, False), (20, True), (40, True)):
        cheapest = {lesson.paying(rate_rps).cheapest((exponent, small)) for exponent in lesson.MAP_EXPONENTS}
        assert cheapest == ({lesson.API} if pays else {lesson.NONE})
    strict = lesson.paying(40, 0.05)
    assert strict.cheapest((1.5, 256.0)) == lesson.ELASTICACHE and strict.cheapest((0.0, 256.0)) == lesson.API
    for rate_rps in (2, 10, 20, 40):
        won = {lesson.paying(rate_rps, most).cheapest(place) for place in strict.pays.sides for most in (0.01, 0.05, 1)}
        assert never not in won


def test_the_map_s_dollars_are_the_sums_of_the_sides():
    seen = lesson.paying(10)
    drawn = lesson._paying_picture(seen)
    for place, way in drawn["cheapest"].items():
        sides = seen.pays.sides[place]
        assert drawn["saves"][place] == pytest.approx(sides[lesson.NONE].usd - sides[way].usd)
        assert sides[way].usd == min(side.usd for side in sides.values())


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_folded_answers_tell_what_the_figures_show(language):
    i18n.use(language)
    quick, seen = lesson.path().sides, lesson.watched()
    assert i18n.duration(quick[lesson.API].p50_ms) in seen[1] and i18n.percent(quick[lesson.API].stale) in seen[1]
    few, many = (lesson.paying(rate).pays.saves_usd(0.0, 4.0, lesson.API) for rate in (10, 20))
    assert few < 0 < many and i18n.usd(many) in seen[2] and i18n.usd(3 * 0.04 * 730) in seen[2]
