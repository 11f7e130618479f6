"""What follows a write to a table: its stream and readers, a Kinesis data stream, Time to Live; and what they cost."""

from __future__ import annotations

import numpy as np

from simlib import facts
from simlib.services.base import BYTES_PER_GB, OK, Metered, Sums, Window
from simlib.services.dynamodb import kinesis, ttl
from simlib.services.dynamodb.consumers import reader_of
from simlib.services.dynamodb.records import Record
from simlib.services.dynamodb.streams import IMAGES, EventSourceMapping, KclApplication
from simlib.services.parts import Part, number_of, part_of

TTL, KINESIS, STREAM_READERS, KINESIS_READERS = 1, 2, 4, 8
"""Numbers of the parts; each reader has two, for itself and its function."""

LEVELS = 3
"""Levels of calls where something is attached: a record's call lies two levels below the write that made it."""


def readers(table) -> list[tuple[int, object]]:
    """Part and description of each reader of a table's streams."""
    found = []
    for first, stream in ((STREAM_READERS, table.stream), (KINESIS_READERS, table.kinesis)):
        if stream is not None:
            found += [(first + 2 * number, consumer) for number, consumer in enumerate(stream.consumers)]
    return found


def attached(table) -> dict[int, str]:
    """Names of what is attached to a table, by number of the part."""
    names = {}
    if table.ttl is not None:
        names[TTL] = "Ttl"
    if table.kinesis is not None:
        names[KINESIS] = "Kinesis"
    for part, consumer in readers(table):
        names.update(consumer.attached(part))
    return names


