"""How often each rule should be used, and how often strings use it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rhm_sweeps.evaluation.tuple_numbers import CodeNumbers, tuple_codes
from rhm_sweeps.grammar import Grammar, Rules


@dataclass(frozen=True, eq=False)
class RuleFrequencies:
    """The R rules of one level, in ascending order of the code of the tuple that each makes.

    Attributes:
        num_children: number of symbols of the level below: the base of the codes.
        numbers: of the codes; one rule makes a tuple, as the grammar is unambiguous.
        expected: (R,) frequency of each rule among all of the level's nodes in strings of the grammar.
        log_probabilities: (R,) log-probability of each rule, given its symbol.
    """

    num_children: int
    numbers: CodeNumbers
    expected: NDArray[np.float64]
    log_probabilities: NDArray[np.float64]

    def find(self, blocks: NDArray[np.integer]) -> NDArray[np.integer]:
        """The numbers of the rules that make valid blocks (B, s) of children: (B,)."""
        return self.numbers.find(tuple_codes(blocks, self.num_children))

    def distance(self, rules: NDArray[np.integer]) -> float:
        """Total-variation distance between the frequencies of rules (B,) and the expected ones; NaN if there is none."""
        return total_variation(np.bincount(rules, minlength=len(self.expected)), self.expected)


def rule_frequencies(grammar: Grammar) -> list[RuleFrequencies]:
    """The rules of level l = 1..L and how often strings of the grammar use them, exactly.

    From the classes, equally probable, down: p(rule) = p(its symbol) p(rule | symbol), and p(child) is the mean over the s
    positions of the sum of p(rule) over the rules that put it there, where p(symbol) is the mean over the nodes of a level.
    """
    symbols = np.full(grammar.num_classes, 1 / grammar.num_classes)
    levels = []
    for rules in grammar.levels:
        used = symbols[rules.parents] * np.exp(rules.log_probabilities)
        levels.append(_sorted(rules, used))
        s = rules.children.shape[1]
        symbols = np.bincount(rules.children.ravel(), np.repeat(used / s, s), minlength=rules.num_children)
    return levels[::-1]


def total_variation(counts: NDArray[np.integer], expected: NDArray[np.float64]) -> float:
    """sum_k |counts_k / sum(counts) - expected_k| / 2, in [0, 1]; NaN if all counts are 0."""
    total = int(counts.sum())
    return float(np.abs(counts / total - expected).sum() / 2) if total else float("nan")


def _sorted(rules: Rules, used: NDArray[np.float64]) -> RuleFrequencies:
    codes = tuple_codes(rules.children, rules.num_children)
    order = np.argsort(codes)
    return RuleFrequencies(rules.num_children, CodeNumbers(codes), used[order], rules.log_probabilities[order])
