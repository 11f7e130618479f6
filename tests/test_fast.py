"""The fast engine against SimPy: the same spans and the same capacity, bit for bit, compiled or not."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenes import At
from strategies import ARRIVALS, CLIENTS, FLEETS, FUNCTIONS, OPERATIONS, SCENARIOS

from simlib import (
    ApiGateway,
    Dax,
    DynamoDb,
    Ec2,
    ElastiCache,
    Functions,
    GlobalIndex,
    Keys,
    Lambda,
    ManagedInstances,
    Operation,
    Poisson,
    Scenario,
    Traffic,
    draw,
    facts,
    fast,
    on_simpy,
)
from simlib.services import api_gateway

EVENTS = st.builds(
    Lambda,
    invocation=st.just("event"),
    timeout_s=st.sampled_from([1.0, 30.0]),
    keep_alive=st.sampled_from(["custom", "2025"]),
    keep_alive_s=st.sampled_from([0.0, 60.0]),
    init_s=st.sampled_from([0.5, None]),
    account_concurrency=st.sampled_from([1, 2, 1000]),
    error_rate=st.sampled_from([0.0, 0.3, 1.0]),
    maximum_retry_attempts=st.integers(0, 2),
    maximum_event_age_s=st.sampled_from([60.0, 150.0, 21600.0]),
    on_failure=st.sampled_from(["none", "queue"]),
    duplicate_rate=st.sampled_from([0.0, 0.5, 1.0]),
)
KEPT_READY = st.builds(
    Lambda,
    keep_alive=st.sampled_from(["custom", "2025"]),
    keep_alive_s=st.sampled_from([0.0, 30.0]),
    account_concurrency=st.sampled_from([20, 1000]),
    provisioned_concurrency=st.integers(0, 3),
    provisioned_from_s=st.sampled_from([None, 2.0]),
    provisioned_target=st.sampled_from([None, 0.3, 0.7]),
    provisioned_max=st.sampled_from([None, 6]),
    provisioned_schedule=st.sampled_from([(), ((1.0, 2),), ((2.0, 3), (2.0, 0)), ((60.0, 4), (300.0, 1))]),
    ping_every_s=st.sampled_from([None, 1.0, 2.5]),
    ping_count=st.integers(1, 3),
    init_s=st.sampled_from([0.0, 0.5]),
    error_rate=st.sampled_from([0.0, 0.2]),
)
RESTORED = st.builds(
    Lambda,
    runtime=st.just("java17"),
    snapstart=st.booleans(),
    ephemeral_storage_mb=st.sampled_from([512, 2048]),
    keep_alive_s=st.just(1.0),
    keep_alive=st.just("custom"),
    reserved_concurrency=st.sampled_from([None, 0, 1, 3]),
    tenants=st.sampled_from([None, 3]),
    ping_every_s=st.sampled_from([None, 1.0]),
)
GROUPS = st.builds(
    Ec2,
    instance_type=st.sampled_from(["t3.small", "t2.micro", "m7g.medium"]),
    instances=st.integers(2, 4),
    zones=st.integers(1, 2),
    workers=st.sampled_from([None, 1, 4]),
    queue_limit=st.sampled_from([0, 3, 1000]),
    routing=st.sampled_from(["round_robin", "least_outstanding"]),
    load_balancer=st.booleans(),
    idle_timeout_s=st.sampled_from([1.0, 60.0]),
    scaling=st.sampled_from(["none", "target_tracking", "step"]),
    target_cpu=st.sampled_from([0.1, 0.5]),
    min_instances=st.sampled_from([None, 0, 1]),
    max_instances=st.sampled_from([None, 8]),
    steps=st.sampled_from([((0.3, -1), (0.7, 1)), ((0.05, -2), (0.1, 1), (0.5, 3))]),
    schedule=st.sampled_from([(), ((2.0, 1),), ((60.0, 4), (120.0, 2))]),
    boot_s=st.sampled_from([0.0, 30.0, 90.0]),
    boot_cv=st.sampled_from([0.0, 0.3]),
    warmup_s=st.sampled_from([0.0, 120.0]),
    credit_mode=st.sampled_from(["unlimited", "standard"]),
    start_credits=st.sampled_from([None, 0.0, 1.0]),
    fails_at_s=st.sampled_from([None, 2.0, 3.5, 90.0]),
    fails=st.sampled_from(["instance", "zone"]),
    back_after_s=st.sampled_from([None, 60.0]),
    health_check_interval_s=st.sampled_from([5.0, 30.0]),
    replaces=st.booleans(),
)
MANAGED = st.builds(
    ManagedInstances,
    max_instances=st.integers(3, 6),
    concurrency_per_instance=st.sampled_from([1, 8]),
    target_cpu=st.sampled_from([0.05, 0.5]),
)
SEVERAL = st.lists(FUNCTIONS | KEPT_READY | EVENTS, min_size=2, max_size=2).map(
    lambda functions: Functions(tuple(functions), account_concurrency=1000)
)
SERVERS = GROUPS | FLEETS | MANAGED
STACKS = st.one_of(
    st.tuples(EVENTS),
    st.tuples(KEPT_READY),
    st.tuples(RESTORED),
    st.tuples(GROUPS),
    st.tuples(MANAGED),
    st.tuples(CLIENTS, EVENTS),
    st.tuples(CLIENTS, KEPT_READY),
    st.tuples(CLIENTS, RESTORED),
    st.tuples(CLIENTS, SERVERS),
    st.tuples(CLIENTS, EVENTS, SERVERS),
    st.tuples(CLIENTS, SERVERS, KEPT_READY),
    st.tuples(CLIENTS, KEPT_READY, EVENTS),
    st.tuples(CLIENTS, EVENTS, CLIENTS, SERVERS),
    st.tuples(CLIENTS, FUNCTIONS, CLIENTS, KEPT_READY, GROUPS),
    st.tuples(CLIENTS, KEPT_READY | FUNCTIONS, CLIENTS, GROUPS, CLIENTS, EVENTS),
)
LONG = st.one_of(
    st.builds(Poisson, rate_rps=st.sampled_from([0.02, 0.1])),
    st.lists(st.integers(0, 120), max_size=30).map(lambda ticks: At(tuple(5.0 * k for k in ticks))),
)
WORK = st.builds(
    Operation,
    work_vcpu_s=st.sampled_from([0.0, 0.5, 20.0]),
    io_s=st.sampled_from([0.0, 0.5, 2.0]),
    work_distribution=st.sampled_from(["constant", "exponential"]),
    threads=st.integers(1, 2),
    io_distribution=st.sampled_from(["constant", "lognormal"]),
)
IN_FULL = st.builds(
    Scenario,
    stack=STACKS,
    date=st.sampled_from([None, "2020-06-01"]),
    traffic=st.one_of(
        st.builds(Traffic, arrivals=ARRIVALS, window_s=st.just(6.0), operations=OPERATIONS),
        st.builds(Traffic, arrivals=LONG, window_s=st.just(600.0), operations=WORK),
    ),
)
TWO_OPERATIONS = st.tuples(OPERATIONS, OPERATIONS).map(
    lambda pair: tuple(Operation(**{**vars(one), "name": name}) for one, name in zip(pair, "ab"))
)
SHARED = st.builds(
    Scenario,
    stack=st.one_of(st.tuples(SEVERAL), st.tuples(CLIENTS, SEVERAL), st.tuples(CLIENTS, SEVERAL, FLEETS)),
    date=st.sampled_from([None, "2020-06-01"]),
    traffic=st.builds(Traffic, arrivals=ARRIVALS, window_s=st.just(6.0), operations=TWO_OPERATIONS),
)


INDEXES = st.tuples(
    st.builds(
        GlobalIndex,
        name=st.just("by-status"),
        key_values=st.sampled_from([1, 3, 1000]),
        projected_bytes=st.sampled_from([None, 100, 5000]),
        changed_share=st.sampled_from([0.0, 0.5, 1.0]),
        moved_share=st.sampled_from([0.0, 0.5]),
        read_capacity=st.sampled_from([1, 50]),
        write_capacity=st.sampled_from([1, 50]),
    ),
    st.builds(GlobalIndex, name=st.just("by-price"), projected_bytes=st.sampled_from([None, 2000])),
)
TABLES = st.builds(
    DynamoDb,
    capacity_mode=st.sampled_from(["on_demand", "provisioned"]),
    read_capacity=st.sampled_from([1, 3, 200]),
    write_capacity=st.sampled_from([1, 4, 3000]),
    auto_scaling=st.booleans(),
    target_utilization=st.sampled_from([0.2, 0.7]),
    min_read_capacity=st.sampled_from([1, 5]),
    max_read_capacity=st.sampled_from([20, 5000]),
    min_write_capacity=st.sampled_from([1, 5]),
    max_write_capacity=st.sampled_from([20, 5000]),
    previous_peak_writes=st.sampled_from([0, 9000]),
    max_read_request_units=st.sampled_from([None, 2]),
    max_write_request_units=st.sampled_from([None, 4]),
    partitions=st.sampled_from([None, 1, 3]),
    adaptive_capacity=st.sampled_from([None, False, True]),
    burst_at_start=st.sampled_from([0.0, 0.01, 1.0]),
    write_shards=st.sampled_from([1, 1, 3]),
    indexes=INDEXES,
    local_indexes=st.integers(0, 2),
    mode_schedule=st.sampled_from(
        [(), ((5.0, "provisioned"),), ((60.0, "on_demand"),), ((10.0, "on_demand"), (150.0, "provisioned"))]
    ),
    warm_writes=st.sampled_from([None, 6000]),
    collection_gb=st.sampled_from([0.0, 9.99999, 11.0]),
    new_item_share=st.sampled_from([0.0, 0.5, 1.0]),
    max_attempts=st.integers(1, 4),
    backoff_s=st.sampled_from([0.0, 0.05, 1.0]),
    backoff_max_s=st.sampled_from([0.5, 20.0]),
)
ASKING = st.lists(
    st.sampled_from(
        [
            {"access": "read"},
            {"access": "read", "consistency": "strong", "items": 5},
            {"access": "read", "consistency": "transactional", "items": 2},
            {"access": "read", "index": "by-status"},
            {"access": "read", "index": "by-price", "items": 3, "item_bytes": 3000},
            {"access": "write"},
            {"access": "write", "items": 3, "item_bytes": 1500, "item_distribution": "lognormal"},
            {"access": "write", "consistency": "transactional", "items": 3},
        ]
    ),
    min_size=1,
    max_size=3,
).map(
    lambda asked: tuple(
        Operation(**{"name": f"{number}", "work_vcpu_s": 0.01, "io_s": 0.0, **each})
        for number, each in enumerate(asked)
    )
)
IN_TIME_TRAFFIC = st.builds(
    Traffic,
    arrivals=st.one_of(
        ARRIVALS,
        st.builds(Poisson, rate_rps=st.sampled_from([0.3, 2.0])),
        st.lists(st.integers(0, 200), max_size=200).map(lambda ticks: At(tuple(k / 8 for k in ticks))),
    ),
    window_s=st.sampled_from([30.0, 300.0]),
    operations=ASKING,
    keys=st.builds(
        Keys,
        count=st.sampled_from([1, 5, 1000]),
        popularity=st.sampled_from(["zipf", "hot", "uniform"]),
        absent_share=st.sampled_from([0.0, 0.0, 0.4]),
    ),
)
IN_TIME = st.builds(
    Scenario,
    stack=st.one_of(
        st.tuples(TABLES),
        st.tuples(CLIENTS, TABLES),
        st.tuples(CLIENTS, FUNCTIONS | EVENTS, TABLES),
        st.tuples(CLIENTS, SERVERS, TABLES),
    ),
    date=st.sampled_from([None, "2020-06-01"]),
    traffic=IN_TIME_TRAFFIC,
)


CACHES = st.one_of(
    st.builds(
        Dax,
        nodes=st.integers(1, 3),
        item_ttl_s=st.sampled_from([0.0, 2.0, 300.0]),
        query_ttl_s=st.sampled_from([0.0, 2.0]),
        bypass_share=st.sampled_from([0.0, 0.5, 1.0]),
        fails_at_s=st.sampled_from([None, 5.0]),
        back_after_s=st.sampled_from([None, 10.0]),
    ),
    st.builds(
        ElastiCache,
        serverless=st.booleans(),
        ttl_s=st.sampled_from([0.0, 2.0, 300.0]),
        on_write=st.sampled_from(["delete", "update", "keep"]),
        caches_queries=st.booleans(),
        caches_empty=st.booleans(),
        bypass_share=st.sampled_from([0.0, 0.5]),
    ),
)
CACHED = st.builds(
    Scenario,
    stack=st.one_of(
        st.tuples(CACHES, TABLES),
        st.tuples(CLIENTS, CACHES, TABLES),
        st.tuples(CLIENTS, FUNCTIONS | EVENTS, CACHES, TABLES),
    ),
    traffic=IN_TIME_TRAFFIC,
)


APIS = st.builds(
    ApiGateway,
    rate_rps=st.sampled_from([None, 2.0]),
    burst=st.sampled_from([1.0, 5.0]),
    account_rate_rps=st.sampled_from([5.0, 10_000.0]),
    account_burst=st.sampled_from([2.0, 5000.0]),
    timeout_s=st.sampled_from([0.05, 0.5, 29.0]),
    cache_gb=st.sampled_from([None, 0.5]),
    cache_ttl_s=st.sampled_from([0.0, 2.0, 300.0]),
) | st.builds(ApiGateway, api_type=st.just("HTTP"), timeout_s=st.sampled_from([0.05, 30.0]))
FRONTED = st.builds(
    Scenario,
    stack=st.one_of(
        st.tuples(CLIENTS, APIS),
        st.tuples(APIS, FUNCTIONS | EVENTS | SERVERS),
        st.tuples(CLIENTS, APIS, FUNCTIONS, TABLES),
        st.tuples(CLIENTS, APIS, FUNCTIONS | EVENTS, CACHES, TABLES),
        st.tuples(APIS, CLIENTS, APIS, FUNCTIONS, TABLES),
        st.tuples(APIS, TABLES),
    ),
    traffic=IN_TIME_TRAFFIC,
)


def assert_same_run(scenario, seed):
    workload = draw(scenario.traffic, seed)
    spans, capacity = on_simpy.play(scenario, workload)
    for is_compiled in (False, True):
        fast_spans, fast_capacity = fast.play(scenario, workload, is_compiled=is_compiled)
        for expected, found in zip(spans + capacity, fast_spans + fast_capacity, strict=True):
            assert expected.tobytes() == found.tobytes()


MANY = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


@MANY
@given(SCENARIOS, st.integers(0, 3))
def test_deep_stacks_with_ties_and_timeouts_play_alike(scenario, seed):
    assert_same_run(scenario, seed)


@MANY
@given(IN_FULL, st.integers(0, 3))
def test_events_pings_provisioning_scaling_and_failures_play_alike(scenario, seed):
    assert_same_run(scenario, seed)


@MANY
@given(IN_TIME, st.integers(0, 3))
def test_tables_with_indexes_transactions_scaling_and_retries_play_alike(scenario, seed):
    assert_same_run(scenario, seed)


@pytest.fixture
def small_clusters(monkeypatch):
    """Nodes of 200 KB and 300 normalized requests a second, so that rooms and limits are met."""
    monkeypatch.setattr(facts, "cache_node", lambda name: facts.CacheNode(name, 2e-4, 300.0))


@MANY
@given(CACHED, st.integers(0, 3))
def test_caches_in_front_of_tables_play_alike(small_clusters, scenario, seed):
    assert_same_run(scenario, seed)


@pytest.fixture
def small_rooms(monkeypatch):
    """An API's cache of a hundred KB, so that it must make room."""
    monkeypatch.setattr(api_gateway, "BYTES_PER_GB", 200_000)


@MANY
@given(FRONTED, st.integers(0, 3))
def test_apis_in_front_of_all_this_play_alike(small_clusters, small_rooms, scenario, seed):
    assert_same_run(scenario, seed)


@settings(MANY, max_examples=100)
@given(SHARED, st.integers(0, 3))
def test_functions_that_share_an_account_play_alike(scenario, seed):
    assert_same_run(scenario, seed)
