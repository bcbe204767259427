"""Means and errors of numbers whose spread is known."""

from __future__ import annotations

import numpy as np
import pytest

from rhm_sweeps.analysis.transition.estimates import UNKNOWN, Estimate, estimate, means_and_errors

GENERATOR = np.random.default_rng(0)


def test_one_trial_has_the_error_of_its_resamples() -> None:
    values = np.concatenate([[5.0], GENERATOR.normal(5, 0.3, 4000)])[None]
    found = estimate(values)
    assert found.value == 5
    assert found.error == pytest.approx(0.3, rel=0.05)
    assert found.interval == pytest.approx((5 - 1.96 * found.error, 5 + 1.96 * found.error))


def test_trials_that_differ_add_their_spread() -> None:
    """Resamples that all trials share do not average out; the spread between trials does."""
    shared, own = GENERATOR.normal(0, 0.3, 2001), np.array([1.0, 2.0, 3.0, 4.0])
    shared[0] = 0.0
    found = estimate(own[:, None] + shared)
    assert found.value == 2.5
    assert found.error == pytest.approx(np.hypot(0.3, own.std(ddof=1) / 2), rel=0.05)


def test_without_resamples_the_error_is_that_between_trials_or_unknown() -> None:
    assert estimate(np.array([[1.0], [3.0]])) == Estimate(2.0, 1.0)
    assert np.isnan(estimate(np.array([[1.0]])).error)
    assert str(estimate(np.array([[1.0]]))) == "1.000"


def test_a_mean_over_trials_of_which_one_has_no_value_is_unknown() -> None:
    found = estimate(np.array([[1.0, 1.1, 0.9], [np.nan, 1.0, 1.0]]))
    assert not found.known
    assert np.isnan(found.error)


def test_few_resamples_without_a_value_are_left_out_and_many_make_the_error_unknown() -> None:
    values = np.concatenate([[0.0], GENERATOR.normal(0, 1, 1000)])
    values[1:30] = np.nan
    assert estimate(values[None]).error == pytest.approx(1, rel=0.1)
    values[1:200] = np.nan
    assert np.isnan(estimate(values[None]).error)


def test_curves_are_estimated_point_by_point() -> None:
    values = GENERATOR.normal(size=(3, 50, 4))
    means, errors = means_and_errors(values)
    each = [estimate(values[:, :, point]) for point in range(4)]
    assert means == pytest.approx([one.value for one in each])
    assert errors == pytest.approx([one.error for one in each])


def test_differences_and_words() -> None:
    assert Estimate(3.0, 0.3) - Estimate(1.0, 0.4) == Estimate(2.0, pytest.approx(0.5))
    assert str(Estimate(0.2254, 0.0041)) == "0.225 ± 0.004"
    assert str(UNKNOWN) == "-"
