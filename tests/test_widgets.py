"""What appears on the screen, without browser or kernel: set a value, look at the output."""

import numbers
import re
from dataclasses import replace

import ipywidgets
import numpy as np
import pytest

from simlib import i18n, teach, widgets
from simlib.params import ParamError
from simlib.pricing import Bill, Line
from simlib.views import Picture


@pytest.fixture(autouse=True)
def english():
    i18n.use("en")
    yield
    i18n.use("en")


class Parabola(Picture):
    """A curve that follows a slider."""

    def build(self):
        self.axes = self.figure.subplots()
        (self.line,) = self.axes.plot([], [])
        self.axes.set(xlim=(0, 1), ylim=(0, 500))

    def update(self, found, pinned):
        x = np.linspace(0, 1, 20)
        self.line.set_data(x, found["rate"] * x)
        return f'a line up to {found["rate"]:g} & "more"'


def run(settings):
    if settings["rate"] > 400:
        raise ParamError("The rate is too high for this fleet; choose at most 400.")
    return dict(settings)


def bills(found):
    line = Line(
        "AWS Lambda",
        "requests",
        "lambda.requests",
        found["rate"] * 1e6,
        "request",
        2e-7,
        "1",
        found["rate"] * 0.2,
        "lambda-pricing",
    )
    return {"Lambda": Bill((line,), ("CloudWatch Logs, unless added",), "us-east-1", "2026-11-23")}


def explorable(live=True):
    return teach.Explorable(
        controls=(
            teach.Control("rate", "Rate", 10.0, "rps", 0.1, 1000),
            teach.Control("zones", "Zones", 2, "", 1, 6, whole=True),
            teach.Control("shape", "Shape", "a", choices=(("a", "round"), ("b", "square"))),
        ),
        run=run,
        picture=Parabola,
        say=lambda found, pinned: f"rate {found['rate']:g}" + (f", A {pinned['rate']:g}" if pinned else ""),
        bills=bills,
        live=live,
    )


def shown(made):
    return made.sentence.value, made.picture.value, made.money.value


def the_texts(widget, kind=ipywidgets.HTML):
    found = [widget] if isinstance(widget, kind) else []
    for child in getattr(widget, "children", ()):
        found += the_texts(child, kind)
    return found


def all_words(widget):
    return " ".join(text.value for text in the_texts(widget))


def button(widget, words):
    return next(found for found in the_texts(widget, ipywidgets.Button) if found.description == words)


def test_moving_a_slider_changes_sentence_picture_and_bill():
    made = widgets.explore(explorable())
    before = shown(made)
    made.sliders["rate"].main.value = 100
    after = shown(made)
    assert all(a != b for a, b in zip(before, after))
    assert "rate 100" in after[0] and "$20.00" in after[2]


def test_the_picture_is_an_image_with_escaped_words():
    made = widgets.explore(explorable())
    assert made.picture.value.startswith('<img src="data:image/png;base64,')
    assert 'alt="a line up to 10 &amp; &quot;more&quot;"' in made.picture.value


def test_one_redraw_per_action(monkeypatch):
    made = widgets.explore(explorable())
    drawn = []
    original = Parabola.update
    monkeypatch.setattr(Parabola, "update", lambda self, *args: drawn.append(1) or original(self, *args))
    made.sliders["rate"].main.value = 50
    assert len(drawn) == 1
    made.sliders["rate"].field.value = "70"
    assert len(drawn) == 2
    made.sliders["zones"].main.value = 4
    made.sliders["shape"].main.value = "b"
    drawn.clear()
    made.reset_button.click()
    assert len(drawn) == 1 and made.state.settings == {"rate": 10.0, "zones": 2, "shape": "a"}


def test_slider_and_field_show_the_same_value():
    made = widgets.explore(explorable())
    made.sliders["rate"].main.value = 123.456
    assert made.sliders["rate"].field.value == "123" and made.state.settings["rate"] == 123
    made.sliders["rate"].field.value = "42.5"
    assert made.sliders["rate"].main.value == pytest.approx(42.5)


