"""The phase diagram as a figure: regimes over training-set size and step, with the time scales as boundaries."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rhm_sweeps.analysis.figures.axes import Drawing, log2_axis, panels, scale_colour
from rhm_sweeps.analysis.figures.legends import outside_legend, titled
from rhm_sweeps.analysis.figures.lines import left_out
from rhm_sweeps.analysis.figures.phase_cells import cell_edges, draw_cells, tinted
from rhm_sweeps.analysis.groups import MOST_FACETS, TRAIN_SIZE, axis_title, spread
from rhm_sweeps.analysis.laws.phase_diagram import PhaseDiagram, phase_diagrams
from rhm_sweeps.analysis.phrases import scale_label
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.analysis.trials.regimes import UNTRAINED, regime_names, regime_words

MOST_SIZES = 48
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
        draw_cells(axis, diagram)
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


def _boundaries(axis: Axes, diagram: PhaseDiagram) -> None:
    table = diagram.boundaries
    for name in map(str, table):
        colour = scale_colour(name)
        axis.plot(table.index, table[name], color=colour, **_look(name))
        late = table[table[name] > table["tau_mem_copies"]]
        axis.plot(late.index, late[name], color=colour, **OPEN)


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
        Patch(facecolor=tinted(name, 1.0, levels), label=regime_words(name))
        for name in reversed(regime_names(levels))
        if name in found
    ]
    drawn = {
        name: None for diagram in diagrams for name in diagram.boundaries if diagram.boundaries[name].notna().any()
    }
    lines = [Line2D([], [], label=scale_label(name), color=scale_colour(name), **_look(name)) for name in sorted(drawn)]
    outside_legend(figure, [*areas, *lines])
