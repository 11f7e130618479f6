"""What every service, cost and traffic description promises, the ones to come included.

`SCENES` says for every declared parameter where it must show. A parameter without a scene fails.
"""

import dataclasses
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import arriving_at
from strategies import SCENARIOS

from simlib import (
    ApiGateway,
    Client,
    Dax,
    DynamoDb,
    Ec2,
    ElastiCache,
    EventSourceMapping,
    GlobalIndex,
    GlobalTable,
    KclApplication,
    Keys,
    KinesisStream,
    Lambda,
    Operation,
    Poisson,
    Scenario,
    Stream,
    Traffic,
    Ttl,
    bill,
    facts,
    price_book,
    simulate,
)
from simlib.params import parameters
from simlib.pricing import SERVED, usage
from simlib.services import ALL, Functions
from simlib.services.base import FUNCTION_ERROR, FUNCTION_TIMEOUT, STATUS_NAMES, TIMED_OUT
from simlib.services.costs import COSTS
from simlib.workload import PATTERNS, WorkloadError

EPS_S = 1e-9

BUSY = Traffic(
    arrivals=Poisson(rate_rps=5),
    window_s=120,
    operations=Operation(work_vcpu_s=0.3, work_distribution="exponential"),
)
SPARSE = Traffic(arrivals=Poisson(rate_rps=0.005), window_s=36_000)
SLOW = Traffic(arrivals=Poisson(rate_rps=0.5), window_s=60, operations=Operation(io_s=5.0))
CLIMBING = Traffic(arrivals=Poisson(rate_rps=3), window_s=1800,
                   operations=Operation(work_vcpu_s=0.5, work_distribution="exponential"))
STEEP = Traffic(arrivals=Poisson(rate_rps=5), window_s=1800, operations=Operation(work_vcpu_s=0.9))
AT_ONCE = arriving_at([0.0] * 150, io_s=1.0)
REPLICATED = Traffic(arrivals=Poisson(rate_rps=5), window_s=60, operations=(
    Operation("read"), Operation("write", access="write")), keys=Keys(count=5))
STRONG_US = {"regions": ("us-east-2", "us-west-2"), "consistency": "MRSC"}
WRITES = Operation("write", access="write", item_bytes=1500)
LIGHT = Traffic(arrivals=Poisson(rate_rps=0.5), window_s=2400, operations=WRITES)
ASKED = Traffic(arrivals=Poisson(rate_rps=40), window_s=300, operations=(WRITES, Operation("read", items=9)))
STORM = Traffic(arrivals=Poisson(rate_rps=4500), window_s=4, operations=WRITES, keys=Keys(popularity="uniform"))
SHOUTED = replace(STORM, operations=Operation("read", items=30), keys=Keys(count=20, popularity="uniform"))


CHANGED = Traffic(arrivals=Poisson(rate_rps=20), window_s=120, keys=Keys(popularity="uniform", count=50), operations=(
    Operation("write", access="write", item_bytes=100_000), Operation("read", item_bytes=100_000)))


# Where each kind of description is put to see its effect --------------------------------------------------


def lambda_alone(thing, traffic=SPARSE):
    return Scenario((thing,), traffic)


def fleet(thing, traffic=BUSY):
    return Scenario((thing,), traffic)


def two_functions(thing):
    return Scenario((thing,), replace(BUSY, operations=(Operation("one"), Operation("two", io_s=2.0))))


def before_a_crowded_function(thing, traffic=BUSY):
    return Scenario((thing, Lambda(account_concurrency=1)), traffic)


def replicated(thing):
    return Scenario((DynamoDb(global_table=thing),), REPLICATED)


def table(thing, traffic=ASKED):
    return Scenario((thing,), traffic)


def indexed(thing, traffic=ASKED):
    return Scenario((DynamoDb(capacity_mode="provisioned", read_capacity=200, write_capacity=200, indexes=(
        thing, GlobalIndex("another"))),), replace(traffic, operations=(*traffic.operations, Operation(
            "list", index=thing.name))))


def on_table(thing, **fields):
    return Scenario((DynamoDb(indexes=(GlobalIndex(projected_bytes=100),), **fields),), replace(
        BUSY, operations=(thing, Operation("another"))))


def streamed(*consumers, **fields):
    return Scenario((DynamoDb(stream=Stream(consumers, **fields)),), CHANGED)


def on_stream(stream):
    return Scenario((DynamoDb(stream=stream),), CHANGED)


def on_kinesis(stream):
    return Scenario((DynamoDb(kinesis=stream),), CHANGED)


def with_ttl(ttl):
    return Scenario((DynamoDb(ttl=ttl),), CHANGED)


def cached(thing, **beside):
    operations = (WRITES, Operation("read", weight=4), Operation("list", items=30, weight=2))
    traffic = replace(ASKED, operations=operations, keys=Keys(count=50), window_s=60)
    return Scenario((thing, DynamoDb()), replace(traffic, **beside))


