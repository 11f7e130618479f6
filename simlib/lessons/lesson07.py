"""Lesson 07: what reads and writes of DynamoDB cost: rounding, consistency, Query against Scan, conditions."""

from __future__ import annotations

import math
import numbers
from functools import lru_cache

from simlib import facts, meter
from simlib.i18n import N_, _, number, usd
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

REGION, TABLE, CONCERT = "us-east-1", "tickets", "C-007"
CONCERTS, TICKETS_EACH, TICKET_BYTES = 15, 200, 400
READ_BYTES, WRITE_BYTES = int(facts.value("dynamodb.read_unit_bytes")), int(facts.value("dynamodb.write_unit_bytes"))
ITEM_MOST_BYTES = int(facts.value("dynamodb.item_max_bytes"))
MILLION = 1_000_000
HOURS_A_MONTH = 730


# The shop ----------------------------------------------------


def ticket(concert: str, place: int, size_bytes: int = TICKET_BYTES) -> dict:
    """A ticket as DynamoDB JSON, every tenth for resale, filled with a note so that it weighs `size_bytes`. Raises InputError if too small."""
    item = {
        "concert": {"S": concert},
        "ticket": {"S": f"T-{place:05d}"},
        "note": {"S": ""},
    }
    if place % 10 == 0:
        item["resale"] = {"BOOL": True}
    missing = size_bytes - meter.item_size(item)
    if missing < 0:
        raise InputError(
            _("A ticket of {size} bytes has no room for its attributes; choose at least {least}.", size=size_bytes,
              least=meter.item_size(item))
        )
    return item | {"note": {"S": "x" * int(missing)}}


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
        _own_shop.cache_clear()


def _client():
    import boto3

    _mock()
    session = boto3.Session(aws_access_key_id="lesson", aws_secret_access_key="lesson", region_name=REGION)
    return session.client("dynamodb")


def open_shop():
    """A boto3 client whose table `tickets` holds fresh sample data: 15 concerts of 200 tickets, 400 bytes each."""
    client = _client()
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
    return client


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


def key(place: int, concert: str = CONCERT) -> dict:
    """The primary key of a ticket."""
    return {"concert": {"S": concert}, "ticket": {"S": f"T-{place:05d}"}}


def all_pages(call, request: dict) -> list[dict]:
    """All items that a Query or Scan finds, page after page."""
    items, start = [], {}
    while True:
        page = call(**request, **start)
        items += page.get("Items", [])
        if "LastEvaluatedKey" not in page:
            return items
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def dollars(ledger) -> str:
    """What a million repetitions of everything in a ledger cost on demand."""
    return _(
        "Our meter counts {reads} read units and {writes} write units; calls: {calls}. A million times: {usd} on demand.",
        reads=number(ledger.read_units, 6),
        writes=number(ledger.write_units, 6),
        calls=ledger.calls,
        usd=usd(ledger.on_demand_usd * MILLION),
    )


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


def query_units() -> float:
    """Read units of the Query over one concert."""
    return meter.read_units(TICKETS_EACH * TICKET_BYTES)


# Observe ----------------------------------------------------

CONSISTENCY = {
    "eventual": (meter.EVENTUAL, N_("eventually consistent")),
    "strong": (meter.STRONG, N_("strongly consistent")),
    "transactional": (meter.TRANSACTIONAL_READ, N_("transactional")),
}
SIZE_CONTROL = Control("size_bytes", N_("size of an item"), 1024, "B", 256, 12_288, 1, whole=True)
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


def many_items(settings: dict) -> dict:
    """Units of the same items through BatchGetItem (each rounded) and Query (sum rounded), over the item's size.

    A Query of more than 1 MB would need a second page, which this picture leaves out.
    """
    now, items = settings["size_bytes"], settings["items"]
    factor = CONSISTENCY[settings.get("consistency", "strong")][0]
    sizes = list(range(1, SIZE_CONTROL.hi + 1, 8))
    return {
        "bytes": sizes,
        "lines": {
            _("each rounded up: GetItem"): [items * meter.read_units(size, factor) for size in sizes],
            _("sum rounded up: Query"): [meter.read_units(items * size, factor) for size in sizes],
        },
        "now": (now, [items * meter.read_units(now, factor), meter.read_units(items * now, factor)]),
    }


