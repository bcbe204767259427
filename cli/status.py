"""`rhm-sweep status` and `rhm-sweep ls`: where sweeps stand."""

from __future__ import annotations

from typing import Annotated

import typer
from rich import box
from rich.table import Table

from .flags import Json
from .output import print_json, stderr, stdout
from .session_flags import DEFAULT_RESULTS, Results, SweepName

Watch = Annotated[bool, typer.Option("--watch", help="Go on showing it until no process drives the sweep any more.")]
COLUMNS = ("planned", "done", "failed", "stopped", "pending")


def status(name: SweepName, *, results: Results = DEFAULT_RESULTS, watch: Watch = False, as_json: Json = False) -> None:
    """Show where a sweep stands: its state, its trials by state, how far it is, why trials failed, its MLflow run."""
    from rhm_sweeps.sweeps.folder import sweep_folder
    from rhm_sweeps.views import status_view

    folder = sweep_folder(results, name)
    look = status_view.watch(folder, stderr) if watch else status_view.look_at(folder)
    found = look.status
    if as_json:
        print_json(found)
        return
    stdout.print(status_view.status_table(look))
    stdout.print(f"tracked in {found['tracking_uri']}, experiment {found['experiment']}", markup=False, soft_wrap=True)
    for line in status_view.failure_lines(look):
        stdout.print(line, markup=False, soft_wrap=True)


def ls(*, results: Results = DEFAULT_RESULTS, as_json: Json = False) -> None:
    """List the sweeps of a results folder, the newest first."""
    from rhm_sweeps.sweeps.folder import list_sweeps

    rows = list_sweeps(results)
    if as_json:
        print_json(rows)
        return
    if not rows:
        typer.echo(f"no sweeps in {results}; start one with `rhm-sweep launch quickstart`")
        return
    table = Table("Sweep", "State", box=box.SIMPLE_HEAD)
    for heading in COLUMNS:
        table.add_column(heading, justify="right")
    for row in rows:
        counts = row["trials"] | {"pending": row["trials"]["pending"] + row["trials"]["running"]}
        table.add_row(row["name"], row["state"], *(f"{counts[heading]:,}" for heading in COLUMNS))
    stdout.print(table)
