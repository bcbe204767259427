"""Which tokens of strings change together when the strings are noised and denoised."""

from __future__ import annotations

import torch
from torch import Tensor

ROUNDING = 1e-9
"""Sums of covariances below this are rounding errors of 0."""


class ChangeTally:
    """Sums over strings, at one noise level.

    Of the covariance C_ij over strings of sigma_i = ±1, whether token i has changed, only sums are needed, and these are taken
    string by string in O(d), without the d x d matrix. They are those of indicators 0 and 1 here, which is C / 4.
    """

    def __init__(self, depths: int, leaves: int) -> None:
        self.strings = 0
        self.unchanged = torch.zeros(depths, dtype=torch.float64)
        self.changed = torch.zeros(leaves, dtype=torch.float64)
        self._pairs = 0.0
        self._distances = 0.0

    def add(self, unchanged: Tensor, changed: Tensor) -> None:
        """Count strings: the shares of unchanged nodes (N, L + 1) by depth, and which tokens have changed (N, d)."""
        indicators = changed.double()
        self.strings += len(changed)
        self.unchanged += unchanged.sum(0)
        self.changed += indicators.sum(0)
        self._pairs += float(indicators.sum(1).square().sum())
        self._distances += float(_distances(indicators).sum())

    @property
    def susceptibility(self) -> float:
        """chi = sum_ij C_ij / Tr C (arXiv 2410.13770): 1 if tokens change independently, d if all do together; NaN if Tr C = 0."""
        rates = self.changed / self.strings
        return _ratio(self._sum_of_covariances, float((rates * (1.0 - rates)).sum()))

    @property
    def correlation_length(self) -> float:
        """xi = sum_ij |i - j| C_ij / sum_ij C_ij, in tokens: the mean distance of tokens weighted by their covariance.

        arXiv 2402.16991 and 2410.13770 have the idea: the length over which tokens change in chunks grows at the transition.
        This estimator counts i = j too, so that it needs no fit nor threshold and is defined wherever chi is: it is 0 if tokens
        change independently, (d**2 - 1) / (3 d) if all do together, and 1 / sinh(1 / lambda), about lambda, if C_ij falls as
        exp(-|i - j| / lambda) in a long string. Over N strings its error is about d / (chi sqrt(3 N)). NaN if sum_ij C_ij = 0.
        """
        rates = self.changed / self.strings
        return _ratio(self._distances / self.strings - float(_distances(rates)), self._sum_of_covariances)

    @property
    def _sum_of_covariances(self) -> float:
        """The variance of the number of changed tokens."""
        return self._pairs / self.strings - float(self.changed.sum() / self.strings) ** 2


def _distances(x: Tensor) -> Tensor:
    """sum_ij |i - j| x_i x_j of x (..., d): a pair at distance r lies on both sides of r of the gaps between tokens."""
    before = x.cumsum(-1)
    return 2.0 * (before * (before[..., -1:] - before)).sum(-1)


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > ROUNDING else float("nan")
