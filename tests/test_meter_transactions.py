"""Transactions: figures captured on DynamoDB itself, repeated tokens, cancellations.

`MEASURED`, `REPEATED` and the sizes in them were captured on AWS (dynamodb-conformance, transactions of 2026-06-30):
the table has the keys pk and sk, a global index on g, and a local index on l.
"""

import pytest
from botocore.exceptions import ClientError
from tables import INDEXES, contents, item, laboratory, make, padded, parts, total

KEY = item(pk="a", sk="1")
FULL = item(pk="a", sk="1", g="g1", l="l1", proj="p", rest="o")
GLOBAL = item(pk="a", sk="1", g="g1", proj="p")
SPARSE = item(pk="a", sk="1", proj="p")


@pytest.fixture
def lab():
    with laboratory() as lab:
        make(lab.client, keys="pk sk", gsi=("g", ["proj"]), lsi=("pk l", "ALL"))
        yield lab


def put(new):
    return {"Put": {"TableName": "t", "Item": new}}


def delete(key=KEY):
    return {"Delete": {"TableName": "t", "Key": key}}


def check(key=KEY, condition="attribute_exists(pk)"):
    return {"ConditionCheck": {"TableName": "t", "Key": key, "ConditionExpression": condition}}


def update(name, value, key=KEY):
    return {
        "Update": {
            "TableName": "t",
            "Key": key,
            "UpdateExpression": "SET #n = :v",
            "ExpressionAttributeNames": {"#n": name},
            "ExpressionAttributeValues": item(**{":v": value}),
        }
    }


def write(lab, *actions, **options):
    return lab.client.transact_write_items(TransactItems=list(actions), **INDEXES, **options)


def large(size_bytes, **more):
    return padded(size_bytes, pk="a", sk="1", **more)


MEASURED = {
    "put into the global index": (None, [put(GLOBAL)], (3, 2, {"gsi": 1}, {})),
    "put into no index": (None, [put(SPARSE)], (2, 2, {}, {})),
    "put into both": (None, [put(FULL)], (4, 2, {"gsi": 1}, {"lsi": 1})),
    "put of the same again": (FULL, [put(FULL)], (2, 2, {}, {})),
    "update outside of the global projection": (FULL, [update("rest", "x")], (3, 2, {}, {"lsi": 1})),
    "move of the global key": (FULL, [update("g", "g2")], (5, 2, {"gsi": 2}, {"lsi": 1})),
    "delete": (FULL, [delete()], (4, 2, {"gsi": 1}, {"lsi": 1})),
    "condition check": (FULL, [check()], (2, 2, {}, {})),
    "two puts": (None, [put(FULL), put({**FULL, **item(sk="2")})], (8, 4, {"gsi": 2}, {"lsi": 2})),
    "put that shrinks 3,000 bytes": (large(3000), [put(SPARSE)], (6, 6, {}, {})),
    "delete of 3,000 bytes in an ALL index": (large(3000, l="l"), [delete()], (9, 6, {}, {"lsi": 3})),
    "move of 1,500 bytes in an ALL index": (large(1500, l="l"), [update("l", "m")], (8, 4, {}, {"lsi": 4})),
    "condition check of 3,000 bytes": (large(3000), [check()], (6, 6, {}, {})),
    "update that writes a new item of 2,000 bytes": (None, [update("x", "x" * 1990)], (4, 4, {}, {})),
    "delete of nothing": (None, [delete()], (2, 2, {}, {})),
    "put of the same 3,000 bytes again": (large(3000, l="l"), [put(large(3000, l="l"))], (6, 6, {}, {})),
}


@pytest.mark.parametrize("case", MEASURED)
def test_transactions_cost_twice_at_the_table_and_once_at_the_indexes_as_dynamodb_charged(lab, case):
    before, actions, expected = MEASURED[case]
    if before:
        lab.client.put_item(TableName="t", Item=before)
    done = write(lab, *actions)
    assert parts(done) == expected
    (report,) = done["ConsumedCapacity"]
    assert report["WriteCapacityUnits"] == report["CapacityUnits"] and "ReadCapacityUnits" not in report


REPEATED = {
    "put that shrinks 9 KB": (large(9000), [put(SPARSE)], 18, 6),
    "put that grows to 9 KB": (SPARSE, [put(large(9000))], 18, 6),
    "delete of 9 KB": (large(9000), [delete()], 18, 6),
    "check of 9 KB": (large(9000), [check()], 18, 6),
    "delete of 9 KB and a small put": (large(9000), [delete(), put(item(pk="b", sk="1"))], 20, 8),
    "put of 1.5 KB": (None, [put(large(1500))], 4, 2),
}


