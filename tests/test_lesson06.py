"""Lesson 06: items weigh what AWS's rules and sums by hand say, limits refuse, settings of the learner stay."""

import dataclasses
import json
import os
import re
import subprocess
import sys

import pytest

from simlib import facts, i18n, meter, teach, widgets
from simlib.lessons import lesson06 as lesson
from simlib.views.item import ItemBars, drawable


@pytest.fixture(autouse=True)
def english():
    i18n.use("en")
    yield
    i18n.use("en")


@pytest.fixture(scope="module")
def shop():
    yield lesson.open_shop()
    lesson.close_shop()


# What an item weighs ----------------------------------------------------


def test_an_item_weighs_what_the_documentation_says():
    """AWS's own example: shirt-color R and shirt-size M are 23 bytes."""
    built = lesson.Built({"shirt-color": {"S": "R"}, "shirt-size": {"S": "M"}}, "shirt-size")
    assert built.size == 23 == sum(sum(row[1:]) for row in built.rows)


def test_the_ticket_by_hand():
    """show 4 + 9, seat 4 + 4, buyer 5 + 6, price 5 + 2 (one pair of digits and one), paid 4 + 1: 44 bytes."""
    assert lesson.weigh(lesson.ticket()) == 13 + 8 + 11 + 7 + 5 == 44
    words = lesson.by_hand()
    assert "Together 44 bytes" in words and "$0.625" in words


@pytest.mark.parametrize(
    ("text", "size"), [("", 0), ("Haneul", 6), ("김하늘", 9), ("김하늘 🎵", 14), ("é", 2)]
)
def test_a_text_weighs_its_utf_8(text, size):
    """A syllable of Hangul takes three bytes, an emoji four, an accented letter two."""
    built = lesson.build(text)
    assert built.rows[-1] == ("buyer", 5, size, 0)


@pytest.mark.parametrize(
    ("tag", "text", "size", "overhead"),
    [
        ("N", "110000", 2, 0),
        ("N", " 110001 ", 4, 0),
        ("N", "-0.5", 3, 0),
        ("B", "김", 3, 0),
        ("BOOL", "no", 1, 0),
        ("NULL", "whatever", 1, 0),
        ("SS", "a, bc", 3, 0),
        ("NS", "7, 12, 31", 6, 0),
        ("BS", "가, b", 4, 0),
        ("L", "7, 12, 31", 6, 6),
        ("L", "", 0, 3),
        ("M", "row=A, seat=12", 3 + 1 + 4 + 2, 5),
    ],
)
def test_every_type_weighs_what_the_rules_say(tag, text, size, overhead):
    """A list or map has 3 bytes and 1 for each element, sets have none; names in a map count."""
    built = lesson.build(text, tag)
    assert built.rows[-1][2:] == (size, overhead)


def test_the_rows_add_up_to_the_item_also_when_nested():
    value = {"L": [{"M": {"a": {"L": [{"N": "1"}]}}}, {"S": "x"}]}
    assert lesson.overhead(value) == (3 + 2) + (3 + 1) + (3 + 1)
    built = lesson.Built({"deep": value}, "deep")
    assert sum(built.rows[0][1:]) == built.size


def test_predictions_are_answered_by_the_meter():
    """9 bytes of Hangul, 1 of the space, 4 of the emoji."""
    assert lesson.predicted_bytes() == 14 and lesson.PREDICTED_NAME in lesson.HOW_MANY_BYTES.question
    assert lesson.names_choice() == 1


