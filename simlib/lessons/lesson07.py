"""Lesson 07: what reads and writes of DynamoDB cost: rounding, consistency, Query against Scan, conditions, transactions."""

from __future__ import annotations

import math
import numbers
import re
from functools import lru_cache

from simlib import facts, meter
from simlib.i18n import N_, _, number, percent, usd
from simlib.lessons import on_moto
from simlib.lessons.lesson06 import attempt, refusal, say_errors_in_a_sentence
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
from simlib.views.units import Steps

__all__ = ["attempt"]

REGION, MARKING_REGION, TABLE, CONCERT = "us-east-1", "us-west-2", "tickets", "C-007"
CONCERTS, TICKETS_EACH, TICKET_BYTES, RESALE_EVERY = 15, 200, 400, 10
TICKETS, RESALES = CONCERTS * TICKETS_EACH, TICKETS_EACH // RESALE_EVERY
BUYERS = 1000
READ_BYTES, WRITE_BYTES = int(facts.value("dynamodb.read_unit_bytes")), int(facts.value("dynamodb.write_unit_bytes"))
ITEM_MOST_BYTES, PAGE_BYTES = int(facts.value("dynamodb.item_max_bytes")), int(facts.value("dynamodb.page_max_bytes"))
BURST_S, PARTITION_READS = int(facts.value("dynamodb.burst_s")), int(facts.value("dynamodb.partition_read_units"))
MILLION = 1_000_000
HOURS_A_MONTH = 730


# The shop ----------------------------------------------------


def ticket(concert: str, place: int, size_bytes: int = TICKET_BYTES) -> dict:
    """A ticket as DynamoDB JSON, every tenth for resale, filled with a note so that it weighs `size_bytes`. Raises InputError."""
    if not isinstance(size_bytes, int) or isinstance(size_bytes, bool) or size_bytes > 2 * ITEM_MOST_BYTES:
        raise InputError(
            _("size_bytes must be a whole number of at most {most}; change it in this cell.", most=f"{2 * ITEM_MOST_BYTES:,}")
        )
    item = key(concert, place) | {"note": {"S": ""}}
    if place % RESALE_EVERY == 0:
        item["resale"] = {"BOOL": True}
    missing = size_bytes - meter.item_size(item)
    if missing < 0:
        raise InputError(
            _("A ticket of {size} bytes has no room for its attributes; choose at least {least}.", size=size_bytes,
              least=meter.item_size(item))
        )
    return item | {"note": {"S": "x" * int(missing)}}


def key(concert: str, place: int) -> dict:
    """The primary key of a ticket, in DynamoDB JSON."""
    return {"concert": {"S": concert}, "ticket": {"S": f"T-{place:05d}"}}


close_shop = on_moto.close_shop


def _client():
    with on_moto.opened(REGION) as session:
        return session.client("dynamodb")


def open_shop():
    """A boto3 client whose table `tickets` holds fresh sample data: the tickets of all concerts.

    In a notebook, what boto3 raises in a cell is shown as one sentence from here on.
    """
    say_errors_in_a_sentence()
    client = _client()
    _fill(client)
    return client


