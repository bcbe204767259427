"""Sentences on which parameter matters."""

from __future__ import annotations

import numpy as np

from rhm_sweeps.analysis.parameters.sensitivity_findings import sensitivity_findings, sensitivity_limits
from rhm_sweeps.analysis.sweep_analysis import analyze


def test_the_shares_of_a_grid(make_sweep, grid) -> None:
    """Copies begin at 4 P * 2**0.2, whatever the width."""
    analysis = analyze(make_sweep(grid(sizes=(64, 512), seeds=2, model__width=(32, 64))))
    (said,) = [sentence for sentence in sensitivity_findings(analysis) if "τ_mem by copies" in sentence]
    assert said == (
        "Of the variance of τ_mem by copies, 1.00 goes with P, at most 0.01 with width and 0.00 with the seeds (4 settings, "
        "8 trials); the effect of width alone is not told from noise (F test, Holm-corrected)."
    )


def test_without_replicas_interactions_are_noise(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=(64, 128, 512), seeds=1, model__width=(32, 64))))
    assert all("without replicas, the highest interaction" in said for said in sensitivity_findings(analysis))
    assert list(sensitivity_findings(analysis))


def test_a_random_search_names_the_forest(make_sweep) -> None:
    draws = np.random.default_rng(0).random((25, 2))
    trials = [{"training.train_size": int(2 ** (6 + 3 * a)), "training.learning_rate": 1e-3 + b} for a, b in draws]
    analysis = analyze(make_sweep(trials))
    (said,) = [sentence for sentence in sensitivity_findings(analysis) if "τ_mem by copies" in sentence]
    assert "a random forest on 25 trials, which explains 0." in said
    assert " goes with P" in said


def test_limits_name_what_is_missing(make_sweep, grid) -> None:
    few = analyze(make_sweep([{"training.train_size": 64 + 9 * i, "model.width": 8 + i * 37 % 11} for i in range(6)]))
    assert [said for said in sensitivity_limits(few) if "cannot be said: too few trials" in said]
    zipped = [{"model.width": w, "training.learning_rate": rate} for w, rate in ((32, 1e-2), (64, 1e-3))]
    trials = [trial | {"training.seed": seed} for trial in zipped for seed in range(2)]
    assert any(
        said.startswith("Not varied on its own: learning rate")
        for said in sensitivity_limits(analyze(make_sweep(trials)))
    )


def test_trials_of_different_lengths_are_a_limit(make_sweep, grid) -> None:
    cut = analyze(make_sweep(grid(sizes=(64, 512)), length={0: 9}))
    assert any("end at different steps (256 to 4,096)" in said for said in sensitivity_limits(cut))
    assert any(
        "left out of its shares of variance" in said
        for said in sensitivity_limits(analyze(make_sweep(grid(sizes=(64, 256, 2048)))))
    )


def test_nothing_to_say(make_sweep, grid) -> None:
    for trials in ([], [{}], grid(sizes=(64,))):
        analysis = analyze(make_sweep(trials))
        assert [*sensitivity_findings(analysis), *sensitivity_limits(analysis)] == []
