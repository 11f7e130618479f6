"""Streams of a table and their readers: AWS's rules worked by hand, closed forms, and records that are never lost
sight of."""

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import arriving_at, play, steady_function

from simlib import (
    Constant,
    DynamoDb,
    EventSourceMapping,
    GlobalIndex,
    KclApplication,
    Keys,
    KinesisStream,
    Lambda,
    Operation,
    ParamError,
    Poisson,
    Scenario,
    Stream,
    Traffic,
    Ttl,
    bill,
    facts,
    price_book,
    simulate,
)
from simlib.life import lanes_of
from simlib.pricing import usage
from simlib.scenario_file import load
from simlib.services.base import (
    RECORD_EXPIRED,
    RECORD_GIVEN_UP,
    RECORD_GIVEN_UP_QUEUED,
    RECORD_PROCESSED,
    RECORD_TOO_OLD,
    THROTTLED,
)
from simlib.services.dynamodb.kinesis import shards_needed
from simlib.services.dynamodb.records import is_record
from simlib.services.dynamodb.streams import count_records, iterator_age_s

DAY_S = 86_400.0
READER, FUNCTION = "mapping", "mapping.Lambda"


def write(**fields):
    return Operation(**{"name": "write", "access": "write", "work_vcpu_s": 0.0, "io_s": 0.0, **fields})


def mapped(**fields):
    """A mapping whose invocations take `batch_io_s` and nothing else."""
    return EventSourceMapping(**{"function": steady_function(), "record_vcpu_s": 0.0, **fields})


def table(*consumers, shards=1, **fields):
    """A table with room for all writes, in so many partitions."""
    return DynamoDb(capacity_mode="provisioned", read_capacity=1000, write_capacity=1000.0 * shards, partitions=shards,
                    table_quota=1e6, stream=Stream(consumers, **fields))


def written(the_table, rate_rps=10.0, window_s=100.0, arrivals=None, keys=10_000, seed=0, **operation):
    traffic = Traffic(arrivals=arrivals or Poisson(rate_rps), window_s=window_s, operations=write(**operation),
                      keys=Keys(count=keys, popularity="uniform"))
    return simulate(Scenario((the_table,), traffic), seed)


def at_once(the_table, count, seed=0, **operation):
    """So many records of one write, in one shard, of one key."""
    return play(arriving_at([0.0], access="write", items=count, **operation), the_table, seed=seed)


def records(result, name=READER):
    spans = result.of_attached(name)
    return {column: values[is_record(spans)] for column, values in spans.items()}


def batches(result, name=READER):
    """The reader's batches, in order of their numbers."""
    spans = result.of_attached(name)
    mine = ~is_record(spans)
    order = np.argsort(spans["call"][mine])
    return {column: values[mine][order] for column, values in spans.items()}


def poisonous_only(count, wanted, **fields):
    """A run in which exactly `wanted` of `count` records are poisonous, and its seed."""
    share = wanted / count
    for seed in range(100):
        first = at_once(table(mapped(poisonous_share=share, maximum_retry_attempts=0, batch_size=1)), count, seed)
        if (records(first)["status"] == RECORD_GIVEN_UP).sum() == wanted:
            return at_once(table(mapped(poisonous_share=share, **fields)), count, seed)
    raise AssertionError("no seed has so many")


# What goes into a stream -------------------------------------------------------------------------------------


def test_each_item_that_a_write_changes_is_one_record_at_the_moment_the_write_is_done():
    result = at_once(table(mapped()), 25)
    found = records(result)
    assert len(found["start_s"]) == 25
    assert set(found["start_s"]) == set(result.of(0)["end_s"])


def test_reads_throttled_writes_and_writes_that_change_nothing_leave_no_record():
    """One write unit a second without burst: of 100 writes at one instant one is served at once, and few later."""
    assert not len(records(written(table(mapped(), unchanged_share=1.0)))["start_s"])
    narrow = DynamoDb(capacity_mode="provisioned", write_capacity=1, burst_at_start=0.0, max_attempts=1,
                      stream=Stream(mapped()))
    result = play(arriving_at([0.0] * 100, access="write", item_bytes=1000), narrow)
    served = int((result.status == 200).sum())
    assert 0 < served < 10 and len(records(result)["start_s"]) == served
    assert not len(records(play(arriving_at([0.0] * 9), table(mapped())))["start_s"])


def test_the_share_of_writes_that_change_nothing_is_missing():
    """10,000 writes, 30 % unchanged: 7,000 records within four standard deviations (46 each)."""
    result = written(table(mapped(), unchanged_share=0.3, shards=5), arrivals=Constant(1000.0), window_s=10.0)
    assert abs(len(records(result)["start_s"]) - 7000) < 4 * math.sqrt(10_000 * 0.3 * 0.7)


def test_a_stream_has_a_shard_for_each_partition_and_a_key_stays_in_its_shard():
    result = written(table(mapped(), shards=7), keys=50)
    found = records(result)
    assert set(found["resource"]) == set(range(7))
    keys = result.workload.key[found["request"]]
    assert (found["resource"] == keys % 7).all()