# The builder ----------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"tag": "N", "value": "many"}, "no number that DynamoDB keeps"),
        ({"tag": "N", "value": "1,000"}, "without commas"),
        ({"tag": "N", "value": "1" * 39}, "at most 38"),
        ({"tag": "SS", "value": ""}, "at least one member"),
        ({"tag": "SS", "value": "a,, b"}, "member of the set is empty"),
        ({"tag": "NS", "value": "7, "}, "member of the set is empty"),
        ({"tag": "BS", "value": ","}, "at least one member"),
        ({"tag": "M", "value": "=A, seat=12"}, "has no name"),
        ({"tag": "SS", "value": "a, a"}, "once"),
        ({"tag": "NS", "value": "1, 1.0"}, "once"),
        ({"tag": "M", "value": "a=1, a=2"}, "once"),
        ({"name": ""}, "needs a name"),
        ({"name": "seat"}, "already"),
        ({"name": "x" * 61}, "at most 60"),
        ({"value": "x" * 2001}, "at most 2,000"),
    ],
)
def test_nonsense_is_answered_with_one_sentence_and_the_picture_stays(settings, words):
    exploring = teach.Exploration(lesson.NAME_EXPLORER)
    before = exploring.sentence
    exploring.set(settings)
    assert words in exploring.error and "\n" not in exploring.error
    assert exploring.stale and exploring.sentence == before


def test_a_long_text_takes_a_second_write_unit():
    """44 - 6 bytes are there besides the text, so 987 letters are the first too many for 1,024."""
    exploring = teach.Exploration(lesson.VALUE_EXPLORER)
    exploring.move("value", "x" * 986)
    assert "1,024 bytes" in exploring.sentence and "write units: 1;" in exploring.sentence
    exploring.move("value", "x" * 987)
    assert "write units: 2;" in exploring.sentence


def test_the_number_is_said_beside_the_documentations_approximation():
    exploring = teach.Exploration(lesson.TYPE_EXPLORER)
    exploring.pin()
    exploring.move("tag", "N")
    assert "2 by our meter, 2 by the documentation" in exploring.sentence
    assert "A weighs 44 bytes: this is 4 less." in exploring.sentence


def test_a_text_field_sends_what_is_typed_and_is_reset():
    shown = widgets.explore(lesson.VALUE_EXPLORER)
    field = shown.sliders["value"].main
    field.value = "김하늘"
    assert "Characters of the text: 3; bytes in UTF-8: 9." in shown.sentence.value
    shown.reset_button.click()
    assert field.value == "Haneul" and "Characters of the text: 6" in shown.sentence.value


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_picture_shows_rows_and_edges_and_writes_any_name(language):
    i18n.use(language)
    exploring = teach.Exploration(lesson.NAME_EXPLORER)
    exploring.pin()
    exploring.set({"name": "이름$a_b$\U0001f3b5\u4e00", "value": "x" * 1500})
    picture = exploring.picture
    assert isinstance(picture, ItemBars) and len(picture.png()) > 5000
    assert picture.edges[0].get_visible() and not picture.edges[2].get_visible()
    assert sum(piece.get_width() for piece in picture.whole) == exploring.found.size
    assert "1,5" in picture.alt


def test_what_no_font_has_is_drawn_as_a_box():
    assert drawable("buyer") == "buyer" and drawable("\U0001f9ff") == "□" and drawable("a\tb") == "a□b"
    assert len(drawable("x" * 99)) == 14


# A table ----------------------------------------------------


