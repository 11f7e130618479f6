"""Caches in front of a table: DAX and ElastiCache."""

from simlib.services.caches.dax import Dax
from simlib.services.caches.elasticache import ElastiCache

__all__ = ["Dax", "ElastiCache"]
