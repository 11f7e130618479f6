"""Provisioned concurrency, scaling, shared accounts, SnapStart and pings, worked by hand."""

import numpy as np
import pytest
from scenes import ONE_VCPU, At, arriving_at, play, steady_function

from simlib import Lambda, Operation, ParamError, Scenario, Traffic, bill, simulate
from simlib.pricing import price, price_book, usage
from simlib.services import Functions
from simlib.services.buckets import TokenBucket
from simlib.services.costs import EventPollers


def spans(result):
    return result.spans.to_dict("records")


def usd(quantities, sku_prefix, free_tier=False):
    lines = price(quantities, price_book(), free_tier)
    return sum(line.usd for line in lines if line.sku.startswith(sku_prefix))


def test_calls_beyond_the_provisioned_environments_spill_over_with_a_cold_start():
    """Two environments are kept ready; of three calls at once the third starts cold on demand. At 5 s all three are
    done: the next call gets a provisioned one again."""
    function = steady_function(provisioned_concurrency=2, init_s=0.5)
    result = play(arriving_at([0, 0, 0, 5], io_s=1.0), function)
    assert [span["cold"] for span in spans(result)] == [False, False, True, False]
    assert [span["resource"] < 0 for span in spans(result)] == [True, True, False, True]


def test_ten_provisioned_environments_spill_over_at_100_requests_a_second():
    """AWS: the request quota of provisioned concurrency is ten times its size: 10 of them serve a burst of 100 calls
    of no length at once; the 101st goes on demand although all ten are idle."""
    result = play(arriving_at([0.0] * 101), steady_function(provisioned_concurrency=10))
    assert [span["resource"] < 0 for span in spans(result)].count(True) == 100
    assert spans(result)[-1]["cold"]


def test_reserved_equal_to_provisioned_leaves_nothing_to_spill_over_to():
    function = steady_function(provisioned_concurrency=2, reserved_concurrency=2)
    assert list(play(arriving_at([0, 0, 0], io_s=1.0), function).status) == [200, 200, 429]


def test_400_provisioned_environments_leave_600_of_the_account_to_others():
    """AWS Lambda developer guide: 1,000 in the account, 400 provisioned: 600 for the shared pool."""
    quick, other = steady_function(provisioned_concurrency=400), steady_function()
    functions = Functions(functions=(quick, other), account_concurrency=1000)
    assert functions.set_aside == 400
    traffic = Traffic(arrivals=At((0.0,) * 700), window_s=10, operations=(
        Operation(name="quick", weight=0), Operation(name="other", work_vcpu_s=0, io_s=1.0)))
    result = simulate(Scenario((functions,), traffic))
    assert (result.status == 200).sum() == 600


def test_none_of_the_new_environments_is_ready_before_all_are():
    """Asked for at 100 s: 90 s of delay and 600 environments at 6,000 a minute, 6 s: ready at 196 s, not before."""
    function = steady_function(provisioned_concurrency=600, provisioned_from_s=100.0)
    result = play(arriving_at([195.9, 196.1], io_s=0.05), function)
    assert [span["resource"] < 0 for span in spans(result)] == [False, True]


def test_a_schedule_raises_and_lowers_provisioned_concurrency():
    """From 0 to 2 at 100 s (ready at 190.02 s), back to 0 at 400 s, when it takes effect at once."""
    function = steady_function(provisioned_schedule=((100, 2), (400, 0)))
    result = play(arriving_at([50, 150, 200, 399, 401], io_s=0.1), function)
    assert [span["resource"] < 0 for span in spans(result)] == [False, False, True, True, False]


def test_provisioned_time_is_billed_in_started_steps_of_five_minutes():
    """Enabled from 100 to 400 s: 300 s, one step; from 100 to 401 s: two steps, 600 s. 2 environments of 1 GB."""
    for end_s, seconds in ((400, 300), (401, 600)):
        function = Lambda(memory_mb=1024, provisioned_schedule=((100, 2), (end_s, 0)))
        used = usage(play(arriving_at([50], window_s=3600), function))
        assert used["lambda.provisioned_concurrency.x86_64"] == pytest.approx(2 * seconds)


