"""Predict, check, target, essay, quiz and explore: what the learner is told, without any widget."""

import math
import numbers
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib import i18n, teach
from simlib.params import Checked, ParamError, param


@pytest.fixture(autouse=True)
def english():
    i18n.use("en")
    yield
    i18n.use("en")


# Typing ----------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("3", 3),
        (" 3.5 ", 3.5),
        ("1,000", 1000),
        ("$12", 12),
        ("40 %", 40),
        ("2e3", 2000),
        ("-0.5", -0.5),
        ("1,234,567.5", 1234567.5),
    ],
)
def test_numbers_are_read_the_way_people_write_them(typed, value):
    assert teach.parse_number(typed) == value


@pytest.mark.parametrize(
    "typed",
    ["", "many", "1,5", "nan", "inf", "1e999", "1_000", "3 apples", "=1+1", "<script>", "--1", "1 2", "٣x"],
)
def test_nonsense_gets_one_sentence(typed):
    with pytest.raises(teach.InputError) as caught:
        teach.parse_number(typed)
    said = str(caught.value)
    assert said.endswith(".") and "\n" not in said and len(said) < 140


@given(st.text(max_size=30))
def test_whatever_is_typed_is_a_finite_number_or_an_input_error(typed):
    try:
        assert abs(teach.parse_number(typed)) < float("inf")
    except teach.InputError as error:
        assert str(error)


def test_a_number_outside_its_limits_is_told_what_is_allowed():
    with pytest.raises(teach.InputError, match="between 1 and 900 s"):
        teach.parse_number("1000", 1, 900, "s")


def test_a_unit_typed_with_the_number_is_understood():
    assert teach.parse_number("30 ms", 1, 900, "ms") == 30


# Predict ----------------------------------------------------

RATE = teach.Prediction("rate", "At which rate?", unit="rps", lo=0.01, hi=10_000)
WHICH = teach.Prediction("which", "Which one?", choices=("the first", "the second"))


def test_a_prediction_is_kept_and_shown_beside_the_result():
    store = teach.Store()
    assert "no prediction" in teach.looking_back(RATE, 8.0, store)
    store.commit(RATE, "4")
    assert (
        teach.looking_back(RATE, 8.0, store)
        == "You predicted 4 rps; the run gives 8 rps: the truth is 2 times as high."
    )
    store.commit(RATE, "40")
    assert "your number is 5 times as high" in teach.looking_back(RATE, 8.0, store)
    store.commit(RATE, "8.5")
    assert "Well judged" in teach.looking_back(RATE, 8.0, store)


def test_a_changed_request_is_said_and_not_compared():
    store = teach.Store()
    store.commit(RATE, "16")
    assert teach.looking_back(RATE, 8.0, store, seen=8.0) == teach.looking_back(RATE, 8.0, store)
    said = teach.looking_back(RATE, 8.0, store, seen=16.0)
    assert "the run gives 8 rps: your number is 2 times as high." in said
    assert said.endswith("was changed and gives 16 rps; the prediction is compared with the original one.")
    assert "gives “the second”" in teach.looking_back(WHICH, 0, store, seen=1)


def test_a_choice_is_kept_by_position():
    store = teach.Store()
    store.commit(WHICH, 1)
    assert "that is what the run gives" in teach.looking_back(WHICH, 1, store)
    assert "the run gives “the first”" in teach.looking_back(WHICH, 0, store)
    with pytest.raises(teach.InputError, match="Nothing is chosen"):
        store.commit(WHICH, None)


def test_a_refused_prediction_leaves_the_earlier_one():
    store = teach.Store()
    store.commit(RATE, "4")
    with pytest.raises(teach.InputError):
        store.commit(RATE, "a lot")
    assert store.get("rate") == 4


def test_predictions_travel_through_a_file(tmp_path):
    store, other = teach.Store(), teach.Store()
    store.commit(RATE, "4")
    store.commit(WHICH, 1)
    store.save(tmp_path / "예측 1.json")
    other.load(tmp_path / "예측 1.json")
    assert (other.get("rate"), other.get("which")) == (4, 1)


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"rate": "x"}', '{"rate": NaN}', '{"rate": {}}'])
def test_a_file_that_holds_no_predictions_is_refused_whole(tmp_path, content):
    (tmp_path / "p.json").write_text(content, encoding="utf-8")
    store = teach.Store()
    with pytest.raises(teach.InputError):
        store.load(tmp_path / "p.json")
    assert store.get("rate") is None


