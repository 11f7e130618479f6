"""Lesson 10: races, conditions and transactions do and cost what AWS's examples and sums by hand say."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from botocore.exceptions import ClientError

from simlib import facts, i18n, meter, pricing, teach, widgets
from simlib.lessons import lesson10 as lesson
from simlib.views.sales import Sales

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "notebooks"))

import build  # noqa: E402


@pytest.fixture(autouse=True)
def english():
    i18n.use("en")
    yield
    i18n.use("en")


@pytest.fixture
def db():
    return lesson.open_shop()


def cell(name):
    """The source of a code cell of the notebook."""
    cells = build.read(build.SOURCE / "10_all_or_nothing.py").cells
    return next(each.source for each in cells if each.metadata["title"] == name)


def play(name, **space):
    """Runs a code cell and gives its names back; what it displays is dropped."""
    space = {"lesson": lesson, "meter": meter, "display": lambda *things: None, **space}
    space |= {kind: lambda *things, **named: None for kind in ("note", "look_back", "seen", "reach", "write")}
    exec(cell(name), space)
    return space


def test_predictions_are_compared_with_what_was_asked():
    """Two orders for one seat; three items of under 1 KB, twice each."""
    assert lesson.RACE.choices[lesson.TWO_ORDERS] == "two orders for one seat" and lesson.sale_units() == 6


# The shop ----------------------------------------------------


def test_opening_the_shop_leaves_the_learners_settings_alone():
    """Also with a profile that does not exist and an endpoint that nobody answers, in a process of its own."""
    program = (
        "import json, os\n"
        "from simlib.lessons import lesson10 as lesson\n"
        "before = dict(os.environ)\n"
        "db = lesson.open_shop()\n"
        "db = lesson.open_shop()\n"
        "count = db.scan(TableName='seats')['Count']\n"
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
    assert json.loads(done.stdout) == [True, 6, "course"]


def test_marking_leaves_the_learners_tables_alone(db):
    db.transact_write_items(TransactItems=lesson.sale("haneul", "A-12"))
    before = lesson._books(db)
    lesson.PAIR_TARGET.mark(lesson.one_solution())
    lesson._cancelled_units()
    assert lesson._books(db) == before


# Race, condition, transaction ----------------------------------------------------


def test_who_reads_first_and_writes_then_sells_one_seat_twice():
    db = play("run-race")["db"]
    assert lesson._books(db)["seats"] == {"A-12": ("jiwoo", ["haneul", "jiwoo"])}
    assert lesson.race_choice(db) == 1
    assert "Sold more than once: A-12." in lesson.audit(db) and "haneul ₩110,000, jiwoo ₩110,000" in lesson.audit(db)


def test_a_condition_sells_one_seat_once_and_may_leave_half_a_sale():
    """Bora's seat is written, her account refuses: two calls, 1 + 1 units, and no order."""
    space = play("run-condition")
    assert lesson._books(space["db"])["seats"] == {"A-12": ("haneul", ["haneul"]), "A-13": ("bora", [])}
    assert "Taken without an order: A-13." in lesson.audit(space["db"])
    assert [line.write_units for line in space["guarded"]] == [1, 1, 1, 1, 1, 1, 1]
    assert [told.split(":")[0] for told in space["told"]] == ["jiwoo", "bora"]


def test_a_transaction_sells_all_or_nothing_and_says_which_item_refused():
    space = play("run-transaction")
    assert lesson._books(space["db"])["seats"] == {"A-12": ("haneul", ["haneul"])}
    assert lesson.audit(space["db"]) == (
        "Sold more than once: none. Taken without an order: none. Money taken: bora ₩0, haneul ₩110,000, jiwoo ₩0."
    )
    assert "[ConditionalCheckFailed, None, None]" in space["told"][0]
    assert "[None, None, ConditionalCheckFailed]" in space["told"][1]