class Changes:
    """Takes the completed writes of a table and hands on what they changed (see `Stream`, `KinesisStream`, `Ttl`)."""

    def __init__(self, table, run, partitions: int):
        self.table = table
        self.run = run
        self.partitions = partitions
        workload = run.workload
        self.operation = memoryview(workload.operation)
        self.item_bytes = memoryview(workload.item_bytes)
        self.items = [operation.items for operation in workload.traffic.operations]
        self._columns: dict[str, memoryview] = {}
        self._delays_s: memoryview | None = None
        stream, data_stream = table.stream, table.kinesis
        self.stream_readers = [] if stream is None else [
            reader_of(consumer, run, part, self._poison, partitions, facts.value("dynamodb.stream_retention_s"),
                      facts.value("lambda.stream_polls_per_s"))
            for part, consumer in readers(table) if part < KINESIS_READERS]
        self.kinesis_readers = [] if data_stream is None else [
            reader_of(consumer, run, part, self._poison, data_stream.shards, data_stream.retention_s,
                      facts.value("lambda.kinesis_polls_per_s"))
            for part, consumer in readers(table) if part >= KINESIS_READERS]
        self.replication = data_stream and kinesis.Replication(data_stream, Part(run, KINESIS), KINESIS, self._deliver)
        self.lives = table.ttl and ttl.Items(table.ttl, Part(run, TTL), TTL, self._deleted)

    def wrote(self, request: int, write: int, key: int) -> None:
        """A write is done; `key` is its partition key, a write shard's suffix included."""
        size_bytes = self.item_bytes[request]
        self._changed(Record(self.run.now, request, write, 0, 0, key, size_bytes))
        if self.lives:
            record = Record(self.run.now, request, write, 0, 0, key, size_bytes)
            lives = self._die("dynamodb.ttl", record) < self.table.ttl.share
            self.lives.wrote(record, size_bytes * self.items[self.operation[request]],
                             self._delay_s(record) if lives else None)

    def is_expired(self, key: int) -> bool:
        """Whether a read of a key meets items that have expired and are still there, under any of its write shards."""
        shards = self.table.write_shards
        return self.lives is not None and any(map(self.lives.is_expired, range(key * shards, (key + 1) * shards)))

    def _deleted(self, record):
        self._changed(Record(self.run.now, record.request, record.write, 0, 1, record.key, record.size_bytes))

    def _die(self, name, record):
        """A uniform for a record: from the request's own column where its first call writes its first item."""
        if record.item or record.by_ttl or record.copy or record.write != self.run.first_call:
            return self.run.uniform(name, record.request, record.call(0))
        if name not in self._columns:
            self._columns[name] = memoryview(self.run.workload.uniforms(name))
        return self._columns[name][record.request]

    def _delay_s(self, record):
        """Seconds from the expiry of what a write has written to its delete."""
        if record.write != self.run.first_call:
            u = self.run.uniform("dynamodb.ttl_delay", record.request, record.call(0))
            return float(self.table.ttl.delays_s(np.array([u]), self.run.date)[0])
        if self._delays_s is None:
            u = self.run.workload.uniforms("dynamodb.ttl_delay")
            self._delays_s = memoryview(self.table.ttl.delays_s(u, self.run.date))
        return self._delays_s[record.request]

    def _poison(self, record):
        return self._die("dynamodb.poison", record)

    def _changed(self, change):
        """Sends the records of all items of a write, or of a delete by Time to Live, on their ways."""
        stream, data_stream = self.table.stream, self.table.kinesis
        for item in range(self.items[self.operation[change.request]]):
            record = Record(change.written_s, change.request, change.write, item, change.by_ttl, change.key, 0)
            unchanged_u = 1.0 if change.by_ttl else self._die("dynamodb.unchanged", record)
            if stream is not None and unchanged_u >= stream.unchanged_share:
                record.size_bytes = IMAGES[stream.view_type] * change.size_bytes
                for reader in self.stream_readers:
                    reader.put(change.key % self.partitions, change.key // self.partitions, record)
            if data_stream is not None and unchanged_u >= data_stream.unchanged_share:
                self._replicate(record, change.size_bytes)

    def _replicate(self, record, item_bytes):
        data_stream = self.table.kinesis
        is_update = not record.by_ttl and self._die("dynamodb.update", record) < data_stream.update_share
        copies = 2 if self._die("dynamodb.duplicate", record) < data_stream.duplicate_share else 1
        for copy in range(copies):
            sent = Record(record.written_s, record.request, record.write, record.item, record.by_ttl, record.key,
                          item_bytes, copy)
            self.replication.put(sent, is_update, self._die("dynamodb.disorder", sent) < data_stream.disorder_share)

    def _deliver(self, shard, record):
        for reader in self.kinesis_readers:
            reader.put(shard, record.key // self.table.kinesis.shards, record)


def tally(table, metered: Metered, sums: Sums) -> None:
    """Adds up what is attached to a table."""
    if table.ttl is not None:
        spans = part_of(metered, TTL).spans
        ttl.tally(spans, metered.window.window_s, _writes_per_s(table, metered, spans), sums.part(TTL))
    if table.kinesis is not None:
        spans = part_of(metered, KINESIS).spans
        request = spans["request"].astype(np.int64)
        kinesis.tally(table.kinesis, spans, metered.workload.item_bytes[request], sums.part(KINESIS))
    for part, consumer in readers(table):
        if isinstance(consumer, KclApplication):
            sums.part(part).add("reads", part_of(metered, part).capacity["amount"])
        else:
            consumer.function.tally(part_of(metered, part + 1), sums.part(part + 1))


def _writes_per_s(table, metered: Metered, spans) -> np.ndarray:
    """How often the item of each span is written."""
    own = metered.spans
    traffic = metered.workload.traffic
    kinds = np.array([operation.access == "write" for operation in traffic.operations])
    is_write = kinds[metered.workload.operation[own["request"].astype(np.int64)]]
    written = is_write & (own["status"] == OK) & (number_of(own["resource"]) == 0)
    share = traffic.keys.shares()[metered.workload.key[spans["request"].astype(np.int64)]] / table.write_shards
    return np.maximum(written.sum() * share, 1e-12) / metered.window.window_s


def usage(table, sums: Sums, window: Window) -> dict[str, float]:
    """Quantities by sku of what is attached to a table."""
    used: dict[str, float] = {}

    def add(quantities):
        for sku, quantity in quantities.items():
            used[sku] = used.get(sku, 0.0) + quantity

    if table.ttl is not None:
        gb_hours = sums.part(TTL)["byte_s"] / BYTES_PER_GB / 3600
        add({f"dynamodb.storage.{table.table_class}": gb_hours / facts.value("hours_per_month")})
    if table.kinesis is not None:
        add(table.kinesis.usage(sums.part(KINESIS), window.hours))
    for part, consumer in readers(table):
        if isinstance(consumer, EventSourceMapping):
            add(consumer.function.usage(sums.part(part + 1), window))
        else:
            add({"dynamodb.streams_read_request": sums.part(part)["reads"]})
    return used
