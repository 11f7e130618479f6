"""Lesson 10: when two writes belong together: races, conditions, transactions, tokens, Regions, and what each costs."""

from __future__ import annotations

import contextlib
import json
import numbers
import uuid
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from simlib import facts, meter
from simlib.engine import Scenario, simulate
from simlib.i18n import N_, _, number, percent, usd
from simlib.lessons import lesson06 as item_shop
from simlib.lessons import on_moto
from simlib.params import ParamError
from simlib.pricing import price_book
from simlib.services.base import OK, REPLICATED_CONFLICT, STALE
from simlib.services.dynamodb import DynamoDb, GlobalIndex, GlobalTable
from simlib.services.dynamodb.replicas import count_replications, replications
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
from simlib.views.regions import Regions
from simlib.views.sales import Sales
from simlib.workload import Constant, Keys, Operation, Traffic, Workload

REGION, MARKING_REGION = "us-east-1", "us-west-2"
SHOW, PRICE = "SHOW#1224", 110_000
SEATS = ("A-12", "A-13", "A-14", "A-15", "B-01", "B-02")
BALANCES = {"haneul": 300_000, "jiwoo": 300_000, "bora": 50_000}
MOST_ITEMS = int(facts.value("dynamodb.transaction_max"))
MOST_BYTES = int(facts.value("dynamodb.transaction_max_bytes"))
ITEM_BYTES = int(facts.value("dynamodb.item_max_bytes"))
READ_BYTES, WRITE_BYTES = int(facts.value("dynamodb.read_unit_bytes")), int(facts.value("dynamodb.write_unit_bytes"))
TOKEN_MINUTES = facts.value("dynamodb.token_lifetime_s") / 60
MILLION = 1_000_000
attempt = item_shop.attempt
close_shop = on_moto.close_shop


# The shop: three tables, on moto in this process ----------------------------------------------------

TABLES = {  # name: its key attributes, and the key of its global index
    "seats": (("show", "seat"), None),
    "orders": (("order_id",), "buyer"),
    "accounts": (("buyer",), None),
}


def open_shop(region: str = REGION):
    """A boto3 client with fresh tables `seats`, `orders` and `accounts`: six free seats, three buyers.

    It is the client of a boto3 resource, so that items are written with Python's own types. The credentials are made
    up and belong to it alone; no setting of the learner is read or changed.
    """
    item_shop.say_errors_in_a_sentence()
    with on_moto.opened(region) as session:
        db = session.resource("dynamodb").meta.client
        for name in set(TABLES) & set(db.list_tables()["TableNames"]):
            db.delete_table(TableName=name)
        for name, (keys, indexed) in TABLES.items():
            db.create_table(TableName=name, **_schema(keys, indexed))
    for seat in SEATS:
        db.put_item(TableName="seats", Item={"show": SHOW, "seat": seat, "price": PRICE})
    for buyer, balance in BALANCES.items():
        db.put_item(TableName="accounts", Item={"buyer": buyer, "balance": balance, "version": 1})
    return db


