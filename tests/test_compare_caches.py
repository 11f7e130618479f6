"""A cache or none, side by side: against sums by hand, recounts from the spans, and the break-even by closed form."""

import json
from dataclasses import replace

import pytest

from simlib import (
    ApiGateway,
    Client,
    Constant,
    Dax,
    DynamoDb,
    Keys,
    Lambda,
    Operation,
    ParamError,
    Poisson,
    Scenario,
    Traffic,
    price_book,
    simulate,
)
from simlib.__main__ import main
from simlib.compare import side_by_side, ways, where_it_pays
from simlib.compare.caches import API_CACHE, DAX, ELASTICACHE, NO_CACHE, side

MONTH_S = 730 * 3600
LOOK = Operation("look", item_bytes=65_536, work_vcpu_s=0.0, io_s=0.0, weight=0.95)
SALE = replace(LOOK, name="sell", access="write", weight=0.05)
TRAFFIC = Traffic(arrivals=Poisson(50.0), window_s=200.0, operations=(LOOK, SALE), keys=Keys("zipf", 200, 1.0))
FULL = Scenario((Client(), ApiGateway(), Lambda(), DynamoDb()), TRAFFIC)
TABLE = Scenario((DynamoDb(),), replace(TRAFFIC, operations=LOOK))


@pytest.fixture(scope="module")
def full():
    return side_by_side(FULL, seeds=(3,))


# The ways ----------------------------------------------------------------------------------------------------


def test_each_cache_takes_its_place_and_the_rest_stays():
    found = {name: each.stack for name, each in ways(FULL).items()}
    assert list(found) == [NO_CACHE, DAX, ELASTICACHE, API_CACHE]
    assert found[NO_CACHE] == FULL.stack
    assert [type(each) for each in found[DAX]] == [Client, ApiGateway, Lambda, Dax, DynamoDb]
    assert found[API_CACHE] == (Client(), ApiGateway(cache_gb=0.5), Lambda(), DynamoDb())
    assert API_CACHE not in ways(TABLE)


def test_what_the_stack_says_of_its_own_caches_is_what_is_compared():
    mine = Dax(nodes=5, item_ttl_s=10)
    stack = (ApiGateway(cache_gb=6.1, cache_ttl_s=60), Lambda(), mine, DynamoDb())
    found = ways(replace(FULL, stack=stack))
    assert found[NO_CACHE].stack == (ApiGateway(cache_ttl_s=60), Lambda(), DynamoDb())
    assert found[DAX].stack[2] == mine and found[API_CACHE].stack == (stack[0], Lambda(), DynamoDb())


def test_an_api_is_put_in_front_of_a_stack_that_has_none():
    found = ways(replace(FULL, stack=(Client(), Lambda(), DynamoDb())), {"edge": ApiGateway(cache_gb=0.5)})
    assert [type(each) for each in found["edge"].stack] == [Client, ApiGateway, Lambda, DynamoDb]


@pytest.mark.parametrize(("scenario", "caches", "words"), [
    (replace(FULL, stack=(Client(), Lambda())), None, "ends in Lambda"),
    (FULL, {"mine": Lambda()}, "must be a Dax"),
    (FULL, {"mine": ApiGateway()}, "with a cache"),
])
def test_what_cannot_be_compared_is_refused_in_a_sentence(scenario, caches, words):
    with pytest.raises(ParamError, match=words):
        ways(scenario, caches)


# The numbers -------------------------------------------------------------------------------------------------


def test_hits_are_the_reads_that_do_not_reach_the_table(full):
    reads = full[NO_CACHE].table_reads_rps
    for way in (DAX, ELASTICACHE, API_CACHE):
        assert full[way].table_reads_rps == pytest.approx(reads * (1 - full[way].hits), rel=1e-9)
        assert full[way].table_writes_rps == full[NO_CACHE].table_writes_rps


def test_the_api_s_cache_alone_shows_old_items_where_all_writes_pass_the_others(full):
    assert full[API_CACHE].stale > 0.2 > 0.01 > max(full[way].stale for way in (NO_CACHE, DAX, ELASTICACHE))


def test_an_answer_of_the_api_s_cache_comes_without_the_function(full):
    assert full[API_CACHE].p50_ms < full[DAX].p50_ms < full[NO_CACHE].p50_ms
    assert full[API_CACHE].usd_rest < full[DAX].usd_rest


