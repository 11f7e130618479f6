"""Lesson 00: the ticket storm, what serverless means, a first function, percentiles and seeds."""

from __future__ import annotations

import inspect
import json
import time
import types
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from simlib import facts
from simlib.compare import compare, interval
from simlib.engine import Result, Scenario, simulate
from simlib.i18n import N_, _, duration, number, percent, usd
from simlib.params import parameters
from simlib.pricing import Bill, bill
from simlib.services import Client, Ec2, Lambda
from simlib.services.lambda_.environments import Environments
from simlib.teach import (
    Check,
    Condition,
    Control,
    Essay,
    Explorable,
    Hint,
    InputError,
    Option,
    Prediction,
    Question,
    Quiz,
    Target,
    control,
)
from simlib.views import Latency, Storm, comparison_table, side_by_side
from simlib.workload import Operation, Steps, Traffic, draw

BUY = Operation(
    name="buy",
    work_vcpu_s=0.15,
    work_distribution="lognormal",
    work_cv=0.5,
    io_s=0.1,
    io_distribution="lognormal",
    io_cv=0.5,
)
RUSH = ((0.0, 1.0), (2.0, 0.5), (5.0, 0.25), (10.0, 0.1), (20.0, 0.02))
WINDOW_S = 60.0
STORMS_A_MONTH = 4.0
PEOPLE = 300
FLEET = Ec2(instance_type="t3.small", instances=2, zones=2)
FUNCTION = Lambda(memory_mb=1769)


# The storm ----------------------------------------------------


def storm(people: float = PEOPLE) -> Traffic:
    """The first minute of a ticket sale to which about `people` come: most at once, the others ever later.

    Four sales a month; in the quiet hours between them one visitor every two minutes.
    """
    edges = [start for start, _share in RUSH] + [WINDOW_S]
    mass = sum(share * (until - start) for (start, share), until in zip(RUSH, edges[1:], strict=True))
    steps = tuple((start, share * people / mass) for start, share in RUSH)
    return Traffic(
        arrivals=Steps(steps),
        window_s=WINDOW_S,
        operations=(BUY,),
        windows_per_month=STORMS_A_MONTH,
        quiet_rps=1 / 120,
    )


def servers(instances: int = FLEET.instances) -> Ec2:
    """A fleet of so many of the lesson's servers in two zones. Raises InputError for what is no such number."""
    allowed = {parameter.name: parameter for parameter in parameters(Ec2)}["instances"]
    lo, hi = max(int(allowed.lo), FLEET.zones), int(allowed.hi)
    if isinstance(instances, bool) or not isinstance(instances, int) or not lo <= instances <= hi:
        raise InputError(
            _(
                "A fleet in two zones has {lo} to {hi} servers, as in lesson.servers({example}); you gave {given}.",
                lo=lo,
                hi=f"{hi:,}",
                example=8,
                given=str(instances)[:40],
            )
        )
    return replace(FLEET, instances=instances)


@dataclass(frozen=True)
class Night:
    """One evening of ticket sales through servers and through Lambda: {name: Result}, {name: Bill}."""

    people: float
    results: dict[str, Result]
    bills: dict[str, Bill]


@lru_cache(maxsize=64)
def night(people: float = PEOPLE, fleet: Ec2 = FLEET, function: Lambda = FUNCTION, seed: int = 0) -> Night:
    """Plays the same people through both designs. Kept, so that going back to a setting costs nothing."""
    traffic = storm(people)
    workload = draw(traffic, seed)
    results = {
        name: simulate(Scenario((Client(), service), traffic, name=name), seed, workload)
        for name, service in (("EC2", fleet), ("Lambda", function))
    }
    return Night(people, results, {name: bill(result) for name, result in results.items()})


def _p99_ms(result: Result) -> float:
    return result.summary()["p99_ms"]


def _refused(result: Result) -> int:
    return int((~result.ok).sum())


