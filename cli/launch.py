"""`rhm-sweep launch`: from a search space to a finished sweep with its report."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from .drive_sweep import drive_sweep
from .flags import Json
from .output import stderr
from .session_flags import DEFAULT_RESULTS, AcceptChanges, Experiment, Results, TrackingUri
from .spaces import Overrides, Space, load_space

DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop: trials, packs, memory, time.")]
Interval = Annotated[
    float, typer.Option("--checkpoint-interval", min=0, help="Seconds of training that a crash may cost.")
]


def launch(
    space: Space,
    *,
    overrides: Overrides = None,
    results: Results = DEFAULT_RESULTS,
    tracking_uri: TrackingUri = None,
    experiment: Experiment = None,
    dry_run: DryRun = False,
    accept_changes: AcceptChanges = False,
    checkpoint_interval: Interval = 60.0,
    as_json: Json = False,
) -> None:
    """Train every trial of a search space and write the report; what is already trained is not trained again."""
    chosen = load_space(space, overrides)  # before the heavy imports: what is wrong in it is said at once

    from rhm_sweeps.sweeps import session
    from rhm_sweeps.sweeps.pools import local_pool

    pool = local_pool()
    if dry_run:
        from .plan import show_plan

        show_plan(session.plan_space(chosen, results, pool), pool, as_json=as_json)
        return
    from rhm_sweeps.sweeps.runner import run_packs

    options = session.SessionOptions(results, tracking_uri, experiment, accept_changes)
    run = partial(run_packs, pool=pool, checkpoint_interval_s=checkpoint_interval)
    stderr.print(f"launching {chosen.name} on {pool.slots} {pool.device} slots", markup=False)
    drive_sweep(lambda stop: session.launch(chosen, options, pool, run, stderr, stop), as_json=as_json)