# Lambda's polling and batches ----------------------------------------------------------------------------------


def test_a_lone_record_waits_for_a_poll_a_quarter_of_a_second_apart():
    """Four polls a second: at low load the age is uniform between 0 and 0.25 s. Its mean is 0.125 s and its standard
    deviation 0.0722 s; of about 2,000 records the mean lies within four standard errors."""
    result = written(table(mapped(batch_io_s=0.0)), rate_rps=0.2, window_s=10_000.0)
    age_s = iterator_age_s(result.of_attached(READER))
    assert 0 <= age_s.min() and age_s.max() <= 0.25 + 1e-9
    assert abs(age_s.mean() - 0.125) < 4 * 0.0722 / math.sqrt(len(age_s))


def test_a_shard_that_is_behind_processes_a_batch_after_the_other():
    """Throughput is batch / duration x factor x shards: 20 / 2 s x 3 x 4 = 120 records a second, under 400 writes a
    second. From 20 to 80 s all twelve lanes are behind."""
    mapping = mapped(batch_size=20, batch_io_s=2.0, parallelization_factor=3)
    result = written(table(mapping, shards=4), rate_rps=400.0, window_s=80.0, arrivals=Constant(400.0))
    end_s = records(result)["end_s"]
    processed = ((end_s > 20.0) & (end_s <= 80.0)).sum()
    assert processed == 120 * 60
    counted = batches(result)
    full = (counted["start_s"] > 20.0) & (counted["start_s"] < 80.0)
    assert set(counted["billed_ms"][full]) == {20}


def test_the_age_of_records_grows_with_what_a_shard_cannot_take():
    """30 records a second come, 10 are taken: a record that is written at t is given to the function when 3 t records
    have gone before it, about 2 t later: at 90 s the age is 180 s, within a batch's second."""
    result = written(table(mapped(batch_size=10, batch_io_s=1.0)), arrivals=Constant(30.0), window_s=91.0)
    found = records(result)
    last = np.abs(found["start_s"] - 90.0) < 0.2
    assert last.any() and np.abs(found["wait_s"][last] - 180.0).max() < 2.0


def test_a_hundred_shards_with_factor_two_invoke_the_function_two_hundred_times_at_once():
    """The example of AWS's guide: 100 active shards and a ParallelizationFactor of 2 are at most 200 concurrent
    invocations."""
    mapping = mapped(batch_size=1, batch_io_s=10.0, parallelization_factor=2)
    result = written(table(mapping, shards=100), arrivals=Constant(1000.0), window_s=5.0, keys=1_000_000)
    spans = result.of_attached(FUNCTION)
    at_4_s = (spans["start_s"] <= 4.0) & (spans["end_s"] > 4.0)
    assert at_4_s.sum() == 200


def test_a_batching_window_gathers_records():
    """One record in about two seconds: each is a batch of its own, but a window of 20 s ends with about 11 in each."""
    alone = written(table(mapped()), rate_rps=0.5, window_s=2000.0)
    gathered = written(table(mapped(maximum_batching_window_in_seconds=20.0)), rate_rps=0.5, window_s=2000.0)
    assert batches(alone)["billed_ms"].mean() < 1.2
    assert batches(gathered)["billed_ms"].mean() == pytest.approx(11, rel=0.15)
    assert records(gathered)["wait_s"].max() <= 20.25 + 0.02 + 1e-9


def test_a_full_batch_ends_the_batching_window():
    result = written(table(mapped(maximum_batching_window_in_seconds=300.0, batch_size=50)), arrivals=Constant(100.0),
                     window_s=10.0)
    assert set(batches(result)["billed_ms"][:-1]) == {50}


def test_six_megabytes_end_the_batching_window_too():
    result = at_once(table(mapped(maximum_batching_window_in_seconds=300.0)), 7, item_bytes=409_600)
    assert records(result)["wait_s"].min() == pytest.approx(300, abs=0.3)
    result = at_once(table(mapped(maximum_batching_window_in_seconds=300.0)), 8, item_bytes=409_600)
    assert batches(result)["billed_ms"].tolist() == [7, 1] and batches(result)["start_s"][0] < 1.0


def test_a_batch_holds_six_megabytes():
    """Items of 400 KB with both images are 800 KB: seven of them fit into 6 MB, and all hundred if only keys are
    sent."""
    for view_type, expected in (("new_and_old_images", [7] * 14 + [2]), ("new_image", [15] * 6 + [10]),
                                ("keys_only", [100])):
        result = at_once(table(mapped(), view_type=view_type), 100, item_bytes=409_600)
        assert batches(result)["billed_ms"].tolist() == expected


def test_the_function_takes_its_time_for_the_batch_and_for_each_record():
    """One vCPU: 0.5 s + 10 x (0.02 + 0.03) s = 1.0 s, billed as 1,000 ms."""
    mapping = mapped(batch_io_s=0.5, record_vcpu_s=0.02, record_io_s=0.03)
    spans = at_once(table(mapping), 10).of_attached(FUNCTION)
    assert spans["billed_ms"].tolist() == [1000]
    assert spans["work_s"] == pytest.approx([1.0])


