"""What a plan costs, pool by pool: FLOPs and memory from the model's graph, seconds from rates measured on this machine."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.evaluation.fixed_pairs import ROWS_PER_CALL
from rhm_sweeps.packs.flops import evaluation_flops, evaluation_passes, model_cost, training_flops
from rhm_sweeps.packs.packing import Pack, is_population
from rhm_sweeps.pools.pools import Pool
from rhm_sweeps.training.pack_optimizer import rates_agree

PROCESS_GIB = 0.6
"""Memory of a worker before it holds a model: the interpreter, torch and Ray."""
USABLE_MEMORY = 0.8
MAX_MEMBERS = {"cpu": 16, "cuda": 256}
"""Beyond this a bigger pack is no faster."""
_ADAM_COPIES = 4  # weight, gradient and two moments
_IN_BACKWARD, _IN_SAMPLING = 2.25, 1.5
"""What a pass takes at its peak, in what a forward pass keeps; measured by `benchmarks/member_memory.py`."""


@dataclass(frozen=True)
class Rates:
    """FLOPs per second that a processor reaches on packs of one shape, in training and in sampling; and the seconds that each
    optimizer step, and each forward pass of an evaluation, takes besides, however many members share it."""

    training: float
    sampling: float
    step_s: float = 0.0
    pass_s: float = 0.0


RatesOf = Callable[[TrialConfig], Rates]
"""The rates of a trial's shape."""


@dataclass(frozen=True)
class PoolEstimate:
    """Of the packs of one pool: FLOPs, memory of the largest pack, and seconds until the last is done, None where not known."""

    trials: int
    packs: int
    flops: float
    memory_gib: float
    seconds: float | None


@dataclass(frozen=True)
class Estimate:
    """Of a whole plan; its pools work side by side."""

    pools: Mapping[str, PoolEstimate]

    def times(self, factor: float) -> Estimate:
        """The estimate of so many times the work."""
        return Estimate({
            name: replace(
                pool, flops=pool.flops * factor, seconds=None if pool.seconds is None else pool.seconds * factor
            )
            for name, pool in self.pools.items()
        })  # fmt: skip

    @property
    def flops(self) -> float:
        return sum(pool.flops for pool in self.pools.values())

    @property
    def memory_gib(self) -> float:
        """Memory of the largest pack."""
        return max((pool.memory_gib for pool in self.pools.values()), default=0.0)

    @property
    def seconds(self) -> float | None:
        """Seconds until the last pack is done; None if that is not known of a pool."""
        seconds = [pool.seconds for pool in self.pools.values()]
        known = [value for value in seconds if value is not None]
        return max(known, default=0.0) if len(known) == len(seconds) else None


def member_gib(config: TrialConfig, *, own_rates: bool = False) -> float:
    """Memory of one member of a pack: weights, gradients, moments, activations of a batch and its strings.

    With `own_rates`, and always in a population, that of one whose learning rate or weight decay is not the others'.
    """
    cost, training = model_cost(config), config.training
    strings = (training.train_size + config.evaluation.loss_pairs * 32) * config.grammar.string_length
    at_once = training.batch_size * config.diffusion.n_trajectories / training.accumulation
    copies = _ADAM_COPIES + (own_rates or is_population(config))
    return (4 * copies * cost.parameters + cost.saved_bytes * at_once * _IN_BACKWARD + strings) / 2**30


def sampling_gib(config: TrialConfig, device: str = "cpu") -> float:
    """Memory of one forward pass of the sampler, over all members."""
    return _IN_SAMPLING * model_cost(config).saved_bytes * ROWS_PER_CALL[device] / config.grammar.string_length / 2**30


def max_members(pool: Pool) -> Callable[[TrialConfig], int]:
    """How many members a pack may have in a pool: as many as fit its memory and still make it faster."""

    def most(config: TrialConfig) -> int:
        room = pool.memory_gib * USABLE_MEMORY - PROCESS_GIB - sampling_gib(config, pool.device)
        return max(1, min(MAX_MEMBERS[pool.device], int(room / member_gib(config))))

    return most


def pack_gib(pack: Pack, device: str = "cpu") -> float:
    """Memory of the process that trains a pack.

    On a GPU a CUDA graph keeps what steps need while samples are drawn: the sum is not too much there. What CUDA itself takes was
    never measured; `USABLE_MEMORY` leaves room for it.
    """
    own_rates = not rates_agree([trial.training for trial in pack.trials])
    members = sum(member_gib(trial, own_rates=own_rates) for trial in pack.trials)
    return PROCESS_GIB + sampling_gib(pack.trials[0], device) + members


def pack_seconds(pack: Pack, rates: Rates, device: str = "cpu") -> float:
    """Seconds from the first step of a pack to its last evaluation, alone on a processor of these rates."""
    first = pack.trials[0]
    shared = first.training.steps * rates.step_s
    shared += evaluation_passes(first, len(pack.trials), device) * rates.pass_s
    return shared + sum(
        training_flops(trial) / rates.training + evaluation_flops(trial) / rates.sampling for trial in pack.trials
    )


def estimate_pool(packs: Sequence[Pack], pool: Pool, rates: RatesOf | None) -> PoolEstimate:
    """What packs cost on a pool; they go to the first free slot in order, and packs on one GPU share its rates."""
    share = pool.gpus_per_pack if pool.device != "cpu" and 0 < pool.gpus_per_pack < 1 else 1.0
    seconds = (
        None
        if rates is None
        else _makespan((pack_seconds(pack, rates(pack.trials[0]), pool.device) / share for pack in packs), pool.slots)
    )
    return PoolEstimate(
        trials=sum(len(pack.trials) for pack in packs),
        packs=len(packs),
        flops=sum(training_flops(trial) + evaluation_flops(trial) for pack in packs for trial in pack.trials),
        memory_gib=max((pack_gib(pack, pool.device) for pack in packs), default=0.0),
        seconds=seconds,
    )


def _makespan(durations: Iterable[float], slots: int) -> float:
    """Time at which the last of the jobs ends, when each starts on the slot that is free first."""
    ends = [0.0] * slots
    for duration in durations:
        heapq.heapreplace(ends, ends[0] + duration)
    return max(ends)
