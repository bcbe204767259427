"""The folder of a sweep: `results/<name>/`, where everything about it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rhm_sweeps.errors import SweepError, UsageError
from rhm_sweeps.ledger import FILE_NAME, Ledger
from rhm_sweeps.sweeps.lock import is_locked

NAME_PATTERN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")


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
    if not NAME_PATTERN.match(name):
        raise UsageError(f"sweep name is {name!r}, but must match {NAME_PATTERN.pattern}")
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
    """Names of the sweeps under `results`, the newest first."""
    ledgers = sorted(results.glob(f"*/{FILE_NAME}"), key=lambda path: path.parent.stat().st_ctime, reverse=True)
    return [path.parent.name for path in ledgers]


def sweep_status(folder: SweepFolder) -> dict[str, Any]:
    """Name, state, trials by state and where MLflow has them; the state is `running` only while a process drives the sweep."""
    with Ledger(folder.path) as ledger:
        state = ledger.meta("state", "planned")
        counts = ledger.counts()
        return {
            "name": folder.path.name,
            "state": "running" if is_locked(folder.path) else "interrupted" if state == "running" else state,
            "trials": {
                "planned": sum(counts.values()),
                **{key: counts[key] for key in ("done", "failed", "running", "pending")},
            },
            "tracking_uri": ledger.meta("tracking_uri"),
            "experiment": ledger.meta("experiment"),
            "parent_run_id": ledger.meta("parent_run_id"),
        }
