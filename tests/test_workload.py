"""Arrivals and requests against closed forms, published numbers and rules that must always hold."""

import math
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from simlib.params import ParamError, parameters
from simlib.workload import (
    PATTERNS,
    Bursts,
    Constant,
    Daily,
    Keys,
    Operation,
    Poisson,
    Spike,
    Steps,
    Traffic,
    Workload,
    WorkloadError,
    arrivals_from,
    draw,
    hash_uniform,
    hash_uniforms,
    stream_id,
    traffic_from,
)
from simlib.workload.chance import _STEP, Dice, _mix

COLUMNS = ("arrival_s", "operation", "work_vcpu_s", "threads", "io_s", "key", "item_bytes", "request_bytes")
DAY_S = 86_400.0


def is_one_sentence(message: str) -> bool:
    return message.endswith((".", "?")) and ". " not in message and "\n" not in message


def inside(values, expected, sigmas=3.5):
    """Whether the mean of independent values lies within so many standard errors of what is expected."""
    values = np.asarray(values, dtype=float)
    return abs(values.mean() - expected) < sigmas * values.std(ddof=1) / math.sqrt(values.size)


# Chance


def test_the_mixer_is_splitmix64():
    """First outputs of the reference SplitMix64 for seed 1234567, as listed on Rosetta Code."""
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431,
                 16408922859458223821]
    assert [_mix((1234567 + n * _STEP) % 2**64) for n in range(1, 6)] == published


def test_a_stream_is_known_by_the_crc_of_its_name():
    """The check value that every description of CRC-32 gives."""
    assert stream_id("123456789") == 0xCBF43926


whole = st.integers(-2**70, 2**70)


@given(whole, whole, whole, whole)
def test_a_hash_is_strictly_between_0_and_1_and_always_the_same(seed, stream, index, k):
    u = hash_uniform(seed, stream, index, k)
    assert 0 < u < 1
    assert u == hash_uniform(seed, stream, index, k)


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**32 - 1),
       st.lists(st.tuples(st.integers(-2**63, 2**63 - 1), st.integers(0, 2**63 - 1)), min_size=1))
def test_the_array_form_of_the_hash_gives_the_same_bits(seed, stream, pairs):
    index, k = zip(*pairs, strict=True)
    arrays = hash_uniforms(seed, stream, np.array(index, dtype=np.int64), np.array(k, dtype=np.int64))
    assert arrays.tolist() == [hash_uniform(seed, stream, i, j) for i, j in pairs]


def test_the_hash_takes_numpy_integers_and_shapes():
    die = stream_id("a")
    assert hash_uniform(np.int64(3), die, np.int32(5), np.uint8(1)) == hash_uniform(3, die, 5, 1)
    grid = hash_uniforms(1, 2, np.arange(3)[:, None], np.arange(4))
    assert grid.shape == (3, 4)
    assert grid[2, 3] == hash_uniform(1, 2, 2, 3)
    assert hash_uniforms(1, 2, 7, 0).tolist() == [hash_uniform(1, 2, 7, 0)]


N = 200_000
COUNTING = {
    "index": hash_uniforms(11, stream_id("client.retry"), np.arange(N), 1),
    "k": hash_uniforms(11, stream_id("client.retry"), 5, np.arange(N)),
    "seed": np.array([hash_uniform(seed, 7, 0, 0) for seed in range(20_000)]),
    "stream": np.array([hash_uniform(0, stream, 0, 0) for stream in range(20_000)]),
}


@pytest.mark.parametrize("number", COUNTING)
def test_hashes_of_counted_numbers_are_uniform_and_neighbours_are_unrelated(number):
    u = COUNTING[number]
    assert stats.kstest(u, "uniform").pvalue > 1e-3
    counts = np.bincount((u * 256).astype(int), minlength=256)
    assert stats.chisquare(counts).pvalue > 1e-3
    for lag in (1, 2, 64):
        assert abs(np.corrcoef(u[:-lag], u[lag:])[0, 1]) < 4 / math.sqrt(u.size)
    pairs = np.bincount((u[:-1] * 32).astype(int) * 32 + (u[1:] * 32).astype(int), minlength=1024)
    assert stats.chisquare(pairs).pvalue > 1e-3


