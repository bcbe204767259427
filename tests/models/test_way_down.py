"""The way down a tree against the tree itself: nodes are numbers that say where they stand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from rhm_sweeps.models.way_down import WayDown

SIZE, SPLITS, STRINGS = 3, 2, 10
TOKENS = SIZE**SPLITS


def split(nodes: Tensor) -> Tensor:
    """Node i of (K, M, 1) to its children 3 i, 3 i + 1, 3 i + 2, one after another: (K, M, 3)."""
    return nodes * SIZE + torch.arange(SIZE)


def walk(asked: Tensor | None) -> tuple[list[int], Tensor]:
    """How many nodes are reached at each level, and the tokens' own numbers where they are: (2, B, d)."""
    way = WayDown(asked, SIZE, SPLITS)
    nodes, counts = torch.arange(STRINGS).expand(2, -1)[..., None], []
    for level in range(1, SPLITS + 1):
        nodes = way.split(split(nodes))
        counts.append(nodes.shape[1])
        own = torch.arange(STRINGS * SIZE**level).reshape(1, STRINGS, -1).expand(2, -1, -1)
        assert torch.equal(way.reached(own), nodes[..., 0])
        assert torch.equal(way.reached(own[..., None].expand(-1, -1, -1, 4)), nodes.expand(-1, -1, 4))
    return counts, way.spread(nodes + 1, torch.Size((2, STRINGS, TOKENS)))[..., 0] - 1


def test_everybody_is_reached_if_all_are_asked_for() -> None:
    counts, tokens = walk(None)
    assert counts == [STRINGS * SIZE, STRINGS * TOKENS]
    assert torch.equal(tokens, torch.arange(STRINGS * TOKENS).reshape(1, STRINGS, TOKENS).expand(2, -1, -1))


@pytest.mark.parametrize("share", [0.02, 0.3, 1.0])
def test_no_node_is_reached_in_vain_but_where_another_member_has_more(share: float) -> None:
    asked = torch.rand(2, STRINGS, TOKENS, generator=torch.Generator().manual_seed(1)) < share
    counts, tokens = walk(asked)
    above = asked.unflatten(-1, (SIZE, SIZE)).any(-1)
    assert counts == [int(level.sum((1, 2)).max()) for level in (above, asked)]
    every = torch.arange(STRINGS * TOKENS).reshape(1, STRINGS, TOKENS).expand(2, -1, -1)
    assert torch.equal(tokens[asked], every[asked])


def test_if_nothing_is_asked_for_one_node_is_reached() -> None:
    counts, _ = walk(torch.zeros(2, STRINGS, TOKENS, dtype=torch.bool))
    assert counts == [1, 1]
