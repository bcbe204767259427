"""Floating-point work of a trial, counted on its model's graph."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import torch
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.evaluation.evaluator import evaluation_steps
from rhm_sweeps.models import build_model


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
    """Count on a model without data, on torch's `meta` device; once per shape."""
    shape = model_shape(config)
    if shape not in _COSTS:
        _COSTS[shape] = _count(config)
    return _COSTS[shape]


_COSTS: dict[tuple[Hashable, ...], ModelCost] = {}


def _count(config: TrialConfig) -> ModelCost:
    model = build_model(config).to("meta")
    x = torch.zeros(1, config.grammar.string_length, config.grammar.num_features, device="meta")
    saved = 0

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal saved
        saved += tensor.numel() * tensor.element_size() if tensor.shape[:1] == (1,) else 0
        return tensor

    with FlopCounterMode(display=False) as counter, saved_tensors_hooks(pack, lambda tensor: tensor):
        model(x, torch.zeros(1, dtype=torch.int64, device="meta"))
    return ModelCost(sum(p.numel() for p in model.parameters()), counter.get_total_flops(), saved)


def training_flops(config: TrialConfig) -> float:
    """Of all optimizer steps of a trial: a backward pass costs two forward passes."""
    strings = config.training.batch_size * config.diffusion.n_trajectories
    return 3.0 * model_cost(config).forward_flops * strings * config.training.steps


def evaluation_flops(config: TrialConfig) -> float:
    """Of all evaluation points of a trial: every sample takes its denoising steps, every loss pair one pass."""
    evaluation = config.evaluation
    points = len(evaluation_steps(config.training.steps, evaluation.points_per_doubling))
    denoising = 0 if config.model.name == "classifier" else evaluation.sampling_steps or config.diffusion.timesteps
    passes = evaluation.num_samples * denoising + 2 * evaluation.loss_pairs
    return float(model_cost(config).forward_flops) * passes * points


def work_done(config: TrialConfig, step: int) -> float:
    """Share of a trial's FLOPs that are done at an optimizer step, evaluation there included: early steps are dense in evaluations."""
    points = evaluation_steps(config.training.steps, config.evaluation.points_per_doubling)
    evaluated = sum(point <= step for point in points) / len(points)
    training, evaluation = training_flops(config), evaluation_flops(config)
    return (training * step / config.training.steps + evaluation * evaluated) / (training + evaluation)
