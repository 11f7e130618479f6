"""Lesson 09: access patterns, global and local secondary indexes, projections, and what a write costs them."""

from __future__ import annotations

import contextlib
import numbers
from dataclasses import dataclass
from functools import lru_cache

from simlib import facts, meter
from simlib.i18n import N_, _, number, usd
from simlib.lessons import lesson06, on_moto
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
GSI_MOST = int(facts.value("dynamodb.gsi_max"))
MILLION = 1_000_000
EACH_SHOW = len(ROWS) * SEATS_A_ROW

attempt = lesson06.attempt
close_shop = on_moto.close_shop


# The shop: a table on moto in this process ----------------------------------------------------


@lru_cache(maxsize=1)
def _dynamodb():
    """boto3's resource on moto, with credentials of its own; no setting of the learner is read or changed."""
    with on_moto.opened(REGION) as session:
        resource, looking = session.resource("dynamodb"), session.client("dynamodb")
    on_moto.at_close(_dynamodb.cache_clear)
    client = resource.meta.client

    def like_dynamodb(params, **_event):
        for each in params.get("GlobalSecondaryIndexUpdates") or []:
            if isinstance(each, dict) and isinstance(each.get("Create"), dict):
                _checked_index(each["Create"])
        if isinstance(params.get("TableName"), str):
            with on_moto.without_aws_settings():
                table = looking.describe_table(TableName=params["TableName"])["Table"]
                _checked_definitions(params, table, looking)
            if "AttributeDefinitions" in params:
                _add_definitions(params, table)

    client.meta.events.register("before-parameter-build.dynamodb.UpdateTable", like_dynamodb)
    return resource


def _checked_definitions(request: dict, table: dict, looking) -> None:
    """Answers a new index as DynamoDB would where moto does not: keys without a type, or of another type than the items'.

    `looking` is a client that no meter watches. Raises InputError.
    """
    known = {}
    for each in [*table["AttributeDefinitions"], *(request.get("AttributeDefinitions") or [])]:
        if isinstance(each, dict):
            known[each.get("AttributeName")] = each.get("AttributeType")
    for each in request.get("GlobalSecondaryIndexUpdates") or []:
        if not isinstance(each, dict) or not isinstance(each.get("Create"), dict):
            continue
        keys = _checked_index(each["Create"])
        missing = [key for key in keys if key not in known]
        if missing:
            raise InputError(
                _("Refused. {words}; give the types of these keys in this cell.",
                  words="ValidationException: One or more parameter values were invalid: Some index key attributes are not defined in "
                  f"AttributeDefinitions. Keys: [{', '.join(missing)}]")
            )
        for key in keys:
            others = _other_types(looking, table["TableName"], key, known[key])
            if others:
                raise InputError(
                    _("{key} is declared with the type {given}, but items of the table hold it as {held}: DynamoDB would leave these items "
                      "out of the index and refuse later writes of such items; correct AttributeType in this cell.",
                      key=key, given=known[key], held=", ".join(others))
                )


def _other_types(looking, table: str, attribute: str, kind: str) -> list[str]:
    """The types other than `kind` that a table's items hold an attribute in."""
    request = {"TableName": table, "ProjectionExpression": "#a", "ExpressionAttributeNames": {"#a": attribute}}
    pages = looking.get_paginator("scan").paginate(**request)
    return sorted({tag for page in pages for item in page["Items"] for tag in item.get(attribute, {}) if tag != kind})


def _add_definitions(request: dict, table: dict) -> None:
    """Adds the table's AttributeDefinitions to an UpdateTable: DynamoDB keeps them, moto forgets what is not repeated."""
    given = request["AttributeDefinitions"]
    if isinstance(given, list) and all(isinstance(each, dict) for each in given):
        named = {each.get("AttributeName") for each in given}
        kept = [each for each in table["AttributeDefinitions"] if each["AttributeName"] not in named]
        request["AttributeDefinitions"] = given + kept


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
    keys = [part["AttributeName"] for index in indexes + (local or []) for part in index["KeySchema"]]
    with on_moto.without_aws_settings():
        with contextlib.suppress(resource.meta.client.exceptions.ResourceNotFoundException):
            resource.Table(name).delete()
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
        "buyer": "U-100",
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
    """The arguments of boto3's `table.update` that add a global index; print them to see the request.

    `included` names what an index with INCLUDE holds besides its keys. Raises InputError for INCLUDE without names.
    """
    if projection == "INCLUDE" and not included:
        raise InputError(
            _("INCLUDE needs NonKeyAttributes, the names of what the index is to hold besides its keys; write them behind it in this "
              "cell, such as \"INCLUDE\", [\"gate\"].")
        )
    return {
        "AttributeDefinitions": _definitions(partition_key, sort_key),
        "GlobalSecondaryIndexUpdates": [
            {"Create": _index(name, (partition_key, sort_key), projection, tuple(included))}
        ],
    }


