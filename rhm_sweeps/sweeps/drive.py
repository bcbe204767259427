"""Runs what is unfinished of a sweep, and leaves its ledger so that a resume goes on exactly there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.running.tasks import Driver
from rhm_sweeps.schedulers.scheduler import Scheduler
from rhm_sweeps.sweeps.control import ask
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.recorder import View
from rhm_sweeps.sweeps.stop_request import StopRequest
from rhm_sweeps.sweeps.sweep_driver import Search, SweepDriver

Run = Callable[[Driver], None]


@dataclass(frozen=True)
class Outcome:
    """How a drive ended: trials by state, unmade suggestions among the unfinished ones; and whether it was asked to stop."""

    done: int
    failed: int
    unfinished: int
    interrupted: bool
    stopped: int = 0


def drive(
    ledger: Ledger,
    folder: SweepFolder,
    run: Run,
    limits: Mapping[str, int],
    view: View,
    stop: StopRequest,
    scheduler: Scheduler | None = None,
    search: Search | None = None,
) -> Outcome:
    """Run everything unfinished, in pools that take so many packs at once. The caller holds the sweep's lock."""
    _return_to_pending(ledger)
    ask(ledger, "run")
    driver = SweepDriver(ledger, folder, limits, view, stop, scheduler, search)
    ledger.set_meta(state="running")
    try:
        if not driver.is_over():
            run(driver)
    finally:
        _return_to_pending(ledger)
        outcome = outcome_of(ledger, search.remaining if search else 0, interrupted=stop())
        ledger.set_meta(state="interrupted" if outcome.unfinished else "failed" if outcome.failed else "finished")
    return outcome


def _return_to_pending(ledger: Ledger) -> None:
    ledger.set_state([trial.signature for trial in ledger.trials("running")], "pending")
    ledger.set_packs(pack.resting for pack in ledger.packs().values() if pack.updated_ms)


def outcome_of(ledger: Ledger, to_come: int = 0, *, interrupted: bool = False) -> Outcome:
    """How the trials of a sweep have ended so far, when so many suggestions are to come."""
    counts = ledger.counts()
    unfinished = counts["pending"] + counts["running"] + to_come
    return Outcome(counts["done"], counts["failed"], unfinished, interrupted, counts["stopped"])
