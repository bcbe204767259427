"""A sweep tracked by a real MLflow server before a real PostgreSQL: its driver is killed, and MLflow has everything once.

Its outputs are the transcript of docs/mlflow.md, which it writes anew if POSTGRES_PAGE names that file.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from mlflow import MlflowClient

from rhm_sweeps.tracking.runs import SIGNATURE
from rhm_sweeps.tracking.server import HOST, free_port, serve
from rhm_sweeps.tracking.store import Store

from ..postgres import PSQL, needs_postgres, running_postgres
from .conftest import Report, Stages
from .stage import NAME, ended_well, recovery_s
from .test_signals import INTERVAL, STEP_S, steps_at_risk
from .transcript import Transcript

pytestmark = [pytest.mark.long, pytest.mark.timeout(900), needs_postgres]

PAGE, THIS = "POSTGRES_PAGE", "tests/faults/test_postgres.py"
EXPERIMENT = "shared"
COUNT = "SELECT status, count(*) FROM runs GROUP BY status"


@dataclass(frozen=True)
class Service:
    """A server that keeps artifacts in a folder, and the address of its database."""

    uri: str
    database: str
    kept: Path

    def psql(self, query: str) -> str:
        """What PostgreSQL's own client prints."""
        return subprocess.check_output([str(PSQL), self.database, "-c", query], text=True)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    port, kept = free_port(0), tmp_path / "kept"
    with running_postgres() as database, serve(Store(database, "unused", kept.as_uri()), port):
        yield Service(f"http://{HOST}:{port}", database, kept)


def test_a_sweep_tracked_in_postgresql(service: Service, stage: Stages, report: Report) -> None:
    made = stage(2, steps="{grid: [64, 2000]}")
    words = ("launch", f"{NAME}.yaml", "--tracking-uri", service.uri, "--experiment", EXPERIMENT, *INTERVAL)
    command = made.start(*words, step_s=STEP_S)
    shown = Transcript(made.path, command, THIS)
    made.wait_for_step(command, 2000)
    codes = [made.kill(command)]
    typed = f"rhm-sweep {' '.join(words)} &"
    kept = f"--artifacts-destination /kept --port {service.uri.rpartition(':')[2]}"
    server = f"mlflow server --backend-store-uri postgresql://rhm:...@{HOST}/postgres {kept} &"
    shown.add("the driver is killed in the middle", server, typed, "kill -9 $!")

    command = made.start("resume", NAME, *INTERVAL, step_s=STEP_S)
    shown.goes_on(command)
    recovered_s = recovery_s(made.oracle, command)
    codes.append(ended_well(command).code)
    shown.add("the rest", f"rhm-sweep resume {NAME} {' '.join(INTERVAL)}")
    shown.lines += ["", "# the sweep's own run, and four trials", f'$ psql -c "{COUNT}"']
    shown.say(service.psql(COUNT))

    oracle = replace(made.oracle, store=service.database, experiment=EXPERIMENT)
    happened = "the driver was killed while a server before PostgreSQL had some of it; `resume`"
    record = report(oracle.look("driver SIGKILL, PostgreSQL", happened, made.commands, recovered_s, codes))
    shown.lines += ["", "# what an oracle outside the product has counted"]
    shown.say(record.line())
    if page := os.environ.get(PAGE):
        shown.write(Path(page))
    assert record.done == 4
    assert record.steps_redone <= steps_at_risk(1)
    over_http(service, made.folder.report / "report.html")


def over_http(service: Service, report_page: Path) -> None:
    """The server tells the same, and keeps what it was sent."""
    client = MlflowClient(service.uri)
    found = client.get_experiment_by_name(EXPERIMENT)
    assert found is not None
    runs = client.search_runs([found.experiment_id])
    trials = [run for run in runs if SIGNATURE in run.data.tags]
    assert [run.info.status for run in runs] == ["FINISHED"] * 5
    assert {run.data.params["training.steps"] for run in trials} == {"64", "2000"}
    assert all("test_loss" in run.data.metrics for run in trials)
    (page,) = service.kept.rglob("report.html")
    assert page.read_text() == report_page.read_text()
