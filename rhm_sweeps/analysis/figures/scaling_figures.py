"""The figure of time scales against the size of the training set."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from rhm_sweeps.analysis.figures.axes import GUIDE, Drawing, log2_axis, panels, scale_colour
from rhm_sweeps.analysis.figures.legends import line, outside_legend, titled
from rhm_sweeps.analysis.groups import MOST_FACETS, TRAIN_SIZE, axis_title, spread
from rhm_sweeps.analysis.phrases import scale_label
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.tracking.trial_summary import rule_scales

DOT: dict[str, Any] = {"linestyle": "none", "markersize": 3.2, "alpha": 0.45, "markeredgewidth": 0, "rasterized": True}
MEDIAN: dict[str, Any] = {"markersize": 5, "markeredgecolor": "white", "markeredgewidth": 0.7, "zorder": 3}
COPIED: dict[str, Any] = {
    "linestyle": "none",
    "markersize": 4.5,
    "markerfacecolor": "white",
    "markeredgewidth": 1.2,
    "zorder": 4,
}
MISSED: dict[str, Any] = {
    "linestyle": "none",
    "marker": "^",
    "markersize": 6,
    "markerfacecolor": "none",
    "markeredgewidth": 1,
    "clip_on": False,
}
CAPTION = (
    "Step at which copies begin (τ_mem), and at which the losses part, beside the step at which each level is "
    "learned (τ_rule). Small dots are trials, lines medians over seeds; triangles stand at the last step of trials "
    "that did not get there. Open squares: the level became valid after copies began, by copying as much as by rules."
)


def time_scale_figure(analysis: SweepAnalysis) -> Drawing | None:
    """tau_mem and tau_rule per level against P, both axes logarithmic; None unless train_size varies."""
    if analysis.groups.axis != TRAIN_SIZE or analysis.measured.empty:
        return None
    facets = spread(sorted(analysis.settings["facet"].unique()), MOST_FACETS)
    figure, axes = panels(len(facets), height=3.4)
    for axis, facet in zip(axes, facets, strict=True):
        groups = analysis.settings[analysis.settings["facet"] == facet]
        trials = analysis.measured[analysis.measured["group"].isin(groups.index)]
        log2_axis(axis, "x", analysis.measured[TRAIN_SIZE].tolist())
        log2_axis(axis, "y", _steps_shown(analysis))
        for name, look in _looks(analysis.levels).items():
            _time_scale(axis, trials, groups, name, look)
        _not_reached(axis, trials, analysis.levels)
        _slope_one(axis, groups)
        axis.set_title(titled(analysis.groups.facet_label(facet)))
    figure.supxlabel(axis_title(TRAIN_SIZE))
    figure.supylabel("step")
    entries = [Line2D([], [], **{**MEDIAN, **look}) for look in _looks(analysis.levels).values()]
    entries += [line("after copies begin", color=GUIDE, marker="s", **COPIED)]
    entries += [
        line("not reached", color=GUIDE, **MISSED),
        line("slope 1", color=GUIDE, linewidth=1, linestyle=(0, (6, 3))),
    ]
    outside_legend(figure, entries)
    return Drawing("time_scales", "Time scales against training-set size", CAPTION, figure)


def _steps_shown(analysis: SweepAnalysis) -> tuple[float, float]:
    scales = analysis.measured[list(_looks(analysis.levels))]
    lowest = np.nanmin(np.r_[scales.to_numpy().ravel(), analysis.measured["last_step"]])
    return max(1.0, float(lowest)), max(2.0, float(analysis.measured["last_step"].max()))


def _looks(levels: int) -> dict[str, dict[str, Any]]:
    """Column of the tables -> how it is drawn."""
    thin: dict[str, Any] = {"linewidth": 1.2}
    rules = {name: {"marker": "s", **thin} for name in rule_scales(levels)}
    looks = {
        "tau_mem_copies": {"marker": "o"},
        "tau_mem_loss": {"marker": "D", "linestyle": (0, (4, 2)), **thin},
        **rules,
    }
    return {name: {"label": scale_label(name), "color": scale_colour(name), **look} for name, look in looks.items()}


def _time_scale(axis: Axes, trials: pd.DataFrame, groups: pd.DataFrame, name: str, look: dict[str, Any]) -> None:
    colour, marker = look["color"], look["marker"]
    axis.plot(trials[TRAIN_SIZE], trials[name], color=colour, marker=marker, **DOT)
    axis.plot(groups[TRAIN_SIZE], groups[name], **{**look, "label": None}, **MEDIAN)
    if name.startswith("tau_rule"):
        copied = groups[groups[name] > groups["tau_mem_copies"]]
        axis.plot(copied[TRAIN_SIZE], copied[name], color=colour, marker=marker, **COPIED)


def _not_reached(axis: Axes, trials: pd.DataFrame, levels: int) -> None:
    """Triangles at the last step, side by side where a trial missed several time scales."""
    looks = {name: look for name, look in _looks(levels).items() if trials[name].isna().any()}
    for place, (name, look) in enumerate(looks.items()):
        missed = trials[trials[name].isna()]
        aside = 2 ** (0.12 * (place - (len(looks) - 1) / 2))
        axis.plot(missed[TRAIN_SIZE] * aside, missed["last_step"], color=look["color"], **MISSED)


def _slope_one(axis: Axes, groups: pd.DataFrame) -> None:
    """A line of slope 1 through the geometric middle of tau_mem, in the background."""
    reached = groups[groups["tau_mem_copies"].notna()]
    if reached.empty:
        return
    ratio = np.exp(np.log(reached["tau_mem_copies"] / reached[TRAIN_SIZE]).mean())
    ends = np.array([groups[TRAIN_SIZE].min(), groups[TRAIN_SIZE].max()])
    limits = axis.get_ylim()
    axis.plot(ends, ratio * ends, color=GUIDE, linewidth=1, linestyle=(0, (6, 3)), zorder=0)
    axis.set_ylim(limits)
