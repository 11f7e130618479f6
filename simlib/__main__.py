"""The command line: `python -m simlib run SCENARIO.yaml`, `compare A.yaml B.yaml`, `sweep SCENARIO.yaml`,
`caches SCENARIO.yaml`, `capacity METRICS.csv` and `list`."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import textwrap

from simlib import capacity_plan, facts, fast, plain_yaml
from simlib.compare import METRICS, TOO_CLOSE, SweepError, compare, side_by_side, sweep, vary, where_it_pays
from simlib.engine import ENGINES, simulate
from simlib.params import ParamError
from simlib.pricing import PriceError, bill
from simlib.scenario_file import about, load, shipped
from simlib.summary import RELATIVE_ERROR, Summary
from simlib.workload import WorkloadError

EXPECTED = (ParamError, WorkloadError, PriceError, facts.FactError, SweepError, capacity_plan.MetricsError)
"""What input can be wrong about, and what stops a sweep; each message is one sentence."""

WIDTH = 100
PARTS = ("retries", "network", "queue", "init", "work", "downstream")


# --- figures as text --------------------------------------------------------------------------------------


def _money(usd: float) -> str:
    """Dollars, and as many digits as it takes to tell a small amount from nothing."""
    return f"{usd:,.2f}" if abs(usd) >= 0.005 or usd == 0 else f"{usd:.1g}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.4g}"


def _price(usd: float) -> str:
    text = f"{usd:.10f}".rstrip("0").rstrip(".")
    return text if float(text) == usd else f"{usd:.4g}"


def _length(seconds: float) -> str:
    """A window's length in its largest whole unit."""
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= size and math.isclose(seconds / size, round(seconds / size)):
            count = round(seconds / size)
            return f"{count} {unit if count != 1 else unit[:-1]}"
    return f"{_number(seconds)} seconds"


def _paragraph(text: str, indent: str = "", first: str | None = None) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=indent if first is None else first,
                         subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _stack(scenario) -> str:
    return " -> ".join(type(service).__name__ for service in scenario.stack)


def _plain(value):
    """`value` as JSON can hold it: numbers that are none or endless become null."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


def _print_json(document) -> None:
    print(json.dumps(_plain(document), indent=2, allow_nan=False))


# --- run --------------------------------------------------------------------------------------------------


def _run(arguments) -> int:
    scenario = load(arguments.scenario, arguments.region, arguments.date)
    result = simulate(scenario, arguments.seed, progress=_request_bar, engine=arguments.engine,
                      keep="summary" if arguments.summary else "spans")
    invoice = bill(result, not arguments.no_free_tier)
    if arguments.json:
        _print_json({
            "scenario": scenario.name, "seed": arguments.seed, "engine": result.engine,
            "window_s": result.window.window_s, "summary": result.summary(),
            "bill": {"region": invoice.region, "date": invoice.date, "total_usd": invoice.total_usd,
                     "not_modelled": invoice.not_modelled, "lines": invoice.table().to_dict("records"),
                     "sources": {key: {"title": known.title, "url": known.url}
                                 for key, known in _sources(invoice).items()}},
        })
        return 0
    print(f"{scenario.name}: {_stack(scenario)} in {invoice.region}, prices of {invoice.date}, "
          f"seed {arguments.seed}")
    _warn_of_the_future(invoice.date)
    story = about(arguments.scenario)
    if story:
        print("\n" + _paragraph(story, "  "))
    _print_summary(result)
    _print_bill(result, invoice, not arguments.no_free_tier)
    return 0


def _warm(_arguments) -> int:
    print(fast.warm())
    return 0


def _warn_of_the_future(date: str) -> None:
    if date > facts.AS_OF:
        print(f"The data was last checked on {facts.AS_OF}; what has changed since is not in it.")


def _print_summary(result) -> None:
    numbers = result.summary()
    exactness = f" (within {RELATIVE_ERROR:.1%})" if isinstance(result, Summary) else ""
    print(f"\nWhat happened in {_length(result.window.window_s)}")
    print(f"  requests     {numbers['requests']:,}: {numbers['served']:,} served, {numbers['failed']:,} "
          f"failed, {numbers['throttled']:,} throttled")
    if numbers["served"]:
        print(f"  latency      p50 {numbers['p50_ms']:,.1f} ms, p95 {numbers['p95_ms']:,.1f} ms, "
              f"p99 {numbers['p99_ms']:,.1f} ms{exactness}, mean {numbers['mean_ms']:,.1f} ms")
        parts = [f"{part} {numbers[part + '_ms']:,.1f} ms" for part in PARTS if numbers[part + "_ms"] >= 0.05]
        print(f"  of the mean  {', '.join(parts) or 'nothing'}")
    print(f"  cold starts  {numbers['cold_starts']:,}, {numbers['cold_share']:.2%} of calls")
    print(f"  at once      {_number(numbers['mean_concurrency'])} requests on average, "
          f"{numbers['peak_concurrency']:,} at most")


def _sources(invoice) -> dict:
    """The sources of a bill's figures, in order of the lines."""
    known = facts.sources()
    return {line.source: known[line.source] for line in invoice.lines if line.source in known}


