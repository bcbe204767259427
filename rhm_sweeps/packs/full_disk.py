"""Tells apart errors that say that a process may write no more: its trials are not to blame, and go on when there is room."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rhm_sweeps.errors import DiskFullError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def full_disk_told(folder: Path) -> Iterator[None]:
    """Raise what says that a disk is full as an error with the cure.

    Raises:
        DiskFullError: naming the folder of the pack that cannot be written.
    """
    try:
        yield
    except Exception as error:
        if (problem := full_disk(error)) is None:
            raise
        raise DiskFullError(
            f"the process that trains in {folder} cannot write its checkpoint: {problem} (its disk is full, or a limit of its user is "
            "reached); when there is room again, `rhm-sweep resume` goes on from the last checkpoints"
        ) from error


def full_disk(error: BaseException) -> str | None:
    """What the system says of a full disk, or None if the error is of another kind; torch raises others while it handles one."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError) and found.errno in _FULL:
            return str(found.strerror).lower()
        found = found.__cause__ or found.__context__
    return None
