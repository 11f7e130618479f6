"""Amazon DynamoDB in time: capacity, throttling, indexes, and what they cost."""

from simlib.services.dynamodb.table import DynamoDb, GlobalIndex

__all__ = ["DynamoDb", "GlobalIndex"]
