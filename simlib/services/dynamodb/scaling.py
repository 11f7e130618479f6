"""Who changes a table's capacity: auto scaling in provisioned mode, growth with the peak in on-demand mode.

Rules only, minute by minute; `table` gives them their minutes.
"""

from __future__ import annotations

import math
from collections import deque

from simlib import facts
from simlib.services.scaling import Alarm

MINUTE_S = 60.0
_HOUR_MINUTES, _DAY_MINUTES = 60, 1440


class Decreases:
    """How often capacity may still be lowered: four times at the start of a UTC day, one more each hour, 27 a day."""

    def __init__(self, date: str | None = None):
        self.at_once = facts.value("dynamodb.decreases_at_once", date)
        self.per_hour = facts.value("dynamodb.decreases_per_hour", date)
        self.per_day = facts.value("dynamodb.decreases_per_day", date)
        self._stored, self._today, self._hour = self.at_once, 0, 0

    def allowed(self, minute: int) -> bool:
        """Whether one may be made in a minute of the window, which begins at the start of a day."""
        hour = minute // _HOUR_MINUTES
        for passed in range(self._hour + 1, hour + 1):
            if passed * _HOUR_MINUTES % _DAY_MINUTES == 0:
                self._stored, self._today = self.at_once, 0
            else:
                self._stored = min(self.at_once, self._stored + self.per_hour)
        self._hour = hour
        return self._stored >= 1 and self._today < self.per_day

    def use(self) -> None:
        """Counts one."""
        self._stored -= 1
        self._today += 1


class AutoScaling:
    """Target tracking of consumed capacity, as Application Auto Scaling does it for a table or an index.

    After 2 minutes in a row above the target it asks for consumed / target; after 15 in a row below the target less 20
    points the same, downwards. A minute without any consumption has no data: it ends a row of high minutes and of low
    ones. What is asked for holds once CloudWatch and UpdateTable have taken their time (`delay_s`).
    """

    def __init__(self, target: float, least: float, most: float, date: str | None = None):
        self.target, self.least, self.most = target, least, most
        self.margin = facts.value("dynamodb.scale_in_margin", date)
        self.high = Alarm(int(facts.value("dynamodb.scale_out_minutes", date)))
        self.low = Alarm(int(facts.value("dynamodb.scale_in_minutes", date)))
        self.delay_s = facts.value("dynamodb.alarm_delay_s", date) + facts.value("dynamodb.update_table_s", date)
        self.decreases = Decreases(date)

    def wanted(self, consumed_per_s: float, rate: float, minute: int) -> float:
        """Capacity that should be, after a minute that consumed so much of `rate`."""
        used = consumed_per_s / rate
        high = self.high.rings(used > self.target)
        low = self.low.rings(0 < used < self.target - self.margin)
        asked = min(self.most, max(self.least, float(math.ceil(consumed_per_s / self.target - 1e-9))))
        if high and asked > rate:
            self.high.reset()
            return asked
        if low and asked < rate and self.decreases.allowed(minute):
            self.low.reset()
            self.decreases.use()
            return asked
        return rate


class OnDemandGrowth:
    """What an on-demand table serves at once: twice its highest minute of 30 minutes ago or before, or what it began
    with."""

    def __init__(self, at_first: float, most: float, date: str | None = None):
        self.times = facts.value("dynamodb.on_demand_growth", date)
        self.limit, self.most = min(at_first, most), most
        self._minutes = deque(maxlen=int(facts.value("dynamodb.on_demand_growth_s", date) // MINUTE_S))

    def wanted(self, consumed_per_s: float, rate: float, minute: int) -> float:
        """Units a second that are served, after a minute that consumed so much."""
        if len(self._minutes) == self._minutes.maxlen:
            self.limit = max(self.limit, min(self.most, self.times * self._minutes[0]))
        self._minutes.append(consumed_per_s)
        return self.limit
