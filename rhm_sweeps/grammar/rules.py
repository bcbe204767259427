"""The production rules of a Random Hierarchy Model (arXiv 2307.02129)."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rhm_sweeps.config import GrammarConfig


@dataclass(frozen=True, eq=False)
class Grammar:
    """Production rules by level: `rules[0]` rewrites classes, `rules[-1]` makes leaf tuples.

    Attributes:
        num_features: v, number of symbols at every hidden level and of leaf tokens.
        rules: from the root down, each (symbols, m, s) in 0..v-1, read-only; `rules[0]` has n symbols, the others v.
    """

    num_features: int
    rules: tuple[NDArray[np.int64], ...]

    def __post_init__(self) -> None:
        for rules in self.rules:
            rules.setflags(write=False)

    @property
    def num_classes(self) -> int:
        """n: number of root symbols."""
        return int(self.rules[0].shape[0])

    @property
    def num_synonyms(self) -> int:
        """m: production rules per symbol."""
        return int(self.rules[0].shape[1])

    @property
    def tuple_size(self) -> int:
        """s: symbols on the right-hand side of a rule."""
        return int(self.rules[0].shape[2])

    @property
    def num_layers(self) -> int:
        """L: depth."""
        return len(self.rules)

    @property
    def string_length(self) -> int:
        """d = s**L: tokens per string."""
        return int(self.tuple_size**self.num_layers)

    @property
    def num_choices(self) -> int:
        """(s**L - 1)/(s - 1): rules chosen in the derivation of one string."""
        return (self.string_length - 1) // (self.tuple_size - 1)

    @property
    def p_max(self) -> int:
        """P_max = n * m**((s**L - 1)/(s - 1)): number of distinct strings."""
        return self.num_classes * int(self.num_synonyms**self.num_choices)


def make_grammar(config: GrammarConfig) -> Grammar:
    """Draw the rules of `config.seed_rules`; the same seed gives the same grammar as the original code.

    One `random.Random(seed_rules)` stream draws, from the root down, distinct tuples out of all v**s in lexicographic
    order: n*m for the root, then v*m per level. No tuple has two parents, so every string has one derivation.
    """
    stream = random.Random(config.seed_rules)
    heads = [config.num_classes, *[config.num_features] * (config.num_layers - 1)]
    return Grammar(config.num_features, tuple(_draw_rules(stream, head, config) for head in heads))


def _draw_rules(stream: random.Random, symbols: int, config: GrammarConfig) -> NDArray[np.int64]:
    v, m, s = config.num_features, config.num_synonyms, config.tuple_size
    # Sampling positions in the list draws what sampling the list itself does, without v**s tuples in memory.
    codes = stream.sample(range(v**s), symbols * m)
    return np.stack(np.unravel_index(codes, (v,) * s), axis=-1).reshape(symbols, m, s).astype(np.int64)
