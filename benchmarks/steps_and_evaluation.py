"""Optimizer steps per second per core and full evaluation: packs against a plain one-model float32 loop, side by side.

    python benchmarks/steps_and_evaluation.py --width 64 128 256 --members 8 --precision float32 bf16

Grammar (8, 3, 2, L=3), batch 64, 1024 samples of 200 steps. Rounds of both alternate in one process with one torch thread; the
median round counts. Times are per member: a round of a pack trains all its members.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable

import torch
from plain_loop import PlainLoop

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.evaluation.evaluator import PackEvaluator
from rhm_sweeps.grammar import make_dataset, make_grammar
from rhm_sweeps.training.loop import PackTrainer
from rhm_sweeps.version import __version__


def trial(width: int, precision: str, seed: int) -> TrialConfig:
    """The measured trial."""
    return parse_trial(
        {"model": {"width": width}, "training": {"precision": precision, "seed": seed}, "grammar": {"seed_rules": 42}}
    )


def seconds(call: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measure(width: int, precision: str, members: int, rounds: int, steps: int) -> dict[str, float]:
    """Seconds per member of a step and of an evaluation, for both, and their ratios."""
    configs = [trial(width, precision, seed) for seed in range(members)]
    grammar = make_grammar(configs[0].grammar)
    data = make_dataset(grammar, 1024, 1024, 0)
    plain = PlainLoop(configs[0], data.train, data.test)
    pack = PackTrainer(configs, [data.train] * members)
    evaluator = PackEvaluator(configs, [grammar] * members, [data] * members, pack)
    plain.train(2), pack.train(2)
    step_pairs = [
        (seconds(lambda: plain.train(steps)) / steps, seconds(lambda: pack.train(steps)) / steps / members)
        for _ in range(rounds)
    ]
    evaluation_pairs = [
        (seconds(lambda: plain.evaluate(grammar)), seconds(lambda: evaluator.evaluate(pack)) / members)
        for _ in range(max(1, rounds // 3))
    ]
    (plain_step, pack_step), (plain_eval, pack_eval) = map(medians, (step_pairs, evaluation_pairs))
    return {
        "width": width, "precision": precision, "members": members,
        "plain_ms_per_step": 1e3 * plain_step, "pack_ms_per_step": 1e3 * pack_step, "step_ratio": plain_step / pack_step,
        "plain_s_per_evaluation": plain_eval, "pack_s_per_evaluation": pack_eval, "evaluation_ratio": plain_eval / pack_eval,
    }  # fmt: skip


def medians(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    """Median of each side."""
    left, right = zip(*pairs, strict=True)
    return statistics.median(left), statistics.median(right)


def main() -> None:
    """Print a row per width and precision, and with --json the whole record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, nargs="+", default=[64, 128, 256])
    parser.add_argument("--precision", nargs="+", default=["float32", "bf16"])
    parser.add_argument("--members", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    print("width precision members | plain ms/step  ours  ratio | plain s/eval  ours  ratio", flush=True)
    for width in arguments.width:
        for precision in arguments.precision:
            row = measure(width, precision, arguments.members, arguments.rounds, arguments.steps)
            rows.append(row)
            print(
                f"{width:5d} {precision:9s} {arguments.members:7d} | {row['plain_ms_per_step']:13.2f} {row['pack_ms_per_step']:5.2f} "
                f"{row['step_ratio']:5.1f}x | {row['plain_s_per_evaluation']:12.2f} {row['pack_s_per_evaluation']:5.2f} "
                f"{row['evaluation_ratio']:5.1f}x",
                flush=True,
            )
    versions = {"torch": torch.__version__, "rhm_sweeps": __version__}
    record = {"processor": platform.processor() or platform.machine(), "versions": versions, "rows": rows}
    if arguments.json:
        print(json.dumps(record))


if __name__ == "__main__":
    main()
