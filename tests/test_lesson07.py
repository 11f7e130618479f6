"""Lesson 07: the units are AWS's, the shop answers offline, exercises are solved by their own controls."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from simlib import i18n, meter, teach, widgets
from simlib.lessons import lesson07 as lesson

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "notebooks"))

import build as pipeline  # noqa: E402


@pytest.fixture(autouse=True)
def english():
    i18n.use("en")
    yield
    i18n.use("en")


@pytest.fixture(scope="module")
def db():
    return lesson.open_shop()


def code_of(name):
    """The source of a code cell of the lesson."""
    cells = pipeline.read(pipeline.SOURCE / "07_what_does_a_read_cost.py").cells
    return next(cell.source for cell in cells if cell.metadata["title"] == name)


def units_of(name, space):
    """[(operation, read units, write units, error)] of the ledger of a cell of the lesson."""
    before = list(space.values())
    exec(code_of(name), space)
    new = [thing for thing in space.values() if all(thing is not known for known in before)]
    (ledger,) = (thing for thing in new if isinstance(thing, meter.Ledger))
    return [(line.operation, line.read_units, line.write_units, line.error) for line in ledger]


@pytest.fixture(scope="module")
def notebook():
    """What the cells of the lesson find defined."""
    space = {"display": lambda *_shown: None}
    exec(code_of("tools").replace("from IPython.display import display\n", ""), space)
    exec(code_of("run-query"), space)
    return space


# The shop and the cells ----------------------------------------------------


def test_opening_the_shop_leaves_the_learners_settings_alone():
    """Also with a profile that does not exist and an endpoint that nobody answers, in a process of its own."""
    program = (
        "import json, os\n"
        "from simlib.lessons import lesson07 as lesson\n"
        "before = dict(os.environ)\n"
        "db = lesson.open_shop()\n"
        "db = lesson.open_shop()\n"
        "count = db.scan(TableName='tickets', Select='COUNT')['Count']\n"
        "key = db._request_signer._credentials.access_key\n"
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
    shown = json.loads(done.stdout)
    assert shown[0] and 0 < shown[1] <= 3000 and shown[2] == "course"


def test_the_query_in_the_notebook_by_hand(notebook):
    """200 x 400 B = 80,000 B = 19.5 x 4,096 B; 20 x 0.5 = 10 units; a million cost 10 x 0.125 dollars."""
    assert units_of("run-query", notebook) == [("Query", 10, 0, None)]
    assert notebook["answer"]["Count"] == 200 and notebook["one_concert"] == lesson.ONE_CONCERT
    shown = lesson.units(notebook["queried"])
    assert shown.to_numpy().tolist() == [["Query", "10", "0", "$1.25"]]


def test_the_scan_in_the_notebook_reads_the_whole_table_in_two_pages(notebook):
    """A page ends with the item that reaches 1,048,576 B: 2,622 x 400 B = 257 x 4 KB, 378 x 400 B = 37; halved 147."""
    assert [units for _operation, units, *_rest in units_of("run-scan", notebook)] == [128.5, 18.5]
    shown = lesson.counts(*notebook["pages"])
    assert shown.to_numpy().tolist() == [[2622, 200], [378, 0]] and notebook["whole_table"] == lesson.SCAN_CONCERT
    assert lesson.units(notebook["scanned"]).loc["Σ"].tolist() == ["together", "147", "0", "$18.375"]
    assert lesson.query_units(3000) == 147 and lesson.pages(3000, 400) == [2622, 378]


def test_asking_for_less_in_the_notebook_saves_nothing_but_what_is_not_read(notebook):
    """A filter, a projection and a count read 200 tickets; ten tickets of 400 B are one unit, halved."""
    units_of("run-query", notebook)
    assert [units for _operation, units, *_rest in units_of("run-savings", notebook)] == [10, 10, 10, 0.5]
    assert [answer["Count"] for answer in notebook["answers"]] == [20, 200, 200, 10]
    assert lesson.filter_choice(10, 10) == 1 and lesson.filter_choice(10, 1) == 0 and lesson.filter_choice(1, 2) == 2


def test_single_reads_in_the_notebook_are_rounded_one_by_one(notebook):
    """Halved, whole, a missing item as the smallest read, 100 x 0.5, and a transaction twice."""
    assert units_of("run-reads", notebook) == [
        ("GetItem", 0.5, 0, None),
        ("GetItem", 1, 0, None),
        ("GetItem", 0.5, 0, None),
        ("BatchGetItem", 50, 0, None),
        ("TransactGetItems", 2, 0, None),
    ]


def test_writes_in_the_notebook_count_the_larger_of_before_and_after(notebook):
    """3,500 B and names are 4 KB: also under a smaller item, one attribute, a failed condition. Small: 1, and 2."""
    assert units_of("run-writes", notebook) == [
        ("PutItem", 0, 4, None),
        ("UpdateItem", 0, 4, None),
        ("PutItem", 0, 4, "ConditionalCheckFailedException"),
        ("PutItem", 0, 4, None),
        ("PutItem", 0, 1, None),
        ("TransactWriteItems", 0, 2, None),
        ("DeleteItem", 0, 1, None),
    ]
    assert "ConditionalCheckFailedException" in lesson.units(notebook["wrote"])["refused with"].tolist()


def test_the_cells_leave_the_table_as_they_found_it(notebook):
    exec(code_of("run-query"), notebook)
    for name in ("run-writes", "break-size"):
        exec(code_of(name).replace("seen(lesson.breaking())", ""), notebook)
    assert notebook["db"].scan(TableName="tickets", Select="COUNT", FilterExpression="concert > :c",
                               ExpressionAttributeValues={":c": {"S": "C-014"}})["Count"] == 0  # fmt: skip


def test_a_wrong_request_in_a_cell_is_answered_with_one_sentence():
    """In a process of its own, since IPython's shell is one per process."""
    program = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "from simlib.lessons import lesson07 as lesson\n"
        "shell = InteractiveShell.instance(colors='nocolor')\n"
        "shell.run_cell('from simlib.lessons import lesson07 as lesson; db = lesson.open_shop()')\n"
        "bad = lesson.ONE_CONCERT | dict(KeyConditionExpression='concert == :c')\n"
        "shell.user_ns['bad'] = bad\n"
        "for cell in ('db.query(TableName=chr(97))', 'db.query(Table=1)', 'db.query(**bad)',\n"
        "             'lesson.ticket(chr(97), 1, 2.5)', '1 / 0'):\n"
        "    print('CELL')\n"
        "    shell.run_cell(cell)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONUTF8": "1"}, capture_output=True,
                          text=True, encoding="utf-8")  # fmt: skip
    said = [each.strip() for each in done.stdout.split("CELL")[1:]]
    assert len(said) == 5, done.stdout + done.stderr
    assert all(each.startswith("⚠ ") and "\n" not in each for each in said[:4]), done.stdout
    assert "cannot be read" in said[2] and "size_bytes" in said[3] and "Traceback" in said[4]


