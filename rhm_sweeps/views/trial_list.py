"""Trials as rows of a table: which columns, in which order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rhm_sweeps.config import FIELDS
from rhm_sweeps.printable import one_line
from rhm_sweeps.sweeps.trial_filter import resolve_name
from rhm_sweeps.sweeps.trial_values import TrialValues, metric_names, varied_fields

HEADLINES = ("train_loss", "test_loss", "validity", "copies", "novel_valid", "accuracy")
"""The metrics that are looked at first; validity is that of the highest level."""


def default_columns(trials: Sequence[TrialValues]) -> list[str]:
    """Signature, state, the fields that vary, the last step, and the headline metrics that were measured."""
    return ["signature", "state", *varied_fields(trials), "step", *headlines(metric_names(trials))]


def headlines(metrics: Sequence[str]) -> list[str]:
    """The metrics that are looked at first, of those that there are."""
    levels = validity_levels(metrics)
    names = [levels[-1] if name == "validity" and levels else name for name in HEADLINES]
    return [name for name in names if name in metrics]


def validity_levels(metrics: Sequence[str]) -> list[str]:
    """The names of the validity at levels 1..L."""
    return sorted(
        (name for name in metrics if name.startswith("validity_") and name.rpartition("_")[2].isdigit()),
        key=lambda name: int(name.rpartition("_")[2]),
    )


def sort_trials(trials: Sequence[TrialValues], by: str, metrics: Sequence[str]) -> list[TrialValues]:
    """Trials by a value, the smallest first, or with `-` before its name the largest; those without it last.

    Raises:
        UsageError: if no trial has something of that name.
    """
    name = resolve_name(by.removeprefix("-"), metrics)
    values = {trial.record.signature: trial.by_name().get(name) for trial in trials}
    there = [trial for trial in trials if _is_there(values[trial.record.signature])]
    rest = [trial for trial in trials if not _is_there(values[trial.record.signature])]
    there.sort(key=lambda trial: _key(values[trial.record.signature]), reverse=by.startswith("-"))
    return [*there, *rest]


def heading(name: str) -> str:
    """What stands above a column, in words that may stand below each other: of a field, its last part."""
    return (name.rpartition(".")[2] if name in FIELDS else name).replace("_", " ")


def column_width(name: str, rows: Sequence[Mapping[str, Any]]) -> int:
    """Characters that a column needs, if its heading may be broken between words."""
    return max(map(len, [*heading(name).split(), *(cell(row.get(name)) for row in rows)]))


def fitting(names: Sequence[str], rows: Sequence[Mapping[str, Any]], width: int) -> list[str]:
    """The columns for which there is room, in their order, with a space between; fields come before metrics, and of these
    the first headlines go first."""
    first = ("signature", "state", "step")
    room, kept = width - 1, set()
    for name in sorted(names, key=lambda name: (name not in first, name not in FIELDS, -names.index(name))):
        room -= 2 + column_width(name, rows)
        if room < 0:
            break
        kept.add(name)
    return [name for name in names if name in kept]


def cell(value: Any) -> str:
    """A value in a table, in one line: four digits of a real number, nothing for what is not there."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else one_line(str(value))


def _is_there(value: Any) -> bool:
    return value is not None and value == value  # noqa: PLR0124 - NaN differs from itself


def _key(value: Any) -> tuple[bool, Any]:
    return isinstance(value, str), value
