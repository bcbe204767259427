"""`rhm-sweep retry`: train again what failed, or what was stopped."""

from __future__ import annotations

from typing import Annotated

import typer

from rhm_sweeps.printable import count

from .drive_sweep import place_of
from .followed import followed
from .resume import go_on_unless_driven
from .selection import Trials, Where
from .sent_sweep import drive_there
from .session_flags import SessionFlags, SweepName, session_flags

Failed = Annotated[bool, typer.Option("--failed", help="Those that failed: they start anew. The default.")]
Stopped = Annotated[bool, typer.Option("--stopped", help="Those that were stopped: they go on from where they were.")]


@followed(drive_there)
@session_flags
def retry(
    name: SweepName,
    trials: Trials = None,
    *,
    failed: Failed = False,
    stopped: Stopped = False,
    where: Where = None,
    session: SessionFlags,
) -> None:
    """Train failed or stopped trials after all; a process that drives the sweep takes them up, else this one does."""
    from rhm_sweeps.ledger import Ledger
    from rhm_sweeps.sweeps.folder import sweep_folder
    from rhm_sweeps.sweeps.second_chance import choose_again, take_up

    folder = sweep_folder(session.results, name)
    states = [*(["failed"] if failed or not stopped else []), *(["stopped"] if stopped else [])]
    with Ledger(folder.path) as ledger:
        chosen = choose_again(ledger, folder, states, where, trials or [])
        take_up(ledger, folder, chosen, place_of(session, name).pools)
    go_on_unless_driven(name, session, f"training {count(len(chosen), 'trial')} again")
