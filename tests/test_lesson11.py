"""Lesson 11: streams, mappings and Time to Live behave as AWS's examples, closed forms and sums by hand say."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

from simlib import EventSourceMapping, Lambda, facts, i18n, teach
from simlib.lessons import lesson11 as lesson
from simlib.services.base import FUNCTION_ERROR

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "notebooks"))


@pytest.fixture(autouse=True)
def english():
    i18n.use("en")
    yield
    i18n.use("en")


@pytest.fixture
def shop():
    yield lesson.open_shop()
    lesson.close_shop()


def cell(name):
    """The source of a code cell of the notebook."""
    import build

    cells = build.read(build.SOURCE / "11_what_happens_after_a_write.py").cells
    return next(each.source for each in cells if each.metadata["title"] == name)


def play(name, **given):
    """Runs a cell as the notebook does, showing nothing; returns what it leaves behind."""
    from boto3.dynamodb.conditions import Attr, Key

    quiet = {name: lambda *shown: shown for name in ("display", "note", "look_back", "seen", "reach", "write")}
    space = {"lesson": lesson, "Attr": Attr, "Key": Key, **quiet, **given}
    exec(cell(name), space)
    return space


# Records ----------------------------------------------------


def test_a_put_and_an_update_are_two_records_and_the_same_update_again_is_none():
    """INSERT with a new image, MODIFY with both; the third write changes nothing."""
    space = play("run-records")
    first, second = lesson.changes(space["answer"])
    assert (first["eventName"], second["eventName"]) == ("INSERT", "MODIFY")
    assert "OldImage" not in first["dynamodb"] and "hold_until" in second["dynamodb"]["OldImage"]
    assert second["dynamodb"]["NewImage"]["state"] == {"S": "sold"}
    assert len(lesson.records(space["answer"])) == 2 and "changed nothing: 1" in lesson.left_out(space["answer"])
    lesson.close_shop()


def test_a_record_weighs_its_key_and_its_images():
    """show 4 + 9, seat 4 + 4: 21; holder 6 + 6, hold_until 10 + 6 (five pairs of digits and one): 21 + 49 = 70."""
    space = play("run-records")
    assert lesson.records(space["answer"]).iloc[0, -1] == 21 + (21 + 12 + 16) == 70
    lesson.close_shop()


def test_a_record_that_comes_twice_is_noted_once(shop):
    space = play("run-records")
    tries = play("once", answer=space["answer"], mails=space["mails"])["tries"]
    assert [said.split(".")[0] for said in tries] == ["Taken", "Taken", "Refused"]


def test_an_expired_hold_is_sold_until_the_condition_compares_the_time(shop):
    tickets, _mails, _streams = shop
    assert play("break-hold", tickets=tickets)["paid"].startswith("Taken.")
    mended = cell("break-hold").replace('holder = :who"', 'holder = :who AND hold_until > :now"')
    mended = mended.replace('":who": "jiwoo"', '":who": "jiwoo", ":now": lesson.NOW_S')
    from boto3.dynamodb.conditions import Attr, Key

    space = {"lesson": lesson, "Key": Key, "tickets": tickets} | {
        name: lambda *shown: shown for name in ("display", "note", "seen")
    }
    exec(mended, space)
    assert "ConditionalCheckFailedException" in space["paid"]
    tickets.put_item(Item={"show": lesson.SHOW, "seat": "A-12", "buyer": "haneul"})
    valid = tickets.query(KeyConditionExpression=Key("show").eq(lesson.SHOW),
                          FilterExpression=Attr("hold_until").not_exists() | Attr("hold_until").gt(lesson.NOW_S))
    assert [item["seat"] for item in valid["Items"]] == ["A-12"]
    none = tickets.query(KeyConditionExpression=Key("show").eq(lesson.SHOW), FilterExpression=Attr("seat_map").exists())
    assert lesson.found(none).iloc[0, 0] == "nothing passes the filter; items read: 2"


# The mapping ----------------------------------------------------


def test_throughput_by_hand():
    """Four lanes, 10 records in 0.4 + 10 x 0.06 = 1 s: 40 a second. The exercise: 12 x 20 / (0.2 + 0.8) = 240."""
    assert lesson.records_per_s(lesson.MAPPING) == pytest.approx(40)
    assert "40 records a second" in lesson.by_hand() and "$0.83" in lesson.by_hand()
    assert lesson.BY_HAND.mark(240).right and not lesson.BY_HAND.mark(80).right


def test_a_mapping_that_is_behind_processes_what_the_closed_form_says():
    """Batches of one: 4 / 0.46 s = 8.70 records a second, although 19 are written."""
    told = lesson._look_rate(lesson.sold({"batch_size": 1}))
    assert told["now"][1] == pytest.approx(4 / 0.46, rel=0.02) and told["writes"] > 18


def test_the_age_of_a_mapping_that_is_behind_grows_as_the_queue_does():
    """A shard gets l = 1,141 / 240 records a second, loses 1 / 0.46: what is written at 60 s begins at 60 l x 0.46."""
    sold = lesson.sold({"batch_size": 1})
    last_s = max(sold.records["end_s"])
    counts = np.bincount(sold.records["resource"])
    assert last_s == pytest.approx(counts.max() * 0.46, abs=2.0)


def test_nothing_is_lost_without_poison_and_larger_batches_cost_less():
    small, large = lesson.sold({"batch_size": 1}), lesson.sold({"batch_size": 100})
    assert small.fates() == large.fates() == (len(small.discarded), 0, 0, 0)
    assert large.usd_for_a_million < small.usd_for_a_million


def test_the_price_of_a_million_records_by_hand():
    """Batches of one, without the four cold starts: 1,000,000 x (0.0000002 + 0.46 x 0.5 x 0.0000166667) = 4.03 USD."""
    assert lesson.sold({"batch_size": 1}).usd_for_a_million == pytest.approx(4.03, rel=0.01)


def test_smallest_batches():
    """4 b / (0.4 + 0.06 b) >= 60 means 0.4 b >= 24: 60. A second of four lanes never holds 66.7 records."""
    assert lesson.smallest_batch(60) == 60 and lesson.smallest_batch(100) is None
    assert lesson.records_per_s(dataclasses.replace(lesson.MAPPING, batch_size=59)) < 60


# Records that cannot be processed ----------------------------------------------------


def test_shards_with_a_poisonous_record_stand_still_and_others_go_on():
    sold = lesson.sold({"poisonous": 0.1})
    blocked = set(sold.records["resource"][sold.poisonous])
    ages_s = sold.ages_s(lesson.MOMENTS_S).max(axis=1)
    assert 0 < len(blocked) < lesson.SHARDS
    assert all((ages_s[shard] > 100) == (shard in blocked) for shard in range(lesson.SHARDS))


@pytest.mark.parametrize(
    ("policy", "healthy_lost", "queued", "oldest_s"),
    [("attempts", True, False, 15), ("age", True, False, 70), ("bisect", False, False, 15), ("queue", False, True, 15)],
)
def test_what_a_policy_loses(policy, healthy_lost, queued, oldest_s):
    """Retries and age give up whole batches; bisect gives up bad records alone; only a destination tells."""
    sold = lesson.sold({"poisonous": 0.2, "policy": policy})
    processed, in_queue, gone, waiting = sold.fates()
    assert waiting == 0 and processed + in_queue + gone == len(sold.discarded)
    assert (lesson._healthy_lost(sold) > 0) == healthy_lost
    assert (in_queue > 0) == queued and (gone == 0) == queued
    assert sold.ages_s(lesson.MOMENTS_S).max() < oldest_s


def test_by_default_one_record_blocks_its_shard_for_a_day():
    """AWS: up to one day; pauses of 1, 2, 4, ... 60 s and tries of 0.46 s are about 86,400 / 60.46 = 1,430 tries."""
    blocked = lesson.day("defaults")
    assert int(blocked.poisonous.sum()) == 1
    assert lesson._blocked_hours() == pytest.approx(24)
    assert (blocked.batches["status"] == FUNCTION_ERROR).sum() == pytest.approx(1430, abs=10)
    assert lesson.blocked_choice() == 2


def test_a_batch_of_64_is_cut_six_times():
    """64, 32, 16, 8, 4, 2, 1 fail; six other halves succeed."""
    assert lesson._cut_in_two() == (7, 6)


# Prices, readers, Time to Live ----------------------------------------------------


def test_an_idle_kcl_application_costs_what_the_sum_by_hand_says():
    """4 x 730 x 3,600 = 10,512,000 calls, less 2,500,000: 8,012,000 x 0.0000002 = 1.6024 USD."""
    check = next(check for check in lesson.CHECKS if check.key == "11.kcl")
    assert check.right_answer() == pytest.approx(1.6024)
    assert list(lesson.price_of_paths(1000).iloc[:, 0])[3] == "$1.60"


def test_a_month_of_ten_million_changes_by_hand():
    """In the request: 10 M x 0.46 s x 0.5 GB x 0.0000166667 = 38.33. Streams: 1 M calls, 0.20 and
    1 M x 0.5 x 0.0000166667, together 8.53; with one record each 2.00 more than in the request.
    Kinesis besides: 10 M x (0.0000001 + 0.000000014) + 730 x 0.015 = 12.09, together 20.62."""
    assert list(lesson.price_of_paths(10_000_000).iloc[:, 0]) == ["$38.33", "$8.53", "$40.33", "$1.60", "$20.62"]


@pytest.mark.parametrize("given", [0, 2.5, True, "many", None, 10**13])
def test_a_number_of_changes_that_cannot_be_is_answered(given):
    with pytest.raises(teach.InputError, match="whole number"):
        lesson.price_of_paths(given)


def test_only_kinesis_doubles_and_disorders_and_nobody_loses():
    shown = lesson.readers()
    assert list(shown["not processed"]) == ["0"] * 3
    assert list(shown["twice"])[:2] == ["0"] * 2 and int(shown["twice"].iloc[2]) > 0
    assert list(shown["behind a later one"])[:2] == ["0"] * 2 and int(shown["behind a later one"].iloc[2]) > 0


def test_each_delete_is_a_record_of_the_service_and_late_deletes_are_met():
    shown = lesson.late_deletes()
    assert (shown["deleted"] == shown.iloc[:, -1]).all()
    met = [float(share.rstrip(" %")) for share in shown["reads that meet an expired hold"]]
    assert met[0] == 0 < met[1] < met[2]


def test_expired_holds_are_littles_law():
    """30 a minute, 20 minutes: 600."""
    assert lesson._expired_holds() == pytest.approx(600, rel=0.01)


def test_the_guides_example_of_lanes():
    """100 shards and a factor of 2: 200 invocations."""
    assert lesson.CHECKS[0].right_answer() == 200


# Exercises and what may be typed ----------------------------------------------------


def test_the_cells_mapping_is_no_try_and_a_solution_reaches_the_target():
    space = play("my-mapping")
    fresh = dataclasses.replace(lesson.CALM)
    assert not fresh.mark(space["my_mapping"]).right and fresh.tries == 0
    assert fresh.mark(lesson.one_solution()).right


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"on_failure": "none"}, "discarded and gone"),
        ({"bisect_batch_on_function_error": False}, "healthy records"),
        ({"parallelization_factor": 1, "batch_size": 2}, "greatest age"),
        ({"maximum_retry_attempts": None}, "greatest age"),
    ],
)
def test_each_setting_left_out_misses_the_target(settings, words):
    solution = {name: getattr(lesson.one_solution(), name) for name in lesson.SETTINGS}
    verdict = lesson.CALM.mark(lesson.mail_mapping(**(solution | settings)))
    assert not verdict.right
    assert any(line.startswith("✗") and words in line for line in verdict.text.splitlines())


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"batch_size": 0}, "from 1 to 10,000"),
        ({"batch_size": "many"}, "from 1 to 10,000"),
        ({"parallelization_factor": 11}, "from 1 to 10"),
        ({"on_failure": "sqs"}, '"queue"'),
        ({"maximum_record_age_in_seconds": 5}, "or None"),
        ({"bisect_batch_on_function_error": "yes"}, "True, False"),
        ({"poisonous_share": 0}, "has no setting poisonous_share"),
    ],
)
def test_settings_that_aws_does_not_take_are_one_sentence(settings, words):
    with pytest.raises(teach.InputError, match=words) as caught:
        lesson.mail_mapping(**settings)
    assert "\n" not in str(caught.value)


def test_a_mapping_of_other_making_is_refused():
    with pytest.raises(teach.InputError, match="yours to change"):
        lesson.CALM.mark(EventSourceMapping(function=Lambda()))
    with pytest.raises(teach.InputError, match="mail_mapping"):
        lesson.CALM.mark("bisect")


@pytest.mark.parametrize("typed", ["", "many", "0.5", "2000", "1e9"])
def test_nonsense_typed_for_a_batch_size_is_one_sentence_and_the_picture_stays(typed):
    exploring = teach.Exploration(lesson.BATCH_EXPLORER)
    before = exploring.sentence
    exploring.move("batch_size", typed)
    assert exploring.error and "\n" not in exploring.error and exploring.sentence == before


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_item_of_break_it_has_an_answer(language):
    i18n.use(language)
    answers = lesson.breaking()
    assert len(answers) == 3 and all(len(answer) > 40 and "{" not in answer for answer in answers)


def test_the_answers_of_break_it_hold_on_its_controls():
    exploring = teach.Exploration(lesson.RATE_EXPLORER)
    for batch, behind in ((10, True), (60, False)):
        exploring.set({"rate_rps": lesson.BUSY_RPS, "batch_size": batch})
        assert (exploring.found.ages_s(lesson.MOMENTS_S).max() > 15) == behind
    exploring = teach.Exploration(lesson.DAY_EXPLORER)
    assert "1,434 times" in exploring.sentence and "1,434 times" in lesson.breaking()[0]


def test_numbers_in_questions_are_the_numbers_that_are_checked():
    assert f"{lesson.TARGET_RPS:g} seats" in lesson.CALM.question
    assert f"{lesson.TARGET_AGE_S:g} seconds" in lesson.CALM.question
    assert f"{100 * lesson.TARGET_POISON:g} %" in lesson.CALM.question
    texts = {check.key: check.question for check in lesson.CHECKS}
    assert f"{lesson.GUIDE_SHARDS} shards" in texts["11.lanes"]
    assert f"Factor {lesson.GUIDE_FACTOR} " in texts["11.lanes"]
    assert f"{lesson.CUT} records" in texts["11.cut"]
    assert f"gets {lesson.MAPPING.batch_size} records" in texts["11.twice"]
    assert f"{lesson.HOLDS_PER_MINUTE} holds" in texts["11.expired"]
    assert f"{facts.value('hours_per_month'):g} hours" in texts["11.kcl"]
