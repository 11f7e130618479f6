"""Scenario files: the shipped ones are fair; what does not fit gets one sentence; nothing is executed."""

import dataclasses
import json
import math
import re
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from simlib import (
    Client,
    Ec2,
    FactError,
    Lambda,
    ParamError,
    Poisson,
    Trace,
    Traffic,
    bill,
    draw,
    plain_yaml,
    simulate,
)
from simlib.params import build
from simlib.pricing import PriceError
from simlib.scenario_file import SECTIONS, about, load, shipped, with_stack
from simlib.services.costs import CloudWatchLogs, DataTransferOut, NatGateway, OwnLine
from simlib.workload import WorkloadError

EXPECTED = (ParamError, WorkloadError, PriceError, FactError)
NAMES = sorted(shipped())
PAIRS = [name for name in NAMES if f"{name}_ec2" in NAMES]
STORIES = {"quiet_blog", "office_hours_api", "ticket_storm", "nightly_batch", "webhook_bursts", "cron",
           "image_resizing", "chat_backend", "public_site", "always_on"}
SMALL = """\
schema_version: 1
traffic: {window_s: 60, arrivals: {pattern: poisson, rate_rps: 1}}
stack: [client, lambda]
"""


def sentence(error) -> str:
    """The message, after checking that it is one sentence of bearable length."""
    text = str(error.value)
    assert "\n" not in text
    assert text[-1] in ".?"
    assert len(text) < 600
    return text


