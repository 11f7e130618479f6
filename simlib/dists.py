"""Inverse distributions: uniforms in, values out. Holds no generator.

Every function takes `u`, an array of numbers in (0, 1), and returns an array of the same shape. The larger the
uniform the larger the value, so that two settings that share their uniforms share their luck.
"""

from __future__ import annotations

import math

import numpy as np


def constant(u, mean):
    """The same value for every uniform."""
    return np.full(np.shape(u), float(mean))


def exponential(u, mean):
    """Exponential with the given mean (coefficient of variation 1)."""
    return -mean * np.log1p(-np.asarray(u))


def normal_quantile(u):
    """Quantiles of the standard normal distribution."""
    from scipy.special import ndtri

    return ndtri(u)


def lognormal(u, mean, cv):
    """Lognormal with the given mean and coefficient of variation `cv` (> 0)."""
    variance = math.log1p(cv * cv)
    return mean * np.exp(math.sqrt(variance) * normal_quantile(u) - variance / 2)


def lognormal_from(u, p50, p99):
    """Lognormal through two known percentiles, the median and the 99th."""
    sigma = math.log(p99 / p50) / float(normal_quantile(0.99))
    return p50 * np.exp(sigma * normal_quantile(u))


def table(u, probability, value):
    """Linear interpolation in a measured quantile table; beyond its ends the end value holds.

    `probability` rises strictly within (0, 1); `value` has the same length.
    """
    u, probability, value = np.asarray(u), np.asarray(probability, dtype=float), np.asarray(value, dtype=float)
    low = np.searchsorted(probability[1:-1], u, side="right")
    slope = np.diff(value) / np.diff(probability)
    found = np.asarray(value[low] + slope[low] * (u - probability[low]))
    for beyond, end in ((u <= probability[0], value[0]), (u >= probability[-1], value[-1])):
        if beyond.any():
            found[beyond] = end
    return found


def draw(u, distribution: str, mean: float, cv: float):
    """The distribution by name: constant, exponential, or lognormal (the only one to use `cv`)."""
    if distribution == "constant" or mean == 0:
        return constant(u, mean)
    if distribution == "exponential":
        return exponential(u, mean)
    if distribution == "lognormal":
        return lognormal(u, mean, cv)
    raise ValueError(f"The distribution {distribution!r} is unknown; use constant, exponential or lognormal.")
