"""Auto Scaling groups, failures and CPU credits, worked by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import arriving_at, play

from simlib import Ec2, Operation, Poisson, Scenario, Traffic, bill, simulate
from simlib.pricing import usage
from simlib.services.ec2 import CpuCredits, ManagedInstances
from simlib.services.scaling import StepScaling, TargetTracking, tracked

ONE_VCPU = {"instance_type": "m7g.medium", "instances": 1, "zones": 1, "boot_s": 100.0, "boot_cv": 0.0}


def every_second(until_s, work_vcpu_s):
    return arriving_at(np.arange(0, until_s, 1.0).tolist(), window_s=until_s, work_vcpu_s=work_vcpu_s)


def standing(result):
    """(resource, start_s, end_s) of all instances, by number."""
    rows = result.capacity.sort_values("resource")[["resource", "start_s", "end_s"]]
    return [tuple(row) for row in rows.to_numpy().tolist()]


@pytest.mark.parametrize(("change", "actual"), [(1.5, 2), (-0.5, 0)])
def test_a_needed_change_is_rounded_up(change, actual):
    """AWS, target tracking: +1.5 instances become +2, -0.5 become 0. Ten instances at target 0.5."""
    assert tracked(10, 0.5 * (10 + change) / 10, 0.5) - 10 == actual


def test_an_auto_scaling_group_goes_step_by_step_through_one_alarm():
    """One vCPU, 0.9 vCPU-s of work a second, target 50 %: 90 % in minutes 1 to 3.

    At 180 s the alarm rings: ceil(1 x 0.9 / 0.5) = 2. The second instance is launched at 180 s, serves from 280 s
    (boot 100 s), and is out of the metric until 580 s. From 280 s each has 45 %: minute 5 (240-300 s) still averages
    75 % on the first, the second high minute in a row after the alarm, minute 6 is at 45 %: no further instance. 45 %
    is exactly the low threshold (90 % of 50 %), not below it: nothing leaves.
    """
    result = play(every_second(1800, 0.9), Ec2(scaling="target_tracking", target_cpu=0.5, max_instances=10, **ONE_VCPU))
    assert standing(result) == [(0, 0.0, 1800.0), (1, 180.0, 1800.0)]
    first_there = result.spans.query("resource == 1").start_s.min()
    assert 280.0 <= first_there < 282.0


def test_an_instance_leaves_after_15_low_minutes_and_only_when_none_is_warming():
    """Two instances, 0.2 vCPU-s a second: 10 % each. At 900 s ceil(2 x 0.1 / 0.5) = 1 is wanted; one ends at once."""
    fleet = Ec2(scaling="target_tracking", target_cpu=0.5, min_instances=1, max_instances=4,
                **{**ONE_VCPU, "instances": 2})
    ends = [end_s for _, _, end_s in standing(play(every_second(1800, 0.2), fleet))]
    assert min(ends) == pytest.approx(900.0, abs=0.3)
    assert sorted(ends)[1] == 1800.0


def test_scaling_in_waits_for_warm_up():
    rule = TargetTracking(0.5)
    wanted = [rule.wanted(0.1, 2, 3, warming=True) for _ in range(20)]
    assert wanted == [3] * 20
    assert rule.wanted(0.1, 3, 3, warming=False) == 1


def test_warming_instances_count_as_capacity_for_the_next_scale_out():
    """Two measured at 100 %, two more warming: ceil(2 x 1.0 / 0.5) = 4 are there already."""
    rule = TargetTracking(0.5)
    assert [rule.wanted(1.0, 2, 4, warming=True) for _ in range(5)] == [4] * 5


def test_steps_add_more_the_higher_the_utilisation():
    rule = StepScaling(((0.3, -1), (0.7, 1), (0.9, 3)))
    assert [rule.wanted(0.95, 2, 2, False) for _ in range(3)] == [2, 2, 5]
    assert [rule.wanted(0.75, 2, 2, False) for _ in range(3)] == [2, 2, 3]
    assert [rule.wanted(0.1, 2, 2, False) for _ in range(15)][-1] == 1


def test_a_schedule_raises_the_fleet_before_the_rush():
    """At 60 s four instances are wanted: three boot for 100 s and serve from 160 s."""
    result = play(every_second(600, 0.1), Ec2(schedule=((60, 4),), max_instances=4, **ONE_VCPU))
    assert [start_s for _, start_s, _ in standing(result)] == [0.0, 60.0, 60.0, 60.0]
    assert set(result.spans.query("start_s >= 165").resource) == {0, 1, 2, 3}


def test_a_scaled_fleet_is_billed_by_the_second_that_its_instances_stand():
    """One instance all of 600 s, three from 60 s: 600 + 3 x 540 s."""
    result = play(every_second(600, 0.1), Ec2(schedule=((60, 4),), max_instances=4, **ONE_VCPU))
    assert usage(result)["ec2.instance.m7g.medium"] == pytest.approx((600 + 3 * 540) / 3600)


def test_a_lost_instance_is_noticed_after_two_checks_and_replaced():
    """Two instances; number 0 dies at 100 s. Requests sent there fail until 160 s (2 x 30 s), half of one a second,
    each after 10 s of trying to connect. The replacement is launched at 160 s and serves from 260 s."""
    fleet = Ec2(**{**ONE_VCPU, "instances": 2}, fails_at_s=100.0)
    result = play(every_second(600, 0.1), fleet)
    frame = result.spans
    lost = frame[frame.status == 504]
    assert (lost.resource == 0).all()
    assert 29 <= len(lost) <= 31
    assert lost.start_s.min() >= 100 and lost.start_s.max() <= 160
    assert np.allclose(lost.end_s - lost.start_s, 10.0)
    assert standing(result)[2][1] == 160.0
    assert frame[frame.resource == 2].start_s.min() >= 260.0


def test_requests_under_way_on_a_lost_instance_are_cut_off():
    """A 50 s request begun at 80 s is answered 502 at 100 s."""
    fleet = Ec2(**ONE_VCPU, fails_at_s=100.0)
    result = play(arriving_at([80.0], window_s=600, io_s=50.0), fleet)
    assert (result.status[0], result.latency_s[0]) == (502, 20.0)


def test_the_loss_of_a_zone_takes_half_of_a_fleet_in_two_zones():
    """Four instances in two zones; the first zone fails at 100 s. Both its instances are replaced in the other one."""
    fleet = Ec2(instance_type="m7g.medium", instances=4, zones=2, boot_s=100.0, boot_cv=0.0, fails_at_s=100.0,
                fails="zone")
    result = play(every_second(600, 0.1), fleet)
    assert [row[2] for row in standing(result)][:4] == [160.0, 600.0, 160.0, 600.0]
    assert [row[1] for row in standing(result)][4:] == [160.0, 160.0]
    later = result.spans.query("start_s > 165")
    assert (later.status == 200).all()


def test_a_fleet_in_one_zone_is_gone_with_it():
    fleet = Ec2(instance_type="m7g.medium", instances=2, zones=1, fails_at_s=100.0, fails="zone", replaces=False)
    result = play(every_second(600, 0.1), fleet)
    assert (result.status[np.arange(600) >= 165] == 503).all()


def test_a_fleet_in_one_zone_returns_when_the_zone_does():
    """The only zone is lost at 100 s and back at 300 s: two new instances boot for 100 s and serve from 400 s."""
    fleet = Ec2(**{**ONE_VCPU, "instances": 2}, fails_at_s=100.0, fails="zone", back_after_s=200.0)
    result = play(every_second(600, 0.1), fleet)
    assert [start_s for _, start_s, _ in standing(result)] == [0.0, 0.0, 300.0, 300.0]
    assert set(result.status[161:400]) == {503}
    assert set(result.status[401:]) == {200}


@pytest.mark.parametrize(("instance_type", "per_hour", "most"), [("t3.nano", 6, 144), ("t3.large", 36, 864),
                                                               ("t4g.2xlarge", 192, 4608), ("t2.micro", 6, 144)])
def test_credits_are_earned_as_in_the_table_of_aws(instance_type, per_hour, most):
    """AWS user guide, key concepts for burstable performance instances."""
    credits = CpuCredits(instance_type)
    assert (credits.per_hour, credits.most) == (pytest.approx(per_hour), pytest.approx(most))


def test_twelve_hours_at_2_5_percent_leave_122_credits():
    """AWS user guide, unlimited mode: t3.nano at 86.4 credits: earns 72, spends 36: 122.4 (printed as 122)."""
    credits = CpuCredits("t3.nano", balance=86.4)
    credits.settle(12 * 3600, 0.025 * 2 * 12 * 3600)
    assert int(credits.balance) == 122


def test_five_hours_at_full_load_charge_304_surplus_credits():
    """AWS user guide, unlimited mode: t3.nano at 122 credits, 100 % for 5 h: 570 net, 448 surplus, of which 144 can be
    earned back in 24 h: 304 are charged."""
    credits = CpuCredits("t3.nano", balance=122)
    for _ in range(300):
        credits.settle(60, 2 * 60)
    assert credits.charged + credits.surplus == pytest.approx(448)
    assert credits.charged == pytest.approx(304)


def test_a_t2_nano_has_102_credits_after_an_idle_day():
    """AWS user guide, standard mode: 30 launch credits, which do not count against the cap, and 72 earned."""
    credits = CpuCredits.at_launch("t2.nano", "standard")
    credits.settle(24 * 3600, 0.0)
    assert credits.available == pytest.approx(102)
    credits.settle(24 * 3600, 0.0)
    assert credits.available == pytest.approx(102)


def test_standard_mode_falls_to_the_baseline_when_the_credits_are_gone():
    """t3.micro, 10 % of 2 vCPUs, no credits at launch: after the first minute a 0.1 s request takes 1 s."""
    fleet = Ec2(instance_type="t3.micro", instances=1, zones=1, credit_mode="standard")
    result = play(every_second(180, 0.1), fleet)
    assert result.latency_s[30] == pytest.approx(0.1)
    busy = play(arriving_at(np.arange(0, 180, 0.25).tolist(), window_s=180, work_vcpu_s=0.1), fleet)
    assert busy.latency_s[0] == pytest.approx(0.1)
    assert busy.spans.query("start_s > 61").work_s.max() == pytest.approx(1.0)
    assert bill(busy).usd_of("ec2.surplus_credits") == 0


def test_a_stock_of_credits_carries_a_burst():
    """60 credits are one vCPU-hour: with them 180 s of the same load never fall to the baseline."""
    fleet = Ec2(instance_type="t3.micro", instances=1, zones=1, credit_mode="standard", start_credits=60)
    busy = play(arriving_at(np.arange(0, 180, 0.25).tolist(), window_s=180, work_vcpu_s=0.1), fleet)
    assert busy.spans.work_s.max() == pytest.approx(0.1)


def test_a_t3_large_at_42_5_percent_costs_as_much_as_an_m5_large():
    """AWS user guide: t3.large and m5.large break even at 42.5 % of CPU; AWS computed with 0.0835 USD/h for t3.large,
    with today's 0.0832 it is 42.8 %."""
    def month(share):
        used = Ec2(instance_type="t3.large", instances=1, zones=1).surplus(share * 2 * 730, 2 * 730)
        return 730 * 0.0832 + used["ec2.surplus_credits.t3"] * 0.05
    assert month(0.428) == pytest.approx(730 * 0.096)


