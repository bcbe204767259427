"""Optimizers of stacked parameters: every operation is elementwise or per member, so that members do not know of each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from rhm_sweeps.config import TrainingConfig

Moments = dict[int, dict[str, Any]]
"""What an optimizer remembers of each parameter, by its position."""


def make_optimizer(parameters: Sequence[Tensor], config: TrainingConfig) -> torch.optim.Optimizer:
    """Return torch's fused optimizer of the name; its learning rate is set before each step."""
    options: dict[str, Any] = {"lr": config.learning_rate, "weight_decay": config.weight_decay, "fused": True}
    if config.optimizer == "sgd":
        return torch.optim.SGD(parameters, momentum=config.momentum, **options)
    kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.Adam
    return kind(parameters, **options)


def learning_rate(config: TrainingConfig, step: int) -> float:
    """The learning rate of the optimizer step after `step` others."""
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    after = step - config.warmup_steps
    if config.lr_schedule == "cosine":
        return config.learning_rate * (1.0 + math.cos(math.pi * after / (config.steps - config.warmup_steps))) / 2
    if config.lr_schedule == "step":
        return float(config.learning_rate * config.lr_decay ** (after // config.lr_decay_steps))
    return config.learning_rate


def clip_gradients(parameters: Sequence[Tensor], largest: float) -> None:
    """Scale each member's gradient, over all parameters (K, ...), to a norm of at most `largest`."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    squares = torch.stack([gradient.flatten(1).square().sum(1) for gradient in gradients])
    scale = (largest / (squares.sum(0).sqrt() + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(scale.reshape(-1, *[1] * (gradient.ndim - 1)))


def select_moments(moments: Moments, members: Tensor) -> Moments:
    """What is remembered of some of the members, by index; the count of steps is common to all."""
    return {key: {name: _rows(name, x, members) for name, x in state.items()} for key, state in moments.items()}


def _rows(name: str, value: Tensor | None, members: Tensor) -> Tensor | None:
    return value if value is None or name == "step" else value[members]


def load_moments(optimizer: torch.optim.Optimizer, moments: Mapping[int, dict[str, Any]]) -> None:
    """Put back what `optimizer.state_dict()["state"]` held."""
    optimizer.load_state_dict({"state": dict(moments), "param_groups": optimizer.state_dict()["param_groups"]})
