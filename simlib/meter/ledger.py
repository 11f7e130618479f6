"""The ledger: every metered call, line by line, in units and in dollars of both capacity modes."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from simlib import facts
from simlib.pricing import price_book

TABLE_CLASSES = {"STANDARD": "standard", "STANDARD_INFREQUENT_ACCESS": "standard_ia"}
"""AWS's names of the table classes, and what they are called in the skus of data/prices.csv."""

UNIT_HOUR = facts.value("dynamodb.unit_hour")


@dataclass(frozen=True)
class Line:
    """Units that one call consumed of one table or index.

    `call` numbers the calls of the ledger from 0; `table` is the table's name (also where the call gave an ARN);
    `index` is None for the table itself, and `kind` is "table", "local" or "global"; `metered_by` is "meter", or
    "server" where the figures are DynamoDB's own; `error` is the error code of a call that was charged although it
    failed. Units are None where a server was asked and did not say.
    """

    call: int
    operation: str
    table: str
    index: str | None
    kind: str
    read_units: float | None
    write_units: float | None
    metered_by: str
    error: str | None
    table_class: str
    region: str
    date: str

    @property
    def on_demand_usd(self) -> float:
        """Dollars in on-demand mode: each unit is one request unit. Raises PriceError where no price is known."""
        return self._usd("request")

    @property
    def provisioned_hours(self) -> float:
        """Capacity-unit-hours at full utilisation: one provisioned unit serves 3,600 units in an hour."""
        return ((self.read_units or 0.0) + (self.write_units or 0.0)) / UNIT_HOUR

    @property
    def provisioned_usd(self) -> float:
        """Dollars in provisioned mode at full utilisation: the least that these units can cost there.

        A unit is the 3,600th part of the price of a capacity unit for an hour. Capacity that stands unused is
        not in it: at a utilisation of 20 % the real bill is five times as high. Raises PriceError.
        """
        return self._usd("capacity") / UNIT_HOUR

    def _usd(self, item: str) -> float:
        book = price_book(self.region, self.date)
        return math.fsum(
            units * book.usd(f"dynamodb.{direction}_{item}.{TABLE_CLASSES[self.table_class]}")
            for direction, units in (("read", self.read_units), ("write", self.write_units))
            if units
        )


class Ledger:
    """The lines of all calls that were watched, in order; iterate over it, or ask for sums.

    A call that cost nothing (refused as invalid, throttled) leaves no line. Sums leave out lines whose units a server
    did not say: `unknown` lists those.
    """

    def __init__(self, region: str = "us-east-1", date: str | None = None, table_class: str = "STANDARD"):
        self._prices = (table_class, region, facts.iso_date(date))
        self._lines: list[Line] = []
        self._calls = 0
        self._lock = threading.Lock()

    def record(
        self, operation: str, consumptions, metered_by: str = "meter", error: str | None = None, known: bool = True
    ) -> None:
        """Adds one call with what it consumed of each table; `known` is False where nobody told the units."""
        with self._lock:
            call, self._calls = self._calls, self._calls + 1
        for each in consumptions:
            name = each.table.rpartition(":table/")[2] if each.table.startswith("arn:") else each.table
            for index, kind, units in each.parts():
                read, write = (units, 0.0) if each.reads else (0.0, units)
                self._lines.append(
                    Line(
                        call,
                        operation,
                        name,
                        index,
                        kind,
                        read if known else None,
                        write if known else None,
                        metered_by,
                        error,
                        *self._prices,
                    )
                )

    def __iter__(self) -> Iterator[Line]:
        return iter(tuple(self._lines))

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, position):
        return self._lines[position]

    @property
    def calls(self) -> int:
        """How many calls were recorded."""
        return self._calls

    @property
    def read_units(self) -> float:
        """All read units."""
        return math.fsum(line.read_units or 0.0 for line in self._lines)

    @property
    def write_units(self) -> float:
        """All write units."""
        return math.fsum(line.write_units or 0.0 for line in self._lines)

    @property
    def on_demand_usd(self) -> float:
        """What the calls cost in on-demand mode, before any free tier. Raises PriceError."""
        return math.fsum(line.on_demand_usd for line in self._lines)

    @property
    def provisioned_usd(self) -> float:
        """What the units are worth in provisioned mode at full utilisation (`Line.provisioned_usd`)."""
        return math.fsum(line.provisioned_usd for line in self._lines)

    @property
    def unknown(self) -> tuple[Line, ...]:
        """The lines whose units a server did not say."""
        return tuple(line for line in self._lines if line.read_units is None)

    def table(self):
        """The lines as a DataFrame: call, operation, table, index, kind, units, dollars in both modes, metered_by."""
        import pandas as pd

        columns = [
            "call",
            "operation",
            "table",
            "index",
            "kind",
            "read_units",
            "write_units",
            "on_demand_usd",
            "provisioned_usd",
            "metered_by",
            "error",
        ]
        return pd.DataFrame([[getattr(line, name) for name in columns] for line in self._lines], columns=columns)

    def __repr__(self) -> str:
        return f"<Ledger of {self._calls} calls: {self.read_units:g} read units, {self.write_units:g} write units>"