def test_utilisation_tracking_adds_environments_after_three_high_minutes():
    """10 ready, 9 busy all the time, target 0.7: 0.9 > 0.7 in minutes 1, 2, 3, so at 180 s ceil(10 x 0.9 / 0.7) = 13
    are asked for; 90 s + 3/6,000 min later (270.03 s) they are ready."""
    function = steady_function(provisioned_concurrency=10, provisioned_target=0.7, provisioned_max=50)
    result = play(arriving_at([0.0] * 9 + [300.0] * 5, window_s=600, io_s=599.0), function)
    configured = result.capacity.query("resource == 0")[["start_s", "end_s", "amount"]].to_numpy().tolist()
    assert configured[0] == [0.0, 180.0, 10.0]
    assert configured[1][0] == 180.0 and configured[1][2] == 13.0
    assert [span["resource"] < 0 for span in spans(result)[9:]] == [True] * 4 + [False]


def test_a_launch_with_provisioned_concurrency_costs_19_96_dollars():
    """AWS Lambda pricing page: 100 x 1,536 MB for 8 h = 4.32 M GB-s, 18.00; 0.5 M calls of 100 ms on them, 0.73; 2.5 M
    calls of 120 ms beside them, 0.83 after the free 400,000 GB-s; 3 M requests less 1 M free, 0.40."""
    function = Lambda(memory_mb=1536)
    used = function.quantities(3e6, 2.5e6 * 0.120, 0.5e6 * 0.100)
    used["lambda.provisioned_concurrency.x86_64"] = 100 * 1.5 * 8 * 3600
    assert used["lambda.provisioned_concurrency.x86_64"] == 4_320_000
    assert round(usd(used, "lambda.provisioned_concurrency", True), 2) == 18.00
    assert round(usd(used, "lambda.provisioned_duration", True), 2) == 0.73
    assert round(usd(used, "lambda.duration", True), 2) == 0.83
    assert round(usd(used, "lambda.requests", True), 2) == 0.40
    assert round(usd(used, "lambda", True), 2) == 19.96


def test_a_buffer_of_ten_percent_over_a_peak_of_200_is_220():
    """AWS Lambda developer guide. The model needs no buffer; 220 environments of which 200 are busy never spill."""
    function = steady_function(provisioned_concurrency=round(200 * 1.1))
    result = play(arriving_at(np.repeat(np.arange(10), 200).tolist(), io_s=0.9), function)
    assert result.summary()["cold_starts"] == 0


def test_a_ramp_to_3000_environments_takes_20_seconds():
    """500 new calls every second, none of which ends: the bucket of 1,000 refilled by 100/s is empty after 2 s (1,200
    of 1,000 + 2 x 100), then 100 a second start and 400 are throttled. 3,000 run at 20 s."""
    times = np.repeat(np.arange(0, 30.0), 500).tolist()
    result = play(arriving_at(times, io_s=800.0), steady_function(account_concurrency=10_000))
    started = result.spans.query("status == 200").start_s.to_numpy()
    assert [int((started <= second).sum()) for second in (0, 1, 2, 3, 10, 20)] == [500, 1000, 1200, 1300, 2000, 3000]


def test_before_november_2023_a_region_burst_3000_and_then_500_a_minute():
    """5,000 calls at once: 3,000 start; a minute later 500 more of another 5,000."""
    traffic = arriving_at([0.0] * 5000 + [60.0] * 5000, io_s=800.0)
    result = play(traffic, steady_function(account_concurrency=10_000), date="2023-11-25")
    started = result.spans.query("status == 200").start_s
    assert (started == 0).sum() == 3000
    assert (started == 60).sum() == 500
    today = play(traffic, steady_function(account_concurrency=10_000))
    assert (today.spans.query("status == 200").start_s == 0).sum() == 1000


def test_a_function_grows_by_1000_environments_and_6000_a_minute():
    """AWS: 1,000 new environments in 10 s; over a minute the bucket gives 6,000 beyond its first 1,000."""
    bucket = TokenBucket(1000, 100)
    taken = 0
    for now_s in np.arange(0, 60.0001, 0.01):
        while bucket.ready(now_s):
            bucket.take()
            taken += 1
    assert taken == pytest.approx(1000 + 6000, abs=1)


