"""Paired comparison against SciPy, and break-even against sums worked out apart."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenes import ONE_VCPU, steady_function
from scipy import stats

from simlib import (
    Client,
    Constant,
    Ec2,
    Lambda,
    Operation,
    ParamError,
    Poisson,
    Scenario,
    Traffic,
    bill,
    compare,
    price_book,
    simulate,
)
from simlib.compare import (
    METRICS,
    TOO_CLOSE,
    Comparison,
    break_even,
    break_even_map,
    interval,
    measures,
    steady_ec2,
    steady_lambda,
)

VARIED = Operation(work_vcpu_s=0.1, work_distribution="lognormal", work_cv=1.5, io_s=0.05,
                   io_distribution="exponential")
TRAFFIC = Traffic(arrivals=Poisson(2.0), window_s=300, operations=(VARIED,))


def through(*stack, traffic=TRAFFIC, **fields):
    return Scenario(stack=stack, traffic=traffic, **fields)


def runs(key, values):
    """Runs that differ in one measure only."""
    return tuple({**{other: 0.0 for _, other in METRICS.values()}, key: float(value)} for value in values)


def verdict_of(metric, a, b):
    key = METRICS[metric][1]
    found = Comparison("one", "two", tuple(range(len(a))), runs(key, a), runs(key, b))
    return found.table.set_index("metric").loc[metric]


# --- intervals and verdicts -------------------------------------------------------------------------------

samples = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30).filter(lambda values: np.std(values) > 1e-3)


@given(samples, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_the_interval_is_scipys(values, confidence):
    expected = stats.ttest_1samp(values, 0).confidence_interval(confidence)
    middle, low, high = interval(np.array(values), confidence)
    assert middle == pytest.approx(np.mean(values), abs=1e-9)
    assert (low, high) == pytest.approx((expected.low, expected.high), rel=1e-9, abs=1e-9)


def test_the_interval_covers_the_truth_in_95_of_100_cases():
    """4,000 times eight normal values around 3: the share covered lies within its own 99.9 % interval."""
    draws = np.random.default_rng(11).normal(3.0, 2.0, (4000, 8))
    covered = np.mean([low <= 3.0 <= high for _, low, high in map(interval, draws)])
    assert abs(covered - 0.95) < 3.3 * math.sqrt(0.95 * 0.05 / 4000)


def test_one_value_has_an_endless_interval_and_equal_values_none():
    assert interval(np.array([4.0])) == (4.0, -math.inf, math.inf)
    assert interval(np.array([4.0, 4.0, 4.0])) == (4.0, 4.0, 4.0)


@given(samples, st.floats(-1e3, 1e3), st.integers(0, 2**32 - 1))
def test_the_verdict_is_that_of_a_paired_t_test_at_5_percent(a, shift, seed):
    b = np.array(a) + shift + np.random.default_rng(seed).normal(0, 100, len(a))
    p = stats.ttest_rel(b, a).pvalue
    if abs(p - 0.05) < 1e-9:
        return
    row = verdict_of("p95 latency", a, b)
    lower = "two lower" if np.mean(b) < np.mean(a) else "one lower"
    assert row["verdict"] == (TOO_CLOSE if p > 0.05 else lower)
    assert row["difference"] == pytest.approx(row["two"] - row["one"], abs=1e-6)


def test_pure_noise_is_too_close_to_call_in_about_95_of_100_cases():
    """1,000 comparisons of two designs that do not differ: false verdicts are as rare as promised."""
    random = np.random.default_rng(5)
    verdicts = [verdict_of("mean latency", *random.normal(80, 5, (2, 8)))["verdict"] for _ in range(1000)]
    wrong = np.mean([verdict != TOO_CLOSE for verdict in verdicts])
    assert abs(wrong - 0.05) < 3.3 * math.sqrt(0.05 * 0.95 / 1000)


def test_where_nobody_was_served_there_is_no_verdict():
    a = through(Client(max_attempts=1), Lambda(reserved_concurrency=0))
    b = through(Client(max_attempts=1), Lambda())
    table = compare(a, b, range(2)).table.set_index("metric")
    assert table.loc["p50 latency", "verdict"] == "nothing served"
    assert table.loc["throttled", "verdict"].endswith("(b) lower")
    assert table.loc["throttled", "difference"] == -1


# --- comparing --------------------------------------------------------------------------------------------


def test_a_scenario_equals_itself_in_everything():
    scenario = through(Client(), Lambda())
    table = compare(scenario, scenario, range(3)).table
    assert set(table["verdict"]) == {"equal"}
    assert (table[["difference", "low", "high"]] == 0).all(axis=None)


def test_every_seed_is_played_on_both_sides_as_if_alone():
    a, b = through(Client(), Lambda(), name="function"), through(Client(), Ec2(), name="fleet")
    found = compare(a, b, seeds=(3, 9))
    assert found.seeds == (3, 9)
    assert found.runs_a == tuple(measures(a, seed) for seed in (3, 9))
    for seed, run in zip((3, 9), found.runs_b):
        result = simulate(b, seed)
        assert run["p95_ms"] == result.summary()["p95_ms"]
        assert run["usd"] == bill(result).total_usd
    table = found.table.set_index("metric")
    assert table.loc["p95 latency", "fleet"] == np.mean([run["p95_ms"] for run in found.runs_b])
    assert list(table.index) == list(METRICS)


def test_the_sides_exchanged_give_the_opposite_differences():
    a, b = through(Client(), Lambda(), name="x"), through(Client(), Ec2(), name="y")
    there, back = (compare(*pair, range(3)).table for pair in ((a, b), (b, a)))
    assert there["difference"].tolist() == (-back["difference"]).tolist()
    assert there["verdict"].tolist() == back["verdict"].tolist()


def test_faster_and_dearer_are_told_apart():
    """Twice the memory without twice the threads: not faster, about twice the dollars."""
    small, large = (through(Client(), steady_function(memory_mb=memory_mb), name=str(memory_mb))
                    for memory_mb in (ONE_VCPU, 2 * ONE_VCPU))
    table = compare(small, large, range(4), free_tier=False).table.set_index("metric")
    assert table.loc["monthly bill", "verdict"] == f"{ONE_VCPU} lower"
    assert table.loc["p50 latency", "verdict"] == "equal"
    requests_usd = 2 * 730 * 3600 * 0.2e-6
    small_usd, large_usd = table.loc["monthly bill", [str(ONE_VCPU), str(2 * ONE_VCPU)]]
    assert large_usd - requests_usd == pytest.approx(2 * (small_usd - requests_usd), rel=0.1)


@pytest.mark.parametrize("other, at_least", [(Lambda(memory_mb=2048), 5), (Ec2(instance_type="m5.large"), 2)])
def test_the_same_requests_on_both_sides_make_differences_steadier(other, at_least):
    """Common random numbers: less variance of a difference than with requests of their own on each side."""
    a, b = through(Client(), Lambda()), through(Client(), other)
    seeds = 24
    found = compare(a, b, range(seeds))
    in_a, in_b = (np.array([run["mean_ms"] for run in side]) for side in (found.runs_a, found.runs_b))
    paired = np.var(in_b - in_a, ddof=1)
    unpaired = np.mean([np.var(np.roll(in_b, shift) - in_a, ddof=1) for shift in range(1, seeds)])
    assert unpaired > at_least * paired


def test_different_traffic_and_no_seeds_are_refused_in_one_sentence():
    a = through(Lambda())
    b = through(Lambda(), traffic=Traffic(arrivals=Poisson(3.0), window_s=300, operations=(VARIED,)))
    with pytest.raises(ParamError, match="different traffic") as error:
        compare(a, b)
    assert "\n" not in str(error.value)
    with pytest.raises(ParamError, match="one value or more"):
        compare(a, a, ())


def test_two_scenarios_of_one_name_are_told_apart():
    found = compare(through(Lambda(), name="mine"), through(Ec2(), name="mine"), (0,))
    assert (found.name_a, found.name_b) == ("mine (a)", "mine (b)")
    unnamed = compare(through(Client(), Lambda()), through(Client(), Ec2()), (0,))
    assert (unnamed.name_a, unnamed.name_b) == ("Lambda", "Ec2")


def test_progress_wraps_the_seeds():
    seen = []
    compare(through(Lambda()), through(Lambda()), (4, 5), progress=lambda seeds: seen.extend(seeds) or seeds)
    assert seen == [4, 5]


# --- the closed forms, against sums worked out apart ------------------------------------------------------

HOURS = 730
SECONDS = HOURS * 3600


def function_usd(rate_rps, duration_s, memory_mb=ONE_VCPU, free_tier=True):
    """Lambda on x86, all calls warm, below 6 billion GB-seconds: prices of AWS's page written out."""
    requests = rate_rps * SECONDS
    gb_s = requests * math.ceil(duration_s * 1000 - 1e-6) / 1000 * memory_mb / 1024
    if free_tier:
        requests, gb_s = max(0, requests - 1e6), max(0, gb_s - 400_000)
    assert gb_s < 6e9
    return requests * 0.20 / 1e6 + gb_s * 0.0000166667


