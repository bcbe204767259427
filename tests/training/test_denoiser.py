"""A pack's outputs for strings at one time are those for strings at any time."""

import pytest
import torch

from rhm_sweeps.config import parse_trial
from rhm_sweeps.training.denoiser import Denoiser
from rhm_sweeps.training.packs import initial_pack

GRAMMAR = {"num_features": 4, "num_classes": 4, "num_synonyms": 2, "num_layers": 3}


def _denoiser(process, precision="float32", **model):
    trials = [
        parse_trial(
            {
                "grammar": GRAMMAR,
                "diffusion": {"timesteps": 20, "process": process},
                "model": {"width": 24, **model},
                "training": {"train_size": 8, "test_size": 8, "seed": seed, "precision": precision},
            }
        )
        for seed in range(3)
    ]
    return Denoiser.of(trials, initial_pack(trials))


def _noised(process, strings, length=8):
    draws = torch.Generator().manual_seed(0)
    if process == "gaussian":
        return torch.randn((3, strings, length, 4), generator=draws)
    return torch.randint(4 + (process == "masked"), (3, strings, length), generator=draws)


@torch.no_grad()
@pytest.mark.parametrize("strings", [1, 50])
@pytest.mark.parametrize("process", ["uniform", "masked", "gaussian"])
@pytest.mark.parametrize(
    "model", [{}, {"bias": True}, {"constraint": "tuples"}, {"name": "transformer", "embedding_size": 16}], ids=str
)
def test_outputs_at_one_time_are_those_at_any(process, strings, model):
    denoiser, x_t = _denoiser(process, **model), _noised(process, strings)
    outputs = denoiser(x_t, torch.full((3, strings), 7))
    assert (denoiser.at(x_t, 7) - outputs).abs().max() < 1e-5 * outputs.abs().max()


@torch.no_grad()
@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("process", ["uniform", "masked"])
@pytest.mark.parametrize(
    "model",
    [{}, {"bias": True}, {"depth": 1}, {"constraint": "tuples"}, {"name": "transformer", "embedding_size": 16}],
    ids=str,
)
def test_what_is_asked_for_is_the_same_if_nothing_else_is(process, model, share):
    denoiser, x_t = _denoiser(process, **model), _noised(process, 50)
    asked = torch.rand(x_t.shape, generator=torch.Generator().manual_seed(1)) < share
    outputs = denoiser(x_t, torch.full((3, 50), 7))
    found = denoiser.at(x_t, 7, asked)
    assert found.shape == outputs.shape
    torch.testing.assert_close(found[asked], outputs[asked], rtol=1e-5, atol=1e-5 * float(outputs.abs().max()))


@torch.no_grad()
def test_in_bfloat16_they_differ_by_its_rounding():
    denoiser, x_t = _denoiser("uniform", "bf16"), _noised("uniform", 50)
    outputs = denoiser(x_t, torch.full((3, 50), 7))
    assert (denoiser.at(x_t, 7) - outputs).abs().max() < 2e-2 * outputs.abs().max()
