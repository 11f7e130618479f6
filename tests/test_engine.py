"""The engine, worked by hand: order of equal times, deadlines, luck that stays put, what a Result tells."""

import math
import struct

import numpy as np
import pandas as pd
import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import NO_COLD_START, arriving_at, play, steady_function
from strategies import SCENARIOS

from simlib import (
    Client,
    CloudWatchLogs,
    Ec2,
    FactError,
    Lambda,
    Operation,
    ParamError,
    Poisson,
    Scenario,
    Traffic,
    bill,
    draw,
    on_simpy,
    simulate,
)
from simlib.result import SPAN
from simlib.services.base import (
    ARRIVAL,
    CALLS_PER_CALL,
    CAPACITY,
    COMPLETION,
    EXPIRY,
    MOST_LEVELS,
    TIMEOUT,
    Shown,
    first_call,
)

ONE_WORKER = Ec2(instance_type="m7g.medium", instances=1, zones=1, load_balancer=False)
NEAR = {"last_mile_ms": 0.0}
BUSY = Traffic(
    arrivals=Poisson(rate_rps=5),
    window_s=600,
    operations=Operation(work_vcpu_s=0.2, work_distribution="exponential", io_s=0.1),
)


def spans_of(result, position):
    """The spans of one service as a DataFrame by request and call."""
    return pd.DataFrame(result.of(position)).sort_values(["request", "call"], ignore_index=True)


# What happens first ---------------------------------------------------------------------------------------


def new_run(traffic=BUSY):
    environment = simpy.Environment()
    return environment, on_simpy.SimpyRun(environment, 0, Scenario((Lambda(),), traffic), draw(traffic), Shown())


MOMENTS = st.lists(
    st.tuples(
        st.sampled_from([1.0, 2.0]),
        st.sampled_from([COMPLETION, TIMEOUT, EXPIRY, CAPACITY, ARRIVAL]),
        st.integers(0, 2**30 - 1),
        st.integers(0, 2**30 - 1),
    ),
    max_size=30,
)


@given(MOMENTS)
def test_at_equal_times_completions_come_first_then_timeouts_expiries_capacity_and_arrivals(moments):
    """Then the lower request, then the lower call; numbers up to the highest that the engine gives out."""
    environment, run = new_run()
    happened = []
    for moment in moments:
        run.at(*moment).callbacks.append(lambda _, moment=moment: happened.append(moment))
    environment.run()
    assert COMPLETION < TIMEOUT < EXPIRY < CAPACITY < ARRIVAL
    assert happened == sorted(moments)


def test_of_two_requests_at_one_instant_the_first_gets_the_last_place():
    result = play(arriving_at([3.0, 3.0], io_s=1.0), steady_function(account_concurrency=1))
    assert list(result.status) == [200, 429]


def test_a_function_that_times_out_frees_its_place_before_the_next_arrival():
    """Limit 1, timeout 1 s: the call at 1.0 s is let in (and times out in turn), one at 0.9 s is not."""
    function = steady_function(account_concurrency=1, timeout_s=1)
    assert list(play(arriving_at([0.0, 1.0], io_s=5.0), function).status) == [461, 461]
    assert list(play(arriving_at([0.0, 0.9], io_s=5.0), function).status) == [461, 429]


def test_work_as_long_as_the_timeout_is_still_in_time():
    result = play(arriving_at([0.0], io_s=1.0), steady_function(timeout_s=1))
    assert list(result.status) == [200]


def test_a_worker_freed_at_an_instant_is_free_for_the_arrival_of_that_instant():
    """One worker, calls of 1 s, no queue; then one in line, who goes before the one who arrives."""
    no_queue = Ec2(instance_type="m7g.medium", instances=1, zones=1, queue_limit=0)
    assert list(play(arriving_at([0.0, 1.0], io_s=1.0), no_queue).status) == [200, 200]
    one_waits = Ec2(instance_type="m7g.medium", instances=1, zones=1, queue_limit=1)
    result = play(arriving_at([0.0, 0.5, 1.0], io_s=1.0), one_waits)
    assert list(result.latency_s) == [1.0, 1.5, 2.0]


# Deadlines ------------------------------------------------------------------------------------------------


