"""Gaussian diffusion (arXiv 2006.11239) on one-hot strings: x_t = sqrt(alpha_bar_t) x_0 + noise_scale sqrt(1 - alpha_bar_t) noise.

The network predicts x_0, the noise, or the score of q(x_t | x_0), which is -noise / (noise_scale sqrt(1 - alpha_bar_t)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from rhm_sweeps.diffusion.categorical import cross_entropy, one_hot, probabilities
from rhm_sweeps.diffusion.process import Tables, at
from rhm_sweeps.streams import normal


@dataclass(frozen=True, eq=False)
class Gaussian(Tables):
    """The process of K members; `noise_scale` is (K,).

    `target` says what the network's output is, `output` whether a prediction of x_0 goes through a softmax.
    """

    noise_scale: Tensor
    target: Literal["start", "noise", "exact_score"]
    output: Literal["logits", "probabilities"]

    takes_cavity: ClassVar[bool] = False
    PER_MEMBER: ClassVar[tuple[str, ...]] = ("alpha_bar", "noise_scale")

    @property
    def words_per_token(self) -> int:
        return self.vocabulary

    def _scale(self, t: Tensor | int, ndim: int) -> tuple[Tensor, Tensor]:
        """sqrt(alpha_bar_t) and noise_scale sqrt(1 - alpha_bar_t), to multiply tensors of `ndim` axes with."""
        alpha_bar_t = at(self.alpha_bar, t)
        noise_scale = self.noise_scale.reshape(-1, *[1] * (alpha_bar_t.ndim - 1))
        signal, noise = alpha_bar_t.sqrt(), noise_scale * (1.0 - alpha_bar_t).sqrt()
        return tuple(scale.reshape(*scale.shape, *[1] * (ndim - scale.ndim)) for scale in (signal, noise))  # type: ignore[return-value]

    def q_sample(self, x_0: Tensor, t: Tensor, words: Tensor) -> Tensor:
        signal, scale = self._scale(t, x_0.ndim + 1)
        noise = normal(words).reshape(*x_0.shape, self.vocabulary)
        return signal * one_hot(x_0, self.vocabulary) + scale * noise

    def prior(self, words: Tensor) -> Tensor:
        noise = normal(words).reshape(*words.shape[:-1], -1, self.vocabulary)
        return self.noise_scale.reshape(-1, *[1] * (noise.ndim - 1)) * noise

    def model_input(self, x_t: Tensor, t: Tensor) -> Tensor:
        """x_t with a mean square of 1: its square is alpha_bar_t / v + noise_scale**2 (1 - alpha_bar_t) in the mean."""
        signal, scale = self._scale(t, x_t.ndim)
        return x_t / (signal**2 / self.vocabulary + scale**2).sqrt()

    def loss(self, output: Tensor, x_0: Tensor, x_t: Tensor, t: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """Of x_0 as logits the cross-entropy in nats; else the mean squared error, the score's times its variance.

        That weight, noise_scale**2 (1 - alpha_bar_t), makes the error of a score that of its noise (arXiv 2011.13456, eq. 7).
        """
        if self.output == "logits" and self.target == "start":
            return cross_entropy(output, x_0, label_smoothing).mean(-1)
        start = (1.0 - label_smoothing) * one_hot(x_0, self.vocabulary) + label_smoothing / self.vocabulary
        if self.target == "start":
            return (output - start).square().mean((-2, -1))
        signal, scale = self._scale(t, x_t.ndim)
        noise = (x_t - signal * start) / scale
        predicted = output if self.target == "noise" else -scale * output
        return (predicted - noise).square().mean((-2, -1))

    def predicted_start(self, output: Tensor, x_t: Tensor, t: Tensor | int) -> Tensor:
        """E[x_0 | x_t] by the network, (K, ..., d, v)."""
        if self.target == "start":
            return probabilities(output) if self.output == "logits" else output
        signal, scale = self._scale(t, x_t.ndim)
        noise = output if self.target == "noise" else -scale * output
        return (x_t - scale * noise) / signal

    def decided(self, x_t: Tensor, t: int, s: int, words: Tensor) -> None:  # noqa: ARG002 - every number of x_s depends on x_0
        return None

    def undecided_share(self, t: Tensor, s: Tensor) -> Tensor:  # noqa: ARG002
        return torch.ones(len(self.alpha_bar), len(t))

    def p_sample(self, output: Tensor, x_t: Tensor, t: int, s: int, words: Tensor) -> Tensor:
        """q(x_s | x_t, x_0) with the predicted x_0 (2006.11239, eq. 6 and 7, for any s < t); at s = 0 that is x_0 itself."""
        x_0 = self.predicted_start(output, x_t, t)
        alpha_bar_t, alpha_bar_s = at(self.alpha_bar, t, x_t.ndim - 1), at(self.alpha_bar, s, x_t.ndim - 1)
        alpha = alpha_bar_t / alpha_bar_s
        from_start = alpha_bar_s.sqrt() * (1.0 - alpha) / (1.0 - alpha_bar_t)
        from_x_t = alpha.sqrt() * (1.0 - alpha_bar_s) / (1.0 - alpha_bar_t)
        variance = (1.0 - alpha) * (1.0 - alpha_bar_s) / (1.0 - alpha_bar_t)
        return from_start * x_0 + from_x_t * x_t + variance.sqrt() * self.prior(words)

    @property
    def symbols(self) -> None:
        return None

    def tokens(self, x: Tensor) -> Tensor:
        return x.argmax(-1)

    def log_evidence(self, x_t: Tensor, t: int) -> Tensor:
        """-|x_t - sqrt(alpha_bar_t) e_k|**2 / (2 variance): but for a constant, sqrt(alpha_bar_t) x_t,k / variance."""
        signal, scale = self._scale(t, x_t.ndim)
        return (signal.double() * x_t.double() / scale.double() ** 2).log_softmax(-1)
