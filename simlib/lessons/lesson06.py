"""Lesson 06: what a table holds: items, keys, attributes and their types, and what all of it weighs."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import numbers
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from simlib import facts, meter
from simlib.i18n import N_, _, number, percent, usd
from simlib.lessons import on_moto
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
    TextControl,
)
from simlib.views.item import ItemBars

REGION = "us-east-1"
ITEM_BYTES = int(facts.value("dynamodb.item_max_bytes"))
WRITE_BYTES = int(facts.value("dynamodb.write_unit_bytes"))
READ_BYTES = int(facts.value("dynamodb.read_unit_bytes"))
PARTITION_KEY_BYTES = int(facts.value("dynamodb.partition_key_max_bytes"))
SORT_KEY_BYTES = int(facts.value("dynamodb.sort_key_max_bytes"))
NESTING = int(facts.value("dynamodb.nesting_max"))
DIGITS = int(facts.value("dynamodb.number_digits_max"))
SHOW = "SHOW#1224"


# A table of our own, on moto in this process ----------------------------------------------------

close_shop = on_moto.close_shop


def refusal(error: Exception) -> str | None:
    """What boto3 or DynamoDB says against a request, or that moto cannot read it, in a sentence; None for any other error."""
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, TypeError) and "float" in str(error) and "Decimal" in str(error) and "operand" in str(error):
        return _(
            "A number from DynamoDB is a Decimal, and Python does not reckon with it and a float; write a whole number or, after "
            "from decimal import Decimal, Decimal(\"1.5\")."
        )
    if isinstance(error, ClientError):
        told = error.response["Error"]
        return _("Refused. {code}: {words}", code=told["Code"], words=told["Message"])
    place = (error.__cause__ or error).__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    inside = "" if place is None else place.tb_frame.f_globals.get("__name__", "")
    if isinstance(error, BotoCoreError) or inside.split(".")[0] in ("boto3", "botocore"):
        return _("boto3 does not even send it: {why}", why=" ".join(str(error).split()))
    if inside.split(".")[0] == "moto":
        return _("The request cannot be read; check its expressions, names and values.")
    return None


def say_errors_in_a_sentence() -> None:
    """In a notebook, what a boto3 request raises in a cell is shown as one sentence; every other error as ever."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        return

    def show(shell, kind, error, traceback, tb_offset=None):
        sentence = refusal(error)
        if sentence is None:
            shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)
        else:
            shell._showtraceback(kind, error, [f"⚠ {sentence}"])

    shell.set_custom_exc((Exception,), show)


