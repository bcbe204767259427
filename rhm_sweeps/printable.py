"""Text made fit to be shown: what may come from anywhere, such as names, values and reasons; and numbers of things."""

from __future__ import annotations

import unicodedata

HIDDEN = ("Cc", "Cs", "Cf", "Co", "Cn")
"""Unicode categories that are not shown as they are: controls, halves of pairs, marks of direction, private, unassigned."""
KEPT = "\n\t\u200d"


def printable(text: str) -> str:
    """The text with characters that cannot be shown, or that change how others are, replaced by U+FFFD."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        "\ufffd" if unicodedata.category(character) in HIDDEN and character not in KEPT else character
        for character in text
    )


def one_line(text: str) -> str:
    """`printable`, and in one line: no text makes a second one that looks like ours."""
    return printable(" ".join(text.splitlines()))


def count(number: int, noun: str) -> str:
    """`1 trial`, `2 trials`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
