"""Averages over seeds."""

from __future__ import annotations

import math

import pytest

from rhm_sweeps.analysis.curves import curves, setting_table, without_failed
from rhm_sweeps.analysis.groups import group_trials
from rhm_sweeps.analysis.trials.trial_table import trial_table


def settings_of(results):
    return setting_table(trial_table(results), group_trials(results))


def with_values(results, metric: str, values: dict[int, float]):
    """Set a metric of the trials at these positions to a constant."""
    for position, value in values.items():
        results.points.loc[results.points["signature"] == results.trials.index[position], metric] = value
    return results


def test_mean_min_and_max_are_taken_over_the_seeds_of_a_setting(make_sweep, grid) -> None:
    results = with_values(make_sweep(grid(sizes=(64, 128), seeds=3)), "hamming", {0: 1, 1: 2, 2: 6, 3: 4, 4: 4, 5: 4})
    table = curves(results, group_trials(results))["hamming"]
    assert table.loc[(0, 16)].tolist() == [3, 1, 6]
    assert table.loc[(1, 16)].tolist() == [4, 4, 4]


def test_steps_that_few_seeds_reached_are_left_out(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64,), seeds=3), length={0: 4, 1: 4})
    steps = curves(results, group_trials(results)).index.get_level_values("step")
    assert list(steps) == [1, 2, 4, 8]


def test_an_average_leaves_out_what_was_not_measured(make_sweep, grid) -> None:
    results = with_values(make_sweep(grid(sizes=(64,), seeds=2)), "test_loss", {0: math.nan})
    table = curves(results, group_trials(results))["test_loss"]
    assert table["mean"].tolist() == pytest.approx([0.01] * len(table))


def test_failed_trials_are_left_out(make_sweep, grid) -> None:
    results = without_failed(make_sweep(grid(sizes=(64,), seeds=3), failed=(1,)))
    assert len(results.trials) == 2
    assert set(results.points["signature"]) == set(results.trials.index)


def test_settings_have_the_median_time_scales(make_sweep, grid) -> None:
    table = settings_of(make_sweep(grid(sizes=(64, 128), seeds=3)))
    assert list(table["trials"]) == [3, 3]
    assert table["tau_mem_copies"].tolist() == pytest.approx([256 * 2**0.2, 512 * 2**0.2])
    assert table["tau_rule_3"].tolist() == pytest.approx([2**8.9] * 2)
    assert table["regime"].tolist() == ["memorizing", "memorizing"]


def test_a_trial_that_did_not_get_there_counts_as_slower_than_all_others(make_sweep, grid) -> None:
    onset = 256 * 2**0.2
    one_missing = settings_of(make_sweep(grid(sizes=(64,), seeds=3), length={2: 9}))
    assert one_missing["tau_mem_copies"].item() == pytest.approx(onset)
    assert one_missing["tau_mem_copies_reached"].item() == 2
    two_missing = settings_of(make_sweep(grid(sizes=(64,), seeds=3), length={1: 9, 2: 9}))
    assert math.isnan(two_missing["tau_mem_copies"].item())
    assert two_missing["regime"].item() == "1 memorizing, 2 partial_2"


def test_trials_without_points_are_not_counted(make_sweep, grid) -> None:
    table = settings_of(make_sweep(grid(sizes=(64, 128), seeds=2), length={0: 0, 2: 0, 3: 0}))
    assert table["trials"].tolist() == [1]
    assert table["training.train_size"].tolist() == [64]


def test_nothing_measured_gives_an_empty_table(make_sweep, grid) -> None:
    assert settings_of(make_sweep(grid(sizes=(64,), seeds=1), length={0: 0})).empty
    assert settings_of(make_sweep([])).empty
