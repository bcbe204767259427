"""Sentences with the numbers of sweeps whose answers are known."""

from __future__ import annotations

from rhm_sweeps.analysis.findings import findings
from rhm_sweeps.analysis.sweep_analysis import analyze


def said(results, *words: str) -> list[str]:
    """The findings that contain all the words."""
    return [sentence for sentence in findings(analyze(results)) if all(word in sentence for word in words)]


def test_memorization_grows_linearly(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64, 128, 256, 512), seeds=2))
    assert said(results, "step 294 for P = 64", "step 2,353 for P = 512")
    assert said(results, "P^1.00 (95 % interval 1.00 to 1.00, bootstrap over 8 trials)")


def test_each_facet_has_its_own_law(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64, 128, 256), seeds=1, model__width=(32, 64)))
    assert len(said(results, "Copies begin with width = 32")) == 1
    assert len(said(results, "τ_mem grows with width = 64 as P^1.00")) == 1


def test_rules_are_dated_by_trials_that_did_not_copy_them(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64, 512), seeds=3))
    assert said(results, "level 1", "step 30 (median of 6 trials")
    assert said(results, "level 3", "step 478 (median of 3 trials")
    assert said(make_sweep(grid(sizes=(64,), seeds=2)), "No trial learns the rules of level 3 before copies begin")


def test_the_window_is_measured_in_doublings(make_sweep, grid) -> None:
    """It runs from 2**8.9 to 4 P 2**0.2: closed for 64, 0.3 doublings for 128, 1.3 for 256."""
    results = make_sweep(grid(sizes=(64, 128, 256), seeds=1))
    assert said(results, "opens in 2 of 3 settings; where it closes, it is 0.3 to 1.3 doublings")
    assert said(results, "In 1 setting copies begin before the class rule is learned")


def test_the_best_setting_is_named(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64, 512), seeds=2))
    results.points["novel_valid"] = 0.2
    large = results.points["signature"].isin(results.trials.index[2:])
    results.points.loc[large & (results.points["step"] == 1024), "novel_valid"] = 0.9
    assert said(results, "is 0.90 with P = 512, at step 1,024 (mean over 2 seeds); at the last step it is 0.20")


def test_regimes_are_counted(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64, 512), seeds=2), length={0: 1, 2: 11})
    assert findings(analyze(results))[0] == "4 trials at the last point: 2 memorizing, 1 generalizing, 1 untrained."


def test_the_spread_between_grammars_is_told_from_that_within(make_sweep) -> None:
    trials = [{"grammar.seed_rules": rules, "training.seed": seed} for rules in range(3) for seed in range(2)]
    results = make_sweep(trials)
    for position, value in enumerate((0.3, 0.5, 0.6, 0.8, 0.9, 1.1)):
        results.points.loc[results.points["signature"] == results.trials.index[position], "novel_valid"] = value
    # Within: variance 0.02 each. Between: the means 0.4, 0.7, 1.0 have variance 0.09, of which 0.02 / 2 is from within.
    assert said(results, "0.283 between grammars", "0.141 within one")


def test_other_sweeps_say_when_copies_begin(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64,), seeds=1, model__width=(32, 64)))
    assert said(results, "Copies begin in 2 of 2 trials, at step 294.")


def test_one_trial_and_none(make_sweep) -> None:
    assert said(make_sweep([{"training.train_size": 64}]), "1 trial at the last point: 1 memorizing")
    assert said(make_sweep([{"training.train_size": 64}]), "(one seed)")
    assert findings(analyze(make_sweep([]))) == []
