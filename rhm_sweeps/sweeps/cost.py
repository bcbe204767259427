"""What a plan costs: FLOPs and memory from the model's graph, seconds from a short calibration that is cached."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.evaluation.evaluator import evaluation_steps
from rhm_sweeps.evaluation.fixed_pairs import ROWS_PER_CALL
from rhm_sweeps.models import build_model
from rhm_sweeps.sweeps.packing import Pack
from rhm_sweeps.sweeps.pools import Pool

PROCESS_GIB = 0.75
"""Memory of a worker before it holds a model: the interpreter, torch and Ray."""
USABLE_MEMORY = 0.8
MAX_MEMBERS = {"cpu": 16, "cuda": 256}
"""Beyond this a bigger pack is no faster."""
_ADAM_COPIES = 4  # weight, gradient and two moments


@dataclass(frozen=True)
class ModelCost:
    """One member: parameters, forward FLOPs per string, and bytes kept per string for the backward pass."""

    parameters: int
    forward_flops: int
    saved_bytes: int


@dataclass(frozen=True)
class Rates:
    """FLOPs per second that one slot of a pool reaches on packs of one shape, in training and in sampling."""

    training: float
    sampling: float


@dataclass(frozen=True)
class Estimate:
    """Of a whole plan: FLOPs, memory of the largest pack, and seconds until the last pack is done."""

    flops: float
    memory_gib: float
    seconds: float


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


def member_gib(config: TrialConfig) -> float:
    """Memory of one member of a pack: weights, gradients, moments, activations of a batch and its strings."""
    cost, training = model_cost(config), config.training
    strings = (training.train_size + config.evaluation.loss_pairs * 32) * config.grammar.string_length
    at_once = training.batch_size * config.diffusion.n_trajectories / training.accumulation
    return (4 * _ADAM_COPIES * cost.parameters + cost.saved_bytes * at_once * 1.5 + strings) / 2**30


def sampling_gib(config: TrialConfig, device: str = "cpu") -> float:
    """Memory of one forward pass of the sampler, over all members."""
    return 2 * model_cost(config).saved_bytes * ROWS_PER_CALL[device] / config.grammar.string_length / 2**30


def max_members(pool: Pool) -> Callable[[TrialConfig], int]:
    """How many members a pack may have in a pool: as many as fit its memory and still make it faster."""

    def most(config: TrialConfig) -> int:
        room = pool.memory_gib * USABLE_MEMORY - PROCESS_GIB - sampling_gib(config, pool.device)
        return max(1, min(MAX_MEMBERS[pool.device], int(room / member_gib(config))))

    return most


def pack_gib(pack: Pack, device: str = "cpu") -> float:
    """Memory of the process that trains a pack."""
    return PROCESS_GIB + sampling_gib(pack.trials[0], device) + sum(member_gib(trial) for trial in pack.trials)


def estimate(packs: Sequence[Pack], pool: Pool, rates: Callable[[TrialConfig], Rates]) -> Estimate:
    """What the packs cost on a pool, given the rates of a trial's shape; packs go to the first free slot in order."""
    return Estimate(
        flops=sum(training_flops(trial) + evaluation_flops(trial) for pack in packs for trial in pack.trials),
        memory_gib=max((pack_gib(pack, pool.device) for pack in packs), default=0.0),
        seconds=_makespan((_pack_seconds(pack, rates(pack.trials[0])) for pack in packs), pool.slots),
    )


def _pack_seconds(pack: Pack, rates: Rates) -> float:
    return sum(
        training_flops(trial) / rates.training + evaluation_flops(trial) / rates.sampling for trial in pack.trials
    )


def _makespan(durations: Iterable[float], slots: int) -> float:
    """Time at which the last of the jobs ends, when each starts on the slot that is free first."""
    ends = [0.0] * slots
    for duration in durations:
        heapq.heapreplace(ends, ends[0] + duration)
    return max(ends)
