"""What is said, and what is left open, of sweeps whose laws are known."""

from __future__ import annotations

import math

import numpy as np

from rhm_sweeps.analysis.findings import findings
from rhm_sweeps.analysis.laws.law_findings import complexity_findings, power_law_findings, stopping_findings
from rhm_sweeps.analysis.laws.law_limits import complexity_limits, power_law_limits
from rhm_sweeps.analysis.limits import limits
from rhm_sweeps.analysis.sweep_analysis import analyze

from ..law_sweeps import SIZES, with_complexities


def has(sentences, *words: str) -> bool:
    return any(all(word in sentence for word in words) for sentence in sentences)


def test_memorization_by_copies_and_by_losses_has_an_exponent(make_sweep, grid) -> None:
    said = list(power_law_findings(analyze(make_sweep(grid(sizes=(64, 128, 256, 512), seeds=2)))))
    assert has(said, "τ_mem grows as P^1.00", "8 trials")
    assert has(said, "τ_mem by the losses grows as P^1.00")
    assert has(said, "level 1 has exponent 0.00 in P", "0 is inside")


def test_a_time_that_depends_on_the_size_is_not_flat(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=(64, 128, 256, 512), seeds=2)))
    sizes = analysis.trials["training.train_size"]
    analysis.trials["tau_rule_1"], analysis.trials["tau_rule_2"] = sizes**0.5, 1e4 / sizes
    analysis.trials["tau_mem_copies"] = np.nan
    said = list(power_law_findings(analysis))
    assert has(said, "level 1 has exponent 0.50", "learned later from more strings")
    assert has(said, "level 2 has exponent -1.00", "learned sooner from more strings")


def test_scattered_times_tell_nothing(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=(64, 128, 256), seeds=2)))
    analysis.trials["tau_rule_1"] = [10, 400, 300, 20, 40, 900]
    analysis.trials["tau_mem_copies"] = np.nan
    assert has(power_law_findings(analysis), "level 1", "too wide to tell flat from linear")


def test_the_complexity_stands_beside_its_theory(make_sweep, grid) -> None:
    analysis = with_complexities(analyze(make_sweep(grid(sizes=SIZES, seeds=2))), lambda m, level: 8 * m ** (level + 1))
    said = list(complexity_findings(analysis))
    assert has(said, "P*_1 = 72 (theory: v m^2 = 72; 95 % interval 72 to 72, bootstrap over seeds)")
    assert has(said, "agree within a factor of 1.0")
    assert not has(said, "grows as m")
    assert has(complexity_limits(analysis), "One number of synonyms m only")


def test_the_exponent_of_the_synonyms_stands_beside_its_theory(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=SIZES, seeds=1, grammar__num_synonyms=(3, 4))))
    with_complexities(analysis, lambda m, level: 8 * m ** (level + 1))
    said = list(complexity_findings(analysis))
    assert has(said, "P*_2 grows as m to the power 3.00 over m = 3 and 4; theory: l + 1 = 3")
    assert has(said, "Level 1 comes half-way", "1.00 times v m^2", "2 settings")


def test_what_lies_outside_the_sizes_is_left_open(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=(64, 128, 256))))
    with_complexities(analysis, lambda m, level: (1, 128, 1e5)[level - 1])
    said = list(complexity_limits(analysis))
    assert has(said, "Level 1", "P*_1 is at most 64")
    assert has(said, "Level 3", "P*_3 is above 256")
    assert not has(said, "Level 2")


def test_trials_that_ended_too_soon_are_counted(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64, 128, 256), seeds=1), length={0: 13, 1: 6, 2: 6})
    assert has(complexity_limits(analyze(results)), "2 trials ended before copies began")


def test_levels_without_a_law_are_left_open(make_sweep, grid) -> None:
    """Of three sizes, level 3 is learned before copies begin at two."""
    analysis = analyze(make_sweep(grid(sizes=(64, 128, 256))))
    assert has(power_law_limits(analysis), "level 3 depends on P is open")


def test_early_stopping_is_one_sentence(make_sweep) -> None:
    results = make_sweep([{"training.train_size": 64}])
    results.points["novel_valid"] = np.where(results.points["step"] == 256, 0.8, 0.3)
    (said,) = stopping_findings(analyze(results))
    assert "stopping where the losses part (arXiv 2505.16959) costs 0.50 and saves 94 % of the steps" in said
    assert "where copies begin costs 0.00 and saves 88 %" in said
    assert said.endswith("at the last step costs 0.50 (1 trial).")


def test_early_stopping_needs_no_test_loss(make_sweep) -> None:
    results = make_sweep([{"training.train_size": 64}])
    results.points["test_loss"] = math.nan
    (said,) = stopping_findings(analyze(results))
    assert "losses" not in said


def test_all_are_said_in_the_report(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=(64, 128, 256), seeds=2)))
    assert has(findings(analysis), "exponent", "in P")
    assert has(findings(analysis), "Against each trial's best")
    assert has(limits(analysis), "how P*_l grows with m is open")


def test_nothing_to_say(make_sweep) -> None:
    for trials in ([], [{}]):
        analysis = analyze(make_sweep(trials, length={0: 1}))
        for make in (power_law_findings, complexity_findings, stopping_findings, power_law_limits, complexity_limits):
            assert list(make(analysis)) == []
