"""`rhm-sweep report`: the report of a sweep as it stands."""

from __future__ import annotations

from typing import Annotated

import typer

from .output import stdout
from .session_flags import DEFAULT_RESULTS, Results, SweepName

OpenPage = Annotated[bool, typer.Option("--open", help="Open it in the browser.")]


def report(name: SweepName, *, results: Results = DEFAULT_RESULTS, open_page: OpenPage = False) -> None:
    """Write the report of a sweep as it stands, finished or not, and print the path of its page."""
    from rhm_sweeps.sweep_report import write_sweep_report
    from rhm_sweeps.sweeps.folder import sweep_folder

    page = write_sweep_report(sweep_folder(results, name))
    stdout.print(str(page), markup=False, soft_wrap=True)
    if open_page:
        typer.launch(page.as_uri())
