"""Benchmarks of the meter: a million item sizes, and calls on moto with the meter against the same without it.

`measure(quick)` gives rows of the same columns as `tests.benchmarks.__main__.measure`. Time is processor time of this
process: all of it runs in one thread, and what else the machine does is not in it.
"""

from __future__ import annotations

import gc
import statistics
import time

SIZES = 1_000_000
SIZES_GOAL_S = 10.0
CALLS_GOAL = 2.0


def item_of_20_attributes(number: int) -> dict:
    """Mostly short texts and numbers, each with its own values, and one of every other type."""
    texts = {f"text{k}": {"S": f"some words of item {number * 31 + k}"} for k in range(7)}
    numbers = {f"number{k}": {"N": str(number * 7919 + k)} for k in range(3)}
    return {
        "pk": {"S": f"user#{number}"},
        "sk": {"S": f"order#{number:08}"},
        **texts,
        **numbers,
        "price": {"N": f"{number % 1000}.95"},
        "negative": {"N": f"-{number}"},
        "이름": {"S": "서울 부산"},
        "flag": {"BOOL": True},
        "none": {"NULL": True},
        "raw": {"B": b"0123456789"},
        "tags": {"SS": ["a", "bb", "ccc"]},
        "map": {"M": {"a": {"N": "1"}, "b": {"S": "x"}}},
    }


def sizes_s(quick: bool) -> float:
    """Seconds for a million sizes; all items differ, so that nothing remembered helps more than in real use."""
    from simlib.meter import item_size

    items = [item_of_20_attributes(number) for number in range(10_000)]
    rounds = 10 if quick else SIZES // len(items)
    started = time.process_time()
    for _ in range(rounds):
        for item in items:
            item_size(item)
    return (time.process_time() - started) * SIZES / (rounds * len(items))


def calls(client) -> dict:
    """{name: function of a number} of the calls that are measured, on a table with two indexes."""
    client.create_table(
        TableName="bench",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "g", "l")],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[_index("far", "g")],
        LocalSecondaryIndexes=[_index("near", "pk", "l")],
    )
    for number in range(25):
        item = item_of_20_attributes(number) | {"pk": {"S": "page"}, "g": {"S": "g"}, "l": {"S": str(number)}}
        client.put_item(TableName="bench", Item=item)

    def item(number):
        return item_of_20_attributes(number) | {"g": {"S": "g"}, "l": {"S": "l"}}

    def key(number):
        return {name: item_of_20_attributes(number)[name] for name in ("pk", "sk")}

    def update(number):
        return {
            "TableName": "bench",
            "Key": key(number),
            "UpdateExpression": "SET text0 = :v",
            "ExpressionAttributeValues": {":v": {"S": str(number)}},
        }

    page = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "page"}}}
    return {
        "put_item": lambda n: client.put_item(TableName="bench", Item=item(n)),
        "get_item": lambda n: client.get_item(TableName="bench", Key=key(n)),
        "update_item": lambda n: client.update_item(**update(n)),
        "query of 25 items": lambda n: client.query(TableName="bench", **page),
        "transact_write_items of 5": lambda n: client.transact_write_items(
            TransactItems=[{"Update": update(n + k)} for k in range(5)]
        ),
    }


def _index(name: str, *keys: str) -> dict:
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"))],
        "Projection": {"ProjectionType": "ALL"},
    }


def calls_ms(quick: bool) -> dict[str, tuple[float, float]]:
    """{call: (milliseconds with the meter, milliseconds without it)}: medians of turns taken."""
    import boto3
    from moto import mock_aws

    from simlib import meter

    found = {}
    with mock_aws():
        client = boto3.client("dynamodb", "us-east-1")
        for name, call in calls(client).items():
            plain, metered = [], []
            for turn in range(4 if quick else 16):
                plain.append(_milliseconds(call))
                with meter.watch(client):
                    metered.append(_milliseconds(call))
                if turn == 0:
                    plain.clear(), metered.clear()  # imports and caches are not what is measured
            found[name] = statistics.median(metered), statistics.median(plain)
    return found


def _milliseconds(call, times: int = 10) -> float:
    """Processor time of a call without garbage collection, which would fall into one half of a turn only."""
    gc.collect()
    gc.disable()
    try:
        started = time.process_time()
        for number in range(times):
            call(number)
        return (time.process_time() - started) / times * 1e3
    finally:
        gc.enable()


def measure(quick: bool) -> list[dict]:
    """All rows: what, ours, rival, ratio, goal, met. The rival is the call on moto without the meter."""
    seconds = sizes_s(quick)
    rows = [
        {
            "what": "sizes of a million items of 20 attributes, s",
            "ours": round(seconds, 2),
            "rival": "",
            "ratio": "",
            "goal": f"< {SIZES_GOAL_S:g}",
            "met": seconds < SIZES_GOAL_S,
        }
    ]
    for name, (ours, rival) in calls_ms(quick).items():
        rows.append(
            {
                "what": f"metered {name}, ms, against the same call on moto",
                "ours": round(ours, 3),
                "rival": round(rival, 3),
                "ratio": round(ours / rival, 2),
                "goal": f"< {CALLS_GOAL:g}x",
                "met": ours / rival < CALLS_GOAL,
            }
        )
    return rows


if __name__ == "__main__":
    import sys

    for row in measure("--quick" in sys.argv):
        print(*(f"{key} {value}" for key, value in row.items() if value != ""), sep="  ")
