"""What lessons bring along: answers hold, hints differ from them, targets can be reached, controls work."""

import dataclasses
import importlib
import json
import math
import pkgutil
import re
from datetime import UTC, datetime

import pytest
import yaml

from simlib import Ec2, Lambda, Scenario, facts, i18n, lessons, teach, widgets
from simlib.lessons import lesson00, lesson01
from simlib.pricing import price_book

MODULES = [
    importlib.import_module(f"simlib.lessons.{found.name}")
    for found in pkgutil.iter_modules(lessons.__path__)
    if found.name.startswith("lesson")
]


@pytest.fixture(autouse=True)
def english():
    i18n.use("en")
    yield
    i18n.use("en")


def of_kind(kind):
    found = []
    for module in MODULES:
        for name, thing in vars(module).items():
            if isinstance(thing, kind):
                found.append(pytest.param(thing, id=f"{module.__name__[-2:]}-{name}"))
            elif isinstance(thing, tuple):
                found += [
                    pytest.param(each, id=f"{module.__name__[-2:]}-{name}-{k}")
                    for k, each in enumerate(thing)
                    if isinstance(each, kind)
                ]
    return found


@pytest.mark.parametrize("question", of_kind(teach.Check))
@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_simulators_answer_is_right_and_no_hint_is(question, language):
    i18n.use(language)
    answer = question.right_answer()
    typed = answer if question.choices else f"{answer:.6g}"
    assert question.mark(typed).right
    hints = [hint for hint in question.hints if not (question.choices and hint.gives() == answer)]
    for hint in hints:
        value = hint.gives()
        if not question.choices and not question.lo <= value <= question.hi:
            continue
        verdict = question.mark(value if question.choices else f"{value:.6g}")
        assert not verdict.right and i18n._(hint.text) in verdict.text
    assert "{" not in question.worked(answer)
    assert len(question.hints) >= 2


@pytest.mark.parametrize("target", of_kind(teach.Target))
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_target_can_be_reached_and_explains_how(target, language):
    i18n.use(language)
    verdict = target.mark(target.solution())
    assert verdict.right, verdict.text
    assert len(target.worked()) > 20 and "{usd" not in target.worked()


def test_running_all_cells_is_no_try_at_any_target():
    def my_handler(event, context):
        return handler(event, context)  # noqa: F821 - the notebook defines it

    starts = [
        (lesson00.REFUSES, my_handler),
        (lesson00.CALM, lesson00.servers(2)),
        (lesson01.BY_HAND, 0.0),
        (lesson01.UNDER_BUDGET, Scenario((lesson01.Client(), Lambda(memory_mb=1024)), lesson01.steady(20))),
    ]
    mine = {lesson00.__name__[-2:], lesson01.__name__[-2:]}
    assert {id(target) for target, _start in starts} == {
        id(found.values[0]) for found in of_kind(teach.Target) if found.id[:2] in mine
    }
    for target, start in starts:
        fresh = dataclasses.replace(target)
        assert not fresh.mark(start).right
        assert "Try first" in fresh.unfold(), target.key
        assert fresh.mark(fresh.solution()).right and fresh.unfold() == fresh.worked()


@pytest.mark.parametrize("explorable", of_kind(teach.Explorable))
@pytest.mark.parametrize("language", ["en", "ko"])
def test_an_explorable_answers_at_both_ends_of_every_control(explorable, language):
    i18n.use(language)
    exploring = teach.Exploration(explorable)
    exploring.pin()
    for control in explorable.controls:
        ends = [value for value, _label in control.choices] or [control.lo, control.hi]
        for value in ends:
            exploring.move(control.name, value)
            assert exploring.error == "" and "nan" not in exploring.sentence, (control.name, value)
            assert "{" not in exploring.sentence and exploring.picture.png()
        exploring.reset()


@pytest.mark.parametrize("explorable", of_kind(teach.Explorable))
def test_a_slider_stands_on_its_own_steps_at_the_start(explorable):
    """Else the browser moves it to the nearest step and the lesson begins elsewhere."""
    for control in explorable.controls:
        if control.choices:
            continue
        slider = widgets._Slider(control, lambda *_: None, True).main
        low, value = (
            (slider.min, math.log10(control.default)) if control.log else (control.lo, control.default)
        )
        steps = (value - low) / slider.step
        assert steps == pytest.approx(round(steps), abs=1e-6) or control.default == control.hi, control.name


