"""Parsing: all strings at once by table, against a recursive parser in plain Python, side by side, with equal results.

    python benchmarks/parsing.py --layers 3 4 5 --strings 4096

Grammars (8, 3, 2, L). Half of the strings are of the grammar; in the others some tokens are replaced.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from measured import Report, flags, in_turn, parsed
from numpy.typing import NDArray
from plain_grammar import PlainParser

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.grammar import Grammar, Parser, make_dataset, make_grammar

COLUMNS = {"layers": "d", "strings": "d", "plain_us_per_string": ".2f", "ours_us_per_string": ".3f", "ratio": ".0f"}
REPLACED = 0.05


def some_strings(grammar: Grammar, count: int, seed: int = 0) -> NDArray[np.uint8]:
    """Strings (count, d): the first half as they are, in the others tokens are replaced at random."""
    strings = make_dataset(grammar, count, 0, seed, replacement=True).train
    draw = np.random.default_rng(seed)
    replaced = draw.random(strings.shape) < REPLACED
    replaced[: count // 2] = False
    return np.where(replaced, draw.integers(grammar.num_features, size=strings.shape), strings).astype(np.uint8)


def measure(layers: int, count: int, rounds: int) -> dict[str, object]:
    """A row; fails if the two say different things."""
    grammar = make_grammar(GrammarConfig(num_layers=layers, seed_rules=42))
    plain, ours, strings = PlainParser(grammar), Parser(grammar), some_strings(grammar, count)
    (classes, validity), parse = plain.parse(strings), ours.parse(strings)
    np.testing.assert_array_equal(parse.classes, classes)
    np.testing.assert_allclose(parse.level_validity, validity)
    plain_s, ours_s = in_turn([lambda: plain.parse(strings), lambda: ours.parse(strings)], rounds)
    return {
        "layers": layers, "strings": count, "valid": float(parse.valid.mean()),
        "plain_us_per_string": 1e6 * plain_s / count, "ours_us_per_string": 1e6 * ours_s / count,
        "ratio": plain_s / ours_s,
    }  # fmt: skip


def main(words: Sequence[str] | None = None) -> None:
    parser = flags(__doc__)
    parser.add_argument("--layers", type=int, nargs="+", default=[3, 4, 5], help="depths L of the grammar")
    parser.add_argument("--strings", type=int, default=4096)
    chosen = parsed(parser, words)
    with Report(chosen, COLUMNS) as report:
        for layers in chosen.layers:
            report.add(**measure(layers, chosen.strings, chosen.rounds))


if __name__ == "__main__":
    main()
