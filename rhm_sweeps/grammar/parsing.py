"""Parsing strings bottom-up: which blocks obey the rules, and which class a string belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rhm_sweeps.errors import UsageError
from rhm_sweeps.grammar.grammar import Grammar
from rhm_sweeps.grammar.rules import Rules

INVALID = -1


@dataclass(frozen=True, eq=False)
class Parse:
    """What a set of N strings parses to.

    Attributes:
        level_validity: (L,) for l = 1..L, the share of all aligned s**l blocks that parse to a level-l symbol.
        valid: (N,) whether the whole string parses to a class.
        classes: (N,) in 0..n-1, or -1 if invalid.
    """

    level_validity: NDArray[np.float64]
    valid: NDArray[np.bool_]
    classes: NDArray[np.int64]


class Parser:
    """Parses strings of one grammar; build it once, its lookup tables have v**s entries per level."""

    def __init__(self, grammar: Grammar) -> None:
        """Keep what is needed of a grammar.

        Raises:
            UsageError: if the grammar is ambiguous.
        """
        if grammar.ambiguity is not None:
            raise UsageError(
                f"an ambiguous grammar cannot be parsed: {grammar.ambiguity}; give each tuple one parent per level"
            )
        self.grammar = grammar
        self._tables = [(level.num_children, _parents(level)) for level in reversed(grammar.levels)]

    def parse(self, strings: NDArray[np.integer]) -> Parse:
        """Parse strings (N, d); with N = 0 the validities are NaN.

        Raises:
            UsageError: if the strings do not have d tokens.
        """
        validity = []
        for symbols in self.levels(strings):
            found = np.count_nonzero(symbols >= 0)
            validity.append(found / symbols.size if symbols.size else np.nan)
        classes = symbols[:, 0].astype(np.int64)
        return Parse(np.array(validity), classes >= 0, classes)

    def levels(self, strings: NDArray[np.integer]) -> Iterator[NDArray[np.int16]]:
        """Yield for l = 1..L the level-l symbols (N, s**(L-l)) that strings (N, d) parse to, -1 where they do not.

        A token outside 0..v-1 and a block with an invalid child are invalid.
        """
        grammar = self.grammar
        if strings.ndim != 2 or strings.shape[1] != grammar.string_length:
            raise UsageError(
                f"strings have the shape {strings.shape}, but must have s**L = {grammar.string_length} tokens each"
            )
        symbols = strings.astype(np.int16)
        symbols[(strings < 0) | (strings >= grammar.num_features)] = INVALID
        for num_children, parents in self._tables:
            blocks = symbols.reshape(len(symbols), symbols.shape[1] // grammar.tuple_size, grammar.tuple_size)
            symbols = _parse_level(blocks, parents, num_children)
            yield symbols


def _parents(level: Rules) -> NDArray[np.int16]:
    """The inverse of one level's rules: from the code of a tuple, its digits in base num_children, to its parent or -1."""
    size = level.children.shape[1]
    codes = np.ravel_multi_index(tuple(level.children.T), (level.num_children,) * size)
    parents = np.full(level.num_children**size, INVALID, dtype=np.int16)
    parents[codes] = level.parents
    return parents


def _parse_level(blocks: NDArray[np.int16], parents: NDArray[np.int16], num_children: int) -> NDArray[np.int16]:
    codes = blocks[..., 0].astype(np.intp)
    invalid = blocks[..., 0] < 0
    for position in range(1, blocks.shape[2]):
        codes *= num_children
        codes += blocks[..., position]
        invalid |= blocks[..., position] < 0
    # A code with an invalid child means nothing, but lies within ±num_children**s: it can be looked up before it is overwritten.
    parsed = parents[codes]
    parsed[invalid] = INVALID
    return parsed
