"""The command line: what it prints, its exit codes, and that nothing ends in a traceback."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from simlib import __main__ as cli
from simlib import bill, compare, facts, simulate, sweep, vary
from simlib.scenario_file import load, shipped

ROOT = Path(__file__).resolve().parents[1]
SMALL = """\
schema_version: 1
name: small
about: A handful of requests.
traffic: {window_s: 600, arrivals: {pattern: poisson, rate_rps: 0.5}, operations: [{work_vcpu_s: 0.2}]}
stack: [client, lambda: {memory_mb: 1769}]
costs: [data_transfer_out, own_line: {name: a rather long name for a line somebody typed, usd_per_month: 7}]
"""
SMALL_EC2 = """\
schema_version: 1
name: small fleet
traffic: {same_as: small.yaml}
stack: [client, ec2: {instance_type: m5.large}]
costs: [data_transfer_out]
"""
NOBODY_SERVED = SMALL.replace("memory_mb: 1769", "memory_mb: 1769, reserved_concurrency: 0").replace(
    "[client,", "[client: {max_attempts: 1},")


@pytest.fixture
def small(tmp_path):
    """Path of a small scenario; its rival small_ec2.yaml lies beside it."""
    (tmp_path / "small_ec2.yaml").write_text(SMALL_EC2, encoding="utf-8")
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


@pytest.fixture
def rival(small):
    return small.with_name("small_ec2.yaml")


@pytest.fixture
def ran(capsys):
    """Runs a command in this process: (exit code, standard output, standard error)."""
    def run(*arguments):
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err
    return run


def process(*arguments, **options):
    """The command as its users start it."""
    return subprocess.run([sys.executable, "-m", "simlib", *map(str, arguments)], cwd=ROOT,
                          capture_output=True, timeout=60, **options)


def strict_json(text):
    """Parsed JSON; NaN and Infinity, which Python would accept, are no JSON."""
    def refuse(word):
        raise AssertionError(f"{word} is no JSON")
    return json.loads(text, parse_constant=refuse)


# --- run --------------------------------------------------------------------------------------------------


def test_run_shows_requests_latency_bill_and_where_the_prices_come_from(ran, small):
    code, out, err = ran("run", small)
    result = simulate(load(small))
    numbers, invoice = result.summary(), bill(result)
    assert (code, err) == (0, "")
    assert f"{result.n:,}: {numbers['served']:,} served, 0 failed, 0 throttled" in out
    assert f"p99 {numbers['p99_ms']:,.1f} ms" in out
    assert "A handful of requests." in out
    total, = (line for line in out.splitlines() if line.strip().startswith("total"))
    assert total.split()[1] == f"{invoice.total_usd:,.2f}"
    for line in invoice.lines:
        known = facts.sources().get(line.source)
        assert known is None or (known.title in " ".join(out.split()) and known.url in out)
    assert "Not in this bill: CloudWatch Logs, unless added; X-Ray, KMS, VPC add-ons." in out


@pytest.mark.parametrize("name", ["quiet_blog", "cron_ec2", "nightly_batch_ec2"])
def test_what_run_prints_fits_into_100_columns_except_addresses(ran, name):
    _, out, _ = ran("run", name)
    assert all(len(line) <= 100 or line.strip().startswith("https://") for line in out.splitlines())


def test_lines_of_the_bill_add_up_to_the_total(ran, small):
    document = strict_json(ran("run", small, "--json")[1])["bill"]
    assert sum(line["usd"] for line in document["lines"]) == pytest.approx(document["total_usd"])
    assert sum(line["quantity"] * line["price_usd"] for line in document["lines"]) == pytest.approx(
        document["total_usd"])


def test_run_json_holds_the_numbers_of_the_library(ran, small):
    code, out, err = ran("run", small, "--json", "--seed", 3, "--no-free-tier")
    document = strict_json(out)
    result = simulate(load(small), 3)
    assert (code, err) == (0, "")
    assert document["seed"] == 3
    assert document["summary"]["p95_ms"] == result.summary()["p95_ms"]
    assert document["bill"]["total_usd"] == bill(result, free_tier=False).total_usd
    assert set(document["bill"]["sources"]) <= set(facts.sources())
    used = {line["source"] for line in document["bill"]["lines"]}
    assert used == {*document["bill"]["sources"], "your own figure"}


def test_where_nobody_was_served_json_has_null_and_the_text_no_latency(ran, small):
    small.write_text(NOBODY_SERVED, encoding="utf-8")
    code, out, _ = ran("run", small, "--json")
    assert code == 0
    assert strict_json(out)["summary"]["p50_ms"] is None
    code, out, _ = ran("run", small)
    assert code == 0
    assert "0 served" in out and "latency" not in out and "nan" not in out


def test_seed_region_date_and_free_tier_change_what_they_should(ran, small):
    def total(*options):
        return strict_json(ran("run", small, "--json", *options)[1])["bill"]["total_usd"]

    assert total("--no-free-tier") > total()
    assert total("--no-free-tier", "--seed", 1) != total("--no-free-tier")
    assert total("--no-free-tier", "--region", "ap-northeast-2") > total("--no-free-tier")
    before, after = (total("--no-free-tier", "--date", date) for date in ("2020-11-30", "2020-12-01"))
    assert before > after, "duration was rounded up to 100 ms until 2020-12-01"


def test_prices_of_a_day_after_the_last_check_come_with_a_warning(ran, small):
    assert "last checked" in ran("run", small, "--date", "2035-01-01")[1]
    assert "last checked" not in ran("run", small)[1]


def test_the_traffic_between_windows_is_told(ran, small):
    text = SMALL.replace("window_s: 600,", "window_s: 600, windows_per_month: 2, quiet_rps: 0.01,")
    small.write_text(text, encoding="utf-8")
    assert "2 times 10 minutes, and 0.01 requests/s in the rest of it" in ran("run", small)[1]


# --- compare ----------------------------------------------------------------------------------------------


def test_compare_says_in_words_which_is_lower(ran, small, rival):
    code, out, err = ran("compare", small, rival, "--seeds", 3)
    found = compare(load(small), load(rival), range(3)).table.set_index("metric")
    assert (code, err) == (0, "")
    assert "a = small: Client -> Lambda" in out and "b = small fleet: Client -> Ec2" in out
    assert found.loc["monthly bill", "verdict"] == "small lower"
    assert "monthly bill: lower with small, by " in out
    assert "throttled: equal." in out
    assert all(len(line) <= 100 for line in out.splitlines())


def test_compare_calls_a_difference_within_chance_too_close(ran, small, rival):
    """The same function with another life time of idle environments differs in a few cold starts only."""
    for path, keep_alive_s in ((small, 6), (rival, 6.1)):
        fields = f"memory_mb: 1769, keep_alive: custom, keep_alive_s: {keep_alive_s}"
        path.write_text(SMALL.replace("memory_mb: 1769", fields), encoding="utf-8")
    _, out, _ = ran("compare", small, rival, "--seeds", 6)
    table = compare(load(small), load(rival), range(6)).table
    close = [row for row in table.to_dict("records") if row["verdict"] == "too close to call"]
    assert close
    for row in close:
        assert f"{row['metric']}: too close to call; b - a lies between" in " ".join(out.split())


def test_compare_json_holds_the_comparison(ran, small, rival):
    document = strict_json(ran("compare", small, rival, "--seeds", 2, "--seed", 5, "--json")[1])
    table = compare(load(small), load(rival), (5, 6)).table
    assert document["seeds"] == [5, 6]
    assert [row["low"] for row in document["metrics"]] == table["low"].tolist()
    assert [row["a"] for row in document["metrics"]] == table["small"].tolist()


def test_one_seed_gives_no_verdict(ran, small, rival):
    _, out, _ = ran("compare", small, rival, "--seeds", 1)
    assert "One seed tells nothing about chance" in out and "lower with" not in out
    row = strict_json(ran("compare", small, rival, "--seeds", 1, "--json")[1])["metrics"][0]
    assert (row["low"], row["high"]) == (None, None)


def test_a_scenario_compared_with_itself_is_equal_in_everything(ran, small):
    _, out, _ = ran("compare", small, small, "--seeds", 2)
    verdicts = out.split("In words")[1].strip().splitlines()
    assert len(verdicts) == 8 and all(line.endswith(": equal.") for line in verdicts)


# --- sweep ------------------------------------------------------------------------------------------------

MEMORY = ("--vary", "Lambda.memory_mb=512,1769")


def test_sweep_shows_means_and_half_intervals_of_every_scenario(ran, small):
    code, out, err = ran("sweep", small, *MEMORY, "--vary", "traffic.arrivals.rate_rps=0.5,1", "--seeds", 3,
                         "--workers", 1)
    fields = {"Lambda.memory_mb": [512, 1769], "traffic.arrivals.rate_rps": [0.5, 1]}
    summary = sweep(vary(load(small), fields), range(3), workers=1).summary
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    for name in ("memory_mb=512, rate_rps=0.5", "memory_mb=1769, rate_rps=1"):
        rows = summary[summary["scenario"] == f"small: {name}"].set_index("metric")
        (place,) = (k for k, line in enumerate(lines) if " ".join(line).startswith(name))
        figures = sum(lines[place:place + 3], [])[2:19]
        p95 = rows.loc["p95 latency"]
        assert figures[2] == f"{p95['mean']:,.1f}"
        assert figures[8] == "+-" and figures[11] == f"{p95['high'] - p95['mean']:,.1f}"
    assert "4 scenarios, 3 seeds, 0 to 2," in out


@pytest.mark.parametrize("fields", [
    (), ("Lambda.memory_mb=512",), ("Lambda.memory_mb=512,1024", "Lambda.init_s=,0.25"),
    ("Lambda.memory_mb=512", "Lambda.keep_alive_s=60", "Lambda.ephemeral_storage_mb=600"),
])
def test_what_sweep_prints_fits_into_100_columns(ran, small, fields):
    options = [option for field in fields for option in ("--vary", field)]
    code, out, _ = ran("sweep", small, *options, "--seeds", 2, "--workers", 1)
    assert code == 0
    assert all(len(line) <= 100 and line == line.rstrip() for line in out.splitlines())


def test_sweep_json_and_csv_hold_the_cells(ran, small, tmp_path):
    table = tmp_path / "cells.csv"
    code, out, _ = ran("sweep", small, *MEMORY, "--seeds", 2, "--seed", 5, "--workers", 1, "--json", "--csv", table)
    document = strict_json(out)
    expected = sweep(vary(load(small), {"Lambda.memory_mb": [512, 1769]}), (5, 6), workers=1).table
    assert code == 0 and document["complete"] and document["seeds"] == [5, 6]
    assert document["cells"] == expected.to_dict("records")
    assert len(document["summary"]) == 2 * 8
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["p95_ms"]) for row in rows] == expected["p95_ms"].tolist()
    assert [row["Lambda.memory_mb"] for row in rows] == ["512", "512", "1769", "1769"]


def test_sweep_of_one_seed_shows_no_intervals_and_of_nobody_served_no_latency(ran, small):
    small.write_text(NOBODY_SERVED, encoding="utf-8")
    code, out, _ = ran("sweep", small, "--seeds", 1, "--workers", 1)
    assert code == 0
    assert "1 scenario, seed 0 only" in out and "+-" not in out and "inf" not in out and "nan" not in out
    assert out.splitlines()[-1].split() == ["small", "7.00", "-", "-", "-", "-", "0.00", "100.00", "0.00"]


def test_a_stopped_sweep_shows_what_is_there_and_the_same_command_goes_on(ran, small, tmp_path, monkeypatch):
    class Stopping:
        def __init__(self, total):
            pass

        def update(self, _count):
            raise KeyboardInterrupt

        def close(self):
            pass

    command = ["sweep", small, *MEMORY, "--seeds", 2, "--workers", 1, "--keep", tmp_path / "cells.jsonl"]
    with monkeypatch.context() as patch:
        patch.setattr(cli, "_cell_bar", Stopping)
        code, out, err = ran(*command)
    assert code == 130
    assert err == f"Stopped with 1 of 4 cells; the same command with --keep {command[-1]} goes on from there.\n"
    assert "memory_mb=512" in out and "memory_mb=1769" not in out
    assert ran(*command)[::2] == (0, "")
    assert len((tmp_path / "cells.jsonl").read_text(encoding="utf-8").splitlines()) == 4


def test_values_are_read_as_in_a_scenario_file(ran, small):
    code, out, _ = ran("sweep", small, "--vary", "Lambda.snapstart=true", "--vary", "Lambda.reserved_concurrency=,5",
                       "--seeds", 1, "--workers", 1, "--json")
    cells = strict_json(out)["cells"]
    assert code == 0
    assert [cell["Lambda.snapstart"] for cell in cells] == [True, True]
    assert [cell["Lambda.reserved_concurrency"] for cell in cells] == [None, 5]


# --- list -------------------------------------------------------------------------------------------------


def test_list_shows_every_shipped_scenario_with_its_story(ran):
    code, out, err = ran("list")
    assert (code, err) == (0, "")
    for name in shipped():
        assert any(line.startswith(f"{name}  (") for line in out.splitlines())
    assert "A personal blog draws its pages on request" in " ".join(out.split())
    assert {entry["name"] for entry in strict_json(ran("list", "--json")[1])} == set(shipped())


# --- what goes wrong --------------------------------------------------------------------------------------

WRONG = [
    (["run", "no_such_scenario"], "no_such_scenario"),
    (["run", "."], "folder"),
    (["run", "cron", "--region", "us-east-9"], "'us-east-9'"),
    (["run", "cron", "--region", "eu-west-1"], "'eu-west-1'"),
    (["run", "cron", "--date", "tomorrow"], "YYYY-MM-DD"),
    (["run", "cron", "--date", "2021-09-28"], "the first known one is of 2021-09-29"),
    (["run", "cron_ec2", "--date", "2019-01-01"], "2019-01-01"),
    (["run", "cron", "--date", "1999-01-01"], "1999-01-01"),
    (["run", "cron_ec2", "--region", "ap-northeast-2", "--date", "2025-01-01"], "ap-northeast-2"),
    (["run", "cron", "--seed", "-1"], "seed is -1"),
    (["run", "cron", "--seed", "one"], "--seed"),
    (["run"], "SCENARIO"),
    (["rnu", "cron"], "rnu"),
    ([], "command"),
    (["run", "cron", "--jsn"], "--jsn"),
    (["compare", "cron"], "SCENARIO"),
    (["compare", "cron", "quiet_blog"], "different traffic"),
    (["compare", "cron", "cron_ec2", "--seeds", "0"], "--seeds is 0"),
    (["compare", "cron", "cron_ec2", "--seeds", "99999"], "--seeds is 99999"),
    (["sweep"], "SCENARIO"),
    (["sweep", "cron", "--vary", "Lambda.memory_mb"], "--vary is Lambda.memory_mb"),
    (["sweep", "cron", "--vary", "Lambda.memory_gb=1"], "did you mean memory_mb?"),
    (["sweep", "cron", "--vary", "Lambda.memory_mb=128,64"], "cron: memory_mb=64: Lambda.memory_mb is 64"),
    (["sweep", "cron", "--vary", "Lambda.memory_mb=128", "--vary", "Lambda.memory_mb=256"], "twice"),
    (["sweep", "cron", "--vary", "Lambda.memory_mb=[1"], "this is not YAML"),
    (["sweep", "cron", "--seeds", "0"], "--seeds is 0"),
    (["sweep", "cron", "--workers", "0"], "workers is 0"),
    (["sweep", "cron", "--keep", "."], "cannot keep a sweep"),
    (["sweep", "cron", "--csv", "no_such_folder/cells.csv"], "no_such_folder"),
]


@pytest.mark.parametrize("arguments, words", WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_wrong_input_gets_one_sentence_on_standard_error_and_exit_code_2(ran, arguments, words):
    code, out, err = ran(*arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1 and err.rstrip()[-1] in ".?"


def test_a_broken_trace_is_named_with_file_and_line(ran, small):
    (small.parent / "broken.csv").write_text("t_s\n1\nnan\n", encoding="utf-8")
    small.write_text(SMALL.replace("{pattern: poisson, rate_rps: 0.5}", "{pattern: trace, path: broken.csv}"),
                     encoding="utf-8")
    code, _, err = ran("run", small)
    assert code == 2
    assert "broken.csv" in err and "line 3" in err and err.count("\n") == 1


def test_ctrl_c_ends_with_one_line(ran, small, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt
    monkeypatch.setattr(cli, "simulate", interrupted)
    assert ran("run", small) == (130, "", "Stopped.\n")


def test_help_is_shown_and_names_the_commands(ran):
    code, out, _ = ran("--help")
    assert code == 0 and all(command in out for command in ("run", "compare", "sweep", "list"))


# --- as a process -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["ascii", "cp949", "utf-8"])
def test_a_console_without_utf_8_does_not_crash(small, encoding):
    small.write_text(SMALL.replace("name: small", 'name: "예매 폭주 \N{TICKET} café"'), encoding="utf-8")
    done = process("run", small, env={**os.environ, "PYTHONIOENCODING": encoding})
    assert (done.returncode, done.stderr) == (0, b"")
    shown = done.stdout.decode(encoding).splitlines()[0]
    assert shown.startswith("예매 폭주" if encoding != "ascii" else "?? ??")
    nowhere = small.with_name("없는 파일.yaml")
    missing = process("run", nowhere, env={**os.environ, "PYTHONIOENCODING": encoding})
    assert missing.returncode == 2
    assert missing.stderr.decode(encoding).startswith("There is no scenario file")


def test_json_is_plain_ascii_so_that_any_console_keeps_it_whole(small):
    small.write_text(SMALL.replace("name: small", "name: 예매 폭주"), encoding="utf-8")
    done = process("run", small, "--json", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert strict_json(done.stdout.decode("ascii"))["scenario"] == "예매 폭주"


def test_a_reader_that_goes_away_leaves_no_traceback():
    with subprocess.Popen([sys.executable, "-m", "simlib", "list"], cwd=ROOT, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as running:
        running.stdout.close()
        assert running.stderr.read() == b""


class _Screen(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("make", [cli._request_bar, cli._cell_bar, lambda total: cli._seed_bar(range(total))],
                         ids=["requests", "cells", "seeds"])
def test_progress_appears_on_a_screen_once_a_second_has_passed(monkeypatch, make):
    screen = _Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    bar = make(100)
    bar.update(10)
    assert screen.getvalue() == ""
    bar.start_t -= 2
    bar.last_print_t -= 2
    bar.update(20)
    assert "30%" in screen.getvalue()
    bar.close()


def test_progress_stays_out_of_files(monkeypatch):
    page = io.StringIO()
    monkeypatch.setattr(sys, "stderr", page)
    bar = cli._request_bar(100)
    bar.start_t = -2
    bar.update(50)
    bar.close()
    assert page.getvalue() == ""


# --- what README.md shows ---------------------------------------------------------------------------------

README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```\n\$ python -m simlib (.*?)\n(.*?)\n```", README, re.DOTALL)


SCENARIOS = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)


def test_readme_shows_a_run_a_comparison_a_sweep_and_caches():
    assert sorted(command.split()[0] for command, _ in SHOWN) == ["caches", "compare", "run", "sweep"]
    assert len(SCENARIOS) == 2


@pytest.mark.parametrize("command, output", SHOWN, ids=[command for command, _ in SHOWN])
def test_output_in_the_readme_is_what_the_command_prints(ran, tmp_path, monkeypatch, command, output):
    """Where this fails because a number moved, README.md shows the new one and CHANGELOG.md says why."""
    (tmp_path / "seats.yaml").write_text(SCENARIOS[1], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert ran(*command.split()) == (0, output + "\n", "")


@pytest.mark.parametrize("text", SCENARIOS, ids=["functions", "caches"])
def test_the_scenarios_in_the_readme_can_be_played(ran, tmp_path, text):
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    assert ran("run", tmp_path / "mine.yaml")[0] == 0


def test_the_python_in_the_readme_runs():
    names = {}
    for code in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        exec(compile(code.replace("window_s=3600", "window_s=60"), "README.md", "exec"), names)
    assert names["result"].n > 0 and names["found"].complete


def test_help_and_version_are_there_for_whoever_asks(capsys):
    from simlib.__main__ import main

    assert main(["help"]) == 0
    assert "compare" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert facts.AS_OF in capsys.readouterr().out


@pytest.mark.parametrize("options", [[], ["--engine", "simpy"], ["--engine", "fast"], ["--summary"]])
def test_a_run_tells_the_same_whoever_plays_it_and_a_summary_says_how_exact_it_is(options, capsys):
    assert cli.main(["run", "quiet_blog", "--json", *options]) == 0
    document = json.loads(capsys.readouterr().out)
    expected = simulate(load("quiet_blog"), engine="simpy")
    assert document["bill"]["total_usd"] == bill(expected).total_usd
    assert document["summary"]["cold_starts"] == expected.summary()["cold_starts"]
    assert cli.main(["run", "quiet_blog", *options]) == 0
    assert ("(within 0.4%)" in capsys.readouterr().out) == (options == ["--summary"])


def test_warm_says_where_compiled_kernels_lie(capsys):
    assert cli.main(["warm"]) == 0
    assert "kernels lie in" in capsys.readouterr().out
