"""Lesson 11: what happens after a write: streams, their readers, records that cannot be processed, and Time to Live."""

from __future__ import annotations

import numbers
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from simlib import facts, meter
from simlib.engine import simulate
from simlib.i18n import N_, _, duration, number, percent, usd
from simlib.lessons import lesson06 as item_shop
from simlib.lessons import on_moto
from simlib.params import ParamError, parameters
from simlib.pricing import price_book, usage
from simlib.scenario import Scenario
from simlib.services import DynamoDb, Lambda
from simlib.services.base import EXPIRED_ITEM, FUNCTION_ERROR, ITEM_DELETED, RECORD_PROCESSED
from simlib.services.dynamodb.kinesis import KinesisStream, shards_needed
from simlib.services.dynamodb.records import is_by_ttl, is_record
from simlib.services.dynamodb.streams import EventSourceMapping, KclApplication, Stream, count_records
from simlib.services.dynamodb.ttl import Ttl
from simlib.teach import (
    Check,
    Condition,
    Control,
    Essay,
    Explorable,
    Hint,
    InputError,
    Option,
    Prediction,
    Question,
    Quiz,
    Target,
)
from simlib.views.streams import BatchRate, ShardAges
from simlib.workload import Constant, Keys, Operation, Poisson, Traffic

REGION = "us-east-1"
SHOW = "SHOW#1224"
NOW_S = 1_796_122_807
"""The lesson's clock in seconds since 1970: seven seconds after sales opened."""
HOLD_S = 600
MILLION = 1_000_000
KEPT_HOURS = facts.value("dynamodb.stream_retention_s") / 3600
MOST_READERS = int(facts.value("dynamodb.stream_readers_max"))
POLLS_PER_S = facts.value("lambda.stream_polls_per_s")
MOST_RECORDS, MOST_READ_MB = facts.value("dynamodb.get_records_max"), facts.value("dynamodb.get_records_max_bytes") / 2**20
FREE_READS = facts.value("free_tier.dynamodb.streams_read_request")
YEAR_DAYS = 365
PARAMETERS = {each.name: each for each in parameters(EventSourceMapping)}
attempt, found = item_shop.attempt, item_shop.found
close_shop = on_moto.close_shop


# The shop: a table with a stream, on moto in this process ----------------------------------------------------


def open_shop():
    """Fresh boto3 Tables `tickets`, with a stream of old and new images, and `mails`, and a client for streams.

    The credentials are made up and belong to them alone; no setting of the learner is read or changed.
    """
    from botocore.config import Config

    item_shop.say_errors_in_a_sentence()
    with on_moto.opened(REGION) as session:
        db = session.resource("dynamodb")
        for name in {"tickets", "mails"} & set(db.meta.client.list_tables()["TableNames"]):
            db.meta.client.delete_table(TableName=name)
        tickets = db.create_table(
            TableName="tickets",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
            **_schema("show", "seat"),
        )
        mails = db.create_table(TableName="mails", **_schema("event"))
        streams = session.client("dynamodbstreams", config=Config(account_id_endpoint_mode="disabled"))
    return tickets, mails, streams


def _schema(*keys: str) -> dict:
    return {
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in zip(keys, ("HASH", "RANGE"))],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in keys],
        "BillingMode": "PAY_PER_REQUEST",
    }


def hold(seat: str, holder: str, left_s: int = HOLD_S) -> dict:
    """The item of a seat that somebody holds for so many seconds from now on, or has held (negative)."""
    return {"show": SHOW, "seat": seat, "holder": holder, "hold_until": NOW_S + left_s}


def changes(answer: dict) -> list[dict]:
    """The records of a GetRecords answer, without those of writes that changed nothing.

    DynamoDB writes none for these; moto does.
    """
    kept = (record["dynamodb"] for record in answer["Records"])
    return [record for record, told in zip(answer["Records"], kept) if told.get("OldImage") != told.get("NewImage")]


def records(answer: dict):
    """The records of a GetRecords answer as a DataFrame: what happened to which key, the item before and after."""
    import pandas as pd

    rows = []
    for record in changes(answer):
        told = record["dynamodb"]
        rows.append(
            {
                "eventName": record["eventName"],
                "SequenceNumber": f"…{told['SequenceNumber'][-4:]}",
                "Keys": _in_short(told["Keys"]),
                "OldImage": _in_short(told.get("OldImage", {}), told["Keys"]),
                "NewImage": _in_short(told.get("NewImage", {}), told["Keys"]),
                _("bytes, our meter"): sum(
                    meter.item_size(told[part]) for part in ("Keys", "OldImage", "NewImage") if part in told
                ),
            }
        )
    return pd.DataFrame(rows, index=range(1, len(rows) + 1))


def _in_short(item: dict, without=()) -> str:
    """Attributes of DynamoDB JSON in one line, but for some."""
    return ", ".join(f"{name}={next(iter(value.values()))}" for name, value in sorted(item.items()) if name not in without)


def left_out(answer: dict) -> str:
    """How many writes of the shop left no record, and what moto says about them."""
    silent = len(answer["Records"]) - len(changes(answer))
    return _("Records: {kept}. Writes that changed nothing: {silent}. moto lists a record for each of these, DynamoDB does not; "
             "they are left out here.", kept=len(changes(answer)), silent=silent)


# The night: seats are sold, and a function mails the tickets ----------------------------------------------------

SHARDS, RATE_RPS, OPEN_S, WATCHED_S = 4, 20.0, 60.0, 180.0
OPENING_S, MAIL_S = 0.4, 0.06
MAILER = Lambda(memory_mb=512)
MAPPING = EventSourceMapping(name="mails", function=MAILER, batch_io_s=OPENING_S, record_io_s=MAIL_S, record_vcpu_s=0.0,
                             batch_size=10)
SEED, DAY_SEED = 9, 146
SEAT_BYTES = 400

