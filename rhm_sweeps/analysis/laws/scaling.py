"""Power laws between a time scale and the size of the training set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rhm_sweeps.analysis.trials.resampling import INTERVAL

FEWEST_RESAMPLES, MOST_RESAMPLES = 400, 2000
PICKS = 1_000_000
"""Trials in all resamples together, which bounds time and memory where there are many."""
FEWEST_SIZES = 3
ROUNDING = 1e-9


@dataclass(frozen=True)
class PowerLaw:
    """y = prefactor * x**exponent; `low` and `high` bound the exponent's 95 % bootstrap interval over trials."""

    exponent: float
    prefactor: float
    low: float
    high: float
    trials: int

    def covers(self, exponent: float) -> bool:
        """Whether the interval contains this exponent."""
        return self.low - ROUNDING <= exponent <= self.high + ROUNDING


def fit_power_law(sizes: pd.Series, taus: pd.Series, *, seed: int = 0) -> PowerLaw | None:
    """Least squares in log-log over the sizes at which every trial reached the time scale; None below three such sizes.

    Sizes with trials that did not reach it are left out: keeping the fast ones alone would flatten the slope.

    Args:
        sizes: training-set size of each trial, shape (N,).
        taus: steps, NaN where not reached, shape (N,).
    """
    complete = taus.notna().groupby(sizes).transform("all")
    x, y = np.log(sizes[complete].to_numpy(dtype=np.float64)), np.log(taus[complete].to_numpy(dtype=np.float64))
    if len(np.unique(x)) < FEWEST_SIZES:
        return None
    slope = float(_slopes(x[None], y[None])[0])
    resamples = int(np.clip(PICKS // len(x), FEWEST_RESAMPLES, MOST_RESAMPLES))
    picks = np.random.default_rng(seed).integers(len(x), size=(resamples, len(x)))
    low, high = np.nanquantile(_slopes(x[picks], y[picks]), INTERVAL)
    return PowerLaw(slope, float(np.exp(y.mean() - slope * x.mean())), float(low), float(high), len(x))


def _slopes(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Least-squares slopes of each row, shape (R, N) -> (R,); NaN for rows with one size."""
    x_c, y_c = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    spread = (x_c**2).sum(axis=1)
    slopes: NDArray[np.float64] = np.full(len(x), np.nan)
    np.divide((x_c * y_c).sum(axis=1), spread, out=slopes, where=spread > 1e-9)
    return slopes
