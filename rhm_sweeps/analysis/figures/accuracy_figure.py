"""The figure of classifiers: how well the class of a noised string is told, against the noise."""

from __future__ import annotations

import re

from matplotlib.axes import Axes

from rhm_sweeps.analysis.figures.axes import Drawing, panels, share_axis
from rhm_sweeps.analysis.figures.curve_figures import BAND, FLOOR, TRAIN
from rhm_sweeps.analysis.figures.legends import line, outside_legend, titled
from rhm_sweeps.analysis.figures.lines import Lines
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis

CAPTION = (
    "Accuracy of the predicted class at the last evaluation point, over equal windows of noising time; means over "
    "seeds, bands from the smallest to the largest. Solid: test strings, dashed: training strings. Dotted: chance, 1/n."
)


def accuracy_figure(analysis: SweepAnalysis) -> Drawing | None:
    """Accuracy of classifiers against t / T; None for a sweep without classifiers."""
    windows = sorted(
        int(found[1])
        for name in analysis.curves.columns.unique(0)
        if (found := re.fullmatch(r"test_accuracy_time_(\d+)", name))
    )
    if not windows:
        return None
    lines = Lines(analysis)
    figure, axes = panels(len(lines.facets), height=3.1)
    for axis, facet in zip(axes, lines.facets, strict=True):
        for group, colour in lines.of_facet(facet):
            _accuracy(axis, analysis, group, windows, color=colour)
            axis.axhline(1 / analysis.grammars[group].num_classes, zorder=0, **FLOOR)
        share_axis(axis)
        axis.set_xlim(0, 1)
        axis.set_title(titled(analysis.groups.facet_label(facet)))
    figure.supylabel("accuracy of the class")
    figure.supxlabel("noising time t / T")
    kinds = [line("test", color="#444444"), line("train", color="#444444", **TRAIN), line("chance", **FLOOR)]
    outside_legend(figure, [*lines.entries, *kinds], lines.title)
    return Drawing("accuracy", "Accuracy of the class against noise", CAPTION + lines.note, figure)


def _accuracy(axis: Axes, analysis: SweepAnalysis, group: int, windows: list[int], color: object) -> None:
    """Draw the last row of a setting, each window at its middle."""
    middles = [(window - 0.5) / len(windows) for window in windows]
    last = analysis.curves.loc[group].iloc[-1]
    for split, look in (("test", {}), ("train", TRAIN)):
        table = last[[f"{split}_accuracy_time_{window}" for window in windows]].unstack()
        axis.plot(middles, table["mean"], color=color, **look)
        if split == "test":
            axis.fill_between(middles, table["min"], table["max"], color=color, **BAND)
