"""A trained model is one file that says what it is and cannot hold code."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from rhm_sweeps.config import parse_trial
from rhm_sweeps.errors import CheckpointError
from rhm_sweeps.training.packs import initial_model
from rhm_sweeps.training.saved_models import load_model, save_model

TRIAL = parse_trial({
    "grammar": {"num_features": 4, "num_classes": 4, "num_synonyms": 2, "num_layers": 2},
    "diffusion": {"timesteps": 10},
    "model": {"width": 8},
    "training": {"train_size": 8, "test_size": 4},
})  # fmt: skip


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "models" / f"{TRIAL.signature}.safetensors"
    save_model(path, TRIAL, 512, initial_model(TRIAL).state_dict())
    return path


def test_a_model_comes_back_with_its_trial_and_step(saved: Path) -> None:
    before, after = initial_model(TRIAL).eval(), load_model(saved)
    assert (after.config, after.step) == (TRIAL, 512)
    x, t = torch.randn(2, 4, 4), torch.tensor([1, 10])
    assert torch.equal(after.model(x, t), before(x, t))
    assert not after.model.training


@pytest.mark.parametrize("content", [b"", bytes(100), b"not a model"], ids=["empty", "zeroed", "text"])
def test_what_is_no_model_is_refused_by_name(saved: Path, content: bytes) -> None:
    saved.write_bytes(content)
    with pytest.raises(CheckpointError, match=saved.name):
        load_model(saved)


def test_a_torn_model_is_refused(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-10])
    with pytest.raises(CheckpointError, match=saved.name):
        load_model(saved)


def test_a_missing_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"nowhere\.safetensors"):
        load_model(tmp_path / "nowhere.safetensors")


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {"author": "somebody"},
        {"config": "{}"},
        {"config": "[1]", "step": "1"},
        {"config": '{"model": {"width": "x"}}', "step": "1"},
        {"config": "{}", "step": "many"},
    ],
)
def test_foreign_safetensors_are_refused(tmp_path: Path, metadata: dict[str, str] | None) -> None:
    path = tmp_path / "theirs.safetensors"
    save_file({"weight": torch.zeros(2)}, path, metadata)
    with pytest.raises(CheckpointError, match=r"theirs\.safetensors"):
        load_model(path)


def test_weights_of_another_shape_are_refused(saved: Path) -> None:
    weights = {name: tensor[..., :1].contiguous() for name, tensor in initial_model(TRIAL).state_dict().items()}
    save_model(saved, TRIAL, 512, weights)
    with pytest.raises(CheckpointError, match="size mismatch"):
        load_model(saved)
