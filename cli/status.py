"""`rhm-sweep status` and `rhm-sweep ls`: where sweeps stand."""

from __future__ import annotations

import typer
from rich import box
from rich.table import Table

from .flags import Json
from .output import print_json, stdout
from .session_flags import DEFAULT_RESULTS, Results, SweepName


def status(name: SweepName, *, results: Results = DEFAULT_RESULTS, as_json: Json = False) -> None:
    """Show where a sweep stands: its state, its trials by state, the failures and their reasons, its MLflow run."""
    from rhm_sweeps.ledger import Ledger
    from rhm_sweeps.sweeps.folder import sweep_folder, sweep_status

    folder = sweep_folder(results, name)
    found = sweep_status(folder)
    if as_json:
        print_json(found)
        return
    trials = found["trials"]
    stdout.print(f"[bold]{name}[/]: {found['state']}")
    stdout.print(", ".join(f"{trials[state]} {state}" for state in trials))
    stdout.print(f"tracked in {found['tracking_uri']}, experiment {found['experiment']}", markup=False, soft_wrap=True)
    with Ledger(folder.path) as ledger:
        for trial in ledger.trials("failed"):
            stdout.print(f"failed {trial.signature}: {trial.reason}", markup=False, soft_wrap=True)


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
    for heading in ("planned", "done", "failed", "pending"):
        table.add_column(heading, justify="right")
    for row in rows:
        counts = row["trials"]
        pending = counts["pending"] + counts["running"]
        table.add_row(
            row["name"],
            row["state"],
            *(f"{count:,}" for count in (counts["planned"], counts["done"], counts["failed"], pending)),
        )
    stdout.print(table)
