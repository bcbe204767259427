"""The cells of a phase diagram: one per training-set size and evaluation point, in the colour of its regime."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgb
from numpy.typing import NDArray

from rhm_sweeps.analysis.figures.axes import COPIES, level_colour
from rhm_sweeps.analysis.laws.phase_diagram import PhaseDiagram
from rhm_sweeps.analysis.trials.regimes import MEMORIZING, UNTRAINED, level_of

TINT, FAINT = 0.45, 0.28
"""How much of a colour is left in the area of a regime that all seeds are in, and in one that just half of them are in."""
EMPTY = "#ECECEC"
WIDER = 2**0.5


def draw_cells(axis: Axes, diagram: PhaseDiagram) -> None:
    """One quadrilateral per size and step; a row of cells per size, as sizes may have steps of their own."""
    columns = diagram.regimes.columns
    across = cell_edges(columns.to_numpy(dtype=np.float64))
    for column, (left, right) in zip(columns, pairwise(across), strict=True):
        names = diagram.regimes[column].dropna()
        if names.empty:
            continue
        shares = diagram.shares[column].reindex(names.index)
        colours = [tinted(name, share, diagram.levels) for name, share in zip(names, shares, strict=True)]
        up = cell_edges(names.index.to_numpy(dtype=np.float64))
        numbers = np.arange(len(names))[:, None]
        axis.pcolormesh(
            [left, right],
            up,
            numbers,
            cmap=ListedColormap(colours),
            vmin=0,
            vmax=max(len(names) - 1, 1),
            rasterized=True,
        )


def cell_edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Edges of cells around ascending positive values, (K,) to (K + 1,): geometric means, and as far beyond the ends."""
    if len(values) == 1:
        return np.array([values[0] / WIDER, values[0] * WIDER])
    middle = np.sqrt(values[1:] * values[:-1])
    return np.concatenate([[values[0] ** 2 / middle[0]], middle, [values[-1] ** 2 / middle[-1]]])


def tinted(name: str, share: float, levels: int) -> tuple[float, float, float]:
    """The regime's colour mixed with white, the more so the less the seeds agree."""
    if name == UNTRAINED:
        return to_rgb(EMPTY)
    part = FAINT + (TINT - FAINT) * max(0.0, 2 * share - 1)
    red, green, blue = (1 - part * (1 - channel) for channel in to_rgb(regime_colour(name, levels)))
    return red, green, blue


def regime_colour(name: str, levels: int) -> str:
    """The colour of a regime: that of the deepest level that is learned in it, of copies, or grey."""
    if name in (UNTRAINED, MEMORIZING):
        return EMPTY if name == UNTRAINED else COPIES
    return level_colour(level_of(name) or levels)
