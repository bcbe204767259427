"""Everything through a real MLflow server that keeps the artifacts itself."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs

import pandas as pd
import pytest
import requests
from mlflow import MlflowClient

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.tracking import metric_history
from rhm_sweeps.tracking.artifacts import log_artifacts
from rhm_sweeps.tracking.mlflow_results import results_from_mlflow
from rhm_sweeps.tracking.projection import is_behind, project
from rhm_sweeps.tracking.results import Results, results_from_ledger
from rhm_sweeps.tracking.store import Store
from rhm_sweeps.tracking.summaries import log_summaries
from rhm_sweeps.tracking.trial_summary import TrialSummary
from rhm_sweeps.tracking.ui import sweep_pages

pytestmark = pytest.mark.slow


class Server(Protocol):
    def start(self) -> Store: ...


def test_a_server_and_a_file_behave_alike(
    sweep: Ledger,
    train: Callable[..., list[str]],
    server: Server,
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    remote = server.start()
    train(0, 1)
    train(2, state="failed", reason="loss is NaN at step 16")
    train(3, upto=2, state="running")
    there = check_alike(sweep, remote, store, points=14)
    pd.testing.assert_frame_equal(there.trials, results_from_ledger(sweep.path.parent).trials)
    with monkeypatch.context() as patch:
        patch.setattr(metric_history, "BULK_VALUES", 1)  # too many for one answer
        pd.testing.assert_frame_equal(results_from_mlflow(remote, "small").points, there.points)
    assert capfd.readouterr() == ("", "")

    project(sweep, remote)
    (tmp_path / "report.html").write_text("<html>kept by the server</html>")
    log_artifacts(sweep, remote, [tmp_path / "report.html"], "report")
    (kept,) = (tmp_path / "proxied").rglob("report.html")
    assert kept.read_text() == "<html>kept by the server</html>"
    address = {"run_uuid": there.meta["parent_run_id"], "path": "report/report.html"}
    assert "kept by the server" in requests.get(f"{remote.uri}/get-artifact", address, timeout=10).text

    check_pages(sweep, remote, there)
    check_summaries(sweep, remote, store)


def check_alike(sweep: Ledger, remote: Store, store: Store, points: int) -> Results:
    """Both get all points, once, and give the same results, which are returned."""
    for target in (remote, store):
        assert project(sweep, target) == points
        assert project(sweep, target) == 0
        assert not is_behind(sweep, target)
    here, there = results_from_mlflow(store, "small"), results_from_mlflow(remote, "small")
    pd.testing.assert_frame_equal(there.trials, here.trials)
    pd.testing.assert_frame_equal(there.points, here.points)
    return there


def check_pages(sweep: Ledger, remote: Store, results: Results) -> None:
    """What the comparison page loads: itself, the runs, and the history of a metric."""
    url = sweep_pages(remote.uri, remote, "small", sweep).compare
    assert "<title>MLflow</title>" in requests.get(url, timeout=10).text
    run_ids = json.loads(parse_qs(url.partition("?")[2])["runs"][0])
    assert len(run_ids) == 4
    api = f"{remote.uri}/ajax-api/2.0/mlflow"
    run = requests.get(f"{api}/runs/get", {"run_id": run_ids[0]}, timeout=10).json()["run"]
    assert run["info"]["run_name"] in {f"P={size} seed_rules={seed}" for size in (64, 128) for seed in (0, 1)}
    query = {"run_ids": run_ids, "metric_key": "train_loss", "max_results": 320}
    history = requests.get(f"{api}/metrics/get-history-bulk-interval", query, timeout=10).json()["metrics"]
    assert sorted(row["value"] for row in history) == sorted(results.points["train_loss"])


def check_summaries(sweep: Ledger, remote: Store, store: Store) -> None:
    """A server gets the same summaries as a file, once."""
    names = [trial.signature for trial in sweep.trials()]
    told = {
        name: TrialSummary({"tau_rule_1": place + 1 / 3, "tau_mem_copies": math.nan}, {"rhm_sweep.regime": f"r{place}"})
        for place, name in enumerate(names)
    }
    for target in (remote, store):
        assert log_summaries(sweep, target, told) == 4
        assert log_summaries(sweep, target, told) == 0
        client = MlflowClient(target.uri)
        experiment = client.get_experiment_by_name(target.experiment).experiment_id
        runs = client.search_runs([experiment], "metrics.tau_rule_1 > 0", order_by=["metrics.tau_rule_1 ASC"])
        assert [run.data.tags["rhm_sweep.signature"] for run in runs] == names
        assert [run.data.metrics["tau_rule_1"] for run in runs] == [place + 1 / 3 for place in range(4)]
        assert [run.data.tags["rhm_sweep.regime"] for run in runs] == ["r0", "r1", "r2", "r3"]