# Observe ----------------------------------------------------


@pytest.mark.parametrize(("size_bytes", "wcu", "rcu"), [(1024, 1, 1), (1025, 2, 1), (4096, 4, 1), (4097, 5, 2)])
def test_the_first_figure_shows_the_cliffs(size_bytes, wcu, rcu):
    assert lesson.one_item({"size_bytes": size_bytes})["now"] == (size_bytes, [wcu, rcu])


def test_the_first_sentence_says_how_far_the_next_step_is():
    exploring = teach.Exploration(lesson.SIZE_EXPLORER)
    assert "The next write unit begins 1 B further, the next read unit 3,073 B further." in exploring.sentence
    exploring.pin()
    exploring.move("size_bytes", "1,025")
    assert exploring.sentence.startswith("1,025 B – write units: 2; read units, strong: 1.")
    assert exploring.sentence.endswith("A has 1,024 B – write units: 1; read units: 1.")


def test_a_sum_is_rounded_once():
    """AWS: 1,500 x 64 B = 96,000 B = 24 units strong; each rounded up it would be 1,500."""
    found = lesson.many_items({"size_bytes": 64, "items": 1500, "consistency": "strong"})
    assert found["now"] == (64, [1500, 24])


def test_the_second_sentence_compares_both_ways():
    """20 x 1 KB are 5 steps in a sum and 20 one by one; items of exactly 4 KB cost the same."""
    exploring = teach.Exploration(lesson.ITEMS_EXPLORER)
    assert exploring.sentence.startswith("Items of 1,024 B: 20. Units: 20 if each is rounded up, 5 if their sum is: ")
    assert exploring.sentence.endswith("4 times as many.")
    exploring.pin()
    exploring.move("size_bytes", 4096)
    assert exploring.sentence == "Items of 4,096 B: 20. Units: 20 both ways. A: 20 of 1,024 B; units: 20 and 5."


