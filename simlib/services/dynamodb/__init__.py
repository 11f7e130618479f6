"""Amazon DynamoDB in time: capacity, throttling, indexes, replicas, and what they cost."""

from simlib.services.dynamodb.replicas import GlobalTable
from simlib.services.dynamodb.table import DynamoDb, GlobalIndex

__all__ = ["DynamoDb", "GlobalIndex", "GlobalTable"]
