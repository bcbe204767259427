"""Independent truths about grammars, by writing every derivation."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Callable

import pytest

from rhm_sweeps.grammar import Grammar

Strings = dict[tuple[int, ...], float]


@pytest.fixture(scope="session")
def string_probabilities() -> Callable[[Grammar], Strings]:
    """p(string) of all strings of a grammar: the probabilities of their derivations, added up."""

    def enumerate_all(grammar: Grammar) -> Strings:
        grown = [((label,), 1 / grammar.num_classes) for label in range(grammar.num_classes)]
        for level in grammar.levels:
            rules = [
                list(zip(level.tuples[s], level.probabilities[level.parents == s].tolist(), strict=True))
                for s in range(level.num_parents)
            ]
            grown = [
                (tuple(itertools.chain(*(children for children, _ in choice))), p * math.prod(q for _, q in choice))
                for symbols, p in grown
                for choice in itertools.product(*(rules[symbol] for symbol in symbols))
            ]
        found: Strings = defaultdict(float)
        for string, p in grown:
            found[string] += p
        return dict(found)

    return enumerate_all


@pytest.fixture(scope="session")
def assert_frequencies() -> Callable[[dict[tuple[int, ...], int], Strings], None]:
    """Insist that each of some counts is within 5 standard deviations of what its probability says."""

    def check(counts: dict[tuple[int, ...], int], expected: Strings) -> None:
        draws = sum(counts.values())
        assert set(counts) <= set(expected)
        for string, p in expected.items():
            assert abs(counts.get(string, 0) - draws * p) <= 5 * (draws * p * (1 - p)) ** 0.5 + 1e-9, string

    return check
