"""The process of the members of a pack, by its name."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.diffusion.gaussian import Gaussian
from rhm_sweeps.diffusion.masked import Masked
from rhm_sweeps.diffusion.noise_schedules import alpha_bar_table
from rhm_sweeps.diffusion.process import Process
from rhm_sweeps.diffusion.uniform import Uniform, input_levels

_ORIGINAL_STEPS = 1000


def make_process(configs: Sequence[TrialConfig], device: torch.device | str = "cpu") -> Process:
    """Return the process of trials with equal pack key; their noise schedules may differ."""
    diffusion, v, device = configs[0].diffusion, configs[0].grammar.num_features, torch.device(device)
    alpha_bar = torch.stack([alpha_bar_table(config.diffusion) for config in configs]).float()
    if diffusion.process == "masked":
        return Masked(alpha_bar, v).to(device)
    if diffusion.process == "gaussian":
        noise_scale = torch.tensor([config.diffusion.noise_scale for config in configs])
        return Gaussian(alpha_bar, v, noise_scale, diffusion.target, diffusion.output).to(device)
    levels = [_input_levels(config) for config in configs]
    absent, present = (torch.stack(tables).float() for tables in zip(*levels, strict=True))
    return Uniform(alpha_bar, v, absent, present).to(device)


def _input_levels(config: TrialConfig) -> tuple[Tensor, Tensor]:
    """Inputs over the diffusion's t = 0..T, by its own schedule or by the original code's at the same t / T.

    That has beta_t = 1e-4 + (0.02 - 1e-4) t / 1000 for t = 0..1000, the first among them, and rounds t / T in float32.
    """
    v, timesteps = config.grammar.num_features, config.diffusion.timesteps
    if config.model.time_input == "diffusion":
        return input_levels(alpha_bar_table(config.diffusion), v)
    alpha_bar = (1.0 - torch.linspace(1e-4, 0.02, _ORIGINAL_STEPS + 1, dtype=torch.float64)).cumprod(0)
    times = (torch.arange(timesteps + 1) / timesteps * _ORIGINAL_STEPS).long()
    return input_levels(alpha_bar[times], v, over=alpha_bar)
