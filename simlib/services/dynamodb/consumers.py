"""The readers of a stream at work: the lanes of an event source mapping, and the workers of a KCL application."""

from __future__ import annotations

import math
from collections import deque

from simlib import facts
from simlib.services.base import (
    ARRIVAL,
    CALLS_PER_CALL,
    CAPACITY,
    COMPLETION,
    FAILED,
    NO_REQUEST,
    OK,
    RECORD_EXPIRED,
    RECORD_PROCESSED,
    THROTTLED,
)
from simlib.services.dynamodb.records import GIVEN_UP, TOO_OLD
from simlib.services.dynamodb.streams import KclApplication
from simlib.services.parts import Part

_SHARD_BITS, _LANE_BITS, _BATCH_BITS = 18, 4, 28
"""Batches are numbered as a path, too: reader, shard, lane, and the lane's own count."""

_NEVER_S = math.inf


def reader_of(consumer, run, part: int, poisonous, shards: int, retention_s: float, polls_per_s: float):
    """Opens a consumer: returns what takes the records of all shards (`put(shard, lane_key, record)`).

    part: its number among what is attached to the table; poisonous: a function record -> uniform, thrown once for each
    record; polls_per_s: how often Lambda looks into an idle shard.
    """
    if isinstance(consumer, KclApplication):
        return KclReader(consumer, Part(run, part), part, retention_s, shards)
    invoke = consumer.function.open_batches(Part(run, part + 1))
    return MappingReader(consumer, Part(run, part), part, invoke, poisonous, retention_s, 1 / polls_per_s)


class Shard:
    """Records of one shard, or of a lane of it, that wait for one reader, in order; how they are taken and how they
    end.

    Nothing runs while it is empty: the polls that would have found nothing are only counted.
    """

    def __init__(self, run, part, shard, lane, interval_s, retention_s):
        self.run = run
        self.part = part
        self.shard = shard
        self.interval_s = interval_s
        self.retention_s = retention_s
        self.waiting = deque()
        self.size_bytes = 0
        self.batch = ((part << _SHARD_BITS | shard) << _LANE_BITS | lane) << _BATCH_BITS
        self.polled_s = (run.uniform("dynamodb.poll", self.batch, 0) - 1) * interval_s
        self._busy = False

    def put(self, record) -> None:
        """A record has been written to the stream."""
        self.waiting.append(record)
        self.size_bytes += record.size_bytes
        if not self._busy:
            self._busy = True
            self.run.start(self._run_until_empty())

    def _run_until_empty(self):
        yield from self._work()
        self._busy = False

    def polls_until(self, at_s: float) -> int:
        """How many polls an idle reader makes up to a moment that is not before its last one."""
        return math.floor((at_s - self.polled_s) / self.interval_s)

    def next_poll(self):
        """Waits for the first poll that is not in the past; returns how many polls that makes."""
        polls = max(1, math.ceil((self.run.now - self.polled_s) / self.interval_s - 1e-12))
        self.polled_s = max(self.run.now, self.polled_s + polls * self.interval_s)
        yield self.run.at(self.polled_s, ARRIVAL, 0, self.batch)
        return polls

    def take(self, most, most_bytes, gone=None):
        """The next batch: at most so many records and bytes, but one; those that `gone` has settled are passed over."""
        batch, size = [], 0
        while self.waiting and len(batch) < most and (not batch or size + self.waiting[0].size_bytes <= most_bytes):
            record = self.waiting.popleft()
            self.size_bytes -= record.size_bytes
            if gone is None or not gone(record, 0.0):
                batch.append(record)
                size += record.size_bytes
        return batch

    def give_back(self, batch) -> None:
        """A batch was not processed and comes first again."""
        self.waiting.extendleft(reversed(batch))
        self.size_bytes += sum(record.size_bytes for record in batch)

    def next_batch(self) -> int:
        """Numbers a batch."""
        self.batch += 1
        return self.batch

    def batch_span(self, batch, start_s, records, status) -> None:
        """Records what became of a batch that ends now."""
        self.run.span(NO_REQUEST, batch, start_s, work_s=self.run.now - start_s, status=status,
                      billed_ms=len(records), resource=self.shard)

    def processed(self, records, start_s) -> None:
        """A batch that began at `start_s` has been processed."""
        for record in records:
            self.run.span(record.request, record.call(self.part), record.written_s, wait_s=start_s - record.written_s,
                          work_s=self.run.now - start_s, status=RECORD_PROCESSED, resource=self.shard)

    def lost(self, record, status, end_s) -> None:
        """A record has ended without having been processed."""
        self.run.span(record.request, record.call(self.part), record.written_s, wait_s=end_s - record.written_s,
                      status=status, resource=self.shard, end_s=end_s)

    def expired(self, record, busy_until_s: float) -> bool:
        """Whether the stream no longer has a record, which then has ended: when its time was over, or the batch was in
        which it was being processed at that time."""
        expires_s = record.written_s + self.retention_s
        if self.run.now < expires_s:
            return False
        self.lost(record, RECORD_EXPIRED, max(expires_s, busy_until_s))
        return True


