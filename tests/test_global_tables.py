"""Global tables against AWS's billing examples and rules, sums by hand, and an independent count of conflicts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import At

from simlib import (
    DynamoDb,
    GlobalIndex,
    GlobalTable,
    Keys,
    Operation,
    ParamError,
    Poisson,
    Scenario,
    Traffic,
    bill,
    draw,
    facts,
    scenario_file,
    simulate,
)
from simlib.pricing import usage
from simlib.services.base import CONFLICTED, LOST_WRITE, OK, REPLICATED_CONFLICT, STALE, UNDELIVERED
from simlib.services.dynamodb import replicas
from simlib.services.dynamodb.replicas import attempts_of, count_replications, is_replication, regions_of, replications
from simlib.workload import Workload

WRITE = Operation("write", access="write", item_bytes=1024)
READ, STRONG = Operation("read"), Operation("strong", consistency="strong")
OPERATIONS = (WRITE, READ, STRONG)
STRONG_US = {"regions": ("us-east-2", "us-west-2"), "consistency": "MRSC"}
SHARES = (0.4, 0.4)
REGION_U = {0: 0.9, 1: 0.2, 2: 0.6}
FAR = ("eu-west-1", "ap-northeast-1")


class Drawn(Workload):
    """Requests of which the test says everything but the latencies: (second, operation, key, Region) of each."""

    def __init__(self, traffic, rows, seed):
        times, names, keys, regions = zip(*sorted(rows))
        super().__init__(traffic, seed, np.array(times, float), traffic.window_s)
        numbers = {operation.name: k for k, operation in enumerate(traffic.operations)}
        self.operation = np.array([numbers[name] for name in names], np.int16)
        self.key = np.array(keys, np.int64)
        self.region_u = np.array([REGION_U[region] for region in regions])

    def uniforms(self, name):
        return self.region_u if name == "dynamodb.region" else super().uniforms(name)


def asked(*rows, table=None, seed=0, operations=OPERATIONS, **scenario):
    """The run of a global table (shares of 0.4 each unless told) that gets these requests."""
    traffic = Traffic(arrivals=At(tuple(row[0] for row in rows)), window_s=max(row[0] for row in rows) + 1,
                      operations=operations, keys=Keys(count=10_000))
    return simulate(Scenario((table,), traffic, **scenario), workload=Drawn(traffic, rows, seed))


def table(*names, shares=None, indexes=(), **fields):
    """A table of us-east-1 with replicas."""
    names = names or FAR
    shares = SHARES[:len(names)] if shares is None else shares
    return DynamoDb(indexes=indexes, global_table=GlobalTable(names, shares, **fields))


def strong(**fields):
    return DynamoDb(global_table=GlobalTable(**{**STRONG_US, "shares": SHARES, **fields}))


def calls(result):
    """The spans of calls, by request."""
    spans = result.span_rows[0]
    spans = spans[~is_replication(spans["resource"])]
    return spans[np.argsort(spans["request"])]


@pytest.fixture
def seen(monkeypatch):
    """What each run knew: the Replicas of every run that the test plays, the last one last."""
    found = []

    class Watched(replicas.Replicas):
        def __init__(self, *given):
            super().__init__(*given)
            found.append(self)

    monkeypatch.setattr(replicas, "Replicas", Watched)
    return found


# What AWS bills ---------------------------------------------------------------------------------------------


def writes(count, item_bytes=1024, gap_s=0.01):
    return Traffic(arrivals=At(tuple(gap_s * k for k in range(count))), window_s=3600,
                   operations=replace(WRITE, item_bytes=item_bytes), keys=Keys(count=count, popularity="uniform"))


def used(count, spec, region="us-west-2", item_bytes=1024, date=None, **fields):
    return usage(simulate(Scenario((DynamoDb(global_table=spec, **fields),), writes(count, item_bytes), region=region,
                                   date=date)))


def test_aws_counts_write_units_on_the_three_days_of_its_billing_example():
    """Understanding Amazon DynamoDB billing for global tables: 100 writes of 1 KB to a table of us-west-2 are 100 WRU;
    150 with a replica in us-east-2 are 300 rWRU; 200 with an index, too, are 400 WRU and 400 rWRU."""
    one, two = None, GlobalTable(("us-east-2",))
    days = [used(100, one), used(150, two), used(200, two, indexes=(GlobalIndex(),))]
    assert [day["dynamodb.write_request.standard"] for day in days] == [100, 0, 400]
    assert [day.get("dynamodb.replicated_write_request.standard", 0) for day in days] == [0, 300, 400]


@pytest.mark.parametrize(("item_bytes", "units"), [(1, 1), (1024, 1), (1025, 2), (5 * 1024, 5)])
def test_each_started_kb_is_a_replicated_unit_in_each_region(item_bytes, units):
    """Three Regions: 3 x 10 x units. AWS: an item of 5 KB costs 5 units."""
    assert used(10, GlobalTable(FAR), "us-east-1", item_bytes)["dynamodb.replicated_write_request.standard"] == (
        3 * 10 * units)


def test_local_indexes_are_of_the_table_and_global_ones_are_not():
    """10 writes of 1 KB, one local index (1 unit each), one global that half the items, by size 200 bytes, enter: table
    2 units x 2 Regions x 10 = 40 rWRU; index 1 unit x 2 Regions x 10 = 20 WRU."""
    day = used(10, GlobalTable(("us-east-2",)), local_indexes=1, indexes=(GlobalIndex(projected_bytes=200),))
    assert day["dynamodb.replicated_write_request.standard"] == 40
    assert day["dynamodb.write_request.standard"] == 20


def test_a_replicated_write_unit_cost_three_times_as_much_until_november_2024():
    """AWS's price cut: 1.875 USD per million until 2024-10-31, 0.625 from 2024-11-01 on."""
    scenario = Scenario((table("us-west-2"),), writes(10))
    for date, usd in (("2024-10-31", 1.875), ("2024-11-01", 0.625)):
        lines = bill(simulate(replace(scenario, date=date))).lines
        assert [1e6 * line.price_usd for line in lines if "replicated_write" in line.sku] == [pytest.approx(usd)]