def test_six_functions_starve_each_other_until_one_is_fenced_in():
    """Six functions, one account of 100. The sixth gets 100 calls of 100 s at once and takes the whole pool: the
    other five, one call each at 10 s, are all throttled. With 0 reserved for the sixth they all pass; it none."""
    operations = tuple(Operation(name=f"f{number}", weight=0 if number else 1, work_vcpu_s=0, io_s=100.0)
                       for number in range(6))
    crowd = Traffic(arrivals=arriving_at([0.0] * 1000).arrivals, window_s=200, operations=operations)
    greedy = Functions(functions=(steady_function(),) * 6, account_concurrency=100)
    assert (simulate(Scenario((greedy,), crowd)).status == 200).sum() == 100

    mixed = tuple(Operation(name=f"f{number}", work_vcpu_s=0, io_s=100.0) for number in range(6))
    traffic = Traffic(arrivals=arriving_at(np.arange(0, 60, 0.05).tolist()).arrivals, window_s=200, operations=mixed)
    shared = simulate(Scenario((Functions(functions=(steady_function(),) * 6, account_concurrency=100),), traffic))
    operation = shared.workload.operation
    assert (shared.status == 200).sum() == 100
    fenced = Functions(functions=(*(steady_function(),) * 5, steady_function(reserved_concurrency=0)),
                       account_concurrency=100)
    alone = simulate(Scenario((fenced,), traffic))
    assert (alone.status[operation == 5] == 429).all()
    assert (alone.status[operation != 5] == 200).sum() == 100
    assert (alone.status[operation == 0] == 200).sum() > (shared.status[operation == 0] == 200).sum()


def test_the_bill_of_functions_is_the_sum_of_their_own():
    mixed = (Operation(name="a", work_vcpu_s=0, io_s=1.0), Operation(name="b", work_vcpu_s=0, io_s=2.0))
    traffic = Traffic(arrivals=arriving_at(np.arange(0, 50.0).tolist()).arrivals, window_s=60, operations=mixed)
    small, large = steady_function(memory_mb=512), steady_function(memory_mb=2048)
    result = simulate(Scenario((Functions(functions=(small, large)),), traffic))
    counts = np.bincount(result.workload.operation, minlength=2)
    assert usage(result)["lambda.duration.x86_64"] == pytest.approx(counts[0] * 0.5 * 1.0 + counts[1] * 2.0 * 2.0)


def test_a_restore_from_a_snapshot_takes_the_measured_time():
    """lambda-perf, 2025-04 to 2026-03: java21 restores in 715 ms in the median; Python borrows that figure."""
    half = np.array([0.5])
    for runtime in ("java21", "python3.13"):
        restored = Lambda(runtime=runtime, snapstart=True).cold_starts(half, half, half).init_s[0]
        assert restored == pytest.approx(0.71479, rel=1e-3)


def test_with_a_snapshot_init_is_not_played_again():
    """An INIT of 9 s of its own is played when the version is published, not at a cold start."""
    half = np.array([0.5])
    slow = Lambda(runtime="java21", init_s=9.0)
    assert slow.cold_starts(half, half, half).init_s[0] == 9.0
    assert Lambda(runtime="java21", init_s=9.0, snapstart=True).cold_starts(half, half, half).init_s[0] < 1


def test_snapstart_bills_cache_and_restores_except_for_java():
    """1 GB cached for an hour is 3,600 GB-s; two cold starts restore 2 GB."""
    traffic = arriving_at([0, 0], window_s=3600, io_s=1.0)
    used = usage(play(traffic, Lambda(memory_mb=1024, runtime="python3.13", snapstart=True)))
    assert used["lambda.snapstart.cache"] == 3600
    assert used["lambda.snapstart.restore"] == 2
    assert not any("snapstart" in sku for sku in usage(play(traffic, Lambda(runtime="java21", snapstart=True))))


@pytest.mark.parametrize(("fields", "words"), [
    ({"snapstart": True, "runtime": "nodejs22.x"}, "not available for nodejs22.x"),
    ({"snapstart": True, "provisioned_concurrency": 1}, "cannot be combined"),
    ({"provisioned_concurrency": 5, "reserved_concurrency": 4}, "at most what is reserved"),
    ({"provisioned_concurrency": 1001}, "lower it"),
    ({"provisioned_schedule": ((5,),)}, "pairs of seconds and environments")])
def test_settings_that_exclude_each_other_are_refused(fields, words):
    with pytest.raises(ParamError, match=words):
        Lambda(**fields)


def test_one_ping_keeps_one_environment_warm_and_no_more():
    """A ping every 4 minutes, environments live 5 minutes. Two calls at once after 20 quiet minutes: one is warm, the
    other cold; without pings both are cold."""
    traffic = arriving_at([0, 0, 1210, 1210], window_s=1800, io_s=1.0)
    kept = play(traffic, steady_function(keep_alive_s=300, ping_every_s=240.0))
    assert [span["cold"] for span in spans(kept) if span["request"] >= 2] == [False, True]
    alone = play(traffic, steady_function(keep_alive_s=300))
    assert [span["cold"] for span in spans(alone) if span["request"] >= 2] == [True, True]


