"""Lesson 09: what indexes cost by AWS's examples and by hand, what they refuse, exercises solved by their own cells."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from boto3.dynamodb.conditions import Key

from simlib import facts, i18n, meter, teach, widgets
from simlib.lessons import lesson09 as lesson
from simlib.views.indexes import IndexBars

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "notebooks"))

import build as pipeline  # noqa: E402


@pytest.fixture(autouse=True)
def english():
    i18n.use("en")
    yield
    i18n.use("en")


@pytest.fixture
def tickets():
    return lesson.open_shop()


def cell(name):
    """The source of a code cell of the notebook."""
    cells = pipeline.read(pipeline.SOURCE / "09_which_index.py").cells
    return next(each.source for each in cells if each.metadata["title"] == name)


def run_cells(*names, space=None):
    """Runs code cells of the notebook one after the other, after those of `space`; what is displayed is in `shown`."""
    shown = []
    space = (space or {}) | {"display": lambda *things: shown.extend(things), "shown": shown}
    tools = cell("tools").replace("from IPython.display import display\n", "")
    exec(tools, space)
    for name in names:
        exec(cell(name), space)
    return space


# What a write costs an index ----------------------------------------------------


@pytest.mark.parametrize(
    ("change", "keys_only", "include", "whole"),
    [
        ("new", 1, 1, 3),
        ("buyer", 2, 2, 6),
        ("gate", 0, 1, 3),
        ("receipt", 0, 0, 3),
        ("nobody", 0, 0, 0),
        ("delete", 1, 1, 3),
    ],
)
def test_a_write_costs_an_index_what_the_developer_guide_says(change, keys_only, include, whole):
    """AWS: A to B takes 2 writes, removal 1, a projected attribute alone 1, no key 0; 2,500 bytes are 3 KB."""
    for projection, units in (("KEYS_ONLY", keys_only), ("INCLUDE", include), ("ALL", whole)):
        cost = lesson.write_cost(projection, change, 1)
        assert (cost.table, cost.indexes) == (3, (units,)), projection
        assert sum(cost.usd) == pytest.approx(0.625 * (3 + units))


def test_a_ticket_and_its_entries_by_hand():
    """Keys: show 4 + 9, seat 4 + 4, buyer 5 + 5, bought 6 + 19: 56. Included: gate 4 + 2, price 5 + 2: 13 more."""
    assert lesson.entry_bytes("KEYS_ONLY") == 13 + 8 + 10 + 25 == 56
    assert lesson.entry_bytes("INCLUDE") == 56 + 6 + 7
    assert lesson.entry_bytes("ALL") == lesson.TICKET_BYTES == 2500
    assert all(lesson.lesson06.weigh(each) == 2500 for each in lesson._all_tickets()[::37])
    words = lesson.by_hand()
    assert "2,500 / 1,024" not in words and "= 2.44, rounded up 3" in words
    assert "3 + 3 (old entry deleted) + 3 (new entry put) = 9 units" in words and "$5.625" in words


def test_with_all_a_hand_over_reaches_every_index_and_with_keys_only_one():
    """20 indexes: 3 + 6 + 19 x 3 = 66 units are 66 x 0.625 dollars; with KEYS_ONLY 3 + 2."""
    whole = lesson.write_cost("ALL", "buyer", 20)
    assert whole.total == 66 and sum(whole.usd) == pytest.approx(41.25)
    assert lesson.write_cost("KEYS_ONLY", "buyer", 20).total == 5
    assert lesson.write_cost("ALL", "new", 0).total == 3
    assert len(set(lesson.INDEX_KEYS)) == lesson.GSI_MOST == 20


def test_predictions_are_answered_by_the_meter():
    assert lesson.write_cost("ALL", "buyer", 1).total == 9
    assert lesson.strong_choice() == 1


# Local indexes ----------------------------------------------------


def test_fetching_through_a_local_index_is_the_developer_guides_example():
    """AWS: 4 entries of 200 bytes, rounded to 4 KB, and 4 fetched items of 300 bytes, 4 KB each: 20 KB, 5 units."""
    local = [lesson._index("by-note", ("show", "note"), "INCLUDE", ("half",))]
    table = lesson._new_table(lesson.WORKINGS, [], local)
    for place in range(4):
        entry = {"show": "S", "seat": str(place), "note": str(place), "half": ""}
        entry["half"] = "h" * (200 - lesson.lesson06.weigh(entry))
        item = entry | {"rest": "r" * 96}
        assert lesson.lesson06.weigh(item) == 300
        table.put_item(Item=item)
    asked = {"IndexName": "by-note", "KeyConditionExpression": Key("show").eq("S")}
    with meter.watch(table) as ledger:
        table.query(**asked, ProjectionExpression="half, rest", ConsistentRead=True)
        strong = ledger.read_units
        table.query(**asked, ProjectionExpression="half, rest")
    table.delete()
    assert (strong, ledger.read_units - strong) == (5, 2.5)


def test_a_fetch_of_a_hundred_receipts_by_hand():
    """100 entries of 13 + 8 + 7 bytes are one step of 4 KB, halved; 100 tickets fetched are 100 x 4 KB, halved."""
    assert lesson._fetch_parts() == (0.5, 50)


# The shop ----------------------------------------------------


def test_opening_the_shop_leaves_the_learners_settings_alone():
    """Also with a profile that does not exist and an endpoint that nobody answers, in a process of its own."""
    program = (
        "import json, os\n"
        "from simlib.lessons import lesson09 as lesson\n"
        "before = dict(os.environ)\n"
        "tickets = lesson.open_shop()\n"
        "tickets = lesson.open_shop()\n"
        "lesson.write_cost()\n"
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
    assert json.loads(done.stdout) == [True, 300, "course"]


def test_the_shop_can_be_closed_and_opened_again():
    assert lesson.open_shop().scan()["Count"] == 300
    lesson.close_shop()
    assert lesson.open_shop().scan()["Count"] == 300
    assert {each["AttributeName"] for each in lesson.open_shop().attribute_definitions} == {"show", "seat", "price"}


def test_a_new_index_keeps_the_types_of_the_keys_that_are_there(tickets):
    """DynamoDB keeps them; moto alone would forget those that an UpdateTable does not repeat."""
    tickets.update(**lesson.new_index("one", "buyer", "bought", "ALL"))
    tickets.update(**lesson.new_index("two", "gate", "seat", "INCLUDE", ("price",)))
    names = {each["AttributeName"] for each in tickets.attribute_definitions}
    assert names == {"show", "seat", "price", "buyer", "bought", "gate"}
    lesson.drop_index(tickets, "one")
    lesson.drop_index(tickets, "one")
    assert [each["IndexName"] for each in tickets.global_secondary_indexes] == ["two"]


def test_a_projection_that_moto_would_take_and_dynamodb_would_not_gets_one_sentence(tickets):
    wrong = lesson.new_index("one", "buyer", "bought", "SOME")
    with pytest.raises(teach.InputError, match="KEYS_ONLY, INCLUDE or ALL"):
        tickets.update(**wrong)
    with pytest.raises(teach.InputError, match="belongs to INCLUDE"):
        tickets.update(**lesson.new_index("one", "buyer", "bought", "ALL", ("price",)))
    assert not tickets.global_secondary_indexes


def test_include_without_names_says_how_to_give_them_in_the_cell():
    with pytest.raises(teach.InputError, match='"INCLUDE", \\["gate"\\]') as caught:
        lesson.new_index("by-seen", "show", "seen", "INCLUDE")
    assert "\n" not in str(caught.value)


def test_a_key_without_a_definition_is_refused_as_dynamodb_does(tickets):
    request = lesson.new_index("one", "buyer", "bought", "ALL")
    request["AttributeDefinitions"] = request["AttributeDefinitions"][:1]
    with pytest.raises(teach.InputError, match="key attributes are not defined in AttributeDefinitions") as caught:
        tickets.update(**request)
    assert "[bought]" in str(caught.value) and not tickets.global_secondary_indexes
    del request["AttributeDefinitions"]
    with pytest.raises(teach.InputError, match="buyer, bought"):
        tickets.update(**request)


def test_a_key_of_another_type_than_the_items_is_explained(tickets):
    request = lesson.new_index("one", "buyer", "bought", "ALL")
    request["AttributeDefinitions"][0]["AttributeType"] = "N"
    with meter.watch(tickets) as ledger, pytest.raises(teach.InputError, match="out of the index") as caught:
        tickets.update(**request)
    assert "buyer is declared with the type N" in str(caught.value) and "hold it as S" in str(caught.value)
    assert not ledger.read_units and not tickets.global_secondary_indexes


def test_cells_that_stopped_half_way_do_not_change_the_next_run():
    """A ticket F-01 left over, an attribute refund or seen left over, a seat F-02: each cell begins without them."""
    run = run_cells("run-scan", "run-index")
    run["tickets"].put_item(Item=lesson.ticket(seat="F-01", buyer="U-001", refund=lesson.REFUND_DAY, seen="20:00:00"))
    writes = lesson.units(run_cells("run-writes", space=run)["ledger"])
    assert list(writes["table"]) == ["3"] * 5 and list(writes["by-buyer"]) == ["1", "2", "1", "0", "1"]
    for _again in range(2):
        sparse = lesson.units(run_cells("run-sparse", space=run)["ledger"])
        assert list(sparse["by-refund"]) == ["1", "1", "0.5", "1", "0"]
        churn = lesson.units(run_cells("break-churn", space=run)["ledger"])
        assert list(churn["by-seen"]) == ["3", "6", "6"]
    assert list(lesson.units(run_cells("by-hand", space=run)["ledger"])["table"]) == ["0", "100"]


def test_the_columns_of_the_indexes_keep_their_order():
    run = run_cells("run-scan", "run-index", "run-writes")
    shown = list(lesson.units(run["ledger"]).columns)
    assert shown.index("by-buyer") < shown.index("by-price")


def test_an_index_finds_with_one_step_what_a_scan_finds_with_ninety_two_units():
    """300 x 2,500 bytes are 183.1 steps of 4 KB: 184, halved 92; four entries of 69 bytes are half a unit."""
    space = run_cells("run-scan", "run-index")
    refused, _scan, scanned, _query, queried = space["shown"]
    assert "missed key schema element" in refused.value
    assert list(scanned["together"]) == ["92"] and list(queried["by-buyer"]) == ["0.5"]
    assert [item["bought"] for item in space["answer"]["Items"]] == [item["bought"] for item in lesson._mine()]
    assert len(lesson._mine()) == 4


def test_the_cells_of_a_lesson_can_run_again_and_in_another_order():
    names = ("run-scan", "run-index", "run-sparse", "run-index", "by-hand", "break-churn", "run-writes", "run-sparse")
    space = run_cells(*names, "break-strong", "break-churn")
    assert "Consistent reads are not supported" in "".join(getattr(each, "value", "") for each in space["shown"])


def test_five_writes_cost_what_the_table_of_the_lesson_says():
    """by-price holds keys: only put and delete reach it. by-buyer includes gate: 1 + 2 + 1 + 0 + 1."""
    run = run_cells("run-scan", "run-index", "run-writes")
    shown = lesson.units(run["ledger"])
    assert list(shown["table"]) == ["3"] * 5
    assert list(shown["by-price"]) == ["1", "0", "0", "0", "1"]
    assert list(shown["by-buyer"]) == ["1", "2", "1", "0", "1"]
    assert list(shown.iloc[:, -1]) == ["$3.125", "$3.125", "$2.50", "$1.875", "$3.125"]


def test_a_sparse_index_holds_only_what_waits():
    run = run_cells("run-scan", "run-sparse")
    shown = lesson.units(run["ledger"])
    assert list(shown["by-refund"]) == ["1", "1", "0.5", "1", "0"]
    left = run["tickets"].scan(IndexName="by-refund")["Items"]
    assert len(left) == 1 and set(left[0]) == {"show", "seat", "refund", "bought"}


def test_a_global_index_gives_nothing_that_it_does_not_hold_and_no_strong_read():
    run = run_cells("run-scan", "run-index", "by-hand", "break-strong")
    said = " ".join(getattr(each, "value", "") for each in run["shown"])
    assert "Consistent reads are not supported on global secondary indexes" in said
    assert "does not even send it" in said and "LocalSecondaryIndexUpdates" in said
    refused = lesson.attempt(run["tickets"].query, **run["by_buyer"], ProjectionExpression="seat, receipt")
    assert "does not project [receipt]" in refused
    assert lesson.attempt(run["tickets"].query, **run["by_buyer"]).startswith("Taken.")
    assert lesson.attempt(run["tickets"].query, **run["by_price"], ConsistentRead=True).startswith("Taken.")


# The pictures ----------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_picture_has_a_bar_for_the_table_and_for_each_index(language):
    i18n.use(language)
    exploring = teach.Exploration(lesson.INDEXES_EXPLORER)
    exploring.pin()
    exploring.set({"indexes": 20, "change": "buyer"})
    picture = exploring.picture
    assert isinstance(picture, IndexBars) and len(picture.png()) > 5000
    assert [bar.get_height() for bar in picture.bars] == [3, 6] + [3] * 19
    assert sum(bar.get_width() for bar in picture.dollars) == pytest.approx(41.25)
    assert "41.25" in picture.alt and picture.before_usd.get_visible()
    assert [text.get_text() for text in picture.below.get_xticklabels()][1] == "1\nby-buyer"
    exploring.set({"indexes": 0})
    assert [bar.get_height() for bar in picture.bars] == [3] + [0] * 20


@pytest.mark.parametrize(
    ("amount", "text"), [(2.5, "$2.50"), (1.875, "$1.875"), (0.0625, "$0.0625"), (41.25, "$41.25"), (0, "$0.00")]
)
def test_parts_of_a_cent_are_shown(amount, text):
    assert i18n.usd(amount) == text


def test_the_sentence_says_units_dollars_reason_and_the_change_against_a():
    exploring = teach.Exploration(lesson.CHANGE_EXPLORER)
    exploring.pin()
    exploring.set({"projection": "INCLUDE", "change": "buyer"})
    assert "table 3, indexes 2, together 5" in exploring.sentence and "$3.125" in exploring.sentence
    assert "deleted and a new one put" in exploring.sentence and "A: 6 units and $3.75." in exploring.sentence
    exploring.set({"change": "receipt"})
    assert "does not hold what changed" in exploring.sentence and "as much as without an index" in exploring.sentence
    exploring.set({"change": "gate"})
    assert "written again; write units there: 1." in exploring.sentence


@pytest.mark.parametrize("typed", ["many", "", "-1", "21", "2.5", "nan"])
def test_a_number_of_indexes_that_cannot_be_gets_one_sentence_and_the_picture_stays(typed):
    exploring = teach.Exploration(lesson.INDEXES_EXPLORER)
    before = exploring.sentence
    exploring.move("indexes", typed)
    assert exploring.error and "\n" not in exploring.error and exploring.sentence == before


def test_the_widget_follows_its_list():
    shown = widgets.explore(lesson.CHANGE_EXPLORER)
    shown.sliders["change"].main.value = "buyer"
    assert "together 9" in shown.sentence.value


# Break it ----------------------------------------------------


def test_an_index_short_of_capacity_narrows_the_table():
    """3,000 / 3 = 1,000 and 1,000 / 6 = 166.7; with 6,000 WCU the index keeps up, with 5,999 it does not."""
    run = run_cells("run-scan", "break-churn")
    assert list(lesson.units(run["ledger"])["by-seen"]) == ["3", "6", "6"]
    said = lesson.pressure(run["ledger"], table_wcu=3000, index_wcu=1000)
    assert "= 1,000 writes a second" in said and "beyond 166.7 a second are throttled" in said
    assert "keeps up" in lesson.pressure(run["ledger"], table_wcu=3000, index_wcu=6000)
    assert "throttled" in lesson.pressure(run["ledger"], table_wcu=3000, index_wcu=5999)


def test_without_a_global_index_the_table_decides(tickets):
    """A put: 3 units of the table and 1 of by-price, which uses the table's capacity: 3,000 / 4."""
    with meter.watch(tickets) as ledger:
        tickets.put_item(Item=lesson.ticket("F-03"))
    assert "750 such writes" in lesson.pressure(ledger, table_wcu=3000, index_wcu=1000)


