"""What samples say: all metrics of a member's samples, against a recursive parser and a look at every training string, side by side.

    python benchmarks/string_metrics.py --train-size 1024 8192 --samples 1024

Grammar (8, 3, 2, L=3). This is what a device waits for in an evaluation, and it is done on a core of the CPU. The baseline parses
string by string in plain Python and compares with all training strings by numpy; it knows validity, copies and Hamming distances, ours
also how rules, classes and blocks are used.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from measured import Report, flags, in_turn, parsed
from numpy.typing import NDArray
from parsing import some_strings
from plain_grammar import PlainParser

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.evaluation.string_metrics import Reference, string_metrics
from rhm_sweeps.grammar import make_dataset, make_grammar

COLUMNS = {
    "train_size": "d", "samples": "d", "plain_ms_per_member": ".1f", "ours_ms_per_member": ".2f", "ratio": ".0f",
}  # fmt: skip
_AT_ONCE = 64
"""Samples that the baseline compares with the training set together."""


def plain_metrics(parser: PlainParser, samples: NDArray[np.uint8], train: NDArray[np.uint8]) -> dict[str, float]:
    """Validity of each level, copies and the mean Hamming distance to the training set."""
    validity = parser.parse(samples)[1]
    nearest = np.concatenate([
        (some[:, None] != train).sum(2).min(1) for some in np.split(samples, range(_AT_ONCE, len(samples), _AT_ONCE))
    ])  # fmt: skip
    levels = {f"validity_{level}": float(share) for level, share in enumerate(validity, start=1)}
    return {**levels, "copies": float((nearest == 0).mean()), "hamming": float(nearest.mean())}


def measure(train_size: int, count: int, rounds: int) -> dict[str, object]:
    """A row; fails if the two say different things."""
    grammar = make_grammar(GrammarConfig(seed_rules=42))
    train = make_dataset(grammar, train_size, 0, 0).train
    parser, reference, samples = PlainParser(grammar), Reference.of(grammar, train), some_strings(grammar, count)
    ours = string_metrics(samples, reference)
    for name, value in plain_metrics(parser, samples, train).items():
        np.testing.assert_allclose(ours[name], value, err_msg=name)
    plain_s, ours_s = in_turn(
        [lambda: plain_metrics(parser, samples, train), lambda: string_metrics(samples, reference)], rounds
    )
    return {
        "train_size": train_size, "samples": count, "copies": ours["copies"],
        "plain_ms_per_member": 1e3 * plain_s, "ours_ms_per_member": 1e3 * ours_s, "ratio": plain_s / ours_s,
    }  # fmt: skip


def main(words: Sequence[str] | None = None) -> None:
    parser = flags(__doc__)
    parser.add_argument("--train-size", type=int, nargs="+", default=[1024, 8192], help="training strings P")
    parser.add_argument("--samples", type=int, default=1024)
    chosen = parsed(parser, words)
    with Report(chosen, COLUMNS) as report:
        for train_size in chosen.train_size:
            report.add(**measure(train_size, chosen.samples, chosen.rounds))


if __name__ == "__main__":
    main()
