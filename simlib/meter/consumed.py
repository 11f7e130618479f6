"""What one call consumed of one table, in the shape in which DynamoDB reports it.

AWS's `ConsumedCapacity` has the total, and for INDEXES also the parts: the table, and each index that took part.
Transactions say in addition whether the units were read or written. An index that cost nothing is not listed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

DETAILS = ("NONE", "TOTAL", "INDEXES")


@dataclass
class Consumption:
    """Units that one call consumed of one table and its indexes.

    `table` is the table's name or ARN as the request has it; `reads` tells reads from writes; `units` is the
    table's own part, `local_units` and `global_units` those of the indexes by name; `transactional` reports
    carry the direction at every level.
    """

    table: str
    reads: bool
    units: float = 0.0
    local_units: dict[str, float] = field(default_factory=dict)
    global_units: dict[str, float] = field(default_factory=dict)
    transactional: bool = False

    @property
    def total(self) -> float:
        """Units of the table and of all its indexes."""
        return self.units + sum(self.local_units.values()) + sum(self.global_units.values())

    def add(self, index, units: float) -> None:
        """Adds units of an index (`capacity.Index`), or of the table where `index` is None; 0 is no part."""
        if index is None:
            self.units += units
        elif units:
            part = self.local_units if index.local else self.global_units
            part[index.name] = part.get(index.name, 0.0) + units

    def parts(self):
        """(index name or None, "table", "local" or "global", units) of every part that is not 0, the table first."""
        if self.units or not (self.local_units or self.global_units):
            yield None, "table", self.units
        for name, units in self.local_units.items():
            yield name, "local", units
        for name, units in self.global_units.items():
            yield name, "global", units

    def report(self, detail: str) -> dict:
        """AWS's ConsumedCapacity for `detail` TOTAL or INDEXES."""
        report = {"TableName": self.table, **self._capacity(self.total)}
        if detail == "INDEXES":
            report["Table"] = self._capacity(self.units)
            for key, part in (
                ("LocalSecondaryIndexes", self.local_units),
                ("GlobalSecondaryIndexes", self.global_units),
            ):
                if part:
                    report[key] = {name: self._capacity(units) for name, units in part.items()}
        return report

    def _capacity(self, units: float) -> dict:
        capacity = {"CapacityUnits": float(units)}
        if self.transactional:
            capacity["ReadCapacityUnits" if self.reads else "WriteCapacityUnits"] = float(units)
        return capacity


def of_server(report: dict, reads: bool) -> Consumption:
    """The Consumption that a server's ConsumedCapacity tells; `reads` where it does not say the direction itself.

    Without parts (a server that knows TOTAL only) everything counts as the table's.
    """
    if "ReadCapacityUnits" in report or "WriteCapacityUnits" in report:
        reads = report.get("ReadCapacityUnits", 0.0) > 0
    units = report.get("Table", report).get("CapacityUnits", 0.0)
    local, global_ = (
        {name: part.get("CapacityUnits", 0.0) for name, part in report.get(key, {}).items()}
        for key in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes")
    )
    return Consumption(report.get("TableName", ""), reads, units, local, global_)


def reduced(report: dict, detail: str) -> dict:
    """A server's ConsumedCapacity for INDEXES cut down to what the caller had asked for."""
    if detail == "INDEXES":
        return report
    return {key: value for key, value in report.items() if not isinstance(value, dict)}