def test_a_sale_costs_twice_at_the_tables_and_once_at_the_index():
    """Three items under 1 KB: 3 x 1 x 2 = 6; one new entry of the index: 1. Cancelled: 6, and no entry."""
    ledger = play("run-transaction")["together"]
    assert [lesson.at_tables(ledger, call) for call in (0, 1, 2)] == [6, 6, 6]
    assert [line.write_units for line in ledger if line.index] == [1]
    assert "Together 7 write units" in lesson.by_hand() and "$4.375" in lesson.by_hand()


def test_three_items_of_500_bytes_cost_six_units_as_aws_says(db):
    """AWS's example: one transaction a second that writes three items of 500 bytes needs 6 WCU."""
    items = [{"Put": {"TableName": "accounts", "Item": {"buyer": f"b{k}", "note": "x" * 489}}} for k in range(3)]
    assert lesson.item_shop.weigh(items[0]["Put"]["Item"]) == 500
    with meter.watch(db) as ledger:
        db.transact_write_items(TransactItems=items)
    assert ledger.write_units == 6


def test_the_notebooks_actions_are_those_of_sale():
    space = play("run-transaction")
    assert [{"Update": space["take"]}, {"Put": space["order"]}, {"Update": space["pay"]}] == lesson.sale("bora", "A-13")


# The figures ----------------------------------------------------


def played(share, items):
    """The three designs played call by call: (write units, read units) of each, for BUYERS buyers."""
    db, used = lesson.open_shop(), []
    same = round(share * lesson.BUYERS / 100)
    wishes = ["S"] * same + [f"OWN-{k}" for k in range(lesson.BUYERS - same)]
    others = [[f"N-{buyer}-{k}" for k in range(items - 1)] for buyer in range(lesson.BUYERS)]

    def seat(name, buyer, guarded):
        more = {"ConditionExpression": "attribute_not_exists(buyer)"} if guarded else {}
        item = {"show": lesson.SHOW, "seat": name, "buyer": str(buyer)}
        return {"TableName": "seats", "Item": item, **more}

    def extra(name):
        return {"TableName": "accounts", "Item": {"buyer": name}}

    with meter.watch(db) as ledger:
        for name in wishes:
            db.get_item(TableName="seats", Key=lesson.seat_key("1/" + name))
        for buyer, name in enumerate(wishes):
            for request in [seat("1/" + name, buyer, False), *map(extra, others[buyer])]:
                db.put_item(**request)
    used.append((ledger.write_units, ledger.read_units))
    with meter.watch(db) as ledger:
        for buyer, name in enumerate(wishes):
            try:
                db.put_item(**seat("2/" + name, buyer, True))
            except ClientError:
                continue
            for request in map(extra, others[buyer]):
                db.put_item(**request)
    used.append((ledger.write_units, ledger.read_units))
    with meter.watch(db) as ledger:
        for buyer, name in enumerate(wishes):
            actions = [seat("3/" + name, buyer, True), *map(extra, others[buyer])]
            try:
                db.transact_write_items(TransactItems=[{"Put": each} for each in actions])
            except ClientError:
                continue
    used.append((ledger.write_units, ledger.read_units))
    return used


@pytest.mark.parametrize(("share", "items"), [(0, 2), (30, 3), (90, 1)])
def test_the_curves_are_what_the_calls_cost(share, items):
    found = lesson.designs({"share": share, "items": items, "size_bytes": 40})
    sold = lesson.tickets_sold(share)
    for (writes, reads), units, parts in zip(played(share, items), found["now"][1], found["dollars"]):
        assert units == pytest.approx(writes / sold)
        assert sum(parts) == pytest.approx(1e6 * (writes * 0.625e-6 + reads * 0.125e-6) / sold)


def test_a_figure_by_hand():
    """20 of 100 want one seat: 81 tickets, 19 in vain. 300 / 81; (3 x 81 + 19) / 81; 600 / 81."""
    found = lesson.designs({"share": 20})
    assert found["sold"] == 81
    assert found["now"][1] == pytest.approx([300 / 81, 262 / 81, 600 / 81])
    assert [lesson.tickets_sold(share) for share in (0, 1, 2, 90)] == [100, 100, 99, 11]


