"""Lesson 09: access patterns, global and local secondary indexes, projections, and what a write costs them."""

from __future__ import annotations

import contextlib
import numbers
from dataclasses import dataclass
from functools import lru_cache

from simlib import facts, meter
from simlib.i18n import N_, _, number
from simlib.lessons import lesson06
from simlib.pricing import price_book
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
from simlib.views.indexes import IndexBars

REGION, TABLE, WORKINGS = "us-east-1", "tickets", "workings"
SHOW, SHOWS, ROWS, SEATS_A_ROW = "SHOW#1224", ("SHOW#1224", "SHOW#1225", "SHOW#1231"), "ABCDE", 20
BUYERS, ME, REFUND_DAY = 75, "U-042", "2026-12-02"
TICKET_BYTES = 2500
BY_BUYER, BY_PRICE = "by-buyer", "by-price"
GSI_MOST, LSI_MOST = int(facts.value("dynamodb.gsi_max")), int(facts.value("dynamodb.lsi_max"))
MILLION = 1_000_000
EACH_SHOW = len(ROWS) * SEATS_A_ROW

attempt = lesson06.attempt


# The shop: a table on moto in this process ----------------------------------------------------


@lru_cache(maxsize=1)
def _mock():
    """moto, started once; it neither reads nor sets credentials."""
    from moto import mock_aws

    mock = mock_aws(config={"core": {"mock_credentials": False, "reset_boto3_session": False}})
    mock.start(reset=False)
    return mock


def close_shop() -> None:
    """Ends what `open_shop` began: boto3 answers from AWS again."""
    if _mock.cache_info().currsize:
        _mock().stop()
        _mock.cache_clear()
        _dynamodb.cache_clear()


@lru_cache(maxsize=1)
def _dynamodb():
    """boto3's resource on moto, with credentials of its own; no setting of the learner is read or changed."""
    import boto3

    with lesson06.without_aws_settings():
        _mock()
        session = boto3.Session(aws_access_key_id="course", aws_secret_access_key="course", region_name=REGION)
        return session.resource("dynamodb")


def _keys(*names: str) -> list[dict]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"))]


def _definitions(*names: str) -> list[dict]:
    """AttributeDefinitions of key attributes: the price is a number, all else is text."""
    return [
        {"AttributeName": name, "AttributeType": "N" if name == "price" else "S"} for name in dict.fromkeys(names)
    ]


def _projection(kind: str, included: tuple[str, ...] = ()) -> dict:
    return {"ProjectionType": kind} | ({"NonKeyAttributes": list(included)} if included else {})


def _index(name: str, keys, projection: str, included: tuple[str, ...] = ()) -> dict:
    return {"IndexName": name, "KeySchema": _keys(*keys), "Projection": _projection(projection, included)}


def _new_table(name: str, indexes: list[dict], local: list[dict] | None = None):
    """A fresh table with the key (show, seat) and these global and local indexes; one of that name is replaced."""
    resource = _dynamodb()
    with contextlib.suppress(resource.meta.client.exceptions.ResourceNotFoundException):
        resource.Table(name).delete()
    keys = [part["AttributeName"] for index in indexes + (local or []) for part in index["KeySchema"]]
    return resource.create_table(
        TableName=name,
        KeySchema=_keys("show", "seat"),
        AttributeDefinitions=_definitions("show", "seat", *keys),
        BillingMode="PAY_PER_REQUEST",
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
        **({"LocalSecondaryIndexes": local} if local else {}),
    )


def ticket(seat: str = "A-12", show: str = SHOW, **changes) -> dict:
    """A ticket of 2,500 bytes in Python's types; `changes` replace or add attributes, the receipt fills it up."""
    row = seat[:1]
    item = {
        "show": show,
        "seat": seat,
        "buyer": ME,
        "bought": "2026-12-01T20:00:07",
        "price": 150_000 - 20_000 * max(0, ROWS.find(row)),
        "gate": "G1",
        "receipt": "",
    } | changes
    missing = TICKET_BYTES - lesson06.weigh(item)
    return item if "receipt" in changes else item | {"receipt": "r" * max(0, missing)}


