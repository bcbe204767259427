"""The horizontal axis of figures that are drawn against a swept parameter."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from rhm_sweeps.analysis.figures.axes import log2_axis
from rhm_sweeps.analysis.figures.legends import plain
from rhm_sweeps.analysis.groups import axis_title
from rhm_sweeps.analysis.parameters.value_bins import ValueBins

MOST_LABELS = 6
DECADE = 8
"""A positive parameter whose largest value is this many times its smallest is drawn on a logarithmic axis."""
LEGIBLE = 32
"""Letters that fit side by side below a panel."""


def value_axis(axis: Axes, bins: ValueBins) -> NDArray[np.float64]:
    """Scale and title the axis for a field; return where each of its values stands, shape (K,)."""
    axis.set_xlabel(axis_title(bins.field))
    if not bins.numeric:
        crowded = max(map(len, bins.labels)) * len(bins.labels) > LEGIBLE
        turned: dict[str, Any] = {"rotation": 30, "ha": "right"} if crowded else {}
        axis.set_xticks(range(len(bins.labels)), [plain(label) for label in bins.labels], **turned)
        axis.set_xlim(-0.5, len(bins.labels) - 0.5)
        return np.arange(len(bins.labels), dtype=np.float64)
    places = np.array(bins.values, dtype=np.float64)
    if places[0] > 0 and places[-1] >= DECADE * places[0]:
        if places[0] >= 1:
            log2_axis(axis, "x", places.tolist())
        else:
            axis.set_xscale("log")
    elif len(places) <= MOST_LABELS and not bins.binned:
        axis.set_xticks(places, list(bins.labels))
    return places
