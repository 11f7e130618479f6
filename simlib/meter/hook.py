"""The hook into boto3: `watch` makes every data call of a client carry and record what it consumed.

It listens to botocore's own events (before-call, after-call, after-call-error) of one client and changes nothing else.
Handlers that others have registered see the metered response: botocore calls those of one operation first.

On moto in this process the figures are worked out from moto's tables; anywhere else the server is asked for its
own figures within the call that is made anyway, and no further call is ever sent.
"""

from __future__ import annotations

import threading
import weakref
from contextlib import contextmanager
from dataclasses import dataclass, field

from simlib.meter import expressions, wire
from simlib.meter import moto_state as state
from simlib.meter.consumed import DETAILS, Consumption, of_server, reduced
from simlib.meter.ledger import TABLE_CLASSES, Ledger
from simlib.meter.limits import Refused, check_parameters
from simlib.meter.operations import METERED, Answer, MeterError, Operation, Reply
from simlib.meter.size import ItemError

PARTIQL = ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction")
DATA = (*METERED, *PARTIQL)
SEVERAL = (
    "BatchGetItem",
    "BatchWriteItem",
    "TransactGetItems",
    "TransactWriteItems",
    "BatchExecuteStatement",
    "ExecuteTransaction",
)
"""Operations whose ConsumedCapacity is a list, one entry for each table."""

READS = ("GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems")
REASONS = (
    "None",
    "ConditionalCheckFailed",
    "ItemCollectionSizeLimitExceeded",
    "TransactionConflict",
    "ProvisionedThroughputExceeded",
    "ThrottlingError",
    "ValidationError",
)
"""Codes of the reasons for which DynamoDB cancels a transaction."""

UNSEEN = ("StartBulkPutItems",)
"""Data operations that work on in the background and report no capacity."""

_CALL = "simlib.meter"


@contextmanager
def watch(client, *, region: str | None = None, date: str | None = None, table_class: str = "STANDARD"):
    """Meters every DynamoDB data call of a boto3 client while the block runs; gives the Ledger.

    `client` is a DynamoDB client, resource or Table. `region` (default: the client's) and `date` (default: the
    data's) choose the prices; `table_class` is "STANDARD" or "STANDARD_INFREQUENT_ACCESS". Watches of one client may
    be nested: each ledger records the calls of its own block. When the block ends, also by an exception, the client is
    as it was.

    Responses carry ConsumedCapacity as the call asked for it (ReturnConsumedCapacity); the ledger records every
    call. What moto lets through and DynamoDB refuses is refused with DynamoDB's error. Raises MeterError for data
    operations that cannot be metered (PartiQL on moto, and those that the meter does not know).
    """
    if table_class not in TABLE_CLASSES:
        raise MeterError(f"There is no table class {table_class!r} in DynamoDB; choose {' or '.join(TABLE_CLASSES)}.")
    client = _client_of(client)
    ledger = Ledger(region or client.meta.region_name, date, table_class)
    hook = _Hook.of(client)
    hook.add(ledger)
    try:
        yield ledger
    finally:
        hook.remove(ledger)


def _client_of(given):
    client = getattr(getattr(given, "meta", None), "client", given)
    model = getattr(getattr(client, "meta", None), "service_model", None)
    if getattr(model, "service_name", None) != "dynamodb":
        raise MeterError(f"{given!r} cannot be watched; give a DynamoDB client, resource or Table of boto3.")
    return client


@dataclass
class _Call:
    """One data call under way. `work` is its operation on moto; None where the server's own figures count."""

    operation: str
    asked: str
    request: dict
    work: Operation | None = None
    on_moto: bool = False
    replied: bool = False
    refused: bool = False
    aside: bool = False


@dataclass
class _Http:
    """The HTTP response of a call that was not sent; only its status is looked at."""

    status_code: int
    headers: dict = field(default_factory=dict)
    raw: None = None


