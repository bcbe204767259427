"""The figure of how cost grows: a panel per axis, a step and an evaluation of both sides per member."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from rhm_sweeps.analysis.figures.axes import OKABE_ITO, log2_axis, panels, style
from rhm_sweeps.analysis.figures.figure_style import STYLES
from rhm_sweeps.analysis.figures.legends import line, outside_legend

LABELS = {
    "members": "members of a pack",
    "width": "width",
    "layers": "depth $L$ ($2^L$ tokens)",
    "timesteps": "time steps $T$",
    "train_size": "training strings $P$",
    "samples": "samples per evaluation",
}
CURVES: dict[str, dict[str, Any]] = {
    "plain_ms_per_step": {"color": OKABE_ITO[1], "linestyle": (0, (3, 2))},
    "ours_ms_per_step": {"color": OKABE_ITO[1]},
    "plain_s_per_evaluation": {"color": OKABE_ITO[6], "linestyle": (0, (3, 2))},
    "ours_s_per_evaluation": {"color": OKABE_ITO[6]},
}
NAMES = ("a step, plain loop", "a step, ours", "an evaluation, plain loop", "an evaluation, ours")


def draw_growth(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write the figure of measured rows."""
    axes_of = list(dict.fromkeys(row["axis"] for row in rows))
    with style():
        figure, axes = panels(len(axes_of), share_x=False)
        for axis, name in zip(axes, axes_of, strict=True):
            _draw(axis, name, [row for row in rows if row["axis"] == name])
        figure.supylabel("seconds per member")
        outside_legend(figure, [line(name, **look) for name, look in zip(NAMES, CURVES.values(), strict=True)])
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=STYLES["screen"].dots_per_inch)


def _draw(axis: Axes, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    values = [row["value"] for row in rows]
    for cost, look in CURVES.items():
        unit = 1e-3 if "_ms_" in cost else 1.0
        axis.plot(values, [row[cost] * unit for row in rows], marker="o", markersize=3.5, **look)
    axis.set_yscale("log")
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    if name == "layers":
        axis.set_xticks(values)
    else:
        log2_axis(axis, "x", values)
    axis.set_xlabel(LABELS[name])
