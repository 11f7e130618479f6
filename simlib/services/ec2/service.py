"""Amazon EC2 behind an Application Load Balancer: the settings of a fleet, and what is billed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simlib import facts
from simlib.params import ParamError, param
from simlib.services.base import BYTES_PER_GB, QUEUE_FULL, Discount, Metered, Service, Sums, Window
from simlib.services.ec2.fleet import Fleet

PURCHASES = ("on_demand", "savings_plan_1y", "savings_plan_3y", "instance_savings_plan_1y",
             "instance_savings_plan_3y", "reserved_1y", "reserved_3y", "spot")


@dataclass(frozen=True)
class Ec2(Service):
    """EC2 instances in several Availability Zones behind an Application Load Balancer.

    Models: round robin over all instances in all zones (cross-zone load balancing is on by default), or the
        least outstanding requests; on each instance a number of workers and a bounded queue in front of them (full:
        503); CPU work at one vCPU per thread, first come first served where there are more workers than vCPUs; the
        load balancer's 60 s limit on an answer (504), after which the instance works on in vain; instances that run
        all the time or only from `start_s` to `stop_s` of each window; an Auto Scaling group with target tracking,
        steps and a schedule, boot time and warm-up; CPU credits of the T family in standard mode (in unlimited mode
        the average use above the baseline is billed); the loss of one instance or of the first zone: requests under
        way are cut off (502), new ones sent there time out (504) until the health checks notice, then a replacement
        boots.
    Leaves out: cooldowns of simple scaling, scheduled actions that change the bounds, rebalancing when a zone
        returns, lost capacity in the other zones, slow start, network and disk limits.
    Billed for: instance time by the second (60 s at least), EBS, public IPv4 addresses, load-balancer hours and
        capacity units (the largest of new connections, active connections, bytes and rule evaluations, hour
        by hour), surplus CPU credits.
    Sources: data/facts.csv (ec2.*, alb.*), data/ec2_instance_types.csv, data/prices.csv.
    """

    title = "Amazon EC2"
    not_billed = ("people who patch and watch the servers, unless added", "data transfer out, unless added",
                  "traffic between zones", "monitoring, backups, images")

    instance_type: str = param("t3.small", "", "instance type", choices=facts.instance_types)
    instances: int = param(2, "instances", "size of the fleet", 1, 100_000)
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
    scaling: str = param("none", "", "how the Auto Scaling group follows the load",
                         choices=("none", "target_tracking", "step"))
    min_instances: int | None = param(None, "instances", "the group's lower bound; nothing: `instances`", 0, 100_000)
    max_instances: int | None = param(None, "instances", "the group's upper bound; nothing: `instances`", 1, 100_000)
    target_cpu: float = param(0.5, "", "average CPU utilisation that target tracking aims at", 0.01, 1)
    steps: tuple = ((0.3, -1), (0.7, 1), (0.9, 2))
    schedule: tuple = ()
    boot_s: float = param(90.0, "s", "mean time from launch to service (assumed: AWS publishes none)", 0, 3600)
    boot_cv: float = param(0.3, "", "variation of the boot time", 0, 3)
    warmup_s: float = param(300.0, "s", "time before a new instance counts in the metric", 0, 3600)
    credit_mode: str = param("unlimited", "", "CPU credits of the T family", choices=("unlimited", "standard"))
    start_credits: float | None = param(None, "credits", "balance of the first instances; nothing: as at launch", 0)
    fails_at_s: float | None = param(None, "s", "when something fails; nothing: never", 0)
    fails: str = param("instance", "", "what fails then", choices=("instance", "zone"))
    back_after_s: float | None = param(None, "s", "when the zone is back; nothing: not in this window", 0)
    health_check_interval_s: float = param(30.0, "s", "interval of health checks", 5, 300)
    unhealthy_threshold: int = param(2, "checks", "failed checks until an instance counts as unhealthy", 2, 10)
    replaces: bool = param(True, "", "whether a lost instance is replaced")
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

        for name, pairs, words in (("steps", self.steps, "utilisation and change; write for example [[0.7, 1]]"),
                                   ("schedule", self.schedule, "seconds and instances; write for example [[3600, 4]]")):
            listed = tuple(tuple(pair) for pair in pairs)
            if any(len(pair) != 2 or pair[0] < 0 or pair[1] != int(pair[1]) for pair in listed):
                raise ParamError(f"Ec2.{name} is {pairs!r}, but it must hold pairs of {words}.")
            object.__setattr__(self, name, listed)
        if not self.least <= self.instances <= self.most:
            raise ParamError(f"Ec2.instances is {self.instances}, but it must lie between min_instances "
                             f"({self.least}) and max_instances ({self.most}).")
        if self.stop_s is not None and (self.scaling != "none" or self.schedule):
            raise ParamError("Ec2.stop_s cannot be combined with scaling or a schedule; stop the instances by a "
                             "schedule of [seconds, 0] with min_instances 0.")

    @property
    def least(self) -> int:
        """The Auto Scaling group's lower bound."""
        return self.instances if self.min_instances is None else self.min_instances

    @property
    def most(self) -> int:
        """The Auto Scaling group's upper bound."""
        return self.instances if self.max_instances is None else self.max_instances

    @property
    def watches_cpu(self) -> bool:
        """Whether anything depends on CPU utilisation over time."""
        return self.scaling != "none" or (self.credit_mode == "standard" and self.kind.baseline < 1)

    @property
    def vcpus_per_request(self) -> int:
        """vCPUs that one request may use at once."""
        return max(1, self.kind.vcpu // self.workers_each)

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
        return workload.work_vcpu_s / np.minimum(workload.threads, self.vcpus_per_request), workload.io_s

    def columns(self, workload) -> tuple[memoryview, memoryview]:
        """`durations` for quick access to single requests."""
        cpu_s, io_s = self.durations(workload)
        return memoryview(np.ascontiguousarray(cpu_s)), memoryview(np.ascontiguousarray(io_s))

    def open(self, run, backend):
        return Fleet(self, run, backend).handle

    def load_balancer_units(self, sums: Sums) -> float:
        """LCU-hours of one window: the largest of the four dimensions, hour by hour."""
        requests = sums.by_place("requests_by_hour")
        connections = requests / self.requests_per_connection
        rules = requests * max(0, self.listener_rules - facts.value("alb.lcu_free_rules"))
        return float(self.lcu_hours(connections, connections / 60 + sums.by_place("open_s_by_hour") / 3600,
                                    sums.by_place("bytes_by_hour") / BYTES_PER_GB, rules).sum())

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

    def standing(self, hours: float, running_hours: float | None = None) -> dict[str, float]:
        """Quantities by sku of a fleet in a window of `hours`, its instances running `running_hours` in all (None:
        every one all the time). A volume stands as long as its instance, or all the time if that is stopped."""
        running_hours = self.instances * hours if running_hours is None else running_hours
        volume_hours = self.instances * hours if self.stop_s is not None else running_hours
        used = {f"ec2.instance.{self.instance_type}": running_hours,
                "ec2.ebs.gp3": self.ebs_gb * volume_hours / facts.value("hours_per_month")}
        addresses = running_hours if self.public_ipv4 else 0.0
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

    def running_s(self, metered: Metered) -> np.ndarray:
        """Billed seconds of each instance: by the second, at least a minute for each start inside the window."""
        start_s, end_s = metered.capacity["start_s"], metered.capacity["end_s"]
        window = metered.window
        always = (start_s <= 0) & (end_s >= window.window_s) & (self.stop_s is None)
        grain_s = facts.value("ec2.billing_granularity_s", window.date)
        billed_s = np.maximum(facts.value("ec2.billing_minimum_s", window.date),
                              grain_s * np.ceil((end_s - start_s) / grain_s - 1e-9))
        return np.where(always, window.window_s, np.where(end_s > start_s, billed_s, 0.0))

    def tally(self, metered: Metered, sums: Sums):
        spans, workload = metered.spans, metered.workload
        request = spans["request"].astype(int)
        sums.add("running_s", self.running_s(metered))
        if self.load_balancer:
            hour = (spans["start_s"] // 3600).astype(int)
            moved = workload.request_bytes[request] + np.where(spans["status"] < 400, workload.item_bytes[request], 0)
            sums.add_at("requests_by_hour", hour, np.ones(len(hour)))
            sums.add_at("open_s_by_hour", hour, spans["end_s"] - spans["start_s"])
            sums.add_at("bytes_by_hour", hour, moved)
        if self.credit_mode == "unlimited" and self.kind.baseline < 1:
            sums.add("cpu_s", workload.work_vcpu_s[request[spans["status"] != QUEUE_FULL]])

    def usage(self, sums: Sums, window: Window):
        hours = 0.0 if self.stop_s is not None and window.between_windows else sums["running_s"] / 3600
        used = self.standing(window.hours, hours)
        if self.load_balancer:
            used["alb.lcu"] = self.load_balancer_units(sums)
        if self.credit_mode == "unlimited":
            used.update(self.surplus(sums["cpu_s"] / 3600, hours * self.kind.vcpu))
        return used

    def between_windows(self):
        return replace(self, schedule=(), fails_at_s=None)

    def discounts(self, date):
        if self.purchase == "on_demand":
            return ()
        label = self.purchase.replace("_", " ")
        if self.discount is not None:
            return (Discount("ec2.instance.", self.discount, label, "your own figure"),)
        known = facts.fact(f"ec2.discount.{self.purchase}", date)
        assumed = ", assumed" if known.kind == "assumed" else ""
        return (Discount("ec2.instance.", known.value, label + assumed, known.source),)