def _print_bill(result, invoice, free_tier: bool) -> None:
    traffic = result.scenario.traffic
    windows = traffic.month_windows(result.window.window_s)
    filled = math.isclose(windows * result.window.window_s, facts.value("hours_per_month") * 3600)
    quiet = "" if filled else f", and {traffic.quiet_rps:g} requests/s in the rest of it"
    print(f"\nWhat a month costs (USD; {_number(windows)} times {_length(result.window.window_s)}{quiet})")
    keys = list(_sources(invoice))
    for line in invoice.lines:
        if not line.quantity:
            continue
        higher_tier = line.tier.isdigit() and line.tier != "1"
        what = f"{line.service}: {line.item}" + (f" (tier {line.tier})" if higher_tier else "")
        price = {"free": "free", "discount": f"{line.price_usd:.0%}"}.get(line.tier, _price(line.price_usd))
        mark = f"[{keys.index(line.source) + 1}]" if line.source in keys else "own"
        *begun, last = textwrap.wrap(what, 42, subsequent_indent="  ") or [""]
        for text in begun:
            print(f"  {text}")
        print(f"  {last:42}{_number(line.quantity):>12} {line.unit:14} x {price:>12} "
              f"{_money(line.usd):>8} {mark}")
    print(f"  {'total':42}{_money(invoice.total_usd):>51}")
    if not free_tier:
        print("  The always-free allowances are left out.")
    if invoice.not_modelled:
        print(_paragraph("Not in this bill: " + "; ".join(invoice.not_modelled) + "."))
    if keys:
        print(f"\nWhere the prices come from (checked by {facts.AS_OF})")
        for number, known in enumerate(_sources(invoice).values(), 1):
            print(_paragraph(f"{known.title}, {known.published}", "       ", f"  {f'[{number}]':<5}"))
            print(f"       {known.url}")


# --- compare ----------------------------------------------------------------------------------------------


def _compare(arguments) -> int:
    a = load(arguments.a, arguments.region, arguments.date)
    b = load(arguments.b, arguments.region, arguments.date)
    seeds = _seeds(arguments)
    found = compare(a, b, seeds, not arguments.no_free_tier, progress=_seed_bar)
    rows = found.table.to_dict("records")
    if arguments.json:
        names = {"metric": "metric", "unit": "unit", "a": found.name_a, "b": found.name_b,
                 **{name: name for name in ("difference", "low", "high", "verdict")}}
        _print_json({"a": found.name_a, "b": found.name_b, "seeds": list(seeds),
                     "metrics": [{name: row[column] for name, column in names.items()} for row in rows]})
        return 0
    dates = sorted({facts.iso_date(scenario.date) for scenario in (a, b)})
    print(f"a = {found.name_a}: {_stack(a)} in {a.region}")
    print(f"b = {found.name_b}: {_stack(b)} in {b.region}")
    print(f"The same requests and the same luck for both; {_count(seeds)}; prices of {' and '.join(dates)}.\n")
    _warn_of_the_future(dates[-1])
    print(f"  {'':24}{'a':>14}{'b':>14}{'b - a':>14}" + ("   95 % interval" if len(seeds) > 1 else ""))
    for row in rows:
        unit, scale, show = _scale(row["unit"])
        figures = [show(row[name] * scale) for name in (found.name_a, found.name_b, "difference")]
        ends = f"   {show(row['low'] * scale)} to {show(row['high'] * scale)}" if len(seeds) > 1 else ""
        print(f"  {row['metric'] + ', ' + unit:24}{figures[0]:>14}{figures[1]:>14}{figures[2]:>14}{ends}")
    if len(seeds) == 1:
        print("\nOne seed tells nothing about chance: no interval, no verdict. Give more with --seeds.")
        return 0
    print("\nIn words")
    for row in rows:
        print(_paragraph(_verdict(row, found), "    ", "  "))
    return 0