def _all_tickets() -> list[dict]:
    found = []
    for show in SHOWS:
        for row in ROWS:
            for place in range(1, SEATS_A_ROW + 1):
                turn = 7 * len(found)
                found.append(
                    ticket(
                        f"{row}-{place:02}",
                        show,
                        buyer=f"U-{turn % BUYERS + 1:03}",
                        bought=f"2026-12-01T20:{turn % 30:02}:{turn % 59:02}",
                        gate=f"G{ROWS.index(row) % 3 + 1}",
                    )
                )
    return found


def open_shop():
    """A boto3 Table `tickets` on moto, fresh: 300 tickets of 2,500 bytes, and the local index by-price."""
    lesson06.say_errors_in_a_sentence()
    local = [_index(BY_PRICE, ("show", "price"), "KEYS_ONLY")]
    table = _new_table(TABLE, [], local)
    with table.batch_writer() as batch:
        for item in _all_tickets():
            batch.put_item(Item=item)
    return table


def new_index(name: str, partition_key: str, sort_key: str, projection: str, included: tuple[str, ...] = ()) -> dict:
    """The arguments of boto3's `table.update` that add a global index; print them to see the request."""
    known = ("show", "seat", "price", "buyer", "bought")
    return {
        "AttributeDefinitions": _definitions(*known, partition_key, sort_key),
        "GlobalSecondaryIndexUpdates": [
            {"Create": _index(name, (partition_key, sort_key), projection, tuple(included))}
        ],
    }


