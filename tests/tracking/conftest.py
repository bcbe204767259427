"""Sweeps with made-up metrics, and tracking stores of real MLflow."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from rhm_sweeps.config import TrialConfig, parse_trial
from rhm_sweeps.ledger import Ledger, MetricPoint, TrialRecord
from rhm_sweeps.tracking.server import free_port, serve
from rhm_sweeps.tracking.store import Store, resolve_store

CREATED_MS = 1_700_000_000_000
STEPS = (1, 2, 4, 8)


def config(train_size: int, seed_rules: int) -> TrialConfig:
    return parse_trial({"training": {"train_size": train_size}, "grammar": {"seed_rules": seed_rules}})


def point(signature: str, step: int) -> MetricPoint:
    """Metrics that tell every (trial, step) from every other, one of them not a number."""
    value = int(signature, 16) % 97 + 1 / step
    metrics = {
        "train_loss": value,
        "test_loss": math.nan,
        "validity_1": 1 - 1 / step,
        "copies": math.inf if step == 1 else 0.1,
    }
    return MetricPoint(signature, step, metrics, CREATED_MS + 1000 * step)


@pytest.fixture
def sweep(tmp_path: Path) -> Iterator[Ledger]:
    """A planned sweep of four trials: two training-set sizes, two grammars."""
    with Ledger(tmp_path / "results" / "small", create=True) as ledger:
        configs = [config(size, seed) for size in (64, 128) for seed in (0, 1)]
        ledger.add_trials(
            TrialRecord(found.signature, position, f"pack-{position // 2}", found.model_dump())
            for position, found in enumerate(configs)
        )
        ledger.set_meta(name="small", created_ms=CREATED_MS, state="running", version="0.0.9", git_commit="0123abc")
        yield ledger


@pytest.fixture
def train(sweep: Ledger) -> Callable[..., list[str]]:
    """Move the trials at some positions on: their points up to a step, and their state."""

    def move(*positions: int, upto: int = STEPS[-1], state: str = "done", reason: str = "") -> list[str]:
        signatures = [sweep.trials()[position].signature for position in positions]
        sweep.set_state(signatures, "running")
        sweep.add_points(point(signature, step) for step in STEPS if step <= upto for signature in signatures)
        if state != "running":
            sweep.set_state(signatures, state, reason)
        return signatures

    return move


@pytest.fixture
def store(mlflow_folder: Path) -> Store:
    return resolve_store(None, None, mlflow_folder)


@pytest.fixture
def by_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything goes through MLflow's client, as with a server."""
    monkeypatch.setattr("rhm_sweeps.tracking.session.open_tables", lambda *_: None)


@pytest.fixture(params=["tables", "client"])
def way(request: pytest.FixtureRequest) -> str:
    """Both ways to write: straight into MLflow's tables, and through its client."""
    if request.param == "client":
        request.getfixturevalue("by_client")
    return request.param


class MlflowServer:
    """A real MLflow server on one port that can be killed and started again; it keeps the artifacts itself."""

    def __init__(self, backend: Store) -> None:
        self._backend = backend
        self._port = free_port(0)
        self._running = ExitStack()

    def start(self) -> Store:
        self._process = self._running.enter_context(serve(self._backend, self._port))
        return Store(f"http://127.0.0.1:{self._port}", "over-http")

    def kill(self) -> None:
        for member in psutil.Process(self._process.pid).children(recursive=True):
            member.kill()
        self._running.close()


@pytest.fixture
def server(store: Store, tmp_path: Path) -> Iterator[MlflowServer]:
    made = MlflowServer(Store(store.uri, "unused", (tmp_path / "proxied").as_uri()))
    yield made
    made._running.close()