def busy_t3(rate_rps, work_s, io_s):
    """Busy instances of two vCPUs and two workers: a worker is held for work and waiting alike."""
    return rate_rps * (work_s + io_s) / 2


def fleet_usd(rate_rps, work_s, io_s, target, price_usd=0.0208, baseline=0.2):
    """(dollars, instances) of t3 instances in two zones behind a load balancer, written out line by line."""
    instances = max(2, math.ceil(busy_t3(rate_rps, work_s, io_s) / target - 1e-9))
    gb_per_hour = rate_rps * 3600 * (1024 + 2048) / 1024**3
    lcu = max(rate_rps / 25, (rate_rps * 60 + rate_rps * (work_s + io_s)) / 3000, gb_per_hour / 1)
    surplus = max(0.0, rate_rps * work_s - instances * 2 * baseline)
    usd = (instances * (HOURS * price_usd + 8 * 0.08)
           + HOURS * (0.0225 + lcu * 0.008)
           + (instances + 2) * HOURS * 0.005
           + surplus * HOURS * 0.05)
    return usd, instances


CASES = [(0.05, 0.0), (0.05, 0.2), (0.2, 0.0), (1.0, 0.1), (0.00312, 0.0024)]


@pytest.mark.parametrize("work_s, io_s", CASES)
@pytest.mark.parametrize("rate_rps", [0.01, 0.5, 3.0, 20.0, 150.0])
def test_steady_costs_are_those_worked_out_apart(rate_rps, work_s, io_s):
    operation, book = Operation(work_vcpu_s=work_s, io_s=io_s), price_book()
    function = steady_lambda(Lambda(memory_mb=ONE_VCPU), rate_rps, operation, book)
    fleet = steady_ec2(Ec2(instance_type="t3.small"), rate_rps, operation, book, target_utilisation=0.6)
    usd, instances = fleet_usd(rate_rps, work_s, io_s, 0.6)
    assert function.usd == pytest.approx(function_usd(rate_rps, work_s + io_s))
    assert fleet.instances == instances
    assert fleet.utilisation == pytest.approx(busy_t3(rate_rps, work_s, io_s) / instances)
    assert fleet.utilisation <= 0.6 + 1e-9
    assert fleet.usd == pytest.approx(usd)