@pytest.mark.parametrize("case", REPEATED)
def test_a_repeated_token_applies_once_and_then_reads_4_kb_at_a_time(lab, case):
    """Each item counts by its larger state of the first call, 2 units for 4 KB."""
    before, actions, first, again = REPEATED[case]
    if before:
        lab.client.put_item(TableName="t", Item=before)
    assert total(write(lab, *actions, ClientRequestToken="once")) == first
    stored = contents(lab.client)
    for _ in range(2):
        (report,) = write(lab, *actions, ClientRequestToken="once")["ConsumedCapacity"]
        assert report["CapacityUnits"] == report["ReadCapacityUnits"] == report["Table"]["ReadCapacityUnits"] == again
        assert "WriteCapacityUnits" not in report and "GlobalSecondaryIndexes" not in report
    assert contents(lab.client) == stored
    assert lab.ledger.read_units == 2 * again


def test_a_repeated_token_does_not_count_up_again(lab):
    """API reference, ClientRequestToken: "multiple identical calls have the same effect as one single call"."""
    add = update("n", 1)
    add["Update"]["UpdateExpression"] = "ADD #n :v"
    for _ in range(3):
        write(lab, add, ClientRequestToken="once")
    assert contents(lab.client) == [{**KEY, "n": {"N": "1"}}]
    write(lab, add, ClientRequestToken="another")
    assert contents(lab.client) == [{**KEY, "n": {"N": "2"}}]


def test_a_token_with_other_items_is_refused_and_costs_nothing(lab):
    write(lab, put(SPARSE), ClientRequestToken="once")
    before = lab.ledger.calls
    with pytest.raises(ClientError) as caught:
        write(lab, put(FULL), ClientRequestToken="once")
    assert caught.value.response["Error"]["Code"] == "IdempotentParameterMismatchException"
    assert contents(lab.client) == [SPARSE] and lab.ledger.calls == before


def test_a_token_is_forgotten_after_ten_minutes(lab, monkeypatch):
    """API reference, ClientRequestToken: valid for 10 minutes after the first request that uses it is completed."""
    import time

    now = time.time()
    add = update("n", 1)
    add["Update"]["UpdateExpression"] = "ADD #n :v"
    write(lab, add, ClientRequestToken="once")
    monkeypatch.setattr(time, "time", lambda: now + 599)
    assert total(write(lab, add, ClientRequestToken="once")) == 2 and lab.ledger.read_units == 2
    monkeypatch.setattr(time, "time", lambda: now + 601)
    assert total(write(lab, add, ClientRequestToken="once")) == 2 and lab.ledger.read_units == 2
    assert contents(lab.client) == [{**KEY, "n": {"N": "2"}}]


def test_a_token_may_ask_for_another_report_and_survives_a_cancelled_transaction(lab):
    """What was cancelled was never done: the token may be used for it again."""
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        write(lab, check(), ClientRequestToken="once")
    lab.client.put_item(TableName="t", Item=SPARSE)
    write(lab, check(), ClientRequestToken="once")
    response = lab.client.transact_write_items(TransactItems=[check()], ClientRequestToken="once")
    assert "ConsumedCapacity" not in response
    assert lab.ledger[-1].read_units == 2


def test_tokens_are_forgotten_with_the_tables(lab):
    from moto.dynamodb.models import dynamodb_backends

    write(lab, put(SPARSE), ClientRequestToken="once")
    dynamodb_backends.reset()
    make(lab.client, keys="pk sk")
    write(lab, put(FULL), ClientRequestToken="once")
    assert contents(lab.client) == [FULL]


def test_a_transaction_cancelled_by_a_condition_is_charged_like_a_write_but_not_at_the_indexes(lab):
    """Developer Guide, transactions: a cancelled transaction consumes capacity as well; nothing reached an index."""
    lab.client.put_item(TableName="t", Item=large(3000, g="g"))
    before = lab.ledger.write_units
    with pytest.raises(ClientError) as caught:
        write(lab, put(large(5000, g="h")), check(item(pk="b", sk="1")), delete(item(pk="c", sk="1")))
    assert caught.value.response["Error"]["Code"] == "TransactionCanceledException"
    codes = [reason["Code"] for reason in caught.value.response["CancellationReasons"]]
    assert codes == ["None", "ConditionalCheckFailed", "None"]
    assert lab.ledger.write_units - before == 2 * (5 + 1 + 1)
    assert lab.ledger[-1].error == "TransactionCanceledException" and lab.ledger[-1].index is None
    assert contents(lab.client) == [large(3000, g="g")]


def test_each_table_of_a_transaction_has_its_own_report(lab):
    make(lab.client, "u", by_g=("g", "ALL"))
    other = {"Put": {"TableName": "u", "Item": item(pk="a", g="g")}}
    reports = write(lab, put(FULL), other)["ConsumedCapacity"]
    assert {each["TableName"]: each["WriteCapacityUnits"] for each in reports} == {"t": 4.0, "u": 3.0}
    gets = [{"Get": {"TableName": name, "Key": key}} for name, key in (("t", KEY), ("u", item(pk="zz")))]
    reports = lab.client.transact_get_items(TransactItems=gets, **INDEXES)["ConsumedCapacity"]
    assert {each["TableName"]: each["ReadCapacityUnits"] for each in reports} == {"t": 2.0, "u": 2.0}


