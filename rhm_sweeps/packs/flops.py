"""Floating-point work of a trial, counted on its model's graph."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import torch
from torch.autograd.graph import saved_tensors_hooks
from torch.overrides import TorchFunctionMode

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.evaluation.evaluator import evaluation_steps
from rhm_sweeps.evaluation.fixed_pairs import strings_per_call
from rhm_sweeps.models import build_model
from rhm_sweeps.models.fused import only_shapes


@dataclass(frozen=True)
class ModelCost:
    """One member: parameters, forward FLOPs per string, and bytes kept per string for the backward pass."""

    parameters: int
    forward_flops: int
    saved_bytes: int


def model_shape(config: TrialConfig) -> tuple[Hashable, ...]:
    """The values that a model's cost depends on."""
    grammar, training = config.grammar, config.training
    shape = (grammar.num_features, grammar.num_classes, grammar.tuple_size, grammar.num_layers)
    used = {name: value for name, value in vars(config.model).items() if name not in config.model.unused()}
    return (*shape, *used.items(), training.batch_size, training.accumulation, training.precision)


def model_cost(config: TrialConfig) -> ModelCost:
    """Count on one string; once per shape."""
    shape = model_shape(config)
    if shape not in _COSTS:
        _COSTS[shape] = _count(config)
    return _COSTS[shape]


_COSTS: dict[tuple[Hashable, ...], ModelCost] = {}


class _Products(TorchFunctionMode):
    """Counts the FLOPs of matrix products."""

    flops = 0

    def __torch_function__(self, function: Any, _: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        if getattr(function, "__name__", "") in _PRODUCTS:
            self.flops += 2 * result.numel() * args[0].shape[-1]
        return result


_PRODUCTS = {"matmul", "__matmul__", "mm", "bmm", "linear"}


def _count(config: TrialConfig) -> ModelCost:
    """On the CPU: torch's `meta` device and its counter of FLOPs would import its compiler first, which takes a second and a half."""
    model = build_model(config)
    x = torch.zeros(1, config.grammar.string_length, config.grammar.num_features)
    saved = 0

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal saved
        saved += tensor.nbytes if tensor.shape[:1] == (1,) else 0
        return tensor

    with only_shapes(), _Products() as products, saved_tensors_hooks(pack, lambda tensor: tensor):
        model(x, torch.zeros(1, dtype=torch.int64))
    return ModelCost(sum(p.numel() for p in model.parameters()), products.flops, saved)


def training_flops(config: TrialConfig) -> float:
    """Of all optimizer steps of a trial: a backward pass costs two forward passes."""
    strings = config.training.batch_size * config.diffusion.n_trajectories
    return 3.0 * model_cost(config).forward_flops * strings * config.training.steps


def evaluation_flops(config: TrialConfig) -> float:
    """Of all evaluation points of a trial: every sample takes its denoising steps, every loss pair one pass."""
    return float(model_cost(config).forward_flops) * _in_passes(config, 1)


def evaluation_passes(config: TrialConfig, members: int, device: str) -> int:
    """Forward passes of all evaluation points of a pack of such trials, each of as many strings as it takes."""
    return _in_passes(config, strings_per_call(device, members, config.grammar.string_length))


def _in_passes(config: TrialConfig, strings: int) -> int:
    """How often samples and pairs go through the model at all evaluation points, so many at a time."""
    evaluation = config.evaluation
    points = len(evaluation_steps(config.training.steps, evaluation.points_per_doubling))
    denoising = 0 if config.model.name == "classifier" else evaluation.sampling_steps or config.diffusion.timesteps
    samples, pairs = (-(-count // strings) for count in (evaluation.num_samples, evaluation.loss_pairs))
    return (samples * denoising + 2 * pairs) * points


def work_done(config: TrialConfig, step: int) -> float:
    """Share of a trial's FLOPs that are done at an optimizer step, evaluation there included: early steps are dense in evaluations."""
    points = evaluation_steps(config.training.steps, config.evaluation.points_per_doubling)
    evaluated = sum(point <= step for point in points) / len(points)
    training, evaluation = training_flops(config), evaluation_flops(config)
    return (training * step / config.training.steps + evaluation * evaluated) / (training + evaluation)
