"""Runs written straight into MLflow's database are those that its client would have written."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from mlflow import MlflowClient
from mlflow.store.db.base_sql_model import Base

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.ledger import Ledger, MetricPoint, TrialRecord
from rhm_sweeps.tracking import run_tables, upserts
from rhm_sweeps.tracking.connection import connect
from rhm_sweeps.tracking.known_tables import COLUMNS
from rhm_sweeps.tracking.projection import project
from rhm_sweeps.tracking.run_tables import RunTables, open_tables
from rhm_sweeps.tracking.store import Store

pytestmark = pytest.mark.slow

Train = Callable[..., list[str]]
NOW_MS = 1_800_000_000_000


def tables_of(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of an experiment in the tables that a run is made of, sorted; run ids are replaced by signatures."""
    with closing(sqlite3.connect(store.sqlite_path)) as database:
        in_experiment = (
            "run_uuid IN (SELECT run_uuid FROM runs JOIN experiments e USING (experiment_id) WHERE e.name = ?)"
        )
        tables = {
            name: database.execute(f"SELECT {', '.join(columns)} FROM {name} WHERE {in_experiment}", [store.experiment])
            for name, columns in COLUMNS.items()
        }
        rows = {name: found.fetchall() for name, found in tables.items()}
    names = {run_id: value for key, value, run_id in rows["tags"] if key == "rhm_sweep.signature"}
    ids = {row[0]: names.get(row[0], "sweep") for row in rows["runs"]}

    def known(value: Any) -> Any:
        for run_id, name in ids.items():
            value = value.replace(run_id, name) if isinstance(value, str) else value
        return value

    assert len(set(ids.values())) == len(ids)
    experiment = list(COLUMNS["runs"]).index("experiment_id")
    rows["runs"] = [(*row[:experiment], *row[experiment + 1 :]) for row in rows["runs"]]
    return {name: sorted((tuple(map(known, row)) for row in found), key=repr) for name, found in rows.items()}


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The trials that went straight into the tables, one set per portion."""
    original, seen = RunTables.write, []

    def write(tables: RunTables, changes: Any) -> dict[str, str]:
        written = original(tables, changes)
        seen.append(set(written))
        return written

    monkeypatch.setattr(RunTables, "write", write)
    return seen


@pytest.fixture
def both(sweep: Ledger, store: Store, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Projects the sweep in both ways, and compares the tables."""
    for module in ("session", "run_rows", "run_tables"):
        monkeypatch.setattr(f"rhm_sweeps.tracking.{module}.now_ms", lambda: NOW_MS)
    by_tables, by_client = replace(store, experiment="tables"), replace(store, experiment="client")

    def compare() -> None:
        sent = project(sweep, by_tables)
        with monkeypatch.context() as patch:
            patch.setattr("rhm_sweeps.tracking.session.open_tables", lambda *_: None)
            assert project(sweep, by_client) == sent
        ours, theirs = tables_of(by_tables), tables_of(by_client)
        for name in COLUMNS:
            assert ours[name] == theirs[name], name

    return compare


def test_every_table_is_as_the_client_would_have_left_it(
    sweep: Ledger, train: Train, both: Callable[[], None], taken: list[set[str]]
) -> None:
    """Trials that are done, failed, running, stopped, pending again, taken up and extended; points out of order; NaN, infinities."""
    (done,) = train(0)
    (failed,) = train(1, upto=2, state="failed", reason="NUL \0 and long " + "x" * 9000)
    (running,) = train(2, upto=1, state="running")
    both()
    assert taken.pop() == {done, failed, running}

    train(2, upto=4, state="stopped", reason="the scheduler says so")
    (again,) = train(3, upto=2, state="running")
    sweep.set_state([again], "pending")
    sweep.set_meta(state="interrupted")
    both()
    assert taken.pop() == {running, again}

    sweep.set_meta(state="running")
    sweep.set_state([again], "running")
    both()
    assert taken.pop() == {again}

    odd = {"train_loss": -1.0, "copies": float("-inf"), "late": 5e-324, "count": 2**60}
    sweep.add_points([MetricPoint(again, step, odd, NOW_MS - step) for step in (3, 16, 5)])
    both()
    sweep.add_points([MetricPoint(again, 12, dict.fromkeys(odd, 7.5), NOW_MS)])
    train(3)
    sweep.set_state([done], "extended", "goes on")
    sweep.set_meta(state="finished")
    both()
    assert taken.pop() == {done, again}


