"""Dependencies and their pins, environment.yml, the wheel, tests that skip, .ci/run."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
CONDA_NAMES = {"matplotlib-base": "matplotlib"}  # where conda-forge calls a package otherwise


def requirements(extra=None):
    """{name: bounds} of pyproject.toml's runtime dependencies, or of an extra."""
    texts = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    return {canonicalize_name(Requirement(text).name): Requirement(text).specifier for text in texts}


def pins():
    """{name: specifier} of constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    kept = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(pin.name): pin.specifier for pin in kept}


# --- dependencies -----------------------------------------------------------------------------------------


def test_constraints_pin_each_direct_dependency_and_nothing_else():
    assert set(pins()) == set(requirements()) | set(requirements("fast")) | set(requirements("dev"))


def test_every_pin_is_one_version_within_the_bounds():
    bounds = requirements() | requirements("fast") | requirements("dev")
    for name, pin in pins().items():
        (version,) = pin
        assert version.operator == "==" and "*" not in version.version, name
        assert bounds[name].contains(version.version), f"{name} {version.version} is outside {bounds[name]}"


def test_constraints_name_no_file_host_or_hash():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert not any(mark in text for mark in ("://", "@", "--", "/"))


def test_every_dependency_says_what_it_is_for():
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    for text in PROJECT["dependencies"] + sum(PROJECT["optional-dependencies"].values(), []):
        found = [line for line in lines if f'"{text}"' in line]
        assert found and all(len(line.partition("#")[2].split()) >= 2 for line in found), text


def test_the_tests_have_what_every_extra_has():
    for extra in PROJECT["optional-dependencies"].keys() - {"fast"}:  # which start.py adds where it can be had
        assert requirements(extra).items() <= requirements("dev").items()


def test_every_package_that_simlib_imports_is_a_dependency():
    import ast
    from importlib.metadata import packages_distributions

    owners = packages_distributions()
    imported = set()
    for path in (ROOT / "simlib").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.split(".")[0])
    outside = imported - sys.stdlib_module_names - {"simlib"}
    assert "simpy" in outside
    wanted = {name: canonicalize_name(owners.get(name, [name])[0]) for name in outside}
    brought_along = {"botocore", "ipython", "llvmlite"}  # by boto3, ipywidgets and numba
    allowed = set(requirements()) | set(requirements("fast")) | brought_along
    assert set(wanted.values()) <= allowed, sorted(set(wanted.values()) - allowed)


# --- environment.yml --------------------------------------------------------------------------------------


def environment():
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def conda_bounds():
    """{PyPI name: bounds} of environment.yml, each line read by conda's own parser."""
    from rattler import MatchSpec

    specs = [MatchSpec(line) for line in environment()["dependencies"] if isinstance(line, str)]
    names = [spec.name.normalized for spec in specs]
    return {
        canonicalize_name(CONDA_NAMES.get(name, name)): SpecifierSet(str(spec.version or ""))
        for name, spec in zip(names, specs, strict=True)
    }


def test_environment_yml_has_the_names_and_bounds_of_pyproject_toml():
    conda = conda_bounds()
    conda.pop("python")
    assert conda.pop("pip") == SpecifierSet("")
    assert conda == requirements() | requirements("fast")


def test_environment_yml_allows_the_same_oldest_python_and_only_pythons_the_project_allows():
    allowed = SpecifierSet(PROJECT["requires-python"])
    conda = conda_bounds()["python"]
    assert [bound for bound in conda if bound.operator == ">="] == list(allowed)
    assert conda.contains("3.11") and conda.contains("3.14") and not conda.contains("3.10")


def test_environment_yml_comes_from_conda_forge_and_installs_this_checkout():
    assert environment()["name"] == "serverless-lab"
    assert environment()["channels"] == ["conda-forge"]
    assert [part["pip"] for part in environment()["dependencies"] if isinstance(part, dict)] == [["-e ."]]


# --- the wheel --------------------------------------------------------------------------------------------


def test_pyproject_toml_lists_every_folder_of_simlib_that_holds_python():
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "simlib").rglob("*.py")}
    listed = set(PYPROJECT["tool"]["setuptools"]["packages"])
    assert {".".join(folder.parts) for folder in folders} == listed - {"simlib.data"}


def data_files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in Path(folder).rglob("*")
        if path.is_file()
    }


