"""deploy/slurm.sh, with an srun that runs its command here, so that both nodes are this machine. Ray and the sweep are real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from rhm_sweeps.ledger import FILE_NAME, Ledger

from ..tiny_sweeps import tiny_yaml

pytestmark = [pytest.mark.slow, pytest.mark.long]

REPOSITORY = Path(__file__).parents[2]
JOB = str(os.getpid())
SRUN = """#!/usr/bin/env bash
echo "$*" >> "$SLURM_SUBMIT_DIR/srun"
while [[ "$1" == --* ]]; do shift; done
exec "$@"
"""
SCONTROL = """#!/usr/bin/env bash
if [ "$1" = show ]; then printf 'node1\\nnode2\\n'; else echo "$*" >> "$SLURM_SUBMIT_DIR/scontrol"; fi
"""


@pytest.fixture
def submitted(tmp_path: Path) -> Path:
    """A folder as that of a checkout, with Slurm's commands on PATH."""
    (tmp_path / "deploy").symlink_to(REPOSITORY / "deploy")
    (tmp_path / "tiny.yaml").write_text(tiny_yaml("tiny", {"training.train_size": [4, 8]}, steps=10_000_000))
    commands = tmp_path / ".venv" / "bin"
    commands.mkdir(parents=True)
    for name, text in {"srun": SRUN, "scontrol": SCONTROL}.items():
        (commands / name).write_text(text)
        (commands / name).chmod(0o755)
    return tmp_path


def start(folder: Path) -> psutil.Popen:
    slurm = {
        "SLURM_SUBMIT_DIR": str(folder),
        "SLURM_JOB_ID": JOB,
        "SLURM_JOB_NODELIST": "node[1-2]",
        "SLURM_NNODES": "2",
        "SLURM_CPUS_PER_TASK": "1",
        "SPACE": "tiny.yaml",
        "NAME": "mine",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    without_ray = {
        name: value for name, value in os.environ.items() if not name.startswith("RAY_")
    }  # as in a login shell
    with (folder / "log").open("a") as log:
        script = ["bash", str(REPOSITORY / "deploy" / "slurm.sh")]
        return psutil.Popen(script, env=without_ray | slurm, stdout=log, stderr=log, start_new_session=True)


def wait_for(condition: Callable[[], bool], process: psutil.Popen, log: Path, timeout_s: float = 90) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def points(folder: Path) -> int:
    path = folder / "results" / "mine"
    if not (path / FILE_NAME).exists():
        return 0
    with Ledger(path) as ledger:
        return sum(1 for _ in ledger.points())


def test_a_job_that_nears_its_limit_saves_and_is_queued_again(submitted: Path) -> None:
    log = submitted / "log"
    first = start(submitted)
    wait_for(lambda: points(submitted) > 0, first, log)
    family = first.children(recursive=True)
    first.send_signal(signal.SIGTERM)
    assert first.wait(60) == 143, log.read_text()
    assert (submitted / "scontrol").read_text() == f"requeue {JOB}\n"
    psutil.wait_procs(family, timeout=10)
    assert [process for process in family if process.is_running()] == [], log.read_text()
    assert "node1" in (submitted / "srun").read_text().splitlines()[0]
    assert "--exclude=node1" in (submitted / "srun").read_text().splitlines()[1]
    with Ledger(submitted / "results" / "mine") as ledger:
        assert ledger.counts()["pending"] == 2
    assert not Path(f"/tmp/ray-{JOB}").exists()

    recorded = drive(submitted, "mine")
    assert recorded.startswith("resume mine --results ")
    assert drive(submitted, "another").startswith("launch tiny.yaml --set name=another --yes --results ")
    assert recorded.endswith(" --address auto --pools pools.yaml")


def drive(folder: Path, name: str) -> str:
    """What deploy/drive.sh would run: all but `status` is only written down."""
    recorder = folder / ".venv" / "bin" / "rhm-sweep"
    real = Path(sys.executable).with_name("rhm-sweep")
    recorder.write_text(f'#!/bin/sh\n[ "$1" != status ] || exec {real} "$@"\necho "$@"\n')
    recorder.chmod(0o755)
    call = [REPOSITORY / "deploy" / "drive.sh", "tiny.yaml", name, "results", "auto", "--pools", "pools.yaml"]
    environment = os.environ | {"PATH": f"{recorder.parent}:{os.environ['PATH']}"}
    return subprocess.check_output(call, cwd=folder, env=environment, text=True).strip()
