"""A DynamoDB table in time, against AWS's worked examples, closed forms and sums by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import arriving_at, play

from simlib import (
    Client,
    Constant,
    DynamoDb,
    GlobalIndex,
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
from simlib.services.base import COLLECTION_FULL, CONFLICT, OK, STALE, THROTTLED
from simlib.services.dynamodb.capacity import Partition, Throughput, admits, begin, take
from simlib.services.dynamodb.scaling import AutoScaling, Decreases, OnDemandGrowth

MANY_KEYS = Keys(popularity="uniform", count=100_000)
ONE_KEY = Keys(count=1)


def operation(access="write", **fields):
    nothing_else = {"work_vcpu_s": 0.0, "io_s": 0.0}
    return Operation(**{"name": access, "access": access, "item_bytes": 1000, **nothing_else, **fields})


def asked(table, rate_rps, window_s, op=None, keys=MANY_KEYS, arrivals=None, seed=0):
    traffic = Traffic(arrivals=arrivals or Constant(rate_rps), window_s=window_s, operations=op or operation(),
                      keys=keys)
    return simulate(Scenario((table,), traffic), seed)


def provisioned(**fields):
    return DynamoDb(**{"capacity_mode": "provisioned", "max_attempts": 1, **fields})


def units(op, **table):
    """Mean units of one call."""
    return asked(DynamoDb(**table), 1, 10, op).spans.units.mean()


def throttled(result):
    return int((result.spans.status == THROTTLED).sum())


# What calls consume ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        (operation("read", item_bytes=8 * 1024, consistency="strong"), 2),
        (operation("read", item_bytes=8 * 1024), 1),
        (operation("read", item_bytes=8 * 1024, consistency="transactional"), 4),
        (operation("read", item_bytes=3500, consistency="strong"), 1),
        (operation("write", item_bytes=2048), 2),
        (operation("write", item_bytes=2048, consistency="transactional"), 4),
        (operation("write", item_bytes=500, items=3, consistency="transactional"), 6),
    ],
)
def test_units_of_a_call_are_those_of_the_developer_guide(op, expected):
    """Its examples: 8 KB reads, a 3.5 KB read, 2 KB writes, and a transaction of three items of 500 bytes."""
    assert units(op) == expected


def test_a_query_adds_up_before_it_rounds_and_a_batch_of_writes_rounds_each():
    """40 x 500 B = 20,000 B = 4.9 x 4 KB: 5 x 0.5; 40 writes of 500 B are 40 started KB."""
    assert units(operation("read", item_bytes=500, items=40)) == 2.5
    assert units(operation("write", item_bytes=500, items=40)) == 40


def test_indexes_cost_what_the_guide_says_they_cost():
    """1.5 KB items: 2 WCU in the table, 1 for an entry of 300 B, 2 where the index key moves, 0 where it is sparse; a
    local index counts with the table, and a transaction doubles the table alone."""
    write = operation(item_bytes=1500)
    for index, expected in (
        (GlobalIndex(projected_bytes=300), 3),
        (GlobalIndex(projected_bytes=300, moved_share=1.0), 4),
        (GlobalIndex(changed_share=0.0), 2),
        (GlobalIndex(), 4),
    ):
        assert units(write, indexes=(index,)) == expected
    assert units(write, local_indexes=2) == 6
    assert units(write, local_indexes=2, local_projected_bytes=300) == 4
    transaction = operation(item_bytes=1500, consistency="transactional")
    assert units(transaction, indexes=(GlobalIndex(projected_bytes=300),)) == 5


@given(changed=st.floats(0, 1), moved=st.floats(0, 1))
@settings(max_examples=20, deadline=None)
def test_an_index_consumes_its_shares_of_the_writes(changed, moved):
    """The expected units of n writes are n x changed x (1 + moved), with a standard deviation of at most sqrt(n)."""
    n = 2000
    table = DynamoDb(indexes=(GlobalIndex(changed_share=changed, moved_share=moved),))
    found = table.demand(asked(table, 100, n / 100).workload)[1].sum()
    assert abs(found - n * changed * (1 + moved)) < 4.5 * np.sqrt(n)


def test_reading_an_index_takes_its_own_capacity():
    """30 reads a second of an index with 10 RCU of its own: its burst of 3,000 lasts 300 s at 15 - 10 units over."""
    table = provisioned(read_capacity=1, indexes=(GlobalIndex(read_capacity=10, projected_bytes=100),), partitions=1)
    result = asked(table, 30, 900, operation("read", index="by-status"))
    first_s = result.spans[result.spans.status == THROTTLED].start_s.min()
    assert first_s == pytest.approx(300 * 10 / (15 - 10), rel=0.01)


# Provisioned capacity ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("load", "capacity", "partitions"), [(150, 100, 1), (90, 60, 2), (400, 100, 4)])
def test_a_full_burst_bucket_lasts_300_p_over_l_minus_p(load, capacity, partitions):
    lasts_s = 300 * capacity / (load - capacity)
    result = asked(provisioned(write_capacity=capacity, partitions=partitions), load, 1.2 * lasts_s)
    times = result.spans[result.spans.status == THROTTLED].start_s
    assert times.min() == pytest.approx(lasts_s, rel=0.05)


def test_beyond_the_burst_a_table_serves_its_capacity():
    result = asked(provisioned(write_capacity=100, burst_at_start=0.0, partitions=1), 0, 600, arrivals=Poisson(250))
    assert (result.spans.status == OK).sum() == pytest.approx(100 * 600, rel=0.01)


def test_adaptive_capacity_serves_the_hot_partition_of_the_guides_example():
    """400 WCU over 4 partitions; 50, 50, 50 and 150 WCU/s: nothing is throttled. Without it, the hot one has 100."""
    hot = Keys(popularity="hot", count=4, hot_share=0.5)
    table = {"write_capacity": 400, "partitions": 4, "burst_at_start": 0.0}
    assert throttled(asked(provisioned(**table), 300, 900, keys=hot)) == 0
    alone = asked(provisioned(**table, adaptive_capacity=False), 300, 900, keys=hot)
    assert throttled(alone) == pytest.approx(50 * 900, rel=0.03)


def test_no_mode_saves_a_single_hot_key_and_write_sharding_does():
    """1,500 writes a second on one key: 1,000 a second are served, and all once they are spread over 4 suffixes."""
    for table in (DynamoDb(max_attempts=1), provisioned(write_capacity=10_000)):
        result = asked(table, 0, 30, keys=ONE_KEY, arrivals=Poisson(1500))
        assert (result.spans.status == OK).sum() == pytest.approx(1000 * 31, rel=0.01)
    assert throttled(asked(DynamoDb(max_attempts=1, write_shards=4), 0, 30, keys=ONE_KEY, arrivals=Poisson(1500))) == 0


def test_reads_pay_for_write_sharding():
    """Ten suffixes mean ten queries: at least 0.5 units each, where one query of 10 KB takes 1.5."""
    read = operation("read", item_bytes=10_000)
    assert (units(read), units(read, write_shards=10)) == (1.5, 5)


def test_a_starved_index_throttles_the_tables_writes():
    """The table has 1,000 WCU, its index 10: with its burst of 3,000 gone, 10 writes a second pass."""
    table = provisioned(write_capacity=1000, partitions=1, indexes=(GlobalIndex(write_capacity=10),))
    result = asked(table, 100, 300)
    assert (result.spans.status == OK).sum() == pytest.approx(3000 + 10 * 300, rel=0.01)


@given(
    st.floats(1, 500), st.integers(1, 6), st.booleans(),
    st.lists(st.tuples(st.floats(0, 2), st.integers(0, 5), st.floats(0.5, 50)), max_size=60),
)
def test_no_table_serves_more_than_it_has(rate, count, adapts, calls):
    """Over any time t: at most 300 s of the rate saved, t of it, one second's adaptive loan and a last call's debt."""
    whole, partitions = Throughput(1000.0, 300.0, 1, int(adapts)), [Partition() for _ in range(count)]
    begin(whole, partitions, rate, count, 1.0)
    now_s = served = largest = 0.0
    for gap_s, place, wanted in calls:
        now_s += gap_s
        if admits(whole, partitions[place % count], wanted, now_s):
            take(whole, partitions[place % count], wanted)
            served += wanted
            largest = max(largest, wanted)
    assert served <= rate * (300 + 2 * now_s + 2) + (count + 1) * largest + 1e-6


def test_one_call_larger_than_the_bucket_passes_when_it_is_full_and_leaves_a_debt():
    """5 WCU save 1,500; a batch of 1,800 units finds them all, and its like waits until 1,500 are there again: the debt
    of 300 and 1,500 take 360 s."""
    table = provisioned(write_capacity=5, partitions=1)
    traffic = arriving_at([0.0, 100.0, 359.0, 361.0], access="write", items=6, item_bytes=300 * 1024)
    assert list(play(traffic, table).spans.status) == [OK, THROTTLED, THROTTLED, OK]


# Auto scaling ------------------------------------------------------------------------------------------------


def steps_of(result, resource):
    rows = result.capacity[result.capacity.resource == resource]
    return list(zip(rows.start_s, rows.amount))


def test_steady_70_units_at_a_target_of_70_percent_settle_on_100_from_below():
    """Each step asks for what was consumed / 0.7, which throttling had held down to the capacity so far."""
    steps = steps_of(asked(provisioned(write_capacity=5, auto_scaling=True, burst_at_start=0.0), 70, 7200), 2)
    amounts = [amount for _, amount in steps]
    assert amounts == sorted(amounts) and amounts[-1] == 100
    for before, after in zip(amounts, amounts[1:]):
        assert after <= np.ceil(before / 0.7) + 1


def test_scaling_out_takes_two_high_minutes_and_the_delays_of_cloudwatch_and_update_table():
    delay_s = facts.value("dynamodb.alarm_delay_s") + facts.value("dynamodb.update_table_s")
    steps = steps_of(asked(provisioned(write_capacity=100, auto_scaling=True), 90, 1200), 2)
    assert steps[1] == (120 + delay_s, np.ceil(90 / 0.7))


def test_scaling_in_takes_fifteen_low_minutes_and_no_consumption_at_all_prevents_it():
    delay_s = facts.value("dynamodb.alarm_delay_s") + facts.value("dynamodb.update_table_s")
    table = provisioned(write_capacity=100, read_capacity=100, auto_scaling=True)
    result = asked(table, 10, 3600)
    assert steps_of(result, 2)[1] == (15 * 60 + delay_s, np.ceil(10 / 0.7))
    assert [amount for _, amount in steps_of(result, 1)] == [100]


def test_between_target_and_twenty_points_below_nothing_happens():
    assert len(steps_of(asked(provisioned(write_capacity=100, auto_scaling=True), 60, 3600), 2)) == 1


def test_capacity_may_fall_four_times_at_once_and_27_times_a_day():
    decreases, made = Decreases(), []
    for minute in range(1440):
        if decreases.allowed(minute):
            decreases.use()
            made.append(minute)
    assert made[:5] == [0, 1, 2, 3, 60] and len(made) == 27
    assert Decreases().allowed(1440)


def test_capacity_outside_the_bounds_of_auto_scaling_is_brought_inside_at_once():
    table = provisioned(read_capacity=5, write_capacity=500, auto_scaling=True, min_read_capacity=20,
                        max_write_capacity=100)
    result = asked(table, 1, 60)
    assert (steps_of(result, 1), steps_of(result, 2)) == ([(0.0, 20)], [(0.0, 100)])


def test_auto_scaling_keeps_to_its_bounds():
    rule = AutoScaling(0.7, least=5, most=40)
    assert [rule.wanted(1000, 20, minute) for minute in (1, 2)] == [20, 40]
    rule = AutoScaling(0.7, least=5, most=40)
    assert [rule.wanted(0.1, 20, minute) for minute in range(15)][-1] == 5


# On-demand capacity ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("times", "throttles"), [(1.9, False), (2.1, True)])
def test_on_demand_serves_twice_the_previous_peak(times, throttles):
    """A peak of 10,000 WRU/s: 20,000 a second are served; 21,000 empty the second's slack of 20,000 in 20 s."""
    table = DynamoDb(previous_peak_writes=10_000, max_attempts=1)
    result = asked(table, 0, 40, arrivals=Poisson(10_000 * times))
    assert bool(throttled(result)) == throttles


