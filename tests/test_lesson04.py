"""Lesson 04: limits, reservations, retries and Auto Scaling groups do what the lesson says."""

import dataclasses
import math
import re

import numpy as np
import pytest

from simlib import Scenario, facts, i18n, simulate, teach, theory
from simlib.lessons import lesson04 as lesson
from simlib.params import ParamError
from simlib.pricing import price_book


@pytest.fixture(autouse=True)
def english():
    i18n.use("en")
    yield
    i18n.use("en")


# What happens at 1,000 ----------------------------------------------------


@pytest.mark.parametrize("rate_rps", [300.0, 560.0, 700.0])
def test_the_throttled_share_is_erlang_b(rate_rps):
    """Five seeds of 20 settled seconds; the mean lies within three standard errors."""
    traffic = dataclasses.replace(lesson.buyers(rate_rps), window_s=24.0)
    shares = []
    for seed in range(5):
        result = simulate(Scenario((lesson.WARM,), traffic), seed)
        shares.append((result.status[result.workload.arrival_s >= lesson.SETTLED_S] == 429).mean())
    error = np.std(shares, ddof=1) / math.sqrt(len(shares))
    assert np.mean(shares) == pytest.approx(theory.erlang_b(rate_rps * 2.0, 1000), abs=3 * error + 1e-3)


def test_what_is_in_progress_is_rate_times_duration():
    """Little's law: 300 per second x 2 s = 600; eight seeds, three standard errors, and 2 % not yet settled."""
    means = [lesson.rush(300.0, seed).mean for seed in range(8)]
    error = np.std(means, ddof=1) / math.sqrt(len(means))
    assert np.mean(means) == pytest.approx(600, abs=3 * error + 12)


def test_never_more_run_than_the_quota():
    assert lesson.rush(800.0).result.in_use(0)[1].max() == 1000 == facts.value("lambda.account_concurrency")


def test_the_lessons_seed_is_ordinary_luck():
    shares = [lesson.rush(lesson.CHECK_RPS, seed).share for seed in range(8)]
    assert abs(lesson.rush(lesson.CHECK_RPS).share - np.mean(shares)) < 2 * np.std(shares, ddof=1)


# Sharing ----------------------------------------------------


def test_without_a_reservation_both_functions_are_throttled_alike():
    """1,200 + 200 wanted: Erlang's B(1400, 1000) of both, whatever they are; eight seeds, three standard errors."""
    expected = theory.erlang_b(1400.0, 1000)
    for which in (0, 1):
        shares = [lesson.shared(300.0, None, seed).throttled(which) for seed in range(8)]
        error = np.std(shares, ddof=1) / math.sqrt(len(shares))
        assert np.mean(shares) == pytest.approx(expected, abs=3 * error + 0.005)
    seen = lesson.shared(300.0)
    assert abs(seen.throttled(0) - seen.throttled(1)) < 0.02


def test_a_reservation_is_a_ceiling_and_a_floor():
    """600 reserved for 1,200 wanted: 1 - 600/1200 = 50 % throttled; the 400 left suffice for 200."""
    seen = lesson.shared(300.0, 600)
    assert seen.levels(1)[1].max() == 600
    assert seen.throttled(1) == pytest.approx(0.5, abs=0.03)
    assert seen.throttled(0) == 0


def test_the_largest_reservation_leaves_the_neighbour_its_hundred():
    """100 left for 200 wanted: at least half is throttled; AWS allows no larger reservation."""
    seen = lesson.shared(50.0, 900)
    assert seen.levels(0)[1].max() == 100 and seen.throttled(0) == pytest.approx(0.5, abs=0.08)
    assert lesson.RESERVATIONS[-1] == 900
    with pytest.raises(ParamError):
        lesson.shared(50.0, 901)


def test_a_reservation_of_zero_stops_the_function_and_nobody_else():
    seen = lesson.shared(300.0, 0)
    assert (seen.throttled(0), seen.throttled(1)) == (0, 1)


# Growth ----------------------------------------------------


def test_today_a_function_grows_by_a_thousand_and_then_a_hundred_a_second():
    times, levels = lesson.climb(3000).result.in_use(1)
    within = times <= 15
    assert (levels[within] <= 1000 + 100 * times[within] + 1).all()
    assert levels[within].max() > 0.95 * (1000 + 100 * 15)


