"""Running `rhm-sweep` as a user does, and looking at the processes that it starts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from rhm_sweeps.sweeps.scratch import PREFIX

WORKER = "ray::PackTrainable"


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code (minus the signal if one killed it), standard output and standard error."""

    code: int
    out: str
    err: str


class Command:
    """A running `rhm-sweep`, in a process group of its own as a shell would start it."""

    def __init__(self, folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> None:
        self._out, self._err = (folder / f".{name}-{time.monotonic_ns()}" for name in ("out", "err"))
        with self._out.open("w") as out, self._err.open("w") as err:
            self.process = psutil.Popen(
                [sys.executable, "-m", "rhm_sweeps", *arguments],
                cwd=folder,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                process_group=0,
            )
        self.family: set[psutil.Process] = set()
        self.workers: set[psutil.Process] = set()

    def look(self) -> None:
        """Take note of the processes that there are now."""
        with suppress(psutil.NoSuchProcess):
            self.family |= set(self.process.children(recursive=True))
        for member in self.family - self.workers:
            with suppress(psutil.NoSuchProcess):
                if member.cmdline()[:1] and member.cmdline()[0].startswith(WORKER):
                    self.workers.add(member)

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
        self.wait_until_nothing_is_left()

    def wait_until_nothing_is_left(self, timeout_s: float = 20) -> None:
        """Wait for the end of every process that the command started."""
        deadline = time.monotonic() + timeout_s
        while left := [member for member in self.family if is_alive(member)]:
            assert time.monotonic() < deadline, f"still there: {[' '.join(member.cmdline())[:80] for member in left]}"
            time.sleep(0.05)


def run(folder: Path, *arguments: str, timeout_s: float = 120, environment: dict[str, str] | None = None) -> Ended:
    """Run a command to its end."""
    return Command(folder, *arguments, environment=environment).wait(timeout_s)


def is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def scratch_folders(base: Path = Path("/tmp")) -> Sequence[Path]:
    """The scratch folders of running sweeps, and those that were left."""
    return sorted(base.glob(f"{PREFIX}*"))
