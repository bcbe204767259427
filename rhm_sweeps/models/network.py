"""What every network is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor, nn

NormalDraw = Callable[[str, torch.Size], Tensor]
"""Maps the name of a parameter and its shape to standard normal draws."""


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
