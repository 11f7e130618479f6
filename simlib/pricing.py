"""From metered quantities to dollars: dated price schedules, free tiers, discounts, and the monthly bill.

Quantities of one window are scaled to a month first and priced afterwards, because tiers and free tiers are not
linear. Money is never rounded here; only views round.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

from simlib import facts
from simlib.engine import Result, Scenario, simulate
from simlib.params import ParamError, shown
from simlib.services.base import Discount
from simlib.services.costs import OwnLine


class PriceError(LookupError):
    """A price that the data does not have. The message is one sentence naming sku, Region, date and remedy."""


@dataclass(frozen=True)
class Tier:
    """A price step: `usd` per unit for what lies above `from_quantity` units a month."""

    from_quantity: float
    usd: float


@dataclass(frozen=True)
class Schedule:
    """The price of one sku in one Region from a date on. `tiers` start at 0 and rise."""

    sku: str
    region: str
    effective: str
    unit: str
    tiers: tuple[Tier, ...]
    source: str
    note: str

    def split(self, quantity: float) -> list[tuple[int, float, float]]:
        """`quantity` cut along the tiers: (tier number from 1, quantity in it, price per unit)."""
        parts = []
        for number, tier in enumerate(self.tiers):
            top = self.tiers[number + 1].from_quantity if number + 1 < len(self.tiers) else math.inf
            inside = min(quantity, top) - tier.from_quantity
            if inside > 0 or number == 0:
                parts.append((number + 1, max(inside, 0.0), tier.usd))
        return parts

    def cost_usd(self, quantity: float) -> float:
        """What `quantity` costs."""
        return math.fsum(inside * usd for _, inside, usd in self.split(quantity))


@lru_cache(maxsize=1)
def _schedules() -> Mapping[tuple[str, str], tuple[Schedule, ...]]:
    rows: dict[tuple[str, str, str], list] = {}
    for row in facts.table("prices"):
        rows.setdefault((row["sku"], row["region"], row["effective"]), []).append(row)
    found: dict[tuple[str, str], list[Schedule]] = {}
    for (sku, region, effective), steps in sorted(rows.items()):
        tiers = tuple(sorted((Tier(float(step["from_quantity"]), float(step["usd"])) for step in steps),
                             key=lambda tier: tier.from_quantity))
        first = steps[0]
        found.setdefault((sku, region), []).append(
            Schedule(sku, region, effective, first["unit"], tiers, first["source"], first["note"]))
    return {key: tuple(history) for key, history in found.items()}


@dataclass(frozen=True)
class PriceBook:
    """The prices in force in one Region on one date."""

    region: str
    date: str

    def schedule(self, sku: str) -> Schedule:
        """The schedule of a sku; raises PriceError where the data has none."""
        history = _schedules().get((sku, self.region))
        if not history:
            elsewhere = sorted(region for known, region in _schedules() if known == sku)
            cure = f"it is known in {', '.join(elsewhere)}" if elsewhere else "no Region's price is known"
            raise PriceError(f"There is no price of {sku} in {self.region} on {self.date}: {cure}.")
        known = [schedule for schedule in history if schedule.effective <= self.date]
        if not known:
            raise PriceError(f"There is no price of {sku} in {self.region} on {self.date}: the first known one "
                             f"is of {history[0].effective}; choose a later date, or something that was sold then.")
        return known[-1]

    def usd(self, sku: str) -> float:
        """The first tier's price of one unit."""
        return self.schedule(sku).tiers[0].usd

    def cost_usd(self, sku: str, quantity: float) -> float:
        """What a month's `quantity` costs, tiers applied, free tier not."""
        return self.schedule(sku).cost_usd(quantity)


def price_book(region: str = "us-east-1", date: str | None = None) -> PriceBook:
    """The prices of a Region on an ISO date (None: the data's own date)."""
    book = PriceBook(region, facts.AS_OF if date is None else facts.iso_date(date))
    if not any(known == region for _, known in _schedules()):
        regions = sorted({known for _, known in _schedules()})
        raise PriceError(f"There are no prices for the Region {region!r}, only for {', '.join(regions)}; "
                         "choose one of these.")
    return book