def test_a_typed_value_survives_the_browser_putting_the_slider_on_its_nearest_step():
    made = widgets.explore(explorable())
    slider = made.sliders["rate"]
    slider.field.value = "13"
    slider.main.value = 10 ** (-1 + 42 * slider.main.step)
    assert made.state.settings["rate"] == 13 and slider.field.value == "13"
    slider.main.value = 10 ** (-1 + 43 * slider.main.step)
    assert made.state.settings["rate"] == 14.1


def test_a_wide_range_gets_a_logarithmic_slider():
    made = widgets.explore(explorable())
    assert isinstance(made.sliders["rate"].main, ipywidgets.FloatLogSlider)
    assert isinstance(made.sliders["zones"].main, ipywidgets.IntSlider)


@pytest.mark.parametrize("typed", ["lots", "", "1e9", "-3", "<b>5</b>", "nan"])
def test_nonsense_in_a_field_gets_a_sentence_and_a_stale_picture(typed):
    made = widgets.explore(explorable())
    made.sliders["rate"].main.value = 100
    picture = re.search('base64,([^"]+)', made.picture.value).group(1)
    made.sliders["rate"].field.value = typed
    assert "⚠" in made.problem.value and "<b>5" not in made.problem.value
    assert "opacity:0.4" in made.picture.value and picture in made.picture.value
    made.sliders["rate"].main.value = 50
    assert made.problem.value == "" and "opacity" not in made.picture.value


def test_a_refusal_of_the_simulator_is_shown_as_its_sentence():
    made = widgets.explore(explorable())
    made.sliders["rate"].field.value = "500"
    assert "choose at most 400." in made.problem.value and "opacity:0.4" in made.picture.value
    assert "rate 10" in made.sentence.value


def test_a_pinned_run_is_named_and_forgotten():
    made = widgets.explore(explorable())
    made.sliders["rate"].main.value = 20
    made.pin_button.click()
    made.sliders["rate"].main.value = 30
    assert "rate 30, A 20" in made.sentence.value and "Rate 20" in made.pinned.value
    made.clear_button.click()
    assert "A 20" not in made.sentence.value and made.pinned.value == ""


def test_the_sum_shows_unit_price_tier_source_and_date():
    made = widgets.explore(explorable())
    assert "0.0000002" not in made.money.value and "2026-11-23" in made.money.value
    made.sum_button.value = True
    assert "$0.0000002" in made.money.value and "https://aws.amazon.com/lambda/pricing" in made.money.value
    assert "10,000,000 requests" in made.money.value and "CloudWatch Logs" in made.money.value
    made.sliders["rate"].main.value = 20
    assert "$0.0000002" in made.money.value, "the fold stays open while a slider moves"


def test_a_long_run_waits_for_its_button():
    made = widgets.explore(explorable(live=False))
    assert "Run" in [found.description for found in the_texts(made, ipywidgets.Button)]
    made.sliders["rate"].main.value = 100
    assert "rate 10" in made.sentence.value and "opacity:0.4" in made.picture.value
    made.run_button.click()
    assert "rate 100" in made.sentence.value and "opacity" not in made.picture.value


def of_8000(live):
    """An explorer as of `explorable`, whose rate goes to 8,000 and is never refused by the run."""
    rate, *others = explorable().controls
    return replace(explorable(live), controls=(replace(rate, hi=8000), *others), run=dict)


@pytest.mark.parametrize("typed", ["80,000", "10,000", "many", ""])
def test_run_neither_erases_a_warning_nor_starts_with_a_value_that_nobody_typed(typed):
    made = widgets.explore(of_8000(live=False))
    field = made.sliders["rate"].field
    field.value = "20"
    made.run_button.click()
    before = made.sentence.value
    field.value = typed
    warning = made.problem.value.removesuffix("</div>")
    assert "⚠ Rate: " in warning or "⚠ The field is empty" in warning
    for _once_more in range(2):
        made.run_button.click()
        assert made.problem.value.startswith(warning) and "⚠ Nothing runs until" in made.problem.value
        assert field.value == typed and made.state.found_settings["rate"] == 20
    field.value = "30"
    assert made.problem.value == "" and made.sentence.value != before
    made.run_button.click()
    assert "rate 30" in made.sentence.value and "opacity" not in made.picture.value


