"""Imports point left only, chance and SimPy stay where they belong, and `import simlib` stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "simlib"

LAYERS = (
    "theory",
    "dists",
    "params",
    "facts",
    "plain_yaml",
    "cpu_quota",
    "capacity_units",
    "workload",
    "services",
    "scenario",
    "result",
    "summary",
    "activity",
    "on_simpy",
    "fast",
    "engine",
    "life",
    "pricing",
    "capacity_plan",
    "meter",
    "compare",
    "scenario_file",
    "i18n",
    "teach",
    "views",
    "lessons",
    "widgets",
    "__main__",
    "__init__",
)
"""Every module or folder of the package; each may import only what stands before it."""

IN_COMPARE = ("pairs", "caches", "crossing", "grid", "keep", "sweeps", "__init__")
IN_WORKLOAD = ("chance", "requests", "arrivals", "table", "tracefile", "trace", "traffic", "__init__")
"""The same within `compare` and `workload`."""

INSIDE = {"compare": IN_COMPARE, "workload": IN_WORKLOAD}

MODULES = sorted(PACKAGE.rglob("*.py"))
NAMES = ["/".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in MODULES]
EACH_MODULE = pytest.mark.parametrize("path", MODULES, ids=NAMES)


def imports(path):
    """Dotted names of what a module imports; of `from a import b` both `a` and `a.b`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively; write the full name"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_imports(path):
    """What a module imports from this package, as parts of dotted names without the package."""
    return [tuple(name.split(".")[1:]) for name in imports(path) if name.startswith("simlib.")]


def test_every_module_has_its_place():
    places = {path.relative_to(PACKAGE).with_suffix("").parts[0] for path in MODULES}
    assert places == set(LAYERS), "give a new module its place in LAYERS"
    for folder, order in INSIDE.items():
        assert {path.stem for path in (PACKAGE / folder).glob("*.py")} == set(order)


@EACH_MODULE
def test_imports_point_left_only(path):
    me = path.relative_to(PACKAGE).with_suffix("").parts
    for parts in own_imports(path):
        assert parts[0] in LAYERS, f"take {parts[0]} from its own module, not from simlib"
        wrong = f"{'.'.join(me)} imports {'.'.join(parts)}"
        if parts[0] != me[0]:
            assert LAYERS.index(parts[0]) < LAYERS.index(me[0]), wrong
        elif me[0] in INSIDE and len(parts) > 1:
            order = INSIDE[me[0]]
            assert order.index(parts[1]) < order.index(me[1]), wrong


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if path.parent.name == "services" and path.stem not in ("__init__", "base")],
    ids=lambda path: path.stem,
)
def test_services_know_what_they_share_and_not_each_other(path):
    met = {parts[1] for parts in own_imports(path) if parts[0] == "services" and len(parts) > 1}
    assert met <= {"base", "buckets", "copies"}


@EACH_MODULE
def test_some_libraries_have_one_home(path):
    """SimPy in the engine and services, widgets in one module, random generators where dice are thrown."""
    name = "/".join(path.relative_to(PACKAGE).with_suffix("").parts)
    met = {each.split(".")[0] for each in imports(path)}
    assert "simpy" not in met or name == "on_simpy" or name.startswith("services/")
    assert "ipywidgets" not in met or name == "widgets"
    assert "random" not in met and "secrets" not in met
    generators = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("random", "default_rng", "SeedSequence")
    ]
    assert not generators or name == "workload/chance"


def test_importing_the_package_loads_nothing_heavy():
    """What only some need (tables, figures, widgets, YAML) is imported where it is used."""
    code = "import sys, simlib; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT, timeout=60
    ).stdout.split()
    assert "numpy" in loaded
    heavy = {
        "pandas",
        "scipy",
        "matplotlib",
        "ipywidgets",
        "IPython",
        "yaml",
        "babel",
        "tqdm",
        "jupyterlab",
        "PIL",
        "joblib",
        "dask",
        "distributed",
        "multiprocessing",
        "boto3",
        "botocore",
        "moto",
    }
    assert not heavy & set(loaded)


SOURCES = [
    path for folder in ("simlib", "tests", "notebooks") for path in sorted((ROOT / folder).rglob("*.py"))
] + [ROOT / "start.py"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_is_left_to_do(path):
    later = [word.replace(" ", "") for word in ("TO DO", "FIX ME", "XX X")]
    assert not [word for word in later if word in path.read_text(encoding="utf-8")]
