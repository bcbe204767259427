"""`rhm-sweep ls`: the sweeps of a folder."""

from __future__ import annotations

import typer
from rich import box
from rich.table import Table

from rhm_sweeps.terminal import literal

from .output import Json, print_json, stdout
from .session_flags import DEFAULT_RESULTS, Results

COLUMNS = ("planned", "done", "failed", "stopped", "pending")


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
        said = (literal(row[key]) for key in ("name", "state"))
        table.add_row(*said, *(f"{counts[heading]:,}" for heading in COLUMNS))
    stdout.print(table)
