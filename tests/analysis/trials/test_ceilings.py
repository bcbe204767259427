"""The ceilings of a sweep's trials, and what they cost."""

from __future__ import annotations

import pytest

from rhm_sweeps.analysis.sweep_analysis import analyze
from rhm_sweeps.analysis.trials.ceiling_limits import ceiling_limits
from rhm_sweeps.analysis.trials.ceilings import Ceilings, sampler_ceilings
from rhm_sweeps.config import DiffusionConfig, GrammarConfig
from rhm_sweeps.evaluation.sampler_ceiling import sampler_ceiling

FEW = {"evaluation.sampling_steps": 4, "grammar.num_layers": 2, "training.train_size": 16, "training.test_size": 16}


def test_trials_that_differ_in_seeds_and_sizes_share_a_ceiling(make_sweep, grid) -> None:
    trials = make_sweep(
        [FEW | {"grammar.seed_rules": seed, "training.train_size": 16 + seed} for seed in range(4)]
    ).trials
    found = sampler_ceilings(trials)
    assert (found.settings, found.left_out) == (1, 0)
    assert set(found.of_trial) == {sampler_ceiling(GrammarConfig(num_layers=2), DiffusionConfig(), 4)}


def test_samplers_have_their_own(make_sweep) -> None:
    trials = make_sweep([FEW | {"evaluation.sampling_steps": steps} for steps in (2, 8)]).trials
    few, many = sampler_ceilings(trials).of_trial
    assert all(a < b for a, b in zip(few, many, strict=True))


def test_the_budget_goes_to_the_cheapest_first(make_sweep) -> None:
    trials = make_sweep([FEW | {"evaluation.sampling_steps": steps} for steps in (None, 4, 3)]).trials
    found = sampler_ceilings(trials, budget_s=0.1)
    assert [ceiling is None for ceiling in found.of_trial] == [True, False, False]
    assert (found.settings, found.left_out) == (3, 1)
    assert sampler_ceilings(trials, budget_s=0).of_trial == (None,) * 3


def test_classifiers_sample_nothing(make_sweep, grid) -> None:
    found = sampler_ceilings(make_sweep(grid(sizes=(64,), seeds=2, model__name="classifier")).trials)
    assert found == Ceilings((None, None), 0, 0)
    assert sampler_ceilings(make_sweep([]).trials) == Ceilings((), 0, 0)


@pytest.mark.usefixtures("real_ceilings")
def test_an_analysis_holds_validity_against_the_ceiling(make_sweep) -> None:
    """Level l rises from 0 to 1 between steps 2**(2 + 2 l) and 2**(3 + 2 l): it is learned at 0.9 of the ceiling's share."""
    results = make_sweep([FEW])
    (ceiling,) = sampler_ceilings(results.trials).of_trial
    chances = (0.375, 0.375**3)
    found = analyze(results).trials.iloc[0]
    for level, (chance, top) in enumerate(zip(chances, ceiling, strict=True), 1):
        part = 0.9 * (top - chance) / (1 - chance)
        assert found[f"tau_rule_{level}"] == pytest.approx(2 ** (2 + 2 * level + part))
    assert analyze(results, ceilings=Ceilings.none(results.trials)).trials.iloc[0]["tau_rule_1"] == pytest.approx(
        2**4.9
    )


def test_what_the_samplers_hide_is_said(make_sweep) -> None:
    results = make_sweep([FEW, FEW | {"training.seed": 1}])
    low = analyze(results, ceilings=Ceilings(((0.9, 0.05),) * 2, 1, 0))
    said = list(ceiling_limits(low))
    assert len(said) == 2
    assert "valid in 5% of cases" in said[0]
    assert "In 2 trials the sampler's ceiling" in said[1]
    (unknown,) = ceiling_limits(analyze(results, ceilings=Ceilings((None, None), 5, 3)))
    assert "of 3 of 5 samplers was not computed" in unknown
    assert list(ceiling_limits(analyze(results, ceilings=Ceilings(((0.99, 0.98),) * 2, 1, 0)))) == []
