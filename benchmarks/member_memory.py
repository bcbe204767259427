"""Memory per member of a pack: peaks of fresh processes with packs of several sizes, beside the plan's estimate and a plain process.

    python benchmarks/member_memory.py --width 64 128 256 --members 8 16 24 32

Each process trains some steps and evaluates, with 2 denoising steps per sample. A member's memory is the slope of the peaks over
packs' sizes; the estimate is that by which packs are sized (`rhm_sweeps/pools/cost.py`); the plain process trains one model, and
a trial of its own costs all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, get_args

import numpy as np
import torch
from measured import Report, case_flags, cases, flags, in_fresh_process, parsed, peak_gib
from plain_loop import PlainLoop
from sides import seeded, with_value
from steps_and_evaluation import trial

from rhm_sweeps.config.model import ModelName
from rhm_sweeps.grammar import make_dataset, make_grammar
from rhm_sweeps.packs.pack_members import PackMembers
from rhm_sweeps.pools.cost import PROCESS_GIB, member_gib, sampling_gib
from rhm_sweeps.training.process_tuning import tune_process

COLUMNS = {
    "model": "", "width": "d", "precision": "", "member_mib": ".1f", "estimate_mib": ".1f", "member_by_estimate": ".2f",
    "process_mib": ".0f", "process_estimate_mib": ".0f", "plain_process_mib": ".0f",
}  # fmt: skip


def measured_trial(model: str, width: int, precision: str, samples: int) -> dict[str, Any]:
    """The trial of the other benchmarks, of some model, with few denoising steps: they change no memory."""
    tree = with_value(trial(width, precision, samples), "model.name", model)
    return {**tree, "evaluation": {**tree["evaluation"], "sampling_steps": 2}}


def pack_peak_gib(tree: Mapping[str, Any], members: int, steps: int) -> float:
    """Peak of this process, which trains and evaluates a pack."""
    tune_process()
    pack = PackMembers([seeded(tree, seed) for seed in range(members)], "cpu")
    pack.trainer.train(steps)
    pack.evaluate()
    return peak_gib()


def plain_peak_gib(tree: Mapping[str, Any], steps: int) -> float:
    """Peak of this process, which trains one model."""
    torch.set_num_threads(1)
    config = seeded(tree, 0)
    data = make_dataset(make_grammar(config.grammar), config.training.train_size, config.training.test_size, 0)
    loop = PlainLoop(config, data.train, data.test)
    loop.train(steps)
    loop.loss(loop.test_set[:256])
    return peak_gib()


def measure(
    model: str, width: int, precision: str, sizes: Sequence[int], steps: int, samples: int
) -> dict[str, object]:
    """A row: slope and intercept of the peaks, and what they are estimated to be."""
    tree = measured_trial(model, width, precision, samples)
    peaks = [in_fresh_process(pack_peak_gib, tree, members, steps) for members in sizes]
    slope, intercept = np.polyfit(sizes, peaks, 1)
    config = seeded(tree, 0)
    estimate = member_gib(config)
    return {
        "model": model, "width": width, "precision": precision, "peaks_gib": dict(zip(sizes, peaks, strict=True)),
        "member_mib": 1024 * slope, "estimate_mib": 1024 * estimate, "member_by_estimate": slope / estimate,
        "process_mib": 1024 * intercept, "process_estimate_mib": 1024 * (PROCESS_GIB + sampling_gib(config)),
        "plain_process_mib": 1024 * in_fresh_process(plain_peak_gib, tree, steps),
    }  # fmt: skip


def main(words: Sequence[str] | None = None) -> None:
    parser = flags(__doc__)
    parser.add_argument("--model", nargs="+", choices=get_args(ModelName), default=["bp_unet"])
    case_flags(parser, [64, 128, 256, 512], ["float32"])
    parser.add_argument(
        "--members", type=int, nargs="+", default=[8, 16, 24, 32], help="sizes of packs; four members fill a call"
    )
    parser.add_argument("--steps", type=int, default=32, help="optimizer steps: batches of 32 are drawn at once")
    parser.add_argument("--samples", type=int, default=1024)
    parser.add_argument("--cold", action="store_true", help="no first process that compiles the kernels")
    chosen = parsed(parser, words, width=[64, 256], members=[8, 24])
    if not chosen.cold:
        in_fresh_process(pack_peak_gib, measured_trial(chosen.model[0], chosen.width[0], chosen.precision[0], 1), 1, 1)
    with Report(chosen, COLUMNS) as report:
        for model, (width, precision) in product(chosen.model, cases(chosen)):
            report.add(**measure(model, width, precision, chosen.members, chosen.steps, chosen.samples))


if __name__ == "__main__":
    main()
