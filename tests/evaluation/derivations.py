"""All derivations of a small grammar, one by one: the independent truth of its frequencies and probabilities."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.grammar import Grammar

TINY = [
    GrammarConfig(num_features=3, num_classes=2, num_synonyms=2, num_layers=2, seed_rules=1),
    GrammarConfig(num_features=4, num_classes=3, num_synonyms=2, num_layers=2, zipf_exponent=1.5, zipf_level=1),
    GrammarConfig(num_features=3, num_classes=3, num_synonyms=2, num_layers=2, zipf_exponent=1.0, zipf_level=2),
    GrammarConfig(num_features=3, num_classes=2, num_synonyms=2, num_layers=1, tuple_size=3),
    GrammarConfig(explicit="1>ab|ba*2 2>aa; a>ij*3|ji b>ik|jk|kk"),
    GrammarConfig(explicit="binary_3_level"),
]
"""Uniform, Zipf and written grammars."""
Tokens = tuple[int, ...]


@dataclass(frozen=True)
class Derivation:
    """A way to make tokens: its probability and the (level, tuple) of each rule that it uses."""

    tokens: Tokens
    probability: float
    label: int
    rules: tuple[tuple[int, Tokens], ...]


def derivations(grammar: Grammar) -> list[Derivation]:
    """All derivations, of all classes."""
    return [
        Derivation(found.tokens, found.probability / grammar.num_classes, label, found.rules)
        for label in range(grammar.num_classes)
        for found in _below(grammar, 0, label)
    ]


def _below(grammar: Grammar, depth: int, symbol: int) -> Iterator[Derivation]:
    if depth == grammar.num_layers:
        yield Derivation((symbol,), 1.0, symbol, ())
        return
    level = grammar.levels[depth]
    own = np.flatnonzero(level.parents == symbol)
    for rule in own:
        children = tuple(level.children[rule].tolist())
        share = float(level.weights[rule] / level.weights[own].sum())
        for parts in itertools.product(*(list(_below(grammar, depth + 1, child)) for child in children)):
            used = ((grammar.num_layers - depth, children), *(rule for part in parts for rule in part.rules))
            tokens = tuple(token for part in parts for token in part.tokens)
            yield Derivation(tokens, share * float(np.prod([part.probability for part in parts])), symbol, used)
