"""Where rules of early stopping end trials whose curves are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rhm_sweeps.analysis.laws.early_stopping import COPIED, LOSS_GAP, LOWEST, NEVER, PATIENCE, decide, early_stopping
from rhm_sweeps.analysis.sweep_analysis import analyze
from rhm_sweeps.analysis.trials.point_grid import PointGrid
from rhm_sweeps.analysis.trials.thresholds import Thresholds
from rhm_sweeps.config import StopConfig
from rhm_sweeps.packs.stop_rule import stop_reason


def one(make_sweep, **fields):
    """The decisions on one trial with P = 64: losses part at 2**7.2, copies begin at 2**8.2."""
    return early_stopping(analyze(make_sweep([{"training.train_size": 64, **fields}]))).trials.set_index("rule")


def test_the_checkpoint_before_memorization_is_kept(make_sweep) -> None:
    found = one(make_sweep)
    assert (found.at[LOSS_GAP, "stop_step"], found.at[LOSS_GAP, "kept_step"]) == (256, 128)
    assert (found.at[COPIED, "stop_step"], found.at[COPIED, "kept_step"]) == (512, 256)
    assert found.at[LOSS_GAP, "saved"] == pytest.approx(1 - 256 / 4096)
    assert found["early"].to_dict() == {LOSS_GAP: True, COPIED: True, LOWEST: True, PATIENCE: True, NEVER: False}


def test_the_cost_is_what_the_best_checkpoint_has_more(make_sweep) -> None:
    results = make_sweep([{"training.train_size": 64}])
    results.points["novel_valid"] = np.where(
        results.points["step"] == 512, 0.8, np.where(results.points["step"] == 256, 0.5, 0.1)
    )
    found = early_stopping(analyze(results)).trials.set_index("rule")
    assert found.at[COPIED, "cost"] == pytest.approx(0.3)
    assert found.at[LOSS_GAP, "cost"] == pytest.approx(0.7)
    assert found.at[NEVER, "cost"] == pytest.approx(0.7)
    assert found.at[NEVER, "saved"] == 0


def test_the_lowest_loss_is_where_it_is_lowest(make_sweep) -> None:
    results = make_sweep([{}])
    results.points["test_loss"] = np.abs(np.log2(results.points["step"]) - 5) + 1
    found = early_stopping(analyze(results), StopConfig(patience=3)).trials.set_index("rule")
    assert found.at[LOWEST, "kept_step"] == 32
    assert (found.at[PATIENCE, "stop_step"], found.at[PATIENCE, "kept_step"]) == (256, 32)


@pytest.mark.parametrize(
    "stop", [StopConfig(patience=1), StopConfig(patience=3), StopConfig(patience=2, min_delta=0.2)]
)
def test_patience_ends_trials_where_training_would(stop: StopConfig) -> None:
    """The rule of `stop.patience`, asked point by point."""
    losses = np.random.default_rng(0).random((40, 12)) + np.linspace(1, 0, 12)
    nothing = np.zeros_like(losses)
    grid = PointGrid(
        np.broadcast_to(2.0 ** np.arange(12), losses.shape),
        {"test_loss": losses, "train_loss": losses, "excess_copies": nothing, "novel_valid": nothing},
    )
    ends, kept = decide(grid, Thresholds(), stop)[PATIENCE]
    for row, end, best in zip(losses, ends, kept, strict=True):
        points = [{"test_loss": float(loss)} for loss in row]
        expected = next((k for k in range(len(row)) if stop_reason(stop, points[: k + 1])), len(row))
        assert end == expected
        assert best == row[: end + 1].argmin()


def test_a_rule_that_does_not_fire_trains_to_the_end(make_sweep) -> None:
    """With P = 2048 nothing is memorized within 4096 steps."""
    found = early_stopping(analyze(make_sweep([{"training.train_size": 2048}]))).trials.set_index("rule")
    assert found.at[COPIED, "stop_step"] == found.at[COPIED, "kept_step"] == 4096
    assert not found.at[COPIED, "early"]
    assert found.at[COPIED, "saved"] == 0


def test_settings_and_the_sweep_are_summed_up(make_sweep, grid) -> None:
    found = early_stopping(analyze(make_sweep(grid(sizes=(64, 2048), seeds=3))))
    assert found.settings.loc[(0, COPIED), "stop_step"] == 512
    assert found.settings.loc[(1, COPIED), "stop_step"] == 4096
    assert found.settings.loc[(1, COPIED), "trials"] == 3
    assert found.sweep.loc[COPIED, "early"] == 0.5
    assert (found.sweep["cost_low"] <= found.sweep["cost"]).all()
    assert (found.trials["cost"] >= 0).all()


def test_without_test_losses_only_copies_say_when_to_stop(make_sweep) -> None:
    results = make_sweep([{}])
    results.points["test_loss"] = math.nan
    assert list(early_stopping(analyze(results)).trials["rule"]) == [COPIED, NEVER]


def test_trials_of_different_lengths_end_at_their_own_last_points(make_sweep, grid) -> None:
    found = early_stopping(analyze(make_sweep(grid(sizes=(2048,), seeds=2), length={0: 5}))).trials
    assert list(found.loc[found["rule"] == NEVER, "stop_step"]) == [16, 4096]


def test_nothing_to_stop(make_sweep, grid) -> None:
    assert early_stopping(analyze(make_sweep([]))).trials.empty
    assert early_stopping(analyze(make_sweep([]))).sweep.empty
    assert early_stopping(analyze(make_sweep([{}], failed=(0,)))).trials.empty
    assert early_stopping(analyze(make_sweep(grid(sizes=(64,), seeds=1), length={0: 0}))).trials.empty
    one_point = early_stopping(analyze(make_sweep([{}], length={0: 1}))).trials
    assert (one_point["saved"] == 0).all()