def _say_side(name: str, seen: Night, before: Night | None) -> str:
    result = seen.results[name]
    words = _(
        "{side}: {served} served, {refused} refused; 99 of 100 served people wait at most {p99}; {usd} a "
        "month.",
        side=name,
        served=f"{int(result.ok.sum()):,}",
        refused=f"{_refused(result):,}",
        p99=duration(_p99_ms(result)),
        usd=usd(seen.bills[name].total_usd),
    )
    if name == "Lambda":
        words += " " + _("Cold starts: {cold}.", cold=f"{result.summary()['cold_starts']:,}")
    if before is None:
        return words
    old = before.results[name]
    return (
        words
        + " "
        + _(
            "(A: {refused} refused, {p99}, {usd})",
            refused=f"{_refused(old):,}",
            p99=duration(_p99_ms(old)),
            usd=usd(before.bills[name].total_usd),
        )
    )


def _say_night(seen: Night, before: Night | None) -> str:
    came = _(
        "About {expected} people were expected; luck (the seed) made it {came}.",
        expected=f"{seen.people:,.0f}",
        came=f"{seen.results['EC2'].n:,}",
    )
    return "\n".join([came, *(_say_side(name, seen, before) for name in seen.results)])


PEOPLE_CONTROL = Control("people", N_("People expected in the first minute"), 300, "", 20, 1000, step=20, whole=True)

STORM = Explorable(
    controls=(PEOPLE_CONTROL,),
    run=lambda settings: night(settings["people"]),
    picture=Storm,
    look=lambda seen: seen.results,
    say=_say_night,
    bills=lambda seen: seen.bills,
)

CHANCE = Explorable(
    controls=(
        Control(
            "seed",
            N_("Seed of the dice"),
            0,
            "",
            0,
            30,
            whole=True,
            doc=N_("another seed is another evening with the same odds"),
        ),
    ),
    run=lambda settings: night(150, seed=settings["seed"]),
    picture=lambda: Latency(("EC2", "Lambda")),
    look=lambda seen: seen.results,
    say=lambda seen, before: "\n".join(_say_spread(name, seen, before) for name in seen.results),
)


def _say_spread(name: str, seen: Night, before: Night | None) -> str:
    summary = seen.results[name].summary()
    words = _(
        "{side}: mean {mean}, p50 {p50}, p99 {p99}.",
        side=name,
        mean=duration(summary["mean_ms"]),
        p50=duration(summary["p50_ms"]),
        p99=duration(summary["p99_ms"]),
    )
    if before is None:
        return words
    return words + " " + _("(A: p99 {p99})", p99=duration(_p99_ms(before.results[name])))


BREAK = Explorable(
    controls=(
        PEOPLE_CONTROL,
        Control("servers", N_("Servers"), 2, "", 2, 20, whole=True),
        control(
            Lambda,
            "account_concurrency",
            N_("Concurrency quota of the account"),
            lo=10,
            hi=1000,
            step=1,
            whole=True,
            unit="",
            doc=N_("new accounts may start with a small one"),
        ),
    ),
    run=lambda settings: night(
        settings["people"],
        servers(settings["servers"]),
        replace(FUNCTION, account_concurrency=settings["account_concurrency"]),
    ),
    picture=Storm,
    look=lambda seen: seen.results,
    say=_say_night,
    bills=lambda seen: seen.bills,
)


# Predict and run ----------------------------------------------------

MANY, PATIENCE_MS = 600, 2000.0


@lru_cache(maxsize=1)
def servers_needed() -> int:
    """The smallest fleet that serves 600 people, 99 of 100 within two seconds, and refuses nobody."""
    for count in range(2, 60):
        result = night(MANY, servers(count)).results["EC2"]
        if _p99_ms(result) <= PATIENCE_MS and not _refused(result):
            return count
    raise ValueError("No fleet of up to 59 servers keeps the two seconds.")


