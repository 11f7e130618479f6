"""Lambda Managed Instances: Lambda functions on EC2 instances of your own account."""

from __future__ import annotations

from dataclasses import dataclass

from simlib import facts
from simlib.params import param
from simlib.services.base import QUEUE_FULL, Discount, Metered, Service, Sums, Window
from simlib.services.ec2.service import Ec2


@dataclass(frozen=True)
class ManagedInstances(Service):
    """AWS Lambda on managed EC2 instances: several requests per environment, no cold starts, no GB-seconds.

    Models: a fleet of at least three instances that follows CPU utilisation; requests spread over it, each environment
        taking several at once; throttling (503 here) when all are full.
    Leaves out: doubling within five minutes as AWS words it (target tracking stands for it), several functions
        on one capacity provider, the environments' own memory sizes.
    Billed for: requests, the instances at their EC2 price, and a management fee on the on-demand price.
    Sources: AWS Lambda pricing page; data/facts.csv (lambda.managed_fee), data/prices.csv.
    """

    title = "AWS Lambda"
    not_billed = ("CloudWatch Logs, unless added", "data transfer out, unless added")

    instance_type: str = param("m7g.large", "", "instance type", choices=facts.instance_types)
    instances: int = param(3, "instances", "instances at first", 1, 1000)
    max_instances: int = param(3, "instances", "the most it grows to", 1, 1000)
    concurrency_per_instance: int = param(32, "requests", "requests one instance takes at once", 1, 10_000)
    target_cpu: float = param(0.5, "", "CPU utilisation it aims at", 0.01, 1)

    @property
    def fleet(self) -> Ec2:
        """The instances behind it."""
        return Ec2(instance_type=self.instance_type, instances=self.instances, zones=min(3, self.instances),
                   workers=self.concurrency_per_instance, queue_limit=0, load_balancer=False, public_ipv4=False,
                   routing="least_outstanding", scaling="target_tracking", target_cpu=self.target_cpu,
                   min_instances=self.instances, max_instances=max(self.instances, self.max_instances))

    def open(self, run, backend):
        return self.fleet.open(run, backend)

    def tally(self, metered: Metered, sums: Sums):
        sums.add("running_s", self.fleet.running_s(metered))
        sums.add("invocations", metered.spans["status"] != QUEUE_FULL)

    def usage(self, sums: Sums, window: Window):
        hours = sums["running_s"] / 3600
        return {"lambda.requests": sums["invocations"],
                f"ec2.instance.{self.instance_type}": hours,
                "ec2.ebs.gp3": self.fleet.standing(0.0, hours)["ec2.ebs.gp3"]}

    def discounts(self, date):
        fee = facts.fact("lambda.managed_fee", date)
        return (Discount("ec2.instance.", -fee.value, "Lambda management fee", fee.source),)
