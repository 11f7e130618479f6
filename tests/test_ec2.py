"""The EC2 fleet against figures worked by hand."""

import pytest
from scenes import arriving_at, play

from simlib import Client, Ec2, Lambda, ParamError
from simlib.pricing import bill, usage

ONE_WORKER = {"instance_type": "m7g.medium", "instances": 1, "zones": 1}


def spans(result):
    return result.spans.to_dict("records")


def test_round_robin_alternates_between_zones():
    """Four instances in two zones: zone a holds 0 and 2, zone b 1 and 3; the turns are a, b, a, b."""
    fleet = Ec2(instance_type="m7g.medium", instances=4, zones=2)
    result = play(arriving_at([0, 1, 2, 3, 4], io_s=0.1), fleet)
    assert [span["resource"] for span in spans(result)] == [0, 1, 2, 3, 0]


def test_least_outstanding_avoids_the_busy_instance():
    """Instance 0 is busy from 0 to 10 s, so the next requests all go to instance 1; round robin would return to 0."""
    traffic = arriving_at([0, 1, 3, 5], io_s=1.5)
    slow_first = Ec2(instance_type="m7g.medium", instances=2, zones=2, routing="least_outstanding")
    assert [span["resource"] for span in spans(play(traffic, slow_first))] == [0, 1, 0, 0]


def test_a_request_waits_for_the_only_worker():
    """Calls at 0 and 1 s of 3 s each on one worker: the second waits 2 s and ends at 6 s."""
    second = spans(play(arriving_at([0, 1], io_s=3.0), Ec2(**ONE_WORKER)))[1]
    assert (second["wait_s"], second["work_s"], second["end_s"]) == (2.0, 3.0, 6.0)


def test_a_full_queue_answers_503_at_once():
    """One worker and one waiting place: the third of three calls at once is refused."""
    result = play(arriving_at([0, 0.1, 0.2], io_s=3.0), Ec2(queue_limit=1, **ONE_WORKER))
    assert list(result.status) == [200, 200, 503]
    assert result.latency_s[2] == 0


def test_more_workers_than_vcpus_share_the_vcpu_in_order():
    """Two workers, one vCPU, 1 s of CPU and 2 s of waiting each: the CPU parts follow one another (0-1, 1-2 s)."""
    fleet = Ec2(workers=2, **ONE_WORKER)
    first, second = spans(play(arriving_at([0, 0], work_vcpu_s=1.0, io_s=2.0), fleet))
    assert (first["end_s"], second["end_s"]) == (3.0, 4.0)
    assert second["wait_s"] == 1.0


def test_one_worker_on_two_vcpus_uses_both_if_the_request_has_two_threads():
    fleet = Ec2(instance_type="m7i.large", instances=1, zones=1, workers=1)
    assert play(arriving_at([0], work_vcpu_s=1.0, threads=2), fleet).latency_s[0] == 0.5
    assert play(arriving_at([0], work_vcpu_s=1.0, threads=1), fleet).latency_s[0] == 1.0


def test_the_load_balancer_gives_up_after_its_idle_timeout_but_the_worker_goes_on():
    """A 100 s call is answered 504 at 60 s; its worker is busy until 100 s, so a call at 70 s waits 30 s."""
    first, second = spans(play(arriving_at([0, 70], io_s=100.0), Ec2(idle_timeout_s=60, **ONE_WORKER)))
    assert (first["status"], first["end_s"]) == (504, 60.0)
    assert (second["status"], second["wait_s"], second["end_s"]) == (504, 30.0, 130.0)


def test_without_a_load_balancer_there_is_no_such_limit():
    span, = spans(play(arriving_at([0], io_s=100.0), Ec2(load_balancer=False, **ONE_WORKER)))
    assert (span["status"], span["end_s"]) == (200, 100.0)


def test_stopped_instances_refuse_requests():
    fleet = Ec2(start_s=10, stop_s=20, **ONE_WORKER)
    assert list(play(arriving_at([5, 15, 25], window_s=3600, io_s=0.1), fleet).status) == [503, 200, 503]


def test_a_short_run_is_billed_for_sixty_seconds():
    """30 s of running are billed as 60 s, 90.5 s as 91 s: once per hour-long window, 730 windows a month."""
    def hours(stop_s):
        result = play(arriving_at([5], window_s=3600), Ec2(start_s=0, stop_s=stop_s, **ONE_WORKER))
        return usage(result)["ec2.instance.m7g.medium"]
    assert hours(30) == pytest.approx(60 / 3600)
    assert hours(90.5) == pytest.approx(91 / 3600)


