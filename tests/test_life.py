"""One request's life and the environments' lanes, worked by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import arriving_at, play, steady_function

from simlib import Client, Ec2, ParamError
from simlib.life import lanes_of, life_of


def parts(segments):
    return [(each.attempt, each.part, round(each.start_s, 6), round(each.end_s, 6)) for each in segments]


def test_a_cold_request_crosses_the_network_starts_up_and_works():
    """40 ms round trip, 0.3 s of start-up, 1 s of work."""
    function = steady_function(platform_s=0.1, init_s=0.2)
    cold = life_of(play(arriving_at([0.0, 5.0], io_s=1.0), Client(last_mile_ms=40), function), 0)
    assert parts(cold) == [(1, "network", 0, 0.02), (1, "init", 0.02, 0.32), (1, "work", 0.32, 1.32),
                           (1, "network", 1.32, 1.34)]
    warm = life_of(play(arriving_at([0.0, 5.0], io_s=1.0), Client(last_mile_ms=40), function), 1)
    assert [each.part for each in warm] == ["network", "work", "network"]


def test_a_throttled_attempt_is_followed_by_a_pause_and_another_attempt():
    result = play(arriving_at([0.0, 0.1], io_s=0.2), Client(last_mile_ms=20, max_attempts=9),
                  steady_function(account_concurrency=1))
    life = life_of(result, 1)
    assert life[0].attempt == 1 and life[0].status == 429
    assert "retries" in [each.part for each in life]
    assert life[-1].status == 200


def test_an_attempt_ends_for_its_user_when_the_client_turns_away():
    """Client 2 s, work 5 s, one attempt: 2 s of it are seen."""
    result = play(arriving_at([0.0], io_s=5.0), Client(last_mile_ms=0, timeout_s=2, max_attempts=1), steady_function())
    assert parts(life_of(result, 0)) == [(1, "work", 0, 2.0)]


def test_a_request_that_does_not_exist_is_named():
    with pytest.raises(ParamError, match="only 0 to 0"):
        life_of(play(arriving_at([0.0]), steady_function()), 1)


@settings(max_examples=12)
@given(seed=st.integers(0, 1000), rate=st.floats(0.5, 20), limit=st.integers(1, 5), timeout_s=st.floats(0.1, 3))
def test_the_segments_of_a_life_fill_the_time_its_user_waited(seed, rate, limit, timeout_s):
    times = np.cumsum(np.random.default_rng(seed).exponential(1 / rate, 15)).tolist()
    client = Client(last_mile_ms=30, timeout_s=timeout_s, max_attempts=3)
    for service in (steady_function(account_concurrency=limit, init_s=0.3),
                    Ec2(instances=1, zones=1, instance_type="m7g.medium", queue_limit=2)):
        result = play(arriving_at(times, io_s=0.5, io_distribution="exponential"), client, service, seed=seed)
        for request in range(result.n):
            life = life_of(result, request)
            assert sum(each.length_s for each in life) == pytest.approx(result.latency_s[request], abs=1e-9)
            for before, after in zip(life, life[1:]):
                assert after.start_s == pytest.approx(before.end_s, abs=1e-9)


def test_lanes_show_that_the_last_used_environment_serves_next():
    """Two calls at once make lanes 0 and 1; the call at 5 s goes to the lane that became idle last."""
    result = play(arriving_at([0.0, 0.1, 5.0], window_s=10, io_s=1.0), steady_function(init_s=0.5))
    lanes = lanes_of(result)
    assert lanes.numbers == (1, 2)
    busy = [(lane, start_s) for lane, kind, start_s, _ in lanes.bars if kind == "busy"]
    assert busy == [(0, 0.5), (1, pytest.approx(0.6)), (1, 5.0)]
    assert [(lane, end_s - start_s) for lane, kind, start_s, end_s in lanes.bars if kind == "init"] == [
        (0, 0.5), (1, pytest.approx(0.5))]


def test_throttled_calls_have_no_lane_and_too_many_lanes_are_counted():
    result = play(arriving_at([0.0] * 8, window_s=10, io_s=1.0), steady_function(account_concurrency=5))
    lanes = lanes_of(result, most=3)
    assert (len(lanes.numbers), lanes.hidden, len(lanes.throttled_s)) == (3, 2, 3)


def test_provisioned_environments_have_lanes_before_anybody_comes():
    result = play(arriving_at([0.0], window_s=10, io_s=1.0), steady_function(provisioned_concurrency=3))
    lanes = lanes_of(result)
    assert lanes.numbers == (-1, -2, -3)
    assert [kind for _, kind, _, _ in lanes.bars].count("idle") == 3
