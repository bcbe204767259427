"""Where a session works and what it may do; what of that the sweep keeps for its later sessions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rhm_sweeps.credentials import redact
from rhm_sweeps.ledger import FILE_NAME, Ledger
from rhm_sweeps.storage.storage import Storage
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.plan import MAX_SETTINGS
from rhm_sweeps.tracking.ready_store import is_ready
from rhm_sweeps.tracking.store import Store, resolve_store, sweep_store
from rhm_sweeps.whole_file import write_atomically


@dataclass(frozen=True)
class SessionOptions:
    """Where a session works and what it may do."""

    results: Path
    tracking_uri: str | None = None
    experiment: str | None = None
    accept_changes: bool = False
    pools_file: Path | None = None
    max_settings: int = MAX_SETTINGS
    storage: Storage | None = None
    """Where packs keep their files; None: in the sweep's folder."""


def has_ledger(folder: SweepFolder) -> bool:
    """Whether the sweep of a folder has a ledger."""
    return (folder.path / FILE_NAME).is_file()


def known_signatures(folder: SweepFolder) -> list[str]:
    """Signatures of all of a sweep's trials; none if it does not exist yet."""
    if not has_ledger(folder):
        return []
    with Ledger(folder.path) as ledger:
        ledger.check()
        return list(ledger.states())


def keep_pools(folder: SweepFolder, options: SessionOptions) -> None:
    """For later sessions, which go on in the same pools."""
    if options.pools_file and options.pools_file != folder.pools_file:
        write_atomically(folder.pools_file, redact(options.pools_file.read_text(encoding="utf-8")).encode())


def checked_store(folder: SweepFolder, options: SessionOptions) -> Store:
    """The tracking store that the options name, else that of the sweep's last session; made if need be.

    Raises:
        TrackingError, StorageError: if it, or the storage of checkpoints, cannot be reached: before anything starts.
    """
    if options.storage:
        options.storage.check()
    uri, experiment, default_place = options.tracking_uri, options.experiment, options.results.resolve().parent
    if has_ledger(folder):
        with Ledger(folder.path) as ledger:
            store = sweep_store(ledger, uri, default_place, experiment)
    else:
        store = resolve_store(uri, experiment, default_place)
    if not is_ready(store):
        from rhm_sweeps.tracking.connection import connect  # noqa: PLC0415 - MLflow's import takes seconds

        connect(store, create=True)
    return store