def written(tmp_path, text, name="mine.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def refused(tmp_path, text) -> str:
    with pytest.raises(EXPECTED) as error:
        load(written(tmp_path, text))
    return sentence(error)


def one(scenario, kind):
    return next((part for part in (*scenario.stack, *scenario.costs) if isinstance(part, kind)), None)


# --- the shipped scenarios --------------------------------------------------------------------------------


def test_ten_stories_are_shipped_each_as_function_and_as_fleet():
    assert STORIES <= set(PAIRS)
    assert set(NAMES) == set(PAIRS) | {f"{name}_ec2" for name in PAIRS}


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_puts_the_same_requests_through_lambda_and_through_ec2(name):
    function, fleet = load(name), load(f"{name}_ec2")
    assert [type(service) for service in function.stack] == [Client, Lambda]
    assert [type(service) for service in fleet.stack] == [Client, Ec2]
    assert function.traffic == fleet.traffic
    assert function.stack[0] == fleet.stack[0]
    assert function.stack[1].architecture == fleet.stack[1].kind.architecture


@pytest.mark.parametrize("name", PAIRS)
def test_the_rival_fleet_stands_in_two_zones_and_its_busiest_minute_leaves_room(name):
    """Sized fairly: at most 70 % of its vCPUs busy in any minute; a T type on average within its baseline."""
    scenario = load(f"{name}_ec2")
    fleet, workload = one(scenario, Ec2), draw(scenario.traffic, 0)
    vcpus = fleet.instances * fleet.kind.vcpu
    minutes = math.ceil(workload.window_s / 60)
    per_minute = np.bincount((workload.arrival_s // 60).astype(int), workload.work_vcpu_s, minutes) / 60
    assert fleet.zones == 2
    assert per_minute.max() <= 0.70 * vcpus
    on_s = workload.window_s if fleet.stop_s is None else fleet.stop_s - fleet.start_s
    assert workload.work_vcpu_s.sum() / on_s <= fleet.kind.baseline * vcpus


@pytest.mark.parametrize("name", PAIRS)
def test_both_sides_of_a_pair_carry_the_same_kinds_of_costs(name):
    function, fleet = load(name), load(f"{name}_ec2")
    assert one(function, CloudWatchLogs).written_by == "lambda"
    assert one(fleet, CloudWatchLogs).written_by == "servers"
    for kind in (DataTransferOut, NatGateway):
        assert one(function, kind) == one(fleet, kind)
    assert (one(function, OwnLine) is None) == (one(fleet, OwnLine) is None)
    behind_nat = one(fleet, NatGateway) is not None
    assert not (behind_nat and one(fleet, Ec2).public_ipv4)


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_scenario_tells_its_story_and_has_a_price_in_both_regions(name):
    assert len(about(name)) > 150
    assert load(name).name not in {load(other).name for other in NAMES if other != name}
    for region in ("us-east-1", "ap-northeast-2"):
        scenario = load(name, region)
        little = dataclasses.replace(scenario.traffic, arrivals=Poisson(0.01), window_s=3600, quiet_rps=0.0)
        assert bill(simulate(dataclasses.replace(scenario, traffic=little))).total_usd >= 0


def test_the_public_site_plays_a_recorded_day_from_the_data_directory():
    traffic = load("public_site_ec2").traffic
    assert isinstance(traffic.arrivals, Trace)
    recorded = Path(traffic.arrivals.path)
    assert recorded.parent == shipped()["public_site"].parent.parent / "traces"
    rows = recorded.read_text(encoding="utf-8").splitlines()[1:]
    total = sum(int(row.rsplit(",", 1)[1]) for row in rows)
    assert draw(traffic, 0).n == total * traffic.arrivals.rate_scale


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_scenario_plays_within_ten_seconds_and_serves_everybody(name):
    started = time.perf_counter()
    result = simulate(load(name))
    bill(result)
    assert time.perf_counter() - started < 10
    assert result.summary()["served"] == result.n > 1000


# --- what a file may say ----------------------------------------------------------------------------------


def test_a_file_becomes_the_scenario_it_describes(tmp_path):
    path = written(tmp_path, """\
schema_version: 1
name: demo
about: >
  Two lines
  of text.
region: ap-northeast-2
date: 2026-10-15
traffic:
  window_s: 60
  arrivals: {pattern: steps, steps: [[0, 1], [30, 5.5]]}
  operations:
    - {name: read, weight: 3, work_vcpu_s: 1e-2}
    - {name: write, weight: 1, io_s: .5}
stack:
  - client
  - lambda: {memory_mb: 1769, reserved_concurrency: ~}
costs:
  - own_line: {name: "people", usd_per_month: 10, covers_people: true}
""")
    scenario = load(path)
    assert (scenario.name, scenario.region, scenario.date) == ("demo", "ap-northeast-2", "2026-10-15")
    assert about(path) == "Two lines of text."
    assert scenario.stack == (Client(), Lambda(memory_mb=1769))
    assert scenario.traffic.arrivals.steps == ((0, 1), (30, 5.5))
    assert [operation.work_vcpu_s for operation in scenario.traffic.operations] == [0.01, 0.05]
    assert scenario.costs == (OwnLine(name="people", usd_per_month=10, covers_people=True),)


def test_region_and_date_of_the_call_replace_those_of_the_file(tmp_path):
    path = written(tmp_path, SMALL + "region: ap-northeast-2\ndate: 2026-10-15\n")
    scenario = load(path, region="us-east-1", date="2023-05-06")
    assert (scenario.region, scenario.date) == ("us-east-1", "2023-05-06")


def test_a_name_without_folder_means_a_shipped_scenario_unless_such_a_file_is_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load("cron") == load("cron.yaml") == load(shipped()["cron"])
    written(tmp_path, SMALL, "cron.yaml")
    assert load("cron.yaml").name == "cron" and load("cron.yaml") != load("cron")


def test_a_file_with_a_byte_order_mark_and_windows_line_ends_is_read(tmp_path):
    path = tmp_path / "from_windows.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode("utf-8"))
    assert load(path).traffic.window_s == 60


def test_hangul_names_and_folders_are_read(tmp_path):
    folder = tmp_path / "예매 폭주"
    folder.mkdir()
    path = written(folder, SMALL + "name: 예매 폭주\n", "예매.yaml")
    assert load(path).name == "예매 폭주"


def test_with_stack_sends_the_same_requests_elsewhere():
    scenario = load("cron")
    other = with_stack(scenario, Client(), Ec2(), name="other")
    assert other.traffic is scenario.traffic and other.costs == scenario.costs
    assert other.stack == (Client(), Ec2()) and other.name == "other"


# --- what it may not say: one sentence, naming the place and the cure -------------------------------------

FAULTS = {
    "schema_version: 2": ["schema_version 2", "write `schema_version: 1`"],
    "schema_version: true": ["schema_version True"],
    "schema_version: 1": ["no stack"],
    "": ["holds no scenario", "schema_version: 1"],
    "just a text": ["holds no scenario"],
    "- a\n- list": ["holds no scenario"],
    SMALL + "trafic: {}": ["unknown section 'trafic'", "did you mean traffic?"],
    SMALL + "costs: 5": ["costs must be a list"],
    SMALL + "costs: [5]": ["costs entry 1", "cloudwatch_logs"],
    SMALL + "costs: [{nat: {}}]": ["costs entry 1 is 'nat'", "nat_gateway"],
    SMALL + "name: 5": ["name is 5", "quotes"],
    SMALL + "region: [a]": ["region is ['a']", "text"],
    SMALL + "region: us-east-9": ["no prices for the Region 'us-east-9'", "us-east-1"],
    SMALL + "date: yesterday": ["'yesterday'", "YYYY-MM-DD"],
    SMALL + "date: 2026-02-30": ["'2026-02-30'", "calendar"],
    SMALL + "date: 2026-01-01 10:00": ["YYYY-MM-DD"],
    SMALL + "traffic: {}": ["line 4", "'traffic' is there twice", "first in line 2"],
    SMALL.replace("stack: [client, lambda]", "stack: lambda"): ["stack must be a list"],
    SMALL.replace("[client, lambda]", "[client, lamda]"): ["stack entry 2 is 'lamda'", "lambda"],
    SMALL.replace("[client, lambda]", "[[client]]"): ["stack entry 1 must name one of"],
    SMALL.replace("[client, lambda]", "[lambda: {memory_gb: 1}]"): ["'memory_gb'", "did you mean memory_mb?"],
    SMALL.replace("[client, lambda]", "[lambda: {memory_mb: 1 GB}]"): ["'1 GB'", "only the number", "is MB"],
    SMALL.replace("[client, lambda]", "[lambda: {timeout_s: \"30 s\"}]"): ["'30 s'", "write only the number"],
    SMALL.replace("[client, lambda]", "[lambda: {timeout_s: 1000}]"): ["1000", "between 1 and 900 s"],
    SMALL.replace("[client, lambda]", "[lambda: {timeout_s: -5}]"): ["-5", "between 1 and 900 s"],
    SMALL.replace("[client, lambda]", "[lambda: {timeout_s: .nan}]"): ["nan", "finite"],
    SMALL.replace("[client, lambda]", "[lambda: {timeout_s: .inf}]"): ["inf", "finite"],
    SMALL.replace("[client, lambda]", "[lambda: {timeout_s: 1e999}]"): ["inf", "finite"],
    SMALL.replace("[client, lambda]", "[lambda: {timeout_s: 1" + "0" * 5000 + "}]"): ["inf", "finite"],
    SMALL.replace("[client, lambda]", "[lambda: {memory_mb: 512.5}]"): ["512.5", "whole number"],
    SMALL.replace("[client, lambda]", "[lambda: {memory_mb: 1_024}]"): ["'1_024'", "write only the number"],
    SMALL.replace("[client, lambda]", "[lambda: {timeout_s: 1:30}]"): ["'1:30'", "write only the number"],
    SMALL.replace("[client, lambda]", "[lambda: {memory_mb: [1]}]"): ["[1]", "number"],
    SMALL.replace("[client, lambda]", "[lambda: {memory_mb: true}]"): ["True", "number"],
    SMALL.replace("[client, lambda]", "[lambda: {memory_mb: }]"): ["None", "between 128 and 10,240 MB"],
    SMALL.replace("[client, lambda]", "[lambda: 512]"): ["512", "field: value"],
    SMALL.replace("[client, lambda]", "[lambda: {architecture: arm}]"): ["'arm'", "x86_64, arm64"],
    SMALL.replace("[client, lambda]", "[ec2: {load_balancer: on}]"): ["'on'", "true or false"],
    SMALL.replace("[client, lambda]", "[ec2: {load_balancer: no}]"): ["'no'", "true or false"],
    SMALL.replace("[client, lambda]", "[ec2: {instance_type: t4g.smal}]"): ["'t4g.smal'", "t4g.small"],
    SMALL.replace("[client, lambda]", "[ec2: {instances: 1}]"): ["Ec2.zones is 2", "fewer zones"],
    SMALL.replace("[client, lambda]", "\n  - lambda:\n    memory_mb: 512"): ["'memory_mb' beside", "indent"],
    SMALL.replace("window_s: 60", "window_h: 1"): ["'window_h'", "did you mean window_s?"],
    SMALL.replace("rate_rps: 1", "rate: 1"): ["'rate'", "did you mean rate_rps?"],
    SMALL.replace("pattern: poisson", "pattern: poison"): ["'poison'", "poisson"],
    SMALL.replace("pattern: poisson", "pattern: [poisson]"): ["['poisson']", "poisson"],
    SMALL.replace("{pattern: poisson, rate_rps: 1}", "{pattern: steps, steps: [[0, 1], [0, 2]]}"): ["rise"],
    SMALL.replace("{pattern: poisson, rate_rps: 1}", "{pattern: steps, steps: [[0, .nan]]}"): ["rates"],
    SMALL.replace("{pattern: poisson, rate_rps: 1}", "{pattern: trace}"): ["Trace.path is empty"],
    "schema_version: 1\nstack: [lambda]": ["no traffic section", "pattern: poisson"],
    "schema_version: 1\nstack: [lambda]\ntraffic: 5": ["traffic must say what arrives"],
    "schema_version: 1\nstack: [lambda]\ntraffic: {same_as: nowhere.yaml}": ["no scenario file", "nowhere"],
    "schema_version: 1\nstack: [lambda]\ntraffic: {same_as: 5}": ["same_as", "name another scenario file"],
    "schema_version: 1\nstack: [lambda]\ntraffic: {same_as: a.yaml, window_s: 5}": ["stand alone"],
    "schema_version: 1\nstack: [lambda]\ntraffic: {same_as: mine.yaml}": ["refers back to mine.yaml"],
    "schema_version: 1\nstack: [lambda]\ntraffic: {same_as: .}": ["is a folder"],
    "a: [1": ["line 1", "not YAML"],
    "a: 1\n  b: 2": ["line 2", "not YAML"],
    "\ta: 1": ["line 1", "needs spaces"],
    "a: 'open": ["line 1", "not YAML"],
    "a: 1\n---\nb: 2": ["line 2", "another document"],
    "a: 1\nb: \x01": ["line 2", "unprintable"],
    "a: &x 1\nb: *x": ["line 2", "alias *x"],
    "a: &x [*x]": ["alias *x"],
    "[" * 50_000: ["nested more than 20 deep"],
    "? [a]\n: 1": ["line 1", "name of a field"],
    "a: !!binary aGk=": ["tag !!binary", "runs no code"],
    "a: !mine 5": ["tag !mine"],
    "a: !!int five": ["tag !!int"],
}


@pytest.mark.parametrize("text", FAULTS, ids=lambda text: re.sub(r"\W+", "_", text)[-60:] or "empty")
def test_a_fault_is_named_in_one_sentence_with_place_and_cure(tmp_path, text):
    message = refused(tmp_path, text)
    for words in FAULTS[text]:
        assert words in message


TAGS = ("!!python/object/apply:builtins.open", "!!python/object/new:builtins.open", "!!python/module:os",
        "!!python/name:builtins.open", "!!python/object:simlib.Lambda",
        "!<tag:yaml.org,2002:python/object/apply:open>")
PLACES = ("HERE", "schema_version: HERE", SMALL + "name: HERE", SMALL + "? HERE\n: 1",
          SMALL.replace("client", "HERE"), SMALL.replace("rate_rps: 1", "rate_rps: HERE"))


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("place", PLACES, ids=range(len(PLACES)))
def test_python_tags_are_refused_and_run_nothing(tmp_path, tag, place):
    canary = tmp_path / "canary"
    text = place.replace("HERE", f"{tag} ['{canary.as_posix()}', w]")
    if place == "HERE" and "apply:builtins" in tag:
        yaml.unsafe_load(text).close()
        assert canary.exists(), "PyYAML's unsafe loader runs this tag, so the test would notice"
        canary.unlink()
    message = refused(tmp_path, text)
    assert "tag" in message and "runs no code" in message or "name of a field" in message
    assert not canary.exists()


def test_a_missing_file_is_named_with_the_nearest_shipped_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParamError) as error:
        load("quite_blog")
    assert "quite_blog" in sentence(error) and "did you mean quiet_blog" in sentence(error)
    with pytest.raises(ParamError) as error:
        load(tmp_path / "zzz.yaml")
    assert "cron" in sentence(error)


def test_folders_binary_files_and_giants_are_refused(tmp_path):
    with pytest.raises(ParamError, match="is a folder"):
        load(tmp_path)
    picture = tmp_path / "picture.yaml"
    picture.write_bytes(b"schema_version: 1\n\x89PNG\r\n\x1a\n\xff\xfe")
    with pytest.raises(ParamError, match="line 2: this is not UTF-8 text"):
        load(picture)
    giant = written(tmp_path, "#" * (plain_yaml.MAX_BYTES + 1), "giant.yaml")
    with pytest.raises(ParamError, match="too large"):
        load(giant)
    with pytest.raises(ParamError):
        load("nul\0byte.yaml")


def test_same_as_follows_files_from_folder_to_folder(tmp_path):
    """b (in sub) takes the traffic of a, which plays a trace beside it; c takes that of b."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "ticks.csv").write_text("t_s\n1\n2\n4\n", encoding="utf-8")
    a = written(tmp_path, "schema_version: 1\nstack: [lambda]\n"
                          "traffic: {window_s: 9, arrivals: {pattern: trace, path: ticks.csv}}", "a.yaml")
    b = written(tmp_path, "schema_version: 1\nstack: [ec2]\ntraffic: {same_as: ../a.yaml}", "sub/b.yaml")
    c = written(tmp_path, "schema_version: 1\nstack: [lambda]\ntraffic: {same_as: sub/b.yaml}", "c.yaml")
    assert load(a).traffic == load(c).traffic
    assert draw(load(b).traffic, 0).arrival_s.tolist() == [1, 2, 4]


def test_scenarios_whose_traffic_refers_to_each_other_in_a_circle_are_refused(tmp_path):
    for name, other in (("a", "b"), ("b", "c"), ("c", "a")):
        text = f"schema_version: 1\nstack: [lambda]\ntraffic: {{same_as: {other}.yaml}}"
        written(tmp_path, text, f"{name}.yaml")
    with pytest.raises(ParamError) as error:
        load(tmp_path / "a.yaml")
    assert "refers back to a.yaml" in sentence(error)


def test_the_file_that_same_as_names_must_be_a_scenario_too(tmp_path):
    written(tmp_path, "schema_version: 7\ntraffic: {}", "old.yaml")
    message = refused(tmp_path, "schema_version: 1\nstack: [lambda]\ntraffic: {same_as: old.yaml}")
    assert "old.yaml has schema_version 7" in message


# --- rules, on drawn examples -----------------------------------------------------------------------------

printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xD7FF,
                                  exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cn")), max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-10**17, 10**17) | printable
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(printable.filter(bool), inner, max_size=4),
    max_leaves=12)


@given(json_values)
def test_every_json_text_means_the_same_in_yaml(value):
    """YAML 1.2 contains JSON, so Python's json module is the reference."""
    assert plain_yaml.parse(json.dumps(value, ensure_ascii=False), "f") == value


@pytest.mark.parametrize("text, value", [
    ("no", "no"), ("On", "On"), ("y", "y"), ("12:30:45", "12:30:45"), ("0x1F", "0x1F"), ("1_000", "1_000"),
    ("2026-01-02", "2026-01-02"), ("010", 10), ("1e3", 1000.0), ("6.", 6.0), (".5", 0.5), ("-7", -7),
    ("~", None), ("", None), ("TRUE", True), ("False", False), ("null", None), ("<<", "<<"),
    ("-.inf", -math.inf)])
def test_bare_words_mean_what_yaml_1_2_says(text, value):
    assert plain_yaml.parse(f"a: {text}", "f") == {"a": value}


garbage = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(
        ["poisson", "trace", "steps", "lambda", "ec2", "client", "30 s", "us-east-1", "2026-01-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["lambda", "ec2", "client", "arrivals", "pattern", "rate_rps", "steps", "window_s",
                         "same_as", "operations", "keys", "name", "memory_mb", "path", "own_line"])
        | st.text(max_size=5), inner, max_size=4), max_leaves=10)