def drop_index(table, name: str) -> None:
    """Deletes a global index if the table has it, so that a cell that adds one can run again."""
    if name in [index["IndexName"] for index in table.global_secondary_indexes or []]:
        table.update(GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": name}}])


def forget(table, attribute: str) -> None:
    """Removes an attribute from all items that have it, so that a cell that sets it finds the table as at the first time."""
    named = {"ExpressionAttributeNames": {"#a": attribute}}
    pages = table.meta.client.get_paginator("scan").paginate(TableName=table.name, FilterExpression="attribute_exists(#a)", **named)
    for item in [item for page in pages for item in page["Items"]]:
        table.update_item(Key=key_of(item), UpdateExpression="REMOVE #a", **named)


def key_of(item: dict) -> dict:
    """The table's key of an item, or of an index's entry: every entry holds it."""
    return {"show": item["show"], "seat": item["seat"]}


def found(answer: dict, most: int = 6):
    """The first items of a Query or Scan as a DataFrame of text; long values are cut."""
    import pandas as pd

    items = answer.get("Items", [])[:most]
    if not items:
        return pd.DataFrame({_("found"): [_("nothing: no item has this key")]})
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
    indexes = sorted({line.index for line in ledger if line.index})
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
        row[_("dollars for a million such calls")] = usd(MILLION * sum(line.on_demand_usd for line in lines))
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
        return _("The key of by-buyer changed: the old entry is deleted and a new one put; write units there: {units}.", units=units_first)
    if cost.change == "nobody":
        return _("Without a buyer there is no entry in by-buyer: the index is sparse; write units there: 0.")
    if not cost.indexes[0]:
        return _("by-buyer does not hold what changed; write units there: 0.")
    if cost.change in ("gate", "receipt"):
        return _("by-buyer holds what changed: its entry is written again; write units there: {units}.", units=units_first)
    return _("The entry in by-buyer comes or goes; write units there: {units}.", units=units_first)


def say_cost(cost: Cost, before: Cost | None) -> str:
    """Units and dollars of the write, why, and the change against A."""
    words = [
        _("Write units by our meter: table {table}, indexes {indexes}, together {total}. A million such writes cost {usd}.",
          table=number(cost.table), indexes=number(sum(cost.indexes)), total=number(cost.total, 4),
          usd=usd(sum(cost.usd))),
        _("That is {times} times as much as without an index.", times=number(cost.total / cost.table))
        if cost.total > cost.table
        else _("That is as much as without an index."),
    ]
    if cost.indexes:
        words.append(_why(cost))
    if before is not None:
        words.append(_("A: {total} units and {usd}.", total=number(before.total, 4), usd=usd(sum(before.usd))))
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


# Predict ----------------------------------------------------

HAND_OVER = Prediction(
    "09.hand_over",
    N_(
        "A ticket of 2,500 bytes is handed over: its attribute buyer changes. One global index has buyer as its key and projects "
        "ALL. How many write units are charged for this one update, table and index together?"
    ),
    unit=N_("units"),
    lo=0,
    hi=10_000,
)
STRONG_READ = Prediction(
    "09.strong",
    N_("After paying, a buyer's page asks the index by-buyer with ConsistentRead=True, so as to show the new ticket for certain. What happens?"),
    choices=(
        N_("it works, at twice the read units"),
        N_("DynamoDB refuses the request"),
        N_("it works if the index projects ALL"),
    ),
)


def _refused(table, **request) -> bool:
    """Whether DynamoDB, as our meter answers for it, refuses a Query."""
    from botocore.exceptions import ClientError

    with meter.watch(table):
        try:
            table.query(**request)
        except ClientError:
            return True
    return False


@lru_cache(maxsize=1)
def strong_choice() -> int:
    """Which choice of STRONG_READ the meter gives, whatever the index projects."""
    from boto3.dynamodb.conditions import Key

    refused = {}
    for projection in PROJECTIONS:
        included = INCLUDED if projection == "INCLUDE" else ()
        table = _new_table(WORKINGS, [_index(BY_BUYER, ("buyer", "bought"), projection, included)])
        asked = {"IndexName": BY_BUYER, "KeyConditionExpression": Key("buyer").eq(ME), "ConsistentRead": True}
        refused[projection] = _refused(table, **asked)
        table.delete()
    return 1 if all(refused.values()) else 2 if not refused["ALL"] else 0


# Explain ----------------------------------------------------


def entry_bytes(projection: str) -> int:
    """Bytes of a ticket's entry in by-buyer."""
    held = {"show", "seat", "buyer", "bought"} | (set(INCLUDED) if projection == "INCLUDE" else set())
    return lesson06.weigh({name: value for name, value in ticket().items() if projection == "ALL" or name in held})


def by_hand() -> str:
    """The sums of one hand-over, for each projection."""
    price = price_book(REGION).usd("dynamodb.write_request.standard")
    table = meter.write_units(TICKET_BYTES)
    lines = [
        _("The ticket weighs {bytes} bytes: / {unit} = {raw}, rounded up {units} units for the table, whichever attribute changes.",
          bytes=f"{TICKET_BYTES:,}", unit=f"{int(facts.value('dynamodb.write_unit_bytes')):,}",
          raw=number(TICKET_BYTES / facts.value("dynamodb.write_unit_bytes")), units=number(table))
    ]
    for projection in PROJECTIONS:
        size = entry_bytes(projection)
        each = meter.write_units(size)
        lines.append(
            _("{projection}: an entry of {bytes} bytes, write units {each}. Handed over: {table} + {each} (old entry deleted) + {each} (new entry put) "
              "= {total} units; × ${price} × 1,000,000 = {usd}",
              projection=projection, bytes=f"{size:,}", each=number(each), table=number(table),
              total=number(table + 2 * each), price=f"{price:.9f}", usd=usd(MILLION * (table + 2 * each) * price))
        )
    return "\n".join(lines)


# Break it ----------------------------------------------------


def _capacity(value, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 1 <= value <= 1_000_000:
        raise InputError(
            _("{name} is a number of write capacity units from 1 to 1,000,000; correct it in this cell.", name=name)
        )
    return float(value)


def rates(table_wcu: float, index_wcu: float, table_units: float, index_units: float) -> tuple[float, float]:
    """Writes a second that the table's own capacity, and that the index's, let through for good."""
    return table_wcu / table_units, index_wcu / index_units if index_units else float("inf")


def pressure(ledger, table_wcu: float, index_wcu: float) -> str:
    """How many writes like the ledger's last one a second the table takes when its busiest global index has `index_wcu`."""
    table_wcu, index_wcu = _capacity(table_wcu, "table_wcu"), _capacity(index_wcu, "index_wcu")
    lines = [line for line in ledger if line.write_units]
    lines = [line for line in lines if line.call == lines[-1].call]
    if not lines:
        raise InputError(_("The ledger holds no write; make a put, update or delete inside meter.watch first."))
    shared = sum(line.write_units for line in lines if line.kind != "global")
    busiest = max((line for line in lines if line.kind == "global"), key=lambda line: line.write_units, default=None)
    if busiest is None:
        return _("No global index was written: the table alone decides, {rate} such writes a second.",
                 rate=number(table_wcu / shared, 4))
    table_rate, index_rate = rates(table_wcu, index_wcu, shared, busiest.write_units)
    words = _(
        "The table: {table_wcu} WCU / {table_units} units = {table_rate} writes a second. {index}: {index_wcu} WCU / {index_units} "
        "units = {index_rate}.",
        table_wcu=f"{table_wcu:,.0f}", table_units=number(shared), table_rate=number(table_rate, 4), index=busiest.index,
        index_wcu=f"{index_wcu:,.0f}", index_units=number(busiest.write_units), index_rate=number(index_rate, 4),
    )
    if index_rate >= table_rate:
        return words + " " + _("The index keeps up.")
    return words + " " + _(
        "The index is the narrower one: writes to the TABLE beyond {rate} a second are throttled, though the table has capacity left.",
        rate=number(index_rate, 4),
    )


@lru_cache(maxsize=8)
def _seen_units(projection: str) -> tuple[float, float]:
    """Units of table and index for one update of an attribute that is the index's sort key."""
    table = _new_table(WORKINGS, [_index("by-seen", ("show", "seen"), projection)])
    table.put_item(Item=ticket(seen="2026-12-01T20:00:00"))
    with meter.watch(table) as ledger:
        table.update_item(
            Key=key_of(ticket()), UpdateExpression="SET seen = :now", ExpressionAttributeValues={":now": "2026-12-01T20:00:01"}
        )
    table.delete()
    spent = {line.index: line.write_units for line in ledger}
    return spent[None], spent["by-seen"]


SEEN_TABLE_WCU, SEEN_INDEX_WCU = 3000, 1000


def breaking() -> list[str]:
    """What one should have seen in section 6, item by item."""
    whole, keys = _seen_units("ALL"), _seen_units("KEYS_ONLY")
    rate = SEEN_TABLE_WCU / whole[0]
    return [
        _("Whatever it projects, a global index is read eventually consistently only; leave ConsistentRead out, or read the table or the local index "
          "by-price, which take it. A page that must be right reads the tickets just bought by their key."),
        _("With ALL each update takes {table} units of the table and {index} of by-seen, with KEYS_ONLY {keys}. To take {rate} updates a second "
          "the index needs {whole_wcu} or {keys_wcu} WCU beside the table's {table_wcu}. Without the index nothing of this is paid: an "
          "attribute that changes with every write is better read by the table's key.",
          table=number(whole[0]), index=number(whole[1]), keys=number(keys[1]), rate=f"{rate:,.0f}",
          whole_wcu=f"{rate * whole[1]:,.0f}", keys_wcu=f"{rate * keys[1]:,.0f}", table_wcu=f"{SEEN_TABLE_WCU:,}"),
        _("There is no such parameter: a local index is made with its table or never. What remains is a new table into which everything is "
          "copied, or a global index with the same two keys, which can come at any time and is eventually consistent."),
    ]


# Exercises ----------------------------------------------------


@lru_cache(maxsize=1)
def _exercise_parts() -> tuple[float, float, float, float]:
    """Units of the exercise's update: table, by-buyer, by-gate, by-refund."""
    names = (BY_BUYER, "by-gate", "by-refund")
    indexes = [
        _index(BY_BUYER, ("buyer", "bought"), "INCLUDE", INCLUDED),
        _index("by-gate", ("gate", "seat"), "KEYS_ONLY"),
        _index("by-refund", ("refund", "bought"), "ALL"),
    ]
    table = _new_table(WORKINGS, indexes)
    table.put_item(Item=ticket())
    with meter.watch(table) as ledger:
        table.update_item(
            Key=key_of(ticket()),
            UpdateExpression="SET buyer = :b, gate = :g",
            ExpressionAttributeValues={":b": "U-099", ":g": "G9"},
        )
    table.delete()
    spent = {line.index: line.write_units for line in ledger}
    return (spent[None], *(spent.get(name, 0.0) for name in names))


def _exercise_units() -> float:
    return sum(_exercise_parts())


BY_HAND = Target(
    "09.by_hand",
    N_(
        "A ticket of 2,500 bytes without refund is handed over and sent to another gate, in one update: buyer and gate change. "
        "Global indexes: by-buyer (key buyer, INCLUDE price and gate), by-gate (key gate, KEYS_ONLY), by-refund (key refund, ALL). How many "
        "write units in all?"
    ),
    numbers.Real,
    (Condition(N_("distance from the meter's units"), lambda given: abs(given - _exercise_units()), 0.001),),
    solution=_exercise_units,
    worked=lambda: _(
        "Table {table} (2,500 bytes), by-buyer {buyer} and by-gate {gate} (each key changed: delete and put of a small entry), by-refund {refund} "
        "(no refund, no entry): {total} units.",
        table=number(_exercise_parts()[0]), buyer=number(_exercise_parts()[1]), gate=number(_exercise_parts()[2]),
        refund=number(_exercise_parts()[3]), total=number(_exercise_units()),
    ),
    untouched=lambda given: given == 0,
    needs=N_("a number"),
)

START_INDEX = {
    "IndexName": "my-index",
    "KeySchema": [
        {"AttributeName": "buyer", "KeyType": "HASH"},
        {"AttributeName": "seat", "KeyType": "RANGE"},
    ],
    "Projection": {"ProjectionType": "ALL"},
}
"""The index that the exercise starts with: right partition key, wrong order, too much in it."""


@dataclass(frozen=True)
class Tried:
    """What an index gives for the question of the exercise, and what it costs."""

    missing: int
    lacking: int
    out_of_order: int
    read_units: float
    put_units: float
    receipt_units: float


def _mine() -> list[dict]:
    """The tickets of one buyer, in order of purchase."""
    return sorted((item for item in _all_tickets() if item["buyer"] == ME), key=lambda item: item["bought"])


def _checked_index(given: dict) -> list[str]:
    """The key attributes of an index definition. Raises InputError for what DynamoDB would refuse and moto may take."""
    projection = given.get("Projection")
    if not isinstance(projection, dict) or projection.get("ProjectionType") not in PROJECTIONS:
        raise InputError(
            _("Projection must be a dict whose ProjectionType is KEYS_ONLY, INCLUDE or ALL; correct it in this cell.")
        )
    if projection["ProjectionType"] == "INCLUDE" and not projection.get("NonKeyAttributes"):
        raise InputError(
            _("INCLUDE needs NonKeyAttributes, the names of what the index is to hold besides its keys; add them to the Projection in "
              "this cell, such as \"NonKeyAttributes\": [\"gate\"].")
        )
    if projection["ProjectionType"] != "INCLUDE" and projection.get("NonKeyAttributes"):
        raise InputError(
            _("NonKeyAttributes, a list of names, belongs to INCLUDE and to nothing else; correct the Projection in this cell.")
        )
    try:
        keys = [part["AttributeName"] for part in given["KeySchema"]]
        kinds = [part["KeyType"] for part in given["KeySchema"]]
    except (KeyError, TypeError):
        keys, kinds = [], []
    if kinds not in (["HASH"], ["HASH", "RANGE"]) or not all(isinstance(key, str) for key in keys):
        raise InputError(
            _("KeySchema must be a list of one HASH and perhaps one RANGE attribute, as at the start; correct it in this cell.")
        )
    if len(set(keys)) < len(keys):
        raise InputError(_("KeySchema names one attribute twice; choose two different ones in this cell."))
    return keys


def _tried(given: dict) -> Tried:
    """Plays the exercise's question and two writes with an index of the learner's."""
    from boto3.dynamodb.conditions import Key
    from botocore.exceptions import BotoCoreError, ClientError

    keys = _checked_index(given)
    table = _new_table(WORKINGS, [])
    with table.batch_writer() as batch:
        for item in reversed(_mine()):
            batch.put_item(Item=item)
    definitions = _definitions("show", "seat", *keys)
    try:
        table.update(AttributeDefinitions=definitions, GlobalSecondaryIndexUpdates=[{"Create": given}])
    except (ClientError, BotoCoreError, TypeError, AttributeError) as error:
        raise InputError(
            _("my_index is refused: {why}. Correct it in this cell.", why=" ".join(str(error).split()).rstrip("."))
        ) from None
    with meter.watch(table) as reads:
        try:
            answer = table.query(IndexName=given["IndexName"], KeyConditionExpression=Key("buyer").eq(ME))["Items"]
        except ClientError:
            raise InputError(
                _("DynamoDB refuses the Query by buyer, since the partition key of my_index is {key}; make buyer its HASH attribute in this "
                  "cell.", key=keys[0])
            ) from None
    with meter.watch(table) as puts:
        table.put_item(Item=ticket("E-20"))
    with meter.watch(table) as receipts:
        _write(table, "receipt", ticket("E-20"))
    table.delete()
    expected = _mine()
    asked = [(item["show"], item["seat"]) for item in answer]
    wanted = [(item["show"], item["seat"]) for item in expected]
    return Tried(
        missing=len(set(wanted) - set(asked)),
        lacking=sum(name not in item for item in answer for name in INCLUDED),
        out_of_order=sum(one != other for one, other in zip(asked, wanted)),
        read_units=reads.read_units,
        put_units=sum(line.write_units for line in puts if line.index),
        receipt_units=sum(line.write_units for line in receipts if line.index),
    )


def one_solution() -> dict:
    """The index of the exercise: ordered by time of purchase, with what the page shows and no more."""
    return {
        "IndexName": "my-index",
        "KeySchema": _keys("buyer", "bought"),
        "Projection": _projection("INCLUDE", INCLUDED),
    }


LEAN = Target(
    "09.lean",
    N_(
        "One Query by buyer gives their tickets in order of purchase (bought), with price and gate, for at most 0.5 read units; a new ticket costs the "
        "index at most 1 write unit, another receipt none. Change my_index."
    ),
    dict,
    (
        Condition(N_("tickets missing"), lambda seen: seen.missing, 0),
        Condition(N_("prices and gates missing"), lambda seen: seen.lacking, 0),
        Condition(N_("tickets out of order"), lambda seen: seen.out_of_order, 0),
        Condition(N_("read units of the Query"), lambda seen: seen.read_units, 0.5),
        Condition(N_("the index's write units for a new ticket"), lambda seen: seen.put_units, 1),
        Condition(N_("the index's write units for another receipt"), lambda seen: seen.receipt_units, 0),
    ),
    solution=one_solution,
    examine=_tried,
    worked=lambda: _(
        "Partition key buyer, sort key bought, and INCLUDE with price and gate: an entry weighs {small} instead of {large} bytes, so that it "
        "is written with one unit, and another receipt does not touch it.",
        small=entry_bytes("INCLUDE"),
        large=f"{entry_bytes('ALL'):,}",
    ),
    untouched=lambda given: given == START_INDEX,
    needs=N_("a dict"),
)

ADVICE = Essay(
    "09.advice",
    N_(
        "A colleague says: “Let us put a global index with ALL on each of our ten attributes. Then every question is fast, and reads are cheap.” "
        "Answer in three sentences."
    ),
    (
        N_("Begin with the list of questions; an index that answers none of them is paid for with every write all the same."),
        N_("Each index with ALL is a second copy of the table: a new ticket is written eleven times, and storage is billed as often."),
        N_("A change of a key costs delete and put; with KEYS_ONLY or INCLUDE most changes cost an index nothing."),
        N_("In provisioned mode each of them needs write capacity of its own, and the weakest one slows the writes of the table."),
    ),
)


# Check ----------------------------------------------------

SOLD, REFUNDED = 100, 5
CHECK_TABLE_WCU, CHECK_INDEX_WCU, CHECK_TABLE_UNITS, CHECK_INDEX_UNITS = 3000, 600, 3, 2


@lru_cache(maxsize=1)
def _refund_units() -> tuple[float, float, float]:
    """Units of the sparse index when a ticket is sold, marked for refund, and paid back."""
    table, spent = _new_table(WORKINGS, [_index("by-refund", ("refund", "bought"), "KEYS_ONLY")]), []
    mark = {"UpdateExpression": "SET refund = :day", "ExpressionAttributeValues": {":day": REFUND_DAY}}
    for call, request in (
        (table.put_item, {"Item": ticket()}),
        (table.update_item, {"Key": key_of(ticket())} | mark),
        (table.update_item, {"Key": key_of(ticket()), "UpdateExpression": "REMOVE refund"}),
    ):
        with meter.watch(table) as ledger:
            call(**request)
        spent.append(sum(line.write_units for line in ledger if line.index))
    table.delete()
    return tuple(spent)


def _queue_units() -> float:
    put, mark, remove = _refund_units()
    return SOLD * put + REFUNDED * (mark + remove)


@lru_cache(maxsize=1)
def _strong_answer() -> int:
    """Which of the check's choices can be read strongly consistently, by asking the meter."""
    from boto3.dynamodb.conditions import Key

    table = _new_table(
        WORKINGS,
        [_index("by-price-global", ("show", "price"), "ALL")],
        [_index(BY_PRICE, ("show", "price"), "KEYS_ONLY")],
    )
    taken = [
        not _refused(table, IndexName=name, KeyConditionExpression=Key("show").eq(SHOW), ConsistentRead=True)
        for name in ("by-price-global", BY_PRICE)
    ]
    table.delete()
    return taken.index(True)


@lru_cache(maxsize=1)
def _later_answer() -> int:
    """Which of the check's ways is open to a table in use, by trying the other two."""
    from botocore.exceptions import ParamValidationError

    global_takes_strong = strong_choice() != 1
    table = _new_table(WORKINGS, [])
    local = _index("by-gate", ("show", "gate"), "KEYS_ONLY")
    try:
        table.update(LocalSecondaryIndexUpdates=[{"Create": local}])
    except ParamValidationError:
        return 1 if global_takes_strong else 2
    finally:
        table.delete()
    return 0


def _check_rate() -> float:
    return min(rates(CHECK_TABLE_WCU, CHECK_INDEX_WCU, CHECK_TABLE_UNITS, CHECK_INDEX_UNITS))


@lru_cache(maxsize=1)
def _fetch_parts() -> tuple[float, float]:
    """Read units of the Query on by-price that also asks for the receipt: of the index, of the table."""
    from boto3.dynamodb.conditions import Key

    table = _new_table(WORKINGS, [], [_index(BY_PRICE, ("show", "price"), "KEYS_ONLY")])
    with table.batch_writer() as batch:
        for item in _all_tickets():
            if item["show"] == SHOW:
                batch.put_item(Item=item)
    with meter.watch(table) as ledger:
        table.query(
            IndexName=BY_PRICE, KeyConditionExpression=Key("show").eq(SHOW), ProjectionExpression="seat, price, receipt"
        )
    table.delete()
    spent = {line.index: line.read_units for line in ledger}
    return spent[BY_PRICE], spent[None]


CHECKS = (
    Check(
        "09.move",
        N_("A ticket of 2,500 bytes is handed over. How many write units does the global index on buyer, with ALL, take for it, without the table's?"),
        answer=lambda: write_cost("ALL", "buyer", 1).indexes[0],
        unit=N_("units"),
        lo=0,
        hi=10_000,
        tolerance=0,
        worked=lambda value: _(
            "{value}: the key changed, so the old entry is deleted and a new one put, each {each} units for its 2,500 bytes.",
            value=number(value), each=number(value / 2),
        ),
        hints=(
            Hint(lambda: meter.write_units(TICKET_BYTES), N_("That would be an entry that changes in place. A changed key means another place: delete and put.")),
            Hint(lambda: 2, N_("Two writes are right for entries of up to 1 KB. This entry is larger, and every started KB counts.")),
            Hint(lambda: write_cost("ALL", "buyer", 1).total, N_("That is with the table's units. Only the index's are asked for.")),
            Hint(lambda: 0, N_("The index holds buyer as its key, so it must follow.")),
        ),
    ),
    Check(
        "09.sparse",
        N_("100 tickets are sold. 5 of them get the attribute refund later, and lose it once paid back. How many write units does the index by-refund (key refund, KEYS_ONLY) take in all?"),
        answer=_queue_units,
        unit=N_("units"),
        lo=0,
        hi=10_000,
        tolerance=0,
        worked=lambda value: _(
            "{value}: {sold} × {put} for the sales, since a ticket without refund has no entry, and {refunded} × ({mark} + {remove}) for coming and going.",
            value=number(value), sold=SOLD, refunded=REFUNDED,
            put=number(_refund_units()[0]), mark=number(_refund_units()[1]), remove=number(_refund_units()[2]),
        ),
        hints=(
            Hint(lambda: SOLD + 2 * REFUNDED, N_("A ticket without refund is not in the index: selling it costs the index 0. That is what sparse means.")),
            Hint(lambda: SOLD, N_("Only tickets with the key attribute are in the index, and those are few.")),
            Hint(lambda: REFUNDED, N_("That is the way in; the entry that leaves is a write as well.")),
            Hint(lambda: 4 * REFUNDED, N_("An entry that comes or goes is one write. Two are needed when a key changes into another one.")),
        ),
    ),
    Check(
        "09.strong_index",
        N_("The seat map must show the seats of one show by price, and include a sale made a moment ago. Which index can be asked with ConsistentRead?"),
        answer=_strong_answer,
        choices=(
            N_("a global index with the keys show and price, and ALL"),
            N_("a local index with the sort key price"),
            N_("both, if they project what is asked for"),
        ),
        worked=lambda value: _(
            "The local index. It lies with the items of its partition key and needs to be there from the table's first day; the price is that a "
            "show's items and entries may not exceed {gb} GB.",
            gb=f"{facts.value('dynamodb.item_collection_max_gb'):.0f}",
        ),
        hints=(
            Hint(lambda: 0, N_("A global index follows the table a moment later, whatever it projects: DynamoDB refuses ConsistentRead there.")),
            Hint(lambda: 2, N_("The projection decides what an index holds, not how soon. A global index always follows later.")),
        ),
    ),
    Check(
        "09.later",
        N_("The table has been in use for a year. Now the seats of a show are wanted by gate, strongly consistent. Which way is open?"),
        answer=_later_answer,
        choices=(
            N_("add a local index by gate with UpdateTable"),
            N_("add a global index by gate and read it with ConsistentRead"),
            N_("make a new table with a local index by gate and copy everything"),
        ),
        worked=lambda value: _(
            "A new table: a local index is made with its table only. From then on a show's items and entries may not exceed {gb} GB; and who can "
            "do without the strong read adds a global index instead.",
            gb=f"{facts.value('dynamodb.item_collection_max_gb'):.0f}",
        ),
        hints=(
            Hint(lambda: 0, N_("UpdateTable has no parameter for local indexes: they are made with the table and stay as long as it does.")),
            Hint(lambda: 1, N_("A global index can be added at any time, but it is read eventually consistently only.")),
        ),
    ),
    Check(
        "09.pressure",
        N_("Provisioned: the table has 3,000 WCU, its global index 600 WCU. A hand-over takes 3 units of the table and 2 of the index. How many hand-overs a second go through for good?"),
        answer=_check_rate,
        unit=N_("per second"),
        lo=0,
        hi=1_000_000,
        tolerance=0,
        worked=lambda value: _(
            "{value}: the table would take {table_wcu} / {table_units} = {table_rate}, the index {index_wcu} / {index_units} = {value}, and the narrower "
            "one throttles the writes of the table.",
            value=number(value), table_wcu=f"{CHECK_TABLE_WCU:,}", table_units=CHECK_TABLE_UNITS,
            table_rate=f"{CHECK_TABLE_WCU / CHECK_TABLE_UNITS:,.0f}", index_wcu=CHECK_INDEX_WCU, index_units=CHECK_INDEX_UNITS,
        ),
        hints=(
            Hint(lambda: CHECK_TABLE_WCU / CHECK_TABLE_UNITS, N_("That is the table alone. A global index without write capacity holds up the writes of the table.")),
            Hint(lambda: CHECK_INDEX_WCU, N_("A hand-over changes the key of the index: two units, not one.")),
            Hint(lambda: (CHECK_TABLE_WCU + CHECK_INDEX_WCU) / (CHECK_TABLE_UNITS + CHECK_INDEX_UNITS), N_("Capacity is not pooled: a global index has its own.")),
            Hint(lambda: CHECK_TABLE_WCU / CHECK_TABLE_UNITS + CHECK_INDEX_WCU / CHECK_INDEX_UNITS, N_("Each hand-over needs both; the narrower one decides.")),
        ),
    ),
    Check(
        "09.fetch",
        N_("The local index by-price holds keys only. One Query for the 100 tickets of a show, eventually consistent, asks for seat, price and receipt (a ticket weighs 2,500 bytes). How many read units?"),
        answer=lambda: sum(_fetch_parts()),
        unit=N_("units"),
        lo=0,
        hi=10_000,
        tolerance=0,
        worked=lambda value: _(
            "{value}: {index} for the entries, added up and rounded once, and {table} for the receipts: {count} tickets are fetched from the "
            "table, each rounded up to 4 KB and halved.",
            value=number(value), index=number(_fetch_parts()[0]), table=number(_fetch_parts()[1]), count=EACH_SHOW,
        ),
        hints=(
            Hint(lambda: _fetch_parts()[0], N_("That is the index alone. It does not hold the receipt: DynamoDB fetches each ticket from the table.")),
            Hint(lambda: _fetch_parts()[1], N_("Those are the fetches; the entries of the index are read as well.")),
            Hint(
                lambda: _fetch_parts()[0] + meter.read_units(EACH_SHOW * TICKET_BYTES),
                N_("Fetched items are not added up first: each is rounded to 4 KB by itself."),
            ),
            Hint(lambda: 2 * sum(_fetch_parts()), N_("That is strongly consistent; here it is eventually consistent, half of it.")),
        ),
    ),
)


# Quiz ----------------------------------------------------

QUIZ = Quiz(
    (
        Question(
            N_("A table has a local index. The items of one show and their entries together reach 10 GB. What happens?"),
            (
                Option(
                    N_("Nothing: DynamoDB splits the show over several partitions"),
                    N_("With a local index the items of one partition key stay together; only without one may they be split."),
                ),
                Option(
                    N_("The index is dropped and built anew as a global one"),
                    N_("DynamoDB never changes an index by itself, and a local index cannot be taken away from its table."),
                ),
                Option(
                    N_("Writes that would make this show larger are refused; other shows go on"),
                    N_("An item collection may not exceed 10 GB in a table with a local index; the error names the item collection's size."),
                    True,
                ),
            ),
        ),
        Question(
            N_("Sales open. The table has write capacity to spare, yet its PutItem calls are throttled. Which cause fits?"),
            (
                Option(
                    N_("A global index has too little write capacity"),
                    N_("What cannot be written to an index holds up the write to the table; the reason in the error names the index."),
                    True,
                ),
                Option(
                    N_("A local index has too little write capacity"),
                    N_("A local index has no capacity of its own; it uses the table's, and that was to spare."),
                ),
                Option(
                    N_("Somebody reads a global index strongly consistently"),
                    N_("Such a read is refused at once and takes no capacity from anybody."),
                ),
            ),
        ),
        Question(
            N_(
                "An orders table of 400 GB has been in use for two years; its partition key is the order number. A new page shows a customer's last ten "
                "orders with date and total, within milliseconds; a second's delay after an order is acceptable. Which design is the most cost-effective?"
            ),
            (
                Option(
                    N_("Add a local index with the sort key customer"),
                    N_("It cannot be added to a table that exists, and it would look for the customer within one order number only."),
                ),
                Option(
                    N_("Add a global index with customer and date as keys that includes the total"),
                    N_("It can be added at any time, answers in one Query in the right order, and holds and writes only what the page shows."),
                    True,
                ),
                Option(
                    N_("Add a global index with customer and date as keys and the projection ALL"),
                    N_("It answers too, but stores the 400 GB a second time and is written with every change of an order."),
                ),
                Option(
                    N_("Scan the table every hour and keep the lists in a cache"),
                    N_("Each Scan reads 400 GB, and an order may be missing from the page for an hour."),
                ),
            ),
            domain="cost",
        ),
    )
)
