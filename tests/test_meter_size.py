"""What items weigh: AWS's example, numbers weighed on DynamoDB itself, and rules added up by hand."""

import decimal
import math

import pytest
from boto3.dynamodb.types import Binary, TypeSerializer
from hypothesis import assume, given
from hypothesis import strategies as st

from simlib import meter

CONFORMANCE = "https://github.com/nubo-db/dynamodb-conformance"


def test_the_shirt_of_the_developer_guide_weighs_23_bytes():
    """DynamoDB Developer Guide, constraints: {"shirt-color": "R", "shirt-size": "M"} has 23 bytes."""
    assert meter.item_size({"shirt-color": {"S": "R"}, "shirt-size": {"S": "M"}}) == 23


WEIGHED = {
    "0": 1, "-0": 1, "1": 2, "12": 2, "123": 3, "1234": 3, "123456": 4, "0042": 2, "100": 2, "1010": 3,
    "0.0000001": 2, "1E125": 2, "1E-100": 2, "1.5": 3, "15": 2, "1.2": 3, "1.200": 3, "1.234": 4, "3.14159": 5,
    "100.5": 4, "0.15": 2, "-42": 3, "12345678901234567890123456789012345678": 20,
}  # fmt: skip
"""Bytes of numbers as DynamoDB weighs them at its 400 KB limit (captured on 2026-08-18, see CONFORMANCE)."""


@pytest.mark.parametrize("number", WEIGHED)
def test_numbers_weigh_what_dynamodb_weighed(number):
    assert meter.number_size(number) == WEIGHED[number]
    assert meter.item_size({"n": {"N": number}}) == 1 + WEIGHED[number]


@pytest.mark.parametrize(
    ("number", "size"),
    [("10", 2), ("0.01", 2), ("0.1", 2), ("0.001", 2), ("1000", 2), ("10.01", 3), ("-1.5", 4), ("-100", 3)],
)
def test_digits_are_paired_from_the_decimal_point(number, size):
    """0.1 is 10 hundredths and 0.001 is 10 ten-thousandths, one pair each; 1000 is ten hundreds, one pair."""
    assert meter.number_size(number) == size


@pytest.mark.parametrize(
    "texts",
    [
        ("100", "1E2", "1E+2", "+1e2", "0100.0", "100.00", "100.", "1000E-1"),
        ("0.1", "00.10", ".1", "1E-1"),
        ("0", "0.0", "-0", "0E5", "000"),
    ],
)
def test_every_way_to_write_a_number_weighs_the_same(texts):
    assert len({meter.number_size(text) for text in texts}) == 1


def pairs_by_decimal(number):
    """The same rule written with decimal arithmetic: how many base-100 digits stand between the outermost ones."""
    value = decimal.Decimal(number)
    if not value:
        return 1
    with decimal.localcontext(decimal.Context(prec=400)):
        value = value.copy_abs()
        lowest = 0
        while value != value.to_integral_value():
            value, lowest = value * 100, lowest - 1
        whole = int(value)
        while whole % 100 == 0:
            whole //= 100
        count = 0
        while whole:
            whole, count = whole // 100, count + 1
    return min(1 + count + number.lstrip().startswith("-"), 21)


digits = st.integers(-(10**38) + 1, 10**38 - 1)
exponents = st.integers(-130, 125)


@given(digits, exponents)
def test_numbers_weigh_their_base_100_digits(whole, exponent):
    text = f"{whole}E{exponent}"
    value = decimal.Decimal(text)
    assume(not value or -130 <= value.adjusted() <= 125)
    assert meter.number_size(text) == pairs_by_decimal(text)
    assert meter.number_size(str(value)) == meter.number_size(text)


@given(digits)
def test_whole_numbers_weigh_at_most_what_the_developer_guide_estimates_and_no_more_than_21(whole):
    assert 1 <= meter.number_size(str(whole)) <= 21
    assert meter.number_size_documented(str(whole)) <= 20


@pytest.mark.parametrize(
    ("number", "size"), [("0", 1), ("1", 2), ("12", 2), ("123", 3), ("1.5", 2), ("-1.5", 2), ("100", 2)]
)
def test_the_documented_estimate_has_one_byte_for_two_digits_and_one_more(number, size):
    """DynamoDB Developer Guide, item sizes: (1 byte per two significant digits) + 1 byte, "approximately"."""
    assert meter.number_size_documented(number) == size


