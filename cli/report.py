"""`rhm-sweep report`: the report of a sweep as it stands."""

from __future__ import annotations

from typing import Annotated

import typer

from .figure_flags import DEFAULT_FORMATS, DEFAULT_STYLE, Formats, Style
from .output import stdout
from .session_flags import DEFAULT_RESULTS, Results, SweepName

OpenPage = Annotated[bool, typer.Option("--open", help="Open it in the browser.")]


def report(
    name: SweepName,
    *,
    results: Results = DEFAULT_RESULTS,
    formats: Formats = DEFAULT_FORMATS,
    style: Style = DEFAULT_STYLE,
    open_page: OpenPage = False,
) -> None:
    """Write the report of a sweep as it stands, finished or not, and print the path of its page.

    It is written as report.html, which needs no other file, report.md and report.json.

    Figures for a paper: `--format pdf --style paper`.
    """
    from rhm_sweeps.analysis.figures.figure_style import FigureFiles
    from rhm_sweeps.sweep_report import write_sweep_report
    from rhm_sweeps.sweeps.folder import sweep_folder

    page = write_sweep_report(sweep_folder(results, name), FigureFiles.of(formats, style))
    stdout.print(str(page), markup=False, soft_wrap=True)
    if open_page:
        typer.launch(page.as_uri())