def test_provisioned_write_capacity_is_replicated_capacity_in_every_region_and_that_of_an_index_is_not():
    """One hour, 7 WCU and an index with 4 in three Regions: 21 rWCU-hours, 12 WCU-hours, and 3 x (5 + 5) RCU-hours."""
    day = used(10, GlobalTable(FAR), "us-east-1", capacity_mode="provisioned", write_capacity=7,
               indexes=(GlobalIndex(write_capacity=4),))
    assert day["dynamodb.replicated_write_capacity.standard"] == pytest.approx(21)
    assert day["dynamodb.write_capacity.standard"] == pytest.approx(12)
    assert day["dynamodb.read_capacity.standard"] == pytest.approx(30)


def test_storage_is_paid_in_every_region_but_a_witness_costs_nothing():
    """AWS: a witness incurs neither replicated write units nor storage. 10 writes: 2 x 10 units, and 2 x 3 GB."""
    three, witness = GlobalTable(**STRONG_US), GlobalTable(**STRONG_US, witness="us-west-2")
    for spec, regions in ((three, 3), (witness, 2)):
        day = used(10, spec, "us-east-1", storage_gb=3.0)
        assert day["dynamodb.replicated_write_request.standard"] == 10 * regions
        assert day["dynamodb.storage.standard"] == pytest.approx(3.0 * regions / 730)


def test_a_delete_by_ttl_costs_a_unit_in_each_other_region():
    """AWS: free in its own Region. One a second for an hour, two others: 7,200 units, and none of the 10 writes'."""
    plain, deleting = (used(10, GlobalTable(FAR, ttl_deletes_per_s=rate), "us-east-1") for rate in (0.0, 1.0))
    sku = "dynamodb.replicated_write_request.standard"
    assert deleting[sku] - plain[sku] == 7200


def test_replication_was_charged_as_data_transfer_and_is_not_any_more():
    """10 writes of 10 KB to two Regions: 200 KB of 1,048,576 KB a GB, for 0.02 USD a GB."""
    sku = "data_transfer.between_regions"
    before = used(10, GlobalTable(FAR), "us-east-1", 10 * 1024, "2025-06-01")
    assert before[sku] == pytest.approx(200 / 1024**2)
    assert facts.value("dynamodb.replication_transfer_billed", "2026-04-13") == 1
    assert sku not in used(10, GlobalTable(FAR), "us-east-1", 10 * 1024)
    assert [row["usd"] for row in facts.table("prices") if row["sku"] == sku] == ["0.02"]


def test_a_transaction_costs_double_where_it_is_called_and_single_where_it_is_replicated():
    """10 items of 1 KB, two Regions: 20 + 10 units."""
    traffic = replace(writes(10, gap_s=1.0), operations=replace(WRITE, consistency="transactional"))
    result = simulate(Scenario((table("us-west-2", shares=()),), traffic))
    assert usage(result)["dynamodb.replicated_write_request.standard"] == 30
    spans = result.span_rows[0]
    assert [set(spans["billed_ms"][mine].tolist()) for mine in (
        is_replication(spans["resource"]), ~is_replication(spans["resource"]))] == [{2}, {4}]