def _seeds(arguments) -> range:
    if not 1 <= arguments.seeds <= 10_000:
        raise ParamError(f"--seeds is {arguments.seeds}, but it must be between 1 and 10,000; more seeds "
                         "make narrower intervals.")
    return range(arguments.seed, arguments.seed + arguments.seeds)


def _count(seeds: range) -> str:
    return f"{len(seeds)} seeds, {seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else f"seed {seeds[0]} only"


def _scale(unit: str):
    """How a metric of this unit is shown: (unit, factor, number -> text)."""
    if unit == "USD":
        return "USD", 1, _money
    if unit.startswith("share"):
        return "%", 100, "{:,.2f}".format
    return unit, 1, "{:,.1f}".format


def _verdict(row: dict, found) -> str:
    """One metric's outcome as a sentence."""
    unit, scale, show = _scale(row["unit"])
    unit = "percentage points" if unit == "%" else unit
    low, high = sorted((abs(row["low"]) * scale, abs(row["high"]) * scale))
    if row["verdict"] == "equal":
        return f"{row['metric']}: equal."
    if row["verdict"] == TOO_CLOSE:
        return (f"{row['metric']}: {TOO_CLOSE}; b - a lies between {show(row['low'] * scale)} and "
                f"{show(row['high'] * scale)} {unit}, and more seeds may tell.")
    if not row["verdict"].endswith(" lower"):
        return f"{row['metric']}: {row['verdict']}."
    lower, higher = ((found.name_b, found.name_a) if row["difference"] < 0 else (found.name_a, found.name_b))
    part = 1 - row[lower] / row[higher] if 0 < row[lower] < row[higher] else 0.0
    share = "" if not part else f", {part:.0%} less" if part >= 0.01 else ", under 1% less"
    least, most = show(low), show(high)
    interval = f"{least}" if least == most else f"{least} to {most}"
    return f"{row['metric']}: lower with {lower}, by {interval} {unit}{share}."


# --- sweep ------------------------------------------------------------------------------------------------


def _sweep(arguments) -> int:
    base = load(arguments.scenario, arguments.region, arguments.date)
    seeds = _seeds(arguments)
    fields = _fields(arguments.vary)
    grid = vary(base, fields) if fields else {base.name: base}
    if arguments.csv:
        _write(arguments.csv, "", "a")
    found = sweep(grid, seeds, not arguments.no_free_tier, arguments.workers, arguments.keep, progress=_cell_bar)
    if arguments.csv:
        _write(arguments.csv, found.table.to_csv(index=False, lineterminator="\n"), "w")
    if arguments.json:
        _print_json({"scenario": base.name, "seeds": list(seeds), "complete": found.complete,
                     "cells": found.table.to_dict("records"), "summary": found.summary.to_dict("records")})
    else:
        _print_sweep(base, found, seeds)
    if found.complete:
        return 0
    cure = f"the same command with --keep {arguments.keep} goes on" if arguments.keep else "with --keep it could go on"
    print(f"Stopped with {len(found.runs):,} of {len(found.runs) + len(found.missing):,} cells; {cure} from there.",
          file=sys.stderr)
    return 130


def _fields(texts) -> dict:
    """{path: values} of the words after each --vary; a value is what it would be in a scenario file."""
    fields: dict[str, list] = {}
    for text in texts:
        path, equals, values = text.partition("=")
        if not equals:
            raise ParamError(f"--vary is {text}, but it must be a path, =, and values with commas between them; write "
                             "for example Lambda.memory_mb=128,512.")
        if path in fields:
            raise ParamError(f"--vary names {path} twice; put all its values behind one --vary, commas between them.")
        fields[path] = [plain_yaml.parse(value, f"--vary {text}") for value in values.split(",")]
    return fields