def test_a_new_table_serves_4000_writes_and_12000_reads():
    """Over 30 s with the slack of one second: 31 x 4,000 of 5,000 a second; a read of 12 KB takes 1.5 units."""
    written = asked(DynamoDb(max_attempts=1), 0, 30, arrivals=Poisson(5000))
    assert (written.spans.status == OK).sum() == pytest.approx(31 * 4000, rel=0.01)
    query = operation("read", item_bytes=12_000, items=10)
    read = asked(DynamoDb(max_attempts=1), 0, 10, query, arrivals=Poisson(1000))
    assert read.spans.units.sum() == pytest.approx(11 * 12_000, rel=0.01)


def test_a_peak_counts_after_thirty_minutes():
    """AWS's example: a peak of 50,000 gives 100,000 at once, and 100,000 sustained then give 200,000."""
    growth = OnDemandGrowth(2 * 50_000, most=1e9)
    limits = [growth.wanted(100_000, 0, minute) for minute in range(40)]
    assert (limits[0], limits[29], limits[30]) == (100_000, 100_000, 200_000)


@pytest.mark.parametrize(
    ("capacity", "expected"),
    [((24_000, 8000), (24_000, 8000)), ((10, 10), (12_000, 4000)), ((10_000, 10_000), (12_000, 10_000))],
)
def test_a_table_that_switches_to_on_demand_serves_what_it_had_provisioned_or_what_a_new_one_serves(capacity, expected):
    """AWS's examples: 8,000 WCU and 24,000 RCU stay; below 4,000 and 12,000 it gets these."""
    table = provisioned(read_capacity=capacity[0], write_capacity=capacity[1], mode_schedule=((30, "on_demand"),))
    result = asked(table, 1, 60)
    assert (steps_of(result, 1)[1], steps_of(result, 2)[1]) == ((30, expected[0]), (30, expected[1]))