def test_stale_reads_are_those_that_any_service_of_the_stack_marks():
    scenario = Scenario((Dax(item_ttl_s=60, bypass_share=1.0), DynamoDb()), TRAFFIC)
    result = simulate(scenario, 3)
    spans = result.spans
    old = set(spans.request[spans.status == 203])
    reads = int((result.workload.operation == 0).sum())
    assert side(scenario, 3).stale == pytest.approx(len(old) / reads) and len(old) > 100


def test_the_bill_of_each_way_is_its_nodes_and_its_units_by_hand():
    """A read of 64 KB is 8 units; three dax.t3.small, two cache.t4g.small on Valkey; a month of 730 hours."""
    scenario = replace(TABLE, stack=(DynamoDb(storage_gb=0),))
    book = price_book()
    found = side_by_side(scenario, free_tier=False)
    unit, nodes = book.usd("dynamodb.read_request.standard"), {
        NO_CACHE: 0.0, DAX: 3 * 0.04 * 730, ELASTICACHE: 2 * book.usd("elasticache.node.valkey.cache.t4g.small") * 730}
    for way, usd in nodes.items():
        assert found[way].usd_cache == pytest.approx(usd)
        assert found[way].usd_table == pytest.approx(8 * unit * found[way].table_reads_rps * MONTH_S)
        assert found[way].usd == pytest.approx(found[way].usd_cache + found[way].usd_table)
        assert found[way].usd_rest == pytest.approx(0, abs=1e-9)


# Where it pays -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [0.8, 1.25])
def test_a_cache_pays_from_the_rate_at_which_its_hits_save_the_nodes(times):
    """hits a second x units x price = nodes: below that rate the table alone is cheaper, above it the cache."""
    unit = price_book().usd("dynamodb.read_request.standard")
    rate_rps = times * 3 * 0.04 / 3600 / (8 * unit)
    one_key = replace(TRAFFIC, arrivals=Constant(rate_rps), window_s=3000.0, operations=LOOK, keys=Keys(count=1))
    scenario = Scenario((DynamoDb(storage_gb=0),), one_key)
    pays = where_it_pays(scenario, (1.0,), (64,), {"mine": Dax("dax.t3.small")}, free_tier=False)
    cheapest = pays.cheapest(1.0, 64)
    assert cheapest == ("mine" if times > 1 else NO_CACHE)
    assert pays.saves_usd(1.0, 64, "mine") == pytest.approx((times - 1) * 3 * 0.04 * 730, abs=0.02 * 3 * 0.04 * 730)


def test_steep_popularity_and_large_items_speak_for_a_cache():
    pays = where_it_pays(replace(TABLE, traffic=replace(TABLE.traffic, keys=Keys("zipf", 50_000, 1.0))), (0.0, 1.2),
                         (1, 64), seeds=(1,), free_tier=False)
    saved = {place: pays.saves_usd(*place, ELASTICACHE) for place in pays.sides}
    assert saved[0.0, 1] < saved[1.2, 1] < saved[1.2, 64] and saved[0.0, 64] < saved[1.2, 64]
    assert pays.cheapest(0.0, 1) == NO_CACHE and pays.cheapest(1.2, 64) == ELASTICACHE
    assert len(pays.table) == 4 * 3


def test_limits_on_stale_reads_and_p99_leave_fewer_ways():
    pays = where_it_pays(FULL, (1.0,), (64,), seeds=(3,))
    assert pays.cheapest(1.0, 64) == API_CACHE
    assert pays.cheapest(1.0, 64, most_stale=0.01) in (DAX, ELASTICACHE)
    assert pays.cheapest(1.0, 64, most_p99_ms=1.0) is None


def test_a_way_that_loses_requests_is_not_the_cheapest():
    """Half of 60 requests a second are writes of 64 KB: 60 x 0.5 x 64 x 25 x 3 = 144,000 normalized requests a second,
    where three dax.t3.small take 112,500. What is refused is not billed, and would look like a saving."""
    half = tuple(replace(each, weight=0.5) for each in (LOOK, SALE))
    crowded = Scenario((Client(), Lambda(), DynamoDb()), replace(TRAFFIC, arrivals=Poisson(60.0), operations=half))
    pays = where_it_pays(crowded, None, (64,))
    lossy = pays.sides[None, 64][DAX]
    result = simulate(ways(replace(crowded, traffic=crowded.traffic))[DAX])
    assert lossy.lost == pytest.approx(1 - result.ok.mean()) and lossy.lost > 0.05
    assert pays.saves_usd(None, 64, DAX) > 0 and pays.cheapest(None, 64) != DAX
    assert pays.cheapest(None, 64, most_lost=1.0) == DAX


