"""Flags of the commands that drive or read a sweep."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from .output import Json

if TYPE_CHECKING:
    from rhm_sweeps.sweeps.session_options import SessionOptions

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
Interval = Annotated[
    float, typer.Option("--checkpoint-interval", min=0, help="Seconds of training that a crash may cost.")
]
PoolsFile = Annotated[
    Path | None,
    typer.Option(
        "--pools", help="YAML file of pools and routes; default: those of the sweep's last session, else this machine."
    ),
]


def _not_local(address: str | None) -> str | None:
    """Ray's word for a Ray of one's own, which is what comes without an address."""
    return None if address == "local" else address


Address = Annotated[
    str | None,
    typer.Option(
        "--address",
        envvar="RAY_ADDRESS",
        callback=_not_local,
        help="Ray cluster to run on, auto or host:port; default: a Ray of its own on this machine.",
    ),
]
StorageAddress = Annotated[
    str | None,
    typer.Option(
        "--storage",
        help="Where packs keep checkpoints and models if nodes share no folder: s3://bucket/prefix, gs://bucket/prefix or a path; "
        "default: as before, else the results folder.",
    ),
]


@dataclass(frozen=True)
class SessionFlags:
    """What all commands that train a sweep are told in the same way."""

    results: Results = DEFAULT_RESULTS
    tracking_uri: TrackingUri = None
    experiment: Experiment = None
    accept_changes: AcceptChanges = False
    checkpoint_interval: Interval = 60.0
    pools: PoolsFile = None
    address: Address = None
    storage: StorageAddress = None
    as_json: Json = False

    @property
    def options(self) -> SessionOptions:
        from rhm_sweeps.sweeps.session_options import SessionOptions

        return SessionOptions(self.results, self.tracking_uri, self.experiment, self.accept_changes, self.pools)


def session_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command one flag per field of `SessionFlags` in the place of its parameter `session`, but those that it has itself."""
    signature = inspect.signature(command, eval_str=True)
    kinds = get_type_hints(SessionFlags, include_extras=True)
    flags = [
        inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=one.default, annotation=kinds[one.name])
        for one in fields(SessionFlags)
        if one.name not in signature.parameters
    ]
    own = [parameter for parameter in signature.parameters.values() if parameter.name != "session"]

    @functools.wraps(command)
    def run(*arguments: Any, **values: Any) -> None:
        session = SessionFlags(**{flag.name: values.pop(flag.name) for flag in flags})
        command(*arguments, session=session, **values)

    run.__signature__ = signature.replace(parameters=[*own, *flags])  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *flags)} | {"return": None}
    return run
