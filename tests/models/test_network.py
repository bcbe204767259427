"""Every network of the registry, and the one that the documentation shows how to add."""

from __future__ import annotations

import re
import types
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
import torch

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.config.model import ModelName
from rhm_sweeps.models import Network, build_model
from rhm_sweeps.streams import Streams, normal
from rhm_sweeps.training.packs import PackedModel

DOCUMENT = Path(__file__).parents[2] / "docs" / "models.md"


def trial(name: str = "bp_unet") -> TrialConfig:
    return parse_trial({
        "grammar": {"num_features": 5, "num_classes": 3, "num_synonyms": 2, "num_layers": 2},
        "model": {"name": name, "width": 16, "embedding_size": 8, "num_heads": 2},
        "training": {"train_size": 8, "test_size": 8},
    })  # fmt: skip


def drawn(network: Network, seed: int) -> Network:
    """The network with weights from the stream of a seed."""
    streams = Streams([seed])
    network.reset_parameters(
        lambda name, shape: normal(streams.words(name, torch.zeros(1), shape.numel())).reshape(shape)
    )
    return network


@cache
def documented() -> types.ModuleType:
    """The file that the documentation shows, as a module."""
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert len(code.splitlines()) <= 30
    module = types.ModuleType("rhm_sweeps.models.mlp")
    exec(compile(code, DOCUMENT.name, "exec"), module.__dict__)
    return module


@pytest.mark.parametrize("name", [*get_args(ModelName), "documented"])
def test_a_network_gives_in_a_pack_what_it_gives_alone(name: str) -> None:
    def build(seed: int) -> Network:
        unset = documented().build(trial(), torch.float32) if name == "documented" else build_model(trial(name))
        return drawn(unset, seed)

    alone = [build(seed) for seed in range(3)]
    packed = PackedModel.of([build(seed) for seed in range(3)])
    x, t = torch.randn(3, 6, 4, 5), torch.randint(1, 200, (3, 6))
    outputs = packed(x, t)
    assert outputs.shape == ((3, 6, 3) if name == "classifier" else (3, 6, 4, 5))
    for k, network in enumerate(alone):
        torch.testing.assert_close(outputs[k], network(x[k], t[k]), rtol=1e-4, atol=1e-5)
        assert not torch.allclose(outputs[k], outputs[k - 1])


@pytest.mark.parametrize("name", get_args(ModelName))
def test_all_weights_are_drawn(name: str) -> None:
    """None keeps what happened to be in memory: two draws of one seed are equal, and all numbers finite."""
    first, again = (dict(drawn(build_model(trial(name)), 1).named_parameters()) for _ in range(2))
    for parameter, tensor in first.items():
        assert bool(tensor.isfinite().all())
        assert torch.equal(tensor, again[parameter])
