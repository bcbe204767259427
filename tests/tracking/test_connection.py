"""Connecting to real stores: quick, quiet, and by many processes at once."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException

from rhm_sweeps.errors import LockedError, TrackingError
from rhm_sweeps.tracking.connection import connect, locked, store_error
from rhm_sweeps.tracking.store import Store, resolve_store


def test_a_lock_keeps_others_out_until_it_is_released(tmp_path: Path) -> None:
    with (
        locked(tmp_path / "lock"),
        pytest.raises(LockedError, match="is locked by another process"),
        locked(tmp_path / "lock"),
    ):
        pass
    with locked(tmp_path / "lock"):
        pass


def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    release = threading.Event()
    held = threading.Event()

    def hold() -> None:
        with locked(tmp_path / "lock"):
            held.set()
            release.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    threading.Timer(0.1, release.set).start()
    with locked(tmp_path / "lock", timeout_s=10):
        assert release.is_set()
    holder.join()


def test_reading_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match=r"there is no tracking store sqlite:.*; name another with --tracking-uri"):
        connect(resolve_store(None, None, tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_no_database_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("not a database, but long enough to have the header of one" * 9)
    started = time.monotonic()
    with pytest.raises(TrackingError, match="cannot be used: file is not a database"):
        connect(resolve_store(None, None, tmp_path), create=True)
    assert time.monotonic() - started < 5


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_database_without_its_driver_is_said_with_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    store = resolve_store("postgresql+psycopg://me:s3cret@/runs", None, tmp_path)
    with pytest.raises(
        TrackingError, match="needs the package psycopg, which is not installed: `pip install psycopg`"
    ) as e:
        connect(store)
    assert "s3cret" not in str(e.value)


@pytest.mark.parametrize("scheme", ["http", "postgresql"])
def test_a_server_that_is_down_is_said_at_once_without_the_password(
    scheme: str, closed_port: int, tmp_path: Path
) -> None:
    started = time.monotonic()
    store = resolve_store(f"{scheme}://user:secret@127.0.0.1:{closed_port}/db", None, tmp_path)
    with pytest.raises(TrackingError, match=rf"{scheme}://\*\*\*@127.0.0.1:{closed_port}.*--tracking-uri") as caught:
        connect(store, create=True)
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert time.monotonic() - started < 5


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["http"])
def test_a_server_that_never_answers_is_given_up(scheme: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        with pytest.raises(TrackingError, match="timed out"):
            connect(Store(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}", "x"))
        assert time.monotonic() - started < 3


@pytest.mark.slow
def test_the_experiment_is_made_once_with_its_files_in_the_folder(store: Store, tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="there is no experiment 'rhm-sweeps'"):
        connect(store)
    made = connect(store, create=True)
    assert connect(store).experiment_id == made.experiment_id == connect(store, create=True).experiment_id
    location = made.client.get_experiment(made.experiment_id).artifact_location
    assert location.removeprefix("file://") == str(tmp_path / "mlartifacts")


@pytest.mark.slow
def test_a_deleted_experiment_is_said_with_the_cure(store: Store) -> None:
    made = connect(store, create=True)
    made.client.delete_experiment(made.experiment_id)
    with pytest.raises(
        TrackingError, match=rf"is deleted; restore it with `mlflow experiments restore -x {made.experiment_id}`"
    ):
        connect(store, create=True)


@pytest.mark.slow
def test_a_store_that_refuses_what_it_gets_is_not_called_down(store: Store) -> None:
    made = connect(store, create=True)
    run = made.client.create_run(made.experiment_id)
    with pytest.raises(MlflowException) as refused:
        made.client.log_metric(run.info.run_id, "a$b", 1.0)
    said = str(store_error(store, refused.value))
    assert "a$b" in said
    assert said.endswith("it is up, but does not take what was recorded; `rhm-sweep export` and `report` do without it")
    assert "check that it is up" not in said


OPEN = """
import sys
from pathlib import Path
from rhm_sweeps.tracking.connection import connect
from rhm_sweeps.tracking.store import resolve_store
print(connect(resolve_store(None, None, Path(sys.argv[1])), create=True).experiment_id)
"""


@pytest.mark.long
def test_many_processes_open_a_fresh_store_at_once_and_say_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "a folder #1"
    commands = [[sys.executable, "-c", OPEN, str(folder)]] * 8
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for command in commands
    ]
    outputs = [process.communicate() for process in started]
    assert [process.returncode for process in started] == [0] * 8, outputs
    assert outputs == [("1\n", "")] * 8
    database = sqlite3.connect(folder / "mlflow.db")
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert database.execute("SELECT count(*) FROM experiments WHERE name = 'rhm-sweeps'").fetchone() == (1,)
    database.close()
