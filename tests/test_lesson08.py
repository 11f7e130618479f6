"""Lesson 08: both modes cost what AWS's prices give, the sale meets the rules' delays, exercises can be solved."""

import dataclasses

import numpy as np
import pytest

from simlib import Client, DynamoDb, Lambda, Scenario, capacity_plan, facts, i18n, price_book, simulate, teach, widgets
from simlib.lessons import lesson08 as lesson
from simlib.views.throughput import Modes, Served


@pytest.fixture(autouse=True)
def english():
    i18n.use("en")
    yield
    i18n.use("en")


# The price of both modes ----------------------------------------------------


def test_the_break_even_by_hand():
    """0.00065 / (3,600 x 0.000000625) = 0.00065 / 0.00225 = 28.9 %; with 0.00000125 half of it; reads alike."""
    assert lesson.break_even() == pytest.approx(0.00065 / 0.00225)
    assert lesson.break_even(lesson.BEFORE_CUT) == pytest.approx(0.00065 / 0.0045)
    assert lesson.break_even(kind="read") == pytest.approx(0.00013 / (3600 * 0.000000125))


@pytest.mark.parametrize(
    ("share", "date", "ratio"),
    [
        (1.0, None, 3.4615),
        (0.7, None, 2.4231),
        (0.2889, None, 1.0),
        (1.0, "2024-10-31", 6.923),
        (0.7, "2024-10-31", 4.846),
    ],
)
def test_the_ratio_of_two_bills_is_utilisation_over_break_even(share, date, ratio):
    """share x 3,600 x 0.625 / 650 (WCU-hours by the million), and twice that before November 2024."""
    assert lesson.steady(share, date).ratio == pytest.approx(ratio, rel=2e-3)


def test_the_first_slider_says_the_dollars_by_hand():
    """70 writes a second for 730 hours: 183.96 million x 0.625 = 114.98 dollars; 100 WCU x 730 x 0.00065 = 47.45."""
    exploring = teach.Exploration(lesson.SHARE_EXPLORER)
    assert "provisioned $47.45, on demand $115, that is 2.42 times as much" in exploring.sentence
    assert "break-even lies at 28.9 %" in exploring.sentence
    exploring.move("percent", 20)
    assert "0.692 times" in exploring.sentence


def test_the_second_figures_new_control_is_the_date():
    exploring = teach.Exploration(lesson.DATE_EXPLORER)
    exploring.move("date", lesson.BEFORE_CUT)
    assert "4.85 times" in exploring.sentence and "14.4 %" in exploring.sentence
    assert exploring.bills["on demand"].date == lesson.BEFORE_CUT


def test_the_lines_of_the_figure_are_the_bills():
    """The drawn lines come from the price list, the marks from simulated requests; they meet."""
    for share in (0.25, 0.5, 1.0):
        seen, place = lesson.steady(share), round(share * 40)
        for mode, dollars in lesson._modes_lines(None).items():
            assert dollars[place] == pytest.approx(seen.usd(mode), rel=1e-6)


def test_predictions_are_answered_by_the_simulator():
    """70 / 28.9 = 2.42; two high minutes and two delays of a minute each."""
    assert lesson.ratio() == pytest.approx(0.7 * 0.00225 / 0.00065)
    assert lesson.first_help_minutes() == 4


def test_the_worked_sums_hold_numbers_of_the_price_list():
    """Reserved: 0.000128 + 1.50 / 8,760 = 0.000299 of 0.00065, 54 % less; Standard-IA: 24.8 % / 60 % = 41.3 %;
    18,600 x (0.00065 + 0.00013) = 14.508; 2 and 3 x 28.9 % are 57.8 and 86.7 %, before the cut half of that."""
    words = lesson.by_hand()
    for told in ("28.9 %", "2.42", "3.46", "4.85", "6.92", "240 s, so 20:04:00", "1,500 units", "54 % less", "41.3 %",
                 "25 WCU", "$14.508", "57.8 % to 86.7 %", "28.9 % to 43.3 %"):
        assert told in words
    assert lesson.infrequent_share() == pytest.approx((0.78 / 0.625 - 1) / 0.6)
    assert lesson.free_units() == 25


# The sale ----------------------------------------------------