# --- types ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": ""}, 0),
        ({"S": "abc"}, 3),
        ({"S": "서울"}, 6),
        ({"S": "🎉"}, 4),
        ({"S": "e\u0301"}, 3),
        ({"B": b""}, 0),
        ({"B": b"\x00\xff\x10"}, 3),
        ({"B": bytearray(7)}, 7),
        ({"B": Binary(b"12345")}, 5),
        ({"NULL": True}, 1),
        ({"BOOL": False}, 1),
        ({"SS": ["a", "bc", "한"]}, 6),
        ({"NS": ["0", "12", "-1.5"]}, 7),
        ({"BS": [b"a", Binary(b"bc")]}, 3),
        ({"L": []}, 3),
        ({"M": {}}, 3),
        ({"L": [{"S": "ab"}, {"N": "7"}]}, 3 + 2 + 2 + 2),
        ({"M": {"k": {"S": "ab"}, "키": {"N": "7"}}}, 3 + 2 + 1 + 2 + 3 + 2),
        ({"L": [{"M": {"a": {"L": [{"BOOL": True}]}}}]}, 3 + 1 + 3 + 1 + 1 + 3 + 1 + 1),
    ],
)
def test_each_type_weighs_what_the_developer_guide_says(value, size):
    """UTF-8 bytes; raw binary; 1 for null and boolean; 3 for a list or map and 1 more for each element."""
    assert meter.value_size(value) == size
    assert meter.item_size({"이름": value}) == 6 + size


def test_an_item_without_attributes_weighs_nothing():
    assert meter.item_size({}) == 0


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
numbers = st.integers(-(10**20), 10**20) | st.decimals(-1000, 1000, places=3, allow_nan=False)
leaves = (
    text | numbers | st.binary(max_size=8) | st.booleans() | st.none()
    | st.sets(text, min_size=1, max_size=3) | st.sets(st.binary(max_size=4), min_size=1, max_size=3)
    | st.sets(st.integers(-999, 999), min_size=1, max_size=3)
)  # fmt: skip
values = st.recursive(leaves, lambda each: st.lists(each, max_size=3) | st.dictionaries(text, each, max_size=3))
items = st.dictionaries(text, values, max_size=5)


def weigh(value):
    """The documented rules once more, on plain Python values."""
    if value is None or isinstance(value, bool):
        return 1
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, (int, decimal.Decimal)):
        return pairs_by_decimal(f"{decimal.Decimal(value):f}")
    if isinstance(value, set):
        return sum(map(weigh, value))
    if isinstance(value, list):
        return 3 + sum(1 + weigh(each) for each in value)
    return 3 + sum(1 + weigh(name) + weigh(each) for name, each in value.items())


@given(items)
def test_items_that_boto3_writes_weigh_what_the_rules_add_up_to(plain):
    written = {name: TypeSerializer().serialize(value) for name, value in plain.items()}
    assert meter.item_size(written) == sum(weigh(name) + weigh(value) for name, value in plain.items())


@given(items, text, values)
def test_an_attribute_more_adds_its_name_and_value(plain, name, value):
    assume(name not in plain)
    written = {key: TypeSerializer().serialize(each) for key, each in plain.items()}
    more = TypeSerializer().serialize(value)
    added = meter.item_size({**written, name: more}) - meter.item_size(written)
    assert added == len(name.encode()) + meter.value_size(more) >= 0