def test_only_what_was_written_and_delivered_is_paid():
    """Ireland is lost for good at 10 s. Two writes of 1 KB in Virginia, one before and one after: 2 + 1 units and 1 KB
    sent; one in Ireland after the loss fails and costs nothing."""
    rows = [(0.0, "write", 1, 0), (20.0, "write", 2, 0), (20.0, "write", 3, 1)]
    day = usage(asked(*rows, table=table("eu-west-1", fails_at_s=10.0, fails="eu-west-1"), date="2025-06-01"))
    assert day["dynamodb.replicated_write_request.standard"] == 3
    assert day["dynamodb.write_request.standard"] == 0
    assert day["data_transfer.between_regions"] == pytest.approx(1 / 1024**2)


def test_the_bill_says_whose_prices_stand_in_for_other_regions():
    result = simulate(Scenario((table(),), writes(10)))
    assert any("stack's Region stand in" in item for item in bill(result).not_modelled)
    assert not any("Region" in item for item in bill(simulate(Scenario((DynamoDb(),), writes(10)))).not_modelled)


# Who may have what ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wrong", "hint"), [
    (lambda: GlobalTable(()), "1 to 31"),
    (lambda: GlobalTable(("us-west-2", "us-west-2")), "each once"),
    (lambda: GlobalTable(("us-west-9",)), "us-west-"),
    (lambda: GlobalTable(("us-west-2",), (0.5, 0.2)), "one number"),
    (lambda: GlobalTable(FAR, (0.7, 0.7)), "at most 1"),
    (lambda: GlobalTable(FAR, 0.5), "one number"),
    (lambda: GlobalTable(("us-west-2",), witness="us-east-2"), "only an MRSC table"),
    (lambda: GlobalTable(("us-west-2",), consistency="MRSC"), "exactly 3 Regions"),
    (lambda: GlobalTable((*FAR, "us-west-2"), consistency="MRSC"), "exactly 3 Regions"),
    (lambda: GlobalTable(**STRONG_US, witness="us-west-1"), "us-east-2, us-west-2"),
    (lambda: GlobalTable(**STRONG_US, shares=(0.2, 0.2), witness="us-west-2"), "each other replica"),
    (lambda: GlobalTable(**STRONG_US, ttl_deletes_per_s=1), "no TTL"),
    (lambda: DynamoDb(global_table=GlobalTable(**STRONG_US), local_indexes=1), "no local indexes"),
    (lambda: DynamoDb(global_table="us-west-2"), "must be a GlobalTable"),
    (lambda: DynamoDb(global_table=GlobalTable(), capacity_mode="provisioned", reserved_write_capacity=100),
     "cannot be reserved"),
])
def test_what_aws_does_not_offer_is_refused_in_one_sentence(wrong, hint):
    with pytest.raises((ParamError, facts.FactError)) as raised:
        wrong()
    assert hint in str(raised.value) and ". " not in str(raised.value).removesuffix(".")


@pytest.mark.parametrize(("spec", "more", "hint"), [
    (GlobalTable(("us-east-1",)), {}, "own Region"),
    (GlobalTable(fails="eu-west-1"), {}, "us-east-1, us-west-2"),
    (GlobalTable(FAR, consistency="MRSC"), {}, "one Region set"),
    (GlobalTable(**STRONG_US), {"region": "ap-northeast-2"}, "one Region set"),
    (GlobalTable(**STRONG_US), {"date": "2025-06-29"}, "2025-06-30"),
])
def test_a_table_whose_region_or_date_does_not_fit_is_refused(spec, more, hint):
    with pytest.raises(ParamError, match=hint):
        simulate(Scenario((DynamoDb(global_table=spec),), writes(1), **more))


def test_strong_consistency_takes_no_transactions():
    """AWS: global tables configured for MRSC do not support transaction operations."""
    traffic = replace(writes(1), operations=replace(WRITE, consistency="transactional"))
    with pytest.raises(ParamError, match="takes no transactions"):
        simulate(Scenario((strong(),), traffic))


@pytest.mark.parametrize("others", [("us-east-2", "us-west-2"), ("eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1"),
                                    ("ap-northeast-1", "ap-northeast-3")])
def test_every_region_set_of_aws_is_allowed_and_its_round_trips_are_known(others):
    home = {"us-east-2": "us-east-1", "ap-northeast-1": "ap-northeast-2"}.get(others[0], others[-1])
    spec = GlobalTable([other for other in others if other != home][:2], consistency="MRSC")
    result = simulate(Scenario((DynamoDb(global_table=spec),), writes(1), region=home))
    assert result.status.tolist() == [OK]


def test_the_fast_engine_refuses_and_auto_does_without_it():
    scenario = Scenario((table(),), writes(3))
    with pytest.raises(ParamError, match="global_table is not compiled"):
        simulate(scenario, engine="fast")
    assert simulate(scenario).engine == "simpy"


