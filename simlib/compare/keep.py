"""Finished cells of a sweep in a file: each under a fingerprint of all that decides its numbers."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
import pickle
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

from simlib import facts
from simlib.compare.pairs import METRICS
from simlib.engine import Scenario
from simlib.params import ParamError
from simlib.workload import Trace

PACKAGE = Path(__file__).resolve().parent.parent
WITHOUT_INFLUENCE = ("scenario_file", "i18n", "teach", "views", "lessons", "widgets", "__main__")
"""Modules and folders of the package that no number passes through on its way into a cell."""


@cache
def versions() -> str:
    """A digest of the code and of data/*.csv, the same wherever the same version is installed."""
    code = {path.relative_to(PACKAGE).as_posix(): path for path in PACKAGE.rglob("*.py")
            if path.relative_to(PACKAGE).with_suffix("").parts[0] not in WITHOUT_INFLUENCE}
    data = {f"data/{path.name}": path for path in facts.DATA.glob("*.csv")}
    digest = hashlib.sha256()
    for name, path in sorted((code | data).items()):
        digest.update(f"{name}\n{path.read_text(encoding='utf-8')}\n".encode())
    return digest.hexdigest()


def described(thing):
    """A description in plain lists, texts and numbers that two equal scenarios share and two others do not.

    A trace counts with what is in its file, not with where the file lies. A class counts by its name.
    """
    if isinstance(thing, bool) or thing is None or isinstance(thing, str):
        return thing
    if isinstance(thing, (int, float)):
        return float(thing) if float(thing) == thing else repr(thing)
    if isinstance(thing, (list, tuple)):
        return [described(each) for each in thing]
    if dataclasses.is_dataclass(thing):
        kind = type(thing)
        fields = {field.name: described(getattr(thing, field.name)) for field in dataclasses.fields(thing)}
        if isinstance(thing, Trace):
            fields["path"] = _contents_of(thing)
        return [f"{kind.__module__}.{kind.__qualname__}", fields]
    return hashlib.sha256(pickle.dumps(thing)).hexdigest()


def _contents_of(trace: Trace) -> str:
    """A digest of a trace's file; a file that cannot be read gets the trace's own error."""
    try:
        status = os.stat(trace.path)
        return _digest(trace.path, status.st_mtime_ns, status.st_size)
    except (OSError, ValueError):
        trace.record()
        raise


@lru_cache(maxsize=32)
def _digest(path, _changed_ns, _size) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprints(scenario: Scenario, seeds: Iterable[int], free_tier: bool) -> list[str]:
    """64 hexadecimal digits for each cell: scenario but for its name, seed, free tier, code and data."""
    _, fields = described(scenario)
    fields.pop("name")
    text = json.dumps([fields, free_tier, versions()], sort_keys=True)
    return [hashlib.sha256(f"{text} {seed}".encode()).hexdigest() for seed in seeds]


def as_line(mark: str, name: str, seed: int, numbers: dict[str, float]) -> str:
    """One cell as a line of JSON; a number that is none or endless becomes a text, all others keep every bit."""
    plain = {key: value if math.isfinite(value) else str(value) for key, value in numbers.items()}
    return json.dumps({"cell": mark, "scenario": name, "seed": seed, "numbers": plain}, allow_nan=False) + "\n"


_BEGINNING = b'{"cell": "'
_KEYS = {key for _, key in METRICS.values()}


class Keep:
    """A file to which finished cells are appended, one line each; without a path nothing is read or written.

    A last line that was cut off while it was written is removed. Raises ParamError for a file that cannot be written,
    and for one that anything else is wrong with, which is left as it is.
    """

    def __init__(self, path: str | os.PathLike | None):
        self._numbers: dict[str, dict[str, float]] = {}
        self._file = None
        if path is None:
            return
        try:
            content = Path(path).read_bytes() if os.path.lexists(path) else b""
            whole = self._read(content, path)
            self._file = open(path, "ab", buffering=0)
            if whole < len(content):
                self._file.truncate(whole)
            elif content and not content.endswith(b"\n"):
                self._file.write(b"\n")
        except OSError as error:
            raise _refusal(path, error) from None

    def _read(self, content: bytes, path) -> int:
        """Takes in the lines; how many bytes of them are whole."""
        place = 0
        lines = content.splitlines(keepends=True)
        for number, line in enumerate(lines, 1):
            try:
                mark, numbers = _cell_in(line)
            except (ValueError, TypeError, KeyError, AttributeError):
                cut_off = number == len(lines) and not line.endswith(b"\n")
                if cut_off and (line.startswith(_BEGINNING) or _BEGINNING.startswith(line)):
                    return place
                raise ParamError(f"{path}, line {number}: this is no cell that a sweep kept; remove the line, or give "
                                 "keep another file.") from None
            self._numbers[mark] = numbers
            place += len(line)
        return place

    def get(self, mark: str) -> dict[str, float] | None:
        """The measures of the cell with this fingerprint, or None where they are not there, or not all of them."""
        numbers = self._numbers.get(mark)
        return numbers if numbers and numbers.keys() == _KEYS else None

    def add(self, mark: str, name: str, seed: int, numbers: dict[str, float]) -> None:
        """Writes one finished cell, at once and as a whole."""
        if self._file:
            try:
                self._file.write(as_line(mark, name, seed, numbers).encode())
            except OSError as error:
                raise _refusal(self._file.name, error) from None

    def __enter__(self) -> Keep:
        return self

    def __exit__(self, *_) -> None:
        if self._file:
            self._file.close()


def _refusal(path, error: OSError) -> ParamError:
    return ParamError(f"The file {path} cannot keep a sweep ({error.strerror}); give keep a file that you may write, "
                      "in a folder that is there and has room.")


def _cell_in(line: bytes) -> tuple[str, dict[str, float]]:
    kept = json.loads(line)
    numbers = {str(key): float(value) for key, value in kept["numbers"].items()}
    if not isinstance(kept["cell"], str):
        raise TypeError
    return kept["cell"], numbers
