"""The looks that figures can have, and the formats of their files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rhm_sweeps.errors import UsageError

FORMATS = ("png", "svg", "pdf")
DEFAULT_FORMATS = ("png", "svg")


@dataclass(frozen=True)
class FigureStyle:
    """A look: the width of figures with several panels and with one, in inches, dots per inch, and matplotlib's settings."""

    wide_in: float
    narrow_in: float
    dots_per_inch: int
    settings: Mapping[Any, Any] = field(default_factory=dict)


def _text(size: float, small: float) -> dict[str, Any]:
    """Sizes of text in points: labels and titles, then ticks and legends."""
    large = ("font.size", "axes.titlesize", "axes.labelsize", "figure.labelsize", "legend.title_fontsize")
    return {
        **dict.fromkeys(large, size),
        **dict.fromkeys(("xtick.labelsize", "ytick.labelsize", "legend.fontsize"), small),
    }


STYLES: dict[str, FigureStyle] = {
    "screen": FigureStyle(8.6, 6.2, 150),
    "paper": FigureStyle(
        7.0, 3.4, 300, {**_text(8, 7), "font.family": "sans-serif", "lines.linewidth": 1.1, "pdf.fonttype": 42}
    ),
    "talk": FigureStyle(
        10.0, 7.6, 150, {**_text(13, 12), "lines.linewidth": 2.4, "axes.linewidth": 1.1, "lines.markersize": 8}
    ),
}
"""`screen` is that of the page; `paper` has the widths of two and of one column and text of 8 points; `talk` has large text."""


@dataclass(frozen=True)
class FigureFiles:
    """Which files of figures to write: their formats, in this order, and their style.

    Raises:
        UsageError: if there is no such format or style.
    """

    formats: tuple[str, ...] = DEFAULT_FORMATS
    style: str = "screen"

    def __post_init__(self) -> None:
        unknown = [name for name in self.formats if name not in FORMATS]
        if unknown or not self.formats:
            what = f"figure format `{unknown[0]}` is unknown" if unknown else "no figure format is given"
            raise UsageError(f"{what}; choose from {', '.join(FORMATS)}")
        if self.style not in STYLES:
            raise UsageError(f"figure style `{self.style}` is unknown; choose from {', '.join(STYLES)}")

    @classmethod
    def of(cls, formats: str, style: str = "screen") -> FigureFiles:
        """Formats as one text, such as `png,pdf`; a format given twice counts once.

        Raises:
            UsageError: if there is no such format or style.
        """
        names = [name.strip().lower() for name in formats.split(",")]
        return cls(tuple(dict.fromkeys(name for name in names if name)), style)