class MappingReader:
    """An event source mapping: a lane for each shard, or several, among which the shard's keys are divided."""

    def __init__(self, mapping, run, part, invoke, poisonous, retention_s, interval_s):
        self.mapping = mapping
        self.run = run
        self.part = part
        self.invoke = invoke
        self.poisonous = poisonous
        self.retention_s = retention_s
        self.interval_s = interval_s
        self.payload_bytes = facts.value("lambda.payload_request_mb") * 2**20
        self.pause_s = facts.value("lambda.stream_backoff_base_s")
        self.longest_pause_s = facts.value("lambda.stream_backoff_max_s")
        self._lanes: dict[tuple[int, int], _Lane] = {}

    def put(self, shard: int, lane_key: int, record) -> None:
        """A record has been written to a shard; records of one `lane_key` stay in order."""
        lane = lane_key % self.mapping.parallelization_factor
        known = self._lanes.get((shard, lane))
        if known is None:
            known = self._lanes[shard, lane] = _Lane(self, shard, lane)
        known.put(record)


class _Lane(Shard):
    """What one mapping reads of one shard, batch by batch."""

    def __init__(self, reader, shard, lane):
        super().__init__(reader.run, reader.part, shard, lane, reader.interval_s, reader.retention_s)
        self.reader = reader
        self.mapping = reader.mapping
        age_s = self.mapping.maximum_record_age_in_seconds
        self.age_s = _NEVER_S if age_s is None else age_s

    def _work(self):
        yield from self.next_poll()
        while self.waiting:
            yield from self._gather()
            batch = self.take(self.mapping.batch_size, self.reader.payload_bytes, self._gone)
            todo = [batch] if batch else []
            while todo:
                todo += yield from self._try(todo.pop())
            self.polled_s = self.run.now

    def _gather(self):
        """Reads on until the batch is full or the batching window has passed."""
        ends_s = self.run.now + self.mapping.maximum_batching_window_in_seconds
        while (len(self.waiting) < self.mapping.batch_size and self.size_bytes < self.reader.payload_bytes
               and self.run.now < ends_s):
            yield self.run.at(min(ends_s, self.run.now + self.interval_s), ARRIVAL, 0, self.batch)

    def _try(self, records):
        """Tries a batch until it has ended; returns the halves, the second first, if it was cut in two."""
        mapping, run = self.mapping, self.run
        tries = errors = 0
        ended_s = 0.0
        while True:
            records = [record for record in records if not self._gone(record, ended_s)]
            if not records:
                return ()
            start_s = run.now
            status = yield from self._invoke(records)
            ended_s = run.now
            if status < 400:
                self.processed(records, start_s)
                return ()
            if status != THROTTLED:
                if mapping.bisect_batch_on_function_error and len(records) > 1:
                    half = (len(records) + 1) // 2
                    return records[half:], records[:half]
                if errors == mapping.maximum_retry_attempts:
                    for record in records:
                        self.lost(record, GIVEN_UP[mapping.on_failure], run.now)
                    return ()
                errors += 1
            again_s = run.now + min(self.reader.longest_pause_s, self.reader.pause_s * 2.0 ** min(tries, 60))
            tries += 1
            last_s = records[-1].written_s + min(self.age_s, self.retention_s)
            yield run.at(max(run.now, min(again_s, last_s)), ARRIVAL, 0, self.batch)

    def _invoke(self, records):
        mapping, batch, start_s = self.mapping, self.next_batch(), self.run.now
        fails = mapping.poisonous_share > 0 and any(self.reader.poisonous(record) < mapping.poisonous_share
                                                    for record in records)
        status = yield from self.reader.invoke(
            batch * CALLS_PER_CALL + 1, mapping.record_vcpu_s * len(records),
            mapping.batch_io_s + mapping.record_io_s * len(records), fails)
        self.batch_span(batch, start_s, records, status)
        return status

    def _gone(self, record, busy_until_s):
        """Whether a record may no longer be processed, which then has ended."""
        if self.age_s > self.retention_s:
            return self.expired(record, busy_until_s)
        if self.run.now < record.written_s + self.age_s:
            return False
        self.lost(record, TOO_OLD[self.mapping.on_failure], self.run.now)
        return True