def flooded(thing):
    """So many large reads that a memory of half a GB and a small cluster have too little."""
    large = Operation("read", item_bytes=400_000, items=90)
    return cached(thing, operations=large, keys=Keys("uniform", 60), arrivals=Poisson(20))


def gateway(thing, operations=None, **beside):
    operations = operations or (Operation("read", weight=4), WRITES)
    traffic = replace(ASKED, operations=operations, keys=Keys(count=50), window_s=60)
    return Scenario((thing, Lambda(), DynamoDb()), replace(traffic, **beside))


def as_cost(thing, traffic=BUSY):
    return Scenario((Lambda(),), traffic, costs=(thing,))


def as_traffic(thing):
    return Scenario((Client(), Lambda()), thing)


def as_operation(thing, stack=None):
    return Scenario(stack or (Client(), Lambda()), replace(BUSY, operations=(thing, Operation("another"))))


def as_keys(thing):
    return Scenario((Lambda(),), replace(BUSY, keys=thing))


def as_arrivals(thing):
    return Scenario((Lambda(),), Traffic(arrivals=thing, window_s=3600 if thing.pattern != "trace" else None))


def place(kind):
    """The usual scenario around a thing of this class."""
    if kind in ALL.values():
        return {Client: before_a_crowded_function, Lambda: lambda_alone, Functions: two_functions, DynamoDb: table,
                Dax: cached, ElastiCache: cached, ApiGateway: gateway}.get(kind, fleet)
    if kind in COSTS.values():
        return as_cost
    if kind in PATTERNS.values():
        return as_arrivals
    return {Traffic: as_traffic, Operation: as_operation, Keys: as_keys, GlobalIndex: indexed,
            GlobalTable: replicated, EventSourceMapping: streamed, KclApplication: streamed, Stream: on_stream,
            KinesisStream: on_kinesis, Ttl: with_ttl}[kind]


@dataclass(frozen=True)
class Scene:
    """`moved`: a value other than the default; `beside`: fields that let it show; `where`: how to play it."""

    moved: object
    beside: dict = field(default_factory=dict)
    where: object = None


def scene(moved, where=None, **beside):
    return Scene(moved, beside, where)


