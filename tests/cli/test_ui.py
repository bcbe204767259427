"""`rhm-sweep ui`: the right sweep, the right store, and nothing left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from rhm_sweeps.cli.app import app
from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.errors import SweepError, TrackingError, UsageError
from rhm_sweeps.ledger import Ledger, MetricPoint, TrialRecord

runner = CliRunner()


def make_sweep(folder: Path, created_ms: int, **meta: object) -> None:
    """A finished sweep of two trials."""
    trials = [TrialConfig(), parse_trial({"training": {"train_size": 64}})]
    with Ledger(folder, create=True) as ledger:
        ledger.add_trials(TrialRecord(t.signature, i, "p", t.model_dump()) for i, t in enumerate(trials))
        ledger.set_state([t.signature for t in trials], "running")
        ledger.add_points(MetricPoint(t.signature, 1, {"train_loss": 1.5}, created_ms) for t in trials)
        ledger.set_state([t.signature for t in trials], "done")
        ledger.set_meta(name=folder.name, created_ms=created_ms, state="finished", **meta)


def test_without_sweeps_it_says_how_to_start_one(tmp_path: Path) -> None:
    result = runner.invoke(app, ["ui", "--results", str(tmp_path / "results")])
    assert isinstance(result.exception, UsageError)
    assert "start one with `rhm-sweep launch quickstart`" in str(result.exception)


def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    result = runner.invoke(app, ["ui", "../x", "--results", str(tmp_path)])
    assert isinstance(result.exception, UsageError)


def test_a_sweep_that_is_not_there(tmp_path: Path) -> None:
    result = runner.invoke(app, ["ui", "none", "--results", str(tmp_path)])
    assert isinstance(result.exception, SweepError)


def test_a_server_that_is_down_is_named_with_the_cure(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        uri = f"http://u:secret@127.0.0.1:{probe.getsockname()[1]}"
    make_sweep(tmp_path / "results" / "one", 1)
    result = runner.invoke(app, ["ui", "--results", str(tmp_path / "results"), "--tracking-uri", uri])
    assert isinstance(result.exception, TrackingError)
    assert "--tracking-uri" in str(result.exception)
    assert "secret" not in str(result.exception)


@pytest.mark.slow
def test_the_latest_sweep_is_shown_and_sent_first_if_the_store_lacks_it(tmp_path: Path) -> None:
    results = tmp_path / "results"
    make_sweep(results / "newest", 3000)
    make_sweep(results / "older", 2000)
    shown = runner.invoke(
        app, ["ui", "--results", str(results), "--print-only", "--port", "5055"], catch_exceptions=False
    )
    assert shown.exit_code == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:5055/#/experiments/1/runs\?viewStateShareKey=\S+\n", shown.stdout)
    assert "sending to MLflow" in shown.stderr
    again = runner.invoke(app, ["ui", "older", "--results", str(results), "--json"], catch_exceptions=False)
    document = json.loads(again.stdout)
    assert document["name"] == "older"
    assert document["url"] == document["pages"]["table"]
    assert set(document["pages"]) == {"table", "charts", "runs", "compare"}
    assert document["tracking_uri"] == f"sqlite:///{tmp_path}/mlflow.db"
    assert document["experiment"] == "rhm-sweeps"
    again = runner.invoke(app, ["ui", "--results", str(results), "--no-serve"], catch_exceptions=False)
    assert again.stdout == shown.stdout.replace("5055", "5000")
    assert again.stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_ui_is_served_until_it_is_ended_and_leaves_no_process(how: signal.Signals, tmp_path: Path) -> None:
    make_sweep(tmp_path / "results" / "one", 1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "rhm_sweeps", "ui", "--port", str(port)]
        with subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        ) as process:
            url = process.stdout.readline().strip()
            base = url.partition("/#/")[0]
            assert base.startswith("http://127.0.0.1:")
            assert base != f"http://127.0.0.1:{port}"
            assert "<title>MLflow</title>" in urllib.request.urlopen(base).read().decode()
            assert urllib.request.urlopen(f"{base}/health").read() == b"OK"
            members = psutil.Process(process.pid).children(recursive=True)
            sockets = [found for member in members for found in member.net_connections()]
            assert {found.laddr.ip for found in sockets if not found.raddr} == {"127.0.0.1"}
            os.killpg(process.pid, how)
            said = process.communicate(timeout=60)[1]
    assert f"port {port} is taken; serving on {base.rpartition(':')[2]} instead" in said
    assert f"compare {base}/#/compare-runs?runs=" in said
    assert process.returncode == (0 if how == signal.SIGINT else -signal.SIGKILL)
    assert "Traceback" not in said
    assert psutil.wait_procs(members, timeout=20)[1] == []
