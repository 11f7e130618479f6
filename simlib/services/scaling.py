"""The rules of auto scaling, of an EC2 group and of provisioned concurrency: how much is wanted, and when."""

from __future__ import annotations

import math

HIGH_ALARM_MINUTES, LOW_ALARM_MINUTES = 3, 15
LOW_SHARE_OF_TARGET = 0.9


def tracked(current: float, metric: float, target: float) -> int:
    """Target tracking: instances that would bring `metric` to `target`, a fraction rounded up in either direction.

    AWS rounds a needed change of +1.5 to +2 and one of -0.5 to 0.
    """
    return math.ceil(current * metric / target - 1e-9)


def clamped(wanted: int, least: int, most: int) -> int:
    """`wanted` held between the group's bounds."""
    return max(least, min(most, wanted))


class Alarm:
    """Counts consecutive minutes; rings once `minutes` in a row were true, then starts anew."""

    def __init__(self, minutes: int):
        self.minutes = minutes
        self._so_far = 0

    def rings(self, state: bool) -> bool:
        """Takes one minute's state."""
        self._so_far = self._so_far + 1 if state else 0
        return self._so_far >= self.minutes

    def reset(self) -> None:
        """Starts counting anew."""
        self._so_far = 0


class TargetTracking:
    """Keeps the average CPU utilisation near a target: out after 3 high minutes, in after 15 low ones.

    The low alarm stands at 90 % of the target, as AWS's own alarms do.
    """

    def __init__(self, target: float):
        self.target = target
        self.high = Alarm(HIGH_ALARM_MINUTES)
        self.low = Alarm(LOW_ALARM_MINUTES)

    def wanted(self, metric: float, measured: int, current: int, warming: bool) -> int:
        """Instances wanted after a minute.

        metric: average utilisation of the `measured` instances; current: all instances, warming ones included;
        warming: whether any is warming up, which blocks scaling in.
        """
        high, low = self.high.rings(metric > self.target), self.low.rings(metric < self.target * LOW_SHARE_OF_TARGET)
        asked = tracked(measured, metric, self.target)
        if high and asked > current:
            self.high.reset()
            return asked
        if low and not warming and asked < current:
            self.low.reset()
            return asked
        return current


class StepScaling:
    """Changes capacity by the step that the utilisation has reached.

    steps: pairs (utilisation, change): a positive change holds from its utilisation upwards, a negative one from its
    utilisation downwards; the furthest step reached counts. The same alarm lengths as target tracking.
    """

    def __init__(self, steps):
        self.up = sorted(step for step in steps if step[1] > 0)
        self.down = sorted((step for step in steps if step[1] < 0), reverse=True)
        self.high = Alarm(HIGH_ALARM_MINUTES)
        self.low = Alarm(LOW_ALARM_MINUTES)

    def wanted(self, metric: float, measured: int, current: int, warming: bool) -> int:
        """Instances wanted after a minute (see `TargetTracking.wanted`)."""
        more = [change for above, change in self.up if metric >= above]
        fewer = [change for below, change in self.down if metric <= below]
        high, low = self.high.rings(bool(more)), self.low.rings(bool(fewer))
        if high:
            self.high.reset()
            return max(current, measured + more[-1])
        if low and not warming:
            self.low.reset()
            return measured + fewer[-1]
        return current
