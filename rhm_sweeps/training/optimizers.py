"""The arithmetic of optimizers on stacked parameters: elementwise or per member, so that members do not know of each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from rhm_sweeps.config import TrainingConfig

Moments = dict[int, dict[str, Any]]
"""What an optimizer remembers of each stacked parameter, by its position; a step count is common to all members."""


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


def learning_rates(configs: Sequence[TrainingConfig], first: int, count: int) -> Tensor:
    """Each config's learning rate at `count` steps after `first` others: float64 (K, count), on the CPU."""
    steps = range(first, first + count)
    return torch.tensor([[learning_rate(config, step) for step in steps] for config in configs], dtype=torch.float64)


def clip_gradients(parameters: Sequence[Tensor], largest: float) -> None:
    """Scale each member's gradient, over all parameters (K, ...), to a norm of at most `largest`."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    squares = torch.stack([gradient.flatten(1).square().sum(1) for gradient in gradients])
    scale = (largest / (squares.sum(0).sqrt() + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(scale.reshape(-1, *[1] * (gradient.ndim - 1)))


def select_moments(moments: Moments, members: Tensor) -> Moments:
    """A copy of what is remembered of some of the members, by index."""
    return {
        position: {name: value[members] if _is_stacked(name, value) else value for name, value in state.items()}
        for position, state in moments.items()
    }


def join_moments(parts: Sequence[Moments]) -> Moments:
    """Stack what is remembered of several packs at the same step."""
    return {
        position: {name: _joined(name, [part[position][name] for part in parts]) for name in state}
        for position, state in parts[0].items()
    }


def _joined(name: str, values: Sequence[Any]) -> Any:
    return torch.cat(list(values)) if _is_stacked(name, values[0]) else values[0]


def _is_stacked(name: str, value: Any) -> bool:
    """Whether a value has one row for each member; sgd without momentum remembers None."""
    return name != "step" and value is not None
