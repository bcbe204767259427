"""A real MLflow server that fails while a sweep runs: training goes on, and in the end MLflow has everything once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from rhm_sweeps.errors import TrackingError
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.sweeps import session
from rhm_sweeps.tracking.projection import is_behind
from rhm_sweeps.tracking.server import HOST, free_port, serve
from rhm_sweeps.tracking.store import Store, resolve_store
from rhm_sweeps.tracking.writer import Writer

from ..tracking.conftest import MlflowServer
from .conftest import Report, Stages
from .interrupted_run import breaking
from .stage import NAME, Stage, ended_well
from .test_signals import STEP_S
from .unreliable_proxy import BLACK_HOLE, DROP_ANSWER, REFUSE, SLOW, UnreliableProxy

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

REQUEST_TIMEOUT_S = 5


@dataclass(frozen=True)
class Service:
    """A server on a store of its own, behind a proxy."""

    proxy: UnreliableProxy
    database: Path

    @property
    def uri(self) -> str:
        return f"http://{HOST}:{self.proxy.port}"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, put_mlflow: Callable[[Path], None]) -> Iterator[Service]:
    path = tmp_path_factory.mktemp("server")
    put_mlflow(path)
    backend, port = resolve_store(None, "unused", path), free_port(0)
    with serve(backend, port), UnreliableProxy(port).running() as proxy:
        yield Service(proxy, path / "mlflow.db")


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", str(REQUEST_TIMEOUT_S))
    monkeypatch.setattr(session, "FLUSH_TIMEOUT_S", 1.0)
    monkeypatch.setattr(session, "Writer", partial(Writer, interval_s=0.05))


def until_tracked(made: Stage, store: Store) -> float:
    """Go on with the sweep until the store has everything, and return the seconds that it took."""
    begun = time.monotonic()
    with Ledger(made.folder.path) as ledger:
        while is_behind(ledger, store):
            with suppress(TrackingError):  # a busy server may be late once more
                made.here(again=True)
            assert time.monotonic() < begun + 90
    return time.monotonic() - begun


FAULTS = [
    ("MLflow refused", REFUSE, "connections were refused"),
    ("MLflow black-holed", BLACK_HOLE, "connections were taken and never answered"),
    ("MLflow slow", SLOW, "each answer came half a second late"),
    ("MLflow drops answers", DROP_ANSWER, "requests were carried out and their answers lost"),
]


@pytest.mark.parametrize(("fault", "mode", "happened"), FAULTS, ids=[name for name, _, _ in FAULTS])
def test_training_goes_on(
    fault: str, mode: str, happened: str, service: Service, stage: Stages, watched: None, report: Report
) -> None:
    made = stage(4, steps="{grid: [64]}")

    def fail() -> None:
        time.sleep(0.3)  # so that the writer is in the middle
        service.proxy.mode, service.proxy.failed = mode, 0

    ended = made.here(run=breaking(fail, after=3), tracking_uri=service.uri, experiment=fault)
    assert ended.outcome.done == 4
    assert ended.seconds < 10
    assert ended.tracked <= (mode == SLOW)
    assert service.proxy.failed > 0 or mode == REFUSE
    service.proxy.heal()
    recovery_s = until_tracked(made, ended.store)
    oracle = replace(made.oracle, store=service.database, experiment=fault)
    record = report(oracle.look(fault, f"{happened}; `resume` sent the rest", (), recovery_s))
    assert record.done == 4
    assert record.steps_redone == 0


@pytest.mark.parametrize(("fault", "mode", "happened"), FAULTS, ids=[name for name, _, _ in FAULTS])
def test_the_command_trains_on(
    fault: str, mode: str, happened: str, service: Service, stage: Stages, report: Report
) -> None:
    """Where the fault ends with the sweep; what MLflow lacks then, the command says."""
    made, experiment = stage(2, steps="{grid: [1500, 1501]}"), f"{fault} under the command"
    command = made.start(
        "launch", f"{NAME}.yaml", "--tracking-uri", service.uri, "--experiment", experiment, step_s=STEP_S
    )
    made.wait_for_step(command, 1500)
    service.proxy.mode, service.proxy.failed = mode, 0
    ended = ended_well(command)
    lacks = "the tracking store does not have everything yet; `rhm-sweep resume` sends the rest"
    assert lacks in ended.err or mode in (SLOW, DROP_ANSWER), ended.err
    assert service.proxy.failed > 0 or mode == REFUSE
    service.proxy.heal()
    begun = time.monotonic()
    again = ended_well(made.start("resume", NAME))
    assert lacks not in again.err
    oracle = replace(made.oracle, store=service.database, experiment=experiment)
    codes, recovered_s = (ended.code, again.code), time.monotonic() - begun
    happened = f"the same under the command: {happened} to its end; `resume` sent the rest"
    record = report(oracle.look(experiment, happened, made.commands, recovered_s, codes))
    assert (record.done, record.steps_redone) == (4, 0)


def test_the_server_is_killed_and_started_again(
    stage: Stages, watched: None, report: Report, tmp_path: Path, put_mlflow: Callable[[Path], None]
) -> None:
    (tmp_path / "server").mkdir()
    put_mlflow(tmp_path / "server")
    server = MlflowServer(resolve_store(None, "unused", tmp_path / "server"))
    made, store = stage(4, steps="{grid: [64]}"), server.start()
    try:
        ended = made.here(run=breaking(server.kill, after=3), tracking_uri=store.uri, experiment=store.experiment)
        assert (ended.outcome.done, ended.tracked) == (4, False)
        server.start()
        recovery_s = until_tracked(made, store)
    finally:
        server.kill()
    oracle = replace(made.oracle, store=tmp_path / "server" / "mlflow.db", experiment=store.experiment)
    happened = "the server was killed in the middle and started again; `resume` sent the rest"
    assert report(oracle.look("MLflow killed and restarted", happened, (), recovery_s)).done == 4
