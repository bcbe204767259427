"""The storage of a sweep: where its packs keep their files if not in its folder."""

from __future__ import annotations

import os
import re
import secrets

from rhm_sweeps.errors import StorageError, UsageError
from rhm_sweeps.ledger import FILE_NAME, Ledger
from rhm_sweeps.storage.storage import Storage
from rhm_sweeps.storage.storage_address import storage_at
from rhm_sweeps.sweeps.folder import SweepFolder

META = "storage"
WITH_MODELS = ("done", "stopped", "extended")


def choose_storage(folder: SweepFolder, address: str | None) -> Storage | None:
    """The storage that a sweep had before, else a new place of its own at an address; None: the sweep's folder.

    Raises:
        UsageError: if the address is wrong, or the sweep has its files elsewhere.
    """
    asked = storage_at(address, os.environ) if address else None
    recorded = _recorded(folder)
    if recorded is None:
        return asked and asked.under(f"{folder.path.name}-{secrets.token_hex(4)}")
    if asked and not _is_in(recorded, asked):
        raise UsageError(
            f"the storage is {asked.uri}, but sweep {folder.path.name} has its checkpoints in {recorded.uri}; leave --storage out"
        )
    return recorded


def _recorded(folder: SweepFolder) -> Storage | None:
    if not (folder.path / FILE_NAME).is_file():
        return None
    with Ledger(folder.path) as ledger:
        return sweep_storage(ledger)


def _is_in(storage: Storage, place: Storage) -> bool:
    return storage == place or storage == place.under(storage.name)


def sweep_storage(ledger: Ledger) -> Storage | None:
    """The storage that a ledger names."""
    return Storage(uri) if (uri := ledger.meta(META)) else None


def is_own_place(storage: Storage, folder: SweepFolder) -> bool:
    """Whether a storage is the place that `choose_storage` made for a sweep: a ledger from others may name any folder."""
    return re.fullmatch(rf"{re.escape(folder.path.name)}-[0-9a-f]{{8}}", storage.name) is not None


def remember_storage(ledger: Ledger, storage: Storage | None) -> None:
    """Make it the storage of a sweep for good; it has no credentials in it."""
    if storage:
        ledger.set_meta(**{META: storage.uri})


def fetch_missing(ledger: Ledger, folder: SweepFolder, storage: Storage) -> str:
    """Bring to the sweep's folder what trials have left and could not be fetched when they ended; return what people should know."""
    ended = [name for name, state in ledger.states().items() if state in WITH_MODELS]
    try:
        for name in ended:
            model = folder.models / f"{name}.safetensors"
            if not model.is_file():
                storage.fetch(f"models/{name}.state", folder.training_state(name))
                storage.fetch(f"models/{name}.safetensors", model)
    except StorageError as error:
        return f"models are missing here, and `rhm-sweep resume` fetches them: {error}"
    return ""
