"""The execution environments of one function: which call gets which, and which call is throttled."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import NamedTuple

from simlib import facts
from simlib.services.base import CAPACITY
from simlib.services.buckets import TokenBucket
from simlib.services.lambda_.limits import Account
from simlib.services.scaling import (
    HIGH_ALARM_MINUTES,
    LOW_ALARM_MINUTES,
    LOW_SHARE_OF_TARGET,
    Alarm,
    clamped,
    tracked,
)

PROVISIONED_CONFIGURED = 0
"""Resource number under which the configured provisioned concurrency stands in the capacity table."""

_MINUTE_S = 60.0


class Environment(NamedTuple):
    """A place where one call at a time runs. Provisioned ones have numbers below 0."""

    number: int
    created_s: float
    warm: bool
    tenant: int


class ReadyPool:
    """The provisioned environments that can be used: which call gets which."""

    def __init__(self):
        self.ready = 0
        self.idle: list[int] = []
        self.busy = 0
        self.requests = TokenBucket(0, 0)
        self._made = 0
        self._busy_s = 0.0
        self._counted_at_s = 0.0

    def take(self, now_s: float) -> int | None:
        """The most recently used ready environment that is idle, or None."""
        if not self.idle or not self.requests.ready(now_s):
            return None
        self.requests.take()
        self.busy_s(now_s)
        self.busy += 1
        return self.idle.pop()

    def give_back(self, number: int, now_s: float) -> None:
        """A call on environment `number` has ended."""
        self.busy_s(now_s)
        self.busy -= 1
        if len(self.idle) + self.busy < self.ready:
            self.idle.append(number)

    def busy_s(self, now_s: float) -> float:
        """Environment-seconds in use until now."""
        self._busy_s += self.busy * (now_s - self._counted_at_s)
        self._counted_at_s = now_s
        return self._busy_s

    def resize(self, number: int, rate_rps: float, now_s: float) -> None:
        """From now on `number` environments are ready, which take `rate_rps` requests a second together."""
        self.busy_s(now_s)
        while len(self.idle) + self.busy < number:
            self._made += 1
            self.idle.append(-self._made)
        del self.idle[:max(0, len(self.idle) + self.busy - number)]
        self.ready = number
        self.requests = TokenBucket(rate_rps, rate_rps)
        self.requests.ready(now_s)


class Provisioned:
    """Keeps environments ready at the user's request.

    Models: a change is asked for at a time; new environments take a minute or two plus 1/6,000 minute each, and
    none of them can be used before all are there; fewer take effect at once; 10 requests per second each;
    target tracking on utilisation (a high alarm after 3 minutes above the target, a low one after 15 below 90 %
    of it); scheduled changes. A busy environment that is given up ends with its call.
    """

    def __init__(self, function, run, pool: ReadyPool):
        self.run = run
        self.pool = pool
        self.minimum = function.provisioned_concurrency
        self.target = function.provisioned_target
        self.maximum = function.provisioned_max or self.minimum
        self.configured = 0
        self.configured_at_s = 0.0
        self._asked = 0
        if function.provisioned_from_s is None:
            self._configure(self.minimum, 0.0)
            self._become_ready(self.minimum, 0.0)
        else:
            run.start(self._change(function.provisioned_from_s, self.minimum))
        for at_s, number in function.provisioned_schedule:
            run.start(self._change(float(at_s), int(number)))
        if self.target:
            run.start(self._track())
        run.at_end(self._close)

    def _configure(self, number, now_s):
        if self.configured:
            self.run.capacity(PROVISIONED_CONFIGURED, self.configured_at_s, now_s, self.configured)
        self.configured, self.configured_at_s = number, now_s

    def _become_ready(self, number, now_s):
        self.pool.resize(number, facts.value("lambda.rps_per_concurrency", self.run.date) * number, now_s)

    def _change(self, at_s, number):
        yield self.run.at(at_s, CAPACITY, 0, 0)
        yield from self._set(number)

    def _set(self, number):
        now_s = self.run.now
        self._asked += 1
        asked = self._asked
        more = number - self.pool.ready
        self._configure(number, now_s)
        if more > 0:
            per_min = facts.value("lambda.provisioned_allocation_per_min", self.run.date)
            delay_s = facts.value("lambda.provisioned_allocation_delay_s", self.run.date)
            yield self.run.at(now_s + delay_s + more / per_min * _MINUTE_S, CAPACITY, 0, 0)
        if asked == self._asked:
            self._become_ready(number, self.run.now)

    def _track(self):
        high, low = Alarm(HIGH_ALARM_MINUTES), Alarm(LOW_ALARM_MINUTES)
        before_s = 0.0
        for minute in range(1, int(self.run.window_s // _MINUTE_S) + 1):
            yield self.run.at(minute * _MINUTE_S, CAPACITY, 0, 0)
            busy_s, ready = self.pool.busy_s(self.run.now), self.pool.ready
            used = (busy_s - before_s) / _MINUTE_S / ready if ready else 0.0
            before_s = busy_s
            too_high, too_low = high.rings(used > self.target), low.rings(used < self.target * LOW_SHARE_OF_TARGET)
            if self.configured != ready:
                continue
            wanted = clamped(tracked(ready, used, self.target), self.minimum, self.maximum)
            if (too_high and wanted > ready) or (too_low and wanted < ready):
                high.reset()
                low.reset()
                self.run.start(self._set(wanted))

    def _close(self):
        self._configure(0, max(self.run.window_s, self.configured_at_s))


class Environments:
    """All environments of one function.

    A call takes, in this order: a ready provisioned environment; an idle one, the most recently used first; a new
    one, if the function's or account's concurrency and the scaling rate allow. Otherwise it is throttled. With
    tenant isolation an idle environment serves its own tenant only.
    """

    def __init__(self, function, run, account: Account):
        self.run = run
        self.idle: dict[int, list[tuple[float, float, int]]] = defaultdict(list)
        self.made = 0
        self.slots, self.requests, self.growth, self.limits_rate = account.limits_of(function)
        self.pool = ReadyPool() if function.provisions else None
        if self.pool:
            Provisioned(function, run, self.pool)
        run.at_end(self._retire)

    def admit(self, now_s: float, tenant: int = 0) -> Environment | None:
        """The environment that a call of `tenant` arriving now gets, or None when the call is throttled."""
        if self.pool:
            number = self.pool.take(now_s)
            if number is not None:
                return Environment(number, 0.0, True, tenant)
        slots = self.slots
        if slots.used >= slots.limit or (self.limits_rate and not self.requests.ready(now_s)):
            return None
        idle = self.idle[tenant]
        while idle:
            expires_s, created_s, number = idle.pop()
            if expires_s > now_s:
                self._use(slots)
                return Environment(number, created_s, True, tenant)
            self.run.capacity(number, created_s, expires_s, 1)
        if not self.growth.ready(now_s):
            return None
        self.growth.take()
        self._use(slots)
        self.made += 1
        return Environment(self.made, now_s, False, tenant)

    def _use(self, slots):
        slots.used += 1
        if self.limits_rate:
            self.requests.take()

    def release(self, environment: Environment, now_s: float, idle_until_s: float | None) -> None:
        """A call has ended; its environment waits until `idle_until_s`, or is gone (None)."""
        number = environment.number
        if number < 0:
            self.pool.give_back(number, now_s)
            return
        self.slots.used -= 1
        if idle_until_s is None:
            self.run.capacity(number, environment.created_s, now_s, 1)
        else:
            self.idle[environment.tenant].append((idle_until_s, environment.created_s, number))

    def _retire(self):
        for expires_s, created_s, number in chain.from_iterable(self.idle.values()):
            self.run.capacity(number, created_s, expires_s, 1)
