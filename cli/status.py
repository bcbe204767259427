"""`rhm-sweep status`: where a sweep stands."""

from __future__ import annotations

from typing import Annotated

import typer

from rhm_sweeps.printable import one_line

from .followed import followed
from .job_answers import status_there
from .output import Json, print_json, stderr, stdout
from .session_flags import DEFAULT_RESULTS, Results, SweepName

Watch = Annotated[bool, typer.Option("--watch", help="Go on showing it until no process drives the sweep any more.")]


@followed(status_there)
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
    if found["tracking_uri"]:
        where = f"tracked in {found['tracking_uri']}, experiment {found['experiment']}"
        stdout.print(one_line(where), markup=False, soft_wrap=True)
    for line in status_view.failure_lines(look):
        stdout.print(line, markup=False, soft_wrap=True)
