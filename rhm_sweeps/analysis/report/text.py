"""Text that may come from anywhere, cut to a length that a report bears."""

from __future__ import annotations

import re

MOST_CHARACTERS = 400


def shortened(text: str, most: int = MOST_CHARACTERS) -> str:
    """The text in one line, its end left out where it is longer than `most` characters."""
    line = re.sub(r"\s+", " ", text).strip(" ")
    return line if len(line) <= most else f"{line[: most - 1]}…"
