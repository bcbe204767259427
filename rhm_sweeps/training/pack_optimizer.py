"""The optimizer of a pack: torch's fused kernels on stacked parameters, with each member's own rates."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

import torch
from torch import Tensor

from rhm_sweeps.config import TrainingConfig
from rhm_sweeps.training.fused_optimizers import FusedOptimizer
from rhm_sweeps.training.optimizers import Moments

OWN_FIELDS = ("learning_rate", "weight_decay", "lr_schedule", "warmup_steps", "lr_decay", "lr_decay_steps")
"""The fields of `training` in which members of one pack may differ."""
_own_values = attrgetter(*OWN_FIELDS)


def rates_agree(configs: Sequence[TrainingConfig]) -> bool:
    """Whether the members of a pack step alike; where they do not, their optimizer needs room for all weights once more."""
    return len(set(map(_own_values, configs))) == 1


class PackOptimizer:
    """Steps all members by one fused call, whatever their rates.

    Where the rates are equal, the call steps the parameters. Where they differ, it steps zeros at the learning rate 1, and each
    member moves by its own multiple of what comes out: adam's and sgd's steps are proportional to the learning rate.
    """

    def __init__(self, parameters: Sequence[Tensor], configs: Sequence[TrainingConfig]) -> None:
        """Start without moments.

        Args:
            parameters: stacked, (K, ...) each.
            configs: each member's training, K of them; they differ in `OWN_FIELDS` at most.
        """
        self._parameters, self._configs = list(parameters), list(configs)
        self._agree = rates_agree(configs)
        self._stepped = self._parameters if self._agree else [torch.zeros_like(p) for p in self._parameters]
        decay = configs[0].weight_decay if self._agree else 0.0
        self._optimizer = FusedOptimizer(self._stepped, configs[0], decay)
        decays = [config.weight_decay for config in configs]
        self._decays = torch.tensor(decays, dtype=torch.float64, device=parameters[0].device)
        self._any_decay = any(decays)

    def zero_grad(self) -> None:
        for parameter in self._parameters:
            parameter.grad = None

    def step(self, rates: Tensor) -> None:
        """Do a step at each member's learning rate, float64 (K,), by the gradients of the stacked parameters."""
        if self._agree:
            self._optimizer.step(rates[0] if rates.is_cpu else rates[0].float())  # a GPU's kernels take no other
        else:
            self._step_apart(rates)

    @torch.no_grad()
    def _step_apart(self, rates: Tensor) -> None:
        coupled, rate = self._configs[0].optimizer != "adamw", rates.float()
        decay = (self._decays if coupled else 1.0 - rates * self._decays).float()
        for parameter, stepped in zip(self._parameters, self._stepped, strict=True):
            stepped.zero_()
            stepped.grad = _decayed(parameter, decay, coupled) if self._any_decay else parameter.grad
        self._optimizer.step(1.0)
        for parameter, stepped in zip(self._parameters, self._stepped, strict=True):
            parameter.addcmul_(stepped, _per_member(rate, parameter))
            stepped.grad = None  # or it would outlive `zero_grad` and take memory in the next backward pass

    def moments(self) -> Moments:
        """What is remembered, by the position of each parameter, whatever the rates; nothing before the first step."""
        return self._optimizer.moments

    def load(self, moments: Moments) -> None:
        """Put back a copy of what `moments` gave, of as many members."""
        self._optimizer.load(moments)


def _decayed(parameter: Tensor, decay: Tensor, coupled: bool) -> Tensor | None:
    """The gradient, with each member's share of the weights (K,) added; or if not `coupled`, after the weights shrank to theirs."""
    if parameter.grad is None:
        return None
    own = _per_member(decay, parameter)
    if coupled:
        return parameter.grad.addcmul(parameter, own)
    parameter.mul_(own)
    return parameter.grad


def _per_member(values: Tensor, parameter: Tensor) -> Tensor:
    """One value (K,) for each row of a parameter (K, ...)."""
    return values.reshape(-1, *[1] * (parameter.ndim - 1))
