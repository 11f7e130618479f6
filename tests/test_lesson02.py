"""Lesson 02: the sums hold, the three optima differ, limits and targets do what the text says."""

import math

import numpy as np
import pytest

from simlib import Lambda, facts, i18n, teach
from simlib.lessons import lesson02 as lesson
from simlib.pricing import price_book
from simlib.views.memory import PowerTuning


@pytest.fixture(autouse=True)
def english():
    i18n.use("en")
    yield
    i18n.use("en")


def test_a_month_is_exactly_a_million_requests():
    run = lesson.tune("ticket", 1024)
    used = {line.sku: line.quantity for line in run.bill.lines}
    assert used["lambda.requests"] == pytest.approx(1_000_000)
    assert all(line.tier != "free" for line in run.bill.lines)


@pytest.mark.parametrize("kind", lesson.KINDS)
def test_the_luck_is_ordinary_and_nobody_fails(kind):
    drawn = lesson._drawn(kind)
    operation = lesson.KINDS[kind]
    assert drawn.work_vcpu_s.mean() == pytest.approx(operation.work_vcpu_s, rel=0.01)
    assert drawn.io_s.mean() == pytest.approx(operation.io_s, rel=0.01)
    assert all(lesson.tune(kind, memory_mb).failed == 0 for memory_mb in lesson.SIZES_MB)


@pytest.mark.parametrize("kind", ["ticket", "poster"])
def test_simulated_points_lie_on_the_rule(kind):
    """Within 3 %: one cold start of 1,000 requests, rounding up to 1 ms, and the luck of the sample."""
    seen = lesson.curve(kind)
    mb, ms, dollars = seen["law"]
    assert np.interp(seen["mb"], mb, ms) == pytest.approx(np.array(seen["ms"]), rel=0.03)
    assert np.interp(seen["mb"], mb, dollars) == pytest.approx(np.array(seen["usd"]), rel=0.03)


def test_three_kinds_of_work_have_three_optima():
    spots = {kind: lesson.sweet_spot(kind) for kind in lesson.KINDS}
    assert spots == {"ticket": lesson.MB_PER_VCPU, "poster": lesson.MOST_MB, "payment": lesson.LEAST_MB}


def test_one_thread_gains_nothing_above_one_vcpu():
    small, large = lesson.tune("ticket", lesson.MB_PER_VCPU), lesson.tune("ticket", lesson.MOST_MB)
    assert large.ms == pytest.approx(small.ms, rel=0.002)
    assert large.usd / small.usd == pytest.approx(lesson.MOST_MB / lesson.MB_PER_VCPU, rel=0.03)


def test_changes_are_said_as_power_tuning_does():
    """1,000 ms and $10 against 560 ms and $6.90."""
    assert lesson.versus(560, 6.9, 1000, 10, "512 MB") == "Against 512 MB: 44 % faster, 31 % cheaper."
    assert lesson.versus(1000, 58, 1000, 10, "A") == "Against A: just as fast, 5.8 times the price."
    assert lesson.versus(1500, 10.02, 1000, 10, "A") == "Against A: 50 % slower, the same price."


def test_the_worked_sum_adds_up():
    """By hand from what the line says: GB x seconds x price x a million + the price of a million requests."""
    book = price_book()
    for memory_mb in lesson.HAND_MB:
        run = lesson.tune("ticket", memory_mb)
        by_hand = 1e6 * (
            memory_mb / 1024 * run.ms / 1000 * book.usd("lambda.duration.x86_64") + book.usd("lambda.requests")
        )
        assert run.usd == pytest.approx(by_hand, rel=1e-9)


def test_short_work_can_be_faster_and_cheaper_in_a_larger_size():
    words = lesson.quota_sum()
    assert "faster" in words and "cheaper" in words and "dearer" in words


def test_gb_seconds_by_hand():
    """3,008 / 1,024 GB x 0.213 s x a million = 625,687.5."""
    assert lesson.BY_HAND.mark(625_687.5).right
    assert not lesson.BY_HAND.mark(1e6 * 3008 / 1024 * 0.2124).right, "rounding comes before the sum"
    assert not lesson.BY_HAND.mark(1e6 * 3008 / 1000 * 0.213).right


@pytest.mark.parametrize(
    ("function", "reached"),
    [
        (Lambda(memory_mb=lesson.MB_PER_VCPU, architecture="arm64"), True),
        (Lambda(memory_mb=1536, architecture="arm64"), True),
        (Lambda(memory_mb=lesson.MB_PER_VCPU), False),
        (Lambda(memory_mb=1024, architecture="arm64"), False),
        (Lambda(memory_mb=3008, architecture="arm64"), False),
    ],
)
def test_the_target_needs_the_right_memory_and_the_cheaper_architecture(function, reached):
    assert lesson.FAST_AND_CHEAP.mark(function).right == reached


