"""A number with its error, from bootstrap resamples of several trials."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NORMAL_95 = 1.96
FEWEST_KNOWN = 0.95
"""Where a smaller share of the resamples has the number, its error is not known."""


@dataclass(frozen=True)
class Estimate:
    """A number and its standard error, NaN where they are not known."""

    value: float
    error: float

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of normal errors."""
        return self.value - NORMAL_95 * self.error, self.value + NORMAL_95 * self.error

    @property
    def known(self) -> bool:
        return bool(np.isfinite(self.value))

    def __sub__(self, other: Estimate) -> Estimate:
        """The difference of independent numbers."""
        return Estimate(self.value - other.value, hypot(self.error, other.error))

    def __str__(self) -> str:
        """`0.225 ± 0.004`; a dash where it is not known."""
        if not self.known:
            return "-"
        return f"{self.value:.3f} ± {self.error:.3f}" if np.isfinite(self.error) else f"{self.value:.3f}"


UNKNOWN = Estimate(float("nan"), float("nan"))


def estimate(values: Floats) -> Estimate:
    """The mean over trials; see `means_and_errors`.

    Args:
        values: shape (trials, 1 + R): of all strings first, then of R resamples of them.
    """
    mean, error = means_and_errors(values)
    return Estimate(float(mean), float(error))


def means_and_errors(values: Floats) -> tuple[Floats, Floats]:
    """The mean over trials of values (trials, 1 + R, ...) and its standard error: both of shape (...).

    The error's square is the variance of the mean over the R resamples, which all trials share, plus that between trials over
    their number. With several trials it is rather too large, as the luck of sampling counts in both. NaN where a trial has no
    value; the error also without resamples and further trials.
    """
    over_trials = values.mean(0)
    known = np.isfinite(over_trials[1:])
    squares = []
    if over_trials.shape[0] > 2:
        filled = np.where(known, over_trials[1:], np.nan)
        enough = known.mean(0) >= FEWEST_KNOWN
        squares.append(np.where(enough, _variance(filled), np.nan))
    if len(values) > 1:
        squares.append(values[:, 0].var(0, ddof=1) / len(values))
    error = np.sqrt(np.sum(squares, axis=0)) if squares else np.full(over_trials.shape[1:], np.nan)
    return over_trials[0], np.where(np.isfinite(over_trials[0]), error, np.nan)


def _variance(values: Floats) -> Floats:
    """Over the first axis, without NaN; NaN where there are fewer than two numbers."""
    count = np.isfinite(values).sum(0)
    total = np.nansum(values, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        squares = np.nansum((values - total / count) ** 2, 0)
        return np.where(count > 1, squares / (count - 1), np.nan)
