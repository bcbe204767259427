"""The perfect denoiser in the sampler: cavities reach its ceiling, marginals ruin it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from rhm_sweeps.config import DiffusionConfig, GrammarConfig
from rhm_sweeps.diffusion.noise_schedules import alpha_bar_table, sampling_times
from rhm_sweeps.diffusion.uniform import p_sample_loop
from rhm_sweeps.evaluation.evidence import token_evidence
from rhm_sweeps.evaluation.exact_denoiser import exact_denoiser
from rhm_sweeps.grammar import Grammar, Parser, make_grammar
from rhm_sweeps.grammar.belief_propagation import leaf_cavities, marginals
from rhm_sweeps.grammar.productions import WeightedGrammar

ALPHA_BAR = alpha_bar_table(DiffusionConfig(timesteps=200))


def validity(rules: Grammar, denoise: Callable[[Tensor, int], Tensor], count: int, steps: int) -> list[float]:
    """Validity of samples from pure noise at the levels 1..L."""
    generator, shape = torch.Generator().manual_seed(0), (count, rules.string_length)
    x_T = torch.randint(rules.num_features, shape, generator=generator)  # noqa: N806
    samples = p_sample_loop(
        denoise, x_T, ALPHA_BAR, sampling_times(200, steps), lambda t: torch.rand(shape, generator=generator)
    )
    return Parser(rules).parse(samples.numpy().astype(np.uint8)).level_validity.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("seed_rules", [1, 42])
def test_cavities_reach_the_ceiling_of_the_sampler(seed_rules: int) -> None:
    rules = make_grammar(GrammarConfig(seed_rules=seed_rules))
    found = validity(rules, exact_denoiser(WeightedGrammar.of(rules), ALPHA_BAR), 1024, 200)
    assert found == pytest.approx([0.999, 0.996, 0.990], abs=0.01)
    assert all(share > ceiling - 0.005 for share, ceiling in zip(found, [0.999, 0.996, 0.990], strict=True))


def test_marginals_in_the_place_of_cavities_ruin_the_samples() -> None:
    """The trap: p(x_0,i | x_t) holds the evidence of x_t,i already, which the sampler then counts again."""
    rules = make_grammar(GrammarConfig())
    grammar = WeightedGrammar.of(rules)

    def marginal(x_t: Tensor, t: int) -> Tensor:
        return marginals(grammar, token_evidence(x_t, 1 - float(ALPHA_BAR[t]), 8))[-1].log()

    assert validity(rules, exact_denoiser(grammar, ALPHA_BAR), 256, 40)[-1] > 0.9
    assert validity(rules, marginal, 256, 40)[-1] < 0.5


def test_leading_dimensions_are_kept() -> None:
    grammar = WeightedGrammar.of(make_grammar(GrammarConfig(num_layers=2)))
    x_t = torch.randint(8, (2, 3, 4), generator=torch.Generator().manual_seed(0))
    found = exact_denoiser(grammar, ALPHA_BAR)(x_t, 20)
    evidence = token_evidence(x_t[1], 1 - float(ALPHA_BAR[20]), 8)
    assert found.shape == (2, 3, 4, 8)
    assert torch.equal(found[1], leaf_cavities(grammar, evidence))
