"""What a plan costs, against closed forms and a real process."""

from __future__ import annotations

import itertools
import json
import math
import subprocess
import sys
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.config.model import ModelName
from rhm_sweeps.diffusion.noise_schedules import sampling_times
from rhm_sweeps.diffusion.process import asked_share
from rhm_sweeps.diffusion.processes import make_process
from rhm_sweeps.evaluation.fixed_pairs import ROWS_PER_CALL
from rhm_sweeps.models import build_model, gelu_kernels
from rhm_sweeps.packs import flops
from rhm_sweeps.packs.flops import evaluation_flops, evaluation_passes, model_cost, training_flops, work_done
from rhm_sweeps.packs.packing import Pack
from rhm_sweeps.pools.cost import (
    MAX_MEMBERS,
    PROCESS_GIB,
    Estimate,
    Rates,
    estimate_pool,
    max_members,
    member_gib,
    pack_gib,
    pack_seconds,
    sampling_gib,
)
from rhm_sweeps.pools.pools import Pool
from rhm_sweeps.training.loop import PackTrainer

from ..device_watch import DEVICE, Held, computing_nothing


def trial(v: int = 4, s: int = 2, depth: int = 2, width: int = 8, seed: int = 0, **training: Any) -> TrialConfig:
    return parse_trial({
        "grammar": {"num_features": v, "num_classes": 2, "num_synonyms": 2, "tuple_size": s, "num_layers": depth},
        "diffusion": {"timesteps": 10},
        "model": {"width": width},
        "training": {"train_size": 8, "test_size": 4, "steps": 16, "batch_size": 8, "seed": seed, **training},
        "evaluation": {"num_samples": 16, "loss_pairs": 32},
    })  # fmt: skip


def pool(slots: int = 1, memory_gib: float = 8.0, device: str = "cpu") -> Pool:
    return Pool("local", device, slots, 1.0, 0.0, memory_gib)


def pack(*trials: TrialConfig) -> Pack:
    return Pack("p", trials)


SHAPES = [(4, 2, 2, 8), (8, 2, 3, 64), (5, 3, 2, 32), (16, 2, 4, 128)]


@pytest.mark.parametrize(("v", "s", "depth", "w"), SHAPES)
def test_parameters_are_those_of_the_layers(v: int, s: int, depth: int, w: int) -> None:
    """Embedding v w; down s w**2 and up 2 s w**2 per level, each with a scale and a shift of w channels; readout 2 w v."""
    down, up, norms = depth * s * w**2, depth * 2 * s * w**2, 2 * depth * 2 * w
    assert model_cost(trial(v, s, depth, w)).parameters == v * w + down + up + norms + 2 * w * v


