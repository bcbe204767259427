"""Where curves cross a threshold: the one definition of every time scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def crossings(steps: ArrayLike, values: ArrayLike, thresholds: ArrayLike, *, for_good: bool = False) -> Floats:
    """First step at which each curve reaches its threshold, interpolated linearly in log2(step); NaN where it never does.

    With `for_good`, the step after which it never falls below it again. Values that are not finite are left out; a curve
    that reaches the threshold at its first point gives that step, an upper bound.

    Args:
        steps: ascending optimizer steps, shape (..., K) with K >= 1, NaN beyond the last.
        values: shape (..., K).
        thresholds: shape (...).
    """
    y = np.asarray(values, dtype=np.float64)
    x = np.broadcast_to(np.log2(np.maximum(np.asarray(steps, dtype=np.float64), 1)), y.shape)
    x, y = known_first(x, y)
    bound = np.broadcast_to(np.asarray(thresholds, dtype=np.float64), y.shape[:-1])
    first, hit = _first_for_good(y, bound) if for_good else _first(y, bound)
    before = np.maximum(first - 1, 0)
    (x_0, x_1), (y_0, y_1) = ((_at(curve, before), _at(curve, first)) for curve in (x, y))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        part = np.where(first > 0, (bound - y_0) / (y_1 - y_0), 0.0)
        return np.where(hit, np.exp2(x_0 + part * (x_1 - x_0)), np.nan)


def crossing(steps: ArrayLike, values: ArrayLike, threshold: float, *, for_good: bool = False) -> float:
    """`crossings` of one curve, (K,) with K >= 0."""
    if not np.size(values):
        return float("nan")
    return float(crossings(steps, values, threshold, for_good=for_good))


def known_first(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Both (..., K) with the points where y is not finite moved to the end, and NaN there; the others keep their order."""
    known = np.isfinite(y)
    if (known[..., 1:] & ~known[..., :-1]).any():
        order = np.argsort(~known, axis=-1, kind="stable")
        x, y, known = (np.take_along_axis(values, order, -1) for values in (x, y, known))
    return x, y if known.all() else np.where(known, y, np.nan)


def _first(y: Floats, bound: Floats) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    reached = y >= bound[..., None]
    first = reached.argmax(-1)
    return first, np.asarray(_at(reached, first), dtype=np.bool_)


def _first_for_good(y: Floats, bound: Floats) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """The point after the last one below the bound; there must be one."""
    below, points = y < bound[..., None], y.shape[-1]
    first = np.where(below.any(-1), points - below[..., ::-1].argmax(-1), 0)
    hit = first < np.isfinite(y).sum(-1)
    return np.minimum(first, points - 1), hit & np.isfinite(bound)


def _at(curves: NDArray[Any], places: NDArray[np.intp]) -> NDArray[Any]:
    return np.take_along_axis(curves, places[..., None], -1)[..., 0]
