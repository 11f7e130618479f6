"""Summary mode against the spans it does not keep, whatever the blocks it works in."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import At

from simlib import (
    Bursts,
    Client,
    CloudWatchLogs,
    Constant,
    Daily,
    DataTransferOut,
    DynamoDb,
    Ec2,
    Functions,
    GlobalIndex,
    Lambda,
    ManagedInstances,
    Operation,
    OwnLine,
    ParamError,
    Poisson,
    Scenario,
    Spike,
    Steps,
    Trace,
    Traffic,
    bill,
    draw,
    fast,
    simulate,
)
from simlib.summary import RELATIVE_ERROR, Histogram
from simlib.workload import draw_blocks

VARIED = Operation(
    work_vcpu_s=0.1, work_distribution="exponential", io_s=0.1, item_distribution="lognormal", item_bytes=100_000
)
BUSY = Traffic(arrivals=Poisson(8), window_s=1800, operations=VARIED)
TWO = Traffic(arrivals=Poisson(6), window_s=1200, operations=(VARIED, Operation(name="write", io_s=0.3)))
STACKS = {
    "function alone": (Lambda(),),
    "function with retries": (Client(timeout_s=0.4), Lambda(account_concurrency=3, error_rate=0.1, ping_every_s=60)),
    "streamed and isolated": (Client(), Lambda(streaming=True, tenants=5, ephemeral_storage_mb=2048)),
    "events": (Client(), Lambda(invocation="event", error_rate=0.4, duplicate_rate=0.1, account_concurrency=9)),
    "kept ready": (Client(), Lambda(provisioned_concurrency=2, provisioned_target=0.6, provisioned_max=9)),
    "fleet that loses a zone": (Client(timeout_s=1), Ec2(workers=4, fails_at_s=300, fails="zone")),
    "group": (Client(), Ec2(scaling="target_tracking", max_instances=5, min_instances=1, workers=4)),
    "function before a fleet": (Client(), Lambda(timeout_s=2), Ec2(workers=2)),
    "managed": (ManagedInstances(),),
    "client before nothing": (Client(),),
    "on-demand table": (Client(), Lambda(account_concurrency=5), DynamoDb(indexes=(GlobalIndex(changed_share=0.5),))),
    "provisioned table": (Client(), Lambda(), DynamoDb(
        capacity_mode="provisioned", read_capacity=20, burst_at_start=0.01, auto_scaling=True, max_read_capacity=90,
        mode_schedule=((900, "on_demand"),))),
    "table that nobody reaches": (Client(), Lambda(reserved_concurrency=0), DynamoDb()),
}
COSTS = (DataTransferOut(), CloudWatchLogs(), OwnLine(name="licence", usd_per_million_requests=3.0))


def both(scenario, engine):
    return (simulate(scenario, 3, engine=engine), simulate(scenario, 3, engine=engine, keep="summary"))


@pytest.mark.parametrize("engine", ["simpy", "fast"])
@pytest.mark.parametrize("name", STACKS)
def test_a_summary_has_the_counts_means_and_bill_of_the_spans_it_did_not_keep(name, engine):
    result, summary = both(Scenario(STACKS[name], BUSY, costs=COSTS), engine)
    told, known = summary.summary(), result.summary()
    assert told.keys() == known.keys()
    for key, value in known.items():
        allowed = RELATIVE_ERROR if key in ("p50_ms", "p95_ms", "p99_ms") else 1e-9
        assert told[key] == pytest.approx(value, rel=allowed, abs=1e-6, nan_ok=True), key
    assert bill(summary).lines == bill(result).lines
    assert summary.engine == engine and summary.n == result.n and summary.served == result.served


def test_functions_of_an_account_are_summed_up_one_by_one():
    stack = (Client(), Functions((Lambda(memory_mb=512), Lambda(memory_mb=2048, architecture="arm64"))))
    result, summary = both(Scenario(stack, TWO), "fast")
    assert bill(summary).lines == bill(result).lines


@pytest.mark.parametrize("name", ["function with retries", "events", "fleet that loses a zone", "provisioned table",
                                  "table that nobody reaches"])
def test_the_size_of_the_blocks_changes_no_bit(name):
    """Small blocks make the ring of columns grow; requests of many blocks are then under way at once."""
    scenario = Scenario(STACKS[name], BUSY, costs=COSTS)
    whole = fast.summarise(scenario, 5, block_size=1 << 20)
    for block_size in (64, 1024):
        for is_compiled in (True, False):
            parts = fast.summarise(scenario, 5, is_compiled=is_compiled, block_size=block_size)
            assert list(map(str, parts.summary().values())) == list(map(str, whole.summary().values()))
            assert bill(parts).lines == bill(whole).lines
            assert (parts.latencies.counts == whole.latencies.counts).all()


@given(
    st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=60),
    st.floats(0, 1),
)
def test_quantiles_of_a_histogram_are_numpys_within_the_stated_error(values, q):
    histogram = Histogram()
    histogram.add(np.array(values[: len(values) // 2]))
    histogram.add(np.array(values[len(values) // 2 :]))
    assert float(histogram.quantile(q)) == pytest.approx(float(np.quantile(values, q)), rel=RELATIVE_ERROR * 1.001)
    assert histogram.counts.sum() == len(values)


def test_a_histogram_takes_zero_and_the_endless_and_none_at_all():
    histogram = Histogram()
    assert math.isnan(histogram.quantile(0.5))
    histogram.add(np.array([0.0, 1e-30, 1e30]))
    assert histogram.counts.sum() == 3 and histogram.counts[0] == 2 and histogram.counts[-1] == 1


def test_what_a_summary_does_not_have_is_named_with_the_cure():
    summary = simulate(Scenario((Lambda(),), BUSY), keep="summary")
    with pytest.raises(ParamError, match='no spans.*keep="spans"'):
        _ = summary.spans
    assert not hasattr(summary, "anything_else")
    assert repr(summary).startswith(f"Summary({summary.n:,} requests in 1,800 s, seed 0, by ")
    for nonsense in (1.5, -0.1, "p99", [0.5, 2], float("nan")):
        with pytest.raises(ParamError, match="between 0 and 1"):
            summary.quantile_ms(nonsense)


# Drawing in blocks ----------------------------------------------------------------------------------------

PATTERNS = st.one_of(
    st.builds(Poisson, st.floats(0, 20)),
    st.builds(Constant, st.floats(0, 20)),
    st.builds(Daily, mean_rps=st.floats(0, 10), peak_to_trough=st.floats(1, 20), start_hour=st.floats(0, 24)),
    st.builds(Spike, st.floats(0, 5), st.floats(0, 50), st.floats(0, 100), st.floats(1, 60)),
    st.builds(Bursts, st.floats(0, 5), st.floats(0, 50), st.floats(1, 30), st.floats(1, 30)),
    st.just(Steps(((10.0, 3.0), (20.0, 0.0), (60.0, 9.0)))),
    st.lists(st.floats(0, 99), max_size=40).map(lambda times: At(tuple(times))),
)


@settings(max_examples=150)
@given(PATTERNS, st.integers(0, 9), st.sampled_from([1, 7, 64, 100_000]), st.floats(1, 150))
def test_requests_drawn_in_blocks_are_those_drawn_at_once(arrivals, seed, size, window_s):
    traffic = Traffic(arrivals=arrivals, window_s=window_s, operations=(VARIED, Operation(name="write")))
    whole = draw(traffic, seed)
    common, parts = draw_blocks(traffic, seed, size)
    parts = list(parts)
    assert common.n == 0 and common.window_s == whole.window_s
    assert all(part.n == size for part in parts[:-1]) and sum(part.n for part in parts) == whole.n
    for name in ("arrival_s", "operation", "work_vcpu_s", "io_s", "item_bytes", "key"):
        joined = np.concatenate([np.empty(0), *(getattr(part, name) for part in parts)])
        assert (joined == getattr(whole, name)).all(), name


def test_a_recorded_day_is_drawn_alike_in_blocks(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text("second,count\n0,5\n10,0\n20,7\n30,2\n", encoding="utf-8")
    traffic = Traffic(arrivals=Trace(str(path), column="count", time_column="second"))
    _, parts = draw_blocks(traffic, 1, 4)
    assert np.concatenate([part.arrival_s for part in parts]).tolist() == draw(traffic, 1).arrival_s.tolist()


def test_what_was_drawn_is_remembered_until_the_traffic_or_the_file_changes(tmp_path):
    path = tmp_path / "times.csv"
    path.write_text("time\n1\n2\n", encoding="utf-8")
    traffic = Traffic(arrivals=Trace(str(path)), window_s=10)
    first = draw(traffic, 0)
    assert draw(traffic, 0) is first and draw(traffic, 1) is not first
    path.write_text("time\n1\n2\n3\n", encoding="utf-8")
    assert draw(traffic, 0).n == 3