@pytest.mark.parametrize("explorable", of_kind(teach.Explorable))
def test_at_most_five_controls_are_in_view(explorable):
    assert 1 <= len(explorable.controls) <= 5


@pytest.mark.parametrize("quiz", of_kind(teach.Quiz))
def test_a_quiz_has_reasons_of_its_own_for_every_option(quiz):
    reasons = [option.why for question in quiz.questions for option in question.options]
    assert len(set(reasons)) == len(reasons) and all(len(reason) > 20 for reason in reasons)


def test_the_right_option_is_not_always_the_same():
    places = {
        tuple(option.right for option in question.options).index(True)
        for module in MODULES
        for question in module.QUIZ.questions
    }
    assert len(places) >= 3


# Lesson 00 ------------------------------------------------------------


def test_the_event_has_the_shape_of_payload_format_2():
    event = lesson00.purchase_event(3)
    assert event["version"] == "2.0" and event["routeKey"] == "POST /tickets"
    assert isinstance(event["body"], str) and json.loads(event["body"])["seats"] == 3
    assert int(event["headers"]["content-length"]) == len(event["body"])
    context = event["requestContext"]
    assert {
        "accountId",
        "apiId",
        "domainName",
        "domainPrefix",
        "http",
        "requestId",
        "routeKey",
        "stage",
        "time",
        "timeEpoch",
    } == set(context)
    assert {"method", "path", "protocol", "sourceIp", "userAgent"} == set(context["http"])
    opened = datetime.fromtimestamp(context["timeEpoch"] / 1000, UTC)
    assert context["time"] == opened.strftime("%d/%b/%Y:%H:%M:%S +0000")
    assert opened.hour + 9 == 20, "sales open at 20:00 in Korea"


@pytest.mark.parametrize(
    ("handler", "status"),
    [
        (lambda event, context: {"statusCode": 201, "body": "{}"}, 201),
        (lambda event, context: {"seats": 2}, 200),
        (lambda event, context: "text", 200),
        (lambda event, context: None, 200),
        (lambda event, context: {"statusCode": 200, "body": {"not": "text"}}, 500),
        (lambda event, context: {"statusCode": "200", "body": ""}, 500),
        (lambda event, context: {1, 2}, 500),
        (lambda event, context: event["nothing"], 500),
        (lambda event: 1, 500),
    ],
)
def test_a_handlers_value_becomes_the_answer_that_api_gateway_gives(handler, status):
    answer = lesson00.answer(handler, lesson00.purchase_event())
    assert answer["statusCode"] == status and isinstance(answer["body"], str)
    assert ("log" in answer) == (status == 500)


def test_a_handler_cannot_change_the_event_of_the_notebook():
    event = lesson00.purchase_event()
    lesson00.answer(lambda event, context: event.clear(), event)
    assert event["version"] == "2.0"


def test_the_context_offers_what_lambda_offers():
    seen = {}

    def handler(event, context):
        seen.update(left=context.get_remaining_time_in_millis(), memory=context.memory_limit_in_mb)

    lesson00.answer(handler, lesson00.purchase_event())
    assert 0 < seen["left"] <= lesson00.FUNCTION.timeout_s * 1000
    assert seen["memory"] == str(lesson00.FUNCTION.memory_mb)


def test_the_template_deploys_the_function_that_was_simulated():
    class Loader(yaml.SafeLoader):
        """Knows the template's own tags."""

    Loader.add_multi_constructor("!", lambda loader, suffix, node: node.value)
    template = yaml.load(lesson00.TEMPLATE, Loader)
    properties = template["Resources"]["BuyTicket"]["Properties"]
    function = Lambda(
        memory_mb=properties["MemorySize"],
        timeout_s=properties["Timeout"],
        architecture=properties["Architectures"][0],
        runtime=properties["Runtime"],
    )
    assert function == lesson00.FUNCTION
    route = properties["Events"]["Buy"]["Properties"]
    assert f"{route['Method']} {route['Path']}" == lesson00.purchase_event()["routeKey"]


