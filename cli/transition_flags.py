"""Flags of `rhm-sweep transition`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Sweep = Annotated[
    str | None,
    typer.Argument(
        help="Name of a sweep, or path of a trained model: compares its models with exact inference on their own rules."
    ),
]
Trials = Annotated[
    list[str] | None,
    typer.Option(
        "--trial", metavar="START", help="First digits of a trial's signature. Repeatable; default: all trials."
    ),
]
ProcessName = Annotated[
    str | None,
    typer.Option(
        help="epsilon: uncertain evidence centred on the true tokens; uniform: tokens replaced; masked: tokens hidden; "
        "gaussian: noise added to one-hot tokens. Default: uniform."
    ),
]
Noise = Annotated[
    str | None,
    typer.Option(
        help="Strengths in [0, 1], separated by commas: epsilon itself, the masked fraction, 1 - alpha_bar for uniform and "
        "gaussian. Default: a grid that is dense around the transition."
    ),
]
Checkpoint = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        help="A model trained on the rules of the flags, results/<name>/models/<signature>.safetensors: adds its curves.",
    ),
]
Samples = Annotated[int, typer.Option(min=1, help="Strings per noise level.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the strings and of their noise.")]
Resamples = Annotated[int, typer.Option(min=0, help="Resamples of the strings, from which errors are; 0: no errors.")]
InfiniteDepth = Annotated[
    int,
    typer.Option("--infinite-depth", min=0, help="Also the threshold of infinitely deep trees, over so many grammars."),
]
FigureFile = Annotated[
    Path | None, typer.Option("--figure", dir_okay=False, help="Draw it into a file: .png, .svg or .pdf.")
]
Out = Annotated[
    Path | None, typer.Option("--out", dir_okay=False, help="Write the curves to a file: .csv, .parquet or .jsonl.")
]
