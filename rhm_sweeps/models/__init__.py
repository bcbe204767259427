"""Networks: plain modules from (model input, t) to logits of x_0 or of the class; a new one is a file and a line in `MODELS`."""

from __future__ import annotations

from collections.abc import Callable

import torch

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.models.bp_unet import BpUNet
from rhm_sweeps.models.classifier import Classifier
from rhm_sweeps.models.network import Network, NormalDraw
from rhm_sweeps.models.transformer import Transformer

__all__ = ["MODELS", "Network", "NormalDraw", "build_model"]

MODELS: dict[str, Callable[[TrialConfig, torch.dtype], Network]] = {
    "bp_unet": BpUNet.of,
    "transformer": Transformer,
    "classifier": Classifier,
}
"""What builds the network of a trial, with matrix products in a precision."""


def build_model(config: TrialConfig) -> Network:
    """Return the network of a trial, its weights still unset."""
    dtype = torch.bfloat16 if config.training.precision == "bf16" else torch.float32
    return MODELS[config.model.name](config, dtype)