@pytest.mark.parametrize(("date", "billed_ms"), [("2025-07-31", 1100), ("2025-08-01", 1600)])
def test_the_first_batch_of_an_environment_meets_a_cold_start(date, billed_ms):
    """0.2 s before INIT, 0.5 s of INIT, 0.1 s more of the first handler call and 1 s of waiting: 1.1 s are billed, and
    since August 2025 the INIT, too."""
    function = steady_function(platform_s=0.2, init_s=0.5, first_handler_s=0.1)
    result = play(arriving_at([0.0, 10.0], access="write"), table(mapped(function=function, batch_io_s=1.0)), date=date)
    spans = result.of_attached(FUNCTION)
    assert spans["init_s"].tolist() == pytest.approx([0.7, 0.0]) and spans["cold"].tolist() == [True, False]
    assert spans["work_s"].tolist() == pytest.approx([1.1, 1.0])
    assert spans["billed_ms"].tolist() == [billed_ms, 1000]
    assert batches(result)["end_s"] - batches(result)["start_s"] == pytest.approx([1.8, 1.0])


def test_lanes_that_find_no_concurrency_try_again_and_lose_nothing():
    """Four shards, one environment: never two invocations at once, some that are throttled, and no record discarded."""
    mapping = mapped(function=steady_function(reserved_concurrency=1), batch_io_s=0.5, maximum_retry_attempts=0)
    result = written(table(mapping, shards=4), rate_rps=4.0, window_s=60.0)
    spans = result.of_attached(FUNCTION)
    assert (spans["status"] == THROTTLED).any()
    ran = np.sort(spans["start_s"][spans["status"] == 200])
    assert (np.diff(ran) >= 0.5 - 1e-9).all()
    assert set(records(result)["status"]) == {RECORD_PROCESSED}


# Failures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("power", [1, 3, 6])
def test_one_poisonous_record_of_a_batch_is_isolated_by_cutting_it_in_two_again_and_again(power):
    """Of 2^k records one is poisonous: k cuts. The whole batch, the half with it, ... and at last the record alone
    fail: k + 1 invocations; the k other halves are processed. A cut uses up no attempt."""
    count = 2**power
    result = poisonous_only(count, 1, bisect_batch_on_function_error=True, maximum_retry_attempts=0)
    done = batches(result)
    failed = done["status"] == 460
    assert done["billed_ms"][failed].tolist() == [2**k for k in range(power, -1, -1)]
    assert sorted(done["billed_ms"][~failed]) == [2**k for k in range(power)]
    counts = count_records(result.of_attached(READER))
    assert (counts.processed, counts.given_up) == (count - 1, 1)
    found = in_order(result.of_attached(READER))
    assert (np.diff(found["start_s"] + found["wait_s"])[found["status"][1:] == RECORD_PROCESSED] >= 0).all()


def test_without_a_cut_the_whole_batch_is_discarded_after_its_attempts():
    """Two retries after 1 and 2 s: three invocations of all 64 records, and nothing is processed."""
    result = poisonous_only(64, 1, maximum_retry_attempts=2, on_failure="queue", batch_io_s=0.5)
    done = batches(result)
    assert done["billed_ms"].tolist() == [64] * 3
    assert np.diff(done["start_s"]) == pytest.approx([1.5, 2.5])
    found = records(result)
    assert set(found["status"]) == {RECORD_GIVEN_UP_QUEUED}
    assert (found["end_s"] == done["end_s"][-1]).all()


def test_a_poisonous_record_blocks_its_shard_until_it_is_too_old():
    """Maximum age 60 s: the poisonous batch ends 60 s after it was written, and what came at 10 s is processed then."""
    mapping = mapped(poisonous_share=1.0, maximum_record_age_in_seconds=60.0)
    result = at_once(table(mapping), 5)
    found = records(result)
    assert set(found["status"]) == {RECORD_TOO_OLD}
    assert found["end_s"] - found["start_s"] == pytest.approx([60.0] * 5)
    mixed = poisonous_first(maximum_record_age_in_seconds=60.0)
    bad, good = (records(mixed)["status"] == each for each in (RECORD_TOO_OLD, RECORD_PROCESSED))
    assert (bad.sum(), good.sum()) == (1, 1)
    bad_end_s = records(mixed)["end_s"][bad][0]
    assert bad_end_s - records(mixed)["start_s"][bad][0] == pytest.approx(60.0)
    assert records(mixed)["start_s"][good][0] + records(mixed)["wait_s"][good][0] == pytest.approx(bad_end_s)


def poisonous_first(**fields):
    """Two writes of one key, at 0 and 10 s, of which the first is poisonous and the second is not."""
    for seed in range(100):
        mapping = mapped(poisonous_share=0.5, batch_size=1, **fields)
        result = play(arriving_at([0.0, 10.0], access="write"), table(mapping), seed=seed)
        found = records(result)
        by_request = dict(zip(found["request"].tolist(), found["status"].tolist()))
        if by_request[0] != RECORD_PROCESSED == by_request[1]:
            return result
    raise AssertionError("no seed begins with poison")


