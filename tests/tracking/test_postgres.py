"""MLflow's tables in a real PostgreSQL: written as MLflow's client writes them, and as they are in SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.tracking.projection import project
from rhm_sweeps.tracking.store import Store
from rhm_sweeps.tracking.ui import sweep_pages

from ..postgres import needs_postgres, running_postgres
from .test_over_http import check_alike, check_summaries

pytestmark = [pytest.mark.slow, needs_postgres]

TABLES = ("params", "metrics", "latest_metrics", "tags")
OWN_TO_A_RUN = ("run_uuid", "experiment_id")


@pytest.fixture
def database() -> Iterator[Store]:
    with running_postgres() as uri:
        yield Store(uri, "in-postgres")


def rows(database: Store, experiment: str) -> dict[str, list[tuple[object, ...]]]:
    """All rows of an experiment's runs without the ids, which differ."""
    found = {}
    with closing(psycopg.connect(database.uri)) as db:
        for table in TABLES:
            cursor = db.execute(
                f"SELECT r.name AS of_run, t.* FROM {table} t JOIN runs r USING (run_uuid) "
                "JOIN experiments e ON e.experiment_id = r.experiment_id WHERE e.name = %s",
                (experiment,),
            )
            kept = [i for i, column in enumerate(cursor.description or ()) if column.name not in OWN_TO_A_RUN]
            found[table] = sorted((tuple(row[i] for i in kept) for row in cursor), key=repr)
    return found


def test_postgres_and_a_file_behave_alike(
    sweep: Ledger, train: Callable[..., list[str]], database: Store, store: Store
) -> None:
    train(0, 1)
    train(2, state="failed", reason="loss is NaN at step 16")
    train(3, upto=2, state="running")
    check_alike(sweep, database, store, points=14)
    check_summaries(sweep, database, store)
    assert "viewStateShareKey" in sweep_pages("http://unused", database, "small", sweep).charts


def test_the_tables_are_written_as_the_client_writes_them(
    sweep: Ledger, train: Callable[..., list[str]], database: Store, request: pytest.FixtureRequest
) -> None:
    train(0, 1)
    train(2, state="failed", reason="the loss is not finite: “NaN”")
    project(sweep, database)
    request.getfixturevalue("by_client")
    project(sweep, Store(database.uri, "by-client"))
    by_tables, by_client = rows(database, "in-postgres"), rows(database, "by-client")
    assert {table: len(found) for table, found in by_tables.items()} == {
        table: len(found) for table, found in by_client.items()
    }
    assert by_tables["metrics"] == by_client["metrics"]
    assert by_tables["latest_metrics"] == by_client["latest_metrics"]
    assert by_tables["params"] == by_client["params"]
    ids = ("mlflow.parentRunId",)
    for one in (by_tables, by_client):
        one["tags"] = [row for row in one["tags"] if row[1] not in ids]
    assert by_tables["tags"] == by_client["tags"]
