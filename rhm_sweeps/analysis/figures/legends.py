"""Words in figures: titles in which symbols are formulas, and legends that cover nothing."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rhm_sweeps.analysis.phrases import plain

LEGEND_ENTRY_IN, LETTER_IN, LINE_IN = 0.55, 0.07, 0.16
SMALL = 0.75
"""The size of text in figures with no room beside their panels, against that of others."""


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
    columns = _columns([str(entry.get_label()) for entry in entries], figure.get_figwidth())
    figure.legend(handles=list(entries), title=title or None, loc="outside upper left", alignment="left", ncols=columns)


def legend_above(figure: Figure) -> float:
    """Put the legend of a figure above its panels, for there is no room beside them; return its height in inches."""
    height = 0.0
    for legend in list(figure.legends):
        handles = [handle for handle in legend.legend_handles if handle is not None]
        labels = [text.get_text() for text in legend.get_texts()]
        title = legend.get_title().get_text()
        columns = _columns(labels, figure.get_figwidth() / SMALL)
        legend.remove()
        figure.legend(handles, labels, title=title or None, loc="outside upper left", alignment="left", ncols=columns)
        height += LINE_IN * (-(-len(labels) // columns) + bool(title))
    return height


def _columns(labels: Sequence[str], width_in: float) -> int:
    """How many columns of entries fit into a width."""
    letters = max(len(re.sub(r"\\[a-z]+|[${}_]", "", label)) for label in labels)
    return max(1, min(len(labels), int(width_in / (LEGEND_ENTRY_IN + LETTER_IN * letters))))
