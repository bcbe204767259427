"""Curves of a forward-backward experiment drawn in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from rhm_sweeps.evaluation.forward_backward import ForwardBackward


def transition_table(title: str, curves: ForwardBackward, times: Sequence[int] | None = None) -> Table:
    """One row per noise; with `times`, the time at which a model has it."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for heading in (*(["t"] if times else []), "noise", "class flip", "overlap", "chi", "xi"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("unchanged, root to leaves")
    by_noise = zip(*curves.latents_unchanged, strict=True)
    changes = zip(curves.susceptibility, curves.correlation_length, strict=True)
    numbers = zip(curves.noise, curves.class_flip, curves.overlap, changes, by_noise, strict=True)
    for row, (noise, flip, overlap, (chi, xi), unchanged) in enumerate(numbers):
        shares = " ".join(f"{share:.3f}" for share in unchanged)
        time = [str(times[row])] if times else []
        table.add_row(
            *time, f"{noise:.3f}", f"{flip:.3f}", _number(overlap, 3), _number(chi, 2), _number(xi, 2), shares
        )
    return table


def half_overlap_line(noise: float) -> Text:
    """Where half of what can be known of the class is lost."""
    return Text(f"Half of the overlap is lost at noise {noise:.3f}.")


def _number(value: float, digits: int) -> str:
    """A number, or a dash for NaN."""
    return f"{value:.{digits}f}" if value == value else "-"  # noqa: PLR0124 - only NaN differs from itself
