"""A sweep says what it cannot answer, and nothing else."""

from __future__ import annotations

import math
from dataclasses import replace

from rhm_sweeps.analysis.limits import limits
from rhm_sweeps.analysis.sweep_analysis import analyze
from rhm_sweeps.analysis.trials.time_scales import Thresholds


def said(results, *words: str, thresholds: Thresholds | None = None) -> list[str]:
    return [sentence for sentence in limits(analyze(results, thresholds)) if all(word in sentence for word in words)]


def test_a_complete_sweep_has_no_limits(make_sweep, grid) -> None:
    """But for the sample complexities: of these ramps all levels are half-way learned at the smallest size or the next."""
    sentences = limits(analyze(make_sweep(grid(sizes=(64, 128, 256, 512), seeds=2))))
    assert [sentence for sentence in sentences if "P*_" not in sentence] == []


def test_unfinished_and_failed_trials_are_counted(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64, 128, 256), seeds=2), failed=(0,))
    trials = results.trials.assign(state=["failed", "running", "pending", "done", "done", "done"])
    assert said(replace(results, trials=trials), "2 trials of 6 not finished")
    assert said(results, "1 trial failed")


def test_without_train_sizes_there_is_no_law(make_sweep, grid) -> None:
    assert said(make_sweep(grid(sizes=(64,), model__width=(32, 64))), "P is not varied")
    assert not said(make_sweep(grid(sizes=(64, 128, 256))), "P is not varied")


def test_a_power_law_needs_three_sizes(make_sweep, grid) -> None:
    assert said(make_sweep(grid(sizes=(64, 128))), "Copies begin at 2 training-set sizes at most")


def test_one_seed_has_no_spread(make_sweep, grid) -> None:
    assert said(make_sweep(grid(seeds=1)), "One seed per setting")
    assert not said(make_sweep(grid(seeds=2)), "One seed")


def test_trials_that_do_not_memorize_bound_the_time(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64, 128, 256, 512)), length={7: 10})
    assert said(results, "In 1 of 8 trials copies do not begin")


def test_without_test_strings_losses_date_nothing(make_sweep, grid) -> None:
    results = make_sweep(grid(training__test_size=0))
    results.points["test_loss"] = math.nan
    assert said(results, "No test loss")


def test_a_training_set_of_nearly_all_strings_leaves_no_room_for_copies(make_sweep, grid) -> None:
    """Of P_max = 216 strings 200 leave 1 - P/P_max = 0.07."""
    results = make_sweep(grid(sizes=(50, 100, 200), grammar__num_layers=2, training__test_size=10))
    assert said(results, "In 1 setting the training set holds nearly all P_max strings", "0.1")
    assert not said(results, "nearly all", thresholds=Thresholds(copied=0.05))


def test_nothing_to_analyse(make_sweep, grid) -> None:
    assert said(make_sweep([]), "No trials are planned")
    assert said(make_sweep(grid(sizes=(64,), seeds=1), length={0: 0}), "No trial has a metric point")
