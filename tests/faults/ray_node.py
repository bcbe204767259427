"""Nodes of a Ray cluster as `ray start --block` makes them, each with one core, on this machine or in namespaces of it."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from .network import Host

HOST = "127.0.0.1"
MEMORY = 2 * 2**30
TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
"""What lets a process into the clusters of this run."""
SEVERAL = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "1"}
"""For a sweep on one machine `rhm_sweeps.running` forbids it, to this process and all that it starts."""


def free_port() -> int:
    """One that nobody listens at."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class RayNode:
    """A `ray start --block`, whose log is a file of the folder; the head if it is at no other's address."""

    def __init__(
        self,
        folder: Path,
        name: str,
        port: int,
        environment: Mapping[str, str],
        *,
        head: bool,
        head_ip: str = HOST,
        host: Host | None = None,
        labels: str = "",
    ) -> None:
        self.address, self.log = f"{head_ip}:{port}", folder / f"{name}.log"
        # Sockets have short names only. Nodes of one address share the folder of their head.
        self.scratch = tempfile.mkdtemp(prefix="ray-", dir="/tmp") if head or host else ""
        place = ["--head", f"--port={port}", "--include-dashboard=false"] if head else [f"--address={self.address}"]
        place += [f"--temp-dir={self.scratch}"] if self.scratch else []
        place += [f"--labels={labels}"] if labels else []
        with self.log.open("w") as log:
            self.process = psutil.Popen(
                [
                    *(host.within if host else ()), str(Path(sys.executable).with_name("ray")), "start", "--block",
                    *place, f"--node-ip-address={host.ip if host else HOST}",
                    "--num-cpus=1", f"--memory={MEMORY}", "--object-store-memory=100000000", "--disable-usage-stats",
                ],
                env={**os.environ, **SEVERAL, **TOKEN, **environment},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def wait_until_up(self, timeout_s: float) -> None:
        """Wait until it says so."""
        deadline = time.monotonic() + timeout_s
        while "Ray runtime started" not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.2)

    def tell_to_leave(self) -> None:
        """What Kubernetes and Slurm do; Ray then drains the node, for 30 s at most."""
        self.process.terminate()

    def wait(self, timeout_s: float) -> None:
        """Wait until it has ended."""
        self.process.wait(timeout_s)

    def kill(self) -> None:
        """End all of it at once, as a power cut would."""
        family = []
        with suppress(psutil.NoSuchProcess):
            family = [self.process, *self.process.children(recursive=True)]
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        self.process.wait(30)
        if self.scratch:
            shutil.rmtree(self.scratch, ignore_errors=True)
