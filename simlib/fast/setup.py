"""Turns the services of a stack into records for the kernels."""

from __future__ import annotations

import math

import numpy as np

from simlib import facts
from simlib.fast.flow import IS_API, IS_CACHE, IS_CLIENT, IS_FLEET, IS_FUNCTION, IS_PINGS, IS_TABLE, new_frame
from simlib.fast.groups import ArrayGroup
from simlib.fast.lambda_ import UNTOUCHED
from simlib.fast.world import NONE
from simlib.services import ApiGateway, Client, Dax, DynamoDb, Ec2, ElastiCache, Functions, Lambda, ManagedInstances
from simlib.services.base import EVENT_DEAD_LETTERED, EVENT_DROPPED, NO_REQUEST, first_call
from simlib.services.caches.front import forget, trips_s
from simlib.services.copies import NOWHERE, result_bytes
from simlib.services.dynamodb.control import Control
from simlib.services.dynamodb.table import LATENCIES, TRANSACTION, kind_of, lag_of
from simlib.services.lambda_.environments import Provisioned
from simlib.services.lambda_.function import PING
from simlib.services.lambda_.limits import Account
from simlib.services.parts import PART, Part

COLD_DICE = ("lambda.platform", "lambda.init", "lambda.first")
SUPPORTED = (ApiGateway, Client, Lambda, Functions, Ec2, ManagedInstances, DynamoDb, Dax, ElastiCache)

__all__ = ["COLD_DICE", "PING", "SUPPORTED", "most_pings", "open_service", "outermost_keeper"]


def most_pings(stack) -> int:
    """The most pings that any function of the stack sends at once."""
    functions = [each for service in stack for each in getattr(service, "functions", (service,))]
    return sum(getattr(each, "ping_count", 0) for each in functions if getattr(each, "ping_every_s", None))


def outermost_keeper(stack) -> int:
    """The level of the first service that keeps copies, or the number of levels."""
    return next((level for level, service in enumerate(stack) if service.keeps_copies), len(stack))


def open_service(player, level: int, service) -> None:
    """Makes the records of a service and starts what it does on its own, as its `open` does on SimPy."""
    following = level + 1 if level + 1 < len(player.scenario.stack) else NONE
    record = player.state.view.levels[level]
    record.next, record.by_operation = following, NONE
    kind, unit, by_operation = _OPENED[type(service)](player, level, service)
    record = player.state.view.levels[level]
    record.kind, record.unit, record.by_operation = kind, unit, by_operation


def _client(player, level, client):
    state = player.state
    lane = state.add("lanes", head=NONE)
    state.add("lanes", head=NONE)
    state.view.run[0].lanes = lane + 2
    unit = state.add("clients", lane=lane, hop_s=client.round_trip_s(player.scenario.region) / 2,
                     timeout_s=client.timeout_s, max_attempts=client.max_attempts,
                     throttled_s=client.backoff_throttled_s, failed_s=client.backoff_failed_s,
                     most_s=client.backoff_max_s)
    return IS_CLIENT, unit, NONE


# Lambda


def _lambda(player, level, function):
    run = player.views[level]
    account = Account(function.account_concurrency, function.set_aside, run.date)
    return IS_FUNCTION, _function(player, level, function, run, account, 0, {}), NONE


def _functions(player, level, service):
    run = player.views[level]
    service.check_operations(run.workload)
    account = Account(service.account_concurrency, service.set_aside, run.date)
    made: dict = {}
    units = [_function(player, level, function, Part(run, number), account, number * PART, made)
             for number, function in enumerate(service.functions)]
    by_operation = player.columns.add("operation", lambda part: part.operation, len(units) == 1)
    return IS_FUNCTION, units[0], by_operation


