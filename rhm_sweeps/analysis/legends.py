"""Words in figures: titles in which symbols are formulas, and legends that cover nothing."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

LEGEND_ENTRY_IN, LETTER_IN = 0.55, 0.07


def plain(text: str) -> str:
    """Text that matplotlib shows as it is: `$` starts no formula."""
    return text.replace("$", r"\$")


def titled(text: str, width: int = 30) -> str:
    """A panel's title in lines of `width` letters, in which the symbols of the literature are set as formulas."""
    fields = [field.replace(" ", "\u00a0") for field in plain(text).split(", ")]
    lines = textwrap.fill(", ".join(fields), width, break_long_words=False)
    return re.sub(r"\b([PTLmnsv])\u00a0=\u00a0", r"$\1$ = ", lines)


def line(label: str, **look: Any) -> Line2D:
    """A legend entry."""
    return Line2D([], [], label=plain(label), **look)


def outside_legend(figure: Figure, entries: Sequence[Line2D | Patch], title: str = "") -> None:
    """A legend beside a single panel or above several, where it covers nothing."""
    if len(figure.axes) == 1:
        figure.legend(handles=list(entries), title=title or None, loc="outside right upper", alignment="left")
        return
    letters = max(len(re.sub(r"\\[a-z]+|[${}_]", "", str(entry.get_label()))) for entry in entries)
    column = LEGEND_ENTRY_IN + LETTER_IN * letters
    columns = max(1, min(len(entries), int(figure.get_figwidth() / column)))
    figure.legend(handles=list(entries), title=title or None, loc="outside upper left", alignment="left", ncols=columns)
