"""Lesson 12: is a cache worth it: DAX, ElastiCache or nothing in front of the seat maps."""

from __future__ import annotations

import numbers
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from simlib import dists, facts
from simlib.capacity_units import EVENTUAL, read_units
from simlib.compare import PayMap, Side, side_by_side, where_it_pays
from simlib.engine import Result, Scenario, simulate
from simlib.i18n import N_, _, duration, number, percent, usd
from simlib.pricing import Bill, bill, price_book
from simlib.services import ApiGateway, Dax, DynamoDb, ElastiCache, Lambda
from simlib.services.base import STALE, THROTTLED
from simlib.services.caches.dax import sized
from simlib.services.copies import HIT, MISS
from simlib.teach import (
    Check,
    Condition,
    Control,
    Essay,
    Explorable,
    Hint,
    InputError,
    Option,
    Prediction,
    Question,
    Quiz,
    Target,
)
from simlib.views.caches import Load, Over, Sides, Stampede, WholePath
from simlib.views.pays import Pays
from simlib.workload import Keys, Operation, Poisson, Traffic, Workload, draw

NONE, DAX, ELASTICACHE = N_("no cache"), N_("DAX"), N_("ElastiCache")
WAYS = (NONE, DAX, ELASTICACHE)
SEED = 1
RATE_RPS, WINDOW_S, SHOWS, LOOKS = 50, 200.0, 40, 1000
"""So many looks and sales a second, on so many shows; a seat is sold for every thousand looks."""
MAP_KB = 64
"""A seat map: one item with all seats of a hall."""
HOURS = facts.value("hours_per_month")
MONTH_S = HOURS * 3600


def _look(kilobytes: float, **fields) -> Operation:
    return Operation(**{"name": "look", "item_bytes": int(1024 * kilobytes), "work_vcpu_s": 0.0, "io_s": 0.0, **fields})


def _sale(kilobytes: float, weight: float) -> Operation:
    return _look(kilobytes, name="sell", access="write", weight=weight)


def seat_maps(writes: float = 1 / LOOKS, kilobytes: float = MAP_KB) -> Traffic:
    """Looks at the seat maps of 40 shows and sales, 50 a second, all month; `writes` is the share of sales.

    Raises InputError for a share that is none and for a size that is no item's.
    """
    for value, lo, hi in ((writes, 0, 1), (kilobytes, 1, 400)):
        if not isinstance(value, numbers.Real) or isinstance(value, bool) or not lo <= value <= hi:
            raise InputError(
                _("Seat maps take a share of writes from 0 to 1 and 1 to 400 KB, as in lesson.seat_maps(0.01, 64); correct it in "
                  "this cell.")
            )
    operations = (_look(kilobytes, weight=1 - writes), _sale(kilobytes, writes))
    return Traffic(arrivals=Poisson(RATE_RPS), window_s=WINDOW_S, operations=operations, keys=Keys("zipf", SHOWS, 1.0))


@lru_cache(maxsize=32)
def _drawn(traffic: Traffic) -> Workload:
    return draw(traffic, SEED)


def play(traffic: Traffic, cache=None) -> Result:
    """The traffic through a table, with a cache in front or none."""
    stack = (DynamoDb(),) if cache is None else (cache, DynamoDb())
    return simulate(Scenario(stack, traffic), SEED, _drawn(traffic))


played = lru_cache(maxsize=256)(play)
"""The same, kept: for short runs, since a result holds all its spans."""


# What a run shows ----------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """One run in numbers: shares of the reads, milliseconds of all served requests, the month's bill."""

    hits: float
    stale: float
    p50_ms: float
    p99_ms: float
    left_rps: float
    throttled: float
    bill: Bill

    @property
    def parts(self) -> dict[str, float]:
        """Dollars a month for the cache, for reads of the table and for writes to it; storage is left out."""
        skus = {"nodes": ("dax.", "elasticache."), "reads": ("dynamodb.read",), "writes": ("dynamodb.write",)}
        return {part: sum(self.bill.usd_of(sku) for sku in each) for part, each in skus.items()}


def examine(result: Result, from_s: float = 0.0) -> Seen:
    """The numbers of a run; those of reads count from a moment on."""
    outer, operations = result.of(0), result.scenario.traffic.operations
    reading = np.array([each.access == "read" for each in operations])
    is_read = reading[result.workload.operation[outer["request"].astype(int)]] & (outer["start_s"] >= from_s)
    has_cache = len(result.scenario.stack) > 1
    is_hit = is_read & (outer["resource"] == HIT) if has_cache else np.zeros(len(is_read), bool)
    reads = max(1, int(is_read.sum()))
    served = 1000 * result.latency_s[result.ok & (result.workload.arrival_s >= from_s)]
    p50_ms, p99_ms = np.quantile(served, (0.5, 0.99)) if served.size else (np.nan, np.nan)
    table = result.of(len(result.scenario.stack) - 1)
    at_table = reading[result.workload.operation[table["request"].astype(int)]] & (table["start_s"] >= from_s)
    return Seen(
        float(is_hit.sum() / reads),
        float((is_read & (outer["status"] == STALE)).sum() / reads),
        float(p50_ms),
        float(p99_ms),
        float(at_table.sum() / (result.workload.window_s - from_s)),
        float((outer["status"] == THROTTLED).mean()),
        bill(result, free_tier=False),
    )


def compared(results: dict[str, Result]):
    """Several ways beside each other: a DataFrame of text."""
    import pandas as pd

    columns = {}
    for name, result in results.items():
        seen = examine(result)
        columns[_(name)] = {
            _("reads answered by the cache"): percent(seen.hits),
            _("reads a second left to the table"): number(seen.left_rps),
            "p50": duration(seen.p50_ms),
            "p99": duration(seen.p99_ms),
            _("stale reads"): percent(seen.stale),
            _("month: cache"): usd(seen.parts["nodes"]),
            _("month: table"): usd(seen.bill.total_usd - seen.parts["nodes"]),
            _("month: together"): usd(seen.bill.total_usd),
        }
    return pd.DataFrame(columns)


HELD = (
    (N_("get, eventually consistent"), {}),
    (N_("get, strongly consistent"), {"consistency": "strong"}),
    (N_("get, transactional"), {"consistency": "transactional"}),
    (N_("query for ten items"), {"items": 10}),
    (N_("get of a seat that does not exist"), {"absent": True}),
)


@lru_cache(maxsize=1)
def _held() -> dict[str, dict[str, Seen]]:
    found = {}
    for name, fields in HELD:
        absent = 1.0 if fields.get("absent") else 0.0
        look = _look(4, weight=19, **{key: value for key, value in fields.items() if key != "absent"})
        operations = (look,) if absent else (look, _sale(4, 1))
        traffic = Traffic(arrivals=Poisson(RATE_RPS), window_s=60.0, operations=operations,
                          keys=Keys("zipf", 20, 1.0, absent_share=absent))
        found[name] = {DAX: examine(played(traffic, Dax())), ELASTICACHE: examine(played(traffic, ElastiCache()))}
    return found


def what_is_held():
    """Which reads each cache answers, and how many of them are stale, with a write in every twenty requests: a DataFrame."""
    import pandas as pd

    rows = {}
    for name, sides in _held().items():
        rows[_(name)] = {
            f"{_(side)}: {words}": percent(value)
            for side, seen in sides.items()
            for words, value in ((_("from the cache"), seen.hits), (_("stale"), seen.stale))
        }
    return pd.DataFrame.from_dict(rows, orient="index")


