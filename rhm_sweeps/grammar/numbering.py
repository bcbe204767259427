"""Numbers of derivations: 0 is the first, and each that follows differs in the last symbol where it can.

A number is, most significant digit first, the rule of each symbol, level by level and left to right in a level. Where all
symbols of a level have as many rules it is a number in mixed radix, as the original code has it. Counts are 64-bit integers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rhm_sweeps.explicit_grammars import derivation_counts
from rhm_sweeps.grammar.rules import Rules

MAX_NUMBERED = 2**63
"""Derivations have numbers only while there are fewer."""


@dataclass(frozen=True, eq=False)
class NumberedRules:
    """The rules of one level and how many derivations each has.

    Attributes:
        rules: the level.
        totals: (num_parents,) derivations below each symbol.
        sizes: (R,) derivations below the tuple of each rule.
    """

    rules: Rules
    totals: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @cached_property
    def before(self) -> NDArray[np.int64]:
        """(R,) derivations of the symbol's earlier rules."""
        return np.concatenate([np.cumsum(own) - own for own in np.split(self.sizes, self.rules.first[1:])])

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        """(num_parents, most rules) derivations of a symbol's rules up to each, filled up with the largest number."""
        ends = np.full((self.rules.num_parents, int(self.rules.counts.max())), MAX_NUMBERED - 1)
        place = np.arange(len(self.sizes)) - self.rules.first[self.rules.parents]
        ends[self.rules.parents, place] = self.before + self.sizes
        return ends

    def choose(self, symbols: NDArray[np.integer], numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rule of symbols (N,) that derivation number (N,) of each begins with."""
        if (self.sizes == self.sizes[0]).all():
            place = numbers // self.sizes[0]
        else:
            place = np.count_nonzero(self._ends[symbols] <= numbers[:, None], axis=1).astype(np.int64)
        chosen: NDArray[np.int64] = self.rules.first[symbols] + place
        return chosen


def numbered(levels: Sequence[Rules]) -> list[NumberedRules]:
    """The levels with their counts, which are right for symbols with less than 2**63 derivations."""
    counts = derivation_counts([rules.tuples for rules in levels])
    totals = [np.array([min(count, MAX_NUMBERED - 1) for count in below], dtype=np.int64) for below in counts]
    totals.append(np.ones(levels[-1].num_children, dtype=np.int64))
    below = zip(levels, totals, totals[1:], strict=False)
    return [NumberedRules(rules, own, children[rules.children].prod(axis=1)) for rules, own, children in below]


def trees_of_numbers(
    levels: Sequence[NumberedRules], symbols: NDArray[np.uint8], numbers: NDArray[np.int64]
) -> list[NDArray[np.uint8]]:
    """Return the symbols (N, w) and, level by level, what they rewrite to in derivation number (N,)."""
    trees = [symbols]
    for level, rules in zip(levels, rules_of_numbers(levels, symbols, numbers), strict=True):
        trees.append(level.rules.rewrite(rules))
    return trees


def rules_of_numbers(
    levels: Sequence[NumberedRules], symbols: NDArray[np.uint8], numbers: NDArray[np.int64]
) -> Iterator[NDArray[np.int64]]:
    """Yield level by level the rules (N, nodes) of derivation number (N,) of the symbols (N, w) next to each other."""
    for level in levels:
        totals = level.totals[symbols]
        after = np.ones_like(totals)
        after[:, :-1] = np.cumprod(totals[:, :0:-1], axis=1)[:, ::-1]
        chosen = np.empty(symbols.shape, dtype=np.int64)
        below = np.ones_like(numbers)
        for node in range(symbols.shape[1]):
            unit = below * after[:, node]
            rules = level.choose(symbols[:, node], numbers // unit)
            numbers = numbers - level.before[rules] * unit
            below = below * level.sizes[rules]
            chosen[:, node] = rules
        yield chosen
        symbols = level.rules.rewrite(chosen)
