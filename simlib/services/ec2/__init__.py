"""Amazon EC2: instances behind a load balancer, their auto scaling and CPU credits."""

from simlib.services.ec2.credits import CpuCredits
from simlib.services.ec2.managed import ManagedInstances
from simlib.services.ec2.service import PURCHASES, Ec2

__all__ = ["PURCHASES", "CpuCredits", "Ec2", "ManagedInstances"]
