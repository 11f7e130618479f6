"""On any endpoint but moto: the server's own figures, within the call that is made anyway, and never one call more."""

import json
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws
from tables import INDEXES, item, of_key

from simlib import meter

A = item(pk="a")
KEYS = {"aws_access_key_id": "nobody", "aws_secret_access_key": "nothing"}


@pytest.fixture(scope="module")
def port():
    """A server that answers what `answers` says, one answer after the other, and writes down each request."""
    seen, answers = [], []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append((self.headers["X-Amz-Target"].split(".")[1], body))
            status, answer, headers = answers.pop(0)
            content = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {
                "Content-Type": "application/x-amz-json-1.0",
                "Content-Length": str(len(content)),
                "x-amz-crc32": str(zlib.crc32(content)),
                **headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def version_string(self):
            return "Jetty"

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    config = Config(retries={"total_max_attempts": 1}, proxies={})
    client = boto3.client(
        "dynamodb", "us-east-1", endpoint_url=f"http://127.0.0.1:{server.server_port}", config=config, **KEYS
    )
    yield SimpleNamespace(client=client, seen=seen, answers=answers)
    server.shutdown()
    server.server_close()


@pytest.fixture
def server(port):
    port.seen.clear()
    port.answers.clear()

    def answer(body, status=200, **headers):
        port.answers.append((status, body, headers))

    return SimpleNamespace(client=port.client, seen=port.seen, answer=answer)


def report(units, table="t", reads=None, **parts):
    """ConsumedCapacity for INDEXES; `parts` are units of indexes, local if their name says so."""
    whole = {"TableName": table, "CapacityUnits": units + sum(parts.values()), "Table": {"CapacityUnits": units}}
    for name, part in parts.items():
        key = "LocalSecondaryIndexes" if name.startswith("local") else "GlobalSecondaryIndexes"
        whole.setdefault(key, {})[name] = {"CapacityUnits": part}
    if reads is not None:
        whole["ReadCapacityUnits" if reads else "WriteCapacityUnits"] = whole["CapacityUnits"]
    return whole


CALLS = {
    "put_item": ({"TableName": "t", "Item": A}, "PutItem", False, False),
    "update_item": ({"TableName": "t", "Key": A}, "UpdateItem", False, False),
    "delete_item": ({"TableName": "t", "Key": A}, "DeleteItem", False, False),
    "get_item": ({"TableName": "t", "Key": A}, "GetItem", True, False),
    "query": ({"TableName": "t", **of_key()}, "Query", True, False),
    "scan": ({"TableName": "t"}, "Scan", True, False),
    "batch_get_item": ({"RequestItems": {"t": {"Keys": [A]}}}, "BatchGetItem", True, True),
    "batch_write_item": ({"RequestItems": {"t": [{"DeleteRequest": {"Key": A}}]}}, "BatchWriteItem", False, True),
    "transact_get_items": ({"TransactItems": [{"Get": {"TableName": "t", "Key": A}}]}, "TransactGetItems", True, True),
    "transact_write_items": (
        {"TransactItems": [{"Delete": {"TableName": "t", "Key": A}}]},
        "TransactWriteItems",
        False,
        True,
    ),
    "execute_statement": ({"Statement": "select * from t"}, "ExecuteStatement", True, False),
    "batch_execute_statement": (
        {"Statements": [{"Statement": "UPDATE t SET x = 1 WHERE pk = 'a'"}]},
        "BatchExecuteStatement",
        False,
        True,
    ),
    "execute_transaction": (
        {"TransactStatements": [{"Statement": "SELECT * FROM t WHERE pk = 'a'"}]},
        "ExecuteTransaction",
        True,
        True,
    ),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("asked", [None, "NONE", "TOTAL", "INDEXES"])
def test_the_server_is_asked_for_all_within_the_call_and_the_caller_gets_what_it_asked_for(server, call, asked):
    arguments, operation, reads, several = CALLS[call]
    told = report(2.0, reads=reads if "transact" in call else None, far=3.0, local_one=1.0)
    server.answer({"ConsumedCapacity": [told] if several else told})
    with meter.watch(server.client) as ledger:
        response = getattr(server.client, call)(**arguments, **({"ReturnConsumedCapacity": asked} if asked else {}))
    ((name, body),) = server.seen
    assert name == operation and body["ReturnConsumedCapacity"] == "INDEXES"
    if asked in (None, "NONE"):
        assert "ConsumedCapacity" not in response
    else:
        (got,) = response["ConsumedCapacity"] if several else [response["ConsumedCapacity"]]
        assert got == (told if asked == "INDEXES" else {k: v for k, v in told.items() if not isinstance(v, dict)})
    found = [(line.index, line.kind, line.read_units if reads else line.write_units) for line in ledger]
    assert found == [(None, "table", 2.0), ("local_one", "local", 1.0), ("far", "global", 3.0)]
    assert {(line.operation, line.table, line.metered_by) for line in ledger} == {(operation, "t", "server")}
    assert (ledger.read_units, ledger.write_units) == ((6.0, 0.0) if reads else (0.0, 6.0))


def test_nothing_of_the_request_changes_but_what_is_asked(server):
    """The same request with and without the meter, binary values and legacy parameters included."""
    request = {
        "TableName": "t",
        "Item": item(pk="가", b=b"\xff\x00", n=5, l={"L": [{"BS": [b"x"]}]}),
        "Expected": {"x": {"Exists": False}},
    }
    server.answer({})
    server.client.put_item(**request)
    server.answer({"ConsumedCapacity": report(1.0)})
    with meter.watch(server.client):
        server.client.put_item(**request)
    (_, plain), (_, metered) = server.seen
    assert metered.pop("ReturnConsumedCapacity") == "INDEXES" and metered == plain


def test_a_call_that_the_server_refuses_costs_nothing_and_a_failed_condition_what_nobody_knows(server):
    for code, charged in (
        ("ValidationException", False),
        ("ProvisionedThroughputExceededException", False),
        ("ResourceNotFoundException", False),
        ("ConditionalCheckFailedException", True),
    ):
        server.answer({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "no"}, status=400)
        with meter.watch(server.client) as ledger, pytest.raises(ClientError):
            server.client.put_item(TableName="t", Item=A)
        assert [(line.table, line.write_units, line.error) for line in ledger] == (
            [("t", None, code)] if charged else []
        )
        assert ledger.unknown == tuple(ledger) and ledger.write_units == 0
        assert ledger.on_demand_usd == ledger.provisioned_usd == 0
    assert len(server.seen) == 4


def test_a_cancelled_transaction_is_listed_for_each_table_with_unknown_units(server):
    reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed"}]
    code = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
    server.answer({"__type": code, "Message": "cancelled", "CancellationReasons": reasons}, status=400)
    checks = [{"Delete": {"TableName": name, "Key": A}} for name in "tu"]
    with meter.watch(server.client) as ledger, pytest.raises(ClientError):
        server.client.transact_write_items(TransactItems=checks)
    assert [(line.table, line.write_units) for line in ledger] == [("t", None), ("u", None)]


def test_a_server_that_says_nothing_leaves_an_unknown_line_and_one_that_knows_totals_only_a_table_line(server):
    server.answer({})
    server.answer({"ConsumedCapacity": {"TableName": "t", "CapacityUnits": 1.5}})
    with meter.watch(server.client) as ledger:
        assert "ConsumedCapacity" not in server.client.get_item(TableName="t", Key=A, **INDEXES)
        got = server.client.get_item(TableName="t", Key=A, **INDEXES)
        assert got["ConsumedCapacity"] == {"TableName": "t", "CapacityUnits": 1.5}
    assert [(line.index, line.read_units) for line in ledger] == [(None, None), (None, 1.5)]


def test_several_tables_each_have_their_lines(server):
    server.answer({"ConsumedCapacity": [report(2.0, "t"), report(1.0, "u", far=1.0)]})
    writes = {name: [{"DeleteRequest": {"Key": A}}] for name in "tu"}
    with meter.watch(server.client) as ledger:
        server.client.batch_write_item(RequestItems=writes)
    found = [(line.call, line.table, line.index, line.write_units) for line in ledger]
    assert found == [(0, "t", None, 2.0), (0, "u", None, 1.0), (0, "u", "far", 1.0)]


def test_a_repeated_token_is_read_where_the_server_says_so(server):
    told = report(2.0, reads=True)
    server.answer({"ConsumedCapacity": [told]})
    with meter.watch(server.client) as ledger:
        server.client.transact_write_items(TransactItems=[{"Delete": {"TableName": "t", "Key": A}}])
    assert (ledger.read_units, ledger.write_units) == (2.0, 0.0)


def test_as_many_requests_reach_the_server_as_calls_were_made(server):
    """Pages, tables and items known or not: the meter never asks anything by itself."""
    with meter.watch(server.client) as ledger:
        for key in "abc":
            page = {"Items": [], "Count": 0, "LastEvaluatedKey": item(pk=key)}
            server.answer({"ConsumedCapacity": report(0.5), **page})
        server.answer({"ConsumedCapacity": report(0.5), "Items": [], "Count": 0})
        assert len(list(server.client.get_paginator("scan").paginate(TableName="t"))) == 4
        server.answer({"Table": {"TableName": "t"}})
        server.client.describe_table(TableName="t")
        server.answer({"ConsumedCapacity": report(7.0)})
        server.client.update_item(TableName="t", Key=A, ReturnValues="ALL_NEW")
    assert [name for name, _ in server.seen] == ["Scan"] * 4 + ["DescribeTable", "UpdateItem"]
    assert (ledger.calls, ledger.read_units, ledger.write_units) == (5, 2.0, 7.0)


def test_an_item_that_only_dynamodb_may_judge_is_sent_as_it_is(server):
    """No limit of the meter's stands before a server: what is too deep, too long or too large is its to refuse."""
    server.answer({"ConsumedCapacity": report(1.0)})
    with meter.watch(server.client):
        server.client.put_item(TableName="t", Item=item(pk="x" * 3000, n={"N": "1E999"}))
    assert server.seen[0][1]["Item"]["n"] == {"N": "1E999"}


# --- a server while moto is on ----------------------------------------------------------------------------


def test_a_server_is_a_server_also_where_moto_is_on():
    """moto leaves other addresses alone only where it is told to; such a client is metered by its server."""
    with mock_aws(config={"core": {"passthrough": {"urls": [r"http://127\.0\.0\.1"]}}}):
        client = boto3.client("dynamodb", "us-east-1", endpoint_url="http://127.0.0.1:9", **KEYS)
        answer = HttpAnswer(b'{"ConsumedCapacity": {"TableName": "t", "CapacityUnits": 3.0}}')
        client.meta.events.register_first("before-send.dynamodb", lambda **_: answer.made())
        with meter.watch(client) as ledger:
            client.put_item(TableName="t", Item=A)
        assert [(line.metered_by, line.write_units) for line in ledger] == [("server", 3.0)]


class HttpAnswer:
    """A response of urllib3's kind."""

    def __init__(self, content, **headers):
        self.content, self.headers = content, headers

    def stream(self, **_):
        yield self.content

    def made(self):
        from botocore.awsrequest import AWSResponse

        return AWSResponse("http://127.0.0.1:9/", 200, self.headers, self)


@pytest.mark.parametrize("server_header", ["amazon.com", "Werkzeug/3.1 Python/3.12"])
def test_moto_as_a_server_is_refused_because_its_figures_are_constants(server_header):
    client = boto3.client("dynamodb", "us-east-1", endpoint_url="http://127.0.0.1:9", **KEYS)
    answer = HttpAnswer(b'{"ConsumedCapacity": {"TableName": "t", "CapacityUnits": 1.0}}', server=server_header)
    client.meta.events.register_first("before-send.dynamodb", lambda **_: answer.made())
    with meter.watch(client) as ledger, pytest.raises(meter.MeterError, match="moto as a server"):
        client.put_item(TableName="t", Item=A)
    assert len(ledger) == 0


# --- botocore's Stubber -----------------------------------------------------------------------------------


def test_a_stubbed_client_is_recorded_from_its_stubs_and_no_call_is_made():
    """The Stubber answers before anything is sent; a call beyond those expected would raise."""
    client = boto3.client("dynamodb", "us-east-1", **KEYS)
    with Stubber(client) as stubber, meter.watch(client) as ledger:
        stubber.add_response(
            "put_item",
            {"ConsumedCapacity": {"TableName": "t", "CapacityUnits": 4.0}},
            {"TableName": "t", "Item": A, "ReturnConsumedCapacity": "TOTAL"},
        )
        stubber.add_response("get_item", {"Item": A}, {"TableName": "t", "Key": A})
        stubber.add_client_error("get_item", "ProvisionedThroughputExceededException")
        done = client.put_item(TableName="t", Item=A, ReturnConsumedCapacity="TOTAL")
        assert done["ConsumedCapacity"]["CapacityUnits"] == 4.0
        assert client.get_item(TableName="t", Key=A)["Item"] == A
        with pytest.raises(ClientError):
            client.get_item(TableName="t", Key=A)
        stubber.assert_no_pending_responses()
    assert [(line.operation, line.write_units) for line in ledger] == [("PutItem", 4.0), ("GetItem", None)]
    assert {line.metered_by for line in ledger} == {"server"}
