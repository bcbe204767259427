"""Floating-point work of a trial, counted on its model's graph."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import torch
from torch.autograd.graph import saved_tensors_hooks
from torch.overrides import TorchFunctionMode

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.diffusion.noise_schedules import sampling_times
from rhm_sweeps.diffusion.process import asked_share
from rhm_sweeps.diffusion.processes import make_process
from rhm_sweeps.evaluation.evaluator import evaluation_steps
from rhm_sweeps.evaluation.fixed_pairs import strings_per_call
from rhm_sweeps.evaluation.sampling import samples_per_call
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
    """Of all evaluation points of a trial: a pass per loss pair, and per denoising step of a sample that the network is asked about."""
    denoising = _denoising_steps(config) * _asked(config)
    passes = config.evaluation.num_samples * denoising + 2 * config.evaluation.loss_pairs
    return _points(config) * passes * model_cost(config).forward_flops


def evaluation_passes(config: TrialConfig, members: int, device: str) -> int:
    """Forward passes of all evaluation points of a pack of such trials, each of as many strings as it takes."""
    evaluation, length = config.evaluation, config.grammar.string_length
    asked = _asked(config) if device == "cpu" else 1.0
    samples = -(-evaluation.num_samples // samples_per_call(device, members, length, asked))
    pairs = -(-evaluation.loss_pairs // strings_per_call(device, members, length))
    return _points(config) * (samples * _denoising_steps(config) + 2 * pairs)


def _points(config: TrialConfig) -> int:
    return len(evaluation_steps(config.training.steps, config.evaluation.points_per_doubling))


def _denoising_steps(config: TrialConfig) -> int:
    if config.model.name == "classifier":
        return 0
    return config.evaluation.sampling_steps or config.diffusion.timesteps


def _asked(config: TrialConfig) -> float:
    """`asked_share` of a trial; once per process and length."""
    grammar, steps = config.grammar, config.evaluation.sampling_steps
    key = (config.diffusion, grammar.num_features, grammar.string_length, steps)
    if key not in _ASKED:
        times = sampling_times(config.diffusion.timesteps, steps)
        _ASKED[key] = asked_share(make_process([config]), times, grammar.string_length)
    return _ASKED[key]


_ASKED: dict[tuple[Hashable, ...], float] = {}


def work_done(config: TrialConfig, step: int) -> float:
    """Share of a trial's FLOPs that are done at an optimizer step, evaluation there included: early steps are dense in evaluations."""
    points = evaluation_steps(config.training.steps, config.evaluation.points_per_doubling)
    evaluated = sum(point <= step for point in points) / len(points)
    training, evaluation = training_flops(config), evaluation_flops(config)
    return (training * step / config.training.steps + evaluation * evaluated) / (training + evaluation)