def test_by_default_a_poisonous_record_blocks_its_shard_for_a_day():
    """AWS: with the default settings a bad record can block processing on the affected shard for up to one day. The
    record behind it, ten seconds younger, is processed ten seconds before it would expire."""
    result = poisonous_first()
    found = records(result)
    bad = found["status"] == RECORD_EXPIRED
    assert found["end_s"][bad] - found["start_s"][bad] == pytest.approx([DAY_S])
    assert found["wait_s"][~bad] == pytest.approx([DAY_S - 10.0], abs=1.0)


def test_what_waits_behind_a_blocked_batch_expires_at_its_own_time():
    result = poisonous_only(10, 10, batch_size=1, maximum_retry_attempts=None)
    found = records(result)
    assert set(found["status"]) == {RECORD_EXPIRED}
    assert found["end_s"] - found["start_s"] == pytest.approx([DAY_S] * 10)


def test_a_record_that_expires_while_it_is_being_processed_ends_with_its_batch():
    """Invocations of 800 s with pauses of a minute: one runs when 24 hours are over, and fails."""
    result = at_once(table(mapped(poisonous_share=1.0, batch_io_s=800.0)), 1)
    found, done = records(result), batches(result)
    assert found["status"].tolist() == [RECORD_EXPIRED]
    assert done["start_s"][-1] < found["start_s"][0] + DAY_S < found["end_s"][0] == done["end_s"][-1]


def test_throttling_uses_up_no_attempt():
    """No concurrency at all and no retries: the records are kept until they are too old, not given up."""
    mapping = mapped(function=steady_function(reserved_concurrency=0), maximum_retry_attempts=0,
                     maximum_record_age_in_seconds=600.0)
    result = at_once(table(mapping), 3)
    assert set(records(result)["status"]) == {RECORD_TOO_OLD}
    done = batches(result)
    assert set(done["status"]) == {THROTTLED} and len(done["start_s"]) > 10


def test_another_shard_is_not_blocked():
    result = written(table(mapped(poisonous_share=0.02, batch_size=5), shards=4), rate_rps=1.0, window_s=100.0)
    found = records(result)
    blocked = {shard for shard in range(4) if (found["status"][found["resource"] == shard] == RECORD_EXPIRED).any()}
    assert 0 < len(blocked) < 4
    free = ~np.isin(found["resource"], list(blocked))
    assert (found["status"][free] == RECORD_PROCESSED).all() and found["wait_s"][free].max() < 2.0


def test_a_function_that_runs_out_of_time_fails_its_batch():
    mapping = mapped(function=steady_function(timeout_s=1.0), batch_io_s=2.0, maximum_retry_attempts=1)
    result = at_once(table(mapping), 4)
    assert batches(result)["status"].tolist() == [461, 461]
    assert result.of_attached(FUNCTION)["cold"].tolist() == [True, True]
    assert result.of_attached(FUNCTION)["billed_ms"].tolist() == [1000, 1000]


# Laws ------------------------------------------------------------------------------------------------------------


def drawn(seed):
    """A choice from each of some lists, all independent of one another: hypothesis alone draws too many alike."""
    return Random(seed).choice


def mapping_of(seed):
    pick = drawn(seed)
    function = Lambda(error_rate=pick([0.0, 0.0, 0.3]), timeout_s=pick([1.0, 30.0, 30.0]),
                      reserved_concurrency=pick([None, None, None, None, 0, 1]))
    return EventSourceMapping(
        function=function, batch_size=pick([1, 3, 10, 100]),
        maximum_batching_window_in_seconds=pick([0.0, 0.0, 2.0]), parallelization_factor=pick([1, 2, 3, 4]),
        maximum_retry_attempts=pick([None, 0, 1, 3]), maximum_record_age_in_seconds=pick([None, None, 60.0, 600.0]),
        bisect_batch_on_function_error=pick([False, True]), on_failure=pick(["none", "queue"]),
        poisonous_share=pick([0.0, 0.1, 0.5]), batch_io_s=pick([0.0, 0.25, 1.5]))


def application_of(seed):
    pick = drawn(seed)
    return KclApplication(workers=pick([2, 3, 4]), record_vcpu_s=pick([0.0, 0.1, 0.3, 1.0]),
                          idle_time_between_reads_s=pick([0.25, 1.0]),
                          worker_lost_at_s=pick([None, 0.0, 5.0, 11.0, 21.0]))


def traffic_of(seed):
    pick = drawn(seed)
    return Traffic(arrivals=pick([Constant(4.0), Poisson(0.5), Poisson(2.0), Poisson(5.0)]), window_s=20.0,
                   operations=pick([write(), write(), write(items=7), write(consistency="transactional")]),
                   keys=pick([Keys(count=1), Keys(count=3), Keys(count=100)]))


SEEDS = st.integers(0, 2**32 - 1)
MAPPINGS, APPLICATIONS, WRITTEN = SEEDS.map(mapping_of), SEEDS.map(application_of), SEEDS.map(traffic_of)


