"""Files attached to the sweep's run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient

from rhm_sweeps.errors import TrackingError
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.tracking.artifacts import log_artifacts, log_trial_artifacts
from rhm_sweeps.tracking.projection import project
from rhm_sweeps.tracking.store import Store

pytestmark = pytest.mark.slow


def test_a_folder_and_files_lie_under_the_sweeps_run(sweep: Ledger, store: Store, tmp_path: Path) -> None:
    project(sweep, store)
    report = tmp_path / "report"
    (report / "figures").mkdir(parents=True)
    (report / "report.html").write_text("<html>")
    (report / "figures" / "loss.png").write_bytes(b"png")
    log_artifacts(sweep, store, report, "report")
    log_artifacts(sweep, store, [report / "report.html"])
    stored = tmp_path / "mlartifacts" / sweep.meta("parent_run_id") / "artifacts"
    files = {str(path.relative_to(stored)) for path in stored.rglob("*") if path.is_file()}
    assert files == {"report.html", "report/report.html", "report/figures/loss.png"}
    listed = MlflowClient(store.uri).list_artifacts(sweep.meta("parent_run_id"), "report")
    assert {info.path for info in listed} == {"report/report.html", "report/figures"}


def test_files_of_trials_lie_under_their_runs(
    sweep: Ledger, train: Callable[..., list[str]], store: Store, tmp_path: Path
) -> None:
    one, other = train(0, 1)
    project(sweep, store)
    (later,) = train(2)
    files = {name: [tmp_path / name / "curves.png"] for name in (one, later)}
    for (path,) in files.values():
        path.parent.mkdir()
        path.write_bytes(path.parent.name.encode())
    assert log_trial_artifacts(sweep, store, files) == 1
    assert log_trial_artifacts(sweep, store, files) == 1, "in place of the first"
    rows, client = sweep.projections(store.target), MlflowClient(store.uri)
    assert [found.path for found in client.list_artifacts(rows[one].run_id)] == ["curves.png"]
    assert client.list_artifacts(rows[other].run_id) == []
    stored = tmp_path / "mlartifacts" / rows[one].run_id / "artifacts" / "curves.png"
    assert stored.read_text() == one
    with pytest.raises(TrackingError, match=r"there is no .*none\.png to attach"):
        log_trial_artifacts(sweep, store, {one: [tmp_path / "none.png"]})
    assert log_trial_artifacts(sweep, store, {}) == 0


def test_a_sweep_without_a_run_is_refused(sweep: Ledger, store: Store, tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="is not in the tracking store yet; project it first"):
        log_artifacts(sweep, store, tmp_path)


def test_a_file_that_is_not_there_is_said(sweep: Ledger, store: Store, tmp_path: Path) -> None:
    project(sweep, store)
    with pytest.raises(TrackingError, match=r"there is no .*none\.html to attach"):
        log_artifacts(sweep, store, [tmp_path / "none.html"])