def breaking() -> list[str]:
    """What one sees in the section "Break it", item by item."""
    quota, throttled = _first_refusing_quota()
    people, came = _most_people()
    fleet, seen = _calm_fleet_of_1000()
    return [
        _(
            "At a quota of {quota} Lambda begins to refuse: {refused} of {all} people. Even the first second "
            "needs only {environments} environments. Whoever is throttled tries up to three times, and "
            "meanwhile an environment has often become idle.",
            environments=night(PEOPLE).results["Lambda"].summary()["cold_starts"],
            quota=quota,
            refused=throttled,
            all=f"{night(PEOPLE).results['EC2'].n:,}",
        ),
        _(
            "With the slider at {people} ({came} people came) nobody is refused, one step further somebody "
            "is: each server works on {workers} requests and lets {queue} wait; then it is full.",
            people=f"{people:,}",
            came=f"{came:,}",
            workers=FLEET.workers_each,
            queue=FLEET.queue_limit,
        ),
        _(
            "“Within seconds” is yours to define. For 99 of 100 people within {patience} it takes {count} "
            "servers and {usd} a month; Lambda costs {function}, thanks to the free tier.",
            patience=duration(PATIENCE_MS),
            count=fleet,
            usd=usd(seen.bills["EC2"].total_usd),
            function=usd(seen.bills["Lambda"].total_usd),
        ),
    ]


def _first_refusing_quota() -> tuple[int, int]:
    """The largest quota at which Lambda refuses somebody in the storm of 300, and how many."""
    for quota in range(60, 9, -1):
        seen = night(PEOPLE, FLEET, replace(FUNCTION, account_concurrency=quota))
        if _refused(seen.results["Lambda"]):
            return quota, _refused(seen.results["Lambda"])
    raise ValueError("No quota from 10 refuses anybody.")


def _most_people() -> tuple[int, int]:
    """The last stop of the slider at which two servers refuse nobody, and how many came."""
    stops = range(int(PEOPLE_CONTROL.lo), int(PEOPLE_CONTROL.hi) + 1, int(PEOPLE_CONTROL.step))
    refusing = next(stop for stop in stops if _refused(night(stop).results["EC2"]))
    last = refusing - int(PEOPLE_CONTROL.step)
    return last, night(last).results["EC2"].n


def _calm_fleet_of_1000() -> tuple[int, Night]:
    for count in range(2, 60):
        seen = night(PEOPLE_CONTROL.hi, servers(count))
        if not _refused(seen.results["EC2"]) and _p99_ms(seen.results["EC2"]) <= PATIENCE_MS:
            return count, seen
    raise ValueError("No fleet of up to 59 servers keeps the two seconds.")


SERVERS_NEEDED = Prediction(
    "00.servers",
    N_(
        "600 people come. How many of these servers must stand ready so that nobody is refused and 99 "
        "of 100 wait at most 2 seconds?"
    ),
    unit=N_("servers"),
    lo=1,
    hi=1000,
    whole=True,
)


def fleets(counts) -> object:
    """A table of fleets of these sizes in the storm of 600: refused, percentiles and dollars."""
    nights = {_("{count} servers", count=count): night(MANY, servers(count)) for count in counts}
    return side_by_side(
        {name: each.results["EC2"] for name, each in nights.items()},
        {name: each.bills["EC2"] for name, each in nights.items()},
    )


def eight_evenings() -> object:
    """Servers against Lambda on the same eight evenings, as a table with intervals."""
    traffic = storm(150)
    return comparison_table(
        compare(
            Scenario((Client(), FLEET), traffic, name="EC2"),
            Scenario((Client(), FUNCTION), traffic, name="Lambda"),
            seeds=range(8),
        )
    )


# A function ----------------------------------------------------


