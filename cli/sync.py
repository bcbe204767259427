"""`rhm-sweep sync`: a sweep in another MLflow store."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from rhm_sweeps.credentials import redact
from rhm_sweeps.printable import count

from .output import Json, print_json, stdout
from .session_flags import DEFAULT_RESULTS, Experiment, Results, SweepName, TrackingUri

NoReport = Annotated[bool, typer.Option("--no-report", help="Send runs and metrics only.")]
Move = Annotated[bool, typer.Option("--move", help="Track the sweep there from now on.")]


def sync(
    name: SweepName,
    *,
    results: Results = DEFAULT_RESULTS,
    tracking_uri: TrackingUri = None,
    experiment: Experiment = None,
    no_report: NoReport = False,
    move: Move = False,
    as_json: Json = False,
) -> None:
    """Send a sweep to an MLflow store or server: what it lacks of runs, metrics, report and summaries.

    To the store that it is tracked in by default, or to another to share it. Doing it again sends nothing twice.
    """
    from rhm_sweeps.ledger import Ledger
    from rhm_sweeps.sweep_sync import sync_sweep
    from rhm_sweeps.sweeps.folder import sweep_folder
    from rhm_sweeps.tracking.store import sweep_store

    folder, place = sweep_folder(results, name), results.resolve().parent
    with Ledger(folder.path) as ledger:
        store = sweep_store(ledger, tracking_uri, place, experiment)
    synced = sync_sweep(folder, store, report=not no_report, move=move)
    if as_json:
        print_json({"name": name, "tracking_uri": redact(store.uri), "experiment": store.experiment, **asdict(synced)})
        return
    where = f"{redact(store.uri)}, experiment {store.experiment}"
    stdout.print(
        f"{where}: {count(synced.runs, 'trial')}, {count(synced.points_sent, 'point')} sent now",
        markup=False,
        soft_wrap=True,
    )
    if move:
        stdout.print(f"{name} is tracked there from now on", markup=False)
