"""Lesson 03: the pictures of cold starts say what the runs hold, and its remedies do what the text claims."""

import numpy as np
import pytest
from scenes import arriving_at, play, steady_function

from simlib import Client, Lambda, facts, i18n, teach, theory
from simlib.lessons import lesson03 as lesson
from simlib.views import life


@pytest.fixture(autouse=True)
def english():
    i18n.use("en")
    yield
    i18n.use("en")


# Pictures ----------------------------------------------------


def test_a_life_is_taken_apart_into_platform_init_and_first_call():
    """20 ms there and back, 0.1 s platform, 0.2 s INIT, 0.3 s first call, 1 s of work."""
    function = steady_function(platform_s=0.1, init_s=0.2, first_handler_s=0.3)
    bars = life.life_bars(play(arriving_at([0.0, 5.0], io_s=1.0), Client(last_mile_ms=40), function), 0)
    assert [(bar.part, round(bar.end_s - bar.start_s, 6)) for bar in bars] == [
        ("network", 0.02), ("platform", 0.1), ("init", 0.2), ("first", 0.3), ("work", 1.0), ("network", 0.02)
    ]  # fmt: skip


def test_the_pieces_of_a_life_fill_the_whole_wait():
    result = lesson.twice("shop")
    for request in lesson.cold_and_warm().values():
        bars = life.life_bars(result, request)
        assert bars[0].start_s == 0 and bars[-1].end_s == pytest.approx(result.latency_s[request])
        for before, after in zip(bars, bars[1:]):
            assert after.start_s == pytest.approx(before.end_s)


def test_every_attempt_has_a_row_of_its_own():
    result = play(
        arriving_at([0.0, 0.1], io_s=0.2),
        Client(last_mile_ms=20, max_attempts=9),
        steady_function(account_concurrency=1),
    )
    picture = life.plot_waterfall(result, {"second": 1})
    rows = [text.get_text() for text in picture.axes.get_yticklabels()]
    assert rows[0] == "second, attempt 1" and len(rows) >= 2 and "pause before a retry" in picture.alt


def test_lanes_are_counted_with_those_that_are_hidden():
    result = play(arriving_at(np.arange(50) / 1000, io_s=1.0), steady_function(init_s=0.3, account_concurrency=45))
    picture = life.plot_lanes(result, 0.0, 2.0)
    assert "45 environments are seen, 45 cold starts among them" in picture.alt
    assert "5 environments are not drawn" in picture.alt and "5 calls are throttled" in picture.alt


def test_lanes_that_ended_before_the_stretch_are_left_out():
    function = steady_function(keep_alive="custom", keep_alive_s=10.0)
    result = play(arriving_at([0.0, 100.0], io_s=1.0), function)
    assert len(life.stretch(result, 50.0, 110.0).lanes.numbers) == 1
    assert len(life.stretch(result, 0.0, 110.0).lanes.numbers) == 2


def test_provisioned_lanes_are_told_apart():
    seen = lesson.evening(lesson.function("shop", "provisioned", 3), 5)
    assert "3 of them are provisioned" in lesson.BREAK_EXPLORER.picture().show(lesson._look_evening(seen)).alt


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("name", ["CODE", "RATE", "BURST", "REMEDY", "BREAK"])
def test_an_explorable_answers_for_every_choice_and_end(name, language):
    i18n.use(language)
    exploring = teach.Exploration(getattr(lesson, f"{name}_EXPLORER"))
    exploring.pin()
    for control in exploring.explorable.controls:
        for value in [value for value, _words in control.choices] or [control.lo, control.hi]:
            exploring.move(control.name, value)
            assert exploring.error == "" and "{" not in exploring.sentence + exploring.picture.alt
            assert "nan" not in exploring.sentence and exploring.picture.png()


# What the lesson claims ----------------------------------------------------


def test_the_simulated_share_lies_on_the_closed_form():
    rates, mean, low, high = lesson._share_points()
    for rate, share, least, most in zip(rates, mean, low, high):
        closed = np.mean(
            [
                theory.cold_share_at_low_rate(rate / 3600, kept)
                for kept in np.interp((np.arange(2000) + 0.5) / 2000, *facts.keep_alive("2025"))
            ]
        )
        assert least - 0.01 <= closed <= most + 0.01, rate
        assert share == pytest.approx(lesson.theory_share(rate), abs=0.03)


def test_one_ping_keeps_one_environment_warm():
    assert [lesson.cold_buyers(1, buyers) for buyers in (1, 2, 10)] == [0, 1, 9]
    assert lesson.cold_buyers(3, 20) == 17 and lesson.ONE_PING.choices[lesson.one_ping()] == "nine"


