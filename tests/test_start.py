"""start.py: one sentence for each way to fail, one installation, a JupyterLab that only this user reaches."""

import ast
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest

import start

ROOT = Path(start.__file__).parent


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project folder where making .venv and installing only count as `calls`.

    `version` is what its .venv answers when asked for it (None: it does not run).
    """
    folder = SimpleNamespace(path=tmp_path, version=None, calls=[])
    (tmp_path / "notebooks").mkdir()
    for name in ("pyproject.toml", "constraints.txt", start.FIRST_NOTEBOOK):
        (tmp_path / name).write_text("first", encoding="utf-8")

    def make_venv():
        folder.calls.append("venv")
        shutil.rmtree(tmp_path / ".venv", ignore_errors=True)
        (tmp_path / ".venv").mkdir()
        folder.version = "3.11"

    monkeypatch.setattr(start, "ROOT", tmp_path)
    monkeypatch.setattr(start, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(start, "venv_version", lambda: folder.version)
    monkeypatch.setattr(start, "make_venv", make_venv)
    monkeypatch.setattr(start, "install", lambda extras: folder.calls.append("pip " + ",".join(extras)))
    monkeypatch.setattr(start, "call", lambda command: folder.calls.append(command) or 0)
    return folder


def sentence_of(capsys):
    """The one sentence on stderr."""
    text = capsys.readouterr().err.strip()
    assert text.endswith(".") and "\n" not in text and text.isascii(), text
    return text


# --- the Python it is started with ------------------------------------------------------------------------


def test_start_py_can_be_read_by_python_3_6_and_prints_ascii_only():
    source = (ROOT / "start.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 6))
    assert source.isascii()


def test_start_py_needs_nothing_but_the_standard_library():
    tree = ast.parse((ROOT / "start.py").read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names and {name.split(".")[0] for name in names} <= sys.stdlib_module_names


def test_a_python_that_is_too_old_is_told_so_in_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 8, 18, "final", 0))
    assert start.main(["help"]) == 1
    sentence = sentence_of(capsys)
    assert "3.11 or newer" in sentence and "this is Python 3.8.18" in sentence


def test_the_oldest_python_allowed_is_the_one_of_pyproject_toml():
    requires = re.search(
        r'requires-python = ">=(\d+)\.(\d+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    )
    assert start.OLDEST_PYTHON == tuple(map(int, requires.groups()))
    start.check_python(start.OLDEST_PYTHON + (0,))


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_a_python_without_venv_modules_names_the_debian_package(missing):
    with pytest.raises(start.Problem, match=f"no module '{missing}'.*sudo apt install python3-venv"):
        start.check_venv_modules(lambda name: None if name == missing else object())


# --- installing -------------------------------------------------------------------------------------------


def test_the_second_call_installs_nothing(folder):
    assert start.main(["test"]) == 0
    assert folder.calls[:2] == ["venv", "pip dev"]
    folder.calls.clear()
    assert start.main(["test"]) == 0
    assert start.main(["lab", "--no-browser"]) == 0, "the tests' packages hold all that lab needs"
    assert not [done for done in folder.calls if isinstance(done, str)]


def test_tests_after_lab_add_the_extra_once_and_keep_the_venv(folder):
    for command in ("lab", "lab", "test", "bench", "notebooks", "lab"):
        assert start.main([command]) == 0
    assert [done for done in folder.calls if isinstance(done, str)] == ["venv", "pip ", "pip dev"]


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt"])
def test_changed_requirements_install_again(folder, changed):
    start.ready("dev")
    (folder.path / changed).write_text("second", encoding="utf-8")
    folder.calls.clear()
    start.ready("")
    assert folder.calls == ["pip "]


def test_a_folder_that_was_moved_installs_again_because_the_package_points_into_it(folder, monkeypatch):
    start.ready()
    moved = folder.path.parent / "moved here"
    shutil.copytree(folder.path, moved)
    monkeypatch.setattr(start, "ROOT", moved)
    monkeypatch.setattr(start, "VENV", moved / ".venv")
    folder.calls.clear()
    start.ready()
    assert folder.calls == ["pip "]


def test_a_venv_whose_python_is_gone_is_made_again(folder):
    start.ready()
    folder.version = None
    folder.calls.clear()
    start.ready()
    assert folder.calls == ["venv", "pip "]


def test_a_venv_whose_python_changed_its_version_is_made_again(folder):
    start.ready()
    folder.version = "3.12"
    folder.calls.clear()
    start.ready()
    assert folder.calls == ["venv", "pip "]


@pytest.mark.parametrize("content", ["", "not json", "[]", '{"python": "3.11"}'])
def test_a_stamp_that_says_nothing_useful_installs_again(folder, content):
    start.ready()
    start.stamp_file().write_text(content, encoding="utf-8")
    folder.calls.clear()
    start.ready()
    assert folder.calls == ["pip "]


def test_an_installation_that_breaks_off_is_done_again(folder, monkeypatch):
    start.ready()
    works = start.install
    monkeypatch.setattr(start, "install", lambda extras: (_ for _ in ()).throw(KeyboardInterrupt))
    assert start.main(["test"]) == 130
    monkeypatch.setattr(start, "install", works)
    folder.calls.clear()
    start.ready()
    assert folder.calls == ["pip "]


def test_half_a_project_is_named(folder, capsys):
    (folder.path / "constraints.txt").unlink()
    assert start.main(["test"]) == 1
    assert "constraints.txt is missing" in sentence_of(capsys)


def test_where_numba_cannot_be_had_all_else_is_installed_and_nothing_compiled(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(start, "pip_install", lambda extras: asked.append(extras) or (int("fast" in extras), []))
    monkeypatch.setattr(start, "capture", lambda command, **_: pytest.fail("there is nothing to compile with"))
    start.install(["dev"])
    assert asked == [["fast", "dev"], ["dev"]]
    assert "all results are the same" in capsys.readouterr().out


def test_the_fast_engine_is_compiled_when_it_is_installed_and_may_fail(monkeypatch, capsys):
    commands = []
    monkeypatch.setattr(start, "pip_install", lambda extras: (0, []))
    monkeypatch.setattr(start, "capture", lambda command: commands.append(command) or (1, ["no room"]))
    start.install([])
    assert commands == [[str(start.venv_python()), "-m", "simlib", "warm"]]
    told = capsys.readouterr()
    assert "no room" in told.err and "could not be compiled" in told.out


def test_a_failing_pip_shows_its_last_lines_and_then_one_sentence(tmp_path):
    """A real process with an ASCII console, and a pip that says something such a console cannot print."""
    (tmp_path / "fake_pip.py").write_text(
        "for i in range(40): print('line', i)\nprint('오류: 디스크')\nraise SystemExit(1)\n", encoding="utf-8"
    )
    script = (
        "import start, sys\n"
        "start.venv_version = lambda: '3.11'\n"
        f"start.VENV = start.Path({str(tmp_path)!r})\n"
        "start.venv_python = lambda: sys.executable\n"
        "real = start.capture\n"
        f"fake = {str(tmp_path / 'fake_pip.py')!r}\n"
        "start.capture = lambda command, **kw: real([sys.executable, fake], **kw)\n"
        "sys.exit(start.main(['test']))\n"
    )
    env = dict(os.environ, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=env, capture_output=True, timeout=60)
    lines = done.stderr.decode("ascii").splitlines()
    assert done.returncode == 1
    assert len(lines) == start.LINES_SHOWN + 1
    assert lines[-3].strip() == "line 39" and lines[-2].strip().startswith("\\uc624")
    assert lines[-1].startswith("pip could not install") and lines[-1].endswith("run start.py again.")
    assert not (tmp_path / "start-stamp.json").exists()


def test_a_real_venv_answers_with_its_version_and_a_broken_one_does_not(tmp_path, monkeypatch):
    monkeypatch.setattr(start, "ROOT", tmp_path)
    monkeypatch.setattr(start, "VENV", tmp_path / "한글 venv")
    assert start.venv_version() is None
    start.make_venv()
    assert start.venv_version() == start.dotted(sys.version_info[:2])
    start.venv_python().unlink()
    assert start.venv_version() is None
    start.make_venv()
    assert start.venv_version() == start.dotted(sys.version_info[:2])


def test_a_venv_that_cannot_be_made_says_so_after_pythons_own_words(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setattr(start, "ROOT", tmp_path)
    monkeypatch.setattr(start, "VENV", tmp_path / "file" / ".venv")
    with pytest.raises(start.Problem, match="could not make .venv"):
        start.make_venv()
    assert capsys.readouterr().err.strip()


# --- commands ---------------------------------------------------------------------------------------------


def test_an_unknown_command_is_answered_with_the_nearest(capsys):
    assert start.main(["tset"]) == 1
    assert "did you mean 'test'?" in sentence_of(capsys)


def test_an_unknown_command_near_nothing_lists_what_there_is(capsys):
    assert start.main(["xyzzy"]) == 1
    sentence = sentence_of(capsys)
    assert "did you mean" not in sentence and all(name in sentence for name in start.COMMANDS)


def test_help_names_every_command(capsys):
    assert start.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.isascii() and all(re.search(rf"^  {name} ", shown, re.M) for name in start.COMMANDS)


@pytest.mark.parametrize(
    "arguments", [[], ["--no-browser"], ["--port", "8899"], ["--port=8899", "--no-browser"]]
)
def test_options_without_a_command_open_the_lab(arguments):
    assert start.command_of(arguments) == ("lab", arguments)


@pytest.mark.parametrize("value", ["0", "65536", "eight", "-1", ""])
def test_a_port_that_is_no_port_is_refused(folder, capsys, value):
    assert start.main(["lab", "--port", value]) == 1
    assert "from 1 to 65535" in sentence_of(capsys)
    assert folder.calls == []


def test_an_unknown_option_of_lab_is_named(folder, capsys):
    assert start.main(["lab", "--prot", "8899"]) == 1
    assert "'--prot'" in sentence_of(capsys)


def test_a_port_that_is_taken_is_named_before_anything_is_installed(folder, capsys):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert start.main(["lab", "--port", str(port)]) == 1
    assert f"Port {port} is taken" in sentence_of(capsys)
    assert folder.calls == []
    assert start.main(["lab", "--port", str(port)]) == 0, "free again"


def test_a_first_notebook_that_is_missing_is_named(folder, capsys):
    (folder.path / start.FIRST_NOTEBOOK).unlink()
    assert start.main([]) == 1
    assert f"{start.FIRST_NOTEBOOK} is missing" in sentence_of(capsys)


def test_lab_listens_on_localhost_and_keeps_the_token():
    command = start.lab_command("python", None, True)
    assert "--ServerApp.ip=localhost" in command
    assert not re.search("token|password|port|no-browser", " ".join(command))
    assert "--ServerApp.port=8899" in start.lab_command("python", 8899, True)
    assert "--no-browser" in start.lab_command("python", None, False)


@pytest.mark.parametrize("user, allowed", [(0, True), (1000, False)])
def test_only_root_is_let_through_as_root(monkeypatch, user, allowed):
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    assert ("--allow-root" in start.lab_command("python", None, True)) is allowed


def test_commands_call_the_venv_with_the_remaining_arguments(folder):
    start.main(["test", "-k", "lambda"])
    start.main(["test-all", "-x"])
    start.main(["bench", "--quick"])
    start.main(["notebooks", "--check"])
    tests, all_tests, bench, notebooks = (done for done in folder.calls if isinstance(done, list))
    python = str(start.venv_python())
    assert tests[:3] == [python, "-m", "pytest"] and tests[-2:] == ["-k", "lambda"]
    assert tests[tests.index("-m", 2) + 1] == "not slow" and "--no-skips" not in tests
    assert "--no-skips" in all_tests and "not slow" not in all_tests and all_tests[-1] == "-x"
    assert bench == [python, "-m", "tests.benchmarks", "--quick"]
    assert notebooks == [python, "notebooks/build.py", "--check"]


# --- the whole way ----------------------------------------------------------------------------------------


def ask(url):
    """HTTP status of a GET."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.slow
