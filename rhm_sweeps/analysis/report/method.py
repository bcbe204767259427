"""One notion of the methods of a report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Method:
    """One notion: its text, with `$TeX$` and `arXiv:number` in it, and its equations, in TeX."""

    title: str
    text: str
    equations: tuple[str, ...] = ()