def test_every_bit_of_the_hash_flips_half_of_the_time_when_one_input_bit_flips():
    bits = hash_uniforms(1, 2, np.arange(4096), 0)
    for bit in range(0, 48, 6):
        other = hash_uniforms(1, 2, np.arange(4096) ^ (1 << bit), 0)
        differ = (bits * 2**52).astype(np.uint64) ^ (other * 2**52).astype(np.uint64)
        flipped = np.array([(differ >> np.uint64(place)) & np.uint64(1) for place in range(52)], dtype=float)
        assert abs(flipped.mean() - 0.5) < 4 * 0.5 / math.sqrt(flipped.size)
        assert np.abs(flipped.mean(axis=1) - 0.5).max() < 5 * 0.5 / math.sqrt(4096)


def test_uniforms_are_strictly_inside_even_when_the_generator_gives_zero(monkeypatch):
    class Zero:
        def __init__(self, _):
            pass

        def random(self, n):
            return np.zeros(n)

    monkeypatch.setattr(np.random, "Generator", Zero)
    assert (Dice(1).uniforms("request.work", 3) > 0).all()


@given(st.integers(0, 10**9), st.text(max_size=8), st.integers(0, 50), st.integers(0, 50))
def test_a_longer_column_of_dice_begins_with_the_shorter_one(seed, name, n, more):
    assert Dice(seed).uniforms(name, n + more)[:n].tolist() == Dice(seed).uniforms(name, n).tolist()


def test_streams_are_spawned_from_seed_and_name_as_documented():
    generator = np.random.default_rng(np.random.SeedSequence(5, spawn_key=(zlib.crc32(b"lambda.init"),)))
    workload = draw(Traffic(Poisson(10.0), window_s=100), 5)
    assert workload.uniforms("lambda.init").tolist() == generator.random(workload.n).tolist()


def test_dice_of_different_names_and_seeds_are_independent():
    workload = draw(Traffic(Constant(1000.0), window_s=50), 1)
    names = ("request.work", "request.io", "request.key", "lambda.init")
    columns = [workload.uniforms(name) for name in names]
    columns.append(draw(workload.traffic, 2).uniforms("request.work"))
    for one, column in enumerate(columns):
        assert stats.kstest(column, "uniform").pvalue > 1e-3
        for other in columns[:one]:
            assert abs(np.corrcoef(column, other)[0, 1]) < 4 / math.sqrt(workload.n)


@pytest.mark.parametrize("seed", [-1, 1.5, "1", None])
def test_a_seed_that_is_no_whole_number_from_0_up_is_refused(seed):
    with pytest.raises(WorkloadError, match="must be a whole number from 0 up") as refused:
        draw(Traffic(), seed)
    assert is_one_sentence(str(refused.value))


# Arrivals

rates = st.floats(0, 20)
ARRIVALS = st.one_of(
    st.builds(Constant, rates),
    st.builds(Poisson, rates),
    st.builds(Daily, rates, st.floats(0, 24), st.floats(1, 50), st.floats(0, 24)),
    st.dictionaries(st.integers(0, 200), rates, min_size=1, max_size=6).map(
        lambda steps: Steps(sorted(steps.items()))),
    st.builds(Spike, rates, rates, st.floats(0, 200), st.floats(0.5, 200)),
    st.builds(Bursts, rates, rates, st.floats(0.5, 100), st.floats(0.5, 100)),
)


@given(ARRIVALS, st.floats(0.5, 200), st.integers(0, 2**40))
def test_arrivals_are_sorted_inside_the_window_and_the_same_again(arrivals, window_s, seed):
    traffic = Traffic(arrivals, window_s)
    workload = draw(traffic, seed)
    times = workload.arrival_s
    assert times.dtype == np.float64 and workload.n == times.size
    assert (np.diff(times) >= 0).all()
    assert times.size == 0 or (times[0] >= 0 and times[-1] < window_s)
    assert draw(traffic, seed).arrival_s.tolist() == times.tolist()


@given(ARRIVALS, st.integers(0, 99), st.floats(5, 100), st.floats(1, 100))
def test_a_longer_window_begins_with_the_shorter_one(arrivals, seed, window_s, more_s):
    short = draw(Traffic(arrivals, window_s), seed).arrival_s
    long = draw(Traffic(arrivals, window_s + more_s), seed).arrival_s
    assert np.allclose(long[:np.searchsorted(long, window_s)], short, rtol=1e-12)


