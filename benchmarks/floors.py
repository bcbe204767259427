"""The physical limits of an optimizer step on this machine, and how far from them a pack's step is.

    python benchmarks/floors.py --width 64 128 256 512 --members 8

Two floors: the step's matrix products (a forward and two backward products per layer) at the rate measured here for their very
shapes and precision; and the optimizer's traffic (weights, gradients and two moments read, weights and moments written; 28 bytes a
parameter) at the bandwidth measured here for as many bytes. The best round of either counts. One thread cannot do both at once, so
that a step takes their sum at least. Beside the rate at the step's shapes stands that of large square products.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import torch
from measured import Report, case_flags, cases, finish, in_turn, parsed
from sides import Sides, seeded, side_flags
from steps_and_evaluation import trial

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.models.linear import has_bf16_products
from rhm_sweeps.packs.flops import model_cost

COLUMNS = {
    "width": "d", "precision": "", "members": "d", "matmul_gflops": ".1f", "square_gflops": ".1f", "gb_per_s": ".1f",
    "matmul_ms": ".3f", "bytes_ms": ".3f", "floor_ms": ".3f", "ours_ms": ".3f", "ours_by_floor": ".1f",
    "plain_ms": ".2f", "plain_by_floor": ".1f",
}  # fmt: skip
SQUARE = 2048
OPTIMIZER_BYTES = 28
"""A parameter's float32 weight, gradient and two moments are read, all but the gradient are written: 7 numbers."""


@dataclass(frozen=True)
class Product:
    """A layer's matrix product of a member: (rows, inputs) @ (inputs, outputs)."""

    rows: int
    inputs: int
    outputs: int

    @property
    def flops(self) -> int:
        return 2 * self.rows * self.inputs * self.outputs

    @property
    def of_input(self) -> Product:
        """What makes the gradient of its input."""
        return Product(self.rows, self.outputs, self.inputs)

    @property
    def of_weight(self) -> Product:
        """What makes the gradient of its weight."""
        return Product(self.inputs, self.rows, self.outputs)


def step_products(config: TrialConfig) -> list[Product]:
    """Those of an optimizer step; nobody asks for the gradient of the network's input."""
    embed, *others = forward_products(config, config.training.batch_size)
    return [embed, embed.of_weight, *chain.from_iterable((one, one.of_input, one.of_weight) for one in others)]


def forward_products(config: TrialConfig, strings: int) -> list[Product]:
    """Those of the U-Net for so many strings; the last, of few outputs, as its transpose, which is faster."""
    grammar, width = config.grammar, config.model.width
    v, s, tokens = grammar.num_features, grammar.tuple_size, strings * grammar.string_length
    blocks = [tokens // s**level for level in range(1, grammar.num_layers + 1)]
    down = [Product(rows, s * width, width) for rows in blocks]
    up = [Product(rows, 2 * width, s * width) for rows in reversed(blocks)]
    return [Product(tokens, v, width), *down, *up, Product(v, 2 * width, tokens)]


def product_dtype(precision: str, device: str = "cpu") -> torch.dtype:
    """What a processor multiplies: without instructions for bfloat16, its numbers as float32."""
    return torch.bfloat16 if precision == "bf16" and (device != "cpu" or has_bf16_products()) else torch.float32


def matmul_s(products: Sequence[Product], members: int, dtype: torch.dtype, rounds: int, device: str = "cpu") -> float:
    """Seconds of all products, of all members at once, one product after another."""
    shapes = [((one.rows, one.inputs), (one.inputs, one.outputs), (one.rows, one.outputs)) for one in products]
    operands = [[torch.randn(members, *shape, device=device).to(dtype) for shape in three] for three in shapes]

    def multiply() -> None:
        for a, b, c in operands:
            torch.bmm(a, b, out=c)
        finish(device)

    return in_turn([multiply], rounds, of_rounds=min)[0]


def bandwidth(byte_count: int, rounds: int, device: str = "cpu") -> float:
    """Bytes per second, read and written, of copying as many bytes as are to be moved."""
    source = torch.zeros(max(1, byte_count // 8), device=device)  # half of the bytes are read and half are written
    target = torch.zeros_like(source)
    times = max(1, 2**26 // byte_count)

    def copies() -> None:
        for _ in range(times):
            target.copy_(source)
        finish(device)

    return times * 8 * len(source) / in_turn([copies], rounds, of_rounds=min)[0]


def measure(width: int, precision: str, chosen: argparse.Namespace) -> dict[str, object]:
    """A row, per member."""
    tree, dtype = trial(width, precision, 1), product_dtype(precision)
    members, rounds = chosen.members, chosen.rounds
    config = seeded(tree, 0)
    products = step_products(config)
    flops = members * sum(one.flops for one in products)
    products_s = matmul_s(products, members, dtype, rounds)
    square = Product(SQUARE, SQUARE, SQUARE)
    moved = members * OPTIMIZER_BYTES * model_cost(config).parameters
    per_s = bandwidth(moved, rounds)
    floor_s = (products_s + moved / per_s) / members
    step = Sides.of(tree, members, tuned_baseline=chosen.tuned_baseline).steps(chosen.steps, rounds)
    return {
        "width": width, "precision": precision, "members": members, "flops": flops // members,
        "matmul_gflops": flops / products_s / 1e9,
        "square_gflops": square.flops / matmul_s([square], 1, dtype, rounds) / 1e9, "gb_per_s": per_s / 1e9,
        "matmul_ms": 1e3 * products_s / members, "bytes_ms": 1e3 * moved / per_s / members, "floor_ms": 1e3 * floor_s,
        "ours_ms": 1e3 * step.ours_s, "ours_by_floor": step.ours_s / floor_s,
        "plain_ms": 1e3 * step.plain_s, "plain_by_floor": step.plain_s / floor_s,
    }  # fmt: skip


def main(words: Sequence[str] | None = None) -> None:
    parser = side_flags(__doc__)
    case_flags(parser, [64, 128, 256, 512])
    parser.add_argument("--steps", type=int, default=8, help="optimizer steps per round")
    chosen = parsed(parser, words, rounds=3, steps=2)
    with Report(chosen, COLUMNS) as report:
        for width, precision in cases(chosen):
            report.add(**measure(width, precision, chosen))


if __name__ == "__main__":
    main()
