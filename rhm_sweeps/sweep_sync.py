"""A sweep brought up to date in any tracking store: where it is tracked, or another one, to share it or to move it there."""

from __future__ import annotations

from dataclasses import dataclass

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.sweep_report import write_and_log_report
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.lock import sweep_lock
from rhm_sweeps.tracking.projection import project
from rhm_sweeps.tracking.store import Store, remember_store
from rhm_sweeps.tracking.watermarks import SWEEP_ROW


@dataclass(frozen=True)
class Synced:
    """What a store has of a sweep: runs of its trials, those that never began aside, and the metric points that were sent now."""

    runs: int
    points_sent: int


def sync_sweep(folder: SweepFolder, store: Store, *, report: bool = True, move: bool = False) -> Synced:
    """Send to a store what it lacks of a sweep: runs, metric points and, with `report`, the report and the trials' summaries.

    Doing it again changes nothing. With `move` the store becomes the sweep's: later sessions track it there.

    Raises:
        SweepError: if there is no such sweep.
        LockedError: if the sweep is being driven.
        TrackingError: if the store cannot be reached or refuses; what it took it has, and it may be tried again.
    """
    with Ledger(folder.path) as ledger, sweep_lock(folder.path):
        sent = project(ledger, store)
        if report:
            write_and_log_report(folder, store)
        rows = ledger.projections(store.target)
        runs = sum(bool(row.run_id) for name, row in rows.items() if name != SWEEP_ROW)
        if move:
            remember_store(ledger, store)
    return Synced(runs, sent)
