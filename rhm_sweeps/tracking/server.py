"""MLflow's server for a store, on this machine only, ended with this process however that ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from rhm_sweeps.credentials import redact
from rhm_sweeps.errors import TrackingError
from rhm_sweeps.tracking import watchdog
from rhm_sweeps.tracking.store import Store

HOST = "127.0.0.1"
START_TIMEOUT_S = 120


def free_port(preferred: int) -> int:
    """The preferred port if nobody listens on it, else one that is free."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise TrackingError(f"no port of {HOST} is free")


def serve_command(port: int) -> list[str]:
    """The command that runs MLflow's server on this machine only; `serve_environment` says on which store."""
    return [sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port), "--workers", "1"]


def serve_environment(store: Store) -> dict[str, str]:
    """Settings of the server: not arguments, since the store's password would show in the list of processes."""
    return {
        "MLFLOW_BACKEND_STORE_URI": store.uri,
        "MLFLOW_ARTIFACTS_DESTINATION": store.artifact_root or "",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


@contextmanager
def serve(store: Store, port: int, timeout_s: float = START_TIMEOUT_S) -> Iterator[subprocess.Popen[bytes]]:
    """Run MLflow's server until the block ends; the block begins when it answers.

    Raises:
        TrackingError: if it does not answer in time, with the end of what it said.
    """
    command = [sys.executable, "-m", watchdog.__name__, *serve_command(port)]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ | serve_environment(store),
            start_new_session=True,
        )
        try:
            _wait_for_answer(process, port, timeout_s, log)
            yield process
        finally:
            if process.stdin is not None:
                process.stdin.close()
            process.wait(3 * watchdog.GRACE_S)


def _wait_for_answer(process: subprocess.Popen[bytes], port: int, timeout_s: float, log: IO[bytes]) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + timeout_s
    while process.poll() is None and time.monotonic() < deadline:
        try:
            opener.open(f"http://{HOST}:{port}/health", timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    log.seek(0)
    said = redact(log.read().decode(errors="replace").strip())[-2000:]
    raise TrackingError(f"MLflow's server on {HOST}:{port} did not start; it said:\n{said}")