def _schema(keys: tuple, indexed: str | None) -> dict:
    schema = {
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in zip(keys, ("HASH", "RANGE"))],
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": "S"} for name in (*keys, *([indexed] if indexed else []))
        ],
        "BillingMode": "PAY_PER_REQUEST",
    }
    if indexed:
        schema["GlobalSecondaryIndexes"] = [
            {
                "IndexName": f"by-{indexed}",
                "KeySchema": [{"AttributeName": indexed, "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ]
    return schema


def seat_key(seat: str) -> dict:
    """The key of a seat of the show."""
    return {"show": SHOW, "seat": seat}


def sale(buyer: str, seat: str, price: int = PRICE) -> list[dict]:
    """The actions of a sale, as section 3 writes them: take the seat if it is free, note the order, take the money."""
    return [
        {
            "Update": {
                "TableName": "seats",
                "Key": seat_key(seat),
                "UpdateExpression": "SET buyer = :buyer",
                "ConditionExpression": "attribute_not_exists(buyer)",
                "ExpressionAttributeValues": {":buyer": buyer},
            }
        },
        {"Put": {"TableName": "orders", "Item": {"order_id": f"{buyer}/{seat}", "buyer": buyer, "seat": seat}}},
        {
            "Update": {
                "TableName": "accounts",
                "Key": {"buyer": buyer},
                "UpdateExpression": "SET balance = balance - :price",
                "ConditionExpression": "balance >= :price",
                "ExpressionAttributeValues": {":price": price},
            }
        },
    ]


def new_token() -> str:
    """A ClientRequestToken that nobody has used: one for each sale."""
    return str(uuid.uuid4())


@contextlib.contextmanager
def refusals(told: list, who: str = ""):
    """What boto3 or DynamoDB refuses in the block becomes a sentence in `told`; the program goes on after the block."""
    try:
        yield
    except Exception as error:
        sentence = item_shop.refusal(error)
        if sentence is None:
            raise
        told.append(f"{who}: {sentence}" if who else sentence)


def units(ledger):
    """What the calls of a ledger cost, as a DataFrame of text; calls are numbered, and indexes have lines of their own."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                _("call"): line.call + 1,
                _("operation"): line.operation,
                _("table or index"): line.table if line.index is None else f"{line.table} / {line.index}",
                _("read units"): number(line.read_units),
                _("write units"): number(line.write_units),
                _("refused with"): line.error or "",
            }
            for line in ledger
        ],
        index=range(1, len(ledger) + 1),
    )


def total(ledger) -> str:
    """The units of a ledger together, and what a million repetitions cost on demand."""
    return _(
        "Together, by our meter, write units: {writes}, read units: {reads}. A million times that costs {usd} on demand.",
        writes=number(ledger.write_units, 6),
        reads=number(ledger.read_units, 6),
        usd=usd(MILLION * ledger.on_demand_usd),
    )


def at_tables(ledger, call: int = 0) -> float:
    """Write units of one call at the tables, without their indexes."""
    return sum(line.write_units for line in ledger if line.call == call and line.index is None)


def _books(db) -> dict:
    """(buyer in `seats`, buyers with an order) of each seat that anybody has, and money taken by buyer."""
    seats = {item["seat"]: item.get("buyer") for item in db.scan(TableName="seats", ConsistentRead=True)["Items"]}
    orders: dict[str, list] = {}
    for item in db.scan(TableName="orders", ConsistentRead=True)["Items"]:
        orders.setdefault(str(item.get("seat")), []).append(str(item.get("buyer")))
    accounts = db.scan(TableName="accounts", ConsistentRead=True)["Items"]
    paid = {item["buyer"]: BALANCES.get(item["buyer"], 0) - int(item["balance"]) for item in accounts}
    names = sorted({seat for seat, buyer in seats.items() if buyer} | set(orders))
    return {"seats": {name: (seats.get(name), sorted(orders.get(name, []))) for name in names}, "paid": paid}


def books(db):
    """Who has which seat, by the seat and by the orders, as a DataFrame; free seats are left out."""
    import pandas as pd

    rows = _books(db)["seats"]
    return pd.DataFrame(
        {
            _("buyer in seats"): [owner or _("nobody") for owner, _orders in rows.values()],
            _("buyers in orders"): [", ".join(orders) or _("nobody") for _owner, orders in rows.values()],
        },
        index=list(rows),
    )


def audit(db) -> str:
    """What is wrong in the three tables, in words: seats sold twice, seats without an order, and the money taken."""
    found = _books(db)
    twice = [seat for seat, (_owner, orders) in found["seats"].items() if len(orders) > 1]
    without = [seat for seat, (owner, orders) in found["seats"].items() if owner and owner not in orders]
    nothing = _("none")
    return _(
        "Sold more than once: {twice}. Taken without an order: {without}. Money taken: {paid}.",
        twice=", ".join(twice) or nothing,
        without=", ".join(without) or nothing,
        paid=", ".join(f"{buyer} ₩{paid:,}" for buyer, paid in sorted(found["paid"].items())),
    )


# Predict ----------------------------------------------------

RACE = Prediction(
    "10.race",
    N_("Two programs read the same seat at the same moment, both see that it is free, and then both write. What will there be?"),
    choices=(
        N_("one order: DynamoDB refuses the second write"),
        N_("two orders for one seat"),
        N_("no order: both writes cancel each other"),
    ),
)
TWO_ORDERS = 1


def sale_units() -> float:
    """Units at the tables of a transaction of a seat, an order and an account, each under 1 KB."""
    return 3 * meter.write_units(1, factor=meter.TRANSACTIONAL_WRITE)


SALE_UNITS = Prediction(
    "10.units",
    N_("One transaction writes a seat, an order and an account, each under 1 KB. How many write units at the three tables?"),
    unit=N_("units"),
    lo=0,
    hi=1000,
)
REGIONS = Prediction(
    "10.regions",
    N_(
        "The tables are replicated between Seoul and N. Virginia. Haneul buys A-12 in Seoul, Jiwoo 0.3 s later in N. Virginia, both on the "
        "condition that nobody has it. What happens?"
    ),
    choices=(
        N_("only Haneul buys it: Jiwoo's condition fails"),
        N_("both are told that they bought it, and Jiwoo's sale stays"),
        N_("both are told that they bought it, and Haneul's sale stays"),
        N_("neither buys it: DynamoDB refuses both"),
    ),
)


def race_choice(db) -> int:
    """Which choice of RACE came true in the shop."""
    orders = [len(orders) for _owner, orders in _books(db)["seats"].values()]
    return 1 if max(orders, default=0) > 1 else 0


# Observe ----------------------------------------------------

BUYERS = 100
SHARES = tuple(range(0, 91, 5))
DESIGNS = (N_("read, then write"), N_("condition"), N_("transaction"))


def tickets_sold(share: float) -> int:
    """How many of BUYERS get a ticket if this percentage of them wants the same seat and all others one of their own."""
    return BUYERS - max(0, round(share * BUYERS / 100) - 1)


def _writes(share: float, items: int, size_bytes: int) -> list[tuple[float, float]]:
    """(units for buyers who get a ticket, units for those who get none) of the three designs, for all BUYERS."""
    sold = tickets_sold(share)
    none = BUYERS - sold
    one = meter.write_units(size_bytes)
    twice = meter.write_units(size_bytes, factor=meter.TRANSACTIONAL_WRITE)
    return [
        (sold * items * one, none * items * one),
        (sold * items * one, none * one),
        (sold * items * twice, none * items * twice),
    ]


def designs(settings: dict) -> dict:
    """Units and dollars of the three designs. Raises InputError for more than a transaction may hold."""
    share, items, size = settings["share"], settings.get("items", 3), settings.get("size_bytes", 1000)
    if items * size > MOST_BYTES:
        raise InputError(
            _(
                "{items} items of {size} bytes are {together} bytes, and a transaction takes at most {most}; choose fewer or "
                "smaller items.", items=items, size=f"{size:,}", together=f"{items * size:,}", most=f"{MOST_BYTES:,}",
            )
        )
    curves = [[sum(pair) / tickets_sold(each) for pair in _writes(each, items, size)] for each in SHARES]
    writes, sold = _writes(share, items, size), tickets_sold(share)
    reads = [meter.read_units(size) * BUYERS, 0.0, 0.0]
    book = price_book(REGION)
    write_usd, read_usd = (book.usd(f"dynamodb.{kind}_request.standard") for kind in ("write", "read"))
    shares_of_reads = (sold / BUYERS, 1 - sold / BUYERS)
    return {
        "shares": SHARES,
        "lines": {name: [row[place] for row in curves] for place, name in enumerate(DESIGNS)},
        "now": (share, [sum(pair) / sold for pair in writes]),
        "dollars": tuple(
            tuple(
                MILLION / sold * (pair[part] * write_usd + read * shares_of_reads[part] * read_usd) for part in (0, 1)
            )
            for pair, read in zip(writes, reads)
        ),
        "sold": sold,
        "items": items,
        "size_bytes": size,
    }


def say_designs(found: dict, before: dict | None) -> str:
    """Who gets a ticket, and what it costs in each design, also at A."""
    share, units = found["now"]
    none = BUYERS - found["sold"]
    told = [
        _("{design}: {units} write units, {usd} for a million", design=_(name), units=number(value, 4), usd=usd(sum(parts)))
        for name, value, parts in zip(found["lines"], units, found["dollars"])
    ]
    words = [
        _(
            "{same} of {buyers} buyers want the same seat; {sold} tickets are sold. Items in a sale: {items}, bytes in each: {size}.",
            same=f"{share:g}", buyers=BUYERS, sold=found["sold"], items=found["items"], size=f"{found['size_bytes']:,}",
        ),
        _("For each ticket sold – {told}.", told="; ".join(told)),
        _("Without a condition, buyers who hold an order for a seat that is not theirs: {twice}.", twice=none)
        if none
        else _("Nobody wants the same seat, so that no design refuses anybody."),
    ]
    if before is not None:
        words.append(
            _("At A, write units: {told}.",
              told="; ".join(f"{_(name)} {number(value, 4)}" for name, value in zip(found["lines"], before["now"][1])))
        )
    return "\n".join(words)


SHARE_CONTROL = Control("share", N_("buyers who want the same seat"), 20, "%", 0, 90, 1, whole=True,
                        doc=N_("of 100 buyers; the others want a seat each"))
ITEMS_CONTROL = Control("items", N_("items in one sale"), 3, "", 1, MOST_ITEMS, 1, whole=True,
                        doc=N_("seats, order, account: all written together"))
SIZE_CONTROL = Control("size_bytes", N_("size of each item"), 1000, "B", 100, ITEM_BYTES, whole=True)

SHARE_EXPLORER = Explorable(controls=(SHARE_CONTROL,), run=designs, picture=Sales, say=say_designs)
ITEMS_EXPLORER = Explorable(controls=(SHARE_CONTROL, ITEMS_CONTROL), run=designs, picture=Sales, say=say_designs)
SIZE_EXPLORER = Explorable(
    controls=(SHARE_CONTROL, ITEMS_CONTROL, SIZE_CONTROL), run=designs, picture=Sales, say=say_designs
)


# Two Regions ----------------------------------------------------

SEOUL, TOKYO, OSAKA, VIRGINIA = "ap-northeast-2", "ap-northeast-1", "ap-northeast-3", "us-east-1"
CITIES = {SEOUL: N_("Seoul"), TOKYO: N_("Tokyo"), OSAKA: N_("Osaka"), VIRGINIA: N_("N. Virginia")}
ASIA, OCEAN = (SEOUL, TOKYO, OSAKA), (SEOUL, VIRGINIA)
CONSISTENCIES = ("MREC", "MRSC")
SALE = Operation("sale", access="write", item_bytes=1000)
LOOK = Operation("look", consistency="strong", item_bytes=1000)
PIECE = Operation("piece", access="write", consistency="transactional", item_bytes=1000)
PAIRS, APART_S, SEED = 100, 10.0, 7
LONGEST_GAP_MS = 3000
OCEAN_TRIP_MS = facts.round_trip_ms(*OCEAN)
NEAREST_TRIP_MS = min(facts.round_trip_ms(SEOUL, other) for other in ASIA[1:])
MRSC_DAY = facts.history("dynamodb.mrsc_region_count")[0].effective


class Told(Workload):
    """Requests of which the lesson says when, what, for which key and from which Region; the dice of services stay.

    rows: (second, operation, key, place of the Region in `regions`) of each request.
    """

    def __init__(self, rows: list[tuple], regions: tuple, seed: int = SEED):
        operations = (SALE, LOOK, PIECE)[: 1 + max(row[1] for row in rows)]
        times_s, kinds, keys, places = (np.array(column) for column in zip(*sorted(rows)))
        window_s = float(times_s[-1]) + 1
        traffic = Traffic(
            Constant(len(rows) / window_s), window_s=window_s, operations=operations, keys=Keys(count=int(keys.max()) + 1)
        )
        super().__init__(traffic, seed, times_s, window_s)
        self.operation, self.key = kinds.astype(np.int16), keys.astype(np.int64)
        self._region_u = (np.where(places == 0, len(regions), places) - 0.5) / len(regions)

    def uniforms(self, name: str) -> np.ndarray:
        """The die `name`; the one that chooses a Region falls as told."""
        return self._region_u if name == "dynamodb.region" else super().uniforms(name)


def _global(regions: tuple, consistency: str = "MREC", **fields) -> DynamoDb:
    """A table of the first Region with replicas in the others; requests come from any of them."""
    shares = (1 / len(regions),) * (len(regions) - 1)
    return DynamoDb(global_table=GlobalTable(regions[1:], shares, consistency=consistency, **fields))


def _play_rows(rows: list[tuple], regions: tuple, consistency: str = "MREC"):
    workload = Told(rows, regions)
    return simulate(Scenario((_global(regions, consistency),), workload.traffic, region=regions[0]), workload=workload)


@lru_cache(maxsize=1)
def _pieces() -> tuple:
    """When the three writes of one transaction in Seoul arrive in N. Virginia, in seconds after they were made."""
    found = replications(_play_rows([(0.0, 2, key, 0) for key in range(3)], OCEAN))
    return tuple((found["arrived_s"] - found["written_s"])[np.argsort(found["key"])].tolist())


def in_pieces():
    """The three writes of one transaction in Seoul, and when each arrives in N. Virginia; a DataFrame."""
    import pandas as pd

    rows = zip((N_("the seat"), N_("the order"), N_("the account")), _pieces())
    return pd.DataFrame(
        [{_("write"): _(what), _("arrives in N. Virginia after, s"): f"{lag_s:.3f}"} for what, lag_s in rows],
        index=range(1, 4),
    )


def half_a_sale() -> str:
    """For how long N. Virginia sees a part of the transaction, in words."""
    first_s, last_s = min(_pieces()), max(_pieces())
    return _(
        "From {first} s to {last} s after the sale, a reader in N. Virginia sees a part of it: for {long} ms.",
        first=f"{first_s:.3f}", last=f"{last_s:.3f}", long=f"{1000 * (last_s - first_s):,.0f}",
    )


def _check_gap(gap_s) -> float:
    is_number = isinstance(gap_s, numbers.Real) and not isinstance(gap_s, bool)
    if not is_number or not 0 <= gap_s <= 60:
        raise InputError(_("gap_s is the time between the two buyers: a number of seconds from 0 to 60; correct it in this cell."))
    return float(gap_s)


@lru_cache(maxsize=64)
def _seat(gap_s: float) -> list[tuple]:
    """(second, Region, event, who has the seat there from then on) of one seat and two buyers, in order."""
    result = _play_rows([(0.0, 0, 0, 0), (gap_s, 0, 0, 1)], OCEAN)
    found = replications(result)
    first, second = (
        {name: column[found["source"] == place][0] for name, column in found.items()} for place in (0, 1)
    )
    events = [(first["written_s"], SEOUL, N_("haneul's sale is written"), "haneul")]
    if not count_replications(result).conflicts:
        return [
            *events,
            (first["arrived_s"], VIRGINIA, N_("haneul's write arrives"), "haneul"),
            (gap_s, VIRGINIA, N_("jiwoo's condition fails: “taken”"), "haneul"),
        ]
    is_first_last = first["written_s"] > second["written_s"]
    last = "haneul" if is_first_last else "jiwoo"
    wins, loses = N_("the other's write arrives and, being later, wins"), N_("the other's write arrives and loses")
    events += [
        (second["written_s"], VIRGINIA, N_("jiwoo's condition holds here; the sale is written"), "jiwoo"),
        (first["arrived_s"], VIRGINIA, wins if is_first_last else loses, last),
        (second["arrived_s"], SEOUL, loses if is_first_last else wins, last),
    ]
    return sorted(events)


def one_seat(gap_s: float = 0.3):
    """What becomes of a seat that is bought in Seoul and, so many seconds later, in N. Virginia (MREC); a DataFrame."""
    import pandas as pd

    rows = [
        {_("after, s"): f"{at_s:.3f}", _("Region"): _(CITIES[region]), _("what happens"): _(event), _("seat belongs to"): owner}
        for at_s, region, event, owner in _seat(_check_gap(gap_s))
    ]
    return pd.DataFrame(rows, index=range(1, len(rows) + 1))


def regions_choice(gap_s: float = 0.3) -> int:
    """Which choice of REGIONS comes true."""
    rows = _seat(_check_gap(gap_s))
    return 0 if len(rows) == 3 else 1 if rows[-1][3] == "jiwoo" else 2


@lru_cache(maxsize=256)
def pairs(gap_ms: float, consistency: str) -> dict:
    """PAIRS seats, each bought in Seoul and so much later in Tokyo, where somebody also looks (a strong read) just then.

    twice: seats sold to both; stale: reads that are out of date; refused: writes that end with a
    ReplicatedWriteConflictException; write_ms, read_ms: medians of the sales in Seoul and of the reads in Tokyo. The
    table plays no conditions: a write that has seen the other one stands for a sale that its condition refuses.
    """
    rows = []
    for seat in range(PAIRS):
        start_s = APART_S * seat
        rows += [(start_s, 0, seat, 0), (start_s + gap_ms / 1000, 0, seat, 1), (start_s + gap_ms / 1000, 1, seat, 1)]
    result = _play_rows(rows, ASIA, consistency)
    is_look = result.workload.operation == 1
    return {
        "twice": count_replications(result).conflicts,
        "stale": int((result.status[is_look] == STALE).sum()),
        "refused": int((result.status == REPLICATED_CONFLICT).sum()),
        "write_ms": 1000 * float(np.median(result.latency_s[::3])),
        "read_ms": 1000 * float(np.median(result.latency_s[is_look])),
    }


@lru_cache(maxsize=1)
def _expected() -> dict:
    """The share of seats sold to both under MREC by the lag's distribution, and where 95 % of runs of PAIRS fall."""
    gaps_ms = np.arange(0, LONGEST_GAP_MS + 1, 20)
    probability, lag_s = facts.latency("dynamodb.replication")
    left_s = gaps_ms / 1000 - facts.round_trip_ms(SEOUL, TOKYO) / 2000
    share = 1 - np.interp(left_s, lag_s, probability, left=0, right=1)
    half = 1.96 * np.sqrt(share * (1 - share) / PAIRS)
    return {
        "gaps_ms": gaps_ms,
        "curve": 100 * share,
        "band": (100 * np.clip(share - half, 0, 1), 100 * np.clip(share + half, 0, 1)),
    }


def two_regions(settings: dict) -> dict:
    """Both kinds of global table with the same buyers, this many milliseconds apart."""
    runs = {consistency: pairs(settings["gap_ms"], consistency) for consistency in CONSISTENCIES}
    return _expected() | {
        "gap_ms": settings["gap_ms"],
        "twice": {kind: 100 * run["twice"] / PAIRS for kind, run in runs.items()},
        "stale": {kind: 100 * run["stale"] / PAIRS for kind, run in runs.items()},
        "bars": (
            (N_("a sale in Seoul"), {kind: run["write_ms"] for kind, run in runs.items()}),
            (N_("a strong read in Tokyo"), {kind: run["read_ms"] for kind, run in runs.items()}),
        ),
        "runs": runs,
    }


def say_regions(found: dict, before: dict | None) -> str:
    """How many seats are sold to both, what is refused and what is waited for, also at A."""
    mrec, mrsc = (found["runs"][kind] for kind in CONSISTENCIES)
    words = [
        _(
            "{pairs} seats: each is bought in Seoul and {gap} ms later in Tokyo, on the condition that nobody has it.",
            pairs=PAIRS, gap=f"{found['gap_ms']:,}",
        ),
        _(
            "MREC: sold to both: {twice}, where the later write stays; refused by the condition: {taken}. Strongly "
            "consistent reads in Tokyo that are out of date: {stale}. A sale takes {ms} ms.",
            twice=mrec["twice"], taken=PAIRS - mrec["twice"], stale=mrec["stale"], ms=number(mrec["write_ms"]),
        ),
        _(
            "MRSC: sold to both: {twice}; refused with ReplicatedWriteConflictException: {refused}, by the condition: {taken}. Reads "
            "out of date: {stale}. A sale takes {ms} ms, {more} ms more.",
            twice=mrsc["twice"], refused=mrsc["refused"], taken=PAIRS - mrsc["twice"] - mrsc["refused"],
            stale=mrsc["stale"], ms=number(mrsc["write_ms"]), more=number(mrsc["write_ms"] - mrec["write_ms"]),
        ),
    ]
    if before is not None:
        words.append(
            _("At A, {gap} ms apart: MREC sold {twice} of the seats to both.",
              gap=f"{before['gap_ms']:,}", twice=before["runs"]["MREC"]["twice"])
        )
    return "\n".join(words)


GAP_EXPLORER = Explorable(
    controls=(
        Control("gap_ms", N_("time between the two buyers"), 300, "ms", 0, LONGEST_GAP_MS, 10, whole=True,
                doc=N_("from the one in Seoul to the one in Tokyo")),
    ),
    run=two_regions,
    picture=Regions,
    say=say_regions,
)


def _rwru_usd(date: str | None = None) -> float:
    return price_book(REGION, date).usd("dynamodb.replicated_write_request.standard")


def _write_usd(date: str | None = None) -> float:
    return price_book(REGION, date).usd("dynamodb.write_request.standard")


DAY_BEFORE_CUT = "2024-10-31"


def regions_by_hand() -> str:
    """The sale of section 3 in one, two and three Regions: units, and dollars for a million at both prices."""
    sizes = _sizes().values()
    once = sum(meter.write_units(size) for size in sizes)
    twice = sum(meter.write_units(size, factor=meter.TRANSACTIONAL_WRITE) for size in sizes)
    rows = (
        (N_("One Region, a transaction: {twice} write units"), twice, _write_usd),
        (N_("Two Regions (MREC), a transaction: {twice} where it is called, {once} where it arrives: {units} replicated write units"),
         twice + once, _rwru_usd),
        (N_("Three Regions (MRSC), three single writes: 3 × {once} = {units} replicated write units"),
         facts.value("dynamodb.mrsc_region_count") * once, _rwru_usd),
    )
    lines = [
        _("{what}. A million times: {usd}; until {day}: {before}.",
          what=_(what, twice=number(twice), once=number(once), units=number(units)),
          usd=usd(MILLION * units * price()), day=DAY_BEFORE_CUT, before=usd(MILLION * units * price(DAY_BEFORE_CUT)))
        for what, units, price in rows
    ]
    lines.append(_("The entry of the index is one ordinary write unit more, in every Region."))
    return "\n".join(lines)


LOSS_PER_S, LOST_AT_S, BACK_AFTER_S = 20, 10.0, 60.0


def loss(sales_per_s: int = LOSS_PER_S):
    """Ten seconds of sales in Seoul, which is lost at the end of them; a DataFrame, one row for each kind of table."""
    import pandas as pd

    if not isinstance(sales_per_s, int) or isinstance(sales_per_s, bool) or not 1 <= sales_per_s <= 200:
        raise InputError(_("sales_per_s must be a whole number from 1 to 200; correct it in this cell."))
    rows = {}
    for consistency in CONSISTENCIES:
        gone, back = (_lost(sales_per_s, consistency, back_after_s) for back_after_s in (None, BACK_AFTER_S))
        rows[consistency] = {
            _("sales confirmed in Seoul"): gone[0],
            _("Seoul never returns: lost"): gone[1],
            _("Seoul returns after a minute: arrive late"): back[2],
        }
    return pd.DataFrame.from_dict(rows, orient="index")


@lru_cache(maxsize=16)
def _lost(sales_per_s: int, consistency: str, back_after_s: float | None) -> tuple[int, int, int]:
    """(acknowledged, lost, late) sales of Seoul; one that is late in two Regions counts once."""
    rows = [(k / sales_per_s, 0, k, 0) for k in range(int(LOST_AT_S * sales_per_s))]
    workload = Told(rows, ASIA)
    table = _global(ASIA, consistency, fails_at_s=LOST_AT_S, back_after_s=back_after_s)
    result = simulate(Scenario((table,), workload.traffic, region=SEOUL), workload=workload)
    found = replications(result)
    late = set(found["request"][(found["sends"] > 1) & (found["status"] < 400)].tolist())
    return int((result.status == OK).sum()), count_replications(result).lost_writes, len(late)


def _is_offered(regions: tuple = ASIA, kind: int = 0, **fields) -> dict:
    """Whether each kind of global table takes this."""
    told = {}
    for consistency in CONSISTENCIES:
        settings = {name: fields[name] for name in ("ttl_deletes_per_s",) if name in fields}
        others = {name: value for name, value in fields.items() if name not in settings}
        try:
            table = replace(_global(regions, consistency, **settings), **others)
            workload = Told([(0.0, kind, 0, 0)], regions)
            simulate(Scenario((table,), workload.traffic, region=regions[0]), workload=workload)
        except ParamError:
            told[consistency] = False
        else:
            told[consistency] = True
    return told


@lru_cache(maxsize=1)
def _offers() -> tuple:
    return (
        (N_("Seoul, Tokyo and Osaka"), _is_offered()),
        (N_("Seoul, Tokyo and N. Virginia"), _is_offered((SEOUL, TOKYO, VIRGINIA))),
        (N_("Seoul and Tokyo alone"), _is_offered((SEOUL, TOKYO))),
        (N_("transactions"), _is_offered(kind=2)),
        (N_("items that TTL deletes"), _is_offered(ttl_deletes_per_s=1.0)),
        (N_("a local index"), _is_offered(local_indexes=1)),
        (N_("a global index"), _is_offered(indexes=(GlobalIndex(),))),
    )


def offers():
    """What both kinds of global table take, each tried on the simulated table; a DataFrame of words."""
    import pandas as pd

    words = {True: _("yes"), False: _("no")}
    return pd.DataFrame.from_dict(
        {_(what): {kind: words[taken] for kind, taken in told.items()} for what, told in _offers()}, orient="index"
    )


# Explain ----------------------------------------------------


def _sizes() -> dict:
    """Bytes of the three items of a sale after it, by table; the price and the balance as they are stored."""
    return {
        "seats": item_shop.weigh(seat_key("A-12") | {"price": PRICE, "buyer": "haneul"}),
        "orders": item_shop.weigh({"order_id": "haneul/A-12", "buyer": "haneul", "seat": "A-12"}),
        "accounts": item_shop.weigh({"buyer": "haneul", "balance": BALANCES["haneul"] - PRICE, "version": 1}),
    }


def by_hand() -> str:
    """The sale of section 3 added up item by item: at the tables twice, at the index once."""
    lines, together = [], 0.0
    for name, size in _sizes().items():
        once, twice = meter.write_units(size), meter.write_units(size, factor=meter.TRANSACTIONAL_WRITE)
        together += twice
        lines.append(
            _("{table}: {size} bytes / {unit} = {exact}, rounded up {once}; × {factor:.0f} (prepare and commit) = {twice}",
              table=name, size=size, unit=f"{WRITE_BYTES:,}", exact=number(size / WRITE_BYTES), once=number(once),
              factor=meter.TRANSACTIONAL_WRITE, twice=number(twice))
        )
    entry = meter.write_units(item_shop.weigh({"order_id": "haneul/A-12", "buyer": "haneul"}))
    lines.append(_("orders / by-buyer: one new entry, not doubled = {units}", units=number(entry)))
    usd_each = price_book(REGION).usd("dynamodb.write_request.standard")
    lines.append(
        _("Together {units} write units; × ${price} × 1,000,000 = {usd} for a million sales on demand.",
          units=number(together + entry), price=f"{usd_each:.9f}", usd=usd(MILLION * (together + entry) * usd_each))
    )
    return "\n".join(lines)


def who_retries():
    """What may go wrong with a transaction, by which error one knows it, what is charged and who tries again; a DataFrame."""
    import pandas as pd

    silent, pause = N_("not said; our meter: no"), N_("your code, after a pause")
    cancelled = "TransactionCanceledException"
    rows = (
        (N_("a condition is not met"), cancelled, "ConditionalCheckFailed", N_("yes, at the tables"), N_("nobody: tell the buyer")),
        (N_("another transaction is at one of the items"), cancelled, "TransactionConflict", silent, pause),
        (N_("a single write meets a transaction"), "TransactionConflictException", "", silent, pause),
        (N_("the same token is still at work"), "TransactionInProgressException", "", silent, N_("the SDK")),
        (N_("the answer is lost on its way"), "ReadTimeoutError", "", N_("yes; the repeat as reads"), N_("the SDK, then your code: same token")),
        (N_("a token comes with another request"), "IdempotentParameterMismatchException", "", N_("no"), N_("nobody: a bug")),
        (N_("a limit is passed"), "ValidationException", "", N_("no"), N_("nobody: a bug")),
    )
    return pd.DataFrame(
        [
            {
                _("what goes wrong"): _(what),
                _("error"): error,
                _("reason"): reason,
                _("charged"): _(charged),
                _("who tries again"): _(who),
            }
            for what, error, reason, charged, who in rows
        ],
        index=range(1, len(rows) + 1),
    )


@dataclass
class _Http:
    """The HTTP response of a call that was not sent."""

    status_code: int = 400
    headers: dict = field(default_factory=dict)
    raw: None = None


@contextlib.contextmanager
def conflicts(db, times: int = 1):
    """In the block, the first writes of `db` are answered as DynamoDB answers a conflict; staged, since moto has none.

    A TransactWriteItems is cancelled with the reason TransactionConflict at its first item, a single write gets a
    TransactionConflictException. Nothing is sent.
    """
    if not isinstance(times, int) or isinstance(times, bool) or not 0 <= times <= 100:
        raise InputError(_("times is how many writes meet a conflict: a whole number from 0 to 100; correct it in this cell."))
    left = [times]

    def answer(model, params, **_others):
        if not left[0] or model.name not in ("TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem"):
            return None
        left[0] -= 1
        return _Http(), _conflict(params["body"] if model.name == "TransactWriteItems" else None)

    db.meta.events.register_first("before-call.dynamodb", answer)
    try:
        yield
    finally:
        db.meta.events.unregister("before-call.dynamodb", answer)


def _conflict(body: bytes | None) -> dict:
    """The parsed error; of a transaction with the reasons of its items, in their order."""
    if body is None:
        code, reasons = "TransactionConflictException", []
        words = "Transaction is ongoing for the item"
    else:
        count = len(json.loads(body)["TransactItems"])
        code = "TransactionCanceledException"
        reasons = [{"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}]
        reasons += [{"Code": "None"}] * (count - 1)
        listed = ", ".join(each["Code"] for each in reasons)
        words = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{listed}]"
    error = {"Error": {"Code": code, "Message": words}, "ResponseMetadata": {"HTTPStatusCode": 400, "RetryAttempts": 0}}
    return error | {"CancellationReasons": reasons} if reasons else error


# Break it ----------------------------------------------------


def looks(count: int) -> list[dict]:
    """A ConditionCheck for each of `count` seats of a large hall: nobody has it."""
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= 500:
        raise InputError(_("looks takes a whole number of seats from 1 to 500; correct it in this cell."))
    return [
        {
            "ConditionCheck": {
                "TableName": "seats",
                "Key": seat_key(f"H-{place:03d}"),
                "ConditionExpression": "attribute_not_exists(buyer)",
            }
        }
        for place in range(count)
    ]


def large_orders(count: int, size_bytes: int = 400_000) -> list[dict]:
    """A Put for each of `count` orders that weigh `size_bytes` each."""
    for name, given, most in (("count", count, 100), ("size_bytes", size_bytes, ITEM_BYTES)):
        if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= most:
            raise InputError(
                _("{name} must be a whole number from 1 to {most}; correct it in this cell.", name=name, most=f"{most:,}")
            )
    made = []
    for place in range(count):
        item = {"order_id": f"LARGE#{place:03d}", "buyer": "haneul", "note": ""}
        item["note"] = "x" * max(0, size_bytes - item_shop.weigh(item))
        made.append({"Put": {"TableName": "orders", "Item": item}})
    return made


def breaking() -> list[str]:
    """What one should have seen in section 6, item by item."""
    sizes = _sizes().values()
    twice = sum(meter.write_units(size, factor=meter.TRANSACTIONAL_WRITE) for size in sizes)
    again = sum(meter.read_units(size, meter.TRANSACTIONAL_READ) for size in sizes)
    looks_units = MOST_ITEMS * meter.write_units(0, factor=meter.TRANSACTIONAL_WRITE)
    return [
        _(
            "{most} checks are taken, and each is charged as a write: {units} write units for looking. Two actions on one item are "
            "refused: put the condition on the Update itself. Of orders of 400,000 bytes, {fit} fit into {bytes} bytes.",
            most=MOST_ITEMS, units=number(looks_units), fit=MOST_BYTES // 400_000, bytes=f"{MOST_BYTES:,}",
        ),
        _(
            "The first call sells, the second answers “done” and changes nothing, for {reads} read units. The third is refused, since "
            "its token belongs to another sale. A new sale needs a new token; a repeat needs the old one, within {minutes} minutes.",
            reads=number(again), minutes=number(TOKEN_MINUTES),
        ),
        _(
            "Each refused transaction takes {units} write units at the tables, as if it had been done; nothing reached the index. A "
            "conditional UpdateItem of the seat that fails takes {one}.",
            units=number(twice), one=number(meter.write_units(_sizes()["seats"])),
        ),
        _break_regions(),
    ]


def _break_regions() -> str:
    confirmed, lost, _late = _lost(LOSS_PER_S, "MREC", None)
    late = _lost(LOSS_PER_S, "MREC", BACK_AFTER_S)[2]
    return _(
        "MREC: of {confirmed} confirmed sales {lost} had reached no other Region when Seoul went, and buyers there see the seats free. If "
        "Seoul returns, {late} arrive late and may meet later sales. MRSC loses none, since each had reached another Region before "
        "it was confirmed; but it takes no transactions, no TTL and no local index, and no set of Regions holds both Seoul and N. Virginia.",
        confirmed=confirmed, lost=lost, late=late,
    )


# Exercises ----------------------------------------------------

BASKET_SEATS, SEAT_BYTES, ORDER_BYTES, ACCOUNT_BYTES, ENTRY_BYTES = 4, 300, 1500, 120, 200


def _basket_units() -> float:
    sizes = [SEAT_BYTES] * BASKET_SEATS + [ORDER_BYTES, ACCOUNT_BYTES]
    tables = sum(meter.write_units(size, factor=meter.TRANSACTIONAL_WRITE) for size in sizes)
    return tables + meter.write_units(ENTRY_BYTES)


BY_HAND = Target(
    "10.by_hand",
    N_(
        "One transaction takes 4 seats of 300 bytes each, puts an order of 1,500 bytes and updates an account of 120 bytes. The order "
        "makes a new entry of 200 bytes in a global index. How many write units together?"
    ),
    numbers.Real,
    (
        Condition(
            N_("distance from the meter's units"), lambda given: abs(given / _basket_units() - 1), 0.001, show=percent
        ),
    ),
    solution=_basket_units,
    worked=lambda: _(
        "Seats {seats} × 1, order {order}, account 1: {once} units, × {factor:.0f} = {twice}; the entry of the index {entry}, not doubled. "
        "Together {units}.",
        seats=BASKET_SEATS,
        order=number(meter.write_units(ORDER_BYTES)),
        once=number(BASKET_SEATS + meter.write_units(ORDER_BYTES) + meter.write_units(ACCOUNT_BYTES)),
        factor=meter.TRANSACTIONAL_WRITE,
        twice=number(_basket_units() - meter.write_units(ENTRY_BYTES)),
        entry=number(meter.write_units(ENTRY_BYTES)),
        units=number(_basket_units()),
    ),
    untouched=lambda given: given == 0,
    needs=N_("a number"),
)

PAIR, PAIR_BUYER = ("A-14", "A-15"), "jiwoo"
LOOSE_REQUEST = {
    "TransactItems": [
        {
            "Update": {
                "TableName": "seats",
                "Key": seat_key(seat),
                "UpdateExpression": "SET buyer = :buyer",
                "ExpressionAttributeValues": {":buyer": PAIR_BUYER},
            }
        }
        for seat in PAIR
    ]
    + [
        {
            "Put": {
                "TableName": "orders",
                "Item": {"order_id": "jiwoo/A-14+A-15", "buyer": PAIR_BUYER, "seats": list(PAIR)},
            }
        }
    ],
}
PAIR_UNITS = 4 * meter.write_units(1, factor=meter.TRANSACTIONAL_WRITE) + meter.write_units(1)


def one_solution() -> dict:
    """Both seats only if both are free, the order, and the money only if it is there."""
    first, put, money = sale(PAIR_BUYER, PAIR[0], 2 * PRICE)
    second = sale(PAIR_BUYER, PAIR[1])[0]
    put = {"Put": put["Put"] | {"Item": LOOSE_REQUEST["TransactItems"][2]["Put"]["Item"]}}
    return {"TransactItems": [first, second, put, money]}


def _state(db) -> tuple:
    """(who has the two seats, orders of the buyer, the buyer's balance) by strongly consistent reads."""
    seats = tuple(
        db.get_item(TableName="seats", Key=seat_key(seat), ConsistentRead=True).get("Item", {}).get("buyer")
        for seat in PAIR
    )
    orders = [item for item in db.scan(TableName="orders")["Items"] if item.get("buyer") == PAIR_BUYER]
    account = db.get_item(TableName="accounts", Key={"buyer": PAIR_BUYER}, ConsistentRead=True).get("Item", {})
    return seats, len(orders), account.get("balance", 0)


def _try(request: dict, taken: str | None = None, balance: int = BALANCES[PAIR_BUYER]) -> tuple:
    """The state before and after the request in a shop of its own, and the write units."""
    from botocore.exceptions import BotoCoreError, ClientError

    db = open_shop(MARKING_REGION)
    if taken:
        db.put_item(TableName="seats", Item=seat_key(taken) | {"price": PRICE, "buyer": "haneul"})
    db.put_item(TableName="accounts", Item={"buyer": PAIR_BUYER, "balance": balance, "version": 1})
    before = _state(db)
    with meter.watch(db) as ledger:
        try:
            db.transact_write_items(**{name: value for name, value in request.items() if name != "ClientRequestToken"})
        except (ClientError, BotoCoreError, TypeError, ValueError, ArithmeticError) as error:
            code = getattr(error, "response", {}).get("Error", {}).get("Code")
            if code != "TransactionCanceledException":
                why = " ".join(str(error).split()).rstrip(".")
                raise InputError(
                    _("my_request cannot be carried out: {why}; correct it in this cell and run it again.", why=why)
                ) from None
    return before, _state(db), ledger.write_units


def _play(request: dict) -> dict:
    before, (seats, orders, balance), written = _try(request)
    must_fail = [_try(request, taken=seat) for seat in PAIR] + [_try(request, balance=2 * PRICE - 1)]
    harm = sum(was != now for trial in must_fail for was, now in zip(trial[0], trial[1]))
    exactly = _try(request, balance=2 * PRICE)
    return {
        "seats": sum(buyer != PAIR_BUYER for buyer in seats),
        "orders": abs(orders - 1),
        "money": float(abs(before[2] - balance - 2 * PRICE)),
        "harm": harm,
        "refused": sum(was == now for was, now in zip(*exactly[:2])),
        "units": written,
    }


def _is_loose(request: dict) -> bool:
    return request == LOOSE_REQUEST


PAIR_TARGET = Target(
    "10.pair",
    N_(
        "Sell A-14 and A-15 to jiwoo together for ₩220,000: one order and the money, or nothing at all if a seat is taken or the money "
        "is not there. At most 9 write units."
    ),
    dict,
    (
        Condition(N_("seats missing when all is well"), lambda seen: seen["seats"], 0),
        Condition(N_("orders too few or too many when all is well"), lambda seen: seen["orders"], 0),
        Condition(N_("₩ taken too much or too little when all is well"), lambda seen: seen["money"], 0),
        Condition(N_("seats, orders and accounts changed although a seat is taken or the money is not there"), lambda seen: seen["harm"], 0),
        Condition(N_("seats, orders and accounts not changed although the money is exactly there"), lambda seen: seen["refused"], 0),
        Condition(N_("write units when all is well"), lambda seen: seen["units"], PAIR_UNITS),
    ),
    solution=one_solution,
    examine=_play,
    worked=lambda: _(
        "Give both Updates the condition attribute_not_exists(buyer), and add an Update of accounts that takes 220,000 from jiwoo on the "
        "condition balance >= :price. Four items twice and one entry of the index: {units} write units.",
        units=number(PAIR_UNITS),
    ),
    untouched=_is_loose,
    needs=N_("a request (a dict)"),
)

ADVICE = Essay(
    "10.advice",
    N_("A colleague says: “To be safe we put every write into a transaction, also the counter of visitors.” Answer in three sentences."),
    (
        N_("A single write is all or nothing already; a condition on it, or ADD for a counter, is safe and costs half."),
        N_("A transaction is for several items that must change together, such as seat, order and account."),
        N_("It costs twice at the tables, also when it is cancelled, and many transactions on one item conflict and must be tried again."),
        N_("A transaction does not save us from sending it twice: that needs a token of our own for each sale."),
    ),
)


# Check ----------------------------------------------------

UNITS_SIZES = {"Put": 2500, "Update": 300, "ConditionCheck": 200}
GET_BYTES = (300, 9 * 1024)
CHECK_SHARE, CHECK_ITEMS = 50, 3


def _transaction_units() -> float:
    return sum(meter.write_units(size, factor=meter.TRANSACTIONAL_WRITE) for size in UNITS_SIZES.values())


def _cancelled_units() -> float:
    """Write units of a sale whose seat is taken, made with boto3 in a shop of its own."""
    db = open_shop(MARKING_REGION)
    db.transact_write_items(TransactItems=sale("haneul", "A-12"))
    with meter.watch(db) as ledger, contextlib.suppress(db.exceptions.TransactionCanceledException):
        db.transact_write_items(TransactItems=sale("jiwoo", "A-12"))
    return ledger.write_units


def _long_sale() -> list[dict]:
    """The sale with an order of 2,500 bytes."""
    actions = sale("haneul", "A-12")
    order = actions[1]["Put"]["Item"] | {"note": ""}
    actions[1]["Put"]["Item"] = order | {"note": "x" * (2500 - item_shop.weigh(order))}
    return actions


def _repeated_units() -> tuple[float, float]:
    """(write units at the tables of the first call, read units of the second with the same token)."""
    db, token = open_shop(MARKING_REGION), new_token()
    with meter.watch(db) as ledger:
        for _call in range(2):
            db.transact_write_items(TransactItems=_long_sale(), ClientRequestToken=token)
    return at_tables(ledger), ledger.read_units


def _repeat_as(factor: float) -> float:
    sizes = [item["seats"] if name == "seats" else item[name] for item in (_sizes(),) for name in ("seats", "accounts")]
    return sum(meter.read_units(size, factor) for size in (*sizes, 2500))


REPLICATED_BYTES, REPLICAS = 1500, 3


def _replicated_usd(date: str | None = None, size_bytes: int = REPLICATED_BYTES, replicas: int = REPLICAS) -> float:
    """A million writes of single items, replicated: each Region takes as many units as the first."""
    return MILLION * replicas * meter.write_units(size_bytes) * _rwru_usd(date)


@lru_cache(maxsize=1)
def _seen_elsewhere() -> int:
    """Which choice of the check 10.elsewhere the simulated table shows: strong reads in N. Virginia while a sale arrives."""
    at_s = 0.5 * (min(_pieces()) + max(_pieces()))
    rows = [(0.0, 2, key, 0) for key in range(3)] + [(at_s, 1, key, 1) for key in range(3)]
    result = _play_rows(rows, OCEAN)
    stale = (result.status[result.workload.operation == 1] == STALE).tolist()
    return 2 if any(stale) and not all(stale) else 1 if all(stale) else 0


def _shared_units(place: int) -> float:
    found = designs({"share": CHECK_SHARE, "items": CHECK_ITEMS, "size_bytes": 1000})
    return found["now"][1][place]


def _shared_off_by_one() -> float:
    """The transaction's units for each ticket if all who want the same seat went away without one."""
    return _shared_units(2) * tickets_sold(CHECK_SHARE) / (BUYERS - CHECK_SHARE * BUYERS / 100)


CHECKS = (
    Check(
        "10.check",
        N_("A transaction puts an order of 2,500 bytes, updates a seat of 300 bytes and checks an account of 200 bytes. How many write units?"),
        answer=_transaction_units,
        unit=N_("units"),
        lo=0,
        hi=10_000,
        tolerance=0,
        worked=lambda value: _("{units}: 3 + 1 + 1 steps of 1 KB, each twice; the check counts like a write.", units=number(value)),
        hints=(
            Hint(lambda: _transaction_units() / meter.TRANSACTIONAL_WRITE, N_("That is three single writes: a transaction prepares and commits, twice the units.")),
            Hint(
                lambda: _transaction_units() - meter.write_units(UNITS_SIZES["ConditionCheck"], factor=meter.TRANSACTIONAL_WRITE),
                N_("A ConditionCheck writes nothing and is charged all the same, like a write of the item."),
            ),
            Hint(lambda: len(UNITS_SIZES) * meter.TRANSACTIONAL_WRITE, N_("That counts items; each counts by its size, in steps of 1 KB.")),
        ),
    ),
    Check(
        "10.cancelled",
        N_("A sale of three small items, as in section 3, is cancelled because its seat is taken. How many write units are charged?"),
        answer=_cancelled_units,
        unit=N_("units"),
        lo=0,
        hi=10_000,
        tolerance=0,
        worked=lambda value: _(
            "{units}: all three items are charged twice at the tables, although nothing is changed; the index is not reached.",
            units=number(value),
        ),
        hints=(
            Hint(lambda: 0, N_("Nothing was changed, but DynamoDB did the work of looking: it is charged.")),
            Hint(lambda: meter.write_units(1, factor=meter.TRANSACTIONAL_WRITE), N_("That is the item whose condition failed; the whole transaction is charged.")),
            Hint(lambda: len(_sizes()) * meter.write_units(1), N_("That is once; a cancelled transaction is charged as if it had been done.")),
        ),
    ),
    Check(
        "10.token",
        N_("The sale, with an order of 2,500 bytes, is sent again within ten minutes with the same token. How many units does the repeat cost?"),
        answer=lambda: _repeated_units()[1],
        unit=N_("units"),
        lo=0,
        hi=10_000,
        tolerance=0,
        worked=lambda value: _(
            "{units} read units: nothing is written again, and each of the three items counts as a transactional read, 2 for each started 4 KB.",
            units=number(value),
        ),
        hints=(
            Hint(lambda: 0, N_("It changes nothing, but DynamoDB looks whether it was done, and charges reads.")),
            Hint(lambda: _repeated_units()[0], N_("Those are the write units of the first call; a repeat is not applied again, it only reads.")),
            Hint(lambda: _repeat_as(meter.STRONG), N_("That is a strongly consistent read; transactional reads cost twice that.")),
        ),
    ),
    Check(
        "10.get",
        N_("One TransactGetItems reads a seat of 300 bytes and a poster of 9 KB. How many read units?"),
        answer=lambda: sum(meter.read_units(size, meter.TRANSACTIONAL_READ) for size in GET_BYTES),
        unit=N_("units"),
        lo=0,
        hi=10_000,
        tolerance=0,
        worked=lambda value: _("{units}: 1 and 3 steps of 4 KB, each item rounded up by itself, and all of it twice.", units=number(value)),
        hints=(
            Hint(lambda: sum(meter.read_units(size, meter.STRONG) for size in GET_BYTES), N_("That is two strongly consistent reads; a transaction reads twice.")),
            Hint(lambda: sum(meter.read_units(size) for size in GET_BYTES), N_("Those are eventually consistent reads, a quarter of a transaction.")),
            Hint(
                lambda: meter.read_units(sum(GET_BYTES), meter.TRANSACTIONAL_READ),
                N_("That rounds the sum, as a Query does; here each item is rounded by itself."),
            ),
        ),
    ),
    Check(
        "10.share",
        N_("In section 4, half of the buyers want the same seat and a sale has three items of 1,000 bytes. How many write units does the transaction take for each ticket sold?"),
        answer=lambda: _shared_units(2),
        unit=N_("units"),
        lo=0,
        hi=10_000,
        tolerance=0,
        worked=lambda value: _(
            "{units}: {buyers} buyers try, each for {each} units, and {sold} get a ticket.",
            units=number(value), buyers=BUYERS, sold=tickets_sold(CHECK_SHARE),
            each=number(CHECK_ITEMS * meter.write_units(1000, factor=meter.TRANSACTIONAL_WRITE)),
        ),
        hints=(
            Hint(
                lambda: CHECK_ITEMS * meter.write_units(1000, factor=meter.TRANSACTIONAL_WRITE),
                N_("That is one transaction; those that are cancelled are paid too, by the tickets that are sold."),
            ),
            Hint(
                _shared_off_by_one,
                N_("Half of the buyers get a seat of their own, and one of the others gets the seat that they all want: one ticket more is sold."),
            ),
            Hint(lambda: _shared_units(1), N_("That is the conditional write, which gives up after one item; a transaction is charged whole.")),
        ),
    ),
    Check(
        "10.elsewhere",
        N_(
            "In a global table (MREC) a transaction in Seoul writes seat, order and account. Within the next second somebody in N. "
            "Virginia reads all three. What may that reader see?"
        ),
        answer=_seen_elsewhere,
        choices=(
            N_("the whole sale, if the reads are strongly consistent"),
            N_("the whole sale or nothing of it"),
            N_("a part of the sale, however one reads"),
        ),
        worked=lambda value: _(
            "Each item arrives by itself: in section 4 after {lags} s. A strongly consistent read sees the last write of its own Region only.",
            lags=", ".join(f"{lag_s:.2f}" for lag_s in sorted(_pieces())),
        ),
        hints=(
            Hint(lambda: 0, N_("Strong reads do not work across Regions in MREC: they see what has arrived in their own Region.")),
            Hint(lambda: 1, N_("A transaction is atomic in the Region where it is called; it is replicated item by item.")),
        ),
    ),
    Check(
        "10.replicas",
        N_("A global table has replicas in three Regions. A million writes of one item of 1,500 bytes: how many dollars on demand today?"),
        answer=_replicated_usd,
        unit="USD",
        lo=0,
        hi=10_000,
        worked=lambda value: _(
            "{usd}: {units} units in each of {regions} Regions, × ${price} × 1,000,000.",
            usd=usd(value), units=number(meter.write_units(REPLICATED_BYTES)), regions=REPLICAS, price=f"{_rwru_usd():.9f}",
        ),
        hints=(
            Hint(lambda: _replicated_usd(replicas=1), N_("That is one Region; the write is charged again in every other one.")),
            Hint(lambda: _replicated_usd(DAY_BEFORE_CUT), N_("That was the price until 2024-10-31.")),
            Hint(lambda: _replicated_usd(size_bytes=1), N_("1,500 bytes are two steps of 1 KB.")),
            Hint(lambda: meter.TRANSACTIONAL_WRITE * _replicated_usd(), N_("That is twice, as for a transaction; these are single writes.")),
        ),
    ),
)


# Quiz ----------------------------------------------------

QUIZ = Quiz(
    (
        Question(
            N_("Your function sent a sale and got no answer. It does not know whether the sale was made. What should it do?"),
            (
                Option(N_("Send it again with a new token"), N_("If the first one was made, a new token makes it a second sale; a condition may refuse it, and the buyer is told “taken”.")),
                Option(
                    N_("Send it again with the same token"),
                    N_("Within ten minutes DynamoDB applies it once in all and answers with success in either case."),
                    True,
                ),
                Option(N_("Tell the buyer that it failed"), N_("It may have been made: then the money is gone and nobody knows of the ticket.")),
            ),
        ),
        Question(
            N_("Only one thing must never happen: that a seat is sold twice. Order and payment follow later. Which is the cheapest safe request?"),
            (
                Option(
                    N_("A strongly consistent GetItem, then a PutItem if the seat is free"),
                    N_("The read is fresh, but another buyer may write between the read and the write."),
                ),
                Option(
                    N_("A TransactWriteItems with a ConditionCheck and an Update of the seat"),
                    N_("Two actions on one item are refused; and one item needs no transaction."),
                ),
                Option(
                    N_("An UpdateItem with the condition that nobody has the seat"),
                    N_("Checking and writing are one step on one item, at the price of an ordinary write."),
                    True,
                ),
            ),
        ),
        Question(
            N_(
                "A wallet keeps balances and a list of transfers in two DynamoDB tables of one Region. A transfer changes two balances and adds a "
                "line to the list, all or nothing, and clients send again when an answer is lost. Which design is correct with the least "
                "operational overhead?"
            ),
            (
                Option(
                    N_("TransactWriteItems with conditions on the balances and a ClientRequestToken for each transfer"),
                    N_("All three items change together or not at all, the conditions keep balances above zero, and a repeat is applied once."),
                    True,
                ),
                Option(
                    N_("BatchWriteItem with the three items, and a loop over UnprocessedItems"),
                    N_("A batch saves round trips; its writes are done one by one, without conditions, and some may be missing."),
                ),
                Option(
                    N_("A Step Functions workflow that makes three writes and undoes them when one fails"),
                    N_("It can be made right, but others see half a transfer meanwhile, and the undoing must be written and tested."),
                ),
                Option(
                    N_("Move both tables into an Aurora cluster and use SQL transactions"),
                    N_("SQL would do it, with a migration and a cluster to run, for three items that DynamoDB can write together."),
                ),
            ),
            domain="resilient",
        ),
    )
)
