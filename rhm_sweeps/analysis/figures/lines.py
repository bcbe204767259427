"""Which settings of a sweep become lines of a figure, in which panel and colour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from matplotlib.lines import Line2D

from rhm_sweeps.analysis.figures.axes import sequence_colours
from rhm_sweeps.analysis.figures.legends import line
from rhm_sweeps.analysis.groups import MOST_FACETS, axis_title, is_numeric, spread, value_label
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis

MOST_LINES = 8


@dataclass(frozen=True)
class Lines:
    """Which groups become lines: their panels (one per facet), colours and labels."""

    analysis: SweepAnalysis

    @cached_property
    def facets(self) -> list[int]:
        return spread(sorted(self.analysis.settings["facet"].unique()), MOST_FACETS)

    @cached_property
    def values(self) -> list[Any]:
        """The values of the axis that are drawn, in order; [None] without an axis."""
        axis, settings = self.analysis.groups.axis, self.analysis.settings
        shown = settings[settings["facet"].isin(self.facets)]
        return spread(list(shown[axis].drop_duplicates()) if axis else [None], MOST_LINES)

    @cached_property
    def colours(self) -> list[Any]:
        axis = self.analysis.groups.axis
        ordered = axis is None or is_numeric(self.analysis.settings[axis])
        return sequence_colours(len(self.values), ordered=ordered)

    def of_facet(self, facet: int) -> Iterator[tuple[int, Any]]:
        """Yield (group, colour) of each line of a panel."""
        axis, settings = self.analysis.groups.axis, self.analysis.settings
        rows = settings[settings["facet"] == facet]
        for value, colour in zip(self.values, self.colours, strict=True):
            for group in rows.index if axis is None else rows.index[[_same(item, value) for item in rows[axis]]]:
                yield int(group), colour

    @property
    def entries(self) -> list[Line2D]:
        if self.analysis.groups.axis is None:
            return []
        return [line(value_label(value), color=colour) for value, colour in zip(self.values, self.colours, strict=True)]

    @property
    def title(self) -> str:
        return axis_title(self.analysis.groups.axis) if self.analysis.groups.axis else ""

    @property
    def note(self) -> str:
        """Say what is left out, if anything."""
        settings = self.analysis.settings
        shown = sum(1 for facet in self.facets for _ in self.of_facet(facet))
        return left_out(shown, len(settings))


def left_out(shown: int, count: int) -> str:
    """The end of a caption: how many settings a figure shows, if not all."""
    return "" if shown == count else f" {shown} of {count} settings are shown, evenly spaced."


def _same(a: Any, b: Any) -> bool:
    return bool(a == b) or value_label(a) == value_label(b) == "default"
