"""Exact decomposition of the variance over a complete grid: analysis of variance with all interactions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import fdtrc

Subset = tuple[int, ...]


@dataclass(frozen=True)
class VarianceShares:
    """Shares of the variance over a grid's cells, each counted once, and over their replicas; parameters in order.

    omega squared (Hays 1963): unbiased in numerator and denominator, so a share can fall a little below 0. All are NaN
    where the variance is 0 or cannot be told from noise: a single parameter without replicas.
    """

    main: NDArray[np.float64]
    """Of each parameter alone, shape (p,)."""
    total: NDArray[np.float64]
    """Of each parameter with all interactions that it takes part in, shape (p,); interactions count for each."""
    p_value: NDArray[np.float64]
    """F test of each main effect, shape (p,)."""
    noise: float
    """Between replicas; without replicas that of the highest interaction, which then stands for noise."""
    replicated: bool
    """Whether some cell has more than one replica."""


def variance_shares(values: ArrayLike, codes: ArrayLike) -> VarianceShares | None:
    """Decompose the variance of a metric over a complete grid; None where a cell is empty.

    Cells with unequal numbers of replicas are weighed alike, by the harmonic mean of the numbers (Yates 1934).

    Args:
        values: one per trial, shape (N,), finite.
        codes: the value of each parameter as 0, 1, ..., shape (N, p).
    """
    y, places = np.asarray(values, dtype=np.float64), np.asarray(codes, dtype=np.int64)
    shape = tuple(places.max(axis=0) + 1)
    cell = np.ravel_multi_index(tuple(places.T), shape)
    counts = np.bincount(cell, minlength=int(np.prod(shape)))
    if not counts.all():
        return None
    means = np.bincount(cell, weights=y) / counts
    within, freedom = float(((y - means[cell]) ** 2).sum()), len(y) - len(counts)
    weight = len(counts) / (1 / counts).sum()
    squares = {subset: weight * len(counts) * value for subset, value in _components(means.reshape(shape)).items()}
    return _shares(squares, shape, within, freedom)


def _components(cells: NDArray[np.float64]) -> dict[Subset, float]:
    """The mean square of each effect over the cells, by the axes it depends on (Moebius inversion of marginal variances)."""
    axes = range(cells.ndim)
    subsets = [subset for size in range(1, cells.ndim + 1) for subset in combinations(axes, size)]
    found: dict[Subset, float] = {}
    for subset in subsets:
        others = tuple(axis for axis in axes if axis not in subset)
        below = [part for size in range(1, len(subset)) for part in combinations(subset, size)]
        found[subset] = float(cells.mean(axis=others).var()) - sum(found[part] for part in below)
    return found


def _shares(squares: dict[Subset, float], shape: tuple[int, ...], within: float, freedom: int) -> VarianceShares:
    """Take the noise out of the sums of squares; without replicas the highest interaction is the noise."""
    everything, parameters = sum(squares.values()) + within, range(len(shape))
    replicated = freedom > 0
    if not replicated:
        top = tuple(parameters)
        within, freedom = squares.pop(top), int(np.prod(np.array(shape) - 1))
    if not squares or everything <= 1e-12 * max(1.0, within):
        unknown = np.full(len(shape), np.nan)
        return VarianceShares(unknown, unknown, unknown, float("nan"), replicated)
    noise = max(0.0, within / freedom)
    degrees = {subset: int(np.prod([shape[axis] - 1 for axis in subset])) for subset in squares}
    whole = everything + noise
    part = {subset: (square - degrees[subset] * noise) / whole for subset, square in squares.items()}
    return VarianceShares(
        main=np.array([part[(i,)] for i in parameters]),
        total=np.array([sum(share for subset, share in part.items() if i in subset) for i in parameters]),
        p_value=np.array([_f_test(squares[(i,)] / degrees[(i,)], noise, degrees[(i,)], freedom) for i in parameters]),
        noise=noise * (sum(degrees.values()) + freedom + 1) / whole,
        replicated=replicated,
    )


def _f_test(square: float, noise: float, degrees: int, freedom: int) -> float:
    if noise <= 0:
        return 0.0 if square > 0 else 1.0
    return float(fdtrc(degrees, freedom, square / noise))
