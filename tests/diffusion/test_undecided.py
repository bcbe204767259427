"""Places of what is chosen, as many for each member."""

from __future__ import annotations

import torch

from rhm_sweeps.diffusion.undecided import places


def test_all_that_are_chosen_are_there_and_nothing_twice() -> None:
    chosen = (
        torch.rand(5, 40, generator=torch.Generator().manual_seed(0)) < torch.tensor([0, 0.1, 0.5, 0.9, 1])[:, None]
    )
    found = places(chosen)
    assert found.shape == (5, 40)
    assert places(chosen[:4]).shape == (4, int(chosen[3].sum()))
    for member, at in zip(chosen[:4], places(chosen[:4]), strict=True):
        assert len(set(at.tolist())) == len(at)
        assert set(member.nonzero()[:, 0].tolist()) <= set(at.tolist())


def test_where_nothing_is_chosen_there_is_one_place() -> None:
    assert places(torch.zeros(3, 4, dtype=torch.bool)).shape == (3, 1)
