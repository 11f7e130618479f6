"""Dice by name: seed and name give a stream of uniforms, and adding a die moves no other.

Two kinds of dice. `Dice` gives whole columns, one number per request, for what every request needs once.
`hash_uniform` gives a single number for a single event out of (seed, stream, index, k), for repeats (the
second query of a request) and for things that are no requests (the boot of an instance). Both lie strictly
inside (0, 1), so that every inverse distribution stays finite.
"""

from __future__ import annotations

import operator
import zlib

import numpy as np

_MASK = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB
_SMALLEST = 2.0**-54


class WorkloadError(ValueError):
    """Traffic that cannot be drawn or a trace that cannot be read: one sentence with the cure."""


def stream_id(name: str) -> int:
    """The number of a stream: the CRC-32 of its name, 0 <= id < 2**32."""
    return zlib.crc32(name.encode())


class Dice:
    """All the dice of one seed (a whole number >= 0). A name always gives the same stream."""

    def __init__(self, seed: int):
        try:
            self.seed = operator.index(seed)
        except TypeError:
            self.seed = -1
        if self.seed < 0:
            raise WorkloadError(f"The seed is {seed!r}, but it must be a whole number from 0 up; for "
                                "example 0.")

    def stream(self, name: str, first: int = 0):
        """A function n -> the next n uniforms of a stream, from its number `first` on: float64, inside (0, 1)."""
        sequence = np.random.SeedSequence(self.seed, spawn_key=(stream_id(name),))
        generator = np.random.Generator(np.random.PCG64(sequence).advance(first))

        def more(n: int) -> np.ndarray:
            u = generator.random(n)
            return np.maximum(u, _SMALLEST, out=u)

        return more

    def uniforms(self, name: str, n: int, first: int = 0) -> np.ndarray:
        """n uniforms of a stream, from its number `first` on; a longer column begins with the shorter one."""
        return self.stream(name, first)(n)


def _mix(z: int) -> int:
    z = ((z ^ (z >> 30)) * _MIX_1) & _MASK
    z = ((z ^ (z >> 27)) * _MIX_2) & _MASK
    return z ^ (z >> 31)


def hash_uniform(seed: int, stream: int, index: int, k: int) -> float:
    """A uniform in (0, 1) as a pure function of four whole numbers (each taken modulo 2**64).

    stream: a die, see `stream_id`; index: the request or instance; k: which repeat. The finalizer of
    SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014) is
    applied once per number, so that neighbours in any of them are unrelated; the result has 52 random bits.
    """
    z = _mix((int(seed) + _STEP) & _MASK)
    z = _mix(((z ^ (int(stream) & _MASK)) + _STEP) & _MASK)
    z = _mix(((z ^ (int(index) & _MASK)) + _STEP) & _MASK)
    z = _mix(((z ^ (int(k) & _MASK)) + _STEP) & _MASK)
    return ((z >> 12) + 0.5) * 2.0**-52


def hash_uniforms(seed: int, stream: int, index, k) -> np.ndarray:
    """`hash_uniform` of arrays: the same bits, float64 in the common shape of `index` and `k` (at least
    1-d).
    """
    def mixed(z):
        z = (z ^ (z >> np.uint64(30))) * np.uint64(_MIX_1)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(_MIX_2)
        return z ^ (z >> np.uint64(31))

    z = np.array([(_mix((int(seed) + _STEP) & _MASK) ^ (int(stream) & _MASK))], dtype=np.uint64)
    for number in (index, k):
        z = mixed(z + np.uint64(_STEP)) ^ np.atleast_1d(number).astype(np.uint64)
    z = mixed(z + np.uint64(_STEP))
    return ((z >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
