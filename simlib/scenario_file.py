"""Scenario files: YAML in, a checked Scenario out, with one sentence for whatever does not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from simlib import facts
from simlib.engine import Scenario
from simlib.params import ParamError, build, nearest
from simlib.services import ALL
from simlib.services.costs import COSTS
from simlib.workload import traffic_from

SCHEMA_VERSION = 1
SECTIONS = ("schema_version", "name", "about", "region", "date", "traffic", "stack", "costs")


def shipped() -> dict[str, Path]:
    """The scenario files that come with the project: name without ending -> path."""
    return {path.stem: path for path in sorted((facts.DATA / "scenarios").glob("*.yaml"))}


def _read(path: Path) -> dict:
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        known = ", ".join(shipped())
        raise ParamError(f"There is no scenario file {path}; give a path, or one of the shipped names: "
                         f"{known}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ParamError(f"{path} cannot be read as UTF-8 text ({error}); save it as a UTF-8 YAML file.") from None
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        raise ParamError(f"{path}{line} is not YAML: {problem}; check indentation and colons.") from None
    if not isinstance(content, dict):
        raise ParamError(f"{path} holds no scenario; start it with `schema_version: {SCHEMA_VERSION}`.")
    return content


def _parts(path: Path, content: dict, section: str, kinds: dict) -> list:
    listed = content.get(section) or []
    if not isinstance(listed, list):
        raise ParamError(f"{path}: {section} must be a list; write each entry on a line of its own after a dash.")
    built = []
    for number, entry in enumerate(listed, 1):
        where = f"{path}: {section} entry {number}"
        if isinstance(entry, str):
            entry = {entry: {}}
        if not isinstance(entry, dict) or len(entry) != 1:
            raise ParamError(f"{where} must name one of {', '.join(kinds)}, followed by its fields.")
        (kind, fields), = entry.items()
        if kind not in kinds:
            raise ParamError(f"{where} is {kind!r}, but it must be one of {', '.join(kinds)}; "
                             f"{nearest(str(kind), kinds)}.")
        built.append(build(kinds[kind], fields, f"{where} ({kind})"))
    return built


def load(path: str | Path, region: str | None = None, date: str | None = None) -> Scenario:
    """The Scenario in a file (or of a shipped name); `region` and `date` replace the file's own.

    Raises ParamError, one sentence naming file, field and what is allowed. Nothing in the file is executed.
    """
    path = Path(path)
    if not path.suffix and str(path) in shipped():
        path = shipped()[str(path)]
    content = _read(path)
    for section in content:
        if section not in SECTIONS:
            raise ParamError(f"{path} has an unknown section {section!r}; {nearest(str(section), SECTIONS)}.")
    version = content.get("schema_version")
    if version != SCHEMA_VERSION:
        raise ParamError(f"{path} has schema_version {version!r}, but this version reads {SCHEMA_VERSION}; "
                         f"write `schema_version: {SCHEMA_VERSION}`.")
    date = date or content.get("date")
    scenario = Scenario(
        stack=tuple(_parts(path, content, "stack", ALL)),
        traffic=_traffic(path, content),
        costs=tuple(_parts(path, content, "costs", COSTS)),
        region=region or content.get("region", "us-east-1"),
        date=None if date is None else facts.iso_date(date),
        name=str(content.get("name", path.stem)),
    )
    return scenario


def _traffic(path: Path, content: dict):
    section = content.get("traffic")
    if isinstance(section, dict) and "same_as" in section:
        if len(section) > 1:
            raise ParamError(f"{path}: traffic has same_as and other fields; keep one of the two.")
        other = path.parent / str(section["same_as"])
        return _traffic(other, _read(other))
    if section is None:
        raise ParamError(f"{path} has no traffic section; say what arrives, for example "
                         "`traffic: {window_s: 3600, arrivals: {pattern: poisson, rate_rps: 5}}`.")
    return traffic_from(section, f"{path}: traffic", path.parent)


def with_stack(scenario: Scenario, *stack, name: str = "") -> Scenario:
    """The same traffic, costs, Region and date through another stack."""
    return replace(scenario, stack=stack, name=name)
