"""What every network is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

NormalDraw = Callable[[str, torch.Size], Tensor]
"""Maps the name of a parameter and its shape to standard normal draws."""


@runtime_checkable
class Tabulating(Protocol):
    """A network that has a quicker way for strings which are all at one time."""

    def at_one_time(self, seen: Tensor, tokens: Tensor, asked: Tensor | None = None) -> Tensor:
        """Outputs for tokens (K, B, d), of which token k of a member is seen as row k of `seen`, (K, symbols, v).

        Those that are not `asked` for, (K, B, d), may be anything; None asks for all.
        """
        ...


class Network(nn.Module):
    """A module whose weights are unset until they are drawn.

    It may know nothing of packs: then `vmap` makes it one. One that `takes_packs` works with a leading axis of members
    before all its parameters and inputs too, which spares a small network `vmap`'s own time.
    """

    takes_packs: ClassVar[bool] = False

    @abstractmethod
    def forward(self, x: Tensor, t: Tensor, dropout: Tensor | None = None) -> Tensor:
        """What the process makes of x_t (B, d, v), and times (B,), to logits of x_0 (B, d, v) or of the class (B, n).

        `dropout` holds, in training, a random word for each string (B,).
        """

    @abstractmethod
    def reset_parameters(self, normal: NormalDraw) -> None:
        """Draw the weights."""


def look_up(table: Tensor, index: Tensor) -> Tensor:
    """Rows of each member's table: (K, R, C) and integers below R (K, ...) to (K, ..., C)."""
    members, rows, _ = table.shape
    first = torch.arange(members, device=index.device) * rows
    flat = (index.reshape(members, -1) + first[:, None]).reshape(-1)
    return table.reshape(members * rows, -1).index_select(0, flat).reshape(*index.shape, -1)