def in_order(spans):
    """Records as they were given to the consumer and how they ended, in the order of their writes."""
    mine = is_record(spans)
    found = {name: values[mine] for name, values in spans.items()}
    order = np.lexsort((found["call"], found["start_s"]))
    return {name: values[order] for name, values in found.items()}


@settings(max_examples=100)
@given(consumer=st.one_of(MAPPINGS, APPLICATIONS), traffic=WRITTEN, shards=st.integers(1, 3), seed=st.integers(0, 999),
       moment=st.one_of(st.floats(0, 100), st.floats(0, 2 * DAY_S)))
def test_every_record_is_somewhere_at_every_moment_and_keys_stay_in_order(consumer, traffic, shards, seed, moment):
    """Sent = processed + too old + given up + expired + waiting + in flight, in all and shard by shard; in the end
    nothing waits or flies. Of one key no record is given to a function before an earlier one has ended."""
    result = simulate(Scenario((table(consumer, shards=shards),), traffic), seed)
    spans = result.of_attached(consumer.name)
    changed = int((result.of(0)["status"] == 200).sum()) * traffic.operations[0].items
    for shard in (None, *range(shards)):
        for at_s in (moment, np.inf):
            counts = count_records(spans, at_s, shard)
            parts = (counts.processed, counts.too_old, counts.given_up, counts.expired, counts.waiting,
                     counts.in_flight)
            assert min(parts) >= 0 and sum(parts) == counts.sent
        assert counts.waiting == counts.in_flight == 0
    assert count_records(spans).sent == changed
    assert (count_records(spans).given_up == 0) or consumer.maximum_retry_attempts is not None
    as_processed, found = records(result, consumer.name), in_order(spans)
    keys = result.workload.key[found["request"]]
    for key in np.unique(keys):
        mine = (result.workload.key[as_processed["request"]] == key) & (as_processed["status"] == RECORD_PROCESSED)
        assert (np.diff(as_processed["start_s"][mine]) >= 0).all()
        mine = (keys == key) & (found["status"] == RECORD_PROCESSED)
        begins_s, ends_s = (found["start_s"] + found["wait_s"])[mine], found["end_s"][mine]
        same_batch = np.abs(np.diff(begins_s)) < 1e-9
        assert (np.diff(begins_s) > -1e-9).all()
        assert (same_batch | (begins_s[1:] >= ends_s[:-1] - 1e-9)).all()


@settings(max_examples=30)
@given(mapping=MAPPINGS, traffic=WRITTEN, seed=st.integers(0, 999))
def test_no_lane_has_two_batches_at_once_and_every_batch_is_one_invocation(mapping, traffic, seed):
    result = simulate(Scenario((table(mapping, shards=2),), traffic), seed)
    done, invoked = batches(result), result.of_attached(FUNCTION)
    assert sorted(invoked["call"].tolist()) == (done["call"] * 128 + 1).tolist()
    for shard in range(2):
        mine = done["resource"] == shard
        moments = done["start_s"][mine]
        running = (done["start_s"][mine][:, None] <= moments) & (done["end_s"][mine][:, None] > moments)
        assert running.sum(axis=0).max(initial=0) <= mapping.parallelization_factor
    assert done["billed_ms"].max(initial=0) <= mapping.batch_size


def test_what_reads_a_stream_leaves_the_table_as_it_was():
    """The table's spans, its part of the numbers and its part of the bill are the same with and without readers."""
    plain = written(table())
    read = written(table(mapped(), KclApplication()))
    assert all((plain.of(0)[name] == read.of(0)[name]).all() for name in plain.of(0))
    assert plain.summary() == read.summary()
    assert bill(plain).usd_of("dynamodb.write") == bill(read).usd_of("dynamodb.write")
    assert set(read.spans.service) == {"DynamoDb", READER, FUNCTION, "kcl"}
    assert set(read.spans.resource[read.spans.service == READER]) == {0}


def test_two_readers_do_not_slow_each_other_down():
    slow = mapped(name="slow", batch_io_s=5.0)
    both = written(table(mapped(), slow))
    alone = written(table(mapped()))
    assert (records(both)["end_s"] == records(alone)["end_s"]).all()
    assert iterator_age_s(both.of_attached("slow")).mean() > iterator_age_s(both.of_attached(READER)).mean()


# KCL -------------------------------------------------------------------------------------------------------------


def test_the_defaults_of_a_kcl_application_are_those_of_the_library():
    application = KclApplication()
    assert application.failover_s == facts.value("kcl.failover_s") == 10
    assert application.idle_time_between_reads_s == facts.value("kcl.idle_between_reads_s") == 1


def test_a_kcl_worker_finds_a_record_after_half_its_pause_on_average():
    """Uniform between 0 and 1 s: the mean is 0.5 s, its standard error 0.289 s / sqrt(n)."""
    result = written(table(KclApplication(record_vcpu_s=0.0)), rate_rps=0.1, window_s=10_000.0)
    age_s = iterator_age_s(result.of_attached("kcl"))
    assert age_s.max() <= 1.0 + 1e-9
    assert abs(age_s.mean() - 0.5) < 4 * 0.289 / math.sqrt(len(age_s))


