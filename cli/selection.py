"""Flags that choose trials of a sweep."""

from __future__ import annotations

from typing import Annotated

import typer

Trials = Annotated[
    list[str] | None, typer.Argument(help="Trials, by the first digits of their signatures; none: see the command.")
]
Where = Annotated[
    str | None,
    typer.Option(
        "--where", metavar="CONDITION", help='Trials for which it holds, such as "step >= 512 and copies > 0.5".'
    ),
]