# --- what is no item --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ({"a": "text"}, r"The attribute 'a' is 'text', but it must be a dict of one type"),
        ({"a": {}}, r"The attribute 'a' is \{\}, but it must be"),
        ({"a": {"S": "x", "N": "1"}}, r"must be a dict of one type"),
        ({"a": {"X": "x"}}, r"types are S, N, B, BOOL, NULL, SS, NS, BS, L, M"),
        ({"a": {"S": 5}}, r"but S must be a str"),
        ({"a": {"S": None}}, r"but S must be a str"),
        ({"a": {"N": 5}}, r"not storable: 5 is not a number of DynamoDB JSON; write it as text"),
        ({"a": {"N": ""}}, r"'' is not a number"),
        ({"a": {"N": "NaN"}}, r"'NaN' is not a number"),
        ({"a": {"N": "Infinity"}}, r"is not a number"),
        ({"a": {"N": " 1"}}, r"is not a number"),
        ({"a": {"N": "1_0"}}, r"is not a number"),
        ({"a": {"N": "٣"}}, r"is not a number"),
        ({"a": {"N": "."}}, r"is not a number"),
        ({"a": {"N": "0x10"}}, r"is not a number"),
        ({"a": {"N": "123456789012345678901234567890123456789"}}, r"has 39 significant digits, but .* at most 38"),
        ({"a": {"N": "1E126"}}, r"too large for DynamoDB"),
        ({"a": {"N": "-1E-131"}}, r"too small for DynamoDB"),
        ({"a": {"B": "YWJj"}}, r"B must be bytes \(not base64 text\)"),
        ({"a": {"B": None}}, r"B must be bytes"),
        ({"a": {"BOOL": "true"}}, r"BOOL must be True or False"),
        ({"a": {"BOOL": 1}}, r"BOOL must be True or False"),
        ({"a": {"NULL": None}}, r"NULL must be True"),
        ({"a": {"SS": "abc"}}, r"SS must be a list of str"),
        ({"a": {"SS": [1]}}, r"SS must be a list of str"),
        ({"a": {"NS": ["x"]}}, r"'x' is not a number"),
        ({"a": {"BS": ["YQ=="]}}, r"BS must be a list of bytes"),
        ({"a": {"L": {}}}, r"L must be a list"),
        ({"a": {"M": []}}, r"M must be a dict"),
        ({"a": {"L": [{"M": {"b": {"N": "x"}}}]}}, r"The attribute 'a\[0\]\.b' is not storable"),
        ({"a": {"S": "\ud800"}}, r"The attribute 'a' holds half of a surrogate pair"),
        ({"a": {"SS": ["\udfff"]}}, r"half of a surrogate pair"),
        ({"\ud800": {"S": "a"}}, r"attribute name .* is no text that UTF-8 can write"),
        ({"a": {"M": {"\ud800": {"S": "a"}}}}, r"The attribute 'a' has the key"),
        ({5: {"S": "a"}}, r"attribute name 5 is no text"),
        ([], r"is no item"),
        ("text", r"is no item"),
        (None, r"is no item"),
    ],
)
def test_what_is_no_item_is_refused_with_its_place_and_the_cure(item, says):
    with pytest.raises(meter.ItemError, match=says) as caught:
        meter.item_size(item)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


def test_an_item_too_deep_for_python_is_refused_and_one_of_a_hundred_levels_is_weighed():
    """DynamoDB's own limit of 32 levels is for the request; what weighs an item need not know it."""

    def nested(levels):
        value = {"S": "x"}
        for _ in range(levels):
            value = {"L": [value]}
        return {"a": value}

    assert meter.item_size(nested(100)) == 1 + 4 * 100 + 1
    with pytest.raises(meter.ItemError, match="deeper than Python can follow"):
        meter.item_size(nested(100_000))


def test_numbers_are_weighed_the_same_however_many_came_before():
    """What was weighed is remembered, up to a bound; neither the memory nor its end may show."""
    for number in range(40_000):
        assert meter.number_size(str(number)) == (1 if not number else 1 + pairs(number))


def pairs(number):
    while number % 100 == 0:
        number //= 100
    return math.ceil(len(str(number)) / 2)


# --- units ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size_bytes", "eventual", "strong", "transactional"),
    [(0, 0.5, 1, 2), (1, 0.5, 1, 2), (3500, 0.5, 1, 2), (4096, 0.5, 1, 2), (4097, 1, 2, 4), (8192, 1, 2, 4)],
)
def test_reads_are_charged_by_started_4_kb(size_bytes, eventual, strong, transactional):
    """DynamoDB Developer Guide: 8 KB are 1, 2 and 4 units; 3,500 bytes are one strongly consistent unit."""
    assert meter.read_units(size_bytes) == eventual
    assert meter.read_units(size_bytes, meter.STRONG) == strong
    assert meter.read_units(size_bytes, meter.TRANSACTIONAL_READ) == transactional


@pytest.mark.parametrize(
    ("sizes", "units"), [((), 1), ((0,), 1), ((1024,), 1), ((1025,), 2), ((2048,), 2), ((10, 3000), 3)]
)
def test_writes_are_charged_by_started_1_kb_of_the_larger_item(sizes, units):
    """DynamoDB Developer Guide: 2 KB are 2 units, and 4 in a transaction."""
    assert meter.write_units(*sizes) == units
    assert meter.write_units(*sizes, factor=meter.TRANSACTIONAL_WRITE) == 2 * units


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_units_never_fall_when_an_item_grows_and_never_reach_zero(size_bytes, more):
    for factor in (meter.EVENTUAL, meter.STRONG, meter.TRANSACTIONAL_READ):
        assert factor <= meter.read_units(size_bytes, factor) <= meter.read_units(size_bytes + more, factor)
    assert 1 <= meter.write_units(size_bytes) <= meter.write_units(size_bytes + more)
    assert meter.write_units(size_bytes, more) == max(meter.write_units(size_bytes), meter.write_units(more))
