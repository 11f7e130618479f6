"""Time to Live: items that expire, stay readable and billed for a while, and go without consuming write units."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import At, play, steady_function

from simlib import (
    Constant,
    DynamoDb,
    EventSourceMapping,
    Keys,
    KinesisStream,
    Operation,
    Poisson,
    Scenario,
    Stream,
    Traffic,
    Ttl,
    facts,
    simulate,
)
from simlib.pricing import usage
from simlib.services.base import EXPIRED_ITEM, ITEM_DELETED, ITEM_REPLACED, OK
from simlib.services.dynamodb.records import is_by_ttl, is_record

WRITE = Operation("write", access="write", item_bytes=1024, work_vcpu_s=0.0, io_s=0.0)
READ = Operation("read", item_bytes=1024, work_vcpu_s=0.0, io_s=0.0)
DAY_S = 86_400.0


def exactly(lifetime_s, delete_delay_s, **fields):
    return Ttl(lifetime_s=lifetime_s, delete_delay="custom", delete_delay_s=delete_delay_s, **fields)


def reader(**fields):
    return EventSourceMapping(function=steady_function(), **fields)


def written(ttl, rate_rps=10.0, window_s=100.0, operations=WRITE, keys=100_000, seed=0, arrivals=None, **fields):
    traffic = Traffic(arrivals=arrivals or Poisson(rate_rps), window_s=window_s, operations=operations,
                      keys=Keys(count=keys, popularity="uniform"))
    return simulate(Scenario((DynamoDb(ttl=ttl, **fields),), traffic), seed)


def test_an_item_is_deleted_after_its_lifetime_and_the_delay_and_no_sooner():
    """Written at w with 60 s to live, deleted 30 s late: it lives 60 s and is stored for 90 s."""
    lives = written(exactly(60.0, 30.0), rate_rps=1.0).of_attached("Ttl")
    deleted = lives["status"] == ITEM_DELETED
    assert deleted.mean() > 0.9
    assert (lives["end_s"] - lives["start_s"])[deleted] == pytest.approx(90.0)
    assert lives["wait_s"][deleted] == pytest.approx(60.0) and lives["work_s"][deleted] == pytest.approx(30.0)


def test_an_expired_item_is_read_as_before_until_it_is_deleted():
    """One key, written at 0 s and rarely again, 10 s to live, deleted 20 s late, and read every second: reads between
    10 and 30 s meet an expired item, which the caller does not notice."""
    often = replace(READ, weight=30.0)
    traffic = Traffic(arrivals=At(tuple(np.arange(50.0))), window_s=60, operations=(WRITE, often), keys=Keys(count=1))
    runs = (play(traffic, DynamoDb(ttl=exactly(10.0, 20.0)), seed=seed) for seed in range(200))
    result = next(run for run in runs if run.workload.operation[0] == 0)
    writes = result.workload.operation == 0
    spans = result.of(0)
    lives = result.of_attached("Ttl")
    for at_s, request, status in zip(spans["end_s"], spans["request"], spans["status"]):
        if writes[request]:
            continue
        expired = ((lives["start_s"] + lives["wait_s"] <= at_s) & (at_s < lives["end_s"])).any()
        assert status == (EXPIRED_ITEM if expired else OK)
    assert (spans["status"] == EXPIRED_ITEM).any()
    assert (result.status[~writes] < 300).all()


def test_the_share_of_reads_that_meet_expired_items_follows_from_the_delay():
    """Each key is written about every 400 s and the item then lives 50 s and stays 100 s longer: an exponential gap
    lies between 50 and 150 s after the last write with probability exp(-50/400) - exp(-150/400) = 0.195."""
    result = written(exactly(50.0, 100.0), rate_rps=20.0, window_s=4000.0, operations=(WRITE, READ), keys=4000)
    late = (result.workload.operation == 1) & (result.workload.arrival_s > 1000.0)
    share = (result.status[late] == EXPIRED_ITEM).mean()
    assert share == pytest.approx(math.exp(-50 / 400) - math.exp(-150 / 400), abs=0.012)


def test_a_write_before_the_delete_gives_the_item_a_new_life():
    """A write a second on one key with 5 s to live: only the last of 20 items is ever deleted."""
    result = written(exactly(5.0, 5.0), keys=1, arrivals=Constant(1.0), window_s=20.0)
    lives = result.of_attached("Ttl")
    assert (lives["status"] == ITEM_REPLACED).sum() == 19 and (lives["status"] == ITEM_DELETED).sum() == 1
    assert (lives["start_s"][1:] == lives["end_s"][:-1]).all()


def test_an_item_that_is_written_without_a_lifetime_is_never_deleted():
    assert not len(written(exactly(5.0, 5.0, share=0.0)).of_attached("Ttl")["status"])
    result = written(exactly(5.0, 5.0, share=0.4), rate_rps=100.0)
    share = len(result.of_attached("Ttl")["status"]) / result.n
    assert abs(share - 0.4) < 4 * math.sqrt(0.24 / result.n)


def test_deletes_consume_no_write_units_and_throttle_nobody():
    """A table of one write unit that is written once in two seconds: 50 deletes at one instant are no 51st write."""
    fields = {"capacity_mode": "provisioned", "write_capacity": 1, "burst_at_start": 0.0}
    with_ttl, without = (written(ttl, arrivals=Constant(0.5), **fields) for ttl in (exactly(30.0, 0.0), None))
    assert (with_ttl.of_attached("Ttl")["status"] == ITEM_DELETED).sum() == 50
    assert (with_ttl.of(0)["end_s"] == without.of(0)["end_s"]).all()
    mine, other = usage(with_ttl), usage(without)
    assert {sku for sku in mine if mine[sku] != other[sku]} == {"dynamodb.storage.standard"}


def test_deletes_are_records_that_the_service_and_no_user_made():
    """Each of 500 items is one record when it is written and one when it is deleted; a write that changes nothing
    leaves none, a delete always does."""
    result = written(exactly(30.0, 10.0), arrivals=Constant(5.0), stream=Stream(reader()))
    spans = result.of_attached("mapping")
    by_ttl = is_by_ttl(spans)
    deleted = result.of_attached("Ttl")["status"] == ITEM_DELETED
    assert is_record(spans).sum() == 500 + deleted.sum() and by_ttl.sum() == deleted.sum()
    assert sorted(spans["start_s"][by_ttl]) == sorted(result.of_attached("Ttl")["end_s"][deleted])
    silent = written(exactly(30.0, 10.0), arrivals=Constant(5.0), stream=Stream(reader(), unchanged_share=1.0))
    spans = silent.of_attached("mapping")
    assert is_by_ttl(spans).sum() == is_record(spans).sum() == deleted.sum()


def test_a_kinesis_data_stream_gets_the_deletes_and_charges_them():
    """Item sizes of 1 KB: one unit for each write and one for each delete."""
    result = written(exactly(30.0, 10.0), arrivals=Constant(5.0), kinesis=KinesisStream())
    deleted = (result.of_attached("Ttl")["status"] == ITEM_DELETED).sum()
    assert usage(result)["dynamodb.kinesis_change"] == 500 + deleted


def test_stored_gigabytes_are_rate_times_size_times_lifetime_and_delay():
    """Little's law: 10 items of 1 KB a second for 7 hours and 1 hour more are 10 x 8 x 3,600 = 288,000 KB, an eighth of
    them expired; of ten million keys hardly one is written again meanwhile. The table's own gigabyte comes on top. A
    window of 100 s is 1 / 26,280 of a month."""
    result = written(exactly(7 * 3600.0, 3600.0), arrivals=Constant(10.0), keys=10_000_000)
    lives = result.of_attached("Ttl")
    assert (lives["status"] == ITEM_DELETED).mean() > 0.98
    stored_gb = usage(result)["dynamodb.storage.standard"] * 26_280
    assert stored_gb == pytest.approx(1 + 288_000 / 2**20, rel=0.01)
    sums = result.sums(0).part(1)
    assert sums["expired_byte_s"] / sums["byte_s"] == pytest.approx(1 / 8, rel=0.02)


@pytest.mark.parametrize("window_s", [1800.0, 3600.0, 7200.0])
def test_items_that_are_written_again_do_not_pile_up_whatever_the_window(window_s):
    """1,000 keys, each written every 100 s and kept for a week, are 1,000 items of 1 KB: the windows write the same
    ones."""
    result = written(exactly(7 * DAY_S, 0.0), arrivals=Constant(10.0), keys=1000, window_s=window_s, storage_gb=0.0)
    stored_gb = usage(result)["dynamodb.storage.standard"] * 730 * 3600 / window_s
    assert stored_gb == pytest.approx(1000 * 1024 / 2**30, rel=0.03)


def test_deletes_come_within_two_days_and_since_2022_within_a_few():
    u = np.linspace(0.001, 0.999, 999)
    documented = Ttl(delete_delay="documented")
    assert documented.delays_s(u, "2020-01-01").max() == pytest.approx(2 * DAY_S, rel=0.01)
    assert documented.delays_s(u, "2026-11-24").mean() == pytest.approx(1.5 * DAY_S, rel=0.01)
    assert facts.value("dynamodb.ttl_delete_within_s", "2020-01-01") == 48 * 3600


def test_measured_deletes_come_after_minutes():
    """A table of 100,000 items in 2019: most 17 to 25 minutes late, the earliest of any 8."""
    minutes = Ttl().delays_s(np.linspace(0.05, 0.95, 100)) / 60
    assert minutes.min() == pytest.approx(17) and minutes.max() == pytest.approx(25)
    assert Ttl().delays_s(np.array([1e-6]))[0] / 60 == pytest.approx(8)


def test_items_of_one_write_live_and_go_together():
    """A write of five items: five records when they are written and five when they are deleted; 5 KB are stored."""
    five = Operation("write", access="write", items=5, item_bytes=1024, work_vcpu_s=0.0, io_s=0.0)
    result = written(exactly(10.0, 10.0), operations=five, arrivals=Constant(1.0), window_s=10.0,
                     stream=Stream(reader()))
    assert is_record(result.of_attached("mapping")).sum() == 100
    assert set(result.of_attached("Ttl")["billed_ms"]) == {5 * 1024}


@settings(max_examples=60)
@given(lifetime_s=st.sampled_from([0.0, 1.0, 10.0]), delay_s=st.sampled_from([0.0, 2.0, 20.0]), share=st.sampled_from(
    [0.3, 1.0]), keys=st.sampled_from([1, 5, 100]), shards=st.integers(1, 3), seed=st.integers(0, 999))
def test_every_life_ends_once_and_lives_of_one_item_do_not_overlap(lifetime_s, delay_s, share, keys, shards, seed):
    """Writes with a lifetime = items written again + items deleted; a delete comes exactly at expiry and delay."""
    result = written(exactly(lifetime_s, delay_s, share=share), rate_rps=3.0, window_s=20.0, keys=keys, seed=seed,
                     write_shards=shards)
    lives = result.of_attached("Ttl")
    assert set(lives["status"].tolist()) <= {ITEM_REPLACED, ITEM_DELETED}
    assert len(np.unique(lives["request"])) == len(lives["request"])
    if share == 1:
        assert len(lives["request"]) == (result.status == OK).sum()
    deleted = lives["status"] == ITEM_DELETED
    lasted_s = lives["end_s"] - lives["start_s"]
    assert np.allclose(lasted_s[deleted], lifetime_s + delay_s) and (lasted_s <= lifetime_s + delay_s + 1e-9).all()
    assert np.allclose(lives["wait_s"] + lives["work_s"], lasted_s)
    if shards == 1:
        key = result.workload.key[lives["request"]]
        for each in np.unique(key):
            order = np.argsort(lives["start_s"][key == each])
            starts, ends = lives["start_s"][key == each][order], lives["end_s"][key == each][order]
            assert (starts[1:] >= ends[:-1]).all()
