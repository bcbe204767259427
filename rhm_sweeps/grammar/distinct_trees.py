"""Derivations drawn so that all strings are distinct: samples without replacement."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from rhm_sweeps.errors import UsageError
from rhm_sweeps.grammar.drawing import Symbols, draw_trees
from rhm_sweeps.grammar.numbering import NumberedRules, numbered, rules_of_numbers, trees_of_numbers
from rhm_sweeps.grammar.rules import Rules
from rhm_sweeps.grammar.string_set import string_keys

MAX_ENUMERATED = 2**20
"""Derivations that are looked at one by one where drawing again finds few new strings."""
ROUNDS, ROUNDS_BEFORE_ENUMERATION = 64, 4
"""How often strings that were drawn before are drawn again, and how often where all derivations can be looked at."""
ENTRIES_AT_ONCE = 2**22

Rows = NDArray[np.intp]


def draw_distinct_trees(levels: Sequence[Rules], symbols: Symbols, stream: torch.Generator) -> list[Symbols]:
    """Draw what symbols (N, w) rewrite to so that all strings are distinct.

    A string that was drawn before is drawn again: rows of the same symbols are a sample without replacement, each string
    drawn with its probability among those that are left. What several draws leave missing comes from the list of all
    derivations, in the order of exponential keys, which goes on with the same distribution.

    Raises:
        UsageError: if there are not as many strings, or they are too improbable to be found.
    """
    trees, seen = draw_trees(levels, symbols, stream), set[bytes]()
    accepted, pending = _accept(np.arange(len(symbols)), trees[-1], seen)
    if not len(pending):
        return trees
    counted = numbered(levels)
    for _ in range(_rounds(counted, symbols[pending])):
        again = draw_trees(levels, symbols[pending], stream)
        _put(trees, pending, again)
        new, pending = _accept(pending, again[-1], seen)
        accepted = np.concatenate((accepted, new))
        if not len(pending):
            break
    for rows in _alike(symbols, pending):
        _put(trees, rows, _remaining_trees(counted, symbols[rows], seen, stream))
        accepted = np.concatenate((accepted, rows))
    return _in_order(trees, accepted)


def _rounds(levels: Sequence[NumberedRules], symbols: Symbols) -> int:
    """How often to draw again what symbols (N, w) rewrite to."""
    most = np.log(levels[0].totals)[symbols].sum(axis=1).max(initial=0.0)
    return ROUNDS_BEFORE_ENUMERATION if most <= math.log(MAX_ENUMERATED) else ROUNDS


def _new_rows(strings: Symbols, seen: set[bytes], most: int | None = None) -> list[int]:
    """Rows of strings (N, d) that are not among those seen, `most` at most; they are added."""
    rows: list[int] = []
    for row, key in enumerate(string_keys(strings).tolist()):
        if len(rows) == most:
            break
        if key not in seen:
            seen.add(key)
            rows.append(row)
    return rows


def _accept(rows: Rows, strings: Symbols, seen: set[bytes]) -> tuple[Rows, Rows]:
    """The rows whose strings (N, d) are new, and the others."""
    new = _new_rows(strings, seen)
    return rows[new], np.delete(rows, new)


def _put(trees: list[Symbols], rows: Rows, others: Sequence[Symbols]) -> None:
    for level, other in zip(trees, others, strict=True):
        level[rows] = other


def _alike(symbols: Symbols, rows: Rows) -> list[Rows]:
    """The rows in groups of the same symbols."""
    _, groups = np.unique(string_keys(symbols[rows]), return_inverse=True)
    return [rows[groups == group] for group in range(groups.max(initial=-1) + 1)]


def _in_order(trees: list[Symbols], accepted: Rows) -> list[Symbols]:
    """The trees, those of the same symbols in the order in which they were accepted: the first ones are a sample as well."""
    _, groups = np.unique(string_keys(trees[0]), return_inverse=True)
    rows, drawn = np.argsort(groups, kind="stable"), accepted[np.argsort(groups[accepted], kind="stable")]
    ordered = [np.empty_like(level) for level in trees]
    _put(ordered, rows, [level[drawn] for level in trees])
    return ordered


def _remaining_trees(
    levels: Sequence[NumberedRules], symbols: Symbols, seen: set[bytes], stream: torch.Generator
) -> list[Symbols]:
    """Draw distinct trees that were not seen for symbols (N, w) that are all the same."""
    missing, root = len(symbols), symbols[:1]
    total = math.prod(levels[0].totals[root[0]].tolist())
    if total > MAX_ENUMERATED:
        raise UsageError(
            f"{missing} strings could not be drawn: in {ROUNDS} draws each came up before, as some rules are much more "
            "probable than others; draw fewer strings or with replacement"
        )
    found: list[list[Symbols]] = []
    for numbers in _split(_by_exponential_keys(levels, root, total, stream), levels, root):
        trees = trees_of_numbers(levels, np.repeat(root, len(numbers), axis=0), numbers)
        new = _new_rows(trees[-1], seen, missing)
        found.append([level[new] for level in trees])
        missing -= len(new)
        if not missing:
            return [np.concatenate(parts) for parts in zip(*found, strict=True)]
    raise UsageError(
        f"{len(symbols)} strings were to be drawn, but there are only {len(symbols) - missing} distinct ones left; "
        "draw fewer strings or with replacement"
    )


def _by_exponential_keys(
    levels: Sequence[NumberedRules], root: Symbols, total: int, stream: torch.Generator
) -> NDArray[np.int64]:
    """All derivations as a sample without replacement orders them: by E / p, E exponential (Efraimidis and Spirakis 2006)."""
    keys = np.log(torch.empty(total, dtype=torch.float64).exponential_(generator=stream).numpy())
    for numbers in _split(np.arange(total), levels, root):
        for level, rules in zip(
            levels, rules_of_numbers(levels, np.repeat(root, len(numbers), axis=0), numbers), strict=True
        ):
            keys[numbers] -= level.rules.log_probabilities[rules].sum(axis=1)
    return np.argsort(keys)


def _split(numbers: NDArray[np.int64], levels: Sequence[NumberedRules], root: Symbols) -> list[NDArray[np.int64]]:
    """Parts whose trees fit into memory."""
    leaves = root.shape[1] * math.prod(level.rules.children.shape[1] for level in levels)
    size = max(1, ENTRIES_AT_ONCE // leaves)
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]