# Check ----------------------------------------------------


def make_check(calls=None):
    def answer():
        if calls is not None:
            calls.append(1)
        return 40.0

    return teach.Check(
        "c",
        "How much?",
        answer,
        lambda value: f"It is {value:g}.",
        unit="USD",
        lo=0,
        hints=(teach.Hint(lambda: 20.0, "You counted one server; a fair fleet has two."),),
    )


@pytest.mark.parametrize(
    ("answer", "right", "wrong"),
    [
        (10_501.0, ["10501", "10,501", "10501.0"], ["10500", "10502", "10501.4"]),
        (300.0, ["300"], ["299", "301", "300.4"]),
        (50.5, ["50.5", "50.50"], ["50.4", "51", "50.52"]),
        (600 / 51, ["11.8", "11.76", "11.765"], ["12", "11.5", "11.7", "11.9"]),
        (1234.5, ["1234.5", "1235", "1230"], ["1224", "1241"]),
        (0.0, ["0"], ["0.01"]),
    ],
)
def test_what_is_counted_must_be_met_exactly_and_what_is_rounded_as_it_is_shown(answer, right, wrong):
    question = replace(make_check(), answer=lambda: answer, tolerance=0, hints=())
    assert [typed for typed in right + wrong if question.mark(typed).right] == right


def test_a_check_is_computed_once_and_only_when_it_is_needed():
    calls = []
    question = make_check(calls)
    assert calls == []
    assert question.mark("40").right and question.mark("41").right
    assert calls == [1]


def test_a_misconception_gets_its_own_hint():
    assert make_check().mark("20").text == "Not yet. You counted one server; a fair fleet has two."


def test_any_other_wrong_number_is_told_the_direction():
    assert "higher" in make_check().mark("3").text
    assert "lower" in make_check().mark("300").text


def test_the_answer_is_folded_until_a_try_was_made():
    question = make_check()
    assert "Try first" in question.unfold()
    with pytest.raises(teach.InputError):
        question.mark("forty")
    assert "Try first" in question.unfold(), "nonsense is not a try"
    question.mark("7")
    assert question.unfold() == "It is 40."


def test_a_choice_check_gives_the_hint_of_the_wrong_choice():
    question = teach.Check(
        "c",
        "Which?",
        lambda: 1,
        lambda value: "The second.",
        choices=("a", "b", "c"),
        hints=(teach.Hint(lambda: 0, "Look at the other axis."),),
    )
    assert "other axis" in question.mark(0).text
    assert not question.mark(2).right and question.mark(1).right


def test_whoever_asks_is_told_of_usable_tries_alone():
    question, told = make_check(), []
    question.on_try(lambda: told.append(question.tries))
    with pytest.raises(teach.InputError):
        question.mark("forty")
    question.mark("7")
    question.mark("40")
    assert told == [1, 2]


@dataclass(frozen=True)
class Thing(Checked):
    size: int = param(1, "m", "how large", 1, 10)


TARGET = teach.Target(
    "t",
    "Be small and cheap.",
    Thing,
    (
        teach.Condition("size", lambda thing: thing.size, 3),
        teach.Condition("price", lambda thing: 10 / thing.size, 5),
    ),
    solution=lambda: Thing(size=2),
    worked=lambda: "Two is enough.",
    untouched=lambda thing: thing.size == 10,
)


def test_a_target_names_every_condition_and_needs_all_of_them():
    missed = TARGET.mark(Thing(size=1))
    assert (
        not missed.right
        and "✓ size: 1" in missed.text
        and "✗ price: 10, but at most 5 is allowed" in missed.text
    )
    assert TARGET.mark(TARGET.solution()).right
    assert TARGET.unfold() == "Two is enough."


