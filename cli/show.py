"""`rhm-sweep show`: everything about one trial."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table

from rhm_sweeps.printable import one_line
from rhm_sweeps.terminal import literal

from .answers import ask_there
from .followed import followed
from .output import Json, print_json, stdout
from .session_flags import DEFAULT_RESULTS, Results, SweepName

if TYPE_CHECKING:
    from rhm_sweeps.views.trial_view import TrialView

MOST_LEVELS = 5

OneTrial = Annotated[str, typer.Argument(metavar="TRIAL", help="First digits of the trial's signature.")]


@followed(ask_there)
def show(name: SweepName, trial: OneTrial, *, results: Results = DEFAULT_RESULTS, as_json: Json = False) -> None:
    """Show one trial: its state, its fields that differ from the defaults, its metrics by step, its files, its MLflow run."""
    from rhm_sweeps.ledger import Ledger
    from rhm_sweeps.sweeps.folder import sweep_folder
    from rhm_sweeps.views.trial_view import view_trial

    folder = sweep_folder(results, name)
    with Ledger(folder.path) as ledger:
        view = view_trial(folder, ledger, trial)
    if as_json:
        print_json(view.document())
        return
    _print_facts(view)
    if view.points:
        stdout.print(_points_table(view))
        others = [metric for metric in view.trial.metrics if metric not in _shown(view)]
        stdout.print(f"also measured: {', '.join(others)}" if others else "", markup=False, style="dim")


def _print_facts(view: TrialView) -> None:
    from rhm_sweeps.sweeps.progress import duration

    facts = view.document()
    length = f" ({duration(facts['seconds'])})" if facts["seconds"] is not None else ""
    rows = {
        "trial": facts["signature"],
        "state": facts["state"] + (f": {facts['reason']}" if facts["reason"] else ""),
        "started": facts["started"],
        "ended": facts["ended"] and facts["ended"] + length,
        "pack": facts["pack"] + (f" in pool {facts['pool']}" if facts["pool"] else ""),
        "continues": view.source,
        "extended to": ", ".join(view.successors),
        "MLflow run": view.run_id,
        **{kind: str(path) for kind, path in view.files.items()},
    }
    for label, value in rows.items():
        if value:
            stdout.print(one_line(f"{label:15} {value}"), markup=False, soft_wrap=True)
    stdout.print()
    for field, value in view.changed.items():
        text = value if isinstance(value, str) else json.dumps(value)
        stdout.print(one_line(f"{field:30} {text}"), markup=False, soft_wrap=True)


def _shown(view: TrialView) -> list[str]:
    """The metrics of the table: the headlines, with the validity at every level where that is not too wide."""
    from rhm_sweeps.views.trial_list import headlines, validity_levels

    metrics = tuple(dict.fromkeys(metric for point in view.points for metric in point.metrics))
    first, levels = headlines(metrics), validity_levels(metrics)[-MOST_LEVELS:]
    return [name for headline in first for name in (levels if headline in levels else [headline])]


def _points_table(view: TrialView) -> Table:
    from rhm_sweeps.views.trial_list import cell

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    names = _shown(view)
    for heading in ("step", *(name.replace("validity_", "valid_") for name in names)):
        table.add_column(literal(heading.replace("_", " ")), justify="right")
    for point in view.points:
        table.add_row(f"{point.step:,}", *(cell(point.metrics.get(name)) for name in names))
    return table
