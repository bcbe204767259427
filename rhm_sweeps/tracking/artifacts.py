"""Files of a sweep - figures, tables, the report - attached to its run, and files of trials to theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rhm_sweeps.errors import TrackingError
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.tracking.connection import STORE_FAULTS, connect, store_error
from rhm_sweeps.tracking.store import Store
from rhm_sweeps.tracking.watermarks import SWEEP_ROW


def log_artifacts(ledger: Ledger, store: Store, files: Path | Iterable[Path], artifact_path: str | None = None) -> None:
    """Attach a folder with all it holds, or files, to the sweep's run, below `artifact_path`.

    Raises:
        TrackingError: if a file does not exist, the store cannot be reached or refuses, or has no run of this sweep.
    """
    row = ledger.projections(store.target).get(SWEEP_ROW)
    if row is None or not row.run_id:
        raise TrackingError(f"the sweep in {ledger.path.parent} is not in the tracking store yet; project it first")
    _attach(store, {row.run_id: [files] if isinstance(files, Path) else list(files)}, artifact_path)


def log_trial_artifacts(ledger: Ledger, store: Store, files: Mapping[str, Sequence[Path]]) -> int:
    """Attach files to the runs of trials, by signature; returns the number of runs. Trials that have no run yet are left out.

    Raises:
        TrackingError: if a file does not exist, or the store cannot be reached or refuses.
    """
    rows = ledger.projections(store.target)
    runs = {rows[name].run_id: paths for name, paths in files.items() if name in rows and rows[name].run_id}
    if runs:
        _attach(store, runs)
    return len(runs)


def _attach(store: Store, runs: Mapping[str, Sequence[Path]], artifact_path: str | None = None) -> None:
    """Attach files and folders to runs, in place of those of the same name."""
    missing = [str(path) for paths in runs.values() for path in paths if not path.exists()]
    if missing:
        raise TrackingError(f"there is no {', '.join(missing)} to attach to a run")
    client = connect(store).client
    try:
        for run_id, paths in runs.items():
            for path in paths:
                log = client.log_artifacts if path.is_dir() else client.log_artifact
                log(run_id, str(path), artifact_path)
    except STORE_FAULTS as error:
        raise store_error(store, error) from None
