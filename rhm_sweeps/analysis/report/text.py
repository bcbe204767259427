"""Text that may come from anywhere - names, values, reasons - made fit to be shown."""

from __future__ import annotations

import re
import unicodedata

MOST_CHARACTERS = 400
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


def shortened(text: str, most: int = MOST_CHARACTERS) -> str:
    """The text in one line, its end left out where it is longer than `most` characters."""
    line = re.sub(r"\s+", " ", text).strip(" ")
    return line if len(line) <= most else f"{line[: most - 1]}…"
