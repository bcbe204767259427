"""`rhm-sweep trials`: the trials of a sweep in a table."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from rhm_sweeps.terminal import literal

from .answers import ask_there
from .followed import followed
from .output import Json, print_json, stderr, stdout
from .selection import Where
from .session_flags import DEFAULT_RESULTS, Results, SweepName

MOST_ROWS = 50

Columns = Annotated[
    str | None,
    typer.Option(
        "--columns", metavar="A,B,C", help="Columns after signature and state: fields, metrics, step, reason ..."
    ),
]
Sort = Annotated[
    str | None, typer.Option("--sort", metavar="NAME", help="Sort by a column; -NAME puts the largest first.")
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help=f"Most rows; a table has {MOST_ROWS} otherwise.")]


@followed(ask_there)
def trials(
    name: SweepName,
    *,
    where: Where = None,
    columns: Columns = None,
    sort: Sort = None,
    limit: Limit = None,
    results: Results = DEFAULT_RESULTS,
    as_json: Json = False,
) -> None:
    """List the trials of a sweep: signature, state, the fields that vary, the last step and metrics."""
    from rhm_sweeps.ledger import Ledger
    from rhm_sweeps.sweeps.folder import sweep_folder
    from rhm_sweeps.sweeps.trial_filter import choose_trials, resolve_name
    from rhm_sweeps.sweeps.trial_values import metric_names, trial_values
    from rhm_sweeps.views.trial_list import default_columns, sort_trials

    with Ledger(sweep_folder(results, name).path) as ledger:
        every = trial_values(ledger)
    found = choose_trials(every, where)
    metrics = metric_names(every)
    found = sort_trials(found, sort, metrics) if sort else found
    chosen = [resolve_name(column.strip(), metrics) for column in columns.split(",")] if columns else []
    names = list(dict.fromkeys(["signature", "state", *chosen])) if columns else default_columns(every)
    if as_json:
        more = () if columns else metrics
        rows = [trial.by_name() for trial in found[:limit]]
        print_json([{column: row.get(column) for column in dict.fromkeys([*names, *more])} for row in rows])
        return
    shown = [trial.by_name() for trial in found[: limit or MOST_ROWS]]
    _print_table(shown, names if columns else _fitting(shown, names), fits=not columns)
    if limit is None and len(found) > MOST_ROWS:
        stderr.print(f"The first {MOST_ROWS} of {len(found):,} trials; --limit says how many", markup=False)


def _print_table(rows: list[dict[str, Any]], names: list[str], *, fits: bool) -> None:
    """Print rows; columns that were asked for and do not fit are folded, all but the first two."""
    from rhm_sweeps.views.trial_list import cell, column_width, heading

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in names:
        is_text = any(isinstance(row.get(name), str | bool) for row in rows)
        width = column_width(name, rows) if fits or name in ("signature", "state") else None
        table.add_column(literal(heading(name)), justify="left" if is_text else "right", overflow="fold", width=width)
    for row in rows:
        table.add_row(*(literal(cell(row.get(name))) for name in names))
    stdout.print(table)


def _fitting(rows: list[dict[str, Any]], names: list[str]) -> list[str]:
    """The columns for which there is room."""
    from rhm_sweeps.views.trial_list import fitting

    kept = fitting(names, rows, stdout.width)
    if left := [name for name in names if name not in kept]:
        stderr.print(f"No room for {', '.join(left)}; --columns chooses", markup=False, soft_wrap=True)
    return kept