class RacedRun(on_simpy.SimpyRun):
    """Deadlines the plain way: every single one is an event, and whichever is first wins."""

    def within(self, deadline_s, activity, request, call, callers=None):
        verdict = on_simpy.Signal(self.env)
        verdict.answer = None
        verdict.open = True

        def settle(answer):
            if verdict.open:
                verdict.open, verdict.answer = False, answer
                callbacks, verdict.callbacks = verdict.callbacks, []
                for callback in callbacks:
                    callback(verdict)

        on_simpy.Activity(activity, settle)
        if verdict.open:
            if deadline_s < math.inf:
                self.at(deadline_s, TIMEOUT, request, call).callbacks.append(lambda _: settle(None))
            yield verdict
        return verdict.answer


@settings(max_examples=300)
@given(SCENARIOS, st.integers(0, 3))
def test_deadlines_that_are_computed_give_the_same_run_as_deadlines_that_are_raced(scenario, seed):
    computed = simulate(scenario, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(on_simpy, "SimpyRun", RacedRun)
        raced = simulate(scenario, seed)
    for one, other in zip(computed.span_rows + computed.capacity_rows, raced.span_rows + raced.capacity_rows):
        assert one.tobytes() == other.tobytes()


def test_whoever_gives_up_leaves_the_rest_working():
    """1.5 s in the function, then in the server; client and function wait 1 and 2 s, the server goes on."""
    result = play(
        arriving_at([0.0], io_s=1.5),
        Client(**NEAR, timeout_s=1, max_attempts=1),
        steady_function(timeout_s=2),
        ONE_WORKER,
    )
    client, function, server = result.spans.to_dict("records")
    assert (client["status"], client["end_s"]) == (504, 1.0)
    assert (function["status"], function["end_s"], function["billed_ms"]) == (461, 2.0, 2000)
    assert (server["status"], server["start_s"], server["end_s"]) == (200, 1.5, 3.0)


def test_an_error_behind_is_an_error_in_front_but_the_work_is_billed():
    """A function calls one that is stopped (429): it fails (502) and pays for its own second and request."""
    stopped = steady_function(reserved_concurrency=0)
    result = play(arriving_at([0.0], window_s=3600, io_s=1.0), steady_function(), stopped)
    assert result.spans.status.tolist() == [502, 429]
    assert result.spans.billed_ms.tolist() == [1000, 0]
    assert result.summary()["failed"] == 1
    quantities = {line.sku: line.quantity for line in bill(result, free_tier=False).lines}
    assert quantities["lambda.requests"] == pytest.approx(730)


# Luck -----------------------------------------------------------------------------------------------------


def test_lambda_and_ec2_face_the_same_requests_with_the_same_work():
    """1,769 MB and one Graviton core both run one thread at the request's own pace."""
    function = play(BUSY, steady_function(), seed=4)
    server = play(BUSY, Ec2(instance_type="m7g.medium", instances=200, zones=1), seed=4)
    assert np.array_equal(spans_of(function, 0).start_s, spans_of(server, 0).start_s)
    assert np.allclose(spans_of(function, 0).work_s, spans_of(server, 0).work_s, rtol=0, atol=1e-9)
    assert np.array_equal(function.spans.key, server.spans.key)


def test_a_client_in_front_and_a_server_behind_leave_the_functions_luck_alone():
    """Dice of cold starts and idle lifetimes are thrown once per request, wherever the function stands."""
    alone = spans_of(play(BUSY, Lambda(), seed=4), 0)
    behind_client = spans_of(play(BUSY, Client(**NEAR), Lambda(), seed=4), 1)
    columns = ["start_s", "end_s", "init_s", "work_s", "cold", "resource", "billed_ms"]
    assert alone.cold.sum() > 3
    pd.testing.assert_frame_equal(alone[columns], behind_client[columns])
    before_server = spans_of(play(BUSY, Lambda(), ONE_WORKER, seed=4), 0)
    first = before_server.cold & alone.cold
    assert first.sum() > 3
    assert np.array_equal(before_server.init_s[first], alone.init_s[first])


def test_a_second_attempt_has_luck_of_its_own():
    """The first attempt is late; the second meets a cold start as well, and another INIT."""
    result = play(arriving_at([0.0], io_s=5.0), Client(**NEAR, timeout_s=1, max_attempts=2), Lambda())
    first, second = spans_of(result, 1).init_s
    assert first != second


def test_a_retry_asks_for_the_same_work():
    result = play(
        arriving_at([0.0], io_s=5.0, io_distribution="exponential"),
        Client(**NEAR, timeout_s=0.01, max_attempts=3),
        steady_function(),
    )
    assert len(set(spans_of(result, 1).work_s)) == 1


@pytest.mark.parametrize("depth", range(MOST_LEVELS))
def test_call_numbers_fit_at_every_depth(depth):
    """A path of at most 127 calls each: no number runs into the request's, and the deepest lies below 2^63."""
    highest = 0
    for _ in range(depth):
        highest = highest * CALLS_PER_CALL + CALLS_PER_CALL - 1
    assert first_call(depth) <= highest < 2**63


# The Result -----------------------------------------------------------------------------------------------


def test_spans_are_one_row_per_visit_sorted_by_request_and_call():
    result = play(
        arriving_at([0.0, 0.1], io_s=1.0),
        Client(**NEAR, max_attempts=2, backoff_throttled_s=0.0),
        steady_function(account_concurrency=1),
    )
    assert list(result.spans) == [
        "request",
        "call",
        "parent",
        "service",
        "operation",
        "start_s",
        "end_s",
        "wait_s",
        "init_s",
        "work_s",
        "status",
        "cold",
        "billed_ms",
        "units",
        "resource",
        "key",
        "bytes",
    ]
    assert result.spans[["request", "call", "parent", "service", "status"]].values.tolist() == [
        [0, 0, -1, "Client", 200],
        [0, 1, 0, "Lambda", 200],
        [1, 0, -1, "Client", 429],
        [1, 1, 0, "Lambda", 429],
        [1, 2, 0, "Lambda", 429],
    ]
    assert result.spans.operation.unique().tolist() == ["read"]
    assert result.columns["service"].tolist() == [0, 0, 1, 1, 1]


def test_capacity_is_one_row_per_environment_or_instance():
    """A Graviton core for 60 s; an environment born at 0.5 s that dies 10 s after its call of 0.5 s."""
    result = play(arriving_at([0.0], window_s=60, io_s=0.5), ONE_WORKER, steady_function(keep_alive_s=10.0))
    assert result.capacity.values.tolist() == [["Ec2", 0, 0.0, 60.0, 1.0], ["Lambda", 1, 0.5, 11.0, 1.0]]


def test_a_span_survives_packing():
    """The packed form and the table's row are the same 64 bytes."""
    assert struct.calcsize("=5dq3ih?x") == SPAN.itemsize == 64
    _, run = new_run()
    run.span(2**30 - 1, 2**30 - 1, 0.1, 0.2, 0.3, 0.4, 504, True, 910_000, 7, end_s=1e6)
    (row,) = np.frombuffer(run.spans, SPAN)
    assert row.item() == (0.1, 1e6, 0.2, 0.3, 0.4, 2**30 - 1, 2**30 - 1, 910_000, 7, 504, True)


def test_a_warm_up_is_left_out_by_filtering():
    """Cold starts of the first ten minutes are no part of what the rest of the hour shows."""
    result = play(Traffic(arrivals=Poisson(rate_rps=5), window_s=3600), Lambda(), seed=1)
    late = result.spans.query("start_s >= 600")
    assert 0 < len(late) < len(result.spans)
    assert late.cold.mean() < result.spans.cold.mean()
    assert len(late) == (result.workload.arrival_s >= 600).sum()


PARTS = ("retries", "network", "queue", "init", "work", "downstream")


def parts(result, request=0):
    return tuple(round(float(result.parts_s[part][request]), 9) for part in PARTS)


def test_parts_of_a_cold_call_through_client_function_and_server():
    """40 ms of network; 0.1 + 0.3 s of cold start; 1 s of work and 0.05 s of first call; a server's 1 s."""
    function = steady_function(platform_s=0.1, init_s=0.3, first_handler_s=0.05)
    result = play(arriving_at([0.0], io_s=1.0), Client(last_mile_ms=40), function, ONE_WORKER)
    assert parts(result) == (0, 0.04, 0, 0.4, 1.05, 1.0)


def test_parts_of_a_request_that_queues_at_a_server_which_calls_a_function():
    """The first holds the only worker for 1 + 1 s; the second waits for 1.5 s of it."""
    result = play(arriving_at([0.0, 0.5], io_s=1.0), ONE_WORKER, steady_function())
    assert parts(result, 1) == (0, 0, 1.5, 0, 1.0, 1.0)


def test_parts_of_a_request_served_at_the_second_attempt():
    """Late after 1 s and asked again at once; the server is still busy with the first try for 0.3 s."""
    result = play(
        arriving_at([0.0, 0.1], io_s=0.7), Client(**NEAR, timeout_s=1, backoff_failed_s=0.0), ONE_WORKER
    )
    assert result.status.tolist() == [200, 200]
    assert result.latency_s.tolist() == pytest.approx([0.7, 2.0])
    assert parts(result, 1) == (1.0, 0, 0.3, 0, 0.7, 0)


def test_a_request_given_up_has_spent_all_its_time_on_retries():
    """Two attempts of 1 s; what the function did meanwhile is not the user's time."""
    result = play(
        arriving_at([0.0], io_s=5.0),
        Client(**NEAR, timeout_s=1, max_attempts=2, backoff_failed_s=0.0),
        steady_function(),
    )
    assert parts(result) == (2.0, 0, 0, 0, 0, 0)


def test_a_refusal_at_the_end_of_the_retries_counts_as_network_time_only():
    result = play(
        arriving_at([0.0]),
        Client(last_mile_ms=40, max_attempts=2, backoff_throttled_s=0.0),
        steady_function(reserved_concurrency=0),
    )
    assert parts(result) == (0.04, 0.04, 0, 0, 0, 0)


def test_an_inner_clients_retries_are_downstream_time():
    """The function works 0.2 s, then asks a stopped function twice over 10 ms without back-off."""
    inner = Client(last_mile_ms=10, max_attempts=2, backoff_throttled_s=0.0)
    result = play(
        arriving_at([0.0], io_s=0.2), steady_function(), inner, steady_function(reserved_concurrency=0)
    )
    assert parts(result) == (0, 0, 0, 0, 0.2, 0.02)


def test_a_lone_client_talks_to_the_network_only():
    assert parts(play(arriving_at([0.0]), Client(last_mile_ms=40))) == (0, 0.04, 0, 0, 0, 0)


def test_in_use_counts_requests_in_progress_as_steps():
    """Calls from 0 to 2 s, 1 to 3 s and, end to end with the second, 3 to 5 s; one at 1.5 s is throttled."""
    result = play(
        arriving_at([0.0, 1.0, 1.5, 3.0], window_s=4, io_s=2.0), steady_function(account_concurrency=2)
    )
    times, levels = result.in_use(0)
    assert result.peak_in_use(0) == levels.max()
    assert list(zip(times.tolist(), levels.tolist())) == [(0, 1), (1, 2), (2, 1), (3, 1), (5, 0)]
    assert result.summary()["peak_concurrency"] == 2


def test_in_use_never_falls_below_zero_for_requests_that_take_no_time():
    times, levels = play(arriving_at([1.0, 1.0, 2.0]), steady_function()).in_use(0)
    assert (times.tolist(), levels.tolist()) == ([1.0, 2.0], [0, 0])


def test_the_means_count_what_lies_inside_the_window():
    """Calls 0-2, 1-3, 3-5 s in a window of 4 s make 5 s; environments from 0 and from 1 s on make 7 s."""
    result = play(arriving_at([0.0, 1.0, 3.0], window_s=4, io_s=2.0), steady_function())
    assert result.mean_in_use(0) == 5 / 4
    assert result.mean_standing(0) == 7 / 4


def test_the_mean_of_what_stands_ends_with_the_keep_alive():
    """One call of 1 s and a keep-alive of 2 s: an environment stands for 3 of 10 s."""
    assert (
        play(arriving_at([0.0], window_s=10, io_s=1.0), steady_function(keep_alive_s=2)).mean_standing(0)
        == 0.3
    )
    assert play(arriving_at([0.0], window_s=10), Ec2(instance_type="t3.small")).mean_standing(0) == 4


STACKS = pytest.mark.parametrize(
    "stack",
    [(Lambda(),), (Ec2(),), (Client(), Lambda()), (Client(), Ec2(), Lambda())],
    ids=lambda stack: "-".join(type(service).__name__ for service in stack),
)


@STACKS
def test_no_request_at_all_is_a_result_as_well(stack):
    nobody = Traffic(arrivals=Poisson(rate_rps=0), window_s=3600)
    result = simulate(Scenario(stack, nobody, costs=(CloudWatchLogs(),)))
    found = result.summary()
    assert (result.n, found["requests"], found["served"], found["peak_concurrency"]) == (0, 0, 0, 0)
    assert np.isnan(found["p50_ms"]) and found["cold_share"] == 0
    assert len(result.spans) == len(result.latency_s) == len(result.in_use(0)[0]) == 0
    idle_usd = bill(result).total_usd
    assert idle_usd == 0 if not any(isinstance(service, Ec2) for service in stack) else idle_usd > 40


# Running --------------------------------------------------------------------------------------------------


class Bar:
    def __init__(self, total):
        self.total, self.done, self.closed = total, 0, False

    def update(self, count):
        self.done += count

    def close(self):
        self.closed = True


def test_progress_reaches_the_number_of_requests_and_closes():
    bars = []
    traffic = Traffic(arrivals=Poisson(rate_rps=100), window_s=100)
    result = simulate(
        Scenario((Lambda(),), traffic), progress=lambda total: bars.append(Bar(total)) or bars[0]
    )
    (bar,) = bars
    assert result.n > 8192
    assert (bar.total, bar.done, bar.closed) == (result.n, result.n, True)


def test_an_interrupted_run_closes_its_bar():
    class Impatient(Bar):
        def update(self, count):
            raise KeyboardInterrupt

    bar = Impatient(0)
    with pytest.raises(KeyboardInterrupt):
        simulate(Scenario((Lambda(),), BUSY), progress=lambda total: bar)
    assert bar.closed


def test_a_workload_drawn_before_is_played_as_it_is():
    workload = draw(BUSY, 7)
    given_one, drawn_one = (
        simulate(Scenario((Lambda(),), BUSY), workload=workload),
        simulate(Scenario((Lambda(),), BUSY), 7),
    )
    assert given_one.seed == 7
    assert given_one.span_rows[0].tobytes() == drawn_one.span_rows[0].tobytes()


def test_a_result_cannot_be_changed_by_accident():
    result = play(BUSY, Lambda())
    with pytest.raises(ValueError, match="read-only"):
        result.of(0)["end_s"][0] = 0


def test_a_single_service_needs_no_tuple():
    assert Scenario(Lambda(), BUSY).stack == (Lambda(),)
    assert Scenario(Lambda(), BUSY, costs=CloudWatchLogs()).costs == (CloudWatchLogs(),)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"stack": ()}, "has 0 services.*between 1 and 10"),
        ({"stack": (Lambda(),) * 11}, "has 11 services.*between 1 and 10"),
        ({"stack": (Lambda(invocation="event"),) * 4}, "has 4 services and 12 levels.*between 1 and 10"),
        ({"stack": "Lambda"}, r"stack is 'Lambda'.*write for example \(Client\(\), Lambda\(\)\)"),
        ({"stack": (Lambda,)}, "services only"),
        ({"stack": (Lambda(), None)}, "services only"),
        ({"stack": 5}, "services only"),
        ({"traffic": Poisson(rate_rps=5)}, "must be Traffic"),
        ({"traffic": None}, "must be Traffic"),
        ({"costs": (Lambda(),)}, "costs only"),
        ({"costs": 7}, "costs only"),
        ({"date": "2024-13-01"}, "not a calendar date"),
        ({"region": "nowhere-1"}, "nowhere-1"),
    ],
)
def test_a_scenario_that_cannot_be_is_refused_in_one_sentence(fields, words):
    with pytest.raises((ParamError, FactError), match=words) as refusal:
        Scenario(**{"stack": (Lambda(),), "traffic": BUSY, **fields})
    sentence = str(refusal.value)
    assert sentence.endswith(".") and ". " not in sentence and "\n" not in sentence and len(sentence) < 300


def test_a_workload_of_other_traffic_is_refused():
    other = draw(arriving_at([1.0]))
    with pytest.raises(ParamError, match="other traffic"):
        simulate(Scenario((Lambda(),), BUSY), workload=other)


def test_a_service_that_the_stack_lacks_is_named():
    result = play(arriving_at([0.0]), Client(), Lambda(**NO_COLD_START))
    assert result.position("Lambda") == 1
    with pytest.raises(ParamError, match="no 'Ec2', it has Client, Lambda"):
        result.position("Ec2")
