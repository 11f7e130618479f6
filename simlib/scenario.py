"""A Scenario: what arrives, and the stack of AWS services it goes through."""

from __future__ import annotations

from dataclasses import dataclass

from simlib import facts
from simlib.params import ParamError, shown
from simlib.services.base import MOST_LEVELS, Service
from simlib.services.costs import Cost
from simlib.workload import Traffic


@dataclass(frozen=True)
class Scenario:
    """What arrives and what it goes through.

    stack: services, outermost first, each calling the next; traffic: what arrives; costs: lines of the bill
    that no request meets (logs, a NAT gateway, people); region and date: where and as of when things are
    priced and ruled (`date` None: the data's own date).
    """

    stack: tuple[Service, ...]
    traffic: Traffic
    costs: tuple = ()
    region: str = "us-east-1"
    date: str | None = None
    name: str = ""

    def __post_init__(self):
        example = "write for example (Client(), Lambda())"
        stack = (self.stack,) if isinstance(self.stack, Service) else self.stack
        if not isinstance(stack, (tuple, list)) or not all(isinstance(service, Service) for service in stack):
            raise ParamError(f"Scenario.stack is {shown(stack)}, but it may hold services only; {example}.")
        levels = sum(service.levels for service in stack)
        if not 1 <= levels <= MOST_LEVELS:
            raise ParamError(f"Scenario.stack has {len(stack)} services and {levels} levels of calls (a function that "
                             f"takes events has three), but it must have between 1 and {MOST_LEVELS} levels; "
                             f"{example}.")
        last = next((service for service in stack[:-1] if not service.calls_next), None)
        if last is not None:
            raise ParamError(f"Scenario.stack has a service behind {type(last).__name__}, which calls nothing; put "
                             f"{type(last).__name__} at the end of the stack.")
        if not isinstance(self.traffic, Traffic):
            raise ParamError(f"Scenario.traffic is {shown(self.traffic)}, but it must be Traffic; write for "
                             "example Traffic(arrivals=Poisson(5)).")
        costs = (self.costs,) if isinstance(self.costs, Cost) else self.costs
        if not isinstance(costs, (tuple, list)) or not all(isinstance(cost, Cost) for cost in costs):
            raise ParamError(f"Scenario.costs is {shown(costs)}, but it may hold costs only; write for "
                             "example (CloudWatchLogs(),).")
        object.__setattr__(self, "stack", tuple(stack))
        object.__setattr__(self, "costs", tuple(costs))
        facts.iso_date(self.date)
        facts.round_trip_ms(self.region, self.region)
