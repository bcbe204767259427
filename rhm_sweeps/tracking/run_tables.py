"""MLflow's tables of runs in its own database: many runs written in one transaction, as its client would write them one by one.

The client needs tens of milliseconds for a run with all of its parameters and metrics.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from mlflow.entities import LifecycleStage
from mlflow.store.db.base_sql_model import Base

from rhm_sweeps.ledger import now_ms
from rhm_sweeps.tracking.connection import Connection
from rhm_sweeps.tracking.known_tables import COLUMNS, are_known
from rhm_sweeps.tracking.run_change import RunChange
from rhm_sweeps.tracking.run_rows import (
    FIXED,
    METRIC_COLUMNS,
    RUN_NAME,
    TEXT_COLUMNS,
    USER,
    MetricRow,
    TextRow,
    artifact_uri,
    is_plain,
    latest_rows,
    metric_rows,
    param_rows,
    run_row,
    tag_rows,
)
from rhm_sweeps.tracking.upserts import INSERTS, execute, execute_named, newest, replacing, slices

BUSY_TIMEOUT_MS = 20_000
CACHE_KIB = 64 * 1024


def open_tables(connection: Connection, run_id: str) -> RunTables | None:
    """The tables behind a connection; None where they are not as they are known here.

    Args:
        run_id: a run that MLflow's client made: other versions of MLflow may fill the same columns differently.
    """
    store = getattr(getattr(connection.client, "_tracking_client", None), "store", None)
    engine = getattr(store, "engine", None)
    if type(store).__name__ != "SqlAlchemyStore" or not isinstance(engine, sa.Engine):
        return None
    if engine.dialect.name not in INSERTS or not are_known(Base.metadata):
        return None
    tables = RunTables(connection, engine)
    return tables if tables.would_write(run_id) else None


class RunTables:
    """The tables in one database, for the runs of one experiment."""

    def __init__(self, connection: Connection, engine: sa.Engine) -> None:
        self._client = connection.client
        self._experiment_id = connection.experiment_id
        self._engine = engine
        self._runs, tags, params, metrics, latest = (Base.metadata.tables[name] for name in COLUMNS)
        self._tags = tags
        insert = INSERTS[engine.dialect.name]
        self._insert_runs, self._insert_params = insert(self._runs), insert(params)
        self._insert_metrics = insert(metrics).on_conflict_do_nothing()
        self._set_tags = replacing(insert(tags), "value")
        self._set_latest = newest(insert(latest), latest)

    def would_write(self, run_id: str) -> bool:
        """Whether a run that MLflow's client made is what would have been written here."""
        with self._engine.connect() as db:
            row = db.execute(sa.select(self._runs).where(self._runs.c.run_uuid == run_id)).mappings().one_or_none()
            found = db.execute(sa.select(self._tags.c.key, self._tags.c.value).where(self._tags.c.run_uuid == run_id))
            tags = {row.key: row.value for row in found}
        location = self._client.get_experiment(self._experiment_id).artifact_location
        expected = {
            **FIXED, "artifact_uri": artifact_uri(location, run_id), "name": tags.get(RUN_NAME),
            "user_id": tags.get(USER, "unknown"), "experiment_id": int(self._experiment_id),
        }  # fmt: skip
        return row is not None and expected.items() <= dict(row).items()

    def write(self, changes: Sequence[RunChange]) -> dict[str, str]:
        """Write all that can be written here in one transaction; returns the run ids of these trials by signature.

        Left to the client is what it might cut or refuse, and what was sent in part before a crash.
        """
        experiment = self._client.get_experiment(self._experiment_id)
        if experiment.lifecycle_stage != LifecycleStage.ACTIVE:
            return {}
        with self.transaction() as db:
            active = self.active(db, {change.before.run_id for change in changes if not change.is_new})
            ours = [(c, c.before.run_id or new_run_id()) for c in changes if _is_simple(c, active) and is_plain(c)]
            new = [
                run_row(change, run_id, int(self._experiment_id), experiment.artifact_location)
                for change, run_id in ours
                if change.is_new
            ]
            execute_named(db, self._insert_runs, new)
            execute(db, self._insert_params, TEXT_COLUMNS, [row for pair in ours for row in param_rows(*pair)])
            metrics = (row for change, run_id in ours for row in metric_rows(change.points, run_id))
            self.put(db, [row for pair in ours for row in tag_rows(*pair)], metrics)
            self._set_status(db, [(change, run_id) for change, run_id in ours if not change.is_new])
        return {change.after.signature: run_id for change, run_id in ours}

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """A connection as MLflow opens one, but that the pages of a portion fit into memory; all of the block or nothing."""
        with self._engine.begin() as db:
            if self._engine.dialect.name == "sqlite":
                db.exec_driver_sql("PRAGMA foreign_keys = ON")
                db.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
                db.exec_driver_sql(f"PRAGMA cache_size = -{CACHE_KIB}")
            yield db

    def put(self, db: sa.Connection, tags: list[TextRow], metrics: Iterator[MetricRow]) -> None:
        """Set tags and add values of metrics of runs that are there."""
        execute(db, self._set_tags, TEXT_COLUMNS, tags)
        for rows in slices(metrics):
            execute(db, self._insert_metrics, METRIC_COLUMNS, rows)
            execute(db, self._set_latest, METRIC_COLUMNS, latest_rows(rows))

    def active(self, db: sa.Connection, run_ids: set[str]) -> set[str]:
        """Those of the runs that are not deleted."""
        runs = self._runs.c
        found = sa.select(runs.run_uuid).where(
            runs.run_uuid.in_(run_ids), runs.lifecycle_stage == LifecycleStage.ACTIVE
        )
        return set(db.scalars(found)) if run_ids else set()

    def _set_status(self, db: sa.Connection, changes: Iterable[tuple[RunChange, str]]) -> None:
        """Close runs or open them again; one that is open again keeps the time at which it ended, as with the client."""
        update = sa.update(self._runs).where(self._runs.c.run_uuid == sa.bindparam("id"))
        told = [(change, {"id": run_id, "status": change.status}) for change, run_id in changes if change.status]
        execute_named(db, update, [row for change, row in told if change.status == "RUNNING"])
        over = [{**row, "end_time": change.end_ms or now_ms()} for change, row in told if change.status != "RUNNING"]
        execute_named(db, update, over)


def new_run_id() -> str:
    """A UUID of version 7 (RFC 9562): it begins with the time, so that what runs made together have lies together in the indexes."""
    number = now_ms() << 80 | secrets.randbits(80)
    version, variant = 7 << 76, 2 << 62
    return uuid.UUID(int=number & ~(0xF << 76) & ~(3 << 62) | version | variant).hex


def _is_simple(change: RunChange, active: set[str]) -> bool:
    return change.is_new or (bool(change.before.state) and change.before.run_id in active)
