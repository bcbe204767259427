"""`rhm-sweep stop`: end a running sweep, or some of its trials, from another shell."""

from __future__ import annotations

from typing import Annotated

import typer

from .answers import ask_there
from .followed import followed
from .output import Json, print_json, stderr
from .selection import Trials, Where
from .session_flags import DEFAULT_RESULTS, Results, SweepName

Timeout = Annotated[float, typer.Option("--timeout", min=0, help="Seconds to wait until it has happened.")]


@followed(ask_there)
def stop(
    name: SweepName,
    trials: Trials = None,
    *,
    where: Where = None,
    results: Results = DEFAULT_RESULTS,
    timeout: Timeout = 60.0,
    as_json: Json = False,
) -> None:
    """Stop a running sweep as Ctrl-C does, or some of its trials for good; what was trained stays, and can be gone on with."""
    from rhm_sweeps.sweeps.folder import sweep_folder, sweep_status
    from rhm_sweeps.sweeps.requests import stop_sweep

    folder = sweep_folder(results, name)
    found = sweep_status(folder)  # a wrong name is said at once
    if trials or where:
        _stop_trials(name, trials or [], where, results, timeout, as_json=as_json)
        return
    stop_sweep(folder, timeout)
    if as_json:
        print_json(sweep_status(folder))
    else:
        stderr.print(f"{found['name']} has stopped; go on with  rhm-sweep resume {name}", markup=False)


def _stop_trials(
    name: str, trials: list[str], where: str | None, results: Results, timeout: float, *, as_json: bool
) -> None:
    from rhm_sweeps.ledger import Ledger
    from rhm_sweeps.sweeps.folder import sweep_folder
    from rhm_sweeps.sweeps.requests import stop_trials
    from rhm_sweeps.sweeps.trial_filter import select_trials

    folder = sweep_folder(results, name)
    with Ledger(folder.path) as ledger:
        signatures = [trial.signature for trial in select_trials(ledger, where, trials)]
    stopped = stop_trials(folder, signatures, "stopped by hand", timeout)
    if as_json:
        print_json(vars(stopped))
        return
    stderr.print(f"{len(stopped.asked)} trials stopped, {len(stopped.ended_before)} had ended before", markup=False)
    if stopped.still_running:
        stderr.print(
            f"{len(stopped.still_running)} of them still run; they stop at the next look of their packs", markup=False
        )