SCENES = {
    "Client.last_mile_ms": scene(50.0),
    "Client.from_region": scene("ap-northeast-2"),
    "Client.timeout_s": scene(1.0, lambda it: Scenario((it, Lambda()), SLOW)),
    "Client.max_attempts": scene(5),
    "Client.backoff_throttled_s": scene(0.5),
    "Client.backoff_failed_s": scene(0.5, lambda it: Scenario((it, Lambda()), SLOW), timeout_s=1.0),
    "Client.backoff_max_s": scene(0.1),
    "Lambda.memory_mb": scene(512),
    "Lambda.timeout_s": scene(3, lambda it: lambda_alone(it, SLOW)),
    "Lambda.ephemeral_storage_mb": scene(1024),
    "Lambda.architecture": scene("arm64"),
    "Lambda.runtime": scene("dotnet10"),
    "Lambda.package": scene("image"),
    "Lambda.keep_alive": scene("2020-01"),
    "Lambda.keep_alive_s": scene(60, keep_alive="custom"),
    "Lambda.platform_s": scene(0.5),
    "Lambda.init_s": scene(0.5),
    "Lambda.first_handler_s": scene(0.5),
    "Lambda.account_concurrency": scene(1, lambda it: lambda_alone(it, BUSY)),
    "Lambda.reserved_elsewhere": scene(900, lambda it: lambda_alone(it, AT_ONCE)),
    "Lambda.reserved_concurrency": scene(1, lambda it: lambda_alone(it, BUSY)),
    "Lambda.error_rate": scene(0.5),
    "Lambda.provisioned_concurrency": scene(2),
    "Lambda.provisioned_from_s": scene(600.0, provisioned_concurrency=2),
    "Lambda.provisioned_target": scene(0.5, lambda it: lambda_alone(it, CLIMBING), provisioned_concurrency=1,
                                       provisioned_max=9),
    "Lambda.provisioned_max": scene(3, lambda it: lambda_alone(it, CLIMBING), provisioned_concurrency=1,
                                    provisioned_target=0.5),
    "Lambda.provisioned_schedule": scene(((600, 2), (1200, 0))),
    "Lambda.snapstart": scene(True),
    "Lambda.ping_every_s": scene(240.0),
    "Lambda.ping_count": scene(2, ping_every_s=240.0),
    "Lambda.invocation": scene("event"),
    "Lambda.maximum_retry_attempts": scene(0, error_rate=0.5, invocation="event"),
    "Lambda.maximum_event_age_s": scene(60.0, error_rate=0.9, invocation="event"),
    "Lambda.on_failure": scene("queue", error_rate=0.9, invocation="event"),
    "Lambda.duplicate_rate": scene(0.5, invocation="event"),
    "Lambda.streaming": scene(True, lambda it: lambda_alone(it, replace(SPARSE, operations=(Operation(
        item_bytes=10**7),)))),
    "Lambda.tenants": scene(5),
    "Lambda.durable_operations": scene(4.0),
    "Lambda.durable_kb": scene(100.0),
    "Lambda.durable_days": scene(30.0, durable_kb=100.0),
    "Lambda.savings_plan": scene("compute_3y_no_upfront"),
    "Functions.functions": scene((Lambda(), Lambda(memory_mb=512)), two_functions),
    "Functions.account_concurrency": scene(1, two_functions),
    "Ec2.scaling": scene("target_tracking", lambda it: fleet(it, STEEP), max_instances=9),
    "Ec2.min_instances": scene(1, lambda it: fleet(it, CLIMBING), schedule=((60, 1),)),
    "Ec2.max_instances": scene(9, lambda it: fleet(it, STEEP), scaling="target_tracking"),
    "Ec2.target_cpu": scene(0.2, lambda it: fleet(it, CLIMBING), scaling="target_tracking", max_instances=9),
    "Ec2.steps": scene(((0.1, 2),), lambda it: fleet(it, CLIMBING), scaling="step", max_instances=9),
    "Ec2.schedule": scene(((60, 4),), max_instances=4),
    "Ec2.boot_s": scene(30.0, lambda it: fleet(it, CLIMBING), schedule=((60, 4),), max_instances=4),
    "Ec2.boot_cv": scene(0.0, lambda it: fleet(it, CLIMBING), schedule=((60, 4),), max_instances=4),
    "Ec2.warmup_s": scene(0.0, lambda it: fleet(it, STEEP), scaling="target_tracking", max_instances=50,
                          target_cpu=0.2),
    "Ec2.credit_mode": scene("standard", lambda it: fleet(it, CLIMBING)),
    "Ec2.start_credits": scene(5.0, lambda it: fleet(it, CLIMBING), credit_mode="standard"),
    "Ec2.fails_at_s": scene(30.0, lambda it: fleet(it, CLIMBING)),
    "Ec2.fails": scene("zone", lambda it: fleet(it, CLIMBING), fails_at_s=30.0, instances=4),
    "Ec2.back_after_s": scene(200.0, lambda it: fleet(it, CLIMBING), fails_at_s=30.0, fails="zone", zones=1),
    "Ec2.health_check_interval_s": scene(10.0, lambda it: fleet(it, CLIMBING), fails_at_s=30.0),
    "Ec2.unhealthy_threshold": scene(5, lambda it: fleet(it, CLIMBING), fails_at_s=30.0),
    "Ec2.replaces": scene(False, lambda it: fleet(it, CLIMBING), fails_at_s=30.0),
    "ManagedInstances.instance_type": scene("c7g.large"),
    "ManagedInstances.instances": scene(4),
    "ManagedInstances.max_instances": scene(9, lambda it: fleet(it, STEEP)),
    "ManagedInstances.concurrency_per_instance": scene(1),
    "ManagedInstances.target_cpu": scene(0.1, lambda it: fleet(it, STEEP), max_instances=9),
    "DynamoDb.global_table": scene(GlobalTable(), lambda it: Scenario((it,), REPLICATED)),
    "GlobalTable.regions": scene(("eu-west-1",)),
    "GlobalTable.shares": scene((0.5,)),
    "GlobalTable.consistency": scene("MREC", **STRONG_US),
    "GlobalTable.witness": scene("us-east-2", **STRONG_US),
    "GlobalTable.fails_at_s": scene(20.0),
    "GlobalTable.fails": scene("us-west-2", fails_at_s=20.0),
    "GlobalTable.back_after_s": scene(20.0, fails_at_s=20.0),
    "GlobalTable.when_lost": scene("next", fails_at_s=20.0),
    "GlobalTable.ttl_deletes_per_s": scene(1.0),
    "DynamoDb.capacity_mode": scene("provisioned"),
    "DynamoDb.read_capacity": scene(50, capacity_mode="provisioned"),
    "DynamoDb.write_capacity": scene(50, capacity_mode="provisioned"),
    "DynamoDb.auto_scaling": scene(True, capacity_mode="provisioned"),
    "DynamoDb.target_utilization": scene(0.5, capacity_mode="provisioned", auto_scaling=True),
    "DynamoDb.min_read_capacity": scene(9, capacity_mode="provisioned", auto_scaling=True),
    "DynamoDb.max_read_capacity": scene(6, capacity_mode="provisioned", auto_scaling=True),
    "DynamoDb.min_write_capacity": scene(1, lambda it: table(it, LIGHT), capacity_mode="provisioned",
                                         auto_scaling=True),
    "DynamoDb.max_write_capacity": scene(6, capacity_mode="provisioned", auto_scaling=True),
    "DynamoDb.previous_peak_reads": scene(30_000, lambda it: table(it, SHOUTED)),
    "DynamoDb.previous_peak_writes": scene(8000, lambda it: table(it, STORM)),
    "DynamoDb.warm_reads": scene(40_000, lambda it: table(it, SHOUTED)),
    "DynamoDb.warm_writes": scene(8000, lambda it: table(it, STORM)),
    "DynamoDb.mode_schedule": scene(((100.0, "provisioned"),)),
    "DynamoDb.collection_gb": scene(10.0, local_indexes=1, new_item_share=0.5),
    "DynamoDb.new_item_share": scene(0.5, local_indexes=1, collection_gb=10.0),
    "DynamoDb.storage_growth_gb": scene(10.0),
    "DynamoDb.max_read_request_units": scene(10),
    "DynamoDb.max_write_request_units": scene(10),
    "DynamoDb.table_quota": scene(1000, lambda it: table(it, STORM)),
    "DynamoDb.partitions": scene(4, capacity_mode="provisioned", read_capacity=40, write_capacity=40,
                                 adaptive_capacity=False, burst_at_start=0.0),
    "DynamoDb.adaptive_capacity": scene(False, capacity_mode="provisioned", partitions=4, read_capacity=90,
                                        write_capacity=90, burst_at_start=0.0),
    "DynamoDb.burst_at_start": scene(0.1, capacity_mode="provisioned", write_capacity=30),
    "DynamoDb.write_shards": scene(4),
    "DynamoDb.indexes": scene((GlobalIndex(),)),
    "DynamoDb.local_indexes": scene(1),
    "DynamoDb.local_projected_bytes": scene(100, local_indexes=1),
    "DynamoDb.table_class": scene("standard_ia"),
    "DynamoDb.storage_gb": scene(50.0),
    "DynamoDb.reserved_read_capacity": scene(100, capacity_mode="provisioned", read_capacity=200),
    "DynamoDb.reserved_write_capacity": scene(100, capacity_mode="provisioned", write_capacity=200),
    "DynamoDb.point_in_time_recovery": scene(True),
    "DynamoDb.backup_gb": scene(10.0),
    "DynamoDb.restored_gb": scene(10.0),
    "DynamoDb.max_attempts": scene(2, capacity_mode="provisioned"),
    "DynamoDb.backoff_s": scene(0.1, capacity_mode="provisioned"),
    "DynamoDb.backoff_max_s": scene(0.5, capacity_mode="provisioned"),
    "GlobalIndex.name": scene("by-price", changed_share=0.5),
    "GlobalIndex.key_values": scene(1, lambda it: table(DynamoDb(
        capacity_mode="provisioned", partitions=4, adaptive_capacity=False, burst_at_start=0.0, read_capacity=400,
        write_capacity=400, indexes=(it,))), write_capacity=60),
    "GlobalIndex.projected_bytes": scene(100),
    "GlobalIndex.changed_share": scene(0.1),
    "GlobalIndex.moved_share": scene(0.5),
    "GlobalIndex.read_capacity": scene(50),
    "GlobalIndex.write_capacity": scene(50),
    "ApiGateway.api_type": scene("HTTP"),
    "ApiGateway.rate_rps": scene(5.0, burst=50.0),
    "ApiGateway.burst": scene(50.0, rate_rps=5.0),
    "ApiGateway.account_rate_rps": scene(5.0, account_burst=5.0),
    "ApiGateway.account_burst": scene(5.0, account_rate_rps=5.0),
    "ApiGateway.timeout_s": scene(1.0, lambda it: gateway(it, Operation("slow", io_s=3.0))),
    "ApiGateway.cache_gb": scene(0.5),
    "ApiGateway.cache_ttl_s": scene(5.0, cache_gb=0.5),
    "Dax.node_type": scene("dax.r5.xlarge"),
    "Dax.nodes": scene(5),
    "Dax.item_ttl_s": scene(5.0),
    "Dax.query_ttl_s": scene(5.0),
    "Dax.bypass_share": scene(0.5),
    "Dax.fails_at_s": scene(20.0),
    "Dax.back_after_s": scene(20.0, fails_at_s=20.0),
    "ElastiCache.engine": scene("redis"),
    "ElastiCache.serverless": scene(True),
    "ElastiCache.node_type": scene("cache.t4g.micro", flooded, nodes=1),
    "ElastiCache.nodes": scene(1),
    "ElastiCache.ttl_s": scene(5.0),
    "ElastiCache.on_write": scene("keep"),
    "ElastiCache.caches_queries": scene(False),
    "ElastiCache.caches_empty": scene(True, lambda it: cached(it, keys=Keys(count=50, absent_share=0.5))),
    "ElastiCache.bypass_share": scene(0.5),
    "EventPollers.source": scene("kafka"),
    "EventPollers.units": scene(5.0),
    "Ec2.instance_type": scene("m7g.medium"),
    "Ec2.instances": scene(3),
    "Ec2.zones": scene(1),
    "Ec2.workers": scene(1),
    "Ec2.queue_limit": scene(0, instance_type="m7g.medium"),
    "Ec2.routing": scene("least_outstanding"),
    "Ec2.load_balancer": scene(False),
    "Ec2.idle_timeout_s": scene(3, lambda it: fleet(it, SLOW)),
    "Ec2.listener_rules": scene(100),
    "Ec2.requests_per_connection": scene(10),
    "Ec2.ebs_gb": scene(20),
    "Ec2.public_ipv4": scene(False),
    "Ec2.start_s": scene(60, stop_s=100),
    "Ec2.stop_s": scene(60),
    "Ec2.purchase": scene("reserved_1y"),
    "Ec2.discount": scene(0.9, purchase="spot"),
    "CloudWatchLogs.kb_per_request": scene(5.0),
    "CloudWatchLogs.retention_months": scene(3.0),
    "CloudWatchLogs.written_by": scene("lambda"),
    "NatGateway.gateways": scene(2),
    "NatGateway.kb_per_request": scene(5.0),
    "DataTransferOut.share": scene(0.5),
    "OwnLine.name": scene("a database"),
    "OwnLine.usd_per_month": scene(10.0),
    "OwnLine.usd_per_million_requests": scene(10.0),
    "OwnLine.covers_people": scene(True, lambda it: Scenario((Ec2(),), BUSY, costs=(it,))),
    "Traffic.arrivals": scene(Poisson(rate_rps=2)),
    "Traffic.window_s": scene(1800),
    "Traffic.operations": scene((Operation(io_s=1.0),)),
    "Traffic.keys": scene(Keys(count=3)),
    "Traffic.windows_per_month": scene(10),
    "Traffic.quiet_rps": scene(0.1, windows_per_month=10),
    "Traffic.max_requests": scene(100),
    "Operation.name": scene("write"),
    "Operation.weight": scene(5.0),
    "Operation.work_vcpu_s": scene(0.2),
    "Operation.work_distribution": scene("exponential"),
    "Operation.work_cv": scene(3.0, work_distribution="lognormal"),
    "Operation.threads": scene(2, lambda it: as_operation(it, (Lambda(memory_mb=3538),))),
    "Operation.io_s": scene(0.2),
    "Operation.io_distribution": scene("exponential"),
    "Operation.io_cv": scene(3.0, io_distribution="lognormal"),
    "Operation.request_bytes": scene(10**7, lambda it: as_operation(it, (Ec2(),))),
    "Operation.item_bytes": scene(4096),
    "Operation.item_distribution": scene("lognormal"),
    "Operation.item_cv": scene(3.0, item_distribution="lognormal"),
    "Operation.access": scene("write", on_table),
    "Operation.consistency": scene("strong", on_table),
    "Operation.items": scene(50, on_table),
    "Operation.index": scene("by-status", on_table, item_bytes=9000),
    "Keys.popularity": scene("uniform"),
    "Keys.count": scene(10),
    "Keys.exponent": scene(2.0),
    "Keys.absent_share": scene(0.5),
    "Keys.hot_share": scene(0.9, popularity="hot"),
    "Constant.rate_rps": scene(2.0),
    "Poisson.rate_rps": scene(2.0),
    "Daily.mean_rps": scene(2.0),
    "Daily.peak_hour": scene(3.0),
    "Daily.peak_to_trough": scene(10.0),
    "Daily.start_hour": scene(6.0),
    "Steps.steps": scene(((0.0, 1.0), (600.0, 5.0))),
    "Spike.base_rps": scene(2.0),
    "Spike.spike_rps": scene(20.0),
    "Spike.start_s": scene(300.0),
    "Spike.duration_s": scene(60.0),
    "Bursts.quiet_rps": scene(1.0),
    "Bursts.burst_rps": scene(10.0),
    "Bursts.mean_quiet_s": scene(100.0),
    "Bursts.mean_burst_s": scene(10.0),
    "Trace.path": scene("{other}", path="{listed}"),
    "Trace.kind": scene("timestamps", path="{counted}"),
    "Trace.column": scene("errors", path="{counted}"),
    "Trace.time_column": scene("seen_s", path="{listed}"),
    "Trace.time_unit": scene("min", path="{plain}"),
    "Trace.bin_s": scene(10.0, path="{counted}"),
    "Trace.duration_column": scene("took_s", path="{listed}"),
    "Trace.select": scene("func=a", path="{listed}"),
    "Trace.skip_s": scene(15.0, path="{listed}"),
    "Trace.time_scale": scene(2.0, path="{listed}"),
    "Trace.rate_scale": scene(3.0, path="{listed}"),
}

