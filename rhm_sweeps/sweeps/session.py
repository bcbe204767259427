"""A session: one process that drives a sweep from where it stands, with its lock, its ledger, its tracking and its view."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from rhm_sweeps.ledger import FILE_NAME, Ledger
from rhm_sweeps.sweeps.calibration import calibrated_rates
from rhm_sweeps.sweeps.cost import Estimate, estimate, max_members
from rhm_sweeps.sweeps.drive import Outcome, Run, check_code, drive, record_plan, unfinished_tasks
from rhm_sweeps.sweeps.folder import SweepFolder, create_sweep_folder, sweep_folder
from rhm_sweeps.sweeps.live import LiveView
from rhm_sweeps.sweeps.lock import sweep_lock
from rhm_sweeps.sweeps.plan import Plan, make_plan
from rhm_sweeps.sweeps.pools import Pool
from rhm_sweeps.sweeps.progress import SweepProgress
from rhm_sweeps.sweeps.recorder import StopRequest
from rhm_sweeps.sweeps.search_space import SearchSpace
from rhm_sweeps.tracking.connection import connect
from rhm_sweeps.tracking.store import Store, redact, resolve_store
from rhm_sweeps.tracking.writer import Writer

FLUSH_TIMEOUT_S = 60.0


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


def finished_signatures(results: Path, name: str) -> list[str]:
    """Signatures of the trials of a sweep that are done; none if it does not exist yet."""
    folder = sweep_folder(results, name)
    if not (folder.path / FILE_NAME).is_file():
        return []
    with Ledger(folder.path) as ledger:
        return [trial.signature for trial in ledger.trials("done")]


def plan_space(space: SearchSpace, results: Path, pool: Pool) -> Plan:
    """The plan of a space for a pool, less what the sweep of that name has finished."""
    return make_plan(space, finished_signatures(results, space.name), max_members(pool), pool.slots)


def estimate_plan(plan: Plan, pool: Pool) -> Estimate:
    """What is left to train costs, by a calibration of this machine."""
    return estimate(plan.packs, pool, calibrated_rates(plan.packs, pool)) if plan.packs else Estimate(0.0, 0.0, 0.0)


def launch(
    space: SearchSpace, options: SessionOptions, pool: Pool, run: Run, console: Console, stop: StopRequest
) -> SessionResult:
    """Add a space's trials to the sweep of its name and train all that is not done."""
    store = _checked_store(options)
    folder = create_sweep_folder(options.results, space.name)
    with sweep_lock(folder.path), Ledger(folder.path, create=True) as ledger:
        if ledger.meta("code_hash") is not None:
            check_code(ledger, accept_changes=options.accept_changes)
        planned = [trial.signature for trial in ledger.trials()]
        record_plan(ledger, make_plan(space, planned, max_members(pool), pool.slots))
        return _session(ledger, folder, store, run, console, stop)


def resume(name: str, options: SessionOptions, run: Run, console: Console, stop: StopRequest) -> SessionResult:
    """Train what an interrupted sweep has left, from its own record alone."""
    folder = sweep_folder(options.results, name)
    with Ledger(folder.path) as ledger:
        remembered = SessionOptions(
            options.results,
            options.tracking_uri or _remembered_uri(ledger),
            options.experiment or ledger.meta("experiment"),
        )
        store = _checked_store(remembered)
        with sweep_lock(folder.path):
            check_code(ledger, accept_changes=options.accept_changes)
            return _session(ledger, folder, store, run, console, stop)


def _remembered_uri(ledger: Ledger) -> str | None:
    """The store of the last session; not if its credentials are hidden, then the environment must name it."""
    uri: str | None = ledger.meta("tracking_uri")
    return None if uri is None or "***" in uri else uri


def _checked_store(options: SessionOptions) -> Store:
    """The tracking store, made if need be; refused before anything starts if it cannot be reached."""
    store = resolve_store(options.tracking_uri, options.experiment, options.results.resolve().parent)
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
        tracked = writer.close(FLUSH_TIMEOUT_S)
    return SessionResult(folder, store, outcome, tracked)
