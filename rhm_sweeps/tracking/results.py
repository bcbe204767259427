"""The results of a sweep as two tables, read from its folder."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.json

from rhm_sweeps.config import FIELDS, seeds_last
from rhm_sweeps.ledger import Ledger, MetricPoint, TrialRecord
from rhm_sweeps.spaces.field_values import field_values

META_KEYS = (
    "name", "created_ms", "state", "space", "version", "code_hash", "git_commit",
    "tracking_uri", "experiment", "parent_run_id", "artifact_location",
)  # fmt: skip
TRIAL_COLUMNS = ("state", "reason", "pack")
POINT_COLUMNS = ("signature", "step", "timestamp_ms")
POINTS_AT_ONCE = 20_000
"""Points whose text is in memory at a time: about 1 kB each."""


@dataclass(frozen=True)
class Results:
    """The trials of a sweep and what was measured on them, without those that were extended: others go on with their points.

    `trials`: one row per trial in the order of the plan; index `signature`; columns state, reason, pack, then every
    dotted field. `points`: one row per (signature, step), in the order of the plan, then by step; columns signature,
    step, timestamp_ms (Unix milliseconds), then the metrics (float64, NaN where not measured) by name.
    `meta`: the facts of the sweep that are known, by their names in the ledger; from a folder also `pools` (packs by pool) and
    `extended` (how many trials were).
    """

    name: str
    trials: pd.DataFrame
    points: pd.DataFrame
    meta: dict[str, Any]

    @property
    def varied(self) -> list[str]:
        """Dotted fields that take more than one value, seeds last."""
        fields = [
            name
            for name in self.trials.columns
            if name not in TRIAL_COLUMNS and self.trials[name].nunique(dropna=False) > 1
        ]
        return seeds_last(fields)

    def table(self) -> pd.DataFrame:
        """One row per point, with the state and the varied fields of its trial before the metrics."""
        trials = self.trials[["state", *self.varied]]
        table = self.points.merge(trials, left_on="signature", right_index=True, how="left")
        first = [*POINT_COLUMNS, *trials.columns]
        return table[[*first, *(name for name in table.columns if name not in first)]]


def results_from_ledger(folder: Path) -> Results:
    """Read the results of a sweep's folder.

    Raises:
        SweepError: if there is no sweep in it.
    """
    with Ledger(folder) as ledger:
        meta = {key: value for key in META_KEYS if (value := ledger.meta(key)) is not None}
        trials, points = ledger.trials(), _read_points(ledger)
        pools = Counter(pack.pool for pack in ledger.packs().values() if pack.pool)
    known = {"pools": dict(pools), "extended": sum(trial.state == "extended" for trial in trials)}
    return _results(
        meta.get("name", folder.name), trials, points, meta | {key: one for key, one in known.items() if one}
    )


def tabulate(name: str, trials: Sequence[TrialRecord], points: Iterable[MetricPoint], meta: dict[str, Any]) -> Results:
    """Put records into the two tables; a field that a record lacks was made later and has its default."""
    keys, metrics = [], []
    for point in points:
        keys.append((point.signature, point.step, point.timestamp_ms))
        metrics.append(point.metrics)
    measured = pd.DataFrame.from_records(metrics) if metrics else pd.DataFrame()
    return _results(name, trials, _joined(keys, measured), meta)


def _results(name: str, trials: Sequence[TrialRecord], points: pd.DataFrame, meta: dict[str, Any]) -> Results:
    trials = [trial for trial in trials if trial.state != "extended"]
    rows = [(t.state, t.reason, t.pack, *field_values(t.config)) for t in trials]
    index = pd.Index([t.signature for t in trials], name="signature", dtype="object")
    trial_table = pd.DataFrame(rows, index=index, columns=[*TRIAL_COLUMNS, *FIELDS])
    return Results(name, trial_table, _in_order(points, {t.signature: t.position for t in trials}), meta)


def _read_points(ledger: Ledger) -> pd.DataFrame:
    """The points of a ledger, in the order of recording; their text is parsed in portions, by column."""
    keys: list[tuple[str, int, int]] = []
    tables = []
    for rows in ledger.point_texts(POINTS_AT_ONCE):
        keys.extend(row[:3] for row in rows)
        tables.append(_parsed([row[3] for row in rows]))
    measured = pa.concat_tables(tables, promote_options="default") if tables else pa.table({})
    return _joined(keys, measured.to_pandas() if measured.num_columns else pd.DataFrame())


def _parsed(texts: Sequence[str]) -> pa.Table:
    """One column of float64 per metric, one row per text of a JSON object of numbers; null where a text lacks the metric."""
    table = pyarrow.json.read_json(io.BytesIO("\n".join(texts).encode()))
    real = pa.schema([(name, pa.float64()) for name in table.column_names])
    return table.cast(real, safe=False) if real.names else pa.table({"": pa.nulls(len(texts))}).drop_columns([""])


def _joined(keys: Sequence[tuple[str, int, int]], measured: pd.DataFrame) -> pd.DataFrame:
    measured = measured.astype("float64").sort_index(axis="columns")
    table = pd.concat([pd.DataFrame(keys, columns=list(POINT_COLUMNS)), measured], axis="columns")
    return table.astype({"signature": "object", "step": "int64", "timestamp_ms": "int64"})


def _in_order(table: pd.DataFrame, position: dict[str, int]) -> pd.DataFrame:
    """By trial and step; points of other trials, which have no position and so come last, are left out."""
    places = table["signature"].map(position)
    order = np.lexsort((table["step"], places))[: places.count()]
    return table.iloc[order].reset_index(drop=True)
