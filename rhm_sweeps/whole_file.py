"""Files that are whole or not there: written aside, synced, renamed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def written_aside(path: Path, synced: bool = True) -> Iterator[IO[bytes]]:
    """Yield a file that takes its final name when the block ends: that never shows less than all of it, also after a power cut.

    Args:
        synced: whether to wait for the disk; without it a power cut may leave less.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            if synced:
                file.flush()
                os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    if synced:
        _sync_folder(path.parent)


def write_atomically(path: Path, content: bytes, synced: bool = True) -> None:
    """Write a whole file, or nothing."""
    with written_aside(path, synced) as file:
        file.write(content)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