class KclReader:
    """A KCL application: its workers, which of them is lost when, and the shards that they lease."""

    def __init__(self, application, run, part, retention_s, shards):
        self.application = application
        self.run = run
        self.part = part
        self.retention_s = retention_s
        self.most = int(facts.value("dynamodb.get_records_max"))
        self.most_bytes = facts.value("dynamodb.get_records_max_bytes")
        self.free_at_s = [0.0] * application.workers
        lost_s = application.worker_lost_at_s
        self.lost_s = _NEVER_S if lost_s is None else lost_s
        self.back_s = self.lost_s + application.failover_s
        self.leases = [_Lease(self, shard) for shard in range(shards)]

    def put(self, shard: int, _lane_key: int, record) -> None:
        """A record has been written to a shard."""
        self.leases[shard].put(record)


class _Lease(Shard):
    """What a KCL application reads of one shard, and how often it has called GetRecords for it."""

    def __init__(self, reader, shard):
        application = reader.application
        super().__init__(reader.run, reader.part, shard, 0, application.idle_time_between_reads_s, reader.retention_s)
        self.reader = reader
        self.calls = 0
        self.lost_s = reader.lost_s if shard % application.workers == 0 else _NEVER_S
        self.back_s = reader.back_s
        if self.lost_s < _NEVER_S:
            self.run.start(self._fail_over())
        self.run.at_end(self._close)

    def _worker(self):
        workers = self.reader.application.workers
        if self.run.now < self.lost_s:
            return self.shard % workers
        return 1 + self.shard // workers % (workers - 1)

    @property
    def _is_orphan(self):
        return self.lost_s <= self.run.now < self.back_s

    def _fail_over(self):
        """Counts the polls of an idle shard whose worker is lost, and begins anew when another takes it."""
        yield self.run.at(self.back_s, CAPACITY, 0, self.batch)
        if not self._busy:
            self._count_until_lost()
            self.calls += self.run.now < self.run.window_s
            self.polled_s = self.run.now

    def _count_until_lost(self):
        self.calls += max(0, self.polls_until(min(self.lost_s, self.run.window_s)))

    def _work(self):
        reader, run = self.reader, self.run
        if self._is_orphan:
            self._count_until_lost()
        else:
            self.calls += (yield from self.next_poll()) - 1
        while self.waiting:
            if self._is_orphan:
                yield run.at(self.back_s, CAPACITY, 0, self.batch)
            self.calls += 1
            records = self.take(reader.most, reader.most_bytes, self.expired)
            if records:
                yield from self._process(records)
            self.polled_s = run.now
        if not self._is_orphan:
            self.calls += 1

    def _process(self, records):
        """Has the shard's worker process a batch, unless the worker is lost meanwhile."""
        reader, run, worker, batch = self.reader, self.run, self._worker(), self.next_batch()
        start_s = max(run.now, reader.free_at_s[worker])
        end_s = start_s + reader.application.record_vcpu_s * len(records)
        reader.free_at_s[worker] = end_s
        if not run.now < self.lost_s < end_s:
            yield run.at(end_s, COMPLETION, 0, self.batch)
            self.batch_span(batch, start_s, records, OK)
            self.processed(records, start_s)
            return
        yield run.at(self.lost_s, CAPACITY, 0, self.batch)
        if start_s < run.now:
            self.batch_span(batch, start_s, records, FAILED)
        self.give_back(records)

    def _close(self):
        self.calls += max(0, self.polls_until(self.run.window_s))
        self.run.capacity(self.shard, 0.0, self.run.window_s, self.calls)
