"""Small scenarios for hypothesis: stacks up to five deep, and round figures, so that times often tie."""

from hypothesis import strategies as st
from scenes import At

from simlib import Client, Ec2, Lambda, Operation, Poisson, Scenario, Traffic

CLIENTS = st.builds(
    Client,
    last_mile_ms=st.sampled_from([0.0, 20.0, 500.0]),
    timeout_s=st.sampled_from([0.05, 0.5, 1.0, 60.0]),
    max_attempts=st.integers(1, 4),
    backoff_throttled_s=st.sampled_from([0.0, 0.25, 1.0]),
    backoff_failed_s=st.sampled_from([0.0, 0.5]),
)
FUNCTIONS = st.builds(
    Lambda,
    memory_mb=st.sampled_from([128, 1769, 3538]),
    timeout_s=st.sampled_from([1.0, 30.0]),
    keep_alive=st.sampled_from(["custom", "2025"]),
    keep_alive_s=st.sampled_from([0.0, 1.0, 60.0]),
    platform_s=st.sampled_from([0.0, None]),
    init_s=st.sampled_from([0.0, 0.5, 11.0, None]),
    first_handler_s=st.sampled_from([0.0, None]),
    package=st.sampled_from(["zip", "image"]),
    account_concurrency=st.sampled_from([1, 2, 5, 1000]),
    provisioned_concurrency=st.sampled_from([0, 0, 1]),
    error_rate=st.sampled_from([0.0, 0.0, 0.5]),
    tenants=st.sampled_from([None, 2]),
)
FLEETS = st.builds(
    Ec2,
    instance_type=st.sampled_from(["t3.small", "m7g.medium"]),
    instances=st.integers(1, 3),
    zones=st.just(1),
    workers=st.sampled_from([None, 1, 3]),
    queue_limit=st.sampled_from([0, 2, 100]),
    routing=st.sampled_from(["round_robin", "least_outstanding"]),
    load_balancer=st.booleans(),
    idle_timeout_s=st.sampled_from([1.0, 60.0]),
    stop_s=st.sampled_from([None, 4.0, 4000.0]),
)
STACKS = st.one_of(
    *(
        st.tuples(*layers)
        for layers in (
            (FUNCTIONS,),
            (FLEETS,),
            (CLIENTS, FUNCTIONS),
            (CLIENTS, FLEETS),
            (FUNCTIONS, FLEETS),
            (FLEETS, FUNCTIONS),
            (CLIENTS, FUNCTIONS, FLEETS),
            (CLIENTS, FLEETS, FUNCTIONS),
            (CLIENTS, FUNCTIONS, CLIENTS, FUNCTIONS),
            (CLIENTS, FLEETS, CLIENTS, FUNCTIONS, FLEETS),
        )
    )
)
OPERATIONS = st.builds(
    Operation,
    work_vcpu_s=st.sampled_from([0.0, 0.25, 1.0]),
    io_s=st.sampled_from([0.0, 0.5, 2.0]),
    work_distribution=st.sampled_from(["constant", "exponential"]),
    threads=st.integers(1, 2),
    io_distribution=st.sampled_from(["constant", "exponential"]),
)
ARRIVALS = st.one_of(
    st.builds(Poisson, rate_rps=st.floats(0.1, 6)),
    st.lists(st.integers(0, 20), max_size=25).map(lambda ticks: At(tuple(k / 4 for k in ticks))),
)
SCENARIOS = st.builds(
    Scenario,
    stack=STACKS,
    date=st.sampled_from([None, "2020-06-01"]),
    traffic=st.builds(Traffic, arrivals=ARRIVALS, window_s=st.just(6.0), operations=OPERATIONS),
)
