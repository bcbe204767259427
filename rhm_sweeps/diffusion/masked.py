"""Masked diffusion (absorbing D3PM, arXiv 2107.03006): each token is kept or hidden; a hidden token is v."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from rhm_sweeps.diffusion.categorical import cross_entropy, one_hot
from rhm_sweeps.diffusion.process import Tables, at
from rhm_sweeps.diffusion.undecided import UNDECIDED
from rhm_sweeps.diffusion.uniform import draw_undecided
from rhm_sweeps.streams import second_uniform, uniform


@dataclass(frozen=True, eq=False)
class Masked(Tables):
    """The process of K members."""

    takes_cavity: ClassVar[bool] = True  # a hidden token says nothing: its cavity is its marginal
    words_per_token: ClassVar[int] = 1

    @property
    def mask(self) -> int:
        """The token of a hidden position."""
        return self.vocabulary

    def q_sample(self, x_0: Tensor, t: Tensor, words: Tensor) -> Tensor:
        """A token is kept with probability alpha_bar_t."""
        return torch.where(uniform(words) < at(self.alpha_bar, t, 1), x_0, self.mask)

    def prior(self, words: Tensor) -> Tensor:
        return torch.full_like(words, self.mask)

    def model_input(self, x_t: Tensor, t: Tensor) -> Tensor:  # noqa: ARG002 - the network need not know the time
        """p(x_0,i | x_t,i) without knowledge of the grammar, 1/v if hidden, standardized over t = 1..T.

        Its mean is 1/v, its variance that of a token's indicator, (1/v)(1 - 1/v), times the mean share of tokens kept.
        """
        v = self.vocabulary
        known = one_hot(x_t, v + 1)[..., :v] + (x_t == self.mask)[..., None] / v
        std = (self.alpha_bar[:, 1:].mean(1) * (1 - 1 / v) / v).sqrt()
        return (known - 1 / v) / std.reshape(-1, *[1] * x_t.ndim)

    def loss(self, output: Tensor, x_0: Tensor, x_t: Tensor, t: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """KL(q(x_{t-1} | x_t, x_0) || p_theta(x_{t-1} | x_t)) in nats: of hidden tokens, the cross-entropy of x_0 times
        (alpha_bar_{t-1} - alpha_bar_t) / (1 - alpha_bar_t); of others 0. Its sum over t is the NELBO (arXiv 2406.07524, eq. 10).
        """
        losses = cross_entropy(output, x_0, label_smoothing).where(x_t == self.mask, 0.0)
        return self._revealed(at(self.alpha_bar, t - 1), at(self.alpha_bar, t)) * losses.mean(-1)

    def decided(self, x_t: Tensor, t: int, s: int, words: Tensor) -> Tensor:
        """A hidden token is revealed with probability (alpha_bar_s - alpha_bar_t) / (1 - alpha_bar_t)."""
        axes = x_t.ndim - 1
        revealed = self._revealed(at(self.alpha_bar, s, axes), at(self.alpha_bar, t, axes))
        return torch.where((x_t == self.mask) & (uniform(words) < revealed), UNDECIDED, x_t)

    def undecided_share(self, t: Tensor, s: Tensor) -> Tensor:
        return self.alpha_bar[:, s] - self.alpha_bar[:, t]

    def p_sample(self, output: Tensor, x_t: Tensor, t: int, s: int, words: Tensor) -> Tensor:
        """A token that is revealed is drawn from the network's probabilities of x_0."""
        anything, nothing = output.new_ones(len(output)), output.new_zeros(len(output))
        shape = (-1, *[1] * (x_t.ndim - 1))
        x_s = self.decided(x_t, t, s, words)
        return draw_undecided(output, x_t, anything.reshape(shape), nothing.reshape(shape), second_uniform(words), x_s)

    @staticmethod
    def _revealed(alpha_bar_s: Tensor, alpha_bar_t: Tensor) -> Tensor:
        return (alpha_bar_s - alpha_bar_t) / (1.0 - alpha_bar_t)

    @property
    def symbols(self) -> int:
        return self.vocabulary + 1

    def tokens(self, x: Tensor) -> Tensor:
        return x

    def log_evidence(self, x_t: Tensor, t: int) -> Tensor:  # noqa: ARG002 - what is known is known at any time
        known = one_hot(x_t, self.vocabulary + 1)[..., : self.vocabulary].bool() | (x_t == self.mask)[..., None]
        return known.double().log()