def test_what_is_larger_than_a_transaction_gets_one_sentence_and_the_picture_stays():
    """100 x 41,943 bytes are 4,194,300, 4 bytes below 4 MB."""
    exploring = teach.Exploration(lesson.SIZE_EXPLORER)
    exploring.set({"items": 100, "size_bytes": 41_943})
    assert exploring.error == ""
    before = exploring.sentence
    exploring.move("size_bytes", 41_944)
    assert "at most 4,194,304" in exploring.error and "\n" not in exploring.error
    assert exploring.stale and exploring.sentence == before


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("share", "most", "not a number"),
        ("share", "95", "between 0 and 90"),
        ("items", "2.5", "not a whole number"),
        ("items", "101", "between 1 and 100"),
        ("size_bytes", "", "empty"),
        ("size_bytes", "409,601", "between 100 and 409,600"),
    ],
)
def test_nonsense_in_a_control_is_answered(name, typed, words):
    exploring = teach.Exploration(lesson.SIZE_EXPLORER)
    exploring.move(name, typed)
    assert words in exploring.error and "\n" not in exploring.error and exploring.stale


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_picture_shows_three_designs_and_the_pinned_run(language):
    i18n.use(language)
    exploring = teach.Exploration(lesson.SIZE_EXPLORER)
    exploring.pin()
    exploring.set({"share": 60, "items": 10})
    picture = exploring.picture
    assert isinstance(picture, Sales) and len(picture.png()) > 5000
    assert all(line.get_visible() for line in picture.before)
    assert [marker.get_ydata()[0] for marker in picture.now] == exploring.found["now"][1]
    assert "48.8" in picture.alt and "48.78" in exploring.sentence
    assert i18n._("transaction") in exploring.sentence and i18n._("transaction") in picture.alt


def test_a_slider_moves_the_sentence():
    shown = widgets.explore(lesson.SHARE_EXPLORER)
    shown.sliders["share"].main.value = 0
    assert "Nobody wants the same seat" in shown.sentence.value
    shown.reset_button.click()
    assert "81 tickets are sold" in shown.sentence.value


# Reads, versions, tokens ----------------------------------------------------


def test_reads_cost_half_one_and_two_and_a_stale_version_is_refused():
    """The sale before took 110,000 of 300,000; then 50,000 are added once."""
    space = play("by-hand", sleep=lambda pause_s: None)
    assert [line.read_units for line in space["read"]] == [0.5, 1, 2, 2, 0, 0]
    assert [line.write_units for line in space["read"]] == [0, 0, 0, 0, 1, 1]
    assert len(space["doubted"]) == 1 and space["doubted"][0].startswith("+20000: Refused. ConditionalCheckFailed")
    account = space["db"].get_item(TableName="accounts", Key={"buyer": "haneul"})["Item"]
    assert (account["balance"], account["version"]) == (240_000, 2)


def test_an_item_of_8_kb_costs_four_units_in_a_transaction_as_aws_says():
    """AWS's example: 8 KB are 2 units strongly, 1 eventually, 4 transactionally."""
    assert [meter.read_units(8192, factor) for factor in (1, 0.5, 2)] == [2, 1, 4]


def test_a_token_is_applied_once_costs_reads_and_refuses_another_seat():
    """First 6 + 1 for the index; then three reads of 2 units; then nothing."""
    space = play("break-transactions")
    assert (space["repeated"].write_units, space["repeated"].read_units) == (7, 6)
    assert lesson._books(space["db"])["paid"]["jiwoo"] == 110_000
    assert space["told"][0].startswith("A-14: Refused. IdempotentParameterMismatchException")
    assert len(lesson.new_token()) == facts.value("dynamodb.token_max_characters")