@pytest.mark.parametrize("work_s, io_s", CASES)
@pytest.mark.parametrize("free_tier", [True, False])
def test_at_the_break_even_both_cost_the_same_and_below_it_the_function_less(work_s, io_s, free_tier):
    found = break_even(Lambda(memory_mb=ONE_VCPU), Ec2(instance_type="t3.small"),
                       Operation(work_vcpu_s=work_s, io_s=io_s), free_tier=free_tier)
    usd, instances = fleet_usd(found.rate_rps, work_s, io_s, 0.6)
    assert function_usd(found.rate_rps, work_s + io_s, free_tier=free_tier) == pytest.approx(usd, rel=1e-6)
    assert found.usd == pytest.approx(usd)
    assert found.instances == instances
    assert found.utilisation == pytest.approx(busy_t3(found.rate_rps, work_s, io_s) / instances)
    for rate_rps in np.linspace(0, found.rate_rps, 200, endpoint=False)[1:]:
        assert function_usd(rate_rps, work_s + io_s, free_tier=free_tier) < fleet_usd(rate_rps, work_s, io_s,
                                                                                     0.6)[0]
    after = found.rate_rps * 1.001
    assert function_usd(after, work_s + io_s, free_tier=free_tier) > fleet_usd(after, work_s, io_s, 0.6)[0]


