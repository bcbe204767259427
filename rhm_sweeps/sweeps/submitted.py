"""Where the sweeps of this user were submitted to: kept in the cache, so that commands need not be told."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from rhm_sweeps.cache_folder import cache_folder
from rhm_sweeps.credentials import redact
from rhm_sweeps.running.cluster_address import takes_jobs

LONGEST_ADDRESS = 1000


def remember_address(sweep: str, address: str) -> None:
    """Keep the address that a sweep was submitted to, unless it has a password; a cache that cannot be written is no error."""
    if redact(address) != address:
        return
    with suppress(OSError):
        _file(sweep).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(_file(sweep), "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(address)


def remembered_address(sweep: str) -> str | None:
    """The address that a sweep was submitted to last from here, if it was."""
    try:
        with _file(sweep).open(encoding="utf-8") as file:
            address = file.read(LONGEST_ADDRESS).strip()
    except (OSError, ValueError):
        return None
    return address if takes_jobs(address) else None


def _file(sweep: str) -> Path:
    return cache_folder() / "submitted" / sweep