def test_before_november_2023_three_thousand_began_at_once_and_four_thousand_did_not():
    rule = "before November 2023"
    assert lesson.climb(3000, rule).turned_away == 0
    assert lesson.climb(4000, rule).given_up > 0 and lesson.climb(4000, rule).begun_s() == math.inf
    assert lesson.climb(3000).turned_away > 3000


# Who tries again ----------------------------------------------------


def test_events_are_lost_by_errors_and_not_by_throttling():
    table = lesson.tries_again()
    done = {name: int(table[name]["done in the end"].replace(",", "")) for name in table}
    lost = {name: int(table[name]["refused or dropped"].replace(",", "")) for name in table}
    everybody = int(table["events"]["requests"].replace(",", ""))
    assert all(done[name] + lost[name] == everybody for name in table)
    assert done["nobody tries again"] == 300 and lost["events"] == 0
    assert 300 < done["the client, 3 attempts"] < everybody
    """Three attempts, each failing with 20 %: 0.8 % of 1,000 are lost, within three standard deviations."""
    expected = everybody * 0.2**3
    assert abs(lost["events, 20 % errors"] - expected) <= 3 * math.sqrt(expected)
    assert table["events, 20 % errors"]["the last attempt ends after"].endswith("min")


# Servers ----------------------------------------------------


def test_target_tracking_comes_after_alarm_and_boot_and_saves_nobody():
    """Three minutes of alarm and 90 s of boot; the worst two minutes are then over."""
    late, never = lesson.evening(lesson.ruled(tracking=True)), lesson.evening(lesson.ruled())
    assert lesson.clock(late.first_help_s) == "20:04:30" and lesson.help_minutes() == 4.5
    assert late.share() == never.share() > 0.2
    assert late.bills["EC2"].total_usd > never.bills["EC2"].total_usd
    assert never.first_help_s is None


def test_a_schedule_stands_before_the_storm():
    shares = [lesson.evening(lesson.ruled(count)).share() for count in (2, 3, 5)]
    assert shares[0] > shares[1] > shares[2] == 0
    assert lesson.clock(lesson.evening(lesson.ruled(5)).first_help_s) == "19:56:30"


def test_a_month_on_a_schedule_costs_the_extra_hours():
    """Three more servers for 35 minutes an evening, 730/24 evenings: instance, address and disk by the hour."""
    more = lesson.evening(lesson.ruled(5)).bills["EC2"].total_usd
    less = lesson.evening(lesson.ruled(2)).bills["EC2"].total_usd
    book = price_book()
    hours = 3 * 35 / 60 * 730 / 24
    hourly = book.usd("ec2.instance.t3.small") + book.usd("ec2.public_ipv4") + 8 / 730 * book.usd("ec2.ebs.gp3")
    assert more - less == pytest.approx(hours * hourly, abs=0.05)


def test_all_servers_in_one_zone_are_gone_with_it():
    one, two = (lesson.evening(lesson.struck(5, False, zones)) for zones in (1, 2))
    assert one.share() > 0.6 and 0 < two.share() < 0.15
    came = one.results["EC2"].workload.arrival_s
    during = (came > lesson.at("20:01")) & (came < lesson.at("20:06"))
    assert not one.results["EC2"].ok[during].any()
    later = (came > lesson.at("20:26") + 95) & (came < lesson.at("20:30") + 3600)
    assert later.any() and one.results["EC2"].ok[later].all()
    assert lesson.evening(lesson.struck(8, False, 2)).share() < 0.03


@pytest.mark.parametrize(("clock", "seconds"), [("19:30", 0.0), ("20:00", 1800.0), ("19:29", 86340.0)])
def test_a_time_of_day_is_a_moment_of_the_window(clock, seconds):
    assert lesson.at(clock) == seconds and lesson.clock(seconds) == clock + ":00"


@pytest.mark.parametrize("nonsense", ["8 pm", "24:00", "20:61", "", "2000", "-1:30"])
def test_nonsense_for_a_time_of_day_is_answered_in_one_sentence(nonsense):
    with pytest.raises(teach.InputError, match="write for example"):
        lesson.at(nonsense)


# Exercises ----------------------------------------------------