def test_what_the_scenario_has_stays_where_the_map_is_not_told_otherwise():
    mixed = replace(TRAFFIC, operations=(replace(LOOK, item_bytes=500), replace(SALE, item_bytes=90_000)),
                    keys=Keys("hot", 50))
    scenario = replace(FULL, traffic=mixed)
    assert where_it_pays(scenario, None, None).sides[None, None] == side_by_side(scenario)
    assert where_it_pays(scenario, (1.0, 1.0), None).exponents == (1.0,)


def test_several_seeds_give_the_means_of_what_each_shows():
    both, one, two = (side_by_side(FULL, seeds=seeds)[API_CACHE] for seeds in ((1, 2), (1,), (2,)))
    assert both.stale == pytest.approx((one.stale + two.stale) / 2)
    assert both.usd == pytest.approx((one.usd + two.usd) / 2)


def test_an_http_api_has_no_cache_to_compare():
    stack = (ApiGateway(api_type="HTTP"), Lambda(), DynamoDb())
    assert list(ways(replace(FULL, stack=stack))) == [NO_CACHE, DAX, ELASTICACHE]
    kept = ways(replace(FULL, stack=(ApiGateway(cache_gb=1.6, cache_ttl_s=0), Lambda(), DynamoDb())))
    assert kept[API_CACHE].stack[0] == ApiGateway(cache_gb=1.6)


@pytest.mark.parametrize(("attempt", "words"), [
    (lambda pays: pays.cheapest(0.3, 4), "has no steepness 0.3"),
    (lambda pays: pays.saves_usd(1.0, 4, "dax"), "has no way 'dax'"),
    (lambda _pays: ways(FULL, {NO_CACHE: Dax()}), "named 'no cache'"),
    (lambda _pays: where_it_pays(FULL, None, (0,)), "a number of KB above 0"),
    (lambda _pays: where_it_pays(FULL, None, ("4",)), "a number of KB above 0"),
])
def test_what_a_map_does_not_have_is_said_in_a_sentence(attempt, words):
    with pytest.raises(ParamError, match=words):
        attempt(where_it_pays(replace(FULL, traffic=replace(TRAFFIC, window_s=5.0)), (1.0,), (4,)))


def test_a_map_needs_places():
    with pytest.raises(ParamError, match="one value or more"):
        where_it_pays(TABLE, (), (1,))


# The command line --------------------------------------------------------------------------------------------

FILE = """
schema_version: 1
name: seat maps
traffic:
  arrivals: {pattern: poisson, rate_rps: 20}
  window_s: 60
  operations: [{name: look, item_bytes: 65536}]
  keys: {count: 50}
stack: [client, api_gateway, lambda, dynamodb]
"""


def test_the_command_prints_every_way_and_the_map(tmp_path, capsys):
    path = tmp_path / "seats.yaml"
    path.write_text(FILE, encoding="utf-8")
    assert main(["caches", str(path), "--exponents", "0,1", "--sizes", "1,64"]) == 0
    shown = capsys.readouterr().out
    for way in (NO_CACHE, DAX, ELASTICACHE, API_CACHE):
        assert f"\n  {way} " in shown
    assert shown.count("64 KB") == 1 and max(map(len, shown.splitlines())) <= 120
    assert main(["caches", str(path), "--sizes", "1,64", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert len(document["map"]) == 8 and document["map"][0]["exponent"] is None
    assert 0 < document["ways"][DAX]["hits"] < 1


@pytest.mark.parametrize("wrong", [["--exponents", "steep"], ["--sizes", "500"], ["--exponents=-1"], ["--sizes", "nan"],
                                   ["--exponents", ""], ["--seeds", "0"]])
def test_nonsense_on_the_command_line_is_one_sentence(tmp_path, capsys, wrong):
    path = tmp_path / "seats.yaml"
    path.write_text(FILE, encoding="utf-8")
    assert main(["caches", str(path), *wrong]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
