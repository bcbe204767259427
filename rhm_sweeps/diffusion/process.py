"""What all diffusion processes have in common: one interface, and one loop that samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar, Protocol, Self

import torch
from torch import Tensor

from rhm_sweeps.diffusion.undecided import UNDECIDED, places


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

    def decided(self, x_t: Tensor, t: int, s: int, words: Tensor) -> Tensor | None:
        """What `p_sample` draws whatever the network says, shaped as x_t, `UNDECIDED` where that depends on it; None: everywhere.

        On the way of a sample, which tokens these are at any time is the words' matter alone, whatever the network said before.
        """
        ...

    def undecided_share(self, t: Tensor, s: Tensor) -> Tensor:
        """How likely a token is undecided in sampling, in steps from times t (S,) to s: (K, S)."""
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


def asked_share(process: Process, times: Sequence[int], length: int) -> float:
    """Of the strings of so many tokens that go along `times`, how many the network sees at a step, mean over all steps."""
    stops = torch.tensor(times)
    return float((1.0 - (1.0 - process.undecided_share(stops[:-1], stops[1:])) ** length).mean())


Denoise = Callable[[Tensor, int, Tensor | None], Tensor]
"""Maps x_t (K, N, d) or (K, N, d, v) and its time t to a network's output (K, N, d, v).

The third argument says which outputs are asked for, (K, N, d), None: all; the others may hold anything.
"""


def p_sample_loop(
    process: Process,
    denoise: Denoise,
    x_t: Tensor,
    times: Sequence[int],
    words: Callable[[int], Tensor],
    on_step: Callable[[int], None] | None = None,
) -> Tensor:
    """Denoise x_t along descending `times`, from its own time to 0, and return tokens (K, N, d).

    At each step the network sees only the strings of which a token depends on it (`Process.decided`); that changes no draw.

    Args:
        process: how x_t was noised.
        denoise: the network.
        x_t: the noised strings at `times[0]`, (K, N, d) or (K, N, d, v).
        times: stops of the sampler, as from `sampling_times`.
        words: maps the time t to random words, (K, N, d * words_per_token).
        on_step: is told after each step of N.
    """
    ahead = iter([] if x_t.is_cpu else asked_ahead(process, x_t, times, words))
    for t, s in pairwise(times):
        drawn = words(t)
        decided = process.decided(x_t, t, s, drawn)
        if decided is None:
            x_t = process.p_sample(denoise(x_t, t, None), x_t, t, s, drawn)
        else:
            undecided = (decided == UNDECIDED).any(-1)
            most = next(ahead, None)
            most = int(undecided.sum(1).max()) if most is None else most
            if most:
                strings = places(undecided, most)[..., None].expand(-1, -1, x_t.shape[-1])
                seen, asked = x_t.gather(1, strings), decided.gather(1, strings) == UNDECIDED
                x_s = process.p_sample(
                    denoise(seen, t, asked if x_t.is_cpu else None), seen, t, s, drawn.gather(1, strings)
                )
                decided = decided.scatter(1, strings, x_s)
            x_t = decided
        if on_step is not None:
            on_step(x_t.shape[1])
    return process.tokens(x_t)


def asked_ahead(process: Process, x_t: Tensor, times: Sequence[int], words: Callable[[int], Tensor]) -> list[int]:
    """How many strings `p_sample_loop` will ask about at each step, the most of any member; [] where it asks about all.

    It goes the way of the samples without a network, so that a GPU has to wait only once.
    """
    counts = []
    for t, s in pairwise(times):
        decided = process.decided(x_t, t, s, words(t))
        if decided is None:
            return []
        undecided = decided == UNDECIDED
        counts.append(undecided.any(-1).sum(1).max())
        x_t = torch.where(undecided, 0, decided)
    return [int(count) for count in torch.stack(counts).cpu()]
