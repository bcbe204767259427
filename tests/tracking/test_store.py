"""Which store is meant, and that no password leaves it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rhm_sweeps.errors import UsageError
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.tracking.store import Store, resolve_store, sweep_store


def test_the_default_is_a_file_beside_the_results(tmp_path: Path) -> None:
    expected = Store(f"sqlite:///{tmp_path}/mlflow.db", "rhm-sweeps", f"file://{tmp_path}/mlartifacts")
    assert resolve_store(None, None, tmp_path) == expected
    assert expected.sqlite_path == tmp_path / "mlflow.db"
    assert not expected.is_server


def test_the_folder_is_made_absolute_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = resolve_store(None, None, Path())
    assert store == resolve_store("sqlite:///mlflow.db", None, Path("elsewhere")) == resolve_store(None, None, tmp_path)
    assert resolve_store("sqlite:///a/../runs/x.db?timeout=9", None, tmp_path) == Store(
        f"sqlite:///{tmp_path}/runs/x.db?timeout=9", "rhm-sweeps", f"file://{tmp_path}/runs/mlartifacts"
    )


def test_argument_before_environment_before_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://env:5000/")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "from-env")
    assert resolve_store(None, None, tmp_path) == Store("http://env:5000", "from-env")
    assert resolve_store("https://arg", "from-arg", tmp_path) == Store("https://arg", "from-arg")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    assert resolve_store(None, None, tmp_path).uri == f"sqlite:///{tmp_path}/mlflow.db"


def test_a_database_server_keeps_its_files_in_the_folder(tmp_path: Path) -> None:
    store = resolve_store("postgresql+psycopg://u:p@host/runs", None, tmp_path)
    assert (store.artifact_root, store.is_server, store.sqlite_path) == (f"file://{tmp_path}/mlartifacts", False, None)
    assert store.target == "postgresql+psycopg://***@host/runs#rhm-sweeps"


@pytest.mark.parametrize("uri", ["mlruns", "./mlruns", "file:///tmp/mlruns", "ftp://host", "/tmp/mlflow.db"])
def test_what_cannot_hold_runs_is_refused_with_the_cure(uri: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot hold runs; use sqlite:///path/to/mlflow\.db"):
        resolve_store(uri, None, tmp_path)


@pytest.mark.parametrize("uri", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_store_that_would_vanish_is_refused(uri: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="must name a file"):
        resolve_store(uri, None, tmp_path)


def test_a_folder_that_sqlalchemy_would_misread_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="its path has `%` or `\\?`"):
        resolve_store(None, None, tmp_path / "50%25")


def test_a_name_that_postgresql_would_refuse_is_refused_everywhere(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has 251 characters, but must have <= 250"):
        resolve_store(None, "x" * 251, tmp_path)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    with Ledger(tmp_path / "results" / "x", create=True) as made:
        yield made


def test_a_sweep_is_looked_for_where_it_is(tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.set_meta(tracking_uri="http://there:5000", experiment="mine")
    assert sweep_store(ledger, None, tmp_path) == Store("http://there:5000", "mine")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://elsewhere:5000")
    assert sweep_store(ledger, None, tmp_path) == Store("http://there:5000", "mine")
    assert sweep_store(ledger, "http://asked:1", tmp_path) == Store("http://asked:1", "mine")


def test_a_password_comes_from_the_environment(tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.set_meta(tracking_uri="http://***@there:5000", experiment="mine")
    with pytest.raises(UsageError, match=r"http://\*\*\*@there:5000; give this address with its credentials"):
        sweep_store(ledger, None, tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://u:p@there:5000")
    assert sweep_store(ledger, None, tmp_path) == Store("http://u:p@there:5000", "mine")


def test_a_folder_from_another_machine_gets_a_store_here(tmp_path: Path, ledger: Ledger) -> None:
    ledger.set_meta(tracking_uri="sqlite:////another/machine/mlflow.db", experiment="mine")
    assert sweep_store(ledger, None, tmp_path).uri == f"sqlite:///{tmp_path}/mlflow.db"
    (tmp_path / "kept.db").touch()
    ledger.set_meta(tracking_uri=f"sqlite:///{tmp_path}/kept.db")
    assert sweep_store(ledger, None, tmp_path).uri == f"sqlite:///{tmp_path}/kept.db"


def test_mlflow_is_told_to_be_quiet_and_quick() -> None:
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert int(os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"]) <= 10
