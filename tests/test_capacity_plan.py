"""Recorded consumption against capacity modes: sums by hand, and the simulated table as a second implementation."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib import DynamoDb, Keys, Operation, ParamError, Scenario, Steps, Traffic, draw, simulate
from simlib.__main__ import main
from simlib.capacity_plan import Consumption, MetricsError, read_metrics, table, what_if

BEGINS = datetime(2026, 11, 1, tzinfo=UTC)


def consumption(write, read=None):
    write = np.asarray(write, dtype=float)
    return Consumption(BEGINS, np.zeros(len(write)) if read is None else np.asarray(read, dtype=float), write, 60.0)


def by_name(options):
    return {option.name: option for option in options}


# What comes out ----------------------------------------------------------------------------------------------


def test_a_steady_hour_costs_what_the_price_list_says():
    """70 WRU/s for an hour. On demand: 70 x 3,600 x 730 x 0.000000625 = 114.98; 70 WCU and 1 RCU for 730 hours 33.31;
    auto scaling at 70 %: 100 WCU and 5 RCU 47.92."""
    options = by_name(what_if(consumption([70 * 60] * 60), (0.7,)))
    assert options["on-demand"].usd_per_month == pytest.approx(114.975)
    assert options["provisioned for the peak"].usd_per_month == pytest.approx(70 * 730 * 0.00065 + 730 * 0.00013)
    assert options["auto scaling at 70%"].usd_per_month == pytest.approx(100 * 730 * 0.00065 + 5 * 730 * 0.00013)
    assert all(option.throttled_units == 0 for option in options.values())


def test_capacity_for_the_peak_never_throttles_and_a_spike_meets_auto_scaling_unprepared():
    """An hour at 10/s, then ten minutes at 1,000/s: 15 WCU and 4,500 saved units serve 4,500 + 5 x 60 x 15 = 9,000 of
    the first five minutes' 300,000 at most."""
    options = by_name(what_if(consumption([600] * 60 + [60_000] * 10), (0.7,)))
    assert options["provisioned for the peak"].throttled_units == 0
    assert options["on-demand"].throttled_units == 0
    assert options["auto scaling at 70%"].throttled_units > 300_000 - 9_000 - 1


def test_on_demand_refuses_what_lies_beyond_its_limit():
    """A new table serves 4,000 WRU/s: of 5,000 for ten minutes, 1,000 a second are refused."""
    option = by_name(what_if(consumption([300_000] * 10), (0.7,)))["on-demand"]
    assert option.throttled_units == pytest.approx(1000 * 600)


@pytest.mark.parametrize("rates", [(70, 20, 90), (20, 60, 5), (5, 5, 100)])
def test_auto_scaling_takes_the_same_steps_as_the_simulated_table(rates):
    """Twenty minutes at each rate, as calls to a table on SimPy and as recorded minutes."""
    steps = Steps(tuple((1200.0 * place, float(rate)) for place, rate in enumerate(rates)))
    traffic = Traffic(arrivals=steps, window_s=3600, keys=Keys("uniform", 100_000),
                      operations=Operation("w", access="write", item_bytes=100, work_vcpu_s=0.0, io_s=0.0))
    minutes = np.bincount((draw(traffic, 0).arrival_s // 60).astype(int), minlength=60).astype(float)
    first = max(5.0, np.ceil(minutes[0] / 60 / 0.7))
    scenario = Scenario((DynamoDb(capacity_mode="provisioned", auto_scaling=True, write_capacity=first, max_attempts=1,
                                  partitions=1),), traffic)
    result = simulate(scenario, 0)
    rows = result.capacity[result.capacity.resource == 2]
    option = what_if(consumption(minutes), (0.7,))[-1]
    assert option.changes == len(rows) - 1
    assert option.highest[1] == rows.amount.max()
    hours = (rows.amount * (rows.end_s - rows.start_s)).sum() / 3600
    assert option.usd_per_month == pytest.approx(730 * (hours * 0.00065 + 5 * 0.00013), rel=0.01)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300), st.sampled_from([0.2, 0.5, 0.7, 0.9]))
def test_what_is_throttled_lies_between_nothing_and_everything_and_a_lower_target_costs_no_less(units, target):
    found = by_name(what_if(consumption(units), (target, 0.9)))
    for option in found.values():
        assert -1e-6 <= option.throttled_units <= sum(units) + 1e-6
        assert option.usd_per_month >= 0
    assert found["provisioned for the peak"].throttled_units == 0


def test_nothing_is_provisioned_beyond_the_table_quota():
    """100,000 units a second: 40,000 are served, after a burst of 300 s x 40,000."""
    option = by_name(what_if(consumption([6_000_000] * 20)))["provisioned for the peak"]
    assert option.highest[1] == 40_000 and option.throttled_units == 20 * 60 * 60_000 - 300 * 40_000


def test_the_table_is_sorted_by_cost():
    frame = table(what_if(consumption([600] * 60)))
    assert list(frame.usd_per_month) == sorted(frame.usd_per_month) and len(frame) == 5


@pytest.mark.parametrize("wrong", [{"targets": (0.95,)}, {"least": 50, "most": 5}, {"least": 0}])
def test_settings_that_aws_refuses_are_refused(wrong):
    with pytest.raises(ParamError):
        what_if(consumption([1]), **wrong)


# What goes in ------------------------------------------------------------------------------------------------

