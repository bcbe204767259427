"""The figure of the measured sample complexity of each level beside that of theory, v m^(l+1) (arXiv 2502.12089)."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from rhm_sweeps.analysis.figures.axes import GUIDE, Drawing, level_colour, log2_axis, panels
from rhm_sweeps.analysis.figures.complexity_figure import grammar_markers, level_entries
from rhm_sweeps.analysis.figures.legends import outside_legend
from rhm_sweeps.analysis.laws.sample_complexity import LevelComplexity, level_complexities
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis

POINT: dict[str, Any] = {"linestyle": "none", "markersize": 6, "markeredgecolor": "white", "markeredgewidth": 0.7}
BOUND: dict[str, Any] = {"linestyle": "none", "markersize": 6, "markerfacecolor": "white", "markeredgewidth": 1.2}
EQUAL: dict[str, Any] = {"color": GUIDE, "linewidth": 1, "linestyle": (0, (6, 3))}
ASIDE = 0.05
"""Doublings between points of settings with one complexity, which would cover each other."""
CAPTION = (
    "P*_l, the training-set size from which on level l comes half-way from chance to the sampler's ceiling before copies begin, "
    "beside the theory. Bars: 95 % bootstrap intervals over seeds. Open arrows are bounds: reached at the smallest size already "
    "(down), or not reached at the largest (up). Points of equal theory stand side by side."
)


def complexity_law_figure(analysis: SweepAnalysis) -> Drawing | None:
    """P*_l with its interval against v m^(l+1); None unless it is known, or bounded, for a level."""
    found = level_complexities(analysis)
    if not found:
        return None
    figure, (axis,) = panels(1, height=3.3)
    markers, settings = grammar_markers(found), list(dict.fromkeys(item.key for item in found))
    aside = {key: 2 ** (ASIDE * (place - (len(settings) - 1) / 2)) for place, key in enumerate(settings)}
    for item in found:
        _draw(axis, item, item.theory * aside[item.key], markers[item.grammar])
    sizes = [float(size) for item in found for size in (item.sizes[0], item.sizes[-1])]
    theory = [float(item.theory) for item in found]
    ends = np.array([min(theory) / 2, max(theory) * 2])
    axis.plot(ends, ends, zorder=0, **EQUAL)
    log2_axis(axis, "x", ends.tolist())
    log2_axis(axis, "y", [min(sizes), max(sizes)])
    axis.set_ylim(min(sizes) / 1.5, max(sizes) * 1.5)
    figure.supxlabel("sample complexity by theory, $v\\,m^{l+1}$")
    figure.supylabel("measured, $P^*_l$")
    equal = Line2D([], [], label="$P^*_l = v\\,m^{l+1}$", **EQUAL)
    outside_legend(figure, [*level_entries(found), equal])
    return Drawing("sample_complexity_law", "Sample complexity, measured and by theory", CAPTION, figure)


def _draw(axis: Axes, item: LevelComplexity, x: float, marker: str) -> None:
    colour = level_colour(item.level)
    smallest, largest = float(item.sizes[0]), float(item.sizes[-1])
    if item.place != "inside":
        below = item.place == "below"
        axis.plot(x, smallest if below else largest, color=colour, marker="v" if below else "^", **BOUND)
        return
    if not np.isnan(item.low):
        ends = [max(item.low, smallest), min(item.high, largest)]
        axis.plot([x, x], ends, color=colour, linewidth=1.6)
    axis.plot(x, item.size, color=colour, marker=marker, **POINT)