def test_kcl_workers_process_as_much_as_they_have_time_for():
    """Three workers, 0.1 s for each of 7,200 records in six shards: 240 s, as the keys spread evenly."""
    result = written(table(KclApplication(workers=3, record_vcpu_s=0.1), shards=6), arrivals=Constant(120.0),
                     window_s=60.0)
    found = records(result, "kcl")
    assert len(found["end_s"]) == 7200
    assert found["end_s"].max() == pytest.approx(240, rel=0.05)


def test_shards_of_a_lost_worker_are_read_again_when_its_lease_has_run_out():
    """Worker 0 of 2 is lost at 30 s. Its shards 0 and 2 stand still until 40 s; shards 1 and 3 go on; nothing is
    lost."""
    result = written(table(KclApplication(workers=2, worker_lost_at_s=30.0), shards=4))
    found = records(result, "kcl")
    begin_s = found["start_s"] + found["wait_s"]
    orphan = np.isin(found["resource"], (0, 2))
    still = (begin_s > 30.0) & (begin_s < 40.0)
    assert not (still & orphan).any() and (still & ~orphan).any()
    waited = orphan & (found["start_s"] > 30.0) & (found["start_s"] < 39.0)
    assert (begin_s[waited] >= 40.0).all() and (begin_s[waited] < 42.0).all()
    assert (found["status"] == RECORD_PROCESSED).all()


def test_what_a_lost_worker_had_not_finished_comes_first_again():
    """One key, two records a second, one second for each: behind when its worker is lost, and still in order."""
    application = KclApplication(record_vcpu_s=1.0, worker_lost_at_s=10.3)
    result = written(table(application), arrivals=Constant(2.0), window_s=30.0, keys=1)
    assert (np.diff(records(result, "kcl")["start_s"]) > 0).all()
    cut_off = batches(result, "kcl")
    assert cut_off["status"].tolist().count(502) == 1 and cut_off["end_s"][cut_off["status"] == 502] == 10.3
    assert count_records(result.of_attached("kcl")).processed == 60


# Bills -----------------------------------------------------------------------------------------------------------


def test_lambda_reads_a_stream_free_of_charge_and_pays_for_its_invocations():
    result = written(table(mapped()))
    used = usage(result)
    assert "dynamodb.streams_read_request" not in used
    assert used["lambda.requests"] == len(batches(result)["start_s"])


def test_an_idle_kcl_application_reads_once_a_second_from_each_shard():
    """An hour, four shards, one call a second: 14,400 calls, give or take one for each shard. A month of them is
    10,512,000 calls, of which 2,500,000 are free: 8,012,000 x 0.0000002 USD = 1.6024 USD."""
    quiet = play(arriving_at([0.0], window_s=3600.0), table(KclApplication(), shards=4))
    assert usage(quiet)["dynamodb.streams_read_request"] == pytest.approx(14_400, abs=4)
    assert bill(quiet).usd_of("dynamodb.streams") == pytest.approx(1.6024, abs=0.001)


def test_nobody_reads_the_shards_of_a_lost_worker_until_its_lease_has_run_out():
    """Two of four shards are not read for 600 s of the hour: 14,400 - 1,200 calls."""
    application = KclApplication(worker_lost_at_s=1000.0, failover_s=600.0)
    quiet = play(arriving_at([0.0], window_s=3600.0), table(application, shards=4))
    assert usage(quiet)["dynamodb.streams_read_request"] == pytest.approx(13_200, abs=8)


def test_two_million_stream_reads_cost_forty_cents():
    """Infracost's golden figure, without the free ones."""
    assert price_book("us-east-1").schedule("dynamodb.streams_read_request").cost_usd(2_000_000) == pytest.approx(0.40)


def test_a_summary_of_a_run_with_readers_gives_the_same_bill():
    scenario = written(table(mapped(), KclApplication())).scenario
    whole, summary = simulate(scenario), simulate(scenario, keep="summary")
    assert bill(whole).lines == bill(summary).lines
    numbers = {name: value for name, value in whole.summary().items() if name not in ("p50_ms", "p95_ms", "p99_ms")}
    assert {name: summary.summary()[name] for name in numbers} == pytest.approx(numbers)


def test_a_savings_plan_of_two_functions_is_deducted_once():
    plan = {"savings_plan": "compute_3y_no_upfront"}
    stack = (Lambda(**plan), table(mapped(function=steady_function(**plan))))
    result = simulate(Scenario(stack, Traffic(arrivals=Poisson(5), window_s=60, operations=write())))
    lines = [line for line in bill(result, free_tier=False).lines if line.sku.startswith("lambda.duration")]
    assert sum(line.tier == "discount" for line in lines) == 1


# Kinesis ---------------------------------------------------------------------------------------------------------


def streamed(rate_rps=10.0, window_s=100.0, item_bytes=800, arrivals=None, seed=0, **fields):
    the_table = DynamoDb(capacity_mode="provisioned", write_capacity=40_000, kinesis=KinesisStream(**fields))
    return written(the_table, rate_rps, window_s, arrivals=arrivals, item_bytes=item_bytes, seed=seed)


