"""One source, two speeds: kernels run as plain Python, and the same functions compiled where numba is installed.

A function marked `@kernel` works on a `World`. What `compiled` returns is its twin: the same code objects, calling
each other's twins, compiled by numba as one unit and kept on disk.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import FunctionType

_KERNELS: list = []
_INLINED: set = set()
_LOADED: set = set()
CACHE_VARIABLE = "SIMLIB_CACHE_DIR"


def kernel(function):
    """Marks a function that numba can compile; it stays what it is."""
    _KERNELS.append(function)
    return function


def inlined(function):
    """Marks a kernel so small that its callers, once compiled, had better contain it."""
    _INLINED.add(function)
    return kernel(function)


@inlined
def u64(number):
    """A whole number as unsigned 64 bits; plain Python has no need to change it."""
    return number


def has_numba() -> bool:
    """Whether numba is installed; does not import it."""
    return importlib.util.find_spec("numba") is not None


@cache
def digest() -> str:
    """Names what was compiled: the source of kernels and records, the processor, and the versions of what compiles."""
    from llvmlite.binding import get_host_cpu_features, get_host_cpu_name

    processor = get_host_cpu_name(), get_host_cpu_features().flatten()
    versions = [version(package) for package in ("numba", "llvmlite", "numpy")]
    sha = hashlib.sha256(repr((sys.version_info[:2], processor, versions)).encode())
    here = Path(__file__).parent
    beside = ("services/base.py", "services/dynamodb/capacity.py", "services/copies.py",
              "services/caches/front.py", "services/api_gateway.py", "result.py")
    for path in [*sorted(here.glob("*.py")), *(here.parent / name for name in beside)]:
        sha.update(path.read_bytes())
    return sha.hexdigest()[:16]


def cache_dirs() -> list[Path]:
    """Where compiled kernels may lie, best first: a directory of your own (SIMLIB_CACHE_DIR), beside the package
    (one for all users of an installation, who need not be able to write there), and the user's own cache."""
    own = os.environ.get(CACHE_VARIABLE)
    beside = Path(__file__).parent / "__pycache__"
    if sys.platform == "win32":
        home = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return [*([Path(own)] if own else []), beside, home / "serverless-lab"]


def stored_in() -> Path | None:
    """The directory that holds a finished compilation, if there is one."""
    return next((place / digest() for place in cache_dirs() if any((place / digest()).glob("*.nbc"))), None)


def is_stored() -> bool:
    """Whether loading takes a moment only, because the kernels were compiled before."""
    try:
        return has_numba() and stored_in() is not None
    except (ImportError, OSError):  # numba is there and does not work
        return False


def is_loaded(entry) -> bool:
    """Whether the compiled twin of a kernel is in memory."""
    return entry in _LOADED


@cache
def compile_elsewhere() -> subprocess.Popen:
    """Has another process compile the kernels, once, while this one goes on with plain Python or SimPy."""
    return subprocess.Popen([sys.executable, "-m", "simlib", "warm"], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _place_for_new() -> Path:
    for place in cache_dirs():
        try:
            (place / digest()).mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(place / digest(), os.W_OK):
            return place / digest()
    return cache_dirs()[-1] / digest()


def _kept(dispatcher):
    """Has numba keep a compilation under our digest, and lets it lie in a directory that cannot be written."""
    from numba.core import caching

    place = stored_in() or _place_for_new()

    class Locator(caching._CacheLocator):
        def get_cache_path(self):
            return str(place)

        def get_source_stamp(self):
            return digest()

        def get_disambiguator(self):
            return ""

        @classmethod
        def from_function(cls, py_func, py_file):
            return cls()

    class Kept(caching.FunctionCache):
        _impl_class = type("Impl", (caching.CompileResultCacheImpl,), {"_locator_classes": [Locator]})

        def load_overload(self, sig, target_context):
            try:
                return super().load_overload(sig, target_context)
            except Exception:  # what cannot be read is as good as not there
                return None

        def save_overload(self, sig, data):
            try:
                super().save_overload(sig, data)
            except OSError:
                pass

    dispatcher._cache = Kept(dispatcher.py_func)
    return dispatcher


@cache
def compiled(entry):
    """The compiled twin of a kernel. It compiles when first called, unless a compilation is kept on disk."""
    import numba

    import simlib.fast.on_numba  # noqa: F401

    spaces: dict[str, dict] = {}
    twins = {}
    for function in _KERNELS:
        space = spaces.setdefault(function.__module__, dict(function.__globals__))
        twin = FunctionType(function.__code__, space, function.__name__)
        twin.__module__ = function.__module__
        twins[function] = numba.njit(twin, error_model="numpy", _nrt=False, forceinline=function in _INLINED)
    twins[u64] = numba.njit(lambda number: numba.uint64(number))
    for space in spaces.values():
        space.update({name: twins[value] for name, value in space.items()
                      if isinstance(value, FunctionType) and value in twins})
    _LOADED.add(entry)
    return _kept(twins[entry])
