"""Optimizer steps per second per core and full evaluation: packs against a plain one-model float32 loop, side by side.

    python benchmarks/steps_and_evaluation.py --width 64 128 256 512 --members 8 --precision float32 bf16

Grammar (8, 3, 2, L=3), batch 64, samples of 200 steps. Rounds of both alternate, with one torch thread each; the median round
counts. Times are per member: a round of a pack trains all its members. Evaluations are
measured at the widths of `--evaluate`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from measured import Report, case_flags, cases, parsed
from sides import Sides, side_flags

COLUMNS = {
    "width": "d", "precision": "", "members": "d",
    "plain_ms_per_step": ".2f", "ours_ms_per_step": ".2f", "step_ratio": ".1f",
    "plain_s_per_evaluation": ".2f", "ours_s_per_evaluation": ".2f", "evaluation_ratio": ".1f",
}  # fmt: skip


def trial(width: int, precision: str, samples: int) -> dict[str, dict[str, object]]:
    """The measured trial."""
    return {
        "grammar": {"seed_rules": 42},
        "model": {"width": width},
        "training": {"precision": precision},
        "evaluation": {"num_samples": samples},
    }


def measure(width: int, precision: str, chosen: argparse.Namespace) -> dict[str, object]:
    """A row: per member, a step and an evaluation of both, and how many times faster ours is."""
    tree = trial(width, precision, chosen.samples)
    sides = Sides.of(tree, chosen.members, tuned_baseline=chosen.tuned_baseline)
    step = sides.steps(chosen.steps, chosen.rounds)
    row: dict[str, object] = {
        "width": width, "precision": precision, "members": chosen.members,
        "plain_ms_per_step": 1e3 * step.plain_s, "ours_ms_per_step": 1e3 * step.ours_s, "step_ratio": step.ratio,
    }  # fmt: skip
    if width not in chosen.evaluate:
        return row
    one = sides.evaluations(max(1, chosen.rounds // 3))
    return {
        **row, "plain_s_per_evaluation": one.plain_s, "ours_s_per_evaluation": one.ours_s, "evaluation_ratio": one.ratio,
    }  # fmt: skip


def main(words: Sequence[str] | None = None) -> None:
    parser = side_flags(__doc__)
    case_flags(parser, [64, 128, 256, 512])
    parser.add_argument("--steps", type=int, default=16, help="optimizer steps per round")
    parser.add_argument(
        "--evaluate", type=int, nargs="*", default=[64, 128, 256], help="widths at which to evaluate, too"
    )
    parser.add_argument("--samples", type=int, default=1024, help="strings per evaluation")
    chosen = parsed(parser, words, rounds=3, steps=4, evaluate=[64], samples=128)
    with Report(chosen, COLUMNS) as report:
        for width, precision in cases(chosen):
            report.add(**measure(width, precision, chosen))


if __name__ == "__main__":
    main()