POLICIES = {  # what a mapping does about a batch that fails: words, its fields
    "defaults": (N_("the defaults: retry until they expire"), {}),
    "attempts": (N_("2 retries"), {"maximum_retry_attempts": 2}),
    "age": (N_("records of at most 60 seconds"), {"maximum_record_age_in_seconds": 60.0}),
    "bisect": (N_("2 retries and bisect"), {"maximum_retry_attempts": 2, "bisect_batch_on_function_error": True}),
    "queue": (
        N_("2 retries, bisect, failure destination"),
        {"maximum_retry_attempts": 2, "bisect_batch_on_function_error": True, "on_failure": "queue"},
    ),
}


def _table(stream=None, shards=SHARDS, **attached) -> DynamoDb:
    return DynamoDb(capacity_mode="provisioned", read_capacity=1000, write_capacity=1000 * shards, partitions=shards,
                    table_quota=1e6, stream=stream, **attached)


def _played(consumer, rate_rps: float, window_s: float = OPEN_S, arrivals=None, seed: int = SEED, **attached):
    """Seats are sold for a while, and a consumer reads the table's stream until nothing is left."""
    stream = None if consumer is None else Stream((consumer,))
    sell = Operation("sell", access="write", item_bytes=SEAT_BYTES, work_vcpu_s=0.0, io_s=0.0)
    traffic = Traffic(arrivals=arrivals or Poisson(rate_rps), window_s=window_s, operations=sell,
                      keys=Keys(count=100_000, popularity="uniform"))
    return simulate(Scenario((_table(stream, **attached),), traffic), seed)


def records_per_s(mapping: EventSourceMapping, shards: int = SHARDS) -> float:
    """Records that a mapping processes a second when every batch is full; its function computes nothing."""
    took_s = mapping.batch_io_s + mapping.record_io_s * mapping.batch_size
    return shards * mapping.parallelization_factor * mapping.batch_size / took_s


@dataclass(frozen=True)
class Night:
    """What became of the records of one mapping: columns of its records, and of its batches, and what was used."""

    mapping: EventSourceMapping
    rate_rps: float
    spans: dict
    poisonous: np.ndarray
    used: dict

    @property
    def records(self) -> dict:
        """The columns of the records alone."""
        mine = is_record(self.spans)
        return {name: values[mine] for name, values in self.spans.items()}

    @property
    def batches(self) -> dict:
        """The columns of the batches alone."""
        mine = ~is_record(self.spans)
        return {name: values[mine] for name, values in self.spans.items()}

    def ages_s(self, moments: np.ndarray) -> np.ndarray:
        """The age of the oldest unfinished record at some moments, one row for each shard."""
        told = self.records
        return np.array([_oldest_s(*(told[name][told["resource"] == shard] for name in ("start_s", "end_s")), moments)
                         for shard in range(SHARDS)])

    def counts(self, at_s: float = np.inf):
        """Where the records are at a moment."""
        return count_records(self.spans, at_s)

    def fates(self, at_s: float = np.inf) -> tuple:
        """Numbers of records by the fates of `views.streams`: processed, sent to the queue, gone, waiting."""
        counts = self.counts(at_s)
        discarded = counts.too_old + counts.given_up
        queued = discarded if self.mapping.on_failure == "queue" else 0
        return counts.processed, queued, discarded - queued + counts.expired, counts.waiting + counts.in_flight

    @property
    def discarded(self) -> np.ndarray:
        """Which records ended without having been processed."""
        return self.records["status"] != RECORD_PROCESSED

    @property
    def usd_for_a_million(self) -> float:
        """What Lambda's invocations cost for a million records, retries included."""
        book = price_book(REGION)
        together = sum(book.usd(sku) * self.used[sku] for sku in ("lambda.requests", "lambda.duration.x86_64"))
        return together / len(self.discarded) * MILLION


def _oldest_s(written_s, ended_s, moments) -> np.ndarray:
    """At each moment, how long the oldest of some records has been waiting that is written and has not ended."""
    order = np.argsort(written_s, kind="stable")
    written_s, ended_s = written_s[order], ended_s[order]
    unfinished = (written_s[:, None] <= moments) & (ended_s[:, None] > moments)
    first = unfinished.argmax(axis=0)
    return np.where(unfinished.any(axis=0), moments - written_s[first] if len(written_s) else 0.0, 0.0)


@lru_cache(maxsize=64)
def night(mapping: EventSourceMapping, rate_rps: float = RATE_RPS, window_s: float = OPEN_S, seed: int = SEED) -> Night:
    """One opening of sales with a mapping behind the table, played until no record is left."""
    result = _played(mapping, rate_rps, window_s, seed=seed)
    spans = result.of_attached(mapping.name)
    requests = spans["request"][is_record(spans)]
    poisonous = result.workload.uniforms("dynamodb.poison")[requests] < mapping.poisonous_share
    return Night(mapping, rate_rps, spans, poisonous, usage(result))


def _mapping(settings: dict) -> EventSourceMapping:
    policy = POLICIES[settings.get("policy", "defaults")][1]
    return replace(MAPPING, batch_size=settings.get("batch_size", MAPPING.batch_size),
                   poisonous_share=settings.get("poisonous", 0.0) / 100, **policy)


def sold(settings: dict) -> Night:
    """The night that the controls describe."""
    return night(_mapping(settings), float(settings.get("rate_rps", RATE_RPS)))


# Predict ----------------------------------------------------

THREE_WRITES = Prediction(
    "11.records",
    N_("A seat is held with a put. Two updates follow, and both set state to sold. How many records will be in the stream?"),
    unit=N_("records"),
    lo=0,
    hi=100,
    whole=True,
)
BLOCKED = Prediction(
    "11.blocked",
    N_("A function fails on one record of the stream, always. With the default settings, what does Lambda do with it?"),
    choices=(
        N_("it skips the record after three attempts"),
        N_("it puts the record into a dead-letter queue"),
        N_("it tries again until the record expires, and the shard waits"),
    ),
)


def blocked_choice() -> int:
    """Which choice of BLOCKED the simulator gives for one record with the defaults."""
    blocked = day("defaults")
    if blocked.fates()[1]:
        return 1
    tries = len(blocked.batches["status"][blocked.batches["status"] == FUNCTION_ERROR])
    return 2 if tries > 3 else 0


# Observe ----------------------------------------------------