def test_an_order_takes_twenty_units_and_an_hour_has_8650_of_them():
    """50 x 120 + 5 x 480 + 0.1 x 3,000 = 8,700 expected; the standard deviation is their root, 93."""
    assert lesson.ORDER_UNITS == 20
    assert abs(lesson.evening().results[lesson.ON_DEMAND].n - 8700) < 4 * np.sqrt(8700)


def test_minutes_add_up_to_what_was_wanted():
    """Every order is consumed or throttled in the minute in which it comes, for nothing waits here."""
    for result in lesson.evening().results.values():
        seen = lesson.minutes(result)
        assert seen["edges"][0] == -10 and seen["edges"][-1] == 50
        assert seen["served"] + seen["throttled"] == pytest.approx(seen["wanted"])
        assert seen["wanted"].sum() * 60 == result.n * 20


def test_auto_scaling_serves_the_burst_and_five_units_in_the_storm():
    """1,500 units saved and 5 a second: of the first minute 1,800 units pass, of the second 300; at 20:04 comes more,
    5 / 0.7 rounded up to 8, and with it the third step 12 and the fourth 18."""
    seen = lesson.evening()
    served = lesson.minutes(seen.results[lesson.PROVISIONED])["served"] * 60
    assert served[10] == pytest.approx(1800, rel=0.05) and served[11] == pytest.approx(300, rel=0.1)
    assert seen.first_help_s == 240
    moments, amounts = lesson.capacity_of(seen.results[lesson.PROVISIONED])
    assert list(amounts[:4]) == [5, 8, 12, 18] and list(moments[1:4]) == [4, 8, 12]
    assert seen.lost(lesson.ON_DEMAND) == 0


@pytest.mark.parametrize(("ready_wcu", "enough"), [(200, False), (300, True), (500, True)])
def test_a_scheduled_action_needs_286_units_for_two_minutes_of_a_thousand(ready_wcu, enough):
    """300 P / (1,000 - P) >= 120 s from P = 286 on."""
    share = lesson.evening(ready_wcu=ready_wcu).share(lesson.PROVISIONED)
    assert (share < 0.002) == enough


def test_the_scheduled_capacity_is_billed_in_the_hours_of_the_sales():
    """4 sales x 1 h x 1,500 WCU, instead of the 5 and the little that auto scaling adds. 1,000 units a second are 67 %
    of it, which is below the target, so that nothing is added."""
    plain, ready = (lesson.evening(ready_wcu=ready).bills[lesson.PROVISIONED] for ready in (0, 1500))
    more = ready.usd_of("dynamodb.write_capacity") - plain.usd_of("dynamodb.write_capacity")
    assert more == pytest.approx(4 * 1495 * 0.00065, rel=0.02)
    assert ready.usd_of("dynamodb.read_capacity") == pytest.approx(plain.usd_of("dynamodb.read_capacity"))


def test_on_demand_is_billed_for_every_order_and_nothing_else():
    """0.1 orders a second in 726 hours and four sales, 20 units each; read requests none; 1 GB 0.25."""
    seen = lesson.evening().bills[lesson.ON_DEMAND]
    orders = 0.1 * 726 * 3600 + 4 * lesson.evening().results[lesson.ON_DEMAND].n
    assert seen.usd_of("dynamodb.write_request") == pytest.approx(orders * 20 * 0.625e-6, rel=0.01)
    assert seen.total_usd == pytest.approx(seen.usd_of("dynamodb.write_request") + 0.25)


@pytest.mark.parametrize(("peak", "throttles"), [(0, True), (2500, True), (3250, False)])
def test_a_sale_of_more_than_twice_the_previous_peak_is_throttled_on_demand(peak, throttles):
    """6,000 units a second against 4,000 (a new table), 5,000 and 6,500."""
    seen = lesson.evening(lesson.GREAT_RPS, peak_units=peak)
    assert (seen.share(lesson.ON_DEMAND) > 0.01) == throttles
    if not peak:
        taken = lesson.minutes(seen.results[lesson.ON_DEMAND])["served"]
        assert taken.max() == pytest.approx(4000 * 61 / 60, rel=0.01)