def test_boto3_makes_a_token_for_each_call(db):
    """As section 5 says: two equal calls of one's own are two transactions."""
    sent = []
    db.meta.events.register("before-call.dynamodb.TransactWriteItems", lambda params, **_: sent.append(params["body"]))
    for _call in range(2):
        db.transact_write_items(TransactItems=lesson.looks(1))
    tokens = {json.loads(body)["ClientRequestToken"] for body in sent}
    assert len(tokens) == 2 and all(tokens)


def test_the_curves_of_the_fold():
    """k of N want one seat, n items of one unit: nN / (N-k+1), n + (k-1) / (N-k+1), 2nN / (N-k+1)."""
    for k, n in ((30, 3), (90, 7)):
        sold = 100 - k + 1
        units = lesson.designs({"share": k, "items": n, "size_bytes": 1000})["now"][1]
        assert units == pytest.approx([n * 100 / sold, n + (k - 1) / sold, 2 * n * 100 / sold])


def test_the_sdk_retries_a_transaction_in_progress_and_no_conflict():
    """As the table of who tries again says."""
    from botocore.retries.standard import ThrottledRetryableChecker as throttled
    from botocore.retries.standard import TransientRetryableChecker as transient

    retried = {*throttled._THROTTLED_ERROR_CODES, *transient._TRANSIENT_ERROR_CODES}
    assert "TransactionInProgressException" in retried
    assert not {"TransactionConflictException", "TransactionCanceledException"} & retried
    shown = lesson.who_retries()
    assert shown.shape == (7, 5)


def test_a_sale_that_meets_two_conflicts_is_made_at_the_third_try():
    space = play("by-hand", sleep=lambda pause_s: None)
    assert [told.split(":")[0] for told in space["told"]] == ["0 s", "0.05 s"]
    assert all("TransactionCanceledException" in told for told in space["told"])
    assert all("[TransactionConflict, None, None]" in told for told in space["told"])
    assert lesson._books(space["db"])["seats"] == {"A-12": ("haneul", ["haneul"])}


def test_a_single_write_that_meets_a_transaction_is_refused_and_reads_are_not(db):
    with lesson.conflicts(db, times=1):
        db.get_item(TableName="seats", Key=lesson.seat_key("A-12"))
        with pytest.raises(db.exceptions.TransactionConflictException):
            db.put_item(TableName="accounts", Item={"buyer": "haneul"})
        db.put_item(TableName="accounts", Item={"buyer": "haneul"})
    with pytest.raises(db.exceptions.TransactionCanceledException) as caught, lesson.conflicts(db):
        db.transact_write_items(TransactItems=lesson.sale("haneul", "A-12"))
    reasons = [each["Code"] for each in caught.value.response["CancellationReasons"]]
    assert reasons == ["TransactionConflict", "None", "None"]
    db.transact_write_items(TransactItems=lesson.sale("jiwoo", "A-12"))


@pytest.mark.parametrize("given", [-1, 2.5, "2", True, 101])
def test_a_number_of_conflicts_that_cannot_be_is_answered(db, given):
    with pytest.raises(teach.InputError, match="correct it in this cell"), lesson.conflicts(db, times=given):
        pass


@pytest.mark.parametrize("language", ["en", "ko"])
def test_tables_are_not_cut(language):
    """pandas cuts a text after 50 characters."""
    i18n.use(language)
    tables = (lesson.who_retries(), *(lesson.one_seat(gap_s) for gap_s in (0, 0.3, 6)), lesson.in_pieces())
    assert max(table.map(len).max().max() for table in tables) <= 50


# Two Regions ----------------------------------------------------


def lag_chance(gap_s, trip_ms):
    """The chance that a replicated write takes longer than this: the table of quantiles read by hand."""
    probability, lag_s = facts.latency("dynamodb.replication")
    return 1 - np.interp(gap_s - trip_ms / 2000, lag_s, probability, left=0, right=1)