MOMENTS_S = np.linspace(0.0, WATCHED_S, 241)
BATCH_SIZES = tuple(int(round(10 ** (k / 12))) for k in range(37))


def _look_rate(sold_out: Night) -> dict:
    mapping, ended_s = sold_out.mapping, sold_out.records["end_s"]
    settled = (ended_s > 10.0) & (ended_s <= OPEN_S) & ~sold_out.discarded
    return {
        "sizes": BATCH_SIZES,
        "can": [records_per_s(replace(mapping, batch_size=size)) for size in BATCH_SIZES],
        "writes": len(ended_s) / OPEN_S,
        "now": (mapping.batch_size, float(settled.sum()) / (OPEN_S - 10.0)),
        "time": MOMENTS_S,
        "age": sold_out.ages_s(MOMENTS_S).max(axis=0),
    }


def _invoked(sold_out: Night) -> str:
    batches = sold_out.batches
    took_s = batches["end_s"] - batches["start_s"]
    return _(
        "Invocations: {count}, with {each} records each and {took} long on average; for a million records Lambda charges {usd}.",
        count=f"{len(took_s):,}", each=number(float(batches["billed_ms"].mean())), took=duration(1000 * float(took_s.mean())),
        usd=usd(sold_out.usd_for_a_million),
    )


def _done(sold_out: Night) -> str:
    oldest_s = float(sold_out.ages_s(MOMENTS_S).max())
    last_s = float(sold_out.records["end_s"].max())
    return _("The greatest iterator age is {age}; the last record is done {last} after sales opened.",
             age=duration(1000 * oldest_s), last=duration(1000 * last_s))


def say_rate(sold_out: Night, before: Night | None) -> str:
    """How many records a second the mapping takes, its invocations, their price and the ages, also at A."""
    mapping = sold_out.mapping
    words = [
        _("Seats sold: {sold}, {written} a second. Full batches of {batch} take {took}: {lanes} at once are {can} records a second.",
          sold=f"{len(sold_out.discarded):,}", written=number(len(sold_out.discarded) / OPEN_S), batch=f"{mapping.batch_size:,}",
          took=duration(1000 * (mapping.batch_io_s + mapping.record_io_s * mapping.batch_size)),
          lanes=SHARDS * mapping.parallelization_factor, can=number(records_per_s(mapping))),
        _invoked(sold_out),
        _done(sold_out),
    ]
    if before is not None:
        words.append(
            _("A: {count} invocations, iterator age up to {age}, {usd} for a million records.",
              count=f"{len(before.batches['start_s']):,}", age=duration(1000 * float(before.ages_s(MOMENTS_S).max())),
              usd=usd(before.usd_for_a_million))
        )
    return "\n".join(words)


def _look_shards(sold_out: Night, unit_s: float = 1.0, moments_s: np.ndarray = MOMENTS_S, units=None) -> dict:
    told, gone = sold_out.records, sold_out.discarded & (sold_out.records["end_s"] <= moments_s[-1])
    limits = (facts.value("dynamodb.stream_retention_s"), sold_out.mapping.maximum_record_age_in_seconds or np.inf)
    return {
        "time": moments_s / unit_s,
        "ages": sold_out.ages_s(moments_s) / unit_s,
        "lost": (told["end_s"][gone] / unit_s, (told["end_s"] - told["start_s"])[gone] / unit_s),
        "fates": sold_out.fates(float(moments_s[-1])),
        "units": units or (_("seconds after sales open"), _("seconds")),
        "limit": min(limits) / unit_s,
    }


def _ends(counts: tuple) -> str:
    processed, queued, gone, waiting = counts
    return _("processed {processed}, sent to the queue {queued}, discarded and gone {gone}, still waiting {waiting}",
             processed=f"{processed:,}", queued=f"{queued:,}", gone=f"{gone:,}", waiting=f"{waiting:,}")


def _healthy_lost(sold_out: Night) -> int:
    return int((sold_out.discarded & ~sold_out.poisonous).sum())


def say_shards(sold_out: Night, before: Night | None) -> str:
    """How old records get in each shard and what becomes of them, after three minutes and in the end, also at A."""
    ages_s = sold_out.ages_s(MOMENTS_S).max(axis=1)
    words = [
        _("Records: {records}, poisonous: {poisonous}. Iterator age in the four shards, at most: {ages}.",
          records=f"{len(sold_out.poisonous):,}", poisonous=int(sold_out.poisonous.sum()),
          ages=", ".join(duration(1000 * float(age)) for age in ages_s)),
        _("After {minutes} minutes: {ends}.", minutes=number(WATCHED_S / 60), ends=_ends(sold_out.fates(WATCHED_S))),
        _("A day later: {ends}. Healthy records among those not processed: {healthy}.", ends=_ends(sold_out.fates()),
          healthy=_healthy_lost(sold_out)),
        _invoked(sold_out),
    ]
    if before is not None:
        words.append(_("A, a day later: {ends}.", ends=_ends(before.fates())))
    return "\n".join(words)


BATCH_CONTROL = Control("batch_size", N_("BatchSize"), 10, N_("records"), 1, 1000, whole=True,
                        doc=N_("the most in one invocation"))
POISON_CONTROL = Control("poisonous", N_("poisonous records"), 0.1, "%", 0, 2, 0.05,
                         doc=N_("the function fails whenever one is in its batch"))
POLICY_CONTROL = Control("policy", N_("what the mapping does about it"), "defaults",
                         choices=tuple((name, words) for name, (words, _fields) in POLICIES.items()))
RATE_CONTROL = Control("rate_rps", N_("seats sold a second"), 20, "", 5, 100, 5, whole=True)

BATCH_EXPLORER = Explorable(controls=(BATCH_CONTROL,), run=sold, picture=BatchRate, look=_look_rate, say=say_rate)
POISON_EXPLORER = Explorable(controls=(BATCH_CONTROL, POISON_CONTROL), run=sold, picture=ShardAges, look=_look_shards,
                             say=say_shards, live=False)
POLICY_EXPLORER = Explorable(controls=(BATCH_CONTROL, POISON_CONTROL, POLICY_CONTROL), run=sold, picture=ShardAges,
                             look=_look_shards, say=say_shards, live=False)
