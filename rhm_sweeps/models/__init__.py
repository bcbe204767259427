"""Denoisers: plain modules from (x_t, t) to logits of x_0; a new one is a file and a line in `build_model`."""

from __future__ import annotations

import torch

from rhm_sweeps.config import DiffusionConfig, TrialConfig
from rhm_sweeps.diffusion.noise_schedules import alpha_bar_table
from rhm_sweeps.models.bp_unet import BpUNet, NormalDraw

__all__ = ["BpUNet", "NormalDraw", "build_model"]

_ORIGINAL_TIME_INPUT = DiffusionConfig(timesteps=1000, beta1=1e-4, beta2=0.02)


def build_model(config: TrialConfig) -> BpUNet:
    """Return the denoiser of a trial, its weights still unset."""
    grammar, model = config.grammar, config.model
    dtype = torch.bfloat16 if config.training.precision == "bf16" else torch.float32
    return BpUNet(grammar.num_features, grammar.tuple_size, grammar.num_layers, model.width, _time_input(config), dtype)


def _time_input(config: TrialConfig) -> torch.Tensor:
    """alpha_bar over the diffusion's t = 0..T, of its own schedule or of the original code's at the same t / T."""
    if config.model.time_input == "diffusion":
        return alpha_bar_table(config.diffusion)
    table, timesteps = alpha_bar_table(_ORIGINAL_TIME_INPUT), config.diffusion.timesteps
    return table[torch.arange(timesteps + 1) * _ORIGINAL_TIME_INPUT.timesteps // timesteps]