def test_a_scenario_file_describes_replicas(tmp_path):
    path = tmp_path / "shop.yaml"
    path.write_text("schema_version: 1\nstack:\n  - dynamodb:\n      global_table:\n        regions: [eu-west-1]\n"
                    "        shares: [0.5]\ntraffic:\n  window_s: 60\n  arrivals: {pattern: poisson, rate_rps: 1}\n",
                    encoding="utf-8")
    assert scenario_file.load(path).stack[0].global_table == GlobalTable(("eu-west-1",), (0.5,))


# Replication ------------------------------------------------------------------------------------------------


def mean_of_quantiles(probability, value):
    """The mean of a distribution given by straight lines between quantiles, the end values beyond: trapezia by hand."""
    p, v = np.concatenate([[0.0], probability, [1.0]]), np.concatenate([value[:1], value, value[-1:]])
    return float((np.diff(p) * (v[1:] + v[:-1]) / 2).sum())


def test_the_mean_lag_is_that_of_the_distribution_and_half_a_round_trip():
    """Virginia to Ireland 70.508 ms and to Tokyo 152.425 ms there and back; 2,000 writes, 99.9 % interval."""
    result = simulate(Scenario((table(shares=()),), replace(writes(2000), window_s=60)))
    found = replications(result)
    mean_s = mean_of_quantiles(*facts.latency("dynamodb.replication"))
    for destination, half_s in ((1, 0.070508 / 2), (2, 0.152425 / 2)):
        mine = found["destination"] == destination
        lag_s = (found["arrived_s"] - found["written_s"])[mine]
        assert len(lag_s) == 2000 and (found["source"][mine] == 0).all()
        assert abs(lag_s.mean() - mean_s - half_s) < 3.29 * lag_s.std() / np.sqrt(2000)
    assert 0.7 < mean_s < 0.9


def test_most_writes_arrive_within_a_second_as_aws_says():
    """AWS: a newly written item is usually propagated within a second; nearby Regions tend to be faster."""
    near, far = (replications(simulate(Scenario((table(name, shares=()),), writes(500)))) for name in (
        "us-east-2", "ap-southeast-2"))
    assert np.mean(near["arrived_s"] - near["written_s"] < 1) > 0.85
    assert near["lag_s"].mean() < far["lag_s"].mean()


@pytest.mark.parametrize("operation", ["read", "strong"])
def test_a_read_in_another_region_is_stale_as_often_as_the_lag_says(operation):
    """A write in Virginia, and after 0.9 s a read in Ireland: stale with the chance that the lag is longer than what is
    left after the write's own latency and half a round trip of 70.508 ms. Strongly consistent reads, too: they are so
    within their Region only. 1,000 keys, 99.9 % interval."""
    rows = [(20.0 * k + at_s, name, k, region) for k in range(1000)
            for at_s, name, region in ((0.0, "write", 0), (0.9, operation, 1))]
    result = asked(*rows, table=table("eu-west-1"))
    spans = calls(result)
    stale = spans["status"][1::2] == STALE
    probability, lag_s = facts.latency("dynamodb.replication")
    left_s = 0.9 - spans["work_s"][0::2] - 0.070508 / 2
    chance = 1 - np.interp(left_s, lag_s, probability)
    assert abs(stale.sum() - chance.sum()) < 3.29 * np.sqrt((chance * (1 - chance)).sum())
    assert 100 < stale.sum() < 400


def test_a_read_is_fresh_where_it_was_written_and_everywhere_once_it_has_arrived():
    """The longest lag is 5 s and half a round trip: after 6 s nothing is stale."""
    rows = [(0.0, "write", 1, 1), (0.5, "strong", 1, 1), (0.2, "strong", 1, 2), (6.0, "strong", 1, 2),
            (6.0, "strong", 1, 0)]
    spans = calls(asked(*rows, table=table()))
    assert spans["status"].tolist() == [OK, STALE, OK, OK, OK]


def test_an_eventual_read_may_miss_what_has_just_arrived_as_it_may_miss_a_local_write(monkeypatch):
    """If the copies within a Region took 10 s: a write that has come over (6 s at the latest) is not in an eventually
    consistent read of the other Region after 7 s, but in a strongly consistent one, and after 17 s in both."""
    measured = facts.latency
    monkeypatch.setattr(facts, "latency", lambda name: (np.array([0.1, 0.9]), np.array([10.0, 10.0])) if (
        name == "dynamodb.lag") else measured(name))
    rows = [(0.0, "write", 1, 0), *((at_s, name, 1, 1) for at_s in (7.0, 17.0) for name in ("read", "strong"))]
    result = asked(*rows, table=table("eu-west-1"))
    names = [OPERATIONS[number].name for number in result.workload.operation]
    statuses = calls(result)["status"].tolist()
    told = sorted(zip(names, statuses))
    assert told == [("read", OK), ("read", STALE), ("strong", OK), ("strong", OK), ("write", OK)]