def test_pings_are_billed_as_requests():
    """One request and pings at 240, 480 ... 1,680 s of a 1,800 s window: 8 requests."""
    used = usage(play(arriving_at([0], window_s=1800), steady_function(ping_every_s=240.0)))
    assert used["lambda.requests"] == 1 + 7


def test_an_environment_serves_one_tenant_only():
    """Two tenants take turns every 10 s: with isolation two environments start cold, without it one."""
    traffic = Traffic(arrivals=arriving_at(np.arange(0, 100, 10.0).tolist()).arrivals, window_s=100,
                      operations=Operation(work_vcpu_s=0, io_s=1.0))
    isolated = simulate(Scenario((steady_function(tenants=1000),), traffic))
    tenants = len(set((isolated.workload.key % 1000).tolist()))
    assert isolated.summary()["cold_starts"] == tenants > 1
    assert simulate(Scenario((steady_function(),), traffic)).summary()["cold_starts"] == 1
    assert usage(isolated)["lambda.tenant_isolation.x86_64"] == pytest.approx(tenants * ONE_VCPU / 1024)


def test_200000_tenant_environments_cost_33_33_dollars():
    """AWS Lambda pricing page: 200,000 environments of 1 GB; AWS prints 33.40, exactly it is 33.33."""
    assert round(usd({"lambda.tenant_isolation.x86_64": 200_000.0}, "lambda.tenant"), 2) == 33.33
    used = {**Lambda(memory_mb=1024).quantities(10e6, 20e6), "lambda.tenant_isolation.x86_64": 200_000.0}
    assert round(usd(used, "lambda"), 2) == 368.67  # AWS adds up its rounded lines: 368.74


def test_streaming_7_mb_to_a_million_users_costs_39_04_dollars_with_the_rest():
    """AWS Lambda pricing page: 2 M responses of 100 KB, 1 M of 7 MB, 500 ms at 1,536 MB; no free streaming left."""
    traffic = Traffic(arrivals=arriving_at([0.0, 1.0]).arrivals, window_s=10,
                      operations=Operation(work_vcpu_s=0, io_s=0.5, item_bytes=7 * 2**20))
    streamed_gb = usage(play(traffic, steady_function(streaming=True)))["lambda.response_streaming"]
    assert streamed_gb == pytest.approx(2 / 1024)
    used = {**Lambda(memory_mb=1536).quantities(3e6, 1.5e6), "lambda.response_streaming": streamed_gb / 2 * 1e6}
    assert used["lambda.response_streaming"] == pytest.approx(976.56, abs=0.005)
    assert round(usd(used, "lambda.response_streaming"), 2) == 7.81
    rest = usd(used, "lambda.duration", True) + usd(used, "lambda.requests", True)
    assert round(rest, 2) == 31.23
    assert round(rest + 7.8125, 2) == 39.05  # AWS adds up its rounded lines: 30.83 + 0.40 + 7.81 = 39.04


def test_a_million_durable_executions_cost_490_46_dollars():
    """AWS Lambda pricing page: 32 s at 1 GB on arm, 2 invocations and 4 operations each, 104 KB kept 7 + 14 days."""
    function = Lambda(memory_mb=1024, architecture="arm64", durable_operations=4, durable_kb=104, durable_days=21)
    used = {**function.quantities(2e6, 32e6), **function.durable_quantities(1e6)}
    for sku, expected in (("lambda.duration", 421.34), ("lambda.requests", 0.20), ("lambda.durable.operations", 32.00),
                          ("lambda.durable.written", 26.00), ("lambda.durable.retained", 10.92)):
        assert round(usd(used, sku, True), 2) == expected
    assert round(usd(used, "lambda", True), 2) == 490.46


def test_8000_poller_hours_cost_74_dollars_beside_506_of_lambda():
    """AWS Lambda pricing page, SQS with provisioned pollers: 30 M calls of 1 s at 1 GB, 8,000 unit-hours: 580.00."""
    used = {**Lambda(memory_mb=1024).quantities(30e6, 30e6), "lambda.event_poller.sqs": 8000.0}
    assert round(usd(used, "lambda.event_poller"), 2) == 74.00
    assert round(usd(used, "lambda"), 2) == 580.00
    result = play(arriving_at([0], window_s=3600), steady_function(), costs=(EventPollers(units=2),))
    assert bill(result).usd_of("lambda.event_poller") == pytest.approx(2 * 730 * 0.00925)
