"""Points of many trials as arrays."""

from __future__ import annotations

import numpy as np
import pytest

from rhm_sweeps.analysis.trials.point_grid import PointGrid


def test_rows_are_trials_in_the_order_of_the_plan(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64, 128), seeds=2), length={1: 3, 2: 0})
    laid_out = PointGrid.of_results(results, ["copies", "hamming"])
    assert laid_out.steps.shape == (4, 13)
    assert laid_out.counts.tolist() == [13, 3, 0, 13]
    for row, signature in enumerate(results.trials.index):
        points = results.points[results.points["signature"] == signature]
        assert laid_out.steps[row, : len(points)].tolist() == points["step"].tolist()
        assert laid_out["copies"][row, : len(points)].tolist() == points["copies"].tolist()
        assert np.isnan(laid_out["copies"][row, len(points) :]).all()


def test_points_of_other_trials_are_left_out(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64,), seeds=3))
    some = type(results)("some", results.trials.iloc[[2]], results.points, {})
    assert PointGrid.of_results(some, ["copies"]).steps.shape == (1, 13)


def test_the_last_point_is_that_of_each_trial(make_sweep, grid) -> None:
    laid_out = PointGrid.of_results(make_sweep(grid(sizes=(64,), seeds=3), length={0: 5, 1: 0}), ["copies"])
    assert laid_out.last(laid_out.steps) == pytest.approx([16, np.nan, 4096], nan_ok=True)


def test_what_nobody_measured_is_nan(make_sweep) -> None:
    for trials in ([], [{}]):
        laid_out = PointGrid.of_results(make_sweep(trials), ["copies"])
        assert laid_out["no_such_metric"].shape == laid_out.steps.shape
        assert np.isnan(laid_out["no_such_metric"]).all()
    assert np.isnan(PointGrid.of_results(make_sweep([{}]), ["no_such_metric"])["no_such_metric"]).all()


def test_one_trial_without_points_has_one_empty_column() -> None:
    laid_out = PointGrid.of_trial({"step": [], "copies": []}, ["copies"])
    assert laid_out.steps.shape == (1, 1)
    assert laid_out.counts.tolist() == [0]