def test_replicated_writes_take_the_write_capacity_of_their_destination():
    """10 WCU in each Region and nothing saved. 20 writes of 1 KB a second in all, half of them in each Region, would be
    10 of its own and 10 replicated in each: in no stretch of time does a Region serve more than 10 a second and the
    10 of its first second."""
    traffic = Traffic(arrivals=Poisson(20), window_s=120, operations=WRITE, keys=Keys(popularity="uniform"))
    service = replace(table("us-west-2", shares=(0.5,)), capacity_mode="provisioned", write_capacity=10,
                      burst_at_start=0.0)
    result = simulate(Scenario((service,), traffic))
    spans = result.span_rows[0]
    arrives = is_replication(spans["resource"])
    at_s = np.where(arrives, spans["end_s"], spans["start_s"] + spans["wait_s"])
    for region in (0, 1):
        mine = (regions_of(spans["resource"]) == region) & (spans["billed_ms"] > 0)
        order = np.argsort(at_s[mine])
        consumed, times_s = np.cumsum(spans["billed_ms"][mine][order] / 2), at_s[mine][order]
        assert (consumed - 10 * times_s <= 10 + 1).all()
    found = replications(result)
    assert found["held_s"].max() > 1 and count_replications(result).undelivered == 0
    for region in (0, 1):
        mine = found["destination"] == region
        in_turn = np.argsort((found["written_s"] + found["lag_s"])[mine])
        assert (np.diff(found["arrived_s"][mine][in_turn]) >= 0).all()
    roomy = simulate(Scenario((replace(service, write_capacity=1000),), traffic))
    assert replications(roomy)["held_s"].max() == 0


def test_attempts_stay_readable_beside_the_region():
    """One write in each Region, and the replicated ones; nothing is throttled, so that each took one attempt."""
    result = asked((0.0, "write", 1, 0), (1.0, "write", 2, 1), (2.0, "read", 3, 2), table=table())
    spans = calls(result)
    assert regions_of(spans["resource"]).tolist() == [0, 1, 2]
    assert attempts_of(spans["resource"]).tolist() == [1, 1, 1]
    found = replications(result)
    pairs = sorted(zip(found["request"].tolist(), found["source"].tolist(), found["destination"].tolist()))
    assert pairs == [(0, 0, 1), (0, 0, 2), (1, 1, 0), (1, 1, 2)]
    assert found["key"].tolist() == [int(number) + 1 for number in found["request"]]
    assert (found["sends"] == 1).all()


# Conflicts --------------------------------------------------------------------------------------------------


def test_two_writes_that_have_not_seen_each_other_are_one_conflict_and_the_later_wins(seen):
    """Virginia at 0 s, Ireland at 0.1 s, sooner than any lag (0.3 s): the first finds the second when it arrives."""
    result = asked((0.0, "write", 7, 0), (0.1, "write", 7, 1), table=table("eu-west-1"))
    assert count_replications(result).conflicts == 1
    found = replications(result)
    lost = found["status"] == CONFLICTED
    assert found["source"][lost].tolist() == [0] and found["destination"][lost].tolist() == [1]
    assert [replica.versions[7][1] for replica in seen[-1].replicas] == [1, 1]


def test_a_write_that_has_seen_the_other_is_no_conflict(seen):
    """Ten seconds apart nothing is under way any more."""
    result = asked((0.0, "write", 7, 0), (10.0, "write", 7, 1), table=table("eu-west-1"))
    assert count_replications(result).conflicts == 0
    assert [replica.versions[7][1] for replica in seen[-1].replicas] == [1, 1]


def losers(found):
    """Writes that met, on arrival in another Region, a later one made there: pairs that had not seen each other,
    counted from the table of replicated writes alone."""
    made = {}
    for row in zip(*(found[name].tolist() for name in ("key", "source", "written_s", "request", "call"))):
        made.setdefault(row[:2], set()).add(row[2:])
    met = 0
    for key, source, there, written_s, arrived_s, request, call, status in zip(*(found[name].tolist() for name in (
            "key", "source", "destination", "written_s", "arrived_s", "request", "call", "status"))):
        if status < 400:
            mine = (written_s, source, request, call)
            met += any((other[0], there, *other[1:]) > mine and other[0] <= arrived_s
                       for other in made.get((key, there), ()))
    return met


def final(found):
    """The winner of each key: the latest of all writes, and on equal times of the last Region."""
    winners = {}
    for key, *version in zip(*(found[name].tolist() for name in ("key", "written_s", "source", "request", "call"))):
        winners[key] = max(winners.get(key, (-1.0,)), tuple(version))
    return winners


SETTINGS = {"seed": st.integers(0, 1000), "rate": st.floats(0.5, 40), "keys": st.integers(1, 20),
            "shares": st.sampled_from([(0.5, 0.0), (0.3, 0.3), (0.0, 0.9)]), "next_one": st.booleans(),
            "region": st.sampled_from([0, 1, 2]), "fails_at_s": st.floats(0, 25)}