class Context:
    """What Lambda hands to a handler beside the event: who it is and how long it may still run."""

    function_name = "buy-ticket"
    function_version = "$LATEST"
    memory_limit_in_mb = str(FUNCTION.memory_mb)
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:buy-ticket"

    def __init__(self, request_id: str):
        self.aws_request_id = request_id
        self._started_s = time.monotonic()

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda stops the handler."""
        return max(0, int(1000 * (FUNCTION.timeout_s - (time.monotonic() - self._started_s))))


SALE_OPENS_EPOCH_MS = 1_796_468_400_000
"""2026-12-05 11:00 UTC, which is 20:00 in Korea."""


def purchase_event(seats=2, show="evening", body: str | None = None) -> dict:
    """The event that an API Gateway HTTP API (payload format 2.0) hands to a function for POST /tickets."""
    body = json.dumps({"show": show, "seats": seats}) if body is None else body
    host = "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com"
    return {
        "version": "2.0",
        "routeKey": "POST /tickets",
        "rawPath": "/tickets",
        "rawQueryString": "",
        "headers": {
            "accept": "application/json",
            "content-length": str(len(body.encode())),
            "content-type": "application/json",
            "host": host,
            "user-agent": "Mozilla/5.0",
            "x-amzn-trace-id": "Root=1-6b13e6b0-0123456789abcdef01234567",
            "x-forwarded-for": "203.0.113.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": host,
            "domainPrefix": "a1b2c3d4e5",
            "http": {
                "method": "POST",
                "path": "/tickets",
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "Mozilla/5.0",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "POST /tickets",
            "stage": "$default",
            "time": "05/Dec/2026:11:00:00 +0000",
            "timeEpoch": SALE_OPENS_EPOCH_MS,
        },
        "body": body,
        "isBase64Encoded": False,
    }


def answer(handler: Callable, event: dict) -> dict:
    """What the user gets when API Gateway hands the event to this handler: status, headers and body.

    Models: the event goes through JSON; a value without statusCode becomes the JSON body of a 200; an
    exception, a value that is no JSON or a body that is no text becomes a 500 (and the reason goes to the
    log, here `log`). Leaves out: base64 bodies, cookies, limits on size and time. Source: AWS's page on
    Lambda integrations for HTTP APIs.
    """
    refused = {
        "statusCode": 500,
        "headers": {"content-type": "application/json"},
        "body": '{"message":"Internal Server Error"}',
    }
    try:
        value = handler(json.loads(json.dumps(event)), Context("8f5a3c1e-0000-4000-8000-000000000001"))
        value = json.loads(json.dumps(value))
    except Exception as error:  # noqa: BLE001 - Lambda turns every exception into an error response
        return {**refused, "log": f"{type(error).__name__}: {error}"}
    if not isinstance(value, dict) or "statusCode" not in value:
        return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(value)}
    body = value.get("body", "")
    if not isinstance(body, str) or not isinstance(value["statusCode"], int):
        return {**refused, "log": "the answer needs an int statusCode and a text body"}
    return {"statusCode": value["statusCode"], "headers": value.get("headers", {}), "body": body}


TEMPLATE = f"""AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  BuyTicket:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Handler: app.handler
      Runtime: {FUNCTION.runtime}
      Architectures: [{FUNCTION.architecture}]
      MemorySize: {FUNCTION.memory_mb}
      Timeout: {FUNCTION.timeout_s:g}
      Events:
        Buy:
          Type: HttpApi
          Properties:
            Method: POST
            Path: /tickets
Outputs:
  Address:
    Value: !Sub "https://${{ServerlessHttpApi}}.execute-api.${{AWS::Region}}.amazonaws.com/tickets"
