"""CMA-ES over the unit cube of the axes' quantiles, its generations filled in the order of the suggestions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from random import Random
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rhm_sweeps.search.suggestion import Tried
from rhm_sweeps.spaces.distributions import RandomDistribution, Scalar
from rhm_sweeps.spaces.quantiles import at_quantile, quantile_of

if TYPE_CHECKING:
    from cmaes import CMA

SIGMA = 0.2
"""Standard deviation of the first generation, as a share of each axis."""


def suggest_by_evolution(
    axes: Mapping[str, RandomDistribution], tried: Sequence[Tried], startup: int, seed: int, *, maximizes: bool
) -> dict[str, Scalar]:
    """Values of the axes, given what was tried before; a function of its arguments alone.

    The first `startup` are random, and the best of them is the centre of the first generation. A generation counts once all of
    its members have ended; those without a result are its worst. Meanwhile more is drawn from the last one that counts.
    """
    rng = Random(seed)
    if len(tried) < startup:
        return {name: axis.sample(rng) for name, axis in axes.items()}
    points = [np.array([quantile_of(axis, one.params[name]) for name, axis in axes.items()]) for one in tried]
    costs = [_cost(one, maximizes=maximizes) for one in tried]
    optimizer = _optimizer(points[:startup], costs[:startup])
    size = optimizer.population_size
    for first in range(startup, len(tried) - size + 1, size):
        members = slice(first, first + size)
        if any(one.values is None for one in tried[members]):
            break
        optimizer.tell([(point, cost) for point, cost in zip(points[members], costs[members], strict=True)])
    optimizer.reseed_rng(rng.getrandbits(32))
    point = optimizer.ask()
    return {name: at_quantile(axis, float(u)) for (name, axis), u in zip(axes.items(), point, strict=True)}


def _optimizer(points: Sequence[NDArray[np.float64]], costs: Sequence[float]) -> CMA:
    best = int(np.argmin(costs))
    known = np.isfinite(costs[best])
    mean = points[best] if known else np.full_like(points[0], 0.5)
    cmaes = import_module("cmaes")  # takes two seconds, which every other sweep would pay too
    optimizer: CMA = cmaes.CMA(mean=mean, sigma=SIGMA, bounds=np.array([[0.0, 1.0]] * len(mean)), seed=0)
    return optimizer


def _cost(one: Tried, *, maximizes: bool) -> float:
    if not one.values:
        return np.inf
    return -one.values[0] if maximizes else one.values[0]
