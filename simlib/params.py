"""Declared parameters: one place for a field's default, unit, meaning and limits.

A service or traffic description is a frozen dataclass that inherits `Checked` and declares each field with
`param`. Validation, scenario files, parameter tables and sliders all read the same declaration.
"""

from __future__ import annotations

import dataclasses
import difflib
import sys
from dataclasses import dataclass
from typing import Any


class ParamError(ValueError):
    """A value that a field does not allow. The message is one sentence naming field, value and remedy."""

    def _render_traceback_(self):
        """What a notebook shows: the sentence alone, for the way to it is ours and not the learner's."""
        return [str(self)]



@dataclass(frozen=True)
class Param:
    """What is known about one field: `unit` and `doc` in words, limits `lo`..`hi` (inclusive), `choices`."""

    name: str
    default: Any
    unit: str
    doc: str
    lo: float | None
    hi: float | None
    choices: tuple | None
    optional: bool

    @property
    def allowed(self) -> str:
        """The allowed values as words for an error message or a table."""
        unit = f" {self.unit}" if self.unit else ""
        if self.choices:
            words = "one of " + ", ".join(map(str, self.choices))
        elif self.lo is not None and self.hi is not None:
            words = f"between {self.lo:,g} and {self.hi:,g}{unit}"
        elif self.lo is not None:
            words = f"at least {self.lo:,g}{unit}"
        elif self.hi is not None:
            words = f"at most {self.hi:,g}{unit}"
        elif isinstance(self.default, bool):
            words = "true or false"
        elif isinstance(self.default, str):
            words = "a text"
        else:
            words = f"a number{f' of {self.unit}' if self.unit else ''}"
        return words + (" or nothing" if self.optional else "")


def param(default, unit: str, doc: str, lo=None, hi=None, choices=None):
    """A dataclass field with its unit, meaning and limits.

    `default=None` makes the field optional. A `choices` that is callable is asked each time, so that the
    choices can come from a data table. Limits are inclusive; a bound of None is open.
    """
    declared = {"unit": unit, "doc": doc, "lo": lo, "hi": hi, "choices": choices}
    return dataclasses.field(default=default, metadata={"param": declared})


def parameters(cls) -> list[Param]:
    """The declared parameters of a `Checked` class, in order."""
    found = []
    for field in dataclasses.fields(cls):
        declared = field.metadata.get("param")
        if declared is None:
            continue
        choices = declared["choices"]
        choices = tuple(choices() if callable(choices) else choices) if choices else None
        found.append(Param(field.name, field.default, declared["unit"], declared["doc"], declared["lo"],
                           declared["hi"], choices, field.default is None))
    return found


def shown(value, width: int = 80) -> str:
    """`value` as an error message quotes it: as Python writes it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= width else text[:width - 3] + "..."


def _choice_words(declared: Param, value) -> str:
    """The choices as words; of many, those closest to `value`."""
    choices = list(map(str, declared.choices))
    if len(choices) <= 12:
        return declared.allowed
    close = difflib.get_close_matches(str(value)[:80], choices, n=4, cutoff=0.5) or choices[:4]
    return f"one of {', '.join(close)} (or {len(choices) - len(close)} others)"


def _fault(declared: Param, kind: str, value) -> str | None:
    """Why `value` does not fit, or None. `kind` is the field's annotation as text."""
    if value is None and declared.optional:
        return None
    if declared.choices:
        return None if value in declared.choices else f"must be {_choice_words(declared, value)}"
    if value is None:
        return f"must be {declared.allowed}"
    if "bool" in kind:
        return None if isinstance(value, bool) else "must be true or false"
    if kind.startswith("str"):
        return None if isinstance(value, str) else "must be a text"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        unit = f" (write only the number; its unit is {declared.unit})" if declared.unit else ""
        return f"must be a number{unit}, {declared.allowed}"
    if not abs(value) <= sys.float_info.max:
        return f"must be a finite number, {declared.allowed}"
    if "int" in kind and value != int(value):
        return f"must be a whole number, {declared.allowed}"
    if (declared.lo is not None and value < declared.lo) or (declared.hi is not None and value > declared.hi):
        return f"must be {declared.allowed}"
    return None


class Checked:
    """Base of every described thing: checks each declared field, then `check` for rules across fields."""

    def __new__(cls, *_values, **fields):
        if "__dataclass_fields__" in cls.__dict__:
            known = [field.name for field in dataclasses.fields(cls)]
            wrong = next((name for name in fields if name not in known), None)
            if wrong is not None:
                raise ParamError(f"{cls.__name__} has no field {wrong!r}; {nearest(wrong, known)}")
        return super().__new__(cls)

    def __post_init__(self):
        kinds = {field.name: str(field.type) for field in dataclasses.fields(self)}
        for declared in parameters(type(self)):
            value = getattr(self, declared.name)
            if hasattr(value, "item") and getattr(value, "shape", None) == ():
                value = value.item()
                object.__setattr__(self, declared.name, value)
            fault = _fault(declared, kinds[declared.name], value)
            if fault:
                raise ParamError(f"{type(self).__name__}.{declared.name} is {shown(value)}, but it {fault}.")
            if "int" in kinds[declared.name] and isinstance(value, float):
                object.__setattr__(self, declared.name, int(value))
        self.check()

    def check(self) -> None:
        """Rules that involve more than one field; raises ParamError."""


def nearest(word: str, allowed) -> str:
    """A hint naming the allowed word closest to `word`, or all of them when none is close."""
    allowed = list(allowed)
    stem = word.rsplit("_", 1)[0]
    same_quantity = [name for name in allowed if name.rsplit("_", 1)[0] == stem]
    close = (difflib.get_close_matches(word, allowed, n=1, cutoff=0.9) or same_quantity
             or difflib.get_close_matches(word, allowed, n=1, cutoff=0.6))
    if close:
        return f"did you mean {close[0]}?"
    return "allowed are " + ", ".join(allowed) + "."


def several(values, what: str, example: str) -> tuple:
    """Some values as a tuple; raises ParamError, naming `what` was given and an `example`, for what is not several."""
    try:
        if isinstance(values, str):
            raise TypeError
        found = tuple(values)
    except TypeError:
        found = ()
    if not found:
        raise ParamError(f"{what} is {shown(values)}, but it must be one value or more in a row; write for example "
                         f"{example}.")
    return found


def build(cls, mapping, where: str):
    """Makes a `cls` from a plain mapping such as a scenario file's section.

    `where` names the section in errors. Unknown fields are named with the nearest allowed one; a value that
    does not fit is named with what is allowed. Raises ParamError.
    """
    if mapping is None:
        mapping = {}
    if not isinstance(mapping, dict):
        raise ParamError(f"{where} is {shown(mapping)}, but it must be a list of `field: value` lines.")
    fields = [field.name for field in dataclasses.fields(cls)]
    for name in mapping:
        if name not in fields:
            raise ParamError(f"{where} has an unknown field {shown(name)}; {nearest(str(name), fields)}")
    try:
        return cls(**mapping)
    except ParamError as error:
        raise ParamError(f"{where}: {error}") from None
