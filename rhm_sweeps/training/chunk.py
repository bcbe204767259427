"""What some optimizer steps in a row read, and where their losses go: a step is a function of these tensors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from rhm_sweeps.training.denoiser import Noised


@dataclass(frozen=True, eq=False)
class Chunk:
    """S optimizer steps of K members, of which the one at `place` is next.

    Which one that is stands in a tensor: a GPU that repeats what it did for one step finds the next step's numbers by itself.

    Attributes:
        batches: the noised strings, leading axes (K, S).
        rates: learning rates, float64 (K, S).
        numbers: how many steps are done before each, (1, S).
        losses: each member's loss at each step that is done, (K, S).
        place: of the next step, 0..S-1: (1,).
    """

    batches: Noised
    rates: Tensor
    numbers: Tensor
    losses: Tensor
    place: Tensor

    @classmethod
    def of(cls, batches: Noised, rates: Tensor, first: int) -> Self:
        """The steps after `first` others, `rates` still on the CPU."""
        device, size = batches.t.device, rates.shape[1]
        numbers = torch.arange(first, first + size, device=device)[None]
        losses, place = torch.zeros(rates.shape, device=device), torch.zeros(1, dtype=torch.int64, device=device)
        return cls(batches, rates.to(device, non_blocking=True), numbers, losses, place)

    @property
    def size(self) -> int:
        """S."""
        return self.losses.shape[1]

    def batch(self) -> Noised:
        """That of the next step, leading axis (K,)."""
        return self.batches.step(self.place)

    def now(self, values: Tensor) -> Tensor:
        """What is the next step's of values (K, S): (K,)."""
        return values.index_select(1, self.place)[:, 0]

    def finish(self, losses: Tensor) -> None:
        """Put down the losses of the step (K,) and go to the next."""
        self.losses.index_copy_(1, self.place, losses[:, None])
        self.place.add_(1)

    def room(self, size: int) -> Self:
        """A chunk of as many members, with room for `size` steps."""
        empty = [values.new_zeros(len(values), size, *values.shape[2:]) for values in self._values()]
        *batches, rates, numbers, losses = empty
        return type(self)(Noised(*batches), rates, numbers, losses, torch.zeros_like(self.place))

    def fill(self, other: Chunk) -> None:
        """Begin with the steps of another chunk, which are no more than there is room for."""
        for own, values in zip(self._values(), other._values(), strict=True):
            own[:, : other.size].copy_(values)
        self.place.zero_()

    def _values(self) -> Iterator[Tensor]:
        """All that has an axis of steps, its second."""
        yield from (*vars(self.batches).values(), self.rates, self.numbers, self.losses)
