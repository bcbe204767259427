"""The folder of a sweep: `results/<name>/`, where everything about it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rhm_sweeps.errors import SweepError, UsageError
from rhm_sweeps.ledger import FILE_NAME, Ledger, now_ms
from rhm_sweeps.spaces.header import NAME_PATTERN
from rhm_sweeps.sweeps.lock import is_locked
from rhm_sweeps.sweeps.standing import UNKNOWN, Standing, standing

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

    def training_state(self, signature: str) -> Path:
        """From where an ended trial goes on: `models/<signature>.state`, as `member_state` names it, which needs torch."""
        return self.models / f"{signature}.state"

    @property
    def pools_file(self) -> Path:
        """The pools that its last session was given, if it was given any."""
        return self.path / "pools.yaml"

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
    """As `sweep_folder`, and make it, for this user only; a folder that is there keeps its mode.

    Raises:
        SweepError: if it cannot be written.
    """
    folder = sweep_folder(results, name)
    try:
        folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
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
    except (SweepError, TypeError, ValueError):  # damaged, or no number there
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
    """Name, state, trials by state, progress and where MLflow has them; `running` is only what a process drives now.

    `planned` counts all trials but those that were extended; their successors count.

    Raises:
        SweepError: if there is no such sweep, or it cannot be read.
    """
    driven = is_locked(folder.path)
    with Ledger(folder.path) as ledger:
        state = str(ledger.meta("state", "planned"))
        counts: dict[str, int] = dict(ledger.counts().items())
        tracked = {key: ledger.meta(key) for key in TRACKED}
        packs = ledger.packs()
    if not driven:
        counts |= {"running": 0, "pending": counts["pending"] + counts["running"]}
    stands = standing(counts, packs.values(), now_ms())
    return _status(folder.path.name, _state(state, driven=driven), counts, stands, **tracked)


def _state(recorded: str, *, driven: bool) -> str:
    if driven:
        return "paused" if recorded == "paused" else "running"
    return "interrupted" if recorded in ("running", "paused") else recorded


def _status(
    name: str, state: str, counts: Mapping[str, int], stands: Standing = UNKNOWN, **tracked: str | None
) -> dict[str, Any]:
    """`extended` is not among the planned."""
    by_state = {key: counts.get(key, 0) for key in ("done", "failed", "running", "pending", "stopped")}
    trials = {"planned": sum(by_state.values()), **by_state, "extended": counts.get("extended", 0)}
    progress = {
        "fraction": stands.fraction,
        "steps_per_second": stands.steps_per_second,
        "eta_s": stands.eta_s,
        "running_packs": len(stands.running),
    }
    return {"name": name, "state": state, "trials": trials, "progress": progress, **dict.fromkeys(TRACKED), **tracked}
