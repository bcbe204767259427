"""Flags of the commands that drive or read a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_RESULTS = Path("results")

Results = Annotated[Path, typer.Option("--results", help="Folder of all sweeps; the default store lies beside it.")]
SweepName = Annotated[str, typer.Argument(help="Name of a sweep; `rhm-sweep ls` lists them.")]
TrackingUri = Annotated[
    str | None, typer.Option("--tracking-uri", help="MLflow store; default: MLFLOW_TRACKING_URI, else mlflow.db.")
]
Experiment = Annotated[
    str | None,
    typer.Option("--experiment", help="MLflow experiment; default: MLFLOW_EXPERIMENT_NAME, else rhm-sweeps."),
]
AcceptChanges = Annotated[
    bool, typer.Option("--accept-changes", help="Go on although the code has changed since the sweep started.")
]
