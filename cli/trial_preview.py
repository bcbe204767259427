"""A table of the first trials of a plan: each with the values of the fields that the space varies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.table import Table

from rhm_sweeps.terminal import literal

from .output import stdout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rhm_sweeps.config import TrialConfig
    from rhm_sweeps.spaces.search_space import SearchSpace

Show = Annotated[int, typer.Option("--show", min=0, metavar="N", help="Also show the first N trials.")]


def first_trials(space: SearchSpace, trials: Sequence[TrialConfig]) -> list[dict[str, Any]]:
    """Trials of a space: signature, and the values of what varies by dotted field."""
    rows = [(trial.signature, trial.flat()) for trial in trials]
    varied = space.told_apart_by
    return [{"signature": name, "settings": {field: values[field] for field in varied}} for name, values in rows]


def print_trials(space: SearchSpace, trials: Sequence[TrialConfig]) -> None:
    """Print trials of a space, a column for each field, or where these do not fit each trial's fields in one."""
    rows = first_trials(space, trials)
    if not rows:
        return
    if space.told_apart_by and _width(rows) <= stdout.width:
        table = Table("Trial", *map(_short, space.told_apart_by), box=box.SIMPLE_HEAD)
        for row in rows:
            table.add_row(row["signature"], *(literal(_text(value)) for value in row["settings"].values()))
    else:
        table = Table("Trial", "Settings", box=box.SIMPLE_HEAD)
        for row in rows:
            said = (f"{_short(field)}={_text(value)}" for field, value in row["settings"].items())
            table.add_row(row["signature"], literal(", ".join(said)))
    stdout.print(table)


def _width(rows: list[dict[str, Any]]) -> int:
    columns = [[_short(field), *(_text(row["settings"][field]) for row in rows)] for field in rows[0]["settings"]]
    return 16 + sum(2 + max(map(len, column)) for column in columns)


def _text(value: Any) -> str:
    return "null" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _short(field: str) -> str:
    """The last part of a field, if no other field has it."""
    from rhm_sweeps.config import FIELDS

    leaf = field.rsplit(".", 1)[-1]
    return leaf if [name.rsplit(".", 1)[-1] for name in FIELDS].count(leaf) == 1 else field