def test_too_few_provisioned_environments_spill_over():
    few, enough = (lesson.evening(lesson.function("shop", "provisioned", ready)) for ready in (10, 50))
    assert few.spilled > 30 and few.p99_ms > 3000
    assert enough.spilled == 0 == enough.cold.sum() and enough.p99_ms < 1000
    assert enough.usd == pytest.approx(5 * few.usd, rel=0.01)


def test_snapstart_helps_a_long_init_and_harms_a_short_one():
    long = [lesson.evening(lesson.function("shop", remedy)).p50_ms for remedy in ("none", "snapstart")]
    short = [lesson.evening(lesson.function("java", remedy)).p50_ms for remedy in ("none", "snapstart")]
    assert long[1] < long[0] / 2 and short[1] > short[0]


def test_the_target_is_reached_by_snapstart_or_many_pings_and_by_no_other_remedy():
    reached = {
        (remedy, ready): teach.Target.mark(lesson.CALM_OPENING, lesson.function("shop", remedy, ready)).right
        for remedy, ready in (("none", 1), ("ping", 1), ("ping", 50), ("snapstart", 1), ("provisioned", 50))
    }
    assert [key for key, right in reached.items() if right] == [("ping", 50), ("snapstart", 1)]


def test_the_shops_code_cannot_be_wished_away():
    for cheat in (Lambda(), Lambda(runtime="java21", init_s=0.0), lesson.function("python")):
        with pytest.raises(teach.InputError, match="lesson.function"):
            lesson.CALM_OPENING.mark(cheat)
    with pytest.raises(teach.InputError, match="one of none, ping"):
        lesson.function("shop", "hope")


def test_the_share_by_hand_is_the_exponential():
    assert lesson.BY_HAND.mark(float(np.exp(-4 / 3600 * 330))).right
    assert not lesson.BY_HAND.mark(1 - float(np.exp(-4 / 3600 * 330))).right


def test_the_number_in_a_question_is_the_number_that_is_checked():
    assert f"${lesson.TARGET_USD:g}" in lesson.CALM_OPENING.question
    assert f"{lesson.TARGET_P99_MS / 1000:g} s" in lesson.CALM_OPENING.question
    assert str(lesson.TARGET_BUYERS) in lesson.CALM_OPENING.question
    assert f"{lesson.EXERCISE_PER_HOUR} visitors" in lesson.BY_HAND.question
    assert f"{lesson.EXERCISE_KEEP_S} s" in lesson.BY_HAND.question


@pytest.mark.parametrize(
    ("target", "start"),
    [(lesson.BY_HAND, 1.0), (lesson.CALM_OPENING, lesson.function("shop", remedy="none", ready=1, memory_mb=1024))],
)
def test_running_all_cells_is_no_try_at_a_target(target, start):
    import dataclasses

    fresh = dataclasses.replace(target)
    assert not fresh.mark(start).right and "Try first" in fresh.unfold()
    assert fresh.mark(fresh.solution()).right and fresh.unfold() == fresh.worked()


def test_init_is_billed_since_august_2025():
    assert "billed 682 ms by the rules of 2025-07-31 and 3,682 ms since 2025-08-01" in lesson.init_sum()


def test_figures_written_in_the_text_are_those_of_the_data():
    """Five to six minutes in 2025, 3 s and 0.5 s of our own, 50 provisioned, SnapStart from these versions on."""
    gone, idle_s = facts.keep_alive("2025")
    assert 300 <= np.interp(0.1, gone, idle_s) and idle_s[-1] <= 360 and 300 < lesson.keep_alive_s() < 330
    assert (lesson.FRAMEWORK_INIT_S, lesson.FRAMEWORK_FIRST_S, lesson.REMEDY_READY) == (3.0, 0.5, 50)
    assert lesson.PING_EVERY_S == 240 and len(facts.keep_alive_policies()) == 5
    assert [facts.has_snapstart(name) for name in ("python3.11", "python3.12", "dotnet8")] == [False, True, True]


def test_the_bill_with_pings_is_the_simulators_own():
    """Two hours of pings stand for all quiet hours; the general bill plays many more of them."""
    from simlib import bill

    seen = lesson.evening(lesson.function("shop", "ping", 1), 5)
    quick, whole = ({line.sku: line.quantity for line in each.lines} for each in (seen.invoice, bill(seen.result)))
    assert quick["lambda.requests"] == pytest.approx(whole["lambda.requests"], rel=0.2)
    assert seen.usd == pytest.approx(bill(seen.result).total_usd, abs=0.01)
