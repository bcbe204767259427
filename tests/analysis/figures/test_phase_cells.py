"""The cells of a phase diagram."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from rhm_sweeps.analysis.figures.axes import COPIES, level_colour
from rhm_sweeps.analysis.figures.phase_cells import cell_edges, regime_colour, tinted


def test_edges_are_halfway_between_in_logarithms() -> None:
    assert cell_edges(np.array([1.0, 4.0, 16.0])) == pytest.approx([0.5, 2, 8, 32])
    assert cell_edges(np.array([2.0])) == pytest.approx([2**0.5, 2**1.5])


def test_a_regime_has_the_colour_of_its_deepest_level() -> None:
    names = ["partial_2", "generalizing", "memorizing"]
    assert [regime_colour(name, 4) for name in names] == [level_colour(2), level_colour(4), COPIES]


def test_cells_that_seeds_disagree_on_are_paler() -> None:
    certain, half, full = tinted("memorizing", 1.0, 3), tinted("memorizing", 0.5, 3), to_rgb(COPIES)
    assert all(1 > pale > dark > colour for pale, dark, colour in zip(half[1:], certain[1:], full[1:], strict=True))
    assert tinted("untrained", 0.5, 3) == tinted("untrained", 1.0, 3)