def played(spec, seed, rate, keys, **fields):
    traffic = Traffic(arrivals=Poisson(rate), window_s=20, operations=(WRITE, READ), keys=Keys(count=keys))
    return simulate(Scenario((DynamoDb(global_table=spec, **fields),), traffic), seed)


def lost(names, region, next_one, **fields):
    return {"fails": ("us-east-1", *names)[region], "when_lost": "next" if next_one else "fail", **fields}


@settings(max_examples=60, deadline=None)
@given(**SETTINGS, back_after_s=st.floats(0.0, 20.0), lag_scale=st.sampled_from([0.0, 1.0, 20.0]),
       capacity=st.sampled_from([None, 20]))
def test_all_replicas_are_equal_once_all_is_quiet_and_conflicts_are_those_of_an_independent_count(
        seed, rate, keys, shares, next_one, region, fails_at_s, back_after_s, lag_scale, capacity):
    """Whatever is written where, however long it takes, whichever Region is lost and returns, and although write
    capacity may be short."""
    with pytest.MonkeyPatch.context() as patch:
        made = []
        init = replicas.Replicas.__init__
        patch.setattr(replicas.Replicas, "__init__", lambda self, *given: (init(self, *given), made.append(self))[0])
        lag_s = replicas.Replicas._lag_s
        patch.setattr(replicas.Replicas, "_lag_s", lambda self, *given: lag_scale * lag_s(self, *given))
        spec = GlobalTable(FAR, shares, fails_at_s=fails_at_s, back_after_s=back_after_s, **lost(FAR, region, next_one))
        fields = {} if capacity is None else {"capacity_mode": "provisioned", "write_capacity": capacity}
        result = played(spec, seed, rate, keys, **fields)
    found = replications(result)
    counts = count_replications(result)
    for replica in made[-1].replicas:
        assert replica.versions == final(found)
        assert not replica.line and not replica.missed
    assert counts.conflicts == losers(found)
    assert counts.undelivered == counts.lost_writes == 0
    assert counts.applied + counts.conflicts + counts.superseded == len(found["status"])
    acknowledged = ((calls(result)["status"] == OK) & (result.workload.operation == 0)).sum()
    assert len(found["status"]) == 2 * acknowledged


# The loss of a Region ---------------------------------------------------------------------------------------


def test_requests_for_a_lost_region_fail_or_go_to_the_next_one_over_the_network():
    """us-east-1 is lost from 10 to 20 s. A read at 15 s fails at once, or it takes a round trip of 72.501 ms more in
    us-west-2; before and after, it stays."""
    rows = [(at_s, "read", 1, 0) for at_s in (5.0, 15.0, 25.0)]
    outage = {"fails_at_s": 10.0, "back_after_s": 10.0}
    plain, failing, going = (asked(*rows, table=table("us-west-2", **each)) for each in (
        {}, outage, {**outage, "when_lost": "next"}))
    assert failing.status.tolist() == [OK, 502, OK] and going.status.tolist() == [OK, OK, OK]
    assert regions_of(calls(going)["resource"]).tolist() == [0, 1, 0]
    assert (going.latency_s - plain.latency_s).tolist() == pytest.approx([0, 0.072501, 0])
    assert np.abs(sum(going.parts_s.values()) - going.latency_s).max() < 1e-9


def test_a_call_under_way_when_its_region_is_lost_fails_and_writes_nothing():
    """The fastest write takes 5.47 ms; the Region is lost after 1 ms."""
    result = asked((0.0, "write", 1, 0), (1.0, "read", 1, 1), table=table("us-west-2", fails_at_s=0.001))
    assert result.status.tolist() == [502, OK]
    assert len(replications(result)["status"]) == 0


def test_writes_that_had_not_left_a_lost_region_arrive_after_its_return():
    """Written just before the loss at 10 s, back at 40 s: they arrive at 40 s and a lag, and are counted as late. One
    that was written in the other Region meanwhile wins against them: a conflict."""
    rows = [(9.9, "write", 1, 0), (9.9, "write", 2, 0), (20.0, "write", 2, 1)]
    result = asked(*rows, table=table("us-west-2", fails_at_s=10.0, back_after_s=30.0))
    found = replications(result)
    assert (found["arrived_s"] - found["lag_s"]).tolist() == pytest.approx([40.0, 40.0, 40.0])
    assert (found["sends"] == 2).all()
    counts = count_replications(result)
    assert (counts.late, counts.conflicts, counts.lost_writes) == (3, 1, 0)


