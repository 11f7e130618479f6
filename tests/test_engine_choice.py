"""Which engine plays what, with numba, without it, and before anything is compiled."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from scenes import arriving_at

from simlib import Client, Ec2, Lambda, Operation, ParamError, Poisson, Scenario, Traffic, engine, fast, simulate
from simlib.fast import compiling

ROOT = Path(__file__).parent.parent
SCENARIO = Scenario((Client(), Lambda()), Traffic(arrivals=Poisson(5), window_s=60))
LARGE = Scenario((Client(), Lambda()), Traffic(arrivals=Poisson(500), window_s=200))


@dataclass(frozen=True)
class Own(Lambda):
    """A service that somebody derived."""


def in_new_python(code, **environment):
    """What a fresh interpreter prints; numba is not to be had where WITHOUT_NUMBA is set."""
    preface = "import os, sys\nif os.environ.get('WITHOUT_NUMBA'): sys.modules['numba'] = None\n"
    done = subprocess.run([sys.executable, "-c", preface + code], cwd=ROOT, env=os.environ | environment,
                          capture_output=True, text=True, timeout=300)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("name", ["simpy", "fast"])
def test_one_gets_the_engine_one_asks_for(name):
    assert simulate(SCENARIO, engine=name).engine == name


def test_an_engine_or_mode_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(ParamError, match="engine is 'quick'.*auto, simpy, fast"):
        simulate(SCENARIO, engine="quick")
    with pytest.raises(ParamError, match="keep is 'all'.*spans, summary"):
        simulate(SCENARIO, keep="all")


def test_asking_for_the_fast_engine_where_it_cannot_play_lists_the_reasons():
    scenario = Scenario((Client(), Own()), SCENARIO.traffic)
    with pytest.raises(ParamError, match='Own is not compiled yet, only ApiGateway, Client, .*Take engine="auto"'):
        simulate(scenario, engine="fast")
    assert simulate(scenario).engine == "simpy"
    assert fast.supports(SCENARIO) == [] and len(fast.supports(scenario)) == 1


def test_auto_loads_what_was_compiled_once_it_has_been_missed_for_long(monkeypatch):
    monkeypatch.setattr(engine, "_played_slowly", 0)
    monkeypatch.setattr(fast, "is_loaded", lambda: False)
    monkeypatch.setattr(fast, "is_stored", lambda: True)
    small = Scenario((Lambda(),), Traffic(arrivals=Poisson(100), window_s=200))
    assert [simulate(small).engine for _ in range(4)] == ["simpy", "simpy", "fast", "fast"]


def test_auto_makes_nobody_wait_for_a_compilation(monkeypatch):
    asked = []
    monkeypatch.setattr(engine, "_played_slowly", 0)
    monkeypatch.setattr(fast, "is_loaded", lambda: False)
    monkeypatch.setattr(fast, "is_stored", lambda: False)
    monkeypatch.setattr(fast, "compile_elsewhere", lambda: asked.append("compile"))
    assert simulate(SCENARIO).engine == "simpy" and not asked
    assert simulate(LARGE).engine == "simpy" and asked == ["compile"]


def test_the_fast_engine_answers_in_plain_python_until_it_is_compiled(monkeypatch):
    asked, compiled = [], []
    monkeypatch.setattr(fast, "is_ready", lambda: False)
    monkeypatch.setattr(fast, "compile_elsewhere", lambda: asked.append("compile"))
    monkeypatch.setattr(fast, "play", lambda *arguments: compiled.append(arguments[-1]) or ((), ()))
    simulate(SCENARIO, engine="fast")
    assert asked == ["compile"] and compiled == [False]
    simulate(Scenario(SCENARIO.stack, Traffic(arrivals=Poisson(6000), window_s=100)), engine="fast")
    assert asked == ["compile"] and compiled == [False, True], "a run longer than a compilation is worth one"


SAME = """
import hashlib
from simlib import *
from simlib import fast
traffic = Traffic(arrivals=Poisson(40), window_s=300, operations=Operation(io_s=0.3, io_distribution="exponential"))
scenario = Scenario((Client(), Lambda(account_concurrency=9), Ec2()), traffic)
result = simulate(scenario, 4, engine=os.environ["ENGINE"])
digest = hashlib.sha256(b"".join(rows.tobytes() for rows in result.span_rows + result.capacity_rows)).hexdigest()
print(digest, result.engine, fast.has_numba(), simulate(scenario, 4, keep="summary").engine)
"""


def test_without_numba_everything_works_and_gives_the_same_bits():
    with_numba = in_new_python(SAME, ENGINE="fast")
    without = in_new_python(SAME, ENGINE="fast", WITHOUT_NUMBA="1")
    simpy = in_new_python(SAME, ENGINE="simpy", WITHOUT_NUMBA="1")
    assert with_numba[0] == without[0] == simpy[0]
    assert with_numba[1:3] == ["fast", "True"] and without[1:] == ["fast", "False", "simpy"]


LOADED = """
import time
from simlib import *
from simlib import fast
assert fast.is_stored() == (os.environ["EXPECTED"] == "True"), fast.is_stored()
begin = time.perf_counter()
traffic = Traffic(arrivals=Poisson(5), window_s=60)
scenario = Scenario((Client(), Lambda()), traffic)
fast.play(scenario, draw(traffic))
print(time.perf_counter() - begin)
"""


def within(place):
    """LOADED, with compiled kernels in `place` only."""
    return ("from pathlib import Path\nfrom simlib.fast import compiling\n"
            f"compiling.cache_dirs = lambda: [Path({str(place)!r})]\n" + LOADED)  # fmt: skip


@pytest.mark.slow
def test_compiled_kernels_are_shared_by_those_who_cannot_write_them(tmp_path):
    """One process fills a directory; it is closed to writing; others load from it in a fraction of the time."""
    shared = tmp_path / "shared"
    (first_s,) = in_new_python(within(shared), EXPECTED="False")
    files = sorted(shared.rglob("*.nb?"))
    before = {path: path.stat().st_mtime_ns for path in files}
    closed = [*files, *{path.parent for path in files}, shared]
    try:
        for path in closed:
            path.chmod(path.stat().st_mode & ~0o222)
        (again_s,) = in_new_python(within(shared), EXPECTED="True")
    finally:
        for path in reversed(closed):
            path.chmod(path.stat().st_mode | 0o700)
    assert files and float(again_s) < float(first_s) / 3
    assert {path: path.stat().st_mtime_ns for path in shared.rglob("*.nb?")} == before
    next(path for path in files if path.suffix == ".nbc").write_bytes(b"cut off")
    assert in_new_python(within(shared), EXPECTED="True"), "what is damaged is compiled anew"


@pytest.mark.slow
def test_where_nothing_can_be_written_kernels_are_compiled_in_memory(tmp_path):
    """Root may write anywhere, so here a file stands where the directory would be."""
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert in_new_python(within(tmp_path / "file" / "place"), EXPECTED="False")


def test_a_directory_of_ones_own_comes_first(monkeypatch):
    monkeypatch.setenv(compiling.CACHE_VARIABLE, "/some/place")
    assert compiling.cache_dirs()[0] == Path("/some/place")


def test_memory_of_a_summary_does_not_grow_with_the_number_of_requests():
    """The columns of the blocks under way, and nothing else: counted in the ring, not in the process."""
    traffic = Traffic(arrivals=Poisson(1000), window_s=200, operations=Operation(io_s=0.5))
    sizes = []
    real = fast.Player.run

    def run(player):
        real(player)
        sizes.append((player.columns.slots, len(player.columns.blocks)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast.Player, "run", run)
        fast.summarise(Scenario((Client(), Lambda()), traffic), 0, block_size=1024)
    ((slots, blocks),) = sizes
    assert slots <= 4 and blocks <= slots, "about 1,500 of 200,000 requests are under way at once"


def test_requests_that_all_arrive_at_once_are_played(tmp_path):
    result = simulate(Scenario((Client(), Ec2()), arriving_at([1.0] * 3000, io_s=0.1)), engine="fast")
    assert result.n == 3000