READS = {"function": Lambda(platform_s=0.0, init_s=0.0)}
FAILS = {**READS, "poisonous_share": 0.01}
HAS_READER = {"consumers": (EventSourceMapping(**READS),)}
SCENES |= {
    "DynamoDb.stream": scene(Stream(**HAS_READER), lambda it: Scenario((it,), CHANGED)),
    "DynamoDb.kinesis": scene(KinesisStream(), lambda it: Scenario((it,), CHANGED)),
    "DynamoDb.ttl": scene(Ttl(), lambda it: Scenario((it,), CHANGED)),
    "Stream.consumers": scene((KclApplication(),)),
    "Stream.view_type": scene("keys_only", consumers=(EventSourceMapping(
        **READS, maximum_batching_window_in_seconds=60.0),)),
    "Stream.unchanged_share": scene(0.5, **HAS_READER),
    "EventSourceMapping.name": scene("projection", **READS),
    "EventSourceMapping.function": scene(Lambda(memory_mb=512), **READS),
    "EventSourceMapping.batch_size": scene(1, **READS),
    "EventSourceMapping.maximum_batching_window_in_seconds": scene(5.0, **READS),
    "EventSourceMapping.parallelization_factor": scene(2, **READS),
    "EventSourceMapping.maximum_retry_attempts": scene(1, **FAILS),
    "EventSourceMapping.maximum_record_age_in_seconds": scene(60.0, **FAILS),
    "EventSourceMapping.bisect_batch_on_function_error": scene(True, **FAILS, maximum_retry_attempts=1),
    "EventSourceMapping.on_failure": scene("queue", **FAILS, maximum_retry_attempts=1),
    "EventSourceMapping.poisonous_share": scene(0.1, **READS, maximum_retry_attempts=1),
    "EventSourceMapping.batch_io_s": scene(1.0, **READS),
    "EventSourceMapping.record_vcpu_s": scene(0.1, **READS),
    "EventSourceMapping.record_io_s": scene(0.1, **READS),
    "KclApplication.name": scene("archive"),
    "KclApplication.workers": scene(1, record_vcpu_s=0.1),
    "KclApplication.record_vcpu_s": scene(0.1),
    "KclApplication.idle_time_between_reads_s": scene(5.0),
    "KclApplication.failover_s": scene(30.0, worker_lost_at_s=60.0),
    "KclApplication.worker_lost_at_s": scene(60.0),
    "KinesisStream.consumers": scene((EventSourceMapping(**READS),)),
    "KinesisStream.shards": scene(4),
    "KinesisStream.retention_hours": scene(720.0),
    "KinesisStream.update_share": scene(0.9),
    "KinesisStream.unchanged_share": scene(0.5),
    "KinesisStream.duplicate_share": scene(0.5),
    "KinesisStream.disorder_share": scene(0.5),
    "Ttl.lifetime_s": scene(10.0),
    "Ttl.share": scene(0.5),
    "Ttl.delete_delay": scene("documented"),
    "Ttl.delete_delay_s": scene(60.0, delete_delay="custom"),
}

