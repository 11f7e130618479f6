"""The lessons on DynamoDB share one mock: closing any shop gives boto3 back, and no setting of the learner is read."""

import os

import boto3
import pytest

from simlib.lessons import lesson06, lesson07, lesson09, lesson10, on_moto

SHOPS = pytest.mark.parametrize("lesson", [lesson06, lesson07, lesson09, lesson10], ids=["06", "07", "09", "10"])


@pytest.fixture(autouse=True)
def nothing_answers_yet():
    on_moto.close_shop()
    yield
    on_moto.close_shop()


def answered_by_moto():
    from moto.core.models import botocore_stubber

    return botocore_stubber.enabled


@SHOPS
def test_a_shop_opens_closes_and_opens_again(lesson):
    for _twice in range(2):
        assert not answered_by_moto()
        lesson.open_shop()
        lesson.open_shop()
        assert answered_by_moto()
        lesson.close_shop()
    assert not answered_by_moto()


@SHOPS
def test_a_shop_opens_whatever_the_learner_has_set(lesson, monkeypatch, tmp_path):
    """A profile that does not exist, and files that nobody can read as settings."""
    (tmp_path / "config").write_text("this is no configuration")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    before = dict(os.environ)
    lesson.open_shop()
    assert dict(os.environ) == before


def test_closing_the_shop_of_one_lesson_closes_all():
    lesson07.open_shop()
    lesson10.open_shop()
    lesson10.close_shop()
    lesson07.close_shop()
    assert not answered_by_moto()


def test_settings_come_back_after_an_error(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    before = dict(os.environ)
    with pytest.raises(RuntimeError), on_moto.opened("us-east-1"):
        assert "AWS_PROFILE" not in os.environ
        raise RuntimeError
    assert dict(os.environ) == before


def test_the_session_of_the_learner_stays_as_it_was():
    boto3.DEFAULT_SESSION = mine = boto3.Session()
    try:
        lesson06.open_shop()
        assert boto3.DEFAULT_SESSION is mine
    finally:
        boto3.DEFAULT_SESSION = None


def test_what_a_lesson_keeps_is_forgotten_with_the_shop():
    forgotten = []
    with on_moto.opened("us-east-1"):
        on_moto.at_close(lambda: forgotten.append("client"))
    on_moto.close_shop()
    on_moto.close_shop()
    assert forgotten == ["client"]
