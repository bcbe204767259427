"""The figure of groups against each other: differences with their intervals."""

from __future__ import annotations

import textwrap
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from rhm_sweeps.analysis.figures.axes import GUIDE, NOVEL, OKABE_ITO, Drawing, panels
from rhm_sweeps.analysis.groups import symbol, value_label
from rhm_sweeps.analysis.parameters.comparison import SIGNIFICANT, Comparison
from rhm_sweeps.analysis.phrases import plain
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.analysis.trials.outcomes import outcome_of

MOST_ROWS, LABEL_LETTERS, MOST_TICKS = 12, 26, 3
TOLD, OPEN = OKABE_ITO[1], "white"
CAPTION = (
    "Means of the second value minus the first, with 95 % intervals (Student's t on pairs, Welch's where trials are not matched), "
    "on settings that agree in all else and, where they can, in their seeds; n: pairs, or trials of both. Time scales in doublings of "
    "the step. Filled: told from chance after Holm's correction for all comparisons of the figure's table. Pairs that share a seed "
    "share a grammar and may not be wholly independent."
)


def comparison_figure(analysis: SweepAnalysis) -> Drawing | None:
    """Differences between the values of categorical and two-valued parameters; None without any."""
    return draw_comparison(analysis.comparison)


def draw_comparison(found: Comparison) -> Drawing | None:
    """Draw a panel per outcome and a row per pair of values; the rows with the smallest p-values where there are many."""
    table = found.table.assign(label=[pair_label(row) for row in found.table.to_dict("records")])
    if table.empty:
        return None
    surest = table.groupby("label", sort=False)["p_value"].min().sort_values(kind="stable").index
    labels = [label for label in table["label"].unique() if label in surest[:MOST_ROWS]]
    outcomes = list(table["outcome"].unique())
    figure, axes = panels(len(outcomes), height=0.85 + 0.34 * len(labels), share_x=False)
    for axis, outcome in zip(axes, outcomes, strict=True):
        _panel(axis, table[table["outcome"] == outcome].set_index("label").reindex(labels))
        axis.set_title(outcome_of(outcome).title)
        axis.set_xlabel("doublings of the step" if outcome_of(outcome).is_step else "difference")
    axes[0].set_yticks(range(len(labels)), [textwrap.fill(plain(label), LABEL_LETTERS) for label in labels])
    axes[0].set_ylim(len(labels) - 0.4, -0.6)
    figure.legend(handles=_entries(), loc="outside upper left", ncols=2)
    more = f" The {MOST_ROWS} rows with the smallest p-values of {len(surest)}." if len(surest) > MOST_ROWS else ""
    return Drawing("comparisons", "Values against each other", CAPTION + more, figure)


def pair_label(row: dict[object, object]) -> str:
    """`model: bp_unet → transformer`."""
    return f"{symbol(str(row['parameter']))}: {value_label(row['a'])} → {value_label(row['b'])}"


def _panel(axis: Axes, rows: pd.DataFrame) -> None:
    axis.axvline(0, color=GUIDE, linewidth=0.8, zorder=0)
    axis.xaxis.set_major_locator(MaxNLocator(MOST_TICKS))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    for place, row in enumerate(rows.to_dict("records")):
        if pd.isna(row["difference"]):
            continue
        told = row["p_holm"] < SIGNIFICANT
        axis.plot([row["low"], row["high"]], [place, place], color=TOLD if told else NOVEL, linewidth=1.4)
        axis.plot(row["difference"], place, **_mark(told))
        number = f"n = {row['pairs']}" if row["pairs"] else f"n = {row['n_a']:.0f}, {row['n_b']:.0f}"
        axis.annotate(number, (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=6.5, color=GUIDE)


def _mark(told: bool) -> dict[str, Any]:
    colour = TOLD if told else NOVEL
    return {
        "marker": "o",
        "linestyle": "none",
        "markersize": 5,
        "color": colour,
        "markerfacecolor": colour if told else OPEN,
    }


def _entries() -> list[Line2D]:
    words = {True: "told from chance (Holm)", False: "not told from chance"}
    return [Line2D([], [], label=label, **_mark(told)) for told, label in words.items()]
