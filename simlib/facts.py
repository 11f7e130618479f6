"""Numbers about the world, read from the tables in `data/`: the value in force on a date, with its source.

Every number about AWS that is not the learner's own lives in a table with a unit, the date from which it
holds, a source and the day on which it was last checked. This module reads the tables once, hands out values
and says in one sentence what is missing. It imports the standard library and numpy only.

Tables (all utf-8 CSV with a header):

    facts.csv               name, effective, value, unit, kind, source, note, checked_on
    sources.csv             key, title, url, published, note
    prices.csv              sku, region, effective, unit, from_quantity, usd, source, checked_on, note
    ec2_instance_types.csv  type, vcpu, memory_gib, architecture, baseline, source
    cold_starts.csv         runtime, architecture, package, n, q0.1 .. q99.9, first_*, managed, measured,
                            source
    keep_alive.csv          policy, idle_s, p_expired, source, note
    cache_nodes.csv         service, type, memory_gib, requests_per_s, kind, source, note
    latencies.csv           operation, probability, ms, kind, source, note
    region_rtt.csv          from_region, to_region, rtt_avg_ms, measured, source

`kind` is `quota` (AWS may raise it), `rule` (how AWS bills or behaves, as documented), `measured` (somebody
timed it) or `assumed` (nobody published it, or we derived it: the note says how). A row holds from its
`effective` date until the next row of the same name. `effective` is when AWS announced the figure or launched
what it belongs to, or else the day on which the figure was read: a date before the first row is an error
rather than a guess. A measured or assumed figure carries the launch date of its service where nothing speaks
against using it for the past.
"""

from __future__ import annotations

import csv
import datetime
import difflib
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

KINDS = ("quota", "rule", "measured", "assumed")


