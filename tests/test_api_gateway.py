"""API Gateway against AWS's worked examples, its published rules, and closed forms."""

import cachetools
import numpy as np
import pytest
from scenes import At

from simlib import (
    ApiGateway,
    Client,
    Constant,
    Dax,
    DynamoDb,
    GlobalTable,
    Keys,
    Lambda,
    Operation,
    ParamError,
    Poisson,
    Scenario,
    Traffic,
    bill,
    facts,
    price_book,
    simulate,
)
from simlib.pricing import usage
from simlib.services.base import FAILED, OK, REJECTED, STALE, THROTTLED, TIMED_OUT
from simlib.services.copies import HIT, MISS, PASSED

LOOK = Operation("look", work_vcpu_s=0.0, io_s=0.0, item_bytes=3072)
SALE = Operation("sell", access="write", work_vcpu_s=0.0, io_s=0.0, item_bytes=3072)


def played(api, *behind, operations=LOOK, arrivals=None, window_s=60.0, keys=None, seed=0):
    traffic = Traffic(arrivals=arrivals or Poisson(20.0), window_s=window_s, operations=operations,
                      keys=keys or Keys(count=50))
    return simulate(Scenario((api, *behind), traffic), seed)


# Throttling --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moments_ms", [
    np.repeat(np.arange(1000.0), 10),
    np.concatenate([np.zeros(5000), np.linspace(1, 1000, 5000, endpoint=False)]),
    np.concatenate([np.zeros(5000), np.full(1000, 101.0), np.linspace(101.1, 1000, 4000, endpoint=False)]),
], ids=["10 each ms", "5,000 at once, 5,000 spread", "5,000 at once, 1,000 at 101 ms, 4,000 spread"])
def test_the_token_bucket_serves_what_awss_examples_serve(moments_ms):
    """10,000 a second with a bucket of 5,000: all 10,000 requests of the second are served."""
    result = played(ApiGateway(), arrivals=At(moments_ms / 1000), window_s=1.0)
    assert (result.status == OK).sum() == 10_000


def test_ten_thousand_at_once_find_five_thousand_tokens():
    result = played(ApiGateway(), arrivals=At(np.zeros(10_000)), window_s=1.0)
    assert (result.status == OK).sum() == 5000 and (result.status == THROTTLED).sum() == 5000


def test_the_stage_s_limit_comes_before_the_account_s_and_takes_nothing_of_it():
    """A stage of 10 a second and a bucket of 10 lets 10 + 10 x 59.95 of 100 a second through in a minute."""
    result = played(ApiGateway(rate_rps=10, burst=10, account_rate_rps=50, account_burst=50),
                    arrivals=Constant(100.0))
    assert (result.status == OK).sum() == pytest.approx(10 + 10 * 60, abs=2)


# The time limit and errors -----------------------------------------------------------------------------------


def test_after_29_seconds_the_caller_gets_504_and_the_function_is_billed_to_its_end():
    slow = Operation("slow", work_vcpu_s=0.0, io_s=40.0)
    result = played(ApiGateway(), Lambda(timeout_s=900), operations=slow, arrivals=At(np.zeros(1)), window_s=60.0)
    api, function = result.of(0), result.of(1)
    assert result.status.tolist() == [TIMED_OUT]
    assert (api["end_s"] - api["start_s"] - api["work_s"])[0] == pytest.approx(29.0)
    assert function["billed_ms"][0] >= 40_000 and function["status"][0] == OK


def test_a_refused_invocation_is_a_500_and_a_function_s_error_a_502():
    busy = played(ApiGateway(), Lambda(account_concurrency=1), arrivals=At(np.zeros(3)),
                  operations=Operation("slow", io_s=1.0))
    wrong = played(ApiGateway(), Lambda(error_rate=1.0))
    assert sorted(busy.status.tolist()) == [OK, REJECTED, REJECTED] and set(wrong.status.tolist()) == {FAILED}