@pytest.mark.parametrize(("consistency", "units"), [("eventual", 2.5), ("strong", 5), ("transactional", 10)])
def test_consistency_halves_and_doubles(consistency, units):
    found = lesson.many_items({"size_bytes": 1024, "items": 20, "consistency": consistency})
    assert found["now"][1] == [4 * units, units]


@pytest.mark.parametrize(("items", "size_bytes"), [(1, 256), (100, 12_288), (128, 8192)])
def test_the_figures_pages_are_the_meters(db, items, size_bytes):
    """100 x 12 KB do not fit into 1 MB; 128 x 8 KB fill a page exactly, after which an empty page is read."""
    concert = f"C-{items}"
    for place in range(items):
        db.put_item(TableName="tickets", Item=lesson.ticket(concert, place, size_bytes))
    request = lesson.ONE_CONCERT | {"ExpressionAttributeValues": {":c": {"S": concert}}}
    with meter.watch(db) as ledger:
        list(db.get_paginator("query").paginate(**request))
    for place in range(items):
        db.delete_item(TableName="tickets", Key=lesson.key(concert, place))
    assert ledger.read_units == lesson.query_units(items, size_bytes)


@pytest.mark.parametrize("typed", ["", "huge", "1.5", "99999999", "-4"])
def test_nonsense_in_a_field_is_answered_and_the_picture_stays(typed):
    shown = widgets.explore(lesson.ITEMS_EXPLORER)
    before = shown.sentence.value
    shown.sliders["items"].field.value = typed
    assert "⚠" in shown.problem.value and before != shown.sentence.value and "opacity" in shown.picture.value
    shown.reset_button.click()
    assert shown.sentence.value == before and shown.problem.value == ""


# Explain, break it ----------------------------------------------------


def test_on_demand_costs_three_and_a_half_times_at_full_use():
    """0.00065 / (3,600 x 0.000000625) = 28.9 %; half of that before November 2024."""
    assert lesson.break_even() == pytest.approx(0.2889, abs=1e-4)
    assert lesson.break_even("2024-10-31") == pytest.approx(0.1444, abs=1e-4)
    assert lesson.modes(100).loc["writes, today"].tolist() == ["$164", "$47.45", "3.46 times", "28.9 %"]


@pytest.mark.parametrize("given", [0, -1, "many", None, float("nan"), True, 1e9])
def test_a_rate_that_cannot_be_is_answered(given):
    with pytest.raises(teach.InputError, match="units_per_s"):
        lesson.modes(given)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_sums_by_hand_are_those_of_the_meter(language):
    """By Query 10, by Scan 128.5 + 18.5 = 14.7 times that, one by one 200 x 0.5; a million units are $0.125."""
    i18n.use(language)
    words = lesson.worked_sums()
    for part in ("80,000 B", "19.531", "2,622", "128.5", "18.5", "$1.25", "$12.50", "$18.375", "14.7", "0.000000125"):
        assert part in words, part
    assert "{" not in words and len(words.splitlines()) == 5


