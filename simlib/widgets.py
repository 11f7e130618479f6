"""What a learner touches in a notebook: predict, explore, check, reach, write, quiz; the only ipywidgets.

All decisions are made in `teach`; this module shows them. One redraw per action: while several controls move
at once (a reset, a typed value that moves its slider), their messages are held back.
"""

from __future__ import annotations

import contextlib
import html
import math

import ipywidgets as w

from simlib import teach
from simlib.i18n import _
from simlib.views import BLUE, DIM, GREEN, GREY, RED, bill_html

_CONTROLS_PX = 330
LOG_STEP = 0.05
"""How far a key press moves a logarithmic slider, in powers of ten: by 12 %."""
_STYLE = {"description_width": "initial"}


def _text(
    words: str, colour: str = "inherit", weight: str = "normal", live: bool = False, pad: str = "2px 0"
) -> str:
    """Words as an HTML block; `live` blocks are read out by screen readers when they change."""
    attribute = ' role="status" aria-live="polite"' if live else ""
    return (
        f'<div{attribute} style="white-space:pre-wrap;line-height:1.5;font-size:14px;padding:{pad};'
        f'color:{colour};font-weight:{weight}">{html.escape(words)}</div>'
    )


def _in_order(control):
    """The control, its messages handled in the kernel's main thread, one after the other with those of all others.

    JupyterLab sends a field's value and then the click of a button. ipykernel 7.4 hands what comes from a widget to the
    thread that last sent something to this widget: fields that were answered to and buttons then are served by two
    threads at once, and a click may be served before the value that was typed before it.
    """
    if hasattr(control.comm, "_reply_subshell_for"):
        control.comm._reply_subshell_for = lambda _data, _subshell: None
    return control


def _button(words: str, tooltip: str = "", style: str = "", width: str = "auto") -> w.Button:
    return _in_order(
        w.Button(
            description=words,
            tooltip=tooltip,
            button_style=style,
            layout=w.Layout(width=width, align_self="flex-start"),
        )
    )


def _card(*children, accent: str = BLUE) -> w.VBox:
    return w.VBox(
        children,
        layout=w.Layout(
            border_left=f"4px solid {accent}", padding="4px 0 8px 12px", margin="4px 0", max_width="860px"
        ),
    )


def _verdict_html(verdict: teach.Verdict) -> str:
    """A verdict in colour; lines that begin with a mark of their own (✓ or ✗) take the mark's colour."""
    whole = GREEN if verdict.right else RED
    marked = any(line[:1] in "✓✗" for line in verdict.text.splitlines())
    text = verdict.text if marked else ("✓ " if verdict.right else "✗ ") + verdict.text
    if verdict.right and marked and text[:1] not in "✓✗":
        text = "✓ " + text
    colours = {"✓": GREEN, "✗": DIM if verdict.right else RED}
    lines = [
        f'<div style="color:{colours.get(line[:1], whole)}">{html.escape(line)}</div>'
        for line in text.splitlines()
    ]
    return (
        '<div role="status" aria-live="polite" style="white-space:normal;line-height:1.5;font-size:14px;'
        f'padding:2px 0">{"".join(lines)}</div>'
    )


def _problem_html(sentence: str) -> str:
    return _text("⚠ " + sentence.replace("\n", "\n⚠ "), colour=RED, live=True)


def _answer_field(choices, unit: str):
    """Radio buttons for choices, or a text field for a number (so that nonsense can be answered in words)."""
    if choices:
        field = w.RadioButtons(
            options=[(_(words), k) for k, words in enumerate(choices)],
            value=None,
            layout=w.Layout(width="max-content", max_width="100%"),
            style=_STYLE,
        )
    else:
        field = w.Text(
            value="",
            placeholder=_("type a number"),
            layout=w.Layout(width="260px"),
            description=_(unit) if unit else "",
            style=_STYLE,
        )
    return _in_order(field)


def predict(prediction: teach.Prediction, store: teach.Store | None = None) -> w.VBox:
    """The learner commits to a number or a choice; it is kept for `look_back`."""
    store = teach.STORE if store is None else store
    field = _answer_field(prediction.choices, prediction.unit)
    commit = _button(_("Keep my prediction"), style="primary")
    told = w.HTML()

    def keep(_sender):
        try:
            value = store.commit(prediction, field.value)
        except teach.InputError as error:
            told.value = _problem_html(str(error))
        else:
            told.value = _text(
                _(
                    "Kept: {value}. You may change it until you run the next cells.",
                    value=prediction.in_words(value),
                ),
                live=True,
            )

    commit.on_click(keep)
    if isinstance(field, w.Text):
        field.continuous_update = False
    return _card(w.HTML(_text(_(prediction.question), weight="bold")), field, commit, told)


