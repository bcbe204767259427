"""The cure for a name that is unknown: the one that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Collection


def nearest_name(name: str, known: Collection[str]) -> str | None:
    """The known name that resembles it most, if one does."""
    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.5)), None)


def cure_of_name(name: str, known: Collection[str]) -> str:
    """Ask whether the nearest known name was meant; where none is near, name all."""
    near = nearest_name(name, known)
    return f"did you mean `{near}`?" if near else f"there are {', '.join(known)}"


def cure_and_names(name: str, known: Collection[str]) -> str:
    """Ask whether the nearest was meant, and name all."""
    names = ", ".join(known)
    near = nearest_name(name, known)
    return f"did you mean `{near}`? There are {names}" if near else f"there are {names}"
