"""The phase diagram as a figure: regimes over training-set size and step, with the time scales as boundaries."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from rhm_sweeps.analysis.axes import COPIES, Drawing, level_colour, log2_axis, panels
from rhm_sweeps.analysis.groups import TRAIN_SIZE, axis_title, spread
from rhm_sweeps.analysis.legends import outside_legend, titled
from rhm_sweeps.analysis.lines import MOST_FACETS, left_out
from rhm_sweeps.analysis.phase_diagram import PhaseDiagram, phase_diagrams
from rhm_sweeps.analysis.regimes import MEMORIZING, UNTRAINED, level_of, regime_names, regime_words
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis

TINT, FAINT = 0.45, 0.28
"""How much of a colour is left in the area of a regime that all seeds are in, and in one that just half of them are in."""
MOST_SIZES = 48
EMPTY = "#ECECEC"
WIDER = 2**0.5
BOUNDARY: dict[str, Any] = {
    "linewidth": 1.8,
    "marker": "o",
    "markersize": 3.6,
    "markeredgecolor": "white",
    "markeredgewidth": 0.6,
}
OPEN: dict[str, Any] = {
    "linestyle": "none",
    "marker": "o",
    "markersize": 4,
    "markerfacecolor": "white",
    "markeredgewidth": 1.1,
}
QUIET = 4
"""How many times smaller than the first step with another regime than `untrained` the smallest step is that is shown."""
CAPTION = (
    "The regime that most seeds are in, by training-set size and step: a model memorizes when its copies exceed chance, else it "
    "generalizes when the class rule is learned, else it is partial up to the deepest level that is. Paler cells: seeds disagree. "
    "White: no points. Lines are medians over seeds of τ_rule per level, solid, and of τ_mem by copies, dashed; "
    "they end where half of the seeds did not get there. Open circles: the level became valid after copies began."
)


def phase_figure(analysis: SweepAnalysis) -> Drawing | None:
    """Regimes over P and step, a panel per facet, both axes logarithmic; None unless train_size takes two values in one."""
    shown = [_thinned(diagram) for diagram in phase_diagrams(analysis, MOST_FACETS)]
    if not shown:
        return None
    levels = max(diagram.levels for diagram in shown)
    figure, axes = panels(len(shown), height=3.3)
    for axis, diagram in zip(axes, shown, strict=True):
        _cells(axis, diagram)
        _boundaries(axis, diagram)
        axis.set_title(titled(diagram.label))
    _scale(axes, shown)
    figure.supxlabel(axis_title(TRAIN_SIZE))
    figure.supylabel("step")
    _legend(figure, shown, levels)
    some = left_out(sum(len(diagram.boundaries) for diagram in shown), len(analysis.settings))
    return Drawing("phase_diagram", "Phase diagram: regimes over training-set size and step", CAPTION + some, figure)


def _thinned(diagram: PhaseDiagram) -> PhaseDiagram:
    """The diagram with at most `MOST_SIZES` of its sizes."""
    sizes = spread(list(diagram.regimes.columns), MOST_SIZES)
    boundaries = diagram.boundaries[diagram.boundaries.index.isin(sizes)]
    return replace(diagram, regimes=diagram.regimes[sizes], shares=diagram.shares[sizes], boundaries=boundaries)


def regime_colour(name: str, levels: int) -> str:
    """The colour of a regime: that of the deepest level that is learned in it, of copies, or grey."""
    if name in (UNTRAINED, MEMORIZING):
        return EMPTY if name == UNTRAINED else COPIES
    return level_colour(level_of(name) or levels)


def cell_edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Edges of cells around ascending positive values, (K,) to (K + 1,): geometric means, and as far beyond the ends."""
    if len(values) == 1:
        return np.array([values[0] / WIDER, values[0] * WIDER])
    middle = np.sqrt(values[1:] * values[:-1])
    return np.concatenate([[values[0] ** 2 / middle[0]], middle, [values[-1] ** 2 / middle[-1]]])


def _cells(axis: Axes, diagram: PhaseDiagram) -> None:
    """One quadrilateral per size and step; a row of cells per size, as sizes may have steps of their own."""
    columns = diagram.regimes.columns
    across = cell_edges(columns.to_numpy(dtype=np.float64))
    for column, (left, right) in zip(columns, pairwise(across), strict=True):
        names = diagram.regimes[column].dropna()
        if names.empty:
            continue
        shares = diagram.shares[column].reindex(names.index)
        colours = [_tinted(name, share, diagram.levels) for name, share in zip(names, shares, strict=True)]
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


def _tinted(name: str, share: float, levels: int) -> tuple[float, float, float]:
    """The regime's colour mixed with white, the more so the less the seeds agree."""
    if name == UNTRAINED:
        return to_rgb(EMPTY)
    part = FAINT + (TINT - FAINT) * max(0.0, 2 * share - 1)
    red, green, blue = (1 - part * (1 - channel) for channel in to_rgb(regime_colour(name, levels)))
    return red, green, blue


def _boundaries(axis: Axes, diagram: PhaseDiagram) -> None:
    table = diagram.boundaries
    for name in map(str, table):
        colour = _line_colour(name)
        axis.plot(table.index, table[name], color=colour, **_look(name))
        late = table[table[name] > table["tau_mem_copies"]]
        axis.plot(late.index, late[name], color=colour, **OPEN)


def _line_colour(scale: str) -> str:
    return COPIES if scale == "tau_mem_copies" else level_colour(int(scale.rpartition("_")[2]))


def _look(scale: str) -> dict[str, Any]:
    return BOUNDARY | ({"linestyle": (0, (4, 2))} if scale == "tau_mem_copies" else {})


def _scale(axes: list[Axes], diagrams: list[PhaseDiagram]) -> None:
    """Common logarithmic axes that end with the cells, and start shortly before something happens."""
    across, up = (
        [
            edge
            for diagram in diagrams
            for edge in cell_edges(getattr(diagram.regimes, name).to_numpy(dtype=np.float64))[[0, -1]]
        ]
        for name in ("columns", "index")
    )
    starts = [
        float(diagram.regimes.index[place])
        for diagram in diagrams
        if (place := int((diagram.regimes.notna() & (diagram.regimes != UNTRAINED)).any(axis=1).to_numpy().argmax()))
    ]
    low = max(min(up), min(starts, default=0.0) / QUIET)
    for axis in axes:
        log2_axis(axis, "x", across)
        log2_axis(axis, "y", [low, max(up)])
        axis.set_xlim(min(across), max(across))
        axis.set_ylim(low, max(up))


def _legend(figure: Figure, diagrams: list[PhaseDiagram], levels: int) -> None:
    """The regimes that occur, from the last to the first, then the lines that are drawn."""
    found = {name for diagram in diagrams for name in diagram.regimes.stack().unique()}
    areas = [
        Patch(facecolor=_tinted(name, 1.0, levels), label=regime_words(name))
        for name in reversed(regime_names(levels))
        if name in found
    ]
    drawn = {
        name: None for diagram in diagrams for name in diagram.boundaries if diagram.boundaries[name].notna().any()
    }
    lines = [Line2D([], [], label=_label(name), color=_line_colour(name), **_look(name)) for name in sorted(drawn)]
    outside_legend(figure, [*areas, *lines])


def _label(scale: str) -> str:
    return r"$\tau_{mem}$, copies" if scale == "tau_mem_copies" else rf"$\tau_{{rule}}({scale.rpartition('_')[2]})$"