def test_running_all_cells_is_no_try():
    import dataclasses

    for target, start in ((lesson.BY_HAND, 0.0), (lesson.FAST_AND_CHEAP, Lambda(memory_mb=128))):
        fresh = dataclasses.replace(target)
        assert not fresh.mark(start).right and fresh.tries == 0


@pytest.mark.parametrize("trick", [{"invocation": "event"}, {"savings_plan": "compute_3y_no_upfront"}, {"init_s": 0.0}])
def test_a_target_is_not_reached_by_other_settings(trick):
    with pytest.raises(teach.InputError, match="memory_mb"):
        lesson.FAST_AND_CHEAP.mark(Lambda(memory_mb=1769, architecture="arm64", **trick))


def test_the_report_needs_a_ninth_of_a_vcpu():
    """100 s / 900 s x 1,769 MB = 196.6 MB."""
    assert lesson._report_mb() == math.ceil(100 / 900 * 1769) == 197


def test_the_default_timeout_breaks_the_smallest_size_and_both_cures_work():
    exploring = teach.Exploration(lesson.BREAK_EXPLORER)
    assert exploring.found.failed > 900
    exploring.set({"timeout_s": 30})
    assert exploring.found.failed == 0
    slow = exploring.found
    exploring.reset()
    exploring.set({"memory_mb": 1024})
    assert exploring.found.failed == 0 and exploring.found.ms < slow.ms / 5


def test_a_larger_size_makes_failing_tickets_faster_and_cheaper():
    def each_usd(run):
        return run.usd / (run.result.n - run.failed)

    small, large = (lesson.tune("ticket", mb, 3) for mb in (256, 1024))
    assert large.ms < small.ms and each_usd(large) < each_usd(small)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_limits_are_those_of_the_facts_and_can_all_be_met(language):
    i18n.use(language)
    wide = Lambda(ephemeral_storage_mb=10240)
    met = lesson.limits(wide, request_mb=6, answer_mb=6, event_mb=1, files_mb=10240)
    broken = lesson.limits(Lambda(), request_mb=6.1, answer_mb=6.1, event_mb=1.1, files_mb=513)
    verdict = met.columns[-1]
    assert met[verdict].nunique() == 1
    assert not set(broken[verdict]) & set(met[verdict])


def test_temporary_storage_is_billed_above_the_free_part():
    """10,240 - 512 MB for 426 s per thousand tickets at $0.0000000309: some 13 cents a million."""
    assert "$0.00 more" in lesson.storage_sum(Lambda(memory_mb=1769))
    assert "$0.13 more" in lesson.storage_sum(Lambda(memory_mb=1769, ephemeral_storage_mb=10240))


def test_numbers_in_questions_are_those_that_are_checked():
    assert f"{lesson.EXERCISE_MB:,}" in lesson.BY_HAND.question and f"{lesson.EXERCISE_MS}" in lesson.BY_HAND.question
    assert f"{lesson.TARGET_P95_MS:g} ms" in lesson.FAST_AND_CHEAP.question
    assert f"${lesson.TARGET_USD:g}" in lesson.FAST_AND_CHEAP.question
    assert f"{lesson.SMALL_MB} MB" in lesson.HOW_LONG.question and f"{lesson.LARGE_MB:,} MB" in lesson.HOW_LONG.question
    assert f"{lesson.CHECK_MB} MB" in lesson.CHECKS[0].question
    assert f"{lesson.REPORT_VCPU_S:g} s" in lesson.CHECKS[1].question
    assert f"{lesson.MB_PER_VCPU:,} MB" in lesson.CHECKS[2].question
    assert f"{lesson.MOST_MB:,} MB" in lesson.CHECKS[2].question
    assert lesson.LEAST_MB == facts.value("lambda.memory_default_mb")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_picture_says_what_it_draws(language):
    i18n.use(language)
    look = lesson.BREAK_EXPLORER.look
    picture = PowerTuning().show(look(lesson.tune("ticket", 512, 3)), look(lesson.tune("payment", 128, 3)))
    assert "512 MB" in picture.alt and len(picture.png()) > 5000
    assert [axis.get_ylim()[0] for axis in picture.axes][1] == 0, "dollars begin at zero"
    assert picture.timeout.get_visible()
    picture.show(look(lesson.tune("ticket", 512, 900)))
    assert not picture.timeout.get_visible()


def test_every_kind_can_be_chosen():
    exploring = teach.Exploration(lesson.KIND_EXPLORER)
    said = set()
    for kind in lesson.KINDS:
        exploring.move("kind", kind)
        assert exploring.error == ""
        said.add(exploring.sentence)
    assert len(said) == 3
