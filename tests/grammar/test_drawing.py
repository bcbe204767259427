"""Draws have the probabilities of the rules, against enumeration."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.grammar import Rules, make_grammar
from rhm_sweeps.grammar.drawing import draw_trees

RAGGED = "1>ab|ba*3|bb 2>aa; a>ij|ik*2|jj b>kk"


def roots(count: int) -> np.ndarray:
    return np.zeros((count, 1), dtype=np.uint8)


@pytest.mark.parametrize(
    "config",
    [
        GrammarConfig(explicit=RAGGED),
        GrammarConfig(explicit="1>gh*5|gg 2>hg; g>ij|ji h>ji|jj*0.1"),
        GrammarConfig(num_features=3, num_classes=2, num_synonyms=2, num_layers=2, zipf_exponent=2.0, zipf_level=1),
    ],
    ids=["ragged", "ambiguous", "zipf"],
)
def test_frequencies_of_strings_are_those_of_the_rules(
    config: GrammarConfig, string_probabilities, assert_frequencies
) -> None:
    grammar, draws = make_grammar(config), 40_000
    trees = draw_trees(grammar.from_start, roots(draws), torch.Generator().manual_seed(0))
    assert_frequencies(Counter(map(tuple, trees[-1].tolist())), string_probabilities(grammar))
    for level, above, below in zip(grammar.levels, trees[1:], trees[2:], strict=False):
        pairs = below.reshape(-1, 2).tolist()
        assert all(pair in level.tuples[symbol] for symbol, pair in zip(above.ravel().tolist(), pairs, strict=True))


def test_rules_of_extreme_weights_stay_with_their_symbol() -> None:
    level = Rules.of([[[k, 0], [k, 1]] for k in range(255)], 255, [1.0, 1e-12] * 255)
    symbols = np.arange(255, dtype=np.uint8).repeat(400).reshape(-1, 1)
    drawn = draw_trees([level], symbols, torch.Generator().manual_seed(0))[-1]
    made = drawn.tolist()
    assert made == [[symbol, 0] for symbol in symbols.ravel().tolist()]