def test_running_the_cell_as_it_came_is_no_try():
    target = replace(TARGET)
    target.mark(Thing(size=10))
    assert "Try first" in target.unfold()
    target.mark(Thing(size=9))
    assert target.unfold() == "Two is enough."


@pytest.mark.parametrize("thing", [None, 3, "Thing", Thing])
def test_a_target_refuses_what_is_not_the_thing(thing):
    with pytest.raises(teach.InputError, match="This needs Thing; you gave"):
        TARGET.mark(thing)


NUMBER = teach.Target(
    "n",
    "How many?",
    numbers.Real,
    (teach.Condition("distance from the formula", lambda given: abs(given / 40 - 1), 0.001),),
    solution=lambda: 40,
    worked=lambda: "It is 40.",
    untouched=lambda given: given == 0,
    needs="a number",
)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (np.float32("nan"), "nan"),
        (10**400, "inf"),
        (None, "nothing"),
        ("40", "text"),
    ],
)
def test_what_is_no_number_one_can_reckon_with_is_refused_and_no_try(given, named):
    target = replace(NUMBER)
    with pytest.raises(teach.InputError) as refused:
        target.mark(given)
    assert str(refused.value) == (
        f"This needs a number; you gave {named}. Correct it in this cell and run the cell again."
    )
    assert target.tries == 0 and "Try first" in target.unfold()


@pytest.mark.parametrize("given", [40, 40.0, np.int64(40), np.float64(40), Fraction(40)])
def test_every_kind_of_finite_number_is_measured(given):
    assert replace(NUMBER).mark(given).right


def test_an_essay_shows_its_points_only_after_something_was_written():
    essay = teach.Essay("e", "Why?", ("because of idle time",))
    with pytest.raises(teach.InputError):
        essay.compare("  dunno ")
    assert essay.compare("A server is paid for while it waits, a function is not.") == [
        "because of idle time"
    ]


# Quiz ----------------------------------------------------


def options(right=1, count=4):
    return tuple(teach.Option(f"option {k}", f"reason {k}", right=k == right) for k in range(count))


def test_a_wrong_option_gets_its_reason_and_the_right_one_all_reasons():
    question = teach.Question("Which?", options(), domain="cost")
    assert question.mark(0).text == "Not quite. reason 0"
    right = question.mark(1)
    assert right.right and all(f"reason {k}" in right.text for k in range(4))
    with pytest.raises(teach.InputError):
        question.mark(None)


@pytest.mark.parametrize(
    "broken",
    [
        lambda: teach.Question("?", options(right=9)),
        lambda: teach.Question("?", options(), domain="speed"),
        lambda: teach.Question("?", options(count=3), domain="cost"),
        lambda: teach.Quiz((teach.Question("?", options()),)),
        lambda: teach.Quiz((teach.Question("?", options()),) * 3),
    ],
)
def test_a_malformed_quiz_is_refused(broken):
    with pytest.raises(ValueError):
        broken()


# Explore ----------------------------------------------------


class FakePicture:
    """Remembers what it was asked to show."""

    alt = "a fake"

    def __init__(self):
        self.shown = []

    def show(self, found, pinned=None):
        self.shown.append((found, pinned))

    def png(self):
        return b""


def run(settings):
    if settings["size"] > 8:
        raise ParamError("Size is above what this fleet allows; choose at most 8.")
    return {"area": settings["size"] ** 2 * (2 if settings["shape"] == "b" else 1)}


FAKE = teach.Explorable(
    controls=(
        teach.control(Thing, "size", "Size", hi=10, whole=True),
        teach.Control("shape", "Shape", "a", choices=(("a", "round"), ("b", "square"))),
    ),
    run=run,
    picture=FakePicture,
    say=lambda found, pinned: f"area {found['area']}" + (f" against {pinned['area']}" if pinned else ""),
    bills=lambda found: {"one": found["area"]},
)


def test_a_move_runs_once_and_draws_once():
    exploring = teach.Exploration(FAKE)
    before = len(exploring.picture.shown)
    exploring.move("size", "3")
    assert exploring.sentence == "area 9" and exploring.bills == {"one": 9}
    assert len(exploring.picture.shown) == before + 1 and not exploring.stale