# Popularity and room: a cache without a time to live ----------------------------------------------------

CATALOGUE, CATALOGUE_RPS, CATALOGUE_S, DRAWN_KB = 5000, 200, 60.0, 256
"""Shows, looks a second, seconds and KB of a seat map with its drawing; the second half of the window is counted."""
SMALL = ElastiCache(node_type="cache.t4g.micro", nodes=1, ttl_s=0)
EXPONENTS = np.linspace(0.0, 1.4, 29)
SIZES_KB = np.arange(16.0, 401.0, 16.0)


def room(kilobytes: float) -> int:
    """How many seat maps of that size fit into the small node."""
    return int(SMALL.memory_bytes // (1024 * kilobytes))


def che(shares: np.ndarray, places: int, rate_rps: float, from_s: float, to_s: float) -> float:
    """Hit ratio of a cache that held nothing at 0 and drops what was longest unused, from one moment to another.

    An item is held if it was asked for within the last T, for which as many different items are expected as there are
    places (Che, Tung and Wang, 2002); before T has passed, within the time since 0.
    """
    lo, hi = 0.0, to_s
    if places < len(shares) and (1 - np.exp(-shares * rate_rps * to_s)).sum() > places:
        for _round in range(40):
            middle = (lo + hi) / 2
            lo, hi = (middle, hi) if (1 - np.exp(-shares * rate_rps * middle)).sum() < places else (lo, middle)
    moments = np.linspace(from_s, to_s, 9)
    spans_s = np.minimum((moments[:-1] + moments[1:]) / 2, hi)
    return float(np.mean([(shares * (1 - np.exp(-shares * rate_rps * span))).sum() for span in spans_s]))


@lru_cache(maxsize=1)
def _latencies() -> tuple[np.ndarray, np.ndarray]:
    """Rising milliseconds of hits and of misses, each equally likely among its own, and which of them are misses.

    A hit takes a trip to the cache; a miss a trip, a read of the table, and the same trip again to fill.
    """
    few, many = ((np.arange(count) + 0.5) / count for count in (200, 4000))
    trip = 1000 * dists.table(few, *facts.latency("cache.elasticache"))
    read = 1000 * dists.table(few, *facts.latency("dynamodb.read"))
    misses = (2 * trip[:, None] + read[None, :]).ravel()
    hits = 1000 * dists.table(many, *facts.latency("cache.elasticache"))
    values, is_miss = np.concatenate([hits, misses]), np.arange(hits.size + misses.size) >= hits.size
    order = np.argsort(values)
    return values[order], is_miss[order]


def mixed_p99_ms(hits: float) -> float:
    """p99 of hits and misses mixed in this ratio."""
    values, is_miss = _latencies()
    weights = np.where(is_miss, (1 - hits) / is_miss.sum(), hits / (~is_miss).sum())
    return float(np.interp(0.99, np.cumsum(weights), values))


def _shares(exponent: float, count: int = CATALOGUE) -> np.ndarray:
    return Keys("zipf", count, exponent).shares()


@lru_cache(maxsize=2000)
def expected(exponent: float, kilobytes: float) -> tuple[float, float]:
    """Hit ratio and p99 by closed form in the second half of the window."""
    hits = che(_shares(exponent), room(kilobytes), CATALOGUE_RPS, CATALOGUE_S / 2, CATALOGUE_S)
    return hits, mixed_p99_ms(hits)


@dataclass(frozen=True)
class Popular:
    """A run of the catalogue: steepness, KB of a seat map, and what was seen in its second half."""

    exponent: float
    kilobytes: float
    seen: Seen
    reads: int


@lru_cache(maxsize=256)
def popular(exponent: float = 1.0, kilobytes: float = DRAWN_KB) -> Popular:
    """Plays the catalogue through a small node without a time to live."""
    traffic = Traffic(arrivals=Poisson(CATALOGUE_RPS), window_s=CATALOGUE_S, operations=(_look(kilobytes),),
                      keys=Keys("zipf", CATALOGUE, exponent))
    result = played(traffic, SMALL)
    half_s = CATALOGUE_S / 2
    return Popular(exponent, kilobytes, examine(result, half_s), int((result.workload.arrival_s >= half_s).sum()))


def _margin(share: float, count: int) -> float:
    """Half of the 95 % interval of a share, in percentage points."""
    return 196 * float(np.sqrt(share * (1 - share) / max(1, count)))


def _popular_picture(seen: Popular, over: str) -> dict:
    xs = EXPONENTS if over == "exponent" else SIZES_KB
    lines = [expected(x, seen.kilobytes) if over == "exponent" else expected(seen.exponent, x) for x in xs.tolist()]
    return {
        "x": getattr(seen, over),
        "xs": xs,
        "lines": {"hits": np.array([line[0] for line in lines]), "p99": np.array([line[1] for line in lines])},
        "now": {"hits": seen.seen.hits, "p99": seen.seen.p99_ms},
    }


def _say_popular(seen: Popular, before: Popular | None) -> str:
    words = _(
        "Steepness {exponent}, {kb} KB each: {places} of {count} seat maps fit. Hit ratio {hits} ± {margin} (closed form {line}); "
        "p50 {p50}, p99 {p99}.",
        exponent=number(seen.exponent),
        kb=number(seen.kilobytes),
        places=f"{min(room(seen.kilobytes), CATALOGUE):,}",
        count=f"{CATALOGUE:,}",
        hits=percent(seen.seen.hits),
        margin=number(_margin(seen.seen.hits, seen.reads), 1),
        line=percent(expected(seen.exponent, seen.kilobytes)[0]),
        p50=duration(seen.seen.p50_ms),
        p99=duration(seen.seen.p99_ms),
    )
    if before is not None:
        words += "\n" + _("(A: hit ratio {hits}, p99 {p99})", hits=percent(before.seen.hits), p99=duration(before.seen.p99_ms))
    return words


EXPONENT_CONTROL = Control("exponent", N_("Steepness of popularity"), 1.0, "", 0.0, 1.4, step=0.1,
                           doc=N_("0: all shows alike; 1: the second gets half of the first, the third a third"))
SIZE_CONTROL = Control("kilobytes", N_("Size of a seat map"), DRAWN_KB, "KB", 16, 400, step=16, whole=True,
                       doc=N_("the node has 0.5 GiB"))
HIT_RATIO, P99 = N_("Hit ratio"), N_("p99, milliseconds")


def _popular_explorer(over: str, words: str, ticks, *controls: Control) -> Explorable:
    return Explorable(
        controls=controls,
        run=lambda settings: popular(round(settings["exponent"], 2), settings.get("kilobytes", DRAWN_KB)),
        picture=lambda: Over({"hits": (HIT_RATIO, percent), "p99": (P99, duration)}, words, ticks),
        look=lambda seen: _popular_picture(seen, over),
        say=_say_popular,
    )


EXPONENT_EXPLORER = _popular_explorer("exponent", N_("steepness of popularity"), (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4),
                                      EXPONENT_CONTROL)
SIZE_EXPLORER = _popular_explorer("kilobytes", N_("KB of a seat map"), (16, 100, 200, 300, 400),
                                  replace(EXPONENT_CONTROL, default=0.6), SIZE_CONTROL)


# Time to live ----------------------------------------------------

SOLD_SHARE, TTL_RPS, TTL_S, LONGEST_S = 0.01, 15, 3600.0, 300.0
"""In a sale a seat is sold for every hundred requests; an hour is played, so that sales are many enough to be a share,
and all but its first 300 s count."""
TTLS_S = np.geomspace(1.0, LONGEST_S, 41)


def lived(exponent: float, ttl_s: float) -> tuple[float, float]:
    """Closed form: hit ratio and share of stale reads where entries live so long and all writes go around the cache.

    A key asked for at rate a is filled once in 1/a + T and hit a T times meanwhile. A hit at age x is stale with
    1 - exp(-b x), where b is its rate of writes; on average over x from 0 to T: 1 - (1 - exp(-b T)) / (b T).
    """
    shares = _shares(exponent, SHOWS)
    reads, writes = TTL_RPS * (1 - SOLD_SHARE) * shares, TTL_RPS * SOLD_SHARE * shares
    hits = reads * ttl_s / (1 + reads * ttl_s)
    old = 1 + np.expm1(-writes * ttl_s) / (writes * ttl_s)
    return float((shares * hits).sum()), float((shares * hits * old).sum())


@dataclass(frozen=True)
class Lived:
    """A run with a time to live: what was seen once every entry has had time to end."""

    exponent: float
    ttl_s: float
    seen: Seen


@lru_cache(maxsize=256)
def living(exponent: float = 1.0, ttl_s: float = LONGEST_S) -> Lived:
    """Plays looks through DAX while all sales are written to the table directly."""
    operations = (_look(MAP_KB, weight=1 - SOLD_SHARE), _sale(MAP_KB, SOLD_SHARE))
    traffic = Traffic(arrivals=Poisson(TTL_RPS), window_s=TTL_S, operations=operations, keys=Keys("zipf", SHOWS, exponent))
    result = play(traffic, Dax(item_ttl_s=ttl_s, bypass_share=1.0))
    return Lived(exponent, ttl_s, examine(result, LONGEST_S))


def _lived_picture(seen: Lived) -> dict:
    lines = [lived(seen.exponent, ttl_s) for ttl_s in TTLS_S.tolist()]
    return {
        "x": seen.ttl_s,
        "xs": TTLS_S,
        "lines": {"hits": np.array([line[0] for line in lines]), "stale": np.array([line[1] for line in lines])},
        "now": {"hits": seen.seen.hits, "stale": seen.seen.stale},
    }


def _say_lived(seen: Lived, before: Lived | None) -> str:
    hits, stale = lived(seen.exponent, seen.ttl_s)
    words = _(
        "A time to live of {ttl} s: hit ratio {hits} (closed form {line}), stale reads {stale} (closed form {old}); {left} reads a second "
        "reach the table.",
        ttl=number(seen.ttl_s),
        hits=percent(seen.seen.hits),
        line=percent(hits),
        stale=percent(seen.seen.stale),
        old=percent(stale),
        left=number(seen.seen.left_rps),
    )
    if before is not None:
        words += "\n" + _("(A: hit ratio {hits}, stale {stale})", hits=percent(before.seen.hits), stale=percent(before.seen.stale))
    return words


TTL_CONTROL = Control("ttl_s", N_("Time to live"), LONGEST_S, "s", 1.0, LONGEST_S, doc=N_("300 s is the default of DAX"))
TTL_EXPLORER = Explorable(
    controls=(EXPONENT_CONTROL, TTL_CONTROL),
    run=lambda settings: living(round(settings["exponent"], 2), settings["ttl_s"]),
    picture=lambda: Over({"hits": (HIT_RATIO, percent), "stale": (N_("Stale reads, share of all reads"), percent)},
                         N_("time to live, seconds (log scale)"), (1, 3, 10, 30, 100, 300), log=True),
    look=_lived_picture,
    say=_say_lived,
)


# Three ways under the same requests ----------------------------------------------------

BURSTABLE = Dax(node_type="dax.t3.small")
"""Three small nodes of DAX, which stand beside two small ones of ElastiCache."""


@dataclass(frozen=True)
class Ways:
    """The same requests without a cache, through DAX and through ElastiCache: {way: Seen}."""

    writes: float
    ttl_s: float
    bypass: float
    seen: dict[str, Seen]


def ways(writes: float = 1 / LOOKS, ttl_s: float = LONGEST_S, bypass: float = 0.0) -> Ways:
    """Plays the seat maps three times; `bypass` is the share of writes that the cache does not see."""
    traffic = seat_maps(writes)
    caches = {
        NONE: None,
        DAX: replace(BURSTABLE, item_ttl_s=ttl_s, query_ttl_s=ttl_s, bypass_share=bypass),
        ELASTICACHE: ElastiCache(ttl_s=ttl_s, bypass_share=bypass),
    }
    return Ways(writes, ttl_s, bypass, {way: examine(played(traffic, cache)) for way, cache in caches.items()})


def _ways_picture(seen: Ways) -> dict:
    return {
        way: {"usd": each.parts, "total_usd": each.bill.total_usd, "p50_ms": each.p50_ms, "p99_ms": each.p99_ms, "stale": each.stale}
        for way, each in seen.seen.items()
    }


def _say_ways(seen: Ways, before: Ways | None) -> str:
    lines = [
        _("{writes} writes, {bypass} of them around the cache, time to live {ttl} s.", writes=percent(seen.writes),
          bypass=percent(seen.bypass), ttl=number(seen.ttl_s))
    ]
    for way, each in seen.seen.items():
        words = _("{way}: {usd} a month, p50 {p50}, p99 {p99}, hit ratio {hits}, {stale} of the reads stale.", way=_(way),
                  usd=usd(each.bill.total_usd), p50=duration(each.p50_ms), p99=duration(each.p99_ms),
                  hits=percent(each.hits), stale=percent(each.stale))
        if each.throttled:
            words += " " + _("{share} of all requests throttled: not done and not billed.", share=percent(each.throttled))
        lines.append(words)
    if before is not None:
        lines.append(_("(A: {usd})", usd=", ".join(usd(each.bill.total_usd) for each in before.seen.values())))
    return "\n".join(lines)


WRITES_CONTROL = Control("percent", N_("Share of writes"), 0.1, "%", 0.1, 50.0, doc=N_("0.1 %: a sale for a thousand requests"))
BYPASS_CONTROL = Control("bypass", N_("Writes around the cache"), 0.0, "%", 0.0, 100.0, step=10,
                         doc=N_("share of the writes that go to the table directly"))


def _ways_explorer(*controls: Control) -> Explorable:
    return Explorable(
        controls=controls,
        run=lambda settings: ways(settings["percent"] / 100, settings.get("ttl_s", LONGEST_S), settings.get("bypass", 0.0) / 100),
        picture=lambda: Sides(WAYS),
        look=_ways_picture,
        say=_say_ways,
        bills=lambda seen: {_(way): each.bill for way, each in seen.seen.items()},
        live=False,
    )


WRITES_EXPLORER = _ways_explorer(WRITES_CONTROL)
BYPASS_EXPLORER = _ways_explorer(replace(WRITES_CONTROL, default=1.0), BYPASS_CONTROL)


# The whole path, with an API and a function in front ----------------------------------------------------

API = N_("API cache")
PATH_S = 600.0
PATH_WAYS = (NONE, DAX, ELASTICACHE, API)
WORK_VCPU_S = 0.005
PATH = (ApiGateway(), Lambda(memory_mb=1769), DynamoDb())


def _whole_path(traffic: Traffic) -> Scenario:
    operations = tuple(replace(each, work_vcpu_s=WORK_VCPU_S) for each in traffic.operations)
    return Scenario(PATH, replace(traffic, operations=operations))


def _caches(api_ttl_s: float = LONGEST_S) -> dict:
    return {DAX: BURSTABLE, ELASTICACHE: ElastiCache(), API: ApiGateway(cache_gb=0.5, cache_ttl_s=api_ttl_s)}


@dataclass(frozen=True)
class Path:
    """The seat maps through API Gateway and a function, four ways: {way: Side}."""

    api_ttl_s: float
    sides: dict[str, Side]


@lru_cache(maxsize=64)
def path(api_ttl_s: float = LONGEST_S) -> Path:
    """Plays ten minutes of a sale without a cache, with DAX, with ElastiCache and with the API's cache."""
    sale = replace(seat_maps(SOLD_SHARE), window_s=PATH_S)
    return Path(api_ttl_s, side_by_side(_whole_path(sale), _caches(api_ttl_s), (SEED,), free_tier=False))


def _path_picture(seen: Path) -> dict:
    return {
        way: {"usd": {"cache": side.usd_cache, "table": side.usd_table, "rest": side.usd_rest}, "total_usd": side.usd,
              "p50_ms": side.p50_ms, "p99_ms": side.p99_ms, "stale": side.stale, "left_rps": side.table_reads_rps}
        for way, side in seen.sides.items()
    }


def _say_path(seen: Path, before: Path | None) -> str:
    lines = [_("The API keeps an answer for {ttl} s.", ttl=number(seen.api_ttl_s))]
    lines += [
        _("{way}: {usd} a month, p50 {p50}, p99 {p99}, hit ratio {hits}, {stale} of the reads stale.", way=_(way), usd=usd(side.usd),
          p50=duration(side.p50_ms), p99=duration(side.p99_ms), hits=percent(side.hits), stale=percent(side.stale))
        for way, side in seen.sides.items()
    ]
    if before is not None:
        lines.append(_("(A: {usd})", usd=", ".join(usd(side.usd) for side in before.sides.values())))
    return "\n".join(lines)


PATH_EXPLORER = Explorable(
    controls=(Control("api_ttl_s", N_("Time to live in the API's cache"), LONGEST_S, "s", 1.0, LONGEST_S,
                      doc=N_("300 s is the default of API Gateway")),),
    run=lambda settings: path(settings["api_ttl_s"]),
    picture=lambda: WholePath(PATH_WAYS),
    look=_path_picture,
    say=_say_path,
)

MAP_EXPONENTS, MAP_SIZES_KB = (0.0, 0.5, 1.0, 1.5), (4.0, 16.0, 64.0, 256.0)
MAP_SHOWS, MAP_S, MAP_TTL_S = 200, 600.0, 60.0
"""Shows, seconds, and how long the API keeps an answer; a request in a hundred is a sale."""


@dataclass(frozen=True)
class Paying:
    """Requests a second, the share of stale reads that is allowed, and what each way costs by popularity and size."""

    rate_rps: float
    most_stale: float
    pays: PayMap

    def cheapest(self, place: tuple[float, float]) -> str:
        """The cheapest way there that is fresh enough."""
        return self.pays.cheapest(*place, most_stale=self.most_stale)


@lru_cache(maxsize=32)
def _pays(rate_rps: float) -> PayMap:
    traffic = replace(seat_maps(SOLD_SHARE), arrivals=Poisson(rate_rps), window_s=MAP_S, keys=Keys("zipf", MAP_SHOWS, 1.0))
    return where_it_pays(_whole_path(traffic), MAP_EXPONENTS, MAP_SIZES_KB, _caches(MAP_TTL_S), (SEED,), free_tier=False)


def paying(rate_rps: float = 10, most_stale: float = 1.0) -> Paying:
    """Plays the whole path for 200 shows, at every steepness and size of the map, four ways each."""
    return Paying(rate_rps, most_stale, _pays(rate_rps))


def _paying_picture(seen: Paying) -> dict:
    cheapest = {place: seen.cheapest(place) for place in seen.pays.sides}
    return {"cheapest": cheapest, "saves": {place: seen.pays.saves_usd(*place, way) for place, way in cheapest.items()}}


def _say_paying(seen: Paying, before: Paying | None) -> str:
    lines = [
        _("{rate} requests a second for {count} shows, at most {stale} of the reads may be stale.", rate=number(seen.rate_rps),
          count=MAP_SHOWS, stale=percent(seen.most_stale))
    ]
    corners = [(exponent, size) for exponent in (MAP_EXPONENTS[0], MAP_EXPONENTS[-1]) for size in (MAP_SIZES_KB[0], MAP_SIZES_KB[-1])]
    for exponent, size in corners:
        sides = seen.pays.sides[exponent, size]
        told = ", ".join(f"{_(way)} {usd(side.usd)}" for way, side in sides.items())
        lines.append(_("Steepness {exponent}, {size} KB: {told} a month; with the API's cache {stale} of the reads are stale.", exponent=number(exponent),
                       size=number(size), told=told, stale=percent(sides[API].stale)))
    return "\n".join(lines)


PAYS_EXPLORER = Explorable(
    controls=(Control("rate_rps", N_("Requests per second"), 10, "", 2, 40, step=2, whole=True, doc=N_("for 200 shows")),
              Control("most_stale", N_("Stale reads allowed"), 100.0, "%", 1.0, 100.0, step=1,
                      doc=N_("ways with a larger share of them drop out"))),
    run=lambda settings: paying(settings["rate_rps"], settings["most_stale"] / 100),
    picture=lambda: Pays(PATH_WAYS, MAP_EXPONENTS, MAP_SIZES_KB),
    look=_paying_picture,
    say=_say_paying,
    live=False,
)


# A stampede ----------------------------------------------------

HERD_TTL_S, HERD_S, HERD_BIN_S, APART_S = 1.0, 3.5, 0.01, 0.1
HERD_RPS, MOST_HERD_RPS = 2000, 8000


@dataclass(frozen=True)
class Herd:
    """Readers of one seat map: the moments at which they reach the table, and when each rush began."""

    rate_rps: float
    reads_s: np.ndarray
    begins_s: np.ndarray

    @property
    def each(self) -> float:
        """Reads of the table for each time that the entry was missing."""
        return self.reads_s.size / max(1, self.begins_s.size)


@lru_cache(maxsize=64)
def herd(rate_rps: float = HERD_RPS) -> Herd:
    """Plays readers of one key through ElastiCache with a time to live of a second."""
    traffic = Traffic(arrivals=Poisson(rate_rps), window_s=HERD_S, operations=(_look(MAP_KB),), keys=Keys(count=1))
    spans = played(traffic, ElastiCache(ttl_s=HERD_TTL_S)).of(0)
    reads_s = np.sort(spans["start_s"][spans["resource"] == MISS])
    return Herd(rate_rps, reads_s, reads_s[np.diff(reads_s, prepend=-np.inf) > APART_S])


def filling_s() -> float:
    """Mean seconds from a reader's look in the cache to the entry standing there: trip, read, trip."""
    values, is_miss = _latencies()
    return float(values[is_miss].mean()) / 1000


def _herd_picture(seen: Herd) -> dict:
    edges = np.arange(0.0, HERD_S + HERD_BIN_S / 2, HERD_BIN_S)
    return {"edges_s": edges, "reads": np.histogram(seen.reads_s, edges)[0], "ends_s": seen.begins_s}


def _say_herd(seen: Herd, before: Herd | None) -> str:
    words = _(
        "{rate} readers a second, one entry that lives {ttl} s: {each} of them go to the table each time it is missing. One filling takes "
        "{fill} on average, in which {guess} more come; but the first of all fillings ends the rush.",
        rate=f"{seen.rate_rps:,}",
        ttl=number(HERD_TTL_S),
        each=number(seen.each, 2),
        fill=duration(1000 * filling_s()),
        guess=number(seen.rate_rps * filling_s(), 2),
    )
    if before is not None:
        words += "\n" + _("(A: {each})", each=number(before.each, 2))
    return words


HERD_EXPLORER = Explorable(
    controls=(Control("rate_rps", N_("Readers per second"), HERD_RPS, "", 500, MOST_HERD_RPS, step=500, whole=True,
                      doc=N_("all of them look at the same seat map")),),
    run=lambda settings: herd(settings["rate_rps"]),
    picture=Stampede,
    look=_herd_picture,
    say=_say_herd,
    live=False,
)


# A cluster that is too small ----------------------------------------------------

CROWD_RPS, CROWD_S = 100, 60.0
COUNTS = np.arange(1, 12)


@dataclass(frozen=True)
class Crowded:
    """A load on a DAX cluster: share of writes, nodes, what was seen."""

    writes: float
    nodes: int
    seen: Seen

    def loads_kb(self) -> tuple[float, float, float]:
        """KB a second of hits, misses and writes."""
        reads, hits = CROWD_RPS * (1 - self.writes), self.seen.hits
        return reads * hits * MAP_KB, reads * (1 - hits) * MAP_KB, CROWD_RPS * self.writes * MAP_KB


@lru_cache(maxsize=128)
def crowded(writes: float = 0.3, nodes: int = 3) -> Crowded:
    """Plays 100 requests a second, all for seat maps of 64 KB, through small nodes of DAX."""
    operations = (_look(MAP_KB, weight=1 - writes), _sale(MAP_KB, writes))
    traffic = Traffic(arrivals=Poisson(CROWD_RPS), window_s=CROWD_S, operations=operations, keys=Keys("zipf", SHOWS, 1.0))
    return Crowded(writes, nodes, examine(played(traffic, replace(BURSTABLE, nodes=nodes))))


def normalized(hits_kb: float, misses_kb: float, writes_kb: float, nodes: int) -> float:
    """Normalized requests a second without any spare."""
    hit, miss, write = (facts.value(f"dax.{name}_cost") for name in ("hit", "miss", "write"))
    return hits_kb * hit + misses_kb * miss + writes_kb * write * nodes


def most_writes() -> float:
    """The share of writes above which no number of small nodes takes the load: a node's rate is used up by them."""
    return BURSTABLE.rate(1) / (CROWD_RPS * MAP_KB * facts.value("dax.write_cost"))


def enough(nodes: int, spare: bool = False) -> float:
    """The largest share of writes, in whole per cent, at which so many nodes refuse nothing, or suffice by AWS's formula."""
    fits, fails = 0, 51
    while fails - fits > 1:
        middle = (fits + fails) // 2
        seen = crowded(middle / 100, nodes)
        is_enough = sized(*seen.loads_kb(), nodes) <= BURSTABLE.rate(nodes) if spare else seen.seen.throttled == 0
        fits, fails = (middle, fails) if is_enough else (fits, middle)
    return fits / 100


def _crowded_picture(seen: Crowded) -> dict:
    loads = seen.loads_kb()
    spare = np.array([sized(*loads, count) for count in COUNTS.tolist()])
    return {
        "nodes": seen.nodes,
        "counts": COUNTS,
        "offered": np.array([BURSTABLE.rate(count) for count in COUNTS.tolist()]),
        "needed": np.array([normalized(*loads, count) for count in COUNTS.tolist()]),
        "sized": np.where(np.isfinite(spare), spare, np.nan),
        "throttled": seen.seen.throttled,
    }


def _say_crowded(seen: Crowded, before: Crowded | None) -> str:
    words = _(
        "{writes} writes, nodes: {nodes}. {offered} normalized requests a second are offered, {needed} are needed, of which writes take "
        "{share}; {throttled} of the calls end with a ThrottlingException. The nodes cost {usd} a month.",
        writes=percent(seen.writes),
        nodes=seen.nodes,
        offered=f"{BURSTABLE.rate(seen.nodes):,.0f}",
        needed=f"{normalized(*seen.loads_kb(), seen.nodes):,.0f}",
        share=f"{normalized(0, 0, seen.loads_kb()[2], seen.nodes):,.0f}",
        throttled=percent(seen.seen.throttled),
        usd=usd(seen.seen.parts["nodes"]),
    )
    if before is not None:
        words += "\n" + _("(A: {throttled} throttled)", throttled=percent(before.seen.throttled))
    return words


CROWD_EXPLORER = Explorable(
    controls=(
        Control("percent", N_("Share of writes"), 30, "%", 0, 50, step=5, whole=True, doc=N_("of 100 requests a second, 64 KB each")),
        Control("nodes", N_("Nodes of the cluster"), 3, "", 1, 11, whole=True, doc=N_("dax.t3.small; at most 11")),
    ),
    run=lambda settings: crowded(settings["percent"] / 100, settings["nodes"]),
    picture=Load,
    look=_crowded_picture,
    say=_say_crowded,
)


def watched() -> list[str]:
    """What one should have seen in the figures with writes, the whole path and the map."""
    quick, slow = path().sides, path(10.0).sides
    place, many = (MAP_EXPONENTS[0], MAP_SIZES_KB[0]), 20
    few_usd, many_usd = (paying(rate).pays.saves_usd(*place, API) for rate in (10, many))
    large = paying(many).pays.sides[MAP_EXPONENTS[-1], MAP_SIZES_KB[-1]]
    return [
        _(
            "A write costs dozens of times what a read costs here, so from 3 % on writes are more than half of every bill. Between 30 and 40 % "
            "DAX's nodes begin to cost more than their hits save. At 50 % its bill falls because refused writes are not billed."
        ),
        _(
            "A hit of the API's cache needs no function: p50 {api} instead of {dax} with DAX, and the function is not billed either. With "
            "{ttl} s instead of {long} s stale reads fall from {old} to {fresh}, for {more} a month more.",
            api=duration(quick[API].p50_ms), dax=duration(quick[DAX].p50_ms), ttl=10, long=number(LONGEST_S),
            old=percent(quick[API].stale), fresh=percent(slow[API].stale), more=usd(slow[API].usd - quick[API].usd),
        ),
        _(
            "With small maps the API's cache costs {few} a month more than it saves at 10 requests a second, and saves {saved} at {many}; with "
            "large ones it pays sooner. Where it is too old, ElastiCache takes its place if the maps are large. DAX never wins on money: its "
            "three small nodes cost {three} a month, two of ElastiCache {two}, and both save the same reads (at {many} requests a second and "
            "{size} KB {dax} against {code} in all). What speaks for DAX is that no code changes.",
            few=usd(-few_usd), saved=usd(many_usd), many=many, three=usd(nodes_usd(BURSTABLE)), two=usd(nodes_usd(ElastiCache())), size=number(MAP_SIZES_KB[-1]),
            dax=usd(large[DAX].usd), code=usd(large[ELASTICACHE].usd),
        ),
    ]


def breaking() -> list[str]:
    """What one should have seen in section 6, item by item."""
    few, many = herd(500), herd(MOST_HERD_RPS)
    whole, half, around = (ways(0.01, bypass=bypass).seen for bypass in (0.0, 0.5, 1.0))
    three, eleven = crowded(0.3, 3), crowded(0.3, 11)
    return [
        _(
            "At 500 readers a second {few} go to the table each time the entry is missing, at {most} {many}: the first and all who come until "
            "the first of them has filled it. One filling takes {fill} on average, the quickest of many less. For an answer that takes a "
            "second to compute it would be about {most}. Cures: one reader fills while the others wait or take the old answer (a lock), times "
            "to live with a random part, filling anew before the end.",
            few=number(few.each, 2), many=number(many.each, 2), most=f"{MOST_HERD_RPS:,}", fill=duration(1000 * filling_s()),
        ),
        _(
            "With all writes through the cache {dax} of the reads through DAX and {code} of those through ElastiCache are stale: there the next "
            "reader fetches the item anew, and an eventually consistent read may still bring the old one. With half around it {dax_half} and "
            "{code_half} are stale, with all {dax_around} and {code_around}, and the bill hardly moves. Neither cache notices: only the time to "
            "live ends an old entry. Let all programs write through the cluster, delete entries from a stream of the table's changes, or shorten "
            "the time to live.",
            dax=percent(whole[DAX].stale), code=percent(whole[ELASTICACHE].stale),
            dax_half=percent(half[DAX].stale), code_half=percent(half[ELASTICACHE].stale),
            dax_around=percent(around[DAX].stale), code_around=percent(around[ELASTICACHE].stale),
        ),
        _(
            "With 30 % writes three nodes refuse {three} and eleven still {eleven}, for {usd} a month: every node must take every write, so more "
            "nodes give more reads and no more writes. From {share} writes on, no number of these nodes is enough; larger nodes are. "
            "Up to {most} three nodes refuse nothing; by AWS's formula, with its spare, they are enough up to {spare}.",
            three=percent(three.seen.throttled), eleven=percent(eleven.seen.throttled), usd=usd(eleven.seen.parts["nodes"]),
            share=percent(most_writes()), most=percent(enough(3)), spare=percent(enough(3, spare=True)),
        ),
    ]


# The sums by hand ----------------------------------------------------


def nodes_usd(cache) -> float:
    """Dollars a month of a cache's nodes."""
    sku = f"dax.node.{cache.node_type}" if isinstance(cache, Dax) else f"elasticache.node.{cache.engine}.{cache.node_type}"
    return cache.nodes * HOURS * price_book().usd(sku)


def hits_to_pay(cache, kilobytes: float, date: str | None = None) -> float:
    """Hits a second, all month, whose saved read units cost what the nodes cost, on demand, eventually consistent."""
    units = read_units(int(1024 * kilobytes), EVENTUAL)
    return nodes_usd(cache) / (MONTH_S * units * price_book(date=date).usd("dynamodb.read_request.standard"))


SALES, SALE_S, QUIET_RPS = 4, 3600.0, 0.1


@lru_cache(maxsize=1)
def shop_bill() -> Bill:
    """The small shop's own month: four hours with 50 requests a second, one every ten seconds otherwise; no cache."""
    traffic = replace(seat_maps(), windows_per_month=SALES * SALE_S / WINDOW_S, quiet_rps=QUIET_RPS)
    return bill(played(traffic), free_tier=False)


BEFORE_CUT = "2024-10-31"


def by_hand() -> str:
    """Break-even of both caches, the shop's own month, AWS's formula and the price per million units."""
    each = price_book().usd("dynamodb.read_request.standard")
    units = read_units(1024 * MAP_KB, EVENTUAL)
    small = ElastiCache()
    return "\n".join(
        [
            _("A seat map of {kb} KB is {units} read units, eventually consistent: {kb} ÷ 4, halved. A million hits save {saved}.",
              kb=MAP_KB, units=number(units), saved=usd(1e6 * units * each)),
            _("ElastiCache: {nodes} {type} × {hours} h × {rate} = {usd} a month ÷ (2,628,000 s × {units} units × {price} a million) = {hits} hits a "
              "second, day and night, until it pays.", nodes=small.nodes, type=small.node_type, hours=number(HOURS),
              rate=usd(nodes_usd(small) / small.nodes / HOURS), usd=usd(nodes_usd(small)), units=number(units), price=f"${1e6 * each:.3f}", hits=number(hits_to_pay(small, MAP_KB))),
            _("DAX: {nodes} {type} cost {usd} a month, so {hits} hits a second; {few} {low} cost {less}, so {fewer}. For items of 4 KB the "
              "three large ones need {many}.", nodes=Dax().nodes, type=Dax().node_type, usd=usd(nodes_usd(Dax())),
              hits=number(hits_to_pay(Dax(), MAP_KB)), few=BURSTABLE.nodes, low=BURSTABLE.node_type, less=usd(nodes_usd(BURSTABLE)),
              fewer=number(hits_to_pay(BURSTABLE, MAP_KB)), many=f"{hits_to_pay(Dax(), 4):,.0f}"),
            _("Until {date} a read unit cost twice as much, and half as many hits were enough: {hits} for the three large nodes and {kb} KB.",
              date=BEFORE_CUT, hits=number(hits_to_pay(Dax(), MAP_KB, BEFORE_CUT)), kb=MAP_KB),
            _("The small shop's own month: {sales} hours of sales with {rate} requests a second and quiet weeks. All looks together cost {reads}. "
              "No cache can save more than that, so money is no reason here.", sales=SALES, rate=RATE_RPS,
              reads=usd(shop_bill().usd_of("dynamodb.read"))),
            _("AWS's sizing formula, for {hits} KB of hits, {misses} KB of misses and {writes} KB of writes a second on {nodes} nodes: ({hits} × 1 + "
              "{misses} × 10 + {writes} × 25 × {nodes}) × {spare} = {sum} normalized requests a second.", hits=f"{1000:,}", misses=100, writes=10,
              nodes=3, spare=number(sized(1, 0, 0, 3)), sum=f"{sized(1000, 100, 10, 3):,.0f}"),
        ]
    )


# Predict ----------------------------------------------------

HOW_MANY_HITS = Prediction(
    "12.hits",
    N_("A cache has room for 2,048 of 5,000 seat maps. The second most popular show is looked at half as often as the first, the third a third as "
       "often, and so on. It is empty when the sale opens. Which share of the looks does it answer from second 30 to 60, in per cent?"),
    unit="%",
    lo=0,
    hi=100,
)
WHEN_IT_PAYS = Prediction(
    "12.pays",
    N_("Three nodes of DAX (dax.r5.large) stand before an on-demand table of 4 KB items. How many eventually consistent reads a second must they "
       "answer, day and night, until the saved read units pay for them?"),
    unit=N_("reads per second"),
    lo=0,
    hi=10_000_000,
)


def hits_percent() -> float:
    """The answer to HOW_MANY_HITS, simulated."""
    return 100 * popular().seen.hits


def pays_rps() -> float:
    """The answer to WHEN_IT_PAYS."""
    return hits_to_pay(Dax(), 4)


# Exercises ----------------------------------------------------

APPLY_NODES, APPLY_RPS, APPLY_HITS, APPLY_KB, APPLY_WRITES, APPLY_WRITE_KB = 3, 1000, 0.9, 4, 20, 2


def _apply_kb() -> tuple[float, float, float]:
    return (APPLY_RPS * APPLY_HITS * APPLY_KB, APPLY_RPS * (1 - APPLY_HITS) * APPLY_KB, APPLY_WRITES * APPLY_WRITE_KB)


def _needed() -> float:
    return sized(*_apply_kb(), APPLY_NODES)


BY_HAND = Target(
    "12.by_hand",
    N_("1,000 reads a second of 4 KB with a hit ratio of 90 %, and 20 writes a second of 2 KB. How many normalized requests a second should a DAX "
       "cluster of three nodes offer by AWS's formula?"),
    numbers.Real,
    (Condition(N_("distance from the formula"), lambda given: abs(given / _needed() - 1), 0.001, show=percent),),
    solution=_needed,
    worked=lambda: _(
        "Hits {hits} KB × 1, misses {misses} KB × 10, writes {writes} KB × 25 × {nodes} nodes: {sum}. The larger of {factor} and {nodes} ÷ {others} is "
        "{spare}; together {needed}. Three dax.t3.small offer {offered}.",
        hits=f"{_apply_kb()[0]:,.0f}", misses=f"{_apply_kb()[1]:,.0f}", writes=number(_apply_kb()[2]), nodes=APPLY_NODES,
        others=APPLY_NODES - 1, sum=f"{normalized(*_apply_kb(), APPLY_NODES):,.0f}",
        factor=number(facts.value("dax.target_utilization_factor")), spare=number(sized(1, 0, 0, APPLY_NODES)),
        needed=f"{_needed():,.0f}", offered=f"{BURSTABLE.rate(APPLY_NODES):,.0f}",
    ),
    untouched=lambda given: given == 0,
    needs=N_("a number"),
)

P99_MS, STALE_SHARE, BUDGET_USD, LEAST_NODES = 8.6, 0.05, 70.0, 2
REACH_S = 2000.0
"""So long the exercise plays: a hundred sales, else the share of stale reads would be one of luck."""


@lru_cache(maxsize=256)
def reached(cache=None) -> Seen:
    """The seat maps of section 3 for so long, all sales written around the cache."""
    return examine(play(replace(seat_maps(), window_s=REACH_S), cache and replace(cache, bypass_share=1.0)))


@dataclass(frozen=True)
class Judged:
    """What a cache does in the exercise, and the nodes it has."""

    seen: Seen
    nodes: float


def _judge(cache) -> Judged:
    if not isinstance(cache, (Dax, ElastiCache)):
        raise InputError(_("This needs a cache, Dax(...) or ElastiCache(...); correct my_cache in this cell."))
    serverless = isinstance(cache, ElastiCache) and cache.serverless
    return Judged(reached(cache), np.inf if serverless else cache.nodes)


def one_solution() -> ElastiCache:
    """Two small nodes and a time to live between too many misses and too much that is old."""
    return ElastiCache(node_type="cache.t4g.small", nodes=2, ttl_s=20)


def another_solution() -> Dax:
    """The same with DAX, for a team that does not want to write cache code."""
    return Dax(node_type="dax.t3.small", nodes=2, item_ttl_s=20)


AFFORDABLE = Target(
    "12.affordable",
    N_("The seat maps of section 3, but the box office writes all its sales to the table directly. Reach a p99 of at most 8.6 ms and at most 5 % stale "
       "reads for at most $70 a month, cache and table together, on at least two nodes."),
    object,
    (
        Condition(N_("p99"), lambda found: found.seen.p99_ms, P99_MS, show=duration),
        Condition(N_("stale reads"), lambda found: found.seen.stale, STALE_SHARE, show=percent),
        Condition(N_("dollars a month"), lambda found: found.seen.bill.total_usd, BUDGET_USD, show=usd),
        Condition(N_("nodes missing for two zones"), lambda found: max(0, LEAST_NODES - found.nodes), 0),
    ),
    solution=one_solution,
    examine=_judge,
    worked=lambda: _(
        "Two {type} of ElastiCache with a time to live of {ttl} s: p99 {p99}, {stale} stale, {usd} a month; without a cache p99 is {none_p99} and the month "
        "{none}. DAX with two {dax} and the same time to live: p99 {dax_p99}, {dax_usd}. A longer time to live makes more reads stale, a shorter one "
        "more misses, and p99 follows the misses as long as they are more than one in a hundred.",
        type=one_solution().node_type,
        ttl=number(one_solution().ttl_s),
        p99=duration(reached(one_solution()).p99_ms),
        stale=percent(reached(one_solution()).stale),
        usd=usd(reached(one_solution()).bill.total_usd),
        none_p99=duration(reached().p99_ms),
        none=usd(reached().bill.total_usd),
        dax=another_solution().node_type,
        dax_p99=duration(reached(another_solution()).p99_ms),
        dax_usd=usd(reached(another_solution()).bill.total_usd),
    ),
    untouched=lambda given: given == Dax(),
    needs=N_("a cache"),
)

ADVICE = Essay(
    "12.advice",
    N_(
        "A colleague says: “We put DAX in front of everything. Then all reads take microseconds, the bill falls, and the code stays as it is.” "
        "Answer in three sentences."
    ),
    (
        N_("Only eventually consistent reads that hit are fast; strongly consistent and transactional reads and all misses take the table's time and a trip more."),
        N_("Nodes are paid by the hour, in quiet weeks too; saved read units pay for them only from so many hits a second on. Latency or a hot key may be the better reason."),
        N_("Writes cost 25 on every node and save nothing, so a write-heavy table only gets dearer and slower."),
        N_("Reads may be old: results of queries for their time to live, items when somebody writes around the cluster. Buying a seat needs a condition at the table."),
        N_("Aggregates, joined or computed answers and other databases belong into ElastiCache, with code that fills and invalidates."),
    ),
)


# Check ----------------------------------------------------

CHECK_STRONG = 0.4
CHECK_NODES, CHECK_TYPE = 11, "dax.r5.8xlarge"
OVERTURNED = 0.5
CHOICES = (
    N_("no cache"),
    N_("three dax.t3.small (DAX)"),
    N_("two cache.t4g.small (ElastiCache)"),
    N_("eleven dax.t3.small, for more writes"),
)


@lru_cache(maxsize=1)
def answered_percent() -> float:
    """Per cent of all reads that DAX answers where 40 % are strongly consistent and the others find their item."""
    operations = (_look(4, weight=1 - CHECK_STRONG), _look(4, name="sure", weight=CHECK_STRONG, consistency="strong"))
    traffic = Traffic(arrivals=Poisson(100.0), window_s=400.0, operations=operations, keys=Keys("zipf", 20, 1.0))
    return 100 * examine(played(traffic, Dax())).hits


@lru_cache(maxsize=1)
def oldest_s() -> float:
    """How old the result of a query is that DAX gives just before it ends, while its items are written through DAX.

    One key is queried ten times a second and written now and then: the longest time between two misses of the query.
    """
    operations = (_look(4, name="list", items=10, weight=0.99), _sale(4, 0.01))
    traffic = Traffic(arrivals=Poisson(10.0), window_s=1000.0, operations=operations, keys=Keys(count=1))
    spans = played(traffic, Dax()).of(0)
    filled_s = np.sort(spans["end_s"][spans["resource"] == MISS])
    return float(np.diff(filled_s).max())


def writes_of_the_largest() -> float:
    """Writes of a KB a second that eleven of the largest nodes take, from their rate and the cost of a write."""
    cluster = Dax(node_type=CHECK_TYPE, nodes=CHECK_NODES)
    return cluster.rate(CHECK_NODES) / (facts.value("dax.write_cost") * CHECK_NODES)


@lru_cache(maxsize=1)
def overturned_usd() -> tuple[float, ...]:
    """Dollars a month of CHOICES where half of the requests write, 1 KB each."""
    traffic = seat_maps(OVERTURNED, 1)
    caches = (None, BURSTABLE, ElastiCache(), replace(BURSTABLE, nodes=11))
    return tuple(bill(played(traffic, cache), free_tier=False).total_usd for cache in caches)


CHECKS = (
    Check(
        "12.pays",
        N_("From how many hits a second, day and night, do two cache.t4g.small with Valkey save more read units than they cost? Items of 64 KB, eventually "
           "consistent, on demand."),
        answer=lambda: hits_to_pay(ElastiCache(), MAP_KB),
        unit=N_("reads per second"),
        lo=0,
        hi=1_000_000,
        tolerance=0.04,
        worked=lambda value: _(
            "{value}: {usd} a month ÷ (2,628,000 s × {units} units × {price} a million).", value=number(value), usd=usd(nodes_usd(ElastiCache())),
            units=number(read_units(1024 * MAP_KB, EVENTUAL)),
            price=f"${1e6 * price_book().usd('dynamodb.read_request.standard'):.3f}",
        ),
        hints=(
            Hint(lambda: hits_to_pay(ElastiCache(), MAP_KB, BEFORE_CUT), N_("That is half: with the prices until 2024-10-31, or with a single node.")),
            Hint(lambda: hits_to_pay(ElastiCache(), 4), N_("That is for half a unit a read; an item of 64 KB takes sixteen times as much.")),
            Hint(lambda: hits_to_pay(ElastiCache(engine="redis"), MAP_KB), N_("That is the price for Redis OSS; Valkey costs 20 % less.")),
        ),
    ),
    Check(
        "12.strong",
        N_("40 % of the reads are strongly consistent. All others ask for a few items that DAX holds. How many per cent of all reads does DAX answer itself?"),
        answer=answered_percent,
        unit="%",
        lo=0,
        hi=100,
        tolerance=0.04,
        worked=lambda value: _("About {value} %: strongly consistent and transactional reads are handed through and not kept either.", value=number(value, 2)),
        hints=(
            Hint(lambda: 100, N_("DAX never answers a strongly consistent read; it hands it to the table.")),
            Hint(lambda: 100 * CHECK_STRONG, N_("Those are the strongly consistent ones; they all go to the table.")),
            Hint(lambda: 0, N_("Eventually consistent reads are answered by DAX where it holds the item.")),
        ),
    ),
    Check(
        "12.query",
        N_("A program queries the free seats through DAX with default settings, and every sale is written through DAX too. How many seconds old can the list be?"),
        answer=oldest_s,
        unit="s",
        lo=0,
        hi=100_000,
        tolerance=0.03,
        worked=lambda value: _("About {value} s: a write refreshes the item cache, not the query cache; only the time to live of {ttl} s ends a result.",
                               value=number(value), ttl=number(facts.value("dax.default_ttl_s"))),
        hints=(
            Hint(lambda: 0, N_("Write-through refreshes the entry of the item; results of queries lie in a cache of their own and stay.")),
            Hint(lambda: 1, N_("A second is about the delay of eventually consistent reads at the table; here an old result is kept.")),
            Hint(lambda: 5, N_("Five minutes, not seconds.")),
            Hint(lambda: 2 * facts.value("dax.default_ttl_s"), N_("A hit does not prolong it: the time to live counts from insertion.")),
        ),
    ),
    Check(
        "12.writes",
        N_("A dax.r5.8xlarge takes 1,000,000 normalized requests a second. How many writes of 1 KB a second does a cluster of eleven of them take?"),
        answer=writes_of_the_largest,
        unit=N_("writes per second"),
        lo=0,
        hi=100_000_000,
        tolerance=0.01,
        worked=lambda value: _("{value}: a write costs {cost} on every node, so eleven nodes take as many as one.", value=f"{value:,.0f}",
                               cost=number(facts.value("dax.write_cost"))),
        hints=(
            Hint(lambda: CHECK_NODES * writes_of_the_largest(), N_("Every node must take every write; nodes add reads, not writes.")),
            Hint(lambda: facts.cache_node(CHECK_TYPE).requests_per_s, N_("That many hits; a write costs 25 times as much.")),
            Hint(lambda: CHECK_NODES * facts.cache_node(CHECK_TYPE).requests_per_s, N_("That many hits all nodes take together; a write costs 25 on each of them.")),
            Hint(lambda: writes_of_the_largest() / CHECK_NODES, N_("Divided once too often: the capacity grows with the nodes as the cost does.")),
        ),
    ),
    Check(
        "12.heavy",
        N_("50 requests a second on items of 1 KB, every second one a write. What makes the bill the lowest?"),
        answer=lambda: int(np.argmin(overturned_usd())),
        choices=CHOICES,
        worked=lambda value: _("Dollars a month: {bills}. A cache saves none of the write units, and the reads cost little here.", bills=", ".join(
            f"{_(name)} {usd(dollars)}" for name, dollars in zip(CHOICES, overturned_usd(), strict=True))),
        hints=(
            Hint(lambda: 1, N_("DAX does not help a write-heavy table: each write passes through every node, and costs its write units at the table all the same.")),
            Hint(lambda: 2, N_("Each write deletes the entry, the next reader misses, and the nodes are paid anyway.")),
            Hint(lambda: 3, N_("More nodes add no write capacity, since every node takes every write.")),
        ),
    ),
)


# Quiz ----------------------------------------------------

QUIZ = Quiz(
    (
        Question(
            N_("What decides the hit ratio of a cache?"),
            (
                Option(
                    N_("A setting of the cluster; 90 % is the default"),
                    N_("There is no such setting. AWS says that DAX works best above 90 %; whether it gets there is the traffic's doing."),
                ),
                Option(
                    N_("How popular the keys are, how large the items, how much memory there is, and how long entries live"),
                    N_("The ratio follows from these four. The same cluster has another ratio under other traffic."),
                    True,
                ),
                Option(
                    N_("The number of nodes in a DAX cluster"),
                    N_("Replicas hold the same entries: the cluster takes more reads and survives the loss of a node, but has no more room."),
                ),
            ),
        ),
        Question(
            N_("The page “top ten shows” counts tickets over the whole table and may be a minute old. Where should its result be kept?"),
            (
                Option(
                    N_("In DAX, in the item cache"),
                    N_("The item cache holds items of the table by their key; a count over many items is none."),
                ),
                Option(
                    N_("In DAX, in the query cache"),
                    N_("It holds what one Query or Scan returned, not what the code made of many of them."),
                ),
                Option(
                    N_("In ElastiCache, put there by the code with a time to live of 60 s"),
                    N_("ElastiCache holds whatever the code computed; a sorted set could even keep the ranking itself."),
                    True,
                ),
            ),
        ),
        Question(
            N_(
                "A ticket site on AWS Lambda reads single items of a DynamoDB table by their key, far more often than it writes them. At peaks a few shows "
                "get most of the reads and their partition throttles. Reads may be a minute old. Which way to much faster reads takes the fewest changes of code?"
            ),
            (
                Option(
                    N_("A DAX cluster with three nodes in three Availability Zones, and the DAX client in place of the SDK's"),
                    N_("It speaks DynamoDB's own API, so get calls stay as they are; the hot items are answered by the cluster and the partition is relieved."),
                    True,
                ),
                Option(
                    N_("ElastiCache for Valkey, with look-up, filling and invalidation in every function"),
                    N_("It would be fast and may be cheaper, but each read and write must be rewritten."),
                ),
                Option(
                    N_("More read capacity units, or on-demand mode"),
                    N_("One partition takes 3,000 read units a second whatever the table has, and a read still takes milliseconds."),
                ),
                Option(
                    N_("A global table with replicas in three Regions"),
                    N_("Replicas bring data nearer to distant users; the hot key stays hot in each Region, and every write is paid in all of them."),
                ),
            ),
            domain="performance",
        ),
    )
)