def test_what_a_region_had_not_sent_when_it_was_lost_for_good_is_counted():
    """200 writes of 200 keys in the last second before the loss: lost is what would have arrived later, which the same
    run without a loss tells, for each of its lags is a die of its own."""
    rows = [(9.0 + 0.004 * k, "write", k, 0) for k in range(200)]
    calm, hit = (asked(*rows, table=table("us-west-2", **each)) for each in ({}, {"fails_at_s": 10.0}))
    late = (replications(calm)["arrived_s"] > 10.0).sum()
    counts = count_replications(hit)
    assert counts.lost_writes == late > 20
    assert counts.applied == 200 - late
    assert (replications(hit)["status"] == LOST_WRITE).sum() == late


def test_writes_go_on_while_another_region_is_lost():
    """AWS: the local Region accepts writes even if the replica's Region is offline. If that never returns, they are
    kept here and not delivered there; nothing is lost."""
    rows = [(20.0, "write", 1, 0)]
    result = asked(*rows, table=table("us-west-2", fails_at_s=10.0, fails="us-west-2"))
    assert result.status.tolist() == [OK]
    assert replications(result)["status"].tolist() == [UNDELIVERED]
    assert count_replications(result).lost_writes == 0


def test_the_quiet_hours_between_two_windows_have_no_loss():
    spec = GlobalTable(fails_at_s=10.0)
    assert DynamoDb(global_table=spec).between_windows().global_table == GlobalTable()
    assert DynamoDb().between_windows() == DynamoDb()


# Strong consistency -----------------------------------------------------------------------------------------


def test_a_strongly_consistent_call_waits_a_round_trip_to_the_nearest_other_region():
    """AWS: writes and strong reads communicate with the nearest participating Region, eventual reads with none. Ohio is
    10.549 ms from Virginia and 48.551 ms from Oregon."""
    rows = [(10.0 * k + region, name, k, region) for k in range(5) for region in (0, 1, 2)
            for name in ("write", "read", "strong")]
    far, near = asked(*rows, table=strong()), asked(*rows, table=table("us-east-2", "us-west-2"))
    more_s = far.latency_s - near.latency_s
    trip_s = np.array([0.010549, 0.010549, 0.048551])[regions_of(calls(far)["resource"])]
    waits = far.workload.operation != 1
    assert more_s.tolist() == pytest.approx((trip_s * waits).tolist(), abs=1e-9)


def test_a_witness_is_a_region_like_another_for_a_write():
    """Virginia with a replica in Oregon (72.501 ms) and a witness in Ohio (10.549 ms): the witness is nearer."""
    rows = [(0.0, "write", 1, 0)]
    spec = GlobalTable(**STRONG_US, shares=(0.4,), witness="us-east-2")
    with_witness, alone = asked(*rows, table=DynamoDb(global_table=spec)), asked(*rows, table=table("us-west-2"))
    assert (with_witness.latency_s - alone.latency_s).tolist() == pytest.approx([0.010549])


def test_a_write_of_a_key_that_another_region_is_writing_is_refused():
    """AWS: ReplicatedWriteConflictException. A write in Virginia takes at least 5.47 + 10.549 ms. One in Ohio after
    5 ms is refused, one of another key, in the same Region or a second later is not."""
    rows = [(0.0, "write", 1, 0), (0.005, "write", 1, 1), (0.005, "write", 2, 1), (0.005, "write", 1, 0),
            (1.0, "write", 1, 1)]
    result = asked(*rows, table=strong())
    refused = result.status == REPLICATED_CONFLICT
    assert refused.sum() == 1 and regions_of(calls(result)["resource"])[refused].tolist() == [1]
    assert result.workload.key[refused].tolist() == [1] and not refused[-1]
    assert count_replications(result).conflicts == 0


def test_an_eventual_read_may_be_behind_where_a_strong_one_is_not():
    """A write in Virginia is acknowledged a round trip to Ohio (10.549 ms) after it has been done, and needs half a
    round trip to Oregon (36.25 ms): for 25.7 ms an eventually consistent read is behind there."""
    behind = []
    for at_ms in range(10, 80):
        rows = [(0.0, "write", 1, 0), (at_ms / 1000, "read", 1, 2), (at_ms / 1000, "strong", 1, 2)]
        result = asked(*rows, table=strong())
        statuses, operation = calls(result)["status"], result.workload.operation
        assert statuses[operation == 2].tolist() == [OK]
        behind += [at_ms] * int((statuses[operation == 1] == STALE).sum())
    assert 20 <= len(behind) <= 27 and behind == list(range(behind[0], behind[-1] + 1))


