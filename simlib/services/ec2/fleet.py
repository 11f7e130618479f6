"""A running fleet: instances that boot, serve, fail and end, and the load balancer that chooses among them."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from heapq import heapify, heapreplace

from simlib import dists, facts
from simlib.services.base import CALLS_PER_CALL, CAPACITY, COMPLETION, FAILED, NO_REQUEST, OK, QUEUE_FULL, TIMED_OUT
from simlib.services.ec2.credits import CpuCredits
from simlib.services.scaling import StepScaling, TargetTracking, clamped

_MINUTE_S = 60.0


class Instance:
    """One virtual server: busy workers, requests waiting for one, and when each vCPU is next free."""

    __slots__ = ("number", "zone", "launched_s", "busy", "waiting", "vcpu_free_s", "cpu_by_minute", "credits",
                 "slowdown", "callers", "warm_at_s", "failed", "leaving")

    def __init__(self, number: int, zone: int, launched_s: float, vcpu: int, warm_at_s: float):
        self.number = number
        self.zone = zone
        self.launched_s = launched_s
        self.warm_at_s = warm_at_s
        self.busy = 0
        self.waiting = deque()
        self.vcpu_free_s = [0.0] * vcpu
        heapify(self.vcpu_free_s)
        self.cpu_by_minute = defaultdict(float)
        self.credits = None
        self.slowdown = 1.0
        self.callers = {}
        self.failed = False
        self.leaving = False

    @property
    def outstanding(self) -> int:
        return self.busy + len(self.waiting)

    def book(self, begin_s: float, cpu_s: float, vcpus: float) -> None:
        """Notes that `vcpus` vCPUs work for `cpu_s` seconds from `begin_s`, minute by minute."""
        end_s = begin_s + cpu_s
        minute = int(begin_s // _MINUTE_S)
        while begin_s < end_s:
            until_s = min(end_s, (minute + 1) * _MINUTE_S)
            self.cpu_by_minute[minute] += (until_s - begin_s) * vcpus
            begin_s, minute = until_s, minute + 1


class Fleet:
    """The instances of one `Ec2` service during a run."""

    def __init__(self, service, run, backend):
        self.service = service
        self.run = run
        self.backend = backend
        self.kind = service.kind
        self.workers = service.workers_each
        self.vcpus_per_request = service.vcpus_per_request
        self.cpu_s, self.io_s = service.columns(run.workload)
        self.threads = memoryview(run.workload.threads)
        self.crowded = self.workers > self.kind.vcpu
        self.counts_cpu = service.watches_cpu
        self.lost_zone = None
        self.registered: list[Instance] = []
        self.alive: list[Instance] = []
        self.booting = 0
        self.desired = service.instances
        self.made = 0
        self.turn = 0
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
        instance = Instance(self.made, zone, launched_s, self.kind.vcpu, warm_at_s)
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
            self._end(instance)

    def _deregister(self, instance):
        if instance in self.registered:
            self.registered.remove(instance)

    def _end(self, instance):
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
            for caller in list(instance.callers.values()):
                caller.settle(FAILED)
        detected_s = self.run.now + service.health_check_interval_s * service.unhealthy_threshold
        self.run.start(self._at(detected_s, lambda: self._replace(struck)))

    def _replace(self, struck):
        for instance in struck:
            self._deregister(instance)
            if instance in self.alive:
                self._end(instance)
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
                    instance.credits.settle(_MINUTE_S, instance.cpu_by_minute[minute])
                    instance.slowdown = 1 / self.kind.baseline if instance.credits.throttled else 1.0
            if policy:
                warm = [each for each in serving if each.warm_at_s <= run.now]
                if warm:
                    used = math.fsum(each.cpu_by_minute[minute] for each in warm)
                    metric = used / (len(warm) * self.kind.vcpu * _MINUTE_S)
                    current = len(serving) + self.booting
                    wanted = policy.wanted(metric, len(warm), current, len(warm) < current)
                    if wanted != current:
                        self._want(wanted)
            for instance in serving:
                instance.cpu_by_minute.pop(minute, None)

    # Requests

    def _pick(self):
        if not self.registered:
            return None
        if self.service.routing == "least_outstanding":
            return min(self.registered, key=lambda each: (each.outstanding, each.number))
        instance = self.registered[self.turn % len(self.registered)]
        self.turn += 1
        return instance

    def _serve(self, instance, arrived_s, request, call, met):
        run = self.run
        if instance.busy < self.workers:
            instance.busy += 1
        else:
            worker_free = run.event()
            instance.waiting.append(worker_free)
            yield worker_free
        begin_s = run.now
        cpu_s = self.cpu_s[request] * instance.slowdown
        if self.crowded:
            begin_s = max(begin_s, instance.vcpu_free_s[0])
            heapreplace(instance.vcpu_free_s, begin_s + cpu_s)
        if self.counts_cpu:
            instance.book(begin_s, cpu_s, min(self.threads[request], self.vcpus_per_request) / instance.slowdown)
        met[0] = begin_s - arrived_s
        done_s = begin_s + cpu_s + self.io_s[request]
        met[1] = done_s - begin_s
        yield run.at(done_s, COMPLETION, request, call)
        status = OK
        if self.backend and not instance.failed:
            status = yield from self.backend(request, call * CALLS_PER_CALL + 1)
            status = status if status < 400 else FAILED
        if instance.waiting:
            instance.waiting.popleft().succeed()
        else:
            instance.busy -= 1
            if instance.leaving and not instance.busy and instance in self.alive:
                self._end(instance)
        return status

    def handle(self, request, call):
        """What a request meets: the load balancer's choice, the queue, a worker."""
        run, service = self.run, self.service
        arrived_s = run.now
        instance = self._pick() if service.start_s <= arrived_s < self.stop_s else None
        if instance is None:
            run.span(request, call, arrived_s, status=QUEUE_FULL, resource=NO_REQUEST)
            return QUEUE_FULL
        number = instance.number
        if instance.failed:
            yield run.at(arrived_s + facts.value("alb.connect_timeout_s"), COMPLETION, request, call)
            run.span(request, call, arrived_s, wait_s=run.now - arrived_s, status=TIMED_OUT, resource=number)
            return TIMED_OUT
        if instance.busy >= self.workers and len(instance.waiting) >= service.queue_limit:
            run.span(request, call, arrived_s, status=QUEUE_FULL, resource=number)
            return QUEUE_FULL
        met = [math.inf, 0.0]
        limit_s = arrived_s + service.idle_timeout_s if service.load_balancer else math.inf
        status = yield from run.within(limit_s, self._serve(instance, arrived_s, request, call, met), request, call,
                                       None if service.fails_at_s is None else instance.callers)
        status = TIMED_OUT if status is None else status
        spent_s = run.now - arrived_s
        wait_s = min(met[0], spent_s)
        run.span(request, call, arrived_s, wait_s=wait_s, work_s=min(met[1], spent_s - wait_s), status=status,
                 resource=number)
        return status
