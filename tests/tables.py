"""DynamoDB tables on moto in few words, and items of a known weight, for the tests of the meter."""

import functools
from contextlib import contextmanager
from types import SimpleNamespace

import boto3
from moto import mock_aws

from simlib import meter

INDEXES = {"ReturnConsumedCapacity": "INDEXES"}


@functools.cache
def shared_client():
    """One client for all tests: making one takes longer than most of them. Call it inside mock_aws."""
    return boto3.client("dynamodb", "us-east-1")


@contextmanager
def laboratory(**options):
    """An empty DynamoDB on moto, with `client` watched into `ledger`; `options` go to `meter.watch`."""
    with mock_aws(), meter.watch(shared_client(), **options) as ledger:
        yield SimpleNamespace(client=shared_client(), ledger=ledger)


def make(client, name="t", keys="pk", *, types=None, provisioned=False, **indexes):
    """Creates a table. `keys` and each index's keys are one or two names with a space between them.

    An index is `name=(keys, projection)`: local if its first key is the table's; the projection is "ALL", "KEYS_ONLY"
    or a list of attributes. Key attributes are strings unless `types` says "N" or "B".
    """
    capacity = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    arguments = {"GlobalSecondaryIndexes": [], "LocalSecondaryIndexes": []}
    names = set(keys.split())
    for index, (index_keys, projection) in indexes.items():
        names |= set(index_keys.split())
        local = index_keys.split()[0] == keys.split()[0]
        listed = isinstance(projection, list)
        entry = {
            "IndexName": index,
            "KeySchema": _schema(index_keys),
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": projection}
            if listed
            else {"ProjectionType": projection},
        }
        if provisioned and not local:
            entry["ProvisionedThroughput"] = capacity
        arguments["LocalSecondaryIndexes" if local else "GlobalSecondaryIndexes"].append(entry)
    mode = {"ProvisionedThroughput": capacity} if provisioned else {"BillingMode": "PAY_PER_REQUEST"}
    client.create_table(
        TableName=name,
        KeySchema=_schema(keys),
        AttributeDefinitions=[
            {"AttributeName": each, "AttributeType": (types or {}).get(each, "S")} for each in sorted(names)
        ],
        **{key: value for key, value in arguments.items() if value},
        **mode,
    )
    return name


def _schema(keys):
    kinds = ("HASH", "RANGE")
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(keys.split(), kinds, strict=False)]


def item(**attributes):
    """DynamoDB JSON of plain values: str, int and bytes; anything else is taken as it is."""
    tags = {str: "S", int: "N", bytes: "B"}
    return {
        name: {tags[type(value)]: str(value) if type(value) is int else value} if type(value) in tags else value
        for name, value in attributes.items()
    }


def of_key(name="pk", value="a"):
    """The parameters of a Query for one value of a key attribute."""
    return {
        "KeyConditionExpression": "#key = :value",
        "ExpressionAttributeNames": {"#key": name},
        "ExpressionAttributeValues": item(**{":value": value}),
    }


def padded(size_bytes, **attributes):
    """An item of strings that weighs exactly so many bytes: names and values in ASCII, and the attribute `x`."""
    rest = size_bytes - 1 - sum(len(name) + len(value) for name, value in attributes.items())
    assert rest >= 0
    return item(**attributes, x="x" * rest)


def parts(response):
    """Units of a response's one ConsumedCapacity: (total, table, {global index: units}, {local index: units})."""
    report = response["ConsumedCapacity"]
    if isinstance(report, list):
        (report,) = report
    found = [
        {name: part["CapacityUnits"] for name, part in report.get(key, {}).items()}
        for key in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
    ]
    return report["CapacityUnits"], report["Table"]["CapacityUnits"], *found


def total(response):
    """All units of a response's ConsumedCapacity, whatever its shape."""
    report = response["ConsumedCapacity"]
    return sum(each["CapacityUnits"] for each in (report if isinstance(report, list) else [report]))


def contents(client, name="t"):
    """All items of a table, in order of their text, read from moto without a call."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.dynamodb.models import dynamodb_backends

    stored = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables[name].all_items()
    return sorted((each.to_json()["Attributes"] for each in stored), key=repr)