class FactError(KeyError):
    """A fact, table row or date that the data does not hold. The message is one sentence."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


def _find_data() -> Path:
    """The data directory: beside the package in a checkout or editable install, inside it in a wheel."""
    package = Path(__file__).resolve().parent
    tried = (package.parent / "data", package / "data")
    for directory in tried:
        if (directory / "facts.csv").is_file():
            return directory
    raise FileNotFoundError(
        f"The data tables (facts.csv and others) are neither in {tried[0]} nor in {tried[1]}; install again."
    )


DATA: Path = _find_data()


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """All rows of `data/<name>.csv` as dicts of text, in file order; read once and shared, so only to read.

    Raises FactError when there is no such table.
    """
    path = DATA / f"{name}.csv"
    if not path.is_file():
        known = sorted(file.stem for file in DATA.glob("*.csv"))
        raise _unknown(f"There is no table {name!r} in the data", name, known)
    with open(path, encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def _unknown(problem: str, word, known) -> FactError:
    """The error for a word that is not among the known ones, naming the closest of them."""
    known = list(dict.fromkeys(map(str, known)))
    close = difflib.get_close_matches(str(word), known, n=3, cutoff=0.55)
    if close:
        return FactError(f"{problem}; did you mean {' or '.join(close)}?")
    if len(known) > 12:
        return FactError(f"{problem}; known are {', '.join(known[:6])} and {len(known) - 6} more.")
    return FactError(f"{problem}; known are {', '.join(known)}.")


@dataclass(frozen=True)
class Fact:
    """One number (or word) about the world as it holds from `effective` on.

    `value` is a float, or a str where the fact is a word; `unit` is written as AWS meters it; `kind` is one
    of KINDS; `source` is a key of `sources()`; `note` says how a derived or assumed figure came about.
    """

    name: str
    value: float | str
    unit: str
    kind: str
    effective: str
    source: str
    note: str
    checked_on: str


@dataclass(frozen=True)
class Source:
    """Where figures come from: `url` is the public page, paper or repository, `published` a date or year."""

    key: str
    title: str
    url: str
    published: str
    note: str


@dataclass(frozen=True)
class InstanceType:
    """An EC2 instance type.

    `baseline` is the share of each vCPU it may use for ever: 1 for fixed performance, less for the burstable
    T family (0.2 for t3.small), which spends CPU credits above it.
    """

    name: str
    vcpu: int
    memory_gib: float
    architecture: str
    baseline: float


@dataclass(frozen=True)
class ColdStart:
    """What a cold start of one runtime was measured to take, beyond the platform's own part.

    `init_ms[k]` is the quantile at `probability[k]` (both float64, rising) of the INIT that AWS reports. It
    was measured at 128, 256, 512 and 1,024 MB; each of the four medians lies within 6 % of their pool (half
    of them within 1 %), so the table pools the four distributions by their sample counts. `first_handler_ms`
    is the median of the first handler call; 90 and 99 of 100 first calls stay below `first_p90_ratio` and
    `first_p99_ratio` times that (medians over the four sizes). `managed` tells AWS's own runtimes from custom
    ones (provided.*), whose INIT was always billed.

    How to repeat the fit of `first_fixed_ms` and `first_work_vcpu_ms`: scan the work, solve for the fixed
    part (both at least 0), and minimise the squared errors of `first_handler_ms` at the four sizes, each
    relative to the whole cold start (median INIT plus median first call).
    """

    runtime: str
    architecture: str
    package: str
    probability: np.ndarray
    init_ms: np.ndarray
    first_fixed_ms: float
    first_work_vcpu_ms: float
    first_p90_ratio: float
    first_p99_ratio: float
    managed: bool
    measured: str
    source: str

    def first_handler_ms(self, vcpu: float) -> float:
        """Median milliseconds of the first handler call at `vcpu` vCPUs (one thread).

        A fixed part plus CPU work through the scheduler's quota. INIT has just run at full speed, so that,
        unlike a warm call, which starts a period of its own, the first call meets the 20 ms period anywhere:
        its middle stands for the average. The quota is used up at once, the rest comes period by period.
        From one vCPU upwards the work takes its own time.
        """
        work_ms = self.first_work_vcpu_ms
        if vcpu >= 1:
            return self.first_fixed_ms + work_ms
        period_ms = value("lambda.scheduler_period_ms")
        quota_ms = budget_ms = period_ms * vcpu
        elapsed_ms, refill_ms = 0.0, period_ms / 2
        while True:
            granted_ms = min(budget_ms, refill_ms - elapsed_ms)
            if granted_ms >= work_ms:
                return self.first_fixed_ms + elapsed_ms + work_ms
            work_ms -= granted_ms
            budget_ms = min(quota_ms, budget_ms - granted_ms + quota_ms)
            elapsed_ms, refill_ms = refill_ms, refill_ms + period_ms


def iso_date(date) -> str:
    """A date as ISO text: `None` is AS_OF; a str must be YYYY-MM-DD; a datetime.date is accepted.

    Raises FactError for anything else.
    """
    if date is None:
        return AS_OF
    if isinstance(date, datetime.date):
        return date.isoformat()[:10]
    try:
        return datetime.date.fromisoformat(date).isoformat()
    except (TypeError, ValueError):
        raise FactError(
            f"The date {date!r} is not a calendar date; write it as YYYY-MM-DD, such as {AS_OF}."
        ) from None


def _read_value(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


@cache
def _facts() -> dict[str, tuple[Fact, ...]]:
    """Rows of facts.csv by name, oldest first."""
    by_name: dict[str, list[Fact]] = {}
    for row in table("facts"):
        row = dict(row)
        row["value"] = _read_value(row["value"])
        by_name.setdefault(row["name"], []).append(Fact(**row))
    return {name: tuple(sorted(rows, key=lambda fact: fact.effective)) for name, rows in by_name.items()}


@cache
def _in_force(name: str, date: str) -> Fact:
    rows = _facts().get(name)
    if rows is None:
        raise _unknown(f"There is no fact named {name!r}", name, _facts())
    for row in reversed(rows):
        if row.effective <= date:
            return row
    first = rows[0].effective
    raise FactError(f"The fact {name!r} is not known for {date}; the first date known is {first}.")


def fact(name: str, date=None) -> Fact:
    """The Fact in force on an ISO date (default AS_OF).

    Raises FactError for an unknown name or a date before the first row.
    """
    return _in_force(name, iso_date(date))


def value(name: str, date=None) -> float | str:
    """The value in force on an ISO date (default AS_OF): a float, or a str where the fact is a word."""
    return fact(name, date).value


def history(name: str) -> tuple[Fact, ...]:
    """Every dated row of one fact, oldest first. Raises FactError for an unknown name."""
    fact(name)
    return _facts()[name]


def names(prefix: str = "") -> list[str]:
    """The names of all facts that begin with `prefix`, sorted."""
    return sorted(name for name in _facts() if name.startswith(prefix))


@cache
def sources() -> dict[str, Source]:
    """Every source by its key."""
    return {row["key"]: Source(**row) for row in table("sources")}


@cache
def instance_types() -> dict[str, InstanceType]:
    """Every known EC2 instance type by name."""
    return {
        row["type"]: InstanceType(
            name=row["type"],
            vcpu=int(row["vcpu"]),
            memory_gib=float(row["memory_gib"]),
            architecture=row["architecture"],
            baseline=float(row["baseline"]),
        )
        for row in table("ec2_instance_types")
    }


def instance_type(name: str) -> InstanceType:
    """One EC2 instance type, such as "t3.small". Raises FactError naming the nearest known one."""
    known = instance_types()
    if name not in known:
        raise _unknown(f"There is no EC2 instance type {name!r} in the data", name, known)
    return known[name]


def _frozen(values) -> np.ndarray:
    array = np.array(values, dtype=float)
    array.flags.writeable = False
    return array


@cache
def _cold_starts() -> dict[tuple[str, str, str], ColdStart]:
    found = {}
    for row in table("cold_starts"):
        quantiles = [name for name in row if name.startswith("q")]
        found[row["runtime"], row["architecture"], row["package"]] = ColdStart(
            runtime=row["runtime"],
            architecture=row["architecture"],
            package=row["package"],
            probability=_frozen([float(name[1:]) / 100 for name in quantiles]),
            init_ms=_frozen([float(row[name]) for name in quantiles]),
            first_fixed_ms=float(row["first_fixed_ms"]),
            first_work_vcpu_ms=float(row["first_work_vcpu_ms"]),
            first_p90_ratio=float(row["first_p90_ratio"]),
            first_p99_ratio=float(row["first_p99_ratio"]),
            managed=row["managed"] == "1",
            measured=row["measured"],
            source=row["source"],
        )
    return found


def cold_start(runtime: str, architecture: str = "x86_64", package: str = "zip") -> ColdStart:
    """The measured cold start of a runtime ("python3.13"), architecture and package ("zip" or "image").

    Raises FactError when it was not measured, with the nearest that was.
    """
    known = _cold_starts()
    if (runtime, architecture, package) in known:
        return known[runtime, architecture, package]
    for position, (what, word) in enumerate(
        [("runtime", runtime), ("architecture", architecture), ("package", package)]
    ):
        choices = [key[position] for key in known]
        if word not in choices:
            raise _unknown(f"No cold start was measured for the {what} {word!r}", word, choices)
    measured = ", ".join(f"{arch} {kind}" for name, arch, kind in known if name == runtime)
    raise FactError(
        f"No cold start of {runtime} was measured on {architecture} {package}; measured are {measured}."
    )


@cache
def has_snapstart(runtime: str, architecture: str = "x86_64", package: str = "zip") -> bool:
    """Whether AWS offers SnapStart: zip packages of Java 17+, Python 3.12+ and .NET 8+ (managed runtimes)."""
    family, version = re.fullmatch(r"([a-z]+-?[a-z]*)([\d.]*).*", runtime).groups()
    number = tuple(int(part) for part in version.split(".") if part) or (0,)
    least = {"java": (17,), "python": (3, 12), "dotnet": (8,)}.get(family, (10**6,))
    return package == "zip" and number >= least and runtime != "java-graalvm" and not runtime.endswith("-aot")


def snapstart(runtime: str, architecture: str = "x86_64", package: str = "zip") -> ColdStart:
    """What a restore from a snapshot takes, in the shape of a cold start: `init_ms` is the restore.

    Measured for java17 and java21 on x86_64 (zip); other runtimes and arm64 borrow the restore of java21 (assumed:
    it is the loading of a snapshot, whatever was in it) and keep the first handler call of their own cold start.
    """
    measured = _cold_starts()
    own = measured.get((f"{runtime}-snapstart", architecture, package))
    if own:
        return own
    borrowed, first = measured[("java21-snapstart", "x86_64", "zip")], cold_start(runtime, architecture, package)
    return replace(first, init_ms=borrowed.init_ms, probability=borrowed.probability)


def cold_start_choices() -> tuple[str, ...]:
    """The runtimes with measured cold starts, sorted."""
    return tuple(sorted({runtime for runtime, _, _ in _cold_starts() if not runtime.endswith("-snapstart")}))


@cache
def _keep_alive() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    columns: dict[str, list[tuple[float, float]]] = {}
    for row in table("keep_alive"):
        columns.setdefault(row["policy"], []).append((float(row["p_expired"]), float(row["idle_s"])))
    return {
        policy: (_frozen([p for p, _ in points]), _frozen([idle for _, idle in points]))
        for policy, points in columns.items()
    }


def keep_alive(policy: str) -> tuple[np.ndarray, np.ndarray]:
    """`(p_expired, idle_s)`: the share of idle environments gone after so many idle seconds, in order.

    Draw an idle limit by inverting it: `np.interp(u, p_expired, idle_s)`. `p_expired` rises strictly from 0
    to 1 (where nothing expires for a while, it rises by a millionth), `idle_s` never falls. Raises FactError
    for an unknown policy.
    """
    known = _keep_alive()
    if policy not in known:
        raise _unknown(f"There is no keep-alive policy {policy!r}", policy, known)
    return known[policy]


@cache
def keep_alive_policies() -> tuple[str, ...]:
    """The policies of `keep_alive`, named by when they were measured, oldest first."""
    return tuple(sorted(_keep_alive()))


@dataclass(frozen=True)
class CacheNode:
    """A node of a cache cluster: memory in GiB, and normalized requests a second where AWS publishes them, else NaN."""

    type: str
    memory_gib: float
    requests_per_s: float


@cache
def _cache_nodes() -> dict[str, dict[str, CacheNode]]:
    found: dict[str, dict[str, CacheNode]] = {}
    for row in table("cache_nodes"):
        found.setdefault(row["service"], {})[row["type"]] = CacheNode(
            row["type"], float(row["memory_gib"]), float(row["requests_per_s"] or "nan"))
    return found


def cache_nodes(service: str) -> tuple[str, ...]:
    """The node types of "dax" or "elasticache"."""
    return tuple(_cache_nodes()[service])


def cache_node(node_type: str) -> CacheNode:
    """A node type such as "dax.r5.large". Raises FactError for one that is not known."""
    known = {name: node for nodes in _cache_nodes().values() for name, node in nodes.items()}
    if node_type not in known:
        raise _unknown(f"There is no cache node {node_type!r}", node_type, known)
    return known[node_type]


@cache
def _latencies() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    points: dict[str, list[tuple[float, float]]] = {}
    for row in table("latencies"):
        points.setdefault(row["operation"], []).append((float(row["probability"]), float(row["ms"])))
    return {
        name: (_frozen([p for p, _ in each]), _frozen([ms / 1000 for _, ms in each])) for name, each in points.items()
    }


def latency(operation: str) -> tuple[np.ndarray, np.ndarray]:
    """`(probability, seconds)`: quantiles of what an operation such as "dynamodb.write" takes, for `dists.table`.

    Raises FactError for an operation that is not in the table.
    """
    known = _latencies()
    if operation not in known:
        raise _unknown(f"There is no latency of {operation!r}", operation, known)
    return known[operation]


@cache
def _round_trips() -> dict[tuple[str, str], float]:
    found = {}
    for row in table("region_rtt"):
        found[row["from_region"], row["to_region"]] = float(row["rtt_avg_ms"])
    return found


def round_trip_ms(from_region: str, to_region: str) -> float:
    """The mean network round trip between two Regions in ms, either way round where one way was measured.

    Raises FactError for a pair that is not in the table, naming what is.
    """
    known = _round_trips()
    for pair in ((from_region, to_region), (to_region, from_region)):
        if pair in known:
            return known[pair]
    regions = sorted({region for pair in known for region in pair})
    for region in (from_region, to_region):
        if region not in regions:
            raise _unknown(f"There is no round trip for the Region {region!r}", region, regions)
    raise FactError(f"There is no round trip from {from_region} to {to_region} in the data; choose another Region.")


AS_OF: str = max(row["checked_on"] for name in ("facts", "prices") for row in table(name))