def test_no_target_saves_the_storm():
    """Whatever the target, help comes four minutes after 20:00."""
    for target in (0.2, 0.5, 0.9):
        seen = lesson.evening(target=target)
        assert seen.first_help_s >= 240 and seen.share(lesson.PROVISIONED) > 0.5


@pytest.mark.parametrize(
    ("explorable", "sizes"),
    [(lesson.HEIGHT_EXPLORER, 1), (lesson.READY_EXPLORER, 2), (lesson.TARGET_EXPLORER, 2), (lesson.PEAK_EXPLORER, 2),
     (lesson.SHARE_EXPLORER, 1), (lesson.DATE_EXPLORER, 2), (lesson.HOT_EXPLORER, 2)],
)
def test_one_new_control_per_figure(explorable, sizes):
    assert len(explorable.controls) == sizes


def test_nonsense_is_answered_with_one_sentence_and_the_picture_stays():
    exploring = teach.Exploration(lesson.READY_EXPLORER)
    before = exploring.sentence
    for name, typed in (("height_rps", "many"), ("height_rps", 10**9), ("height_rps", "12.5"), ("ready_wcu", "")):
        assert not exploring.take({name: typed})
        assert exploring.error.splitlines() == list(exploring.refused.values())
        assert exploring.stale and exploring.sentence == before


@pytest.mark.parametrize("given", ["many", None, True, -5, 0, 1e9, float("nan")])
def test_a_sale_that_cannot_be_is_answered_with_one_sentence(given):
    with pytest.raises(teach.InputError, match="from 1 to 1,000"):
        lesson.sale(given)


def test_a_run_button_waits_for_the_learner():
    shown = widgets.explore(lesson.HEIGHT_EXPLORER)
    shown.sliders["height_rps"].main.value = 100
    assert "settings before this" in shown.sentence.value
    shown.run_button.click()
    assert "2,000 write units" in shown.sentence.value


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_pictures_show_what_stands_and_say_it(language):
    i18n.use(language)
    exploring = teach.Exploration(lesson.HEIGHT_EXPLORER)
    exploring.pin()
    exploring.move("height_rps", 100)
    picture = exploring.picture
    assert isinstance(picture, Served) and len(picture.axes) == 2
    x, y = picture.capacity[lesson.PROVISIONED].get_data()
    assert list(y[:3]) == [5, 8, 12] and x[0] == -10
    assert "2,000" in picture.alt and picture.capacity[lesson.ON_DEMAND].get_linestyle() == ":"
    assert picture.before[lesson.ON_DEMAND].get_visible()
    modes = teach.Exploration(lesson.SHARE_EXPLORER).picture
    assert isinstance(modes, Modes) and "28.9" in modes.alt
    assert modes.even.get_xdata()[0] == pytest.approx(lesson.break_even())


# Through a function ----------------------------------------------------


def test_retries_are_waited_out_and_billed():
    """Four attempts with pauses below 1, 2 and 4 s: on average 3.5 s and four answers of 2 ms for those given up."""
    scaled = DynamoDb(capacity_mode="provisioned", auto_scaling=True)
    tables = {lesson.PROVISIONED: scaled, lesson.ON_DEMAND: DynamoDb()}
    stack = Client(max_attempts=1), Lambda(memory_mb=1024, timeout_s=30)
    results = {mode: simulate(Scenario((*stack, table), lesson.sale(20)), 1) for mode, table in tables.items()}
    table = lesson.compared(results)
    waited = results[lesson.PROVISIONED].of(2)
    lost = waited["status"] == 429
    assert (waited["wait_s"][lost] - 0.008).mean() == pytest.approx(3.5, rel=0.03)
    assert set(waited["resource"][lost]) == {4}
    assert table.loc["given up after all attempts", "on demand"] == "0"
    assert table.loc["orders", "on demand"] == table.loc["stored", "on demand"]
    told = table["provisioned, auto scaling"]
    assert int(told["stored"].replace(",", "")) + int(told["given up after all attempts"].replace(",", "")) == int(
        told["orders"].replace(",", "")
    )


# A single hot key ----------------------------------------------------


