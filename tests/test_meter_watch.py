"""`meter.watch`: every kind of client, nesting, exceptions, calls that are not metered; nothing stays behind."""

import threading

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError, ParamValidationError
from moto import mock_aws
from tables import INDEXES, contents, item, laboratory, make, padded, shared_client, total

from simlib import meter

A = item(pk="a")
EVENTS = ("before-call.dynamodb.PutItem", "after-call.dynamodb.PutItem", "after-call-error.dynamodb.PutItem")


@pytest.fixture
def client():
    with mock_aws():
        make(shared_client())
        yield shared_client()


@pytest.fixture
def resource():
    with mock_aws():
        resource = boto3.resource("dynamodb", "us-east-1")
        make(resource.meta.client)
        yield resource


def prefix(client, event):
    return list(client.meta.events._emitter._handlers.prefix_search(event))


# --- which clients ----------------------------------------------------------------------------------------


def test_a_resource_a_table_and_its_client_may_be_watched_and_are_the_same(resource):
    table = resource.Table("t")
    for watched in (resource, table, table.meta.client):
        with meter.watch(watched) as ledger:
            done = table.put_item(Item={"pk": "a", "n": 5, "b": b"\xff", "tags": {"x"}}, **INDEXES)
            assert done["ConsumedCapacity"]["CapacityUnits"] == 1
            got = table.get_item(Key={"pk": "a"}, **INDEXES)
            assert got["ConsumedCapacity"]["CapacityUnits"] == 0.5 and got["Item"]["tags"] == {"x"}
        assert [line.operation for line in ledger] == ["PutItem", "GetItem"]


def test_conditions_paginators_and_batch_writers_of_a_resource_are_metered(resource):
    table = resource.Table("t")
    with meter.watch(resource) as ledger:
        with table.batch_writer() as batch:
            for number in range(60):
                batch.put_item(Item={"pk": str(number), "x": "x" * 1500, "number": number})
        assert (ledger.calls, ledger.write_units) == (3, 120)
        found = table.query(KeyConditionExpression=Key("pk").eq("5"), FilterExpression=Attr("number").gt(5), **INDEXES)
        assert found["Count"] == 0 and total(found) == 0.5
        pages = table.meta.client.get_paginator("scan").paginate(
            TableName="t", PaginationConfig={"PageSize": 25}, **INDEXES
        )
        assert [total(page) for page in pages] == [4.5 + 0.5, 4.5 + 0.5, 2.0]
        table.update_item(Key={"pk": "5"}, UpdateExpression="SET x = :x", ExpressionAttributeValues={":x": "x"})
        assert ledger[-1].write_units == 2


def test_a_full_page_of_a_resource_goes_on_with_its_key_whatever_its_type(resource):
    make(resource.meta.client, "b", keys="pk sk", types={"sk": "B", "pk": "N"})
    table = resource.Table("b")
    with meter.watch(table):
        for number in range(4):
            table.put_item(Item={"pk": 1, "sk": bytes([number])})
        first = table.query(KeyConditionExpression=Key("pk").eq(1), Limit=4)
        assert first["LastEvaluatedKey"]["pk"] == 1 and first["LastEvaluatedKey"]["sk"] == b"\x03"
        assert (
            table.query(KeyConditionExpression=Key("pk").eq(1), Limit=4, ExclusiveStartKey=first["LastEvaluatedKey"])[
                "Count"
            ]
            == 0
        )


@pytest.mark.parametrize("wrong", [None, "t", 5, boto3])
def test_only_dynamodb_can_be_watched(wrong):
    with pytest.raises(meter.MeterError, match="give a DynamoDB client, resource or Table"), meter.watch(wrong):
        pass
    with mock_aws(), pytest.raises(meter.MeterError, match="cannot be watched"):
        with meter.watch(boto3.client("s3", "us-east-1")):
            pass


def test_another_client_is_not_metered(client):
    other = boto3.client("dynamodb", "us-east-1")
    with meter.watch(client) as ledger:
        other.put_item(TableName="t", Item=padded(5000, pk="a"))
        assert len(ledger) == 0
        assert total(client.get_item(TableName="t", Key=A, **INDEXES)) == 1


# --- nothing stays behind ---------------------------------------------------------------------------------