@pytest.fixture(scope="module")
def attempt(tmp_path_factory):
    """A function that loads a text, and fails on anything but a scenario or a short one-sentence error."""
    path = tmp_path_factory.mktemp("drawn") / "drawn.yaml"

    def load_or_be_refused(text: str) -> None:
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        try:
            load(path)
        except EXPECTED as error:
            assert "\n" not in str(error) and len(str(error)) < 1000

    return load_or_be_refused


@hypothesis_settings(max_examples=150)
@given(st.text(max_size=60) | st.text("[]{}:,-#&*!|>'\"%@`?~ \n\tab01.", max_size=60))
def test_any_text_is_refused_politely(attempt, text):
    attempt(text)


@hypothesis_settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(SECTIONS), garbage, max_size=6))
def test_any_values_in_the_known_sections_are_loaded_or_refused_politely(attempt, sections):
    sections = {"schema_version": 1, "stack": ["lambda"], **sections}
    attempt(yaml.safe_dump(sections, allow_unicode=True))


@hypothesis_settings(max_examples=200)
@given(st.sampled_from(NAMES), st.data())
def test_a_shipped_file_with_a_piece_replaced_is_loaded_or_refused_politely(attempt, name, data):
    text = shipped()[name].read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    piece = data.draw(st.sampled_from(
        ["", ":", "- ", "\n", "  ", "]", "{", "1e400", ".nan", "-1", "0", "null", "[1]", "{a: 1}", "'",
         "!!python/x ", "&a ", "*a", "\t", "#", "same_as", "\x00", "한글"]))
    attempt(text[:start] + piece + text[end:])


