"""The folder of a sweep: `results/<name>/`, where everything about it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rhm_sweeps.errors import SweepError, UsageError
from rhm_sweeps.ledger import FILE_NAME, Ledger
from rhm_sweeps.sweeps.lock import is_locked
from rhm_sweeps.sweeps.space_header import NAME_PATTERN

TRACKED = ("tracking_uri", "experiment", "parent_run_id")


@dataclass(frozen=True)
class SweepFolder:
    """Paths of one sweep."""

    path: Path

    @property
    def packs(self) -> Path:
        """Checkpoints: `packs/<pack>/step-*.ckpt`."""
        return self.path / "packs"

    @property
    def models(self) -> Path:
        """Trained weights: `models/<signature>.safetensors`."""
        return self.path / "models"

    @property
    def report(self) -> Path:
        return self.path / "report"


def sweep_folder(results: Path, name: str) -> SweepFolder:
    """The folder of a sweep under `results`.

    Raises:
        UsageError: if the name could leave the folder or confuse a shell.
    """
    if not re.fullmatch(NAME_PATTERN, name):
        raise UsageError(
            f"the sweep name is {name!r}, but must be 1 to 64 letters, digits, dots, dashes or underscores, the first a letter or digit"
        )
    return SweepFolder(results.resolve() / name)


def create_sweep_folder(results: Path, name: str) -> SweepFolder:
    """As `sweep_folder`, and make it.

    Raises:
        SweepError: if it cannot be written.
    """
    folder = sweep_folder(results, name)
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        probe = folder.path / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise SweepError(
            f"cannot write to {folder.path}: {error.strerror}; choose another folder with --results"
        ) from error
    return folder


def sweep_names(results: Path) -> list[str]:
    """Names of the sweeps under `results`, the newest first: those that were created last."""
    created = {path.parent.name: _created_ms(path.parent) for path in results.glob(f"*/{FILE_NAME}")}
    return sorted(created, key=lambda name: (-created[name], name))


def _created_ms(folder: Path) -> int:
    try:
        with Ledger(folder) as ledger:
            return int(ledger.meta("created_ms", 0))
    except SweepError:
        return 0


def list_sweeps(results: Path) -> list[dict[str, Any]]:
    """The status of every sweep under `results`, the newest first; that of a damaged one is `unreadable`."""
    return [_status_or_unreadable(SweepFolder(results.resolve() / name)) for name in sweep_names(results)]


def _status_or_unreadable(folder: SweepFolder) -> dict[str, Any]:
    try:
        return sweep_status(folder)
    except SweepError:
        return _status(folder.path.name, "unreadable", {})


def sweep_status(folder: SweepFolder) -> dict[str, Any]:
    """Name, state, trials by state and where MLflow has them; `running` is only what a process drives now.

    Raises:
        SweepError: if there is no such sweep, or it cannot be read.
    """
    driven = is_locked(folder.path)
    with Ledger(folder.path) as ledger:
        state = ledger.meta("state", "planned")
        counts: dict[str, int] = dict(ledger.counts().items())
        tracked = {key: ledger.meta(key) for key in TRACKED}
    if not driven:
        counts |= {"running": 0, "pending": counts["pending"] + counts["running"]}
    state = "running" if driven else "interrupted" if state == "running" else state
    return _status(folder.path.name, state, counts, **tracked)


def _status(name: str, state: str, counts: dict[str, int], **tracked: str | None) -> dict[str, Any]:
    by_state = {key: counts.get(key, 0) for key in ("done", "failed", "running", "pending")}
    trials = {"planned": sum(by_state.values()), **by_state}
    return {"name": name, "state": state, "trials": trials, **dict.fromkeys(TRACKED), **tracked}