@pytest.mark.parametrize(
    "body", ["{}", "[]", "2", '{"seats": "two"}', '{"seats": "2"}', '{"seats": 2.5}', '{"seats": true}', "two"]
)
def test_the_model_handler_refuses_every_wrong_order(body):
    event = lesson00.purchase_event(body=body)
    assert lesson00.answer(lesson00.good_handler, event)["statusCode"] == 400


def test_a_handler_that_rounds_seats_misses_the_target():
    def handler(event, context):
        try:
            seats = int(json.loads(event["body"])["seats"])
        except (ValueError, KeyError, TypeError):
            seats = 0
        return {"statusCode": 200 if 1 <= seats <= 4 else 400, "body": ""}

    verdict = lesson00.REFUSES.mark(handler)
    assert not verdict.right and "2.5 seats is answered with: 200, but it should be 400" in verdict.text


@pytest.mark.parametrize("given", [0, 1, -3, 2.5, "eight", None, True, 10**9])
def test_a_fleet_that_cannot_be_is_answered_with_a_sentence(given):
    with pytest.raises(teach.InputError, match=r"as in lesson.servers\(8\)") as caught:
        lesson00.servers(given)
    assert caught.value._render_traceback_() == [f"⚠ {caught.value}"]


def test_the_sentence_of_the_storm_names_expected_and_real_people_and_cold_starts():
    sentence = teach.Exploration(lesson00.STORM).sentence
    result = lesson00.night(300).results["Lambda"]
    assert "About 300 people" in sentence and f"made it {result.n}" in sentence
    assert f"Cold starts: {result.summary()['cold_starts']}." in sentence


def test_milliseconds_are_met_with_a_hint():
    check = next(check for check in lesson00.CHECKS if check.key == "00.p99")
    assert "milliseconds" in check.mark(f"{1000 * check.right_answer():.0f}").text


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("lesson", [lesson00, lesson01])
def test_every_item_of_break_it_has_an_answer(lesson, language):
    i18n.use(language)
    answers = lesson.breaking()
    assert len(answers) == {lesson00: 3, lesson01: 4}[lesson]
    assert all(len(answer) > 40 and "{" not in answer and "nan" not in answer for answer in answers)


def test_the_answers_of_break_it_hold_on_its_controls():
    quota, refused = lesson00._first_refusing_quota()
    exploring = teach.Exploration(lesson00.BREAK)
    exploring.set({"account_concurrency": quota})
    assert f"Lambda: {313 - refused} served, {refused} refused" in exploring.sentence
    exploring.set({"account_concurrency": quota + 1})
    assert "Lambda: 313 served, 0 refused" in exploring.sentence
    exploring.reset()
    people, _came = lesson00._most_people()
    exploring.set({"people": people})
    assert re.search(r"EC2: \d+ served, 0 refused", exploring.sentence)
    exploring.set({"people": people + 20})
    assert not re.search(r"EC2: \d+ served, 0 refused", exploring.sentence)


def test_fewer_servers_than_needed_do_not_do():
    needed = lesson00.servers_needed()
    assert not lesson00.CALM.mark(lesson00.servers(needed - 1)).right
    assert lesson00.CALM.mark(lesson00.servers(needed)).right


def test_the_listing_read_aloud_is_the_code_that_runs():
    assert "def invoke(request, call):" in lesson00.read_aloud() and "def admit(" in lesson00.read_aloud()


def test_the_number_in_a_question_is_the_number_that_is_checked():
    assert (
        f"${lesson00.BUDGET_USD:g}" in lesson00.CALM.question and str(lesson00.MANY) in lesson00.CALM.question
    )
    assert f"${lesson01.TARGET_USD:g}" in lesson01.UNDER_BUDGET.question
    assert f"{lesson01.TARGET_P99_MS:g} ms" in lesson01.UNDER_BUDGET.question
    said = re.findall(r"\d+", lesson01.BY_HAND.question)
    assert said[:3] == [str(lesson01.EXERCISE_MB), str(lesson01.EXERCISE_RPS), str(lesson01.EXERCISE_MS)]