def test_the_shards_of_a_data_stream_follow_the_formula_of_the_guide_and_not_its_worked_answer():
    """1,040 writes of 800 bytes, a quarter of them updates: 1,040 x 4.25 x 800 / 1,048,576 = 3.37, so four shards. The
    page itself says two, which its formula does not give. Small records are limited by their number: 3,500 / 1,000."""
    assert shards_needed(1040, 800, 0.25) == 4
    assert shards_needed(3500, 10, 0.0) == 4
    assert shards_needed(0, 0, 0) == 1


def test_with_the_shards_of_the_formula_changes_arrive_at_once_and_with_half_of_them_late():
    """Four shards take 1,040 writes a second; two take 2 MB of 3.37 MB a second, so that after 20 s the last change is
    about 20 x (3.37 / 2 - 1) = 13.7 s late, less the second of burst."""
    enough, half = (streamed(arrivals=Constant(1040.0), window_s=20.0, shards=shards, update_share=0.25).of_attached(
        "Kinesis")["wait_s"] for shards in (4, 2))
    assert enough.max() < 0.2
    assert half.max() == pytest.approx(12.7, rel=0.05)


@settings(max_examples=30)
@given(mapping=MAPPINGS, duplicates=st.sampled_from([0.0, 0.5]), disorder=st.sampled_from([0.0, 0.5]),
       shards=st.integers(1, 3), seed=st.integers(0, 999), moment=st.floats(0, 200))
def test_every_change_arrives_and_every_copy_of_it_is_somewhere(mapping, duplicates, disorder, shards, seed, moment):
    """What arrived in a data stream is what its reader was sent; the parts add up at any moment, with copies."""
    result = streamed(rate_rps=3.0, window_s=20.0, consumers=mapping, duplicate_share=duplicates,
                      disorder_share=disorder, shards=shards, seed=seed)
    arrived, spans = result.of_attached("Kinesis"), result.of_attached(READER)
    for at_s in (moment, np.inf):
        counts = count_records(spans, at_s)
        assert counts.sent == (arrived["end_s"] <= at_s).sum()
        parts = (counts.processed, counts.too_old, counts.given_up, counts.expired, counts.waiting, counts.in_flight)
        assert min(parts) >= 0 and sum(parts) == counts.sent
    writes = int((result.status == 200).sum())
    assert writes <= counts.sent <= 2 * writes and (duplicates or counts.sent == writes)


def test_change_data_capture_units_are_started_kilobytes():
    """1,500 bytes are two units; 1,000 of them a window; without duplicates each change is sent once."""
    assert usage(streamed(item_bytes=1500, arrivals=Constant(10.0)))["dynamodb.kinesis_change"] == 2 * 1000
    assert price_book("us-east-1").usd("dynamodb.kinesis_change") * 1e6 == pytest.approx(0.10)


def test_duplicates_are_sent_and_paid_twice():
    result = streamed(duplicate_share=1.0, arrivals=Constant(10.0))
    assert len(result.of_attached("Kinesis")["start_s"]) == 2000
    assert usage(result)["dynamodb.kinesis_change"] == 2000


def test_a_change_that_lost_its_place_arrives_behind_later_ones():
    ordered, mixed = (streamed(disorder_share=share).of_attached("Kinesis") for share in (0.0, 0.3))
    assert (np.diff(ordered["start_s"]) >= 0).all()
    assert (np.diff(mixed["start_s"]) < 0).any()
    assert mixed["wait_s"].max() == pytest.approx(facts.value("kinesis.disorder_s"), abs=0.2)


def test_a_mapping_polls_a_data_stream_once_a_second():
    result = streamed(rate_rps=0.1, window_s=10_000.0, consumers=mapped(batch_io_s=0.0))
    age_s = iterator_age_s(result.of_attached(READER))
    assert abs(age_s.mean() - 0.5) < 4 * 0.289 / math.sqrt(len(age_s))


def test_a_data_stream_keeps_what_blocks_it_as_long_as_it_is_told():
    result = streamed(rate_rps=0.1, consumers=mapped(poisonous_share=1.0), retention_hours=72.0)
    found = records(result)
    assert set(found["status"]) == {RECORD_EXPIRED}
    assert found["end_s"] - found["start_s"] == pytest.approx(np.full(len(found["end_s"]), 3 * DAY_S), rel=1e-6)


def test_shard_hours_and_put_units_cost_what_the_price_list_says():
    """Infracost's golden figures: 2,920 shard-hours are 43.80 USD and 6.5 million PUT units 0.091 USD."""
    book = price_book("us-east-1")
    assert book.schedule("kinesis.shard_hours").cost_usd(2920) == pytest.approx(43.80)
    assert book.schedule("kinesis.put_units").cost_usd(6_500_000) == pytest.approx(0.091)
    assert usage(streamed(window_s=3600.0, rate_rps=0.1, shards=3))["kinesis.shard_hours"] == pytest.approx(3.0)


