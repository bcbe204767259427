"""Text from anywhere."""

from __future__ import annotations

from rhm_sweeps.analysis.report.text import MOST_CHARACTERS, shortened


def test_long_text_is_cut_and_in_one_line() -> None:
    assert shortened("  a \n b\t") == "a b"
    assert shortened("x" * MOST_CHARACTERS) == "x" * MOST_CHARACTERS
    assert shortened("x" * 10**6) == "x" * (MOST_CHARACTERS - 1) + "…"
