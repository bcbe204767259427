"""Sets of strings: exact membership (copies) and Hamming distance to the nearest member (near-copies)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rhm_sweeps.errors import UsageError

_PAIRS, _COLUMNS = 2**16, 2**13
"""Pairs of strings that are compared at once, and of how many members at most: such a block's buffers stay in a core's cache."""


class StringSet:
    """Strings of equal length to compare others with; build it once per training set, ask it at each evaluation.

    Distances are counted on bit planes: plane b holds bit b of each token, 8 tokens to the byte. Two strings differ at
    the positions where any plane differs, so a distance is the population count of the OR of XORs.
    """

    def __init__(self, strings: NDArray[np.uint8]) -> None:
        """Keep what is needed of strings (P, d)."""
        self.string_length = strings.shape[1]
        self._keys = frozenset(string_keys(strings).tolist())
        distinct = np.frombuffer(b"".join(self._keys), dtype=np.uint8).reshape(-1, self.string_length)
        self._planes = _bit_planes(distinct, _bits(distinct))

    def __len__(self) -> int:
        """Number of distinct members."""
        return len(self._keys)

    def contains(self, strings: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Whether each of strings (N, d) is a member: (N,)."""
        self._check(strings)
        keys = string_keys(strings).tolist()
        return np.fromiter(map(self._keys.__contains__, keys), dtype=np.bool_, count=len(keys))

    def nearest_hamming(self, strings: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Number of tokens in which each of strings (N, d) differs from the nearest member: (N,).

        Raises:
            UsageError: if the set is empty or the strings have another length.
        """
        self._check(strings)
        if not self._keys:
            raise UsageError("there is no nearest string in an empty set; give it at least one string")
        bits = max(_bits(strings), len(self._planes))
        members = np.pad(self._planes, ((0, bits - len(self._planes)), (0, 0), (0, 0)))
        planes = _bit_planes(strings, bits)
        nearest = np.full(len(strings), self.string_length, dtype=np.int64)
        for column in range(0, members.shape[-1], _COLUMNS):
            block = members[:, :, None, column : column + _COLUMNS]
            rows = _PAIRS // block.shape[-1]
            for row in range(0, len(strings), rows):
                here = slice(row, row + rows)
                distances = _distances(planes[:, :, here, None], block, self.string_length)
                nearest[here] = np.minimum(nearest[here], distances.min(axis=1))
        return nearest

    def _check(self, strings: NDArray[np.uint8]) -> None:
        if strings.ndim != 2 or strings.shape[1] != self.string_length:
            raise UsageError(f"strings have the shape {strings.shape}, but must have {self.string_length} tokens each")


def string_keys(strings: NDArray[np.uint8]) -> NDArray[np.void]:
    """One key of d bytes per string of (N, d), exact: sortable, and hashable as the bytes that `tolist` gives."""
    rows = np.ascontiguousarray(strings, dtype=np.uint8)
    return rows.view(np.dtype((np.void, rows.shape[1]))).ravel()


def is_in(strings: NDArray[np.uint8], reference: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether each of strings (N, d) equals one of reference (P, d): (N,)."""
    return StringSet(reference).contains(strings)


def nearest_hamming(strings: NDArray[np.uint8], reference: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Smallest Hamming distance, in tokens, of each of strings (N, d) to any of reference (P, d): (N,)."""
    return StringSet(reference).nearest_hamming(strings)


def _bits(strings: NDArray[np.uint8]) -> int:
    return int(strings.max(initial=1)).bit_length()


def _bit_planes(strings: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    """Bit b of each token of strings (N, d), packed: (bits, ceil(d/8), N)."""
    planes = [np.packbits((strings >> bit) & 1, axis=1).T for bit in range(bits)]
    return np.ascontiguousarray(planes)


def _distances(left: NDArray[np.uint8], right: NDArray[np.uint8], string_length: int) -> NDArray[np.integer]:
    """Hamming distances (rows, columns) of planes (bits, bytes, rows, 1) and (bits, bytes, 1, columns)."""
    shape = (left.shape[2], right.shape[3])
    differ, other = np.empty(shape, dtype=np.uint8), np.empty(shape, dtype=np.uint8)
    distances = np.zeros(shape, dtype=np.uint8 if string_length < 256 else np.uint16)
    for byte in range(left.shape[1]):
        np.bitwise_xor(left[0, byte], right[0, byte], out=differ)
        for bit in range(1, len(left)):
            np.bitwise_xor(left[bit, byte], right[bit, byte], out=other)
            np.bitwise_or(differ, other, out=differ)
        distances += np.bitwise_count(differ, out=other)
    return distances