def test_rounding_wastes_half_a_step_on_average():
    """Sizes 1 to 4 x 1,024 B take 1, 2, 3 or 4 units equally often: 2.5 = their mean in KB and one half."""
    sizes = range(1, 4 * 1024 + 1)
    mean_units = sum(meter.write_units(size) for size in sizes) / len(sizes)
    assert mean_units == 2.5 == pytest.approx(sum(sizes) / len(sizes) / 1024 + 0.5, abs=0.001)


def test_one_byte_too_long(notebook):
    exec(code_of("run-query"), notebook)
    said = {}
    for size_bytes in (1024, 1025, 409_600, 409_601):
        item = lesson.ticket("C-999", 1, size_bytes)
        said[size_bytes] = lesson.attempt(notebook["db"].put_item, TableName="tickets", Item=item)
        notebook["db"].delete_item(TableName="tickets", Key=lesson.key("C-999", 1))
    for size_bytes, units in ((1024, 1), (1025, 2), (409_600, 400)):
        assert f"write units {units}," in said[size_bytes]
    assert said[409_601].startswith("Refused. ValidationException")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_scan_takes_seconds_of_a_tables_capacity_unless_burst_helps(language):
    """147 / 25 = 5.88 s; 300 s x 25 = 7,500 units may have been kept."""
    i18n.use(language)
    words = lesson.eaten(147, 25)
    assert "147" in words and "5.88" in words and "300" in words and "7,500" in words
    answers = lesson.breaking()
    assert len(answers) == 2 and "5.88" in answers[0] and "409,600" in answers[1] and "400" in answers[1]
    assert all("{" not in answer for answer in answers)


@pytest.mark.parametrize("given", [0, -1, "many", None, float("nan"), True])
def test_nonsense_capacity_gets_one_sentence(given):
    with pytest.raises(teach.InputError, match="table_rcu"):
        lesson.eaten(147, given)


@pytest.mark.parametrize("given", ["big", 1.5, 10**9, 3, True, None])
def test_nonsense_sizes_get_one_sentence(given):
    with pytest.raises(teach.InputError, match="in this cell|at least"):
        lesson.ticket("C-999", 1, given)


# Exercises, checks ----------------------------------------------------


def test_what_the_learner_left_in_the_table_does_not_matter_to_the_exercise(db):
    """An item of a cell that stopped half-way stays out of the marking, and so does a table that is gone."""
    db.put_item(TableName="tickets", Item=lesson.ticket("C-100", 1, 100_000))
    assert "read units: 147" in lesson.CHEAP.mark(lesson.SCAN_CONCERT | {"Limit": 3000}).text
    db.delete_table(TableName="tickets")
    assert lesson.CHEAP.mark(dict(lesson.ONE_CONCERT)).right
    lesson.open_shop()


def test_the_predictions_are_compared_with_the_request_as_it_was_asked(notebook, db):
    """Read strongly consistently the Query takes 20 units; 10 stay the answer."""
    shown, store = [], teach.STORE
    notebook |= {"look_back": lambda *given, **changed: shown.append(teach.looking_back(*given, **changed))}
    store.commit(lesson.QUERY_UNITS, "20")
    exec(code_of("run-query").replace("(**one_concert)", "(**one_concert, ConsistentRead=True)"), notebook)
    store.commit(lesson.FILTER_SAVES, 0)
    exec(code_of("run-savings").replace(', FilterExpression="attribute_exists(resale)"', ", Limit=20"), notebook)
    assert "You predicted 20 units; the run gives 10 units" in shown[0] and "changed and gives 20 units" in shown[0]
    assert "the run gives “the same”" in shown[1] and "changed and gives “a tenth”" in shown[1]
    store._values.clear()
    exec(code_of("run-query"), notebook)
    assert shown[2].endswith("The run gives 10 units.")