def test_the_client_is_as_it_was_when_the_watch_ends(client):
    """The handlers of botocore's events are the same before and after, also when the block raises."""
    before = [prefix(client, event) for event in EVENTS]
    plain = client.put_item(TableName="t", Item=padded(5000, pk="a"), **INDEXES)["ConsumedCapacity"]
    with meter.watch(client):
        assert [prefix(client, event) for event in EVENTS] != before
        assert total(client.put_item(TableName="t", Item=padded(5000, pk="a"), **INDEXES)) == 5
    assert [prefix(client, event) for event in EVENTS] == before
    for raised in (ValueError, KeyboardInterrupt):
        with pytest.raises(raised), meter.watch(client):
            raise raised
        assert [prefix(client, event) for event in EVENTS] == before
    assert client.put_item(TableName="t", Item=padded(5000, pk="a"), **INDEXES)["ConsumedCapacity"] == plain


def test_a_call_that_raises_is_recorded_if_it_is_charged_and_the_next_one_is_metered(client):
    with meter.watch(client) as ledger:
        with pytest.raises(ClientError):
            client.put_item(TableName="t", Item=A, ConditionExpression="attribute_exists(pk)")
        with pytest.raises(ClientError):
            client.get_item(TableName="nowhere", Key=A)
        with pytest.raises(ParamValidationError):
            client.get_item(TableName="t", Nonsense=5)
        with pytest.raises(ParamValidationError):
            client.put_item(TableName="t", Item={"pk": "a"})
        client.put_item(TableName="t", Item=A)
    assert [(line.call, line.error) for line in ledger] == [(0, "ConditionalCheckFailedException"), (1, None)]


def test_an_error_on_the_way_costs_nothing_and_harms_nothing(client):
    def broken(**_):
        raise OSError("the cable is cut")

    client.meta.events.register("before-send.dynamodb.PutItem", broken)
    try:
        with meter.watch(client) as ledger:
            with pytest.raises(OSError, match="cable"):
                client.put_item(TableName="t", Item=A)
            assert total(client.get_item(TableName="t", Key=A, **INDEXES)) == 0.5
        assert [line.operation for line in ledger] == ["GetItem"]
    finally:
        client.meta.events.unregister("before-send.dynamodb.PutItem", broken)


def test_handlers_that_others_have_registered_see_what_they_saw(client):
    """A handler of the learner's own sees the metered response, however narrow its event is."""
    seen = []

    def note(parsed, **_):
        seen.append(parsed.get("ConsumedCapacity", {}).get("CapacityUnits"))

    client.meta.events.register("after-call.dynamodb.PutItem", note)
    try:
        with meter.watch(client):
            client.put_item(TableName="t", Item=padded(3000, pk="a"), **INDEXES)
        client.put_item(TableName="t", Item=A)
    finally:
        client.meta.events.unregister("after-call.dynamodb.PutItem", note)
    assert seen == [3.0, None]


# --- nesting ----------------------------------------------------------------------------------------------


def test_nested_watches_each_record_the_calls_of_their_own_block(client):
    with meter.watch(client) as outer:
        client.put_item(TableName="t", Item=A)
        with meter.watch(client) as inner:
            assert total(client.put_item(TableName="t", Item=padded(2000, pk="a"), **INDEXES)) == 2
        client.put_item(TableName="t", Item=padded(3000, pk="a"))
    client.put_item(TableName="t", Item=A)
    assert [line.write_units for line in outer] == [1, 2, 3]
    assert [line.write_units for line in inner] == [2]


def test_watches_may_end_in_any_order_and_be_opened_again(client):
    first, second = meter.watch(client), meter.watch(client)
    a = first.__enter__()
    b = second.__enter__()
    client.put_item(TableName="t", Item=A)
    first.__exit__(None, None, None)
    client.put_item(TableName="t", Item=A)
    second.__exit__(None, None, None)
    client.put_item(TableName="t", Item=A)
    assert (a.calls, b.calls) == (1, 2)
    with meter.watch(client) as again:
        client.put_item(TableName="t", Item=A)
    assert again.calls == 1 and (a.calls, b.calls) == (1, 2)


def test_threads_share_a_watch(client):
    with meter.watch(client) as ledger:

        def work(name):
            for number in range(20):
                client.put_item(TableName="t", Item=padded(1500, pk=f"{name}{number}"))

        threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (ledger.calls, ledger.write_units) == (80, 160)
    assert sorted(line.call for line in ledger) == list(range(80))


# --- what is no data call, and what is not known ----------------------------------------------------------