def test_what_mlflow_would_cut_is_left_to_its_client(
    sweep: Ledger, train: Train, both: Callable[[], None], taken: list[set[str]]
) -> None:
    long = {**TrialConfig().model_dump(), "note": "x" * 7000}
    sweep.add_trials([TrialRecord("0123456789ab", 4, "p", long)])
    train(4)
    (plain,) = train(0)
    both()
    assert taken == [{plain}]


def test_a_name_that_mlflow_refuses_is_refused(
    sweep: Ledger, train: Train, store: Store, taken: list[set[str]]
) -> None:
    (signature, _) = train(0, 1)
    sweep.add_points([MetricPoint(signature, 99, {"a@b": 1.0}, NOW_MS)])
    with pytest.raises(Exception, match="Names may only contain alphanumerics"):
        project(sweep, store)
    assert all(signature not in portion for portion in taken)


@pytest.mark.parametrize("table", ["runs", "params", "tags", "metrics", "latest_metrics"])
def test_a_crash_within_a_transaction_leaves_nothing_of_it(
    table: str, sweep: Ledger, train: Train, both: Callable[[], None], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(sweep, replace(store, experiment="tables"))
    train(0, 1)

    def die(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith(f"INSERT INTO {table} "):
            raise KeyboardInterrupt

    sa.event.listen(sa.Engine, "before_cursor_execute", die)
    try:
        with pytest.raises(KeyboardInterrupt):
            project(sweep, replace(store, experiment="tables"))
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", die)
    assert len(tables_of(replace(store, experiment="tables"))["runs"]) == 1
    both()


def test_points_that_were_sent_before_a_crash_are_not_sent_twice(
    sweep: Ledger, train: Train, both: Callable[[], None], store: Store
) -> None:
    (signature,) = train(0, upto=4, state="running")
    both()
    for target in ("tables", "client"):
        where = replace(store, experiment=target).target
        rows = sweep.projections(where)
        sweep.set_projections(where, [replace(rows[signature], last_point=1), replace(rows[""], last_point=1)])
    train(0)
    both()
    values = sum(math.isfinite(value) for point in sweep.points(signature) for value in point.metrics.values())
    for experiment in ("tables", "client"):
        metrics = tables_of(replace(store, experiment=experiment))["metrics"]
        assert len(metrics) == len(set(metrics)) == values


def test_a_client_that_writes_otherwise_is_not_imitated(sweep: Ledger, train: Train, store: Store) -> None:
    train(0)
    project(sweep, store)
    connection, run_id = connect(store), sweep.meta("parent_run_id")
    assert open_tables(connection, run_id) is not None
    MlflowClient(store.uri).update_run(run_id, name="renamed by a user")
    assert open_tables(connection, run_id) is not None
    with closing(sqlite3.connect(store.sqlite_path)) as database, database:
        database.execute("UPDATE runs SET source_type = 'LOCAL' WHERE run_uuid = ?", [run_id])
    assert open_tables(connection, run_id) is None
    train(1)
    assert project(sweep, store) == 4


def test_a_store_with_other_tables_is_left_to_the_client(
    sweep: Ledger, train: Train, store: Store, taken: list[set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_tables, "are_known", lambda _: False)
    train(0, 1)
    assert project(sweep, store) == 8
    assert not taken


@pytest.mark.parametrize("dialect", [sa.dialects.sqlite.dialect(), sa.dialects.postgresql.dialect()])
def test_both_databases_get_the_same_statements(dialect: sa.Dialect) -> None:
    insert = upserts.INSERTS[dialect.name]
    table = Base.metadata.tables["latest_metrics"]
    text = " ".join(str(upserts.newest(insert(table), table).compile(dialect=dialect)).split())
    assert "DO UPDATE SET value = excluded.value, timestamp = excluded.timestamp, step = excluded.step" in text
    assert "WHERE (excluded.step, excluded.timestamp, excluded.value) > (latest_metrics.step, " in text
