"""Chance as a pure function: a number for (seed, name, index), the same on every machine and Python.

The hash is splitmix64's finaliser (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
It is used instead of a generator's stream because a profile must not depend on who was asked for before.
"""

from hashlib import blake2b
from random import Random

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bits = NDArray[np.uint64]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = (np.uint64(bits) for bits in (30, 27, 31, 11))


class Chance:
    """One seed's numbers. All methods are elementwise over `index` (int64 or uint64, any shape)."""

    def __init__(self, seed: int, *parts: object) -> None:
        self._seed = "/".join(str(part) for part in (seed, *parts))
        self._keys: dict[str, np.uint64] = {}

    def bits(self, name: str, index: Ints | Bits) -> Bits:
        """64 well mixed bits each."""
        x = (index.astype(np.uint64) + np.uint64(1)) * _GAMMA + self._key(name)
        x = (x ^ (x >> _S30)) * _FIRST
        x = (x ^ (x >> _S27)) * _SECOND
        return x ^ (x >> _S31)

    def unit(self, name: str, index: Ints | Bits) -> Floats:
        """Uniform in [0, 1)."""
        return (self.bits(name, index) >> _S11).astype(np.float64) * 2.0**-53

    def whole(self, name: str, index: Ints | Bits, below: int | Ints) -> Ints:
        """Uniform integers in 0 … below - 1."""
        return (self.unit(name, index) * below).astype(np.int64)

    def normal(self, name: str, index: Ints | Bits) -> Floats:
        """Standard normal (Box-Muller)."""
        radius = np.sqrt(-2.0 * np.log1p(-self.unit(name, index)))
        return radius * np.cos(2.0 * np.pi * self.unit(name + "'", index))

    def random(self, name: str, index: int) -> Random:
        """A generator of its own for something told step by step."""
        return Random(f"{self._seed}/{name}/{index}")

    def _key(self, name: str) -> np.uint64:
        key = self._keys.get(name)
        if key is None:
            digest = blake2b(f"{self._seed}/{name}".encode(), digest_size=8).digest()
            key = self._keys[name] = np.uint64(int.from_bytes(digest, "little"))
        return key


def combined(*columns: Ints | int) -> Bits:
    """One index for several numbers, for instance (account, week): mixed in order, so that (1, 2) is not (2, 1)."""
    total: Bits = np.zeros(1, np.uint64)
    for column in columns:
        x = (total + np.asarray(column, np.int64).astype(np.uint64)) * _FIRST
        total = (x ^ (x >> _S27)) * _SECOND
    return total
