"""A private folder for what nobody needs afterwards, gone at the end; a killed process's folder goes with the next one's."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "rhm-sweep-"
LONGEST_BASE = 22
"""Ray puts sockets with names of 64 characters two levels below the folder, and a socket's path has at most 107."""
SETTLED_S = 60.0
_own: set[Path] = set()
"""The folders of this process."""


@contextmanager
def scratch_folder(*, for_sockets: bool = True) -> Iterator[Path]:
    """Yield a new folder for this user alone, locked as long as this process lives; its path is short if sockets come into it."""
    base = Path(tempfile.gettempdir())
    base = Path("/tmp") if for_sockets and len(str(base)) > LONGEST_BASE else base
    _remove_abandoned(base)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    _own.add(folder)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _own.discard(folder)
        os.close(descriptor)


def remove_own() -> None:
    """Remove the folders of this process, which ends at once; what processes that end with it still write goes with the next one's."""
    for folder in tuple(_own):
        shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned(base: Path) -> None:
    """Remove the folders whose process is gone; a folder may be young and its lock not taken yet."""
    for folder in base.glob(f"{PREFIX}*"):
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if time.time() - os.fstat(descriptor).st_mtime > SETTLED_S:
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)
