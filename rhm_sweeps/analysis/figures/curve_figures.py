"""Figures of metrics against training steps: losses, validity and copies, novel valid strings."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from rhm_sweeps.analysis.figures.axes import (
    COPIES,
    GUIDE,
    Drawing,
    level_colour,
    log2_axis,
    loss_axis,
    panels,
    share_axis,
)
from rhm_sweeps.analysis.figures.legends import line, outside_legend, titled
from rhm_sweeps.analysis.figures.lines import Lines, left_out
from rhm_sweeps.analysis.groups import spread
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.grammar.theory import bayes_floor, chance_validity

MOST_GROUPS = 12
BAND: dict[str, Any] = {"alpha": 0.16, "linewidth": 0}
DASHED = (0, (4, 2))
TRAIN: dict[str, Any] = {"linestyle": DASHED, "linewidth": 1.1}
FLOOR: dict[str, Any] = {"color": GUIDE, "linewidth": 1, "linestyle": ":"}
BEST: dict[str, Any] = {"marker": "o", "markersize": 5, "markeredgecolor": "white", "markeredgewidth": 0.8, "zorder": 3}
WINDOW = "#E6E6E6"
LOSS_CAPTION = (
    "Train loss (dashed) and test loss (solid) on fixed (x_t, t) pairs; means over seeds, bands from the smallest to "
    "the largest. Where the solid line leaves the dashed one, the model begins to memorize; a distance at the first "
    "step is the luck of the draw. Dotted: the Bayes floor of discrete processes, "
    "ln(P_max) / (d T)."
)
VALIDITY_CAPTION = (
    "Share of generated s^l blocks that parse at rule level l, counted from the leaves (l = 1) to the class rule "
    "(l = L), and share of samples that copy a training string; means over seeds, bands from the smallest to the "
    "largest. Grey: the innovation window from τ_rule(L) to τ_mem, or to the end if that is not reached."
)
NOVELTY_CAPTION = (
    "Samples that obey all rules and are not in the training set; means over seeds, bands from the smallest to the "
    "largest. The dot marks the best step: training for longer gains nothing, and where the curve falls it costs "
    "novelty."
)


def loss_figure(analysis: SweepAnalysis) -> Drawing:
    """Train and test loss against steps, with the Bayes floor ln(P_max) / (d T)."""
    lines = Lines(analysis)
    figure, axes = panels(len(lines.facets), height=3.1)
    for axis, facet in zip(axes, lines.facets, strict=True):
        for group, colour in lines.of_facet(facet):
            _curve(axis, analysis, group, "test_loss", color=colour)
            _curve(axis, analysis, group, "train_loss", color=colour, **TRAIN)
            if analysis.discrete[group]:
                floor = bayes_floor(analysis.grammars[group], int(analysis.timesteps[group]))
                axis.axhline(floor, zorder=0, **FLOOR)
        loss_axis(axis)
        _steps(axis, analysis)
        axis.set_title(titled(analysis.groups.facet_label(facet)))
    figure.supylabel("loss per token and timestep (nats)" if all(analysis.discrete.values()) else "loss")
    figure.supxlabel("step")
    kinds = [line("test", color="#444444"), line("train", color="#444444", **TRAIN)]
    kinds += [line("Bayes floor", **FLOOR)] if any(analysis.discrete.values()) else []
    outside_legend(figure, [*lines.entries, *kinds], lines.title)
    return Drawing("losses", "Train and test loss", LOSS_CAPTION + lines.note, figure)


def validity_figure(analysis: SweepAnalysis) -> Drawing:
    """Validity per level and copies against steps, one panel per setting."""
    groups = spread(analysis.sampled, MOST_GROUPS)
    facets = analysis.settings["facet"].nunique()
    columns = facets if 1 < facets <= 4 else 4 if len(groups) == 4 or len(groups) > 6 else 3
    height = max(1.9, 6.6 / columns) if len(groups) > columns else 2.8
    figure, axes = panels(len(groups), columns=columns, height=height)
    for axis, group in zip(axes, groups, strict=True):
        _window(axis, analysis, group)
        for level, chance in enumerate(chance_validity(analysis.grammars[group]), 1):
            axis.axhline(chance, color=level_colour(level), linewidth=0.8, linestyle=":", zorder=0)
            _curve(axis, analysis, group, f"validity_{level}", color=level_colour(level))
        _curve(axis, analysis, group, "copies", color=COPIES, linestyle=DASHED)
        share_axis(axis)
        _steps(axis, analysis)
        axis.set_title(titled(analysis.groups.label(group)) if len(groups) > 1 else "")
    figure.supylabel("share")
    figure.supxlabel("step")
    entries = [line(f"valid, level {level}", color=level_colour(level)) for level in range(1, analysis.levels + 1)]
    entries += [line("copies", color=COPIES, linestyle=DASHED), line("chance", **FLOOR)]
    entries += [line("innovation window", color=WINDOW, linewidth=7, solid_capstyle="butt")]
    outside_legend(figure, entries)
    caption = VALIDITY_CAPTION + left_out(len(groups), len(analysis.sampled))
    return Drawing("validity", "Rules learned level by level, and copies", caption, figure)


def novelty_figure(analysis: SweepAnalysis) -> Drawing:
    """Share of samples that are valid and not in the training set, against steps."""
    lines = Lines(analysis)
    figure, axes = panels(len(lines.facets), height=3.1)
    for axis, facet in zip(axes, lines.facets, strict=True):
        for group, colour in lines.of_facet(facet):
            best = _curve(axis, analysis, group, "novel_valid", color=colour)
            if best is not None:
                axis.plot(*best, color=colour, **BEST)
        share_axis(axis)
        _steps(axis, analysis)
        axis.set_title(titled(analysis.groups.facet_label(facet)))
    figure.supylabel("novel and valid, share of samples")
    figure.supxlabel("step")
    outside_legend(figure, [*lines.entries, line("best step", color="#444444", linestyle="none", **BEST)], lines.title)
    return Drawing("novel_valid", "Novel valid strings", NOVELTY_CAPTION + lines.note, figure)


def _curve(axis: Axes, analysis: SweepAnalysis, group: int, metric: str, **look: Any) -> tuple[float, float] | None:
    """Draw mean and band of a metric; return the (step, mean) of its largest mean, None if there is nothing to draw."""
    table = analysis.curves[metric].loc[group].dropna() if (metric, "mean") in analysis.curves else pd.DataFrame()
    if table.empty:
        return None
    axis.plot(table.index, table["mean"], **look)
    axis.fill_between(table.index, table["min"], table["max"], color=look["color"], **BAND)
    return float(table["mean"].idxmax()), float(table["mean"].max())


def _steps(axis: Axes, analysis: SweepAnalysis) -> None:
    steps = analysis.curves.index.get_level_values("step")
    log2_axis(axis, "x", (max(1, steps.min()), max(2, steps.max())))


def _window(axis: Axes, analysis: SweepAnalysis, group: int) -> None:
    row = analysis.settings.loc[group]
    start, end = row[f"tau_rule_{analysis.grammars[group].num_layers}"], row["tau_mem_copies"]
    end = analysis.curves.loc[group].index.max() if pd.isna(end) else end
    if start < end:
        axis.axvspan(start, end, color=WINDOW, linewidth=0, zorder=-1)
