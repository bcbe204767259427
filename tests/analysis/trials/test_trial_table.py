"""The table of trials against sweeps with known time scales."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from rhm_sweeps.analysis.trials.thresholds import Thresholds
from rhm_sweeps.analysis.trials.time_scales import time_scales
from rhm_sweeps.analysis.trials.trial_table import grammars, trial_table
from rhm_sweeps.config import nest, parse_trial


def test_time_scales_are_those_of_the_metrics(make_sweep, grid) -> None:
    table = trial_table(make_sweep(grid()))
    for level in (1, 2, 3):
        assert table[f"tau_rule_{level}"].to_numpy() == pytest.approx(2 ** (2 + 2 * level + 0.9))
    sizes = table["training.train_size"]
    assert table["tau_mem_copies"].to_numpy() == pytest.approx((4 * sizes * 2**0.2).to_numpy())
    assert table["tau_mem_loss"].to_numpy() == pytest.approx((2 * sizes * 2 ** (2 * 0.1 / 0.99)).to_numpy())


def test_one_row_per_trial_in_the_order_of_the_plan(make_sweep, grid) -> None:
    results = make_sweep(grid(), failed=(3,))
    table = trial_table(results)
    assert list(table.index) == list(results.trials.index)
    assert list(table["state"]) == ["done"] * 3 + ["failed"] + ["done"] * 4
    assert {"training.train_size", "grammar.seed_rules", "training.seed"} <= set(table.columns)


def test_last_values_are_those_of_the_last_point(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64,), seeds=2), length={1: 5})
    table = trial_table(results)
    assert list(table["last_step"]) == [4096, 16]
    ends = results.points.groupby("signature").last()
    for name in ("copies", "novel_valid", "train_loss"):
        assert list(table[f"last_{name}"]) == list(ends.loc[table.index, name])
    assert list(table["last_validity"]) == list(ends.loc[table.index, "validity_3"])


def test_trials_without_points_have_no_numbers(make_sweep, grid) -> None:
    table = trial_table(make_sweep(grid(sizes=(64,), seeds=2), length={0: 0}))
    assert table.iloc[0][["tau_rule_1", "tau_mem_copies", "last_step", "best_step"]].isna().all()
    assert table["regime"].isna().tolist() == [True, False]


def test_levels_beyond_a_grammars_depth_stay_empty(make_sweep, grid) -> None:
    table = trial_table(make_sweep(grid(sizes=(64,), seeds=1, training__test_size=100, grammar__num_layers=(2, 3))))
    shallow, deep = table["tau_rule_3"]
    assert math.isnan(shallow)
    assert deep == pytest.approx(2**8.9)


def test_thresholds_move_the_time_scales(make_sweep, grid) -> None:
    table = trial_table(make_sweep(grid(sizes=(64,), seeds=1)), Thresholds(learned=0.5, copied=0.5))
    assert table["tau_rule_1"].item() == pytest.approx(2**4.5)
    assert table["tau_mem_copies"].item() == pytest.approx(256 * 2)


def test_a_sweep_without_trials_has_the_same_columns(make_sweep, grid) -> None:
    empty, full = trial_table(make_sweep([])), trial_table(make_sweep(grid(sizes=(64,), seeds=1)))
    assert empty.empty
    assert list(empty.columns) == list(full.columns)


def test_written_and_random_grammars_are_read_back(make_sweep, grid) -> None:
    """Also where one sweep has both, and from a sweep that knew fewer fields."""
    trials = grid(sizes=(64,), seeds=1, training__test_size=64, grammar__explicit=(None, "5-2"))
    results = make_sweep(trials)
    expected = [parse_trial(nest(trial)).grammar for trial in trials]
    assert grammars(results.trials) == expected
    older = results.trials.iloc[:1].drop(columns=["grammar.explicit", "grammar.zipf_exponent", "grammar.zipf_level"])
    assert grammars(older) == expected[:1]


def test_every_row_is_as_of_its_trial_alone(make_sweep, grid) -> None:
    """All trials at once against one by one, with gaps, short trials and grammars of two depths."""
    results = make_sweep(
        grid(sizes=(64,), seeds=3, training__test_size=100, grammar__num_layers=(2, 3)), length={1: 7, 4: 0}
    )
    noise = np.random.default_rng(0).normal(0, 0.2, (len(results.points), 2))
    noisy = results.points.assign(
        excess_copies=results.points["excess_copies"] + noise[:, 0],
        test_loss=results.points["test_loss"] * np.exp(noise[:, 1]),
    )
    noisy.loc[::5, ["validity_1", "novel_valid", "train_loss"]] = math.nan
    results = type(results)("noisy", results.trials, noisy, {})
    table = trial_table(results)
    for signature, grammar in zip(table.index, grammars(results.trials), strict=True):
        alone = time_scales(noisy[noisy["signature"] == signature], grammar)
        row = table.loc[signature]
        for name in ("tau_mem_copies", "tau_mem_loss", "best_step", "best_novel_valid"):
            assert row[name] == pytest.approx(getattr(alone, name), nan_ok=True)
        for name in ("tau_rule", "clean_validity"):
            columns = [f"{name}_{level}" for level in range(1, grammar.num_layers + 1)]
            assert list(row[columns]) == pytest.approx(list(getattr(alone, name)), nan_ok=True)
        assert row["regime"] == alone.regime or (pd.isna(row["regime"]) and alone.regime is None)


def test_intervals_stand_around_the_time_scales(make_sweep, grid) -> None:
    """The ramps rise within one doubling, and 1024 samples tell a share to 0.01."""
    table = trial_table(make_sweep(grid()))
    for name in ("tau_rule_1", "tau_rule_3", "tau_mem_copies"):
        assert (table[f"{name}_low"] < table[name]).all()
        assert (table[name] < table[f"{name}_high"]).all()
        assert (table[f"{name}_high"] / table[f"{name}_low"] < 2**0.2).all()
