"""One file per AWS service."""

from simlib.services.api_gateway import ApiGateway
from simlib.services.caches import Dax, ElastiCache
from simlib.services.client import Client
from simlib.services.dynamodb import DynamoDb
from simlib.services.ec2 import Ec2, ManagedInstances
from simlib.services.lambda_ import Functions, Lambda

ALL = {"client": Client, "api_gateway": ApiGateway, "lambda": Lambda, "functions": Functions, "ec2": Ec2,
       "managed_instances": ManagedInstances, "dynamodb": DynamoDb,
       "dax": Dax, "elasticache": ElastiCache}
"""Every service by the name used in scenario files."""
