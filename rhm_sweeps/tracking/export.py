"""Results as one table for other programs, and the files it is written to."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from rhm_sweeps.config import FIELDS
from rhm_sweeps.errors import SweepError, UsageError
from rhm_sweeps.tracking.results import POINT_COLUMNS, TRIAL_COLUMNS, Results

SUFFIXES = (".csv", ".parquet", ".jsonl")


def trial_table(results: Results, states: Mapping[str, str], fields: Sequence[str] = FIELDS) -> pd.DataFrame:
    """One row per trial: signature, state, reason, pack, its fields, and its last step and metrics.

    Args:
        states: the trials to take, by signature, in their order, each with the state to write; those without results are left out.
        fields: the dotted fields to write.
    """
    last = results.points.drop_duplicates("signature", keep="last").drop(columns="timestamp_ms")
    return _trials(results, states, fields).merge(last, on="signature", how="left").astype({"step": "Int64"})


def point_table(results: Results, states: Mapping[str, str], fields: Sequence[str] = FIELDS) -> pd.DataFrame:
    """One row per metric point: signature, step, time, state and fields of its trial, metrics; arguments as above."""
    trials = _trials(results, states, fields).drop(columns=["reason", "pack"])
    table = trials.merge(results.points, on="signature", how="inner")
    first = [*POINT_COLUMNS, "state", *fields]
    return table[[*first, *(name for name in table.columns if name not in first)]]


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as the ending of its path says: CSV, Parquet, or one JSON object per line, NaN and infinity as null.

    Raises:
        UsageError: if the ending is another.
        SweepError: if the file cannot be written.
    """
    if path.suffix not in SUFFIXES:
        raise UsageError(f"cannot tell what kind of file {path} is to be: must end in {', '.join(SUFFIXES)}")
    try:
        if path.suffix == ".csv":
            table.to_csv(path, index=False)
        elif path.suffix == ".parquet":
            one_type_per_column(table).to_parquet(path, index=False)
        else:
            with path.open("w", encoding="utf-8") as file:
                file.writelines(json.dumps(record) + "\n" for record in records(table))
    except OSError as error:
        raise SweepError(f"cannot write {path}: {error.strerror or error}") from error


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as JSON values; what is not there or not finite is None."""
    names = list(table.columns)
    columns = [[_json_value(value) for value in table[name].tolist()] for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def one_type_per_column(table: pd.DataFrame) -> pd.DataFrame:
    """Parquet columns have one type: text where a field takes, say, numbers and names."""
    mixed = [name for name in table if table[name].dropna().map(type).nunique() > 1]
    return table.assign(
        **{name: table[name].map(lambda value: None if pd.isna(value) else str(value)) for name in mixed}
    )


def _trials(results: Results, states: Mapping[str, str], fields: Sequence[str]) -> pd.DataFrame:
    there = {signature: state for signature, state in states.items() if signature in results.trials.index}
    chosen = results.trials.loc[list(there), [*TRIAL_COLUMNS, *fields]]
    return chosen.assign(state=list(there.values())).reset_index()


def _json_value(value: Any) -> Any:
    if value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value
