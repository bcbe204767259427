"""How fast this machine is on a shape: a second of real training and sampling, remembered in the user's cache."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from rhm_sweeps.cache_folder import cache_folder
from rhm_sweeps.code_identity import code_hash
from rhm_sweeps.config import TrialConfig
from rhm_sweeps.evaluation.sampling import sample_strings
from rhm_sweeps.packs.flops import model_cost, model_shape, training_flops
from rhm_sweeps.packs.packing import Pack
from rhm_sweeps.pools.cost import Estimate, Rates, RatesOf, estimate_pool
from rhm_sweeps.pools.pools import Pool, Pools
from rhm_sweeps.training.loop import PackTrainer
from rhm_sweeps.whole_file import write_atomically

MAX_MEASURED = 4
"""Shapes measured per plan, the costliest first; the others take the rates of the nearest measured one."""
_MEMBERS = 4
_STRINGS = 64
_SECONDS = 0.5


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


def _measure(trial: TrialConfig, device: str) -> Rates:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        train_sets = [np.zeros((1, trial.grammar.string_length), np.uint8)] * _MEMBERS
        trainer = PackTrainer([trial] * _MEMBERS, train_sets, device)
        per_step = _seconds_per_call(lambda: trainer.train(1).cpu())
        per_string = _seconds_per_call(lambda: _denoise_once(trainer)) / (_STRINGS * _MEMBERS)
    finally:
        torch.set_num_threads(threads)
    flops = model_cost(trial).forward_flops
    strings = trial.training.batch_size * trial.diffusion.n_trajectories * _MEMBERS
    return Rates(3.0 * flops * strings / per_step, flops / per_string)


def _denoise_once(trainer: PackTrainer) -> None:
    """A step of the sampler; of a classifier, which samples nothing, one look at as many strings."""
    denoiser, length = trainer.denoiser, trainer.config.grammar.string_length
    if not denoiser.classifies:
        sample_strings(denoiser, trainer.streams, length, _STRINGS, 1).cpu()
        return
    zeros = torch.zeros(_MEMBERS, _STRINGS, length * denoiser.process.words_per_token, dtype=torch.int64)
    with torch.no_grad():
        denoiser.at(denoiser.process.prior(zeros.to(trainer.device)), 1).cpu()


def _seconds_per_call(call: Callable[[], object]) -> float:
    call()
    calls, start = 0, time.perf_counter()
    while time.perf_counter() - start < _SECONDS:
        call()
        calls += 1
    return (time.perf_counter() - start) / calls


def _key(trial: TrialConfig, pool: Pool) -> str:
    processor = torch.cuda.get_device_name() if pool.device != "cpu" else f"{platform.machine()} {platform.processor()}"
    return json.dumps([platform.node(), processor, torch.__version__, code_hash(), *model_shape(trial)])


def cache_file() -> Path:
    """Where rates are kept."""
    return cache_folder() / "calibration.json"


def _read_cache() -> dict[str, Rates]:
    """Rates by key; what is not two positive numbers is measured again."""
    try:
        cached = json.loads(cache_file().read_text())
        return {
            key: Rates(float(training), float(sampling))
            for key, (training, sampling) in cached.items()
            if training * sampling > 0
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _write_cache(rates: dict[str, Rates]) -> None:
    """A cache that cannot be written only costs the next plan a second."""
    content = json.dumps({key: [value.training, value.sampling] for key, value in rates.items()}, indent=1)
    try:
        cache_file().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(cache_file(), content.encode())
    except OSError:
        return
