"""The report of a sweep: written into its folder and attached to its MLflow run."""

from __future__ import annotations

from pathlib import Path

from rhm_sweeps.analysis.figures.figure_style import FigureFiles
from rhm_sweeps.analysis.figures.trial_figure import write_trial_figures
from rhm_sweeps.analysis.report.report_files import write_report
from rhm_sweeps.analysis.sweep_analysis import SweepAnalysis
from rhm_sweeps.analysis.trials.trial_summaries import trial_summaries
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.tracking.artifacts import log_artifacts, log_trial_artifacts
from rhm_sweeps.tracking.results import results_from_ledger
from rhm_sweeps.tracking.store import Store
from rhm_sweeps.tracking.summaries import log_summaries
from rhm_sweeps.tracking.ui import save_view


def write_sweep_report(folder: SweepFolder, files: FigureFiles | None = None) -> Path:
    """Write the report of what the ledger has, its figures as `files` says, and return its page.

    Raises:
        SweepError: if there is no such sweep, or the folder cannot be written.
    """
    return write_report(results_from_ledger(folder.path), folder.report, files=files).page


def write_and_log_report(folder: SweepFolder, store: Store) -> Path:
    """As `write_sweep_report`, and attach it to the sweep's run.

    Raises:
        SweepError: if there is no such sweep, or the folder cannot be written.
        TrackingError: if the store does not take it; the report is in the folder all the same.
    """
    report = write_report(results_from_ledger(folder.path), folder.report)
    log_report(folder, store, report.analysis)
    return report.page


def log_report(folder: SweepFolder, store: Store, analysis: SweepAnalysis) -> None:
    """Attach the report to the sweep's run, and write to the runs of its trials what the analysis says of them.

    Args:
        analysis: what the report was made from.

    Raises:
        TrackingError: if the store does not take it.
    """
    with Ledger(folder.path) as ledger:
        log_artifacts(ledger, store, folder.report, "report")
        log_summaries(ledger, store, trial_summaries(analysis))
        save_view(ledger, store)


def log_trial_figures(folder: SweepFolder, store: Store, analysis: SweepAnalysis) -> int:
    """Draw the curves of the first 200 trials, attach them with their points to the trials' runs, and return how many there are.

    Raises:
        SweepError: if the folder cannot be written.
        TrackingError: if the store does not take them; they are in `trial_figures/` of the sweep's folder all the same.
    """
    files = write_trial_figures(analysis, folder.path / "trial_figures")
    with Ledger(folder.path) as ledger:
        return log_trial_artifacts(ledger, store, files)
