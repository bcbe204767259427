"""Exact inference: belief propagation on all strings at once, against the sum-product algorithm string by string, with equal results.

    python benchmarks/belief_propagation.py --layers 3 4 5 --strings 256

Grammars (8, 3, 2, L); of every leaf the distribution given the noised others, for uniform noise with 1 - alpha_bar_t = 0.3; double
precision, one thread.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from measured import Report, flags, in_turn, parsed
from plain_grammar import PlainInference

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.evaluation.evidence import token_evidence
from rhm_sweeps.grammar import WeightedGrammar, leaf_cavities, make_dataset, make_grammar

COLUMNS = {"layers": "d", "strings": "d", "plain_ms_per_string": ".2f", "ours_ms_per_string": ".4f", "ratio": ".0f"}
NOISE = 0.3


def measure(layers: int, count: int, rounds: int) -> dict[str, object]:
    """A row; fails if the two say different things."""
    grammar = make_grammar(GrammarConfig(num_layers=layers, seed_rules=42))
    strings = torch.from_numpy(make_dataset(grammar, count, 0, 0, replacement=True).train).long()
    log_evidence = token_evidence(strings, NOISE, grammar.num_features)
    evidence, plain, weighted = log_evidence.exp().numpy(), PlainInference(grammar), WeightedGrammar.of(grammar)
    found = [plain.leaf_cavities(one) for one in evidence]
    np.testing.assert_allclose(leaf_cavities(weighted, log_evidence).exp().numpy(), found, rtol=1e-9, atol=1e-12)
    sides = [
        lambda: [plain.leaf_cavities(one) for one in evidence],
        lambda: leaf_cavities(weighted, log_evidence),
    ]
    plain_s, ours_s = in_turn(sides, rounds)
    return {
        "layers": layers, "strings": count, "plain_ms_per_string": 1e3 * plain_s / count,
        "ours_ms_per_string": 1e3 * ours_s / count, "ratio": plain_s / ours_s,
    }  # fmt: skip


def main(words: Sequence[str] | None = None) -> None:
    parser = flags(__doc__)
    parser.add_argument("--layers", type=int, nargs="+", default=[3, 4, 5], help="depths L of the grammar")
    parser.add_argument("--strings", type=int, default=256)
    chosen = parsed(parser, words, strings=64)
    with Report(chosen, COLUMNS) as report:
        for layers in chosen.layers:
            report.add(**measure(layers, chosen.strings, chosen.rounds))


if __name__ == "__main__":
    main()
