"""Scenario files: YAML in, a checked Scenario out, with one sentence for whatever does not fit."""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import Path

from simlib import facts, plain_yaml
from simlib.engine import Scenario
from simlib.params import ParamError, build, nearest, shown
from simlib.pricing import price_book
from simlib.services import ALL
from simlib.services.base import Service
from simlib.services.costs import COSTS
from simlib.workload import traffic_from

SCHEMA_VERSION = 1
SECTIONS = ("schema_version", "name", "about", "region", "date", "traffic", "stack", "costs")


def shipped() -> dict[str, Path]:
    """The scenario files that come with the project: name without ending -> path."""
    return {path.stem: path for path in sorted((facts.DATA / "scenarios").glob("*.yaml"))}


def find(name: str | Path) -> Path:
    """The file that a path or the name of a shipped scenario stands for."""
    path = Path(name)
    known = shipped()
    if path.name == str(name) and path.suffix in ("", ".yaml") and path.stem in known and not path.is_file():
        return known[path.stem]
    return path


def _read(path: Path) -> dict:
    """The sections of a scenario file, of the schema version that this module reads."""
    try:
        content = plain_yaml.read(path)
    except FileNotFoundError:
        known = shipped()
        close = difflib.get_close_matches(path.stem, known, n=2)
        hint = f"did you mean {' or '.join(close)}?" if close else f"shipped ones are {', '.join(known)}."
        raise ParamError(f"There is no scenario file {path}; {hint}") from None
    if not isinstance(content, dict):
        raise ParamError(f"{path} holds no scenario; start it with `schema_version: {SCHEMA_VERSION}`.")
    for section in content:
        if section not in SECTIONS:
            raise ParamError(f"{path} has an unknown section {shown(section)}; {nearest(section, SECTIONS)}")
    version = content.get("schema_version")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise ParamError(f"{path} has schema_version {shown(version)}, but this version reads "
                         f"{SCHEMA_VERSION}; write `schema_version: {SCHEMA_VERSION}`.")
    for section in ("name", "about", "region", "date"):
        if not isinstance(content.get(section, ""), str):
            raise ParamError(f"{path}: {section} is {shown(content[section])}, but it must be a text; put it "
                             "in quotes.")
    return content


def _parts(path: Path, content: dict, section: str, kinds: dict) -> tuple:
    listed = content.get(section) or []
    if not isinstance(listed, list):
        raise ParamError(f"{path}: {section} must be a list; write each entry on a line of its own after a "
                         "dash.")
    built = []
    for number, entry in enumerate(listed, 1):
        built.append(_named(kinds, entry, f"{path}: {section} entry {number}"))
    return tuple(built)


def _named(kinds: dict, entry, where: str):
    """A description of one of some kinds: its name alone, or followed by its fields."""
    if isinstance(entry, str):
        entry = {entry: {}}
    if not isinstance(entry, dict) or not entry:
        raise ParamError(f"{where} must name one of {', '.join(kinds)}, followed by its fields; write "
                         f"for example `- {next(iter(kinds))}: {{}}`.")
    kind, *stray = entry
    if kind not in kinds:
        raise ParamError(f"{where} is {shown(kind)}, but it must be one of {', '.join(kinds)}.")
    if stray:
        raise ParamError(f"{where} has {shown(stray[0])} beside {kind!r}; indent the fields of {kind} "
                         "further than its name, and begin another entry with a dash.")
    return build(kinds[kind], _with_parts(kinds[kind], entry[kind], where), f"{where} ({kind})")


def _with_parts(kind, fields, where: str):
    """The fields of an entry, those that hold descriptions themselves (`parts`) built from their mappings."""
    if not isinstance(fields, dict):
        return fields
    return {name: _part(getattr(kind, "parts", {}).get(name), value, f"{where}: {name}")
            for name, value in fields.items()}


def _part(part, value, where: str):
    """A description within another, or a list of them. `part` is its class, or classes by the names that stand before
    their fields, or Service for any service of a stack; None for plain values."""
    if part is None:
        return value
    if isinstance(value, list):
        return tuple(_part(part, each, f"{where} {number}") for number, each in enumerate(value, 1))
    if part is Service or isinstance(part, dict):
        return _named(ALL if part is Service else part, value, where)
    return build(part, _with_parts(part, value, where), where) if isinstance(value, dict) else value


def load(path: str | Path, region: str | None = None, date: str | None = None) -> Scenario:
    """The Scenario in a file (or of a shipped name); `region` and `date` replace the file's own.

    Raises ParamError, one sentence naming file, field and what is allowed; PriceError for a Region without
    prices; FactError for what is no date. Nothing in the file is executed.
    """
    path = find(path)
    content = _read(path)
    region = region or content.get("region", "us-east-1")
    date = date or content.get("date")
    price_book(region, date)
    stack, costs = _parts(path, content, "stack", ALL), _parts(path, content, "costs", COSTS)
    if not stack:
        raise ParamError(f"{path} has no stack; say what the requests go through, for example "
                         "`stack: [client, lambda]`.")
    traffic = _traffic(path, content, ())
    return Scenario(stack, traffic, costs, region, date if date is None else facts.iso_date(date),
                    content.get("name", path.stem))


def about(path: str | Path) -> str:
    """What a scenario file says about itself, as one line of text."""
    return " ".join(_read(find(path)).get("about", "").split())


def _traffic(path: Path, content: dict, came_from: tuple):
    section = content.get("traffic")
    if isinstance(section, dict) and "same_as" in section:
        name = section["same_as"]
        if len(section) > 1 or not isinstance(name, str) or not name:
            raise ParamError(f"{path}: traffic has same_as, which must stand alone and name another scenario "
                             "file; write for example `traffic: {same_as: quiet_blog.yaml}`.")
        came_from = (*came_from, path.resolve())
        other = path.parent / name
        if other.resolve() in came_from:
            raise ParamError(f"{path}: traffic is the same as that of {name}, which in the end refers back "
                             f"to {came_from[0].name}; write the traffic out in one of them.")
        return _traffic(other, _read(other), came_from)
    if section is None:
        raise ParamError(f"{path} has no traffic section; say what arrives, for example "
                         "`traffic: {window_s: 3600, arrivals: {pattern: poisson, rate_rps: 5}}`.")
    return traffic_from(section, f"{path}: traffic", path.parent)


def with_stack(scenario: Scenario, *stack, name: str = "") -> Scenario:
    """The same traffic, costs, Region and date through another stack."""
    return replace(scenario, stack=stack, name=name)
