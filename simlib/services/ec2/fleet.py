"""The instances of a group as SimPy plays them, and the load balancer that chooses among them."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from heapq import heapify, heapreplace

from simlib import facts
from simlib.services.base import CALLS_PER_CALL, COMPLETION, FAILED, NO_REQUEST, OK, QUEUE_FULL, TIMED_OUT
from simlib.services.ec2.group import Group

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

    def cpu_s(self, minute: int) -> float:
        """vCPU-seconds that the requests accepted so far use in a minute of the window."""
        return self.cpu_by_minute[minute]

    def forget(self, minute: int) -> None:
        """Nobody will ask about that minute any more."""
        self.cpu_by_minute.pop(minute, None)

    def cut_off(self) -> None:
        """Answers all requests under way with an error; the instance plays on in vain."""
        for caller in list(self.callers.values()):
            caller.settle(FAILED)


class Fleet(Group):
    """A group that serves requests on SimPy."""

    def __init__(self, service, run, backend):
        self.backend = backend
        self.workers = service.workers_each
        self.vcpus_per_request = service.vcpus_per_request
        self.cpu_s, self.io_s = service.columns(run.workload)
        self.threads = memoryview(run.workload.threads)
        self.crowded = self.workers > service.kind.vcpu
        self.turn = 0
        super().__init__(service, run, Instance)

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
                self.end(instance)
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
