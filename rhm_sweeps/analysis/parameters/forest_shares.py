"""Shares of the variance by a random forest, for trials that are no complete grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor

TREES, MOST_ROWS = 64, 1000
FEWEST_TRIALS, TRIALS_PER_PARAMETER = 20, 5
LEAF = 2


@dataclass(frozen=True)
class ForestShares:
    """`total` is the share of each parameter with its interactions, shape (p,); `explained` the out-of-bag R2 of the forest."""

    total: NDArray[np.float64]
    explained: float
    rows: int
    """Trials that the forest was grown on: all, or a random `MOST_ROWS` of them."""


def forest_shares(values: pd.Series, codes: pd.DataFrame, *, seed: int = 0) -> ForestShares | None:
    """Estimate the share of a metric's variance that each parameter accounts for; None for too few trials.

    Half of what the mean squared error of the trees on their out-of-bag trials grows by when a parameter's values are
    permuted there (Breiman 2001), over the variance. For independent parameters it estimates the total effect (Gregorutti,
    Michel, Saint-Pierre 2017, prop. 1): the variance that is left when all others are known. Correlated parameters share.

    Args:
        values: one per trial, shape (N,), finite.
        codes: numbers, or places among the sorted values for names, shape (N, p).
    """
    if len(values) < max(FEWEST_TRIALS, TRIALS_PER_PARAMETER * codes.shape[1]) or values.std() <= 1e-12:
        return None
    draws = np.random.default_rng(seed)
    rows = np.sort(draws.permutation(len(values))[:MOST_ROWS])
    x, y = codes.to_numpy(dtype=np.float32)[rows], values.to_numpy(dtype=np.float64)[rows]
    forest = RandomForestRegressor(TREES, min_samples_leaf=LEAF, oob_score=True, random_state=seed, n_jobs=1)
    forest.fit(x, y)
    growth = np.mean([_growth(tree, x, y, bag, draws) for tree, bag in _trees(forest)], axis=0)
    return ForestShares(growth / 2 / y.var(), float(forest.oob_score_), len(rows))


def _trees(forest: RandomForestRegressor) -> zip[tuple[object, NDArray[np.int64]]]:
    return zip(forest.estimators_, forest.estimators_samples_, strict=True)


def _growth(
    tree: object, x: NDArray[np.float32], y: NDArray[np.float64], bag: NDArray[np.int64], draws: np.random.Generator
) -> NDArray[np.float64]:
    """What each parameter's permutation adds to the mean squared error of a tree on the trials outside its bag, shape (p,)."""
    out = np.setdiff1d(np.arange(len(y)), bag)
    shuffled = np.repeat(x[out][None], x.shape[1] + 1, axis=0)
    for place in range(x.shape[1]):
        shuffled[place, :, place] = draws.permutation(shuffled[place, :, place])
    guesses = tree.predict(shuffled.reshape(-1, x.shape[1])).reshape(x.shape[1] + 1, len(out))  # type: ignore[attr-defined]
    errors = ((guesses - y[out]) ** 2).mean(axis=1)
    growth: NDArray[np.float64] = errors[:-1] - errors[-1]
    return growth
