"""A session: one process that drives a sweep from where it stands, with its lock, its ledger, its tracking and its view."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console

from rhm_sweeps.errors import SweepError
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.pools.pools import Pools
from rhm_sweeps.printable import count
from rhm_sweeps.schedulers import make_scheduler
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.storage.storage import Storage
from rhm_sweeps.sweeps.adaptive_search import AdaptiveSearch
from rhm_sweeps.sweeps.drive import Outcome, Run, drive
from rhm_sweeps.sweeps.folder import SweepFolder, create_sweep_folder, sweep_folder
from rhm_sweeps.sweeps.growth import Growth, add_plan
from rhm_sweeps.sweeps.live import LiveView
from rhm_sweeps.sweeps.lock import sweep_lock
from rhm_sweeps.sweeps.outlook import Outlook, look_ahead
from rhm_sweeps.sweeps.plan import Plan
from rhm_sweeps.sweeps.plan_record import check_code, is_planned
from rhm_sweeps.sweeps.progress import SweepProgress
from rhm_sweeps.sweeps.repacking import reroute
from rhm_sweeps.sweeps.session_options import SessionOptions, checked_store, keep_pools, known_signatures
from rhm_sweeps.sweeps.stop_request import StopRequest
from rhm_sweeps.sweeps.sweep_storage import fetch_missing, remember_storage
from rhm_sweeps.tracking.store import Store, remember_store
from rhm_sweeps.tracking.writer import Writer

FLUSH_TIMEOUT_S = 60.0
HURRIED_FLUSH_TIMEOUT_S = 5.0
"""After a signal: batch systems kill what is still there after some seconds, and `resume` sends the rest."""


@dataclass(frozen=True)
class SessionResult:
    """What a session leaves behind; `tracked` is False if the tracking store lacks something that the ledger has;
    `seconds` is how long the packs took."""

    folder: SweepFolder
    store: Store
    outcome: Outcome
    tracked: bool
    seconds: float


def launch(
    space: SearchSpace,
    options: SessionOptions,
    pools: Pools,
    run: Run,
    console: Console,
    stop: StopRequest,
    confirm: Callable[[Outlook], None] = lambda _: None,
) -> SessionResult:
    """Add a space's trials to the sweep of its name and train all that is not done.

    Args:
        confirm: is shown what is ahead before anything is written, and raises if it is too much.
    """
    known = known_signatures(sweep_folder(options.results, space.name))
    outlook = look_ahead(space, pools, known, options.max_settings)
    confirm(outlook)
    plan = outlook.plan
    folder = create_sweep_folder(options.results, space.name)
    with sweep_lock(folder.path):
        store = checked_store(folder, options)
        with Ledger(folder.path, create=True) as ledger:
            if is_planned(ledger) and (plan.trials or ledger.trials("pending", "running")):
                check_code(ledger, accept_changes=options.accept_changes)
            growth = add_plan(ledger, folder, plan, pools)
            _tell(ledger, plan, growth, console)
            keep_pools(folder, options)
            return _session(ledger, folder, store, options.storage, pools, run, console, stop)


def _tell(ledger: Ledger, plan: Plan, growth: Growth, console: Console) -> None:
    """What was planned stays planned, also when the space has changed since."""
    here = {trial.signature for trial in (*plan.trials, *plan.finished)}
    unfinished = [name for name, state in ledger.states().items() if state in ("pending", "running")]
    others = sum(signature not in here for signature in unfinished)
    if growth.continued:
        console.print(f"going on with {count(growth.continued, 'trial')} where trials of fewer steps ended")
    if others:
        console.print(f"training {count(others, 'unfinished trial')} of earlier launches too: not in this space")


def resume(
    name: str, options: SessionOptions, pools: Pools, run: Run, console: Console, stop: StopRequest
) -> SessionResult:
    """Train what an interrupted sweep has left, from its own record alone."""
    folder = sweep_folder(options.results, name)
    with Ledger(folder.path) as ledger:
        ledger.check()
        if not is_planned(ledger):
            raise SweepError(f"the launch of sweep {name} ended before it had a plan: use `rhm-sweep launch` again")
        with sweep_lock(folder.path):
            store = checked_store(folder, options)
            check_code(ledger, accept_changes=options.accept_changes)
            keep_pools(folder, options)
            return _session(ledger, folder, store, options.storage, pools, run, console, stop)


def _session(
    ledger: Ledger,
    folder: SweepFolder,
    store: Store,
    storage: Storage | None,
    pools: Pools,
    run: Run,
    console: Console,
    stop: StopRequest,
) -> SessionResult:
    remember_store(ledger, store)
    remember_storage(ledger, storage)
    space = SearchSpace.build(**ledger.meta("space"))
    if moved := reroute(ledger, pools):
        were = "was" if moved == 1 else "were"
        console.print(f"{count(moved, 'pack')} {were} planned for pools that are gone, and moved to others")
    search = AdaptiveSearch.of(space, ledger, folder, pools)
    scheduler = make_scheduler(space.scheduler, ledger.last_step)
    writer = Writer(folder.path, store)
    writer.start()
    begun = time.monotonic()
    try:
        with LiveView(SweepProgress(finished_before=ledger.counts()["done"]), console, folder.path.name) as view:
            outcome = drive(ledger, folder, run, pools.limits, view, stop, scheduler, search)
        if storage and (missing := fetch_missing(ledger, folder, storage)):
            console.print(missing, markup=False, soft_wrap=True)
        seconds = time.monotonic() - begun
    finally:
        tracked = writer.close(HURRIED_FLUSH_TIMEOUT_S if stop() else FLUSH_TIMEOUT_S)
    return SessionResult(folder, store, outcome, tracked, seconds)
