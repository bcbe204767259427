"""Nodes of a Ray cluster as `ray start --block` makes them, each with one core, all on this machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

HOST = "127.0.0.1"
MEMORY = 2 * 2**30
SEVERAL = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "1"}
"""For a sweep on one machine `rhm_sweeps.running` forbids it, to this process and all that it starts."""


def free_port() -> int:
    """One that nobody listens at."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class RayNode:
    """A `ray start --block`, whose log is a file of the folder; the head if it is at no other's address."""

    def __init__(self, folder: Path, name: str, port: int, environment: Mapping[str, str], *, head: bool) -> None:
        self.address, self.log = f"{HOST}:{port}", folder / f"{name}.log"
        self._scratch = tempfile.mkdtemp(prefix="ray-", dir="/tmp") if head else ""  # sockets have short names only
        alone = [f"--port={port}", "--include-dashboard=false", f"--temp-dir={self._scratch}"]
        place = ["--head", *alone] if head else [f"--address={self.address}"]
        with self.log.open("w") as log:
            self.process = psutil.Popen(
                [
                    str(Path(sys.executable).with_name("ray")), "start", "--block", *place, f"--node-ip-address={HOST}",
                    "--num-cpus=1", f"--memory={MEMORY}", "--object-store-memory=100000000", "--disable-usage-stats",
                ],
                env={**os.environ, **SEVERAL, **environment},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    @property
    def is_up(self) -> bool:
        """Whether it says so."""
        return "Ray runtime started" in self.log.read_text()

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
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)