FILES = {
    "listed": "t_s,seen_s,took_s,func\n10,11,2,a\n20,25,3,b\n40,41,4,a\n90,99,5,b\n",
    "other": "t_s\n5\n6\n",
    "plain": "timestamp\n1\n2\n4\n",
    "counted": "t_s,count,errors\n0,3,1\n60,5,2\n120,1,0\n",
}

FOLLOWERS = (Stream, EventSourceMapping, KclApplication, KinesisStream, Ttl)
KINDS = (*ALL.values(), GlobalIndex, GlobalTable, *FOLLOWERS, *COSTS.values(), Traffic, Operation, Keys,
         *PATTERNS.values())
FIELDS = [(kind, each.name) for kind in KINDS for each in dataclasses.fields(kind)]


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    directory = tmp_path_factory.mktemp("traces")
    for name, text in FILES.items():
        (directory / f"{name}.csv").write_text(text, encoding="utf-8")
    return {name: str(directory / f"{name}.csv") for name in FILES}


def fingerprint(scenario, seed=0):
    """Everything a learner can see of a run: spans, capacity and bill, or the sentence that refuses it."""
    try:
        result = simulate(scenario, seed)
    except WorkloadError as refusal:
        return str(refusal)
    priced = bill(result, free_tier=False)
    tables = [
        (name, column.to_numpy().tobytes() if column.dtype != object else tuple(column))
        for table in (result.spans, result.capacity)
        for name, column in table.items()
    ]
    return tables, priced.lines, priced.not_modelled


