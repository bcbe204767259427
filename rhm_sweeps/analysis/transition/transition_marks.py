"""Where curves over noise have their transition: half of the overlap, and the peak of the susceptibility."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
HALF = 0.5
PEAK_POINTS = 5
"""Points through which the parabola of a peak goes, by least squares."""


def half_crossings(noise: Floats, overlap: Floats) -> Floats:
    """Noise at which each curve first falls below 1/2, interpolated linearly; NaN where it never does or starts below.

    Args:
        noise: ascending, shape (K,).
        overlap: shape (..., K).
    """
    if len(noise) < 2:
        return np.full(overlap.shape[:-1], np.nan)
    below = overlap < HALF
    first = below.argmax(-1)
    crosses = below.any(-1) & (first > 0)
    after = np.maximum(first, 1)
    (high, low) = (np.take_along_axis(overlap, place[..., None], -1)[..., 0] for place in (after - 1, after))
    with np.errstate(divide="ignore", invalid="ignore"):
        part = (high - HALF) / (high - low)
        return np.where(crosses, noise[after - 1] + part * (noise[after] - noise[after - 1]), np.nan)


def peaks(noise: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Noise and height of each curve's peak: of the parabola through the points around the largest one.

    Where these make no parabola that bends down and peaks among them, the largest point itself. NaN where that is the first or
    the last one known: then the peak may lie outside.

    Args:
        noise: ascending, shape (K,).
        values: shape (..., K), NaN where not known.
    """
    curves = values.reshape(-1, values.shape[-1])
    found = np.full((len(curves), 2), np.nan)
    known = np.isfinite(curves)
    for mask in np.unique(known, axis=0):
        alike = np.flatnonzero((known == mask).all(1))
        found[alike] = _peaks(noise[mask], curves[alike][:, mask])
    where, height = found.T
    return where.reshape(values.shape[:-1]), height.reshape(values.shape[:-1])


def _peaks(noise: Floats, curves: Floats) -> Floats:
    """Noise and height of the peaks of curves (N, K) that are known everywhere: (N, 2)."""
    found = np.full((len(curves), 2), np.nan)
    if len(noise) < 3:
        return found
    largest = curves.argmax(1)
    for place in np.unique(largest[(largest > 0) & (largest < len(noise) - 1)]):
        rows = np.flatnonzero(largest == place)
        half = min(PEAK_POINTS // 2, place, len(noise) - 1 - place)
        around = slice(place - half, place + half + 1)
        found[rows] = _vertices(noise[around] - noise[place], curves[rows, around])
        found[rows, 0] += noise[place]
    return found


def _vertices(x: Floats, curves: Floats) -> Floats:
    """Place and height of the vertex of the parabola through each curve (N, K), or its middle point, where x is 0: (N, 2)."""
    bend, slope, height = np.polyfit(x, curves.T, 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        vertex = -slope / (2 * bend)
        peaked = (bend < 0) & (vertex >= x[0]) & (vertex <= x[-1])
        middle = curves[:, len(x) // 2]
        return np.stack([np.where(peaked, vertex, 0.0), np.where(peaked, height + slope * vertex / 2, middle)], 1)


def values_at(noise: Floats, values: Floats, places: Floats) -> Floats:
    """Each curve (..., K) at its own noise (...), interpolated linearly; NaN where that or a neighbour is not known."""
    curves, at = values.reshape(-1, values.shape[-1]), places.ravel()
    found = [
        np.interp(place, noise, curve) if np.isfinite(place) else np.nan
        for place, curve in zip(at, curves, strict=True)
    ]
    return np.array(found).reshape(places.shape)
