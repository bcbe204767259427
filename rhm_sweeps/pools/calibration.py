"""How fast this machine is on a shape: a second of real training and sampling, remembered in the user's cache."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Self

import numpy as np
import torch

from rhm_sweeps.cache_folder import cache_folder
from rhm_sweeps.code_identity import code_hash
from rhm_sweeps.config import TrialConfig
from rhm_sweeps.evaluation.fixed_pairs import strings_per_call
from rhm_sweeps.evaluation.sampling import sample_strings
from rhm_sweeps.packs.flops import model_cost, model_shape, training_flops
from rhm_sweeps.packs.packing import Pack
from rhm_sweeps.pools.cost import Estimate, Rates, RatesOf, estimate_pool
from rhm_sweeps.pools.pools import Pool, Pools
from rhm_sweeps.training.loop import CHUNK_STEPS, PackTrainer
from rhm_sweeps.training.precision import matmul_precision
from rhm_sweeps.whole_file import write_atomically

MAX_MEASURED = 4
"""Shapes measured per plan, the costliest first; the others take the rates of the nearest measured one."""
_FEW, _MEMBERS = 2, 4
"""Of the two packs that are measured."""
_STRINGS = 256
_SECONDS = 0.25
_LEAST_SHARE = 0.1
"""Of a pack's time that grows with its members, whatever the clock says."""


def estimate_packs(packs: Mapping[str, Sequence[Pack]], pools: Pools) -> Estimate:
    """What the packs of each pool cost, by a calibration of this machine, which is taken for one of the pool's."""
    return Estimate({
        name: estimate_pool(some, pools[name], calibrated_rates(some, pools[name])) for name, some in packs.items() if some
    })  # fmt: skip


def calibrated_rates(packs: Sequence[Pack], pool: Pool) -> RatesOf | None:
    """Return the rates of the shapes of packs, measuring those that the cache does not know.

    None if this machine has no device as the pool's.
    """
    if pool.device != "cpu" and not torch.cuda.is_available():
        return None
    shapes: dict[str, tuple[float, TrialConfig]] = {}
    for pack in packs:
        key, trial = _key(pack.trials[0], pool), pack.trials[0]
        shapes[key] = (shapes.get(key, (0.0, trial))[0] + training_flops(trial) * len(pack.trials), trial)
    known = _read_cache()
    costliest = sorted(shapes, key=lambda key: -shapes[key][0])[:MAX_MEASURED]
    measured = {key: _measure(shapes[key][1], pool.device) for key in costliest if key not in known}
    if measured:
        _write_cache({**known, **measured})
    known |= measured
    width = {key: shapes[key][1].model.width for key in costliest}

    def rates(trial: TrialConfig) -> Rates:
        key = _key(trial, pool)
        return (
            known[key] if key in known else known[min(width, key=lambda other: abs(width[other] - trial.model.width))]
        )

    return rates


@dataclass(frozen=True)
class _Seconds:
    """What a step, or a pass of the sampler, takes for each member, and for all of them together."""

    each: float
    shared: float

    @classmethod
    def of(cls, few: float, some: float) -> Self:
        """The line through the seconds of a pack of `_FEW` and of `_MEMBERS`."""
        most = some / _MEMBERS
        each = min(max((some - few) / (_MEMBERS - _FEW), _LEAST_SHARE * most), most)
        return cls(each, some - each * _MEMBERS)


def _measure(trial: TrialConfig, device: str) -> Rates:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        trainers = [_trainer(trial, members, device) for members in (_FEW, _MEMBERS)]
        step = _Seconds.of(*(_seconds_per_call(_train, trainer) / _steps_per_call(device) for trainer in trainers))
        look = _Seconds.of(*(_seconds_per_call(_denoise_once, trainer) for trainer in trainers))
    finally:
        torch.set_num_threads(threads)
        if device != "cpu":
            torch.cuda.empty_cache()  # this process trains nothing, and others need the room
    flops, batch = model_cost(trial).forward_flops, trial.training.batch_size * trial.diffusion.n_trajectories
    sampling = flops * _strings(trial, device) / look.each
    return Rates(3.0 * flops * batch / step.each, sampling, step.shared, look.shared)


def _trainer(trial: TrialConfig, members: int, device: str) -> PackTrainer:
    train_sets = [np.zeros((1, trial.grammar.string_length), np.uint8)] * members
    return PackTrainer([trial] * members, train_sets, device)


def _strings(config: TrialConfig, device: str) -> int:
    """Strings of each member in one pass of the sampler."""
    return min(_STRINGS, strings_per_call(device, _MEMBERS, config.grammar.string_length))


def _steps_per_call(device: str) -> int:
    """On a GPU as many as have their batches drawn together: to draw them takes longer there than to launch a step."""
    return 1 if device == "cpu" else CHUNK_STEPS


def _train(trainer: PackTrainer) -> None:
    trainer.train(_steps_per_call(trainer.device.type)).cpu()


def _denoise_once(trainer: PackTrainer) -> None:
    """A step of the sampler; of a classifier, which samples nothing, one look at as many strings."""
    denoiser, length = trainer.denoiser, trainer.config.grammar.string_length
    strings = _strings(trainer.config, trainer.device.type)
    if not denoiser.classifies:
        with matmul_precision(trainer.config.training.precision):
            sample_strings(denoiser, trainer.streams, length, strings, 1).cpu()
        return
    members = denoiser.process.alpha_bar.shape[0]
    zeros = torch.zeros(members, strings, length * denoiser.process.words_per_token, dtype=torch.int64)
    with torch.no_grad():
        denoiser.at(denoiser.process.prior(zeros.to(trainer.device)), 1).cpu()


def _seconds_per_call(call: Callable[[PackTrainer], None], trainer: PackTrainer) -> float:
    """The median: what else the machine does now, it may not do later."""
    call(trainer)
    times = [time.perf_counter()]
    while times[-1] - times[0] < _SECONDS:
        call(trainer)
        times.append(time.perf_counter())
    return median(end - start for start, end in pairwise(times))


def _key(trial: TrialConfig, pool: Pool) -> str:
    processor = torch.cuda.get_device_name() if pool.device != "cpu" else f"{platform.machine()} {platform.processor()}"
    return json.dumps([platform.node(), processor, torch.__version__, code_hash(), *model_shape(trial)])


def cache_file() -> Path:
    """Where rates are kept."""
    return cache_folder() / "calibration.json"


def _read_cache() -> dict[str, Rates]:
    """Rates by key; what is not as it was written is measured again."""
    try:
        cached = json.loads(cache_file().read_text())
        return {
            key: Rates(float(training), float(sampling), float(step_s), float(pass_s))
            for key, (training, sampling, step_s, pass_s) in cached.items()
            if training * sampling > 0 and min(step_s, pass_s) >= 0
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _write_cache(rates: dict[str, Rates]) -> None:
    """A cache that cannot be written only costs the next plan a second."""
    content = json.dumps({key: astuple(value) for key, value in rates.items()}, indent=1)
    try:
        cache_file().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(cache_file(), content.encode())
    except OSError:
        return
