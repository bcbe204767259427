"""Models beside exact inference: the same noise and strings, one answer for models that share it, and the tables of both."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rhm_sweeps.config import GrammarConfig, TrialConfig, parse_trial
from rhm_sweeps.diffusion.noise_schedules import alpha_bar_table
from rhm_sweeps.evaluation import beside_exact as module
from rhm_sweeps.evaluation.beside_exact import DEFAULT_NOISE, Experiment, beside_exact
from rhm_sweeps.evaluation.evidence import PROCESSES, Process, unit_scale_noise
from rhm_sweeps.evaluation.forward_backward import exact_forward_backward
from rhm_sweeps.evaluation.transition_frame import comparison_frame, exact_frame
from rhm_sweeps.grammar import epsilon_star, make_grammar
from rhm_sweeps.grammar.productions import WeightedGrammar
from rhm_sweeps.training.packs import initial_model
from rhm_sweeps.training.saved_models import SavedModel

RULES = {"num_features": 4, "num_classes": 3, "num_synonyms": 2, "num_layers": 2, "seed_rules": 5}
EXPERIMENT = Experiment([0.1, 0.11, 0.5], 40, resamples=3)


def untrained(
    grammar: dict[str, Any] | None = None, diffusion: dict[str, Any] | None = None, seed: int = 0
) -> SavedModel:
    config: TrialConfig = parse_trial({
        "grammar": grammar or RULES,
        "diffusion": {"timesteps": 10, **(diffusion or {})},
        "model": {"width": 8},
        "training": {"train_size": 8, "test_size": 4, "seed": seed},
    })  # fmt: skip
    return SavedModel(initial_model(config), config, 0)


def test_noise_is_that_of_the_model_and_comes_once() -> None:
    saved = untrained()
    (found,) = beside_exact([saved], EXPERIMENT)
    assert len(found.times) == len(set(found.times)) == 2
    noise = (1 - alpha_bar_table(saved.config.diffusion)[found.times]).tolist()
    assert found.model.noise == found.exact.noise == noise
    grammar = WeightedGrammar.of(make_grammar(saved.config.grammar))
    assert found.exact == exact_forward_backward(grammar, "uniform", noise, 40, 0, 3)


def test_exact_inference_is_asked_once_for_models_of_the_same_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, told = [], []
    original = module.exact_forward_backward
    monkeypatch.setattr(module, "exact_forward_backward", lambda *given: asked.append(given) or original(*given))
    models = [
        untrained(seed=0),
        untrained(seed=1),
        untrained({**RULES, "seed_rules": 6}),
        untrained(diffusion={"timesteps": 12}),
    ]
    found = beside_exact(models, EXPERIMENT, told.append)
    assert len(asked) == 3
    assert found[0].exact is found[1].exact
    assert told == models


def test_a_gaussian_process_of_another_scale_is_compared_where_it_says_as_much() -> None:
    saved = untrained(diffusion={"process": "gaussian", "noise_scale": 0.5})
    (found,) = beside_exact([saved], EXPERIMENT)
    grammar = WeightedGrammar.of(make_grammar(saved.config.grammar))
    same = [unit_scale_noise(noise, 0.5) for noise in found.model.noise]
    exact = exact_forward_backward(grammar, "gaussian", same, 40, 0, 3)
    assert found.exact.class_flip == exact.class_flip
    assert found.exact.noise == found.exact.resampled[2].noise == found.model.noise


@pytest.mark.parametrize("process", PROCESSES)
def test_default_noise_ascends(process: Process) -> None:
    noise = Experiment().strengths(process)
    assert noise is DEFAULT_NOISE[process]
    assert list(noise) == sorted(set(noise))


def test_theory_of_epsilon_is_not_that_of_other_processes() -> None:
    config = GrammarConfig(num_layers=2)
    assert Experiment().theory(config, "epsilon").mean == pytest.approx(epsilon_star(config))
    assert np.isnan(Experiment().theory(config, "uniform").mean)
    assert np.isnan(Experiment().theory(GrammarConfig(num_features=6, num_classes=6, num_synonyms=4), "epsilon").mean)
    assert np.isnan(Experiment(infinite_depth=2).theory(GrammarConfig(explicit="1>ij|ji"), "masked").mean)


def test_the_table_has_a_row_per_source_resample_and_noise() -> None:
    found = beside_exact([untrained(seed=0), untrained(seed=1)], EXPERIMENT)
    frame = comparison_frame(found, EXPERIMENT)
    assert len(frame) == 2 * 2 * 4 * 2
    assert not frame.duplicated(["signature", "source", "resample", "noise"]).any()
    assert set(frame["training.seed"]) == {0, 1}
    row = frame[(frame["source"] == "model") & (frame["resample"] == 2)].iloc[1]
    assert row["unchanged_2"] == found[0].model.resampled[1].latents_unchanged[0][1]
    assert row["unchanged_1"] == found[0].model.resampled[1].latents_unchanged[1][1]
    assert row["susceptibility"] == found[0].model.resampled[1].susceptibility[1]
    assert (row["time"], row["grammar.num_layers"], row["diffusion.process"]) == (found[0].times[1], 2, "uniform")
    assert comparison_frame([], EXPERIMENT).empty


def test_the_table_of_exact_inference_alone() -> None:
    config = GrammarConfig(**RULES)
    curves = EXPERIMENT.exact(config, "epsilon", [0.2, 0.8])
    frame = exact_frame(curves, "epsilon", config, EXPERIMENT)
    assert set(frame["source"]) == {"exact"}
    assert frame["theory"].unique() == pytest.approx([epsilon_star(config)])
    assert frame[frame["resample"] == 0]["class_flip"].tolist() == curves.class_flip