@pytest.mark.parametrize("given", [0, -1, "many", None, float("nan"), True, 10**9])
def test_nonsense_capacity_gets_one_sentence(tickets, given):
    with meter.watch(tickets) as ledger:
        tickets.put_item(Item=lesson.ticket("F-03"))
    with pytest.raises(teach.InputError, match="index_wcu is a number"):
        lesson.pressure(ledger, table_wcu=3000, index_wcu=given)


def test_a_ledger_without_a_write_gets_one_sentence(tickets):
    with meter.watch(tickets) as ledger:
        tickets.get_item(Key={"show": lesson.SHOW, "seat": "A-12"})
    with pytest.raises(teach.InputError, match="holds no write"):
        lesson.pressure(ledger, table_wcu=3000, index_wcu=1000)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_item_of_break_it_has_an_answer(language):
    """1,000 updates a second: 6 units with ALL, 2 with KEYS_ONLY."""
    i18n.use(language)
    answers = lesson.breaking()
    assert len(answers) == 3 and all(len(answer) > 40 and "{" not in answer for answer in answers)
    assert "6,000" in answers[1] and "2,000" in answers[1]
    assert lesson._seen_units("ALL") == (3, 6) and lesson._seen_units("KEYS_ONLY") == (3, 2)


# Exercises, checks ----------------------------------------------------


