"""Quasi-random points: they fill the unit cube more evenly than random ones."""

from __future__ import annotations

from importlib import import_module
from random import Random

import numpy as np
from numpy.typing import NDArray


def sobol_points(dimensions: int, count: int, seed: str) -> NDArray[np.float64]:
    """The first `count` points (count, dimensions) of a scrambled Sobol sequence in [0, 1); a larger count keeps them."""
    generator = np.random.default_rng(Random(seed).getrandbits(64))
    qmc = import_module("scipy.stats.qmc")  # takes a second, which every other space would pay too
    sequence = qmc.Sobol(dimensions, scramble=True, seed=generator)
    points: NDArray[np.float64] = sequence.random_base2(max(count - 1, 1).bit_length())[:count]
    return points
