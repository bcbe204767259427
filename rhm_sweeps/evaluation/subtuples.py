"""Sub-tuples of training strings: which aligned blocks of other strings are among them (arXiv 2605.30642)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rhm_sweeps.evaluation.tuple_numbers import UNKNOWN, CodeNumbers


class SubtupleSet:
    """The aligned s**l blocks, l = 1..L, of strings (P, d), wherever in a string they stand; build it once per training set.

    The distinct blocks of each level have numbers. A block is then the tuple of its children's numbers, and a tuple is looked up
    child by child: as a pair of what its first children make, itself numbered, and the next one.
    """

    def __init__(self, strings: NDArray[np.uint8], tuple_size: int) -> None:
        """Number the blocks of strings (P, d), d a power of `tuple_size`."""
        self.tuple_size = tuple_size
        self._levels: list[list[_Pairs]] = []
        numbers: NDArray[np.integer] = strings
        while numbers.shape[1] > 1:
            numbers, pairs = _number(_blocks(numbers, tuple_size))
            self._levels.append(pairs)

    def contains(self, strings: NDArray[np.uint8]) -> list[NDArray[np.bool_]]:
        """For l = 1..L, whether each aligned block of strings (N, d) is an aligned block of a member: (N, s**(L-l))."""
        found = []
        numbers: NDArray[np.integer] = strings
        for level in self._levels:
            blocks = _blocks(numbers, self.tuple_size)
            numbers = blocks[..., 0]
            for position, pairs in enumerate(level, start=1):
                numbers = pairs.find(numbers, blocks[..., position])
            found.append(numbers != UNKNOWN)
        return found


class _Pairs:
    """Distinct pairs of numbers."""

    def __init__(self, left: NDArray[np.integer], right: NDArray[np.integer]) -> None:
        self._bound = int(right.max(initial=0)) + 1
        self._numbers = CodeNumbers(self._codes(left, right))

    def _codes(self, left: NDArray[np.integer], right: NDArray[np.integer]) -> NDArray[np.int64]:
        return left.astype(np.int64) * self._bound + right

    def find(self, left: NDArray[np.integer], right: NDArray[np.integer]) -> NDArray[np.integer]:
        """The numbers of pairs; those with an `UNKNOWN` in them are so too."""
        codes = self._codes(left, right)
        codes[(left == UNKNOWN) | (right == UNKNOWN) | (right >= self._bound)] = UNKNOWN
        return self._numbers.find(codes)


def _number(blocks: NDArray[np.integer]) -> tuple[NDArray[np.integer], list[_Pairs]]:
    """The numbers of blocks (P, nodes, s), and the pairs that give them."""
    numbers, level = blocks[..., 0], []
    for position in range(1, blocks.shape[2]):
        level.append(_Pairs(numbers, blocks[..., position]))
        numbers = level[-1].find(numbers, blocks[..., position])
    return numbers, level


def _blocks(numbers: NDArray[np.integer], tuple_size: int) -> NDArray[np.integer]:
    return numbers.reshape(len(numbers), -1, tuple_size)
