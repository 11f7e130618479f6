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
        provisioned = table.capacity_mode == "provisioned"
        for place, owner in enumerate((table, *table.indexes)):
            rates, rules, most = self._provisioned(owner) if provisioned else self._on_demand(place)
            for kind in (READS, WRITES):
                store.add(most, hard=self.hard[kind], burst_s=facts.value("dynamodb.burst_s"), divided=int(provisioned),
                          adapts=int(table.adapts(run.date)))
                begin(self.wholes[2 * place + kind], self.partitions, rates[kind], self._count(rates, place),
                      table.burst_at_start)
                self.rules.append(rules[kind])
                self.since_s.append(0.0)
        if any(rule is not None for rule in self.rules):
            run.start(self._minutes())
        run.at_end(self._close)

    @property
    def wholes(self):
        """Reads and writes of the table, then of each index: see `read_of` and `write_of`."""
        return self.store.wholes

    @property
    def partitions(self):
        """The partitions of all of them, one after the other."""
        return self.store.partitions

    # What stands at first

    def _provisioned(self, owner):
        table = self.table
        rates = float(owner.read_capacity), float(owner.write_capacity)
        if not table.auto_scaling:
            return rates, (None, None), self._count(rates, 0)
        most = min(table.max_capacity, table.table_quota)
        rules = tuple(AutoScaling(table.target_utilization, table.min_capacity, most, self.run.date) for _ in rates)
        return rates, rules, self._count(tuple(max(rate, most) for rate in rates), 0)

    def _on_demand(self, place):
        table = self.table
        caps = [math.inf if cap is None else cap
                for cap in (table.max_read_request_units, table.max_write_request_units)]
        peaks = table.previous_peak_reads, table.previous_peak_writes
        first = [facts.value("dynamodb.on_demand_initial_read"), facts.value("dynamodb.on_demand_initial_write")]
        times = facts.value("dynamodb.on_demand_growth")
        rules = tuple(OnDemandGrowth(max(start, times * peak), min(cap, table.table_quota), self.run.date)
                      for start, peak, cap in zip(first, peaks, caps))
        return tuple(rule.limit for rule in rules), rules, self._count((table.table_quota, table.table_quota), place)

    def _count(self, rates, place):
        """Partitions for some capacity: of a provisioned table reads and writes add up, on demand the larger counts."""
        table = self.table
        parts = [rate / hard for rate, hard in zip(rates, self.hard)]
        if table.capacity_mode == "on_demand":
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
            yield self.run.at(self.run.now + delay_s, CAPACITY, 0, 0)
            self.pending.discard(number)
        now_s = self.run.now
        self._record(number, now_s)
        whole, sibling = self.wholes[number], self.wholes[number ^ 1]
        rates = (rate, float(sibling.rate)) if number % 2 == READS else (float(sibling.rate), rate)
        count = max(int(whole.count), self._count(rates, number // 2))
        change_rate(whole, self.partitions, rate, count, now_s)
        if count > sibling.count:
            change_rate(sibling, self.partitions, float(sibling.rate), count, now_s)

    def _record(self, number, until_s):
        until_s = min(until_s, self.run.window_s)
        if until_s > self.since_s[number]:
            self.run.capacity(resource_of(number), self.since_s[number], until_s, float(self.wholes[number].rate))
        self.since_s[number] = until_s

    def _close(self):
        for number in range(len(self.rules)):
            self._record(number, self.run.window_s)
