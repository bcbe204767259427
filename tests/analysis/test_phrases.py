"""Numbers in sentences."""

from __future__ import annotations

import pandas as pd
import pytest

from rhm_sweeps.analysis.phrases import count, interval, listed, span


@pytest.mark.parametrize(("number", "text"), [(0, "0 trials"), (1, "1 trial"), (2000, "2,000 trials")])
def test_count(number: int, text: str) -> None:
    assert count(number, "trial") == text


def test_a_span_of_one_value_is_that_value() -> None:
    assert span(pd.Series([3.0, 1.0, 2.0]), ".1f") == "1.0 to 3.0"
    assert span(pd.Series([1.001, 1.002]), ".1f") == "1.0"


def test_an_interval_says_what_it_covers() -> None:
    assert interval(0.971, 1.04) == "95 % interval 0.97 to 1.04"


@pytest.mark.parametrize(("words", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_listed(words: list[str], text: str) -> None:
    assert listed(words) == text