def _write(path: str, text: str, mode: str) -> None:
    try:
        with open(path, mode, encoding="utf-8-sig" if mode == "w" else "utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        raise ParamError(f"The file {path} cannot be written ({error.strerror}); give --csv a file in a folder that is "
                         "there and that you may write to.") from None


def _print_sweep(base, found, seeds) -> None:
    """A line of means per scenario, and below it how far away the ends of the 95 % intervals are."""
    date = facts.iso_date(base.date)
    count = f"{len(found.grid):,} scenarios" if len(found.grid) > 1 else "1 scenario"
    print(f"{base.name}: {_stack(base)} in {base.region}")
    print(f"{count}, {_count(seeds)}, the same luck for each scenario; prices of {date}.")
    print("Means over the seeds" + (", and +- half of their 95 % interval.\n" if len(seeds) > 1 else ".\n"))
    _warn_of_the_future(date)
    lines = [("", words) for words in zip(*((*metric.partition(" ")[::2], _scale(unit)[0])
                                            for metric, (unit, _) in METRICS.items()))]
    for scenario, rows in found.summary.groupby("scenario", sort=False):
        rows = rows.to_dict("records")
        lines.append((scenario.removeprefix(f"{base.name}: "), [_figure(row, row["mean"]) for row in rows]))
        if rows[0]["seeds"] > 1:
            lines.append(("+-", [_figure(row, row["high"] - row["mean"]) for row in rows]))
    widths = [max(map(len, column)) + 2 for column in zip(*(words for _, words in lines))]
    room = WIDTH - 2 - sum(widths)
    side = max(len(name) for name, _ in lines)
    side = side if side <= room else max(room, 0)
    for name, words in lines:
        if len(name) > side:
            print(f"  {name}")
            name = ""
        figures = "".join(f"{word:>{width}}" for word, width in zip(words, widths))
        print(f"  {name:{'>' if name == '+-' else '<'}{side}}{figures}".rstrip())


def _figure(row: dict, value: float) -> str:
    _, scale, show = _scale(row["unit"])
    return "-" if math.isnan(value) else show(value * scale)


# --- caches -----------------------------------------------------------------------------------------------


def _caches(arguments) -> int:
    scenario = load(arguments.scenario, arguments.region, arguments.date)
    free_tier, seeds, pays = not arguments.no_free_tier, _seeds(arguments), None
    found = side_by_side(scenario, None, seeds, free_tier)
    if arguments.exponents is not None or arguments.sizes is not None:
        exponents, sizes_kb = (text and _numbers(text, option, example) for text, option, example in (
            (arguments.exponents, "--exponents", "0,0.5,1"), (arguments.sizes, "--sizes", "1,16,64")))
        pays = where_it_pays(scenario, exponents, sizes_kb, None, seeds, free_tier)
    if arguments.json:
        document = {"scenario": scenario.name, "seeds": list(seeds),
                    "ways": {way: vars(side) for way, side in found.items()}}
        if pays:
            document["map"] = pays.table.to_dict("records")
        _print_json(document)
        return 0
    print(f"{scenario.name}: {_stack(scenario)} in {scenario.region}, prices of {facts.iso_date(scenario.date)}, "
          f"{_count(seeds)}\n")
    _warn_of_the_future(facts.iso_date(scenario.date))
    columns = ("USD/month", "cache", "table", "p50 ms", "p99 ms", "hits", "stale", "reads/s", "lost")
    print(f"  {'':12}" + "".join(f"{words:>10}" for words in columns))
    for way, side in found.items():
        figures = (_money(side.usd), _money(side.usd_cache), _money(side.usd_table), f"{side.p50_ms:,.1f}",
                   f"{side.p99_ms:,.1f}", f"{side.hits:.1%}", f"{side.stale:.2%}", _number(side.table_reads_rps),
                   f"{side.lost:.2%}")
        print(f"  {way:12}" + "".join(f"{figure:>10}" for figure in figures))
    print("\n" + _paragraph("Hits and stale reads are shares of the served reads; reads/s are those left to the table; "
                            "lost is the share of requests that were not served, and not all billed. Every window "
                            "begins with empty caches."))
    if pays:
        _print_map(pays, arguments.most_stale, arguments.most_p99)
    return 0


