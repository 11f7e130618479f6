"""Teaching without widgets: predict, explore, check, quiz. What `widgets` shows, this module decides.

Text is declared with `N_` and translated when it is shown, so that a lesson's material can be imported before
the language is chosen. Nothing here knows ipywidgets or matplotlib; a picture is whatever has `show`, `png`
and `alt`.
"""

from __future__ import annotations

import json
import math
import numbers
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simlib.i18n import N_, _, number, with_unit
from simlib.params import parameters


class InputError(ValueError):
    """Something typed that cannot be used. The message is one sentence in the learner's language."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows when it is raised in a cell: the sentence alone."""
        return [f"⚠ {self}"]


def in_words(thing) -> str:
    """What kind of thing was given, in the learner's words."""
    if thing is None:
        return _("nothing")
    if isinstance(thing, numbers.Real):
        return _("a number") if _finite(thing) else "nan" if thing != thing else "inf" if thing > 0 else "-inf"
    return _("text") if isinstance(thing, str) else type(thing).__name__


def _finite(thing: numbers.Real) -> bool:
    """Whether one can reckon with it: neither nan nor infinite, nor too large for a float."""
    try:
        return math.isfinite(thing)
    except OverflowError:
        return False


def parse_number(text: str, lo: float | None = None, hi: float | None = None, unit: str = "") -> float:
    """The number a learner typed: "1,000", " 3.5 ", "$12", "40 %" and "2e3" are understood.

    Raises InputError when it is no finite number or lies outside lo..hi (inclusive).
    """
    typed = str(text).strip()
    bare = typed.lstrip("$₩").strip()
    if unit and bare.endswith(unit):
        bare = bare[: -len(unit)].strip()
    bare = bare.rstrip("%").strip()
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", bare):
        bare = bare.replace(",", "")
    if not typed:
        raise InputError(_("The field is empty; type a number such as {example}.", example=_example(lo, hi)))
    try:
        value = float(bare)
    except ValueError:
        value = math.nan
    if "_" in bare or not math.isfinite(value):
        raise InputError(
            _(
                "“{typed}” is not a number; type digits such as {example}.",
                typed=typed[:40],
                example=_example(lo, hi),
            )
        )
    if (lo is not None and value < lo) or (hi is not None and value > hi):
        raise InputError(
            _(
                "{typed} is outside what is allowed here: {allowed}.",
                typed=typed[:40],
                allowed=_between(lo, hi, unit),
            )
        )
    return value


def _example(lo, hi) -> str:
    if lo is not None and hi is not None:
        return number((lo * hi) ** 0.5 if lo > 0 else (lo + hi) / 2, 2)
    return number(lo + 10 if lo is not None else 10, 2)


def _between(lo, hi, unit: str) -> str:
    if lo is not None and hi is not None:
        return _("between {lo} and {hi}", lo=number(lo, 6), hi=with_unit(number(hi, 6), unit))
    if lo is not None:
        return _("at least {lo}", lo=with_unit(number(lo, 6), unit))
    return _("at most {hi}", hi=with_unit(number(hi, 6), unit))


# Predict ----------------------------------------------------


@dataclass(frozen=True)
class Prediction:
    """A number or a choice that the learner commits to before the run.

    `key` names it in the store; a choice has `choices`, a number has limits and a `unit`, and may have to be
    `whole`.
    """

    key: str
    question: str
    unit: str = ""
    lo: float | None = None
    hi: float | None = None
    choices: tuple[str, ...] = ()
    whole: bool = False

    def parse(self, typed):
        """What was typed or chosen as a value: a float, or the position of the choice. Raises InputError."""
        if self.choices:
            if typed is None or typed not in range(len(self.choices)):
                raise InputError(_("Nothing is chosen yet; pick one of the answers."))
            return int(typed)
        value = parse_number(typed, self.lo, self.hi, self.unit)
        if self.whole and value != round(value):
            raise InputError(
                _("{typed} is not a whole number; type for example {example}.", typed=str(typed).strip()[:40],
                  example=number(round(value)))
            )
        return value

    def in_words(self, value) -> str:
        """A value of this prediction as text."""
        if self.choices:
            return _(self.choices[value])
        return with_unit(number(value), self.unit)