def test_an_http_api_adds_forty_percent_of_what_a_rest_api_adds():
    """AWS: up to 60 % less latency."""
    rest, http = (played(ApiGateway(api_type=kind)).summary()["p50_ms"] for kind in ("REST", "HTTP"))
    assert http / rest == pytest.approx(0.4, abs=0.02)


# The cache ---------------------------------------------------------------------------------------------------


def test_the_hit_ratio_of_one_key_is_rate_ttl_over_one_plus_rate_ttl():
    result = played(ApiGateway(cache_gb=0.5, cache_ttl_s=3.0), DynamoDb(), arrivals=Poisson(2.0), window_s=30_000,
                    keys=Keys(count=1))
    hits = (result.of(0)["resource"] == HIT).mean()
    assert hits == pytest.approx(6 / 7, abs=0.005 + 2 * 0.01)


def test_a_small_cache_holds_what_another_lru_cache_holds(monkeypatch):
    """Room for 100 answers of 1,000 bytes among 1,000 keys, asked for so rarely that fillings do not overlap."""
    from simlib.services import api_gateway

    monkeypatch.setattr(api_gateway, "BYTES_PER_GB", 200_000)
    result = played(ApiGateway(cache_gb=0.5, cache_ttl_s=3600), DynamoDb(), arrivals=Poisson(2.0), window_s=1800,
                    operations=Operation("look", work_vcpu_s=0.0, io_s=0.0, item_bytes=1000),
                    keys=Keys("zipf", 1000, 1.0))
    other, hits = cachetools.LRUCache(100), []
    for key in result.workload.key.tolist():
        hits.append(key in other)
        other[key] = True
    assert (result.of(0)["resource"] == HIT).mean() == pytest.approx(np.mean(hits), abs=0.005)


def test_a_hit_reaches_neither_the_function_nor_the_table():
    result = played(ApiGateway(cache_gb=0.5), Lambda(), Dax(), DynamoDb())
    resource = result.of(0)["resource"]
    misses = int((resource == MISS).sum())
    assert misses < len(resource) / 2 and len(result.of(1)["request"]) == misses == len(result.of(2)["request"])


def test_writes_pass_and_leave_old_answers_until_their_time_ends():
    """A hit is stale if the key was written since the answer was fetched: recounted from the table's own spans.

    The share is that of a key with writes at rate b and a time to live T: 1 - (1 - exp(-bT)) / (bT) of the hits.
    """
    rate_rps, sales, ttl_s = 20.0, 0.02, 10.0
    result = played(ApiGateway(cache_gb=0.5, cache_ttl_s=ttl_s), Lambda(), DynamoDb(), arrivals=Poisson(rate_rps),
                    operations=(Operation(**{**vars(LOOK), "weight": 1 - sales}),
                                Operation(**{**vars(SALE), "weight": sales})), window_s=5000, keys=Keys(count=1))
    api, table = result.of(0), result.of(2)
    is_write = result.workload.operation[table["request"]] == 1
    written_s = np.sort(table["end_s"][is_write])
    assert set(api["resource"][result.workload.operation[api["request"]] == 1].tolist()) == {PASSED}
    hit = api["resource"] == HIT
    fills_s = np.sort(api["end_s"][api["resource"] == MISS])
    fetched_s = fills_s[np.searchsorted(fills_s, api["end_s"][hit], side="left") - 1]
    since = np.searchsorted(written_s, api["end_s"][hit]) - np.searchsorted(written_s, fetched_s)
    stale = api["status"][hit] == STALE
    assert stale.mean() == pytest.approx((since > 0).mean(), abs=0.01)
    b = rate_rps * sales * ttl_s
    assert stale.mean() == pytest.approx(1 - (1 - np.exp(-b)) / b, abs=0.02)


def test_answers_of_more_than_a_megabyte_and_errors_are_not_kept():
    large = played(ApiGateway(cache_gb=0.5), Lambda(), operations=Operation("list", item_bytes=400_000, items=3))
    wrong = played(ApiGateway(cache_gb=0.5), Lambda(error_rate=1.0))
    for result in (large, wrong):
        assert not (result.of(0)["resource"] == HIT).any()