def test_the_exercise_by_hand():
    """Table 3; by-buyer 2 and by-gate 2, each delete and put of less than 1 KB; by-refund 0."""
    assert lesson._exercise_parts() == (3, 2, 2, 0)
    assert lesson.BY_HAND.mark(7).right
    assert not lesson.BY_HAND.mark(5).right and not lesson.BY_HAND.mark(13).right


def test_the_notebooks_index_is_the_lessons():
    space = {}
    exec(cell("my-index").split("display(")[0], space)
    assert space["my_index"] == lesson.START_INDEX and space["my_units"] == 0
    for target, start in ((lesson.BY_HAND, 0), (lesson.LEAN, space["my_index"])):
        tries = target.tries
        assert not target.mark(start).right and target.tries == tries


def changed(keys=("buyer", "bought"), **projection):
    wanted = {"Projection": projection} if projection else {}
    return lesson.one_solution() | {"KeySchema": lesson._keys(*keys)} | wanted


@pytest.mark.parametrize(
    ("given", "missed"),
    [
        (changed(ProjectionType="ALL"), "read units of the Query: 1.5"),
        (changed(ProjectionType="KEYS_ONLY"), "prices and gates missing: 8"),
        (changed(ProjectionType="INCLUDE", NonKeyAttributes=["price"]), "prices and gates missing: 4"),
        (changed(ProjectionType="INCLUDE", NonKeyAttributes=["price", "gate", "receipt"]), "another receipt: 3"),
        (changed(keys=("buyer", "seat")), "tickets out of order"),
    ],
)
def test_each_wrong_index_misses_what_it_should(given, missed):
    verdict = lesson.LEAN.mark(given)
    assert not verdict.right and any(line.startswith("✗") and missed in line for line in verdict.text.splitlines())


