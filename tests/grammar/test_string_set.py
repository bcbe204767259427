"""Membership and Hamming distance against comparing every pair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhm_sweeps.errors import UsageError
from rhm_sweeps.grammar import StringSet, is_in, nearest_hamming, string_keys


def strings_of(seed: int, count: int, length: int, tokens: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, tokens, (count, length), dtype=np.uint8)


@given(
    seed=st.integers(0, 2**32),
    length=st.sampled_from([1, 2, 7, 8, 9, 27, 64, 255, 256, 300]),
    tokens=st.sampled_from([1, 2, 3, 8, 17, 255]),
    foreign=st.sampled_from([2, 255]),
)
def test_distances_equal_those_of_every_pair(seed: int, length: int, tokens: int, foreign: int) -> None:
    """Also where the strings have tokens that no member has, and so more bits."""
    members, strings = strings_of(seed, 30, length, tokens), strings_of(seed + 1, 20, length, foreign)
    strings[:5] = members[:5]
    expected = (strings[:, None] != members).sum(axis=2).min(axis=1)
    found = nearest_hamming(strings, members)
    assert found.dtype == np.int64
    assert found.tolist() == expected.tolist()
    assert is_in(strings, members).tolist() == (expected == 0).tolist()


def test_distances_do_not_depend_on_blocks() -> None:
    """More strings and members than are compared at once: the nearest one may lie in any block."""
    members, strings = strings_of(0, 20_000, 6, 200), strings_of(1, 29, 6, 200)
    for row, member in enumerate((0, 8191, 8192, 16383, 16384, 19_999)):
        strings[row] = members[member]
        strings[row, 0] ^= 1
    found = StringSet(members).nearest_hamming(strings)
    assert found[:6].max() <= 1
    assert found.tolist() == [int((members != string).sum(axis=1).min()) for string in strings]


def test_a_string_at_full_distance_from_all() -> None:
    for length in (8, 255, 256, 1000):
        members = np.zeros((3, length), dtype=np.uint8)
        assert nearest_hamming(np.full((1, length), 254, dtype=np.uint8), members).tolist() == [length]


def test_distances_are_counted_up_to_one_token() -> None:
    member = np.arange(12, dtype=np.uint8)[None]
    changed = np.repeat(member, 12, axis=0) + np.eye(12, dtype=np.uint8)
    assert nearest_hamming(changed, member).tolist() == [1] * 12
    assert not is_in(changed, member).any()


def test_trailing_zeros_belong_to_a_key() -> None:
    strings = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]], dtype=np.uint8)
    keys = string_keys(strings)
    assert len(set(keys.tolist())) == 4
    assert all(len(key) == 3 for key in keys.tolist())


@given(seed=st.integers(0, 2**32), length=st.integers(1, 9))
def test_keys_are_equal_exactly_where_strings_are(seed: int, length: int) -> None:
    strings = strings_of(seed, 50, length, 2)
    _, groups = np.unique(strings, axis=0, return_inverse=True)
    _, key_groups = np.unique(string_keys(strings), return_inverse=True)
    assert groups.ravel().tolist() == key_groups.ravel().tolist()


def test_keys_of_strings_that_are_not_contiguous() -> None:
    strings = strings_of(0, 10, 8, 5)
    assert string_keys(strings[:, ::2]).tolist() == [bytes(row) for row in strings[:, ::2].tolist()]


def test_the_empty_set() -> None:
    nothing, strings = np.empty((0, 4), dtype=np.uint8), strings_of(0, 3, 4, 2)
    assert StringSet(nothing).contains(strings).tolist() == [False] * 3
    with pytest.raises(UsageError, match="empty set"):
        StringSet(nothing).nearest_hamming(strings)
    assert StringSet(strings).nearest_hamming(nothing).shape == (0,)
    assert StringSet(strings).contains(nothing).shape == (0,)


def test_strings_of_another_length_are_refused() -> None:
    members = StringSet(strings_of(0, 3, 4, 2))
    with pytest.raises(UsageError, match="must have 4 tokens each"):
        members.contains(strings_of(0, 3, 5, 2))
    with pytest.raises(UsageError, match="must have 4 tokens each"):
        members.nearest_hamming(strings_of(0, 3, 5, 2))
