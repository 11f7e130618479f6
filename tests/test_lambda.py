"""The Lambda process against figures worked by hand and measured by others."""

import csv
import statistics
from pathlib import Path

import numpy as np
import pytest
from scenes import ONE_VCPU, arriving_at, play, steady_function

from simlib import Lambda, ParamError, facts
from simlib.cpu_quota import wall_time_s


def spans(result):
    return result.spans.to_dict("records")


def test_the_most_recently_used_environment_serves_next():
    """Two overlapping calls (0-2 s, 1-2.5 s) make environments 1 and 2; 2 became idle last, so it serves at 3 s."""
    result = play(arriving_at([0.0, 1.0, 3.0], io_s=2.0), steady_function())
    assert [span["resource"] for span in spans(result)] == [1, 2, 2]
    assert [span["cold"] for span in spans(result)] == [True, True, False]


def test_an_environment_idle_exactly_as_long_as_the_keep_alive_has_expired():
    """It becomes idle at 1 s and lives 10 s: the call at 11 s finds it gone, one at 10.5 s would have met it."""
    function = steady_function(keep_alive_s=10.0)
    assert play(arriving_at([0.0, 11.0], io_s=1.0), function).summary()["cold_starts"] == 2
    assert play(arriving_at([0.0, 10.5], io_s=1.0), function).summary()["cold_starts"] == 1


def test_a_completion_at_the_instant_of_an_arrival_frees_its_environment_first():
    """The first call ends at 1 s exactly when the second arrives: one environment is enough."""
    result = play(arriving_at([0.0, 1.0], io_s=1.0), steady_function(account_concurrency=1))
    assert [span["status"] for span in spans(result)] == [200, 200]


def test_a_call_beyond_the_limit_is_throttled_at_once_and_not_billed():
    """Limit 1, calls at 0 and 0.5 s of 1 s each: the second is a 429 of zero length."""
    result = play(arriving_at([0.0, 0.5], io_s=1.0), steady_function(account_concurrency=1))
    first, second = spans(result)
    assert (second["status"], second["start_s"], second["end_s"]) == (429, 0.5, 0.5)
    assert (first["billed_ms"], second["billed_ms"]) == (1000, 0)


def test_reserved_zero_throttles_everything():
    result = play(arriving_at([0.0, 1.0, 2.0]), steady_function(reserved_concurrency=0))
    assert set(result.status) == {429}


def test_the_request_rate_quota_is_ten_times_the_concurrency():
    """Limit 2 allows a burst of 20 calls and 20 a second: of 30 at once, ten fail although none takes any time."""
    result = play(arriving_at([0.0] * 30, io_s=0.0), steady_function(account_concurrency=2))
    assert (result.status == 429).sum() == 10
    later = play(arriving_at([0.0] * 20 + [0.5] * 11), steady_function(account_concurrency=2))
    assert (later.status == 429).sum() == 1


def test_init_and_duration_are_billed_as_one_sum():
    """AWS Compute Blog, 2025-04-29: INIT 100.77 ms + duration 250.06 ms = 351 ms; duration alone is 251 ms."""
    function = steady_function(init_s=0.10077)
    traffic = arriving_at([0.0, 10.0], io_s=0.25006)
    after = spans(play(traffic, function, date="2025-08-01"))
    assert [span["billed_ms"] for span in after] == [351, 251]
    before = spans(play(traffic, function, date="2025-07-31"))
    assert [span["billed_ms"] for span in before] == [251, 251]
    image = steady_function(init_s=0.10077, package="image")
    assert spans(play(traffic, image, date="2025-07-31"))[0]["billed_ms"] == 351


def test_before_december_2020_duration_was_rounded_to_100_ms():
    traffic = arriving_at([0.0], io_s=0.201)
    assert spans(play(traffic, steady_function(), date="2020-11-30"))[0]["billed_ms"] == 300
    assert spans(play(traffic, steady_function(), date="2020-12-01"))[0]["billed_ms"] == 201


def test_a_whole_number_of_milliseconds_is_not_rounded_up():
    """1.1 s is 1100.0000000000002 ms in binary floating point and must stay 1,100 ms."""
    for seconds in (0.12, 0.29, 0.57, 1.1, 2.3):
        assert spans(play(arriving_at([0.0], io_s=seconds), steady_function()))[0]["billed_ms"] == round(
            seconds * 1000)


def test_the_timeout_ends_the_call_bills_it_in_full_and_costs_the_environment():
    result = play(arriving_at([0.0, 100.0], io_s=5.0), steady_function(timeout_s=3))
    first, second = spans(result)
    assert (first["status"], first["end_s"], first["billed_ms"]) == (461, 3.0, 3000)
    assert second["cold"]


def test_init_beyond_ten_seconds_is_played_again_inside_the_call():
    """12 s of INIT: cut at 10 s, then 12 s again under the function's timeout, then 1 s of work: 23 s in all."""
    result = play(arriving_at([0.0], io_s=1.0), steady_function(init_s=12.0))
    span, = spans(result)
    assert span["end_s"] == pytest.approx(23.0)
    assert span["billed_ms"] == 23_000


