"""Blocks of training strings against Python sets of them."""

from __future__ import annotations

import numpy as np
import pytest

from rhm_sweeps.evaluation import tuple_numbers
from rhm_sweeps.evaluation.subtuples import SubtupleSet
from rhm_sweeps.grammar import StringSet


def blocks_of(string: np.ndarray, size: int) -> list[tuple[int, ...]]:
    return [tuple(string[start : start + size].tolist()) for start in range(0, len(string), size)]


@pytest.mark.parametrize("largest_table", [0, 2**20])
@pytest.mark.parametrize(("s", "num_layers", "train_size"), [(2, 1, 3), (2, 4, 20), (3, 2, 30), (4, 2, 40)])
def test_blocks_at_any_aligned_position_count(
    s: int, num_layers: int, train_size: int, largest_table: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuple_numbers, "MAX_TABLE", largest_table)
    generator = np.random.default_rng(s)
    train = generator.integers(3, size=(train_size, s**num_layers), dtype=np.uint8)
    others = generator.integers(4, size=(200, s**num_layers), dtype=np.uint8)  # the token 3 is in no training string
    asked = np.concatenate([train[:5], np.roll(train[:5], s, axis=1), np.roll(train[:5], 1, axis=1), others])
    found = SubtupleSet(train, s).contains(asked)
    assert len(found) == num_layers
    for level, seen in enumerate(found, start=1):
        known = {block for string in train for block in blocks_of(string, s**level)}
        assert seen.tolist() == [[block in known for block in blocks_of(string, s**level)] for string in asked]
    assert found[-1][:, 0].tolist() == StringSet(train).contains(asked).tolist()
    assert {True, False} == set(found[0].ravel().tolist())


def test_a_block_that_is_not_aligned_does_not_count() -> None:
    found = SubtupleSet(np.array([[0, 1, 2, 0]], dtype=np.uint8), 2).contains(np.array([[1, 2, 2, 0]], dtype=np.uint8))
    assert [seen.tolist() for seen in found] == [[[False, True]], [[False]]]
