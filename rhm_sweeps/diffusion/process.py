"""What all diffusion processes have in common: one interface, and one loop that samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar, Protocol, Self

import torch
from torch import Tensor


class Process(Protocol):
    """A diffusion process of K pack members with schedules of their own.

    Shapes: tokens x_0 are (K, ..., d) integers below v and times t (K, ...). A noised string x_t has a shape like x_0, or
    (K, ..., d, v) where the process noises numbers. `words` are random 64-bit words, (K, ..., d * words_per_token). A network's
    output is (K, ..., d, v).
    """

    takes_cavity: ClassVar[bool]
    """Whether the best output is p(x_0,i | x_t without i), as the sampler itself multiplies by what x_t,i says; else p(x_0,i | x_t)."""

    @property
    def alpha_bar(self) -> Tensor:
        """(K, T + 1) for t = 0..T, float32."""
        ...

    @property
    def symbols(self) -> int | None:
        """How many symbols x_t has, where a network sees a token alike wherever it stands; None where x_t is made of numbers."""
        ...

    @property
    def words_per_token(self) -> int:
        """Random words that noising a token takes, and denoising it by a step."""
        ...

    def q_sample(self, x_0: Tensor, t: Tensor, words: Tensor) -> Tensor:
        """Draw x_t from q(x_t | x_0)."""
        ...

    def prior(self, words: Tensor) -> Tensor:
        """Draw x_T from what is left of any string at t = T."""
        ...

    def model_input(self, x_t: Tensor, t: Tensor) -> Tensor:
        """What a network sees of x_t: numbers of order 1, (K, ..., d, v)."""
        ...

    def loss(self, output: Tensor, x_0: Tensor, x_t: Tensor, t: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """The loss of each string, mean over its tokens: (K, ...)."""
        ...

    def p_sample(self, output: Tensor, x_t: Tensor, t: int, s: int, words: Tensor) -> Tensor:
        """Draw x_s from p_theta(x_s | x_t), s < t, given the network's output at (x_t, t)."""
        ...

    def tokens(self, x: Tensor) -> Tensor:
        """The string that a sample at t = 0 says: (K, ..., d)."""
        ...

    def log_evidence(self, x_t: Tensor, t: int) -> Tensor:
        """log q(x_t,i | x_0,i = k) up to a constant per token, for exact inference: float64 (K, ..., d, v)."""
        ...

    def select(self, kept: Tensor) -> Self:
        """The process of some of the members, by index."""
        ...


@dataclass(frozen=True, eq=False)
class Tables:
    """Tables over t = 0..T of K members; what all processes are made of."""

    alpha_bar: Tensor
    vocabulary: int

    PER_MEMBER: ClassVar[tuple[str, ...]] = ("alpha_bar",)

    @property
    def symbols(self) -> int | None:
        return self.vocabulary

    def select(self, kept: Tensor) -> Self:
        rows: dict[str, Any] = {name: getattr(self, name)[kept] for name in self.PER_MEMBER}
        return replace(self, **rows)

    def to(self, device: torch.device) -> Self:
        """The same on a device."""
        moved: dict[str, Any] = {name: getattr(self, name).to(device) for name in self.PER_MEMBER}
        return replace(self, **moved)


def at(table: Tensor, t: Tensor | int, extra: int = 0) -> Tensor:
    """Each member's entry of a table (K, T + 1) at times t (K, ...), or at one time for all, with `extra` axes of 1 behind."""
    found = table[:, t] if isinstance(t, int) else table.gather(1, t.reshape(len(t), -1)).reshape(t.shape)
    return found.reshape(*found.shape, *[1] * extra)


def p_sample_loop(
    process: Process,
    denoise: Callable[[Tensor, int], Tensor],
    x_t: Tensor,
    times: Sequence[int],
    words: Callable[[int], Tensor],
) -> Tensor:
    """Denoise x_t along descending `times`, from its own time to 0, and return tokens (K, ..., d).

    Args:
        process: how x_t was noised.
        denoise: maps (x_t, t) to a network's output, (K, ..., d, v).
        x_t: the noised strings at `times[0]`.
        times: stops of the sampler, as from `sampling_times`.
        words: maps the time t to random words, (K, ..., d * words_per_token).
    """
    for t, s in pairwise(times):
        x_t = process.p_sample(denoise(x_t, t), x_t, t, s, words(t))
    return process.tokens(x_t)
