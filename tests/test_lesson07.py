"""Lesson 07: the units are AWS's, the shop answers offline, exercises are solved by their own controls."""

import os

import pytest

from simlib import i18n, meter, teach
from simlib.lessons import lesson07 as lesson


@pytest.fixture(autouse=True)
def english():
    i18n.use("en")
    yield
    i18n.use("en")


@pytest.fixture(scope="module")
def db():
    return lesson.open_shop()


def test_the_shop_leaves_the_learners_credentials_alone(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    before = dict(os.environ)
    client = lesson.open_shop()
    assert dict(os.environ) == before
    assert client._request_signer._credentials.access_key == "lesson"


def test_a_query_of_one_concert_by_hand(db):
    """200 x 400 B = 80,000 B = 19.5 x 4,096 B; 20 x 0.5 = 10 units; a million cost 10 x 0.125 dollars."""
    with meter.watch(db) as ledger:
        assert len(lesson.all_pages(db.query, lesson.ONE_CONCERT)) == 200
    assert ledger.read_units == lesson.query_units() == 10
    assert ledger.on_demand_usd * 1e6 == pytest.approx(1.25)


def test_a_scan_reads_the_whole_table_in_two_pages(db):
    """3,000 x 400 B = 1,200,000 B = 293 x 4 KB, halved 146.5, and at most half a unit more for the second page."""
    with meter.watch(db) as ledger:
        assert len(lesson.all_pages(db.scan, lesson.SCAN_CONCERT)) == 200
    assert ledger.calls == 2
    assert 146.5 <= ledger.read_units <= 147


@pytest.mark.parametrize(
    "less",
    [{"FilterExpression": "attribute_exists(resale)"}, {"ProjectionExpression": "ticket"}, {"Select": "COUNT"}],
)
def test_asking_for_less_saves_nothing(db, less):
    with meter.watch(db) as ledger:
        found = db.query(**lesson.ONE_CONCERT, **less)
    assert ledger.read_units == lesson.query_units()
    assert found["Count"] == (20 if "FilterExpression" in less else 200)


@pytest.mark.parametrize(("size_bytes", "wcu", "rcu"), [(1024, 1, 1), (1025, 2, 1), (4096, 4, 1), (4097, 5, 2)])
def test_the_first_figure_shows_the_cliffs(size_bytes, wcu, rcu):
    assert lesson.one_item({"size_bytes": size_bytes})["now"] == (size_bytes, [wcu, rcu])


def test_a_sum_is_rounded_once():
    """AWS: 1,500 x 64 B = 96,000 B = 24 units strong; each rounded up it would be 1,500."""
    found = lesson.many_items({"size_bytes": 64, "items": 1500, "consistency": "strong"})
    assert found["now"] == (64, [1500, 24])


def test_on_demand_costs_three_and_a_half_times_at_full_use():
    """0.00065 / (3,600 x 0.000000625) = 28.9 %; half of that before November 2024."""
    assert lesson.break_even() == pytest.approx(0.2889, abs=1e-4)
    assert lesson.break_even("2024-10-31") == pytest.approx(0.1444, abs=1e-4)


def test_one_byte_too_long(db):
    assert lesson.try_put(db, 1024).endswith("1 WCU")
    assert lesson.try_put(db, 1025).endswith("2 WCU")
    assert lesson.try_put(db, 409_600).endswith("400 WCU")
    assert "refused" in lesson.try_put(db, 409_601)


@pytest.mark.parametrize("given", [0, -1, "many", None, float("nan")])
def test_nonsense_capacity_gets_one_sentence(given):
    with pytest.raises(teach.InputError, match="table_rcu"):
        lesson.eaten(147, given)


@pytest.mark.parametrize("given", ["big", 1.5, 10**9, 3, True])
def test_nonsense_sizes_get_one_sentence(db, given):
    with pytest.raises(teach.InputError):
        lesson.try_put(db, given)


def test_provisioned_capacity_by_hand():
    """AWS: 3 KB, 80 strong reads a second: 80 RCU. Here 6 KB are two steps: 120 x 2 = 240."""
    assert 80 * meter.read_units(3 * 1024, meter.STRONG) == 80
    assert lesson.BY_HAND.mark(240).right
    assert not lesson.BY_HAND.mark(180).right, "each read is rounded up"


def test_the_target_is_reached_by_a_query_only():
    assert not lesson.CHEAP.mark(dict(lesson.SCAN_CONCERT)).right
    assert not lesson.CHEAP.mark(lesson.ONE_CONCERT | {"ConsistentRead": True}).right
    assert lesson.CHEAP.mark(dict(lesson.ONE_CONCERT)).right


@pytest.mark.parametrize("request_", [{}, {"TableName": "none"}, {"TableName": "tickets", "Limits": 3}, {1: 2}])
def test_a_refused_request_gets_one_sentence(request_):
    with pytest.raises(teach.InputError, match="my_request"):
        lesson.CHEAP.mark(request_)


@pytest.mark.parametrize("check", lesson.CHECKS, ids=lambda check: check.key)
def test_every_misconception_gets_its_hint(check):
    assert check.mark(check.right_answer() if check.choices else str(check.right_answer())).right
    for hint in check.hints:
        verdict = check.mark(hint.gives() if check.choices else str(hint.gives()))
        assert not verdict.right and hint.text in verdict.text
