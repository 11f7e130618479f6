"""Amazon EC2 instances behind an Application Load Balancer."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from heapq import heapify, heapreplace

import numpy as np

from simlib import facts
from simlib.params import ParamError, param
from simlib.services.base import (BYTES_PER_GB, CALLS_PER_CALL, COMPLETION, FAILED, OK, QUEUE_FULL, TIMED_OUT,
                                  Discount, Metered, Service)

PURCHASES = ("on_demand", "savings_plan_1y", "savings_plan_3y", "instance_savings_plan_1y",
             "instance_savings_plan_3y", "reserved_1y", "reserved_3y", "spot")


class _Instance:
    """One virtual server: busy workers, requests waiting for one, and when each vCPU is next free."""

    __slots__ = ("number", "busy", "waiting", "vcpu_free_s")

    def __init__(self, number: int, vcpu: int):
        self.number = number
        self.busy = 0
        self.waiting = deque()
        self.vcpu_free_s = [0.0] * vcpu
        heapify(self.vcpu_free_s)

    def outstanding(self) -> int:
        return self.busy + len(self.waiting)


@dataclass(frozen=True)
class Ec2(Service):
    """A fixed fleet of EC2 instances in several Availability Zones behind an Application Load Balancer.

    Models: round robin over zones and instances, or the least outstanding requests; on each instance a number
        of workers and a bounded queue in front of them (full: 503); CPU work at one vCPU per thread, first
        come first served where there are more workers than vCPUs; the load balancer's 60 s limit on an
        answer (504), after which the instance works on in vain; instances that run all the time or only
        from `start_s` to `stop_s` of each window.
    Leaves out: auto scaling, boot time, loss of a zone, CPU credits as a balance (the T family is billed as in
        unlimited mode for its average use above the baseline), network and disk limits, health checks.
    Billed for: instance time by the second (60 s at least), EBS, public IPv4 addresses, load-balancer hours and
        capacity units (the largest of new connections, active connections, bytes and rule evaluations, hour
        by hour), surplus CPU credits.
    Sources: data/facts.csv (ec2.*, alb.*), data/ec2_instance_types.csv, data/prices.csv.
    """

    title = "Amazon EC2"
    not_billed = ("people who patch and watch the servers, unless added", "data transfer out, unless added",
                  "traffic between zones", "monitoring, backups, images")

    instance_type: str = param("t3.small", "", "instance type", choices=facts.instance_types)
    instances: int = param(2, "instances", "size of the fleet", 1, 1000)
    zones: int = param(2, "zones", "Availability Zones the fleet is spread over", 1, 6)
    workers: int | None = param(None, "workers", "requests an instance handles at once; nothing: its vCPUs", 1,
                                10_000)
    queue_limit: int = param(100, "requests", "requests that may wait on one instance", 0, 1_000_000)
    routing: str = param("round_robin", "", "how the load balancer picks",
                         choices=("round_robin", "least_outstanding"))
    load_balancer: bool = param(True, "", "whether an Application Load Balancer stands in front")
    idle_timeout_s: float = param(60.0, "s", "longest wait of the load balancer for an answer", 1, 4000)
    listener_rules: int = param(1, "rules", "rules the load balancer evaluates for each request", 1, 100)
    requests_per_connection: float = param(1.0, "requests", "requests sent over one connection", 1, 10_000)
    ebs_gb: float = param(8.0, "GB", "gp3 volume of each instance", 1, 16_384)
    public_ipv4: bool = param(True, "", "whether each instance has a public IPv4 address")
    start_s: float = param(0.0, "s", "when the instances start in each window", 0)
    stop_s: float | None = param(None, "s", "when they stop; nothing: they always run", 0)
    purchase: str = param("on_demand", "", "how the instances are bought", choices=PURCHASES)
    discount: float | None = param(None, "", "your own discount on instance time instead of the typical one", 0, 1)

    def check(self):
        if self.instances < self.zones:
            raise ParamError(f"Ec2.zones is {self.zones}, but {self.instances} instance(s) can stand in at most "
                             f"{self.instances}; add instances or use fewer zones.")
        if self.stop_s is not None and self.stop_s <= self.start_s:
            raise ParamError(f"Ec2.stop_s is {self.stop_s:g}, but it must be later than start_s "
                             f"({self.start_s:g} s).")
        if self.stop_s is None and self.start_s:
            raise ParamError("Ec2.start_s is set without stop_s; give both, or neither for servers that "
                             "always run.")
        if self.discount is not None and self.purchase == "on_demand":
            raise ParamError("Ec2.discount needs a purchase option other than on_demand; choose one of "
                             f"{', '.join(PURCHASES[1:])}.")

    @property
    def kind(self):
        """The instance type's vCPUs, memory and baseline."""
        return facts.instance_type(self.instance_type)

    @property
    def workers_each(self) -> int:
        """Workers on one instance."""
        return self.workers or self.kind.vcpu

    def durations(self, workload) -> tuple[np.ndarray, np.ndarray]:
        """Seconds of CPU work on this type, and of the request's own waiting, by request."""
        vcpu_each = max(1, self.kind.vcpu // self.workers_each)
        return workload.work_vcpu_s / np.minimum(workload.threads, vcpu_each), np.asarray(workload.io_s)

    def open(self, run, backend):
        cpu_s, io_s = (memoryview(np.ascontiguousarray(column)) for column in self.durations(run.workload))
        kind, workers = self.kind, self.workers_each
        crowded = workers > kind.vcpu
        fleet = [_Instance(number, kind.vcpu) for number in range(self.instances)]
        by_zone = [fleet[zone::self.zones] for zone in range(self.zones)]
        turn = 0
        start_s, stop_s = self.start_s, math.inf if self.stop_s is None else self.stop_s
        for instance in fleet:
            run.capacity(instance.number, start_s, run.window_s if self.stop_s is None else stop_s, kind.vcpu)

        def pick():
            nonlocal turn
            if self.routing == "least_outstanding":
                return min(fleet, key=_Instance.outstanding)
            zone = by_zone[turn % self.zones]
            instance = zone[turn // self.zones % len(zone)]
            turn += 1
            return instance

        def serve(instance, arrived_s, request, call, met):
            if instance.busy < workers:
                instance.busy += 1
            else:
                worker_free = run.event()
                instance.waiting.append(worker_free)
                yield worker_free
            begin_s = run.now
            if crowded:
                begin_s = max(begin_s, instance.vcpu_free_s[0])
                heapreplace(instance.vcpu_free_s, begin_s + cpu_s[request])
            met[0] = begin_s - arrived_s
            done_s = begin_s + cpu_s[request] + io_s[request]
            met[1] = done_s - begin_s
            yield run.at(done_s, COMPLETION, request, call)
            status = OK
            if backend:
                status = yield from backend(request, call * CALLS_PER_CALL + 1)
                if status >= 400:
                    status = FAILED
            if instance.waiting:
                instance.waiting.popleft().succeed()
            else:
                instance.busy -= 1
            return status

        def handle(request, call):
            arrived_s = run.now
            instance = pick()
            full = instance.busy >= workers and len(instance.waiting) >= self.queue_limit
            if full or not start_s <= arrived_s < stop_s:
                run.span(request, call, arrived_s, status=QUEUE_FULL, resource=instance.number)
                return QUEUE_FULL
            met = [math.inf, 0.0]
            serving = serve(instance, arrived_s, request, call, met)
            if self.load_balancer:
                status = yield from run.within(arrived_s + self.idle_timeout_s, serving, request, call)
            else:
                status = yield from serving
            spent_s = run.now - arrived_s
            wait_s = min(met[0], spent_s)
            run.span(request, call, arrived_s, wait_s=wait_s, work_s=min(met[1], spent_s - wait_s),
                     status=TIMED_OUT if status is None else status, resource=instance.number)
            return TIMED_OUT if status is None else status

        return handle

    def load_balancer_units(self, metered: Metered) -> float:
        """LCU-hours of one window: the largest of the four dimensions, hour by hour."""
        spans = metered.spans
        if not len(spans["start_s"]):
            return 0.0
        hour = (spans["start_s"] // 3600).astype(int)
        moved = (metered.workload.request_bytes + metered.workload.item_bytes)[spans["request"].astype(int)]
        requests = np.bincount(hour).astype(float)
        connections = requests / self.requests_per_connection
        open_s = np.bincount(hour, weights=spans["end_s"] - spans["start_s"])
        return float(self.lcu_hours(connections, connections / 60 + open_s / 3600,
                                    np.bincount(hour, weights=moved) / BYTES_PER_GB,
                                    requests * max(0, self.listener_rules
                                                   - facts.value("alb.lcu_free_rules"))).sum())

    @staticmethod
    def lcu_hours(connections, active_per_minute, gb, rule_evaluations):
        """Load-balancer capacity units used in one hour (numbers or arrays by hour).

        `connections` and `rule_evaluations` are counts in that hour, `active_per_minute` the connections active
        in a minute, `gb` the gigabytes moved.
        """
        return np.maximum.reduce([
            np.asarray(connections) / 3600 / facts.value("alb.lcu_new_connections_per_s"),
            np.asarray(active_per_minute) / facts.value("alb.lcu_active_connections_per_min"),
            np.asarray(gb) / facts.value("alb.lcu_processed_gb_per_h"),
            np.asarray(rule_evaluations) / 3600 / facts.value("alb.lcu_rule_evaluations_per_s"),
        ])

    def standing(self, hours: float, on_s: float | None = None) -> dict[str, float]:
        """Quantities by sku of a fleet that stands for `hours`, of which its instances run `on_s` seconds."""
        running_hours = hours if on_s is None else on_s / 3600
        addresses = self.instances * running_hours if self.public_ipv4 else 0.0
        used = {f"ec2.instance.{self.instance_type}": self.instances * running_hours,
                "ec2.ebs.gp3": self.instances * self.ebs_gb * hours / facts.value("hours_per_month")}
        if self.load_balancer:
            used["alb.hours"] = hours
            addresses += self.zones * hours
        used["ec2.public_ipv4"] = addresses
        return used

    def surplus(self, used_vcpu_hours: float, standing_vcpu_hours: float) -> dict[str, float]:
        """Surplus credits by sku, in vCPU-hours: use above the T family's baseline, on average over the time."""
        if self.kind.baseline >= 1:
            return {}
        family = "t4g" if self.instance_type.startswith("t4g.") else "t3"
        above = used_vcpu_hours - self.kind.baseline * standing_vcpu_hours
        return {f"ec2.surplus_credits.{family}": max(0.0, above)}

    def usage(self, metered: Metered):
        on_s = None
        if self.stop_s is not None and metered.between_windows:
            on_s = 0.0
        elif self.stop_s is not None:
            grain_s = facts.value("ec2.billing_granularity_s", metered.date)
            ran_s = max(0.0, min(self.stop_s, metered.window_s) - self.start_s)
            on_s = max(facts.value("ec2.billing_minimum_s", metered.date) if ran_s else 0.0,
                       grain_s * math.ceil(ran_s / grain_s))
        used = self.standing(metered.hours, on_s)
        if self.load_balancer:
            used["alb.lcu"] = self.load_balancer_units(metered)
        worked = metered.spans["status"] != QUEUE_FULL
        cpu_s = float(metered.workload.work_vcpu_s[metered.spans["request"][worked].astype(int)].sum())
        used.update(self.surplus(cpu_s / 3600, self.instances * self.kind.vcpu
                                 * (metered.hours if on_s is None else on_s / 3600)))
        return used

    def discounts(self, date):
        if self.purchase == "on_demand":
            return ()
        label = self.purchase.replace("_", " ")
        if self.discount is not None:
            return (Discount("ec2.instance.", self.discount, label, "your own figure"),)
        known = facts.fact(f"ec2.discount.{self.purchase}", date)
        assumed = ", assumed" if known.kind == "assumed" else ""
        return (Discount("ec2.instance.", known.value, label + assumed, known.source),)
