"""Commands about a sweep that was submitted: they are run where it is, on the Ray cluster, and what they say is said here."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from .given import CONTEXT, given_words, is_on_line

SweepAddress = Annotated[
    str | None,
    typer.Option(
        "--address",
        help="Cluster that it was submitted to, http://HOST:8265 or ray://HOST:10001; default: where it was submitted from here, "
        "if --results lacks it.",
    ),
]


@dataclass(frozen=True)
class Asked:
    """A command about a sweep that is on the cluster at an address; `results` is given if it was there."""

    context: typer.Context
    sweep: str
    address: str
    results: Path | None
    values: Mapping[str, Any]

    @property
    def command(self) -> str:
        return str(self.context.info_name)

    @property
    def follow(self) -> bool:
        """Whether its output is wanted as it comes."""
        return bool(self.values.get("follow") or self.values.get("watch"))

    def words(self, *but: str) -> list[str]:
        """What was given on its line and is the same on the cluster, without some parameters."""
        return given_words(self.context, but=("results", "address", *but))


def followed(answer: Callable[[Asked], None]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command about a sweep `--address`; for one that is on a cluster `answer` takes the command's place."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        parameters = inspect.signature(command, eval_str=True).parameters.values()
        own = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
        drives = any(parameter.name == "address" for parameter in own)
        flag = inspect.Parameter("address", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=SweepAddress)
        shown = [CONTEXT, *own] if drives else [CONTEXT, *own, flag]

        @functools.wraps(command)
        def run(context: typer.Context, **values: Any) -> None:
            address = _cluster(context, values, drives=drives)
            if address is None:
                command(**{name: values[name] for name in values if drives or name != "address"})
                return
            results = values["results"] if is_on_line(context, "results") else None
            answer(Asked(context, values["name"], address, results, values))

        run.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in shown} | {"return": None}
        return run

    return decorate


def _cluster(context: typer.Context, values: Mapping[str, Any], *, drives: bool) -> str | None:
    """The address of the cluster that has the sweep; None: it is here, or is to be driven from this node of a cluster."""
    from rhm_sweeps.ledger import FILE_NAME
    from rhm_sweeps.running.cluster_address import takes_jobs
    from rhm_sweeps.sweeps.folder import sweep_folder
    from rhm_sweeps.sweeps.submitted import remembered_address

    named: str | None = values["address"]
    if is_on_line(context, "address"):
        return named if not drives or takes_jobs(named) else None
    folder = sweep_folder(values["results"], values["name"])
    if is_on_line(context, "results") or (folder.path / FILE_NAME).is_file():
        return None
    usual = (remembered_address(values["name"]), *map(os.environ.get, ("RAY_API_SERVER_ADDRESS", "RAY_ADDRESS")))
    return next(filter(takes_jobs, usual), None)