def test_running_all_cells_is_no_try(db):
    space = {}
    exec(code_of("my-items").split("display(")[0], space)
    for target, start in ((lesson.BY_HAND, space["my_rcu"]), (lesson.CHEAP, space["my_request"])):
        fresh = dataclasses.replace(target)
        assert not fresh.mark(start).right and fresh.tries == 0
        assert fresh.mark(fresh.solution()).right and fresh.tries == 1


def test_provisioned_capacity_by_hand():
    """AWS: 3 KB, 80 strong reads a second: 80 RCU. Here 6 KB are two steps: 120 x 2 = 240."""
    assert 80 * meter.read_units(3 * 1024, meter.STRONG) == 80
    assert lesson.BY_HAND.mark(240).right
    assert not lesson.BY_HAND.mark(180).right, "each read is rounded up"


def test_the_target_is_reached_by_a_query_only(db):
    assert not lesson.CHEAP.mark(dict(lesson.SCAN_CONCERT)).right
    assert not lesson.CHEAP.mark(lesson.ONE_CONCERT | {"ConsistentRead": True}).right
    assert not lesson.CHEAP.mark(lesson.ONE_CONCERT | {"FilterExpression": "attribute_exists(resale)"}).right
    assert lesson.CHEAP.mark(lesson.ONE_CONCERT | {"ProjectionExpression": "concert, ticket"}).right
    assert lesson.CHEAP.mark(dict(lesson.ONE_CONCERT)).right


def test_a_query_may_filter_by_what_is_no_key(db):
    request = lesson.ONE_CONCERT | {"FilterExpression": "#concert = :concert OR attribute_exists(note)"}
    request |= {"ExpressionAttributeNames": {"#concert": "resale"}}
    request["ExpressionAttributeValues"] = {":c": {"S": "C-007"}, ":concert": {"BOOL": True}}
    assert lesson.CHEAP.mark(request).right


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"TableName": "none"},
        {"TableName": "tickets", "Limits": 3},
        {1: 2},
        {"TableName": 7},
        lesson.ONE_CONCERT | {"KeyConditionExpression": "concert"},
        lesson.ONE_CONCERT | {"KeyConditionExpression": 7},
        lesson.ONE_CONCERT | {"KeyConditionExpression": "concert == :c"},
        lesson.ONE_CONCERT | {"FilterExpression": "concert = :c"},
        lesson.ONE_CONCERT | {"FilterExpression": "begins_with(#t, :c)", "ExpressionAttributeNames": {"#t": "ticket"}},
        lesson.ONE_CONCERT | {"ExpressionAttributeValues": {":c": "C-007"}},
        lesson.ONE_CONCERT | {"ExpressionAttributeValues": {":c": {"N": "7"}}},
        lesson.SCAN_CONCERT | {"FilterExpression": "concert == :c"},
        lesson.SCAN_CONCERT | {"FilterExpression": ""},
        lesson.SCAN_CONCERT | {"Limit": 1},
        lesson.SCAN_CONCERT | {"IndexName": "by-date"},
    ],
)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_refused_request_gets_one_sentence(db, language, request_):
    i18n.use(language)
    with pytest.raises(teach.InputError, match="my_request") as caught:
        lesson.CHEAP.mark(request_)
    assert "\n" not in str(caught.value)


def test_answers_by_hand(db):
    """3; 20,000 B = 4.9 steps; 50 x 5 x 0.5; 90 x 2; 2,100 B; 3,000 B; 4 x 2 x 2; the count costs the same."""
    assert [check.right_answer() for check in lesson.CHECKS] == [3, 2.5, 125, 180, 3, 3, 16, 1]


