"""The optimizer of a pack: torch's fused kernels on stacked parameters, with each member's own rates."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from operator import attrgetter

import torch
from torch import Tensor

from rhm_sweeps.config import TrainingConfig
from rhm_sweeps.training.optimizers import Moments, learning_rate

OWN_FIELDS = ("learning_rate", "weight_decay", "lr_schedule", "warmup_steps", "lr_decay", "lr_decay_steps")
"""The fields of `training` in which members of one pack may differ."""
_own_values = attrgetter(*OWN_FIELDS)


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
        self._agree = len(set(map(_own_values, configs))) == 1
        self._stepped = self._parameters if self._agree else [torch.zeros_like(p) for p in self._parameters]
        self._optimizer = self._make(configs[0])
        self._rates: list[float] = []
        self._decays = [config.weight_decay for config in configs]

    def _make(self, config: TrainingConfig) -> torch.optim.Optimizer:
        rate, decay = (config.learning_rate, config.weight_decay) if self._agree else (1.0, 0.0)
        if config.optimizer == "sgd":
            return torch.optim.SGD(self._stepped, rate, momentum=config.momentum, weight_decay=decay, fused=True)
        kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.Adam
        return kind(self._stepped, rate, weight_decay=decay, fused=True)

    def zero_grad(self) -> None:
        for parameter in self._parameters:
            parameter.grad = None

    def step(self, step: int) -> None:
        """Do the optimizer step after `step` others, by the gradients of the stacked parameters."""
        if self._agree:
            self._optimizer.param_groups[0]["lr"] = learning_rate(self._configs[0], step)
            self._optimizer.step()
        else:
            self._set_rates([learning_rate(config, step) for config in self._configs])
            self._step_apart()

    def _set_rates(self, rates: list[float]) -> None:
        if rates == self._rates:
            return
        self._rates, device = rates, self._parameters[0].device
        coupled = self._configs[0].optimizer != "adamw"
        shrinks = [1.0 - rate * decay for rate, decay in zip(rates, self._decays, strict=True)]
        self._rate = torch.tensor(rates, device=device)
        self._decay = torch.tensor(self._decays if coupled else shrinks, device=device)

    @torch.no_grad()
    def _step_apart(self) -> None:
        for parameter, stepped in zip(self._parameters, self._stepped, strict=True):
            stepped.zero_()
            stepped.grad = self._decayed(parameter) if any(self._decays) else parameter.grad
        self._optimizer.step()
        for parameter, stepped in zip(self._parameters, self._stepped, strict=True):
            parameter.addcmul_(stepped, _per_member(self._rate, parameter))
            stepped.grad = None  # or it would outlive `zero_grad` and take memory in the next backward pass

    def _decayed(self, parameter: Tensor) -> Tensor | None:
        """The gradient, after weight decay by each member's own amount: of the gradient, or for adamw of the weights."""
        if parameter.grad is None:
            return None
        own = _per_member(self._decay, parameter)
        if self._configs[0].optimizer == "adamw":
            parameter.mul_(own)
            return parameter.grad
        return parameter.grad.addcmul(parameter, own)

    def moments(self) -> Moments:
        """What is remembered, by the position of each parameter, whatever the rates; nothing before the first step."""
        state: Moments = self._optimizer.state_dict()["state"]
        return state

    def load(self, moments: Moments) -> None:
        """Put back a copy of what `moments` gave, of as many members."""
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": deepcopy(moments), "param_groups": groups})


def _per_member(values: Tensor, parameter: Tensor) -> Tensor:
    """One value (K,) for each row of a parameter (K, ...)."""
    return values.reshape(-1, *[1] * (parameter.ndim - 1))
