"""Running `rhm-sweep` as a user does, and looking at the processes that it starts."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from rhm_sweeps.running.scratch import PREFIX

WORKERS = ("ray::PackTrainable", "ray::ResourceTrainable")
AGENTS = re.compile(
    r"^ray::(Dashboard|RuntimeEnv)Agent|/ray/dashboard/agent\.py|/ray/_private/runtime_env/agent/main\.py"
)
"""They notice only after a minute that the rest of their Ray was killed; they hold nothing. While they start they go by their file."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code (minus the signal if one killed it), standard output and standard error."""

    code: int
    out: str
    err: str


class Command:
    """A running `rhm-sweep`, in a process group of its own as a shell would start it."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        environment: dict[str, str] | None = None,
        cores: int | None = None,
        within: Sequence[str] = (),
    ) -> None:
        """Start it; `within` is what stands before it, such as `nsenter` and its options."""
        self._out, self._err = (folder / f".{name}-{time.monotonic_ns()}" for name in ("out", "err"))
        with self._out.open("w") as out, self._err.open("w") as err:
            self.process = psutil.Popen(
                [*within, sys.executable, "-m", "rhm_sweeps", *arguments],
                cwd=folder,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                process_group=0,
            )
        if cores:
            self.process.cpu_affinity(sorted(os.sched_getaffinity(0))[:cores])
        self.family: dict[psutil.Process, str] = {}
        """Every process that the command started, and its command line."""

    def look(self) -> None:
        """Take note of the processes that there are now."""
        with suppress(psutil.NoSuchProcess):
            for member in self.process.children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    line = " ".join(member.cmdline())
                    if not self.family.get(member, "").startswith(WORKERS):  # whose title changes when its pack is done
                        self.family[member] = line

    @property
    def workers(self) -> set[psutil.Process]:
        """The processes that ever trained."""
        return {member for member, line in self.family.items() if line.startswith(WORKERS)}

    def living_workers(self) -> list[psutil.Process]:
        """The workers that train now."""
        self.look()
        return [worker for worker in self.workers if is_alive(worker)]

    def wait_until(self, condition: Callable[[], bool], timeout_s: float = 90) -> None:
        """Wait for a condition while the command runs."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            self.look()
            ended = self.process.poll()
            assert ended is None, f"ended with {ended} before that: {self.err}"
            assert time.monotonic() < deadline, f"not within {timeout_s} s: {self.err}"
            time.sleep(0.05)

    def wait(self, timeout_s: float = 120) -> Ended:
        """Wait for the end of the command."""
        deadline = time.monotonic() + timeout_s
        while self.process.poll() is None:
            self.look()
            if time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"did not end within {timeout_s} s: {self.err}")
            time.sleep(0.05)
        return Ended(self.process.returncode, self._out.read_text(), self.err)

    @property
    def err(self) -> str:
        return self._err.read_text()

    def kill(self) -> None:
        """End the command as a power cut would, and wait until nothing of it is left."""
        self.look()
        with suppress(psutil.NoSuchProcess):
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.wait_until_nothing_is_left(AGENTS)

    def wait_until_nothing_is_left(self, but: re.Pattern[str] | None = None, timeout_s: float = 20) -> None:
        """Wait for the end of every process that the command started."""
        deadline = time.monotonic() + timeout_s
        mine = [member for member, line in self.family.items() if not (but and but.search(line))]
        while left := [member for member in mine if is_alive(member)]:
            assert time.monotonic() < deadline, f"still there: {[self.family[member][:80] for member in left]}"
            time.sleep(0.05)

    def scratch_folders(self) -> set[Path]:
        """The scratch folders that the command lines name."""
        return {Path(name) for line in self.family.values() for name in re.findall(rf"/\S*?/{PREFIX}\w+", line)}

    def listening(self) -> set[str]:
        """Addresses at which the command and its processes wait for connections."""
        self.look()
        addresses = set()
        for member in (self.process, *self.family):
            with suppress(psutil.NoSuchProcess):
                connections = member.net_connections()
                addresses |= {found.laddr.ip for found in connections if _waits(found)}
        return addresses


def _waits(found: psutil._common.sconn) -> bool:
    """A socket that anybody may write to: TCP that listens, or UDP without a partner."""
    unasked = found.type == socket.SOCK_DGRAM and bool(found.laddr) and not found.raddr
    return unasked or bool(found.status == psutil.CONN_LISTEN)


def run(folder: Path, *arguments: str, timeout_s: float = 120, environment: dict[str, str] | None = None) -> Ended:
    """Run a command to its end."""
    return Command(folder, *arguments, environment=environment).wait(timeout_s)


def is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