def test_managed_instances_cost_requests_and_instances_plus_15_percent():
    """AWS: EC2 on-demand price plus 15 %; three m7g.large stand all month."""
    result = play(every_second(600, 0.05), ManagedInstances())
    invoice = bill(result)
    assert invoice.usd_of("ec2.instance.m7g.large") == pytest.approx(3 * 730 * 0.0816 * 1.15)
    assert (result.status == 200).all()
    assert result.summary()["cold_starts"] == 0


@settings(max_examples=60)
@given(
    seed=st.integers(0, 1000), rate_rps=st.floats(0.1, 4), work_s=st.floats(0.05, 2), least=st.integers(0, 2),
    most=st.integers(3, 8), scaling=st.sampled_from(["none", "target_tracking", "step"]), target=st.floats(0.1, 0.9),
    schedule=st.lists(st.tuples(st.floats(0, 2000), st.integers(0, 8)), max_size=3), boot_s=st.floats(0, 300),
    fails=st.sampled_from([None, "instance", "zone"]), fails_at_s=st.floats(0, 2000), replaces=st.booleans(),
    back_after_s=st.sampled_from([None, 200.0]), credits=st.sampled_from(["unlimited", "standard"]))
def test_a_fleet_keeps_its_laws_whatever_happens(seed, rate_rps, work_s, least, most, scaling, target, schedule, boot_s,
                                                 fails, fails_at_s, replaces, back_after_s, credits):
    """Every request ends once, on an instance that stands then; never more instances than allowed stand and boot,
    apart from those that are just leaving or dead and not yet noticed; no worker has two requests at once."""
    fleet = Ec2(instance_type="t3.micro", instances=3, zones=2, min_instances=least, max_instances=most, workers=2,
                queue_limit=5, scaling=scaling, target_cpu=target, schedule=tuple(schedule), boot_s=boot_s,
                fails_at_s=None if fails is None else fails_at_s, fails=fails or "instance", replaces=replaces,
                back_after_s=back_after_s, credit_mode=credits)
    traffic = Traffic(arrivals=Poisson(rate_rps=rate_rps), window_s=2400,
                      operations=Operation(work_vcpu_s=work_s, work_distribution="exponential", io_s=0.0))
    result = simulate(Scenario((fleet,), traffic), seed)
    spans, rows = result.of(0), result.metered(0).capacity
    assert sorted(spans["request"]) == list(range(result.n))
    life = {number: (start_s, end_s)
            for number, start_s, end_s in zip(rows["resource"], rows["start_s"], rows["end_s"])}
    assert len(life) == len(rows["resource"])
    for number, start_s, status in zip(spans["resource"], spans["start_s"], spans["status"]):
        if number >= 0:
            assert life[number][0] <= start_s <= max(life[number][1], 2400)
        else:
            assert status == 503
    for number in life:
        served = (spans["resource"] == number) & (spans["status"] == 200)
        begun, ended = (spans["start_s"] + spans["wait_s"])[served], spans["end_s"][served]
        order = np.argsort(np.concatenate([begun + 1e-9, ended - 1e-9]), kind="stable")
        steps = np.concatenate([np.ones(len(begun)), -np.ones(len(ended))])
        assert np.cumsum(steps[order]).max(initial=0) <= 2
    assert usage(result)["ec2.instance.t3.micro"] >= 0
