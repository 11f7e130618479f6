"""Fingerprints tell what decides a cell's numbers and nothing else; a file of cells loses none and no bit of one."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import SCENARIOS
from test_architecture import LAYERS

from simlib import Client, Lambda, ParamError, Poisson, Scenario, Trace, Traffic, facts
from simlib.compare import METRICS, keep
from simlib.compare.keep import Keep, as_line, fingerprints
from simlib.scenario_file import load, shipped
from simlib.workload import WorkloadError

SCENARIO = Scenario((Client(), Lambda()), Traffic(arrivals=Poisson(2.0), window_s=60))
KEYS = [key for _, key in METRICS.values()]
MEASURES = st.fixed_dictionaries({key: st.floats() for key in KEYS})


def mark(scenario=SCENARIO, seed=0, free_tier=True):
    found, = fingerprints(scenario, [seed], free_tier)
    return found


# --- fingerprints -----------------------------------------------------------------------------------------


@given(SCENARIOS, SCENARIOS)
def test_scenarios_share_a_fingerprint_when_they_are_equal_and_only_then(a, b):
    assert (mark(a) == mark(b)) == (a == b)
    assert mark(a) == mark(dataclasses.replace(a))


def test_all_shipped_scenarios_have_fingerprints_of_their_own():
    marks = {mark(load(name)) for name in shipped()}
    assert len(marks) == len(shipped())


def test_seed_and_free_tier_count_and_a_name_and_the_kind_of_a_number_do_not():
    others = [mark(seed=1), mark(free_tier=False), mark(dataclasses.replace(SCENARIO, date="2025-01-01"))]
    assert len({mark(), *others}) == 4
    assert mark(dataclasses.replace(SCENARIO, name="another")) == mark()
    assert mark(dataclasses.replace(SCENARIO, traffic=Traffic(arrivals=Poisson(2), window_s=60.0))) == mark()


def test_another_process_finds_the_same_fingerprint():
    code = ("from simlib import *; from simlib.compare.keep import fingerprints; "
            "scenario = Scenario((Client(), Lambda()), Traffic(arrivals=Poisson(2.0), window_s=60)); "
            "print(*fingerprints(scenario, [0], True))")
    for hash_seed in ("1", "2"):
        done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": hash_seed}, check=True,
                              capture_output=True, text=True, cwd=facts.DATA.parent)
        assert done.stdout.strip() == mark()


def test_a_trace_counts_with_what_is_in_its_file_and_not_with_where_it_lies(tmp_path):
    def of(path, content):
        path.write_text(content, encoding="utf-8")
        return mark(Scenario(SCENARIO.stack, Traffic(arrivals=Trace(str(path)))))

    first = of(tmp_path / "a.csv", "t_s\n1\n2\n")
    assert of(tmp_path / "b.csv", "t_s\n1\n2\n") == first
    assert of(tmp_path / "a.csv", "t_s\n1\n3.5\n") != first


def test_a_trace_that_is_not_there_is_an_error_of_the_trace(tmp_path):
    with pytest.raises(WorkloadError, match="nowhere.csv"):
        mark(Scenario(SCENARIO.stack, Traffic(arrivals=Trace(str(tmp_path / "nowhere.csv")))))


@pytest.fixture
def digest_of_a_copy(tmp_path, monkeypatch):
    """The digest of a copy of code and data after a text was added to one of its files."""
    monkeypatch.setattr(keep, "PACKAGE", tmp_path / "simlib")
    monkeypatch.setattr(facts, "DATA", tmp_path / "data")
    root = facts.__file__.rpartition("simlib")[0]
    shutil.copytree(f"{root}/simlib", tmp_path / "simlib", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "data").mkdir()
    for name in ("prices.csv", "facts.csv"):
        shutil.copy(f"{root}/data/{name}", tmp_path / "data")

    def digest(file=None, text=""):
        if file:
            with open(tmp_path / file, "a", encoding="utf-8", newline="") as opened:
                opened.write(text)
        return keep.versions.__wrapped__()
    return digest


def test_another_price_or_another_line_of_the_engine_makes_other_fingerprints(digest_of_a_copy):
    files = ["data/prices.csv", "simlib/engine.py", "simlib/services/lambda_/limits.py", "simlib/compare/pairs.py"]
    digests = [digest_of_a_copy(), *(digest_of_a_copy(file, "x") for file in files)]
    assert len(set(digests)) == len(files) + 1


def test_a_lesson_and_how_lines_end_make_no_other_fingerprints(digest_of_a_copy, tmp_path):
    before = digest_of_a_copy()
    assert digest_of_a_copy("simlib/lessons/lesson00.py", "x") == before
    assert digest_of_a_copy("simlib/__main__.py", "x") == before
    engine = tmp_path / "simlib" / "engine.py"
    engine.write_bytes(engine.read_bytes().replace(b"\n", b"\r\n"))
    assert digest_of_a_copy() == before


def test_what_has_no_influence_stands_right_of_comparisons():
    assert set(keep.WITHOUT_INFLUENCE) == set(LAYERS[LAYERS.index("compare") + 1:]) - {"__init__"}


# --- the file ---------------------------------------------------------------------------------------------


def bits(numbers):
    return {key: value.hex() for key, value in numbers.items()}


@given(MEASURES, st.text(max_size=20), st.integers(0, 2**40))
def test_every_bit_of_every_number_comes_back_from_strict_json(tmp_path_factory, numbers, name, seed):
    path = tmp_path_factory.mktemp("kept") / "cells.jsonl"
    with Keep(path) as kept:
        kept.add("m", name, seed, numbers)
    line, = path.read_text(encoding="utf-8").splitlines()
    read = json.loads(line, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert (read["scenario"], read["seed"]) == (name, seed)
    with Keep(path) as kept:
        assert bits(kept.get("m")) == bits(numbers)


@pytest.fixture
def three(tmp_path):
    """A file of three cells, and their numbers by fingerprint."""
    path = tmp_path / "cells.jsonl"
    numbers = {f"mark {k}": dict.fromkeys(KEYS, k + 0.1) for k in range(3)}
    with Keep(path) as kept:
        for k, (each, measured) in enumerate(numbers.items()):
            kept.add(each, "small", k, measured)
    return path, numbers


def test_each_cell_is_in_the_file_before_the_next_one_comes(tmp_path):
    path = tmp_path / "cells.jsonl"
    with Keep(path) as kept:
        for count in range(1, 4):
            kept.add("m", "small", 0, dict.fromkeys(KEYS, 1.0))
            assert path.read_bytes().count(b"\n") == count


def test_a_last_line_cut_off_anywhere_is_written_anew_and_the_others_stay(three):
    path, numbers = three
    content = path.read_bytes()
    last = content.rindex(b"\n", 0, -1) + 1
    for end in range(last, len(content)):
        path.write_bytes(content[:end])
        with Keep(path) as kept:
            whole = end == len(content) - 1
            assert [kept.get(each) for each in ("mark 0", "mark 1")] == [numbers["mark 0"], numbers["mark 1"]]
            assert kept.get("mark 2") == (numbers["mark 2"] if whole else None)
            if not whole:
                kept.add("mark 2", "small", 2, numbers["mark 2"])
        assert path.read_bytes() == content


@pytest.mark.parametrize("number, damage", [
    (1, b"{"), (2, b""), (2, b"nonsense"), (2, b"[]"), (3, b"7"), (3, b'{"cell": "x"}'),
    (1, b'{"cell": 1, "numbers": {}}'), (2, b'{"cell": "x", "numbers": 3}'),
    (2, b'{"cell": "x", "numbers": {"usd": "much"}}'),
    (2, b'{"cell": "\xff"}'),
])
def test_a_damaged_line_is_named_and_nothing_is_lost(three, number, damage):
    path, _ = three
    lines = path.read_bytes().splitlines(keepends=True)
    lines[number - 1] = damage + b"\n"
    path.write_bytes(b"".join(lines))
    with pytest.raises(ParamError, match=f"line {number}: this is no cell") as caught:
        Keep(path)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == b"".join(lines)


@given(st.binary(min_size=1, max_size=40))
def test_a_file_of_something_else_is_left_as_it_is(tmp_path_factory, content):
    assume(not b'{"cell": "'.startswith(content.splitlines()[-1] if content.splitlines() else b""))
    path = tmp_path_factory.mktemp("kept") / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(ParamError):
        Keep(path)
    assert path.read_bytes() == content


def test_cells_of_other_fingerprints_stay_in_the_file(three):
    path, _ = three
    before = path.read_bytes()
    with Keep(path) as kept:
        assert kept.get("mark 9") is None
        kept.add("mark 9", "small", 9, dict.fromkeys(KEYS, 0.0))
    assert path.read_bytes().startswith(before)
    assert path.read_bytes()[len(before):].decode() == as_line("mark 9", "small", 9, dict.fromkeys(KEYS, 0.0))


def test_a_cell_that_lacks_a_number_is_not_taken(tmp_path):
    path = tmp_path / "cells.jsonl"
    path.write_text(as_line("m", "small", 0, dict.fromkeys(KEYS[1:], 1.0)), encoding="utf-8")
    with Keep(path) as kept:
        assert kept.get("m") is None


def test_a_file_that_cannot_be_written_is_refused_at_once(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere" / "cells.jsonl"):
        with pytest.raises(ParamError, match="cannot keep a sweep") as caught:
            Keep(path)
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_without_a_path_nothing_is_kept():
    with Keep(None) as kept:
        kept.add("m", "small", 0, dict.fromkeys(KEYS, 1.0))
        assert kept.get("m") is None