@pytest.mark.parametrize("arrivals", [
    Constant(0.37), Poisson(0.5), Daily(0.4, 20.0, 9.0), Daily(0.4, 3.0, 2.0, start_hour=22.0),
    Steps([(100, 2.0), (2000, 0.0), (5000, 0.7)]), Spike(0.1, 5.0, 1000, 300), Bursts(0.05, 3.0, 300, 60)],
    ids=lambda arrivals: arrivals.pattern)
def test_the_number_of_arrivals_agrees_with_the_expected_rate(arrivals):
    window_s = 9_000.0
    numbers = [draw(Traffic(arrivals, window_s), seed).n for seed in range(60)]
    expected = arrivals.expected_rps(window_s) * window_s
    if arrivals.pattern == "constant":
        assert set(numbers) == {round(expected)}
    else:
        assert inside(numbers, expected)


def test_constant_arrivals_come_half_a_gap_in_so_that_windows_fit_end_to_end():
    times = draw(Traffic(Constant(4.0), 2.0), 1).arrival_s
    assert times.tolist() == [0.125, 0.375, 0.625, 0.875, 1.125, 1.375, 1.625, 1.875]
    assert times[0] + 2.0 - times[-1] == 0.25


def test_poisson_gaps_are_exponential_and_independent():
    times = draw(Traffic(Poisson(2.5), 40_000.0), 3).arrival_s
    gaps = np.diff(times)
    assert stats.kstest(gaps, "expon", args=(0, 1 / 2.5)).pvalue > 1e-3
    assert abs(np.corrcoef(gaps[:-1], gaps[1:])[0, 1]) < 4 / math.sqrt(gaps.size)


def test_twice_the_rate_means_the_same_gaps_half_as_long():
    slow = draw(Traffic(Poisson(3.0), 1000.0), 9).arrival_s
    fast = draw(Traffic(Poisson(6.0), 1000.0), 9).arrival_s
    assert fast.size > 1.8 * slow.size
    assert (fast[:slow.size] * 2 == slow).all()


def test_one_step_is_the_same_as_a_poisson_stream():
    steady = draw(Traffic(Poisson(3.0), 500.0), 4).arrival_s
    assert draw(Traffic(Steps([(0, 3.0)]), 500.0), 4).arrival_s == pytest.approx(steady, rel=1e-12)


