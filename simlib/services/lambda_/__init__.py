"""AWS Lambda: functions, their execution environments, and the account that they share."""

from simlib.services.lambda_.function import Lambda
from simlib.services.lambda_.functions import Functions

__all__ = ["Functions", "Lambda"]
