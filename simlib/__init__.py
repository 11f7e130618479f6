"""Serverless Lab: put one stream of requests through AWS services and see latency, throttles and the bill."""

from simlib.compare import compare, sweep, vary
from simlib.engine import Result, Scenario, simulate
from simlib.facts import FactError
from simlib.params import ParamError
from simlib.pricing import bill, price_book
from simlib.services import ApiGateway, Client, Dax, DynamoDb, Ec2, ElastiCache, Functions, Lambda, ManagedInstances
from simlib.services.costs import CloudWatchLogs, DataTransferOut, EventPollers, NatGateway, OwnLine
from simlib.services.dynamodb import (
    EventSourceMapping,
    GlobalIndex,
    GlobalTable,
    KclApplication,
    KinesisStream,
    Stream,
    Ttl,
)
from simlib.workload import (
    Bursts,
    Constant,
    Daily,
    Keys,
    Operation,
    Poisson,
    Spike,
    Steps,
    Trace,
    Traffic,
    Workload,
    draw,
)

__all__ = [
    "ApiGateway", "Bursts", "Client", "CloudWatchLogs", "Constant", "Daily", "DataTransferOut", "Dax", "DynamoDb",
    "Ec2", "ElastiCache", "EventPollers", "EventSourceMapping", "FactError", "Functions", "GlobalIndex",
    "GlobalTable", "KclApplication", "Keys", "KinesisStream", "Lambda", "ManagedInstances", "NatGateway", "Operation",
    "OwnLine", "ParamError", "Poisson", "Result", "Scenario", "Spike", "Steps", "Stream", "Trace", "Traffic", "Ttl",
    "Workload", "bill", "compare", "draw", "price_book", "simulate", "sweep", "vary",
]
