"""The token bucket that AWS throttles with."""

from __future__ import annotations


class TokenBucket:
    """Admits one thing per token; holds at most `capacity` tokens and gains `rate_per_s`, starting full."""

    __slots__ = ("capacity", "rate_per_s", "_tokens", "_at_s")

    def __init__(self, capacity: float, rate_per_s: float):
        self.capacity = capacity
        self.rate_per_s = rate_per_s
        self._tokens = float(capacity)
        self._at_s = 0.0

    def ready(self, now_s: float) -> bool:
        """Whether a token is there; refills first."""
        tokens = self._tokens + (now_s - self._at_s) * self.rate_per_s
        self._tokens = tokens if tokens < self.capacity else self.capacity
        self._at_s = now_s
        return self._tokens >= 1

    def take(self) -> None:
        """Uses the token that `ready` saw."""
        self._tokens -= 1