@pytest.mark.parametrize(("kind", "name"), FIELDS, ids=[f"{kind.__name__}.{name}" for kind, name in FIELDS])
def test_every_parameter_matters(kind, name, files):
    """Moved away from its default where it must show, it changes spans, capacity or bill."""
    here = SCENES.get(f"{kind.__name__}.{name}")
    if here is None:
        pytest.fail(
            f"{kind.__name__}.{name} has no scene; add one to SCENES in {__name__}.py: a value other than "
            "the default, and fields and a scenario in which it must show."
        )

    def told(value):
        return value.format(**files) if isinstance(value, str) else value

    beside = {key: told(value) for key, value in here.beside.items()}
    plain, moved = kind(**beside), kind(**{**beside, name: told(here.moved)})
    assert getattr(plain, name) != getattr(moved, name)
    where = here.where or place(kind)
    assert fingerprint(where(plain)) != fingerprint(where(moved))


def test_every_scene_is_of_a_parameter_that_exists():
    assert set(SCENES) == {f"{kind.__name__}.{name}" for kind, name in FIELDS}


# Descriptions ---------------------------------------------------------------------------------------------

SERVICES = pytest.mark.parametrize("service", ALL.values(), ids=list(ALL))


@SERVICES
def test_a_service_says_what_it_models_leaves_out_bills_and_where_that_is_from(service):
    headings = [
        service.__doc__.find(f"\n    {heading}: ")
        for heading in ("Models", "Leaves out", "Billed for", "Sources")
    ]
    assert -1 not in headings and headings == sorted(headings)
    assert service.title


