"""Summaries of runs in MLflow's own database: read and written many at a time, as its client would one by one."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa
from mlflow.store.db.base_sql_model import Base

from rhm_sweeps.tracking.run_rows import MetricRow
from rhm_sweeps.tracking.run_tables import RunTables
from rhm_sweeps.tracking.trial_summary import STEP, TrialSummary, is_summary


class SummaryTables:
    """The summaries in one database; of a run's tags, these belong to its summary."""

    def __init__(self, tables: RunTables, tags: Sequence[str]) -> None:
        self._tables = tables
        self._tags = tags

    def read(self, run_ids: Sequence[str]) -> dict[str, TrialSummary]:
        """What these runs have now, those that are deleted left out."""
        values: dict[str, dict[str, float]] = defaultdict(dict)
        texts: dict[str, dict[str, str]] = defaultdict(dict)
        latest, table = (Base.metadata.tables[name].c for name in ("latest_metrics", "tags"))
        with self._tables.transaction() as db:
            active = self._tables.active(db, set(run_ids))
            found = sa.select(latest.run_uuid, latest.key, latest.value, latest.is_nan)
            for run_id, name, value, is_nan in db.execute(found.where(latest.run_uuid.in_(active))):
                if is_summary(name):
                    values[run_id][name] = math.nan if is_nan else value
            told = sa.select(table.run_uuid, table.key, table.value)
            for run_id, key, text in db.execute(told.where(table.run_uuid.in_(active), table.key.in_(self._tags))):
                texts[run_id][key] = text
        return {run_id: TrialSummary(values[run_id], texts[run_id]) for run_id in run_ids if run_id in active}

    def write(self, changes: Mapping[str, TrialSummary], timestamp_ms: int) -> None:
        """Write all of it in one transaction, by run id."""
        tags = [(key, text, run_id) for run_id, change in changes.items() for key, text in change.tags.items()]
        with self._tables.transaction() as db:
            self._tables.put(db, tags, _metric_rows(changes, timestamp_ms))


def _metric_rows(changes: Mapping[str, TrialSummary], timestamp_ms: int) -> Iterator[MetricRow]:
    """MLflow keeps NaN as a zero with a mark."""
    for run_id, change in changes.items():
        for name, value in change.metrics.items():
            known = math.isfinite(value)
            yield name, float(value) if known else 0.0, timestamp_ms, STEP, not known, run_id
