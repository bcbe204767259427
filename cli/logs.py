"""`rhm-sweep logs`: what happened to one trial, or to the job that drives a sweep."""

from __future__ import annotations

from typing import Annotated

import typer

from rhm_sweeps.errors import SweepError, UsageError
from rhm_sweeps.printable import printable

from .followed import followed
from .job_answers import logs_there
from .output import Json, print_json
from .session_flags import DEFAULT_RESULTS, Results, SweepName

TrialOrDriver = Annotated[
    str | None,
    typer.Argument(
        metavar="[TRIAL]", help="First digits of the trial's signature; none: the job of a submitted sweep."
    ),
]
Follow = Annotated[
    bool, typer.Option("--follow", "-f", help="Go on printing lines until the trial, or the job, has ended.")
]
Tail = Annotated[int | None, typer.Option("--tail", min=1, help="Only the last so many lines.")]


@followed(logs_there)
def logs(
    name: SweepName,
    trial: TrialOrDriver = None,
    *,
    follow: Follow = False,
    tail: Tail = None,
    results: Results = DEFAULT_RESULTS,
    as_json: Json = False,
) -> None:
    """Print the log of a trial: the lines of its pack that are about the pack or about this trial, and what ended it.

    Without a trial: what the driver of a sweep that was submitted has printed.
    """
    from rhm_sweeps.ledger import Ledger
    from rhm_sweeps.sweeps.folder import sweep_folder
    from rhm_sweeps.sweeps.trial_filter import find_trial
    from rhm_sweeps.views import trial_log

    if follow and (as_json or tail):
        raise UsageError("--follow goes with neither --json nor --tail: it prints every line, now and as they come")
    if trial is None:
        raise UsageError(
            f"which trial? `rhm-sweep trials {name}` lists them; only a sweep that was submitted has a log of its own"
        )
    folder = sweep_folder(results, name)
    with Ledger(folder.path) as ledger:
        found = find_trial(ledger, trial)
        source = trial_log.follow_log if follow else trial_log.log_lines
        lines = []
        for line in source(folder, ledger, found):
            lines.append(line)
            if follow:
                typer.echo(printable(line))
        found = find_trial(ledger, found.signature)
    lines = lines[-tail:] if tail else lines
    error = trial_log.error_text(folder, found)
    if as_json:
        print_json({"signature": found.signature, "state": found.state, "lines": lines, "error": error})
        return
    for line in () if follow else lines:
        typer.echo(printable(line))
    typer.echo(printable(error), nl=False)
    if not lines and not error:
        log = trial_log.log_paths(folder, found.pack)[0]
        raise SweepError(f"trial {found.signature} is {found.state} and has no log: there is nothing about it in {log}")