def test_calls_that_manage_tables_pass_and_cost_nothing(client):
    with meter.watch(client) as ledger:
        make(client, "u")
        client.describe_table(TableName="u")
        client.list_tables()
        client.update_time_to_live(TableName="u", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
        client.update_table(TableName="u", BillingMode="PAY_PER_REQUEST")
        client.tag_resource(
            ResourceArn=client.describe_table(TableName="u")["Table"]["TableArn"], Tags=[{"Key": "k", "Value": "v"}]
        )
        client.get_waiter("table_exists").wait(TableName="u")
        client.delete_table(TableName="u")
    assert len(ledger) == ledger.calls == 0


@pytest.mark.parametrize(
    ("call", "arguments", "operation"),
    [
        ("execute_statement", {"Statement": "SELECT * FROM t"}, "ExecuteStatement"),
        ("batch_execute_statement", {"Statements": [{"Statement": "SELECT * FROM t"}]}, "BatchExecuteStatement"),
        ("execute_transaction", {"TransactStatements": [{"Statement": "SELECT * FROM t"}]}, "ExecuteTransaction"),
    ],
)
def test_partiql_on_moto_is_refused_by_name(client, call, arguments, operation):
    with meter.watch(client) as ledger:
        with pytest.raises(meter.MeterError, match=f"{operation} cannot be metered on moto"):
            getattr(client, call)(**arguments)
        client.put_item(TableName="t", Item=A)
    assert ledger.calls == 1


def test_a_data_operation_that_nobody_has_heard_of_is_refused_by_name(client):
    """One is made up here: it asks for ReturnConsumedCapacity, as all data operations of the API do."""
    from types import SimpleNamespace

    unknown = SimpleNamespace(
        name="EvaporateItem",
        input_shape=SimpleNamespace(members={"ReturnConsumedCapacity": None}),
        output_shape=None,
    )
    with meter.watch(client), pytest.raises(meter.MeterError, match="EvaporateItem reads or writes data"):
        client.meta.events.emit(
            "before-call.dynamodb.EvaporateItem",
            model=unknown,
            params={"body": b"{}", "url": "https://dynamodb.us-east-1.amazonaws.com/"},
            request_signer=None,
            context={},
        )


def test_every_operation_of_the_api_is_metered_refused_or_manages_tables(client):
    """All operations that boto3 knows; the ones that manage tables, backups, streams, imports are listed here."""
    from simlib.meter.hook import DATA, UNSEEN

    words = (
        "Table", "Backup", "Import", "Export", "Stream", "Tag", "Untag", "TimeToLive", "Endpoints", "Limits",
        "Contributor", "Policy", "Setting", "CancelBulk", "DescribeBulk", "ListBulk",
    )  # fmt: skip
    model = client.meta.service_model
    for name in model.operation_names:
        manages = any(word in name for word in words)
        operation = model.operation_model(name)
        asks = operation.input_shape is not None and "ReturnConsumedCapacity" in operation.input_shape.members
        tells = operation.output_shape is not None and "ConsumedCapacity" in operation.output_shape.members
        assert manages != (name in (*DATA, *UNSEEN) or asks or tells), name


# --- moto as it is ----------------------------------------------------------------------------------------


def test_a_client_that_was_made_before_moto_is_refused_where_moto_does_not_catch_it():
    """Such a client has no handler of moto: its call goes to AWS, or to whatever answers there."""
    from botocore.awsrequest import AWSResponse

    with mock_aws():
        client = boto3.client("dynamodb", "us-east-1")
        make(client)
        answer = AWSResponse("https://dynamodb.us-east-1.amazonaws.com/", 200, {}, Raw(b"{}"))
        client.meta.events.register_first("before-send.dynamodb", lambda **_: answer)
        with meter.watch(client), pytest.raises(meter.MeterError, match="make the client inside mock_aws"):
            client.put_item(TableName="t", Item=A)


class Raw:
    """The body of a response of urllib3."""

    def __init__(self, content):
        self.content = content

    def stream(self, **_):
        yield self.content


def test_accounts_and_regions_are_told_apart():
    with mock_aws():
        for region in ("us-east-1", "ap-northeast-2"):
            make(boto3.client("dynamodb", region))
        seoul = boto3.client("dynamodb", "ap-northeast-2")
        with meter.watch(seoul) as ledger:
            seoul.put_item(TableName="t", Item=padded(3000, pk="a"))
            assert total(seoul.delete_item(TableName="t", Key=A, **INDEXES)) == 3
        assert {line.region for line in ledger} == {"ap-northeast-2"}
        with meter.watch(shared_client()):
            assert total(shared_client().get_item(TableName="t", Key=A, **INDEXES)) == 0.5


def test_what_moto_reports_itself_never_shows():
    """moto's own figures are constants: 1 for a put of any size."""
    with laboratory() as lab:
        make(lab.client)
        for size in (100, 5000, 100_000):
            done = lab.client.put_item(TableName="t", Item=padded(size, pk="a"), **INDEXES)
            assert total(done) > 1 or size == 100
        assert contents(lab.client) == [padded(100_000, pk="a")]
