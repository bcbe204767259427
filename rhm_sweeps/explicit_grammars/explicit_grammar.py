"""A grammar as it is written down: named symbols and their weighted productions, level by level from the root."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

Tuples = Sequence[Sequence[Sequence[int]]]
"""The rules of one level: for each symbol its tuples, of symbols of the level below."""


@dataclass(frozen=True)
class Production:
    """A tuple of symbols of the level below, and how probable it is beside the symbol's other productions."""

    children: tuple[str, ...]
    weight: float = 1.0


@dataclass(frozen=True)
class Symbol:
    """A symbol and what it rewrites to."""

    name: str
    productions: tuple[Production, ...]

    @property
    def is_weighted(self) -> bool:
        """Whether some productions are more probable than others."""
        return len({production.weight for production in self.productions}) > 1


@dataclass(frozen=True)
class ExplicitGrammar:
    """Symbols that are rewritten, level by level from the classes down, and the tokens that the last level makes.

    Names belong to their level: the same name may stand for one symbol at one level and another at the next.
    """

    levels: tuple[tuple[Symbol, ...], ...]
    tokens: tuple[str, ...]

    @property
    def num_features(self) -> int:
        """v: number of leaf tokens."""
        return len(self.tokens)

    @property
    def num_classes(self) -> int:
        """n: number of root symbols."""
        return len(self.levels[0])

    @property
    def num_synonyms(self) -> int:
        """m: the most rules that a symbol has."""
        return max(len(symbol.productions) for level in self.levels for symbol in level)

    @property
    def tuple_size(self) -> int:
        """s: symbols on the right-hand side of a rule."""
        return len(self.levels[0][0].productions[0].children)

    @property
    def num_layers(self) -> int:
        """L: depth."""
        return len(self.levels)

    @cached_property
    def names(self) -> tuple[tuple[str, ...], ...]:
        """The symbols at each depth, from the classes to the tokens."""
        return (*(tuple(symbol.name for symbol in level) for level in self.levels), self.tokens)

    @cached_property
    def tuples(self) -> tuple[Tuples, ...]:
        """The rules from the root down, symbols as numbers."""
        return tuple(
            [[_numbers(production, numbers) for production in symbol.productions] for symbol in level]
            for level, numbers in zip(self.levels, map(_numbering, self.names[1:]), strict=True)
        )

    @cached_property
    def p_max(self) -> int:
        """Number of derivations; P_max, the number of distinct strings, unless the grammar is ambiguous."""
        return sum(derivation_counts(self.tuples)[0])

    @cached_property
    def ambiguity(self) -> str | None:
        """Two rules that make the same tuple at the same level, in words; None if each tuple has one parent."""
        return find_ambiguity(self.tuples, self.names)

    def is_weighted(self, level: int) -> bool:
        """Whether rules of level 1..L, counted from the leaves, differ in probability."""
        return any(symbol.is_weighted for symbol in self.levels[self.num_layers - level])


def plain_symbol(name: str, productions: Sequence[Production]) -> Symbol:
    """A symbol whose productions have the weight 1 if they are equally probable, however that was written."""
    symbol = Symbol(name, tuple(productions))
    return symbol if symbol.is_weighted else Symbol(name, tuple(Production(p.children) for p in productions))


def rules_of(level: Sequence[Symbol]) -> Iterator[tuple[Symbol, Production]]:
    """Yield each symbol of a level with each of its productions."""
    for symbol in level:
        for production in symbol.productions:
            yield symbol, production


def rule_text(symbol: Symbol, production: Production) -> str:
    """A rule in words: `g > h i`."""
    return f"{symbol.name} > {' '.join(production.children)}"


def derivation_counts(levels: Sequence[Tuples]) -> list[list[int]]:
    """Number of derivations below each symbol, for depth 0..L-1: the sum over its rules of the product over their children.

    Exact at any size. `levels` are those from the root down, or the lower ones of them.
    """
    counts: list[list[int]] = []
    below: list[int] | None = None
    for level in reversed(levels):
        below = _level_counts(level, below)
        counts.insert(0, below)
    return counts


def find_ambiguity(levels: Sequence[Tuples], names: Sequence[Sequence[str]]) -> str | None:
    """The first two rules that make the same tuple at the same level, in words: "`g > h g` and `h > h g` at level 1"."""
    for depth, level in enumerate(levels):
        parents: dict[tuple[int, ...], int] = {}
        for parent, children in ((parent, tuple(children)) for parent, rules in enumerate(level) for children in rules):
            if children in parents:
                made = " ".join(names[depth + 1][child] for child in children)
                one, other = (f"`{names[depth][head]} > {made}`" for head in (parents[children], parent))
                return f"{one} and {other} at level {len(levels) - depth}"
            parents[children] = parent
    return None


def _level_counts(level: Tuples, below: list[int] | None) -> list[int]:
    if below is None:
        return [len(rules) for rules in level]
    if len(set(below)) == 1:
        each = below[0] ** len(level[0][0])
        return [len(rules) * each for rules in level]
    return [sum(math.prod(below[child] for child in children) for children in rules) for rules in level]


def _numbering(names: Sequence[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}


def _numbers(production: Production, numbers: dict[str, int]) -> list[int]:
    return [numbers[child] for child in production.children]
