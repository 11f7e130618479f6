"""Many scenarios under names: made from one by varying its fields, or given."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from simlib.compare.pairs import stack_name
from simlib.engine import Scenario
from simlib.params import ParamError, nearest, shown

_STEP = re.compile(r"\.?([A-Za-z_]\w*)|\[(\d+)\]")
_EXAMPLE = 'write for example vary(scenario, {"Lambda.memory_mb": [128, 512]})'


@dataclass(frozen=True, repr=False)
class Grid(Mapping):
    """Scenarios by name, in order. `a | b` has the scenarios of both.

    scenarios: name -> Scenario; varied: name -> {path: value} of what `vary` changed, empty for a scenario that was
    given as it is.
    """

    scenarios: Mapping[str, Scenario]
    varied: Mapping[str, Mapping[str, object]]

    def __getitem__(self, name: str) -> Scenario:
        return self.scenarios[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.scenarios)

    def __len__(self) -> int:
        return len(self.scenarios)

    def __repr__(self) -> str:
        return f"Grid({shown(list(self.scenarios))})"

    def __or__(self, other) -> Grid:
        other = grid_of(other)
        for name in other:
            if name in self:
                raise ParamError(f"Both grids have a scenario named {shown(name)}; give the scenarios that they vary "
                                 "names of their own.")
        return Grid({**self.scenarios, **other.scenarios}, {**self.varied, **other.varied})


def grid_of(grid) -> Grid:
    """A Grid from what `sweep` takes: a Grid, a mapping name -> Scenario, Scenarios, or one Scenario.

    Scenarios without a mapping go by their names, or else by their services. Raises ParamError for a name that is
    there twice, for what is no Scenario, and where there is none at all.
    """
    if isinstance(grid, Grid):
        return grid
    if isinstance(grid, Scenario):
        grid = (grid,)
    if isinstance(grid, Mapping):
        named = list(grid.items())
    elif isinstance(grid, Iterable):
        named = [(_name(scenario), scenario) for scenario in grid]
    else:
        raise ParamError(f"The grid is {shown(grid)}, but it must be scenarios, or a mapping of names to scenarios; "
                         f"{_EXAMPLE}.")
    if not named:
        raise ParamError(f"The grid is empty, but a sweep needs at least one scenario; {_EXAMPLE}.")
    scenarios = {}
    for name, scenario in named:
        if not isinstance(name, str) or not isinstance(scenario, Scenario):
            raise ParamError(f"The grid has {shown(scenario)} under the name {shown(name)}, but it may hold scenarios "
                             f"under texts only; {_EXAMPLE}.")
        if name in scenarios:
            raise ParamError(f"The grid has two scenarios named {shown(name)}; give each its own name.")
        scenarios[name] = scenario
    return Grid(scenarios, {name: {} for name in scenarios})


def _name(scenario) -> str:
    return scenario.name or stack_name(scenario) if isinstance(scenario, Scenario) else "(none)"


def vary(base: Scenario, fields: Mapping[str, Iterable]) -> Grid:
    """The scenarios that have every combination of values, the last field changing fastest.

    fields: path -> values, where a path begins with a service or cost of the scenario by its class, or with a field of
    the scenario, and goes on with fields and numbers in brackets: "Lambda.memory_mb", "Lambda[1].memory_mb" (the
    second of two functions), "traffic.arrivals.rate_rps", "traffic.operations[0].io_s", "region", or "stack" whole.
    Each scenario is named after the base and its values, such as "quiet blog: memory_mb=128, rate_rps=1".

    Raises ParamError for a path that leads nowhere, with the nearest name, and for a value that is not allowed, with
    the scenario that would have it; FactError for a Region or date that the data does not know.
    """
    if not isinstance(fields, Mapping) or not fields:
        raise ParamError(f"The fields to vary are {shown(fields)}, but they must be paths with a list of values each; "
                         f"{_EXAMPLE}.")
    choices = {path: _choices(path, values) for path, values in fields.items()}
    places = {path: _place(base, path) for path in choices}
    labels = _labels(choices)
    scenarios, varied = {}, {}
    for chosen in itertools.product(*(zip(values, _words(values)) for values in choices.values())):
        named = {path: value for path, (value, _) in zip(choices, chosen)}
        words = ", ".join(f"{labels[path]}={word}" for path, (_, word) in zip(choices, chosen))
        name = f"{base.name or stack_name(base)}: {words}"
        try:
            changed = _changed(base, {places[path]: value for path, value in named.items()})
        except ParamError as error:
            raise ParamError(f"{name}: {error}") from None
        scenarios[name] = dataclasses.replace(changed, name=name)
        varied[name] = named
    return Grid(scenarios, varied)


def _choices(path, values) -> tuple:
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise ParamError(f"The values of {path} are {shown(values)}, but they must be a list; {_EXAMPLE}.")
    values = tuple(values)
    if not values:
        raise ParamError(f"There are no values for {path}; give at least one, or leave the path out.")
    twice = [value for number, value in enumerate(values) if values.index(value) < number]
    if twice:
        raise ParamError(f"The value {shown(twice[0])} of {path} is there twice; give each value once.")
    return values


def _words(values: tuple) -> list[str]:
    """The values as words; those that look alike, being long, are numbered."""
    words = [value if isinstance(value, str) else shown(value, 40) for value in values]
    return [word if words.count(word) == 1 else f"{word} #{number}" for number, word in enumerate(words, 1)]


def _labels(paths) -> dict[str, str]:
    """The last field of each path, or the whole path where two end alike."""
    last = {path: path.rsplit(".", 1)[-1] for path in paths}
    short = list(last.values())
    return {path: label if short.count(label) == 1 else path for path, label in last.items()}


def _place(base: Scenario, path) -> tuple:
    """A path as field names and numbers, from the scenario down."""
    if not isinstance(path, str) or not re.fullmatch(rf"(?:{_STEP.pattern})+", path) or path[0] in ".[":
        raise ParamError(f"The path {shown(path)} cannot be read; {_EXAMPLE}.")
    steps = [name or int(number) for name, number in _STEP.findall(path)]
    first, rest = steps[0], steps[1:]
    scenario_fields = [field.name for field in dataclasses.fields(Scenario) if field.name != "name"]
    if first in scenario_fields:
        return (first, *rest)
    parts = [(section, number, type(part).__name__) for section in ("stack", "costs")
             for number, part in enumerate(getattr(base, section))]
    found = [(section, number) for section, number, kind in parts if kind == first]
    if not found:
        allowed = dict.fromkeys([*(kind for _, _, kind in parts), *scenario_fields])
        raise ParamError(f"{path}: the scenario has no {first}; {nearest(first, allowed)}")
    which = rest.pop(0) if rest and isinstance(rest[0], int) else 0 if len(found) == 1 else None
    if which is None or which >= len(found):
        names = ", ".join(f"{first}[{number}]" for number in range(len(found)))
        raise ParamError(f"{path}: the scenario has {len(found)} times {first}; write {names}.")
    return (*found[which], *rest)


def _changed(part, changes: Mapping[tuple, object]):
    """`part` with its fields (or members, for a tuple) changed; all fields of one part change at once."""
    part = changes.get((), part)
    below: dict = {}
    for place, value in changes.items():
        if place:
            below.setdefault(place[0], {})[place[1:]] = value
    if not below:
        return part
    if isinstance(part, (tuple, list)):
        members = list(part)
        for number, deeper in below.items():
            if not isinstance(number, int) or number >= len(members):
                raise ParamError(f"There is no member {shown(number)} among {len(members)}; write a number from 0 to "
                                 f"{len(members) - 1} in brackets.")
            members[number] = _changed(members[number], deeper)
        return tuple(members)
    kind = type(part).__name__
    allowed = [field.name for field in dataclasses.fields(part)] if dataclasses.is_dataclass(part) else []
    for name in below:
        if name not in allowed:
            hint = nearest(str(name), allowed) if allowed else "end the path before it."
            raise ParamError(f"{kind} has no field {shown(name)}; {hint}")
    return dataclasses.replace(part, **{
        name: _changed(getattr(part, name), deeper) for name, deeper in below.items()})
