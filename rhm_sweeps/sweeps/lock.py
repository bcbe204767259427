"""One driver per sweep: an operating-system lock that dies with its process, and a note of who holds it."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from rhm_sweeps.errors import LockedError

FILE_NAME = "driver.lock"
PATIENCE_S = 0.3
"""`is_locked` holds the lock for a moment in other processes: that must not look like a driver."""


@contextmanager
def sweep_lock(folder: Path) -> Iterator[None]:
    """Hold the sweep of a folder.

    Raises:
        LockedError: naming host and process, if another process holds it. A lock left by a killed process does not count.
    """
    path = folder / FILE_NAME
    with path.open("a+") as file:
        if not _acquire(file):
            raise LockedError(f"sweep {folder.name} is already running: {_holder(path)}; wait for it or stop it first")
        file.truncate(0)
        file.write(json.dumps({"host": socket.gethostname(), "pid": os.getpid()}))
        file.flush()
        yield
        file.truncate(0)


def is_locked(folder: Path) -> bool:
    """Whether a process drives the sweep now."""
    try:
        with (folder / FILE_NAME).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # no such file: nobody ever drove it
        return False
    return False


def _acquire(file: IO[str]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        else:
            return True


def _holder(path: Path) -> str:
    try:
        note = json.loads(path.read_text())
        return f"process {note['pid']} on {note['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "by an unknown process"
