"""A node of a Ray cluster on this machine that sees an empty folder where others have the results."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

MOUNTS = ("unshare", "--map-root-user", "--mount")


def can_unshare() -> bool:
    """Whether this machine lets a process have mounts of its own."""
    try:
        return subprocess.run([*MOUNTS, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def of_a_shell(environment: Mapping[str, str]) -> dict[str, str]:
    """Without what this package sets for a Ray of its own, which no other node may join; with the cluster's token, if it has one."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith("RAY_") or name.startswith("RAY_AUTH_")
    }


class UnsharedNode:
    """`ray start` in a namespace of its own, with an empty file system over a folder."""

    def __init__(self, address: str, folder: Path, environment: Mapping[str, str], *resources: str) -> None:
        ray = str(Path(sys.executable).with_name("ray"))
        start = [ray, "start", f"--address={address}", "--block", "--disable-usage-stats", *resources]
        hide = 'mount -t tmpfs none "$0" && exec "$@"'
        self.process = psutil.Popen(
            [*MOUNTS, "sh", "-c", hide, str(folder), *start],
            env={**of_a_shell(os.environ), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        """End it as a power cut would."""
        with suppress(psutil.NoSuchProcess):
            family = [self.process, *self.process.children(recursive=True)]
            for member in family:
                with suppress(psutil.NoSuchProcess):
                    member.kill()
            psutil.wait_procs(family, timeout=10)
        self.process.wait()

    def wait_until(self, condition: Callable[[], bool], timeout_s: float = 180) -> None:
        """Wait for what the node's coming or going brings about."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, f"not within {timeout_s} s"
            time.sleep(0.5)

    def sees(self, folder: Path) -> Iterator[Path]:
        """What is in a folder for the node's processes."""
        return Path(f"/proc/{self.process.pid}/root{folder}").iterdir()
