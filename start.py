#!/usr/bin/env python3
"""The one entry of Serverless Lab: makes .venv beside this file, installs into it, and runs a command there.

Standard library only, on Windows, macOS and Linux alike. The syntax stays within Python 3.6, so that an old
Python reads this file and answers with one sentence instead of a SyntaxError; everything printed is ASCII.
"""

import difflib
import hashlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

OLDEST_PYTHON = (3, 11)
ROOT = Path(os.path.abspath(__file__)).parent
VENV = ROOT / ".venv"
FIRST_NOTEBOOK = "notebooks/00_start_here.ipynb"
DEV = "dev"  # the extra of pyproject.toml that everything but `lab` needs
FAST = "fast"  # the extra with the compiler of the fast engine, which not every Python has
LINES_SHOWN = 15


class Problem(Exception):
    """What went wrong, as the one sentence that the user reads."""


# --- what this computer offers ----------------------------------------------------------------------------


def dotted(version):
    return ".".join(str(part) for part in version)


def check_python(version):
    """Raise Problem if `version` (like sys.version_info) is older than the project supports."""
    if tuple(version[:2]) < OLDEST_PYTHON:
        raise Problem(
            f"Serverless Lab needs Python {dotted(OLDEST_PYTHON)} or newer, but this is Python "
            f"{dotted(version[:3])}: install a newer one (https://www.python.org/downloads/) and run "
            f"start.py with it."
        )


def check_venv_modules(find_spec=importlib.util.find_spec):
    """Raise Problem if this Python lacks a module that making .venv needs, as a bare Debian does."""
    for module in ("venv", "ensurepip"):
        if find_spec(module) is None:
            raise Problem(
                f"This Python has no module '{module}', so .venv cannot be made: install it (Debian and "
                f"Ubuntu: sudo apt install python3-venv; elsewhere take Python from "
                f"https://www.python.org/downloads/) and run start.py again."
            )


def check_port(port):
    """Raise Problem unless a server may listen on `port` of localhost."""
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            probe = socket.socket(family, socket.SOCK_STREAM)
        except OSError:
            continue  # a computer without IPv6
        with probe:
            if os.name == "posix":  # a port whose last connection has just closed counts as free there
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except PermissionError:
                raise Problem(
                    f"Port {port} is not open to this user: choose one from 1024 to 65535 after --port."
                ) from None
            except OSError:
                if family == socket.AF_INET6 and not _answers(family, host, port):
                    continue  # IPv6 is switched off
                raise Problem(
                    f"Port {port} is taken by another program: stop that one, choose another after --port, "
                    f"or leave --port out and JupyterLab takes the next free one."
                ) from None


def _answers(family, host, port):
    with socket.socket(family, socket.SOCK_STREAM) as caller:
        caller.settimeout(1)
        return caller.connect_ex((host, port)) == 0


# --- running programs -------------------------------------------------------------------------------------


def call(command):
    """Run `command` in this terminal and return its exit code. Ctrl-C is the command's to answer."""
    process = subprocess.Popen(command, cwd=str(ROOT))
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            pass


