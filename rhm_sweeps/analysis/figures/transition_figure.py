"""The figure of the forward-backward transition: trained models as points, exact inference as lines."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rhm_sweeps.analysis.figures.axes import GUIDE, NARROW_IN, NOVEL, WIDE_IN, Drawing, level_colour, share_axis, style
from rhm_sweeps.analysis.figures.legends import line, outside_legend, titled
from rhm_sweeps.analysis.figures.lines import left_out
from rhm_sweeps.analysis.groups import spread
from rhm_sweeps.analysis.transition.transition import SettingTransition, Transition

MOST_COLUMNS = 4
NOISE = {
    "epsilon": r"noise $\varepsilon$",
    "uniform": r"noise $1-\bar\alpha_t$",
    "masked": "share of tokens masked",
    "gaussian": r"noise $1-\bar\alpha_t$",
}
POINTS: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 2.6, "elinewidth": 0.9}
CAPTION = (
    "Strings are noised and denoised. Above: the share of the symbols of each level that are unchanged; level {levels} is the "
    "class, level 0 the tokens. Below: the susceptibility of the changes of tokens. Lines are exact inference on the same rules, "
    "strings and noise{points}. Vertical lines mark where half of the class is lost: dashed, exact inference{marks}."
)


def transition_figure(transition: Transition) -> Drawing:
    """Draw a column per setting: P(unchanged) per level above, the susceptibility below; points have errors of one sigma."""
    settings = spread(list(transition.settings), MOST_COLUMNS)
    with style():
        figure, rows = _grid(len(settings))
        for setting, top, bottom in zip(settings, *rows, strict=True):
            _draw_levels(top, setting)
            _draw(bottom, setting, "susceptibility", NOVEL)
            _mark(top, setting)
            _mark(bottom, setting)
            top.set_title(titled(setting.label, 30))
            bottom.set_xlabel(NOISE[setting.process])
        rows[0][0].set_ylabel("share unchanged")
        rows[1][0].set_ylabel(r"susceptibility $\chi$")
        share_axis(rows[0][0])
        outside_legend(figure, _entries(settings))
    caption = _caption(settings) + left_out(len(settings), len(transition.settings))
    return Drawing("transition", "Forward-backward transition", caption, figure)


def _grid(columns: int) -> tuple[Figure, list[list[Axes]]]:
    """Two rows of panels: the rows share their vertical axis, the columns their horizontal one."""
    width = NARROW_IN if columns == 1 else max(WIDE_IN, 2.3 * columns)
    figure = Figure(figsize=(width, 5.2), layout="constrained")
    grid = figure.subplots(2, columns, sharex="col", sharey="row", squeeze=False, height_ratios=(3, 2))
    return figure, [list(row) for row in grid]


def _draw_levels(axes: Axes, setting: SettingTransition) -> None:
    for level in range(1, setting.num_layers + 1):
        _draw(axes, setting, f"unchanged_{level}", level_colour(level))
    _draw(axes, setting, "tokens_changed", NOVEL, from_one=True)


def _draw(axes: Axes, setting: SettingTransition, curve: str, colour: str, *, from_one: bool = False) -> None:
    """Draw exact inference as a line with a band of one sigma, the model as points; with `from_one`, 1 - the curve."""
    rows = setting.curves[setting.curves["curve"] == curve]
    noise = rows["noise"]
    exact, error = _values(rows, "exact", from_one), rows["exact_error"]
    axes.plot(noise, exact, color=colour, linewidth=1.3)
    axes.fill_between(noise, exact - error, exact + error, color=colour, alpha=0.18, linewidth=0)
    if setting.model is not None:
        values = _values(rows, "model", from_one)
        axes.errorbar(noise, values, rows["model_error"], color=colour, **POINTS)


def _values(rows: pd.DataFrame, source: str, from_one: bool) -> pd.Series:
    return 1 - rows[source] if from_one else rows[source]


def _mark(axes: Axes, setting: SettingTransition) -> None:
    """Thresholds: dashed of exact inference, a band of one sigma of the model, dotted of theory."""
    if setting.exact.threshold.known:
        axes.axvline(setting.exact.threshold.value, color=GUIDE, linewidth=0.9, linestyle="--", zorder=0)
    if setting.model is not None and setting.model.threshold.known:
        value, error = setting.model.threshold.value, setting.model.threshold.error
        axes.axvspan(value - error, value + error, color=GUIDE, alpha=0.25, linewidth=0, zorder=0)
    if setting.theory.known:
        axes.axvline(setting.theory.value, color=GUIDE, linewidth=0.9, linestyle=":", zorder=0)


def _entries(settings: list[SettingTransition]) -> list[Line2D]:
    depth = max(setting.num_layers for setting in settings)
    entries = [line(f"level {level}", color=level_colour(level)) for level in range(depth, 0, -1)]
    entries += [line("tokens", color=NOVEL), line("exact", color=GUIDE)]
    if any(setting.model is not None for setting in settings):
        entries.append(line("trained", color=GUIDE, linestyle="none", marker="o", markersize=4.5))
    return entries


def _caption(settings: list[SettingTransition]) -> str:
    trained = any(setting.model is not None for setting in settings)
    theory = ", dotted, exact inference of infinitely deep trees" if any(s.theory.known for s in settings) else ""
    if all(setting.process == "epsilon" for setting in settings):
        theory = ", dotted, epsilon* of theory"
    depths = sorted({setting.num_layers for setting in settings})
    return CAPTION.format(
        levels=" or ".join(map(str, depths)),
        points=", points trained models, with errors of one sigma" if trained else "",
        marks=(", grey band, the model with its error" if trained else "") + theory,
    )