def test_reads_in_a_transaction_cost_two_units_for_4_kb_of_each_item_and_for_none(lab):
    for key, size in (("1", 100), ("2", 4096), ("3", 4097)):
        lab.client.put_item(TableName="t", Item=padded(size, pk="a", sk=key))
    gets = [{"Get": {"TableName": "t", "Key": item(pk="a", sk=key)}} for key in "1234"]
    assert [total(lab.client.transact_get_items(TransactItems=[get], **INDEXES)) for get in gets] == [2, 2, 4, 2]
    got = lab.client.transact_get_items(TransactItems=gets, **INDEXES)
    assert parts(got) == (10, 10, {}, {}) and [("Item" in each) for each in got["Responses"]] == [True] * 3 + [False]


# --- what DynamoDB refuses --------------------------------------------------------------------------------


def code_of(call, *arguments, **named):
    with pytest.raises(ClientError) as caught:
        call(*arguments, **named)
    return caught.value.response["Error"]["Code"]


def keys(count):
    return [item(pk=f"{number:03}", sk="1") for number in range(count)]


def test_a_transaction_takes_a_hundred_items_and_no_more(lab):
    assert total(write(lab, *map(put, keys(100)))) == 200
    assert code_of(write, lab, *map(delete, keys(101))) == "ValidationException"
    gets = [{"Get": {"TableName": "t", "Key": key}} for key in keys(101)]
    assert total(lab.client.transact_get_items(TransactItems=gets[:100], **INDEXES)) == 200
    assert code_of(lab.client.transact_get_items, TransactItems=gets) == "ValidationException"
    assert len(contents(lab.client)) == 100


@pytest.mark.parametrize("second", [put(SPARSE), delete(), check(), update("x", "y")])
def test_no_two_actions_on_one_item(lab, second):
    with pytest.raises(ClientError, match="Transaction request cannot include multiple operations on one item"):
        write(lab, put(FULL), second)
    get = {"Get": {"TableName": "t", "Key": KEY}}
    with pytest.raises(ClientError, match="multiple operations on one item"):
        lab.client.transact_get_items(TransactItems=[get, get])
    assert contents(lab.client) == [] and lab.ledger.calls == 0


def test_a_transaction_takes_4_mb_and_no_more(lab):
    """Ten items of 400 KB and one of 96 KB are 4 MB to the byte."""
    sizes = [400 * 1024] * 10 + [96 * 1024]
    actions = [put(padded(size, pk=f"{number:02}", sk="1")) for number, size in enumerate(sizes)]
    assert total(write(lab, *actions)) == 2 * 4096
    beyond = [*actions[:-1], put(padded(96 * 1024 + 1, pk="10", sk="1"))]
    assert code_of(write, lab, *beyond) == "ValidationException"
    lab.client.put_item(TableName="t", Item=item(pk="zz", sk="1"))
    gets = [{"Get": {"TableName": "t", "Key": item(pk=f"{number:02}", sk="1")}} for number in range(11)]
    assert total(lab.client.transact_get_items(TransactItems=gets, **INDEXES)) == 2048
    gets.append({"Get": {"TableName": "t", "Key": item(pk="zz", sk="1")}})
    assert code_of(lab.client.transact_get_items, TransactItems=gets) == "ValidationException"


def test_a_token_of_37_characters_is_refused(lab):
    write(lab, put(SPARSE), ClientRequestToken="x" * 36)
    with pytest.raises(ClientError, match="clientRequestToken"):
        write(lab, put(SPARSE), ClientRequestToken="x" * 37)


def test_an_item_that_an_update_makes_too_large_cancels_the_transaction_and_nothing_is_stored(lab):
    """Captured on DynamoDB: ValidationError for that action, "Item size to update has exceeded ..."."""
    before = [large(300 * 1024), item(pk="b", sk="1", x="gone soon")]
    for each in before:
        lab.client.put_item(TableName="t", Item=each)
    calls = lab.ledger.calls
    with pytest.raises(ClientError) as caught:
        write(lab, delete(item(pk="b", sk="1")), update("y", "y" * 110_000), put(item(pk="c", sk="1")))
    error = caught.value.response
    assert error["Error"]["Code"] == "TransactionCanceledException"
    assert [reason["Code"] for reason in error["CancellationReasons"]] == ["None", "ValidationError", "None"]
    assert contents(lab.client) == sorted(before, key=repr) and lab.ledger.calls == calls


def test_a_put_that_is_too_large_is_refused_before_the_transaction_starts(lab):
    assert code_of(write, lab, put(SPARSE), put(padded(400 * 1024 + 1, pk="b", sk="1"))) == "ValidationException"
    assert contents(lab.client) == []