def test_each_mode_is_billed_for_its_own_time():
    """Half an hour provisioned with 100 WCU and 5 RCU, half an hour on demand with one write a second."""
    result = asked(provisioned(write_capacity=100, mode_schedule=((1800, "on_demand"),)), 1, 3600)
    lines = {line.sku: line.quantity for line in bill(result, free_tier=False).lines}
    assert lines["dynamodb.write_capacity.standard"] == pytest.approx(100 * 365)
    assert lines["dynamodb.read_capacity.standard"] == pytest.approx(5 * 365)
    assert lines["dynamodb.write_request.standard"] == pytest.approx(1800 * 730, rel=0.001)


def test_an_item_collection_with_a_local_index_ends_at_10_gb():
    """1 MB of room, and every write adds 1,000 bytes and an entry of 500: 699 are taken, for each of two keys."""
    table = DynamoDb(local_indexes=1, local_projected_bytes=500, new_item_share=1.0, collection_gb=10 - 2**20 / 2**30)
    spans = asked(table, 100, 30, keys=Keys("uniform", 2)).spans
    assert list(spans[spans.status == OK].groupby("key").size()) == [699, 699]
    assert set(spans.status) == {OK, COLLECTION_FULL}
    unbounded = asked(DynamoDb(new_item_share=1.0, collection_gb=11), 100, 30, keys=Keys("uniform", 2))
    assert set(unbounded.spans.status) == {OK}


