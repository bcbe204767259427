"""Thresholds and peaks of curves whose own are known."""

from __future__ import annotations

import numpy as np
import pytest

from rhm_sweeps.analysis.transition.transition_marks import half_crossings, peaks, values_at

NOISE = np.linspace(0, 1, 41)
CENTRES = np.array([0.21, 0.4375, 0.8])


def sigmoids(centres: np.ndarray, noise: np.ndarray = NOISE) -> np.ndarray:
    return 1 / (1 + np.exp((noise - centres[..., None]) / 0.03))


def test_sigmoids_cross_at_their_centres() -> None:
    assert half_crossings(NOISE, sigmoids(CENTRES)) == pytest.approx(CENTRES, abs=0.002)
    stacked = sigmoids(CENTRES)[:, None].repeat(2, 1)
    assert half_crossings(NOISE, stacked) == pytest.approx(np.stack([CENTRES, CENTRES], 1), abs=0.002)


def test_a_line_crosses_exactly_on_an_uneven_grid() -> None:
    noise = np.array([0.0, 0.1, 0.15, 0.7, 1.0])
    assert float(half_crossings(noise, 1 - 0.9 * noise)) == pytest.approx(0.5 / 0.9)


@pytest.mark.parametrize("overlap", [[0.9, 0.8, 0.7], [0.4, 0.3, 0.1], [np.nan] * 3])
def test_what_never_falls_to_half_or_starts_below_has_no_threshold(overlap: list[float]) -> None:
    assert np.isnan(half_crossings(np.array([0.1, 0.2, 0.3]), np.array(overlap)))


def test_one_strength_has_neither_threshold_nor_peak() -> None:
    assert np.isnan(half_crossings(np.array([0.3]), np.array([0.4])))
    assert np.isnan(peaks(np.array([0.3]), np.array([2.0]))).all()


def test_the_peak_of_a_parabola_is_found_between_the_points() -> None:
    curves = 3 - 8 * (NOISE - CENTRES[:, None]) ** 2
    where, height = peaks(NOISE, curves)
    assert where == pytest.approx(CENTRES)
    assert height == pytest.approx([3, 3, 3])


def test_a_peak_that_the_noise_does_not_enclose_is_unknown() -> None:
    where, height = peaks(NOISE, np.stack([NOISE, 1 - NOISE, np.full(41, np.nan)]))
    assert np.isnan(where).all()
    assert np.isnan(height).all()


def test_points_that_are_not_known_are_left_out() -> None:
    curve = 3 - 8 * (NOISE - 0.4) ** 2
    curve[[0, 3]] = np.nan
    where, height = peaks(NOISE, curve)
    assert (float(where), float(height)) == (pytest.approx(0.4), pytest.approx(3))


def test_a_peak_of_one_point_is_that_point() -> None:
    where, height = peaks(np.array([0.1, 0.2, 0.3]), np.array([1.0, 1.0 + 1e-3, 1.0]))
    assert (float(where), float(height)) == (pytest.approx(0.2), pytest.approx(1.001))


def test_values_between_the_points() -> None:
    curves = np.stack([NOISE, 2 * NOISE])
    assert values_at(NOISE, curves, np.array([0.33, 0.51])) == pytest.approx([0.33, 1.02])
    assert np.isnan(values_at(NOISE, curves, np.array([np.nan, 0.5]))).tolist() == [True, False]
