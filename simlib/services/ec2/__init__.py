"""Amazon EC2: instances behind a load balancer, their auto scaling and CPU credits."""

from simlib.services.ec2.credits import CpuCredits
from simlib.services.ec2.managed import ManagedInstances
from simlib.services.ec2.service import Ec2

__all__ = ["CpuCredits", "Ec2", "ManagedInstances"]
