"""The control plane of a table during a run: the capacity that stands ready, minute by minute, on either engine."""

from __future__ import annotations

import math

from simlib import facts
from simlib.services.base import CAPACITY
from simlib.services.dynamodb.capacity import begin, change_rate
from simlib.services.dynamodb.scaling import MINUTE_S, AutoScaling, OnDemandGrowth

READS, WRITES = 0, 1


def read_of(place: int) -> int:
    """Number of the reads of the table (place 0) or of an index (from 1) among the wholes."""
    return 2 * place + READS


def write_of(place: int) -> int:
    """Number of their writes."""
    return 2 * place + WRITES


def resource_of(number: int) -> int:
    """The resource number of a whole in the capacity table: odd for reads, even for writes."""
    return number + 1


class Control:
    """Capacity of a `DynamoDb` table and its indexes: sets it at first, changes it, records what stood ready.

    `store` makes the wholes and partitions as the engine wants them (`add(most_partitions, **fields)`) and shows them
    as `wholes` and `partitions`.
    """

    def __init__(self, table, run, store):
        self.table = table
        self.run = run
        self.store = store
        self.hard = (facts.value("dynamodb.partition_read_units"), facts.value("dynamodb.partition_write_units"))
        self.rules: list = []
        self.pending: set[int] = set()
        self.since_s: list[float] = []
        self.highest: list[float] = []
        self.mode = table.capacity_mode
        adapts, burst_s = int(table.adapts(run.date)), facts.value("dynamodb.burst_s")
        for place in range(1 + len(table.indexes)):
            rates, rules = self._standing(place)
            for kind in (READS, WRITES):
                store.add(self._most_partitions(place), hard=self.hard[kind], burst_s=burst_s, adapts=adapts,
                          divided=int(self.mode == "provisioned"))
                begin(self.wholes[2 * place + kind], self.partitions, rates[kind], self._count(rates),
                      table.burst_at_start)
                self.since_s.append(0.0)
                self.highest.append(rates[kind])
            self.rules += rules
        if any(rule is not None for rule in self.rules) or table.mode_schedule:
            run.start(self._minutes())
        run.start(self._switches())
        run.at_end(self._close)

    @property
    def wholes(self):
        """Reads and writes of the table, then of each index: see `read_of` and `write_of`."""
        return self.store.wholes

    @property
    def partitions(self):
        """The partitions of all of them, one after the other."""
        return self.store.partitions

    # What stands in a mode

    def _standing(self, place):
        """Rates and rules, (reads, writes), with which the table or an index begins the mode."""
        table = self.table
        if self.mode == "provisioned":
            owner = (table, *table.indexes)[place]
            rates = float(owner.read_capacity), float(owner.write_capacity)
            if not table.auto_scaling:
                return rates, (None, None)
            rules = self._auto_scaling(READS), self._auto_scaling(WRITES)
            return tuple(min(rule.most, max(rule.least, rate)) for rule, rate in zip(rules, rates)), rules
        rules = tuple(self._growth(place, kind) for kind in (READS, WRITES))
        return tuple(rule.limit for rule in rules), rules

    def _auto_scaling(self, kind):
        least, most = self._bounds(kind)
        return AutoScaling(self.table.target_utilization, least, most, self.run.date)

    def _bounds(self, kind):
        """The least and the most that auto scaling may set."""
        table = self.table
        least = (table.min_read_capacity, table.min_write_capacity)[kind]
        most = (table.max_read_capacity, table.max_write_capacity)[kind]
        return least, min(most, table.table_quota)

    def _growth(self, place, kind):
        """What on-demand mode serves at first: the most of a new table's, twice the peak, warm throughput, and what was
        provisioned before."""
        table = self.table
        peak = (table.previous_peak_reads, table.previous_peak_writes)[kind]
        warm = (table.warm_reads, table.warm_writes)[kind] or 0.0
        cap = (table.max_read_request_units, table.max_write_request_units)[kind] or math.inf
        new = facts.value(("dynamodb.on_demand_initial_read", "dynamodb.on_demand_initial_write")[kind])
        before = self.highest[2 * place + kind] if len(self.highest) > 2 * place + kind else 0.0
        first = max(new, facts.value("dynamodb.on_demand_growth") * peak, warm, before)
        return OnDemandGrowth(first, min(cap, table.table_quota), self.run.date)

    def _most_partitions(self, place):
        """Partitions that there may be at most in the window."""
        table = self.table
        owner = (table, *table.indexes)[place]
        rates = [float(owner.read_capacity), float(owner.write_capacity)]
        if table.auto_scaling:
            rates = [max(rate, self._bounds(kind)[1]) for kind, rate in zip((READS, WRITES), rates)]
        needed = [self._count(rates, "provisioned") if "provisioned" in table.modes else 1,
                  self._count([table.table_quota] * 2, "on_demand") if "on_demand" in table.modes else 1]
        return max(needed)

    def _count(self, rates, mode=None):
        """Partitions for some capacity: of a provisioned table reads and writes add up, on demand the larger counts."""
        table = self.table
        parts = [rate / hard for rate, hard in zip(rates, self.hard)]
        if (mode or self.mode) == "on_demand":
            needed = max(parts)
        elif table.partitions is not None:
            return table.partitions
        else:
            needed = sum(parts)
        by_size = table.storage_gb / facts.value("dynamodb.partition_gb")
        return max(1, math.ceil(needed - 1e-9), math.ceil(by_size - 1e-9))

    # Minute by minute

    def _minutes(self):
        for minute in range(1, int(self.run.window_s // MINUTE_S) + 1):
            yield self.run.at(minute * MINUTE_S, CAPACITY, 0, 0)
            for number, rule in enumerate(self.rules):
                whole = self.wholes[number]
                consumed_per_s, whole.consumed = float(whole.consumed) / MINUTE_S, 0.0
                if rule is None or number in self.pending:
                    continue
                rate = float(whole.rate)
                wanted = rule.wanted(consumed_per_s, rate, minute)
                if wanted != rate:
                    self.run.start(self._change(number, wanted, getattr(rule, "delay_s", 0.0)))

    def _change(self, number, rate, delay_s):
        if delay_s:
            self.pending.add(number)
            rule = self.rules[number]
            yield self.run.at(self.run.now + delay_s, CAPACITY, 0, 0)
            if self.rules[number] is not rule:
                return
            self.pending.discard(number)
        self._set(number, rate)

    def _set(self, number, rate):
        now_s = self.run.now
        self._record(number, now_s)
        whole, sibling = self.wholes[number], self.wholes[number ^ 1]
        rates = (rate, float(sibling.rate)) if number % 2 == READS else (float(sibling.rate), rate)
        count = max(int(whole.count), self._count(rates))
        change_rate(whole, self.partitions, rate, count, now_s)
        self.highest[number] = max(self.highest[number], rate)
        if count > sibling.count:
            change_rate(sibling, self.partitions, float(sibling.rate), count, now_s)

    def _switches(self):
        for at_s, mode in self.table.mode_schedule:
            yield self.run.at(at_s, CAPACITY, 0, 0)
            self.mode = mode
            self.pending.clear()
            for place in range(1 + len(self.table.indexes)):
                rates, rules = self._standing(place)
                for kind in (READS, WRITES):
                    number = 2 * place + kind
                    self.rules[number] = rules[kind]
                    self.wholes[number].divided = int(mode == "provisioned")
                    self._set(number, rates[kind])

    def _record(self, number, until_s):
        until_s = min(until_s, self.run.window_s)
        if until_s > self.since_s[number]:
            self.run.capacity(resource_of(number), self.since_s[number], until_s, float(self.wholes[number].rate))
        self.since_s[number] = until_s

    def _close(self):
        for number in range(len(self.rules)):
            self._record(number, self.run.window_s)