def test_the_target_is_reached_by_the_two_changes_that_the_cell_allows():
    assert lesson.LEAN.mark(lesson.one_solution()).right
    ordered = changed(ProjectionType="INCLUDE", NonKeyAttributes=["gate", "price"])
    assert lesson.LEAN.mark(ordered).right


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([1], "a dict"),
        ({}, "ProjectionType"),
        (lesson.START_INDEX | {"Projection": {"ProjectionType": "SOME"}}, "KEYS_ONLY, INCLUDE or ALL"),
        (changed(ProjectionType="INCLUDE"), "INCLUDE needs NonKeyAttributes"),
        (changed(keys=("show", "bought")), "partition key of my_index is show; make buyer"),
        (changed(ProjectionType="ALL", NonKeyAttributes=["price"]), "belongs to INCLUDE"),
        (changed(ProjectionType="INCLUDE", NonKeyAttributes="price"), "my_index is refused"),
        (changed(keys=("buyer", "buyer")), "twice"),
        (lesson.START_INDEX | {"KeySchema": []}, "KeySchema must be"),
        (lesson.START_INDEX | {"KeySchema": "buyer"}, "KeySchema must be"),
        (lesson.START_INDEX | {"KeySchema": [{"AttributeName": "buyer"}]}, "KeySchema must be"),
        ({name: value for name, value in lesson.START_INDEX.items() if name != "IndexName"}, "my_index is refused"),
        (lesson.START_INDEX | {"IndexName": 3}, "my_index is refused"),
        (lesson.START_INDEX | {"IndexNam": "x"}, "my_index is refused"),
    ],
)
def test_something_that_is_no_index_gets_one_sentence(given, words):
    with pytest.raises(teach.InputError, match=words) as caught:
        lesson.LEAN.mark(given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "typed", "hint"),
    [
        ("09.move", 3, "changes in place"),
        ("09.move", 2, "up to 1 KB"),
        ("09.move", 9, "with the table's"),
        ("09.sparse", 110, "sparse means"),
        ("09.sparse", 5, "leaves"),
        ("09.sparse", 20, "one write"),
        ("09.strong_index", 0, "refuses ConsistentRead"),
        ("09.strong_index", 2, "not how soon"),
        ("09.later", 0, "no parameter for local"),
        ("09.later", 1, "eventually consistently only"),
        ("09.pressure", 1000, "table alone"),
        ("09.pressure", 600, "two units"),
        ("09.fetch", 0.5, "index alone"),
        ("09.fetch", 31.5, "by itself"),
        ("09.fetch", 101, "strongly"),
    ],
)
def test_a_misconception_gets_its_hint(key, typed, hint):
    check = next(check for check in lesson.CHECKS if check.key == key)
    verdict = check.mark(typed if check.choices else str(typed))
    assert not verdict.right and hint in verdict.text


