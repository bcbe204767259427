"""Tuples of small numbers, numbered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

UNKNOWN = -1
"""The number of what is not among the known."""
MAX_TABLE = 2**20
"""Codes up to here are looked up in a table of 4 MiB at most, others by bisection, which takes 10 times longer."""


class CodeNumbers:
    """Distinct codes >= 0, numbered 0, 1, ... in ascending order."""

    def __init__(self, codes: NDArray[np.int64]) -> None:
        """Number the codes (R,), which may repeat."""
        self.codes: NDArray[np.int64] = np.unique(codes)
        self._table: NDArray[np.int32] | None = None
        if (self.codes < MAX_TABLE).all():
            self._table = np.full(int(self.codes.max(initial=-1)) + 1, UNKNOWN, dtype=np.int32)
            self._table[self.codes] = np.arange(len(self.codes))

    def find(self, codes: NDArray[np.int64]) -> NDArray[np.integer]:
        """The numbers of codes (...), `UNKNOWN` for those that are not known."""
        if self._table is not None:
            inside = (codes >= 0) & (codes < len(self._table))
            return np.where(inside, self._table[np.where(inside, codes, 0)], UNKNOWN)
        places = np.searchsorted(self.codes, codes).clip(max=len(self.codes) - 1)
        return np.where(self.codes[places] == codes, places, UNKNOWN)


def tuple_codes(tuples: NDArray[np.integer], base: int) -> NDArray[np.int64]:
    """Codes of tuples (..., s) whose entries are in 0..base-1: their digits in that base, (...)."""
    codes = tuples[..., 0].astype(np.int64)
    for position in range(1, tuples.shape[-1]):
        codes = codes * base + tuples[..., position]
    return codes
