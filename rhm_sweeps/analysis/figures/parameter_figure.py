"""The figure of validity, novelty and copies against each swept parameter."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from rhm_sweeps.analysis.figures.axes import COPIES, NOVEL, Drawing, level_colour, panels, share_axis
from rhm_sweeps.analysis.figures.legends import line, outside_legend
from rhm_sweeps.analysis.figures.value_axis import value_axis
from rhm_sweeps.analysis.groups import symbol
from rhm_sweeps.analysis.parameters.parameter_curves import ParameterCurve, parameter_curves
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis

MOST_PANELS = 6
EDGE: dict[str, Any] = {"alpha": 0.5, "linewidth": 0.6}
CAPTION = (
    "Medians over all trials with a value, whatever their other parameters; bands between the quartiles. {bars}Open "
    "circles: the largest novel-valid share over training; the others are taken at the last step."
)


def parameter_figure(analysis: SweepAnalysis) -> Drawing | None:
    """Medians and quartiles of the shares, a panel per swept parameter (6 at most); None if only seeds vary."""
    curves = parameter_curves(analysis)
    shown = curves[:MOST_PANELS]
    if not shown:
        return None
    figure, axes = panels(len(shown), height=3.0, share_x=False)
    looks = share_looks(analysis.levels)
    bars = len(curves) > 1
    for axis, curve in zip(axes, shown, strict=True):
        places = value_axis(axis, curve.bins)
        for number, (share, look) in enumerate(looks.items()):
            _draw(axis, curve, share, places, look, aside=number - 1.5, bars=bars)
        share_axis(axis)
    figure.supylabel("share of samples")
    outside_legend(figure, [line(**look) for look in looks.values()])
    words = "Bars: ± the standard deviation between seeds of one setting. " if bars else ""
    caption = CAPTION.format(bars=words) + _rest(curves)
    return Drawing("parameters", "Validity and novelty against each parameter", caption, figure)


def share_looks(levels: int) -> dict[str, dict[str, Any]]:
    """Column of the curves -> how it is drawn, in the colours of the other figures."""
    best = {"marker": "o", "markerfacecolor": "white", "markeredgewidth": 0.9, "linestyle": ":"}
    return {
        "best_novel_valid": {"label": "novel valid, best step", "color": NOVEL, **best},
        "last_novel_valid": {"label": "novel valid, last step", "color": NOVEL, "marker": "o"},
        "last_validity": {"label": "valid (level L), last step", "color": level_colour(levels), "marker": "s"},
        "last_copies": {"label": "copies, last step", "color": COPIES, "marker": "D", "linestyle": (0, (4, 2))},
    }


def _draw(
    axis: Axes, curve: ParameterCurve, share: str, places: Any, look: dict[str, Any], *, aside: float, bars: bool
) -> None:
    table, colour = curve.table[share], look["color"]
    look = {name: value for name, value in look.items() if name != "label"} | {"markersize": 4.5, "linewidth": 1.3}
    if curve.bins.numeric:
        axis.fill_between(places, table["low"], table["high"], color=colour, alpha=0.07, linewidth=0)
        axis.plot(places, table[["low", "high"]], color=colour, **EDGE)
    else:
        places = places + 0.12 * aside
        look["linestyle"] = "none"
        axis.vlines(places, table["low"], table["high"], color=colour, alpha=0.35, linewidth=4)
    axis.plot(places, table["median"], **look)
    if bars:
        axis.errorbar(places, table["median"], yerr=table["seeds"], fmt="none", ecolor=colour, elinewidth=0.8)


def _rest(curves: tuple[ParameterCurve, ...]) -> str:
    rest = [symbol(curve.bins.field) for curve in curves[MOST_PANELS:]]
    binned = [symbol(curve.bins.field) for curve in curves[:MOST_PANELS] if curve.bins.binned]
    return (f" In bins of equally many trials: {', '.join(binned)}." if binned else "") + (
        f" Not shown: {', '.join(rest)}." if rest else ""
    )