def open_shop():
    """A boto3 Table `tickets` with six tickets of two shows, and an S3 Bucket, both fresh and both on moto.

    The credentials are made up and belong to these two alone; no setting of the learner is read or changed.
    """
    say_errors_in_a_sentence()
    with on_moto.opened(REGION, fresh=True) as session:
        bucket = session.resource("s3").create_bucket(Bucket="posters")
        tickets = session.resource("dynamodb").create_table(
            TableName="tickets",
            KeySchema=[
                {"AttributeName": "show", "KeyType": "HASH"},
                {"AttributeName": "seat", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "show", "AttributeType": "S"},
                {"AttributeName": "seat", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
    for seat in ("B-02", "A-12", "A-07", "B-11"):
        tickets.put_item(Item=ticket(seat=seat))
    for seat in ("A-12", "C-01"):
        tickets.put_item(Item=ticket(show="SHOW#1231", seat=seat))
    return tickets, bucket


def ticket(**changes) -> dict:
    """A ticket as boto3 takes it, in Python's own types; `changes` replace or add attributes."""
    return {"show": SHOW, "seat": "A-12", "buyer": "Haneul", "price": 110_000, "paid": True} | changes


def in_json(item: dict) -> dict:
    """An item in Python's types as DynamoDB JSON. Raises InputError for what boto3 cannot send."""
    from boto3.dynamodb.types import TypeSerializer

    try:
        why = next(filter(None, (_unsendable(name, value) for name, value in item.items())), None)
        if why is None:
            return {name: TypeSerializer().serialize(value) for name, value in item.items()}
    except ArithmeticError:
        why = _("it writes numbers with at most {digits} digits", digits=DIGITS)
    except (TypeError, ValueError, RecursionError) as error:
        why = str(error).rstrip(".")
    raise InputError(_("boto3 cannot send this item: {why}. Correct the value in this cell and run it again.", why=why))


def _unsendable(name, value) -> str | None:
    """What speaks against an attribute in Python's types, in the learner's language; None where nothing does."""
    if not isinstance(name, str):
        return _("the name {name} is no text; put it in quotation marks", name=repr(name)[:40])
    if isinstance(value, (dict, list)):
        inside = value.items() if isinstance(value, dict) else ((name, each) for each in value)
        return next(filter(None, (_unsendable(*each) for each in inside)), None)
    if isinstance(value, float):
        return _("{name} is a float, but DynamoDB keeps exact numbers; write Decimal(\"{value}\")", name=name, value=value)
    if isinstance(value, (set, frozenset)):
        return _unsendable_set(name, value)
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        try:
            meter.number_size(str(value))
        except meter.ItemError:
            return _("{name} is no number that DynamoDB keeps; it takes at most {digits} digits", name=name, digits=DIGITS)
    elif value is not None and not isinstance(value, (str, bool, bytes, bytearray)) and type(value).__name__ != "Binary":
        return _("{name} is of the type {kind}, which DynamoDB does not know; use text, number, bytes, list, dict or set", name=name,
                 kind=type(value).__name__)
    return None


def _unsendable_set(name: str, members) -> str | None:
    kinds = {bytes if isinstance(each, (bytes, bytearray)) else str if isinstance(each, str) else int for each in members}
    if len(kinds) != 1:
        return _("the set {name} must hold texts only, numbers only or bytes only, and at least one of them", name=name)
    return next(filter(None, (_unsendable(name, each) for each in members)), None)


def weigh(item: dict) -> int:
    """Bytes of an item in Python's types, by our meter."""
    return meter.item_size(in_json(item))


def units(ledger):
    """What the calls of a ledger cost, as a DataFrame of text."""
    import pandas as pd

    return pd.DataFrame(
        [
            {
                _("operation"): line.operation,
                _("table"): line.table,
                _("read units"): number(line.read_units),
                _("write units"): number(line.write_units),
                _("dollars for a million such calls"): usd(1e6 * line.on_demand_usd),
            }
            for line in ledger
        ],
        index=range(1, len(ledger) + 1),
    )


def found(answer: dict):
    """The items of a Query or the item of a GetItem as a DataFrame; attributes that an item lacks stay empty.

    Where nothing was found, the one line says so.
    """
    import pandas as pd

    items = answer.get("Items", [answer["Item"]] if "Item" in answer else [])
    if not items:
        read = answer.get("ScannedCount", 0)
        words = (_("nothing passes the filter; items read: {read}", read=read) if read
                 else _("nothing: no item has this key"))
        return pd.DataFrame({_("found"): [words]})
    return pd.DataFrame([{name: str(value) for name, value in item.items()} for item in items]).fillna("")


def by_hand() -> str:
    """The ticket weighed attribute by attribute, and what its units cost."""
    item, lines = in_json(ticket()), []
    for name, value in item.items():
        (tag, content), weight = next(iter(value.items())), meter.value_size(value)
        lines.append(
            _("{name}: name {name_bytes} + value {value_bytes} ({type} {content}) = {sum} bytes",
              name=name, name_bytes=len(name.encode()), value_bytes=weight, type=tag, content=content,
              sum=len(name.encode()) + weight)
        )
    size = meter.item_size(item)
    price = price_book().usd("dynamodb.write_request.standard")
    lines.append(
        _("Together {size} bytes by our meter. To write it, write units: {writes}; to read it, read units: {strong} if strongly "
          "consistent, {eventual} if eventually consistent. A million such writes cost {usd}.",
          size=size, writes=number(meter.write_units(size)), strong=number(meter.read_units(size, meter.STRONG)),
          eventual=number(meter.read_units(size)), usd=usd(1e6 * meter.write_units(size) * price))
    )
    return "\n".join(lines)


def partitions(*keys: str, count: int = 3):
    """On which of `count` partitions items with these partition keys lie, as a DataFrame; an illustration.

    DynamoDB does not publish its hash function; MD5 stands for it here.
    """
    import pandas as pd

    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= 1000:
        raise InputError(
            _("count is the number of partitions: a whole number from 1 to 1,000; correct it in this cell.")
        )
    texts = [str(key) for key in keys]
    return pd.DataFrame(
        {
            _("partition key"): texts,
            _("partition (our illustration)"): [
                int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest()[:8]) * count // 2**64 + 1
                for text in texts
            ],
        },
        index=range(1, len(texts) + 1),
    )


def numbers_weighed(*written: str):
    """Numbers as the meter and the documentation's approximation weigh them, and as text; a DataFrame."""
    import pandas as pd

    rows = {}
    for each in written:
        text = str(each)
        _known_number(text)
        rows[text] = {
            _("as N, our meter"): meter.number_size(text),
            _("as N, the documentation's “approximately”"): meter.number_size_documented(text),
            _("as S"): len(text.encode()),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


# The item builder ----------------------------------------------------

TYPES = {
    "S": N_("S: text"),
    "N": N_("N: number"),
    "B": N_("B: binary"),
    "BOOL": N_("BOOL: true or false"),
    "NULL": N_("NULL: nothing"),
    "SS": N_("SS: set of texts"),
    "NS": N_("NS: set of numbers"),
    "BS": N_("BS: set of binaries"),
    "L": N_("L: list"),
    "M": N_("M: map"),
}
BASE = {"show": {"S": SHOW}, "seat": {"S": "A-12"}, "price": {"N": "110000"}, "paid": {"BOOL": True}}


def _known_number(text: str) -> str:
    try:
        meter.number_size(text)
    except meter.ItemError:
        raise InputError(
            _("“{typed}” is no number that DynamoDB keeps; type digits such as 110000 or -0.5, without commas, at most "
              "{digits} of them.", typed=text[:40], digits=DIGITS)
        ) from None
    return text


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")] if text.strip() else []


def _set_of(parts: list[str], read=str) -> list[str]:
    if "" in parts and any(parts):
        raise InputError(_("A member of the set is empty; type something between the commas, or take one comma out."))
    if not any(parts):
        raise InputError(_("A set needs at least one member; type members separated by commas."))
    if len({read(part) for part in parts}) < len(parts):
        raise InputError(_("A set holds every member once; take out what stands twice."))
    return parts


def _element(text: str) -> dict:
    try:
        meter.number_size(text)
    except meter.ItemError:
        return {"S": text}
    return {"N": text}


def _map_of(parts: list[str]) -> dict:
    pairs = [part.split("=", 1) if "=" in part else [str(place), part] for place, part in enumerate(parts, 1)]
    if not all(name.strip() for name, _content in pairs):
        raise InputError(_("A part of the map has no name; type one before the equals sign, such as row=A."))
    if len({name.strip() for name, _content in pairs}) < len(pairs):
        raise InputError(_("A map has every name once; rename one of the parts."))
    return {name.strip(): _element(content.strip()) for name, content in pairs}


def typed_value(tag: str, text: str) -> dict:
    """What a learner typed as an attribute value of a type. Raises InputError when it cannot be one."""
    if tag == "N":
        return {"N": _known_number(text.strip())}
    if tag == "B":
        return {"B": text.encode()}
    if tag == "BOOL":
        return {"BOOL": text.strip().lower() not in ("", "0", "false", "no")}
    if tag == "NULL":
        return {"NULL": True}
    if tag == "SS":
        return {"SS": _set_of(_parts(text))}
    if tag == "NS":
        parts = _set_of(_parts(text))
        return {"NS": _set_of([_known_number(part) for part in parts], float)}
    if tag == "BS":
        return {"BS": [part.encode() for part in _set_of(_parts(text))]}
    if tag == "L":
        return {"L": [_element(part) for part in _parts(text) if part]}
    if tag == "M":
        return {"M": _map_of([part for part in _parts(text) if part])}
    return {"S": text}


def overhead(value: dict) -> int:
    """The bytes that lists and maps add to what is in them."""
    ((tag, content),) = value.items()
    if tag not in ("L", "M"):
        return 0
    inner = list(content.values() if tag == "M" else content)
    own = facts.value("dynamodb.document_overhead_bytes") + facts.value("dynamodb.element_overhead_bytes") * len(inner)
    return int(own) + sum(overhead(each) for each in inner)


@dataclass(frozen=True)
class Built:
    """An item of the builder, in DynamoDB JSON, and the attribute that the learner changes."""

    item: dict
    name: str

    @property
    def size(self) -> int:
        """Bytes by the meter."""
        return meter.item_size(self.item)

    @property
    def rows(self) -> tuple:
        """(name, bytes of the name, of the value, of the overhead) of each attribute."""
        return tuple(
            (name, len(name.encode()), meter.value_size(value) - overhead(value), overhead(value))
            for name, value in self.item.items()
        )


def build(value: str, tag: str = "S", name: str = "buyer") -> Built:
    """The ticket with one attribute of the learner's. Raises InputError for what is no attribute."""
    if not name:
        raise InputError(_("An attribute needs a name; type at least one character."))
    if name in BASE:
        raise InputError(
            _("The item has an attribute {name} already; choose another name.", name=name)
        )
    return Built(BASE | {name: typed_value(tag, value)}, name)


def _look(built) -> dict:
    return {"rows": built.rows, "size": built.size, "edges": _edges()}


def _edges() -> tuple:
    return (
        (WRITE_BYTES, _("1 write unit")),
        (READ_BYTES, _("1 read unit")),
        (ITEM_BYTES, _("limit")),
    )


def _costs(size: int) -> str:
    return _(
        "{size} bytes by our meter. To write it, write units: {writes}; to read it, read units: {strong} if strongly consistent, "
        "{eventual} if eventually consistent.",
        size=f"{size:,}",
        writes=f"{meter.write_units(size):,.0f}",
        strong=f"{meter.read_units(size, meter.STRONG):,.0f}",
        eventual=number(meter.read_units(size)),
    )


def _against(size: int, before) -> str:
    change = size - before.size
    if not change:
        return _("A weighs the same.")
    if change > 0:
        return _("A weighs {size} bytes: this is {change} more.", size=f"{before.size:,}", change=f"{change:,}")
    return _("A weighs {size} bytes: this is {change} less.", size=f"{before.size:,}", change=f"{-change:,}")


def say_built(built: Built, before: Built | None) -> str:
    """What the item and the learner's attribute weigh, against A."""
    value = built.item[built.name]
    ((tag, content),) = value.items()
    row = next(row for row in built.rows if row[0] == built.name)
    words = [
        _costs(built.size),
        _("{name}, in bytes: name {name_bytes}, value {value_bytes}, overhead {overhead}.",
          name=built.name, name_bytes=row[1], value_bytes=f"{row[2]:,}", overhead=row[3]),
    ]
    if tag == "S":
        words.append(
            _("Characters of the text: {characters}; bytes in UTF-8: {bytes}.",
              characters=f"{len(content):,}", bytes=f"{row[2]:,}")
        )
    elif tag == "N":
        words.append(
            _("Bytes as a number: {meter} by our meter, {documented} by the documentation's “approximately”; as a text: {text}.",
              meter=row[2], documented=meter.number_size_documented(content), text=len(content))
        )
    elif tag in ("BOOL", "NULL"):
        words.append(_("Whatever you type, this type keeps {content}, in one byte.", content="null" if tag == "NULL" else str(content).lower()))
    if before is not None:
        words.append(_against(built.size, before))
    return "\n".join(words)


VALUE_CONTROL = TextControl(
    "value",
    N_("Value of the attribute"),
    "Haneul",
    choices=(("Haneul", "Haneul"), ("김하늘", "김하늘"), ("김하늘 🎵", "김하늘 🎵"), ("", "")),
    doc=N_("type anything: letters, Hangul, an emoji"),
)
TYPE_CONTROL = Control("tag", N_("Type"), "S", choices=tuple(TYPES.items()))
NAME_CONTROL = TextControl(
    "name",
    N_("Name of the attribute"),
    "buyer",
    choices=(("buyer", "buyer"), ("b", "b"), ("name_of_the_person_who_bought_it", "name_of_the_person_who_bought_it")),
    doc=N_("its bytes count in every item again"),
    most_characters=60,
)
NUMBER_CONTROL = replace(
    VALUE_CONTROL,
    default="110000",
    choices=(("110000", "110000"), ("110001", "110001"), ("7, 12, 31", "7, 12, 31"), ("row=A, seat=12", "row=A, seat=12")),
    doc=N_("sets and lists: parts with commas; maps: row=A, seat=12"),
)


def _builder(*controls: Control) -> Explorable:
    return Explorable(
        controls=controls, run=lambda settings: build(**settings), picture=ItemBars, look=_look, say=say_built
    )


VALUE_EXPLORER = _builder(VALUE_CONTROL)
TYPE_EXPLORER = _builder(NUMBER_CONTROL, TYPE_CONTROL)
NAME_EXPLORER = _builder(NUMBER_CONTROL, TYPE_CONTROL, NAME_CONTROL)


# Predict ----------------------------------------------------

PREDICTED_NAME = "김하늘 🎵"

HOW_MANY_BYTES = Prediction(
    "06.bytes",
    N_("How many bytes does the text “김하늘 🎵” take in an item: three Hangul syllables, a space and an emoji?"),
    unit=N_("bytes"),
    lo=1,
    hi=1000,
    whole=True,
)
LONG_NAMES = Prediction(
    "06.names",
    N_("A million tickets have an attribute. It is renamed from t to time_of_purchase. What changes?"),
    choices=(
        N_("nothing: a name is kept once, in the table"),
        N_("every one of the items grows"),
        N_("only items written from now on may be read more slowly"),
    ),
)


def predicted_bytes() -> int:
    """Bytes of PREDICTED_NAME by the meter."""
    return meter.value_size({"S": PREDICTED_NAME})


def names_choice() -> int:
    """Which choice of LONG_NAMES the meter gives."""
    short, long = (meter.item_size({**BASE, name: {"N": "1"}}) for name in ("t", "time_of_purchase"))
    return 1 if long > short else 0


# Break it ----------------------------------------------------

MOST_SEATS = 12_000


@lru_cache(maxsize=256)
def order(seats: int) -> Built:
    """One item for a whole show: all its tickets in a list of maps."""
    each = {"M": {"seat": {"S": "A-12"}, "buyer": {"S": "Haneul"}, "price": {"N": "110000"}, "paid": {"BOOL": True}}}
    return Built({"show": {"S": SHOW}, "seat": {"S": "ALL"}, "tickets": {"L": [each] * seats}}, "tickets")


def most_tickets() -> int:
    """How many tickets fit into one item of `order`."""
    low, high = 1, MOST_SEATS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if order(middle).size <= ITEM_BYTES else (low, middle)
    return low


def say_order(built: Built, before: Built | None) -> str:
    """Whether the item is taken, and what one more ticket costs."""
    seats = len(built.item["tickets"]["L"])
    if built.size > ITEM_BYTES:
        words = [
            _("{seats} tickets: {size} bytes, {over} more than an item may have. DynamoDB refuses it.",
              seats=f"{seats:,}", size=f"{built.size:,}", over=f"{built.size - ITEM_BYTES:,}")
        ]
    else:
        words = [
            _costs(built.size),
            _("Tickets in one item: {seats}. To change one of them writes all; write units: {writes}, for a ticket of its own {one}.",
              seats=f"{seats:,}", writes=f"{meter.write_units(built.size):,.0f}",
              one=number(meter.write_units(weigh(ticket())))),
        ]
    if before is not None:
        words.append(_against(built.size, before))
    return "\n".join(words)


ORDER_EXPLORER = Explorable(
    controls=(
        Control("seats", N_("Tickets in one item"), 100, lo=1, hi=MOST_SEATS, whole=True,
                doc=N_("a list of maps; any whole number can be typed")),
    ),
    run=lambda settings: order(settings["seats"]),
    picture=ItemBars,
    look=_look,
    say=say_order,
)
POSTER = bytes(range(256)) * 4800
"""A poster of 1.2 MB."""


SYLLABLE = "가"
"""One syllable of Hangul: one character."""


def nested(levels: int):
    """A value that is `levels` levels deep: a text inside levels - 1 maps."""
    if not isinstance(levels, int) or isinstance(levels, bool) or not 1 <= levels <= 200:
        raise InputError(_("nested takes a whole number of levels from 1 to 200; correct it in this cell."))
    value = "x"
    for _level in range(levels - 1):
        value = {"in": value}
    return value


def chunks(content: bytes, size_bytes: int) -> list[dict]:
    """Items that hold a large content in pieces under one partition key, in order of their sort key."""
    if not isinstance(size_bytes, int) or isinstance(size_bytes, bool) or size_bytes < 1000:
        raise InputError(_("size_bytes is how large a piece may be: a whole number from 1,000 on; correct it in this cell."))
    pieces = [content[start : start + size_bytes] for start in range(0, len(content), size_bytes)]
    return [{"show": SHOW, "seat": f"#POSTER#{place:04}", "piece": piece} for place, piece in enumerate(pieces)]


def attempt(call, **request) -> str:
    """Makes a boto3 call and says whether it is taken, or with which error it is refused."""
    with meter.watch(call.__self__) as ledger:
        try:
            call(**request)
        except Exception as error:
            sentence = refusal(error)
            if sentence is None:
                raise
            return sentence
    return _(
        "Taken. Our meter: write units {writes}, read units {reads}.",
        writes=number(ledger.write_units),
        reads=number(ledger.read_units),
    )


def attempt_fresh(call, **request) -> str:
    """As `attempt`, for a put_item of a boto3 Table, after deleting what lies under its key: the units are the item's own."""
    from botocore.exceptions import BotoCoreError, ClientError

    table, item = call.__self__, request.get("Item")
    if isinstance(item, dict):
        key = {part["AttributeName"]: item.get(part["AttributeName"]) for part in table.key_schema}
        with contextlib.suppress(BotoCoreError, ClientError, TypeError, ValueError):
            table.delete_item(Key=key)
    return attempt(call, **request)


def clear_posters(table) -> None:
    """Deletes the pointer and the pieces of the poster of an earlier run, so that a write is billed by its own size."""
    from boto3.dynamodb.conditions import Key

    request = {"KeyConditionExpression": Key("show").eq(SHOW) & Key("seat").begins_with("#POSTER"),
               "ProjectionExpression": "seat"}
    while True:
        answer = table.query(**request)
        for item in answer["Items"]:
            table.delete_item(Key={"show": SHOW, "seat": item["seat"]})
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _most_syllables() -> int:
    return PARTITION_KEY_BYTES // len(SYLLABLE.encode())


@lru_cache(maxsize=1)
def _fewest_pieces() -> int:
    """In how few pieces the poster can be kept."""
    room = ITEM_BYTES - weigh({"show": SHOW, "seat": "#POSTER#0000", "piece": b""})
    return -(-len(POSTER) // room)


def breaking() -> list[str]:
    """What one should have seen in section 6, item by item."""
    thousand, one = order(1000), meter.write_units(weigh(ticket()))
    pieces = chunks(POSTER, 250_000)
    return [
        _(
            "With 1,000 tickets in one item, changing one writes {writes} units, with an item for each it is {one}. {most} "
            "tickets fit, {refused} are refused.",
            writes=number(meter.write_units(thousand.size)),
            one=number(one),
            most=f"{most_tickets():,}",
            refused=f"{most_tickets() + 1:,}",
        ),
        _(
            "Taken are: an item of {item} bytes with all names, so a photo of {photo}; a partition key of {syllables} syllables; a "
            "sort key of {sort} letters; {levels} levels; a get with both parts of the key. A Query by the partition key alone would be "
            "taken too, and give all seats of the show.",
            item=f"{ITEM_BYTES:,}",
            photo=f"{ITEM_BYTES - weigh(ticket(photo=b'')):,}",
            syllables=_most_syllables(),
            sort=f"{SORT_KEY_BYTES:,}",
            levels=NESTING,
        ),
        _(
            "The pointer takes {pointer} write unit, the pieces of 250,000 bytes {pieces} together, every time the poster changes. {fewest} "
            "pieces are the fewest: names and keys must fit beside each piece. What S3 bills for its request is not in the table.",
            pointer=number(meter.write_units(weigh({"show": SHOW, "seat": "#POSTER", "image": "s3://posters/1224.png"}))),
            pieces=number(sum(meter.write_units(weigh(each)) for each in pieces), 4),
            fewest=_fewest_pieces(),
        ),
    ]


# Exercises ----------------------------------------------------

EXERCISE_ITEM = {"show": {"S": "SHOW#1225"}, "seat": {"S": "나-03"}, "price": {"N": "88000"}}


def _exercise_bytes() -> int:
    return meter.item_size(EXERCISE_ITEM)


BY_HAND = Target(
    "06.by_hand",
    N_("An item has show = S “SHOW#1225”, seat = S “나-03” and price = N 88000. How many bytes does it weigh?"),
    numbers.Real,
    (
        Condition(
            N_("distance from the meter's bytes"),
            lambda given: abs(given / _exercise_bytes() - 1),
            0.001,
            show=percent,
        ),
    ),
    solution=_exercise_bytes,
    worked=lambda: _(
        "Names 4 + 4 + 5, then show 9, seat {seat} (the syllable takes {syllable} bytes), price {price} (8|80|00 to the left of the "
        "point: pairs of zeros at the end do not count): {size} bytes by our meter.",
        seat=meter.value_size(EXERCISE_ITEM["seat"]),
        syllable=len("나".encode()),
        price=meter.number_size("88000"),
        size=_exercise_bytes(),
    ),
    untouched=lambda given: given == 0,
    needs=N_("a number"),
)

QR = bytes((7 * place * place + 13 * place) % 256 for place in range(750))
"""The picture of a QR code: 750 bytes."""
QR_TEXT = base64.b64encode(QR).decode()
BOUGHT, BOUGHT_UNIX = "2026-12-01T20:00:07+09:00", 1_796_122_807
LONG_TICKET = {
    "show": SHOW,
    "seat": "A-12",
    "identifier_of_the_show": SHOW,
    "row_of_the_seat_in_the_hall": "A",
    "number_of_the_seat_in_the_row": "12",
    "price_of_the_ticket_in_korean_won": "110000",
    "time_at_which_the_ticket_was_bought": BOUGHT,
    "name_of_the_person_who_bought_it": "Haneul",
    "picture_of_the_qr_code_in_base64": QR_TEXT,
}
FACTS = {  # what must still be in the item, in any of these forms
    "buyer": ("Haneul",),
    "price": (110_000, "110000"),
    "time of purchase": (BOUGHT, BOUGHT_UNIX, str(BOUGHT_UNIX)),
    "QR code": (QR, QR_TEXT),
}


def _kept(values: list, forms: tuple) -> bool:
    plain = [getattr(value, "value", value) for value in values if not isinstance(value, bool)]
    return any(value == form for value in plain for form in forms)


@dataclass(frozen=True)
class Squeezed:
    """What the learner's ticket weighs, and what it has lost."""

    size: int
    lost: tuple[str, ...]


def _examine(item: dict) -> Squeezed:
    if item.get("show") != SHOW or item.get("seat") != "A-12":
        raise InputError(
            _("The key must stay: show = {show} and seat = {seat}; put both back into the item.", show=SHOW, seat="A-12")
        )
    try:
        size = weigh(item)
    except meter.ItemError:
        raise InputError(
            _("This is no item that DynamoDB keeps; write names and texts that UTF-8 knows, and correct them in this cell.")
        ) from None
    return Squeezed(size, tuple(words for words, forms in FACTS.items() if not _kept(list(item.values()), forms)))


def one_solution() -> dict:
    """The ticket with room to spare in its unit: short names, a number for the time, raw bytes, nothing that the key says."""
    return {"show": SHOW, "seat": "A-12", "won": 110_000, "at": BOUGHT_UNIX, "buyer": "Haneul", "qr": QR}


ROOM_BYTES = 210
"""What the ticket of the exercise must leave of its write unit, for next year's second code."""

SQUEEZE = Target(
    "06.squeeze",
    N_(
        "The ticket in one write unit of which 210 bytes stay free for next year: in at most 814 bytes, and nothing lost: buyer, price, "
        "time of purchase, QR code."
    ),
    dict,
    (
        Condition(N_("bytes"), lambda seen: seen.size, WRITE_BYTES - ROOM_BYTES, show=lambda value: f"{value:,}"),
        Condition(N_("write units"), lambda seen: meter.write_units(seen.size), 1),
        Condition(N_("facts lost"), lambda seen: len(seen.lost), 0),
    ),
    solution=one_solution,
    examine=_examine,
    worked=lambda: _(
        "{before} bytes become {after}: the QR code as raw bytes instead of base64 saves {base64}, short names and dropping "
        "what the key already says save most of the rest, and the time is a number: {number} bytes instead of {text}.",
        before=f"{weigh(LONG_TICKET):,}",
        after=f"{weigh(one_solution()):,}",
        base64=len(QR_TEXT) - len(QR),
        number=meter.number_size(str(BOUGHT_UNIX)),
        text=len(BOUGHT),
    ),
    untouched=lambda given: given == LONG_TICKET,
    needs=N_("a dict"),
)

ADVICE = Essay(
    "06.advice",
    N_(
        "A colleague says: “DynamoDB has no schema, so put all tickets of a show into one item, as a list. Then one read gets "
        "everything.” Answer in three sentences."
    ),
    (
        N_("An item ends at 400 KB, so a large show does not fit at all."),
        N_("Each change of one ticket is billed as a write of the whole item, and many buyers would write the same item at once."),
        N_("One item per ticket under the same partition key is still read with one Query, in the order of the sort key."),
        N_("Only the key has a schema; the other attributes may differ from item to item, and the code must cope with that."),
    ),
)


# Check ----------------------------------------------------

CHECK_NAME, CHECK_TEXT = "city", "서울 🎫"
CHECK_NUMBER = "-12345.678"
CHECK_BYTES = 5000


def _text_bytes() -> int:
    return meter.item_size({CHECK_NAME: {"S": CHECK_TEXT}})


def _each_bytes() -> int:
    """What one more ticket adds to the one large item."""
    return order(2).size - order(1).size


def _each_overhead() -> int:
    return order(2).rows[-1][3] - order(1).rows[-1][3]


CHECKS = (
    Check(
        "06.text",
        N_("An attribute city holds the text “서울 🎫” (two syllables, a space, an emoji). How many bytes, with the name?"),
        answer=_text_bytes,
        unit=N_("bytes"),
        lo=0,
        hi=10_000,
        tolerance=0,
        worked=lambda value: _(
            "{value} bytes: the name {name}, each syllable {syllable}, the space 1, the emoji {emoji}.",
            value=number(value),
            name=len(CHECK_NAME),
            syllable=len("서".encode()),
            emoji=len("🎫".encode()),
        ),
        hints=(
            Hint(lambda: len(CHECK_NAME) + len(CHECK_TEXT), N_("That counts characters; DynamoDB counts bytes of UTF-8.")),
            Hint(lambda: len(CHECK_TEXT.encode()), N_("That is the value alone; the name counts in every item.")),
            Hint(
                lambda: len(CHECK_NAME) + len(CHECK_TEXT.encode("utf-16-le")),
                N_("That is UTF-16; in UTF-8 a syllable takes more than two bytes."),
            ),
        ),
    ),
    Check(
        "06.number",
        N_("How many bytes does the value -12345.678 take as a number (N), by our meter?"),
        answer=lambda: meter.number_size(CHECK_NUMBER),
        unit=N_("bytes"),
        lo=0,
        hi=10_000,
        tolerance=0,
        worked=lambda value: _(
            "{value} bytes: 1, and 1 for each pair from the point outwards: 1|23|45 and 67|80, and 1 for the sign. The documentation "
            "calls its own rule approximate; it gives {documented}.",
            value=number(value),
            documented=meter.number_size_documented(CHECK_NUMBER),
        ),
        hints=(
            Hint(lambda: len(CHECK_NUMBER), N_("That is its text; a number is packed in pairs of digits.")),
            Hint(
                lambda: meter.number_size_documented(CHECK_NUMBER),
                N_("That is the documentation's approximation; pairs begin at the point, and a minus takes a byte."),
            ),
            Hint(lambda: 8, N_("Not every number has eight bytes; a short one takes less.")),
        ),
    ),
    Check(
        "06.units",
        N_("An item weighs 5,000 bytes. How many write units does it take to write it?"),
        answer=lambda: meter.write_units(CHECK_BYTES),
        unit=N_("units"),
        lo=0,
        hi=10_000,
        tolerance=0,
        worked=lambda value: _(
            "{value}: every started {unit} bytes count, {bytes} / {unit} = {exact}, rounded up.",
            value=number(value),
            unit=f"{WRITE_BYTES:,}",
            bytes=f"{CHECK_BYTES:,}",
            exact=number(CHECK_BYTES / WRITE_BYTES),
        ),
        hints=(
            Hint(lambda: meter.read_units(CHECK_BYTES, meter.STRONG), N_("Those are 4 KB units, as for reading; writing counts by 1 KB.")),
            Hint(lambda: CHECK_BYTES / WRITE_BYTES, N_("There are no parts of a unit: what is started counts whole.")),
            Hint(lambda: 1, N_("One unit writes 1 KB; this is more.")),
        ),
    ),
    Check(
        "06.limit",
        N_("Section 6 puts all tickets of a show into one item. How many fit before DynamoDB refuses it?"),
        answer=most_tickets,
        unit=N_("tickets"),
        lo=0,
        hi=10_000_000,
        tolerance=0,
        worked=lambda value: _(
            "{value}: 400 KB are 400 × 1,024 = {limit} bytes, keys and names take {rest} of them, and each ticket in the list "
            "takes {each}, of which {overhead} are overhead of list and map.",
            value=f"{value:,.0f}",
            limit=f"{ITEM_BYTES:,}",
            rest=order(0).size,
            each=_each_bytes(),
            overhead=_each_overhead(),
        ),
        hints=(
            Hint(lambda: (400_000 - order(0).size) // _each_bytes(), N_("A KB has 1,024 bytes in DynamoDB.")),
            Hint(
                lambda: ITEM_BYTES // (_each_bytes() - _each_overhead()),
                N_("A list and a map have overhead, for themselves and for each of their elements."),
            ),
            Hint(
                lambda: ITEM_BYTES // weigh(ticket()),
                N_("That counts tickets as items of their own; in the list they need not repeat the show."),
            ),
        ),
    ),
)


# Quiz ----------------------------------------------------

QUIZ = Quiz(
    (
        Question(
            N_("A table has the partition key show and the sort key seat. What must every item have?"),
            (
                Option(
                    N_("Exactly the attributes of the first item that was written"),
                    N_("DynamoDB keeps no list of attributes; items of one table may differ."),
                ),
                Option(
                    N_("show and seat, of the types that the table declares"),
                    N_("Only the key is declared. All other attributes are the item's own affair."),
                    True,
                ),
                Option(
                    N_("show only, since the sort key may stay empty"),
                    N_("A table with a sort key needs both parts; without one of them the write is refused."),
                ),
            ),
        ),
        Question(
            N_("What can you do with the sort key seat that you could not do with an ordinary attribute?"),
            (
                Option(
                    N_("Find all seats of row A over all shows with one Query"),
                    N_("A Query looks into one partition key; over all shows it would be a Scan, or an index."),
                ),
                Option(
                    N_("Spread the items of one show evenly over all partitions"),
                    N_("The partition key decides the partition; the sort key orders what lies under it."),
                ),
                Option(
                    N_("Get the seats of one show that begin with A-, in order, and read nothing else"),
                    N_("Items of one partition key lie in the order of the sort key, so a Query reads just a range of them."),
                    True,
                ),
            ),
        ),
        Question(
            N_(
                "A company keeps scanned contracts of 300 KB to 3 MB with ten fields each. Users find a contract by its number within "
                "milliseconds and open the scan now and then. Which design is the most cost-effective?"
            ),
            (
                Option(
                    N_("The scan in S3, the fields and the S3 key in a DynamoDB item"),
                    N_("The item stays within one unit, the large part lies where a GB costs little, and no limit is near."),
                    True,
                ),
                Option(
                    N_("Everything in one DynamoDB item, compressed"),
                    N_("Scans hardly shrink, those above 400 KB are refused, and each search would read hundreds of KB."),
                ),
                Option(
                    N_("The scan in pieces of 400 KB, in items under the same partition key"),
                    N_("It can be done, but every KB is a write unit, the names and keys must fit as well, and code must join the pieces."),
                ),
                Option(
                    N_("Fields and scan in a relational database that runs around the clock"),
                    N_("It works, but is paid for day and night and has to be looked after, for a look-up by one key."),
                ),
            ),
            domain="cost",
        ),
    )
)