def test_a_fleet_that_always_stands_is_billed_730_hours_whatever_the_window():
    for window_s in (600, 3600, 86_400):
        lines = bill(play(arriving_at([5], window_s=window_s), Ec2(instance_type="t3.small"))).lines
        hours, = (line.quantity for line in lines if line.sku == "ec2.instance.t3.small")
        assert hours == pytest.approx(2 * 730)


def test_the_public_addresses_of_instances_and_load_balancer_are_counted():
    """Two instances and a load balancer in two zones: four addresses; 5.00 USD/1,000 h each as of 2024-02."""
    result = play(arriving_at([5], window_s=3600), Ec2())
    assert usage(result)["ec2.public_ipv4"] == pytest.approx(4)
    assert bill(result).usd_of("ec2.public_ipv4") == pytest.approx(4 * 730 * 0.005)


def test_a_discount_is_a_line_of_its_own():
    result = play(arriving_at([5], window_s=3600), Ec2(purchase="reserved_1y", discount=0.25))
    full, discount = (line for line in bill(result).lines if line.sku == "ec2.instance.t3.small")
    assert discount.usd == pytest.approx(-0.25 * full.usd)
    assert discount.tier == "discount"


def test_a_t_instance_above_its_baseline_pays_for_surplus_credits():
    """AWS, unlimited mode: t3.nano, 5 % baseline of 2 vCPUs: one vCPU busy all the time = 0.9 vCPU-h surplus/h."""
    fleet = Ec2(instance_type="t3.nano", instances=1, zones=1)
    result = play(arriving_at([0.0, 1800.0], window_s=3600, work_vcpu_s=1800.0), fleet)
    assert usage(result)["ec2.surplus_credits.t3"] == pytest.approx(0.9)
    idle = play(arriving_at([0.0], window_s=3600, work_vcpu_s=60.0), fleet)
    assert usage(idle)["ec2.surplus_credits.t3"] == 0


@pytest.mark.parametrize(("dimension", "expected"), [
    ({"connections": 25 * 3600}, 1.0), ({"active_per_minute": 3000}, 1.0), ({"gb": 1.0}, 1.0),
    ({"rule_evaluations": 1000 * 3600}, 1.0), ({"connections": 25 * 3600, "gb": 3.0}, 3.0)])
def test_an_lcu_is_the_largest_of_four_dimensions(dimension, expected):
    """Elastic Load Balancing pricing: 25 new connections/s, 3,000 active a minute, 1 GB/h, 1,000 rules/s."""
    nothing = dict.fromkeys(("connections", "active_per_minute", "gb", "rule_evaluations"), 0.0)
    assert float(Ec2.lcu_hours(**{**nothing, **dimension})) == pytest.approx(expected)


def test_a_server_that_calls_a_function_holds_its_worker_meanwhile():
    """The server works 1 s, then waits 1 s for the function; its only worker is busy 2 s per request."""
    stack = (Ec2(**ONE_WORKER), Lambda(memory_mb=1769, platform_s=0, init_s=0, first_handler_s=0))
    result = play(arriving_at([0, 0], io_s=1.0), *stack)
    assert sorted(result.latency_s) == [2.0, 4.0]


@pytest.mark.parametrize(("fields", "words"), [
    ({"instances": 1}, "at most 1"), ({"start_s": 5}, "without stop_s"), ({"discount": 0.5}, "purchase option"),
    ({"start_s": 5, "stop_s": 5}, "later than start_s"), ({"instance_type": "t9.huge"}, "must be one of")])
def test_a_fleet_that_cannot_be_is_refused_in_one_sentence(fields, words):
    with pytest.raises(ParamError, match=words):
        Ec2(**fields)


def test_the_client_turns_away_before_the_load_balancer_does():
    """Client 10 s, load balancer 60 s: the user hears nothing at 10 s while the worker is busy for 100 s."""
    result = play(arriving_at([0], io_s=100.0), Client(last_mile_ms=0, timeout_s=10, max_attempts=1),
                  Ec2(**ONE_WORKER))
    assert result.latency_s[0] == 10.0
    assert result.status[0] == 504
