"""Networks: plain modules from (model input, t) to logits of x_0 or of the class; `docs/models.md` shows how to add one."""

from __future__ import annotations

from importlib import import_module
from typing import get_args

import torch

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.config.model import ModelName
from rhm_sweeps.models.network import Network, NormalDraw

__all__ = ["Network", "NormalDraw", "build_model"]

_MODULES = {name: import_module(f"rhm_sweeps.models.{name}") for name in get_args(ModelName)}


def build_model(config: TrialConfig) -> Network:
    """Return the network of a trial, its weights still unset: what `build` of the file of its name makes."""
    dtype = torch.bfloat16 if config.training.precision == "bf16" else torch.float32
    network: Network = _MODULES[config.model.name].build(config, dtype)
    return network