class _Hook:
    """The meter of one client, with the ledgers of all watches of it."""

    _of_client: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()
    _lock = threading.Lock()

    @classmethod
    def of(cls, client) -> _Hook:
        with cls._lock:
            if client not in cls._of_client:
                cls._of_client[client] = cls(client)
            return cls._of_client[client]

    def __init__(self, client):
        self._events = client.meta.events
        self._region = client.meta.region_name
        self._ledgers: list[Ledger] = []
        self._open: list[_Call] = []
        self._handlers = (
            (self._events.register, "before-call.dynamodb", self._before),
            *((self._events.register_first, f"after-call.dynamodb.{name}", self._after) for name in DATA),
            (self._events.register, "after-call-error.dynamodb", self._failed),
        )

    def add(self, ledger: Ledger) -> None:
        with self._lock:
            self._ledgers.append(ledger)
            if len(self._ledgers) == 1:
                for register, event, handler in self._handlers:
                    register(event, handler, unique_id=f"{_CALL}.{event}")

    def remove(self, ledger: Ledger) -> None:
        with self._lock:
            self._ledgers = [each for each in self._ledgers if each is not ledger]
            if not self._ledgers:
                for _, event, handler in self._handlers:
                    self._events.unregister(event, handler, unique_id=f"{_CALL}.{event}")
                for call in list(self._open):
                    self._close(call)

    # --- events of botocore

    def _before(self, model, params, request_signer, context, **_):
        name = model.name
        if name not in DATA:
            _pass_control_plane(model)
            return None
        request = wire.read(params["body"])
        call = context[_CALL] = _Call(name, request.get("ReturnConsumedCapacity", "NONE"), request)
        if not state.answers(params["url"]):
            if call.asked in DETAILS:
                request["ReturnConsumedCapacity"] = "INDEXES"
                params["body"] = wire.write(request)
            return None
        if name in PARTIQL:
            raise MeterError(
                f"{name} cannot be metered on moto, whose PartiQL is not DynamoDB's; "
                "use GetItem, PutItem and the like, or DynamoDB Local or AWS."
            )
        call.on_moto = True
        credentials = getattr(request_signer, "_credentials", None)
        backend = state.store(params["url"], self._region, getattr(credentials, "access_key", None))
        return self._begin(call, params, backend)

    def _begin(self, call: _Call, params: dict, backend):
        request = call.request
        try:
            check_parameters(request)
            expressions.check(call.operation, request, state.reserved_words())
            if wire.modernise(call.operation, request):
                params["body"] = wire.write(request)
                expressions.check(call.operation, request, state.reserved_words())
            wire.take(request)
            call.work = METERED[call.operation](backend, request)
            step = next(call.work)
        except ItemError as error:
            if error.aws_message is None:
                raise
            return self._refuse(call, Refused(error.aws_message))
        except Refused as refused:
            return self._refuse(call, refused)
        except state.NotThere:
            if call.operation.startswith("Transact"):
                return self._refuse(call, Refused("Requested resource not found", "ResourceNotFoundException"))
            call.work, step = None, None
        if isinstance(step, Reply):
            call.replied = True
            return _Http(200), {**step.parsed, "ResponseMetadata": _metadata(200)}
        if step is not None:
            sent = wire.read(params["body"])
            step(sent)
            params["body"] = wire.write(sent)
        state.limits_aside.begin()
        call.aside = True
        self._open.append(call)
        return None

    def _refuse(self, call: _Call, refused: Refused):
        call.refused = True
        return _Http(400), _error(refused)

    def _after(self, http_response, parsed, model, context, **_):
        call = context.pop(_CALL, None)
        if call is None:
            call = _Call(model.name, "INDEXES", {})
        if call.refused:
            return
        try:
            error = parsed.get("Error", {}).get("Code") if http_response.status_code >= 300 else None
            answer = Answer(parsed, error)
            if call.on_moto and (call.replied or state.answered(http_response)):
                self._from_moto(call, answer, http_response)
            else:
                self._from_server(call, answer, http_response)
        finally:
            self._close(call)

    def _failed(self, exception, context, **_):
        call = context.pop(_CALL, None)
        if call is None:
            return
        try:
            if call.work is not None:
                _finish(call.work, Answer({}, "InternalError"))
        finally:
            self._close(call)
        if call.on_moto and state.raised(exception):
            raise MeterError(
                f"moto failed at this {call.operation} ({type(exception).__name__}), so that it cannot be metered; "
                "write its expressions and values more simply, or use DynamoDB Local or AWS."
            ) from exception

    def _close(self, call: _Call) -> None:
        if call.aside:
            call.aside = False
            self._open.remove(call)
            state.limits_aside.end()

    # --- what was consumed

    def _from_moto(self, call: _Call, answer: Answer, http_response) -> None:
        answer.parsed.pop("ConsumedCapacity", None)
        if call.work is None:
            if answer.error is None:
                raise MeterError(f"{call.operation} went to a table or index that the meter did not find in moto.")
            return
        _check_reasons(call, answer)
        try:
            consumptions = _finish(call.work, answer)
        except Refused as refused:
            http_response.status_code = 400
            answer.parsed.clear()
            answer.parsed.update(_error(refused))
            return
        if consumptions:
            self._record(call.operation, consumptions, "meter", answer.error)
        if not answer.error and call.asked in ("TOTAL", "INDEXES"):
            reports = [each.report(call.asked) for each in consumptions]
            answer.parsed["ConsumedCapacity"] = reports if call.operation in SEVERAL else reports[0]

    def _from_server(self, call: _Call, answer: Answer, http_response) -> None:
        _check_server(call, http_response)
        reads = _reads(call)
        reports = answer.parsed.get("ConsumedCapacity", [])
        reports = reports if isinstance(reports, list) else [reports]
        if reports:
            self._record(call.operation, [of_server(each, reads) for each in reports], "server", answer.error)
            if call.asked == "NONE":
                del answer.parsed["ConsumedCapacity"]
            else:
                cut = [reduced(each, call.asked) for each in reports]
                answer.parsed["ConsumedCapacity"] = cut if call.operation in SEVERAL else cut[0]
        elif not answer.error or answer.condition_failed:
            unknown = [Consumption(name, reads) for name in _tables(call)]
            self._record(call.operation, unknown, "server", answer.error, known=False)

    def _record(self, *arguments, **named) -> None:
        for ledger in list(self._ledgers):
            ledger.record(*arguments, **named)


