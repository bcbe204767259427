"""How figures look: colours that colour-blind readers can tell apart, axes in powers of two, panels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator

from rhm_sweeps.analysis.figures.figure_style import STYLES

STYLE: dict[Any, Any] = {
    "font.size": 8.5,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.edgecolor": "#444444",
    "axes.titlelocation": "left",
    "figure.labelsize": 9,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "lines.linewidth": 1.5,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": 8,
    "legend.title_fontsize": 8.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.constrained_layout.h_pad": 0.06,
    "figure.constrained_layout.w_pad": 0.06,
    "svg.hashsalt": "rhm-sweeps",
}
OKABE_ITO = ("#56B4E9", "#0072B2", "#009E73", "#CC79A7", "#5E3C99", "#8C510A", "#E69F00", "#999999")
COPIES = "#D55E00"
NOVEL = "#222222"
GUIDE = "#777777"
MOST_TICKS = 6
WIDE_IN, NARROW_IN = STYLES["screen"].wide_in, STYLES["screen"].narrow_in


@dataclass(frozen=True)
class Drawing:
    """A finished figure: `name` is its file's stem, `caption` a plain sentence or two."""

    name: str
    title: str
    caption: str
    figure: Figure

    @property
    def narrow(self) -> bool:
        """Whether it has one panel."""
        return bool(self.figure.get_figwidth() < WIDE_IN)


@contextmanager
def style(look: str = "screen") -> Iterator[None]:
    """Draw inside this block, in a style of `STYLES`; nothing of it stays in matplotlib's global settings."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({**STYLE, **STYLES[look].settings})
        yield


def level_colour(level: int) -> str:
    """The colour of rule level l = 1, 2, ...; the same in every figure."""
    return OKABE_ITO[(level - 1) % len(OKABE_ITO)]


def scale_colour(name: str) -> str:
    """The colour of a time scale: that of its level for tau_rule_1.., that of copies for tau_mem."""
    kind, _, which = name.rpartition("_")
    return level_colour(int(which)) if kind == "tau_rule" else COPIES


def sequence_colours(count: int, *, ordered: bool) -> list[Any]:
    """Colours of the values of an axis: viridis, dark to light, for numbers; Okabe-Ito for names."""
    if not ordered:
        return [OKABE_ITO[i % len(OKABE_ITO)] for i in range(count)]
    return list(mpl.colormaps["viridis"](np.linspace(0, 0.88, count) if count > 1 else [0.3]))


def panels(count: int, *, columns: int = 3, height: float = 2.3, share_x: bool = True) -> tuple[Figure, list[Axes]]:
    """A figure with `count` panels on common axes; sizes in inches, `height` per row."""
    columns = min(columns, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(WIDE_IN if columns > 1 else NARROW_IN, height * rows + 0.4), layout="constrained")
    axes = list(figure.subplots(rows, columns, sharex=share_x, sharey=True, squeeze=False).flat)
    for spare in axes[count:]:
        spare.set_visible(False)
        axes[axes.index(spare) - columns].xaxis.set_tick_params(labelbottom=True)
    return figure, axes[:count]


def share_axis(axes: Axes) -> None:
    """Scale the vertical axis for shares, 0 to 1."""
    axes.set_ylim(-0.03, 1.03)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "0.5", "", "1"])


def log2_axis(axes: Axes, which: str, values: Sequence[float]) -> None:
    """Scale an axis by powers of two and label at most six of them in plain numbers.

    Args:
        which: `x` or `y`.
        values: what the axis must show; positive.
    """
    low, high = float(np.log2(min(values))), float(np.log2(max(values)))
    stride = max(1, int(np.ceil((high - low) / (MOST_TICKS - 1))))
    powers = np.arange(np.ceil(low - 1e-9), high + 1e-9)
    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log", base=2)
    axis.set_major_locator(FixedLocator(list(2.0 ** powers[::stride])))
    axis.set_minor_locator(FixedLocator(list(2.0**powers)) if stride > 1 and len(powers) < 30 else NullLocator())
    axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(FuncFormatter(lambda value, _: power_label(value)))


def loss_axis(axes: Axes) -> None:
    """Scale the vertical axis logarithmically, with ticks at 1, 2 and 5 of each decade in plain numbers."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def power_label(value: float) -> str:
    """Write a power of two: 1/8, 4096, and beyond 65536 as a power."""
    if 2**-7 <= value < 1:
        return f"1/{1 / value:.0f}"
    return f"{value:.0f}" if 1 <= value <= 2**16 else f"$2^{{{round(np.log2(value))}}}$"