def _function(player, level, function, run, account, part, made):
    """The record of one function; `made` knows the limits that functions of an account share."""
    state, columns, view = player.state, player.columns, player.views[level]
    limits = account.limits_of(function)

    def shared(table, thing, **fields):
        if id(thing) not in made:
            made[id(thing)] = state.add(table, **fields), thing
        return made[id(thing)][0]

    def bucket(thing):
        return shared("buckets", thing, capacity=thing.capacity, rate_per_s=thing.rate_per_s, tokens=thing.capacity)

    name = (level, part)
    fields = dict(
        level=level, part=part, timeout_s=function.timeout_s, init_billed=function.init_is_billed(run.date),
        drawn_call=first_call(function.levels - 1, view.first_call),
        grain_ms=int(facts.value("lambda.billing_granularity_ms", run.date)), error_rate=function.error_rate,
        slots=shared("slots", limits.slots, limit=limits.slots.limit), requests=bucket(limits.requests),
        growth=bucket(limits.growth), limits_rate=limits.limits_rate, is_event=function.invocation == "event",
        max_retries=function.maximum_retry_attempts, max_age_s=function.maximum_event_age_s,
        undeliverable=EVENT_DROPPED if function.on_failure == "none" else EVENT_DEAD_LETTERED,
        duplicate_rate=function.duplicate_rate, ping_every_s=function.ping_every_s or 0.0,
        ping_count=function.ping_count, window_s=run.window_s, pool=NONE)
    fields["handler"] = columns.add((*name, "handler"), function.durations, _is_constant(player.scenario.traffic))
    fields["keep_alive"], fields["keep_alive_s"] = _keep_alive(player, function)
    if fields["keep_alive"] != NONE:
        fields["lifetime"] = columns.add("lambda.keep_alive", lambda part: part.uniforms("lambda.keep_alive"))
    if function.error_rate:
        fields["fails"] = columns.add("lambda.error", lambda part: part.uniforms("lambda.error"))
    fields["platform"], fields["known"] = columns.add_late((*name, "cold"), _cold_starts(function), len(COLD_DICE))
    fields["init"], fields["first"] = fields["platform"] + 1, fields["platform"] + 2
    tenants = min(function.tenants or 1, player.scenario.traffic.keys.count)
    if function.tenants:
        fields["tenants"] = tenants
        fields["tenant"] = columns.add((*name, "tenant"), lambda part: part.key % function.tenants)
    fields["first_head"] = state.lengthen("heads", tenants, UNTOUCHED)
    state.lengthen("touched", tenants)
    unit = state.add("functions", **fields)
    player.cold_dice[unit] = function
    if function.provisions:
        pool = ArrayPool(state, function.provisioned_most)
        state.view.functions[unit].pool = pool.number
        Provisioned(function, run, pool)
    run.at_end(lambda: player.retire(unit))
    if function.ping_every_s:
        player.go_on_with(new_frame(state.view, IS_PINGS, unit, level, NO_REQUEST, 0, NONE))
    return unit


def _is_constant(traffic):
    only = traffic.operations[0]
    return len(traffic.operations) == 1 and only.is_constant("work") and only.is_constant("io")


def _has_one_size(traffic):
    """Whether every request reads or writes as many bytes."""
    return len(traffic.operations) == 1 and traffic.operations[0].is_constant("item") and not traffic.keys.absent_share


def _lru(state, most, ttl_s):
    """The number of a new, empty memory."""
    return state.add("lrus", newest=NOWHERE, oldest=NOWHERE, last=NOWHERE, first=NOWHERE, most=most, ttl_s=ttl_s)


def _cold_starts(function):
    def fill(part):
        cold = function.cold_starts(*map(part.uniforms, COLD_DICE))
        return cold.platform_s, cold.init_s, cold.first_s

    return fill


def _keep_alive(player, function):
    """Number of the quantile table of idle lifetimes, or NONE and a constant."""
    if function.keep_alive == "custom":
        return NONE, function.keep_alive_s
    return _quantiles(player.state, *facts.keep_alive(function.keep_alive)), 0.0


def _quantiles(state, probability, value) -> int:
    """The number of a new quantile table."""
    first = state.extend("table_u", np.asarray(probability, dtype=float))
    state.extend("table_value", np.asarray(value, dtype=float))
    return state.add("tables", first=first, length=len(probability))


class ArrayPool:
    """A `ReadyPool` whose state lies in the world."""

    def __init__(self, state, most: int):
        self.state = state
        bucket = state.add("buckets")
        self.number = state.add("pools", first=state.lengthen("pool_idle", most + 1), bucket=bucket)

    @property
    def record(self):
        return self.state.view.pools[self.number]

    @property
    def ready(self) -> int:
        return int(self.record.ready)

    def busy_s(self, now_s: float) -> float:
        pool = self.record
        pool.busy_s += pool.busy * (now_s - pool.counted_s)
        pool.counted_s = now_s
        return float(pool.busy_s)

    def resize(self, number: int, rate_rps: float, now_s: float) -> None:
        self.busy_s(now_s)
        pool, numbers = self.record, self.state.view.pool_idle
        while pool.idle + pool.busy < number:
            pool.made += 1
            numbers[pool.first + pool.idle] = -pool.made
            pool.idle += 1
        gone = max(0, pool.idle + pool.busy - number)
        kept = max(0, pool.idle - gone)
        for place in range(kept):
            numbers[pool.first + place] = numbers[pool.first + place + pool.idle - kept]
        pool.idle = kept
        pool.ready = number
        bucket = self.state.view.buckets[pool.bucket]
        bucket.capacity = bucket.rate_per_s = bucket.tokens = rate_rps
        bucket.at_s = now_s


