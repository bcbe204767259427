"""Tokens that cannot be drawn without the network's output, and where they are."""

from __future__ import annotations

from torch import Tensor

UNDECIDED = -1
"""In the place of such a token."""


def places(chosen: Tensor, most: int | None = None) -> Tensor:
    """Indices of the entries (K, N) that are chosen, (K, most): as many for each member, at least 1; any others where it has less.

    `most` is how many a member has at most; without it, this waits for a GPU to say so.
    """
    most = int(chosen.sum(1).max()) if most is None else most
    return chosen.byte().topk(max(1, most), 1).indices