def test_a_transaction_arrives_in_pieces_and_a_reader_sees_some_of_them():
    """Each lag is at least 0.3 s and half a round trip of 174 ms; no two are alike."""
    lags_s = lesson._pieces()
    assert len(set(lags_s)) == 3 and min(lags_s) > 0.3 + 0.087
    assert f"{1000 * (max(lags_s) - min(lags_s)):,.0f} ms" in lesson.half_a_sale()
    assert lesson.in_pieces().shape == (3, 2)


def test_two_buyers_sooner_than_any_lag_both_buy_and_the_later_keeps_the_seat():
    """0.3 s is less than the shortest lag of 0.387 s. Before the end haneul's write has lost in N. Virginia."""
    rows = lesson._seat(0.3)
    assert lesson.regions_choice() == 1
    assert [owner for *_rest, owner in rows] == ["haneul", "jiwoo", "jiwoo", "jiwoo"]
    assert [region for _at, region, *_rest in rows] == [lesson.SEOUL, lesson.VIRGINIA, lesson.VIRGINIA, lesson.SEOUL]
    shown = lesson.one_seat(gap_s=0.3)
    assert shown.iloc[-1, -1] == "jiwoo" and shown.shape == (4, 4)


def test_a_buyer_after_the_longest_lag_is_refused():
    """The longest lag is 5 s and half a round trip."""
    assert lesson.regions_choice(6) == 0 and lesson._seat(6.0)[-1][3] == "haneul"


@pytest.mark.parametrize("given", [-1, 61, "1", None, True, float("nan")])
def test_a_time_between_buyers_that_cannot_be_is_answered(given):
    with pytest.raises(teach.InputError, match="0 to 60; correct it in this cell"):
        lesson.one_seat(gap_s=given)


@pytest.mark.parametrize("gap_ms", [100, 500, 700, 1000, 2000, 3000])
def test_as_many_seats_go_to_both_as_lags_are_longer_than_the_gap(gap_ms):
    """MREC, Seoul and Tokyo, 33 ms there and back: a 99.9 % interval, and 10 ms for the writes' own latency. Strong
    reads are out of date as often. MRSC: neither, ever."""
    run, consistent = (lesson.pairs(gap_ms, kind) for kind in ("MREC", "MRSC"))
    likely = [lag_chance(gap_ms / 1000 + more_s, 33) for more_s in (-0.01, 0.01)]
    room = 3.29 * np.sqrt(likely[0] * (1 - likely[0]) * lesson.PAIRS) + 0.5
    for met in (run["twice"], run["stale"]):
        assert lesson.PAIRS * likely[1] - room <= met <= lesson.PAIRS * likely[0] + room
    assert (consistent["twice"], consistent["stale"]) == (0, 0)


def test_a_strongly_consistent_table_refuses_who_writes_while_another_region_does():
    """A write takes 5.47 ms or more and the round trip to Osaka, 24 ms: after 20 ms all are refused, after 100 none."""
    assert lesson.pairs(20, "MRSC")["refused"] == lesson.PAIRS
    assert lesson.pairs(100, "MRSC")["refused"] == 0
    assert lesson.pairs(20, "MREC")["refused"] == 0


def test_strong_consistency_costs_a_round_trip_to_the_nearest_region():
    """Seoul to Osaka 24 ms; Tokyo to Osaka by the data; the same dice on both sides."""
    run, consistent = (lesson.pairs(700, kind) for kind in ("MREC", "MRSC"))
    assert consistent["write_ms"] - run["write_ms"] == pytest.approx(24, abs=1e-6)
    near_ms = min(facts.round_trip_ms(lesson.TOKYO, other) for other in (lesson.SEOUL, lesson.OSAKA))
    assert consistent["read_ms"] - run["read_ms"] == pytest.approx(near_ms, abs=1e-6)
    assert (lesson.OCEAN_TRIP_MS, lesson.NEAREST_TRIP_MS) == (174, 24)


