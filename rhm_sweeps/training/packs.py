"""Packs: models of the same shape as one model, their parameters stacked on a leading axis."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.models import Network, build_model
from rhm_sweeps.models.network import Tabulating, look_up
from rhm_sweeps.streams import Streams, normal


class PackedModel:
    """K models evaluated at once: the module called with stacked parameters, by `vmap` unless it takes packs itself."""

    def __init__(self, module: nn.Module, parameters: dict[str, Tensor], buffers: dict[str, Tensor]) -> None:
        self.module = module
        self.parameters = parameters
        self.buffers = buffers
        self._packed = _holding(module, parameters | buffers) if getattr(module, "takes_packs", False) else None
        self._forward = vmap(self._one_member, in_dims=(0, 0, 0, 0))
        self._forward_dropping = vmap(self._one_member, in_dims=(0, 0, 0, 0, 0))

    @classmethod
    def of(cls, models: Sequence[nn.Module]) -> Self:
        """Stack the parameters and buffers of models of equal shape: each becomes (K, ...)."""
        parameters, buffers = stack_module_state(list(models))
        return cls(copy.deepcopy(models[0]).to("meta"), parameters, buffers)

    def _one_member(
        self,
        parameters: dict[str, Tensor],
        buffers: dict[str, Tensor],
        x: Tensor,
        t: Tensor,
        dropout: Tensor | None = None,
    ) -> Tensor:
        output: Tensor = functional_call(self.module, (parameters, buffers), (x, t, dropout))
        return output

    def __call__(self, x: Tensor, t: Tensor, dropout: Tensor | None = None) -> Tensor:
        """Model inputs (K, B, d, v) and times (K, B) to outputs (K, B, ...); `dropout` holds a random word for each string."""
        if self._packed is not None:
            output: Tensor = self._packed(x, t, dropout)
            return output
        if dropout is None:
            return self._forward(self.parameters, self.buffers, x, t)
        return self._forward_dropping(self.parameters, self.buffers, x, t, dropout)

    def at_one_time(self, seen: Tensor, tokens: Tensor, t: Tensor, asked: Tensor | None = None) -> Tensor:
        """Outputs for tokens (K, B, d) that are seen as rows of `seen`, (K, symbols, v), at times t (K, B) that are all the same.

        Those that are not `asked` for, (K, B, d), may be anything.
        """
        if isinstance(self._packed, Tabulating):
            return self._packed.at_one_time(seen, tokens, asked)
        return self(look_up(seen, tokens), t)

    @property
    def members(self) -> int:
        return next(iter(self.parameters.values())).shape[0]

    def to(self, device: torch.device | str) -> PackedModel:
        """The pack on a device."""
        parameters = {name: tensor.detach().to(device).requires_grad_() for name, tensor in self.parameters.items()}
        return PackedModel(self.module, parameters, {name: tensor.to(device) for name, tensor in self.buffers.items()})

    def select(self, kept: Tensor) -> PackedModel:
        """The pack of some of the members, by index."""
        parameters = {name: tensor.detach()[kept].requires_grad_() for name, tensor in self.parameters.items()}
        return PackedModel(self.module, parameters, {name: tensor[kept] for name, tensor in self.buffers.items()})

    def member_state(self, index: int) -> dict[str, Tensor]:
        """The state dict of one member, on the CPU."""
        stacked = {**self.parameters, **self.buffers}
        return {name: tensor[index].detach().cpu().clone() for name, tensor in stacked.items()}


def _holding(module: nn.Module, tensors: dict[str, Tensor]) -> nn.Module:
    """A copy of the module with these tensors, by name, in place of its own."""
    held = copy.deepcopy(module)
    for name, tensor in tensors.items():
        owner, _, attribute = name.rpartition(".")
        parent = held.get_submodule(owner)
        delattr(parent, attribute)
        setattr(parent, attribute, tensor)
    return held


def initial_model(config: TrialConfig) -> Network:
    """The model of a trial, initialized from the trial's own streams."""
    streams, start = Streams([config.training.seed]), torch.zeros(1, dtype=torch.int64)

    def draw(name: str, shape: torch.Size) -> Tensor:
        return normal(streams.words(f"init/{name}", start, shape.numel())).reshape(shape)

    model = build_model(config)
    model.reset_parameters(draw)
    return model


def initial_pack(configs: Sequence[TrialConfig], device: torch.device | str = "cpu") -> PackedModel:
    """The packed, initialized models of trials with equal pack key."""
    return PackedModel.of([initial_model(config) for config in configs]).to(device)
