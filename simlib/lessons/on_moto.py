"""boto3 answered by moto in this process, for the lessons on DynamoDB: one mock for all of them, and nothing of the learner's.

The learner's AWS settings (environment variables and files) are neither read nor changed. Clients are made, and make
their first call, inside `opened`: in that call moto opens a session of its own, which would read them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator

_running = None
_at_close: list[Callable[[], None]] = []


@contextlib.contextmanager
def without_aws_settings() -> Iterator[None]:
    """Hides the learner's AWS variables and files; gives everything back afterwards."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("AWS_")}
    hidden = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    os.environ.update(hidden)
    try:
        yield
    finally:
        for name in hidden:
            os.environ.pop(name, None)
        os.environ.update(kept)


@contextlib.contextmanager
def opened(region: str, fresh: bool = False) -> Iterator:
    """Gives a boto3 Session that moto answers, with credentials made up; moto stays on until `close_shop`.

    Within the block the learner's settings are hidden, and moto has had its first call. `fresh` empties all services.
    """
    import boto3

    with without_aws_settings():
        _start(fresh)
        session = boto3.Session(aws_access_key_id="course", aws_secret_access_key="course", region_name=region)
        session.client("dynamodb").list_tables()
        yield session


def _start(fresh: bool) -> None:
    global _running
    from moto import mock_aws

    if _running is not None and fresh:
        _running.stop()
        _running = None
    if _running is None:
        _running = mock_aws(config={"core": {"mock_credentials": False, "reset_boto3_session": False}})
        _running.start(reset=fresh)


def at_close(forget: Callable[[], None]) -> None:
    """Has `forget` called by the next `close_shop`: what a lesson keeps of its shop, such as a client."""
    if forget not in _at_close:
        _at_close.append(forget)


def close_shop() -> None:
    """Ends what `opened` began: boto3 answers from AWS again."""
    global _running
    if _running is not None:
        _running.stop()
        _running = None
    while _at_close:
        _at_close.pop()()
