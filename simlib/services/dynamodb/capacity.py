"""What a table or an index may consume: the capacity of the whole, of each partition, and what bursts add.

The functions are plain arithmetic on records, which may be the objects below or rows of arrays: both engines use them.
"""

from __future__ import annotations


class Partition:
    """One partition's saved capacity (`tokens`, up to five minutes of its share) and what its hardware still takes in
    this second (`hard`)."""

    __slots__ = ("tokens", "hard", "at_s")

    def __init__(self):
        self.tokens = self.hard = self.at_s = 0.0


class Throughput:
    """Read or write capacity of a table or an index.

    rate: units a second in all; count: partitions, from number `first` on; share: units a second of one partition;
    burst: units that one may save, `burst_s` seconds of its share; hard: units a second that no partition exceeds;
    divided: 1 where capacity is divided among partitions (provisioned), 0 where it is not (on-demand); adapts: 1 where
    what others leave unused goes to a hot partition; tokens: what is left of the whole in this second, below zero after
    a burst; consumed: units since the last minute.
    """

    __slots__ = ("rate", "count", "share", "burst", "burst_s", "hard", "divided", "adapts", "tokens", "at_s",
                 "consumed", "first")

    def __init__(self, hard: float, burst_s: float, divided: int, adapts: int):
        self.hard = hard
        self.burst_s = burst_s
        self.divided = divided
        self.adapts = adapts
        self.rate = self.share = self.burst = self.tokens = self.at_s = self.consumed = 0.0
        self.count = 0
        self.first = 0


def refill(whole, partition, now_s):
    """Adds what time has brought."""
    left = whole.tokens + (now_s - whole.at_s) * whole.rate
    whole.tokens = left if left < whole.rate else whole.rate
    whole.at_s = now_s
    passed_s = now_s - partition.at_s
    hard = partition.hard + passed_s * whole.hard
    partition.hard = hard if hard < whole.hard else whole.hard
    tokens = partition.tokens + passed_s * whole.share
    partition.tokens = tokens if tokens < whole.burst else whole.burst
    partition.at_s = now_s


def has(tokens, units, most):
    """Whether a bucket of at most `most` tokens lets `units` through: larger calls need a full one and run a debt."""
    return tokens >= (units if units < most else most)


def admits(whole, partition, units, now_s):
    """Whether a call of `units` on a partition is served now; refills first."""
    refill(whole, partition, now_s)
    if not has(partition.hard, units, whole.hard):
        return False
    if whole.divided == 0:
        return has(whole.tokens, units, whole.rate)
    if has(partition.tokens, units, whole.burst):
        return True
    return whole.adapts != 0 and whole.tokens >= units


def take(whole, partition, units):
    """Consumes what `admits` has allowed at this instant."""
    partition.hard -= units
    whole.consumed += units
    if whole.divided == 0:
        whole.tokens -= units
        return
    if has(partition.tokens, units, whole.burst):
        partition.tokens -= units
    left = whole.tokens - units
    whole.tokens = left if left > -whole.rate else -whole.rate


def change_rate(whole, partitions, rate, count, now_s):
    """Gives the whole a new rate and number of partitions; what was saved stays, up to what may be saved now.

    Partitions that are new begin with nothing saved.
    """
    for place in range(whole.first, whole.first + whole.count):
        refill(whole, partitions[place], now_s)
    had = whole.count
    whole.rate, whole.count = rate, count
    whole.share = rate / count if whole.divided else 0.0
    whole.burst = whole.burst_s * whole.share
    for place in range(whole.first, whole.first + count):
        partition = partitions[place]
        if place - whole.first >= had:
            partition.hard, partition.tokens, partition.at_s = whole.hard, 0.0, now_s
        partition.tokens = min(partition.tokens, whole.burst)
    whole.tokens = min(whole.tokens, rate)


def begin(whole, partitions, rate, count, saved):
    """Sets a whole and its partitions at the window's start, `saved` (0 to 1) of the burst capacity at hand."""
    whole.count = 0
    change_rate(whole, partitions, rate, count, 0.0)
    whole.tokens = rate
    for place in range(whole.first, whole.first + count):
        partitions[place].tokens = saved * whole.burst
