"""`rhm-sweep rm`: remove sweeps, or their checkpoints."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from rhm_sweeps.errors import UsageError

from .output import Json, print_json, stderr
from .session_flags import DEFAULT_RESULTS, Results

if TYPE_CHECKING:
    from rhm_sweeps.views.removal import Removal

Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="Names of sweeps; `rhm-sweep ls` lists them.")]
Checkpoints = Annotated[
    bool, typer.Option("--checkpoints", help="Only checkpoints and training states: results, models and logs stay.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def rm(
    names: Names,
    *,
    checkpoints: Checkpoints = False,
    yes: Yes = False,
    results: Results = DEFAULT_RESULTS,
    as_json: Json = False,
) -> None:
    """Remove sweeps that do not run: ledger, checkpoints, models, report. Their MLflow runs stay."""
    from rhm_sweeps.sweeps.folder import sweep_folder
    from rhm_sweeps.views.removal import plan_removal, remove

    folders = [sweep_folder(results, name) for name in dict.fromkeys(names)]
    removals = [plan_removal(folder, checkpoints=checkpoints) for folder in folders]
    if not yes:
        _ask(removals, checkpoints=checkpoints)
    remove(removals)
    freed = sum(removal.bytes for removal in removals)
    if as_json:
        print_json({"removed": [str(path) for removal in removals for path in removal.paths], "freed_bytes": freed})
        return
    what = "checkpoints of " if checkpoints else ""
    stderr.print(f"removed {what}{', '.join(dict.fromkeys(names))}: {_size(freed)} free", markup=False, soft_wrap=True)
    if not checkpoints:
        stderr.print("what MLflow has of them stays there")


def _ask(removals: list[Removal], *, checkpoints: bool) -> None:
    """Go on only if a person says so."""
    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked here whether to remove it: add --yes")
    for removal in removals:
        name = removal.folder.path.name
        kind = "checkpoints" if checkpoints else "everything"
        loss = (
            f"; its {removal.unfinished:,} unfinished trials start anew" if checkpoints and removal.unfinished else ""
        )
        stderr.print(f"{name}: {kind}, {_size(removal.bytes)}{loss}", markup=False, soft_wrap=True)
    if stderr.input("Remove this for good? [y/N] ", markup=False).strip().lower() not in ("y", "yes"):
        raise typer.Abort


def _size(count: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"