def test_opening_the_shop_leaves_the_learners_settings_alone():
    """Also with a profile that does not exist and an endpoint that nobody answers, in a process of its own."""
    program = (
        "import json, os\n"
        "from simlib.lessons import lesson06 as lesson\n"
        "before = dict(os.environ)\n"
        "tickets, bucket = lesson.open_shop()\n"
        "tickets, bucket = lesson.open_shop()\n"
        "count = tickets.scan()['Count']\n"
        "key = tickets.meta.client._request_signer._credentials.access_key\n"
        "print(json.dumps([dict(os.environ) == before, count, key]))\n"
    )
    settings = {
        "AWS_PROFILE": "nobody",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "mine",
        "AWS_SECRET_ACCESS_KEY": "mine",
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == [True, 6, "course"]


def test_a_put_and_a_get_are_metered(shop):
    tickets, _bucket = shop
    with meter.watch(tickets) as ledger:
        tickets.put_item(Item=lesson.ticket(seat="Z-01"))
        answer = tickets.get_item(Key={"show": lesson.SHOW, "seat": "Z-01"})
    shown = lesson.units(ledger)
    assert list(shown["write units"]) == ["1", "0"] and list(shown["read units"]) == ["0", "0.5"]
    assert list(shown.iloc[:, -1]) == ["$0.625", "$0.0625"]
    assert lesson.found(answer).loc[0, "buyer"] == "Haneul"
    assert "nothing" in lesson.found({}).iloc[0, 0] and "nothing" in lesson.found({"Items": []}).iloc[0, 0]
    tickets.delete_item(Key={"show": lesson.SHOW, "seat": "Z-01"})


def test_a_query_gives_a_range_of_the_sort_key_in_order(shop):
    from boto3.dynamodb.conditions import Key

    answer = shop[0].query(KeyConditionExpression=Key("show").eq("SHOW#1224") & Key("seat").begins_with("A-"))
    assert list(lesson.found(answer)["seat"]) == ["A-07", "A-12"]


def test_equal_partition_keys_lie_on_one_partition():
    shown = lesson.partitions("a", "b", "a", *map(str, range(200)), count=4).iloc[:, 1]
    assert shown.iloc[0] == shown.iloc[2] and set(shown) == {1, 2, 3, 4}


@pytest.mark.parametrize("count", [0, 2.5, True, "3"])
def test_a_number_of_partitions_that_cannot_be_is_answered(count):
    with pytest.raises(teach.InputError, match="from 1 to 1,000"):
        lesson.partitions("a", count=count)


def test_numbers_that_are_none_are_answered():
    assert lesson.numbers_weighed("110001", -5).iloc[:, 0].tolist() == [4, 3]
    with pytest.raises(teach.InputError, match="no number"):
        lesson.numbers_weighed("twelve")


# Break it ----------------------------------------------------


def test_each_limit_refuses_one_step_too_far_and_takes_the_step_before(shop):
    """400 KB with names; 2,048 bytes are 682 syllables of three; 1,024 bytes; 32 levels; the whole key."""
    tickets, _bucket = shop
    room = lesson.ITEM_BYTES - lesson.weigh(lesson.ticket(photo=b""))
    pairs = [
        ({"photo": b"0" * room}, {"photo": b"0" * (room + 1)}, "size"),
        ({"show": "가" * 682}, {"show": "가" * 683}, "hashkey"),
        ({"seat": "A" * 1024}, {"seat": "A" * 1025}, "range keys"),
        ({"x": lesson.nested(32)}, {"x": lesson.nested(33)}, "Nesting"),
    ]
    for taken, refused, word in pairs:
        assert lesson.attempt(tickets.put_item, Item=lesson.ticket(**taken)).startswith("Taken.")
        said = lesson.attempt(tickets.put_item, Item=lesson.ticket(**refused))
        assert said.startswith("Refused. ValidationException") and word in said


def test_a_fresh_put_shows_the_units_of_the_item_alone(shop):
    """A put over an item of 400 KB is billed by the larger of both; after deleting it, 44 bytes are one unit."""
    tickets, _bucket = shop
    large, small = lesson.ticket(seat="Z-03", photo=b"0" * 400_000), lesson.ticket(seat="Z-03")
    for put, units in ((lesson.attempt_fresh, 1), (lesson.attempt, 391)):
        lesson.attempt_fresh(tickets.put_item, Item=large)
        assert f"write units {units}," in put(tickets.put_item, Item=small)
    for seat in ("A" * 1025, 1.5, None):
        assert not lesson.attempt_fresh(tickets.put_item, Item=lesson.ticket(seat=seat)).startswith("Taken")
    tickets.delete_item(Key={"show": lesson.SHOW, "seat": "Z-03"})


def test_pieces_of_an_earlier_run_do_not_count(shop):
    tickets, _bucket = shop
    for size_bytes in (250_000, 1_000, 100_000):
        lesson.clear_posters(tickets)
        pieces = lesson.chunks(lesson.POSTER[:300_000], size_bytes=size_bytes)
        with meter.watch(tickets) as ledger:
            for each in pieces:
                tickets.put_item(Item=each)
        assert ledger.write_units == sum(-(-lesson.weigh(each) // 1024) for each in pieces)
    lesson.clear_posters(tickets)


def test_a_decimal_and_a_float_get_one_sentence():
    from decimal import Decimal

    with pytest.raises(TypeError) as caught:
        Decimal("1") + 0.5
    assert "is a Decimal" in lesson.refusal(caught.value) and lesson.refusal(TypeError("something else")) is None


def test_a_get_needs_the_whole_key(shop):
    tickets, _bucket = shop
    assert lesson.attempt(tickets.get_item, Key={"show": "a", "seat": "b"}).startswith("Taken.")
    said = lesson.attempt(tickets.get_item, Key={"show": "a"})
    assert said == "Refused. ValidationException: The provided key element does not match the schema"


def test_what_boto3_cannot_send_is_said(shop):
    assert "does not even send" in lesson.attempt(shop[0].put_item, Item=lesson.ticket(price=1.5))
    assert "does not even send" in lesson.attempt(shop[0].get_item, Schlüssel={})
    with pytest.raises(teach.InputError, match="cannot send"):
        lesson.weigh(lesson.ticket(price=1.5))


def test_in_a_notebook_boto3s_errors_are_a_sentence_and_others_stay_as_they_are():
    """In a process of its own, since IPython's shell is one per process."""
    program = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance(colors='nocolor')\n"
        "shell.run_cell('from simlib.lessons import lesson06 as lesson; tickets, bucket = lesson.open_shop()')\n"
        "for cell in ('tickets.get_item(Key=dict(show=chr(97)))',\n"
        "             'tickets.put_item(Item=lesson.ticket(price=0.5))', 'tickets.put_item(Thing=1)', '1 + chr(97)'):\n"
        "    print('CELL')\n"
        "    shell.run_cell(cell)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    said = [each.strip() for each in done.stdout.split("CELL")[1:]]
    assert said[0].startswith("⚠ Refused. ValidationException: ") and "\n" not in said[0]
    assert said[1] == "⚠ boto3 does not even send it: Float types are not supported. Use Decimal types instead."
    assert said[2].startswith("⚠ boto3 does not even send it: Parameter validation failed") and "\n" not in said[2]
    assert "Traceback" in said[3] and "TypeError" in said[3] and "boto3" not in said[3]


def test_one_item_for_a_show_ends_at_the_limit():
    most = lesson.most_tickets()
    exploring = teach.Exploration(lesson.ORDER_EXPLORER)
    exploring.move("seats", most)
    assert "write units: 400;" in exploring.sentence and exploring.picture.edges[2].get_visible()
    exploring.move("seats", most + 1)
    assert "refuses" in exploring.sentence
    exploring.move("seats", 1000)
    assert "To change one of them writes all; write units: 39, for a ticket of its own 1." in exploring.sentence


def test_the_title_promises_dotted_lines_only_where_they_are_in_view():
    exploring = teach.Exploration(lesson.ORDER_EXPLORER)
    assert "dotted" in exploring.picture.top.get_title(loc="left") + exploring.picture.top.get_title()
    exploring.move("seats", 1500)
    assert "dotted" not in exploring.picture.top.get_title(loc="left") + exploring.picture.top.get_title()


def test_one_more_ticket_in_the_list_by_hand():
    """seat 4 + 4, buyer 5 + 6, price 5 + 2, paid 4 + 1: 31; the map 3 + 4, its place in the list 1: 39."""
    assert (lesson._each_bytes(), lesson._each_overhead()) == (39, 8)
    assert lesson.most_tickets() == (409_600 - lesson.order(0).size) // 39


def test_pieces_join_to_the_poster_and_four_are_the_fewest(shop):
    tickets, _bucket = shop
    pieces = lesson.chunks(lesson.POSTER, size_bytes=409_000)
    assert len(pieces) == 4 and b"".join(each["piece"] for each in pieces) == lesson.POSTER
    with meter.watch(tickets) as ledger:
        for each in pieces:
            tickets.put_item(Item=each)
    assert ledger.write_units == sum(-(-lesson.weigh(each) // 1024) for each in pieces)
    assert "Refused" in lesson.attempt(tickets.put_item, Item=lesson.chunks(lesson.POSTER, size_bytes=409_600)[0])


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_item_of_break_it_has_an_answer(language):
    """2,048 / 3 = 682 syllables; 1,228,800 bytes need four pieces, since three of 409,600 leave no room for names."""
    i18n.use(language)
    answers = lesson.breaking()
    assert len(answers) == 3 and all("{" not in answer for answer in answers)
    assert "10,501" in answers[0] and "682" in answers[1] and "1,204" in answers[2]
    assert lesson._fewest_pieces() == 4


@pytest.mark.parametrize(("call", "given"), [(lesson.nested, 0), (lesson.nested, 2.5), (lesson.nested, "3")])
def test_levels_that_cannot_be_are_answered(call, given):
    with pytest.raises(teach.InputError, match="correct it in this cell"):
        call(given)


def test_a_size_of_pieces_that_cannot_be_is_answered():
    with pytest.raises(teach.InputError, match="1,000"):
        lesson.chunks(b"abc", size_bytes=0)


# Exercises, checks ----------------------------------------------------


def test_the_exercise_by_hand():
    """Names 4 + 4 + 5; SHOW#1225 9; 나-03 3 + 3; 88000 is 8|80|00, two pairs and one byte: 3. Together 31."""
    assert lesson.BY_HAND.mark(31).right
    assert not lesson.BY_HAND.mark(31 - 2).right


@pytest.mark.parametrize("given", [{}, {"show": "SHOW#1224"}, lesson.LONG_TICKET | {"seat": "B-01"}])
def test_a_ticket_without_its_key_is_refused_with_a_sentence(given):
    with pytest.raises(teach.InputError, match="key must stay"):
        lesson.SQUEEZE.mark(given)


def test_the_notebooks_ticket_is_the_lessons(tmp_path):
    source = next(
        each.source for each in _cells() if each.metadata["title"] == "my-items"
    ).split("display(")[0]
    space = {"lesson": lesson}
    exec(source, space)
    assert space["my_ticket"] == lesson.LONG_TICKET and space["my_bytes"] == 0
    for target, start in ((lesson.BY_HAND, 0), (lesson.SQUEEZE, space["my_ticket"])):
        fresh = dataclasses.replace(target)
        assert not fresh.mark(start).right and fresh.tries == 0


def _cells():
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "notebooks"))
    import build

    return build.read(build.SOURCE / "06_what_is_an_item.py").cells


@pytest.mark.parametrize(
    "given",
    [
        lesson.one_solution() | {"qr": lesson.QR_TEXT},
        {**lesson.LONG_TICKET, "picture_of_the_qr_code_in_base64": lesson.QR},
        {name: value for name, value in lesson.one_solution().items() if name != "buyer"},
        {"show": lesson.SHOW, "seat": "A-12"},
    ],
)
def test_the_target_needs_raw_bytes_short_names_and_all_facts(given):
    assert not lesson.SQUEEZE.mark(given).right


@pytest.mark.parametrize("long", [name for name in lesson.LONG_TICKET if "_of_" in name or "_the_" in name])
def test_the_target_is_missed_with_a_single_long_name(long):
    """Each of the four facts under its long name, all else as short as in the solution."""
    kept = {"price_of_the_ticket_in_korean_won": "won", "time_at_which_the_ticket_was_bought": "at",
            "name_of_the_person_who_bought_it": "buyer", "picture_of_the_qr_code_in_base64": "qr"}  # fmt: skip
    item = lesson.one_solution()
    item[long] = item.pop(kept[long]) if long in kept else lesson.LONG_TICKET[long]
    assert not lesson.SQUEEZE.mark(item).right


def test_the_ticket_is_squeezed_by_what_the_exercise_names():
    """base64 makes four characters of three bytes: 750 become 1,000."""
    assert lesson.SQUEEZE.mark(lesson.one_solution()).right
    assert (len(lesson.QR), len(lesson.QR_TEXT)) == (750, 1000)
    assert meter.write_units(lesson.weigh(lesson.LONG_TICKET)) == 2
    from datetime import datetime

    assert datetime.fromisoformat(lesson.BOUGHT).timestamp() == lesson.BOUGHT_UNIX


def test_something_that_is_no_item_is_answered():
    with pytest.raises(teach.InputError, match="a dict"):
        lesson.SQUEEZE.mark([1, 2])
    with pytest.raises(teach.InputError, match="cannot send"):
        lesson.SQUEEZE.mark(lesson.ticket(price=0.5))


@pytest.mark.parametrize(
    ("attribute", "word"),
    [
        ({1: "x"}, "1은 텍스트가 아닙니다"),
        ({"x": {2: "y"}}, "2는 텍스트가 아닙니다"),
        ({"x": [1.5]}, "Decimal"),
        ({"x": 10**40}, "38자리"),
        ({"x": 10**40 + 1}, "38자리"),
        ({"x": set()}, "집합 x"),
        ({"x": {1, "a"}}, "집합 x"),
        ({"x": object()}, "object"),
        ({"x": "\ud800"}, "UTF-8"),
    ],
)
def test_what_is_no_item_is_said_in_the_learners_language(attribute, word):
    i18n.use("ko")
    with pytest.raises(teach.InputError, match=word) as caught:
        lesson.SQUEEZE.mark(lesson.one_solution() | attribute)
    assert not re.search(r"[A-Za-z]+ [a-z]+ [a-z]+", str(caught.value)), "a piece of English is left"


@pytest.mark.parametrize(
    ("key", "typed", "hint"),
    [
        ("06.text", 8, "characters"),
        ("06.text", 11, "value alone"),
        ("06.number", 10, "its text"),
        ("06.number", 5, "approximation"),
        ("06.units", 2, "4 KB"),
        ("06.units", 4.883, "no parts"),
        ("06.limit", 13_212, "overhead"),
        ("06.limit", 9_309, "items of their own"),
    ],
)
def test_a_misconception_gets_its_hint(key, typed, hint):
    check = next(check for check in lesson.CHECKS if check.key == key)
    verdict = check.mark(str(typed))
    assert not verdict.right and hint in verdict.text


def test_answers_by_hand():
    """city 4 + 3 + 3 + 1 + 4; 1 + five pairs + sign; 5,000 / 1,024 = 4.88, rounded up."""
    assert [check.right_answer() for check in lesson.CHECKS[:3]] == [15, 7, 5]


def test_numbers_in_questions_are_those_that_are_checked():
    assert lesson.CHECK_TEXT in lesson.CHECKS[0].question and lesson.CHECK_NAME in lesson.CHECKS[0].question
    assert lesson.CHECK_NUMBER in lesson.CHECKS[1].question
    assert f"{lesson.CHECK_BYTES:,}" in lesson.CHECKS[2].question
    assert f"{lesson.WRITE_BYTES - lesson.ROOM_BYTES:,} bytes" in lesson.SQUEEZE.question
    assert f"{lesson.ROOM_BYTES} bytes" in lesson.SQUEEZE.question
    assert all(next(iter(value.values())) in lesson.BY_HAND.question for value in lesson.EXERCISE_ITEM.values())
    assert lesson.ITEM_BYTES == 400 * 1024 and facts.value("dynamodb.nesting_max") == lesson.NESTING
