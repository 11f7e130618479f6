"""One file per AWS service."""

from simlib.services.client import Client
from simlib.services.dynamodb import DynamoDb
from simlib.services.ec2 import Ec2, ManagedInstances
from simlib.services.lambda_ import Functions, Lambda

ALL = {"client": Client, "lambda": Lambda, "functions": Functions, "ec2": Ec2,
       "managed_instances": ManagedInstances, "dynamodb": DynamoDb}
"""Every service by the name used in scenario files."""
