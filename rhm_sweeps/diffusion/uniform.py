"""Uniform discrete diffusion (D3PM, arXiv 2107.03006): each token is kept or replaced by one drawn uniformly.

Shapes: tokens `x` are (..., d) integers below v; coefficients are (...) floats, one per string. A step goes from time t to an
earlier time s (s = t - 1 when nothing is skipped), with `alpha` = alpha_bar_t / alpha_bar_s and `alpha_bar_s`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import torch
from torch import Tensor

from rhm_sweeps.diffusion import draw_kernel
from rhm_sweeps.diffusion.categorical import categorical, one_hot, probabilities
from rhm_sweeps.diffusion.process import Tables, at
from rhm_sweeps.diffusion.undecided import UNDECIDED
from rhm_sweeps.streams import below, second_uniform, uniform

TINY = 1e-30
"""Keeps log() finite at s = 0, where the posterior has zeros; far below float32 rounding of any probability that matters."""


def q_sample(x_0: Tensor, alpha_bar_t: Tensor, keep: Tensor, replacement: Tensor) -> Tensor:
    """Draw x_t from q(x_t | x_0) = alpha_bar_t x_0 + (1 - alpha_bar_t) / v.

    `keep` is uniform in [0, 1) and `replacement` uniform in 0..v-1, both shaped as x_0.
    """
    return torch.where(keep < alpha_bar_t[..., None], x_0, replacement)


def _mixed(probs: Tensor, weight: Tensor) -> Tensor:
    weight = weight[..., None, None]
    return weight * probs + (1.0 - weight) / probs.shape[-1]


@dataclass(frozen=True, eq=False)
class Posterior:
    """q(x_s | x_t, x_0) (2107.03006, eq. 3) in two parts, what holds whatever x_0 is and the rest; each is (K, 1, ...).

    Let p be the network's probabilities of x_0, i the symbol of x_t, e = (1 - alpha) / v, h = e + alpha, b = alpha_bar_s and
    m = (1 - b) / v. A token stays with probability h (m + b p_i) / Z and becomes another symbol k with e (m + b p_k) / Z, where
    Z = m + b (e + alpha p_i). The first is least at p_i = 0, the second at p_i = 1 and p_k = 0: these are `stay` and `leave`.
    What each has above its least is proportional to own p_i, and to p_k + spread (1 - p_i).
    """

    stay: Tensor
    leave: Tensor
    own: Tensor
    spread: Tensor

    @classmethod
    def of(cls, alpha: Tensor, alpha_bar_s: Tensor, v: int) -> Self:
        elsewhere, missed = (1.0 - alpha) / v, (1.0 - alpha_bar_s) / v
        here = elsewhere + alpha
        own = here / (missed + elsewhere * alpha_bar_s).clamp(min=TINY)
        share = missed / (missed + here * alpha_bar_s)
        return cls(missed * own, elsewhere * share, own, alpha * share)


def draw_undecided(logits: Tensor, x_t: Tensor, own: Tensor, spread: Tensor, draw: Tensor, x_s: Tensor) -> Tensor:
    """x_s with symbols k in the place of its negative entries, drawn with the weights of `Posterior`.

    p is the softmax of the logits (K, ..., d, v). x_t, x_s and `draw`, uniform in [0, 1), are (K, ..., d), own and spread (K, 1, ...).
    For a token x_t that is no symbol, v, the weights are p itself.
    """
    members, vocabulary = len(logits), logits.shape[-1]
    if logits.shape[:-1] != x_t.shape:
        raise ValueError(f"logits are {tuple(logits.shape)}, but tokens {tuple(x_t.shape)}")
    if not (logits.is_cpu and logits.dtype == torch.float32):
        p, present = probabilities(logits), one_hot(x_t, vocabulary)
        others = spread * torch.where(x_t < vocabulary, 1.0 - (p * present).sum(-1), 0.0)
        weights = torch.where(present > 0, own[..., None] * p, p + others[..., None])
        return torch.where(x_s < 0, categorical(weights, draw), x_s)
    drawn = x_s.clone()
    tokens = (values.reshape(members, -1).numpy() for values in (x_t, draw, drawn))
    rows = logits.detach().reshape(members, -1, vocabulary).numpy()
    x, uniforms, out = tokens
    draw_kernel.draw_undecided(rows, x, own.reshape(-1).numpy(), spread.reshape(-1).numpy(), uniforms, out)
    return drawn


def kl_loss(
    logits: Tensor, x_0: Tensor, x_t: Tensor, alpha: Tensor, alpha_bar_s: Tensor, label_smoothing: float = 0.0
) -> Tensor:
    """KL(q(x_s | x_t, x_0) || p_theta(x_s | x_t)) in nats, mean over the d positions: shape (...).

    p_theta is the same posterior with the network's probabilities of x_0 (2107.03006, eq. 4), so that the minimizer is the
    cavity posterior p(x_0,i | x_t without i). The factor of x_t cancels but for the two normalizers:
    KL = sum_k q_k log(B_k / r_k) + log(Z_p / Z_q), with B and r the factors of the true and the predicted x_0.
    """
    v = logits.shape[-1]
    from_x_t = _mixed(one_hot(x_t, v), alpha)
    true = _mixed(one_hot(x_0, v), alpha_bar_s * (1.0 - label_smoothing)) + TINY
    predicted = _mixed(probabilities(logits), alpha_bar_s) + TINY
    joint = from_x_t * true
    normalizer = joint.sum(-1)
    divergence = (joint * (true.log() - predicted.log())).sum(-1) / normalizer
    return (divergence + (from_x_t * predicted).sum(-1).log() - normalizer.log()).mean(-1)


def input_levels(alpha_bar: Tensor, vocabulary: int, over: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """A network's input at an absent and at the present token for t = 0..T: two (T + 1,) tables.

    The input is p(x_0,i | x_t,i) without knowledge of the grammar, alpha_bar_t x_t + (1 - alpha_bar_t) / v, standardized by the
    mean and deviation of a variable that is 1 with probability alpha_bar_t, else 1/v, as in the original code: over t = 1..T, or
    over the values `over` of alpha_bar.
    """
    v, noised = vocabulary, alpha_bar[1:] if over is None else over
    mean = (noised + (1 - noised) / v).mean()
    std = ((noised + (1 - noised) / v**2).mean() - mean**2).sqrt()
    absent = (1 - alpha_bar) / v
    return (absent - mean) / std, (alpha_bar + absent - mean) / std


@dataclass(frozen=True, eq=False)
class Uniform(Tables):
    """The process of K members; `absent` and `present` are `input_levels`, (K, T + 1)."""

    absent: Tensor
    present: Tensor

    PER_MEMBER: ClassVar[tuple[str, ...]] = ("alpha_bar", "absent", "present")
    takes_cavity: ClassVar[bool] = True
    words_per_token: ClassVar[int] = 1

    def q_sample(self, x_0: Tensor, t: Tensor, words: Tensor) -> Tensor:
        return q_sample(x_0, at(self.alpha_bar, t), uniform(words), below(words, self.vocabulary))

    def prior(self, words: Tensor) -> Tensor:
        return below(words, self.vocabulary)

    def model_input(self, x_t: Tensor, t: Tensor) -> Tensor:
        return torch.lerp(at(self.absent, t, 2), at(self.present, t, 2), one_hot(x_t, self.vocabulary))

    def loss(self, output: Tensor, x_0: Tensor, x_t: Tensor, t: Tensor, label_smoothing: float = 0.0) -> Tensor:
        alpha_bar_s = at(self.alpha_bar, t - 1)
        return kl_loss(output, x_0, x_t, at(self.alpha_bar, t) / alpha_bar_s, alpha_bar_s, label_smoothing)

    def _posterior(self, t: int, s: int, axes: int) -> Posterior:
        alpha_bar_s = at(self.alpha_bar, s, axes)
        return Posterior.of(at(self.alpha_bar, t, axes) / alpha_bar_s, alpha_bar_s, self.vocabulary)

    def decided(self, x_t: Tensor, t: int, s: int, words: Tensor) -> Tensor:
        posterior, draw = self._posterior(t, s, x_t.ndim - 1), uniform(words)
        leaves = (self.vocabulary - 1) * posterior.leave
        other = below(words, self.vocabulary - 1)
        x_s = torch.where(draw < posterior.stay, x_t, other + (other >= x_t))
        return torch.where(draw < posterior.stay + leaves, x_s, UNDECIDED)

    def undecided_share(self, t: Tensor, s: Tensor) -> Tensor:
        alpha_bar_s = self.alpha_bar[:, s]
        posterior = Posterior.of(self.alpha_bar[:, t] / alpha_bar_s, alpha_bar_s, self.vocabulary)
        return 1.0 - posterior.stay - (self.vocabulary - 1) * posterior.leave

    def p_sample(self, output: Tensor, x_t: Tensor, t: int, s: int, words: Tensor) -> Tensor:
        posterior = self._posterior(t, s, x_t.ndim - 1)
        x_s = self.decided(x_t, t, s, words)
        return draw_undecided(output, x_t, posterior.own, posterior.spread, second_uniform(words), x_s)

    def tokens(self, x: Tensor) -> Tensor:
        return x

    def log_evidence(self, x_t: Tensor, t: int) -> Tensor:
        weight = at(self.alpha_bar, t, x_t.ndim).double()
        return (weight * one_hot(x_t, self.vocabulary) + (1.0 - weight) / self.vocabulary).log()
