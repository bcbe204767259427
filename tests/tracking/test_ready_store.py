"""A store that is ready is found so without MLflow; any other is left to MLflow to judge."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from rhm_sweeps.tracking.connection import connect
from rhm_sweeps.tracking.ready_store import is_ready
from rhm_sweeps.tracking.store import Store, resolve_store


@pytest.fixture
def store(tmp_path: Path, put_mlflow: Callable[[Path], None]) -> Store:
    """Of the installed MLflow, with the experiment."""
    put_mlflow(tmp_path)
    found = resolve_store(None, None, tmp_path)
    connect(found, create=True)
    return found


def change(store: Store, statement: str) -> None:
    assert store.sqlite_path
    with closing(sqlite3.connect(store.sqlite_path)) as database:
        database.execute(statement)
        database.commit()


def test_one_that_mlflow_has_made_is_ready(store: Store) -> None:
    assert is_ready(store)
    assert not is_ready(replace(store, experiment="another"))


def test_tables_of_another_mlflow_are_not(store: Store) -> None:
    """Of those MLflow says what it can do with them."""
    change(store, "UPDATE alembic_version SET version_num = '451aebb31d03'")
    assert not is_ready(store)
    change(store, "UPDATE alembic_version SET version_num = 'ffffffffffff'")
    assert not is_ready(store)


def test_a_deleted_experiment_is_not(store: Store) -> None:
    change(store, "UPDATE experiments SET lifecycle_stage = 'deleted'")
    assert not is_ready(store)


def test_what_is_no_store_of_sqlite_is_not(tmp_path: Path) -> None:
    assert not is_ready(resolve_store(None, None, tmp_path))
    (tmp_path / "mlflow.db").write_text("no database")
    assert not is_ready(resolve_store(None, None, tmp_path))
    assert not is_ready(Store("http://127.0.0.1:5000", "rhm-sweeps"))
    assert {path.name for path in tmp_path.iterdir()} == {"mlflow.db"}


def test_a_session_begins_without_mlflow(store: Store, tmp_path: Path) -> None:
    """Its import takes seconds, in which the first packs could be on their way."""
    begin = """
import sys
from pathlib import Path
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.session import SessionOptions, checked_store
found = checked_store(SweepFolder(Path("results/new").resolve()), SessionOptions(Path("results").resolve()))
print(found.uri, "mlflow" in sys.modules)
"""
    said = subprocess.run([sys.executable, "-c", begin], cwd=tmp_path, capture_output=True, check=True, text=True)
    assert said.stdout == f"{store.uri} False\n"
