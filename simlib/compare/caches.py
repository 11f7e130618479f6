"""A cache or none: the same requests without one, through DAX, through ElastiCache and through an API's cache."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, replace

import numpy as np

from simlib.engine import Scenario, simulate
from simlib.params import ParamError, several, shown
from simlib.pricing import bill
from simlib.services import ApiGateway, Client, Dax, DynamoDb, ElastiCache
from simlib.services.base import OK, STALE, Service
from simlib.services.copies import HIT
from simlib.workload import Keys, Workload, draw

NO_CACHE, DAX, ELASTICACHE, API_CACHE = "no cache", "DAX", "ElastiCache", "API cache"

SMALL = {DAX: Dax(node_type="dax.t3.small"), ELASTICACHE: ElastiCache(), API_CACHE: ApiGateway(cache_gb=0.5)}
"""What is put in where a stack says nothing: three small nodes of DAX, two of ElastiCache, half a GB of the API."""

_PARTS = {"cache": ("dax.", "elasticache.", "apigateway.cache."), "table": ("dynamodb.",)}


@dataclass(frozen=True)
class Side:
    """One way in numbers; of several seeds, their means.

    usd: of a month, all in all, and its parts for the cache, the table and the rest; p50_ms, p99_ms: of served
    requests; hits: share of the served reads that a cache answered; stale: share of the served reads that were shown an
    old item, by a cache or by an eventually consistent read; table_reads_rps, table_writes_rps: calls a second that
    reached the table, repeated ones included; lost: share of the requests that were not served, and not all billed.
    """

    usd: float
    usd_cache: float
    usd_table: float
    usd_rest: float
    p50_ms: float
    p99_ms: float
    hits: float
    stale: float
    table_reads_rps: float
    table_writes_rps: float
    lost: float


def ways(scenario: Scenario, caches: Mapping[str, Service] | None = None) -> dict[str, Scenario]:
    """The scenario without any cache and with each of several, by name.

    caches: name -> a `Dax` or `ElastiCache` that is put in front of the table, or an `ApiGateway` that takes the place
    of the stack's own or is put in front of all but the Client. Nothing: DAX, ElastiCache and, where the stack has a
    REST API, its cache, each as the stack has it, else a small one (see SMALL). Raises ParamError where the stack does
    not end in a `DynamoDb` table, and for what is no cache.
    """
    if not isinstance(scenario, Scenario) or not isinstance(caches, Mapping | None):
        wrong, what = (caches, "a mapping of names to caches") if isinstance(scenario, Scenario) else (
            scenario, "a Scenario")
        raise ParamError(f"Caches are compared for a Scenario, but {shown(wrong)} is not {what}; write for example "
                         "side_by_side(scenario, {\"mine\": Dax(nodes=3)}).")
    stack = scenario.stack
    if not isinstance(stack[-1], DynamoDb):
        raise ParamError(f"The stack ends in {type(stack[-1]).__name__}, but caches are compared in front of a table; "
                         "put DynamoDb at its end.")
    own_api = next((each for each in stack if isinstance(each, ApiGateway) and each.api_type == "REST"), None)
    bare = tuple(replace(each, cache_gb=None) if isinstance(each, ApiGateway) else each
                 for each in stack if not isinstance(each, (Dax, ElastiCache)))
    if caches is None:
        caches = {name: next((each for each in stack if type(each) is type(small)), small)
                  for name, small in SMALL.items() if name != API_CACHE}
        if own_api is not None:
            small = SMALL[API_CACHE]
            caches[API_CACHE] = own_api if own_api.keeps_copies else replace(
                own_api, cache_gb=own_api.cache_gb or small.cache_gb, cache_ttl_s=small.cache_ttl_s)
    if NO_CACHE in caches:
        raise ParamError(f"A cache is named {NO_CACHE!r}, which is what the way without one is called; give it another "
                         "name.")
    found = {NO_CACHE: replace(scenario, stack=bare)}
    for name, cache in caches.items():
        found[name] = replace(scenario, stack=_with(bare, name, cache))
    return found


def _with(bare, name, cache):
    if isinstance(cache, (Dax, ElastiCache)):
        return (*bare[:-1], cache, bare[-1])
    if not isinstance(cache, ApiGateway) or not cache.keeps_copies:
        raise ParamError(f"The cache {shown(name)} is {shown(cache)}, but it must be a Dax, an ElastiCache, or an "
                         "ApiGateway with a cache; write for example Dax(nodes=3) or ApiGateway(cache_gb=0.5).")
    if any(isinstance(each, ApiGateway) for each in bare):
        return tuple(cache if isinstance(each, ApiGateway) else each for each in bare)
    first = 1 if isinstance(bare[0], Client) else 0
    return (*bare[:first], cache, *bare[first:])


def side(scenario: Scenario, seed: int = 0, workload: Workload | None = None, free_tier: bool = True) -> Side:
    """Plays a scenario that ends in a table and sums it up. `workload`: its requests, where they are drawn already."""
    result = simulate(scenario, seed, workload)
    operations, workload = scenario.traffic.operations, result.workload
    is_read = np.array([each.access == "read" for each in operations])[workload.operation]
    is_served_read = is_read & result.ok
    was_hit, was_old = np.zeros(result.n, bool), np.zeros(result.n, bool)
    for position, service in enumerate(scenario.stack):
        spans = result.of(position)
        mine = spans["request"] >= 0
        request, status = spans["request"][mine], spans["status"][mine]
        if service.keeps_copies:
            was_hit[request[(spans["resource"][mine] == HIT) & np.isin(status, (OK, STALE))]] = True
        was_old[request[status == STALE]] = True
    table = result.of(len(scenario.stack) - 1)
    reads_table = is_read[table["request"]]
    numbers, invoice = result.summary(), bill(result, free_tier)
    parts = {part: sum(map(invoice.usd_of, skus)) for part, skus in _PARTS.items()}
    reads = max(1, int(is_served_read.sum()))
    return Side(
        usd=invoice.total_usd, usd_cache=parts["cache"], usd_table=parts["table"],
        usd_rest=invoice.total_usd - parts["cache"] - parts["table"], p50_ms=numbers["p50_ms"],
        p99_ms=numbers["p99_ms"], hits=float((was_hit & is_served_read).sum() / reads),
        stale=float((was_old & is_served_read).sum() / reads),
        table_reads_rps=float(reads_table.sum() / workload.window_s),
        table_writes_rps=float((~reads_table).sum() / workload.window_s),
        lost=1 - numbers["served"] / max(1, result.n))


def side_by_side(scenario: Scenario, caches: Mapping[str, Service] | None = None, seeds: Iterable[int] = (0,),
                 free_tier: bool = True) -> dict[str, Side]:
    """Every way of `ways` on the same requests, summed up, by name; with several seeds, the means of what each shows.

    Every window begins with empty caches, so a short one shows fewer hits than a cache that has been up for days.
    """
    found = ways(scenario, caches)
    runs: dict[str, list[Side]] = {name: [] for name in found}
    for seed in several(seeds, "The seeds", "range(4)"):
        workload = draw(scenario.traffic, seed)
        for name, each in found.items():
            runs[name].append(side(each, seed, workload, free_tier))
    return {name: Side(*np.mean([astuple(each) for each in sides], axis=0).tolist()) for name, sides in runs.items()}


@dataclass(frozen=True)
class PayMap:
    """What a month costs without a cache and with each, by how steep popularity is and how large an item.

    Every window begins with empty caches, so a short one shows fewer hits than a cache that has been up for days.

    exponents: of Zipf's law, or None alone for keys as the scenario has them; sizes_kb: likewise; sides: {(exponent,
    size): {way: Side}}.
    """

    exponents: tuple[float | None, ...]
    sizes_kb: tuple[float | None, ...]
    sides: Mapping[tuple[float | None, float | None], Mapping[str, Side]]

    def _at(self, exponent, size_kb):
        if (exponent, size_kb) not in self.sides:
            raise ParamError(f"The map has no steepness {exponent!r} with a size of {size_kb!r} KB; it has "
                             f"{', '.join(map(str, self.exponents))} and {', '.join(map(str, self.sizes_kb))}.")
        return self.sides[exponent, size_kb]

    def cheapest(self, exponent: float | None, size_kb: float | None, most_stale: float = 1.0,
                 most_p99_ms: float = math.inf, most_lost: float = 0.001) -> str | None:
        """The way that costs least there, the first of equals, of those with at most so many stale reads, so long a p99
        and so many requests lost; None where there is none."""
        found = {way: each for way, each in self._at(exponent, size_kb).items()
                 if each.stale <= most_stale and each.p99_ms <= most_p99_ms and each.lost <= most_lost}
        return min(found, key=lambda way: found[way].usd, default=None)

    def saves_usd(self, exponent: float | None, size_kb: float | None, way: str) -> float:
        """Dollars a month that a way saves there; below 0: what it costs more."""
        found = self._at(exponent, size_kb)
        if way not in found:
            raise ParamError(f"The map has no way {way!r}; name one of {', '.join(found)}.")
        return found[NO_CACHE].usd - found[way].usd

    @property
    def table(self):
        """A DataFrame with a row for each exponent, size and way, and the columns of Side."""
        import pandas as pd

        return pd.DataFrame([{"exponent": exponent, "size_kb": size_kb, "way": way, **vars(each)}
                             for (exponent, size_kb), found in self.sides.items() for way, each in found.items()])


def where_it_pays(scenario: Scenario, exponents: Iterable[float] | None, sizes_kb: Iterable[float] | None,
                  caches: Mapping[str, Service] | None = None, seeds: Iterable[int] = (0,),
                  free_tier: bool = True) -> PayMap:
    """Plays the ways for every steepness of popularity (Zipf's law) and size of an item, which every operation gets.
    None leaves popularity or sizes as the scenario has them.

    Raises ParamError for a steepness or a size that there is not, and as `ways` does.
    """
    exponents = (None,) if exponents is None else tuple(dict.fromkeys(
        several(exponents, "The map's exponents", "(0.5, 1.0)")))
    sizes_kb = (None,) if sizes_kb is None else tuple(dict.fromkeys(
        several(sizes_kb, "The map's sizes_kb", "(1, 16, 64)")))
    for size_kb in sizes_kb:
        if size_kb is not None and not (isinstance(size_kb, (int, float)) and 0 < size_kb < math.inf):
            raise ParamError(f"The map's sizes_kb has {shown(size_kb)}, but a size is a number of KB above 0; write "
                             "for example (1, 16, 64).")
    ways(scenario, caches)
    traffic, sides = scenario.traffic, {}
    for exponent in exponents:
        for size_kb in sizes_kb:
            operations, keys = traffic.operations, traffic.keys
            if size_kb is not None:
                operations = tuple(replace(each, item_bytes=max(1, round(1024 * size_kb))) for each in operations)
            if exponent is not None:
                keys = Keys("zipf", keys.count, exponent, absent_share=keys.absent_share)
            changed = replace(scenario, traffic=replace(traffic, operations=operations, keys=keys))
            sides[exponent, size_kb] = side_by_side(changed, caches, seeds, free_tier)
    return PayMap(exponents, sizes_kb, sides)
