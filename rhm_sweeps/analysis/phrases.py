"""Numbers in sentences, and names in figures."""

from __future__ import annotations

import pandas as pd

from rhm_sweeps.printable import printable

MEMORIZATION_LABELS = {"tau_mem_copies": r"$\tau_{mem}$, copies", "tau_mem_loss": r"$\tau_{mem}$, losses"}


def span(values: pd.Series, form: str) -> str:
    """`0.3 to 1.3` from the smallest to the largest value, or `0.3` where both are written alike."""
    low, high = f"{values.min():{form}}", f"{values.max():{form}}"
    return low if low == high else f"{low} to {high}"


def interval(low: float, high: float, form: str = ".2f") -> str:
    """`95 % interval 0.97 to 1.04`."""
    return f"95 % interval {low:z{form}} to {high:z{form}}"


def listed(words: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def share_text(share: float) -> str:
    """`0.42`; a share below 0, which is noise, as `0.00`; a dash where it is unknown."""
    return "–" if pd.isna(share) else f"{max(0.0, share):.2f}"


def plain(text: str) -> str:
    """Text that matplotlib shows as it is: `$` starts no formula, and what has no glyph is replaced."""
    return printable(text).replace("$", r"\$")


def scale_label(name: str) -> str:
    """The symbol of a time scale, as a formula for matplotlib."""
    kind, _, which = name.rpartition("_")
    return rf"$\tau_{{rule}}({which})$" if kind == "tau_rule" else MEMORIZATION_LABELS[name]
