"""Optimizer steps on a GPU: packs whose step is a CUDA graph, packs whose kernels Python launches, and the plain loop.

    python benchmarks/gpu_steps.py --width 256 1024 --members 8 64 --precision bf16 tf32

Same trial as `steps_and_evaluation.py`. All three train on the GPU in this process and take turns; the median round counts. Steps per
second are those of all members together. Beside them: the share of a step that its matrix products alone take on this card, and that
they and the optimizer's traffic take (as in `floors.py`). Without a GPU it says so and measures nothing; `--device cpu` tries the
script itself.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from itertools import product
from unittest import mock

import torch
from floors import OPTIMIZER_BYTES, bandwidth, matmul_s, product_dtype, step_products
from measured import Report, finish, flags, in_turn, parsed
from plain_loop import PlainLoop
from sides import seeded
from steps_and_evaluation import trial

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.grammar import Dataset, make_grammar
from rhm_sweeps.packs.flops import model_cost
from rhm_sweeps.training.batches import draw_strings
from rhm_sweeps.training.cuda_graphs import SWITCH
from rhm_sweeps.training.loop import PackTrainer
from rhm_sweeps.training.precision import matmul_precision
from rhm_sweeps.training.recorded_step import WARM_UP

COLUMNS = {
    "width": "d", "precision": "", "members": "d", "plain_per_s": ".1f", "eager_per_s": ".1f", "graph_per_s": ".1f",
    "eager_ratio": ".1f", "graph_ratio": ".1f", "graph_by_eager": ".2f", "matmul_share": ".2f", "floor_share": ".2f",
}  # fmt: skip


def pack(configs: Sequence[TrialConfig], data: Dataset, device: str, *, graphs: bool) -> PackTrainer:
    """A pack on the device, past the steps after which it would be recorded."""
    with mock.patch.dict(os.environ, {SWITCH: "1" if graphs else "0"}):
        trainer = PackTrainer(configs, [data.train] * len(configs), device)
    trainer.train(WARM_UP + 1)
    if graphs and not trainer.is_recorded:
        raise SystemExit("The step could not be recorded as a CUDA graph; the warning above says why.")
    return trainer


def floors_s(config: TrialConfig, members: int, rounds: int, device: str) -> tuple[float, float]:
    """Seconds that a step's matrix products take on the device, and those that its optimizer's traffic takes."""
    products, dtype = step_products(config), product_dtype(config.training.precision, device)
    moved = members * OPTIMIZER_BYTES * model_cost(config).parameters
    with matmul_precision(config.training.precision):
        products_s = matmul_s(products, members, dtype, rounds, device)
    return products_s, moved / bandwidth(moved, rounds, device)


def measure(width: int, precision: str, members: int, chosen: argparse.Namespace) -> dict[str, object]:
    """A row; without graphs, on a CPU, that of the packs that Python steps."""
    device, steps = chosen.device, chosen.steps
    configs = [seeded(trial(width, precision, 1), seed) for seed in range(members)]
    data = draw_strings(make_grammar(configs[0].grammar), configs[0].training)
    kinds = (False, True) if device != "cpu" else (False,)
    trained = [PlainLoop(configs[0], data.train, data.test, device=device)]
    trained += [pack(configs, data, device, graphs=graphs) for graphs in kinds]

    def stepping(one: PlainLoop | PackTrainer) -> Callable[[], None]:
        return lambda: (one.train(steps), finish(device))

    plain_s, eager_s, *graph_s = (seconds / steps for seconds in in_turn([*map(stepping, trained)], chosen.rounds))
    best_s = min(eager_s, *graph_s) if graph_s else eager_s
    products_s, bytes_s = floors_s(configs[0], members, chosen.rounds, device)
    row: dict[str, object] = {
        "width": width, "precision": precision, "members": members, "plain_per_s": 1 / plain_s,
        "eager_per_s": members / eager_s, "eager_ratio": members * plain_s / eager_s,
        "matmul_share": products_s / best_s, "floor_share": (products_s + bytes_s) / best_s,
    }  # fmt: skip
    for seconds in graph_s:
        row |= {
            "graph_per_s": members / seconds,
            "graph_ratio": members * plain_s / seconds,
            "graph_by_eager": eager_s / seconds,
        }
    return row


def main(words: Sequence[str] | None = None) -> None:
    parser = flags(__doc__)
    parser.add_argument("--width", type=int, nargs="+", default=[256, 1024])
    parser.add_argument("--precision", nargs="+", choices=["bf16", "tf32", "float32"], default=["bf16", "tf32"])
    parser.add_argument("--members", type=int, nargs="+", default=[8, 64], help="models in a pack")
    parser.add_argument("--steps", type=int, default=64, help="optimizer steps per round")
    parser.add_argument("--device", default="cuda", help="the GPU, or cpu to try the script")
    chosen = parsed(parser, words, rounds=3, steps=32, members=[8])
    if chosen.device != "cpu" and not torch.cuda.is_available():
        print("There is no GPU here: nothing is measured.")
        return
    with Report(chosen, COLUMNS) as report:
        for width, precision, members in product(chosen.width, chosen.precision, chosen.members):
            report.add(**measure(width, precision, members, chosen))
        card = "a CPU" if chosen.device == "cpu" else torch.cuda.get_device_name(chosen.device)
        report.note(f"Trained on {card}, CUDA {torch.version.cuda}.")


if __name__ == "__main__":
    main()