def test_the_table_quota_and_a_maximum_bound_on_demand_mode():
    assert steps_of(asked(DynamoDb(previous_peak_writes=90_000), 1, 10), 2) == [(0.0, 40_000)]
    capped = asked(DynamoDb(max_write_request_units=10, max_attempts=1), 50, 60)
    assert (capped.spans.status == OK).sum() == pytest.approx(61 * 10, abs=1)


# Latency, retries, conflicts, old items ----------------------------------------------------------------------


def test_latency_is_that_of_the_measurements():
    """Writes of February 2020: median 7.55 ms, p90 11.3 ms; transactions 25.3 and 30.7 ms."""
    for op, median, p90 in ((operation(), 7.55, 11.3), (operation(consistency="transactional"), 25.3, 30.7)):
        found_ms = asked(DynamoDb(), 1000, 20, op).latency_s * 1000
        assert np.quantile(found_ms, (0.5, 0.9)) == pytest.approx((median, p90), rel=0.03)


def test_retries_wait_with_growing_pauses_and_lambda_pays_for_the_wait():
    """At most 1 + 2 + 4 s of pauses for four attempts; the function is billed for every millisecond of them."""
    table = DynamoDb(capacity_mode="provisioned", write_capacity=1, burst_at_start=0.0, partitions=1)
    traffic = Traffic(arrivals=Constant(5), window_s=60, operations=operation(), keys=MANY_KEYS)
    result = simulate(Scenario((Lambda(),  table), traffic), 0)
    calls = result.spans[result.spans.service == "DynamoDb"].set_index("request")
    functions = result.spans[result.spans.service == "Lambda"].set_index("request")
    assert calls.resource.max() == 4 and set(calls[calls.status == THROTTLED].resource) == {4}
    assert 0 < calls.wait_s.max() <= 1 + 2 + 4 + 4 * 0.002
    waited_ms = 1000 * (calls.end_s - calls.start_s)
    assert (functions.billed_ms >= np.floor(waited_ms.reindex(functions.index))).all()
    quick = simulate(Scenario((Lambda(), DynamoDb()), traffic), 0)
    assert bill(result, False).usd_of("lambda.duration") > 20 * bill(quick, False).usd_of("lambda.duration")


