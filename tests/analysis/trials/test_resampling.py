"""Intervals of time scales against how often they hold a known truth, and against brute force."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from rhm_sweeps.analysis.groups import Groups
from rhm_sweeps.analysis.sweep_analysis import analyze
from rhm_sweeps.analysis.trials.crossings import crossings
from rhm_sweeps.analysis.trials.point_grid import PointGrid
from rhm_sweeps.analysis.trials.resampling import Resampled, interval, resample_scales, setting_intervals
from rhm_sweeps.analysis.trials.thresholds import Thresholds
from rhm_sweeps.analysis.trials.time_scales import loss_gaps

STEPS = 2.0 ** np.arange(15)
DOUBLINGS = np.arange(15.0)


def curves(trials: int, steepness: float, seed: int = 5) -> np.ndarray:
    """Logistic curves in log2(step) from 0 to 1, with middles between 5 and 9 doublings."""
    middles = np.random.default_rng(seed).uniform(5, 9, (trials, 1))
    return 1 / (1 + np.exp(-steepness * (DOUBLINGS - middles)))


def sampled(shares: np.ndarray, samples: int) -> np.ndarray:
    return np.random.default_rng(1).binomial(samples, shares) / samples


def laid_out(validity: np.ndarray, excess: np.ndarray, copies: np.ndarray | None = None) -> PointGrid:
    columns = {"validity_1": validity, "excess_copies": excess, "copies": excess if copies is None else copies}
    return PointGrid(np.broadcast_to(STEPS, validity.shape), columns)


def resample(grid: PointGrid, bound: float, samples: int) -> Resampled:
    trials = len(grid.steps)
    bounds, depths = np.full((trials, 1), bound), np.ones(trials, dtype=np.intp)
    return resample_scales(grid, bounds, np.full(trials, float(samples)), depths, Thresholds())


def settings_of(sizes: int, groups: int) -> Groups:
    names = [f"trial{i}" for i in range(sizes * groups)]
    return Groups(None, (), pd.DataFrame(), pd.Series(np.repeat(np.arange(groups), sizes), index=names))


@pytest.mark.parametrize(("steepness", "samples"), [(0.8, 512), (2.0, 512), (2.0, 1024), (4.0, 512)])
def test_trial_intervals_hold_the_truth_in_95_of_100(steepness: float, samples: int) -> None:
    """The truth is the crossing of the curve without noise; the standard error of the share is 0.008."""
    truth = curves(500, steepness)
    grid = laid_out(sampled(truth, samples), sampled(truth, samples))
    table = resample(grid, 0.9, samples).intervals()
    for name, bound in (("tau_rule_1", 0.9), ("tau_mem_copies", 0.1)):
        known = crossings(STEPS, truth, np.full(len(truth), bound))
        low, high = table[f"{name}_low"].fillna(np.inf), table[f"{name}_high"].fillna(np.inf)
        assert ((low <= known) & (known <= high)).mean() == pytest.approx(0.95, abs=0.03)


def test_the_interval_is_that_of_new_samples() -> None:
    """Against brute force: the crossings of curves whose every point is sampled anew."""
    truth = curves(1, 1.5)
    low, high = resample(laid_out(truth, truth), 0.9, 512).intervals().iloc[0][["tau_rule_1_low", "tau_rule_1_high"]]
    drawn = np.random.default_rng(0).binomial(512, np.repeat(truth, 4000, axis=0)) / 512
    expected = np.quantile(crossings(STEPS, drawn, np.full(4000, 0.9)), [0.025, 0.975])
    assert np.log2([low, high]) == pytest.approx(np.log2(expected), abs=0.03)


def test_excess_copies_vary_less_where_chance_explains_them() -> None:
    """With P / P_max = mu, an invalid, a new valid and a copied sample count 0, -mu and 1 - mu: brute force."""
    mu, samples = 0.3, 400
    valid = np.broadcast_to(np.linspace(0.1, 0.9, 15), (1, 15))
    copies = mu * valid + 0.2 * np.linspace(0, 1, 15) * valid
    grid = laid_out(valid, copies - mu * valid, copies)
    low, high = resample(grid, 0.9, samples).intervals().iloc[0][["tau_mem_copies_low", "tau_mem_copies_high"]]
    shares = np.stack([copies[0], (valid - copies)[0], 1 - valid[0]], axis=1)
    counts = np.random.default_rng(0).multinomial(samples, shares, size=(4000, 15)) / samples
    drawn = counts[..., 0] - mu * (counts[..., 0] + counts[..., 1])
    dated = crossings(STEPS, drawn, np.full(4000, 0.1))
    expected = np.quantile(np.where(np.isnan(dated), np.inf, dated), [0.025, 0.975], method="inverted_cdf")
    ends = np.array([low, high if math.isfinite(high) else np.inf])
    assert np.log2(ends) == pytest.approx(np.log2(expected), abs=0.15)


def parting(errors: np.ndarray) -> PointGrid:
    """The training loss falls from step to step below a constant test loss; the ratio's errors are given, (N, 15)."""
    ratio = 1 - curves(len(errors), 1.5)
    return PointGrid(
        np.broadcast_to(STEPS, ratio.shape),
        {"train_loss": 0.02 * ratio, "test_loss": np.full(ratio.shape, 0.02), "loss_ratio_error": errors},
    )


