"""MLflow's server for a store: it answers on this machine only, and nothing of it outlives its starter."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from rhm_sweeps.errors import TrackingError
from rhm_sweeps.tracking import watchdog
from rhm_sweeps.tracking.server import free_port, serve, serve_command, serve_environment
from rhm_sweeps.tracking.store import Store


def test_a_port_that_is_taken_is_replaced() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        found = free_port(taken)
        assert found != taken
    assert free_port(found) == found


def test_the_command_shows_no_password_and_binds_to_this_machine() -> None:
    store = Store("postgresql://u:secret@host/db", "x", "file:///files")
    assert "secret" not in " ".join(serve_command(5001))
    assert serve_command(5001)[-6:] == ["--host", "127.0.0.1", "--port", "5001", "--workers", "1"]
    assert serve_environment(store)["MLFLOW_BACKEND_STORE_URI"] == store.uri
    assert serve_environment(store)["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"


FAMILY = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)']); {}"


def watched(code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", watchdog.__name__, sys.executable, "-c", code], stdin=subprocess.PIPE
    )


def family(process: subprocess.Popen[bytes], count: int) -> list[psutil.Process]:
    for _ in range(500):
        found = psutil.Process(process.pid).children(recursive=True)
        if len(found) == count:
            return found
        time.sleep(0.02)
    raise AssertionError(found)


@pytest.mark.slow
def test_the_watchdog_ends_children_and_grandchildren_when_its_input_closes() -> None:
    with watched(FAMILY.format("time.sleep(99)")) as process:
        members = family(process, 2)
        process.stdin.close()
        assert process.wait(20) != 0
    assert psutil.wait_procs(members, timeout=10)[1] == []


@pytest.mark.slow
def test_nothing_outlives_a_starter_that_was_killed() -> None:
    command = [sys.executable, "-m", watchdog.__name__, sys.executable, "-c", FAMILY.format("time.sleep(99)")]
    code = f"import subprocess, time; child = subprocess.Popen({command}, stdin=subprocess.PIPE); time.sleep(99)"
    with subprocess.Popen([sys.executable, "-c", code]) as starter:
        members = family(starter, 3)
        starter.kill()
    assert psutil.wait_procs(members, timeout=20)[1] == []


@pytest.mark.slow
def test_the_watchdog_ends_with_its_child_and_takes_the_rest_along() -> None:
    with watched(FAMILY.format("time.sleep(3); sys.exit(7)")) as process:
        members = family(process, 2)
        assert process.wait(20) == 7
    assert psutil.wait_procs(members, timeout=10)[1] == []


@pytest.mark.slow
def test_the_server_answers_here_and_ends_without_a_trace(store: Store) -> None:
    port = free_port(0)
    with serve(store, port) as process:
        members = psutil.Process(process.pid).children(recursive=True)
        url = f"http://127.0.0.1:{port}/api/2.0/mlflow/experiments/search?max_results=10"
        names = [found["name"] for found in json.load(urllib.request.urlopen(url))["experiments"]]
        assert "unused" in names
        bound = {c.laddr for member in members for c in member.net_connections() if c.status == psutil.CONN_LISTEN}
        assert {address.ip for address in bound} == {"127.0.0.1"}
        assert "mlflow server" in " ".join(" ".join(member.cmdline()) for member in members)
    assert psutil.wait_procs(members, timeout=10)[1] == []
    assert process.returncode is not None


@pytest.mark.slow
def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(TrackingError, match=r"(?s)did not start; it said:\n.*nonsense"),
        serve(Store("nonsense://x", "x", tmp_path.as_uri()), free_port(0)),
    ):
        pass