@pytest.mark.slow
def test_the_wheel_carries_all_data_and_finds_it_where_it_is_installed(tmp_path):
    source, site = tmp_path / "source", tmp_path / "site"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build"))

    def run(*command, cwd=tmp_path, **env):
        command = [sys.executable, *command]
        done = subprocess.run(command, cwd=cwd, env=dict(os.environ, **env), capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout.strip()

    run("-m", "pip", "wheel", "--no-deps", "--wheel-dir", str(tmp_path), str(source))
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name == f"serverless_lab-{Version(PROJECT['version'])}-py3-none-any.whl"
    run("-m", "pip", "install", "--no-deps", "--target", str(site), str(wheel))
    shutil.rmtree(source)
    where = run("-c", "from simlib import facts; print(facts.DATA)", PYTHONPATH=str(site), PYTHONUTF8="1")
    assert Path(where) == site / "simlib" / "data"
    assert data_files(where) == data_files(ROOT / "data")


# --- tests that skip --------------------------------------------------------------------------------------

TRIAL = """
import pytest

def test_passes(): pass

@pytest.mark.skip(reason="no such thing here")
def test_marked(): pass

def test_decides():
    pytest.skip("not today")

@pytest.mark.xfail(reason="known")
def test_known(): assert False

@pytest.mark.browser
def test_picture(chromium): assert chromium
"""


def trial(folder, *arguments, module=TRIAL, **env):
    """Exit code and output of pytest in a small project with this one's conftest.py and settings."""
    (folder / "tests").mkdir()
    shutil.copy(ROOT / "tests/conftest.py", folder / "tests")
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "tests/test_trial.py").write_text(module, encoding="utf-8")
    env = {name: value for name, value in dict(os.environ, **env).items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--color=no", *arguments]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, encoding="utf-8")
    return done.returncode, done.stdout + done.stderr


def test_a_browser_test_skips_with_a_reason_where_there_is_no_chromium(tmp_path):
    code, shown = trial(tmp_path, "-rs", CHROMIUM="no-such-browser")
    assert code == 0
    assert "no Chromium here" in shown
    assert "1 passed, 3 skipped, 1 xfailed" in shown.splitlines()[-1]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_no_skips_turns_each_skipped_test_into_a_failed_one_and_names_it(tmp_path, workers):
    code, shown = trial(
        tmp_path, "--no-skips", "-n", workers, "--dist", "loadgroup", CHROMIUM="no-such-browser"
    )
    assert code == 1
    for name, reason in (
        ("test_marked", "no such thing here"),
        ("test_decides", "not today"),
        ("test_picture", "no Chromium here"),
    ):
        assert f"test_trial.py::{name}" in shown and reason in shown
    closing = shown.splitlines()[-1]
    assert "1 failed, 1 passed, 1 xfailed, 2 errors" in closing and "skipped" not in closing


def test_no_skips_does_not_let_a_whole_module_skip(tmp_path):
    module = 'import pytest\npytest.importorskip("no_such_module_anywhere")\n'
    code, shown = trial(tmp_path, "--no-skips", module=module)
    assert code != 0
    assert "tests/test_trial.py may not skip here" in shown and "no_such_module_anywhere" in shown


def test_a_marker_that_nobody_declared_is_an_error(tmp_path):
    code, shown = trial(tmp_path, module="import pytest\n@pytest.mark.slwo\ndef test_it(): pass\n")
    assert code != 0 and "slwo" in shown


# --- .ci/run ----------------------------------------------------------------------------------------------

if os.name == "posix":

    @pytest.fixture
    def machine(tmp_path):
        """`add` puts a program that only writes down its call on PATH; `run` runs .ci/run there."""
        tools = tmp_path / "bin"
        tools.mkdir()
        for name in ("bash", "env", "dirname", "cat"):
            (tools / name).symlink_to(shutil.which(name))

        def add(name, answer=""):
            script = f'#!{shutil.which("bash")}\necho "{name} $*" >> "{tmp_path}/calls"\n{answer}\n'
            (tools / name).write_text(script, encoding="utf-8")
            (tools / name).chmod(0o755)

        def run():
            project = tmp_path / "project"
            (project / ".ci").mkdir(parents=True)
            shutil.copy(ROOT / ".ci/run", project / ".ci")
            done = subprocess.run(
                [project / ".ci/run"], env={"PATH": str(tools)}, capture_output=True, text=True
            )
            return done, (tmp_path / "calls").read_text(encoding="utf-8").splitlines()

        add("python3")
        add("id", "echo 0")
        return SimpleNamespace(add=add, run=run)

    def test_ci_run_installs_chromium_where_it_is_missing_and_then_runs_every_test(machine):
        machine.add("apt-get")
        done, calls = machine.run()
        assert done.returncode == 0, done.stderr
        assert "installing chromium" in done.stdout
        asked = [call for call in calls if call.startswith("apt-get")]
        assert asked[0] == "apt-get update -q"
        assert asked[1].startswith("apt-get install -q -y --no-install-recommends chromium")
        assert calls[-1] == "python3 start.py test-all"

    def test_ci_run_does_not_install_a_chromium_that_is_there(machine):
        machine.add("apt-get")
        machine.add("chromium")
        done, calls = machine.run()
        assert done.returncode == 0, done.stderr
        assert not [call for call in calls if "install" in call and "chromium" in call]
        assert calls[-1] == "python3 start.py test-all"

    def test_ci_run_goes_on_without_apt_get_and_says_what_is_missing(machine):
        done, calls = machine.run()
        assert done.returncode == 0 and "chromium" in done.stdout and "no apt-get" in done.stdout
        assert calls[-1] == "python3 start.py test-all"

    def test_ci_run_stops_with_an_error_when_apt_get_fails(machine):
        machine.add("apt-get", "exit 100")
        done, calls = machine.run()
        assert done.returncode != 0
        assert "python3 start.py test-all" not in calls

    def test_ci_run_fails_when_the_tests_fail(machine):
        machine.add("chromium")
        machine.add("apt-get")
        machine.add("python3", '[[ "$1" == --version ]] || exit 1')
        assert machine.run()[0].returncode == 1