@pytest.mark.parametrize(
    ("target", "start"), [(lesson.BY_HAND, 0), (lesson.STAND_THE_STORM, lesson.group(scaling="target_tracking"))]
)
def test_running_all_cells_is_no_try(target, start):
    fresh = dataclasses.replace(target)
    assert not fresh.mark(start).right and "Try first" in fresh.unfold()
    assert fresh.mark(fresh.solution()).right and fresh.unfold() == fresh.worked()


def test_little_alone_is_not_enough_for_the_seat_map():
    """12,000 x 0.06 = 720, but 12,000 / 10 = 1,200."""
    assert not lesson.BY_HAND.mark(720).right and lesson.BY_HAND.mark(1200).right


def test_the_storm_is_stood_by_a_schedule_and_by_nothing_simpler():
    tried = {
        "tracking": lesson.group(scaling="target_tracking"),
        "eager tracking": lesson.group(scaling="target_tracking", target_cpu=0.2),
        "always": lesson.group(instances=5),
        "one zone": lesson.group(zones=1, schedule=((lesson.at("19:55"), 5), (lesson.at("20:30"), 2))),
        "too late": lesson.group(schedule=((lesson.at("20:00"), 5), (lesson.at("20:30"), 2))),
        "schedule": lesson.group(schedule=((lesson.at("19:55"), 5), (lesson.at("20:30"), 2))),
    }
    reached = {name: lesson.STAND_THE_STORM.mark(each).right for name, each in tried.items()}
    assert reached == dict.fromkeys(tried, False) | {"schedule": True}


def test_the_numbers_in_questions_are_the_numbers_that_are_checked():
    said = [int(each.replace(",", "")) for each in re.findall(r"\d[\d,]*", lesson.BY_HAND.question)]
    assert said == [lesson.SEATS_RPS, lesson.SEATS_MS]
    question = lesson.STAND_THE_STORM.question
    assert f"${lesson.TARGET_USD:g}" in question and f"{lesson.TARGET_P99_MS / 1000:g} s" in question
    assert f"{lesson.TARGET_SHARE * 100:g} %" in question
    shares, reserve, _minutes = lesson.CHECKS
    assert f"{lesson.CHECK_RPS:g} purchases" in shares.question
    assert f"{lesson.CHECK_POSTERS_RPS:g} posters" in reserve.question
    assert f"{lesson.BUYERS_RPS:g} purchases" in reserve.question
    assert f"{lesson.FLOOD_RPS * lesson.POSTERS_S:,.0f}" in lesson.FLOOD.question
    assert f"{lesson.BUYERS_RPS * lesson.BUY_S:g}" in lesson.FLOOD.question
    assert f"{lesson.BUY_S:g} s" in lesson.FIRST_429.question
    assert f"{lesson.UP} to {lesson.DOWN}" in lesson.SERVERS_CONTROL.label
    assert f"{lesson.GROUP.target_cpu * 100:g} % CPU" in lesson.TRACKING_CONTROL.choices[1][1]
    assert f"{lesson.VIDEO_S:g} s" in lesson.RAMP_EXPLORER.controls[0].doc
    assert f"{lesson.POSTERS_S:g} s" in lesson.SHARE_EXPLORER.controls[0].doc


def test_the_predictions_have_the_answers_that_the_lesson_tells():
    assert lesson.first_429_rps() == 500 and lesson.flooded() == 1


# Pictures ----------------------------------------------------


@pytest.mark.parametrize(
    "explorable",
    [lesson.RATE_EXPLORER, lesson.SHARE_EXPLORER, lesson.RAMP_EXPLORER, lesson.GROUP_EXPLORER, lesson.ZONE_EXPLORER],
)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_choice_draws_another_picture_in_words(explorable, language):
    i18n.use(language)
    exploring = teach.Exploration(explorable)
    exploring.pin()
    for control in explorable.controls:
        for value, _words in control.choices:
            exploring.move(control.name, value)
            assert not exploring.error and exploring.picture.alt and "{" not in exploring.picture.alt
        exploring.reset()


def test_servers_in_service_follow_those_paid_for():
    found = lesson._group_picture(lesson.evening(lesson.ruled(tracking=True)))
    minutes, paid = found["paid"]
    serving = found["serving"][1]
    assert (serving <= paid).all()
    assert minutes[np.argmax(paid > 2)] == pytest.approx(3.0, abs=0.1)
    assert minutes[np.argmax(serving > 2)] == pytest.approx(4.5, abs=0.1)
    assert 0.95 < found["cpu"][1].max() <= 1.0
