"""Files of a sweep - figures, tables, the report - attached to its run."""

from __future__ import annotations

from collections.abc import Iterable
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
    paths = [files] if isinstance(files, Path) else list(files)
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise TrackingError(f"there is no {', '.join(missing)} to attach to the sweep's run")
    row = ledger.projections(store.target).get(SWEEP_ROW)
    if row is None or not row.run_id:
        raise TrackingError(f"the sweep in {ledger.path.parent} is not in the tracking store yet; project it first")
    client = connect(store).client
    try:
        for path in paths:
            log = client.log_artifacts if path.is_dir() else client.log_artifact
            log(row.run_id, str(path), artifact_path)
    except STORE_FAULTS as error:
        raise store_error(store, error) from None
