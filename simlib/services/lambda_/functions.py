"""Several Lambda functions in one account."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from simlib import facts
from simlib.params import ParamError, param
from simlib.services.base import Metered, Service, Sums, Window
from simlib.services.lambda_.function import Lambda
from simlib.services.lambda_.limits import Account
from simlib.services.parts import Part, part_of


@dataclass(frozen=True)
class Functions(Service):
    """Functions that share one account's concurrency: operation number k of the traffic calls function k.

    Models: one pool of unreserved concurrency and its request quota for all, each function's own reservation,
        provisioned concurrency and scaling rate (until November 2023 one burst for all).
    Leaves out: what `Lambda` leaves out; the functions' own `account_concurrency` and `reserved_elsewhere`.
    Billed for: the sum of the functions.
    Sources: as for `Lambda`.
    """

    title = "AWS Lambda"
    not_billed = Lambda.not_billed
    parts: ClassVar[dict] = {"functions": Lambda}

    functions: tuple[Lambda, ...] = (Lambda(), Lambda())
    account_concurrency: int = param(1000, "environments", "concurrency quota of the account in the Region",
                                     1, 1_000_000)

    def check(self):
        if not self.functions or not all(isinstance(function, Lambda) for function in self.functions):
            raise ParamError(f"Functions.functions is {self.functions!r}, but it must hold Lambda functions; write "
                             "for example (Lambda(), Lambda(memory_mb=512)).")
        object.__setattr__(self, "functions", tuple(self.functions))
        unreserved = self.account_concurrency - self.set_aside
        if self.set_aside and unreserved < facts.value("lambda.unreserved_minimum"):
            raise ParamError(f"Functions.functions reserve or provision {self.set_aside} of "
                             f"{self.account_concurrency}, but AWS keeps at least "
                             f"{facts.value('lambda.unreserved_minimum'):g} unreserved; reserve less or raise "
                             "account_concurrency.")

    @property
    def levels(self) -> int:
        """As many as its deepest function takes."""
        return max(function.levels for function in self.functions)

    @property
    def set_aside(self) -> int:
        """Concurrency that reservations and provisioned concurrency take out of the common pool."""
        return sum(function.set_aside - function.reserved_elsewhere for function in self.functions)

    def check_operations(self, workload) -> None:
        """Raises ParamError unless the traffic has one operation for each function."""
        operations = len(workload.operation_names)
        if operations != len(self.functions):
            raise ParamError(f"The traffic has {operations} operations, but Functions has {len(self.functions)} "
                             "functions; give each operation its function, in the same order.")

    def open(self, run, backend):
        self.check_operations(run.workload)
        account = Account(self.account_concurrency, self.set_aside, run.date)
        handles = [function.open_in(Part(run, number), backend, account)
                   for number, function in enumerate(self.functions)]
        operation = memoryview(run.workload.operation)

        def invoke(request, call):
            return handles[operation[request]](request, call)

        return invoke

    def tally(self, metered: Metered, sums: Sums):
        for number, function in enumerate(self.functions):
            function.tally(part_of(metered, number), sums.part(number))

    def usage(self, sums: Sums, window: Window):
        used: dict[str, float] = {}
        for number, function in enumerate(self.functions):
            for sku, quantity in function.usage(sums.part(number), window).items():
                used[sku] = used.get(sku, 0.0) + quantity
        return used

    def between_windows(self):
        return replace(self, functions=tuple(function.between_windows() for function in self.functions))

    def discounts(self, date):
        return self.functions[0].discounts(date)
