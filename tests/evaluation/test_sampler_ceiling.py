"""The sampler's ceiling against numbers that were measured with many samples, and its limits."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rhm_sweeps.config import DiffusionConfig, GrammarConfig
from rhm_sweeps.evaluation.sampler_ceiling import ceiling_cost_s, sampler_ceiling, sampling_part
from rhm_sweeps.grammar import WeightedGrammar, make_grammar, marginals

GRAMMAR = GrammarConfig(seed_rules=42)


def test_few_steps_cost_deep_levels_most() -> None:
    """Measured with 2048 samples: 0.917 0.715 0.459 in 10 steps, 0.970 0.898 0.788 in 20."""
    for steps, measured in ((10, (0.917, 0.715, 0.459)), (20, (0.970, 0.898, 0.788))):
        found = sampler_ceiling(GRAMMAR, DiffusionConfig(), steps)
        errors = np.sqrt(np.array(measured) * (1 - np.array(measured)) / 256)
        assert np.abs(np.subtract(found, measured) / errors).max() < 3


def test_one_step_draws_every_token_alone() -> None:
    """From pure noise: a pair is valid with the sum over the rules of the products of their tokens' frequencies."""
    grammar = make_grammar(GRAMMAR)
    frequencies = marginals(WeightedGrammar.of(grammar), torch.zeros(1, 8, 8))[-1][0].numpy()
    pairs = WeightedGrammar.of(grammar).levels[-1].children.numpy()
    expected = np.mean([(frequencies[i][pairs[:, 0]] * frequencies[i + 1][pairs[:, 1]]).sum() for i in range(0, 8, 2)])
    found = sampler_ceiling(GRAMMAR, DiffusionConfig(beta2=0.2), 1, num_samples=2048)
    assert found[0] == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("process", ["uniform", "masked", "gaussian"])
def test_deeper_levels_are_valid_less_often(process: str) -> None:
    found = sampler_ceiling(GRAMMAR, DiffusionConfig(process=process), 8, num_samples=64)
    assert list(found) == sorted(found, reverse=True)
    assert 0 < found[-1] <= 1


@pytest.mark.slow
def test_all_steps_reach_the_known_ceiling() -> None:
    assert sampler_ceiling(GRAMMAR, DiffusionConfig()) == pytest.approx((0.999, 0.996, 0.990), abs=0.015)


def test_training_does_not_change_it() -> None:
    trained = DiffusionConfig(process="gaussian", target="noise", time_distribution="clipped_normal", n_trajectories=4)
    assert sampling_part(trained) == DiffusionConfig(process="gaussian")
    assert sampling_part(DiffusionConfig(beta2=0.05)) == DiffusionConfig(beta2=0.05)


def test_the_same_call_is_the_same_and_leaves_torch_as_it_was() -> None:
    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    first = sampler_ceiling(GRAMMAR, DiffusionConfig(), 4, num_samples=16)
    assert sampler_ceiling(GRAMMAR, DiffusionConfig(target="start"), 4, num_samples=16) == first
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)


def test_cost_grows_with_steps_and_grammars() -> None:
    gaussian = DiffusionConfig(process="gaussian", timesteps=100)
    small = ceiling_cost_s(GRAMMAR, gaussian)
    assert ceiling_cost_s(GRAMMAR, gaussian, 50) == pytest.approx(small / 2)
    assert ceiling_cost_s(GrammarConfig(num_layers=9), gaussian) > 20 * small
    assert small < 1


def test_where_few_strings_are_asked_about_it_costs_less() -> None:
    costs = [
        ceiling_cost_s(GrammarConfig(), DiffusionConfig(process=name)) for name in ("gaussian", "uniform", "masked")
    ]
    assert costs == sorted(costs, reverse=True)