def test_nonsense_keeps_the_picture_and_marks_it_stale():
    exploring = teach.Exploration(FAKE)
    exploring.move("size", "3")
    drawn = len(exploring.picture.shown)
    for typed in ("big", "", "11", "-1", None):
        exploring.move("size", typed)
        assert exploring.stale and exploring.error.endswith(".") and exploring.sentence == "area 9"
        assert len(exploring.picture.shown) == drawn and exploring.settings["size"] == 3
    exploring.move("size", 4)
    assert not exploring.stale and exploring.sentence == "area 16"


def test_a_refusal_of_the_simulator_is_shown_as_its_sentence():
    exploring = teach.Exploration(FAKE)
    exploring.move("size", 9)
    assert exploring.error == "Size is above what this fleet allows; choose at most 8." and exploring.stale
    exploring.reset()
    assert not exploring.error and exploring.sentence == "area 1"


def test_the_pinned_run_stays_while_others_follow():
    exploring = teach.Exploration(FAKE)
    exploring.move("size", 2)
    exploring.pin()
    exploring.set({"size": 3, "shape": "b"})
    assert exploring.sentence == "area 18 against 4" and exploring.pinned_settings["size"] == 2
    assert exploring.picture.shown[-1] == ({"area": 18}, {"area": 4})
    exploring.clear()
    assert exploring.sentence == "area 18" and exploring.picture.shown[-1][1] is None


def test_without_running_the_picture_is_stale_until_the_run():
    exploring = teach.Exploration(FAKE)
    assert exploring.take({"size": 5})
    assert exploring.stale and exploring.sentence == "area 1"
    exploring.run()
    assert not exploring.stale and exploring.sentence == "area 25"


@pytest.mark.parametrize("typed", ["big", "", "11"])
def test_a_run_waits_until_what_is_refused_is_corrected(typed):
    exploring = teach.Exploration(FAKE)
    drawn = len(exploring.picture.shown)
    assert not exploring.take({"size": typed})
    refusal = exploring.error
    assert refusal and "\n" not in refusal
    exploring.run()
    assert exploring.error == refusal + "\nNothing runs until this is corrected."
    assert exploring.stale and len(exploring.picture.shown) == drawn
    exploring.pin()
    exploring.clear()
    assert exploring.error.startswith(refusal)
    assert exploring.take({"size": "5"}) and exploring.error == ""
    exploring.run()
    assert exploring.sentence == "area 25" and not exploring.stale


def test_moving_another_control_forgets_no_refusal_and_loses_no_move():
    exploring = teach.Exploration(FAKE)
    exploring.move("size", "many")
    exploring.move("shape", "b")
    assert "“many” is not a number" in exploring.error and "Nothing runs" in exploring.error
    assert exploring.sentence == "area 1" and exploring.stale
    exploring.move("size", 3)
    assert exploring.error == "" and exploring.sentence == "area 18"


def test_every_refused_control_has_its_line_and_a_reset_forgets_them():
    exploring = teach.Exploration(FAKE)
    exploring.set({"size": "many", "shape": "c"})
    first, second = exploring.error.splitlines()
    assert first.startswith("Size: “many”") and "“c” cannot be chosen" in second
    exploring.move("size", 2)
    assert exploring.error.splitlines()[0] == second
    exploring.reset()
    assert exploring.error == "" and exploring.sentence == "area 1" and not exploring.stale


def test_a_control_takes_limits_unit_and_meaning_from_the_declaration():
    made = teach.control(Thing, "size", "Size")
    assert (made.lo, made.hi, made.unit, made.doc, made.default) == (1, 10, "m", "how large", 1)
    with pytest.raises(teach.InputError, match="declares between 1 and 10"):
        teach.control(Thing, "size", "Size", hi=11)
    with pytest.raises(teach.InputError, match="no parameter"):
        teach.control(Thing, "weight", "Weight")


def test_a_range_above_100_times_is_logarithmic():
    assert teach.Control("r", "rate", 1, lo=0.1, hi=100).log
    assert not teach.Control("r", "rate", 1, lo=1, hi=100).log
    assert not teach.Control("r", "rate", 1, lo=0, hi=1000).log
