"""An Auto Scaling group whose instances lie in the world."""

from __future__ import annotations

import numpy as np

from simlib.fast.flow import IS_FLEET
from simlib.fast.world import NONE
from simlib.services.ec2.group import Group


class ArrayInstance:
    """One instance: what the group decides by, on top of the kernels' record."""

    def __init__(self, group: ArrayGroup, number, zone, launched_s, vcpu, warm_at_s):
        state, fleet = group.state, group.fleet
        self.group = group
        self.number = number
        self.zone = zone
        self.launched_s = launched_s
        self.warm_at_s = warm_at_s
        self.credits = None
        minute = state.lengthen("cpu_s", int(fleet.ring)) if group.counts_cpu else 0
        self.at = state.add("instances", number=number, slowdown=1.0, vcpu=state.lengthen("vcpu_free_s", vcpu),
                            minute=minute)

    @property
    def record(self):
        return self.group.state.view.instances[self.at]

    @property
    def outstanding(self) -> int:
        return int(self.record.busy + self.record.waiting)

    @property
    def failed(self) -> bool:
        return bool(self.record.failed)

    @failed.setter
    def failed(self, is_true):
        self.record.failed = int(is_true)

    @property
    def leaving(self) -> bool:
        return bool(self.record.leaving)

    @leaving.setter
    def leaving(self, is_true):
        self.record.leaving = int(is_true)

    @property
    def slowdown(self) -> float:
        return float(self.record.slowdown)

    @slowdown.setter
    def slowdown(self, factor):
        self.record.slowdown = factor

    def _place(self, minute):
        return int(self.record.minute) + minute % int(self.group.fleet.ring)

    def cpu_s(self, minute: int) -> float:
        return float(self.group.state.view.cpu_s[self._place(minute)])

    def forget(self, minute: int) -> None:
        self.group.state.view.cpu_s[self._place(minute)] = 0.0
        self.group.fleet.minute = minute + 1

    def cut_off(self) -> None:
        for frame in self.group.served_by(self.at):
            self.group.player.go_on_with(frame, cut_off=True)


class ArrayGroup(Group):
    """A `Group` for the kernels. unit: its fleet's number."""

    def __init__(self, player, service, run, unit: int):
        self.player = player
        self.state = player.state
        self.unit = unit
        self.made_instances: dict[int, ArrayInstance] = {}
        self._aligned: list[int] = []
        super().__init__(service, run, self._instance)

    def _instance(self, *values):
        instance = ArrayInstance(self, *values)
        self.made_instances[instance.at] = instance
        return instance

    @property
    def fleet(self):
        return self.state.view.fleets[self.unit]

    def align(self) -> None:
        """Tells the kernels which instances the load balancer may choose."""
        numbers = [each.at for each in self.registered]
        if numbers != self._aligned:
            if len(numbers) > len(self._aligned) or not self._aligned:
                self.fleet.first = self.state.lengthen("registered", len(numbers))
            for place, number in enumerate(numbers):
                self.state.view.registered[self.fleet.first + place] = number
            self.fleet.registered = len(numbers)
            self._aligned = numbers

    def served_by(self, at: int) -> list[int]:
        """The frames of requests that wait for an instance's answer, in the order they came."""
        frames = self.state.view.frames
        found = [(int(frames[number].j), number) for number in range(len(frames))
                 if frames[number].kind == IS_FLEET and frames[number].unit == self.unit and frames[number].i == at
                 and frames[number].j != NONE]
        return [number for _, number in sorted(found)]

    def last_left(self, at: int) -> None:
        """The last request has left an instance that is to end."""
        instance = self.made_instances[at]
        if instance in self.alive:
            self.end(instance)

    def longer_ring(self, minute: int) -> None:
        """Room for CPU time booked up to a minute."""
        fleet, state = self.fleet, self.state
        was, first = int(fleet.ring), int(fleet.minute)
        ring = was
        while minute - first >= ring:
            ring *= 2
        for instance in self.made_instances.values():
            start = int(instance.record.minute)
            booked = np.array([state.view.cpu_s[start + minute % was] for minute in range(first, first + was)])
            start = state.lengthen("cpu_s", ring)
            instance.record.minute = start
            for number, cpu_s in enumerate(booked, first):
                state.view.cpu_s[start + number % ring] = float(cpu_s)
        self.fleet.ring = ring
