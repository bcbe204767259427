"""The production rules of one level of a grammar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rhm_sweeps.errors import UsageError


@dataclass(frozen=True, eq=False)
class Rules:
    """The R rules of one level, sorted by the symbol that they rewrite; arrays are read-only.

    Attributes:
        num_parents: number of symbols that are rewritten; each has at least one rule.
        num_children: number of symbols of the level below.
        parents: (R,) the symbol that each rule rewrites, ascending.
        children: (R, s) the tuple that it makes.
        weights: (R,) how probable it is beside the symbol's other rules.
    """

    num_parents: int
    num_children: int
    parents: NDArray[np.int64]
    children: NDArray[np.int64]
    weights: NDArray[np.float64]

    def __post_init__(self) -> None:
        if (np.diff(self.parents) < 0).any() or set(self.parents.tolist()) != set(range(self.num_parents)):
            raise UsageError(f"`parents` must be ascending and name each of 0..{self.num_parents - 1}")
        if self.children.min() < 0 or self.children.max() >= self.num_children:
            raise UsageError(f"`children` must be in 0..{self.num_children - 1}")
        if not (self.weights > 0).all():
            raise UsageError("`weights` must be > 0")
        for array in (self.parents, self.children, self.weights):
            array.setflags(write=False)

    @classmethod
    def of(
        cls, tuples: Sequence[Sequence[Sequence[int]]], num_children: int, weights: Sequence[float] | None = None
    ) -> Rules:
        """The rules of a list of tuples per symbol, equally probable unless weights (R,) are given."""
        parents = np.repeat(np.arange(len(tuples)), [len(rules) for rules in tuples])
        children = np.array([children for rules in tuples for children in rules], dtype=np.int64)
        weighted = np.ones(len(parents)) if weights is None else np.array(weights, dtype=np.float64)
        return cls(len(tuples), num_children, parents, children, weighted)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """(num_parents,) rules of each symbol."""
        return np.bincount(self.parents, minlength=self.num_parents)

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """(num_parents,) the first rule of each symbol."""
        return np.cumsum(self.counts) - self.counts

    @cached_property
    def num_synonyms(self) -> int | None:
        """m, if all symbols have as many rules."""
        return int(self.counts[0]) if (self.counts == self.counts[0]).all() else None

    @cached_property
    def is_uniform(self) -> bool:
        """Whether the rules of each symbol are equally probable."""
        return bool((self.weights == self.weights[self.first][self.parents]).all())

    @cached_property
    def probabilities(self) -> NDArray[np.float64]:
        """(R,) probability of each rule, given the symbol."""
        return self.weights / self._sums

    @cached_property
    def log_probabilities(self) -> NDArray[np.float64]:
        """(R,) logarithm of the probabilities."""
        return np.log(self.weights) - np.log(self._sums)

    @cached_property
    def _sums(self) -> NDArray[np.float64]:
        return np.bincount(self.parents, self.weights)[self.parents].astype(np.float64)

    def rewrite(self, rules: NDArray[np.integer]) -> NDArray[np.uint8]:
        """What rules (N, nodes) make, next to each other: (N, nodes * s)."""
        return np.take(self._tokens, rules, axis=0).reshape(len(rules), rules.shape[1] * self.children.shape[1])

    @cached_property
    def _tokens(self) -> NDArray[np.uint8]:
        return self.children.astype(np.uint8)

    @cached_property
    def tuples(self) -> list[list[list[int]]]:
        """The tuples of each symbol."""
        rows = self.children.tolist()
        return [rows[start : start + count] for start, count in zip(self.first, self.counts, strict=True)]
