"""The report of a sweep: written into its folder and attached to its MLflow run."""

from __future__ import annotations

from pathlib import Path

from rhm_sweeps.analysis.report import write_report
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.tracking.artifacts import log_artifacts
from rhm_sweeps.tracking.results import results_from_ledger
from rhm_sweeps.tracking.store import Store


def write_sweep_report(folder: SweepFolder) -> Path:
    """Write the report of what the ledger has, and return its page.

    Raises:
        SweepError: if there is no such sweep, or the folder cannot be written.
    """
    return write_report(results_from_ledger(folder.path), folder.report).page


def write_and_log_report(folder: SweepFolder, store: Store) -> Path:
    """As `write_sweep_report`, and attach it to the sweep's run.

    Raises:
        SweepError: if there is no such sweep, or the folder cannot be written.
        TrackingError: if the store does not take it; the report is in the folder all the same.
    """
    page = write_sweep_report(folder)
    log_report(folder, store)
    return page


def log_report(folder: SweepFolder, store: Store) -> None:
    """Attach the report to the sweep's run.

    Raises:
        TrackingError: if the store does not take it.
    """
    with Ledger(folder.path) as ledger:
        log_artifacts(ledger, store, folder.report, "report")
