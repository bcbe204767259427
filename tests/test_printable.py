"""Text from anywhere, and numbers of things."""

from __future__ import annotations

import pytest

from rhm_sweeps.printable import count, one_line, printable


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x85", "\ud800", "\u202e", "\u200b", "\ue000", "\r"])
def test_what_cannot_be_shown_is_replaced(character: str) -> None:
    assert printable(f"a{character}b") == "a\ufffdb"


@pytest.mark.parametrize("text", ["plain", "τ_mem – “é”", "two\nlines\tand a tab", "👩‍🔬"])
def test_what_can_be_shown_stays(text: str) -> None:
    assert printable(text) == text


def test_a_text_of_several_lines_can_be_shown_in_one() -> None:
    assert one_line("two\r\n  lines\x0band\u2028\x1b") == "two   lines and \ufffd"


@pytest.mark.parametrize(("number", "text"), [(0, "0 trials"), (1, "1 trial"), (2000, "2,000 trials")])
def test_count(number: int, text: str) -> None:
    assert count(number, "trial") == text
