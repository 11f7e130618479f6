"""Amazon DynamoDB in time: capacity, throttling, indexes, replicas, what follows a write, and what they cost."""

from simlib.services.dynamodb.kinesis import KinesisStream
from simlib.services.dynamodb.replicas import GlobalTable
from simlib.services.dynamodb.streams import EventSourceMapping, KclApplication, Stream
from simlib.services.dynamodb.table import DynamoDb, GlobalIndex
from simlib.services.dynamodb.ttl import Ttl

__all__ = ["DynamoDb", "EventSourceMapping", "GlobalIndex", "GlobalTable", "KclApplication", "KinesisStream", "Stream",
           "Ttl"]
