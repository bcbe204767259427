"""What can be read of a sweep that exists, and asked of the process that drives it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from rhm_sweeps.analysis.report.report_files import write_report
from rhm_sweeps.errors import RhmSweepError, SweepError
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.sweep.training import notice
from rhm_sweeps.sweep.trial_frame import trial_frame
from rhm_sweeps.sweep_report import log_report
from rhm_sweeps.sweeps import requests
from rhm_sweeps.sweeps.folder import SweepFolder, sweep_status
from rhm_sweeps.sweeps.plan_record import is_planned
from rhm_sweeps.sweeps.trial_filter import select_trials
from rhm_sweeps.tracking.results import results_from_ledger
from rhm_sweeps.tracking.store import sweep_store


class SweepRecord:
    """The part of `Sweep` that needs no more than its folder."""

    folder: SweepFolder

    def status(self) -> dict[str, Any]:
        """Name, state, trials by state, progress, and where MLflow has them: what `rhm-sweep status --json` prints."""
        return sweep_status(self.folder)

    def trials(self, where: str | None = None) -> pd.DataFrame:
        """One row per trial, by signature: its state, the fields that vary, its last step and metrics.

        Args:
            where: a condition such as `"train_size >= 64 and copies > 0.5"`.

        Raises:
            UsageError: if the condition is wrong.
        """
        with Ledger(self.folder.path) as ledger:
            return trial_frame(ledger, where)

    def results(self) -> pd.DataFrame:
        """One row per metric point: signature, step, timestamp_ms, state, the fields that vary, and the metrics."""
        return results_from_ledger(self.folder.path).table()

    def report(self) -> Path:
        """Analyse the sweep as it stands, write its report, attach it to its MLflow run, and return the HTML page."""
        report = write_report(results_from_ledger(self.folder.path), self.folder.report)
        try:
            with Ledger(self.folder.path) as ledger:
                store = sweep_store(ledger, None, self.folder.path.parent.parent)
            log_report(self.folder, store, report.analysis)
        except RhmSweepError as error:
            notice(f"the report is not in MLflow: {error}")
        return report.page

    def stop(self, trials: Sequence[str] = (), where: str | None = None, *, timeout_s: float = 60.0) -> dict[str, Any]:
        """Stop the sweep where it is driven, or some of its trials; return the status then.

        Args:
            trials: the first digits of signatures, of trials that are to stop for good; `retry(stopped=True)` goes on with them.
            where: a condition on trials, as in `trials`.
            timeout_s: how many seconds to wait for it.

        Raises:
            SweepError: if no process drives the sweep, or it still runs after that time.
            UsageError: if the trials are not told by one signature each, or the condition is wrong.
        """
        if not trials and where is None:
            requests.stop_sweep(self.folder, timeout_s)
            return self.status()
        with Ledger(self.folder.path) as ledger:
            chosen = [trial.signature for trial in select_trials(ledger, where, trials)]
        requests.stop_trials(self.folder, chosen, "stopped by hand", timeout_s)
        return self.status()

    def pause(self, *, timeout_s: float = 60.0) -> dict[str, Any]:
        """Let the packs save and give back their cores and GPUs until `resume`; return the status then.

        Raises:
            SweepError: if no process drives the sweep, or packs still run after that time.
        """
        requests.pause_sweep(self.folder, timeout_s)
        return self.status()


def recorded_space(folder: SweepFolder) -> SearchSpace:
    """The space of a sweep, with all that was added to it.

    Raises:
        SweepError: if there is no such sweep, or it has no plan.
    """
    with Ledger(folder.path) as ledger:
        if not is_planned(ledger):
            raise SweepError(f"the launch of sweep {folder.path.name} ended before it had a plan: launch it again")
        return SearchSpace.build(**ledger.meta("space"))