# Lesson 01 ------------------------------------------------------------


def test_the_simulated_month_lies_on_the_closed_form():
    for rate_rps in (1.0, 13.0, 50.0):
        month = lesson01.month(rate_rps)
        curve = lesson01._curves()
        for name in lesson01.NAMES:
            import numpy as np

            closed = np.exp(
                np.interp(math.log(rate_rps), np.log(lesson01.RATES_RPS), np.log(curve[name] + 1e-9))
            )
            assert month.usd(name) == pytest.approx(closed, rel=0.06, abs=0.1), (rate_rps, name)


def test_an_overloaded_fleet_is_played_long_enough_to_refuse():
    exploring = teach.Exploration(lesson01.WAIT_EXPLORER)
    assert "refused. Played" not in exploring.sentence and exploring.found.played_s == 80
    exploring.set({"rate_rps": 60, "servers": 2})
    summary = exploring.found.results["EC2"].summary()
    lost = 1 - 1 / exploring.found.utilisation
    assert summary["failed"] / summary["requests"] == pytest.approx(lost, abs=0.06)
    assert "16.7 % are refused" in exploring.sentence and "Played here: 100 s" in exploring.sentence


def test_the_computing_of_a_request_is_explained_with_the_simulators_own_time():
    took_ms = lesson01._parts().billed_ms
    assert f"takes, and is billed, {took_ms:g} ms" in lesson01.how_long_it_takes()
    assert f"{took_ms:g} ms are billed" in lesson01.break_even_sum().splitlines()[0]


def test_the_busiest_minute_of_the_real_days_leaves_half_of_the_servers_idle():
    """As the text of section 4 says."""
    from simlib.views import paid_and_used

    found = paid_and_used(lesson01.real_days()[0]["EC2"], 2880)
    assert found["used"].max() < 0.5 * found["paid"].mean()


def test_the_bill_by_hand_is_the_lambda_price_list():
    requests = 12 * 730 * 3600
    gb_seconds = requests * 0.2 * 0.5
    book = price_book()
    by_hand = (requests - facts.value("free_tier.lambda.requests")) * book.usd("lambda.requests") + (
        gb_seconds - facts.value("free_tier.lambda.duration")
    ) * book.usd("lambda.duration.x86_64")
    assert lesson01.BY_HAND.mark(by_hand).right
    assert not lesson01.BY_HAND.mark(0.0).right


def test_both_sides_can_meet_the_target_and_the_plain_function_cannot():
    stacks = {
        "servers": (lesson01.Client(), lesson01.FLEET),
        "arm": (lesson01.Client(), Lambda(architecture="arm64")),
        "plain": (lesson01.Client(), Lambda()),
    }
    reached = {
        name: lesson01.UNDER_BUDGET.mark(Scenario(stack, lesson01.steady(20))).right
        for name, stack in stacks.items()
    }
    assert reached == {"servers": True, "arm": True, "plain": False}


def test_a_target_played_with_other_traffic_is_refused():
    with pytest.raises(teach.InputError, match="traffic was changed"):
        lesson01.UNDER_BUDGET.mark(Scenario((lesson01.Client(), Ec2()), lesson01.steady(1)))


def test_the_break_even_moves_with_the_work():
    assert lesson01.crossing(lesson01.HEAVIER).rate_rps < lesson01.crossing().rate_rps


def test_the_quota_throttles_in_the_corner_of_the_map():
    exploring = teach.Exploration(lesson01.MAP_EXPLORER)
    assert "throttled" not in exploring.sentence
    exploring.set({"rate_rps": 400, "work_ms": 2500})
    assert "throttled" in exploring.sentence and "raised quota" in exploring.sentence


def test_the_storm_breaks_servers_and_a_small_quota_breaks_lambda():
    exploring = teach.Exploration(lesson00.BREAK)
    assert "Lambda: 313 served, 0 refused" in exploring.sentence
    exploring.set({"account_concurrency": 10})
    assert "Lambda: 313 served" not in exploring.sentence
    exploring.reset()
    exploring.set({"people": 1000})
    assert re.search(r"EC2: \d+ served, [1-9]\d* refused", exploring.sentence)