def look_back(prediction: teach.Prediction, actual, store: teach.Store | None = None, seen=None) -> w.VBox:
    """The prediction beside what the run gave; without a prediction the result stays hidden until asked for.

    `actual` answers the question as it was asked; `seen` is what a cell gave whose request may have been changed.
    """
    store = teach.STORE if store is None else store
    asked = w.HTML(_text(f"“{_(prediction.question)}”", colour=DIM))
    told, anyway = w.HTML(), _button(_("Show it anyway"))
    made = w.VBox([told], layout=w.Layout(margin="10px 0"))

    def show(_sender=None):
        told.value = _text(teach.looking_back(prediction, actual, store, seen), live=True)
        made.children = (asked, told)

    anyway.on_click(show)
    store.listen(prediction.key, show)
    if store.get(prediction.key) is not None:
        show()
    else:
        told.value = _text(
            _("“{question}” You have made no prediction yet; keep one in section 2, then the result appears here.",
              question=_(prediction.question)),
            colour=DIM,
        )
        made.children = (told, anyway)
    return made


def note(text: str) -> w.HTML:
    """A sentence that the library worked out from a run."""
    return w.HTML(_text(text))


class _Slider:
    """A slider or list with a field for typing, for one control; `on_move` is called once per action."""

    def __init__(self, control: teach.Control, on_move, live: bool):
        self.control = control
        self._held = False
        self._shown = control.default
        self._on_move = on_move
        name = _(control.label) + (f" ({_(control.unit)})" if control.unit else "")
        about = _(control.doc) if control.doc else ""
        if isinstance(control, teach.TextControl):
            self.main = w.Text(
                value=control.default, continuous_update=live, layout=w.Layout(width="300px")
            )
            self.field = None
        elif control.choices:
            self.main = w.Dropdown(
                options=[(_(words), value) for value, words in control.choices],
                value=control.default,
                description="",
                layout=w.Layout(width="300px"),
            )
            self.field = None
        else:
            wide = {"layout": w.Layout(width="205px"), "readout": False, "continuous_update": live}
            if control.log:
                self.main = w.FloatLogSlider(
                    value=control.default,
                    base=10,
                    min=math.log10(control.lo),
                    max=math.log10(control.hi),
                    step=LOG_STEP,
                    **wide,
                )
            elif control.whole:
                self.main = w.IntSlider(
                    value=control.default,
                    min=int(control.lo),
                    max=int(control.hi),
                    step=int(control.step or 1),
                    **wide,
                )
            else:
                step = control.step or (control.hi - control.lo) / 60
                self.main = w.FloatSlider(
                    value=control.default, min=control.lo, max=control.hi, step=step, **wide
                )
            self.field = w.Text(
                value=control.show(control.default), continuous_update=False, layout=w.Layout(width="95px")
            )
            _in_order(self.field).observe(self._typed, "value")
        _in_order(self.main).observe(self._moved, "value")
        title = w.HTML(
            _text(name, pad="0")
            + (
                f'<div style="font-size:12px;color:{DIM};line-height:1.3;'
                f'white-space:normal">{html.escape(about)}</div>'
                if about
                else ""
            )
        )
        row = [self.main] + ([self.field] if self.field else [])
        self.box = w.VBox([title, w.HBox(row)], layout=w.Layout(margin="0 0 8px 0"))

    @contextlib.contextmanager
    def holding(self):
        """No messages to `on_move` inside."""
        held, self._held = self._held, True
        try:
            yield
        finally:
            self._held = held

    def _moved(self, change):
        if self._held or self._is_echo(change["new"]):
            return
        value = self._shown = self._tidy(change["new"])
        with self.holding():
            if self.field:
                self.field.value = self.control.show(value)
        self._on_move(self.control.name, value)

    def _is_echo(self, value) -> bool:
        """Whether the browser merely put the slider on the step nearest to the value it was given."""
        if self.control.choices:
            return False
        place = math.log10 if self.control.log else float
        return abs(place(value) - place(self._shown)) <= self.main.step * 0.500001

    def _typed(self, change):
        if not self._held:
            self._on_move(self.control.name, change["new"])

    def _tidy(self, value):
        """A slider's value as a learner would say it: three significant digits on a logarithmic scale."""
        if self.control.choices or not self.control.log:
            return value
        rounded = float(f"{value:.3g}")
        return min(max(rounded, self.control.lo), self.control.hi)

    def put(self, value) -> None:
        """Shows a value without any message."""
        self._shown = value
        with self.holding():
            if self._tidy(self.main.value) != value:
                self.main.value = value
            if self.field:
                self.field.value = self.control.show(value)