@pytest.mark.parametrize(("v", "s", "depth", "w"), SHAPES)
def test_flops_are_those_of_the_products(v: int, s: int, depth: int, w: int) -> None:
    """2 per multiplied weight and position; a block that joins level l-1 to level l has d / s**l positions."""
    d = s**depth
    blocks = sum(2 * (d // s**level) * (s * w * w + 2 * w * s * w) for level in range(1, depth + 1))
    assert model_cost(trial(v, s, depth, w)).forward_flops == blocks + 2 * d * v * w + 2 * d * 2 * w * v


def test_no_kernel_is_loaded_to_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """numba takes most of a second for its first."""
    monkeypatch.setattr(flops, "_COSTS", {})
    for kernel in ("gelu", "norm_gelu"):
        monkeypatch.setattr(gelu_kernels, kernel, lambda *_: pytest.fail("a kernel was run"))
    assert model_cost(trial()).saved_bytes > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", get_args(ModelName))
@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_flops_are_those_that_torch_counts(name: str, precision: str) -> None:
    config = parse_trial({"model": {"name": name}, "training": {"precision": precision}})
    x = torch.zeros(1, config.grammar.string_length, config.grammar.num_features)
    with FlopCounterMode(display=False) as counter:
        build_model(config)(x, torch.zeros(1, dtype=torch.int64))
    assert model_cost(config).forward_flops == counter.get_total_flops() > 0


def test_training_is_three_passes_per_string_of_every_batch() -> None:
    config = trial()
    assert training_flops(config) == 3 * model_cost(config).forward_flops * 8 * 16


def asked(config: TrialConfig) -> float:
    times = sampling_times(config.diffusion.timesteps, config.evaluation.sampling_steps)
    return asked_share(make_process([config]), times, config.grammar.string_length)


def test_evaluation_is_a_pass_per_pair_and_per_denoising_step_that_asks_the_network() -> None:
    config = trial()
    points, forward = 5, model_cost(config).forward_flops  # 1, 2, 4, 8, 16
    assert evaluation_flops(config) == pytest.approx(forward * points * (16 * 10 * asked(config) + 2 * 32))
    fewer = parse_trial(
        {**config.model_dump(), "evaluation": {"num_samples": 16, "loss_pairs": 32, "sampling_steps": 5}}
    )
    assert evaluation_flops(fewer) == pytest.approx(forward * points * (16 * 5 * asked(fewer) + 2 * 32))
    assert asked(config) < asked(fewer) < 1


def test_samples_and_pairs_are_taken_as_many_at_a_time_as_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 5 points 16 samples by 10 denoising steps, and twice 32 pairs, of 4 tokens each."""
    assert evaluation_passes(trial(), 2, "cpu") == 5 * (10 + 2)
    for device, samples in (("cuda", 10), ("cpu", int(10 / asked(trial())))):
        monkeypatch.setitem(ROWS_PER_CALL, device, 2 * 4 * 10)
        assert evaluation_passes(trial(), 2, device) == 5 * (math.ceil(16 / samples) * 10 + 2 * 4)
    assert evaluation_passes(trial(), 100, "cuda") == 5 * (16 * 10 + 2 * 32)


def test_memory_grows_by_the_same_for_every_member() -> None:
    trials = [trial(seed=seed) for seed in range(4)]
    sizes = [pack_gib(pack(*trials[:count])) for count in (1, 2, 3, 4)]
    steps = [later - earlier for earlier, later in itertools.pairwise(sizes)]
    assert steps == pytest.approx([member_gib(trials[0])] * 3, rel=1e-6)
    assert member_gib(trial(width=64)) > member_gib(trial(width=8)) * 4
    assert member_gib(trial(batch_size=64)) > member_gib(trial(batch_size=8))


@pytest.mark.parametrize(("precision", "apart"), [("float32", 0.0), ("bf16", 0.0), ("float32", 0.001)])
def test_a_member_takes_as_much_of_a_gpu(precision: str, apart: float) -> None:
    """Without the kernels of a CPU, which keep less: what another member adds to the most that steps hold."""
    trials = [
        trial(8, 2, 3, 256, seed, batch_size=64, precision=precision, learning_rate=0.01 + apart * seed)
        for seed in range(4)
    ]

    def held(members: int) -> int:
        trainer = PackTrainer(trials[:members], [np.zeros((8, 8), np.uint8)] * members, DEVICE)
        with Held(*trainer.denoiser.model.parameters.values(), trainer.data.strings) as watch:
            trainer.train(2)
        return watch.most

    with computing_nothing():
        added = (held(4) - held(2)) / 2
    of_packs = pack_gib(pack(*trials)) - pack_gib(pack(*trials[:3]))
    assert of_packs == pytest.approx(member_gib(trials[0], own_rates=apart > 0))
    assert added / 2**30 == pytest.approx(of_packs, rel=0.2)
    assert member_gib(trials[0], own_rates=True) > 1.1 * member_gib(trials[0])


def test_a_pack_is_as_large_as_fits_and_is_useful() -> None:
    config = trial(width=256)
    assert max_members(pool(memory_gib=1000))(config) == MAX_MEMBERS["cpu"]
    assert max_members(pool(memory_gib=1e6, device="cuda"))(config) == MAX_MEMBERS["cuda"]
    assert max_members(pool(memory_gib=0.1))(config) == 1
    room = PROCESS_GIB + sampling_gib(config) + 3.5 * member_gib(config)
    assert max_members(pool(memory_gib=room / 0.8))(config) == 3


def flat(training: float, sampling: float) -> Any:
    return lambda _: Rates(training, sampling)


def test_time_is_work_over_rate() -> None:
    config = trial()
    both = pack(config, trial(seed=1))
    cost = estimate_pool([both], pool(), flat(1e6, 1e7))
    assert (cost.trials, cost.packs) == (2, 1)
    assert cost.flops == 2 * (training_flops(config) + evaluation_flops(config))
    assert cost.seconds == pytest.approx(2 * (training_flops(config) / 1e6 + evaluation_flops(config) / 1e7))
    assert pack_seconds(both, Rates(1e6, 1e7)) == cost.seconds
    assert cost.memory_gib == pack_gib(both)


def test_what_members_share_they_pay_once() -> None:
    config, rates = trial(), Rates(1e6, 1e7, step_s=0.5, pass_s=0.25)
    shared = 16 * 0.5 + evaluation_passes(config, 1, "cpu") * 0.25
    for count in (1, 2, 5):
        alone = count * (training_flops(config) / 1e6 + evaluation_flops(config) / 1e7)
        members = pack(*(trial(seed=seed) for seed in range(count)))
        assert pack_seconds(members, rates) == pytest.approx(shared + alone)


def test_two_packs_that_share_a_gpu_take_as_long_as_one_after_the_other() -> None:
    packs = [pack(trial()), pack(trial(seed=1))]
    alone = estimate_pool(packs, replace(pool(1, device="cuda"), gpus_per_pack=1.0), flat(1e6, 1e6)).seconds
    shared = estimate_pool(packs, replace(pool(2, device="cuda"), gpus_per_pack=0.5), flat(1e6, 1e6)).seconds
    assert shared == pytest.approx(alone)


def test_pools_work_side_by_side() -> None:
    short = estimate_pool([pack(trial())], pool(), flat(1e6, 1e6))
    long = estimate_pool([pack(trial(steps=64))], pool(), flat(1e6, 1e6))
    both = Estimate({"a": short, "b": long})
    assert (both.seconds, both.flops) == (long.seconds, short.flops + long.flops)
    unknown = estimate_pool([pack(trial())], pool(), None)
    assert unknown.seconds is None
    assert Estimate({"a": short, "b": unknown}).seconds is None
    assert both.times(3).seconds == pytest.approx(3 * long.seconds)


@pytest.mark.parametrize(
    ("units", "slots", "makespan"),
    [
        ([1, 1, 1, 1], 1, 4),
        ([1, 1, 1, 1], 2, 2),
        ([1, 1, 1, 1], 8, 1),
        ([3, 1, 1, 1], 2, 3),  # 3 beside 1 + 1 + 1
        ([1, 1, 1, 3], 2, 4),  # 1 + 1 beside 1, and the long one after it
        ([2, 2, 3], 2, 5),
    ],
)
def test_packs_go_to_the_first_free_slot_in_order(units: list[int], slots: int, makespan: int) -> None:
    packs = [pack(*(trial(seed=seed) for seed in range(count))) for count in units]
    unit = estimate_pool(packs[:1], pool(), flat(1e6, 1e6)).seconds / units[0]
    assert estimate_pool(packs, pool(slots), flat(1e6, 1e6)).seconds == pytest.approx(makespan * unit)


def test_nothing_costs_nothing() -> None:
    nothing = Estimate({})
    assert (nothing.flops, nothing.memory_gib, nothing.seconds) == (0, 0, 0)


PEAK = """
import json, resource, sys, tempfile
from pathlib import Path
from rhm_sweeps.config import parse_trial
from rhm_sweeps.packs.pack_run import PackRun
import rhm_sweeps.running.trainable
trials = [parse_trial(tree) for tree in json.loads(sys.argv[1])]
with tempfile.TemporaryDirectory() as folder:
    run = PackRun(trials, Path(folder) / "pack", Path(folder) / "models")
    while not run.advance().finished:
        pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize(("width", "members", "batch_size"), [(16, 2, 8), (256, 8, 128)])
def test_a_process_needs_what_the_model_of_its_memory_says(width: int, members: int, batch_size: int) -> None:
    """Never much more, or workers would die; not less than half of it, or packs would be too small."""
    trials = [trial(v=8, depth=3, width=width, seed=seed, steps=2, batch_size=batch_size) for seed in range(members)]
    command = [sys.executable, "-c", PEAK, json.dumps([config.model_dump() for config in trials])]
    peak = float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    said = pack_gib(pack(*trials))
    print(f"width {width}, {members} members: peak {peak:.2f} GiB, said {said:.2f} GiB, ratio {said / peak:.2f}")
    assert 0.9 <= said / peak <= 2


def test_work_done_counts_evaluations_where_they_are() -> None:
    """Ten of eleven evaluations lie in the first half of 1024 steps, and evaluations may cost more than training."""
    trial = parse_trial({"training": {"steps": 1024}})
    shares = [work_done(trial, step) for step in (0, 1, 2, 511, 512, 1024)]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    evaluations = evaluation_flops(trial) / (evaluation_flops(trial) + training_flops(trial))
    assert shares[4] == pytest.approx(evaluations * 10 / 11 + (1 - evaluations) / 2)
