"""`rhm-sweep export`: results for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rhm_sweeps.errors import UsageError

from .answers import export_there
from .followed import followed
from .output import Json, print_data, print_json, stderr
from .selection import Where
from .session_flags import DEFAULT_RESULTS, Results, SweepName

Out = Annotated[
    Path | None, typer.Option("--out", help="File that ends in .csv, .parquet or .jsonl; default: CSV on stdout.")
]
Points = Annotated[bool, typer.Option("--points", help="One row per metric point, not one per trial.")]
AllFields = Annotated[bool, typer.Option("--all-fields", help="Every field, not only those that vary.")]


@followed(export_there)
def export(
    name: SweepName,
    *,
    where: Where = None,
    out: Out = None,
    points: Points = False,
    all_fields: AllFields = False,
    results: Results = DEFAULT_RESULTS,
    as_json: Json = False,
) -> None:
    """Write the results of a sweep as one table: per trial its fields and last metrics, or all its metric points."""
    from rhm_sweeps.config import FIELDS
    from rhm_sweeps.ledger import Ledger
    from rhm_sweeps.sweeps.folder import sweep_folder
    from rhm_sweeps.sweeps.trial_filter import select_trials
    from rhm_sweeps.tracking import export as tables
    from rhm_sweeps.tracking.results import results_from_ledger

    if as_json and out is not None:
        raise UsageError("--json prints the rows on stdout; leave --out out, or name a .jsonl file")
    folder = sweep_folder(results, name)
    with Ledger(folder.path) as ledger:
        states = {trial.signature: trial.state for trial in select_trials(ledger, where)}
    found = results_from_ledger(folder.path)
    make = tables.point_table if points else tables.trial_table
    table = make(found, states, FIELDS if all_fields else found.varied)
    if as_json:
        print_json(tables.records(table))
    elif out is None:
        print_data(table.to_csv(index=False))
    else:
        tables.write_table(table, out)
        stderr.print(f"{len(table):,} rows in {out}", markup=False, soft_wrap=True)
