"""DynamoDB Streams: the settings of a stream and of its readers, and where every record is at any moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from simlib import facts
from simlib.params import Checked, ParamError, param
from simlib.services.base import NO_REQUEST, RECORD_EXPIRED, RECORD_PROCESSED, Service
from simlib.services.dynamodb.records import GIVEN_UP, TOO_OLD, is_record

IMAGES = {"keys_only": 0, "new_image": 1, "old_image": 1, "new_and_old_images": 2}


@dataclass(frozen=True)
class EventSourceMapping(Checked):
    """An AWS Lambda event source mapping: it reads a stream shard by shard and hands batches to a function.

    Models: each idle lane (a shard, or one of its `parallelization_factor` parts, into which its keys are divided)
        polls four times a second, a Kinesis shard once; it invokes as soon as it finds records, or gathers them for
        the batching window; a batch ends at `batch_size` or 6 MB; the lane waits for the answer and reads on at once.
        An error of the function repeats the batch, after pauses that double, until it is cut in two (which uses up no
        attempt), until its attempts are used up, or until its records are too old or expire. Throttling repeats it
        without using up attempts. What was discarded goes to `on_failure`.
    Leaves out: partial batch responses, filters, tumbling windows, an iterator that starts in the past.
    The function's time for a batch is its own: `batch_io_s` once, `record_vcpu_s` and `record_io_s` for each record. A
    poisonous record fails every batch that holds it.
    """

    parts: ClassVar[dict] = {"function": Service}

    name: str = param("mapping", "", "name of the consumer in tables")
    function: Service | None = None
    batch_size: int = param(100, "records", "the most in one batch", 1, 10_000)
    maximum_batching_window_in_seconds: float = param(0.0, "s", "how long records are gathered", 0, 300)
    parallelization_factor: int = param(1, "batches", "of one shard at once", 1, 10)
    maximum_retry_attempts: int | None = param(None, "attempts", "retries of a batch; nothing: until it expires",
                                               0, 10_000)
    maximum_record_age_in_seconds: float | None = param(None, "s", "after which records are discarded; nothing: never",
                                                        60, 604_800)
    bisect_batch_on_function_error: bool = param(False, "", "cut a batch that fails in two")
    on_failure: str = param("none", "", "where discarded records go", choices=("none", "queue"))
    poisonous_share: float = param(0.0, "", "share of records that the function cannot process", 0, 1)
    batch_io_s: float = param(0.02, "s", "waiting of an invocation, whatever the batch", 0, 900)
    record_vcpu_s: float = param(0.001, "vCPU-s", "computing for each record", 0, 900)
    record_io_s: float = param(0.0, "s", "waiting for each record", 0, 900)

    def check(self):
        if not isinstance(self.function, Service) or not self.function.takes_batches:
            raise ParamError(f"EventSourceMapping.function is {self.function!r}, but it must be a function that takes "
                             "batches; write for example EventSourceMapping(function=Lambda()).")

    def attached(self, part: int) -> dict[int, str]:
        """What plays for it: the reader and the function, by number of the part."""
        return {part: self.name, part + 1: f"{self.name}.{type(self.function).__name__}"}

    def between_windows(self):
        """The same with its function as in the quiet hours."""
        return replace(self, function=self.function.between_windows())

    @property
    def not_billed(self) -> tuple[str, ...]:
        """What the bill leaves out of its function."""
        return self.function.not_billed

    def discounts(self, date):
        """The discounts of its function."""
        return self.function.discounts(date)


@dataclass(frozen=True)
class KclApplication(Checked):
    """An application of the Kinesis Client Library that reads the stream through the Streams Kinesis Adapter.

    Models: shards are leased to workers, evenly; each is read on, and after a GetRecords call without records again
        when `idle_time_between_reads_s` has passed; a worker of one vCPU processes one batch of at most 1,000 records
        or 1 MB after the other; shards of a worker that is lost are read again by the others when its leases have run
        out, from the last batch that was finished.
    Leaves out: the lease table and its capacity, shards that are balanced anew, records that fail (the library skips
        them), the workers' own price.
    Every GetRecords call is billed.
    """

    not_billed = ("servers of a KCL application",)

    name: str = param("kcl", "", "name of the consumer in tables")
    workers: int = param(2, "workers", "that share the shards", 1, 1000)
    record_vcpu_s: float = param(0.001, "vCPU-s", "computing for each record", 0, 900)
    idle_time_between_reads_s: float = param(1.0, "s", "pause after a read without records", 0.05, 3600)
    failover_s: float = param(10.0, "s", "after which the leases of a lost worker run out", 1, 3600)
    worker_lost_at_s: float | None = param(None, "s", "when one worker is lost", 0)

    def check(self):
        if self.worker_lost_at_s is not None and self.workers < 2:
            raise ParamError("KclApplication.workers is 1, but another must be there to take over when one is lost; "
                             "give it 2, or leave worker_lost_at_s out.")

    def attached(self, part: int) -> dict[int, str]:
        """What plays for it: the reader, by number of the part."""
        return {part: self.name}

    def between_windows(self):
        """The same without the loss of a worker."""
        return replace(self, worker_lost_at_s=None)

    def discounts(self, _date):
        """None."""
        return ()


def checked_consumers(owner, kinds: tuple, most: int) -> None:
    """Makes `owner.consumers` a tuple; raises ParamError unless they are of these kinds, few enough, and told apart."""
    name = type(owner).__name__
    consumers = owner.consumers
    if isinstance(consumers, kinds):
        consumers = (consumers,)
    words = " or ".join(kind.__name__ for kind in kinds)
    if not isinstance(consumers, (tuple, list)) or not all(isinstance(each, kinds) for each in consumers):
        raise ParamError(f"{name}.consumers is {consumers!r}, but it must hold {words} descriptions; write for example "
                         "(EventSourceMapping(function=Lambda()),).")
    if len(consumers) > most:
        raise ParamError(f"{name}.consumers has {len(consumers)} readers, but AWS throttles more than {most} of one "
                         "shard; leave some out, or let one pass its records on.")
    if len({each.name for each in consumers}) < len(consumers):
        raise ParamError(f"{name}.consumers has two readers of one name; give each its own.")
    object.__setattr__(owner, "consumers", tuple(consumers))


@dataclass(frozen=True)
class Stream(Checked):
    """The DynamoDB stream of a table.

    Models: one record for each item that a write changes, at the moment the write is done, and none where it changes
        nothing (`unchanged_share`); one shard for each partition that takes the table's writes when the window begins,
        so that records of one key stay in order; records expire after 24 hours; at most two readers, which do not slow
        each other down.
    Leaves out: shards that split with their partitions or roll over every few hours, the way into the stream
        (milliseconds), keys in the size of a record.
    Lambda reads free of charge; the GetRecords calls of any other reader are billed.
    """

    parts: ClassVar[dict] = {"consumers": {"event_source_mapping": EventSourceMapping, "kcl": KclApplication}}

    consumers: tuple = ()
    view_type: str = param("new_and_old_images", "", "what a record holds of the item", choices=tuple(IMAGES))
    unchanged_share: float = param(0.0, "", "share of writes that change nothing", 0, 1)

    def check(self):
        checked_consumers(self, (EventSourceMapping, KclApplication),
                          int(facts.value("dynamodb.stream_readers_max")))


@dataclass(frozen=True)
class RecordCounts:
    """Where all records of one reader are at one moment; the others add up to `sent`.

    too_old and given_up were discarded, to the queue or not; `expired` were lost when the stream's retention ended.
    """

    sent: int
    processed: int
    too_old: int
    given_up: int
    expired: int
    waiting: int
    in_flight: int


def count_records(spans: dict[str, np.ndarray], at_s: float = np.inf, shard: int | None = None) -> RecordCounts:
    """Counts the records in a reader's spans (as `Result.of_attached` gives them) at a moment, of one shard or of all.

    A record is in flight while a batch with it is being processed, and waits otherwise until it has ended.
    """
    here = np.ones(len(spans["status"]), bool) if shard is None else spans["resource"] == shard
    begun = here & (spans["start_s"] <= at_s)
    record = is_record(spans)
    over = begun & record & (spans["end_s"] <= at_s)

    def ended(*statuses):
        return int((over & np.isin(spans["status"], statuses)).sum())

    ends = (ended(RECORD_PROCESSED), ended(*TOO_OLD.values()), ended(*GIVEN_UP.values()), ended(RECORD_EXPIRED))
    sent = int((begun & record).sum())
    running = begun & ~record & (spans["request"] == NO_REQUEST) & (spans["end_s"] > at_s)
    in_flight = int(spans["billed_ms"][running].sum())
    return RecordCounts(sent, *ends, sent - sum(ends) - in_flight, in_flight)


def iterator_age_s(spans: dict[str, np.ndarray]) -> np.ndarray:
    """Seconds that each processed record waited before a function or worker was given it, in order of processing.

    CloudWatch shows the age of the last record of each batch under the name IteratorAge.
    """
    return spans["wait_s"][spans["status"] == RECORD_PROCESSED]