"""


def read_aloud() -> str:
    """The source of what plays a Lambda function: which environment a call gets, and the life of an invocation."""
    return "\n\n".join(inspect.cleandoc("\n" + inspect.getsource(each))
                       for each in (Environments.admit, Lambda._invocation))


def guide() -> str:
    """How to read that source."""
    return "\n".join(
        (
            _("Read it from “def invoke”: this is what happens to one request."),
            _("First the limits: if too many environments are busy, the request is throttled at once."),
            _(
                "admit looks for the environment that was used last and has not expired; if there is "
                "none, this is a cold start, with the times drawn beforehand."
            ),
            _(
                "“yield run.at(…)” means: let simulated time pass until then. That is all that SimPy is "
                "needed for."
            ),
            _(
                "At the end the environment goes back to the idle ones, and run.span writes one row: when it "
                "began and ended, how long the cold start took, and the milliseconds to be billed."
            ),
        )
    )


# Exercises ----------------------------------------------------


def good_handler(event, context):
    """One handler that keeps the rules of the first exercise."""
    try:
        order = json.loads(event["body"])
        seats = order["seats"]
    except (ValueError, KeyError, TypeError):
        return {"statusCode": 400, "body": json.dumps({"message": "unreadable order"})}
    if not (type(seats) is int and 1 <= seats <= 4):
        return {"statusCode": 400, "body": json.dumps({"message": "1 to 4 seats"})}
    return {"statusCode": 200, "body": json.dumps({"show": order.get("show"), "seats": seats})}


def _status(event: dict) -> Callable:
    return lambda handler: answer(handler, event)["statusCode"]


REFUSES = Target(
    "00.handler",
    N_("Sell 1 to 4 seats (200). Refuse every other order with 400, never with a 500."),
    types.FunctionType,
    (
        Condition(
            N_("an order of 2 seats is answered with"), _status(purchase_event(2)), equals=200, show=str
        ),
        Condition(
            N_("an order of 4 seats is answered with"), _status(purchase_event(4)), equals=200, show=str
        ),
        Condition(
            N_("an order of 5 seats is answered with"), _status(purchase_event(5)), equals=400, show=str
        ),
        Condition(
            N_("an order of 0 seats is answered with"), _status(purchase_event(0)), equals=400, show=str
        ),
        Condition(
            N_("a body that is not JSON is answered with"),
            _status(purchase_event(body="two please")),
            equals=400,
            show=str,
        ),
        Condition(
            N_("an order without seats, {}, is answered with"),
            _status(purchase_event(body="{}")),
            equals=400,
            show=str,
        ),
        Condition(
            N_("an order of “two” seats is answered with"),
            _status(purchase_event("two")),
            equals=400,
            show=str,
        ),
        Condition(
            N_("an order of 2.5 seats is answered with"), _status(purchase_event(2.5)), equals=400, show=str
        ),
        Condition(
            N_("an order of true seats is answered with"), _status(purchase_event(True)), equals=400, show=str
        ),
    ),
    solution=lambda: good_handler,
    worked=lambda: inspect.getsource(good_handler),
    untouched=lambda given: given.__code__.co_names == ("handler",),
    needs=N_("a function"),
)

BUDGET_USD = 200.0


@dataclass(frozen=True)
class _Evening:
    result: Result
    invoice: Bill


def _play_many(fleet: Ec2) -> _Evening:
    seen = night(MANY, fleet)
    return _Evening(seen.results["EC2"], seen.bills["EC2"])


def _calm_fleet() -> Ec2:
    return servers(servers_needed())


CALM = Target(
    "00.fleet",
    N_("600 people come. Serve all of them, 99 of 100 within 2 seconds, for at most $200 a month."),
    Ec2,
    (
        Condition(N_("refused"), lambda seen: _refused(seen.result), equals=0),
        Condition("p99", lambda seen: _p99_ms(seen.result), PATIENCE_MS, show=duration),
        Condition(N_("dollars a month"), lambda seen: seen.invoice.total_usd, BUDGET_USD, show=usd),
    ),
    solution=_calm_fleet,
    examine=_play_many,
    worked=lambda: _(
        "{count} servers of type {type} cost {usd} a month and stand idle nearly all the time: a sale "
        "lasts a minute.",
        count=servers_needed(),
        type=FLEET.instance_type,
        usd=usd(_play_many(_calm_fleet()).invoice.total_usd),
    ),
    untouched=lambda given: given == FLEET,
    needs=N_("servers, such as lesson.servers(8)"),
)

WHY_SERVERS = Essay(
    "00.why",
    N_("A colleague says: “Serverless means that there are no servers.” Answer in two or three sentences."),
    (
        N_("There are servers; AWS buys, places, patches and replaces them, and you never see them."),
        N_("You deploy code and settings (memory, time limit), not machines."),
        N_(
            "You pay for requests and for the milliseconds in which your code runs; nothing runs, nothing "
            "is paid."
        ),
        N_("What remains yours: the code, its data and permissions, its limits and its bill."),
    ),
)


# Check ----------------------------------------------------


def _four_servers() -> Result:
    return night(MANY, servers(4)).results["EC2"]


def _cold_percent() -> float:
    return 100 * night(PEOPLE).results["Lambda"].summary()["cold_share"]


@lru_cache(maxsize=1)
def _p99_differences() -> tuple[float, float, float]:
    """EC2 minus Lambda, p99 of eight evenings with 150 people in ms: the mean and the ends of its interval."""
    both = [
        [_p99_ms(night(150, seed=seed).results[name]) for seed in range(8)] for name in ("EC2", "Lambda")
    ]
    return interval(np.array(both[0]) - np.array(both[1]))


def _which_seed_claim() -> int:
    """Which claim about the eight evenings holds: 0 servers slower, 1 Lambda slower, 2 undecided."""
    _middle, low, high = _p99_differences()
    return 0 if low > 0 else 1 if high < 0 else 2


def _worked_seeds(_answer: float) -> str:
    middle, low, high = _p99_differences()
    return _(
        "The interval of the paired differences decides. The p99 of the servers minus that of Lambda is "
        "{middle} ms, with a 95 % interval from {low} to {high} ms: {verdict}.",
        middle=number(middle),
        low=number(low),
        high=number(high),
        verdict=_("zero lies inside, so it may be luck")
        if low <= 0 <= high
        else _("zero lies outside, so it is more than luck"),
    )


def _cold_percent_of_150() -> float:
    shares = [night(150, seed=seed).results["Lambda"].summary()["cold_share"] for seed in range(8)]
    return 100 * float(np.mean(shares))


CHECKS = (
    Check(
        "00.p99",
        N_("600 people, 4 servers, seed 0: within how many seconds are 99 of 100 served people answered?"),
        answer=lambda: _p99_ms(_four_servers()) / 1000,
        unit=N_("s"),
        lo=0,
        hi=100_000,
        worked=lambda value: _(
            "The p99 is {value}: move the servers to 4 and the people to 600 above, or read "
            'summary()["p99_ms"].',
            value=duration(value * 1000),
        ),
        hints=(
            Hint(
                lambda: _four_servers().summary()["mean_ms"] / 1000,
                N_("That is the mean. It mixes the lucky ones with the others; ask for the p99."),
            ),
            Hint(
                lambda: _four_servers().summary()["p50_ms"] / 1000,
                N_("That is the p50: half of the people wait longer than this."),
            ),
            Hint(
                lambda: _four_servers().summary()["p95_ms"] / 1000,
                N_("That is the p95: five of 100 people wait longer than this."),
            ),
            Hint(
                lambda: _p99_ms(_four_servers()),
                N_("The question asks for seconds; your number is in milliseconds."),
            ),
        ),
    ),
    Check(
        "00.cold",
        N_("300 people, seed 0: what percentage of the calls of the function were cold starts?"),
        answer=_cold_percent,
        unit="%",
        lo=0,
        hi=100,
        tolerance=0.03,
        worked=lambda value: _(
            "{cold} of {calls} calls found no idle environment: {share}. In a storm cold starts "
            "come in the first moment; afterwards the environments are reused.",
            cold=night(PEOPLE).results["Lambda"].summary()["cold_starts"],
            calls=f"{night(PEOPLE).results['Lambda'].n:,}",
            share=percent(value / 100),
        ),
        hints=(
            Hint(
                lambda: night(PEOPLE).results["Lambda"].summary()["cold_starts"],
                N_("That is how many there were. Divide by the number of calls."),
            ),
            Hint(lambda: _cold_percent() / 100, N_("That is the share; the question asks for a percentage.")),
            Hint(
                _cold_percent_of_150,
                N_("That is from the table of eight evenings with 150 people; go back to the slider at 300."),
            ),
        ),
    ),
    Check(
        "00.seeds",
        N_("Eight evenings with 150 people, the same people for both: what may you say about the p99?"),
        answer=_which_seed_claim,
        worked=_worked_seeds,
        choices=(
            N_("The servers have the higher p99."),
            N_("Lambda has the higher p99."),
            N_("Eight evenings are too few to tell."),
        ),
        hints=(
            Hint(lambda: 1, N_("Look at the sign of the difference in the table of the eight evenings.")),
            Hint(lambda: 2, N_("Look at the interval in the table: does it contain zero?")),
            Hint(lambda: 0, N_("Look at the interval in the table of the eight evenings.")),
        ),
    ),
)


# Quiz ----------------------------------------------------

QUIZ = Quiz(
    (
        Question(
            N_("What do you hand over to AWS Lambda?"),
            (
                Option(
                    N_("A virtual server with your program on it"),
                    N_("That is Amazon EC2: then you also patch and scale the server."),
                ),
                Option(
                    N_("Your code and settings such as memory and time limit"),
                    N_(
                        "Lambda starts as many execution environments as requests need, and removes them "
                        "again."
                    ),
                    True,
                ),
                Option(
                    N_("The number of servers you expect to need"),
                    N_("Nobody asks for that: one environment is started per request in progress."),
                ),
            ),
        ),
        Question(
            N_("The mean waiting time of an evening is 0.4 s, the p99 is 9 s. What does that say?"),
            (
                Option(
                    N_("One of 100 people waits 9 seconds or longer, though most are answered quickly."),
                    N_("The mean hides the few who wait long; percentiles show them."),
                    True,
                ),
                Option(
                    N_("Everybody waits between 0.4 s and 9 s."),
                    N_(
                        "Neither the mean nor the p99 is a limit: some wait less than 0.4 s and some more "
                        "than 9 s."
                    ),
                ),
                Option(
                    N_("The measurement is wrong, since the mean must lie near the p99."),
                    N_("They lie far apart whenever a few people wait much longer than the others."),
                ),
            ),
        ),
        Question(
            N_(
                "A museum sells tickets for special exhibitions: for weeks nothing happens, then hundreds of "
                "orders arrive within a minute. Two developers look after everything. Which design has the "
                "least operational overhead and the lowest cost?"
            ),
            (
                Option(
                    N_(
                        "An Auto Scaling group of EC2 instances behind a load balancer, at least two "
                        "instances"
                    ),
                    N_(
                        "Two instances and the load balancer are paid for all month, and new instances take "
                        "minutes to start: the minute is over by then."
                    ),
                ),
                Option(
                    N_("Reserved EC2 instances sized for the largest rush"),
                    N_(
                        "A reservation lowers the price of machines that stand idle nearly always; it is "
                        "still paid for every hour."
                    ),
                ),
                Option(
                    N_("Lambda behind an API Gateway HTTP API"),
                    N_(
                        "Nothing is paid for while nobody comes, environments are added within a second, "
                        "and there is no "
                        "server to look after. The concurrency quota has to be checked beforehand."
                    ),
                    True,
                ),
                Option(
                    N_("Containers on a fixed cluster of EC2 instances"),
                    N_(
                        "Containers pack programs well, but the instances below them must still be paid for, "
                        "patched and scaled."
                    ),
                ),
            ),
            domain="cost",
        ),
    )
)


def how_busy() -> str:
    """How much of what the two servers offer in a month the company uses, in one sentence."""
    busy = float(night(PEOPLE).results["EC2"].workload.work_vcpu_s.sum()) * STORMS_A_MONTH
    paid = FLEET.instances * FLEET.kind.vcpu * facts.value("hours_per_month") * 3600
    return _(
        "In a month the four sales use {busy} vCPU-seconds of the {paid} that are paid for: {share}.",
        busy=number(busy),
        paid=f"{paid:,.0f}",
        share=percent(busy / paid),
    )
