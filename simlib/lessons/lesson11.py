"""Lesson 11: what happens after a write: streams, their readers, records that cannot be processed, and Time to Live."""

from __future__ import annotations

import numbers
from dataclasses import dataclass, fields, replace
from functools import lru_cache

import numpy as np

from simlib import facts, meter
from simlib.engine import simulate
from simlib.i18n import N_, _, duration, number, percent, usd
from simlib.lessons import lesson06 as item_shop
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
YEAR_DAYS = 365
PARAMETERS = {each.name: each for each in fields(EventSourceMapping)}
attempt, found = item_shop.attempt, item_shop.found


# The shop: a table with a stream, on moto in this process ----------------------------------------------------


@lru_cache(maxsize=1)
def _mock():
    """moto, started once; it neither reads nor sets credentials."""
    from moto import mock_aws

    mock = mock_aws(config={"core": {"mock_credentials": False, "reset_boto3_session": False}})
    mock.start(reset=False)
    return mock


def close_shop() -> None:
    """Ends what `open_shop` began: boto3 answers from AWS again."""
    if _mock.cache_info().currsize:
        _mock().stop()
        _mock.cache_clear()


def open_shop():
    """Fresh boto3 Tables `tickets`, with a stream of old and new images, and `mails`, and a client for streams.

    The credentials are made up and belong to them alone; no setting of the learner is read or changed.
    """
    import boto3
    from botocore.config import Config

    item_shop.say_errors_in_a_sentence()
    with item_shop.without_aws_settings():
        _mock()
        session = boto3.Session(aws_access_key_id="course", aws_secret_access_key="course", region_name=REGION)
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


def once_each(mails, changed: list[dict]) -> str:
    """Sends a mail for each record unless it is noted already under the record's eventID; a sentence for each."""
    return "\n".join(
        attempt(mails.put_item, Item={"event": record["eventID"]}, ConditionExpression="attribute_not_exists(event)")
        for record in changed
    )


# The night: seats are sold, and a function mails the tickets ----------------------------------------------------

SHARDS, RATE_RPS, OPEN_S, WATCHED_S = 4, 20.0, 60.0, 180.0
OPENING_S, MAIL_S = 0.4, 0.06
MAILER = Lambda(memory_mb=512)
MAPPING = EventSourceMapping(name="mails", function=MAILER, batch_io_s=OPENING_S, record_io_s=MAIL_S, record_vcpu_s=0.0,
                             batch_size=10)
SEED, DAY_SEED = 9, 146
SEAT_BYTES = 400

