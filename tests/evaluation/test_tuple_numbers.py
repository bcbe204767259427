"""Numbers of codes, by table and by bisection."""

from __future__ import annotations

import numpy as np
import pytest

from rhm_sweeps.evaluation import tuple_numbers
from rhm_sweeps.evaluation.tuple_numbers import UNKNOWN, CodeNumbers, tuple_codes


@pytest.mark.parametrize("largest_table", [0, 2**20])
def test_codes_are_numbered_in_ascending_order(largest_table: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuple_numbers, "MAX_TABLE", largest_table)
    numbers = CodeNumbers(np.array([7, 3, 7, 90]))
    asked = np.array([[3, 7, 90, 0], [8, 91, UNKNOWN, 2**40]])
    assert numbers.find(asked).tolist() == [[0, 1, 2, UNKNOWN], [UNKNOWN] * 4]


def test_codes_are_digits() -> None:
    tuples = np.array([[[1, 2, 3], [0, 0, 4]]], dtype=np.uint8)
    assert tuple_codes(tuples, 5).tolist() == [[38, 4]]
    assert tuple_codes(np.full((1, 7), 254, dtype=np.uint8), 255)[0] == 255**7 - 1
