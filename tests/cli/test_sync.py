"""`rhm-sweep sync`: to another file, and to a real server before a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.sweeps.lock import sweep_lock
from rhm_sweeps.tracking import server as server_module
from rhm_sweeps.tracking.server import HOST, free_port, serve
from rhm_sweeps.tracking.store import Store

from ..postgres import needs_postgres, running_postgres
from .conftest import RhmSweep
from .sweeps_on_disk import make_sweep

pytestmark = pytest.mark.slow
PASSWORD = "correct horse battery"


@pytest.fixture
def results(mlflow_folder: Path) -> Path:
    make_sweep(mlflow_folder / "results")
    return mlflow_folder / "results"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """An MLflow server that keeps artifacts itself, before a PostgreSQL that asks for a password."""
    port = free_port(0)
    with (
        running_postgres() as uri,
        serve(Store(uri, "unused", (tmp_path / "kept").as_uri()), port),
    ):
        yield f"http://{HOST}:{port}"


@pytest.fixture
def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An MLflow server that asks for a user and a password."""
    users = tmp_path / "users.ini"
    users.write_text(
        "[mlflow]\ndefault_permission = NO_PERMISSIONS\nadmin_username = admin\n"
        f"database_uri = sqlite:///{tmp_path}/users.db\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    monkeypatch.setenv("MLFLOW_AUTH_CONFIG_PATH", str(users))
    monkeypatch.setenv("MLFLOW_AUTH_ADMIN_PASSWORD", PASSWORD)
    monkeypatch.setenv("MLFLOW_FLASK_SERVER_SECRET_KEY", "of this test")
    command = server_module.serve_command
    monkeypatch.setattr(server_module, "serve_command", lambda port: [*command(port), "--app-name", "basic-auth"])
    port = free_port(0)
    with serve(Store(f"sqlite:///{tmp_path}/guarded.db", "unused", (tmp_path / "kept").as_uri()), port):
        yield f"http://{HOST}:{port}"


def trials_in(uri: str, experiment: str) -> list[str]:
    client = MlflowClient(uri)
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    runs = client.search_runs([found.experiment_id], "tags.`rhm_sweep.role` = 'trial'")
    return sorted(run.data.tags["rhm_sweep.signature"] for run in runs)


def begun_in(ledger: Ledger) -> list[str]:
    return sorted(signature for signature, state in ledger.states().items() if state != "pending")


def test_a_sweep_is_shared_and_stays_where_it_is_tracked(rhm_sweep: RhmSweep, results: Path) -> None:
    with Ledger(results / "one") as ledger:
        begun, points = begun_in(ledger), len(list(ledger.points()))
    uri = f"sqlite:///{results.parent}/shared.db"
    arguments = ("sync", "one", "--tracking-uri", uri, "--experiment", "shared", "--no-report")
    assert rhm_sweep(*arguments, "--json").document == {
        "name": "one", "tracking_uri": uri, "experiment": "shared", "runs": 5, "points_sent": points
    }  # fmt: skip
    assert trials_in(uri, "shared") == begun
    assert "5 trials, 0 points sent now" in rhm_sweep(*arguments).out
    with Ledger(results / "one") as ledger:
        assert ledger.meta("experiment") == "e"


def test_what_runs_is_left_to_its_driver(rhm_sweep: RhmSweep, results: Path) -> None:
    with sweep_lock(results / "one"):
        assert "already running" in rhm_sweep("sync", "one", code=1).words


def test_a_store_that_is_down_is_one_line(rhm_sweep: RhmSweep, results: Path) -> None:
    uri = f"http://me:s3cret@{HOST}:{free_port(0)}"
    said = rhm_sweep("sync", "one", "--tracking-uri", uri, "--move", code=1)
    assert "cannot be used" in said.words
    assert "s3cret" not in said.words + said.out
    with Ledger(results / "one") as ledger:
        assert ledger.meta("experiment") == "e"


@needs_postgres
def test_a_sweep_moves_to_a_server_with_its_report(
    rhm_sweep: RhmSweep, results: Path, server: str, tmp_path: Path
) -> None:
    said = rhm_sweep("sync", "one", "--tracking-uri", server, "--experiment", "moved", "--move")
    assert "5 trials" in said.out
    assert "tracked there from now on" in said.out
    with Ledger(results / "one") as ledger:
        assert (ledger.meta("tracking_uri"), ledger.meta("experiment")) == (server, "moved")
        assert trials_in(server, "moved") == begun_in(ledger)
    (page,) = (tmp_path / "kept").rglob("report.html")
    assert page.read_text() == (results / "one" / "report" / "report.html").read_text()
    assert rhm_sweep("sync", "one", "--json", "--no-report").document["points_sent"] == 0


@pytest.mark.long
def test_a_server_that_asks_for_a_password_is_told_it_by_the_environment(
    rhm_sweep: RhmSweep, results: Path, guarded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("sync", "one", "--tracking-uri", guarded, "--experiment", "guarded")
    for password in ("", "wrong"):
        if password:
            monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "admin")
            monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)
        said = rhm_sweep(*arguments, code=1)
        assert "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD" in said.words
        assert "Traceback" not in said.err
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
    assert "5 trials" in rhm_sweep(*arguments).out
    with Ledger(results / "one") as ledger:
        assert trials_in(guarded, "guarded") == begun_in(ledger)
    kept = [path for path in results.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if PASSWORD.encode() in path.read_bytes()]
