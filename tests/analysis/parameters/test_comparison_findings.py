"""Sentences on groups, which never call a difference significant that is not."""

from __future__ import annotations

import numpy as np

from rhm_sweeps.analysis.parameters.comparison_findings import comparison_findings, comparison_limits
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis, analyze


def shifted(results, field: str, value: object, gain: float) -> SweepAnalysis:
    """Move the novel-valid share of the trials with a value, and each trial's by noise of 0.01."""
    generator = np.random.default_rng(0)
    gains = gain * (results.trials[field] == value) + generator.normal(0, 0.01, len(results.trials))
    results.points["novel_valid"] += results.points["signature"].map(gains)
    return analyze(results)


def test_a_difference_that_many_pairs_show(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64, 128, 256, 512), seeds=3, model__constraint=("none", "tuples")))
    first, *_ = comparison_findings(shifted(results, "model.constraint", "tuples", 0.5))
    assert first.startswith("Constraint tuples against none: the best novel-valid share differs by +0.5")
    assert "12 pairs of equal settings and seeds, Hedges g" in first
    assert "significant after Holm's correction for" in first
    assert "Wilcoxon signed-rank" in first


def test_three_pairs_cannot_tell_however_large_the_difference(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64,), seeds=3, model__constraint=("none", "tuples")))
    analysis = shifted(results, "model.constraint", "tuples", 5)
    (said,) = comparison_findings(analysis)
    assert "too few to tell it from chance, since the smallest p-value that they can give is 0.25" in said
    assert "significant" not in said
    assert any("too few pairs or trials to be told from chance" in limit for limit in comparison_limits(analysis))


def test_many_pairs_without_a_difference(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64, 128, 256, 512), seeds=3, model__constraint=("none", "tuples")))
    (said,) = comparison_findings(shifted(results, "model.constraint", "tuples", 0))
    assert "not told from chance (p = " in said
    assert "significant" not in said


def test_unmatched_and_confounded_values_are_said(make_sweep) -> None:
    trials = [
        {
            "model.time_input": ("original", "diffusion")[i % 2],
            "training.train_size": 64 + 7 * i,
            "training.batch_size": (32, 64)[i % 2],
        }
        for i in range(16)
    ]
    analysis = analyze(make_sweep(trials))
    assert any("time input" in said and "share no settings" in said for said in comparison_limits(analysis))
    assert any("(batch size changes with it)" in said for said in comparison_findings(analysis))


def test_nothing_to_say(make_sweep, grid) -> None:
    for trials in ([], [{}], grid(sizes=(64, 128, 256))):
        analysis = analyze(make_sweep(trials))
        assert [*comparison_findings(analysis), *comparison_limits(analysis)] == []