def test_retention_beyond_a_day_is_paid_by_the_shard_and_beyond_a_week_by_the_gigabyte():
    """1,000 new items of 800 bytes weigh 4 x 800 x 1,000 = 3,200,000 bytes, kept for 30 - 7 = 23 days of 24 of the 730
    hours of a month."""
    day, week, month = (usage(streamed(arrivals=Constant(10.0), update_share=0.0, retention_hours=hours))
                        for hours in (24.0, 168.0, 720.0))
    assert "kinesis.extended_retention" not in day
    assert week["kinesis.extended_retention"] == week["kinesis.shard_hours"]
    assert "kinesis.long_term_retention" not in week
    assert month["kinesis.long_term_retention"] == pytest.approx(3_200_000 / 2**30 * 23 * 24 / 730)


# What is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: EventSourceMapping(), "takes batches"),
        (lambda: EventSourceMapping(function=DynamoDb()), "takes batches"),
        (lambda: Stream((mapped(name="a"), mapped(name="b"), mapped(name="c"))), "more than 2"),
        (lambda: Stream((mapped(), mapped())), "one name"),
        (lambda: Stream("lambda"), "must hold"),
        (lambda: KinesisStream(KclApplication()), "must hold"),
        (lambda: KclApplication(workers=1, worker_lost_at_s=5.0), "give it 2"),
        (lambda: DynamoDb(stream=KinesisStream()), "must be a Stream"),
        (lambda: DynamoDb(ttl=60), "must be a Ttl"),
        (lambda: DynamoDb(stream=Stream(mapped()), kinesis=KinesisStream(mapped())), "one name"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(make, words):
    with pytest.raises(ParamError, match=words):
        make()


def test_a_name_that_is_attached_to_nothing_is_told_with_the_known_ones():
    with pytest.raises(ParamError, match="mapping, mapping.Lambda"):
        written(table(mapped())).of_attached("kcl")


@pytest.mark.parametrize("field", [{"stream": Stream(mapped())}, {"kinesis": KinesisStream()}, {"ttl": Ttl()}])
def test_the_fast_engine_refuses_what_follows_a_write(field):
    scenario = Scenario((DynamoDb(**field),), Traffic(arrivals=Poisson(1), window_s=10, operations=write()))
    with pytest.raises(ParamError, match=f"DynamoDb.{next(iter(field))} is not compiled yet"):
        simulate(scenario, engine="fast")
    assert simulate(scenario).engine == "simpy"


# Around ------------------------------------------------------------------------------------------------------------


def test_a_scenario_file_describes_a_table_with_all_that_follows_a_write(tmp_path):
    path = tmp_path / "orders.yaml"
    path.write_text("""
schema_version: 1
traffic:
  window_s: 60
  arrivals: {pattern: poisson, rate_rps: 1}
  operations: [{name: write, access: write}]
stack:
  - dynamodb:
      indexes: [{name: by-day}]
      stream:
        view_type: new_image
        consumers:
          - event_source_mapping: {batch_size: 10, function: {lambda: {memory_mb: 512}}}
          - kcl: {workers: 3}
      kinesis:
        consumers: [{event_source_mapping: {name: archive, function: lambda}}]
      ttl: {lifetime_s: 60}
""")
    (read,) = load(path).stack
    assert read == DynamoDb(
        indexes=GlobalIndex("by-day"), ttl=Ttl(lifetime_s=60),
        stream=Stream((EventSourceMapping(batch_size=10, function=Lambda(memory_mb=512)), KclApplication(workers=3)),
                      view_type="new_image"),
        kinesis=KinesisStream(EventSourceMapping(name="archive", function=Lambda())))


@pytest.mark.parametrize(
    ("consumer", "words"),
    [
        ("{firehose: {}}", "consumers 1 is 'firehose', but it must be one of event_source_mapping, kcl"),
        ("{event_source_mapping: {batch: 5, function: lambda}}", "consumers 1 .* unknown field 'batch'; did you mean"),
        ("{event_source_mapping: {function: lambada}}", "function is 'lambada', but it must be one of client, api_"),
        ("{event_source_mapping: {function: ec2}}", "takes batches"),
    ],
)
def test_what_is_wrong_within_a_stream_is_told_with_its_place_in_the_file(tmp_path, consumer, words):
    path = tmp_path / "orders.yaml"
    path.write_text("schema_version: 1\ntraffic: {window_s: 60, arrivals: {pattern: poisson, rate_rps: 1}}\n"
                    f"stack:\n  - dynamodb: {{stream: {{consumers: [{consumer}]}}}}\n")
    with pytest.raises(ParamError, match=words):
        load(path)


def test_the_environments_of_a_consumers_function_have_lanes():
    result = written(table(mapped(batch_io_s=0.5), shards=3))
    lanes = lanes_of(result, FUNCTION)
    assert len(lanes.numbers) == len(set(result.of_attached(FUNCTION)["resource"])) == 3
    begun = (result.of_attached(FUNCTION)["start_s"] < 100.0).sum()
    assert sum(kind == "busy" for _, kind, _, _ in lanes.bars) == begun