def test_the_curve_is_the_lags_distribution():
    found = lesson.two_regions({"gap_ms": 700})
    place = found["gaps_ms"].tolist().index(1000)
    assert found["curve"][place] == pytest.approx(100 * lag_chance(1.0, 33))
    low, high = found["band"]
    assert low[place] < found["curve"][place] < high[place]


def test_a_lost_region_takes_the_last_sales_with_it_only_under_eventual_consistency():
    """The shortest lag is 0.3 s: the six sales of the last 0.3 s, 20 a second, are lost for certain; those of the last
    5.02 s may be. A sale that is lost would also have come late."""
    shown = lesson.loss(sales_per_s=20)
    assert shown.iloc[:, 0].tolist() == [200, 200] and shown.loc["MRSC"].tolist() == [200, 0, 0]
    _confirmed, lost, late = shown.loc["MREC"]
    assert 6 <= lost <= late < 100


@pytest.mark.parametrize("given", [0, 201, 2.5, "20", True])
def test_a_rate_of_sales_that_cannot_be_is_answered(given):
    with pytest.raises(teach.InputError, match="correct it in this cell"):
        lesson.loss(sales_per_s=given)


def test_what_aws_offers_in_either_kind_of_table():
    """AWS: MRSC has exactly three Regions of one set, no transactions, no TTL and no local indexes; MREC takes all."""
    shown = lesson.offers()
    assert (shown["MREC"] == "yes").all()
    assert shown["MRSC"].tolist() == ["yes", "no", "no", "no", "no", "no", "yes"]


def test_the_sale_in_several_regions_by_hand_and_by_the_bill():
    """Three items under 1 KB. 6 WRU: 3.75 USD; 6 + 3 rWRU: 5.625 USD; 3 x 3: 5.625; before, 7.50 and 9 x 1.875."""
    told = lesson.regions_by_hand().splitlines()
    assert "6 write units" in told[0] and "$3.75" in told[0] and "$7.50" in told[0]
    assert "9 replicated" in told[1] and "$5.625" in told[1] and "$16.875" in told[1]
    assert "3 × 3 = 9" in told[2] and "$5.625" in told[2]
    sku = "dynamodb.replicated_write_request.standard"
    result = lesson._play_rows([(0.0, 2, key, 0) for key in range(3)], lesson.OCEAN[::-1])
    assert pricing.usage(result)[sku] == 9
    result = lesson._play_rows([(0.0, 0, key, 0) for key in range(3)], lesson.ASIA, "MRSC")
    assert pricing.usage(result)[sku] == 9


@pytest.mark.parametrize(
    ("typed", "words"),
    [("soon", "not a number"), ("3,001", "between 0 and 3,000"), ("1.5", "not a whole"), ("", "empty")],
)
def test_nonsense_between_two_buyers_is_answered(typed, words):
    exploring = teach.Exploration(lesson.GAP_EXPLORER)
    exploring.move("gap_ms", typed)
    assert words in exploring.error and "\n" not in exploring.error and exploring.stale


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_picture_of_two_regions_shows_what_the_sentence_says(language):
    i18n.use(language)
    exploring = teach.Exploration(lesson.GAP_EXPLORER)
    exploring.pin()
    exploring.move("gap_ms", 700)
    picture, found = exploring.picture, exploring.found
    assert picture.twice["MREC"].get_ydata()[0] == 100 * found["runs"]["MREC"]["twice"] / lesson.PAIRS
    assert picture.before.get_visible() and picture.before.get_xdata()[0] == 300
    assert [bar.get_width() for bar in picture.bars] == [ms for _words, each in found["bars"] for ms in each.values()]
    assert str(found["runs"]["MREC"]["twice"]) in exploring.sentence and "300" in exploring.sentence.splitlines()[-1]
    assert len(picture.png()) > 5000 and "MRSC" in picture.alt


# Break it ----------------------------------------------------