def test_a_daily_cycle_follows_its_cosine_hour_by_hour():
    daily = Daily(2.0, peak_hour=20.0, peak_to_trough=6.0)
    times = draw(Traffic(daily, 10 * DAY_S), 5).arrival_s
    found = np.bincount((times // 3600).astype(int) % 24, minlength=24)
    edges = 2 * math.pi * (np.arange(25) - 20) / 24
    swing = (6 - 1) / (6 + 1)
    share = (1 + swing * np.diff(np.sin(edges)) / np.diff(edges)) / 24
    assert stats.chisquare(found, share * times.size).pvalue > 1e-3
    assert found.argmax() in (19, 20) and found.argmin() in (7, 8)
    assert daily.rate_rps(20 * 3600) / daily.rate_rps(8 * 3600) == pytest.approx(6.0)


def test_a_daily_window_can_begin_at_any_hour():
    evening = Daily(1.0, 20.0, 9.0, start_hour=19.0)
    assert evening.rate_rps(3600.0) == pytest.approx(1.8)
    assert evening.expected_rps(7200.0) > 1.7
    assert Daily(1.0, 20.0, 9.0, start_hour=7.0).expected_rps(7200.0) < 0.3
    assert evening.expected_rps(DAY_S) == pytest.approx(1.0)


def test_the_thinned_process_is_still_poisson():
    """Variance over mean of the counts at the same minute of many days is 1."""
    counts = [draw(Traffic(Daily(0.5, 12.0, 10.0), 6000.0), seed).n for seed in range(400)]
    ratio = np.var(counts, ddof=1) / np.mean(counts)
    low, high = stats.chi2.ppf([0.0005, 0.9995], 399) / 399
    assert low < ratio < high


def test_thinned_arrivals_are_a_unit_poisson_process_on_the_clock_of_their_rate():
    """The time-rescaling theorem: gaps of the integrated rate are exponential and independent."""
    times = draw(Traffic(Daily(0.5, 12.0, 10.0), DAY_S), 7).arrival_s
    turn = 2 * math.pi * (times / DAY_S - 0.5)
    reached = 0.5 * (times + (10 - 1) / (10 + 1) * np.sin(turn) * DAY_S / (2 * math.pi))
    gaps = np.diff(reached)
    assert stats.kstest(gaps, "expon").pvalue > 1e-3
    assert abs(np.corrcoef(gaps[:-1], gaps[1:])[0, 1]) < 4 / math.sqrt(gaps.size)


def test_steps_change_the_rate_where_they_say():
    times = draw(Traffic(Steps([{"start_s": 100, "rate_rps": 5}, {"start_s": 300, "rate_rps": 0},
                                {"start_s": 400, "rate_rps": 50}]), 500.0), 6).arrival_s
    assert times[0] > 100
    assert not ((times >= 300) & (times < 400)).any()
    first, last = (times < 300).sum(), (times >= 400).sum()
    assert abs(first - 1000) < 4 * math.sqrt(1000)
    assert abs(last - 5000) < 4 * math.sqrt(5000)
    assert stats.kstest(times[times < 300], "uniform", args=(100, 200)).pvalue > 1e-3


def test_a_spike_is_three_steps():
    spike = Spike(2.0, 40.0, 100.0, 50.0)
    assert spike.steps().steps == ((0.0, 2.0), (100.0, 40.0), (150.0, 2.0))
    one, other = (draw(Traffic(pattern, 300.0), 8).arrival_s for pattern in (spike, spike.steps()))
    assert one.tolist() == other.tolist()
    assert spike.expected_rps(300.0) == pytest.approx((250 * 2 + 50 * 40) / 300)
    assert Spike(2.0, 40.0, 0.0, 50.0).steps().steps == ((0.0, 40.0), (50.0, 2.0))


def test_bursts_have_the_mean_and_the_dispersion_of_a_two_state_mmpp():
    """Variance over mean of the counts in t seconds: Fischer and Meier-Hellstern, MMPP cookbook (1993)."""
    bursts = Bursts(0.5, 8.0, mean_quiet_s=90.0, mean_burst_s=30.0)
    t, window_s = 60.0, 30_000.0
    out, back = 1 / 90.0, 1 / 30.0
    mean_rps = (back * 0.5 + out * 8.0) / (out + back)
    assert bursts.expected_rps(window_s) == pytest.approx(mean_rps)
    decay = (out + back) * t
    excess = 2 * out * back * (8.0 - 0.5) ** 2 / ((out + back) ** 2 * (0.5 * back + 8.0 * out))
    dispersion = 1 + excess * (1 - (1 - math.exp(-decay)) / decay)
    assert dispersion > 50
    numbers, ratios = [], []
    for seed in range(60):
        times = draw(Traffic(bursts, window_s), seed).arrival_s
        counts = np.histogram(times, np.arange(0, window_s + 1, t))[0]
        numbers.append(times.size / window_s)
        ratios.append(((counts - mean_rps * t) ** 2).mean() / (mean_rps * t))
    assert inside(numbers, mean_rps)
    assert inside(ratios, dispersion)


def test_bursts_start_in_either_state_by_their_long_run_share():
    begins = [draw(Traffic(Bursts(0.0, 50.0, 300.0, 100.0), 1.0), seed).n > 0 for seed in range(600)]
    assert stats.binomtest(sum(begins), 600, 0.25).pvalue > 1e-3


def test_a_rate_of_zero_draws_an_empty_workload_with_all_columns():
    for arrivals in (Constant(0), Poisson(0), Daily(0), Steps([(0, 0)]), Spike(0, 0), Bursts(0, 0)):
        workload = draw(Traffic(arrivals, 100.0), 1)
        assert workload.n == 0
        assert [getattr(workload, column).size for column in COLUMNS] == [0] * len(COLUMNS)


def test_a_million_requests_are_drawn_in_blocks_that_do_not_show():
    """Had the first block of gaps ended early, the process would go on as if it had been longer."""
    class Short(Dice):
        def stream(self, name):
            more = super().stream(name)
            return lambda n: more(7)

    whole_run = Poisson(2.0).times(Dice(3), 200.0)
    assert Poisson(2.0).times(Short(3), 200.0).tolist() == whole_run.tolist()
    assert Poisson(2.0).times(Dice(3), 200.0).size == whole_run.size > 300


@pytest.mark.parametrize("arrivals", [Constant(30.0), Poisson(30.0), Daily(30.0, 0.5), Steps([(0, 30.0)]),
                                      Spike(30.0, 31.0), Bursts(30.0, 31.0)],
                         ids=lambda arrivals: arrivals.pattern)
def test_more_requests_than_allowed_are_refused_before_they_are_drawn(arrivals, monkeypatch):
    monkeypatch.setattr(Dice, "stream", lambda *_: pytest.fail("dice were thrown"))
    with pytest.raises(WorkloadError, match="at most 1,000 are allowed; lower the rate") as refused:
        draw(Traffic(arrivals, 100.0, max_requests=1000), 1)
    assert is_one_sentence(str(refused.value))


def test_twenty_million_requests_is_the_limit_unless_told():
    with pytest.raises(WorkloadError, match="at most 20,000,000 are allowed"):
        draw(Traffic(Poisson(1000.0), 30_000.0), 1)


def test_bursts_shorter_than_the_clock_can_show_are_refused():
    with pytest.raises(WorkloadError, match="raise mean_quiet_s or mean_burst_s") as refused:
        draw(Traffic(Bursts(0.1, 0.1, 0.001, 0.001), 1e6), 1)
    assert is_one_sentence(str(refused.value))


@pytest.mark.parametrize("steps", [[], 5, "ab", [(0,)], [(0, 1, 2)], [("a", 1)], [(0, -1)], [(5, 1), (5, 2)],
                                   [(5, 1), (3, 2)], [(-1, 1)], [(0, math.nan)], [(math.nan, 1)],
                                   [(0, 1), (math.inf, 1)],
                                   [{"start": 0, "rate_rps": 1}], [{"start_s": 0}], {"start_s": 0}, None])
def test_malformed_steps_are_refused_with_an_example(steps):
    with pytest.raises(ParamError, match=r"write for example \[\[0, 1\], \[600, 50\]\]") as refused:
        Steps(steps)
    assert is_one_sentence(str(refused.value))


# Requests

MIX = (Operation("read", 8.0, 0.01, "exponential", item_bytes=500),
       Operation("write", 2.0, 0.2, "lognormal", work_cv=2.0, threads=2, io_s=0.5,
                 io_distribution="exponential", request_bytes=4096, item_bytes=100,
                 item_distribution="lognormal"),
       Operation("never", 0.0, 9.0))


def test_columns_have_their_types_and_are_read_only():
    workload = draw(Traffic(Poisson(20.0), 100.0, MIX), 1)
    kinds = {column: getattr(workload, column).dtype.kind for column in COLUMNS}
    ints = dict.fromkeys(("operation", "threads", "key", "item_bytes", "request_bytes"), "i")
    assert kinds == ints | dict.fromkeys(("arrival_s", "work_vcpu_s", "io_s"), "f")
    for column in COLUMNS:
        array = getattr(workload, column)
        assert array.shape == (workload.n,)
        assert getattr(workload, column) is array
        with pytest.raises(ValueError):
            array[0] = 1


def test_drawing_does_not_lock_the_arrays_it_is_given():
    times = np.array([0.0, 1.0])
    Workload(Traffic(), 0, times, 10.0)
    times[0] = 0.5


def test_operations_come_in_the_shares_of_their_weights():
    workload = draw(Traffic(Poisson(100.0), 200.0, MIX), 2)
    assert workload.operation_names == ("read", "write", "never")
    found = np.bincount(workload.operation, minlength=3)
    assert found[2] == 0
    assert stats.binomtest(int(found[1]), workload.n, 0.2).pvalue > 1e-3


def test_a_uniform_above_all_rounded_shares_falls_on_the_last_operation_with_weight(monkeypatch):
    tenths = tuple(Operation(str(number), 0.1) for number in range(10)) + (Operation("never", 0.0),)
    assert np.cumsum([0.1] * 10)[-1] < 1
    workload = draw(Traffic(Constant(1.0), 5.0, tenths), 1)
    monkeypatch.setattr(Workload, "uniforms", lambda self, name: np.full(self.n, 1 - 2.0**-53))
    assert workload.operation.tolist() == [9] * 5
    assert workload.threads.tolist() == [1] * 5


def test_operation_work_waiting_size_and_key_are_drawn_independently():
    varied = {"work_distribution": "exponential", "io_distribution": "exponential",
              "item_distribution": "lognormal", "item_cv": 0.3}
    operations = (Operation("a", **varied), Operation("b", **varied))
    workload = draw(Traffic(Constant(1000.0), 20.0, operations, Keys("uniform")), 8)
    columns = [workload.operation, workload.work_vcpu_s, workload.io_s, workload.item_bytes, workload.key]
    correlations = np.corrcoef(columns)[np.triu_indices(5, 1)]
    assert np.abs(correlations).max() < 4 / math.sqrt(workload.n)


def test_each_operation_brings_its_own_work_waiting_and_sizes():
    workload = draw(Traffic(Poisson(100.0), 400.0, MIX), 3)
    reads, writes = workload.operation == 0, workload.operation == 1
    assert stats.kstest(workload.work_vcpu_s[reads], "expon", args=(0, 0.01)).pvalue > 1e-3
    sigma = math.sqrt(math.log(1 + 2.0**2))
    lognormal = stats.lognorm(sigma, scale=0.2 * math.exp(-sigma**2 / 2))
    assert lognormal.mean() == pytest.approx(0.2) and lognormal.std() == pytest.approx(0.4)
    assert stats.kstest(workload.work_vcpu_s[writes], lognormal.cdf).pvalue > 1e-3
    assert set(workload.io_s[reads]) == {0.02}
    assert stats.kstest(workload.io_s[writes], "expon", args=(0, 0.5)).pvalue > 1e-3
    assert set(workload.threads[reads]) == {1} and set(workload.threads[writes]) == {2}
    assert set(workload.request_bytes[reads]) == {1024} and set(workload.request_bytes[writes]) == {4096}
    assert set(workload.item_bytes[reads]) == {500}
    assert inside(workload.item_bytes[writes], 100.0) and workload.item_bytes.min() >= 1


def test_an_item_of_zero_bytes_stays_empty_and_a_small_one_has_a_byte():
    u = np.array([1e-9, 0.5])
    assert Operation(item_bytes=0, item_distribution="lognormal").item(u).tolist() == [0, 0]
    assert Operation(item_bytes=2, item_distribution="lognormal", item_cv=5.0).item(u).min() == 1


@given(st.integers(0, 99), st.floats(0.01, 3), st.integers(1, 5000), st.integers(0, 10**6))
def test_a_request_has_the_same_luck_whatever_else_is_changed(seed, work_vcpu_s, count, size):
    one = Operation(work_distribution="exponential", work_vcpu_s=1.0)
    two = Operation(work_distribution="exponential", work_vcpu_s=work_vcpu_s, io_distribution="lognormal",
                    item_bytes=size, item_distribution="lognormal")
    plain = draw(Traffic(Poisson(5.0), 20.0, one), seed)
    other = draw(Traffic(Poisson(5.0), 20.0, two, Keys("uniform", count)), seed)
    assert other.arrival_s.tolist() == plain.arrival_s.tolist()
    assert other.work_vcpu_s == pytest.approx(work_vcpu_s * plain.work_vcpu_s)


def test_another_operation_in_the_mix_moves_no_key_and_no_arrival():
    one, two = (draw(Traffic(Poisson(5.0), 200.0, operations), 4) for operations in (MIX[:1], MIX))
    assert one.key.tolist() == two.key.tolist() and one.arrival_s.tolist() == two.arrival_s.tolist()
    reads = two.operation == 0
    assert one.work_vcpu_s[reads].tolist() == two.work_vcpu_s[reads].tolist()


@pytest.mark.parametrize("exponent", [0.0, 0.7, 1.0, 1.3, 3.0])
def test_zipf_keys_have_the_frequencies_of_scipy(exponent):
    keys = Keys("zipf", 50, exponent)
    expected = stats.zipfian.pmf(np.arange(1, 51), exponent, 50)
    assert keys.shares() == pytest.approx(expected)
    drawn = draw(Traffic(Constant(100.0), 500.0, keys=keys), 6).key
    found = np.bincount(drawn, minlength=50)
    common = expected * drawn.size >= 5
    found = np.append(found[common], found[~common].sum())
    expected = np.append(expected[common], expected[~common].sum()) * drawn.size
    keep = expected > 0
    assert stats.chisquare(found[keep], expected[keep]).pvalue > 1e-3


def test_zipf_with_a_huge_exponent_knows_one_key():
    assert Keys("zipf", 1000, 1000.0).draw(np.array([1e-12, 0.5, 1 - 2**-53])).tolist() == [0, 0, 0]


def test_a_hot_key_gets_its_share_and_the_others_the_rest_evenly():
    keys = Keys("hot", 11, hot_share=0.3)
    drawn = draw(Traffic(Constant(100.0), 200.0, keys=keys), 7).key
    found = np.bincount(drawn, minlength=11)
    assert keys.shares().tolist() == pytest.approx([0.3] + [0.07] * 10)
    assert stats.chisquare(found, keys.shares() * drawn.size).pvalue > 1e-3


@given(st.sampled_from(["zipf", "uniform", "hot"]), st.integers(1, 10_000), st.floats(0, 5), st.floats(0, 1))
def test_keys_are_within_range_and_follow_the_uniforms(popularity, count, exponent, hot_share):
    keys = Keys(popularity, count, exponent, hot_share)
    u = np.array([2.0**-54, 1e-9, 0.1, 0.25, 0.5, 0.75, 0.999999, 1 - 2.0**-53])
    drawn = keys.draw(u)
    assert drawn.dtype == np.int64
    assert drawn.min() >= 0 and drawn.max() < count
    assert (np.diff(drawn) >= 0).all()
    assert keys.shares().sum() == pytest.approx(1.0)


# Traffic


def test_a_window_is_an_hour_unless_told():
    assert Traffic(Poisson(1.0)).window_s == 3600.0
    assert draw(Traffic(Poisson(1.0)), 1).window_s == 3600.0


@pytest.mark.parametrize(("window_s", "told", "windows"), [
    (3600.0, None, 730.0), (120.0, None, 21_900.0), (120.0, 1.0, 1.0), (DAY_S, 30.0, 30.0),
    (730 * 7200.0, None, 0.5), (120.0, 0.0, 0.0), (3600.0, 730.0, 730.0)])
def test_a_month_has_730_hours_of_windows_unless_told(window_s, told, windows):
    assert Traffic(Poisson(1.0), window_s, windows_per_month=told).month_windows() == pytest.approx(windows)


def test_windows_that_do_not_fit_into_a_month_are_refused():
    with pytest.raises(ParamError, match="has room for 30.4167 windows of 86,400 s") as refused:
        Traffic(Poisson(1.0), DAY_S, windows_per_month=31)
    assert is_one_sentence(str(refused.value))


def test_quiet_traffic_is_a_plain_stream_of_the_same_requests():
    sale = Traffic(Spike(1, 500, 10, 20), 120.0, MIX, Keys("hot", 5), 1.0, quiet_rps=0.25)
    quiet = sale.quiet(7200.0)
    assert quiet == Traffic(Poisson(0.25), 7200.0, MIX, Keys("hot", 5))
    assert quiet.month_windows() == pytest.approx(365.0)


@pytest.mark.parametrize(("wrong", "says"), [
    ({"arrivals": 5}, "Traffic.arrivals is 5"), ({"operations": ()}, "at least|must hold one Operation"),
    ({"operations": (1,)}, "must hold one Operation"), ({"keys": "zipf"}, "must be Keys"),
    ({"operations": (Operation(), Operation())}, "two operations named 'read'"),
    ({"operations": (Operation(weight=0),)}, "no weight at all"), ({"window_s": 0}, "Traffic.window_s is 0"),
    ({"max_requests": 0}, "Traffic.max_requests is 0"), ({"quiet_rps": -1}, "Traffic.quiet_rps is -1")])
def test_traffic_of_the_wrong_make_is_refused_with_the_cure(wrong, says):
    with pytest.raises(ParamError, match=says) as refused:
        Traffic(**wrong)
    assert is_one_sentence(str(refused.value))


def test_one_operation_may_stand_for_a_list_of_one():
    assert Traffic(operations=Operation("a")).operations == (Operation("a"),)


@pytest.mark.parametrize("pattern", [name for name in PATTERNS if name != "trace"])
def test_every_pattern_is_made_from_its_name_alone(pattern):
    made = arrivals_from({"pattern": pattern})
    assert type(made) is PATTERNS[pattern] and made == PATTERNS[pattern]()
    assert made.pattern == pattern


def test_every_number_of_the_patterns_has_a_unit_or_is_a_ratio_and_is_documented():
    units = {"_rps": "requests/s", "_hour": "h", "_bytes": "bytes", "_vcpu_s": "vCPU-s"}
    for kind in (*PATTERNS.values(), Operation, Keys, Traffic):
        assert kind.__doc__ and all(declared.doc for declared in parameters(kind))
        for declared in parameters(kind):
            for suffix, unit in units.items():
                if declared.name.endswith(suffix):
                    assert declared.unit == unit


@pytest.mark.parametrize(("mapping", "says"), [
    (None, "must say a pattern, one of constant, poisson"), ({}, "must say a pattern"),
    ([1], "must say a pattern"),
    ({"pattern": "poison", "rate_rps": 5}, "pattern 'poison', but it must be one of .*poisson"),
    ({"pattern": ["poisson"]}, "must be one of constant"),
    ({"pattern": "poisson", "rate_rpm": 5}, "unknown field 'rate_rpm'; did you mean rate_rps"),
    ({"pattern": "poisson", "rate_rps": "5/s"}, "write only the number; its unit is requests/s"),
    ({"pattern": "poisson", "rate_rps": -5}, "must be between 0 and"),
    ({"pattern": "daily", "peak_hour": 25}, "between 0 and 24 h")])
def test_malformed_arrivals_in_a_file_name_the_place_and_what_is_allowed(mapping, says):
    with pytest.raises(ParamError, match=says) as refused:
        arrivals_from(mapping, "shop.yaml: traffic: arrivals")
    assert str(refused.value).startswith("shop.yaml: traffic: arrivals")
    assert is_one_sentence(str(refused.value))


def test_traffic_is_built_from_plain_mappings():
    traffic = traffic_from({
        "window_s": 600, "arrivals": {"pattern": "steps", "steps": [[0, 1], [60, 2]]},
        "operations": [{"name": "a", "weight": 3}, {"name": "b", "work_vcpu_s": 1}],
        "keys": {"popularity": "hot", "count": 7}, "windows_per_month": 2, "quiet_rps": 0.1,
        "max_requests": 1000})
    operations = (Operation("a", 3), Operation("b", work_vcpu_s=1))
    steps = Steps([(0.0, 1.0), (60.0, 2.0)])
    assert traffic == Traffic(steps, 600, operations, Keys("hot", 7), 2, 0.1, 1000)
    assert traffic_from({"arrivals": {"pattern": "poisson"}}) == Traffic()


@pytest.mark.parametrize(("mapping", "says"), [
    (None, "traffic must say what arrives"), ({"window_s": 5}, "traffic must say what arrives"),
    ({"arrivals": {"pattern": "poisson"}, "window": 5}, "traffic has an unknown field 'window'"),
    ({"arrivals": {"pattern": "poisson"}, "operations": {}}, "operations must be a list"),
    ({"arrivals": {"pattern": "poisson"}, "operations": []}, "operations must be a list"),
    ({"arrivals": {"pattern": "poisson"}, "operations": [{}, {"wieght": 1}]},
     "operations entry 2 has an unknown field 'wieght'; did you mean weight"),
    ({"arrivals": {"pattern": "poisson"}, "keys": {"popularity": "zipfian"}}, "keys: .*one of zipf, uniform"),
    ({"arrivals": {"pattern": "poisson"}, "window_s": "1 h"}, "write only the number; its unit is s")])
def test_malformed_traffic_in_a_file_names_the_place_and_what_is_allowed(mapping, says):
    with pytest.raises(ParamError, match=says) as refused:
        traffic_from(mapping)
    assert is_one_sentence(str(refused.value))
