"""The background writer: up to date while a sweep runs, and indifferent to a store that comes and goes."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest
from mlflow import MlflowClient

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.tracking.projection import is_behind, project
from rhm_sweeps.tracking.store import Store
from rhm_sweeps.tracking.writer import Writer

pytestmark = pytest.mark.slow

Train = Callable[..., list[str]]


class Server(Protocol):
    def start(self) -> Store: ...
    def kill(self) -> None: ...


def until(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def metric_count(store: Store) -> int:
    """Metric values in the store, counted through MLflow's interface."""
    client = MlflowClient(store.uri)
    runs = client.search_runs([client.get_experiment_by_name(store.experiment).experiment_id])
    return sum(len(client.get_metric_history(run.info.run_id, name)) for run in runs for name in run.data.metrics)


FINITE_PER_TRIAL = 4 + 4 + 3  # train_loss and validity_1 at four steps, copies at three of them


def test_the_store_follows_and_is_complete_when_closed(sweep: Ledger, train: Train, store: Store) -> None:
    writer = Writer(sweep.path.parent, store, interval_s=0.05)
    writer.start()
    train(0, upto=2, state="running")
    until(lambda: not is_behind(sweep, store))
    train(0, 1)
    sweep.set_meta(state="finished")
    assert writer.close(30)
    assert writer.last_error is None
    assert not is_behind(sweep, store)
    assert metric_count(store) == 2 * FINITE_PER_TRIAL
    assert writer.busy_s > 0


def test_a_store_that_is_down_delays_nobody(sweep: Ledger, train: Train, store: Store) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        down = Store(f"http://user:secret@127.0.0.1:{probe.getsockname()[1]}", "x")
    started = time.monotonic()
    writer = Writer(sweep.path.parent, down, interval_s=0.05)
    writer.start()
    train(0, 1)
    until(lambda: writer.last_error is not None, 20)
    assert not writer.close(0.5)
    assert time.monotonic() - started < 10
    assert "***@127.0.0.1" in writer.last_error
    assert "secret" not in writer.last_error
    assert project(sweep, store) == 8


BEGIN = """
import sys, time
from pathlib import Path
from rhm_sweeps.tracking.store import resolve_store
from rhm_sweeps.tracking.writer import Writer

writer = Writer(Path(sys.argv[1]), resolve_store(None, None, Path.cwd()))
writer.start()
time.sleep(0.5)
print("mlflow" in sys.modules, writer.close(60), "mlflow" in sys.modules)
"""


def test_mlflow_is_imported_after_the_first_packs_or_when_there_is_no_more_to_wait_for(
    sweep: Ledger, train: Train, store: Store, tmp_path: Path
) -> None:
    train(0)
    words = [sys.executable, "-c", BEGIN, str(sweep.path.parent)]
    said = subprocess.run(words, cwd=tmp_path, capture_output=True, check=True, text=True).stdout
    assert said == "False True True\n"
    assert not is_behind(sweep, store)


def test_a_folder_that_vanishes_does_not_end_the_program(sweep: Ledger, store: Store) -> None:
    writer = Writer(sweep.path.parent / "none", store, interval_s=0.05)
    writer.start()
    until(lambda: writer.last_error is not None, 20)
    assert "there is no sweep in" in writer.last_error
    assert not writer.close(0.2)


def test_a_server_that_is_killed_and_comes_back_gets_everything_once(
    sweep: Ledger, train: Train, server: Server
) -> None:
    store = server.start()
    writer = Writer(sweep.path.parent, store, interval_s=0.05)
    writer.start()
    train(0, 1, upto=2, state="running")
    until(lambda: not is_behind(sweep, store))
    server.kill()
    train(0)
    until(lambda: writer.last_error is not None)
    assert server.start() == store
    train(1, 2)
    train(3, state="failed", reason="loss is NaN at step 16")
    sweep.set_meta(state="failed")
    assert writer.close(60)
    assert metric_count(store) == 4 * FINITE_PER_TRIAL
    client = MlflowClient(store.uri)
    runs = client.search_runs([client.get_experiment_by_name(store.experiment).experiment_id])
    assert sorted(run.info.status for run in runs) == ["FAILED", "FAILED", "FINISHED", "FINISHED", "FINISHED"]
