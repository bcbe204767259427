"""Crossings of many curves at once, against one curve at a time and brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rhm_sweeps.analysis.trials.crossings import crossing, crossings

VALUE = st.one_of(st.floats(0, 1), st.just(math.nan))


def by_hand(steps: np.ndarray, values: np.ndarray, threshold: float, *, for_good: bool) -> float:
    """Walk along the curve."""
    points = [(math.log2(x), y) for x, y in zip(steps, values, strict=True) if math.isfinite(y)]
    found = math.nan
    for place, (x, y) in enumerate(points):
        if y < threshold:
            found = math.nan if for_good else found
        elif math.isnan(found):
            before, low = points[max(place - 1, 0)]
            found = 2.0 ** (x if place == 0 else before + (threshold - low) / (y - low) * (x - before))
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(VALUE, min_size=6, max_size=6), min_size=1, max_size=5), st.floats(0.05, 0.95), st.booleans())
def test_many_curves_are_as_one_by_one(curves: list[list[float]], threshold: float, for_good: bool) -> None:
    steps, values = 2.0 ** np.arange(6), np.array(curves)
    found = crossings(np.broadcast_to(steps, values.shape), values, np.full(len(values), threshold), for_good=for_good)
    expected = [by_hand(steps, curve, threshold, for_good=for_good) for curve in values]
    assert found == pytest.approx(expected, nan_ok=True)
    assert crossing(steps, values[0], threshold, for_good=for_good) == pytest.approx(expected[0], nan_ok=True)


def test_each_curve_has_its_own_steps_and_threshold() -> None:
    steps = np.array([[1, 2, 4], [8, 16, math.nan]])
    values = np.array([[0.0, 0.5, 1.0], [0.0, 1.0, math.nan]])
    assert crossings(steps, values, [0.75, 0.5]) == pytest.approx([2**1.5, 2**3.5])


def test_an_infinite_threshold_is_never_reached() -> None:
    assert math.isnan(crossing([1, 2], [0.0, 1.0], math.inf))
    assert math.isnan(crossing([1, 2], [0.0, 1.0], math.inf, for_good=True))


def test_leading_axes_are_kept() -> None:
    values = np.random.default_rng(0).random((3, 4, 6))
    found = crossings(2.0 ** np.arange(6), values, 0.7)
    assert found.shape == (3, 4)
    assert found[2, 1] == pytest.approx(crossing(2.0 ** np.arange(6), values[2, 1], 0.7), nan_ok=True)
