"""The perfect denoiser in the samplers: cavities reach their ceilings, marginals ruin that of uniform diffusion."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from rhm_sweeps.config import parse_trial
from rhm_sweeps.diffusion.noise_schedules import sampling_times
from rhm_sweeps.diffusion.process import Denoise, Process, p_sample_loop
from rhm_sweeps.diffusion.processes import make_process
from rhm_sweeps.evaluation.exact_denoiser import exact_denoiser
from rhm_sweeps.grammar import Grammar, Parser, WeightedGrammar, leaf_cavities, make_grammar, marginals
from rhm_sweeps.streams import Streams

PROCESSES = [{"process": "uniform"}, {"process": "masked", "noise_schedule": "log_linear"}, {"process": "gaussian"}]


def experiment(diffusion: dict[str, Any], **grammar: Any) -> tuple[Grammar, Process]:
    config = parse_trial({
        "grammar": grammar,
        "diffusion": {"timesteps": 200, **diffusion},
        "training": {"train_size": 1, "test_size": 0},
    })  # fmt: skip
    return make_grammar(config.grammar), make_process([config])


def exact(rules: Grammar, process: Process) -> Denoise:
    return exact_denoiser(WeightedGrammar.of(rules), process)


def validity(rules: Grammar, process: Process, denoise: Denoise, count: int, steps: int | None = None) -> list[float]:
    """Validity at the levels 1..L of samples from x_T."""
    streams, timesteps = Streams([0]), process.alpha_bar.shape[1] - 1

    def words(t: int) -> Tensor:
        return streams.words(f"sample/{t}", torch.arange(count), rules.string_length * process.words_per_token)

    times = sampling_times(timesteps, steps)
    samples = p_sample_loop(process, denoise, process.prior(words(timesteps + 1)), times, words)[0]
    found: list[float] = Parser(rules).parse(samples.numpy().astype(np.uint8)).level_validity.tolist()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("seed_rules", [1, 42])
def test_cavities_reach_the_ceiling_of_the_sampler(seed_rules: int) -> None:
    rules, process = experiment({}, seed_rules=seed_rules)
    found = validity(rules, process, exact(rules, process), 1024)
    assert found == pytest.approx([0.999, 0.996, 0.990], abs=0.01)
    assert all(share > ceiling - 0.005 for share, ceiling in zip(found, [0.999, 0.996, 0.990], strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("diffusion", "ceiling"),
    [
        ({"process": "masked", "noise_schedule": "log_linear"}, [0.991, 0.985, 0.983]),
        ({"process": "masked"}, [0.986, 0.973, 0.966]),
        ({"process": "gaussian"}, [1, 1, 1]),
    ],
    ids=str,
)
def test_measured_ceilings_of_other_processes(diffusion: dict[str, Any], ceiling: list[float]) -> None:
    """As in docs/samplers.md, within three standard errors of 1024 samples."""
    rules, process = experiment(diffusion, seed_rules=42)
    assert validity(rules, process, exact(rules, process), 1024) == pytest.approx(ceiling, abs=0.018)


@pytest.mark.parametrize("diffusion", PROCESSES, ids=str)
def test_more_steps_are_not_worse(diffusion: dict[str, Any]) -> None:
    rules, process = experiment(diffusion, num_layers=2)
    by_steps = [validity(rules, process, exact(rules, process), 256, steps)[-1] for steps in (1, 4, 16, 64)]
    assert by_steps[0] < 0.5
    assert all(more > fewer - 0.02 for fewer, more in pairwise(by_steps))
    assert by_steps[-1] > 0.96


def test_tokens_that_are_revealed_one_by_one_are_exact() -> None:
    """Steps in which two of the 4 tokens appear, of which neither knows of the other, are about 6 in 4000."""
    rules, process = experiment(
        {"process": "masked", "noise_schedule": "log_linear", "timesteps": 4000}, num_features=3, num_synonyms=2,
        num_classes=2, num_layers=2,
    )  # fmt: skip
    denoise = exact(rules, process)
    assert validity(rules, process, denoise, 512, 4)[-1] < 0.97
    x_t, streams, indices = torch.full((1, 512, 4), 3), Streams([1]), torch.arange(512)
    orders = streams.words("order", indices, 4).argsort(-1)
    for place in range(4):
        drawn = process.p_sample(denoise(x_t, 1, None), x_t, 1, 0, streams.words(f"reveal/{place}", indices, 4))
        position = orders[..., place : place + 1]
        x_t = x_t.scatter(-1, position, drawn.gather(-1, position))
    parsed = Parser(rules).parse(x_t[0].numpy().astype(np.uint8))
    assert parsed.level_validity.tolist() == [1, 1]
    assert np.bincount(parsed.classes) / 512 == pytest.approx([0.5, 0.5], abs=0.1)


def test_marginals_in_the_place_of_cavities_ruin_the_samples() -> None:
    """The trap: p(x_0,i | x_t) holds the evidence of x_t,i already, which the sampler then counts again."""
    rules, process = experiment({})
    grammar = WeightedGrammar.of(rules)

    def marginal(x_t: Tensor, t: int, _: Tensor | None) -> Tensor:
        return marginals(grammar, process.log_evidence(x_t, t)[0])[-1].log()[None]

    assert validity(rules, process, exact(rules, process), 256, 40)[-1] > 0.9
    assert validity(rules, process, marginal, 256, 40)[-1] < 0.5


def test_leading_dimensions_are_kept() -> None:
    rules, process = experiment({}, num_layers=2)
    x_t = torch.randint(8, (1, 2, 3, 4), generator=torch.Generator().manual_seed(0))
    found = exact(rules, process)(x_t, 20, None)
    evidence = process.log_evidence(x_t, 20)
    assert found.shape == (1, 2, 3, 4, 8)
    assert torch.equal(found[0, 1], leaf_cavities(WeightedGrammar.of(rules), evidence[0, 1]))


def test_the_gaussian_sampler_is_given_marginals() -> None:
    rules, process = experiment({"process": "gaussian"}, num_layers=2)
    x_t = torch.randn(1, 5, 4, 8, generator=torch.Generator().manual_seed(0))
    expected = marginals(WeightedGrammar.of(rules), process.log_evidence(x_t, 20)[0])[-1]
    assert torch.equal(exact(rules, process)(x_t, 20, None)[0], expected.log())