@pytest.mark.parametrize("live", [True, False])
def test_another_control_or_button_leaves_what_was_refused_in_its_field(live):
    made = widgets.explore(of_8000(live))
    field = made.sliders["rate"].field
    field.value = "10000"
    for touch in (
        lambda: setattr(made.sliders["zones"].main, "value", 4),
        lambda: setattr(made.sliders["zones"].field, "value", "5"),
        lambda: setattr(made.sliders["shape"].main, "value", "b"),
        made.pin_button.click,
        made.clear_button.click,
    ):
        touch()
        assert field.value == "10000" and "⚠ Rate: 10000 is outside" in made.problem.value
        assert "rate 10" in made.sentence.value and "opacity:0.4" in made.picture.value
    made.sliders["rate"].main.value = 100
    made.run_button.click()
    assert made.problem.value == "" and field.value == "100"
    assert made.state.found_settings == {"rate": 100, "zones": 5, "shape": "b"}


def test_a_click_is_not_served_before_what_was_typed_before_it(monkeypatch):
    """Whatever thread last sent to a control, what comes from it goes to the main one, as that of all others."""
    import comm

    kernel = pytest.importorskip("ipykernel.comm.comm", reason="ipykernel is not installed")
    if not hasattr(kernel.BaseComm, "_reply_subshell_for"):
        pytest.skip("this ipykernel hands all messages to the thread that JupyterLab names")
    monkeypatch.setattr(comm, "create_comm", kernel.BaseComm)
    options = tuple(teach.Option(f"o{k}", "why", k == 0) for k in range(4))
    exam, plain = (teach.Question("Which?", options, domain) for domain in ("cost", None))
    made = [
        widgets.explore(explorable(live=False)),
        widgets.predict(teach.Prediction("p", "How many?"), teach.Store()),
        widgets.check(teach.Check("c", "How much?", lambda: 40.0, str)),
        widgets.quiz(teach.Quiz((exam, plain, plain))),
        widgets.write(teach.Essay("e", "Why?", ("because",))),
    ]
    kinds = (ipywidgets.ValueWidget, ipywidgets.Button)
    controls = [one for each in made for one in the_texts(each, kinds) if not isinstance(one, ipywidgets.HTML)]
    assert {type(one).__name__ for one in controls} >= {"Text", "Textarea", "Button", "ToggleButton", "RadioButtons",
                                                        "Dropdown", "IntSlider", "FloatLogSlider"}
    for one in controls:
        one.comm._reply_subshell_id = "the thread that sent last"
        assert one.comm._reply_subshell_for({}, "the thread that JupyterLab names") is None, one


def test_a_reset_takes_back_what_was_refused():
    made = widgets.explore(of_8000(live=False))
    made.sliders["rate"].field.value = "many"
    made.reset_button.click()
    assert made.problem.value == "" and made.sliders["rate"].field.value == "10" and not made.state.stale


def test_a_prediction_is_kept_or_refused_with_a_sentence():
    store = teach.Store()
    made = widgets.predict(teach.Prediction("p", "How many?", lo=0, hi=100), store)
    (field,) = the_texts(made, ipywidgets.Text)
    field.value = "some"
    button(made, "Keep my prediction").click()
    assert "⚠" in all_words(made) and store.get("p") is None
    field.value = "12"
    button(made, "Keep my prediction").click()
    assert "Kept: 12" in all_words(made) and store.get("p") == 12


def test_a_result_stays_hidden_until_a_prediction_is_kept():
    store, prediction = teach.Store(), teach.Prediction("p", "How many?", lo=0, hi=100, whole=True)
    asked, looking = widgets.predict(prediction, store), widgets.look_back(prediction, 8, store)
    assert "8" not in all_words(looking) and "no prediction yet" in all_words(looking)
    (field,) = the_texts(asked, ipywidgets.Text)
    field.value = "7.5"
    button(asked, "Keep my prediction").click()
    assert "not a whole number" in all_words(asked) and "no prediction yet" in all_words(looking)
    field.value = "4"
    button(asked, "Keep my prediction").click()
    assert "You predicted 4; the run gives 8" in all_words(looking)
    assert not the_texts(looking, ipywidgets.Button)
    again = all_words(widgets.look_back(prediction, 8, store, seen=9))
    assert "How many?" in again and "You predicted 4" in again and "was changed and gives 9" in again


