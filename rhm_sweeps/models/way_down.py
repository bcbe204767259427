"""Which nodes of the strings' trees a network computes on its way from the roots down to the tokens."""

from __future__ import annotations

import torch
from torch import Tensor

from rhm_sweeps.diffusion.undecided import places
from rhm_sweeps.models.network import look_up


class WayDown:
    """All nodes, or those alone that have a token below them which is asked for; a level deeper with each `split`.

    Of the B strings' n nodes each at a level, M are reached of each member's; (K, M) are in the order of (K, B * n) if all are.
    """

    def __init__(self, asked: Tensor | None, size: int, splits: int) -> None:
        """From the tokens asked for, (K, B, d), None: all; how many children a node has; and how many levels there are to go."""
        self._size = size
        self._nodes: Tensor | None = None
        self._asked: list[Tensor] = [] if asked is None else [asked]
        while 0 < len(self._asked) < splits:
            self._asked.append(self._asked[-1].unflatten(-1, (-1, size)).any(-1))

    def split(self, product: Tensor) -> Tensor:
        """From what the nodes reached are split into, (K, M, size * C), the children to reach next, (K, M', C)."""
        children: Tensor = product.unflatten(-1, (self._size, -1)).flatten(1, 2)
        if not self._asked:
            return children
        asked = self._asked.pop().flatten(1)
        if self._nodes is None:
            chosen = self._nodes = places(asked)
        else:
            below = (self._nodes[..., None] * self._size + torch.arange(self._size)).flatten(1)
            chosen = places(asked.gather(1, below))
            self._nodes = below.gather(1, chosen)
        return look_up(children, chosen)

    def reached(self, values: Tensor) -> Tensor:
        """Those of the nodes reached, of values (K, B, n) or (K, B, n, C)."""
        flat = values.flatten(1, 2)
        if self._nodes is None:
            return flat
        return flat.gather(1, self._nodes) if flat.ndim == 2 else look_up(flat, self._nodes)

    def spread(self, values: Tensor, shape: torch.Size) -> Tensor:
        """Those of the tokens reached, (K, M, C), at their places in (K, B, d, C), `shape` being (K, B, d); 0 elsewhere."""
        if self._nodes is not None:
            rows = values.new_zeros(shape[0], shape[1:].numel(), values.shape[-1])
            values = rows.scatter_(1, self._nodes[..., None].expand_as(values), values)
        return values.reshape(*shape, -1)
