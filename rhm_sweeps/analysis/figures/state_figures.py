"""The figure of what the models have become: at the last point and at the best one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from rhm_sweeps.analysis.figures.axes import GUIDE, Drawing, level_colour, panels, share_axis
from rhm_sweeps.analysis.figures.legends import line, outside_legend, titled
from rhm_sweeps.analysis.figures.parameter_figure import share_looks
from rhm_sweeps.analysis.figures.value_axis import category_axis, scale_axis
from rhm_sweeps.analysis.groups import MOST_FACETS, TRAIN_SIZE, axis_title, is_numeric, sorted_values, value_label
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.grammar.theory import sample_complexity

MOST_MEDIANS = 24
DOT: dict[str, Any] = {"linestyle": "none", "markersize": 3.4, "alpha": 0.5, "markeredgewidth": 0, "rasterized": True}


KEPT = ("color", "marker", "markerfacecolor", "markeredgewidth")


@dataclass(frozen=True)
class View:
    """A panel: trials against a field; `medians` joins the settings by lines."""

    field: str
    trials: pd.DataFrame
    title: str
    medians: bool


def final_state_figure(analysis: SweepAnalysis) -> Drawing | None:
    """Validity, copies and novel-valid share against the axis, a panel per facet; None when only seeds vary.

    With more facets than panels, as in a random search, all trials are drawn against each varied field instead.
    """
    views = _views(analysis)
    if not views:
        return None
    looks = share_looks(analysis.levels)
    same_axis = len({view.field for view in views}) == 1
    figure, axes = panels(len(views), height=3.1, share_x=same_axis)
    for axis, view in zip(axes, views, strict=True):
        _draw(axis, view, looks)
        if view.field == TRAIN_SIZE:
            _sample_complexity(axis, analysis, view.trials)
        axis.set_title(titled(view.title))
        if not same_axis:
            axis.set_xlabel(axis_title(view.field))
    if same_axis:
        figure.supxlabel(axis_title(views[0].field))
    figure.supylabel("share of samples")
    entries = [line(**look) for look in looks.values()]
    if TRAIN_SIZE in {view.field for view in views}:
        entries.append(Line2D([], [], label="$P^*_l = v\\,m^{l+1}$", color=GUIDE, linewidth=0.9, linestyle=":"))
    outside_legend(figure, entries)
    return Drawing("final_state", "Where training ends", _caption(views), figure)


def _views(analysis: SweepAnalysis) -> list[View]:
    groups, trials = analysis.groups, analysis.measured
    if groups.axis is None or trials.empty:
        return []
    facet = trials["group"].map(groups.settings["facet"])
    facets = sorted(facet.unique())
    if len(facets) <= MOST_FACETS:
        few = trials[groups.axis].nunique() <= MOST_MEDIANS
        return [View(groups.axis, trials[facet == item], groups.facet_label(item), medians=few) for item in facets]
    return [View(field, trials, "", medians=False) for field in (groups.axis, *groups.facets)[:MOST_FACETS]]


def _draw(axis: Axes, view: View, looks: dict[str, dict[str, Any]]) -> None:
    x = _field_axis(axis, view)
    for column, look in looks.items():
        axis.plot(x, view.trials[column], **{**DOT, **{name: look[name] for name in look if name in KEPT}})
        if view.medians:
            median = view.trials[column].groupby(x).median()
            joined = {} if is_numeric(view.trials[view.field]) else {"linestyle": "none"}
            axis.plot(median.index, median, markersize=5, **(look | joined | {"label": None}))
    share_axis(axis)


def _field_axis(axis: Axes, view: View) -> pd.Series:
    """Scale the horizontal axis for a field and return where its trials stand on it."""
    values = view.trials[view.field]
    if is_numeric(values):
        scale_axis(axis, values.to_numpy(dtype=np.float64))
        return values
    names = [value_label(value) for value in sorted_values(values)]
    return values.map(value_label).map(dict(zip(names, category_axis(axis, names), strict=True)))


def _sample_complexity(axis: Axes, analysis: SweepAnalysis, trials: pd.DataFrame) -> None:
    """Mark P*_l where all trials of a panel agree on it and it lies inside the axis."""
    grammars = {analysis.grammars[group].model_copy(update={"seed_rules": 0}) for group in trials["group"].unique()}
    if len(grammars) > 1:
        return
    sizes = analysis.measured[TRAIN_SIZE]
    for level, size in enumerate(sample_complexity(next(iter(grammars))), 1):
        if sizes.min() / np.sqrt(2) <= size <= sizes.max() * np.sqrt(2):
            axis.axvline(size, color=level_colour(level), linewidth=0.9, linestyle=":", zorder=0)
            axis.text(size, 1.045, f"$P^*_{level}$", color=level_colour(level), ha="center", va="bottom", fontsize=8)


def _caption(views: list[View]) -> str:
    drawn = "Dots are trials" + (", lines medians over seeds." if views[0].medians else ", all of them in each panel.")
    size = " Dotted: the sample complexity P*_l of the rules at level l." if views[0].field == TRAIN_SIZE else ""
    return f"The models at the last step, and the largest novel-valid share over training (open circles). {drawn}{size}"
