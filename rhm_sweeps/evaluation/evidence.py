"""What is seen of strings after a noise process, as evidence for belief propagation.

`noise` in [0, 1] is the strength of each process (arXiv 2402.16991 for the first two):

- `epsilon`: the true leaf is believed with probability p_0 = 1 - noise + noise / v, each other token with noise / v. Nothing is
  drawn: this is the mean over noise on which the theory of `epsilon_star` stands.
- `uniform`: x_t is drawn from q(x_t | x_0) with 1 - alpha_bar_t = noise, and q(x_t | x_0) is the evidence.
- `masked`: each leaf is hidden with probability noise, and known otherwise.
- `gaussian`: x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) z of one-hot x_0, with 1 - alpha_bar_t = noise.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

from rhm_sweeps.diffusion.categorical import one_hot
from rhm_sweeps.diffusion.uniform import q_sample
from rhm_sweeps.streams import below, normal, uniform

Process = Literal["epsilon", "uniform", "masked", "gaussian"]
PROCESSES: tuple[Process, ...] = get_args(Process)


def words_per_token(process: Process, vocabulary: int) -> int:
    """Random words that noising a token takes."""
    return vocabulary if process == "gaussian" else 1


def noised_evidence(process: Process, x_0: Tensor, noise: float, words: Tensor, vocabulary: int) -> Tensor:
    """log p(what is seen | leaf) for tokens x_0 (N, d): float64 of shape (N, d, v).

    `words` are random 64-bit words (N, d * words_per_token). A leaf that is replaced or hidden at one noise is so at any
    stronger one.
    """
    if process == "epsilon":
        return token_evidence(x_0, noise, vocabulary)
    if process == "gaussian":
        return _gaussian_evidence(x_0, noise, words, vocabulary)
    if process == "uniform":
        return token_evidence(noised_tokens(x_0, noise, words, vocabulary), noise, vocabulary)
    hidden = uniform(words) >= 1.0 - noise
    return token_evidence(x_0, 0.0, vocabulary).masked_fill(hidden[..., None], 0.0)


def noised_tokens(x_0: Tensor, noise: float, words: Tensor, vocabulary: int) -> Tensor:
    """Draw x_t from q(x_t | x_0) with 1 - alpha_bar_t = noise, shaped as x_0."""
    alpha_bar_t = torch.full(x_0.shape[:-1], 1.0 - noise)
    return q_sample(x_0, alpha_bar_t, uniform(words), below(words, vocabulary))


def token_evidence(x_t: Tensor, noise: float, vocabulary: int) -> Tensor:
    """log q(x_t | x_0 = k) of tokens x_t (..., d), where noise = 1 - alpha_bar_t: float64 of shape (..., d, v)."""
    return (one_hot(x_t, vocabulary).double() * (1.0 - noise) + noise / vocabulary).log()


def unit_scale_noise(noise: float, noise_scale: float) -> float:
    """The noise at which a Gaussian process of scale 1 says as much of x_0 as one of `noise_scale` does at `noise`.

    Both are 1 - alpha_bar_t; what x_t says depends on noise_scale**2 (1 - alpha_bar_t) / alpha_bar_t alone.
    """
    variance = noise_scale**2 * noise
    return variance / (variance + 1.0 - noise)


def _gaussian_evidence(x_0: Tensor, noise: float, words: Tensor, vocabulary: int) -> Tensor:
    """log q(x_t | x_0 = k) but for a constant: sqrt(alpha_bar_t) x_t,k / (1 - alpha_bar_t)."""
    known = one_hot(x_0, vocabulary).double()
    if noise == 0.0:
        return known.log()
    signal, scale = (1.0 - noise) ** 0.5, noise**0.5
    x_t = signal * known + scale * normal(words).reshape(known.shape).double()
    evidence: Tensor = (signal * x_t / noise).log_softmax(-1)
    return evidence
