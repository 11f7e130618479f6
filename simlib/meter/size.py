"""What an item weighs in DynamoDB: bytes by AWS's rules, from DynamoDB JSON.

Models names and strings in UTF-8, raw binary, lists and maps with their overhead, sets as the sum of their members,
and numbers by pairs of decimal digits. Leaves out the 100 bytes that storage billing adds to each item. Sources:
the facts `dynamodb.*`; the size of numbers fits every number that was weighed at DynamoDB's limit of 400 KB
(dynamodb-conformance in data/sources.csv), where AWS itself only documents an approximation.
"""

from __future__ import annotations

import re

from simlib import facts

DOCUMENT_BYTES = int(facts.value("dynamodb.document_overhead_bytes"))
ELEMENT_BYTES = int(facts.value("dynamodb.element_overhead_bytes"))
NUMBER_DIGITS = int(facts.value("dynamodb.number_digits_max"))
NUMBER_BYTES = int(facts.value("dynamodb.number_max_bytes"))
EXPONENT_MAX = int(facts.value("dynamodb.number_exponent_max"))
EXPONENT_MIN = int(facts.value("dynamodb.number_exponent_min"))

TYPES = ("S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M")


class ItemError(ValueError):
    """Something that is no DynamoDB item. The message is one sentence that names the attribute.

    `aws_message` is what DynamoDB itself answers in a ValidationException, or None where it cannot even be asked.
    """

    def __init__(self, message: str, aws_message: str | None = None):
        super().__init__(message)
        self.aws_message = aws_message


def item_size(item: dict) -> int:
    """Bytes of an item in DynamoDB JSON, such as `{"pk": {"S": "user#1"}, "visits": {"N": "12"}}`.

    Binary values are `bytes`, `bytearray` or boto3's `Binary`, not base64. The item may be larger than DynamoDB
    takes (400 KB) and nested deeper; numbers must be within its range. Raises ItemError.
    """
    try:
        return _attributes(item)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise _explained(item, error) from None


def value_size(value: dict) -> int:
    """Bytes of one attribute value such as `{"SS": ["a", "b"]}`, without a name. Raises ItemError."""
    try:
        return _value(value)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise _explained({"": value}, error) from None


def number_size(number: str) -> int:
    """Bytes of a number: 1, 1 more for each pair of decimal digits, 1 more if negative; 1 for zero; 21 at most.

    The pairs are aligned at the decimal point, and pairs of zeros before the first and after the last digit that
    is not zero do not count: 100 has one pair, 1.5 two, 0.01 one. Any text of the value counts the same, such
    as "1E+2" and "0100.0". Raises ItemError for what is no number, for more than 38 significant digits, and for a
    magnitude outside 1E-130 to 9.99E+125.
    """
    try:
        size = _plain_number(number) or _any_number(number)
    except (TypeError, AttributeError, IndexError):
        raise _no_number(number) from None
    if len(_weighed) >= _REMEMBERED:
        _weighed.clear()
    _weighed[number] = size
    return size


_REMEMBERED = 2**14
_weighed: dict[str, int] = {}
_known_size = _weighed.get
"""Numbers repeat: prices, counts, flags. What was weighed last is looked up; the dict is emptied when it is full."""


def _plain_number(number: str) -> int | None:
    """The size of the usual text: digits, perhaps a sign and a point, no needless zeros; None for any other."""
    negative = number[0] == "-"
    digits = number[1:] if negative else number
    if len(digits) > NUMBER_DIGITS or not digits.isascii():
        return None
    if digits.isdecimal():
        if digits[0] == "0":
            return None
        pairs = (len(digits) + 1) // 2
        if digits[-1] == "0":
            pairs -= (len(digits) - len(digits.rstrip("0"))) // 2
        return 1 + pairs + negative
    whole, _, fraction = digits.partition(".")
    if whole.isdecimal() and whole[0] != "0" and fraction.isdecimal() and fraction[-1] != "0":
        return 1 + (len(whole) + 1) // 2 + (len(fraction) + 1) // 2 + negative
    return None


def _any_number(number: str) -> int:
    negative, digits, exponent = _number(number)
    if not digits:
        return 1
    pairs = (exponent + len(digits) - 1) // 2 - exponent // 2 + 1
    return min(1 + pairs + negative, NUMBER_BYTES)


def number_size_documented(number: str) -> int:
    """Bytes of a number as AWS's documentation puts it, "approximately": 1 for two significant digits, and 1.

    Half a pair counts as a whole one. For comparison only: DynamoDB counts pairs as `number_size` does. Raises
    ItemError as `number_size`.
    """
    number_size(number)
    _, digits, _ = _number(number)
    return 1 + (len(digits) + 1) // 2


def canonical_number(number: str) -> tuple[bool, str, int]:
    """A number as (negative, significant digits, exponent of the last digit): equal for equal values.

    Raises ItemError as `number_size`.
    """
    number_size(number)
    return _number(number)


_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,9}))?", re.ASCII)


def _number(number: str) -> tuple[bool, str, int]:
    match = _NUMBER.fullmatch(number)
    if match is None or not (match[2] or match[3]):
        raise _no_number(number)
    fraction = match[3] or ""
    written = match[2] + fraction
    digits = written.rstrip("0")
    exponent = int(match[4] or 0) - len(fraction) + len(written) - len(digits)
    digits = digits.lstrip("0")
    if not digits:
        return False, "", 0
    if len(digits) > NUMBER_DIGITS:
        raise ItemError(
            f"The number {_short(number)} has {len(digits)} significant digits, but DynamoDB keeps at most "
            f"{NUMBER_DIGITS}; round it, or store it as a string.",
            f"Attempting to store more than {NUMBER_DIGITS} significant digits in a Number",
        )
    magnitude = exponent + len(digits) - 1
    if not EXPONENT_MIN <= magnitude <= EXPONENT_MAX:
        much = magnitude > EXPONENT_MAX
        raise ItemError(
            f"The number {_short(number)} is too {'large' if much else 'small'} for DynamoDB, whose magnitudes lie "
            f"between 1E{EXPONENT_MIN} and 9.99E+{EXPONENT_MAX}; store it as a string.",
            f"Number {'overflow' if much else 'underflow'}. Attempting to store a number with magnitude "
            f"{'larger' if much else 'smaller'} than supported range",
        )
    return match[1] == "-", digits, exponent