@dataclass(frozen=True)
class Line:
    """One line of a monthly bill. `tier` is text such as 'free', '1', '2' or 'discount'."""

    service: str
    item: str
    sku: str
    quantity: float
    unit: str
    price_usd: float
    tier: str
    usd: float
    source: str


@dataclass(frozen=True)
class Bill:
    """A month's bill in US dollars, unrounded, with what it leaves out."""

    lines: tuple[Line, ...]
    not_modelled: tuple[str, ...]
    region: str
    date: str

    @property
    def total_usd(self) -> float:
        """The sum of the lines."""
        return math.fsum(line.usd for line in self.lines)

    def usd_of(self, sku_prefix: str) -> float:
        """The sum of the lines whose sku starts so, discounts on them included."""
        return math.fsum(line.usd for line in self.lines if line.sku.startswith(sku_prefix))

    def by_service(self) -> dict[str, float]:
        """Dollars by service, in the order of the lines."""
        sums: dict[str, float] = {}
        for line in self.lines:
            sums[line.service] = sums.get(line.service, 0.0) + line.usd
        return sums

    def table(self):
        """The lines as a DataFrame: service, item, quantity, unit, price_usd, tier, usd, source."""
        import pandas as pd

        columns = ["service", "item", "quantity", "unit", "price_usd", "tier", "usd", "source"]
        return pd.DataFrame([[getattr(line, name) for name in columns] for line in self.lines], columns=columns)


SERVICE_TITLES = {"apigateway": "Amazon API Gateway", "lambda": "AWS Lambda", "ec2": "Amazon EC2",
                  "alb": "Load balancer",
                  "cloudwatch_logs": "CloudWatch Logs", "nat_gateway": "NAT gateway",
                  "data_transfer": "Data transfer", "dynamodb": "Amazon DynamoDB",
                  "dax": "DynamoDB Accelerator (DAX)", "elasticache": "Amazon ElastiCache",
                  "kinesis": "Amazon Kinesis"}


def _item(sku: str) -> str:
    _, item, *variant = sku.split(".", 2)
    words = {"ebs": "EBS", "lcu": "capacity units (LCU)", "out": "out to the internet",
             "public_ipv4": "public IPv4 addresses", "rest_request": "REST requests",
             "http_request": "HTTP requests"}.get(item, item.replace("_", " "))
    return " ".join([words, *("from Lambda" if each == "lambda" else each for each in variant)])


def _allowances(region: str, date: str) -> dict[str, float]:
    prefix = "free_tier."
    found = {}
    for name in facts.names(prefix):
        try:
            found[name.removeprefix(prefix)] = facts.value(name, date)
        except facts.FactError:
            continue
    return found


def price(quantities: Mapping[str, float], book: PriceBook, free_tier: bool = True,
          discounts: Iterable[Discount] = ()) -> list[Line]:
    """Bill lines for a month's `quantities` by sku.

    A free allowance covers the sku it names or, dot by dot, all skus below that name together, in order of the
    quantities. A discount becomes a negative line of its own.
    """
    left = _allowances(book.region, book.date) if free_tier else {}
    discounts = tuple(discounts)
    lines = []
    for sku, quantity in quantities.items():
        schedule = book.schedule(sku)
        service, item = SERVICE_TITLES.get(sku.split(".")[0], sku.split(".")[0]), _item(sku)
        covered = next((name for name in left if sku == name or sku.startswith(name + ".")), None)
        free = min(quantity, left[covered]) if covered else 0.0
        if free > 0:
            left[covered] -= free
            lines.append(Line(service, item, sku, free, schedule.unit, 0.0, "free", 0.0,
                              facts.fact(f"free_tier.{covered}", book.date).source))
        full_usd = 0.0
        for number, inside, usd in schedule.split(quantity - free):
            if inside == 0 and free > 0:
                continue
            full_usd += inside * usd
            lines.append(Line(service, item, sku, inside, schedule.unit, usd, str(number), inside * usd,
                              schedule.source))
        for discount in discounts:
            if sku.startswith(discount.sku_prefix) and full_usd:
                lines.append(Line(service, f"{item}: {discount.label}", sku, full_usd, "USD", -discount.share,
                                  "discount", -discount.share * full_usd, discount.source))
    return lines