@given(st.sampled_from([Lambda, Ec2, Client, Traffic]), st.data())
def test_an_unknown_field_is_named_with_one_that_exists(kind, data):
    fields = [field.name for field in dataclasses.fields(kind)]
    field = data.draw(st.sampled_from(fields))
    position = data.draw(st.integers(0, len(field) - 1))
    misspelt = field[:position] + field[position + 1:]
    if misspelt in fields or len(misspelt) < 5:
        return
    with pytest.raises(ParamError) as error:
        build(kind, {misspelt: 1}, "here")
    assert f"here has an unknown field {misspelt!r}" in sentence(error)
    assert any(f"did you mean {name}?" in str(error.value) for name in fields)


def test_functions_of_one_account_are_listed_with_their_own_fields(tmp_path):
    path = tmp_path / "shared.yaml"
    text = """schema_version: 1
traffic:
  arrivals: {pattern: poisson, rate_rps: 1}
  operations: [{name: quick}, {name: slow, io_s: 5}]
stack:
  - functions:
      account_concurrency: 200
      functions:
        - {memory_mb: 512}
        - {memory_mb: 2048, reserved_concurrency: 20, provisioned_schedule: [[60, 5]]}
"""
    path.write_text(text, encoding="utf-8")
    account, = load(path).stack
    assert [function.memory_mb for function in account.functions] == [512, 2048]
    assert account.functions[1].provisioned_schedule == ((60, 5),)
    path.write_text(text.replace("memory_mb: 512", "memory_gb: 1"), encoding="utf-8")
    with pytest.raises(ParamError, match="functions 1 has an unknown field 'memory_gb'; did you mean memory_mb"):
        load(path)