def capture(command, dot_for=None):
    """Run `command` without a terminal; return its exit code and output lines.

    A line that begins with `dot_for` prints a dot, so that one sees it move.
    """
    process = subprocess.Popen(
        command,
        cwd=str(ROOT),
        env=dict(os.environ, PYTHONIOENCODING="utf-8"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    lines = []
    with process.stdout:
        for raw in process.stdout:
            lines.append(raw.decode("utf-8", "replace").rstrip())
            if dot_for and lines[-1].startswith(dot_for):
                print(".", end="", flush=True)
    if dot_for:
        print(flush=True)
    return process.wait(), lines


def show_last(lines):
    """Print the last lines of a program that failed, indented, to stderr."""
    for line in lines[-LINES_SHOWN:]:
        print("    " + line, file=sys.stderr)


# --- .venv ------------------------------------------------------------------------------------------------


def venv_python():
    """The Python inside .venv, whether it exists or not."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def venv_version():
    """The version of the Python in .venv as "3.11", or None if it does not run, has no pip, or is too old."""
    question = (
        "import sys, importlib.util as u; assert u.find_spec('pip'); print('%d.%d' % sys.version_info[:2])"
    )
    try:
        code, lines = capture([str(venv_python()), "-I", "-c", question])
    except OSError:
        return None
    if code or not lines or tuple(int(part) for part in lines[-1].split(".")) < OLDEST_PYTHON:
        return None
    return lines[-1]


def stamp_file():
    return VENV / "start-stamp.json"


def read_stamp():
    """What the last finished installation wrote, or {} where there is none that can be read."""
    try:
        stamp = json.loads(stamp_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def digest():
    """A fingerprint of what decides an installation: the two files with names and versions, and the folder,
    because the installed package points back into it."""
    sha = hashlib.sha256(str(ROOT).encode("utf-8", "surrogateescape"))
    for name in ("pyproject.toml", "constraints.txt"):
        try:
            sha.update((ROOT / name).read_bytes())
        except OSError:
            raise Problem(f"{name} is missing beside start.py: fetch the whole project again.") from None
    return sha.hexdigest()


def make_venv():
    """Make .venv from this Python, in place of whatever is there."""
    check_venv_modules()
    again = " again, because the one here does not work" if VENV.exists() else ""
    print(f"Making .venv{again}.", flush=True)
    code, lines = capture([sys.executable, "-m", "venv", "--clear", str(VENV)])
    if code or venv_version() is None:
        show_last(lines)
        raise Problem(
            "Python could not make .venv beside start.py: see the lines above, and check that this folder "
            "can be written and the disk has room."
        )


def pip_install(extras):
    """Install the project, editable, with `extras` and the versions of constraints.txt; return (exit code, lines)."""
    project = ".[" + ",".join(extras) + "]" if extras else "."
    pip = [str(venv_python()), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    return capture(pip + ["-c", "constraints.txt", "-e", project], dot_for="Collecting")


def install(extras):
    """Install with the fast engine's compiler, or where this Python has none, without it."""
    code, lines = pip_install([FAST] + extras)
    if code:
        code, lines = pip_install(extras)
        if code:
            show_last(lines)
            raise Problem(
                "pip could not install what Serverless Lab needs: see its last lines above, check the network "
                "and the disk, and run start.py again."
            )
        print("numba could not be installed, so large simulations take longer; all results are the same.")
        return
    print("Compiling the fast engine (about half a minute, once).", flush=True)
    code, lines = capture([str(venv_python()), "-m", "simlib", "warm"])
    if code:
        show_last(lines)
        print("The fast engine could not be compiled, so large simulations take longer.", flush=True)


def ready(extra=""):
    """Path of the Python in .venv with the project and `extra` installed; does nothing where that is done."""
    python = venv_version()
    stamp = read_stamp()
    if python is None or stamp.get("python", python) != python:
        make_venv()
        python, stamp = venv_version(), {}
    wanted = {"python": python, "digest": digest()}
    same = all(stamp.get(key) == value for key, value in wanted.items())
    installed = stamp.get("extras", []) if same else []
    if not same or (extra and extra not in installed):
        if stamp_file().exists():
            stamp_file().unlink()  # an installation that breaks off must not look finished
        size = "1 GB" if extra else "600 MB"
        print(f"Installing into .venv; the first time takes a minute or more and {size} of disk.", flush=True)
        extras = sorted(set(installed) | ({extra} if extra else set()))
        install(extras)
        stamp_file().write_text(json.dumps(dict(wanted, extras=extras)), encoding="utf-8")
    return str(venv_python())


# --- commands ---------------------------------------------------------------------------------------------


def lab_options(arguments):
    """(port or None, open a browser?) from the arguments of `lab`."""
    port, browser = None, True
    rest = list(arguments)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if name == "--no-browser" and not equals:
            browser = False
        elif name == "--port":
            value = value if equals else (rest.pop(0) if rest else "")
            if not (value.isdigit() and 1 <= int(value) <= 65535):
                raise Problem(f"--port needs a whole number from 1 to 65535, not '{value}': try --port 8899.")
            port = int(value)
        else:
            raise Problem(f"lab does not know '{name}': it takes --port N and --no-browser.")
    return port, browser


def quiet_lab():
    """Switches off JupyterLab's pop-up about news, which asks every learner a question at the first start."""
    folder = VENV / "etc" / "jupyter" / "labconfig"
    folder.mkdir(parents=True, exist_ok=True)
    setting = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (folder / "page_config.json").write_text(json.dumps(setting), encoding="utf-8")


def lab_command(python, port, browser):
    """The command that starts JupyterLab: token kept, localhost only, everything else as Jupyter has it."""
    command = [python, "-m", "jupyterlab", f"--LabApp.default_url=/lab/tree/{FIRST_NOTEBOOK}"]
    command += ["--ServerApp.ip=localhost", f"--ServerApp.root_dir={ROOT}"]
    if port is not None:
        command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return command


def lab(arguments):
    port, browser = lab_options(arguments)
    if port is not None:
        check_port(port)
    if not (ROOT / FIRST_NOTEBOOK).exists():
        raise Problem(f"{FIRST_NOTEBOOK} is missing: build it with 'start.py notebooks'.")
    python = ready()
    quiet_lab()
    print("Opening JupyterLab; it runs until you press Ctrl-C here.", flush=True)
    return call(lab_command(python, port, browser))


def pytest_command(python):
    """pytest with one worker per core, at most four; tests/conftest.py says which tests share a worker."""
    workers = min(4, os.cpu_count() or 1)
    parallel = ["-n", str(workers), "--dist", "loadgroup"] if workers > 1 else []
    return [python, "-m", "pytest", "--durations=10"] + parallel


def test(arguments):
    return call(pytest_command(ready(DEV)) + ["-m", "not slow", "-rs"] + arguments)


def test_all(arguments):
    return call(pytest_command(ready(DEV)) + ["--no-skips"] + arguments)


def bench(arguments):
    return call([ready(DEV), "-m", "tests.benchmarks"] + arguments)


def notebooks(arguments):
    return call([ready(DEV), "notebooks/build.py"] + arguments)


def show_help(arguments):
    print("python3 start.py [COMMAND] [OPTIONS]      (Windows: py start.py ...)\n")
    for name, (_, text) in COMMANDS.items():
        print(f"  {name:<10} {text}")
    print(
        "\nThe first call makes .venv beside start.py and installs into it; later calls install nothing.\n"
        "To start over, delete the folder .venv. Options after test, test-all, bench and notebooks go on to\n"
        "them, for example: python3 start.py test -k lambda\n\n"
        "With conda, instead of start.py:\n"
        "  conda env create -f environment.yml\n"
        "  conda activate serverless-lab\n"
        f"  jupyter lab {FIRST_NOTEBOOK}\n"
        "start.py does not look at an active conda environment: called there, it still makes its own .venv."
    )
    return 0


COMMANDS = {
    "lab": (lab, "open JupyterLab on the first lesson (the default); --port N, --no-browser"),
    "test": (test, "run the tests that are not slow; browser tests skip where there is no Chromium"),
    "test-all": (test_all, "run every test; one that skips counts as failed"),
    "bench": (bench, "measure the speed of the simulator"),
    "notebooks": (notebooks, "build the notebooks from their sources"),
    "help": (show_help, "show this text"),
}


def command_of(arguments):
    """(command name, its arguments); options without a command belong to `lab`."""
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help")):
        return "lab", arguments
    name = arguments[0]
    if name in ("-h", "--help"):
        return "help", arguments[1:]
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise Problem(f"There is no command '{name}': {hint}start.py knows {', '.join(COMMANDS)}.")
    return name, arguments[1:]


def main(arguments):
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a Korean Windows console (cp949) cannot print every path
            stream.reconfigure(errors="backslashreplace")
    try:
        check_python(sys.version_info)
        name, rest = command_of(list(arguments))
        return COMMANDS[name][0](rest)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; the next call goes on from here.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