@pytest.mark.parametrize(
    ("key", "typed", "hint"),
    [
        ("07.strong", "9", "4 KB"),
        ("07.strong", "1.5", "eventually"),
        ("07.strong", "2.25", "round up"),
        ("07.sum", "20", "rounds each item"),
        ("07.sum", "2.44", "then halve"),
        ("07.rcu", "250", "strongly"),
        ("07.rcu", "150", "4 KB first"),
        ("07.rcu", "112.5", "by itself"),
        ("07.rcu", "450", "writes"),
        ("07.wcu", "90", "reads, 4 KB"),
        ("07.wcu", "132", "rounds the sum"),
        ("07.wcu", "360", "transaction"),
        ("07.update", "1", "whole item"),
        ("07.update", "2", "before"),
        ("07.update", "5", "added up"),
        ("07.condition", "0", "failed condition"),
        ("07.condition", "2", "new item"),
        ("07.transaction", "8", "twice"),
        ("07.transaction", "12", "rounds the sum"),
    ],
)
def test_a_misconception_gets_its_hint(key, typed, hint):
    check = next(check for check in lesson.CHECKS if check.key == key)
    verdict = check.mark(typed)
    assert not verdict.right and hint in verdict.text


@pytest.mark.parametrize("check", lesson.CHECKS, ids=lambda check: check.key)
def test_every_misconception_gets_its_hint(check, db):
    assert check.mark(check.right_answer() if check.choices else str(check.right_answer())).right
    for hint in check.hints:
        verdict = check.mark(hint.gives() if check.choices else str(hint.gives()))
        assert not verdict.right and hint.text in verdict.text


def test_the_meter_agrees_with_awss_own_sums():
    """100 writes of 512 B: 100; three of 500 B in a transaction: 6; 310 KB that fail to replace 300 KB: 310."""
    assert 100 * meter.write_units(512) == 100
    assert 3 * meter.write_units(500, factor=meter.TRANSACTIONAL_WRITE) == 6
    assert meter.write_units(300 * 1024, 310 * 1024) == 310


@pytest.mark.parametrize("language", ["en", "ko"])
def test_numbers_in_questions_are_those_that_are_checked(language):
    i18n.use(language)
    kb = 1024
    asked = [
        (lesson.QUERY_UNITS.question, (lesson.TICKETS_EACH, lesson.TICKET_BYTES)),
        (lesson.FILTER_SAVES.question, (lesson.RESALES, lesson.TICKETS_EACH)),
        (lesson.BY_HAND.question, (lesson.READS_PER_S, lesson.READ_ITEM_BYTES // kb)),
        (lesson.CHEAP.question, (lesson.TICKETS_EACH, lesson.CONCERT, f"{lesson.query_units():.0f}")),
        (lesson.ADVICE.question, (lesson.RESALES,)),
        (lesson.CHECKS[0].question, (lesson.STRONG_BYTES // kb,)),
        (lesson.CHECKS[1].question, (lesson.BATCH, lesson.BATCH_BYTES)),
        (lesson.CHECKS[2].question, (lesson.RATE_READS, lesson.RATE_READ_BYTES // kb)),
        (lesson.CHECKS[3].question, (lesson.RATE_WRITES, f"{lesson.RATE_WRITE_BYTES:,}")),
        (lesson.CHECKS[4].question, (lesson.ADDED_BYTES, f"{lesson.BEFORE_BYTES:,}")),
        (lesson.CHECKS[5].question, (f"{lesson.NEW_BYTES:,}", f"{lesson.OLD_BYTES:,}")),
        (lesson.CHECKS[6].question, (lesson.TOGETHER, f"{lesson.TOGETHER_BYTES:,}")),
    ]
    for question, figures in asked:
        assert all(str(figure) in i18n._(question) for figure in figures), question


def test_the_quizs_sums_are_the_meters():
    """A missing item is the smallest read; 5 KB are five write units however small the change."""
    missing, update, _scenario = lesson.QUIZ.questions
    assert "5 KB" in update.prompt
    right = [next(option.text for option in question.options if option.right) for question in (missing, update)]
    assert right[1] == f"{meter.write_units(5 * 1024, 5 * 1024):.0f}"
    assert "4 KB" in right[0] and meter.read_units(0, meter.STRONG) == 1