def test_a_single_hot_key_loses_500_of_1500_writes_in_both_modes_and_two_suffixes_save_it():
    """AWS: 1,000 write units a second for a partition, whatever the table has; three suffixes would take 3,000."""
    seen = lesson.hot()
    for mode in lesson.MODES_OF_HOT:
        assert seen.throttled_rps(mode) == pytest.approx(500, rel=0.06)
        assert lesson.hot(shards=2).share(mode) == 0
    assert lesson.hot(4000, 3).throttled_rps(lesson.PLAIN) == pytest.approx(1000, rel=0.06)


def test_what_one_should_have_seen_is_worked_out():
    first, second, third = lesson.breaking()
    assert "1,500 writes" in first and "Two suffixes lose 0 %" in first
    assert "6,000 units" in second and "7,000" in second and "loses 0 %" in second
    assert "20:04:00" in third and "$474" in third and "$2.37" in third


def test_nothing_is_scaled_in_without_consumption():
    """1,000 and 5 WCU for 730 hours at 0.00065."""
    assert lesson.sleeping_usd() == pytest.approx((474.5, 2.3725))


# Metrics of one's own ----------------------------------------------------


def test_the_export_is_a_small_file_that_capacity_plan_reads_back():
    """A day of minutes; 900 orders of 1 KB a second from 20:00 in Korea, which is 11:00 UTC."""
    path = lesson.export_metrics()
    assert path.stat().st_size < 50_000
    consumption = capacity_plan.read_metrics(path)
    assert consumption.minutes == 1440 and consumption.period_s == 60
    busiest = int(np.argmax(consumption.write))
    assert busiest in (1200, 1201) and consumption.write[busiest] == pytest.approx(54_000, rel=0.02)
    assert f"{consumption.begins:%H:%M}" == "15:00"


def test_the_options_are_named_in_the_learners_language():
    found = capacity_plan.what_if(capacity_plan.read_metrics(lesson.export_metrics()))
    table = lesson.options(found)
    assert set(table.index) == {"on demand", "provisioned for the highest minute", "auto scaling, target 50%",
                                "auto scaling, target 70%", "auto scaling, target 90%"}
    assert table.loc["on demand", "throttled"] == "0 %"
    assert table.loc["auto scaling, target 70%", "throttled"] != "0 %"
    i18n.use("ko")
    assert "온디맨드" in lesson.options(found).index


def test_a_file_that_is_no_export_is_answered_with_one_sentence(tmp_path):
    for name, text in (("none.csv", None), ("empty.csv", ""), ("text.csv", "hello\n")):
        path = tmp_path / name
        if text is not None:
            path.write_text(text, encoding="utf-8")
        with pytest.raises(capacity_plan.MetricsError) as refusal:
            capacity_plan.read_metrics(path)
        assert refusal.value._render_traceback_() == [str(refusal.value)] and "\n" not in str(refusal.value)


# Exercises ----------------------------------------------------


def test_the_sum_by_hand_is_where_the_simulated_table_settles():
    """2.5 KB: 3 units; 30 x 3 = 90 a second; 90 / 0.7 = 128.6, so 129 WCU."""
    assert lesson._needed_wcu() == 129
    fresh = dataclasses.replace(lesson.BY_HAND)
    assert fresh.mark(129).right and not fresh.mark(128).right and not fresh.mark(90).right
    assert "129" in fresh.worked() and "129" not in dataclasses.replace(lesson.BY_HAND).mark(0).text


def test_running_all_cells_is_no_try():
    for target, start in ((lesson.BY_HAND, 0), (lesson.SURVIVE, lesson.first_table())):
        fresh = dataclasses.replace(target)
        assert not fresh.mark(start).right and "Try first" in fresh.unfold()


@pytest.mark.parametrize(
    ("table", "met"),
    [
        ({}, (False, True, False)),
        ({"previous_peak_writes": 2500}, (True, True, False)),
        ({"previous_peak_writes": 2500, "max_write_request_units": 4000}, (False, True, True)),
        ({"previous_peak_writes": 2500, "max_write_request_units": 5000}, (True, True, True)),
        ({"capacity_mode": "provisioned", "write_capacity": 5000}, (True, False, True)),
        ({"capacity_mode": "provisioned", "auto_scaling": True}, (False, True, False)),
    ],
)
def test_the_target_needs_the_right_mode_a_prepared_peak_and_a_maximum(table, met):
    """5,000 WCU for a month are 5,000 x 730 x 0.00065 = 2,373 dollars; 40,000 x 3,600 x 0.000000625 = 90 an hour."""
    verdict = lesson.SURVIVE.mark(DynamoDb(**table))
    marks = tuple(line[0] == "✓" for line in verdict.text.splitlines()[:3])
    assert marks == met and verdict.right == all(met)