def _no_number(number) -> ItemError:
    return ItemError(
        f'{_short(number)} is not a number of DynamoDB JSON; write it as text such as "12", "-0.5" or "1E+3".',
        f"The parameter cannot be converted to a numeric value{f': {number}' if number else ''}",
    )


def _short(content) -> str:
    text = repr(content)
    return text if len(text) <= 60 else text[:57] + "..."


_is_ascii = str.isascii


def _attributes(item: dict) -> int:
    """Names and values of a map's attributes, without the overhead of the map."""
    names = "".join(item)
    size = len(names) if _is_ascii(names) else len(names.encode())
    for value in item.values():
        (tag,) = value
        content = value[tag]
        if tag == "S":
            size += len(content) if _is_ascii(content) else len(content.encode())
        elif tag == "N":
            size += _known_size(content) or number_size(content)
        else:
            size += _SIZES[tag](content)
    return size


def _value(value: dict) -> int:
    (tag,) = value
    return _SIZES[tag](value[tag])


def _text(content: str) -> int:
    return len(content) if _is_ascii(content) else len(content.encode())


def binary_bytes(content) -> int:
    """Raw bytes of a binary value: `bytes`, `bytearray`, or an object that holds them as `value` (boto3's Binary)."""
    if isinstance(content, (bytes, bytearray)):
        return len(content)
    held = getattr(content, "value", None)
    if isinstance(held, (bytes, bytearray)):
        return len(held)
    raise TypeError


def _one_byte(content) -> int:
    if content is True or content is False:
        return 1
    raise TypeError


def _list(content: list) -> int:
    if not isinstance(content, (list, tuple)):
        raise TypeError
    size = DOCUMENT_BYTES + ELEMENT_BYTES * len(content)
    for value in content:
        size += _value(value)
    return size


def _map(content: dict) -> int:
    return DOCUMENT_BYTES + ELEMENT_BYTES * len(content) + _attributes(content)


def _strings(content: list) -> int:
    return _text("".join(_several(content)))


def _numbers(content: list) -> int:
    return sum(map(number_size, _several(content)))


def _binaries(content: list) -> int:
    return sum(map(binary_bytes, _several(content)))


def _several(content):
    if isinstance(content, (list, tuple, set, frozenset)):
        return content
    raise TypeError


_SIZES = {
    "S": _text,
    "N": number_size,
    "B": binary_bytes,
    "BOOL": _one_byte,
    "NULL": _one_byte,
    "SS": _strings,
    "NS": _numbers,
    "BS": _binaries,
    "L": _list,
    "M": _map,
}

_WRITTEN = {
    "S": "a str",
    "N": "a number as text",
    "B": "bytes (not base64 text)",
    "BOOL": "True or False",
    "NULL": "True",
    "SS": "a list of str",
    "NS": "a list of numbers as text",
    "BS": "a list of bytes (not base64 text)",
    "L": "a list of attribute values",
    "M": "a dict of attribute values",
}


def _explained(item, error: Exception) -> ItemError:
    """The error of the first attribute that is at fault; slow, and only for items that have one."""
    if isinstance(error, RecursionError):
        return ItemError("The item is nested deeper than Python can follow; DynamoDB takes 32 levels.")
    if not isinstance(item, dict):
        return ItemError(f'{_short(item)} is no item; write a dict of attribute values such as {{"pk": {{"S": "a"}}}}.')
    for name, value in item.items():
        fault = _fault(value, name)
        if fault:
            return fault
        if not isinstance(name, str) or _surrogate(name):
            return ItemError(f"The attribute name {_short(name)} is no text that UTF-8 can write; name it otherwise.")
    return ItemError(f"{_short(item)} cannot be weighed as an item: {type(error).__name__}.")


def _surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _fault(value, path: str) -> ItemError | None:
    where = f"The attribute {path!r}" if path else "The attribute value"
    if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in TYPES:
        return ItemError(
            f"{where} is {_short(value)}, but it must be a dict of one type and its value, such as "
            f'{{"S": "text"}}; types are {", ".join(TYPES)}.'
        )
    ((tag, content),) = value.items()
    if tag in ("L", "M") and isinstance(content, list if tag == "L" else dict):
        inner = enumerate(content) if tag == "L" else content.items()
        for key, each in inner:
            if tag == "M" and (not isinstance(key, str) or _surrogate(key)):
                return ItemError(
                    f"{where} has the key {_short(key)}, which is no text that UTF-8 can write; name it otherwise."
                )
            fault = _fault(each, f"{path}[{key}]" if tag == "L" else f"{path}.{key}")
            if fault:
                return fault
        return None
    try:
        _SIZES[tag](content)
    except ItemError as error:
        return ItemError(f"{where} is not storable: {str(error)[0].lower() + str(error)[1:]}", error.aws_message)
    except UnicodeEncodeError:
        return ItemError(
            f"{where} holds half of a surrogate pair, which UTF-8 cannot write; decode the text it came from again."
        )
    except (TypeError, AttributeError, ValueError, KeyError):
        return ItemError(f"{where} is {_short(value)}, but {tag} must be {_WRITTEN[tag]}.")
    return None
