"""Costs that no request waits for: logs, a NAT gateway, traffic to the internet, and lines of your own.

They ride on a Scenario's `costs` and are metered over the whole stack.
"""

from __future__ import annotations

from dataclasses import dataclass

from simlib import facts
from simlib.params import Checked, ParamError, param
from simlib.services.base import BYTES_PER_GB, Metered, Sums, Window


class Cost(Checked):
    """Base of what can be added to a bill; `covers` are the not-modelled remarks it answers."""

    covers: tuple[str, ...] = ()

    def tally(self, metered: Metered, sums: Sums) -> None:
        """Adds to `sums` what of the outermost service's spans `usage` will ask for."""

    def usage(self, sums: Sums, window: Window) -> dict[str, float]:
        """Quantity by sku in one window."""
        return {}


@dataclass(frozen=True)
class CloudWatchLogs(Cost):
    """Log lines written per request and kept for some months.

    Billed for: ingestion per GB (the lines of Lambda functions have tiers of their own since May 2025), storage
    per GB-month of what compression leaves.
    """

    covers = ("CloudWatch Logs, unless added",)
    kb_per_request: float = param(0.5, "KB", "log text written per request", 0, 1000)
    retention_months: float = param(1.0, "months", "how long logs are kept", 0, 120)
    written_by: str = param("servers", "", "who writes the lines", choices=("servers", "lambda"))

    def usage(self, sums, window):
        gb = self.kb_per_request * 1024 * window.requests / BYTES_PER_GB
        ingestion = "cloudwatch_logs.ingestion" + (".lambda" if self.written_by == "lambda" else "")
        kept = facts.value("cloudwatch_logs.stored_share") * self.retention_months
        return {ingestion: gb, "cloudwatch_logs.storage": gb * kept}


@dataclass(frozen=True)
class NatGateway(Cost):
    """NAT gateways, through which servers or functions in a private subnet reach the internet.

    Billed for: gateway hours and gigabytes processed.
    """

    gateways: int = param(1, "gateways", "one per Availability Zone in a fair design", 1, 20)
    kb_per_request: float = param(1.0, "KB", "traffic through the gateway per request", 0, 1_000_000)

    def usage(self, sums, window):
        return {"nat_gateway.hours": self.gateways * window.hours,
                "nat_gateway.processing": self.kb_per_request * 1024 * window.requests / BYTES_PER_GB}


@dataclass(frozen=True)
class DataTransferOut(Cost):
    """What is sent to users on the internet: `share` of the bytes returned by requests that were
    answered.

    Billed for: gigabytes out, in tiers; data in is free.
    """

    covers = ("data transfer out, unless added",)
    share: float = param(1.0, "", "share of the returned bytes that leave AWS (the rest stays in a cache)", 0, 1)

    def tally(self, metered, sums):
        answered = metered.spans["request"][(metered.spans["call"] == 0) & (metered.spans["status"] < 400)]
        sums.add("sent_bytes", metered.workload.item_bytes[answered])

    def usage(self, sums, window):
        return {"data_transfer.out": self.share * sums["sent_bytes"] / BYTES_PER_GB}


@dataclass(frozen=True)
class EventPollers(Cost):
    """Event poller units of an event source mapping in provisioned mode, SQS or Kafka.

    Billed for: unit-hours. What they poll is not played.
    """

    source: str = param("sqs", "", "what is polled", choices=("sqs", "kafka"))
    units: float = param(2.0, "units", "pollers kept on average", 0, 2000)

    def usage(self, sums, window):
        return {f"lambda.event_poller.{self.source}": self.units * window.hours}


@dataclass(frozen=True)
class OwnLine(Cost):
    """A line of your own: a database, a licence, an hour of somebody's time; fixed, or per million requests."""

    name: str = param("your own line", "", "what it is for")
    usd_per_month: float = param(0.0, "USD", "fixed cost a month", 0)
    usd_per_million_requests: float = param(0.0, "USD", "cost of a million served requests", 0)
    covers_people: bool = param(False, "", "whether it stands for the people who run the servers")

    def check(self):
        if self.usd_per_month and self.usd_per_million_requests:
            raise ParamError(f"OwnLine {self.name!r} has both a monthly and a per-request price, but one line "
                             "carries one price; write two lines.")

    @property
    def covers(self):
        return ("people who patch and watch the servers, unless added",) if self.covers_people else ()

    def monthly(self, requests: float) -> tuple[float, str, float]:
        """Quantity, unit and price of one unit in a month with that many served requests."""
        if self.usd_per_million_requests:
            return requests / 1e6, "million requests", self.usd_per_million_requests
        return 1.0, "month", self.usd_per_month


COSTS = {"cloudwatch_logs": CloudWatchLogs, "nat_gateway": NatGateway, "data_transfer_out": DataTransferOut,
         "event_pollers": EventPollers, "own_line": OwnLine}
"""Every cost by the name used in scenario files."""