def test_each_limit_refuses_one_step_too_far_and_takes_the_step_before(db):
    """100 items of 2 units; 10 x 400,000 bytes are below 4,194,304 and 11 are above."""
    taken = lesson.attempt(db.transact_write_items, TransactItems=lesson.looks(100))
    assert taken == "Taken. Our meter: write units 200, read units 0."
    assert "less than or equal to 100" in lesson.attempt(db.transact_write_items, TransactItems=lesson.looks(101))
    twice = play("break-transactions")["twice"]
    assert "multiple operations on one item" in lesson.attempt(db.transact_write_items, TransactItems=twice)
    assert lesson.attempt(db.transact_write_items, TransactItems=twice[1:]).startswith("Taken.")
    for count, word in ((10, "Taken."), (11, "4194304")):
        assert word in lesson.attempt(db.transact_write_items, TransactItems=lesson.large_orders(count))
    assert lesson.item_shop.weigh(lesson.large_orders(1)[0]["Put"]["Item"]) == 400_000


def test_a_cancelled_transaction_is_charged(db):
    space = play("break-transactions")
    assert space["cancelled"].write_units == 12 and {line.error for line in space["cancelled"]} == {
        "TransactionCanceledException"
    }
    assert "write units: 12," in lesson.total(space["cancelled"]) and "$7.50" in lesson.total(space["cancelled"])


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_item_of_break_it_has_an_answer(language):
    """100 looks of 2 units; three reads of 2; three items of 2; 4,194,304 / 400,000 = 10.5."""
    i18n.use(language)
    limits, token, cancelled, _regions = lesson.breaking()
    assert "200" in limits and "10" in limits and "6" in token and "6" in cancelled
    assert all("{" not in answer for answer in lesson.breaking())


@pytest.mark.parametrize("given", [0, 2.5, "3", True, 501])
def test_numbers_that_cannot_be_are_answered(given):
    with pytest.raises(teach.InputError, match="correct it in this cell"):
        lesson.looks(given)
    with pytest.raises(teach.InputError, match="correct it in this cell"):
        lesson.large_orders(given)


def test_what_is_no_error_of_boto3_is_not_swallowed():
    with pytest.raises(ZeroDivisionError), lesson.refusals([]):
        1 / 0  # noqa: B018


# Exercises, checks ----------------------------------------------------


def test_the_exercise_by_hand():
    """(4 x 1 + 2 + 1) x 2 = 14, and 1 for the index."""
    assert lesson.BY_HAND.mark(15).right
    assert not lesson.BY_HAND.mark(7).right and not lesson.BY_HAND.mark(16).right


def test_the_notebooks_start_is_the_lessons_and_is_no_try():
    space = play("my-sale")
    assert space["my_request"] == lesson.LOOSE_REQUEST and space["my_units"] == 0
    for target, start in ((lesson.BY_HAND, 0), (lesson.PAIR_TARGET, space["my_request"])):
        fresh = dataclasses.replace(target)
        assert not fresh.mark(start).right and fresh.tries == 0


def test_the_target_is_reached_by_what_the_exercise_names():
    """2 seats, order, account: 4 x 2, and 1 for the index: 9 units."""
    assert lesson.PAIR_UNITS == 9 and "At most 9 write units" in lesson.PAIR_TARGET.question
    assert lesson.PAIR_TARGET.mark(lesson.one_solution()).right
    with_token = lesson.one_solution() | {"ClientRequestToken": "mine"}
    assert lesson.PAIR_TARGET.mark(with_token).right and lesson.PAIR_TARGET.mark(with_token).right


@pytest.mark.parametrize("missing", range(4))
def test_the_target_needs_every_action(missing):
    items = lesson.one_solution()["TransactItems"]
    assert not lesson.PAIR_TARGET.mark({"TransactItems": items[:missing] + items[missing + 1 :]}).right


@pytest.mark.parametrize("place", [0, 1, 3])
def test_the_target_needs_the_conditions_that_protect_something(place):
    request = lesson.one_solution()
    action = next(iter(request["TransactItems"][place].values()))
    del action["ConditionExpression"]
    assert not lesson.PAIR_TARGET.mark(request).right