class Explore(w.HBox):
    """An explorable on the screen: controls at the left; sentence, picture and bill at the right."""

    def __init__(self, explorable: teach.Explorable):
        self.state = teach.Exploration(explorable)
        self.sliders = {
            control.name: _Slider(control, self._on_move, explorable.live) for control in explorable.controls
        }
        self.run_button = _button(_("Run"), _("play this scenario"), "primary")
        self.reset_button = _button(_("Reset"), _("back to the values at the start"))
        self.pin_button = _button(_("Pin as A"), _("keep this run and compare the next ones with it"))
        self.clear_button = _button(_("Clear A"), _("forget the pinned run"))
        self.sum_button = w.ToggleButton(
            value=False,
            description=_("Show the sum"),
            tooltip=_("quantities, unit prices, sources and dates"),
            layout=w.Layout(width="auto", align_self="flex-start"),
        )
        self.sentence, self.picture, self.money, self.problem = w.HTML(), w.HTML(), w.HTML(), w.HTML()
        self.pinned = w.HTML()
        self.run_button.on_click(lambda _sender: self._act(self.state.run))
        self.reset_button.on_click(lambda _sender: self._reset())
        self.pin_button.on_click(lambda _sender: self._act(self.state.pin))
        self.clear_button.on_click(lambda _sender: self._act(self.state.clear))
        _in_order(self.sum_button).observe(lambda _change: self._show_money(), "value")
        buttons = ([] if explorable.live else [self.run_button]) + [
            self.reset_button,
            self.pin_button,
            self.clear_button,
        ]
        left = w.VBox(
            [slider.box for slider in self.sliders.values()]
            + [w.HBox(buttons, layout=w.Layout(flex_flow="row wrap")), self.pinned, self.problem],
            layout=w.Layout(width=f"{_CONTROLS_PX}px", flex=f"0 0 {_CONTROLS_PX}px"),
        )
        self._has_bill = bool(self.state.bills)
        right = w.VBox(
            [self.sentence, self.picture] + ([self.sum_button, self.money] if self._has_bill else []),
            layout=w.Layout(flex="1 1 420px", min_width="320px", overflow="hidden"),
        )
        super().__init__([left, right], layout=w.Layout(flex_flow="row wrap", align_items="flex-start"))
        self._show()

    def _on_move(self, name, value):
        if self.state.explorable.live:
            self._act(lambda: self.state.move(name, value))
        else:
            self._act(lambda: self.state.take({name: value}))

    def _reset(self):
        for control in self.state.explorable.controls:
            self.sliders[control.name].put(control.default)
        self._act(self.state.reset)

    def _act(self, action):
        action()
        for name, value in self.state.settings.items():
            slider = self.sliders[name]
            if name not in self.state.refused and not slider.control.choices:
                slider.put(value)
        self._show()

    def _show(self):
        stale = self.state.stale
        self.problem.value = _problem_html(self.state.error) if self.state.error else ""
        words = self.state.sentence
        if stale:
            words = _("The picture still shows the settings before this.") + "\n" + words
        self.sentence.value = _text(words, colour=DIM if stale else "inherit", live=True)
        self.picture.value = self.state.picture.img("opacity:0.4" if stale else "")
        self.picture.layout.border = f"2px dashed {GREY}" if stale else None
        if self.state.pinned_settings:
            kept = ", ".join(
                f"{_(control.label)} {control.show(self.state.pinned_settings[control.name])}"
                for control in self.state.explorable.controls
            )
            self.pinned.value = _text(_("A (dashed grey): {settings}", settings=kept), colour=DIM)
        else:
            self.pinned.value = ""
        self._show_money()

    def _show_money(self):
        if self._has_bill:
            self.money.value = bill_html(self.state.bills, self.sum_button.value)