POLICIES = {  # what a mapping does about a batch that fails: words, its fields
    "defaults": (N_("the defaults: try again until the records expire"), {}),
    "attempts": (N_("2 retries"), {"maximum_retry_attempts": 2}),
    "age": (N_("records of at most 60 seconds"), {"maximum_record_age_in_seconds": 60.0}),
    "bisect": (N_("2 retries and bisect"), {"maximum_retry_attempts": 2, "bisect_batch_on_function_error": True}),
    "queue": (
        N_("2 retries, bisect and a failure destination"),
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
    return _("The iterator age rises to {age}; the last record is done {last} after sales opened.",
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


def price_of_paths(changes: int, shards: int = SHARDS, months_free_tier: bool = True):
    """What so many changes of small items cost a month on each path, and what the path is paid for; a DataFrame.

    Invocations are those of the mail function with full batches. Raises InputError for what is no number of changes.
    """
    import pandas as pd

    _whole("changes", changes, 10**12)
    _whole("shards", shards, 10_000)
    book, hours = price_book(REGION), facts.value("hours_per_month")
    took_s = MAPPING.batch_io_s + MAPPING.record_io_s * MAPPING.batch_size
    calls = changes / MAPPING.batch_size
    gb_s = calls * took_s * MAILER.memory_mb / 1024
    invoked = calls * book.usd("lambda.requests") + gb_s * book.usd("lambda.duration.x86_64")
    alone = changes * ((MAPPING.batch_io_s + MAPPING.record_io_s) * MAILER.memory_mb / 1024 * book.usd("lambda.duration.x86_64"))
    idle = shards * hours * 3600 / facts.value("kcl.idle_between_reads_s")
    free = facts.value("free_tier.dynamodb.streams_read_request") if months_free_tier else 0.0
    reads = max(0.0, max(idle, changes / MOST_RECORDS) - free) * book.usd("dynamodb.streams_read_request")
    captured = (
        changes * (book.usd("dynamodb.kinesis_change") + book.usd("kinesis.put_units"))
        + shards * hours * book.usd("kinesis.shard_hours")
    )
    rows = {
        _("in the buyer's request"): (alone, _("the function runs longer, while the buyer waits")),
        _("DynamoDB Streams, Lambda"): (invoked, _("invocations; reading is free")),
        _("DynamoDB Streams, KCL"): (reads, _("GetRecords calls, after the free ones; servers come on top")),
        _("Kinesis Data Streams, Lambda"): (captured + invoked, _("change units, PUT units, shard-hours, invocations")),
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
    kinesis = KinesisStream(replace(MAPPING, name="kinesis"), shards=shards_needed(RATE_RPS, SEAT_BYTES, 0.5),
                            duplicate_share=TWICE, disorder_share=LATE)
    runs = (
        (_("DynamoDB Streams, Lambda"), _played(MAPPING, RATE_RPS).of_attached(MAPPING.name), KEPT_HOURS / 24),
        (_("DynamoDB Streams, KCL: a worker is lost"), _played(kcl, RATE_RPS).of_attached(kcl.name), KEPT_HOURS / 24),
        (_("Kinesis Data Streams, Lambda"), _played(None, RATE_RPS, kinesis=kinesis).of_attached("kinesis"), YEAR_DAYS),
    )
    rows = {}
    for name, spans, days in runs:
        told = {column: values[is_record(spans)] for column, values in spans.items()}
        arrived = np.argsort(told["start_s"], kind="stable")
        request = told["request"][arrived]
        rows[name] = {
            _("seats sold"): f"{len(np.unique(request)):,}",
            _("records"): f"{len(request):,}",
            _("twice"): f"{len(request) - len(np.unique(request)):,}",
            _("behind a later one"): f"{int((request < np.maximum.accumulate(request)).sum()):,}",
            _("not processed"): f"{int((told['status'] != RECORD_PROCESSED).sum()):,}",
            _("oldest"): duration(1000 * float(told["wait_s"].max())),
            _("kept at most"): _("{days} days", days=number(days)) if days > 1 else _("{hours} hours", hours=number(24 * days)),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


HOLDS_RPS, READ_SHARE = 1.0, 0.5


@lru_cache(maxsize=16)
def _holds(delay: str, delay_s: float, window_s: float = 7200.0):
    """Two hours in which a hold is written every two seconds and one is read; (result, spans of the lives)."""
    hold_it = Operation("hold", access="write", item_bytes=1024, work_vcpu_s=0.0, io_s=0.0, weight=1 - READ_SHARE)
    read_it = Operation("read", item_bytes=1024, work_vcpu_s=0.0, io_s=0.0, weight=READ_SHARE)
    traffic = Traffic(arrivals=Constant(HOLDS_RPS), window_s=window_s, operations=(hold_it, read_it),
                      keys=Keys(count=5000, popularity="uniform"))
    ttl = Ttl(lifetime_s=float(HOLD_S), delete_delay=delay, delete_delay_s=delay_s)
    result = simulate(Scenario((_table(Stream((MAPPING,)), ttl=ttl),), traffic), SEED)
    return result, result.of_attached("Ttl")


def late_deletes():
    """What Time to Live does to the holds of two hours: deleted on time, after measured minutes, or after days; a DataFrame."""
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
            _("write units of the deletes"): "0",
            _("records with userIdentity dynamodb.amazonaws.com"): f"{int(is_by_ttl(spans).sum()):,}",
        }
    return pd.DataFrame.from_dict(rows, orient="index")
