"""Limits on how many calls and environments there may be: quotas, reservations, and how fast they may grow."""

from __future__ import annotations

from typing import NamedTuple

from simlib import facts
from simlib.services.buckets import TokenBucket


class Slots:
    """A number of environments that may be in use at once."""

    __slots__ = ("limit", "used")

    def __init__(self, limit: int):
        self.limit = limit
        self.used = 0


class Limits(NamedTuple):
    """What one function's calls are held to; the invocation rate only where a caller waits (`limits_rate`)."""

    slots: Slots
    requests: TokenBucket
    growth: TokenBucket
    limits_rate: bool


class Account:
    """What all functions of an account in one Region share.

    unreserved: environments that functions without a reservation may use, together; growth: the Region-wide
    burst of the rules before November 2023, or None where every function grows on its own.
    """

    def __init__(self, concurrency: int, set_aside: int, date: str | None):
        self.date = date
        self.unreserved = Slots(concurrency - set_aside)
        per_concurrency = facts.value("lambda.rps_per_concurrency", date)
        self.requests = TokenBucket(per_concurrency * self.unreserved.limit, per_concurrency * self.unreserved.limit)
        shared = facts.value("lambda.scale_is_shared", date)
        self._growth = self._new_growth() if shared else None

    def _new_growth(self) -> TokenBucket:
        return TokenBucket(facts.value("lambda.scale_environments_burst", self.date),
                           facts.value("lambda.scale_environments_per_s", self.date))

    def limits_of(self, function) -> Limits:
        """What `function` is held to: its own reservation, or what all functions share."""
        growth = self._growth or self._new_growth()
        limits_rate = function.invocation == "request_response"
        if function.reserved_concurrency is None:
            return Limits(self.unreserved, self.requests, growth, limits_rate)
        spare = function.reserved_concurrency - function.provisioned_most
        rate_rps = facts.value("lambda.rps_per_concurrency", self.date) * spare
        return Limits(Slots(spare), TokenBucket(rate_rps, rate_rps), growth, limits_rate)
