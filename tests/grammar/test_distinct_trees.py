"""Samples without replacement: the distribution of draws one after the other, against enumeration."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
import torch

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.grammar import Rules, distinct_trees, make_grammar
from rhm_sweeps.grammar.distinct_trees import draw_distinct_trees

RAGGED = "1>ab|ba*3|bb 2>aa; a>ij|ik*2|jj b>kk"


def roots(count: int) -> np.ndarray:
    return np.zeros((count, 1), dtype=np.uint8)


@pytest.mark.parametrize("rounds", [0, 4])
@pytest.mark.parametrize("text", ["1>ij*7|ji|ii 2>jj", "1>gg 2>gh*3|hh; g>ij|ji*9 h>ji|jj"], ids=["plain", "ambiguous"])
def test_draws_without_replacement_have_the_probabilities_of_draws_one_after_the_other(
    text: str, rounds: int, monkeypatch: pytest.MonkeyPatch, string_probabilities, assert_frequencies
) -> None:
    """p(a, then b) = p(a) p(b) / (1 - p(a)), whether drawn again or by exponential keys over all derivations."""
    monkeypatch.setattr(distinct_trees, "ROUNDS_BEFORE_ENUMERATION", rounds)
    grammar, stream, draws = make_grammar(GrammarConfig(explicit=text)), torch.Generator().manual_seed(rounds), 1500
    p = string_probabilities(grammar)
    counts: Counter[tuple[int, ...]] = Counter()
    for _ in range(draws):
        one, other = draw_distinct_trees(grammar.from_start, roots(2), stream)[-1].tolist()
        counts[(*one, *other)] += 1
    assert_frequencies(counts, {(*a, *b): p[a] * p[b] / (1 - p[a]) for a, b in itertools.permutations(p, 2)})


@pytest.mark.parametrize("config", [
    GrammarConfig(explicit=RAGGED),
    GrammarConfig(num_features=4, num_classes=3, num_synonyms=2, zipf_exponent=6.0, zipf_level=2),
], ids=["ragged", "steep zipf"])  # fmt: skip
def test_all_strings_can_be_drawn(config: GrammarConfig, string_probabilities) -> None:
    grammar = make_grammar(config)
    trees = draw_distinct_trees(grammar.from_start, roots(config.p_max), torch.Generator().manual_seed(0))
    assert set(map(tuple, trees[-1].tolist())) == set(string_probabilities(grammar))


def test_what_stands_above_stays_and_strings_are_distinct_within_it() -> None:
    """All 27 strings of one class and 2 of the other: the symbols given are kept, row by row."""
    grammar = make_grammar(GrammarConfig(num_features=6, num_classes=2, num_layers=2))
    symbols = np.array([[0]] * 27 + [[1]] * 2, dtype=np.uint8)
    trees = draw_distinct_trees(grammar.levels, symbols, torch.Generator().manual_seed(0))
    assert trees[0].tolist() == symbols.tolist()
    assert len(np.unique(trees[-1], axis=0)) == 29


def test_more_strings_than_there_are_are_refused(string_probabilities) -> None:
    """8 derivations of an ambiguous grammar make 6 strings."""
    grammar = make_grammar(GrammarConfig(explicit="1>gh 2>gg; g>ij|ji h>ji|jj"))
    strings = len(string_probabilities(grammar))
    assert (strings, grammar.p_max) == (6, 8)
    stream = torch.Generator().manual_seed(0)
    assert len(draw_distinct_trees(grammar.from_start, roots(strings), stream)[-1]) == strings
    with pytest.raises(
        UsageError, match=r"but there are only \d+ distinct ones left; draw fewer strings or with replacement"
    ):
        draw_distinct_trees(grammar.from_start, roots(8), stream)


def test_improbable_strings_are_found_where_all_can_be_looked_at() -> None:
    grammar = make_grammar(GrammarConfig(explicit="1>ij*1e300|ji"))
    strings = draw_distinct_trees(grammar.from_start, roots(2), torch.Generator().manual_seed(0))[-1]
    assert strings.tolist() == [[0, 1], [1, 0]]


def test_strings_that_hardly_ever_come_up_in_a_large_grammar_are_refused() -> None:
    levels = [Rules.of([[[0, 0]]], 2), *[Rules.of([[[0, 0], [1, 1]], [[0, 1], [1, 0]]], 2, [1e300, 1.0] * 2)] * 5]
    with pytest.raises(UsageError, match="3 strings could not be drawn: in 64 draws each came up before"):
        draw_distinct_trees(levels, roots(4), torch.Generator().manual_seed(0))