# EC2


def _ec2(player, level, service):
    run, columns = player.views[level], player.columns
    traffic = player.scenario.traffic
    fleet = player.state.add(
        "fleets", level=level, workers=service.workers_each, queue_limit=service.queue_limit,
        least_outstanding=service.routing == "least_outstanding", start_s=service.start_s,
        stop_s=math.inf if service.stop_s is None else service.stop_s,
        limit_s=service.idle_timeout_s if service.load_balancer else math.inf,
        connect_timeout_s=facts.value("alb.connect_timeout_s"), crowded=service.workers_each > service.kind.vcpu,
        counts_cpu=service.watches_cpu, vcpus=service.kind.vcpu, vcpus_per_request=service.vcpus_per_request,
        minutes=int(run.window_s // 60), ring=8,
        cpu=columns.add((level, "cpu"), lambda part: service.durations(part)[0], _is_constant(traffic)),
        io=columns.add((level, "io"), lambda part: service.durations(part)[1], _is_constant(traffic)),
        threads=columns.add("threads", lambda part: part.threads, len(traffic.operations) == 1))
    player.groups.append(ArrayGroup(player, service, run, fleet))
    player.groups[-1].align()
    return IS_FLEET, fleet, NONE


def _managed(player, level, service):
    return _ec2(player, level, service.fleet)


# DynamoDB


class ArrayStore:
    """Throughput and partitions of a table, as records in the world (see `services.dynamodb.control`)."""

    def __init__(self, state):
        self.state = state
        self.first = state.length("wholes")

    @property
    def partitions(self):
        return self.state.view.partitions

    @property
    def wholes(self):
        return self

    def __getitem__(self, number):
        return self.state.view.wholes[self.first + number]

    def add(self, most_partitions: int, **fields) -> None:
        first = self.state.lengthen("partitions", most_partitions)
        self.state.add("wholes", first=first, **fields)


def _dynamodb(player, level, table):
    state, columns, view = player.state, player.columns, player.views[level]
    traffic = player.scenario.traffic
    operations = traffic.operations
    store = ArrayStore(state)
    Control(table, view, store)
    lags = [NONE if name is None else _quantiles(state, *facts.latency(name)) for name in map(lag_of, operations)]
    latencies = [_quantiles(state, *facts.latency(name)) for name in LATENCIES]
    kinds = [kind_of(operation) for operation in operations]
    fields = dict(
        level=level, drawn_call=view.first_call, wholes=store.first, indexes=len(table.indexes),
        shards=table.write_shards, max_attempts=table.max_attempts, backoff_s=table.backoff_s,
        backoff_max_s=table.backoff_max_s, answer_s=facts.value("dynamodb.throttled_answer_ms") / 1000,
        kinds=state.extend("targets", np.array(kinds)), lags=state.extend("targets", np.array(lags)),
        targets=state.extend("targets", np.array([table.target_of(operation) for operation in operations])),
        moduli=state.extend("moduli", np.array([index.key_values for index in table.indexes], dtype=np.int64)),
        latencies=latencies[0], busy=NONE, written=NONE, added=NONE, versions=NONE,
        operation=columns.add("operation", lambda part: part.operation, len(operations) == 1),
        key=columns.add("key", lambda part: part.key), latency=columns.add((level, "latency"), table.latency_s))
    one_size = _has_one_size(traffic)
    demands = _Demand(table)
    for place in range(1 + len(table.indexes)):
        same = one_size and (place == 0 or not table.indexes[place - 1].is_partial)
        number = columns.add((level, "units", place), lambda part, place=place: demands(part)[place], same)
        fields["units"] = number - place
    if max(kinds) >= TRANSACTION:
        fields["busy"] = state.lengthen("key_s", traffic.keys.count)
    if any(kind % 2 for kind in kinds) and max(lags) != NONE:
        fields["written"] = state.lengthen("key_s", traffic.keys.count, -math.inf)
        fields["lag_u"] = columns.add("dynamodb.lag", lambda part: part.uniforms("dynamodb.lag"))
    if outermost_keeper(player.scenario.stack) < level:
        fields["versions"] = state.lengthen("key_s", traffic.keys.count)
    if table.collection_room_bytes < math.inf:
        fields["room_bytes"] = table.collection_room_bytes
        fields["added"] = state.lengthen("key_s", traffic.keys.count)
        fields["adds"] = columns.add((level, "adds"), table.collection_bytes)
    if table.write_shards > 1:
        fields["shard_u"] = columns.add("dynamodb.shard", lambda part: part.uniforms("dynamodb.shard"))
    return IS_TABLE, state.add("dynamo", **fields), NONE


class _Demand:
    """A table's demand by block of requests, worked out once for all rows."""

    def __init__(self, table):
        self.table = table
        self.part, self.units = None, None

    def __call__(self, part):
        if part is not self.part:
            self.part, self.units = part, self.table.demand(part)
        return self.units


# Caches


def _dax(player, level, service):
    run, state = player.views[level], player.state
    cluster = state.add("clusters", rate=service.rate(service.nodes), tokens=service.rate(service.nodes))
    unit = _front(player, level, service, cluster)
    first = state.view.fronts[unit].lru
    service.watch(run, lambda: state.view.clusters[cluster],
                  lambda: forget([state.view.lrus[first], state.view.lrus[first + 1]], state.view.entries))
    return IS_CACHE, unit, NONE


def _elasticache(player, level, service):
    run = player.views[level]
    run.at_end(lambda: service.close(run))
    return IS_CACHE, _front(player, level, service, NONE), NONE


def _front(player, level, service, cluster):
    """The record of a cache; what stands behind it has its record already."""
    state, columns, traffic = player.state, player.columns, player.scenario.traffic
    front = service.front(player.workload)
    operations, count = traffic.operations, traffic.keys.count
    queries = front.queries
    entries = state.lengthen("entries", count * (1 + len(queries)))
    lrus = [_lru(state, *each) for each in zip(front.most_bytes, front.ttl_s)]
    behind = state.view.dynamo[state.view.levels[level + 1].unit]
    same = len(operations) == 1
    fields = dict(
        classes=state.extend("targets", np.array(front.classes)), count=count, entries=entries, lru=lrus[0],
        queries=state.extend("targets", np.array([queries.get(number, 0) for number in range(len(operations))])),
        cluster=cluster, versions=behind.versions, hit_cost=front.costs[0], miss_cost=front.costs[1],
        write_cost=front.costs[2], on_write=front.on_write, own_trips=front.own_trips, one_pool=front.one_pool,
        keeps_nothing=front.keeps_nothing,
        bypass_share=front.bypass_share, operation=columns.add("operation", lambda part: part.operation, same),
        key=columns.add("key", lambda part: part.key),
        size=columns.add("result bytes", result_bytes, _has_one_size(traffic)),
        trip=columns.add((level, "trip"), lambda part: trips_s(front, part)))
    if front.bypass_share:
        fields["bypass"] = columns.add("cache.bypass", lambda part: part.uniforms("cache.bypass"))
    return state.add("fronts", **fields)


# API Gateway


def _api_gateway(player, level, service):
    state, columns, traffic = player.state, player.columns, player.scenario.traffic
    operations, count = traffic.operations, traffic.keys.count
    kept = service.kept(operations)

    def bucket(capacity, rate_per_s):
        return state.add("buckets", capacity=capacity, rate_per_s=rate_per_s, tokens=capacity)

    table = player.scenario.stack[-1]
    memory = service.memory
    same = len(operations) == 1
    unit = state.add(
        "apis", account=bucket(service.account_burst, service.account_rate_rps),
        stage=NONE if service.rate_rps is None else bucket(service.burst, service.rate_rps),
        timeout_s=service.timeout_s, kept=state.extend("targets", np.array(kept)), count=count,
        entries=state.lengthen("entries", count * max(kept)),
        lru=_lru(state, memory.most, memory.ttl_s),
        versions=state.view.dynamo[state.view.levels[-1].unit].versions if isinstance(table, DynamoDb) else NONE,
        most_bytes=facts.value("apigateway.cached_max_bytes"),
        operation=columns.add("operation", lambda part: part.operation, same),
        key=columns.add("key", lambda part: part.key),
        size=columns.add("result bytes", result_bytes, _has_one_size(traffic)),
        overhead=columns.add((level, "overhead"), service.overhead_s))
    service.note(player.views[level])
    return IS_API, unit, NONE


_OPENED = {ApiGateway: _api_gateway, Client: _client, Lambda: _lambda, Functions: _functions, Ec2: _ec2,
           ManagedInstances: _managed, DynamoDb: _dynamodb, Dax: _dax, ElastiCache: _elasticache}
