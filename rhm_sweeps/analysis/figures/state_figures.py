"""The figure of what the models have become: at the last point and at the best one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from rhm_sweeps.analysis.figures.axes import COPIES, GUIDE, NOVEL, Drawing, level_colour, log2_axis, panels, share_axis
from rhm_sweeps.analysis.figures.legends import line, outside_legend, plain, titled
from rhm_sweeps.analysis.figures.lines import MOST_FACETS
from rhm_sweeps.analysis.groups import TRAIN_SIZE, axis_title, is_numeric, sorted_values, value_label
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.grammar.theory import sample_complexity

MOST_MEDIANS = 24
DECADE = 8
"""A positive field whose largest value is this many times its smallest is drawn on a logarithmic axis."""
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
    looks = _looks(analysis)
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
    entries = [line(label, **look) for label, look in looks.values()]
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


def _looks(analysis: SweepAnalysis) -> dict[str, tuple[str, dict[str, Any]]]:
    """Column of the trial table -> its name in the legend and how it is drawn."""
    level = level_colour(analysis.levels)
    best = {"color": NOVEL, "marker": "o", "markerfacecolor": "white", "markeredgewidth": 0.9, "linestyle": ":"}
    return {
        "best_novel_valid": ("novel valid, best step", best),
        "last_novel_valid": ("novel valid, last step", {"color": NOVEL, "marker": "o"}),
        "last_validity": ("valid (level L), last step", {"color": level, "marker": "s"}),
        "last_copies": ("copies, last step", {"color": COPIES, "marker": "D", "linestyle": (0, (4, 2))}),
    }


def _draw(axis: Axes, view: View, looks: dict[str, tuple[str, dict[str, Any]]]) -> None:
    x = _field_axis(axis, view)
    for column, (_, look) in looks.items():
        axis.plot(x, view.trials[column], **{**DOT, **{name: look[name] for name in look if name in KEPT}})
        if view.medians:
            median = view.trials[column].groupby(x).median()
            joined = {} if is_numeric(view.trials[view.field]) else {"linestyle": "none"}
            axis.plot(median.index, median, markersize=5, **(look | joined))
    share_axis(axis)


def _field_axis(axis: Axes, view: View) -> pd.Series:
    """Scale the horizontal axis for a field and return where its trials stand on it."""
    values = view.trials[view.field]
    if not is_numeric(values):
        names = [value_label(value) for value in sorted_values(values)]
        axis.set_xticks(range(len(names)), [plain(name) for name in names])
        axis.set_xlim(-0.5, len(names) - 0.5)
        return values.map(value_label).map({name: place for place, name in enumerate(names)})
    if values.min() > 0 and values.max() >= DECADE * values.min():
        if (values == values.round()).all():
            log2_axis(axis, "x", values.tolist())
        else:
            axis.set_xscale("log")
    return values


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
