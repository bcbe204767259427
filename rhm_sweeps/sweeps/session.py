"""A session: one process that drives a sweep from where it stands, with its lock, its ledger, its tracking and its view."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from rhm_sweeps.errors import SweepError
from rhm_sweeps.ledger import FILE_NAME, Ledger, TrialState
from rhm_sweeps.sweeps.calibration import calibrated_rates
from rhm_sweeps.sweeps.cost import Estimate, estimate, max_members
from rhm_sweeps.sweeps.drive import Outcome, Run, check_code, drive, is_planned, record_plan, unfinished_tasks
from rhm_sweeps.sweeps.folder import SweepFolder, create_sweep_folder, sweep_folder
from rhm_sweeps.sweeps.live import LiveView
from rhm_sweeps.sweeps.lock import sweep_lock
from rhm_sweeps.sweeps.plan import Plan, make_plan
from rhm_sweeps.sweeps.pools import Pool
from rhm_sweeps.sweeps.progress import SweepProgress
from rhm_sweeps.sweeps.search_space import SearchSpace
from rhm_sweeps.sweeps.stop_request import StopRequest
from rhm_sweeps.tracking.connection import connect
from rhm_sweeps.tracking.store import Store, redact, resolve_store, sweep_store
from rhm_sweeps.tracking.writer import Writer

FLUSH_TIMEOUT_S = 60.0
HURRIED_FLUSH_TIMEOUT_S = 5.0
"""After a signal: batch systems kill what is still there after some seconds, and `resume` sends the rest."""


@dataclass(frozen=True)
class SessionOptions:
    """Where a session works and what it may do."""

    results: Path
    tracking_uri: str | None = None
    experiment: str | None = None
    accept_changes: bool = False


@dataclass(frozen=True)
class SessionResult:
    """What a session leaves behind; `tracked` is False if the tracking store lacks something that the ledger has."""

    folder: SweepFolder
    store: Store
    outcome: Outcome
    tracked: bool


def plan_space(space: SearchSpace, results: Path, pool: Pool) -> Plan:
    """The plan of a space for a pool, less what the sweep of that name has finished."""
    done = _signatures(sweep_folder(results, space.name), "done")
    return make_plan(space, done, max_members(pool), pool.slots)


def _signatures(folder: SweepFolder, *states: TrialState) -> list[str]:
    """Signatures of a sweep's trials in these states, or of all; none if it does not exist yet."""
    if not _exists(folder):
        return []
    with Ledger(folder.path) as ledger:
        return [trial.signature for trial in ledger.trials(*states)]


def _exists(folder: SweepFolder) -> bool:
    return (folder.path / FILE_NAME).is_file()


def estimate_plan(plan: Plan, pool: Pool) -> Estimate:
    """What is left to train costs, by a calibration of this machine."""
    return estimate(plan.packs, pool, calibrated_rates(plan.packs, pool)) if plan.packs else Estimate(0.0, 0.0, 0.0)


def launch(
    space: SearchSpace, options: SessionOptions, pool: Pool, run: Run, console: Console, stop: StopRequest
) -> SessionResult:
    """Add a space's trials to the sweep of its name and train all that is not done."""
    plan = make_plan(space, _signatures(sweep_folder(options.results, space.name)), max_members(pool), pool.slots)
    folder = create_sweep_folder(options.results, space.name)
    with sweep_lock(folder.path):
        store = _checked_store(folder, options)
        with Ledger(folder.path, create=True) as ledger:
            if is_planned(ledger) and (plan.packs or ledger.trials("pending", "running")):
                check_code(ledger, accept_changes=options.accept_changes)
            record_plan(ledger, plan)
            _tell_of_others(ledger, plan, console)
            return _session(ledger, folder, store, run, console, stop)


def _tell_of_others(ledger: Ledger, plan: Plan, console: Console) -> None:
    """What was planned stays planned, also when the space has changed since."""
    here = {trial.signature for trial in (*plan.trials, *plan.finished)}
    others = sum(trial.signature not in here for trial in ledger.trials("pending", "running"))
    if others:
        console.print(f"{others} unfinished trials of earlier launches are not in this space; they are trained too")


def resume(name: str, options: SessionOptions, run: Run, console: Console, stop: StopRequest) -> SessionResult:
    """Train what an interrupted sweep has left, from its own record alone."""
    folder = sweep_folder(options.results, name)
    with Ledger(folder.path) as ledger:
        if not is_planned(ledger):
            raise SweepError(f"the launch of sweep {name} ended before it had a plan: use `rhm-sweep launch` again")
        with sweep_lock(folder.path):
            store = _checked_store(folder, options)
            check_code(ledger, accept_changes=options.accept_changes)
            return _session(ledger, folder, store, run, console, stop)


def _checked_store(folder: SweepFolder, options: SessionOptions) -> Store:
    """The store that the options name, else that of the sweep's last session; made if need be.

    Raises:
        TrackingError: if it cannot be reached: before anything starts.
    """
    uri, experiment, default_place = options.tracking_uri, options.experiment, options.results.resolve().parent
    if _exists(folder):
        with Ledger(folder.path) as ledger:
            before = sweep_store(ledger, uri, default_place)
        uri, experiment = before.uri, experiment or before.experiment
    store = resolve_store(uri, experiment, default_place)
    connect(store, create=True)
    return store


def _session(
    ledger: Ledger, folder: SweepFolder, store: Store, run: Run, console: Console, stop: StopRequest
) -> SessionResult:
    ledger.set_meta(tracking_uri=redact(store.uri), experiment=store.experiment, artifact_location=store.artifact_root)
    tasks = unfinished_tasks(ledger, folder)
    progress = SweepProgress({task.id: len(task.trials) for task in tasks}, ledger.counts()["done"])
    writer = Writer(folder.path, store)
    writer.start()
    try:
        with LiveView(progress, console, folder.path.name) as view:
            outcome = drive(ledger, folder, run, view, stop)
    finally:
        tracked = writer.close(HURRIED_FLUSH_TIMEOUT_S if stop() else FLUSH_TIMEOUT_S)
    return SessionResult(folder, store, outcome, tracked)
