"""Flags of the commands that write figures."""

from __future__ import annotations

from typing import Annotated

import typer

DEFAULT_FORMATS = "png,svg"
DEFAULT_STYLE = "screen"

Formats = Annotated[
    str,
    typer.Option("--format", metavar="LIST", help="Files of each figure: png, svg, pdf, several with commas between."),
]
Style = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Look of the figures: screen, paper (8 pt, widths of one and of two columns), talk (large text). "
        "The page always has that of the screen.",
    ),
]