CSV = """Full label,ConsumedReadCapacityUnits,ConsumedWriteCapacityUnits
Statistic,Sum,Sum
2026/11/01 00:00:00,60,120.5
2026/11/01 00:01:00,,30
2026/11/01 00:03:00,6,
"""
GET_METRIC_DATA = {"MetricDataResults": [
    {"Id": "m1", "Label": "ConsumedReadCapacityUnits", "Timestamps": [
        "2026-11-01T00:00:00+00:00", "2026-11-01T00:03:00Z"], "Values": [60, 6]},
    {"Id": "m2", "Label": "tickets ConsumedWriteCapacityUnits", "Timestamps": [
        "2026-11-01T09:01:00+09:00", "2026-11-01T00:00:00+00:00"], "Values": [30.0, 120.5]}]}
STATISTICS = [
    {"Label": "ConsumedReadCapacityUnits", "Datapoints": [
        {"Timestamp": "2026-11-01T00:03:00Z", "Sum": 6.0, "Unit": "Count"},
        {"Timestamp": "2026-11-01T00:00:00Z", "Sum": 60.0, "Unit": "Count"}]},
    {"Label": "ConsumedWriteCapacityUnits", "Datapoints": [
        {"Timestamp": "2026-11-01T00:00:00Z", "Sum": 120.5}, {"Timestamp": "2026-11-01T00:01:00Z", "Sum": 30}]}]


@pytest.mark.parametrize("text", [CSV, CSV.replace(",", ";"), json.dumps(GET_METRIC_DATA), json.dumps(STATISTICS)])
def test_an_export_is_read_whatever_its_form_and_minutes_without_data_are_idle(text, tmp_path):
    path = tmp_path / "내보내기 metrics.txt"
    path.write_text("\ufeff" + text, encoding="utf-8")
    found = read_metrics(path)
    assert found.begins == BEGINS
    assert found.read.tolist() == [60, 0, 0, 6] and found.write.tolist() == [120.5, 30, 0, 0]


def test_longer_periods_are_spread_over_their_minutes(tmp_path):
    path = tmp_path / "five.csv"
    path.write_text("time,write units\n2026-11-01 00:00,50\n2026-11-01 00:05,100\n")
    found = read_metrics(path)
    assert found.write.tolist() == [10] * 5 + [20] * 5 and found.period_s == 300


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no row that begins with a time"),
        ("time,cost\n2026-11-01,5\n", "no column named"),
        ("time,read\n2026-11-01,many\n", "line 2"),
        ("time,read\n2026-11-01,5\nyesterday,5\n", "line 3"),
        ("time,read\n2026-11-01,-5\n", "from 0 up"),
        ("time,read\n2026-11-01,nan\n", "from 0 up"),
        ("time,read\n2026-11-01 00:00:00,5\n2026-11-01 00:00:30,5\n", "whole minutes"),
        ("time,read\n1990-11-01,5\n2026-11-01,5\n", "455"),
        ('{"MetricDataResults": []}', "no data points"),
        ('{"Label": "ConsumedReadCapacityUnits", "Datapoints": [{"Timestamp": "2026-11-01", "Average": 1}]}', "Sum"),
        ('{"MetricDataResults": [', "no JSON"),
        ("[1, 2]", "no answer of CloudWatch"),
        ("Label,Write\nStatistic,Average\n2026-11-01,5\n", "statistic Sum"),
        ('{"Label": "ConsumedWriteCapacityUnits", "Datapoints": null}', "no list of Datapoints"),
        ('{"MetricDataResults": [{"Label": "write", "Timestamps": ["2026-11-01"], "Values": []}]}', "1 Timestamps"),
        ('{"MetricDataResults": [{"Label": "write", "StatusCode": "PartialData"}]}', "partial"),
        ('{"MetricDataResults": [], "NextToken": "abc"}', "NextToken"),
        ('{"MetricDataResults": [7]}', "no list of Timestamps"),
    ],
)
def test_an_export_that_cannot_be_read_gets_one_sentence(text, words, tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MetricsError) as refusal:
        read_metrics(path)
    assert words in str(refusal.value) and "\n" not in str(refusal.value) and str(refusal.value).endswith(".")


def test_a_file_that_is_not_there_or_no_text_gets_one_sentence(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x81")
    for name in ("nowhere.csv", "binary", "."):
        with pytest.raises(MetricsError):
            read_metrics(tmp_path / name)


def test_the_command_prints_the_options_or_one_sentence(tmp_path, capsys):
    path = tmp_path / "metrics.csv"
    path.write_text(CSV, encoding="utf-8")
    assert main(["capacity", str(path), "--targets", "0.7"]) == 0
    shown = capsys.readouterr().out
    assert "on-demand" in shown and "auto scaling at 70%" in shown
    assert main(["capacity", str(path), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["options"]) == 5
    for wrong in (["--targets", "much"], ["--targets", "2"], ["--date", "1999-01-01"], ["--region", "mars-1"]):
        assert main(["capacity", str(path), *wrong]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_a_time_that_is_there_twice_is_refused_for_it_would_count_twice(tmp_path):
    path = tmp_path / "twice.csv"
    path.write_text("time,read units\n2026-01-01 00:00,5\n2026-01-01 00:01,5\n2026-01-01 00:00,5\n", encoding="utf-8")
    with pytest.raises(MetricsError, match="in lines 2 and 4"):
        read_metrics(path)