def test_a_fresh_copy_in_a_folder_with_hangul_and_a_space_installs_tests_and_opens_jupyterlab(tmp_path):
    clone = tmp_path / "서버리스 실습 lab"
    shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build"))
    (clone / start.FIRST_NOTEBOOK).touch()
    env = dict(os.environ, PYTHONIOENCODING="cp949:strict", PYTHONUTF8="0")
    env = {name: value for name, value in env.items() if not name.startswith(("PYTEST_", "COV_"))}

    def run(*arguments, **more):
        command = [sys.executable, str(clone / "start.py"), *arguments]
        done = subprocess.run(command, cwd=tmp_path, env={**env, **more}, capture_output=True, timeout=600)
        return done.returncode, done.stdout.decode("cp949"), done.stderr.decode("cp949")

    code, shown, errors = run("help")
    assert code == 0 and "test-all" in shown and not (clone / ".venv").exists()

    code, shown, errors = run("test", "--collect-only", "-q", "tests/test_start.py")
    assert code == 0, shown + errors
    assert "Making .venv." in shown and "Installing" in shown
    assert "test_an_unknown_command_is_answered_with_the_nearest" in shown
    assert json.loads((clone / ".venv/start-stamp.json").read_text(encoding="utf-8"))["extras"] == ["dev"]

    where = "from simlib import facts; print(ascii(facts.__file__), ascii(str(facts.DATA)))"
    python = clone / ".venv" / start.venv_python().relative_to(start.VENV)
    found = subprocess.run(
        [python, "-c", where], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert found.stdout.split("' '")[0].strip("'") == ascii(str(clone / "simlib/facts.py")).strip("'")
    assert found.stdout.split("' '")[1].strip("'\n") == ascii(str(clone / "data")).strip("'")

    nowhere = {"PIP_NO_INDEX": "1", "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    code, shown, errors = run("test", "--collect-only", "-q", "tests/test_start.py", **nowhere)
    assert code == 0 and "Installing" not in shown and ".venv" not in shown

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    private = {f"JUPYTER_{kind}_DIR": str(tmp_path / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    opened, browser = (
        tmp_path / "opened",
        tmp_path / "browser.py",
    )  # a "browser" that keeps the page it is given
    browser.write_text(
        "import sys, urllib.request as u\n"
        f"open({str(opened)!r}, 'wb').write(u.urlopen(sys.argv[1]).read())\n",
        encoding="utf-8",
    )
    private["BROWSER"] = f"{sys.executable} {browser} %s"
    lab = subprocess.Popen(
        [sys.executable, str(clone / "start.py"), "--port", str(port)],
        env={**env, **private},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        said = ""
        for line in lab.stdout:
            said += line.decode("utf-8", "replace")
            address = re.search(rf"http://localhost:{port}(/\S+)\?token=(\w+)", said)
            if address:
                break
        assert address, said
        assert address[1] == "/lab/tree/" + start.FIRST_NOTEBOOK
        for _ in range(100):
            if opened.exists() and opened.read_text(encoding="utf-8"):
                break
            time.sleep(0.1)
        assert f"/lab/tree/{start.FIRST_NOTEBOOK}?token={address[2]}" in opened.read_text(encoding="utf-8")
        contents = f"http://127.0.0.1:{port}/api/contents/{start.FIRST_NOTEBOOK}?content=0"
        assert ask(contents) == 403, "no token, no entry"
        assert ask(f"{contents}&token={address[2]}") == 200
        assert not listens_beyond_localhost(port)
    finally:
        lab.send_signal(signal.SIGTERM)
        lab.stdout.close()
        lab.wait(timeout=30)
    with socket.socket() as caller:
        assert caller.connect_ex(("127.0.0.1", port)) != 0, "JupyterLab ends with start.py"


def listens_beyond_localhost(port):
    """Can `port` be reached by this computer's outward address? Without a network there is none: False."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: it only asks which address would be used
        except OSError:
            return False
        outward = probe.getsockname()[0]
    with socket.socket() as caller:
        caller.settimeout(5)
        return not outward.startswith("127.") and caller.connect_ex((outward, port)) == 0
