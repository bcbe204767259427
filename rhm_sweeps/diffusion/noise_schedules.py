"""Noise schedules: how much of x_0 survives at each time t."""

from __future__ import annotations

import torch
from torch import Tensor

from rhm_sweeps.config import DiffusionConfig


def linear_betas(timesteps: int, beta1: float, beta2: float) -> Tensor:
    """beta_t = beta1 + (beta2 - beta1) * t / T for t = 1..T, and beta_0 = 0: float64 of shape (T + 1,)."""
    t = torch.arange(timesteps + 1, dtype=torch.float64)
    betas = beta1 + (beta2 - beta1) * t / timesteps
    betas[0] = 0.0
    return betas


def alpha_bar_table(config: DiffusionConfig) -> Tensor:
    """alpha_bar_t = prod_{i <= t} (1 - beta_i) for t = 0..T, with alpha_bar_0 = 1 exactly: float64 of shape (T + 1,)."""
    return torch.cumprod(1.0 - linear_betas(config.timesteps, config.beta1, config.beta2), 0)


def sampling_times(timesteps: int, steps: int | None = None) -> list[int]:
    """Descending times from T to 0 at which a sampler stops: all of them, or `steps` strides of nearly equal length."""
    count = timesteps if steps is None else steps
    return [round(timesteps * i / count) for i in range(count, -1, -1)]