class Store:
    """The learner's predictions, kept in the kernel; `save` and `load` move them through a JSON file."""

    def __init__(self):
        self._values: dict[str, Any] = {}
        self._listeners: dict[str, list[Callable[[], None]]] = {}

    def commit(self, prediction: Prediction, typed):
        """Keeps what was typed under the prediction's key and returns its value. Raises InputError."""
        self._values[prediction.key] = prediction.parse(typed)
        for told in self._listeners.get(prediction.key, []):
            told()
        return self._values[prediction.key]

    def listen(self, key: str, told: Callable[[], None]) -> None:
        """Calls `told` whenever a prediction is committed under `key`."""
        self._listeners.setdefault(key, []).append(told)

    def get(self, key: str):
        """The value committed under `key`, or None while it is unanswered."""
        return self._values.get(key)

    def save(self, path) -> None:
        """Writes all predictions as JSON (utf-8)."""
        Path(path).write_text(json.dumps(self._values, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    def load(self, path) -> None:
        """Adds the predictions of a JSON file. Raises InputError when the file is not one of ours."""
        try:
            values = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(
                _(
                    "The predictions in {path} cannot be read: {why}.",
                    path=Path(path).name,
                    why=str(error).splitlines()[0],
                )
            ) from None
        kept = isinstance(values, dict) and all(
            isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
            for value in values.values()
        )
        if not kept:
            raise InputError(
                _(
                    "{path} holds no predictions; choose a file that this course has saved.",
                    path=Path(path).name,
                )
            )
        self._values.update(values)


STORE = Store()


def looking_back(prediction: Prediction, actual, store: Store | None = None, seen=None) -> str:
    """One sentence that puts the prediction beside what the run gave; also says so when there was none.

    Where a cell may be edited, `actual` is the answer to the question as it was asked and `seen` is what the cell
    gave: if both differ, a second sentence says that the request was changed.
    """
    if seen is not None and seen != actual:
        words = prediction.in_words(seen)
        changed = _(
            "The request in the cell was changed and gives {seen}; the prediction is compared with the original one.",
            seen=f"“{words}”" if prediction.choices else words,
        )
        return looking_back(prediction, actual, store) + " " + changed
    predicted = (store or STORE).get(prediction.key)
    if predicted is None:
        return _(
            "You have made no prediction here. The run gives {actual}.", actual=prediction.in_words(actual)
        )
    words = {"predicted": prediction.in_words(predicted), "actual": prediction.in_words(actual)}
    if prediction.choices:
        if predicted == actual:
            return _("You predicted “{predicted}”, and that is what the run gives.", **words)
        return _("You predicted “{predicted}”; the run gives “{actual}”.", **words)
    if actual and predicted and predicted * actual > 0:
        ratio = predicted / actual
        if 0.8 <= ratio <= 1.25:
            return _("You predicted {predicted}; the run gives {actual}. Well judged.", **words)
        if ratio > 1:
            return _(
                "You predicted {predicted}; the run gives {actual}: your number is {times} times as high.",
                times=number(ratio, 2),
                **words,
            )
        return _(
            "You predicted {predicted}; the run gives {actual}: the truth is {times} times as high.",
            times=number(1 / ratio, 2),
            **words,
        )
    return _("You predicted {predicted}; the run gives {actual}.", **words)


# Check ----------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """What the learner is told about one try."""

    right: bool
    text: str


@dataclass(frozen=True)
class Hint:
    """A misconception: `gives()` is the answer it leads to (a number or a choice's place)."""

    gives: Callable[[], float]
    text: str


def _rounding(value: float) -> float:
    """How far a number may lie from the one that its first three digits say; 0 where these, or no fraction, say all."""
    if not value or not math.isfinite(value) or value == round(value):
        return 0.0
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 2)
    return 0.0 if math.isclose(value, round(value / step) * step) else 0.5 * step * (1 + 1e-9)


class _Tried:
    """What counts its usable tries in `_memory`, and tells of them."""

    @property
    def tries(self) -> int:
        """How many usable tries were made."""
        return self._memory.get("tries", 0)

    def on_try(self, told: Callable[[], None]) -> None:
        """Calls `told` after every usable try."""
        self._memory.setdefault("told", []).append(told)

    def _count_try(self) -> None:
        self._memory["tries"] = self.tries + 1
        for told in self._memory.get("told", []):
            told()


@dataclass(frozen=True)
class Check(_Tried):
    """A question whose answer is computed from the simulator when it is first needed, never written down.

    answer: returns the right number, or the position of the right choice
    tolerance: a number is right within this relative distance; 0 for what is counted: a whole number must be met
        exactly, and one with many digits as closely as its first three, rounded, say
    hints: one per common misconception; the first whose value fits the try is shown
    worked: turns the answer into the sum worked in words, which stays folded until a try was made
    """

    key: str
    question: str
    answer: Callable[[], float]
    worked: Callable[[float], str]
    unit: str = ""
    lo: float | None = None
    hi: float | None = None
    choices: tuple[str, ...] = ()
    tolerance: float = 0.05
    hints: tuple[Hint, ...] = ()
    _memory: dict = field(default_factory=dict, init=False, repr=False, compare=False)

    def right_answer(self) -> float:
        """The simulator's answer, computed once."""
        if "answer" not in self._memory:
            self._memory["answer"] = self.answer()
        return self._memory["answer"]

    def mark(self, typed) -> Verdict:
        """Compares a try with the simulator's answer. Raises InputError for what cannot be an answer."""
        given = Prediction(self.key, self.question, self.unit, self.lo, self.hi, self.choices).parse(typed)
        answer = self.right_answer()
        self._count_try()
        if self._close(given, answer):
            return Verdict(True, _("Right.") + " " + self.worked(answer))
        for hint in self.hints:
            if self._close(given, hint.gives()):
                return Verdict(False, _("Not yet.") + " " + _(hint.text))
        if self.choices:
            return Verdict(False, _("Not yet. Move the controls above and look again."))
        direction = _("It is higher than that.") if answer > given else _("It is lower than that.")
        return Verdict(False, _("Not yet.") + " " + direction)

    def _close(self, given: float, value: float) -> bool:
        if self.choices:
            return given == value
        if self.tolerance:
            return math.isclose(given, value, rel_tol=self.tolerance, abs_tol=1e-12)
        return math.isclose(given, value, rel_tol=1e-12, abs_tol=max(1e-12, _rounding(value)))

    def unfold(self) -> str:
        """The worked answer, once a try was made; before that an invitation to try."""
        if not self.tries:
            return _("Try first: the answer unfolds after your first try.")
        return self.worked(self.right_answer())


@dataclass(frozen=True)
class Condition:
    """One demand of a target: `measure(found)` must be at most `at_most`, or `equals`, whichever is given.

    `show` turns a value into text.
    """

    text: str
    measure: Callable[[Any], Any]
    at_most: float | None = None
    equals: Any = None
    show: Callable[[Any], str] = number

    def judge(self, found) -> Verdict:
        """Whether it is met, and the line that says so."""
        value = self.measure(found)
        met = value == self.equals if self.at_most is None else value <= self.at_most
        words = {"what": _(self.text), "value": self.show(value)}
        if met:
            return Verdict(True, _("✓ {what}: {value}.", **words))
        if self.at_most is None:
            return Verdict(
                False,
                _("✗ {what}: {value}, but it should be {wanted}.", wanted=self.show(self.equals), **words),
            )
        return Verdict(
            False,
            _("✗ {what}: {value}, but at most {limit} is allowed.", limit=self.show(self.at_most), **words),
        )


@dataclass(frozen=True)
class Target(_Tried):
    """Reach all conditions at once with a thing (a Scenario) that the learner builds.

    kind: the class the thing must have, `needs` the same in words; untouched: whether a thing is still the
    lesson's own, so that running all cells is no try; examine: thing -> what the conditions measure;
    solution: a thing that reaches the target; worked: says why, folded until a try was made.
    """

    key: str
    question: str
    kind: type
    conditions: tuple[Condition, ...]
    solution: Callable[[], Any]
    worked: Callable[[], str]
    untouched: Callable[[Any], bool]
    needs: str = ""
    examine: Callable[[Any], Any] = staticmethod(lambda thing: thing)
    _memory: dict = field(default_factory=dict, init=False, repr=False, compare=False)

    def mark(self, thing) -> Verdict:
        """Measures the thing against every condition. Raises InputError when it is not of the right kind.

        A number that is nan or infinite is of no kind that can be measured.
        """
        endless = issubclass(self.kind, numbers.Number) and isinstance(thing, numbers.Real) and not _finite(thing)
        if endless or not isinstance(thing, self.kind):
            raise InputError(
                _(
                    "This needs {kind}; you gave {thing}. Correct it in this cell and run the cell again.",
                    kind=_(self.needs) if self.needs else self.kind.__name__,
                    thing=in_words(thing),
                )
            )
        found = self.examine(thing)
        if not self.untouched(thing):
            self._count_try()
        judged = [condition.judge(found) for condition in self.conditions]
        reached = all(verdict.right for verdict in judged)
        lines = [verdict.text for verdict in judged]
        lines.append(
            _("Target reached.") if reached else _("Not yet: change one thing and run the cell again.")
        )
        return Verdict(reached, "\n".join(lines))

    def unfold(self) -> str:
        """One solution in words, once a try was made."""
        if not self.tries:
            return _("Try first: the answer unfolds after your first try.")
        return self.worked()


@dataclass(frozen=True)
class Essay:
    """A question to answer in words. Nobody marks it: after writing, one compares it with the points."""

    key: str
    question: str
    points: tuple[str, ...]
    at_least_characters: int = 40

    def compare(self, text: str) -> list[str]:
        """The points a full answer makes. Raises InputError while hardly anything is written."""
        if len(text.strip()) < self.at_least_characters:
            raise InputError(_("Write at least two sentences of your own first; then compare."))
        return [_(point) for point in self.points]


# Quiz ----------------------------------------------------

DOMAINS = {  # of the AWS Certified Solutions Architect - Associate exam (SAA-C03)
    "secure": N_("SAA-C03 domain 1: secure architectures"),
    "resilient": N_("SAA-C03 domain 2: resilient architectures"),
    "performance": N_("SAA-C03 domain 3: high-performing architectures"),
    "cost": N_("SAA-C03 domain 4: cost-optimized architectures"),
}


@dataclass(frozen=True)
class Option:
    """One answer of a quiz question and why it is right or wrong."""

    text: str
    why: str
    right: bool = False


@dataclass(frozen=True)
class Question:
    """A multiple-choice question with exactly one right option; `domain` tags an exam-like scenario."""

    prompt: str
    options: tuple[Option, ...]
    domain: str | None = None

    def __post_init__(self):
        if sum(option.right for option in self.options) != 1:
            raise ValueError(f"The question {self.prompt[:40]!r} must have exactly one right option.")
        if self.domain is not None and (self.domain not in DOMAINS or len(self.options) != 4):
            raise ValueError(
                f"The exam question {self.prompt[:40]!r} needs four options and one of the domains "
                f"{', '.join(DOMAINS)}."
            )

    def mark(self, chosen) -> Verdict:
        """The verdict on one choice with its reason; the right choice also explains the wrong ones."""
        if chosen is None or chosen not in range(len(self.options)):
            raise InputError(_("Nothing is chosen yet; pick one of the answers."))
        option = self.options[chosen]
        if not option.right:
            return Verdict(False, _("Not quite.") + " " + _(option.why))
        lines = [_("Right.") + " " + _(option.why)]
        lines += [f"✗ {_(other.text)}: {_(other.why)}" for other in self.options if not other.right]
        return Verdict(True, "\n".join(lines))


@dataclass(frozen=True)
class Quiz:
    """Three questions, one of them an exam-like scenario."""

    questions: tuple[Question, ...]

    def __post_init__(self):
        if len(self.questions) != 3 or sum(question.domain is not None for question in self.questions) != 1:
            raise ValueError("A quiz has three questions, exactly one of them tagged with an exam domain.")


# Explore ----------------------------------------------------


@dataclass(frozen=True)
class Control:
    """One thing a learner can move: a number within lo..hi, or one of `choices` (value, label)."""

    name: str
    label: str
    default: Any
    unit: str = ""
    lo: float | None = None
    hi: float | None = None
    step: float | None = None
    whole: bool = False
    choices: tuple[tuple[Any, str], ...] = ()
    doc: str = ""

    @property
    def log(self) -> bool:
        """Whether the range is so wide (over 100 times) that the slider should be logarithmic."""
        return not self.choices and self.lo > 0 and self.hi / self.lo > 100

    def parse(self, typed):
        """A value from what was typed or moved. Raises InputError naming what is allowed."""
        if self.choices:
            if typed not in [value for value, _label in self.choices]:
                raise InputError(
                    _("“{typed}” cannot be chosen here; pick one from the list.", typed=str(typed)[:40])
                )
            return typed
        try:
            value = parse_number(typed, self.lo, self.hi, self.unit)
        except InputError as error:
            raise InputError(f"{_(self.label)}: {error}") from None
        if self.whole and value != int(value):
            raise InputError(f"{_(self.label)}: " + _("{typed} is not a whole number; type for example {example}.",
                                                       typed=str(typed).strip()[:40], example=f"{round(value):,}"))
        return int(value) if self.whole else value

    def show(self, value) -> str:
        """The value as the learner reads it, without its unit."""
        if self.choices:
            return _(dict(self.choices)[value])
        return number(value, 4) if value < 1000 else f"{value:,.0f}"


@dataclass(frozen=True)
class TextControl(Control):
    """A text that a learner types freely; `choices` hold examples of it, of which one is the default."""

    most_characters: int = 2000

    def parse(self, typed):
        """The text as typed. Raises InputError when it is too long."""
        text = str(typed)
        if len(text) > self.most_characters:
            raise InputError(
                _(
                    "{label}: the text has {given} characters, but at most {most} fit here; shorten it.",
                    label=_(self.label),
                    given=f"{len(text):,}",
                    most=f"{self.most_characters:,}",
                )
            )
        return text

    def show(self, value) -> str:
        """The text in quotation marks, cut where it is long."""
        return f"“{value}”" if len(value) <= 24 else f"“{value[:23]}…”"


def control(cls, name: str, label: str, **overrides) -> Control:
    """A control over a declared parameter: limits, unit, meaning and default come from `parameters(cls)`.

    `overrides` may narrow the limits (lo, hi), set a step, or another default or name. Raises InputError for
    a parameter that the class does not declare and for limits wider than declared.
    """
    declared = {parameter.name: parameter for parameter in parameters(cls)}.get(name)
    if declared is None:
        raise InputError(f"{cls.__name__} declares no parameter {name!r}.")
    lo, hi = overrides.pop("lo", declared.lo), overrides.pop("hi", declared.hi)
    default = overrides.pop("default", declared.default)
    choices = overrides.pop("choices", ())
    if not choices and declared.choices:
        choices = tuple((value, str(value)) for value in declared.choices)
    if not choices:
        if lo is None or hi is None:
            raise InputError(
                f"The control {name!r} needs both limits; {cls.__name__} declares {declared.allowed}."
            )
        if (declared.lo is not None and lo < declared.lo) or (declared.hi is not None and hi > declared.hi):
            raise InputError(
                f"The control {name!r} allows {lo} to {hi}; {cls.__name__} declares {declared.allowed}."
            )
    return Control(
        overrides.pop("as_name", name),
        label,
        default,
        unit=overrides.pop("unit", declared.unit),
        lo=None if choices else lo,
        hi=None if choices else hi,
        choices=choices,
        doc=overrides.pop("doc", declared.doc),
        **overrides,
    )


@dataclass(frozen=True)
class Explorable:
    """What can be explored, without saying how it looks.

    controls: what can be moved
    run: settings (control name -> value) -> found, whatever the other functions need; one simulation
    picture: makes the picture; it has show(seen, pinned or None), png() and alt
    look: found -> what the picture shows
    say: (found, pinned or None) -> one sentence that says the change against the pinned run
    bills: found -> {label: Bill}, one per side, or {} when money is not the point
    live: redraw while moving; False shows a Run button, for runs longer than about 50 ms
    """

    controls: tuple[Control, ...]
    run: Callable[[dict], Any]
    picture: Callable[[], Any]
    say: Callable[[Any, Any], str]
    look: Callable[[Any], Any] = staticmethod(lambda found: found)
    bills: Callable[[Any], dict] = staticmethod(lambda found: {})
    live: bool = True


class Exploration:
    """One learner's exploration: settings, the last good run, the pinned run A and what is wrong.

    After every move: `found` is the run of `settings`, unless `error` holds a sentence; then found, picture
    and bills are those of the last settings that worked, and `stale` is true. What was typed and cannot be used is
    `refused` until its own control gets a value that can, or all are reset: so long nothing runs, since a run would
    be one with a value that the learner did not type.
    """

    def __init__(self, explorable: Explorable):
        self.explorable = explorable
        self.settings = {control.name: control.default for control in explorable.controls}
        self.picture = explorable.picture()
        self.pinned = None
        self.pinned_settings: dict | None = None
        self.found = None
        self.found_settings: dict | None = None
        self.refused: dict[str, str] = {}
        self._failure = ""
        self._held_back = False
        self.run()

    @property
    def error(self) -> str:
        """What is wrong, a line for each refused control or the refusal of the run; "" when all is well."""
        if not self.refused:
            return self._failure
        held_back = [_("Nothing runs until this is corrected.")] if self._held_back else []
        return "\n".join([*self.refused.values(), *held_back])

    @property
    def stale(self) -> bool:
        """Whether what is shown belongs to earlier settings: after an error, or before the Run button."""
        return bool(self.error) or self.settings != self.found_settings

    def move(self, name: str, typed) -> None:
        """Sets one control from what was typed or moved, and runs. What cannot be used is `refused`."""
        self.set({name: typed})

    def set(self, changes: dict) -> None:
        """Sets several controls at once, and runs once."""
        if self.take(changes):
            self.run()

    def take(self, changes: dict) -> bool:
        """Sets controls without running; False when a value of them cannot be used, which is then `refused`."""
        controls = {control.name: control for control in self.explorable.controls}
        self._failure, self._held_back = "", False
        for name, typed in changes.items():
            self.refused.pop(name, None)
            try:
                self.settings = {**self.settings, name: controls[name].parse(typed)}
            except InputError as error:
                self.refused[name] = str(error)
        return not self.refused.keys() & changes.keys()

    def reset(self) -> None:
        """Back to the defaults, and nothing is refused any more; the pinned run stays."""
        self.refused.clear()
        self.settings = {control.name: control.default for control in self.explorable.controls}
        self.run()

    def pin(self) -> None:
        """Keeps the run that is shown as A."""
        self.pinned, self.pinned_settings = self.found, self.found_settings
        self._draw()

    def clear(self) -> None:
        """Forgets A."""
        self.pinned = self.pinned_settings = None
        self._draw()

    def run(self) -> None:
        """Runs the settings, unless a control is refused.

        A refusal of the run (any ValueError or KeyError) becomes `error`; what was shown stays.
        """
        self._held_back = bool(self.refused)
        if self.refused:
            return
        try:
            found = self.explorable.run(dict(self.settings))
        except (ValueError, KeyError) as error:
            if self.found is None:
                raise
            self._failure = str(error)
            return
        self._failure = ""
        self.found, self.found_settings = found, dict(self.settings)
        self._draw()

    def _draw(self) -> None:
        look = self.explorable.look
        self.picture.show(look(self.found), None if self.pinned is None else look(self.pinned))

    @property
    def sentence(self) -> str:
        """What the run shown says in words, with the change against A."""
        return self.explorable.say(self.found, self.pinned)

    @property
    def bills(self) -> dict:
        """The bills of the run shown, by label."""
        return self.explorable.bills(self.found)