def explore(explorable: teach.Explorable) -> Explore:
    """Controls, one sentence, the picture and the bill of an explorable."""
    return Explore(explorable)


def _folded_answer(thing):
    """The answer behind a button that works once a try was made; the invitation to try goes with the first one."""
    button, answer = _button(_("Show the answer")), w.HTML()

    def unfold(_sender):
        answer.value = _text(thing.unfold(), live=True)

    def invited():
        if thing.tries == 1:
            answer.value = ""

    button.on_click(unfold)
    thing.on_try(invited)
    return button, answer


def fold(title: str, text: str, code: str = "") -> w.HTML:
    """Text, and code if given, behind a title that unfolds on a click."""
    listing = (
        f'<pre style="font-size:12px;line-height:1.4;overflow-x:auto">{html.escape(code)}</pre>'
        if code
        else ""
    )
    return w.HTML(
        f'<details><summary style="cursor:pointer">{html.escape(title)}</summary>{_text(text)}{listing}'
        "</details>"
    )


def seen(answers) -> w.VBox:
    """What one should have seen in "Break it": one answer per item, each folded."""
    return w.VBox(
        [
            fold(_("{number}. What you should have seen", number=k), answer)
            for k, answer in enumerate(answers, 1)
        ]
    )


def checks(*questions: teach.Check) -> w.VBox:
    """Several checks below one another."""
    return w.VBox([check(question) for question in questions])


def check(question: teach.Check) -> w.VBox:
    """A question marked at once against the simulator; its answer stays folded until a try was made."""
    field = _answer_field(question.choices, question.unit)
    submit = _button(_("Check"), style="primary")
    told = w.HTML()

    def mark(_sender):
        try:
            told.value = _verdict_html(question.mark(field.value))
        except teach.InputError as error:
            told.value = _problem_html(str(error))

    submit.on_click(mark)
    button, answer = _folded_answer(question)
    return _card(
        w.HTML(_text(_(question.question), weight="bold")),
        field,
        w.HBox([submit, button]),
        told,
        answer,
        accent=GREEN,
    )


def reach(target: teach.Target, thing) -> w.VBox:
    """The conditions of a target, met or missed by the thing that the learner built."""
    told = w.HTML()
    try:
        told.value = _verdict_html(target.mark(thing))
    except (ValueError, KeyError) as error:
        told.value = _problem_html(str(error))
    button, answer = _folded_answer(target)
    return _card(w.HTML(_text(_(target.question), weight="bold")), told, button, answer, accent=GREEN)


def write(essay: teach.Essay) -> w.VBox:
    """A question answered in words, then compared with the points of a full answer."""
    field = _in_order(
        w.Textarea(
            placeholder=_("your answer in two or three sentences"),
            layout=w.Layout(width="100%", max_width="760px", height="90px"),
        )
    )
    compare = _button(_("Compare"), style="primary")
    told = w.HTML()

    def show(_sender):
        try:
            points = essay.compare(field.value)
        except teach.InputError as error:
            told.value = _problem_html(str(error))
        else:
            told.value = _text(
                "\n".join([_("A full answer says:"), *(f"• {point}" for point in points)]), live=True
            )

    compare.on_click(show)
    return _card(w.HTML(_text(_(essay.question), weight="bold")), field, compare, told, accent=GREEN)


def quiz(questions: teach.Quiz) -> w.VBox:
    """Three questions with a reason for every option."""
    return w.VBox([_question(number, question) for number, question in enumerate(questions.questions, 1)])


def _question(number: int, question: teach.Question) -> w.VBox:
    field = _answer_field([option.text for option in question.options], "")
    submit = _button(_("Check"), style="primary")
    told = w.HTML()

    def mark(_sender):
        try:
            told.value = _verdict_html(question.mark(field.value))
        except teach.InputError as error:
            told.value = _problem_html(str(error))

    submit.on_click(mark)
    title = w.HTML(_text(f"{number}. {_(question.prompt)}", weight="bold"))
    tag = [w.HTML(_text(_(teach.DOMAINS[question.domain]), colour=DIM, pad="0"))] if question.domain else []
    return _card(title, *tag, field, submit, told)
