"""The horizontal axis of figures that are drawn against a swept parameter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from rhm_sweeps.analysis.figures.axes import log2_axis
from rhm_sweeps.analysis.groups import axis_title
from rhm_sweeps.analysis.parameters.value_bins import ValueBins
from rhm_sweeps.analysis.phrases import plain

MOST_LABELS = 6
DECADE = 8
"""A positive parameter whose largest value is this many times its smallest is drawn on a logarithmic axis."""
LEGIBLE = 32
"""Letters that fit side by side below a panel."""


def value_axis(axis: Axes, bins: ValueBins) -> NDArray[np.float64]:
    """Scale and title the axis for a field; return where each of its values stands, shape (K,)."""
    axis.set_xlabel(axis_title(bins.field))
    if not bins.numeric:
        return category_axis(axis, bins.labels)
    places = np.array(bins.values, dtype=np.float64)
    if not scale_axis(axis, places) and len(places) <= MOST_LABELS and not bins.binned:
        axis.set_xticks(places, list(bins.labels))
    return places


def category_axis(axis: Axes, labels: Sequence[str]) -> NDArray[np.float64]:
    """Name the places 0 .. K-1 of an axis and return them, shape (K,)."""
    crowded = max(map(len, labels)) * len(labels) > LEGIBLE
    turned: dict[str, Any] = {"rotation": 30, "ha": "right"} if crowded else {}
    axis.set_xticks(range(len(labels)), [plain(label) for label in labels], **turned)
    axis.set_xlim(-0.5, len(labels) - 0.5)
    return np.arange(len(labels), dtype=np.float64)


def scale_axis(axis: Axes, values: NDArray[np.float64]) -> bool:
    """Make the axis logarithmic if the values, shape (N,), ask for it; return whether it is."""
    low, high = values.min(), values.max()
    if not 0 < DECADE * low <= high:
        return False
    if low >= 1:
        log2_axis(axis, "x", values.tolist())
    else:
        axis.set_xscale("log")
    return True