def test_answers_by_hand():
    """3 + 3; 100 x 0 + 5 x (1 + 1); local index; new table; the smaller of 3,000 / 3 and 600 / 2; 0.5 + 100 x 0.5."""
    assert [check.right_answer() for check in lesson.CHECKS] == [6, 10, 1, 2, 300, 50.5]


def test_numbers_in_questions_are_those_that_are_checked():
    move, sparse, _strong, _later, pressure, fetch = lesson.CHECKS
    size = f"{lesson.TICKET_BYTES:,} bytes"
    assert all(size in each.question for each in (move, fetch, lesson.HAND_OVER, lesson.BY_HAND))
    assert f"{lesson.SOLD} tickets" in sparse.question and f"{lesson.REFUNDED} of them" in sparse.question
    assert f"the {lesson.EACH_SHOW} tickets" in fetch.question
    assert f"{lesson.CHECK_TABLE_WCU:,} WCU" in pressure.question
    assert f"{lesson.CHECK_INDEX_WCU} WCU" in pressure.question
    assert f"{lesson.CHECK_TABLE_UNITS} units of the table and {lesson.CHECK_INDEX_UNITS}" in pressure.question
    cells = pipeline.read(pipeline.SOURCE / "09_which_index.py").cells
    texts = [made.source for made in cells if "lang" in made.metadata]
    assert sum("2,500" in text and "300" in text for text in texts) == 2
    assert facts.value("dynamodb.item_collection_max_gb") == 10 and "10 GB" in lesson.QUIZ.questions[0].prompt


def test_quotas_are_todays_and_were_lower():
    names = ("gsi_max", "lsi_max", "projected_attributes_max")
    assert [facts.value(f"dynamodb.{name}") for name in names] == [20, 5, 100]
    assert facts.value("dynamodb.gsi_max", "2018-06-01") == 5
    assert facts.value("dynamodb.gsi_key_attributes_max", "2025-06-01") == 1
