"""Adam, AdamW and SGD by torch's fused kernels, on plain tensors.

torch's own classes around these functions import its compiler first, which takes longer than many a small trial.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim.adam import adam
from torch.optim.adamw import adamw
from torch.optim.sgd import sgd

from rhm_sweeps.config import TrainingConfig
from rhm_sweeps.training.optimizers import Moments

BETA_1, BETA_2, EPS = 0.9, 0.999, 1e-8
"""Those of Kingma & Ba, 2015, Algorithm 1."""


class FusedOptimizer:
    """Steps parameters by their gradients; those without one stay, and nothing is remembered of them."""

    def __init__(self, parameters: Sequence[Tensor], config: TrainingConfig, weight_decay: float) -> None:
        self._parameters, self._config, self._weight_decay = list(parameters), config, weight_decay
        self.moments: Moments = {}
        """What is remembered, by the position of each parameter."""

    @torch.no_grad()
    def step(self, rate: Tensor | float) -> None:
        """Do a step at a learning rate."""
        positions = [k for k, parameter in enumerate(self._parameters) if parameter.grad is not None]
        parameters = [self._parameters[k] for k in positions]
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        if self._config.optimizer == "sgd":
            self._step_sgd(positions, parameters, gradients, rate)
        else:
            self._step_adam(positions, parameters, gradients, rate)

    def load(self, moments: Moments) -> None:
        """Put back a copy of what `moments` was, on whatever device it is now."""
        self.moments = {
            position: {name: self._copied(position, value) for name, value in state.items()}
            for position, state in moments.items()
        }

    def _copied(self, position: int, value: Tensor | None) -> Tensor | None:
        return None if value is None else value.detach().to(self._parameters[position].device, copy=True)

    def _step_sgd(
        self, positions: list[int], parameters: list[Tensor], gradients: list[Tensor], rate: Tensor | float
    ) -> None:
        momentum = self._config.momentum
        buffers = [self.moments.get(k, {}).get("momentum_buffer") for k in positions]
        sgd(
            parameters, gradients, buffers, fused=True, weight_decay=self._weight_decay, momentum=momentum,
            lr=rate,  # type: ignore[arg-type] # its kernels take tensors
            dampening=0.0, nesterov=False, maximize=False,
        )  # fmt: skip
        if momentum:
            self.moments = {k: {"momentum_buffer": buffer} for k, buffer in zip(positions, buffers, strict=True)}

    def _step_adam(
        self, positions: list[int], parameters: list[Tensor], gradients: list[Tensor], rate: Tensor | float
    ) -> None:
        kept = [
            self.moments.get(k) or self._begun(k, parameter) for k, parameter in zip(positions, parameters, strict=True)
        ]
        (adamw if self._config.optimizer == "adamw" else adam)(
            parameters, gradients,
            [one["exp_avg"] for one in kept], [one["exp_avg_sq"] for one in kept], [], [one["step"] for one in kept],
            fused=True, capturable=not parameters[0].is_cpu, amsgrad=False, beta1=BETA_1, beta2=BETA_2, lr=rate,
            weight_decay=self._weight_decay, eps=EPS, maximize=False,
        )  # fmt: skip

    def _begun(self, position: int, parameter: Tensor) -> dict[str, Tensor]:
        self.moments[position] = {
            "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }
        return self.moments[position]
