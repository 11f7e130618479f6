"""Several services at one place of the stack: their spans and capacity side by side, told apart by resource number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from simlib.services.base import Metered, Service

PART = 1 << 20
"""Resource numbers of part k are k * 2^20 away from 0, so that those of several services stay apart."""


class Part:
    """An engine's run as one of several services sees it: its resources carry its number."""

    def __init__(self, run, number: int):
        self._run = run
        self._first = number * PART

    def __getattr__(self, name):
        return getattr(self._run, name)

    def _resource(self, resource):
        return resource + self._first if resource >= 0 else resource - self._first

    def span(self, *values, resource=0, **named):
        self._run.span(*values, resource=self._resource(resource), **named)

    def capacity(self, resource, *values):
        self._run.capacity(self._resource(resource), *values)


def number_of(resource: np.ndarray) -> np.ndarray:
    """Which parts some resource numbers belong to."""
    return np.abs(resource) // PART


def only(columns: Mapping[str, np.ndarray], number: int) -> dict[str, np.ndarray]:
    """The rows of one part, with the resource numbers that it gave itself."""
    resource = columns["resource"]
    mine = number_of(resource) == number
    kept = {name: column[mine] for name, column in columns.items()}
    kept["resource"] = kept["resource"] - np.sign(kept["resource"]) * number * PART
    return kept


def part_of(metered: Metered, number: int) -> Metered:
    """What one part may look at to meter itself."""
    return replace(metered, spans=only(metered.spans, number), capacity=only(metered.capacity, number))


def own(service: Service, columns: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    """The rows of a service itself, without those of what is attached to it."""
    if not service.attached:
        return columns
    mine = ~np.isin(number_of(columns["resource"]), list(service.attached))
    return {name: column[mine] for name, column in columns.items()}


def own_part(service: Service, metered: Metered) -> Metered:
    """What a service itself may look at to meter itself, when others are attached to it."""
    return replace(metered, spans=own(service, metered.spans), capacity=own(service, metered.capacity))