SERVED = "served requests"
"""The one quantity that has no price of its own; the user's own lines per request need it."""


def usage(result: Result, between_windows: bool = False) -> dict[str, float]:
    """What one window of `result` used: quantity by sku, all services of the stack and the added costs.

    Also counts the served requests under SERVED. `between_windows` says that it was a sample of the quiet hours.
    """
    used: dict[str, float] = {SERVED: float(result.served)}
    window = replace(result.window, between_windows=between_windows)
    metered = [service.usage(result.sums(position), window) for position, service in enumerate(result.scenario.stack)]
    for quantities in metered + [cost.usage(result.sums_of(cost), window) for cost in result.scenario.costs]:
        for sku, quantity in quantities.items():
            used[sku] = used.get(sku, 0.0) + quantity
    return used


def month(result: Result) -> dict[str, float]:
    """Quantity by sku of a whole month: the window as often as the traffic says, quiet hours in between."""
    traffic = result.scenario.traffic
    windows = traffic.month_windows(result.window.window_s)
    used = {sku: quantity * windows for sku, quantity in usage(result).items()}
    rest_s = facts.value("hours_per_month") * 3600 - windows * result.window.window_s
    if rest_s > 1e-6:
        scenario = result.scenario
        wanted_s = QUIET_REQUESTS / traffic.quiet_rps if traffic.quiet_rps else 0.0
        sample_s = min(rest_s, max(QUIET_LEAST_S, wanted_s))
        stack = tuple(service.between_windows() for service in scenario.stack)
        quiet = Scenario(stack, traffic.quiet(sample_s), scenario.costs, scenario.region, scenario.date)
        for sku, quantity in _quiet_usage(quiet, result.seed).items():
            used[sku] = used.get(sku, 0.0) + quantity * rest_s / sample_s
    return used


QUIET_LEAST_S, QUIET_REQUESTS = 6 * 3600.0, 25_000
"""How much of the quiet hours is played: all of them, or a sample at least so long with about so many requests."""


@lru_cache(maxsize=32)
def _quiet_usage(quiet: Scenario, seed: int) -> Mapping[str, float]:
    """What a stretch between two windows used; kept, because a slider that moves a window leaves it alone."""
    return MappingProxyType(usage(simulate(quiet, seed), between_windows=True))


def bill(result: Result, free_tier: bool = True) -> Bill:
    """The monthly bill of a run: every line with quantity, unit, price, tier and source. Raises ParamError for what is
    no run."""
    if not hasattr(result, "scenario"):
        raise ParamError(f"bill was given {shown(result)}, but it bills what simulate returns; write for example "
                         "bill(simulate(scenario)).")
    scenario = result.scenario
    book = price_book(scenario.region, scenario.date)
    discounts = dict.fromkeys(discount for service in scenario.stack for discount in service.discounts(book.date))
    quantities = month(result)
    served = quantities.pop(SERVED)
    lines = price(quantities, book, free_tier, discounts)
    for cost in scenario.costs:
        if isinstance(cost, OwnLine):
            quantity, unit, usd = cost.monthly(served)
            lines.append(Line("Your own line", cost.name, "own", quantity, unit, usd, "1", quantity * usd,
                              "your own figure"))
    left_out = dict.fromkeys(item for service in scenario.stack for item in service.left_off_the_bill)
    added = {item for cost in scenario.costs for item in cost.covers}
    return Bill(tuple(lines), tuple(item for item in left_out if item not in added), book.region, book.date)
