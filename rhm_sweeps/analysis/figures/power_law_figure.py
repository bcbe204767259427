"""The figure of the exponents with which time scales grow with P."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from rhm_sweeps.analysis.figures.axes import GUIDE, Drawing, panels, scale_colour
from rhm_sweeps.analysis.figures.legends import line, outside_legend, titled
from rhm_sweeps.analysis.figures.lines import left_out
from rhm_sweeps.analysis.groups import MOST_FACETS, spread
from rhm_sweeps.analysis.laws.power_laws import FLAT, LINEAR, TimeScaleLaw, time_scale_laws
from rhm_sweeps.analysis.phrases import scale_label
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis

DOT: dict[str, Any] = {"marker": "o", "markersize": 5.5, "markeredgecolor": "white", "markeredgewidth": 0.7}
ROW_IN = 0.3
ROOM = 0.08
CAPTION = (
    "Exponent a of the fit τ ~ P^a to each time scale, with its 95 % bootstrap interval over trials. Memorization is "
    "expected to slow down in proportion to P (a = 1, arXiv 2505.16959), and rules to be learned at a pace that P does not "
    "set (a = 0). τ_rule counts where the level is learned before copies begin. No point: fewer than three sizes at "
    "which all trials got there."
)


def power_law_figure(analysis: SweepAnalysis) -> Drawing | None:
    """The exponent and interval of tau_mem and tau_rule(l), a panel per facet; None without any fit."""
    laws = time_scale_laws(analysis)
    known = sorted({entry.facet for entry in laws if entry.law is not None})
    facets = spread(known, MOST_FACETS)
    if not facets:
        return None
    names = list(dict.fromkeys(entry.time_scale for entry in laws))
    columns = min(3, len(facets))
    figure, axes = panels(len(facets), columns=columns, height=ROW_IN * len(names) + 0.5)
    for axis, facet in zip(axes, facets, strict=True):
        _draw(axis, [entry for entry in laws if entry.facet == facet])
        axis.set_yticks(range(len(names)), [scale_label(name) for name in names])
        axis.set_ylim(len(names) - 0.5, -0.5)
        axis.set_title(titled(analysis.groups.facet_label(facet)))
    _make_room(axes[0])
    figure.supxlabel("exponent of $P$")
    looks = {"linewidth": 1, "color": GUIDE}
    outside_legend(
        figure,
        [
            line("fit and 95 % interval", color=GUIDE, **DOT),
            line("flat, 0", linestyle=":", **looks),
            line("linear, 1", linestyle=(0, (6, 3)), **looks),
        ],
    )
    return Drawing("exponents", "Exponents of the time scales", CAPTION + left_out(len(facets), len(known)), figure)


def _draw(axis: Axes, laws: list[TimeScaleLaw]) -> None:
    axis.axvline(FLAT, color=GUIDE, linewidth=1, linestyle=":", zorder=0)
    axis.axvline(LINEAR, color=GUIDE, linewidth=1, linestyle=(0, (6, 3)), zorder=0)
    for place, entry in enumerate(laws):
        if entry.law is not None:
            colour = scale_colour(entry.time_scale)
            axis.plot([entry.law.low, entry.law.high], [place, place], color=colour, linewidth=2.2)
            axis.plot(entry.law.exponent, place, color=colour, **DOT)


def _make_room(axis: Axes) -> None:
    """Both expectations, and some room beside them, are inside the axis that the panels share."""
    low, high = axis.get_xlim()
    axis.set_xlim(min(low, FLAT - ROOM), max(high, LINEAR + ROOM))
