"""Parsing and exact inference string by string, as one first writes them: the baselines of the tables that do all strings at once.

They share nothing with the product but the grammar's rules.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rhm_sweeps.grammar import Grammar

INVALID = -1


class PlainParser:
    """Parses by recursion, with a dictionary of tuples per level."""

    def __init__(self, grammar: Grammar) -> None:
        self.size, self.depth = grammar.tuple_size, grammar.num_layers
        self.parents = [
            dict(zip(map(tuple, level.children.tolist()), level.parents.tolist(), strict=True))
            for level in reversed(grammar.levels)
        ]

    def parse(self, strings: NDArray[np.integer]) -> tuple[list[int], list[float]]:
        """The class of each string (N, d), -1 if invalid, and for l = 1..L the share of valid blocks."""
        blocks: list[list[int]] = [[] for _ in range(self.depth)]
        classes = [self._symbol(string, self.depth, blocks) for string in strings.tolist()]
        return classes, [sum(symbol != INVALID for symbol in found) / len(found) for found in blocks]

    def _symbol(self, tokens: list[int], level: int, blocks: list[list[int]]) -> int:
        if level == 0:
            return tokens[0]
        part = len(tokens) // self.size
        starts = range(0, len(tokens), part)
        children = tuple(self._symbol(tokens[start : start + part], level - 1, blocks) for start in starts)
        symbol = self.parents[level - 1].get(children, INVALID)
        blocks[level - 1].append(symbol)
        return symbol


class PlainInference:
    """The sum-product algorithm on the tree of one string, in probabilities, node by node."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar, self.size = grammar, grammar.tuple_size
        self.weights = [np.exp(level.log_probabilities) for level in grammar.levels]

    def leaf_cavities(self, evidence: NDArray[np.float64]) -> NDArray[np.float64]:
        """p(leaf i | evidence of all leaves but i), (d, v), by the leaves' likelihoods, (d, v)."""
        upward = [list(evidence)]
        for depth in reversed(range(self.grammar.num_layers)):
            upward.insert(0, [self._up(depth, children) for children in self._families(upward[0])])
        downward = [np.full(self.grammar.num_classes, 1 / self.grammar.num_classes)]
        for depth in range(self.grammar.num_layers):
            families = zip(downward, self._families(upward[depth + 1]), strict=True)
            downward = [message for above, children in families for message in self._down(depth, above, children)]
        return np.array(downward)

    def _families(self, nodes: list[NDArray[np.float64]]) -> list[list[NDArray[np.float64]]]:
        return [nodes[start : start + self.size] for start in range(0, len(nodes), self.size)]

    def _up(self, depth: int, children: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        level = self.grammar.levels[depth]
        message = np.zeros(level.num_parents)
        terms = self.weights[depth] * np.prod([child[level.children[:, i]] for i, child in enumerate(children)], 0)
        np.add.at(message, level.parents, terms)
        return message / message.sum()

    def _down(
        self, depth: int, above: NDArray[np.float64], children: list[NDArray[np.float64]]
    ) -> list[NDArray[np.float64]]:
        level, messages = self.grammar.levels[depth], []
        for position in range(self.size):
            terms = self.weights[depth] * above[level.parents]
            for i, child in enumerate(children):
                terms = terms * (1.0 if i == position else child[level.children[:, i]])
            message = np.zeros(level.num_children)
            np.add.at(message, level.children[:, position], terms)
            messages.append(message / message.sum())
        return messages