def say_units(found: dict, before: dict | None) -> str:
    """The units at the setting, and at A."""
    said = []
    for name, seen in (("", found), ("A: ", before)):
        if seen is not None:
            size, units = seen["now"]
            parts = [
                _("{what}: {units}", what=what, units=number(value, 6))
                for what, value in zip(seen["lines"], units)
            ]
            said.append(name + _("Units at {size} B", size=f"{size:,}") + " – " + "; ".join(parts) + ".")
    return " ".join(said)


SIZE_EXPLORER = Explorable(controls=(SIZE_CONTROL,), run=one_item, picture=Steps, say=say_units)
ITEMS_EXPLORER = Explorable(controls=(SIZE_CONTROL, ITEMS_CONTROL), run=many_items, picture=Steps, say=say_units)
CONSISTENCY_EXPLORER = Explorable(
    controls=(SIZE_CONTROL, ITEMS_CONTROL, CONSISTENCY_CONTROL), run=many_items, picture=Steps, say=say_units
)


# Explain ----------------------------------------------------


def _monthly_usd(units_per_s: float, kind: str, date: str | None = None) -> tuple[float, float]:
    """A month at a steady rate: (on demand, provisioned)."""
    book = price_book(REGION, date)
    on_demand = units_per_s * 3600 * HOURS_A_MONTH * book.usd(f"dynamodb.{kind}_request.standard")
    return on_demand, math.ceil(units_per_s) * HOURS_A_MONTH * book.usd(f"dynamodb.{kind}_capacity.standard")


def break_even(date: str | None = None, kind: str = "write") -> float:
    """The utilisation at which provisioned and on-demand capacity cost the same."""
    on_demand, provisioned = _monthly_usd(1, kind, date)
    return provisioned / on_demand


def modes(units_per_s: float = 100):
    """A month of steady reads and writes in both modes, before and after the price cut, as a DataFrame of text."""
    import pandas as pd

    rows = {}
    for date, when in (("2024-10-31", N_("until October 2024")), (None, N_("today"))):
        for kind, words in (("read", N_("reads")), ("write", N_("writes"))):
            on_demand, provisioned = _monthly_usd(units_per_s, kind, date)
            rows[f"{_(words)}, {_(when)}"] = {
                _("on demand"): usd(on_demand),
                _("provisioned"): usd(provisioned),
                _("on demand is"): _("{times} times", times=number(on_demand / provisioned)),
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def worked_sums() -> str:
    """The Query and the Scan by hand."""
    book = price_book(REGION)
    lines = []
    for name, count in ((_("Query"), TICKETS_EACH), (_("Scan"), CONCERTS * TICKETS_EACH)):
        size = count * TICKET_BYTES
        lines.append(
            _(
                "{name}: {count} × {each} B = {size} B; / {unit} B = {raw}, rounded up {whole}; × 0.5 = {units} units; × ${price} × 1,000,000 = {usd}",
                name=name,
                count=f"{count:,}",
                each=TICKET_BYTES,
                size=f"{size:,}",
                unit=f"{READ_BYTES:,}",
                raw=number(size / READ_BYTES, 6),
                whole=math.ceil(size / READ_BYTES),
                units=number(meter.read_units(size), 6),
                price=f"{book.usd('dynamodb.read_request.standard'):.9f}",
                usd=usd(MILLION * meter.read_units(size) * book.usd("dynamodb.read_request.standard")),
            )
        )
    lines.append(_("Each page is rounded up by itself, so a Scan of several pages may cost a little more."))
    return "\n".join(lines)


# Break it ----------------------------------------------------


def eaten(scan_units: float, table_rcu: float) -> str:
    """What a Scan leaves of a table's provisioned capacity."""
    if not isinstance(table_rcu, numbers.Real) or not 0 < table_rcu < math.inf:
        raise InputError(_("table_rcu must be a number above 0, such as 25; change it in this cell."))
    return _(
        "One Scan takes {units} units: all of a table's {rcu} RCU for {seconds} s. Buyers who read meanwhile are throttled.",
        units=number(scan_units, 6),
        rcu=number(table_rcu, 6),
        seconds=number(scan_units / table_rcu),
    )


def try_put(client, size_bytes: int) -> str:
    """Puts a ticket of a size and says what it costs, or how DynamoDB refuses it."""
    from botocore.exceptions import ClientError

    if not isinstance(size_bytes, int) or isinstance(size_bytes, bool) or size_bytes > 2 * ITEM_MOST_BYTES:
        raise InputError(
            _("size_bytes must be a whole number of at most {most}; change it in this cell.", most=2 * ITEM_MOST_BYTES)
        )
    with meter.watch(client) as ledger:
        try:
            client.put_item(TableName=TABLE, Item=ticket("C-999", size_bytes, size_bytes))
        except ClientError as error:
            return _("{size} B: refused. {why}", size=f"{size_bytes:,}", why=error.response["Error"]["Message"])
    client.delete_item(TableName=TABLE, Key=key(size_bytes, "C-999"))
    return _("{size} B: {units} WCU", size=f"{size_bytes:,}", units=number(ledger.write_units, 6))


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
        "6 KB / 4 KB = 1.5, rounded up 2 units for each read; × {rate} = {rcu} RCU.",
        rate=READS_PER_S,
        rcu=number(_exercise_rcu(), 6),
    ),
    untouched=lambda given: given == 0,
    needs=N_("a number"),
)


