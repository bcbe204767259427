"""Trained models as files: safetensors with the trial's configuration inside."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.errors import CheckpointError, ConfigError
from rhm_sweeps.models import build_model
from rhm_sweeps.whole_file import write_atomically


@dataclass(frozen=True)
class SavedModel:
    """A denoiser with its weights, its trial and the optimizer step it was saved at."""

    model: nn.Module
    config: TrialConfig
    step: int


def save_model(path: Path, config: TrialConfig, step: int, state: dict[str, Tensor]) -> None:
    """Write one member's state dict."""
    metadata = {"config": json.dumps(config.model_dump()), "step": str(step), "signature": config.signature}
    write_atomically(path, save({name: tensor.contiguous() for name, tensor in state.items()}, metadata))


def load_model(path: Path) -> SavedModel:
    """Read a trained model; nothing in the file is executed.

    Raises:
        CheckpointError: if it is missing, damaged or not a model of rhm-sweep.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        config = parse_trial(json.loads(metadata["config"]), str(path))
        model = build_model(config)
        model.load_state_dict(state)
        return SavedModel(model.eval(), config, int(metadata["step"]))
    except KeyError as error:
        raise CheckpointError(f"{path} is not a model of rhm-sweep: its metadata have no {error}") from error
    except (OSError, SafetensorError, ConfigError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"cannot load a model from {path}: {error}") from error
