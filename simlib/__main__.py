"""The command line: `python -m simlib run SCENARIO.yaml`, `python -m simlib compare A.yaml B.yaml`."""

from __future__ import annotations

import argparse
import json
import math
import sys

from simlib import facts
from simlib.compare import compare
from simlib.engine import simulate
from simlib.params import ParamError
from simlib.pricing import PriceError, bill
from simlib.scenario_file import load, shipped
from simlib.workload import WorkloadError

EXPECTED = (ParamError, WorkloadError, PriceError, facts.FactError)


def _money(usd: float) -> str:
    return f"{usd:,.2f}" if abs(usd) >= 0.01 or usd == 0 else f"{usd:.2g}"


def _quantity(value: float) -> str:
    if value >= 1e6:
        return f"{value:,.0f}"
    return f"{value:,.4g}"


def _run(arguments) -> int:
    scenario = load(arguments.scenario, arguments.region, arguments.date)
    result = simulate(scenario, arguments.seed, progress=_bar())
    invoice = bill(result, not arguments.no_free_tier)
    summary = result.summary()
    if arguments.json:
        document = {
            "scenario": scenario.name, "seed": arguments.seed, "engine": result.engine,
            "region": invoice.region, "date": invoice.date, "summary": _finite(summary),
            "bill": {"total_usd": invoice.total_usd, "not_modelled": list(invoice.not_modelled),
                     "lines": invoice.table().to_dict("records")},
        }
        print(json.dumps(document, indent=2, ensure_ascii=False))
        return 0
    print(f"{scenario.name}: {' -> '.join(type(service).__name__ for service in scenario.stack)}, "
          f"{invoice.region}, prices of {invoice.date}, seed {arguments.seed}")
    print(f"\n{summary['requests']:,} requests: {summary['served']:,} served, {summary['failed']:,} failed, "
          f"{summary['throttled']:,} throttled")
    print(f"latency: p50 {summary['p50_ms']:,.1f} ms, p95 {summary['p95_ms']:,.1f} ms, "
          f"p99 {summary['p99_ms']:,.1f} ms, mean {summary['mean_ms']:,.1f} ms")
    print("on average spent in: " + ", ".join(
        f"{part} {summary[part + '_ms']:,.1f} ms"
        for part in ("retries", "network", "queue", "init", "work", "downstream")))
    print(f"cold starts: {summary['cold_starts']:,} ({summary['cold_share']:.2%} of calls); in progress: "
          f"{summary['mean_concurrency']:,.2f} on average, {summary['peak_concurrency']:,} at most")
    print("\nA month costs (USD):")
    for line in invoice.lines:
        print(f"  {line.service:16} {line.item:32} {_quantity(line.quantity):>16} {line.unit:16} "
              f"x {line.price_usd:<13.10g} {_money(line.usd):>12}  [{line.tier}; {line.source}]")
    print(f"  {'total':>98} {_money(invoice.total_usd):>12}")
    if invoice.not_modelled:
        print("Not in this bill: " + "; ".join(invoice.not_modelled) + ".")
    return 0


def _finite(numbers: dict) -> dict:
    return {name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in numbers.items()}


def _compare(arguments) -> int:
    a = load(arguments.a, arguments.region, arguments.date)
    b = load(arguments.b, arguments.region, arguments.date)
    if arguments.seeds < 1:
        raise ParamError(f"--seeds is {arguments.seeds}, but it must be at least 1; more seeds make narrower "
                         "intervals.")
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    found = compare(a, b, seeds, not arguments.no_free_tier, progress=_seed_bar)
    table = found.table
    if arguments.json:
        print(json.dumps([_finite(row) for row in table.to_dict("records")], indent=2, ensure_ascii=False))
        return 0
    print(f"{found.name_a} against {found.name_b}: the same requests, {len(seeds)} seeds, 95 % intervals\n")
    print(table.to_string(index=False, float_format=lambda value: f"{value:,.4g}"))
    return 0


def _bar():
    """Shows the share of played requests once a run takes longer than a second."""
    from tqdm import tqdm

    return lambda total: tqdm(total=total, unit=" requests", unit_scale=True, delay=1, leave=False)


def _seed_bar(seeds):
    from tqdm import tqdm

    return tqdm(seeds, unit="seed", delay=1, leave=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simlib", description="Plays AWS serverless scenarios and prices them.",
        epilog="Shipped scenarios: " + ", ".join(shipped()))
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="play one scenario and show latency and the monthly bill")
    run.add_argument("scenario", help="a YAML file, or the name of a shipped scenario")
    run.set_defaults(action=_run)
    versus = commands.add_parser("compare", help="play two scenarios on the same requests")
    versus.add_argument("a", help="a YAML file or shipped name")
    versus.add_argument("b", help="another one with the same traffic")
    versus.add_argument("--seeds", type=int, default=8, help="how many seeds (default 8)")
    versus.set_defaults(action=_compare)
    for command in (run, versus):
        command.add_argument("--seed", type=int, default=0, help="seed of the dice, or the first of them (default 0)")
        command.add_argument("--region", help="AWS Region, instead of the file's")
        command.add_argument("--date", help="ISO date of prices and rules, instead of the file's")
        command.add_argument("--no-free-tier", action="store_true", help="leave the always-free allowances out")
        command.add_argument("--json", action="store_true", help="print JSON")
    return parser


def main(arguments=None) -> int:
    """Runs a command; 0 when it worked, 2 with one sentence on standard error when the input does not fit."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    parsed = _parser().parse_args(arguments)
    try:
        return parsed.action(parsed)
    except EXPECTED as error:
        print(error.args[0] if error.args else error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
