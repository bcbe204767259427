"""The regime of a model at each of its points: untrained, partial, generalizing or memorizing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rhm_sweeps.analysis.trials.point_grid import Floats, PointGrid
from rhm_sweeps.analysis.trials.thresholds import Thresholds, learned_bounds
from rhm_sweeps.config import GrammarConfig

UNTRAINED, GENERALIZING, MEMORIZING = "untrained", "generalizing", "memorizing"
Names = NDArray[np.object_]


def regimes(
    points: Mapping[str, Any],
    grammar: GrammarConfig,
    thresholds: Thresholds | None = None,
    ceiling: tuple[float, ...] | None = None,
) -> Names:
    """The regime of a trial at each of its points, (K,); None where no samples were measured.

    `memorizing`: copies exceed chance; else `generalizing`: level L is learned; `partial_l`, l = 1..L-1: level l is, and no
    deeper one; `untrained`: none is.

    Args:
        points: columns by name (a data frame or arrays of shape (K,)): step, excess_copies, validity_1.. validity_L.
        ceiling: validity that the sampler allows at levels 1..L; None: 1.
    """
    limits, levels = thresholds or Thresholds(), grammar.num_layers
    grid = PointGrid.of_trial(points, regime_metrics(levels))
    bounds = learned_bounds([grammar], limits, [ceiling])
    return regime_grid(grid, bounds, np.array([levels]), limits)[0, : len(points["step"])]


def regime_metrics(levels: int) -> list[str]:
    """The metrics that decide on the regime."""
    return ["excess_copies", *(f"validity_{level}" for level in range(1, levels + 1))]


def regime_grid(grid: PointGrid, bounds: Floats, depths: NDArray[np.intp], thresholds: Thresholds) -> Names:
    """`regimes` of N trials at once, (N, K).

    Args:
        bounds: validity from which levels 1..M count as learned, of `learned_bounds`: (N, M); NaN beyond a trial's depth.
        depths: L of each trial, (N,).
    """
    levels = bounds.shape[1]
    validity = grid.levels("validity", levels)
    learned = validity >= bounds.T[:, :, None]
    deepest = (learned * np.arange(1, levels + 1)[:, None, None]).max(0, initial=0)
    names = np.array([UNTRAINED, *(f"partial_{level}" for level in range(1, levels + 1))], dtype=object)[deepest]
    names[deepest >= depths[:, None]] = GENERALIZING
    names[grid["excess_copies"] >= thresholds.copied] = MEMORIZING
    names[np.isnan(validity[0]) & np.isnan(grid["excess_copies"])] = None
    return np.asarray(names, dtype=np.object_)


def regime_names(levels: int) -> list[str]:
    """All regimes of grammars with at most L levels, from the first to the last."""
    return [UNTRAINED, *(f"partial_{level}" for level in range(1, levels)), GENERALIZING, MEMORIZING]


def level_of(name: str) -> int | None:
    """The deepest level that is learned in a partial regime; None in the others."""
    level = name.partition("_")[2]
    return int(level) if level else None


def regime_words(names: str) -> str:
    """The regimes in a text as people read them: `2 partial (level 1)` for `2 partial_1`."""
    return re.sub(r"_(\d+)", r" (level \1)", names)
