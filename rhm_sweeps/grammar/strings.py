"""Strings of a grammar: from numbers, and as training and test sets."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from rhm_sweeps.errors import ConfigError, Problem, UsageError
from rhm_sweeps.grammar.distinct_trees import draw_distinct_trees
from rhm_sweeps.grammar.drawing import draw_trees
from rhm_sweeps.grammar.grammar import Grammar
from rhm_sweeps.grammar.numbering import MAX_NUMBERED, numbered, trees_of_numbers

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
    grammar: Grammar,
    train_size: int,
    test_size: int,
    seed_sample: int,
    replacement: bool = False,
    *,
    resample_level: int = 0,
    seed_resample: int = 0,
) -> Dataset:
    """Draw training strings, then test strings.

    Without replacement all are distinct. Of a grammar whose strings are equally probable they equal those of the original
    code for the same seed: numbers `random.Random(seed_sample).sample(range(P_max), train_size + test_size)`, decoded by
    `decode_strings`. Where P_max >= 2**63, and always with replacement, a torch generator seeded with `seed_sample` draws
    classes and rules: all classes, then all rules of a level at once, from the root down. So it does where strings are not
    equally probable; without replacement it draws those again that came up before (`draw_distinct_trees`).

    With `resample_level` l > 0 the symbols of level l and above stay those of `seed_sample`, and a generator seeded with
    `seed_resample` draws the rules of levels 1..l anew: other strings with the same latents.

    Raises:
        ConfigError: if sizes or seeds are out of bounds, or there are not as many distinct strings.
        UsageError: if some strings are too improbable to be drawn without replacement.
    """
    _check_draw(grammar, train_size, test_size, seed_sample, replacement)
    _check_resampling(grammar, resample_level, seed_resample)
    trees = _draw(grammar, train_size + test_size, seed_sample, replacement)
    if resample_level:
        kept, below = trees[: -1 - resample_level], trees[-1 - resample_level]
        draw = draw_trees if replacement else draw_distinct_trees
        stream = torch.Generator().manual_seed(seed_resample)
        trees = [*kept, *draw(grammar.levels[-resample_level:], below, stream)]
    strings, classes = trees[-1], trees[0][:, 0].astype(np.int64)
    return Dataset(strings[:train_size], strings[train_size:], classes[:train_size], classes[train_size:])


def decode_strings(
    grammar: Grammar, indices: Sequence[int] | NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return strings (N, d) and classes (N,) of numbers (N,) in 0..P_max-1.

    A number is, most significant digit first, the class and then the rule chosen for each symbol, level by level from the
    root and left to right in a level: in mixed radix where the symbols of a level have as many rules.

    Raises:
        UsageError: if a number is out of bounds, P_max >= 2**63 or the grammar is ambiguous.
    """
    _check_indices(grammar, indices)
    trees = _decode(grammar, np.array(indices, dtype=np.int64))
    return trees[-1], trees[0][:, 0].astype(np.int64)


def _decode(grammar: Grammar, numbers: NDArray[np.int64]) -> list[NDArray[np.uint8]]:
    return trees_of_numbers(numbered(grammar.from_start), _starts(len(numbers)), numbers)[1:]


def _draw(grammar: Grammar, count: int, seed: int, replacement: bool) -> list[NDArray[np.uint8]]:
    """Symbols (N, nodes) of depth 0..L."""
    if not replacement and grammar.is_uniform and grammar.ambiguity is None and grammar.p_max < MAX_NUMBERED:
        return _decode(grammar, np.array(random.Random(seed).sample(range(grammar.p_max), count), dtype=np.int64))
    as_improbable = grammar.is_uniform and grammar.p_max >= MAX_NUMBERED
    draw = draw_trees if replacement or as_improbable else draw_distinct_trees
    return draw(grammar.from_start, _starts(count), torch.Generator().manual_seed(seed))[1:]


def _starts(count: int) -> NDArray[np.uint8]:
    return np.zeros((count, 1), dtype=np.uint8)


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


def _check_resampling(grammar: Grammar, resample_level: int, seed_resample: int) -> None:
    problems = []
    if not 0 <= resample_level <= grammar.num_layers:
        problems.append(f"`resample_level` is {resample_level}, but must be in 0..num_layers = {grammar.num_layers}")
    if not 0 <= seed_resample < MAX_TORCH_SEED:
        problems.append(f"`seed_resample` is {seed_resample}, but must be in 0..2**64-1")
    if problems:
        raise ConfigError([Problem("", problem) for problem in problems], "dataset")


def _check_indices(grammar: Grammar, indices: Sequence[int] | NDArray[np.int64]) -> None:
    if grammar.ambiguity is not None:
        raise UsageError(f"strings of an ambiguous grammar have no numbers: {grammar.ambiguity}; draw them")
    if grammar.p_max >= MAX_NUMBERED:
        raise UsageError("P_max is >= 2**63, but strings have numbers only below it; draw them with replacement")
    if len(indices) and (min(indices) < 0 or max(indices) >= grammar.p_max):
        raise UsageError(
            f"strings {min(indices)}..{max(indices)} were asked for, but numbers must be in 0..{grammar.p_max - 1}"
        )