def _finish(work: Operation, answer: Answer) -> list[Consumption]:
    try:
        work.send(answer)
    except StopIteration as stop:
        return stop.value
    raise MeterError("An operation of the meter asked for a second call.")


def _metadata(status: int) -> dict:
    return {"RequestId": "meter", "HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 0}


def _error(refused: Refused) -> dict:
    parsed = {
        "Error": {"Code": refused.code, "Message": refused.message},
        "message": refused.message,
        "ResponseMetadata": _metadata(400),
    }
    if refused.reasons is not None:
        parsed["CancellationReasons"] = refused.reasons
    return parsed


def _pass_control_plane(model) -> None:
    """Raises MeterError for a data operation that the meter does not know; what manages tables passes."""
    asks = model.input_shape is not None and "ReturnConsumedCapacity" in model.input_shape.members
    tells = model.output_shape is not None and "ConsumedCapacity" in model.output_shape.members
    if asks or tells or model.name in UNSEEN:
        raise MeterError(
            f"{model.name} reads or writes data, but the meter does not know what it costs; call it outside the watch."
        )


def _check_server(call: _Call, http_response) -> None:
    """Raises MeterError where the figures would be moto's constants, or nobody's."""
    if state.answered(http_response):
        raise MeterError(
            f"moto answered {call.operation} at an address that the meter takes for a server; "
            "start mock_aws before the call, and leave endpoint_url out."
        )
    if call.on_moto and http_response.raw is not None:
        raise MeterError(
            f"{call.operation} went past moto to a server, because the client was made before moto was imported; "
            "make the client inside mock_aws."
        )
    server = str((getattr(http_response, "headers", None) or {}).get("server", ""))
    if server == "amazon.com" or server.startswith("Werkzeug"):
        raise MeterError(
            f"{call.operation} was answered by moto as a server, whose capacity figures are constants; "
            "use moto's mock_aws in this process, DynamoDB Local, or AWS."
        )


def _check_reasons(call: _Call, answer: Answer) -> None:
    """Raises MeterError for a transaction that moto cancelled because it failed itself."""
    for reason in answer.parsed.get("CancellationReasons", ()):
        if reason.get("Code", "None") not in REASONS:
            _finish(call.work, Answer({}, "InternalError"))
            raise MeterError(
                f"moto failed at this {call.operation} ({reason['Code']}), so that it cannot be metered; "
                "write its expressions and values more simply, or use DynamoDB Local or AWS."
            )


def _reads(call: _Call) -> bool:
    if call.operation not in PARTIQL:
        return call.operation in READS
    statements = call.request.get("Statements") or call.request.get("TransactStatements") or [call.request]
    return statements[0].get("Statement", "").lstrip().upper().startswith("SELECT")


def _tables(call: _Call) -> list[str]:
    """The tables that a request names, each once; one without a name where it names none (PartiQL)."""
    request = call.request
    names = [request.get("TableName"), *request.get("RequestItems", ())]
    names += [action.get("TableName") for _, action in wire.actions(request)]
    return list(dict.fromkeys(name for name in names if name)) or [""]