@pytest.mark.parametrize(
    "given", [{}, {"TransactItems": []}, {"TransactItems": [{"Put": {"TableName": "none", "Item": {}}}]}, {1: 2}]
)
def test_a_refused_request_gets_one_sentence(given):
    with pytest.raises(teach.InputError, match="my_request cannot be carried out") as caught:
        lesson.PAIR_TARGET.mark(given)
    assert "\n" not in str(caught.value)


def test_something_that_is_no_request_is_answered():
    with pytest.raises(teach.InputError, match="a request"):
        lesson.PAIR_TARGET.mark([1, 2])


def test_answers_by_hand():
    """2 x (3 + 1 + 1); 2 x 3; 2 x 3 reads; 2 x (1 + 3); 600 / 51; the third choice; 2 x 3 x 0.625 USD."""
    assert [check.right_answer() for check in lesson.CHECKS] == pytest.approx([10, 6, 6, 8, 600 / 51, 2, 3.75])


@pytest.mark.parametrize(
    ("key", "typed", "hint"),
    [
        ("10.check", 5, "prepares and commits"),
        ("10.check", 8, "ConditionCheck"),
        ("10.check", 6, "by its size"),
        ("10.cancelled", 0, "it is charged"),
        ("10.cancelled", 2, "whole transaction"),
        ("10.token", 0, "charges reads"),
        ("10.token", 10, "first call"),
        ("10.token", 3, "strongly"),
        ("10.get", 4, "reads twice"),
        ("10.get", 2, "quarter"),
        ("10.get", 6, "as a Query does"),
        ("10.share", 6, "cancelled"),
        ("10.share", 12, "one ticket more is sold"),
        ("10.share", 3.96, "gives up"),
        ("10.elsewhere", 0, "do not work across Regions"),
        ("10.elsewhere", 1, "item by item"),
        ("10.replicas", 1.25, "one Region"),
        ("10.replicas", 11.25, "until 2024-10-31"),
        ("10.replicas", 1.875, "two steps"),
        ("10.replicas", 7.5, "single writes"),
    ],
)
def test_a_misconception_gets_its_hint(key, typed, hint):
    check = next(check for check in lesson.CHECKS if check.key == key)
    verdict = check.mark(typed if check.choices else str(typed))
    assert not verdict.right and hint in verdict.text


@pytest.mark.parametrize(("typed", "right"), [("11.76", 1), ("11.8", 1), ("12", 0), ("11.5", 0), ("11.7", 0)])
def test_a_rounded_answer_is_taken_as_its_digits_say(typed, right):
    """600 / 51 = 11.7647: 11.8 and 11.76 are it rounded, 12 is 600 / 50."""
    assert lesson.CHECKS[4].mark(typed).right == right


def test_a_sale_that_wants_more_than_the_price_is_found():
    """With balance > :price a buyer who has exactly the money would be sent away."""
    request = lesson.one_solution()
    money = request["TransactItems"][3]["Update"]
    money["ConditionExpression"] = "balance > :price"
    verdict = lesson.PAIR_TARGET.mark(request)
    missed = [line for line in verdict.text.splitlines() if line.startswith("✗")]
    assert len(missed) == 1 and "although the money is exactly there" in missed[0]


def test_numbers_in_questions_are_those_that_are_checked():
    for size in (*lesson.UNITS_SIZES.values(),):
        assert f"{size:,} bytes" in lesson.CHECKS[0].question
    assert "2,500 bytes" in lesson.CHECKS[2].question and lesson.item_shop.weigh(
        lesson._long_sale()[1]["Put"]["Item"]
    ) == 2500
    assert lesson.CHECK_SHARE == 50 and "half of the buyers" in lesson.CHECKS[4].question
    for size in (lesson.SEAT_BYTES, lesson.ORDER_BYTES, lesson.ACCOUNT_BYTES, lesson.ENTRY_BYTES):
        assert f"{size:,} bytes" in lesson.BY_HAND.question
