"""How cost grows with pack size, width, depth, time steps, training strings and samples: per member, beside the plain loop.

    python benchmarks/growth.py --axis members width layers timesteps train_size samples --figure docs/images/growth.png

One thing varies at a time from: packs of 8, width 64, grammar (8, 3, 2, L=3), T = 100, P = 1024 (with
replacement: short strings are few), 128 samples, float32, one thread.
The axis `members` is pack size against throughput; it is also said from which size on a larger pack gains less than 5 %.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

from growth_figure import draw_growth
from measured import Report, parsed
from sides import Sides, side_flags, with_value

BASE: dict[str, Any] = {
    "grammar": {"seed_rules": 42, "num_layers": 3},
    "diffusion": {"timesteps": 100},
    "model": {"width": 64},
    "training": {"train_size": 1024, "replacement": True, "precision": "float32"},
    "evaluation": {"num_samples": 128},
}
FIELDS = {
    "width": "model.width",
    "layers": "grammar.num_layers",
    "timesteps": "diffusion.timesteps",
    "train_size": "training.train_size",
    "samples": "evaluation.num_samples",
}
VALUES = {
    "members": (1, 2, 4, 8, 16, 32),
    "width": (16, 32, 64, 128, 256, 512),
    "layers": (2, 3, 4, 5),
    "timesteps": (50, 100, 200, 400),
    "train_size": (64, 256, 1024, 4096, 16384),
    "samples": (64, 256, 1024),
}
COLUMNS = {
    "axis": "", "value": "d", "members": "d",
    "plain_ms_per_step": ".2f", "ours_ms_per_step": ".2f", "step_ratio": ".1f",
    "plain_s_per_evaluation": ".2f", "ours_s_per_evaluation": ".3f", "evaluation_ratio": ".1f",
}  # fmt: skip
WORTH = 1.05
"""A smaller pack than the best is as good if a step takes at most so much longer per member."""


def measure(axis: str, value: int, tree: Mapping[str, Any], chosen: argparse.Namespace) -> dict[str, Any]:
    """A row: the trial of nested fields, with one thing set to a value."""
    members = value if axis == "members" else chosen.members
    changed = tree if axis == "members" else with_value(tree, FIELDS[axis], value)
    sides = Sides.of(changed, members, tuned_baseline=chosen.tuned_baseline)
    step, evaluation = sides.steps(chosen.steps, chosen.rounds), sides.evaluations(chosen.rounds)
    return {
        "axis": axis, "value": value, "members": members,
        "plain_ms_per_step": 1e3 * step.plain_s, "ours_ms_per_step": 1e3 * step.ours_s, "step_ratio": step.ratio,
        "plain_s_per_evaluation": evaluation.plain_s, "ours_s_per_evaluation": evaluation.ours_s,
        "evaluation_ratio": evaluation.ratio,
    }  # fmt: skip


def pays_until(rows: Sequence[Mapping[str, Any]], cost: str) -> int:
    """The smallest pack whose cost per member is within 5 % of the least."""
    least = min(row[cost] for row in rows)
    return min(row["members"] for row in rows if row[cost] <= WORTH * least)


def where_packing_stops_paying(rows: Sequence[Mapping[str, Any]], cost: str) -> str:
    """A sentence on the rows of several pack sizes."""
    what, size, largest = cost.rpartition("_")[2], pays_until(rows, cost), max(row["members"] for row in rows)
    if size == largest:
        return f"Per {what}, packs gain up to the largest that was measured, {largest}."
    return f"Per {what}, packs larger than {size} gain less than 5 %."


def main(words: Sequence[str] | None = None) -> None:
    parser = side_flags(__doc__)
    parser.add_argument("--axis", nargs="+", choices=list(VALUES), default=list(VALUES))
    parser.add_argument("--most", type=int, help="leave greater values out")
    parser.add_argument("--steps", type=int, default=16, help="optimizer steps per round")
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="FIELD=INTEGER", help="start elsewhere: model.width=256"
    )
    parser.add_argument("--figure", type=Path, help="draw it into this file, too")
    chosen = parsed(parser, words, rounds=1, steps=4, set=["diffusion.timesteps=50", "evaluation.num_samples=32"])
    settings = [(name, int(value)) for name, value in (word.split("=") for word in chosen.set)]
    tree = reduce(lambda tree, setting: with_value(tree, *setting), settings, BASE)
    with Report(chosen, COLUMNS) as report:
        for axis in chosen.axis:
            for value in (one for one in VALUES[axis] if chosen.most is None or one <= chosen.most):
                report.add(**measure(axis, value, tree, chosen))
        if packs := [row for row in report.rows if row["axis"] == "members"]:
            for cost in ("ours_ms_per_step", "ours_s_per_evaluation"):
                report.note(where_packing_stops_paying(packs, cost))
        if chosen.figure:
            draw_growth(report.rows, chosen.figure)


if __name__ == "__main__":
    main()
