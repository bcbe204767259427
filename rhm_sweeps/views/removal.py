"""Removing a sweep from the disk, or those of its files that only its going on needs."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rhm_sweeps.errors import StorageError, SweepError
from rhm_sweeps.ledger import FILE_NAME, Ledger
from rhm_sweeps.storage.storage import Storage
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.lock import FILE_NAME as LOCK_NAME
from rhm_sweeps.sweeps.lock import sweep_lock
from rhm_sweeps.sweeps.sweep_storage import is_own_place, sweep_storage


@dataclass(frozen=True)
class Removal:
    """What is to be removed of a sweep: paths, their bytes, and the trials that are not finished yet."""

    folder: SweepFolder
    paths: tuple[Path, ...]
    bytes: int
    unfinished: int
    stored: tuple[str, ...] = ()
    """What of the sweep's storage, by name."""
    storage: Storage | None = None


def plan_removal(folder: SweepFolder, *, checkpoints: bool = False) -> Removal:
    """Say what there is to remove: all of a sweep, or its checkpoints and training states, of which its results need none.

    Raises:
        SweepError: if there is no sweep, it is a link to elsewhere, or a process drives it: naming host and process.
        StorageError: if the sweep's storage cannot be read.
    """
    unfinished, storage = _unfinished(folder)
    if folder.path.is_symlink():
        raise SweepError(
            f"{folder.path} is a link; remove it by hand, or name the folder that it leads to by --results"
        )
    with sweep_lock(folder.path):
        paths = tuple(_checkpoints(folder)) if checkpoints else (folder.path,)
    stored = _stored(folder, storage, checkpoints=checkpoints) if storage else {}
    return Removal(folder, paths, sum(map(_size, paths)) + sum(stored.values()), unfinished, tuple(stored), storage)


def remove(removals: Iterable[Removal]) -> None:
    """Carry out removals. One that is cut short can be repeated: what makes a folder a sweep goes last.

    Raises:
        SweepError: if a process drives a sweep meanwhile, before anything is removed, or a file cannot be removed.
        StorageError: if something stored cannot be removed.
    """
    removals = tuple(removals)
    with ExitStack() as stack:
        for removal in removals:
            stack.enter_context(sweep_lock(removal.folder.path))
        for removal in removals:
            _remove_stored(removal)
        for path in (path for removal in removals for path in removal.paths):
            try:
                _remove(path)
            except OSError as error:
                raise SweepError(f"cannot remove {error.filename}: {error.strerror}") from error


def _unfinished(folder: SweepFolder) -> tuple[int, Storage | None]:
    """How many trials are not finished, and the storage."""
    try:
        with Ledger(folder.path) as ledger:
            counts, storage = ledger.counts(), sweep_storage(ledger)
    except SweepError:
        if not (folder.path / FILE_NAME).exists():
            raise
        return 0, None  # it is damaged, which is a reason to remove it
    return counts["pending"] + counts["running"], storage


def _stored(folder: SweepFolder, storage: Storage, *, checkpoints: bool) -> dict[str, int]:
    """The stored files to be removed, with their bytes; none of a place that is not this sweep's, whatever its ledger says."""
    if not is_own_place(storage, folder):
        return {}
    try:
        found = storage.sizes(below=True)
    except StorageError as error:
        raise StorageError(f"{error}; if that storage is gone for good, remove {folder.path} by hand") from error
    return {name: size for name, size in found.items() if not checkpoints or name.endswith((".ckpt", ".state"))}


def _remove_stored(removal: Removal) -> None:
    if removal.storage is None or not removal.stored:
        return
    if removal.folder.path in removal.paths:
        removal.storage.remove_all()
        return
    for name in removal.stored:
        removal.storage.remove(name)


def _checkpoints(folder: SweepFolder) -> list[Path]:
    """All files of packs but their logs, and the training states of models."""
    packs = [path for path in folder.packs.rglob("*") if path.is_file() and path.suffix != ".log"]
    return [*packs, *folder.models.glob("*.state")]


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files if file.is_symlink() or file.is_file())


def _remove(path: Path) -> None:
    if not path.is_dir():
        path.unlink()
        return
    last = [path / FILE_NAME, path / LOCK_NAME]
    for child in path.iterdir():
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        elif child not in last:
            child.unlink()
    for child in last:
        child.unlink(missing_ok=True)
    path.rmdir()
