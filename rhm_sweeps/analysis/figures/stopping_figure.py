"""The figure of what early stopping costs and saves."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rhm_sweeps.analysis.figures.axes import COPIES, GUIDE, OKABE_ITO, WIDE_IN, Drawing, share_axis
from rhm_sweeps.analysis.figures.legends import line, outside_legend
from rhm_sweeps.analysis.figures.value_axis import value_axis
from rhm_sweeps.analysis.laws.early_stopping import COPIED, LOSS_GAP, LOWEST, NEVER, PATIENCE, RULES, early_stopping
from rhm_sweeps.analysis.parameters.value_bins import ValueBins, value_bins
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis

LOOKS: dict[str, dict[str, Any]] = {
    LOSS_GAP: {"color": OKABE_ITO[1], "marker": "o"},
    COPIED: {"color": COPIES, "marker": "D"},
    LOWEST: {"color": OKABE_ITO[2], "marker": "s", "linestyle": ":"},
    PATIENCE: {"color": OKABE_ITO[3], "marker": "^"},
    NEVER: {"color": GUIDE, "marker": "x", "linestyle": (0, (4, 2))},
}
RULE = "rule"
ASIDE = 0.12
MARK: dict[str, Any] = {"markersize": 5, "linewidth": 1.3}
CAPTION = (
    "Left: by how much the share of novel valid strings at the checkpoint that a rule keeps falls short of the trial's best. "
    "Right: the share of the trial's steps after the rule ends training. Medians over trials, bands between the quartiles. "
    "The rule where the losses part is that of arXiv 2505.16959; the lowest test loss is known in hindsight only."
)


def stopping_figure(analysis: SweepAnalysis) -> Drawing | None:
    """Cost and steps saved of each rule against the axis of the sweep; None where none would have ended a trial early."""
    trials = early_stopping(analysis).trials
    if trials.empty or trials["saved"].max() <= 0:
        return None
    figure = Figure(figsize=(WIDE_IN, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    axis = analysis.groups.axis
    for panel, column in ((left, "cost"), (right, "saved")):
        if axis is None:
            _by_rule(panel, trials, column)
        else:
            values = analysis.measured[axis].reindex(trials["signature"])
            _by_value(panel, trials, column, value_bins(values.reset_index(drop=True).set_axis(trials.index)))
    share_axis(right)
    left.set_ylim(bottom=-0.03 * max(left.get_ylim()[1], 0.01))
    left.set_ylabel("novel valid: best minus kept")
    right.set_ylabel("share of steps saved")
    outside_legend(figure, [line(RULES[rule], **MARK, **LOOKS[rule]) for rule in trials[RULE].unique()])
    return Drawing("early_stopping", "What early stopping costs and saves", CAPTION, figure)


def _by_value(panel: Axes, trials: pd.DataFrame, column: str, bins: ValueBins) -> None:
    places = value_axis(panel, bins)
    quantiles = trials.groupby([RULE, bins.of_trial], sort=False)[column].quantile([0.25, 0.5, 0.75]).unstack()
    for rule in trials[RULE].unique():
        table, look = quantiles.loc[rule].sort_index(), dict(LOOKS[rule])
        x = places[table.index.to_numpy(dtype=int)]
        if bins.numeric:
            panel.fill_between(x, table[0.25], table[0.75], color=look["color"], alpha=0.1, linewidth=0)
        else:
            look["linestyle"] = "none"
            x = x + ASIDE * (list(LOOKS).index(rule) - (len(LOOKS) - 1) / 2)
            panel.vlines(x, table[0.25], table[0.75], color=look["color"], alpha=0.4, linewidth=4)
        panel.plot(x, table[0.5], **MARK, **look)


def _by_rule(panel: Axes, trials: pd.DataFrame, column: str) -> None:
    """Without an axis each rule has a place of its own: its trials, and their median in front."""
    rules = list(trials[RULE].unique())
    for place, rule in enumerate(rules):
        values = trials.loc[trials[RULE] == rule, column]
        look = {**LOOKS[rule], "linestyle": "none"}
        panel.plot([place] * len(values), values, alpha=0.4, **MARK, **look)
        panel.plot(place, values.median(), **look, markersize=8)
    panel.set_xticks([])
    panel.set_xlim(-0.5, len(rules) - 0.5)
