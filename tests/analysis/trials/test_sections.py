"""Configurations read back from a table of results."""

from __future__ import annotations

from rhm_sweeps.analysis.trials.sections import optional_int, sections
from rhm_sweeps.config import DiffusionConfig, GrammarConfig, nest, parse_trial


def test_sections_are_those_of_the_trials(make_sweep) -> None:
    trials = [
        {"diffusion.timesteps": 50, "diffusion.beta2": 0.02},
        {"diffusion.process": "gaussian", "grammar.explicit": "5-2", "training.train_size": 9, "training.test_size": 9},
    ]
    results, configs = make_sweep(trials), [parse_trial(nest(trial)) for trial in trials]
    assert sections(results.trials, "diffusion", DiffusionConfig) == [config.diffusion for config in configs]
    assert sections(results.trials, "grammar", GrammarConfig) == [config.grammar for config in configs]


def test_a_field_that_an_older_sweep_lacks_has_its_default(make_sweep) -> None:
    older = make_sweep([{"diffusion.timesteps": 50}]).trials.drop(columns=["diffusion.noise_schedule"])
    assert sections(older, "diffusion", DiffusionConfig) == [DiffusionConfig(timesteps=50)]


def test_whole_numbers_survive_a_column_with_gaps() -> None:
    assert [optional_int(value) for value in (20.0, 7, float("nan"), None)] == [20, 7, None, None]