def drop_index(table, name: str) -> None:
    """Deletes a global index if the table has it, so that a cell that adds one can run again."""
    if name in [index["IndexName"] for index in table.global_secondary_indexes or []]:
        table.update(GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": name}}])


def key_of(item: dict) -> dict:
    """The table's key of an item, or of an index's entry: every entry holds it."""
    return {"show": item["show"], "seat": item["seat"]}


def _dollars(amount: float) -> str:
    """Dollars to four digits: parts of a cent are seen."""
    return f"${number(amount, 4)}"


def found(answer: dict, most: int = 6):
    """The first items of a Query or Scan as a DataFrame of text; long values are cut."""
    import pandas as pd

    items = answer.get("Items", [])[:most]
    return pd.DataFrame(
        [{name: text if len(text := str(value)) <= 20 else text[:12] + "…" for name, value in item.items()}
         for item in items]
    ).fillna("")


def units(ledger):
    """What each call consumed of the table and of each index, and its dollars; a DataFrame of text."""
    import pandas as pd

    calls: dict[int, list] = {}
    for line in ledger:
        calls.setdefault(line.call, []).append(line)
    indexes = list(dict.fromkeys(line.index for line in ledger if line.index))
    rows = []
    for lines in calls.values():
        spent = {line.index: line.read_units + line.write_units for line in lines}
        row = {
            _("operation"): lines[0].operation,
            _("kind of unit"): _("write") if any(line.write_units for line in lines) else _("read"),
            _("table"): number(spent.get(None, 0)),
        }
        row |= {name: number(spent.get(name, 0)) for name in indexes}
        row[_("together")] = number(sum(spent.values()))
        row[_("dollars for a million such calls")] = _dollars(MILLION * sum(line.on_demand_usd for line in lines))
        rows.append(row)
    return pd.DataFrame(rows, index=range(1, len(rows) + 1))


# What one write costs ----------------------------------------------------

INDEX_KEYS = (
    "buyer", "city", "seller", "device", "agent", "campaign", "block", "tier", "language", "country",
    "bank", "courier", "door", "sponsor", "voucher", "printer", "promoter", "insurer", "app", "partner",
)
"""The key attributes of up to twenty indexes."""
INCLUDED = ("price", "gate")
PROJECTIONS = {
    "KEYS_ONLY": N_("KEYS_ONLY: keys"),
    "INCLUDE": N_("INCLUDE: keys, price, gate"),
    "ALL": N_("ALL: the whole item"),
}
CHANGES = {
    "new": N_("put a new ticket"),
    "buyer": N_("hand it over: buyer changes"),
    "gate": N_("another gate"),
    "receipt": N_("another receipt"),
    "nobody": N_("put a ticket without a buyer"),
    "delete": N_("delete the ticket"),
}


@dataclass(frozen=True)
class Cost:
    """The write units of one write: of the table, and of each index in order; and what was written."""

    projection: str
    change: str
    table: float
    indexes: tuple[float, ...]

    @property
    def total(self) -> float:
        """Write units of table and indexes."""
        return self.table + sum(self.indexes)

    @property
    def usd(self) -> tuple[float, float]:
        """Dollars of a million such writes on demand: the table's part, the indexes' part."""
        price = MILLION * price_book(REGION).usd("dynamodb.write_request.standard")
        return self.table * price, sum(self.indexes) * price


def _write(table, change: str, item: dict) -> None:
    """Makes the one write that is to be metered."""
    if change in ("new", "nobody"):
        table.put_item(Item=item)
    elif change == "delete":
        table.delete_item(Key=key_of(item))
    else:
        table.update_item(
            Key=key_of(item),
            UpdateExpression=f"SET {change} = :new",
            ExpressionAttributeValues={":new": {"buyer": "U-099", "gate": "G9"}.get(change, item["receipt"][:-1] + "R")},
        )


@lru_cache(maxsize=512)
def write_cost(projection: str = "ALL", change: str = "new", indexes: int = 1) -> Cost:
    """Plays one write of a ticket on a fresh table with so many global indexes, and meters it."""
    wanted = INDEX_KEYS[:indexes]
    included = INCLUDED if projection == "INCLUDE" else ()
    table = _new_table(WORKINGS, [_index(f"by-{key}", (key,), projection, included) for key in wanted])
    item = ticket(**{key: "x" for key in INDEX_KEYS[1:]})
    if change == "nobody":
        del item["buyer"]
    if change not in ("new", "nobody"):
        table.put_item(Item=item)
    with meter.watch(table) as ledger:
        _write(table, change, item)
    table.delete()
    spent = {line.index: line.write_units for line in ledger}
    return Cost(projection, change, spent[None], tuple(spent.get(f"by-{key}", 0.0) for key in wanted))


def _why(cost: Cost) -> str:
    """Why by-buyer was written, or why not."""
    units_first = number(cost.indexes[0])
    if cost.change == "buyer":
        return _("The key of by-buyer changed: the old entry is deleted and a new one put, {units} units.", units=units_first)
    if cost.change == "nobody":
        return _("Without a buyer there is no entry in by-buyer: it is sparse, and 0 units are used there.")
    if not cost.indexes[0]:
        return _("by-buyer does not hold what changed: 0 units.")
    if cost.change in ("gate", "receipt"):
        return _("by-buyer holds what changed: its entry is written again, {units} units.", units=units_first)
    return _("The entry in by-buyer comes or goes: {units} units.", units=units_first)


def say_cost(cost: Cost, before: Cost | None) -> str:
    """Units and dollars of the write, why, and the change against A."""
    words = [
        _("Write units by our meter: table {table}, indexes {indexes}, together {total}. A million such writes cost {usd}, "
          "{times} times as much as without an index.",
          table=number(cost.table), indexes=number(sum(cost.indexes)), total=number(cost.total, 4),
          usd=_dollars(sum(cost.usd)), times=number(cost.total / cost.table))
    ]
    if cost.indexes:
        words.append(_why(cost))
    if before is not None:
        words.append(_("A: {total} units and {usd}.", total=number(before.total, 4), usd=_dollars(sum(before.usd))))
    return "\n".join(words)


def _look(cost: Cost) -> dict:
    return {"units": (cost.table, *cost.indexes), "usd": cost.usd, "first": BY_BUYER}


PROJECTION_CONTROL = Control("projection", N_("Projection"), "ALL", choices=tuple(PROJECTIONS.items()))
CHANGE_CONTROL = Control("change", N_("The write"), "new", choices=tuple(CHANGES.items()))
INDEXES_CONTROL = Control(
    "indexes", N_("Global indexes"), 1, lo=0, hi=GSI_MOST, whole=True,
    doc=N_("each on another attribute, the first on buyer, all with the projection above"),
)


def _explorer(*controls: Control) -> Explorable:
    return Explorable(
        controls=controls, run=lambda settings: write_cost(**settings), picture=IndexBars, look=_look, say=say_cost
    )


PROJECTION_EXPLORER = _explorer(PROJECTION_CONTROL)
CHANGE_EXPLORER = _explorer(PROJECTION_CONTROL, CHANGE_CONTROL)
INDEXES_EXPLORER = _explorer(PROJECTION_CONTROL, CHANGE_CONTROL, INDEXES_CONTROL)