def test_without_the_free_tier_the_break_even_comes_earlier():
    operation = Operation(work_vcpu_s=0.1, io_s=0.0)
    free, paid = (break_even(Lambda(), Ec2(), operation, free_tier=free_tier).rate_rps
                  for free_tier in (True, False))
    assert paid < free


def test_where_the_function_is_never_dearer_there_is_no_break_even():
    """A hundredth of a request a second stays within the free tier."""
    found = break_even(Lambda(), Ec2(), Operation(), max_rps=0.01)
    assert (found.rate_rps, found.utilisation, found.usd, found.instances) == (None, None, None, None)


def test_an_impossible_utilisation_is_refused():
    for target in (0.0, -1.0, 1.01):
        with pytest.raises(ParamError, match="target_utilisation"):
            break_even(Lambda(), Ec2(), Operation(), target_utilisation=target)


@pytest.mark.parametrize("rate_rps", [0.5, 4.0])
def test_the_closed_forms_agree_with_the_simulated_month(rate_rps):
    """Equally spaced requests without a cold start: the same bill to a tenth of a percent."""
    operation = Operation(work_vcpu_s=0.1, io_s=0.05)
    traffic = Traffic(arrivals=Constant(rate_rps), window_s=3600, operations=(operation,))
    function, fleet = steady_function(), Ec2(instance_type="t3.small")
    played = [bill(simulate(through(service, traffic=traffic))).total_usd for service in (function, fleet)]
    book = price_book()
    assert steady_lambda(function, rate_rps, operation, book).usd == pytest.approx(played[0], rel=1e-3)
    assert steady_ec2(fleet, rate_rps, operation, book).usd == pytest.approx(played[1], rel=1e-3)


RATES, WORKS = np.geomspace(0.01, 300, 12), np.array([0.01, 0.1, 0.5, 2.0])


def test_the_map_has_a_row_per_work_and_a_column_per_rate_and_rises_with_both():
    function, fleet = break_even_map(Lambda(memory_mb=ONE_VCPU), Ec2(), RATES, WORKS)
    assert function.shape == fleet.shape == (4, 12)
    for usd in (function, fleet):
        assert (np.diff(usd, axis=0) >= -1e-9).all() and (np.diff(usd, axis=1) >= -1e-9).all()
    for row, work_s in enumerate(WORKS):
        for column, rate_rps in enumerate(RATES):
            assert function[row, column] == pytest.approx(function_usd(rate_rps, work_s), abs=1e-9)
            assert fleet[row, column] == pytest.approx(fleet_usd(rate_rps, work_s, 0.0, 0.6)[0])


def test_the_map_turns_at_the_break_even():
    for work_s in WORKS:
        rate_rps = break_even(Lambda(), Ec2(), Operation(work_vcpu_s=float(work_s), io_s=0.0)).rate_rps
        function, fleet = break_even_map(Lambda(), Ec2(), [0.99 * rate_rps, 1.01 * rate_rps], [work_s])
        assert function[0, 0] < fleet[0, 0]
        assert function[0, 1] > fleet[0, 1]