def test_the_tables_defaults_are_the_sdks_of_today():
    assert DynamoDb.max_attempts == facts.value("sdk.max_attempts_dynamodb")
    assert DynamoDb.backoff_s == facts.value("sdk.backoff_base_throttling_s")
    assert DynamoDb.backoff_max_s == facts.value("sdk.backoff_max_s")


def test_transactions_on_one_key_conflict_and_on_others_do_not():
    """Two at once and one after 1 s: the second meets the first, which takes at least 19.4 ms. Both are charged."""
    for key_count, expected in ((1, [OK, CONFLICT, OK]), (10**6, [OK, OK, OK])):
        traffic = Traffic(arrivals=arriving_at([0.0, 0.001, 1.0]).arrivals, window_s=2, keys=Keys("uniform", key_count),
                          operations=operation(consistency="transactional"))
        spans = simulate(Scenario((DynamoDb(),), traffic), 1).spans
        assert list(spans.status) == expected
        assert list(spans.units) == [2, 2, 2]


def test_two_transactional_reads_pass_each_other():
    traffic = Traffic(arrivals=Poisson(200), window_s=10, keys=ONE_KEY,
                      operations=operation("read", consistency="transactional"))
    assert set(simulate(Scenario((DynamoDb(),), traffic), 0).spans.status) == {OK}


def test_plain_reads_pass_a_transaction_and_plain_writes_do_not():
    operations = (operation(name="pay", consistency="transactional"), operation("read", weight=3), operation(weight=3))
    traffic = Traffic(arrivals=Poisson(200), window_s=20, keys=ONE_KEY, operations=operations)
    spans = simulate(Scenario((DynamoDb(),), traffic), 0).spans
    conflicts = spans[spans.status == CONFLICT].operation.value_counts()
    assert set(conflicts.index) == {"pay", "write"}


