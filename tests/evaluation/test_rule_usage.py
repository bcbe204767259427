"""Frequencies of rules against all derivations of tiny grammars."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.evaluation.rule_usage import rule_frequencies, total_variation
from rhm_sweeps.grammar import make_grammar

from .derivations import TINY, derivations


@pytest.mark.parametrize("config", TINY, ids=str)
def test_expected_frequencies_are_those_of_all_derivations(config: GrammarConfig) -> None:
    grammar = make_grammar(config)
    used: dict[tuple[int, tuple[int, ...]], float] = defaultdict(float)
    for derivation in derivations(grammar):
        for level, children in derivation.rules:
            nodes = grammar.tuple_size ** (grammar.num_layers - level)
            used[level, children] += derivation.probability / nodes
    for number, level in enumerate(rule_frequencies(grammar), start=1):
        assert level.expected.sum() == pytest.approx(1)
        rules = grammar.levels[-number]
        for children, log_probability in zip(rules.children, rules.log_probabilities, strict=True):
            rule = level.find(children[None])[0]
            assert level.expected[rule] == pytest.approx(used[number, tuple(children.tolist())])
            assert level.log_probabilities[rule] == pytest.approx(log_probability)


def test_a_grammar_whose_symbols_are_not_equally_frequent() -> None:
    """By hand: 1 makes a twice, 2 makes a and b; so 3/4 of the leaf tuples are those of a."""
    level = rule_frequencies(make_grammar(GrammarConfig(explicit="1>aa 2>ab; a>ii|ij b>ji")))[0]
    assert sorted(level.expected.tolist()) == pytest.approx([1 / 4, 3 / 8, 3 / 8])


def test_total_variation() -> None:
    expected = np.array([0.5, 0.25, 0.25])
    assert total_variation(np.array([2, 1, 1]), expected) == 0
    assert total_variation(np.array([0, 0, 7]), expected) == 0.75
    assert total_variation(np.array([2, 2, 0]), expected) == 0.25
    assert np.isnan(total_variation(np.array([0, 0, 0]), expected))
