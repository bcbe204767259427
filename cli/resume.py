"""`rhm-sweep resume`: finish a sweep that was interrupted."""

from __future__ import annotations

from functools import partial

from .drive_sweep import drive_sweep
from .flags import Json
from .launch import Interval
from .output import stderr
from .session_flags import DEFAULT_RESULTS, AcceptChanges, Experiment, Results, SweepName, TrackingUri


def resume(
    name: SweepName,
    *,
    results: Results = DEFAULT_RESULTS,
    tracking_uri: TrackingUri = None,
    experiment: Experiment = None,
    accept_changes: AcceptChanges = False,
    checkpoint_interval: Interval = 60.0,
    as_json: Json = False,
) -> None:
    """Finish an interrupted sweep: finished trials stay, the others go on from their checkpoints."""
    from rhm_sweeps.ledger import Ledger
    from rhm_sweeps.sweeps.folder import sweep_folder

    Ledger(sweep_folder(results, name).path).close()  # before the heavy imports: a wrong name is said at once

    from rhm_sweeps.sweeps import session
    from rhm_sweeps.sweeps.pools import local_pool
    from rhm_sweeps.sweeps.runner import run_packs

    options = session.SessionOptions(results, tracking_uri, experiment, accept_changes)
    run = partial(run_packs, pool=local_pool(), checkpoint_interval_s=checkpoint_interval)
    drive_sweep(lambda stop: session.resume(name, options, run, stderr, stop), as_json=as_json)
