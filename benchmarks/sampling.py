"""Sampling alone: all members of a pack in one call, against a plain loop's sampler, side by side.

    python benchmarks/sampling.py --width 64 128 256 --samples 256

Grammar (8, 3, 2, L=3), 200 denoising steps, one torch thread, untrained weights: the work does not depend on them. Seconds are
per member.
"""

from __future__ import annotations

from collections.abc import Sequence

from measured import Report, case_flags, cases, parsed
from sides import Sides, side_flags
from steps_and_evaluation import trial

COLUMNS = {
    "width": "d", "precision": "", "members": "d", "samples": "d", "plain_s": ".2f", "ours_s": ".2f", "ratio": ".1f",
}  # fmt: skip


def main(words: Sequence[str] | None = None) -> None:
    parser = side_flags(__doc__)
    case_flags(parser, [64, 128, 256])
    parser.add_argument("--samples", type=int, default=256)
    chosen = parsed(parser, words, rounds=1, width=[64, 128], samples=32)
    with Report(chosen, COLUMNS) as report:
        for width, precision in cases(chosen):
            sides = Sides.of(trial(width, precision, 1), chosen.members, tuned_baseline=chosen.tuned_baseline)
            one = sides.samples(chosen.samples, chosen.rounds)
            named = {"width": width, "precision": precision, "members": chosen.members, "samples": chosen.samples}
            report.add(**named, plain_s=one.plain_s, ours_s=one.ours_s, ratio=one.ratio)


if __name__ == "__main__":
    main()