def test_the_worst_hour_by_hand():
    """5,000 x 3,600 x 0.625 / 1,000,000 = 11.25; auto scaling up to 40,000 WCU x 0.00065 = 26."""
    assert lesson.worst_hour_usd(lesson.one_solution()) == pytest.approx(11.25)
    assert lesson.worst_hour_usd(lesson.first_table()) == pytest.approx(26.0)
    assert lesson.worst_hour_usd(DynamoDb()) == pytest.approx(90.0)


@pytest.mark.parametrize("given", [None, "a table", 5])
def test_what_is_no_table_is_answered_with_a_sentence(given):
    with pytest.raises(teach.InputError, match="a DynamoDb table"):
        dataclasses.replace(lesson.SURVIVE).mark(given)


def test_the_essay_names_the_share_of_today():
    assert f"{100 * lesson.break_even():.0f} %" in lesson.ADVICE.points[0]


# Check ----------------------------------------------------


def check(key):
    return dataclasses.replace(next(each for each in lesson.CHECKS if each.key == key))


@pytest.mark.parametrize(
    ("key", "tried", "hint"),
    [
        ("08.even", "14.4", "until 2024-10-31"),
        ("08.even", "70", "usual target"),
        ("08.help", "2", "the alarm alone"),
        ("08.help", "0", "does not foresee"),
        ("08.help", "15", "scales in"),
        ("08.peak", "4000", "new table"),
        ("08.peak", "40000", "table quota"),
        ("08.hot", "0", "at most a whole partition"),
        ("08.hot", "590", "adaptive capacity lends it more"),
        ("08.hot", "1000", "asks for the others"),
        ("08.saves", 0, "cannot be reserved"),
        ("08.saves", 1, "units dearer"),
        ("08.saves", 3, "idle"),
    ],
)
def test_a_wrong_answer_gets_the_hint_of_its_misconception(key, tried, hint):
    verdict = check(key).mark(tried)
    assert not verdict.right and hint in verdict.text


@pytest.mark.parametrize(
    ("key", "tried"),
    [("08.even", "28.9"), ("08.help", "4"), ("08.peak", "6,000"), ("08.hot", "500"), ("08.saves", 2)],
)
def test_the_answers_by_hand_are_right(key, tried):
    """28.9 %; 2 + 1 + 1 minutes; 2 x 3,000; 1,500 - 1,000; reserving saves 54 %."""
    assert check(key).mark(tried).right


def test_the_bills_of_the_last_check_by_hand():
    """1,000 WCU, 1 RCU, 50 GB of which every one costs 0.25 without the free tier, for 730 hours; reserved for a year
    0.000128 + 1.50 / 8,760 an hour; on demand 800 x 3,600 x 730 x 0.000000625; a target of 50 % keeps 1,600 WCU."""
    reads, storage = 0.00013 * 730, 12.5
    assert lesson.saving_bills() == pytest.approx(
        (
            800 * 3600 * 730 * 0.625e-6 + storage,
            1000 * 730 * 0.00081 + 0.00016 * 730 + 5.0,
            1000 * 730 * (0.000128 + 1.5 / 8760) + reads + storage,
            1600 * 730 * 0.00065 + reads + storage,
        ),
        rel=1e-6,
    )


def test_every_fact_the_lesson_counts_on_is_in_the_data():
    """AWS's pages: 300 s, 1,000 and 3,000 units, 4,000 and 12,000 at first, 27 decreases, 40,000 units."""
    expected = {
        "burst_s": 300,
        "partition_write_units": 1000,
        "partition_read_units": 3000,
        "on_demand_initial_write": 4000,
        "on_demand_initial_read": 12_000,
        "decreases_per_day": 27,
        "table_quota_units": 40_000,
    }
    assert {name: facts.value(f"dynamodb.{name}") for name in expected} == expected
    assert price_book().usd("dynamodb.write_request.standard") == 0.625e-6
