"""CPU credits of the T family: a balance that is earned by the hour and spent by the vCPU-minute."""

from __future__ import annotations

from dataclasses import dataclass, field

from simlib import facts

_VCPU_S_PER_CREDIT = 60.0


@dataclass
class CpuCredits:
    """The credit balance of one instance.

    Models: earning baseline x vCPUs x 60 credits an hour up to 24 hours' worth; T2's launch credits, spent first and
        outside that cap; spending one credit per vCPU-minute; in standard mode the baseline once nothing is
        left; in unlimited mode surplus credits, paid back by what is earned, and charged as far as they exceed
        what 24 hours can earn, or when the instance ends.
    Leaves out: the seven days for which a stopped T3 keeps its credits.
    Sources: AWS's user guide on burstable instances (data/facts.csv, ec2.*; data/ec2_instance_types.csv).
    """

    instance_type: str
    mode: str = "unlimited"
    balance: float = 0.0
    launch: float = field(default=0.0)
    surplus: float = 0.0
    charged: float = 0.0

    def __post_init__(self):
        kind = facts.instance_type(self.instance_type)
        self.vcpu = kind.vcpu
        self.baseline = kind.baseline
        self.per_hour = kind.baseline * kind.vcpu * 60
        self.most = self.per_hour * facts.value("ec2.credit_accrual_h")

    @classmethod
    def at_launch(cls, instance_type: str, mode: str) -> CpuCredits:
        """The credits of an instance that has just started: T2 in standard mode gets launch credits, others none."""
        launch = 0.0
        if mode == "standard" and instance_type.startswith("t2."):
            launch = facts.value("ec2.launch_credits_per_vcpu") * facts.instance_type(instance_type).vcpu
        return cls(instance_type, mode, launch=launch)

    @property
    def available(self) -> float:
        """Credits that can be spent without surplus."""
        return self.balance + self.launch

    @property
    def throttled(self) -> bool:
        """Whether the instance is held down to its baseline."""
        return self.mode == "standard" and self.available <= 1e-9

    def settle(self, seconds: float, used_vcpu_s: float) -> None:
        """Books `seconds` in which the instance used `used_vcpu_s` vCPU-seconds at an even rate."""
        net = self.per_hour * seconds / 3600 - used_vcpu_s / _VCPU_S_PER_CREDIT
        if net >= 0:
            repaid = min(net, self.surplus)
            self.surplus -= repaid
            self.balance = min(self.most, self.balance + net - repaid)
            return
        short = -net
        from_launch = min(short, self.launch)
        self.launch -= from_launch
        from_balance = min(short - from_launch, self.balance)
        self.balance -= from_balance
        short -= from_launch + from_balance
        if self.mode == "unlimited" and short > 0:
            self.surplus += short
            beyond = max(0.0, self.surplus - self.most)
            self.surplus -= beyond
            self.charged += beyond

    def end(self) -> float:
        """Credits charged in all when the instance stops now; what surplus is left is charged as well."""
        if self.mode == "unlimited":
            self.charged += self.surplus
            self.surplus = 0.0
        return self.charged