def test_a_cache_behind_the_api_can_hand_it_an_old_item():
    """All writes go around DAX; what the API keeps from a stale DAX entry is as old as that."""
    result = simulate(Scenario(
        (ApiGateway(cache_gb=0.5, cache_ttl_s=1.0), Lambda(), Dax(item_ttl_s=300, bypass_share=1.0), DynamoDb()),
        Traffic(arrivals=Poisson(20.0), window_s=200.0, operations=(LOOK, SALE), keys=Keys(count=1))), 0)
    late = result.of(0)["start_s"] > 5
    hit = result.of(0)["resource"] == HIT
    assert (result.of(0)["status"][hit & late] == STALE).mean() > 0.95


# The bill ----------------------------------------------------------------------------------------------------


def test_five_million_rest_requests_cost_17_50_dollars():
    """AWS's example: 5 million calls, 3 KB each: $17.50, and 14.3 GB out."""
    assert price_book().cost_usd("apigateway.rest_request", 5e6) == pytest.approx(17.50)
    assert 5e6 * 3 / 1024 / 1024 == pytest.approx(14.3, abs=0.01)


def test_fifteen_billion_rest_requests_cost_what_aws_says_tier_by_tier():
    """$1,165.50 + $1,867.60 + $33,320.00."""
    assert price_book().cost_usd("apigateway.rest_request", 15e9) == pytest.approx(1165.5 + 1867.6 + 33_320.0)


@pytest.mark.parametrize(("cache_gb", "usd"), [(0.5, 14.6), (237.0, 2774.0)])
def test_a_month_of_the_cache_costs_what_infracost_says(cache_gb, usd):
    result = played(ApiGateway(cache_gb=cache_gb), window_s=3600)
    assert bill(result, free_tier=False).usd_of("apigateway.cache") == pytest.approx(usd)


def test_an_http_api_counts_every_started_512_kb():
    result = played(ApiGateway(api_type="HTTP"), operations=Operation("list", item_bytes=300_000, items=2))
    used = usage(result)
    assert used["apigateway.http_request"] == 2 * result.n


def test_what_was_throttled_is_not_billed():
    result = played(ApiGateway(rate_rps=1.0, burst=1))
    assert 0 < usage(result)["apigateway.rest_request"] == (result.status != THROTTLED).sum() < result.n / 5


# Refusals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fields", "words"), [
    ({"api_type": "HTTP", "timeout_s": 60}, "waits at most 30 s"),
    ({"api_type": "HTTP", "cache_gb": 0.5}, "have no cache"),
    ({"cache_gb": 3}, "one of 0.5, 1.6"),
    ({"cache_ttl_s": 7200}, "3,600"),
])
def test_what_api_gateway_refuses_is_refused_in_a_sentence(fields, words):
    with pytest.raises(ParamError, match=words):
        ApiGateway(**fields)


def test_a_cache_in_front_of_a_global_table_is_refused_in_a_sentence():
    for front in ((ApiGateway(cache_gb=0.5),), (Dax(),)):
        with pytest.raises(ParamError, match="cache in front of a global table"):
            played(*front, DynamoDb(global_table=GlobalTable()))


def test_the_defaults_are_awss():
    api = ApiGateway()
    assert (api.account_rate_rps, api.account_burst, api.timeout_s) == tuple(
        facts.value(f"apigateway.{name}") for name in ("account_rate_rps", "account_burst", "rest_timeout_s"))
    assert facts.value("apigateway.cache_ttl_max_s") == 3600


def test_a_client_tries_again_after_504():
    slow = Operation("slow", work_vcpu_s=0.0, io_s=1.0)
    result = simulate(Scenario((Client(max_attempts=3), ApiGateway(timeout_s=0.1), Lambda()), Traffic(
        arrivals=At(np.zeros(1)), window_s=60.0, operations=slow)), 0)
    assert len(result.of(1)["request"]) == 3 and result.status.tolist() == [TIMED_OUT]