@pytest.mark.parametrize(("index", "share"), [(None, 0.005), ("by-status", 0.0346)])
def test_a_reader_that_follows_at_once_sees_the_old_item_as_often_as_was_measured(index, share):
    """0.50 % of 5,000 eventually consistent reads directly after the write saw the old item, 3.46 % in a global index.

    Here: reads that begin within a millisecond of the end of a write of the only key.
    """
    operations = (operation(), operation("read", index=index, weight=20), operation("read", name="sure", weight=5,
                                                                                  consistency="strong"))
    traffic = Traffic(arrivals=Poisson(2600), window_s=60, operations=operations, keys=ONE_KEY)
    table = provisioned(read_capacity=3000, write_capacity=1000, partitions=1,
                        indexes=(GlobalIndex(read_capacity=3000, write_capacity=1000),))
    spans = simulate(Scenario((table,), traffic), 0).spans
    ends = np.sort(spans[(spans.operation == "write") & (spans.status == OK)].end_s)
    reads = spans[(spans.operation == "read") & (spans.start_s >= ends[0])]
    since_s = reads.start_s - ends[np.searchsorted(ends, reads.start_s, side="right") - 1]
    soon = reads[(since_s < 0.001).to_numpy()]
    assert len(soon) > 10_000
    assert (soon.status == STALE).mean() == pytest.approx(share, abs=3.3 * np.sqrt(share / len(soon)) + 0.1 * share)
    assert set(spans[spans.operation == "sure"].status) == {OK}
    lag_s = 0.1 if index is None else 1.0
    assert (reads[reads.status == STALE].start_s.size) and since_s[(reads.status == STALE).to_numpy()].max() < lag_s


# The bill ----------------------------------------------------------------------------------------------------


def test_the_break_even_of_the_two_modes_is_28_9_percent_today_and_was_half_of_it():
    """0.00065 / (3,600 x 0.000000625) = 28.9 % of a WCU's use; with 1.25 dollars a million it was 14.4 %."""
    for date, share in ((None, 0.2889), ("2024-10-31", 0.1444)):
        book = price_book("us-east-1", date)
        for kind in ("read", "write"):
            of_unit = 3600 * book.usd(f"dynamodb.{kind}_request.standard")
            assert book.usd(f"dynamodb.{kind}_capacity.standard") / of_unit == pytest.approx(share, abs=1e-4)


@pytest.mark.parametrize("used", [0.2, 0.2889, 0.5, 0.7, 1.0])
def test_two_to_three_times_dearer_holds_at_the_utilisation_only(used):
    """On demand costs used / 0.2889 of provisioned: 0.7 at 20 %, as much at 28.9 %, 2.4 at 70 %, 3.5 at full use."""
    rate = 1000 * used
    on_demand = bill(asked(DynamoDb(), rate, 60), free_tier=False).usd_of("dynamodb.write_request")
    hourly = bill(asked(provisioned(write_capacity=1000), rate, 60), free_tier=False).usd_of("dynamodb.write_capacity")
    assert on_demand / hourly == pytest.approx(used / 0.288889, rel=1e-3)


def test_a_months_bill_is_infracosts():
    """Its golden file of 2024-11-15: 3 million WRU 1.88, 8 million RRU 1.00, 230 GB 57.50 without the free 25 GB, 2,300
    GB of point-in-time recovery 460, 460 GB of backups 46, 230 GB restored 34.50; 20 WCU and 30 RCU 9.49 and 2.85."""
    book = price_book("us-east-1", "2024-11-15")
    for sku, quantity, usd in (
        ("dynamodb.write_request.standard", 3e6, 1.88),
        ("dynamodb.read_request.standard", 8e6, 1.0),
        ("dynamodb.storage.standard", 230, 57.5),
        ("dynamodb.pitr", 2300, 460.0),
        ("dynamodb.backup", 460, 46.0),
        ("dynamodb.restore", 230, 34.5),
        ("dynamodb.streams_read_request", 2e6, 0.4),
        ("dynamodb.write_capacity.standard", 20 * 730, 9.49),
        ("dynamodb.read_capacity.standard", 30 * 730, 2.85),
    ):
        assert book.cost_usd(sku, quantity) == pytest.approx(usd, abs=0.006)


def test_a_month_of_a_provisioned_table_is_hours_times_capacity():
    """20 WCU and 30 RCU for 730 hours, 10 GB, its recovery, a backup of 5 GB and a restore of 2 GB."""
    table = provisioned(read_capacity=30, write_capacity=20, storage_gb=10, point_in_time_recovery=True, backup_gb=5,
                        restored_gb=2)
    lines = {line.sku: line.usd for line in bill(asked(table, 1, 600), free_tier=False).lines}
    assert lines == pytest.approx({
        "dynamodb.read_capacity.standard": 30 * 730 * 0.00013, "dynamodb.write_capacity.standard": 20 * 730 * 0.00065,
        "dynamodb.storage.standard": 2.5, "dynamodb.pitr": 2.0, "dynamodb.backup": 0.5, "dynamodb.restore": 0.3,
    })


