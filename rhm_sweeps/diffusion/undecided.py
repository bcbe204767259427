"""Tokens that cannot be drawn without the network's output, and where they are."""

from __future__ import annotations

from torch import Tensor

UNDECIDED = -1
"""In the place of such a token."""


def places(chosen: Tensor) -> Tensor:
    """Indices of the entries (K, N) that are chosen, (K, most): as many for each member, at least 1; any others where it has less."""
    return chosen.byte().topk(max(1, int(chosen.sum(1).max())), 1).indices
