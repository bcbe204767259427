"""Noise schedules: how much of x_0 survives at each time t."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from rhm_sweeps.config import DiffusionConfig

MIN_ALPHA_BAR = 1e-4
"""alpha_bar_T of the schedules that would reach 0, where x_T says nothing of x_0 and a step from it would divide by 0."""


def linear_betas(timesteps: int, beta1: float, beta2: float) -> Tensor:
    """beta_t = beta1 + (beta2 - beta1) * t / T for t = 1..T, and beta_0 = 0: float64 of shape (T + 1,)."""
    t = torch.arange(timesteps + 1, dtype=torch.float64)
    betas = beta1 + (beta2 - beta1) * t / timesteps
    betas[0] = 0.0
    return betas


def alpha_bar_table(config: DiffusionConfig) -> Tensor:
    """alpha_bar_t for t = 0..T, with alpha_bar_0 = 1 exactly: float64 of shape (T + 1,).

    `linear`: prod_{i <= t} (1 - beta_i) with linear betas (arXiv 2006.11239); `cosine`: cos(pi t / 2T)**2; `exponential`:
    exp(-max_time t / 2T); `log_linear`: 1 - t/T, where -log(alpha_bar_t) is the noise of masking (arXiv 2310.16834).
    """
    return _TABLES[config.noise_schedule](config)


def _linear(config: DiffusionConfig) -> Tensor:
    return torch.cumprod(1.0 - linear_betas(config.timesteps, config.beta1, config.beta2), 0)


def _cosine(config: DiffusionConfig) -> Tensor:
    return (_share_of_time(config) * (torch.pi / 2)).cos().square().clamp(min=MIN_ALPHA_BAR)


def _exponential(config: DiffusionConfig) -> Tensor:
    return (-config.max_time / 2 * _share_of_time(config)).exp()


def _log_linear(config: DiffusionConfig) -> Tensor:
    return (1.0 - _share_of_time(config)).clamp(min=MIN_ALPHA_BAR)


def _share_of_time(config: DiffusionConfig) -> Tensor:
    return torch.arange(config.timesteps + 1, dtype=torch.float64) / config.timesteps


_TABLES: dict[str, Callable[[DiffusionConfig], Tensor]] = {
    "linear": _linear,
    "cosine": _cosine,
    "exponential": _exponential,
    "log_linear": _log_linear,
}


def sampling_times(timesteps: int, steps: int | None = None) -> list[int]:
    """Descending times from T to 0 at which a sampler stops: all of them, or `steps` strides of nearly equal length."""
    count = timesteps if steps is None else steps
    return [round(timesteps * i / count) for i in range(count, -1, -1)]