def test_reserved_capacity_is_paid_used_or_not_and_covers_the_rest_hour_by_hour():
    """100 WCU reserved: 100 x 730 x 0.000128 an hour and 150 dollars a year upfront; above it the usual price."""
    lines = {line.sku: line.usd for line in bill(
        asked(provisioned(write_capacity=130, reserved_write_capacity=100), 1, 3600 * 1.5), free_tier=False).lines}
    assert lines["dynamodb.write_capacity.standard"] == pytest.approx(30 * 730 * 0.00065)
    assert lines["dynamodb.reserved_write_capacity.standard"] == pytest.approx(100 * 730 * 0.000128)
    assert lines["dynamodb.reserved_write_upfront.standard"] == pytest.approx(150 * 730 / 8760)


def test_the_free_tier_covers_25_units_of_capacity_and_25_gb():
    assert bill(asked(provisioned(read_capacity=25, write_capacity=25, storage_gb=25), 1, 60)).total_usd == 0


def test_the_provisioned_examples_of_the_guide_need_what_it_says():
    """80 strong reads of 3 KB a second need 80 RCU, 100 writes of 512 bytes 100 WCU: one less throttles."""
    for op, rate, field in (
        (operation("read", item_bytes=3 * 1024, consistency="strong"), 80, "read_capacity"),
        (operation(item_bytes=512), 100, "write_capacity"),
    ):
        for capacity, enough in ((rate, True), (rate - 1, False)):
            table = provisioned(**{field: capacity}, partitions=1, burst_at_start=0.01)
            assert (throttled(asked(table, rate, 600, op)) == 0) == enough


# What is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: DynamoDb(indexes=(GlobalIndex("a"), GlobalIndex("a"))), "two indexes of one name"),
        (lambda: DynamoDb(indexes=("a",)), "GlobalIndex"),
        (lambda: DynamoDb(indexes=tuple(GlobalIndex(f"i{k}") for k in range(21))), "at most 20"),
        (lambda: DynamoDb(min_read_capacity=50, max_read_capacity=5), "max_read_capacity"),
        (lambda: DynamoDb(reserved_read_capacity=100), "provisioned"),
        (lambda: provisioned(write_capacity=50_000), "table_quota"),
        (lambda: asked(DynamoDb(), 1, 10, operation(item_bytes=500_000)), "409,600"),
        (lambda: DynamoDb(mode_schedule=((5, "free"),)), "pairs"),
        (lambda: DynamoDb(mode_schedule=5), "pairs"),
        (lambda: DynamoDb(mode_schedule=((5, "provisioned"), (2, "on_demand"))), "rise"),
        (lambda: DynamoDb(mode_schedule=tuple((60.0 * k, "on_demand") for k in range(1, 6))), "4 times"),
        (lambda: operation(index="by-status"), "eventually consistent"),
        (lambda: operation("read", index="by-status", consistency="strong"), "eventually consistent"),
        (lambda: asked(DynamoDb(), 1, 10, operation("read", index="by-price")), "by-price"),
        (lambda: play(arriving_at([0.0]), DynamoDb(), Lambda()), "end of the stack"),
    ],
)
def test_what_a_table_cannot_be_is_said_in_one_sentence(make, words):
    with pytest.raises(ParamError) as refusal:
        make()
    assert words in str(refusal.value) and "\n" not in str(refusal.value)


def test_a_client_in_front_of_a_table_sees_its_statuses():
    result = simulate(Scenario((Client(max_attempts=1), provisioned(write_capacity=1, burst_at_start=0.0)), Traffic(
        arrivals=Constant(5), window_s=20, operations=operation(), keys=MANY_KEYS)), 0)
    assert set(result.status) == {OK, THROTTLED}