def test_a_result_can_be_shown_without_a_prediction():
    looking = widgets.look_back(teach.Prediction("p", "How many?"), 8, teach.Store())
    button(looking, "Show it anyway").click()
    assert "The run gives 8" in all_words(looking)


def test_answers_of_break_it_are_folded_one_by_one():
    made = widgets.seen(["first <b>", "second"])
    assert all_words(made).count("<details>") == 2 and "2. What you should have seen" in all_words(made)
    assert "first &lt;b&gt;" in all_words(made)


def test_a_check_marks_hints_and_unfolds():
    question = teach.Check(
        "c",
        "How much?",
        lambda: 40.0,
        lambda value: f"It is {value:g}.",
        hints=(teach.Hint(lambda: 20.0, "Two servers."),),
    )
    made = widgets.check(question)
    (field,) = the_texts(made, ipywidgets.Text)
    button(made, "Show the answer").click()
    assert "Try first" in all_words(made) and "It is 40" not in all_words(made)
    for typed, said in (("x", "⚠"), ("20", "Two servers."), ("40", "✓")):
        field.value = typed
        button(made, "Check").click()
        assert said in all_words(made)
        assert ("Try first" in all_words(made)) == (said == "⚠"), "the invitation goes with the first usable try"
    button(made, "Show the answer").click()
    assert "It is 40." in all_words(made)


def test_a_target_is_marked_when_the_cell_runs():
    target = teach.Target(
        "t", "Small.", int, (teach.Condition("size", float, 3),), lambda: 2, lambda: "Take 2.", bool
    )
    assert "✗ size: 5" in all_words(widgets.reach(target, 5))
    assert "✓ size: 2" in all_words(widgets.reach(target, 2))
    assert "⚠" in all_words(widgets.reach(target, "nothing"))


def test_the_invitation_to_try_goes_with_a_wrong_answer_and_stays_with_none():
    target = teach.Target(
        "t",
        "How many?",
        numbers.Real,
        (teach.Condition("distance from the formula", lambda given: abs(given / 40 - 1), 0.001),),
        lambda: 40,
        lambda: "It is 40.",
        lambda given: given == 0,
    )
    as_it_came = widgets.reach(target, 0)
    button(as_it_came, "Show the answer").click()
    for no_answer in (float("nan"), float("inf"), None):
        assert "⚠ This needs" in all_words(widgets.reach(target, no_answer))
    assert "Try first" in all_words(as_it_came)
    wrong = widgets.reach(target, 20)
    assert "Try first" not in all_words(as_it_came)
    button(wrong, "Show the answer").click()
    widgets.reach(target, 30)
    assert "It is 40." in all_words(wrong), "an answer that is unfolded stays so"


def test_an_essay_shows_its_points_after_writing():
    made = widgets.write(teach.Essay("e", "Why?", ("because",)))
    (field,) = the_texts(made, ipywidgets.Textarea)
    button(made, "Compare").click()
    assert "⚠" in all_words(made) and "because" not in all_words(made)
    field.value = "A server is paid for while it waits, a function is not."
    button(made, "Compare").click()
    assert "• because" in all_words(made)


def test_a_quiz_gives_a_reason_for_every_option():
    plain = teach.Question("Which?", tuple(teach.Option(f"o{k}", f"why {k}", k == 0) for k in range(3)))
    exam = teach.Question(
        "Which design?", tuple(teach.Option(f"o{k}", f"why {k}", k == 2) for k in range(4)), "cost"
    )
    made = widgets.quiz(teach.Quiz((plain, exam, plain)))
    assert "domain 4" in all_words(made.children[1])
    (field,) = the_texts(made.children[1], ipywidgets.RadioButtons)
    button(made.children[1], "Check").click()
    assert "⚠" in all_words(made.children[1])
    field.value = 0
    button(made.children[1], "Check").click()
    assert "✗ Not quite. why 0" in all_words(made.children[1])
    field.value = 2
    button(made.children[1], "Check").click()
    assert all(f"why {k}" in all_words(made.children[1]) for k in range(4))


def test_what_a_learner_types_is_never_html():
    made = widgets.predict(teach.Prediction("p", "How many?"), teach.Store())
    (field,) = the_texts(made, ipywidgets.Text)
    field.value = "<script>alert(1)</script>"
    button(made, "Keep my prediction").click()
    assert "<script>" not in all_words(made)
