"""The figure of which parameter matters: a heat map of shares of the variance."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rhm_sweeps.analysis.figures.axes import NARROW_IN, WIDE_IN, Drawing
from rhm_sweeps.analysis.groups import symbol
from rhm_sweeps.analysis.parameters.sensitivity import FOREST, GRID, Sensitivity
from rhm_sweeps.analysis.phrases import plain, share_text
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.analysis.trials.outcomes import outcome_of

MOST_PARAMETERS = 12
NOISE = "between seeds"
SHADES = "Blues"
ALONE = 0.02
"""A parameter's share alone is written beside its total from this difference on."""
GRID_CAPTION = (
    "Exact decomposition over the settings, each counted once, with the noise taken out (omega squared). A share includes the "
    "parameter's interactions, so that a column can sum to more than 1; “alone” leaves them out. "
)
NO_REPLICAS = "With one trial per setting the highest interaction counts as noise. "
FOREST_CAPTION = (
    "Marked “forest”: half the growth of the out-of-bag error of a random forest when the parameter is permuted, with its "
    "interactions; R² is what the forest explains of trials it has not seen. "
)


def sensitivity_figure(analysis: SweepAnalysis) -> Drawing | None:
    """Share of each outcome's variance by parameter; None where no share is known."""
    return draw_sensitivity(analysis.sensitivity)


def draw_sensitivity(found: Sensitivity) -> Drawing | None:
    """Draw the total shares, parameters by outcomes, with the largest on top, and the noise below them."""
    known = found.known
    if known.empty:
        return None
    total = found.shares.pivot(index="parameter", columns="outcome", values="total")[list(known["outcome"])]
    total = total.loc[total.mean(axis=1).sort_values(ascending=False).index[:MOST_PARAMETERS]]
    main = found.shares.pivot(index="parameter", columns="outcome", values="main").reindex_like(total)
    noise = known.set_index("outcome")[["noise"]].T
    shares = pd.concat([total, noise]) if noise.notna().any(axis=None) else total
    width = WIDE_IN if len(known) > 4 else NARROW_IN
    figure = Figure(figsize=(width, 0.42 * len(shares) + 1.0), layout="constrained")
    axis = figure.subplots()
    _paint(axis, shares, len(total))
    _write(axis, shares, main)
    axis.set_yticks(range(len(shares)), [*map(_row_name, total.index), NOISE][: len(shares)])
    axis.set_xticks(range(len(known)), [_heading(row) for _, row in known.iterrows()])
    return Drawing("sensitivity", "Which parameter matters", _caption(found), figure)


def _paint(axis: Axes, shares: pd.DataFrame, parameters: int) -> None:
    colours = mpl.colormaps[SHADES].with_extremes(bad="#F2F2F2")
    axis.imshow(np.ma.masked_invalid(shares.to_numpy()), cmap=colours, vmin=0, vmax=1, aspect="auto")
    if len(shares) > parameters:
        axis.axhline(parameters - 0.5, color="white", linewidth=4)
    axis.tick_params(length=0, top=False, labeltop=True, labelbottom=False)
    for spine in axis.spines.values():
        spine.set_visible(False)


def _write(axis: Axes, shares: pd.DataFrame, main: pd.DataFrame) -> None:
    """Write the shares into their cells, in white on dark ones."""
    for row, field in enumerate(shares.index):
        for column, outcome in enumerate(shares.columns):
            share = shares.at[field, outcome]
            alone = main.at[field, outcome] if field in main.index else np.nan
            text = share_text(share)
            if abs(share - alone) >= ALONE:
                text += f"\nalone {share_text(alone)}"
            colour = "white" if share > 0.6 else "#222222"
            axis.text(column, row, text, ha="center", va="center", fontsize=7.5, color=colour, linespacing=0.95)


def _row_name(field: str) -> str:
    name = symbol(field)
    return f"${name}$" if len(name) == 1 else plain(name)


def _heading(row: pd.Series) -> str:
    title = outcome_of(row["outcome"]).title.replace(", ", "\n")
    how = f"forest, R² {row['explained']:.2f}" if row["method"] == FOREST else ""
    return "\n".join(part for part in (title, how, f"{row['trials']:,} trials") if part)


def _caption(found: Sensitivity) -> str:
    known = found.known
    grid = known[known["method"] == GRID]
    text = "Share of the variance over the trials that goes with each parameter; time scales as log2(step). "
    if len(grid):
        text += GRID_CAPTION + ("" if grid["replicated"].all() else NO_REPLICAS)
    if (known["method"] == FOREST).any():
        text += FOREST_CAPTION
    follow = ", ".join(symbol(field) for field in found.parameters.following)
    return (
        text
        + (f"Left out, since other parameters determine it: {follow}. " if follow else "")
        + ("Shares hold for the values that were swept: a wider range moves more.")
    )
