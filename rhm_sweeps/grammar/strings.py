"""Strings of a grammar: from numbers, and as training and test sets."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from rhm_sweeps.errors import ConfigError, Problem, UsageError
from rhm_sweeps.grammar.rules import Grammar

MAX_NUMBERED = 2**63
"""Strings are drawn by number, and so without replacement, only while P_max is below this."""
MAX_TORCH_SEED = 2**64


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training and test strings of a grammar and their classes.

    Attributes:
        train: (P, d) tokens in 0..v-1.
        test: (M, d) tokens.
        train_classes: (P,) in 0..n-1.
        test_classes: (M,).
    """

    train: NDArray[np.uint8]
    test: NDArray[np.uint8]
    train_classes: NDArray[np.int64]
    test_classes: NDArray[np.int64]


def make_dataset(
    grammar: Grammar, train_size: int, test_size: int, seed_sample: int, replacement: bool = False
) -> Dataset:
    """Draw training strings, then test strings.

    Without replacement all are distinct and equal those of the original code for the same seed: numbers
    `random.Random(seed_sample).sample(range(P_max), train_size + test_size)`, decoded by `decode_strings`. With
    replacement, and always when P_max >= 2**63, a torch generator seeded with `seed_sample` draws class and rules
    uniformly: all classes, then all rules of a level at once, from the root down.

    Raises:
        ConfigError: if sizes or seed are out of bounds, or there are not as many distinct strings.
    """
    _check_draw(grammar, train_size, test_size, seed_sample, replacement)
    count = train_size + test_size
    if replacement or grammar.p_max >= MAX_NUMBERED:
        strings, classes = _draw_with_replacement(grammar, count, seed_sample)
    else:
        strings, classes = decode_strings(grammar, random.Random(seed_sample).sample(range(grammar.p_max), count))
    return Dataset(strings[:train_size], strings[train_size:], classes[:train_size], classes[train_size:])


def decode_strings(
    grammar: Grammar, indices: Sequence[int] | NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return strings (N, d) and classes (N,) of numbers (N,) in 0..P_max-1.

    A number in mixed radix, most significant digit first, is the class and then the rule chosen for each symbol, level
    by level from the root and left to right in a level.

    Raises:
        UsageError: if a number is out of bounds, or P_max >= 2**63.
    """
    _check_indices(grammar, indices)
    remaining = np.array(indices, dtype=np.int64)
    choices = np.empty((grammar.num_choices, len(remaining)), dtype=np.int64)
    for digit in choices[::-1]:
        remaining, digit[:] = np.divmod(remaining, grammar.num_synonyms)
    levels = np.split(choices.T, np.cumsum(_level_widths(grammar))[:-1], axis=1)
    return expand(grammar, remaining, levels), remaining


def expand(grammar: Grammar, classes: NDArray[np.int64], choices: Sequence[NDArray[np.int64]]) -> NDArray[np.uint8]:
    """Return the strings (N, d) of classes (N,) and rules (N, s**k) chosen k levels below the root, k = 0..L-1."""
    symbols = classes.astype(np.uint8)[:, None]
    for rules, choice in zip(grammar.rules, choices, strict=True):
        synonyms = rules.astype(np.uint8).reshape(-1, grammar.tuple_size)
        rows = np.multiply(symbols, grammar.num_synonyms, dtype=np.int64) + choice
        symbols = np.take(synonyms, rows, axis=0).reshape(len(symbols), choice.shape[1] * grammar.tuple_size)
    return symbols


def _level_widths(grammar: Grammar) -> list[int]:
    return [int(grammar.tuple_size**depth) for depth in range(grammar.num_layers)]


def _draw_with_replacement(grammar: Grammar, count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    stream = torch.Generator().manual_seed(seed)

    def draw(bound: int, *shape: int) -> NDArray[np.int64]:
        drawn: NDArray[np.int64] = torch.randint(bound, shape, generator=stream).numpy()
        return drawn

    classes = draw(grammar.num_classes, count)
    choices = [draw(grammar.num_synonyms, count, width) for width in _level_widths(grammar)]
    return expand(grammar, classes, choices), classes


def _check_draw(grammar: Grammar, train_size: int, test_size: int, seed_sample: int, replacement: bool) -> None:
    problems = []
    if train_size < 0 or test_size < 0:
        problems.append(f"`train_size` and `test_size` are {train_size} and {test_size}, but must be >= 0")
    if not 0 <= seed_sample < MAX_TORCH_SEED:
        problems.append(f"`seed_sample` is {seed_sample}, but must be in 0..2**64-1")
    if not replacement and train_size + test_size > grammar.p_max:
        problems.append(
            f"`train_size` + `test_size` is {train_size} + {test_size} = {train_size + test_size}, "
            f"but must be <= P_max = {grammar.p_max}, the number of distinct strings; lower them or set `replacement`"
        )
    if problems:
        raise ConfigError([Problem("", problem) for problem in problems], "dataset")


def _check_indices(grammar: Grammar, indices: Sequence[int] | NDArray[np.int64]) -> None:
    if grammar.p_max >= MAX_NUMBERED:
        raise UsageError("P_max is >= 2**63, but strings have numbers only below it; draw them with replacement")
    if len(indices) and (min(indices) < 0 or max(indices) >= grammar.p_max):
        raise UsageError(
            f"strings {min(indices)}..{max(indices)} were asked for, but numbers must be in 0..{grammar.p_max - 1}"
        )
