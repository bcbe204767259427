"""Which tokens of strings change together when the strings are noised and denoised."""

from __future__ import annotations

import torch
from torch import Tensor

ROUNDING = 1e-9
"""Sums of covariances below this are rounding errors of 0."""


class ChangeTally:
    """Sums over strings, at one noise level: over all, and over each resample of them.

    Of the covariance C_ij over strings of sigma_i = ±1, whether token i has changed, only sums are needed, and these are taken
    string by string in O(d), without the d x d matrix. They are those of indicators 0 and 1 here, which is C / 4. Everything has
    1 + R entries: the first is that of all strings, the others are those of R resamples.
    """

    def __init__(self, depths: int, leaves: int, resamples: int = 0) -> None:
        self.strings = torch.zeros(1 + resamples, dtype=torch.float64)
        self._unchanged = torch.zeros(1 + resamples, depths, dtype=torch.float64)
        self._changed = torch.zeros(1 + resamples, leaves, dtype=torch.float64)
        self._pairs = torch.zeros_like(self.strings)
        self._distances = torch.zeros_like(self.strings)

    def add(self, unchanged: Tensor, changed: Tensor, weights: Tensor | None = None) -> None:
        """Count strings.

        Args:
            unchanged: the shares of unchanged nodes by depth, (N, L + 1).
            changed: which tokens have changed, (N, d).
            weights: how often each string counts, (1 + R, N), as `resample_weights` has it; None: once.
        """
        indicators = changed.double()
        often = torch.ones(1, len(changed), dtype=torch.float64) if weights is None else weights
        self.strings += often.sum(1)
        self._unchanged += often @ unchanged.double()
        self._changed += often @ indicators
        self._pairs += often @ indicators.sum(1).square()
        self._distances += often @ _distances(indicators)

    @property
    def unchanged(self) -> Tensor:
        """The share of unchanged nodes by depth: (1 + R, L + 1)."""
        return self._unchanged / self.strings[:, None]

    @property
    def susceptibility(self) -> Tensor:
        """chi = sum_ij C_ij / Tr C (arXiv 2410.13770): 1 if tokens change independently, d if all do together; NaN if Tr C = 0."""
        return _ratio(self._sum_of_covariances, (self._rates * (1.0 - self._rates)).sum(1))

    @property
    def correlation_length(self) -> Tensor:
        """xi = sum_ij |i - j| C_ij / sum_ij C_ij, in tokens: the mean distance of tokens weighted by their covariance.

        arXiv 2402.16991 and 2410.13770 have the idea: the length over which tokens change in chunks grows at the transition.
        This estimator counts i = j too, so that it needs no fit nor threshold and is defined wherever chi is: it is 0 if tokens
        change independently, (d**2 - 1) / (3 d) if all do together, and 1 / sinh(1 / lambda), about lambda, if C_ij falls as
        exp(-|i - j| / lambda) in a long string. Over N strings its error is about d / (chi sqrt(3 N)). NaN if sum_ij C_ij = 0.
        """
        return _ratio(self._distances / self.strings - _distances(self._rates), self._sum_of_covariances)

    @property
    def _rates(self) -> Tensor:
        return self._changed / self.strings[:, None]

    @property
    def _sum_of_covariances(self) -> Tensor:
        """The variance of the number of changed tokens."""
        return self._pairs / self.strings - self._rates.sum(1).square()


def _distances(x: Tensor) -> Tensor:
    """sum_ij |i - j| x_i x_j of x (..., d): a pair at distance r lies on both sides of r of the gaps between tokens."""
    before = x.cumsum(-1)
    return 2.0 * (before * (before[..., -1:] - before)).sum(-1)


def _ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    return torch.where(denominator > ROUNDING, numerator / denominator, torch.nan)