def test_the_losses_part_when_the_error_of_their_ratio_lets_them() -> None:
    """Against brute force: the crossings of curves whose every ratio is drawn anew."""
    grid = parting(np.full((1, 15), 0.03))
    low, high = resample(grid, 0.9, 512).intervals().iloc[0][["tau_mem_loss_low", "tau_mem_loss_high"]]
    gaps = loss_gaps(grid) + 0.03 * np.random.default_rng(0).standard_normal((4000, 15))
    bound = np.full(4000, Thresholds().gap)
    expected = np.quantile(crossings(STEPS, gaps, bound, for_good=True), [0.025, 0.975])
    assert np.log2([low, high]) == pytest.approx(np.log2(expected), abs=0.06)


def test_points_that_do_not_tell_the_error_of_their_losses_have_no_interval() -> None:
    errors = np.full((2, 15), 0.03)
    errors[1] = np.nan
    assert "tau_mem_loss_low" not in resample(parting(errors), 0.9, 512).intervals()


def test_more_samples_narrow_the_interval() -> None:
    truth = curves(50, 1.5)

    def width(samples: int) -> float:
        table = resample(laid_out(truth, truth), 0.9, samples).intervals()
        return float(np.log2(table["tau_rule_1_high"] / table["tau_rule_1_low"]).median())

    assert width(400) / width(6400) == pytest.approx(4, rel=0.2)


def test_what_is_hardly_reached_has_an_open_end() -> None:
    level = np.minimum(curves(1, 2.0), 0.895)
    table = resample(laid_out(level, 0 * level), 0.9, 512).intervals().iloc[0]
    assert STEPS[5] < table["tau_rule_1_low"] < STEPS[-1]
    assert math.isnan(table["tau_rule_1_high"])
    assert table[["tau_mem_copies_low", "tau_mem_copies_high"]].isna().all()


def test_points_that_were_not_measured_are_left_out() -> None:
    gaps, whole = curves(3, 2.0), curves(3, 2.0)
    gaps[:, 3] = np.nan
    found = resample(laid_out(gaps, gaps), 0.9, 512).intervals()
    expected = resample(laid_out(whole, whole), 0.9, 512).intervals()
    assert np.log2(found.to_numpy()) == pytest.approx(np.log2(expected.to_numpy()), abs=0.1)


def test_intervals_of_many_rows_are_their_percentiles() -> None:
    draws = np.random.default_rng(0).permuted(np.arange(1.0, 1001.0)[None].repeat(3, axis=0), axis=1)
    draws[2, draws[2] > 900] = np.inf
    low, high = interval(draws)
    assert low == pytest.approx([25] * 3)
    assert high == pytest.approx([975, 975, np.nan], nan_ok=True)


@pytest.mark.parametrize(("seeds", "expected"), [(2, 0.5), (3, 0.75), (9, 0.95)])
def test_setting_intervals_hold_the_median_as_often_as_so_few_seeds_can(seeds: int, expected: float) -> None:
    """Two and three seeds hold it with 1 - 2**(1 - n): no more than their range can be said."""
    groups = settings_of(seeds, 600)
    taus = 100 * np.exp(0.4 * np.random.default_rng(3).normal(size=600 * seeds))
    table = setting_intervals(pd.DataFrame({"tau_mem_loss": taus}, index=groups.of_trial.index), Resampled({}), groups)
    held = (table["tau_mem_loss_low"] <= 100) & (table["tau_mem_loss_high"] >= 100)
    assert held.mean() == pytest.approx(expected, abs=0.05)


def test_few_seeds_are_resampled_as_all_combinations_would_be() -> None:
    """Three seeds: 7 of 27 combinations have the smallest as their median, so the interval is the whole range."""
    groups = settings_of(3, 1)
    taus = pd.DataFrame({"tau_mem_loss": [10.0, 20.0, 40.0]}, index=groups.of_trial.index)
    assert setting_intervals(taus, Resampled({}), groups).iloc[0].tolist() == [10, 40]
    taus.iloc[2] = np.nan
    assert setting_intervals(taus, Resampled({}), groups).iloc[0].tolist() == pytest.approx([10, np.nan], nan_ok=True)


def test_one_seed_has_the_interval_of_its_samples() -> None:
    groups = settings_of(1, 2)
    draws = np.exp(np.random.default_rng(0).normal(5, 0.1, (2, 1000)))
    taus = pd.DataFrame({"tau_rule_1": np.exp([5.0, 5.0])}, index=groups.of_trial.index)
    table = setting_intervals(taus, Resampled({"tau_rule_1": draws}), groups)
    low, high = interval(draws)
    assert np.log(table.to_numpy()) == pytest.approx(np.log(np.stack([low, high], axis=1)), abs=0.04)


def test_settings_of_different_sizes_and_no_settings(make_sweep, grid) -> None:
    trials = [*grid(sizes=(64,), seeds=3), *grid(sizes=(128,), seeds=1), *grid(sizes=(256,), seeds=2)]
    settings = analyze(make_sweep(trials, failed=(0,), length={1: 0})).settings
    assert settings["trials"].tolist() == [1, 1, 2]
    for name in ("tau_rule_1", "tau_mem_copies", "tau_mem_loss"):
        assert (settings[f"{name}_low"] <= settings[name]).all()
        assert (settings[name] <= settings[f"{name}_high"]).all()
    assert setting_intervals(pd.DataFrame(columns=["tau_mem_loss"]), Resampled({}), settings_of(1, 0)).empty
    assert "tau_rule_1_low" in analyze(make_sweep([])).trials