def test_cold_start_time_is_the_sum_of_its_parts():
    function = steady_function(platform_s=0.1, init_s=0.3, first_handler_s=0.05)
    span, = spans(play(arriving_at([0.0], io_s=1.0), function))
    assert span["end_s"] == pytest.approx(1.45)
    assert span["init_s"] == pytest.approx(0.4)
    assert span["work_s"] == pytest.approx(1.05)
    assert span["billed_ms"] == 1350


def test_speed_follows_memory_up_to_one_vcpu_per_thread():
    """1 vCPU-second: 1,769 MB take 1 s; 3,538 MB need two threads to take 0.5 s; four threads gain nothing more."""
    assert float(Lambda(memory_mb=ONE_VCPU).run_time_s(1.0, 1)) == 1.0
    assert float(Lambda(memory_mb=2 * ONE_VCPU).run_time_s(1.0, 1)) == 1.0
    assert float(Lambda(memory_mb=2 * ONE_VCPU).run_time_s(1.0, 2)) == 0.5
    assert float(Lambda(memory_mb=2 * ONE_VCPU).run_time_s(1.0, 4)) == 0.5


def test_long_work_at_half_a_vcpu_takes_twice_as_long():
    assert float(wall_time_s(np.array([30.0]), 0.5)[0]) == pytest.approx(60.0, rel=1e-3)


def test_wall_time_never_falls_with_work_and_is_never_below_it():
    work = np.linspace(0, 3, 2000)
    for share in (0.07, 0.3, 0.5, 0.77, 0.999):
        wall = wall_time_s(work, share)
        assert (np.diff(wall) >= 0).all()
        assert (wall >= work - 1e-12).all()
        assert (wall <= work / share + 0.020).all()


def test_the_cpu_quota_explains_195_measured_memory_sizes():
    """Median run times of one 17.3 ms function at 195 sizes (EuroSys 26): 5 % off on average, half within 1 %."""
    path = Path(__file__).parent / "data" / "memory_cpu_curve.csv"
    with path.open(encoding="utf-8") as file:
        measured = [(float(row["memory_mb"]), float(row["p50_ms"])) for row in csv.DictReader(file)]
    assert len(measured) == 195
    errors = [abs(float(wall_time_s(np.array([0.0173]), mb / ONE_VCPU)[0]) * 1000 / p50 - 1)
              for mb, p50 in measured]
    assert statistics.mean(errors) < 0.055
    assert statistics.median(errors) < 0.01
    proportional = [abs(17.3 / min(1, mb / ONE_VCPU) / p50 - 1) for mb, p50 in measured]
    assert statistics.mean(proportional) > 4 * statistics.mean(errors)


def test_cold_start_quantiles_are_the_measured_ones():
    """lambda-perf, 2025-04 to 2026-03: python3.13 zip x86: the drawn median and p99 are those of the table."""
    measured = facts.cold_start("python3.13", "x86_64", "zip")
    u = (np.arange(100_000) + 0.5) / 100_000
    init_ms = Lambda(runtime="python3.13").cold_starts(u, u, u).init_s * 1000
    assert np.quantile(init_ms, 0.5) == pytest.approx(np.interp(0.5, measured.probability, measured.init_ms), rel=1e-3)
    assert np.quantile(init_ms, 0.99) == pytest.approx(np.interp(0.99, measured.probability, measured.init_ms),
                                                       rel=1e-2)


@pytest.mark.parametrize(("memory_mb", "measured_ms"), [(128, 841.59), (256, 412.29), (512, 198.05), (1024, 89.41)])
def test_the_first_dotnet_call_slows_down_with_less_memory_as_measured(memory_mb, measured_ms):
    """lambda-perf, dotnet10 x86 zip: median time of the first handler call at four sizes, within 15 %."""
    half = np.array([0.5])
    first = Lambda(memory_mb=memory_mb, runtime="dotnet10").cold_starts(half, half, half).first_s[0]
    assert first * 1000 == pytest.approx(measured_ms, rel=0.15)


def test_idle_environments_die_as_measured_in_2025():
    """EuroSys 26 data: 8 of 100 were gone after 300 s, 68 after 330 s, all after 360 s."""
    u = (np.arange(100_000) + 0.5) / 100_000
    lifetime = Lambda(keep_alive="2025").idle_lifetimes_s(u)
    assert (lifetime <= 300).mean() == pytest.approx(0.08, abs=0.01)
    assert (lifetime <= 330).mean() == pytest.approx(0.68, abs=0.01)
    assert lifetime.max() <= 360


def test_half_of_the_idle_environments_were_stopped_every_380_s_in_2020():
    """SeBS (2021): of D environments D x 2^-floor(t/380 s) are left."""
    u = (np.arange(100_000) + 0.5) / 100_000
    lifetime = Lambda(keep_alive="2020-01").idle_lifetimes_s(u)
    for halvings in (1, 2, 3):
        assert (lifetime <= 380 * halvings + 1).mean() == pytest.approx(1 - 0.5**halvings, abs=0.02)


@pytest.mark.parametrize("field", ["memory_mb", "timeout_s", "ephemeral_storage_mb", "architecture", "runtime"])
def test_a_value_out_of_range_is_named_with_what_is_allowed(field):
    wrong = {"memory_mb": 64, "timeout_s": 901, "ephemeral_storage_mb": 511, "architecture": "riscv",
             "runtime": "cobol85"}[field]
    with pytest.raises(ParamError, match=rf"Lambda\.{field} is .*must be"):
        Lambda(**{field: wrong})