def _fill(client) -> None:
    """Makes the table `tickets` afresh, with the tickets of all concerts."""
    if TABLE in client.list_tables()["TableNames"]:
        client.delete_table(TableName=TABLE)
    client.create_table(
        TableName=TABLE,
        KeySchema=[
            {"AttributeName": "concert", "KeyType": "HASH"},
            {"AttributeName": "ticket", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "concert", "AttributeType": "S"},
            {"AttributeName": "ticket", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    items = [ticket(f"C-{k:03d}", place) for k in range(CONCERTS) for place in range(TICKETS_EACH)]
    for first in range(0, len(items), 25):
        puts = [{"PutRequest": {"Item": item}} for item in items[first : first + 25]]
        client.batch_write_item(RequestItems={TABLE: puts})


ONE_CONCERT = {
    "TableName": TABLE,
    "KeyConditionExpression": "concert = :c",
    "ExpressionAttributeValues": {":c": {"S": CONCERT}},
}
SCAN_CONCERT = {
    "TableName": TABLE,
    "FilterExpression": "concert = :c",
    "ExpressionAttributeValues": {":c": {"S": CONCERT}},
}


def counts(*answers):
    """How many items each answer of a Query or Scan has read and returned, as a DataFrame."""
    import pandas as pd

    return pd.DataFrame(
        [
            {_("items read (ScannedCount)"): answer["ScannedCount"], _("items returned (Count)"): answer["Count"]}
            for answer in answers
        ],
        index=range(1, len(answers) + 1),
    )


def units(ledger):
    """What the calls of a ledger cost, one below the other and together, as a DataFrame of text."""
    import pandas as pd

    lines = [(line.operation, line.read_units, line.write_units, line.on_demand_usd, line.error or "") for line in ledger]
    places = [str(place) for place in range(1, len(lines) + 1)]
    if len(lines) > 1:
        lines.append((_("together"), ledger.read_units, ledger.write_units, ledger.on_demand_usd, ""))
        places.append("Σ")
    table = pd.DataFrame(
        [
            {
                _("operation"): operation,
                _("read units"): number(reads, 6),
                _("write units"): number(writes, 6),
                _("dollars for a million such calls"): usd(MILLION * spent),
                _("refused with"): error,
            }
            for operation, reads, writes, spent, error in lines
        ],
        index=places,
    )
    return table if any(error for *_rest, error in lines) else table.iloc[:, :-1]


# Predict ----------------------------------------------------

QUERY_UNITS = Prediction(
    "07.query",
    N_("One Query reads all 200 tickets of one concert, 400 bytes each, eventually consistent. How many read units?"),
    unit=N_("units"),
    lo=0,
    hi=100_000,
)
FILTER_SAVES = Prediction(
    "07.filter",
    N_("The same Query gets a filter that lets only 20 of the 200 tickets through. What does it cost?"),
    choices=(N_("a tenth"), N_("the same"), N_("more, since filtering is work")),
)


def query_units(items: int = TICKETS_EACH, size_bytes: int = TICKET_BYTES, factor: float = meter.EVENTUAL) -> float:
    """Read units of a Query or Scan over equal items: bytes are added up and rounded once a page.

    A page ends with the item that reaches 1 MB; who reads on after a full last page pays for an empty one.
    """
    return sum(meter.read_units(count * size_bytes, factor) for count in pages(items, size_bytes))


def pages(items: int, size_bytes: int) -> list[int]:
    """How many equal items stand on each page of a Query or Scan."""
    each = math.ceil(PAGE_BYTES / size_bytes)
    full, rest = divmod(items, each)
    return [each] * full + [rest]


def filter_choice(before_units: float, after_units: float) -> int:
    """The choice of the prediction about the filter that two metered Queries bear out."""
    return 1 if after_units == before_units else 0 if after_units < before_units else 2


@lru_cache(maxsize=1)
def filter_answer() -> int:
    """The choice that the lesson's own Query gives with and without the filter, metered in a shop of its own."""
    used = []
    for extra in ({}, {"FilterExpression": "attribute_exists(resale)"}):
        with meter.watch(_own_shop()) as ledger:
            _own_shop().query(**ONE_CONCERT, **extra)
        used.append(ledger.read_units)
    return filter_choice(*used)


# Observe ----------------------------------------------------

CONSISTENCY = {
    "eventual": (meter.EVENTUAL, N_("eventually consistent")),
    "strong": (meter.STRONG, N_("strongly consistent")),
    "transactional": (meter.TRANSACTIONAL_READ, N_("transactional")),
}
SIZE_CONTROL = Control("size_bytes", N_("size of an item"), WRITE_BYTES, "B", 256, 3 * READ_BYTES, 1, whole=True)
ITEMS_CONTROL = Control("items", N_("items read"), 20, "", 1, 100, 1, whole=True)
CONSISTENCY_CONTROL = Control(
    "consistency", N_("consistency"), "eventual", choices=tuple((name, words) for name, (_k, words) in CONSISTENCY.items())
)


def one_item(settings: dict) -> dict:
    """Units of one strongly consistent read and one write, over the size of the item."""
    now = settings["size_bytes"]
    sizes = list(range(1, SIZE_CONTROL.hi + 1, 8))
    return {
        "bytes": sizes,
        "lines": {
            _("one write"): [meter.write_units(size) for size in sizes],
            _("one strong read"): [meter.read_units(size, meter.STRONG) for size in sizes],
        },
        "now": (now, [meter.write_units(now), meter.read_units(now, meter.STRONG)]),
    }


def say_one(found: dict, before: dict | None) -> str:
    """The units of a write and a read, how far the next step is, and the same at A."""
    size, (write, read) = found["now"]
    said = _(
        "{size} B – write units: {write}; read units, strong: {read}. The next write unit begins {write_room} B further, the next read "
        "unit {read_room} B further.",
        size=f"{size:,}",
        write=number(write),
        read=number(read),
        write_room=f"{int(write * WRITE_BYTES) - size + 1:,}",
        read_room=f"{int(read * READ_BYTES) - size + 1:,}",
    )
    if before is None:
        return said
    size, (write, read) = before["now"]
    return said + " " + _(
        "A has {size} B – write units: {write}; read units: {read}.", size=f"{size:,}", write=number(write), read=number(read)
    )


def many_items(settings: dict) -> dict:
    """Units of the same items one by one (each rounded) and through a Query (sums of pages rounded), over the item's size."""
    now, items = settings["size_bytes"], settings["items"]
    factor = CONSISTENCY[settings.get("consistency", "strong")][0]
    sizes = list(range(1, SIZE_CONTROL.hi + 1, 8))
    return {
        "items": items,
        "bytes": sizes,
        "lines": {
            _("one by one, each rounded up"): [items * meter.read_units(size, factor) for size in sizes],
            _("Query, the sum rounded up"): [query_units(items, size, factor) for size in sizes],
        },
        "now": (now, [items * meter.read_units(now, factor), query_units(items, now, factor)]),
    }


def say_many(found: dict, before: dict | None) -> str:
    """The units both ways, how many times as many that is, and the same at A."""
    size, (each, together) = found["now"]
    counted = dict(items=found["items"], size=f"{size:,}", each=number(each, 6), together=number(together, 6))
    if each == together:
        said = _("Items of {size} B: {items}. Units: {each} both ways.", **counted)
    else:
        said = _(
            "Items of {size} B: {items}. Units: {each} if each is rounded up, {together} if their sum is: {times} times as many.",
            times=number(each / together), **counted,
        )
    if before is None:
        return said
    size, (each, together) = before["now"]
    return said + " " + _(
        "A: {items} of {size} B; units: {each} and {together}.",
        items=before["items"], size=f"{size:,}", each=number(each, 6), together=number(together, 6),
    )


SIZE_EXPLORER = Explorable(controls=(SIZE_CONTROL,), run=one_item, picture=Steps, say=say_one)
ITEMS_EXPLORER = Explorable(controls=(SIZE_CONTROL, ITEMS_CONTROL), run=many_items, picture=Steps, say=say_many)
CONSISTENCY_EXPLORER = Explorable(
    controls=(SIZE_CONTROL, ITEMS_CONTROL, CONSISTENCY_CONTROL), run=many_items, picture=Steps, say=say_many
)


# Explain ----------------------------------------------------


def _monthly_usd(units_per_s: float, kind: str, date: str | None = None) -> tuple[float, float]:
    """A month at a steady rate: (on demand, provisioned)."""
    book = price_book(REGION, date)
    on_demand = units_per_s * facts.value("dynamodb.unit_hour") * HOURS_A_MONTH * book.usd(f"dynamodb.{kind}_request.standard")
    return on_demand, math.ceil(units_per_s) * HOURS_A_MONTH * book.usd(f"dynamodb.{kind}_capacity.standard")


def break_even(date: str | None = None, kind: str = "write") -> float:
    """The utilisation at which provisioned and on-demand capacity cost the same."""
    on_demand, provisioned = _monthly_usd(1, kind, date)
    return provisioned / on_demand


def modes(units_per_s: float = 100):
    """A month of steady reads and writes in both modes, before and after the price cut, as a DataFrame of text."""
    import pandas as pd

    if not isinstance(units_per_s, numbers.Real) or isinstance(units_per_s, bool) or not 0 < units_per_s <= MILLION:
        raise InputError(
            _("units_per_s must be a number above 0 and at most {most}, such as 100; change it in this cell.", most=f"{MILLION:,}")
        )
    rows = {}
    for date, when in (("2024-10-31", N_("until October 2024")), (None, N_("today"))):
        for kind, words in (("read", N_("reads")), ("write", N_("writes"))):
            on_demand, provisioned = _monthly_usd(units_per_s, kind, date)
            rows[f"{_(words)}, {_(when)}"] = {
                _("on demand"): usd(on_demand),
                _("provisioned"): usd(provisioned),
                _("on demand is"): _("{times} times", times=number(on_demand / provisioned)),
                _("break-even utilisation"): percent(break_even(date, kind)),
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def _worked(name: str, count: int) -> str:
    size = count * TICKET_BYTES
    return _(
        "{name}: {count} × {each} B = {size} B; / {unit} B = {raw}, rounded up {whole}; × {factor} = {units} units.",
        name=name,
        count=f"{count:,}",
        each=TICKET_BYTES,
        size=f"{size:,}",
        unit=f"{READ_BYTES:,}",
        raw=number(size / READ_BYTES, 5),
        whole=math.ceil(size / READ_BYTES),
        factor=number(meter.EVENTUAL),
        units=number(meter.read_units(size), 6),
    )


def worked_sums() -> str:
    """The Query, the pages of the Scan and the same tickets one by one, by hand, in units and dollars."""
    price = price_book(REGION).usd("dynamodb.read_request.standard")
    query, scan = query_units(), query_units(TICKETS)
    single = TICKETS_EACH * meter.read_units(TICKET_BYTES)
    lines = [_worked(_("Query"), TICKETS_EACH)]
    lines += [_worked(_("Scan, page {page}", page=place), count) for place, count in enumerate(pages(TICKETS, TICKET_BYTES), 1)]
    lines.append(
        _("{count} tickets by BatchGetItem: each is rounded up to {unit} B; {count} × {factor} = {units} units.",
          count=TICKETS_EACH, unit=f"{READ_BYTES:,}", factor=number(meter.EVENTUAL), units=number(single, 6))
    )
    lines.append(
        _("A million views of the page, at ${price} a unit: {query} by Query, {single} by BatchGetItem, {scan} by Scan, which is {times} "
          "times the Query for the same tickets.",
          price=f"{price:.9f}", query=usd(MILLION * query * price), single=usd(MILLION * single * price),
          scan=usd(MILLION * scan * price), times=number(scan / query))
    )
    return "\n".join(lines)


# Break it ----------------------------------------------------


def eaten(scan_units: float, table_rcu: float) -> str:
    """What a Scan takes of a table's provisioned capacity, and what burst capacity may save."""
    if not isinstance(table_rcu, numbers.Real) or isinstance(table_rcu, bool) or not 0 < table_rcu < math.inf:
        raise InputError(_("table_rcu must be a number above 0, such as 25; change it in this cell."))
    return _(
        "One Scan takes {units} units: all of a table's {rcu} RCU for {seconds} s, and buyers who read meanwhile are throttled. If the "
        "table was quiet before, DynamoDB may have kept up to {burst} s of unused capacity, here {kept} units: a best effort, no promise.",
        units=number(scan_units, 6),
        rcu=number(table_rcu, 6),
        seconds=number(scan_units / table_rcu),
        burst=BURST_S,
        kept=number(BURST_S * table_rcu, 6),
    )


def breaking(table_rcu: float = 25) -> list[str]:
    """What one should have seen in section 6, item by item."""
    scan = query_units(TICKETS)
    return [
        _(
            "More than {units} RCU, and the table grows. With {rcu} RCU, {quiet} s without reads save enough for one Scan, as long as "
            "DynamoDB keeps what was unused. A Query takes {query} units, however many other concerts there are.",
            units=number(scan, 6),
            rcu=number(table_rcu),
            quiet=number(scan / table_rcu),
            query=number(query_units()),
        ),
        _(
            "{one} B take {first} write unit, one byte more takes {second}. {most} B are taken and cost {dearest}; one byte more is refused, and "
            "a request that is refused as invalid costs nothing. Names count as well, so shorter names may save a unit.",
            one=f"{WRITE_BYTES:,}",
            first=number(meter.write_units(WRITE_BYTES)),
            second=number(meter.write_units(WRITE_BYTES + 1)),
            most=f"{ITEM_MOST_BYTES:,}",
            dearest=number(meter.write_units(ITEM_MOST_BYTES)),
        ),
    ]


# Exercises ----------------------------------------------------

READS_PER_S, READ_ITEM_BYTES = 120, 6 * 1024


def _exercise_rcu() -> float:
    return READS_PER_S * meter.read_units(READ_ITEM_BYTES, meter.STRONG)


BY_HAND = Target(
    "07.by_hand",
    N_("At 20:00 the shop reads 120 items a second, 6 KB each, strongly consistent. How many RCU must be provisioned?"),
    numbers.Real,
    (Condition(N_("distance from the meter's RCU"), lambda given: abs(given - _exercise_rcu()), 0.001),),
    solution=_exercise_rcu,
    worked=lambda: _(
        "{item} KB / {step} KB = {raw}, rounded up {each} units for each read; × {rate} = {rcu} RCU. Eventually consistent it would be half.",
        item=READ_ITEM_BYTES // 1024,
        step=READ_BYTES // 1024,
        raw=number(READ_ITEM_BYTES / READ_BYTES),
        each=number(meter.read_units(READ_ITEM_BYTES, meter.STRONG)),
        rate=READS_PER_S,
        rcu=number(_exercise_rcu(), 6),
    ),
    untouched=lambda given: given == 0,
    needs=N_("a number"),
)


@lru_cache(maxsize=1)
def _own_shop():
    """A client for marking, in a Region of its own: what the learner has written into the table does not matter there."""
    with on_moto.opened(MARKING_REGION) as session:
        client = session.client("dynamodb")
    _fill(client)
    on_moto.at_close(_own_shop.cache_clear)
    return client


MOST_PAGES = 12


def _all_pages(call, request: dict) -> list[dict]:
    items, start = [], {}
    for _page in range(MOST_PAGES):
        answer = call(**request, **start)
        items += answer.get("Items", [])
        if "LastEvaluatedKey" not in answer:
            return items
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    raise InputError(
        _("my_request still has pages left after {most} pages; take out Limit, or raise it in this cell.", most=MOST_PAGES)
    )


def _filters_by_key(request: dict) -> bool:
    """Whether a FilterExpression holds an attribute of the key, which DynamoDB refuses in a Query and moto does not."""
    names = request.get("ExpressionAttributeNames")
    words = re.findall(r"(?<![:\w#])#?\w+", str(request.get("FilterExpression", "")))
    return any((names if isinstance(names, dict) else {}).get(word, word) in key(CONCERT, 0) for word in words)


def _play(request: dict) -> dict:
    client = _own_shop()
    query = "KeyConditionExpression" in request
    if query and _filters_by_key(request):
        raise InputError(
            _("DynamoDB refuses my_request: in a Query, FilterExpression may not hold concert or ticket, which are the key; correct it in "
              "this cell.")
        )
    with meter.watch(client) as ledger:
        try:
            items = _all_pages(client.query if query else client.scan, request)
        except InputError:
            raise
        except Exception as error:
            why = refusal(error) or str(error)
            raise InputError(_("my_request does not work ({why}); correct it in this cell.", why=why.rstrip("."))) from None
    mine = [item for item in items if item.get("concert", {}).get("S") == CONCERT]
    return {"tickets": len({str(item.get("ticket")) for item in mine}), "units": ledger.read_units}


def _one_solution() -> dict:
    return dict(ONE_CONCERT)


CHEAP = Target(
    "07.target",
    N_("Find all 200 tickets of concert C-007 with at most 10 read units, by changing the request."),
    dict,
    (
        Condition(N_("tickets missing"), lambda seen: TICKETS_EACH - seen["tickets"], 0),
        Condition(N_("read units"), lambda seen: seen["units"], query_units()),
    ),
    solution=_one_solution,
    examine=_play,
    worked=lambda: _(
        "Rename FilterExpression to KeyConditionExpression: then it is a Query, which reads one concert only. "
        "Eventually consistent it takes {units} units instead of {scan}.",
        units=number(query_units()),
        scan=number(query_units(TICKETS)),
    ),
    untouched=lambda given: given == SCAN_CONCERT,
    needs=N_("a request (a dict)"),
)

ADVICE = Essay(
    "07.advice",
    N_("A colleague says: “My Scan has a filter and returns only 20 tickets, so it is cheap.” Answer in three sentences."),
    (
        N_("Units are counted from what is read, before the filter; what is returned does not matter."),
        N_("The Scan reads the whole table and grows with it; a Query reads the items of one partition key."),
        N_("Projections and COUNT save bytes on the wire but no units; a key that fits the question does save."),
    ),
)


# Check ----------------------------------------------------

STRONG_BYTES = 9 * 1024
BATCH, BATCH_BYTES = 40, 500
RATE_READS, RATE_READ_BYTES = 50, 18 * 1024
RATE_WRITES, RATE_WRITE_BYTES = 90, 1500
BEFORE_BYTES, ADDED_BYTES = 1900, 200
OLD_BYTES, NEW_BYTES = 3000, 1200
TOGETHER, TOGETHER_BYTES = 4, 1500


def _count_choice() -> int:
    """The place of the right choice: metered, a Query with and without Select=COUNT."""
    client, used = _own_shop(), []
    for extra in ({}, {"Select": "COUNT"}):
        with meter.watch(client) as ledger:
            client.query(**ONE_CONCERT, **extra)
        used.append(ledger.read_units)
    return 1 if used[1] == used[0] else 0


def _kilobytes(size_bytes: int) -> str:
    return number(size_bytes / 1024, 4)


CHECKS = (
    Check(
        "07.strong",
        N_("One strongly consistent GetItem of a 9 KB item: how many read units?"),
        answer=lambda: meter.read_units(STRONG_BYTES, meter.STRONG),
        unit=N_("units"),
        lo=0,
        hi=10_000,
        tolerance=0,
        worked=lambda value: _(
            "{size} KB / {step} KB = {raw}, rounded up {units}; a strong read counts once.",
            size=_kilobytes(STRONG_BYTES),
            step=_kilobytes(READ_BYTES),
            raw=number(STRONG_BYTES / READ_BYTES),
            units=number(value),
        ),
        hints=(
            Hint(lambda: meter.write_units(STRONG_BYTES), N_("That is the step of writes, 1 KB. Reads go by 4 KB.")),
            Hint(lambda: meter.read_units(STRONG_BYTES), N_("That is an eventually consistent read, half the price.")),
            Hint(lambda: STRONG_BYTES / READ_BYTES, N_("Units come in whole steps: round up.")),
        ),
    ),
    Check(
        "07.sum",
        N_("One Query returns 40 items of 500 bytes, eventually consistent. How many read units?"),
        answer=lambda: meter.read_units(BATCH * BATCH_BYTES),
        unit=N_("units"),
        lo=0,
        hi=10_000,
        tolerance=0,
        worked=lambda value: _(
            "{count} × {each} B = {size} B = {raw} × {step} KB, rounded up {whole}; × {factor} = {units}.",
            count=BATCH,
            each=BATCH_BYTES,
            size=f"{BATCH * BATCH_BYTES:,}",
            raw=number(BATCH * BATCH_BYTES / READ_BYTES),
            step=_kilobytes(READ_BYTES),
            whole=number(meter.read_units(BATCH * BATCH_BYTES, meter.STRONG)),
            factor=number(meter.EVENTUAL),
            units=number(value),
        ),
        hints=(
            Hint(
                lambda: BATCH * meter.read_units(BATCH_BYTES),
                N_("That rounds each item, as BatchGetItem does. A Query adds up first and rounds once."),
            ),
            Hint(lambda: meter.read_units(BATCH * BATCH_BYTES, meter.STRONG), N_("That is a strongly consistent read.")),
            Hint(lambda: meter.EVENTUAL * BATCH * BATCH_BYTES / READ_BYTES, N_("Units come in whole steps: round up, then halve.")),
        ),
    ),
    Check(
        "07.rcu",
        N_("An app reads 50 items a second, 18 KB each, eventually consistent. How many RCU must be provisioned?"),
        answer=lambda: RATE_READS * meter.read_units(RATE_READ_BYTES),
        unit="RCU",
        lo=0,
        hi=100_000,
        tolerance=0,
        worked=lambda value: _(
            "{size} KB / {step} KB = {raw}, rounded up {whole}; × {factor} = {each} for one read; × {rate} a second = {units} RCU.",
            size=_kilobytes(RATE_READ_BYTES),
            step=_kilobytes(READ_BYTES),
            raw=number(RATE_READ_BYTES / READ_BYTES),
            whole=number(meter.read_units(RATE_READ_BYTES, meter.STRONG)),
            factor=number(meter.EVENTUAL),
            each=number(meter.read_units(RATE_READ_BYTES)),
            rate=RATE_READS,
            units=number(value),
        ),
        hints=(
            Hint(
                lambda: RATE_READS * meter.read_units(RATE_READ_BYTES, meter.STRONG),
                N_("That is for strongly consistent reads; these are eventually consistent."),
            ),
            Hint(
                lambda: RATE_READS * math.ceil(RATE_READ_BYTES * meter.EVENTUAL / READ_BYTES),
                N_("That goes by 8 KB. Round up by 4 KB first, then halve."),
            ),
            Hint(
                lambda: RATE_READS * meter.EVENTUAL * RATE_READ_BYTES / READ_BYTES,
                N_("Every read is rounded up by itself, before it is multiplied by the rate."),
            ),
            Hint(lambda: RATE_READS * meter.EVENTUAL * meter.write_units(RATE_READ_BYTES), N_("That is the step of writes, 1 KB. Reads go by 4 KB.")),
            Hint(lambda: meter.read_units(RATE_READ_BYTES), N_("That is one read. Multiply by the reads a second.")),
        ),
    ),
    Check(
        "07.wcu",
        N_("Another app writes 90 new items a second, 1,500 bytes each. How many WCU must be provisioned?"),
        answer=lambda: RATE_WRITES * meter.write_units(RATE_WRITE_BYTES),
        unit="WCU",
        lo=0,
        hi=100_000,
        tolerance=0,
        worked=lambda value: _(
            "{size} B / {step} B = {raw}, rounded up {each}; × {rate} a second = {units} WCU.",
            size=f"{RATE_WRITE_BYTES:,}",
            step=f"{WRITE_BYTES:,}",
            raw=number(RATE_WRITE_BYTES / WRITE_BYTES),
            each=number(meter.write_units(RATE_WRITE_BYTES)),
            rate=RATE_WRITES,
            units=number(value),
        ),
        hints=(
            Hint(
                lambda: RATE_WRITES * meter.read_units(RATE_WRITE_BYTES, meter.STRONG),
                N_("That is the step of reads, 4 KB. Writes go by 1 KB."),
            ),
            Hint(
                lambda: math.ceil(RATE_WRITES * RATE_WRITE_BYTES / WRITE_BYTES),
                N_("That rounds the sum. Every write is rounded up by itself."),
            ),
            Hint(
                lambda: RATE_WRITES * meter.write_units(RATE_WRITE_BYTES, factor=meter.TRANSACTIONAL_WRITE),
                N_("Only a transaction counts twice; these are plain writes."),
            ),
        ),
    ),
    Check(
        "07.update",
        N_("An UpdateItem adds one attribute of 200 bytes to an item of 1,900 bytes. How many write units?"),
        answer=lambda: meter.write_units(BEFORE_BYTES, BEFORE_BYTES + ADDED_BYTES),
        unit=N_("units"),
        lo=0,
        hi=10_000,
        tolerance=0,
        worked=lambda value: _(
            "{before} + {added} = {after} B afterwards, more than before; / {step} B = {raw}, rounded up {units}.",
            before=f"{BEFORE_BYTES:,}",
            added=ADDED_BYTES,
            after=f"{BEFORE_BYTES + ADDED_BYTES:,}",
            step=f"{WRITE_BYTES:,}",
            raw=number((BEFORE_BYTES + ADDED_BYTES) / WRITE_BYTES),
            units=number(value),
        ),
        hints=(
            Hint(lambda: meter.write_units(ADDED_BYTES), N_("The whole item counts, not only the attribute that is written.")),
            Hint(lambda: meter.write_units(BEFORE_BYTES), N_("That is the item before. The larger of before and after counts.")),
            Hint(
                lambda: meter.write_units(BEFORE_BYTES) + meter.write_units(BEFORE_BYTES + ADDED_BYTES),
                N_("Before and after are not added up; the larger counts."),
            ),
        ),
    ),
    Check(
        "07.condition",
        N_("A PutItem of 1,200 bytes would replace an item of 3,000 bytes, but its condition fails. How many write units?"),
        answer=lambda: meter.write_units(OLD_BYTES, NEW_BYTES),
        unit=N_("units"),
        lo=0,
        hi=10_000,
        tolerance=0,
        worked=lambda value: _(
            "{units}: the larger of both counts, {old} B = {raw} × {step} KB, and a failed condition is charged.",
            units=number(value),
            old=f"{OLD_BYTES:,}",
            raw=number(OLD_BYTES / WRITE_BYTES),
            step=_kilobytes(WRITE_BYTES),
        ),
        hints=(
            Hint(lambda: 0, N_("DynamoDB had to look at the item: a failed condition is charged like a write.")),
            Hint(lambda: meter.write_units(NEW_BYTES), N_("That is the new item. The larger of old and new counts.")),
            Hint(lambda: 1, N_("A failed condition is not the smallest write: it is charged by the size of the item.")),
        ),
    ),
    Check(
        "07.transaction",
        N_("One TransactWriteItems puts 4 new items of 1,500 bytes each. How many write units?"),
        answer=lambda: TOGETHER * meter.write_units(TOGETHER_BYTES, factor=meter.TRANSACTIONAL_WRITE),
        unit=N_("units"),
        lo=0,
        hi=10_000,
        tolerance=0,
        worked=lambda value: _(
            "{size} B are {each} units, in a transaction × {factor}; × {count} items = {units}.",
            size=f"{TOGETHER_BYTES:,}",
            each=number(meter.write_units(TOGETHER_BYTES)),
            factor=number(meter.TRANSACTIONAL_WRITE),
            count=TOGETHER,
            units=number(value),
        ),
        hints=(
            Hint(
                lambda: TOGETHER * meter.write_units(TOGETHER_BYTES),
                N_("Those are plain writes; a transaction prepares and commits each item, and counts twice."),
            ),
            Hint(
                lambda: meter.write_units(TOGETHER * TOGETHER_BYTES, factor=meter.TRANSACTIONAL_WRITE),
                N_("That rounds the sum. Each item of a transaction is rounded up by itself."),
            ),
        ),
    ),
    Check(
        "07.count",
        N_("The Query of one concert gets Select=COUNT and returns only a number. What does it cost?"),
        answer=_count_choice,
        choices=(N_("less than before"), N_("the same as before"), N_("nothing, since no item returns")),
        worked=lambda value: _("The same: every item is still read, and units count what is read."),
        hints=(
            Hint(lambda: 0, N_("Fewer bytes travel, but DynamoDB reads as many items to count them.")),
            Hint(lambda: 2, N_("Units count what is read, not what returns, and to count is to read.")),
        ),
    ),
)


# Quiz ----------------------------------------------------

QUIZ = Quiz(
    (
        Question(
            N_("A GetItem asks for a ticket that does not exist. What is charged?"),
            (
                Option(N_("Nothing"), N_("DynamoDB searched for it, and the search is charged.")),
                Option(N_("The smallest read: one step of 4 KB"), N_("A missing item counts as the smallest read."), True),
                Option(N_("The mean size of the table's items"), N_("DynamoDB never charges by a mean size.")),
            ),
        ),
        Question(
            N_("An UpdateItem changes one attribute of 10 bytes in an item of 5 KB. How many write units?"),
            (
                Option(N_("1"), N_("The whole item counts, not the attribute that changed.")),
                Option(N_("2"), N_("Steps of 4 KB belong to reads; writes go by 1 KB.")),
                Option(N_("5"), N_("The larger of the item before and after counts, in steps of 1 KB."), True),
            ),
        ),
        Question(
            N_(
                "A shop lists the orders of one customer by a Scan with a filter. The table has grown to 50 GB, and the "
                "bill grows with it. Slightly old data are acceptable. Which change is the most cost-effective?"
            ),
            (
                Option(N_("Add a ProjectionExpression to the Scan"), N_("The Scan still reads every item in full.")),
                Option(N_("Run the Scan in parallel segments"), N_("It ends sooner but reads, and costs, as much.")),
                Option(
                    N_("Use the customer as partition key and run an eventually consistent Query"),
                    N_("Only this customer's orders are read, at half the units of a strong read."),
                    True,
                ),
                Option(N_("Use Limit=10 and read all pages"), N_("More and smaller pages read the same items.")),
            ),
            domain="cost",
        ),
    )
)
