"""Derivations drawn with the probabilities of the rules.

A tree is kept by levels: symbols (N, nodes), from where it starts down to the leaf tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from rhm_sweeps.grammar.rules import Rules

Symbols = NDArray[np.uint8]


def draw_trees(levels: Sequence[Rules], symbols: Symbols, stream: torch.Generator) -> list[Symbols]:
    """Draw what symbols (N, w) rewrite to, all rules of a level at once."""
    trees = [symbols]
    for level in levels:
        trees.append(level.rewrite(_draw_rules(level, trees[-1], stream)))
    return trees


def _draw_rules(level: Rules, symbols: Symbols, stream: torch.Generator) -> NDArray[np.int64]:
    first: NDArray[np.int64] = level.first[symbols]
    if level.is_uniform and level.num_synonyms is not None:
        place: NDArray[np.int64] = torch.randint(level.num_synonyms, symbols.shape, generator=stream).numpy()
        return first + place
    draws = torch.rand(symbols.shape, generator=stream, dtype=torch.float64).numpy()
    ends = level.parents + _cumulative(level)
    found = np.searchsorted(ends, symbols + draws, side="right")  # the rules of symbol k end between k and k + 1
    rules: NDArray[np.int64] = np.clip(found, first, first + level.counts[symbols] - 1)
    return rules


def _cumulative(level: Rules) -> NDArray[np.float64]:
    """(R,) probability of a symbol's rules up to each."""
    return np.concatenate([np.cumsum(own) for own in np.split(level.probabilities, level.first[1:])])
