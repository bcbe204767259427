"""The curves of one trial: what its samples obey and copy, and its losses, against steps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rhm_sweeps.analysis.figures.axes import (
    COPIES,
    NOVEL,
    Drawing,
    level_colour,
    log2_axis,
    loss_axis,
    share_axis,
    style,
)
from rhm_sweeps.analysis.figures.curve_figures import DASHED, TRAIN, WINDOW
from rhm_sweeps.analysis.figures.legends import line, outside_legend
from rhm_sweeps.analysis.figures.sweep_figures import figure_bytes
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.errors import SweepError

LOSS = "#444444"
SIZE_IN = (7.2, 3.0)
MOST_TRIALS = 200
"""Drawing takes about a quarter of a second a trial."""
CAPTION = (
    "Left: share of generated s^l blocks that parse at rule level l, counted from the leaves, share of samples that copy a "
    "training string, and share that is valid and novel. Grey: from τ_rule(L) to τ_mem, or to the end if that is not reached. "
    "Right: train (dashed) and test loss."
)


def trial_figure(points: pd.DataFrame, scales: Mapping[str, Any], levels: int) -> Drawing | None:
    """The curves of one trial; None without points.

    Args:
        points: its rows of `Results.points`, ascending in `step`.
        scales: its row of `trial_table`.
        levels: L of its grammar.
    """
    if points.empty:
        return None
    figure = Figure(figsize=SIZE_IN, layout="constrained")
    shares, losses = figure.subplots(1, 2)
    _window(shares, scales, levels, points["step"].max())
    for level in range(1, levels + 1):
        _curve(shares, points, f"validity_{level}", color=level_colour(level))
    _curve(shares, points, "copies", color=COPIES, linestyle=DASHED)
    _curve(shares, points, "novel_valid", color=NOVEL)
    _curve(losses, points, "test_loss", color=LOSS)
    _curve(losses, points, "train_loss", color=LOSS, **TRAIN)
    share_axis(shares)
    if losses.lines:
        loss_axis(losses)
    for axis, label in ((shares, "share"), (losses, "loss")):
        axis.set_ylabel(label)
        log2_axis(axis, "x", (max(1, points["step"].min()), max(2, points["step"].max())))
    figure.supxlabel("step")
    entries = [line(f"valid, level {level}", color=level_colour(level)) for level in range(1, levels + 1)]
    entries += [line("copies", color=COPIES, linestyle=DASHED), line("novel and valid", color=NOVEL)]
    outside_legend(figure, [*entries, line("train loss", color=LOSS, **TRAIN), line("test loss", color=LOSS)])
    return Drawing("curves", "Curves of a trial", CAPTION, figure)


def write_trial_figures(analysis: SweepAnalysis, folder: Path, most: int = MOST_TRIALS) -> dict[str, list[Path]]:
    """Write `<signature>/curves.png` and `points.csv` of the first trials that were measured; return the paths by signature.

    Raises:
        SweepError: if the folder cannot be written.
    """
    levels = analysis.results.trials["grammar.num_layers"]
    measured = analysis.trials.index[analysis.trials["last_step"].notna()][:most]
    points = analysis.results.points
    written = {}
    try:
        for signature, own in points[points["signature"].isin(measured)].groupby("signature", sort=False):
            drawing = _drawn(own, analysis.trials.loc[signature], int(levels[signature]))
            paths = [folder / str(signature) / name for name in ("curves.png", "points.csv")]
            paths[0].parent.mkdir(parents=True, exist_ok=True)
            paths[0].write_bytes(figure_bytes(drawing, "png"))
            own.drop(columns="signature").dropna(axis="columns", how="all").to_csv(paths[1], index=False)
            written[str(signature)] = paths
    except OSError as error:
        raise SweepError(f"cannot write the figures of trials to {folder}: {error.strerror or error}") from error
    return written


def _drawn(points: pd.DataFrame, scales: Mapping[str, Any], levels: int) -> Drawing:
    with style():
        drawing = trial_figure(points, scales, levels)
    if drawing is None:
        raise ValueError("a trial without points has no figure")
    return drawing


def _curve(axis: Axes, points: pd.DataFrame, metric: str, **look: Any) -> None:
    """Draw what is finite of a metric, if there is anything."""
    if metric not in points:
        return
    known = points[np.isfinite(points[metric])]
    if len(known):
        axis.plot(known["step"], known[metric], marker="o", markersize=2.5, **look)


def _window(axis: Axes, scales: Mapping[str, Any], levels: int, last_step: float) -> None:
    start, end = scales[f"tau_rule_{levels}"], scales["tau_mem_copies"]
    end = last_step if pd.isna(end) else end
    if start < end:
        axis.axvspan(start, end, color=WINDOW, linewidth=0, zorder=-1)
