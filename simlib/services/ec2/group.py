"""An Auto Scaling group during a run: how instances come, fail, are replaced and go."""

from __future__ import annotations

import math
from collections import defaultdict

from simlib import dists
from simlib.services.base import CAPACITY
from simlib.services.ec2.credits import CpuCredits
from simlib.services.scaling import StepScaling, TargetTracking, clamped

_MINUTE_S = 60.0


class Group:
    """The instances of one `Ec2` service during a run.

    What serves the requests is up to the engine: `new_instance(number, zone, launched_s, vcpu, warm_at_s)` makes its
    instance, which tells what is `outstanding` on it and `cpu_s(minute)`, and can `forget(minute)` and `cut_off()`
    the requests under way.
    """

    def __init__(self, service, run, new_instance):
        self.service = service
        self.run = run
        self.new_instance = new_instance
        self.kind = service.kind
        self.counts_cpu = service.watches_cpu
        self.lost_zone = None
        self.registered: list = []
        self.alive: list = []
        self.booting = 0
        self.desired = service.instances
        self.made = 0
        self.stop_s = math.inf if service.stop_s is None else service.stop_s
        for number in range(service.instances):
            self._register(self._new(number % service.zones, service.start_s, warm_at_s=-math.inf))
        for at_s, desired in service.schedule:
            run.start(self._at(float(at_s), lambda desired=int(desired): self._want(desired)))
        if service.fails_at_s is not None:
            run.start(self._at(service.fails_at_s, self._fail))
        if self.counts_cpu:
            run.start(self._minutes())
        run.at_end(self._close)

    # Instances come and go

    def _new(self, zone, launched_s, warm_at_s):
        instance = self.new_instance(self.made, zone, launched_s, self.kind.vcpu, warm_at_s)
        if self.kind.baseline < 1 and self.service.credit_mode == "standard":
            instance.credits = CpuCredits.at_launch(self.service.instance_type, "standard")
            if warm_at_s == -math.inf and self.service.start_credits is not None:
                instance.credits.balance = min(self.service.start_credits, instance.credits.most)
        self.made += 1
        self.alive.append(instance)
        return instance

    def _register(self, instance):
        self.registered.append(instance)

    def _launch(self):
        """Boots one instance in the emptiest zone that is up; without one it has to wait for the zone."""
        run, service = self.run, self.service
        zones = [zone for zone in range(service.zones) if zone != self.lost_zone]
        if not zones:
            return
        zone = min(zones, key=lambda zone: (sum(each.zone == zone for each in self.alive), zone))
        boot_s = float(dists.lognormal(run.uniform("ec2.boot", self.made, 0), service.boot_s, service.boot_cv)
                       if service.boot_s and service.boot_cv else service.boot_s)
        in_service_s = run.now + boot_s
        instance = self._new(zone, run.now, in_service_s + service.warmup_s)
        self.booting += 1
        yield run.at(in_service_s, CAPACITY, 0, 0)
        self.booting -= 1
        if instance.failed or instance.leaving:
            return
        self._register(instance)

    def _want(self, desired):
        """Sets the desired capacity: launches what is missing, ends what is too much."""
        self.desired = clamped(desired, self.service.least, self.service.most)
        standing = [each for each in self.alive if not each.failed and not each.leaving]
        for _ in range(self.desired - len(standing)):
            self.run.start(self._launch())
        for _ in range(len(standing) - self.desired):
            by_zone = defaultdict(list)
            for each in self.alive:
                if not each.failed and not each.leaving:
                    by_zone[each.zone].append(each)
            fullest = max(by_zone.values(), key=lambda group: (len(group), -group[0].zone))
            self._leave(min(fullest, key=lambda each: each.number))

    def _leave(self, instance):
        """Takes no new requests; ends when the last one is done."""
        instance.leaving = True
        self._deregister(instance)
        if not instance.outstanding:
            self.end(instance)

    def _deregister(self, instance):
        if instance in self.registered:
            self.registered.remove(instance)

    def end(self, instance) -> None:
        """The instance is no more."""
        self.alive.remove(instance)
        self.run.capacity(instance.number, instance.launched_s, self.run.now, self.kind.vcpu)

    def _close(self):
        end_s = min(self.stop_s, self.run.window_s)
        for instance in self.alive:
            self.run.capacity(instance.number, instance.launched_s, max(end_s, instance.launched_s), self.kind.vcpu)

    # Failure and replacement

    def _at(self, at_s, action):
        yield self.run.at(at_s, CAPACITY, 0, 0)
        action()

    def _fail(self):
        service = self.service
        if service.fails == "zone":
            self.lost_zone = 0
            struck = [each for each in self.alive if each.zone == 0]
            if service.back_after_s is not None:
                self.run.start(self._at(self.run.now + service.back_after_s, self._zone_is_back))
        else:
            struck = [each for each in self.alive if not each.leaving][:1]
        for instance in struck:
            instance.failed = True
            instance.cut_off()
        detected_s = self.run.now + service.health_check_interval_s * service.unhealthy_threshold
        self.run.start(self._at(detected_s, lambda: self._replace(struck)))

    def _replace(self, struck):
        for instance in struck:
            self._deregister(instance)
            if instance in self.alive:
                self.end(instance)
        if self.service.replaces:
            self._want(self.desired)

    def _zone_is_back(self):
        self.lost_zone = None
        if self.service.replaces:
            self._want(self.desired)

    # Scaling and credits, minute by minute

    def _minutes(self):
        run, service = self.run, self.service
        policy = (TargetTracking(service.target_cpu) if service.scaling == "target_tracking"
                  else StepScaling(service.steps) if service.scaling == "step" else None)
        for minute in range(int(run.window_s // _MINUTE_S)):
            yield run.at((minute + 1) * _MINUTE_S, CAPACITY, 0, 0)
            serving = [each for each in self.registered if not each.failed]
            for instance in serving:
                if instance.credits:
                    instance.credits.settle(_MINUTE_S, instance.cpu_s(minute))
                    instance.slowdown = 1 / self.kind.baseline if instance.credits.throttled else 1.0
            if policy:
                warm = [each for each in serving if each.warm_at_s <= run.now]
                if warm:
                    used = math.fsum(each.cpu_s(minute) for each in warm)
                    metric = used / (len(warm) * self.kind.vcpu * _MINUTE_S)
                    current = len(serving) + self.booting
                    wanted = policy.wanted(metric, len(warm), current, len(warm) < current)
                    if wanted != current:
                        self._want(wanted)
            for instance in serving:
                instance.forget(minute)