RATE_EXPLORER = Explorable(controls=(BATCH_CONTROL, RATE_CONTROL), run=sold, picture=BatchRate, look=_look_rate,
                           say=say_rate, live=False)


# Break it ----------------------------------------------------

DAY_RPS, DAYS_S, DAY_POISON = 0.01, 36 * 3600.0, 0.001
DAY_MOMENTS_S = np.linspace(0.0, DAYS_S, 433)


def day(policy: str) -> Night:
    """A quiet day and a half, in which one record is poisonous, with one of POLICIES."""
    return night(replace(MAPPING, poisonous_share=DAY_POISON, **POLICIES[policy][1]), DAY_RPS, DAYS_S, DAY_SEED)


def _look_day(quiet: Night) -> dict:
    return _look_shards(quiet, 3600.0, DAY_MOMENTS_S, (_("hours"), _("hours")))


def _long(seconds: float) -> str:
    return duration(1000 * seconds) if seconds < 7200 else _("{hours} hours", hours=number(seconds / 3600))


def say_day(quiet: Night, before: Night | None) -> str:
    """What one record does to its shard, and what became of it, also at A."""
    told = quiet.records
    shard = int(told["resource"][quiet.poisonous][0])
    same = (told["resource"] == shard) & ~quiet.poisonous
    late = same & (told["wait_s"] > 60.0)
    failed = quiet.batches["status"] == FUNCTION_ERROR
    words = [
        _("One of {records} records is poisonous. It is tried {tries} times, and it ends {after} after it was written.",
          records=f"{len(told['start_s']):,}", tries=f"{int(failed.sum()):,}",
          after=_long(float((told["end_s"] - told["start_s"])[quiet.poisonous][0]))),
        _("Healthy records of its shard: {same}, of which {late} waited for more than a minute and {lost} were never processed.",
          same=f"{int(same.sum()):,}", late=f"{int(late.sum()):,}", lost=f"{_healthy_lost(quiet):,}"),
        _("In the end: {ends}.", ends=_ends(quiet.fates())),
    ]
    if before is not None:
        words.append(_("A: {ends}.", ends=_ends(before.fates())))
    return "\n".join(words)


DAY_EXPLORER = Explorable(controls=(POLICY_CONTROL,), run=lambda settings: day(settings["policy"]), picture=ShardAges,
                          look=_look_day, say=say_day)


# Explain ----------------------------------------------------


def by_hand() -> str:
    """The mapping of section 4 worked by hand: its throughput, and what a million records cost with full batches."""
    batch, lanes = MAPPING.batch_size, SHARDS * MAPPING.parallelization_factor
    took_s = MAPPING.batch_io_s + MAPPING.record_io_s * batch
    book = price_book(REGION)
    per_request, per_gb_s = book.usd("lambda.requests"), book.usd("lambda.duration.x86_64")
    calls, gb = MILLION / batch, MAILER.memory_mb / 1024
    return "\n".join(
        (
            _("A full batch: {opening} + {batch} × {each} = {took}.", opening=duration(1000 * MAPPING.batch_io_s), batch=batch,
              each=duration(1000 * MAPPING.record_io_s), took=duration(1000 * took_s)),
            _("Lanes: {shards} shards × ParallelizationFactor {factor} = {lanes}. Throughput: {lanes} × {batch} records / {took} = "
              "{rate} records a second.", shards=SHARDS, factor=MAPPING.parallelization_factor, lanes=lanes, batch=batch,
              took=duration(1000 * took_s), rate=number(records_per_s(MAPPING))),
            _("A million records in full batches: {calls} invocations × ${per_request} = {requests}; × {took} × {gb} GB × "
              "${per_gb_s} = {computing}. Reading the stream is free of charge for Lambda.",
              calls=f"{calls:,.0f}", per_request=_exact(per_request), requests=usd(calls * per_request),
              took=duration(1000 * took_s), gb=number(gb), per_gb_s=_exact(per_gb_s),
              computing=usd(calls * took_s * gb * per_gb_s)),
        )
    )


def _exact(dollars: float) -> str:
    return f"{dollars:.10f}".rstrip("0")


def price_of_paths(changes: int, shards: int = SHARDS, kinesis_shards: int = 1):
    """What so many changes of small items cost a month on each path, and what the path is paid for; a DataFrame.

    Invocations are those of the mail function, with full batches and with one record each; `shards` are those of the table's stream. Raises InputError for what is no number of changes.
    """
    import pandas as pd

    _whole("changes", changes, 10**12)
    _whole("shards", shards, 10_000)
    _whole("kinesis_shards", kinesis_shards, 10_000)
    book, hours = price_book(REGION), facts.value("hours_per_month")
    took_s = MAPPING.batch_io_s + MAPPING.record_io_s * MAPPING.batch_size
    calls = changes / MAPPING.batch_size
    gb_s = calls * took_s * MAILER.memory_mb / 1024
    invoked = calls * book.usd("lambda.requests") + gb_s * book.usd("lambda.duration.x86_64")
    single_gb_s = changes * (MAPPING.batch_io_s + MAPPING.record_io_s) * MAILER.memory_mb / 1024
    singly = changes * book.usd("lambda.requests") + single_gb_s * book.usd("lambda.duration.x86_64")
    alone = changes * ((MAPPING.batch_io_s + MAPPING.record_io_s) * MAILER.memory_mb / 1024 * book.usd("lambda.duration.x86_64"))
    idle = shards * hours * 3600 / facts.value("kcl.idle_between_reads_s")
    reads = max(0.0, max(idle, changes / MOST_RECORDS) - FREE_READS) * book.usd("dynamodb.streams_read_request")
    captured = (
        changes * (book.usd("dynamodb.kinesis_change") + book.usd("kinesis.put_units"))
        + kinesis_shards * hours * book.usd("kinesis.shard_hours")
    )
    rows = {
        _("in the buyer's request"): (alone, _("the function runs longer, while the buyer waits")),
        _("DynamoDB Streams, Lambda, batches full"): (invoked, _("invocations; reading is free")),
        _("DynamoDB Streams, Lambda, one record each"): (singly, _("as when few changes come")),
        _("DynamoDB Streams, KCL"): (reads, _("GetRecords calls, not the servers")),
        _("Kinesis Data Streams, Lambda, batches full"): (captured + invoked, _("change units, PUT units, shard-hours, invocations")),
    }
    return pd.DataFrame(
        {_("dollars a month"): [usd(amount) for amount, _why in rows.values()],
         _("paid for"): [why for _amount, why in rows.values()]},
        index=list(rows),
    )