@lru_cache(maxsize=1)
def _own_shop():
    """A second session's client for marking; opened only if the learner's table is gone."""
    client = _client()
    return client if TABLE in client.list_tables()["TableNames"] else open_shop()


def _play(request: dict) -> dict:
    from botocore.exceptions import ClientError, ParamValidationError

    client = _own_shop()
    call = client.query if "KeyConditionExpression" in request else client.scan
    with meter.watch(client) as ledger:
        try:
            items = all_pages(call, request)
        except (ClientError, ParamValidationError, TypeError) as error:
            why = str(error).splitlines()[-1]
            raise InputError(_("DynamoDB refuses my_request: {why}; correct it in this cell.", why=why)) from None
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
        "Eventually consistent it takes {units} units.",
        units=number(query_units()),
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

CHECK_BYTES, BATCH, BATCH_BYTES, OLD_BYTES, NEW_BYTES = 9 * 1024, 40, 500, 3000, 1200


def _count_saves() -> float:
    """The place of the right choice: metered, a Query with and without Select=COUNT."""
    client, used = _own_shop(), []
    for extra in ({}, {"Select": "COUNT"}):
        with meter.watch(client) as ledger:
            client.query(**ONE_CONCERT, **extra)
        used.append(ledger.read_units)
    return 1 if used[1] == used[0] else 0


CHECKS = (
    Check(
        "07.strong",
        N_("One strongly consistent GetItem of a 9 KB item: how many read units?"),
        answer=lambda: meter.read_units(CHECK_BYTES, meter.STRONG),
        unit=N_("units"),
        lo=0,
        hi=10_000,
        worked=lambda value: _("9 KB / 4 KB = 2.25, rounded up {units}; a strong read counts once.", units=number(value)),
        hints=(
            Hint(lambda: meter.write_units(CHECK_BYTES), N_("That is the step of writes, 1 KB. Reads go by 4 KB.")),
            Hint(lambda: meter.read_units(CHECK_BYTES), N_("That is an eventually consistent read, half the price.")),
            Hint(lambda: CHECK_BYTES / READ_BYTES, N_("Units come in whole steps: round up.")),
        ),
    ),
    Check(
        "07.sum",
        N_("One Query returns 40 items of 500 bytes, eventually consistent. How many read units?"),
        answer=lambda: meter.read_units(BATCH * BATCH_BYTES),
        unit=N_("units"),
        lo=0,
        hi=10_000,
        worked=lambda value: _("40 × 500 B = 20,000 B = 4.9 × 4 KB, rounded up 5; × 0.5 = {units}.", units=number(value)),
        hints=(
            Hint(
                lambda: BATCH * meter.read_units(BATCH_BYTES),
                N_("That rounds each item, as BatchGetItem does. A Query adds up first and rounds once."),
            ),
            Hint(lambda: meter.read_units(BATCH * BATCH_BYTES, meter.STRONG), N_("That is a strongly consistent read.")),
        ),
    ),
    Check(
        "07.condition",
        N_("A PutItem of 1,200 bytes would replace an item of 3,000 bytes, but its condition fails. How many write units?"),
        answer=lambda: meter.write_units(OLD_BYTES, NEW_BYTES),
        unit=N_("units"),
        lo=0,
        hi=10_000,
        worked=lambda value: _(
            "{units}: the larger of both counts, 3,000 B = 2.9 × 1 KB, and a failed condition is charged.",
            units=number(value),
        ),
        hints=(
            Hint(lambda: 0, N_("DynamoDB had to look at the item: a failed condition is charged like a write.")),
            Hint(lambda: meter.write_units(NEW_BYTES), N_("That is the new item. The larger of old and new counts.")),
        ),
    ),
    Check(
        "07.count",
        N_("The Query of one concert gets Select=COUNT and returns only a number. What does it cost?"),
        answer=_count_saves,
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
