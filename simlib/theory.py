"""Closed forms from queueing theory: for tests, and drawn behind simulated points in lessons."""

from __future__ import annotations

import math


def erlang_b(offered_load: float, servers: int) -> float:
    """Share of arrivals that find all `servers` busy when nobody waits (M/G/c/c).

    `offered_load` is arrival rate x mean service time (any service-time distribution). Erlang, 1917.
    """
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = offered_load * blocked / (count + offered_load * blocked)
    return blocked


def carried_load(offered_load: float, servers: int) -> float:
    """Servers busy on average when blocked arrivals are lost."""
    return offered_load * (1 - erlang_b(offered_load, servers))


def erlang_c(offered_load: float, servers: int) -> float:
    """Share of arrivals that must wait in an M/M/c queue; 1 when the load is not below `servers`."""
    if offered_load >= servers:
        return 1.0
    blocked = erlang_b(offered_load, servers)
    return blocked / (1 - offered_load / servers * (1 - blocked))


def pollaczek_khinchine_wait_s(rate_rps: float, mean_s: float, cv: float) -> float:
    """Mean wait in an M/G/1 queue, in seconds; infinite when the load reaches 1.

    `cv` is the coefficient of variation of the service time. Pollaczek, 1930; Khinchine, 1932.
    """
    load = rate_rps * mean_s
    if load >= 1:
        return math.inf
    return load * mean_s * (1 + cv * cv) / (2 * (1 - load))


def cold_share_at_low_rate(rate_rps: float, keep_alive_s: float) -> float:
    """Share of cold starts when one environment suffices: the chance that a gap exceeds the keep-alive.

    Holds for Poisson arrivals and service times far shorter than the gaps; gaps then count from an arrival's end.
    """
    return math.exp(-rate_rps * keep_alive_s)


def concurrency(rate_rps: float, duration_s: float) -> float:
    """Requests in progress on average (Little's law)."""
    return rate_rps * duration_s


def required_quota(rate_rps: float, duration_s: float, rps_per_concurrency: float) -> float:
    """Concurrency a function needs for a steady rate: for the work itself, or for the request-rate quota."""
    return max(concurrency(rate_rps, duration_s), rate_rps / rps_per_concurrency)