def test_a_region_that_returns_answers_strongly_once_it_has_caught_up():
    """AWS: until then its writes and strong reads fail, eventual reads do not, and other Regions go on. Ohio is lost
    from 1 to 5 s and misses 40 writes of 1 KB. Limited to 10 a second, it takes 10 at once and the rest within 3 s: at
    6 s it still catches up, at 9 s it does not."""
    rows = [(1.0 + 0.1 * k, "write", k, 0) for k in range(40)]
    asks = [(at_s, name, 500, 1) for at_s in (2.5, 6.0, 9.0) for name in ("read", "strong")]
    service = replace(strong(fails_at_s=1.0, fails="us-east-2", back_after_s=4.0), max_write_request_units=10)
    result = asked(*rows, *asks, (6.0, "strong", 500, 0), table=service)
    assert (result.status[result.workload.operation == 0] == OK).all()
    spans = calls(result)
    names = np.array([operation.name for operation in OPERATIONS])[result.workload.operation]
    found = dict(zip(zip(spans["start_s"].tolist(), names.tolist(), regions_of(spans["resource"]).tolist()),
                     result.status.tolist()))
    assert {found[2.5, name, 1] for name in ("read", "strong")} == {502}
    assert (found[6.0, "read", 1], found[6.0, "strong", 1], found[6.0, "strong", 0]) == (OK, 502, OK)
    assert (found[9.0, "read", 1], found[9.0, "strong", 1]) == (OK, OK)
    assert replications(result)["arrived_s"].max() == pytest.approx(8.0, abs=0.15)


@settings(max_examples=40, deadline=None)
@given(**SETTINGS, back_after_s=st.one_of(st.none(), st.floats(0.0, 20.0)))
def test_nothing_acknowledged_is_lost_with_a_region_under_strong_consistency(
        seed, rate, keys, shares, next_one, region, fails_at_s, back_after_s):
    """AWS: an RPO of zero. Every Region that stands in the end has the last acknowledged write of every key, no strong
    read is stale, and no write is lost."""
    names = STRONG_US["regions"]
    with pytest.MonkeyPatch.context() as patch:
        made = []
        init = replicas.Replicas.__init__
        patch.setattr(replicas.Replicas, "__init__", lambda self, *given: (init(self, *given), made.append(self))[0])
        spec = GlobalTable(**STRONG_US, shares=shares, fails_at_s=fails_at_s, back_after_s=back_after_s,
                           **lost(names, region, next_one))
        traffic = Traffic(arrivals=Poisson(rate), window_s=20, operations=(WRITE, STRONG), keys=Keys(count=keys))
        result = simulate(Scenario((DynamoDb(global_table=spec),), traffic), seed)
    found = replications(result)
    assert not (calls(result)["status"] == STALE).any()
    assert not np.isin(found["status"], (LOST_WRITE, CONFLICTED)).any()
    acknowledged = (result.status == OK) & (result.workload.operation == 0)
    assert set(found["request"].tolist()) == set(np.flatnonzero(acknowledged).tolist())
    for replica in made[-1].replicas:
        if back_after_s is not None or replica.number != region:
            assert replica.versions == final(found)


def test_the_same_loss_loses_writes_under_eventual_consistency():
    """50 writes in the 0.3 s before the loss of us-east-1 for good: no lag is shorter than 0.3 s, so that all of them
    are lost, and none with strong consistency, which has them all in both other Regions."""
    rows = [(9.7 + 0.004 * k, "write", k, 0) for k in range(50)]
    spec = {"fails_at_s": 10.0}
    eventual = asked(*rows, table=table("us-east-2", "us-west-2", **spec))
    consistent = asked(*rows, table=strong(**spec))
    assert (eventual.status == OK).all() and (consistent.status == OK).all()
    assert count_replications(eventual).lost_writes == 50
    assert count_replications(consistent).lost_writes == 0
    assert count_replications(consistent).applied == 100


# The run itself ---------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_run_to_the_last_bit():
    spec = GlobalTable(FAR, (0.3, 0.3), fails_at_s=8.0, back_after_s=4.0, when_lost="next")
    first, second = (played(spec, 3, 20.0, 5) for _ in range(2))
    assert first.span_rows[0].tobytes() == second.span_rows[0].tobytes()
    assert first.capacity_rows[0].tobytes() == second.capacity_rows[0].tobytes()


def test_a_summary_bills_like_a_run_with_its_spans():
    scenario = Scenario((table(indexes=(GlobalIndex(),)),), Traffic(arrivals=Poisson(20), window_s=20, operations=(
        WRITE, READ)), date="2025-01-01")
    assert bill(simulate(scenario, keep="summary")).lines == bill(simulate(scenario)).lines


def test_replicas_do_not_move_the_dice_of_a_table_alone():
    """Who calls from where is a die of its own: the requests and their latencies are those of the table alone."""
    traffic = Traffic(arrivals=Poisson(20), window_s=20, operations=(WRITE, READ), keys=Keys(count=500))
    alone, together = (simulate(Scenario((each,), traffic, date="2025-01-01"), workload=draw(traffic, 4)) for each in (
        DynamoDb(), table()))
    assert (calls(alone)["work_s"] == calls(together)["work_s"]).all()
