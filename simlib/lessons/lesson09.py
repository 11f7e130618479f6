"""Lesson 09, GSI or LSI: so far the ticket shop's table on moto, with one index of each kind."""

from __future__ import annotations

import boto3
from moto import mock_aws

TABLE, BY_STATUS, BY_PRICE = "tickets", "by-status", "by-price"


def shop(projection: str = "ALL", included: tuple[str, ...] = ()):
    """A running mock and a client of a new table with a GSI and an LSI; stop the mock when done."""
    mock = mock_aws()
    mock.start(reset=False)
    client = boto3.client("dynamodb", "us-east-1", aws_access_key_id="lesson", aws_secret_access_key="lesson")
    project = {"ProjectionType": projection} | ({"NonKeyAttributes": list(included)} if included else {})

    def keys(*names):
        return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"))]

    client.create_table(
        TableName=TABLE, BillingMode="PAY_PER_REQUEST", KeySchema=keys("concert", "seat"),
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind}
                              for name, kind in (("concert", "S"), ("seat", "S"), ("status", "S"), ("price", "N"))],
        GlobalSecondaryIndexes=[{"IndexName": BY_STATUS, "KeySchema": keys("status", "seat"), "Projection": project}],
        LocalSecondaryIndexes=[{"IndexName": BY_PRICE, "KeySchema": keys("concert", "price"), "Projection": project}],
    )
    return mock, client