@pytest.mark.parametrize("kind", KINDS, ids=[kind.__name__ for kind in KINDS])
def test_a_description_is_frozen_documented_and_declares_every_field(kind):
    assert kind.__doc__.strip().endswith(".")
    assert dataclasses.fields(kind) and kind.__dataclass_params__.frozen
    declared = {each.name for each in parameters(kind)}
    structured = {"Traffic": {"arrivals", "operations", "keys"}, "Steps": {"steps"}, "Functions": {"functions"},
                  "Lambda": {"provisioned_schedule"}, "Ec2": {"steps", "schedule"}, "Stream": {"consumers"},
                  "KinesisStream": {"consumers"}, "EventSourceMapping": {"function"},
                  "DynamoDb": {"indexes", "mode_schedule", "global_table", "stream", "kinesis", "ttl"},
                  "GlobalTable": {"regions", "shares"}}.get(kind.__name__, set())
    assert declared | structured == {each.name for each in dataclasses.fields(kind)}
    for each in parameters(kind):
        assert each.doc
        quantity = each.name.rsplit("_", 1)[-1] if "_" in each.name else ""
        unit = {"s": "s", "ms": "ms", "mb": "MB", "gb": "GB", "rps": "requests/s"}.get(quantity)
        assert unit is None or each.unit.endswith(unit), f"{each.name} is given in {each.unit}"


def test_every_sku_that_a_scene_meters_is_priced_in_us_east_1(files):
    book = price_book("us-east-1")
    met = set()
    for name, here in SCENES.items():
        kind = next(kind for kind in KINDS if kind.__name__ == name.split(".")[0])
        if kind in ALL.values() or kind in COSTS.values() or kind in FOLLOWERS:
            thing = kind(**{**here.beside, name.split(".")[1]: here.moved})
            met |= set(usage(simulate((here.where or place(kind))(thing))))
    met.remove(SERVED)
    assert len(met) > 15
    for sku in met:
        assert book.usd(sku) > 0


@pytest.mark.parametrize("instance_type", facts.instance_types())
def test_every_instance_type_on_offer_is_priced_in_us_east_1(instance_type):
    zones = {"instances": 1, "zones": 1}
    used = Ec2(instance_type=instance_type, **zones).standing(1)
    assert all(price_book("us-east-1").usd(sku) > 0 for sku in used)


# Laws of every run ----------------------------------------------------------------------------------------


def most_at_once(start_s, end_s):
    """How many of the stretches of time overlap at most; those that touch do not."""
    times = np.concatenate([start_s + EPS_S, end_s - EPS_S])
    steps = np.concatenate([np.ones(len(start_s)), -np.ones(len(end_s))])
    long_enough = np.tile(end_s - start_s > 3 * EPS_S, 2)
    order = np.argsort(times[long_enough], kind="stable")
    return int(np.cumsum(steps[long_enough][order]).max(initial=0))


def assert_lawful(result):
    scenario, n = result.scenario, result.n
    for position, service in enumerate(scenario.stack):
        spans = result.of(position)
        length_s = spans["end_s"] - spans["start_s"]
        assert (length_s >= 0).all()
        assert (spans["wait_s"] + spans["init_s"] + spans["work_s"] <= length_s + EPS_S).all()
        assert min(spans[part].min(initial=0) for part in ("wait_s", "init_s", "work_s")) >= 0
        assert set(spans["status"].tolist()) <= set(STATUS_NAMES)
        if isinstance(service, Lambda):
            assert_lawful_function(service, spans, length_s)
            assert result.in_use(position)[1].max(initial=0) <= service.concurrency_limit
        if isinstance(service, Ec2):
            assert_lawful_fleet(service, spans)
            used_hours = service.usage(result.sums(position), result.window)[f"ec2.instance.{service.instance_type}"]
            assert used_hours * 3600 <= service.instances * max(60, result.workload.window_s) + EPS_S
    outermost = result.of(0)
    assert sorted(outermost["request"]) == list(range(n))
    assert (outermost["call"] == 0).all()
    assert (outermost["start_s"] == result.workload.arrival_s[outermost["request"]]).all()
    parts = result.parts_s
    assert np.abs(sum(parts.values()) - result.latency_s).max(initial=0) < EPS_S
    assert min(part.min(initial=0) for part in parts.values()) > -EPS_S
    assert_lawful_family(result)
    found = result.summary()
    assert found["served"] + found["failed"] + found["throttled"] == found["requests"] == n


