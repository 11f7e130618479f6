"""The client: round trips, deadlines, retries."""

import numpy as np
import pytest
from scenes import arriving_at, play, steady_function

from simlib import Client, FactError, simulate
from simlib.engine import Scenario


def test_a_user_waits_for_the_round_trip_as_well():
    result = play(arriving_at([0.0], io_s=1.0), Client(last_mile_ms=40), steady_function())
    assert result.latency_s[0] == pytest.approx(1.040)
    assert result.parts_s["network"][0] == pytest.approx(0.040)


def test_a_user_near_seoul_calls_virginia_over_the_measured_round_trip():
    """Ping of 2020-06-05 between the two Regions, both directions on record: between 170 and 190 ms."""
    seconds = Client(last_mile_ms=0, from_region="ap-northeast-2").round_trip_s("us-east-1")
    assert 0.170 < seconds < 0.190


def test_a_throttled_call_is_tried_again_and_the_wait_is_the_users():
    """Limit 1; the first call holds it for 0.2 s; the second is throttled, backs off and is served in the end."""
    client = Client(last_mile_ms=0, max_attempts=10)
    result = play(arriving_at([0.0, 0.1], io_s=0.2), client, steady_function(account_concurrency=1))
    assert list(result.status) == [200, 200]
    assert result.parts_s["retries"][1] > 0
    assert result.latency_s[1] == pytest.approx(result.parts_s["retries"][1] + 0.2)


def test_after_the_last_attempt_the_user_gets_the_error():
    result = play(arriving_at([0.0]), Client(last_mile_ms=0, max_attempts=3), steady_function(reserved_concurrency=0))
    assert result.status[0] == 429
    assert len(result.spans) == 1 + 3


def test_back_off_is_uniform_below_a_doubling_ceiling():
    """Full jitter: pauses of the first and second retry average 0.5 and 1.0 s and stay below 1 and 2 s."""
    traffic = arriving_at(np.arange(4000) * 100.0)
    scenario = Scenario((Client(last_mile_ms=0, max_attempts=3), steady_function(reserved_concurrency=0)), traffic)
    frame = simulate(scenario, seed=3).spans.query("service == 'Lambda'")
    pauses = frame.groupby("request").start_s.apply(lambda at: np.diff(np.sort(at)))
    first, second = np.array([pair[0] for pair in pauses]), np.array([pair[1] for pair in pauses])
    for pause, ceiling in ((first, 1.0), (second, 2.0)):
        assert 0 < pause.min() and pause.max() < ceiling
        assert abs(pause.mean() - ceiling / 2) < 4 * ceiling / np.sqrt(12 * len(pause))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.06


def test_failures_back_off_from_a_lower_ceiling_than_throttles():
    """AWS SDK defaults since 2026-11: 50 ms after a transient failure, 1 s after throttling."""
    slow = arriving_at([0.0], io_s=5.0)
    client = Client(last_mile_ms=0, timeout_s=1, max_attempts=2)
    retried = play(slow, client, steady_function()).parts_s["retries"][0]
    assert 2.0 < retried < 2.05


def test_a_late_answer_is_a_failure_although_the_function_is_billed():
    result = play(arriving_at([0.0], io_s=5.0), Client(last_mile_ms=0, timeout_s=2, max_attempts=1), steady_function())
    assert (result.status[0], result.latency_s[0]) == (504, 2.0)
    assert result.spans.query("service == 'Lambda'").billed_ms.tolist() == [5000]


def test_an_answer_at_the_very_deadline_still_counts():
    result = play(arriving_at([0.0], io_s=2.0), Client(last_mile_ms=0, timeout_s=2, max_attempts=1), steady_function())
    assert result.status[0] == 200


def test_an_unknown_region_is_refused_in_one_sentence():
    with pytest.raises(FactError, match="mars-north-1"):
        Client(from_region="mars-north-1")
