"""Samples of packs."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.evaluation.fixed_pairs import ROWS_PER_CALL
from rhm_sweeps.evaluation.sampling import sample_strings
from rhm_sweeps.streams import Streams
from rhm_sweeps.training.denoiser import Denoiser
from rhm_sweeps.training.packs import PackedModel, initial_pack

from ..device_watch import DEVICE, Watch

STRING = [3, 1, 0, 2]


def trial(seed: int = 0, process: str = "uniform") -> TrialConfig:
    return parse_trial({
        "grammar": {"num_features": 4, "num_classes": 4, "num_synonyms": 2, "num_layers": 2},
        "diffusion": {"timesteps": 20, "process": process},
        "model": {"width": 8},
        "training": {"train_size": 8, "test_size": 4, "seed": seed},
    })  # fmt: skip


def samples(count: int, steps: int | None, *configs: TrialConfig) -> Tensor:
    denoiser = Denoiser.of(configs, initial_pack(configs))
    return sample_strings(denoiser, Streams([config.training.seed for config in configs]), 4, count, steps)


@pytest.mark.parametrize("process", ["uniform", "masked", "gaussian"])
def test_samples_depend_on_neither_pack_nor_count(process: str) -> None:
    many = samples(3000, 5, trial(0, process), trial(1, process))
    few = samples(7, 5, trial(1, process))
    assert many.shape == (2, 3000, 4)
    assert torch.equal(many[1, :7], few[0])
    assert not torch.equal(many[0], many[1])
    assert (int(many.min()), int(many.max())) == (0, 3)


@pytest.mark.parametrize("process", ["uniform", "masked", "gaussian"])
def test_no_denoising_step_waits_for_the_device(process: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the counts of what the network is asked, before the first step of strings that are drawn together."""
    monkeypatch.setitem(ROWS_PER_CALL, DEVICE, 2 * 4 * 8)
    monkeypatch.setattr(torch.Tensor, "cpu", lambda counts: torch.full(counts.shape, 5))
    configs = [trial(0, process), trial(1, process)]
    denoiser, streams = Denoiser.of(configs, initial_pack(configs, DEVICE), DEVICE), Streams([0, 1], DEVICE)
    with Watch() as watch:
        drawn = sample_strings(denoiser, streams, 4, 16, 3)
    assert drawn.shape == (2, 16, 4)
    assert watch.across == []
    assert watch.operations > 2 * 3 * 20  # two calls of 8 strings, 3 denoising steps


class Oracle(nn.Module):
    """Is sure of one string."""

    def __init__(self) -> None:
        super().__init__()
        self.logits = nn.Parameter(50.0 * torch.nn.functional.one_hot(torch.tensor(STRING), 4))

    def forward(self, x_t: Tensor, t: Tensor, dropout: Tensor | None = None) -> Tensor:
        return self.logits.expand(len(x_t), 4, 4)


@pytest.mark.parametrize("steps", [None, 20, 3, 1])
@pytest.mark.parametrize("process", ["uniform", "masked", "gaussian"])
def test_a_denoiser_that_knows_the_string_samples_it(process: str, steps: int | None) -> None:
    denoiser = Denoiser.of([trial(0, process)], PackedModel.of([Oracle()]))
    found = sample_strings(denoiser, Streams([0]), 4, 50, steps)
    assert torch.equal(found, torch.tensor(STRING).expand(1, 50, 4))