def assert_lawful_function(function, spans, length_s):
    throttled = spans["status"] == 429
    assert (length_s[throttled] == 0).all() and (spans["billed_ms"][throttled] == 0).all()
    duration_ms = (length_s - spans["init_s"])[~throttled] * 1000
    assert (spans["billed_ms"][~throttled] >= duration_ms - 1e-5).all()
    for environment in np.unique(spans["resource"][~throttled]):
        mine = spans["resource"] == environment
        assert most_at_once(spans["start_s"][mine], spans["end_s"][mine]) <= 1
        first = np.argmin(spans["start_s"][mine])
        provisioned = environment < 0
        assert spans["cold"][mine].sum() == (0 if provisioned else 1)
        assert spans["cold"][mine][first] or provisioned


def assert_lawful_fleet(fleet, spans):
    assert spans["resource"].max(initial=0) < fleet.instances
    for instance in range(fleet.instances):
        mine = spans["resource"] == instance
        start_s, end_s = spans["start_s"][mine], spans["end_s"][mine]
        begun = spans["work_s"][mine] > 0
        assert most_at_once((start_s + spans["wait_s"][mine])[begun], end_s[begun]) <= fleet.workers_each
        assert most_at_once(start_s, end_s) <= fleet.workers_each + fleet.queue_limit


def assert_lawful_family(result):
    """A call lies inside the call that made it unless that had given up; its error is its maker's, too."""
    frame = result.spans.set_index(["request", "call"])
    assert frame.index.is_unique
    made = frame[frame.parent >= 0]
    by = frame.loc[list(zip(made.index.get_level_values(0), made.parent))]
    assert (made.start_s.to_numpy() >= by.start_s.to_numpy()).all()
    late = made.end_s.to_numpy() > by.end_s.to_numpy() + EPS_S
    from_client = (by.service == "Client").to_numpy()
    assert np.isin(by.status.to_numpy()[late & ~from_client], (TIMED_OUT, FUNCTION_TIMEOUT)).all()
    patience_s = [
        service.timeout_s - service.round_trip_s(result.scenario.region)
        for service in result.scenario.stack
        if isinstance(service, Client)
    ]
    lasted_s = (made.end_s - made.start_s).to_numpy()[late & from_client]
    assert (lasted_s > min(patience_s, default=0) - EPS_S).all()
    attempts = made[from_client].groupby([made[from_client].index.get_level_values(0), "parent"]).size()
    clients = frame[frame.service == "Client"]
    assert attempts.to_dict() == (clients.resource.to_dict() if len(result.scenario.stack) > 1 else {})
    others, makers = made[~from_client], by[~from_client]
    assert not others.reset_index().duplicated(["request", "parent"]).any()
    assert makers.status.isin([200, 502, TIMED_OUT, FUNCTION_ERROR, FUNCTION_TIMEOUT]).all()
    assert ((makers.status == 502).to_numpy() == (others.status >= 400).to_numpy())[
        ~makers.status.isin([TIMED_OUT, FUNCTION_TIMEOUT])
    ].all()


@settings(max_examples=500)
@given(SCENARIOS, st.integers(0, 3))
def test_the_laws_hold_in_any_scenario(scenario, seed):
    """Every request ends once, nothing overlaps that may not, times nest and add up, use is billed."""
    assert_lawful(simulate(scenario, seed))


@settings(max_examples=40)
@given(SCENARIOS)
def test_the_same_seed_gives_the_same_run_to_the_last_bit(scenario):
    first, second = simulate(scenario, 5), simulate(scenario, 5)
    for once, again in zip(first.span_rows + first.capacity_rows, second.span_rows + second.capacity_rows):
        assert once.tobytes() == again.tobytes()


@SERVICES
def test_another_seed_gives_another_run(service):
    scenario = place(service)(service())
    assert fingerprint(scenario, 1) != fingerprint(scenario, 2)


@SERVICES
def test_a_description_can_be_played_twice(service):
    """Nothing of a run sticks to the description, which is shared by all of them."""
    thing = service()
    first = fingerprint(place(service)(thing))
    assert fingerprint(place(service)(thing)) == first
    assert thing == service()


def test_the_law_finds_an_overlap_and_lets_touching_pass():
    """The yardstick itself: two calls of 1 s that touch at 1 s, then two that overlap by a millisecond."""
    assert most_at_once(np.array([0.0, 1.0]), np.array([1.0, 2.0])) == 1
    assert most_at_once(np.array([0.0, 0.999]), np.array([1.0, 2.0])) == 2