def _whole(name: str, value, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise InputError(_("{name} takes a whole number from 1 to {most}; correct it in this cell.", name=name, most=f"{most:,}"))


LOST_AT_S = 30.0
TWICE, LATE = 0.02, 0.05


def readers():
    """The same opening on three paths, with a KCL worker lost and some changes of Kinesis twice or late; a DataFrame."""
    import pandas as pd

    kcl = KclApplication(workers=2, record_vcpu_s=0.02, worker_lost_at_s=LOST_AT_S)
    kinesis = KinesisStream(replace(MAPPING, name="kinesis", parallelization_factor=SHARDS), duplicate_share=TWICE,
                            shards=shards_needed(RATE_RPS, SEAT_BYTES, 0.5), disorder_share=LATE)
    runs = (
        (_("DynamoDB Streams, Lambda"), _played(MAPPING, RATE_RPS), MAPPING.name, KEPT_HOURS / 24),
        (_("DynamoDB Streams, KCL: a worker is lost"), _played(kcl, RATE_RPS), kcl.name, KEPT_HOURS / 24),
        (_("Kinesis Data Streams, Lambda"), _played(None, RATE_RPS, kinesis=kinesis), "kinesis", YEAR_DAYS),
    )
    rows = {}
    for name, result, reader, days in runs:
        spans = result.of_attached(reader)
        sold_s = np.zeros(result.n)
        sold_s[result.of(0)["request"]] = result.of(0)["end_s"]
        told = {column: values[is_record(spans)] for column, values in spans.items()}
        arrived = np.argsort(told["start_s"], kind="stable")
        request = told["request"][arrived]
        written_s = sold_s[request]
        rows[name] = {
            _("seats sold"): f"{len(np.unique(request)):,}",
            _("records"): f"{len(request):,}",
            _("twice"): f"{len(request) - len(np.unique(request)):,}",
            _("behind a later one"): f"{int((written_s < np.maximum.accumulate(written_s)).sum()):,}",
            _("not processed"): f"{int((told['status'] != RECORD_PROCESSED).sum()):,}",
            _("longest wait"): duration(1000 * float(told["wait_s"].max())),
            _("kept at most"): _("{days} days", days=number(days)) if days > 1 else _("{hours} hours", hours=number(24 * days)),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


HOLDS_RPS, READ_SHARE = 1.0, 0.5


@lru_cache(maxsize=16)
def _holds(delay: str, delay_s: float, window_s: float = 3600.0):
    """An hour in which about every two seconds a hold is written and one is read; (result, spans of the lives)."""
    hold_it = Operation("hold", access="write", item_bytes=1024, work_vcpu_s=0.0, io_s=0.0, weight=1 - READ_SHARE)
    read_it = Operation("read", item_bytes=1024, work_vcpu_s=0.0, io_s=0.0, weight=READ_SHARE)
    traffic = Traffic(arrivals=Constant(HOLDS_RPS), window_s=window_s, operations=(hold_it, read_it),
                      keys=Keys(count=1000, popularity="uniform"))
    ttl = Ttl(lifetime_s=float(HOLD_S), delete_delay=delay, delete_delay_s=delay_s)
    cleaner = replace(MAPPING, maximum_batching_window_in_seconds=60.0, batch_size=1000)
    result = simulate(Scenario((_table(Stream((cleaner,)), ttl=ttl),), traffic), SEED)
    return result, result.of_attached("Ttl")


def late_deletes():
    """What Time to Live does to the holds of an hour: deleted on time, after measured minutes, or after days; a DataFrame."""
    import pandas as pd

    cases = (
        (_("on time (if there were such a thing)"), "custom", 0.0),
        (_("as measured in 2019"), "measured", 0.0),
        (_("a day late"), "custom", 86_400.0),
    )
    rows = {}
    for name, delay, delay_s in cases:
        result, lives = _holds(delay, delay_s)
        deleted = lives["status"] == ITEM_DELETED
        reads = result.workload.operation == 1
        spans = result.of_attached(MAPPING.name)
        rows[name] = {
            _("deleted"): f"{int(deleted.sum()):,}",
            _("half of them after"): _long(float(np.median(lives["work_s"][deleted]))),
            _("reads that meet an expired hold"): percent(float((result.status[reads] == EXPIRED_ITEM).mean())),
            _("share of stored time after expiry"): percent(float(lives["work_s"].sum() / (lives["end_s"] - lives["start_s"]).sum())),
            _("records with userIdentity dynamodb.amazonaws.com"): f"{int(is_by_ttl(spans).sum()):,}",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


# What one should have seen ----------------------------------------------------

BUSY_RPS = 60


def smallest_batch(rate_rps: float, mapping: EventSourceMapping = MAPPING) -> int | None:
    """The smallest batch size with which a mapping takes so many records a second; None where none does."""
    most = int(PARAMETERS["batch_size"].hi)
    if records_per_s(replace(mapping, batch_size=most)) < rate_rps:
        return None
    return next(size for size in range(1, most + 1) if records_per_s(replace(mapping, batch_size=size)) >= rate_rps)


def breaking() -> list[str]:
    """What one should have seen in section 6, item by item."""
    defaults, cut = day("defaults"), day("bisect")
    waited = (defaults.records["wait_s"] > 60.0) & ~defaults.poisonous
    most = records_per_s(replace(MAPPING, batch_size=int(PARAMETERS["batch_size"].hi)))
    return [
        _(
            "With the defaults the record is tried {tries} times, its shard stands still for {hours}, and {waited} healthy records "
            "wait for more than a minute; Lambda charges each try. With two retries it is over after {over}, and without a failure "
            "destination nobody learns that a mail is missing.",
            tries=f"{int((defaults.batches['status'] == FUNCTION_ERROR).sum()):,}",
            hours=_long(float((defaults.records["end_s"] - defaults.records["start_s"])[defaults.poisonous][0])),
            waited=f"{int(waited.sum()):,}",
            over=_long(float((cut.records["end_s"] - cut.records["start_s"])[cut.poisonous][0])),
        ),
        _(
            "Batches of {batch} take {can} records a second. For {busy} a second, batches of at least {needed} are needed. However large "
            "they are, one record still takes {each}, so that four lanes never reach {most}: then ParallelizationFactor, faster code or "
            "more shards help, but no batch size.",
            batch=MAPPING.batch_size, can=number(records_per_s(MAPPING)), busy=BUSY_RPS, needed=smallest_batch(BUSY_RPS),
            each=duration(1000 * MAIL_S), most=number(np.ceil(most)),
        ),
        _(
            "The expired hold is returned by the Query and can be paid: Time to Live has not deleted it yet. With hold_until > :now in the "
            "condition, and {now} as :now among the values, DynamoDB refuses; the same comparison as a FilterExpression hides it from the Query.",
            now=NOW_S,
        ),
    ]


# Exercises ----------------------------------------------------

HAND = replace(MAPPING, batch_size=20, parallelization_factor=3, batch_io_s=0.2, record_io_s=0.04)
BY_HAND = Target(
    "11.by_hand",
    N_(
        "A stream has 4 shards. The mapping has BatchSize 20 and ParallelizationFactor 3. An invocation takes 200 ms and 40 ms more "
        "for each record. How many records a second can it process?"
    ),
    numbers.Real,
    (
        Condition(
            N_("distance from the right number"),
            lambda given: abs(given / records_per_s(HAND) - 1),
            0.01,
            show=percent,
        ),
    ),
    solution=lambda: records_per_s(HAND),
    worked=lambda: _(
        "{shards} × {factor} = {lanes} invocations at once. One takes 200 + {batch} × 40 = {took} ms. {lanes} × {batch} / {took_s} = {rate} "
        "records a second.",
        shards=SHARDS, factor=HAND.parallelization_factor, lanes=SHARDS * HAND.parallelization_factor, batch=HAND.batch_size,
        took=number(1000 * (HAND.batch_io_s + HAND.batch_size * HAND.record_io_s)),
        took_s=number(HAND.batch_io_s + HAND.batch_size * HAND.record_io_s), rate=number(records_per_s(HAND)),
    ),
    untouched=lambda given: given == 0,
    needs=N_("a number"),
)

SETTINGS = (
    "batch_size",
    "parallelization_factor",
    "maximum_batching_window_in_seconds",
    "maximum_retry_attempts",
    "maximum_record_age_in_seconds",
    "bisect_batch_on_function_error",
    "on_failure",
)
TARGET_RPS, TARGET_POISON, TARGET_AGE_S = 40.0, 0.002, 15.0


def mail_mapping(**settings) -> EventSourceMapping:
    """The mapping of the mail function with the learner's settings. Raises InputError for what AWS does not take."""
    for name in settings:
        if name not in SETTINGS:
            raise InputError(_("mail_mapping has no setting {name}; it takes {known}.", name=name, known=", ".join(SETTINGS)))
    mapping = replace(MAPPING, poisonous_share=TARGET_POISON)
    for name, value in settings.items():
        try:
            mapping = replace(mapping, **{name: value})
        except ParamError:
            raise InputError(
                _("{name} cannot be {value}; it takes {allowed}. Correct it in this cell and run the cell again.", name=name,
                  value=repr(value)[:40], allowed=_allowed(PARAMETERS[name]))
            ) from None
    return mapping


def _allowed(declared) -> str:
    if declared.choices:
        words = ", ".join(f'"{each}"' for each in declared.choices)
    elif isinstance(declared.default, bool):
        words = "True, False"
    else:
        words = _("numbers from {lo} to {hi}", lo=f"{declared.lo:,g}", hi=f"{declared.hi:,g}")
    return _("{words}, or None", words=words) if declared.optional else words


def _examine(mapping: EventSourceMapping) -> Night:
    """A busier night with the learner's mapping; the function and its bad records must be the lesson's."""
    settings = {name: getattr(mapping, name) for name in SETTINGS}
    if mapping != mail_mapping(**settings):
        raise InputError(
            _("Only these settings are yours to change: {known}. Build the mapping with lesson.mail_mapping(...) again.",
              known=", ".join(SETTINGS))
        )
    return night(mapping, TARGET_RPS)


def one_solution() -> EventSourceMapping:
    """A mapping that keeps up, sets bad records aside one by one, and tells somebody."""
    return mail_mapping(batch_size=10, parallelization_factor=4, maximum_retry_attempts=1,
                        bisect_batch_on_function_error=True, on_failure="queue")


def _worked_target() -> str:
    best = _examine(one_solution())
    return _(
        "One way: BatchSize {batch} and ParallelizationFactor {factor} take {can} records a second, more than the {written} written. "
        "BisectBatchOnFunctionError separates the bad records from the good ones, {retries} retry each is enough, and the failure "
        "destination gets {queued} records that somebody can look at. Iterator age at most {age}.",
        batch=best.mapping.batch_size, factor=best.mapping.parallelization_factor, can=number(records_per_s(best.mapping)),
        written=number(TARGET_RPS), retries=best.mapping.maximum_retry_attempts, queued=best.fates()[1],
        age=duration(1000 * _oldest_of(best)),
    )


def _oldest_of(sold_out: Night) -> float:
    """The greatest age of a record of the night, to its end."""
    return float((sold_out.records["end_s"] - sold_out.records["start_s"]).max())


CALM = Target(
    "11.calm",
    N_(
        "40 seats a second are sold for a minute, and 0.2 % of the records are poisonous. No record is older than 15 seconds, none is "
        "lost silently, and every healthy record is processed. Change the settings of the mapping."
    ),
    EventSourceMapping,
    (
        Condition(N_("greatest age of a record"), _oldest_of, TARGET_AGE_S, show=lambda value: _long(value)),
        Condition(N_("records discarded and gone"), lambda seen: seen.fates()[2], 0),
        Condition(N_("healthy records not processed"), _healthy_lost, 0),
    ),
    solution=one_solution,
    examine=_examine,
    worked=_worked_target,
    untouched=lambda given: given == mail_mapping(batch_size=1),
    needs=N_("a mapping from lesson.mail_mapping(...)"),
)

ADVICE = Essay(
    "11.advice",
    N_(
        "Some buyers got their ticket mail twice. A colleague says: “The stream is broken. It promises every change exactly once.” "
        "Answer in three sentences: what happened, and what must change?"
    ),
    (
        N_("Each change is in the stream once, but Lambda hands batches to the function at least once."),
        N_("If a batch fails at its last record, or the answer is lost, the whole batch comes again, with the mails that were sent already."),
        N_("So the function must be idempotent: note the record's eventID or the order in a conditional write, and send only if it is new."),
        N_("Bisect and partial batch responses make repetitions fewer, but never impossible."),
    ),
)


# Check ----------------------------------------------------

GUIDE_SHARDS, GUIDE_FACTOR = 100, 2
CUT = 64
HOLDS_PER_MINUTE, LATE_S = 30, 1200.0


def _lanes(shards: int, factor: int) -> int:
    return shards * factor


def _blocked_hours() -> float:
    blocked = day("defaults")
    return float((blocked.records["end_s"] - blocked.records["start_s"])[blocked.poisonous][0]) / 3600


@lru_cache(maxsize=1)
def _cut_in_two() -> tuple[int, int]:
    """(failed, successful) invocations for a batch of CUT records with one poisonous, bisected without any retry."""
    mapping = replace(MAPPING, batch_size=CUT, poisonous_share=1 / CUT, maximum_retry_attempts=0,
                      bisect_batch_on_function_error=True)
    sell = Operation("sell", access="write", items=CUT, work_vcpu_s=0.0, io_s=0.0)
    traffic = Traffic(arrivals=Constant(1.0), window_s=1.0, operations=sell)
    for seed in range(1000):
        spans = simulate(Scenario((_table(Stream((mapping,)), 1),), traffic), seed).of_attached(mapping.name)
        counts = count_records(spans)
        if (counts.sent, counts.given_up) == (CUT, 1):
            failed = ~is_record(spans) & (spans["status"] == FUNCTION_ERROR)
            return int(failed.sum()), int((~is_record(spans) & ~failed).sum())
    raise LookupError("no seed has exactly one poisonous record")


@lru_cache(maxsize=1)
def _expired_holds() -> float:
    """How many expired holds lie in the table of the check, on average over an hour's holds, each counted for its whole life."""
    hold_it = Operation("hold", access="write", work_vcpu_s=0.0, io_s=0.0)
    hour_s = 3600.0
    traffic = Traffic(arrivals=Constant(HOLDS_PER_MINUTE / 60), window_s=hour_s, operations=hold_it,
                      keys=Keys(count=10**7, popularity="uniform"))
    ttl = Ttl(lifetime_s=float(HOLD_S), delete_delay="custom", delete_delay_s=LATE_S)
    lives = simulate(Scenario((_table(ttl=ttl),), traffic), SEED).of_attached("Ttl")
    return float(lives["work_s"].sum()) / hour_s


def _idle_reads(shards: int = SHARDS) -> float:
    return shards * facts.value("hours_per_month") * 3600 / facts.value("kcl.idle_between_reads_s")


def _read_usd(reads: float) -> float:
    return max(0.0, reads) * price_book(REGION).usd("dynamodb.streams_read_request")


CHECKS = (
    Check(
        "11.lanes",
        N_("A table's stream has 100 shards, and the mapping has ParallelizationFactor 2 and BatchSize 100. How many invocations run at once, at most?"),
        answer=lambda: _lanes(GUIDE_SHARDS, GUIDE_FACTOR),
        unit=N_("invocations"),
        lo=0,
        hi=1_000_000,
        tolerance=0.001,
        worked=lambda value: _("{value}: {shards} shards × {factor}. The batch size does not matter for it.", value=number(value),
                               shards=GUIDE_SHARDS, factor=GUIDE_FACTOR),
        hints=(
            Hint(lambda: GUIDE_SHARDS, N_("That is one for each shard; ParallelizationFactor divides a shard's keys among several.")),
            Hint(lambda: GUIDE_SHARDS * 100, N_("A batch of 100 records is one invocation, not a hundred.")),
            Hint(lambda: facts.value("lambda.account_concurrency"), N_("That is the account's quota; a stream asks for less.")),
        ),
    ),
    Check(
        "11.blocked",
        N_("For how many hours does one record that always fails block its shard with the default settings, at most?"),
        answer=_blocked_hours,
        unit=N_("hours"),
        lo=0,
        hi=10_000,
        worked=lambda value: _("{value} hours: DynamoDB Streams keeps a record so long, and until then Lambda tries the same batch again.",
                               value=number(value)),
        hints=(
            Hint(lambda: 0, N_("Lambda never skips a record on its own: order would be lost. It tries again.")),
            Hint(lambda: facts.value("lambda.async_event_age_max_s") / 3600,
                 N_("That is for how long Lambda keeps events of asynchronous invocations; a stream has another rule.")),
            Hint(lambda: (facts.value("lambda.async_first_retry_s") + facts.value("lambda.async_second_retry_s")) / 3600,
                 N_("Two retries after one and two minutes are the rule of asynchronous invocations, not of streams.")),
            Hint(lambda: 24 * YEAR_DAYS, N_("So long can a Kinesis data stream keep records; DynamoDB Streams has one fixed time.")),
        ),
    ),
    Check(
        "11.cut",
        N_("One of 64 records in a batch is poisonous. With bisect and no retries, how many invocations fail until it stands alone and is discarded?"),
        answer=lambda: _cut_in_two()[0],
        unit=N_("invocations"),
        lo=0,
        hi=10_000,
        tolerance=0.001,
        worked=lambda value: _("{value}: batches of 64, 32, 16, 8, 4, 2 and 1 fail; the {good} other halves succeed.", value=number(value),
                               good=_cut_in_two()[1]),
        hints=(
            Hint(lambda: 1, N_("The whole batch fails, and then each half that holds the record fails as well.")),
            Hint(lambda: _cut_in_two()[1], N_("That counts the cuts, or the halves that succeed; at the end the record fails alone once more.")),
            Hint(lambda: sum(_cut_in_two()), N_("Those are all invocations; the halves without the record succeed.")),
            Hint(lambda: CUT, N_("Cutting in two finds the record much sooner than trying one after the other.")),
        ),
    ),
    Check(
        "11.twice",
        N_("A function gets 10 records and sends a mail for each. At the tenth it fails before sending; Lambda tries again, and all goes well. "
           "How many mails are sent if it is not idempotent?"),
        answer=lambda: 2 * MAPPING.batch_size - 1,
        unit=N_("mails"),
        lo=0,
        hi=1000,
        tolerance=0.001,
        worked=lambda value: _("{value}: {first} in the first try, and all {all} again in the second.", value=number(value),
                               first=MAPPING.batch_size - 1, all=MAPPING.batch_size),
        hints=(
            Hint(lambda: MAPPING.batch_size, N_("That would be so if only the tenth record came again; but the whole batch is tried again.")),
            Hint(lambda: 2 * MAPPING.batch_size, N_("At its first try the tenth mail was not sent.")),
            Hint(lambda: MAPPING.batch_size - 1, N_("Lambda does not leave the rest out: it tries the batch again.")),
        ),
    ),
    Check(
        "11.expired",
        N_("Each minute 30 holds are written, each with 10 minutes to live. Time to Live deletes them 20 minutes after they have expired. "
           "How many expired holds lie in the table, on average?"),
        answer=_expired_holds,
        unit=N_("items"),
        lo=0,
        hi=1_000_000,
        worked=lambda value: _("{value}: {rate} a minute × {late} minutes between expiry and delete (Little's law). They are read and billed "
                               "as before.", value=number(value), rate=HOLDS_PER_MINUTE, late=number(LATE_S / 60)),
        hints=(
            Hint(lambda: 0, N_("Time to Live does not delete at the second; expired items are still there and must be filtered out.")),
            Hint(lambda: HOLDS_PER_MINUTE * HOLD_S / 60, N_("Those are the holds that are still valid.")),
            Hint(lambda: HOLDS_PER_MINUTE * (HOLD_S + LATE_S) / 60, N_("Those are all holds, also the valid ones.")),
        ),
    ),
    Check(
        "11.kcl",
        N_("A KCL application reads a stream of 4 shards. Nothing is ever sold, and it asks each shard once a second, 730 hours a month. "
           "What does DynamoDB charge for its GetRecords calls?"),
        answer=lambda: _read_usd(_idle_reads() - FREE_READS),
        unit=N_("dollars"),
        lo=0,
        hi=10_000,
        tolerance=0.01,
        worked=lambda value: _("{value}: {shards} × 730 × 3,600 = {reads} calls, less {free} free ones, × ${price} each.", value=usd(value),
                               shards=SHARDS, reads=f"{_idle_reads():,.0f}", free=f"{FREE_READS:,.0f}",
                               price=_exact(price_book(REGION).usd("dynamodb.streams_read_request"))),
        hints=(
            Hint(lambda: 0, N_("Only Lambda reads for nothing; other readers pay for each call, also for empty ones.")),
            Hint(lambda: _read_usd(_idle_reads()), N_("A month's first calls are free of charge.")),
            Hint(lambda: _read_usd(_idle_reads(1) - FREE_READS), N_("That is one shard; each of the four is asked.")),
        ),
    ),
)


# Quiz ----------------------------------------------------

QUIZ = Quiz(
    (
        Question(
            N_("A stream's records wake a function up. What does DynamoDB Streams promise?"),
            (
                Option(
                    N_("Records of one item come in the order of its changes, and stay for 24 hours"),
                    N_("Each change is one record in the item's shard. Order between different items is not promised."),
                    True,
                ),
                Option(
                    N_("Every record is given to the function exactly once"),
                    N_("In the stream it is once; the function may be given it again, so it must be idempotent."),
                ),
                Option(
                    N_("All records of the table come in one order, and stay until they are deleted"),
                    N_("Shards are read independently of one another, and nobody can delete or keep a record."),
                ),
            ),
        ),
        Question(
            N_("Holds on seats expire after ten minutes by Time to Live. How does a buyer see only valid holds?"),
            (
                Option(
                    N_("By nothing more: DynamoDB does not return expired items"),
                    N_("It does return them until they are deleted, minutes or days later, and charges the reads."),
                ),
                Option(
                    N_("By a strongly consistent read"),
                    N_("That shows the newest state, and the newest state still holds the expired item."),
                ),
                Option(
                    N_("By comparing the time in the item with now, in filters and in conditions of writes"),
                    N_("The attribute is a number of seconds like any other, so the comparison is exact, however late the delete comes."),
                    True,
                ),
            ),
        ),
        Question(
            N_(
                "A company processes orders with a Lambda function behind a DynamoDB stream. Now and then a malformed order stops all orders of its "
                "shard for hours. No order may be lost unnoticed. Which change needs the least operational overhead?"
            ),
            (
                Option(
                    N_("Set a dead-letter queue on the function itself"),
                    N_("The function's own queue serves asynchronous invocations. A stream's batches are invoked synchronously, so nothing would arrive there."),
                ),
                Option(
                    N_("Raise the batch size and the function's memory"),
                    N_("The malformed order fails in any batch, and a larger one takes more good orders with it."),
                ),
                Option(
                    N_("Replace the function by a KCL application on EC2 instances that skips bad orders"),
                    N_("It can be done, but now there are servers, leases and an own list of bad orders to look after."),
                ),
                Option(
                    N_("In the event source mapping, turn on bisect, limit the retry attempts, and name an SQS queue as on-failure destination"),
                    N_("Three settings: bad orders are isolated, given up soon, and noted in a queue; good ones go on in order."),
                    True,
                ),
            ),
            domain="resilient",
        ),
    )
)
