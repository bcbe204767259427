"""Numbers in sentences."""

from __future__ import annotations

import pandas as pd
import pytest

from rhm_sweeps.analysis.phrases import interval, listed, plain, scale_label, share_text, span


def test_a_span_of_one_value_is_that_value() -> None:
    assert span(pd.Series([3.0, 1.0, 2.0]), ".1f") == "1.0 to 3.0"
    assert span(pd.Series([1.001, 1.002]), ".1f") == "1.0"


def test_an_interval_says_what_it_covers() -> None:
    assert interval(0.971, 1.04) == "95 % interval 0.97 to 1.04"


@pytest.mark.parametrize(("words", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_listed(words: list[str], text: str) -> None:
    assert listed(words) == text


@pytest.mark.parametrize(("share", "text"), [(0.416, "0.42"), (-0.03, "0.00"), (float("nan"), "–")])
def test_shares_in_words(share: float, text: str) -> None:
    assert share_text(share) == text


def test_a_dollar_in_a_name_starts_no_formula_and_what_has_no_glyph_is_replaced() -> None:
    assert plain("a $b$\x1b\u202e") == "a \\$b\\$\ufffd\ufffd"


def test_time_scales_have_the_symbols_of_the_literature() -> None:
    assert scale_label("tau_rule_2") == r"$\tau_{rule}(2)$"
    assert scale_label("tau_mem_loss") == r"$\tau_{mem}$, losses"
