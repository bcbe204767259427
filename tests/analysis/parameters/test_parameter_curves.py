"""The shares against each parameter in sweeps whose shares are set by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rhm_sweeps.analysis.parameters.parameter_curves import parameter_curves
from rhm_sweeps.analysis.parameters.value_bins import BINS
from rhm_sweeps.analysis.sweep_analysis import analyze

WIDTHS = (32, 64, 128)


def test_medians_and_quartiles_are_those_of_all_trials_with_a_value(make_sweep, grid) -> None:
    """The share is width / 1000 + P / 10000 + a deviation by seed: at one width, four sizes and two seeds."""
    analysis = analyze(make_sweep(grid(sizes=(64, 128, 256, 512), seeds=2, model__width=WIDTHS)))
    trials = analysis.trials
    deviation = np.tile([-0.01, 0.01], len(trials) // 2)
    trials["last_novel_valid"] = trials["model.width"] / 1000 + trials["training.train_size"] / 10000 + deviation
    curves = {curve.bins.field: curve for curve in parameter_curves(analysis)}
    assert set(curves) == {"model.width", "training.train_size"}
    width = curves["model.width"]
    assert list(width.table.index) == list(WIDTHS)
    assert width.trials == (8, 8, 8)
    for value in WIDTHS:
        shares = trials.loc[trials["model.width"] == value, "last_novel_valid"]
        assert width.table.at[value, ("last_novel_valid", "median")] == pytest.approx(shares.median())
        assert width.table.at[value, ("last_novel_valid", "low")] == pytest.approx(np.percentile(shares, 25))
        assert width.table.at[value, ("last_novel_valid", "high")] == pytest.approx(np.percentile(shares, 75))
        # Two seeds at +-0.01 have standard deviation 0.01 * sqrt(2), in every setting.
        assert width.table.at[value, ("last_novel_valid", "seeds")] == pytest.approx(0.01 * math.sqrt(2))


def test_names_are_categories_in_order(make_sweep, grid) -> None:
    curves = parameter_curves(analyze(make_sweep(grid(sizes=(64,), diffusion__process=("uniform", "masked")))))
    (curve,) = curves
    assert not curve.bins.numeric
    assert list(curve.table.index) == list(curve.bins.labels) == ["masked", "uniform"]


def test_missing_values_are_a_category(make_sweep, grid) -> None:
    (curve,) = parameter_curves(analyze(make_sweep(grid(sizes=(64,), evaluation__sampling_steps=(10, None)))))
    assert curve.trials == (2, 2)
    assert set(curve.bins.labels) == {"10", "default"}


def test_many_numbers_are_binned(make_sweep) -> None:
    trials = [{"training.learning_rate": float(rate)} for rate in np.geomspace(1e-4, 1e-1, 40)]
    (curve,) = parameter_curves(analyze(make_sweep(trials)))
    assert curve.bins.binned
    assert curve.trials == (5,) * BINS
    assert list(curve.table.index) == sorted(curve.table.index)


def test_one_seed_says_nothing_of_seeds(make_sweep, grid) -> None:
    (curve,) = parameter_curves(analyze(make_sweep(grid(seeds=1))))
    assert curve.table["last_novel_valid", "seeds"].isna().all()


def test_a_field_that_follows_has_no_curve(make_sweep) -> None:
    trials = [{"model.width": width, "training.learning_rate": 1 / width} for width in (32, 64, 128)]
    assert len(parameter_curves(analyze(make_sweep(trials)))) == 1


def test_unknown_shares_are_left_out(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=(64, 128), seeds=2)))
    analysis.trials["last_copies"] = [np.nan, 0.4, np.nan, np.nan]
    (curve,) = parameter_curves(analysis)
    assert curve.table.at[64, ("last_copies", "median")] == 0.4
    assert math.isnan(curve.table.at[128, ("last_copies", "median")])


def test_seeds_are_no_parameters(make_sweep, grid) -> None:
    assert parameter_curves(analyze(make_sweep(grid(sizes=(64,))))) == ()
    assert parameter_curves(analyze(make_sweep([]))) == ()
    assert parameter_curves(analyze(make_sweep([{}]))) == ()
    assert parameter_curves(analyze(make_sweep(grid(sizes=(64, 128), seeds=1), length={0: 0, 1: 0}))) == ()