def _print_map(pays, most_stale: float, most_p99_ms: float) -> None:
    print("\nThe cheapest way that loses nothing, and what it saves in a month: by steepness of popularity, and size\n")
    sizes = ["as it is" if size_kb is None else f"{size_kb:g} KB" for size_kb in pays.sizes_kb]
    print(f"  {'':8}" + "".join(f"{size:>22}" for size in sizes))
    for exponent in pays.exponents:
        cells = []
        for size_kb in pays.sizes_kb:
            way = pays.cheapest(exponent, size_kb, most_stale, most_p99_ms)
            saved = way and _money(pays.saves_usd(exponent, size_kb, way))
            cells.append(f"{way} ({saved})" if way else "none")
        name = "as it is" if exponent is None else f"{exponent:g}"
        print(f"  {name:8}" + "".join(f"{cell:>22}" for cell in cells))


def _numbers(text, option, example):
    try:
        return tuple(float(each) for each in text.split(","))
    except ValueError:
        raise ParamError(f"{option} is {text!r}, but it must be numbers with commas between them; write for example "
                         f"{option} {example}.") from None


# --- capacity ---------------------------------------------------------------------------------------------


def _capacity(arguments) -> int:
    consumption = capacity_plan.read_metrics(arguments.metrics)
    targets = _numbers(arguments.targets, "--targets", "0.5,0.7")
    options = capacity_plan.what_if(consumption, targets, arguments.least, arguments.most,
                                    arguments.region or "us-east-1", arguments.date, arguments.table_class)
    if arguments.json:
        _print_json({"begins": consumption.begins.isoformat(), "minutes": consumption.minutes,
                     "options": [vars(option) for option in options]})
        return 0
    print(f"{consumption!r}\n")
    print(f"  {'':26}{'USD/month':>12}{'throttled':>12}{'minutes':>10}{'changes':>9}{'highest RCU, WCU':>20}")
    for option in sorted(options, key=lambda option: option.usd_per_month):
        highest = f"{option.highest[0]:,.0f}, {option.highest[1]:,.0f}"
        print(f"  {option.name:26}{_money(option.usd_per_month):>12}{option.throttled_share:>12.3%}"
              f"{option.throttled_minutes:>10,}{option.changes:>9,}{highest:>20}")
    print("\nCapacity only, without the free tier. Throttled is the share of units that would have been refused.")
    return 0


# --- list -------------------------------------------------------------------------------------------------


def _list(arguments) -> int:
    found = {name: (load(name), about(name)) for name in shipped()}
    if arguments.json:
        _print_json([{"name": name, "stack": _stack(scenario), "about": story, "file": str(shipped()[name])}
                     for name, (scenario, story) in found.items()])
        return 0
    for name, (scenario, story) in found.items():
        print(f"{name}  ({_stack(scenario)})")
        print(_paragraph(story, "    "))
    print("\nPlay one with `python -m simlib run NAME`, two with `python -m simlib compare NAME NAME_ec2`.")
    return 0


# --- the command ------------------------------------------------------------------------------------------


def _request_bar(total):
    """Shows how many requests have been played, once that takes longer than a second."""
    from tqdm import tqdm

    return tqdm(total=total, unit=" requests", unit_scale=True, delay=1, leave=False, disable=None)


def _cell_bar(total):
    from tqdm import tqdm

    return tqdm(total=total, unit=" cells", delay=1, leave=False, disable=None)


