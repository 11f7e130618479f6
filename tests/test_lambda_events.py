"""Asynchronous events against AWS's rules, worked by hand, and their conservation under random failure."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import arriving_at, play, steady_function

from simlib import Lambda, Scenario, Traffic, simulate
from simlib.pricing import usage
from simlib.services.lambda_.events import count_events, is_invocation


def attempts(result):
    frame = result.spans
    return frame[is_invocation(frame.status.to_numpy())]


def event(function, traffic=None, **scenario):
    return play(traffic or arriving_at([0.0], io_s=1.0), function, **scenario)


def test_the_caller_of_an_event_does_not_wait():
    result = event(steady_function(invocation="event"))
    assert (result.status[0], result.latency_s[0]) == (202, 0.0)
    assert attempts(result).end_s.tolist() == [1.0]


def test_a_function_error_is_retried_after_one_and_two_minutes():
    """AWS: three attempts in all. 1 s each: 0-1 s, 61-62 s, 182-183 s; then the event is given up."""
    result = event(steady_function(invocation="event", error_rate=1.0, on_failure="queue"))
    assert attempts(result).start_s.tolist() == [0.0, 61.0, 182.0]
    counts = count_events(result.of(0))
    assert (counts.dead_lettered, counts.succeeded, counts.dropped) == (1, 0, 0)


def test_without_a_queue_for_failures_the_event_is_dropped():
    result = event(steady_function(invocation="event", error_rate=1.0, maximum_retry_attempts=0))
    assert len(attempts(result)) == 1
    assert count_events(result.of(0)).dropped == 1


def test_an_event_throttled_for_20_minutes_is_processed_at_its_next_attempt():
    """One environment, which two other events of 600 s keep busy from 0 to 600 s and from 600 to 1,200 s. The event
    is throttled at 0, 1, 3, 7, 15, 31, 63, 127, 255 and 511 s (pauses of 1, 2, 4 ... 256 s) and then every 300 s: at
    811 and 1,111 s. The environment is free at 1,200 s, but the next attempt comes at 1,411 s: it runs to 2,011 s."""
    function = steady_function(invocation="event", account_concurrency=1)
    result = event(function, arriving_at([0.0, 0.0, 600.0], window_s=4000, io_s=600.0))
    frame = attempts(result)
    waiting = frame[frame.request == 1]
    assert waiting.start_s.tolist() == [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1111, 1411]
    assert waiting.status.tolist() == [429] * 12 + [200]
    assert frame[frame.request == 2].start_s.tolist() == [600.0]
    assert result.spans.query("request == 1 and status == 299").end_s.tolist() == [2011.0]
    counts = [count_events(result.of(0), moment) for moment in (100, 1199, 1300, 2011)]
    assert [each.waiting for each in counts] == [1, 1, 1, 0]
    assert [each.in_flight for each in counts] == [1, 1, 0, 0]


def test_an_event_expires_at_its_maximum_age():
    """Nothing may run (reserved 0) and the age is 60 s: attempts at 0, 1, 3, 7, 15, 31 s; the next would be at 63 s."""
    function = steady_function(invocation="event", reserved_concurrency=0, maximum_event_age_s=60)
    result = event(function)
    assert attempts(result).start_s.tolist() == [0, 1, 3, 7, 15, 31]
    ended = result.spans.query("status == 561")
    assert ended.end_s.tolist() == [60.0]


def test_six_hours_of_throttling_are_81_attempts():
    """Pauses 1, 2 ... 256 s sum to 511 s (10 attempts); then every 300 s until 21,600 s: 70 more."""
    result = event(steady_function(invocation="event", reserved_concurrency=0))
    assert len(attempts(result)) == 10 + int((21_600 - 511) // 300)


def test_an_event_of_300_kb_counts_as_two_requests():
    """AWS: one request up to 256 KB, one more for each started 64 KB above: 300 KB = 2, 400 KB = 4."""
    for kb, requests in ((256, 1), (300, 2), (400, 4)):
        traffic = arriving_at([0.0], request_bytes=kb * 1024)
        assert usage(event(steady_function(invocation="event"), traffic))["lambda.requests"] == requests


def test_events_do_not_count_against_the_request_rate_quota():
    """Concurrency 10 allows 100 synchronous calls at once even when they take no time; events are not limited so."""
    result = event(steady_function(invocation="event", account_concurrency=10), arriving_at([0.0] * 150))
    assert (attempts(result).status == 429).sum() == 0


def test_a_duplicate_is_a_second_delivery():
    result = event(steady_function(invocation="event", duplicate_rate=1.0))
    assert count_events(result.of(0)).delivered == 2
    assert len(attempts(result)) == 2


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000), count=st.integers(1, 40), spread_s=st.floats(0, 300), errors=st.floats(0, 1),
    limit=st.integers(0, 5), age_s=st.integers(60, 2000), retries=st.integers(0, 2), duplicates=st.floats(0, 1),
    queue=st.booleans(), at_s=st.floats(0, 3000), work_s=st.floats(0, 50), timeout_s=st.integers(1, 60))
def test_every_event_is_somewhere_at_every_moment(seed, count, spread_s, errors, limit, age_s, retries, duplicates,
                                                  queue, at_s, work_s, timeout_s):
    """Deliveries = succeeded + in the failure queue + dropped + waiting + in flight, duplicates counted; in the end
    nothing waits or flies."""
    function = Lambda(invocation="event", error_rate=errors, reserved_concurrency=limit, maximum_event_age_s=age_s,
                      maximum_retry_attempts=retries, duplicate_rate=duplicates, timeout_s=timeout_s,
                      on_failure="queue" if queue else "none")
    base = arriving_at(np.linspace(0, spread_s, count).tolist(), io_s=work_s, io_distribution="exponential")
    result = simulate(Scenario((function,), Traffic(arrivals=base.arrivals, window_s=spread_s + 1,
                                                    operations=base.operations)), seed)
    for moment in (at_s, np.inf):
        counts = count_events(result.of(0), moment)
        parts = (counts.succeeded, counts.dead_lettered, counts.dropped, counts.waiting, counts.in_flight)
        assert min(parts) >= 0
        assert sum(parts) == counts.delivered
    assert counts.waiting == counts.in_flight == 0
    assert count <= counts.delivered <= 2 * count
    assert (counts.dead_lettered == 0) if not queue else (counts.dropped == 0)
    frame = attempts(result)
    assert counts.succeeded == (frame.status == 200).sum()
