"""Grammars as lists of weighted productions: what belief propagation works on, whatever the grammar is like.

Levels may differ in their symbols, rules and tuple sizes, rules may differ in weight, and a tuple may have several parents.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from rhm_sweeps.errors import UsageError
from rhm_sweeps.grammar.grammar import Grammar

ENTRIES_AT_ONCE = 2**20
"""Numbers that the largest intermediate result of belief propagation may have: 8 MiB in float64."""

MAX_WEIGHT_ERROR = 1e-5
"""By how much the weights of a symbol's productions may miss 1: rounding in float32 stays below."""


@dataclass(frozen=True, eq=False)
class Productions:
    """The R productions of one level: `parents[r]` rewrites to the tuple `children[r]` with probability exp(`log_weights[r]`).

    Attributes:
        num_parents: number of symbols of the level that is rewritten.
        num_children: number of symbols of the level below.
        parents: (R,) int64.
        children: (R, s) int64.
        log_weights: (R,) floats; the weights of each parent sum to 1.
    """

    num_parents: int
    num_children: int
    parents: Tensor
    children: Tensor
    log_weights: Tensor

    def __post_init__(self) -> None:
        bounds = {"parents": (self.parents, self.num_parents), "children": (self.children, self.num_children)}
        for name, (symbols, bound) in bounds.items():
            low, high = int(symbols.min()), int(symbols.max())
            if low < 0 or high >= bound:
                raise UsageError(f"`{name}` of productions are in {low}..{high}, but must be in 0..{bound - 1}")
        sums = torch.zeros(self.num_parents, dtype=torch.float64, device=self.parents.device)
        sums.index_add_(0, self.parents, self.log_weights.double().exp())
        wrong = int((sums - 1).abs().argmax())
        if abs(float(sums[wrong]) - 1) > MAX_WEIGHT_ERROR:
            raise UsageError(
                f"the weights of the productions of symbol {wrong} sum to {sums[wrong]:.6g}, but must sum to 1"
            )

    @property
    def tuple_size(self) -> int:
        """s: symbols on the right-hand side of a rule."""
        return self.children.shape[1]

    @cached_property
    def by_parent(self) -> tuple[Tensor, ...]:
        """For each parent, its rules."""
        return _members(self.parents, self.num_parents)

    @cached_property
    def by_child(self) -> tuple[tuple[Tensor, ...], ...]:
        """For each position 0..s-1 and each child, the rules that put the child there."""
        return tuple(_members(column, self.num_children) for column in self.children.T)


def _members(keys: Tensor, groups: int) -> tuple[Tensor, ...]:
    return tuple((keys == group).nonzero().ravel() for group in range(groups))


@dataclass(frozen=True, eq=False)
class WeightedGrammar:
    """A prior over classes and the productions of each level.

    Attributes:
        log_prior: (n,) log-probability of each class.
        levels: from the root down.
    """

    log_prior: Tensor
    levels: tuple[Productions, ...]

    def __post_init__(self) -> None:
        sizes = [len(self.log_prior), *(level.num_children for level in self.levels[:-1])]
        if sizes != [level.num_parents for level in self.levels]:
            raise UsageError(
                f"levels rewrite {[level.num_parents for level in self.levels]} symbols, but the prior and the levels above "
                f"make {sizes}"
            )

    @classmethod
    def of(
        cls, grammar: Grammar, dtype: torch.dtype = torch.float64, device: torch.device | str = "cpu"
    ) -> WeightedGrammar:
        """The grammar with classes equally probable, and the rules as probable as they are."""
        levels = []
        for level in grammar.levels:
            parents, children = (torch.tensor(symbols, device=device) for symbols in (level.parents, level.children))
            weights = torch.tensor(level.log_probabilities, dtype=dtype, device=device)
            levels.append(Productions(level.num_parents, level.num_children, parents, children, weights))
        prior = torch.full((grammar.num_classes,), -math.log(grammar.num_classes), dtype=dtype, device=device)
        return cls(prior, tuple(levels))

    @property
    def num_nodes(self) -> tuple[int, ...]:
        """Nodes of the tree at each depth, from the root (1) to the leaves (d)."""
        counts = [1]
        for level in self.levels:
            counts.append(counts[-1] * level.tuple_size)
        return tuple(counts)

    @property
    def num_draws(self) -> int:
        """Random numbers that a tree takes: one for the class and one for each rule."""
        return 1 + sum(self.num_nodes[:-1])

    @property
    def strings_at_once(self) -> int:
        """Strings whose messages are computed together: as many as `ENTRIES_AT_ONCE` allows, but at least one."""
        widest = max(
            nodes * len(level.parents) * level.tuple_size
            for nodes, level in zip(self.num_nodes, self.levels, strict=False)
        )
        return max(1, ENTRIES_AT_ONCE // widest)