def _seed_bar(seeds):
    from tqdm import tqdm

    return tqdm(seeds, unit="seed", delay=1, leave=False, disable=None)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("serverless-lab")
    except PackageNotFoundError:
        return "from a checkout"


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments."""

    def error(self, message):
        print(f"{message[:1].upper()}{message[1:]}; see `{self.prog} --help`.", file=sys.stderr)
        raise SystemExit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m simlib", description="Plays AWS serverless scenarios and prices them.",
                     epilog="SCENARIO is a YAML file or the name of one that comes with the project; "
                            "`python -m simlib list` shows those.")
    parser.add_argument("--version", action="version", version=f"Serverless Lab {_version()}, data of {facts.AS_OF}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("help", help="this text").set_defaults(action=lambda _arguments: parser.print_help() or 0)
    run = commands.add_parser("run", help="play one scenario and show latency and the monthly bill")
    run.add_argument("scenario", metavar="SCENARIO", help="a YAML file, or the name of a shipped scenario")
    run.add_argument("--engine", choices=ENGINES, default="auto", help="what plays it (default auto)")
    run.add_argument("--summary", action="store_true",
                     help="keep no spans: constant memory for any number of requests, percentiles within 0.4 %%")
    run.set_defaults(action=_run)
    versus = commands.add_parser("compare", help="play two scenarios on the same requests")
    versus.add_argument("a", metavar="SCENARIO", help="a YAML file, or the name of a shipped scenario")
    versus.add_argument("b", metavar="SCENARIO", help="another one with the same traffic")
    versus.set_defaults(action=_compare)
    many = commands.add_parser("sweep", help="play a scenario with many values of its fields, on all cores")
    many.add_argument("scenario", metavar="SCENARIO", help="a YAML file, or the name of a shipped scenario")
    many.add_argument("--vary", action="append", default=[], metavar="PATH=VALUE,VALUE",
                      help="a field and its values, such as Lambda.memory_mb=128,512 or "
                           "traffic.arrivals.rate_rps=1,10; several of these make every combination")
    many.add_argument("--workers", type=int, metavar="N", help="how many processes (default: one for each core)")
    many.add_argument("--keep", metavar="FILE", help="keep each finished cell here, and go on from what is there")
    many.add_argument("--csv", metavar="FILE", help="write a line per scenario and seed here")
    many.set_defaults(action=_sweep)
    cached = commands.add_parser("caches", help="play a table with and without each cache in front")
    cached.add_argument("scenario", metavar="SCENARIO", help="a YAML file whose stack ends in a DynamoDB table")
    cached.add_argument("--exponents", metavar="E,E", help="a map: steepness of popularity (0: all keys alike)")
    cached.add_argument("--sizes", metavar="KB,KB", help="a map: sizes of an item in KB")
    cached.add_argument("--most-stale", type=float, default=1.0, metavar="SHARE",
                        help="the map: ways with a larger share of stale reads drop out (default 1)")
    cached.add_argument("--most-p99", type=float, default=math.inf, metavar="MS", help="the map: likewise by p99")
    cached.add_argument("--seeds", type=int, default=1, metavar="N", help="how many seeds to average (default 1)")
    cached.set_defaults(action=_caches)
    for command in (versus, many):
        command.add_argument("--seeds", type=int, default=8, metavar="N", help="how many seeds (default 8)")
    for command in (run, versus, many, cached):
        command.add_argument("--seed", type=int, default=0, metavar="N",
                             help="seed of the dice, or the first of them (default 0)")
        command.add_argument("--region", help="AWS Region, instead of the file's")
        command.add_argument("--date", help="date of prices and rules as YYYY-MM-DD, instead of the file's")
        command.add_argument("--no-free-tier", action="store_true",
                             help="leave the always-free allowances out")
        command.add_argument("--json", action="store_true", help="print JSON")
    plan = commands.add_parser("capacity", help="what each capacity mode of DynamoDB would cost for your own metrics")
    plan.add_argument("metrics", metavar="METRICS", help="a CloudWatch export of consumed units, CSV or JSON")
    plan.add_argument("--targets", default="0.5,0.7,0.9", help="utilisations for auto scaling (default 0.5,0.7,0.9)")
    plan.add_argument("--least", type=float, default=5.0, metavar="N", help="least capacity units (default 5)")
    plan.add_argument("--most", type=float, metavar="N", help="most capacity units (default: the table quota)")
    plan.add_argument("--table-class", choices=("standard", "standard_ia"), default="standard")
    plan.add_argument("--region", help="AWS Region (default us-east-1)")
    plan.add_argument("--date", help="date of prices and rules as YYYY-MM-DD (default: today's data)")
    plan.add_argument("--json", action="store_true", help="print JSON")
    plan.set_defaults(action=_capacity)
    shown = commands.add_parser("list", help="show the scenarios that come with the project")
    shown.add_argument("--json", action="store_true", help="print JSON")
    shown.set_defaults(action=_list)
    commands.add_parser("warm", help="compile the fast engine now, so that nobody waits for it later").set_defaults(
        action=_warm)
    return parser


def main(arguments=None) -> int:
    """Runs a command; 0 when it worked, 2 with one sentence on standard error when the input does not fit."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    parsed = _parser().parse_args(arguments)
    try:
        status = parsed.action(parsed)
        sys.stdout.flush()
        return status
    except EXPECTED as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
