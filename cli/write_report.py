"""The report of a sweep: written into its folder and attached to its MLflow run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rhm_sweeps.sweeps.folder import SweepFolder
    from rhm_sweeps.tracking.store import Store


def write_and_log_report(folder: SweepFolder, store: Store) -> None:
    """Write the report of what the ledger has.

    Raises:
        SweepError: if the folder cannot be written.
        TrackingError: if the store does not take it; the report is in the folder all the same.
    """
    from rhm_sweeps.analysis.report import write_report
    from rhm_sweeps.tracking.results import results_from_ledger

    write_report(results_from_ledger(folder.path), folder.report)
    log_report(folder, store)


def log_report(folder: SweepFolder, store: Store) -> None:
    """Attach the report to the sweep's run.

    Raises:
        TrackingError: if the store does not take it.
    """
    from rhm_sweeps.ledger import Ledger
    from rhm_sweeps.tracking.artifacts import log_artifacts

    with Ledger(folder.path) as ledger:
        log_artifacts(ledger, store, folder.report, "report")
