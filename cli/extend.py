"""`rhm-sweep extend`: more of a sweep: values, draws, replicas or steps."""

from __future__ import annotations

from typing import Annotated

import typer

from rhm_sweeps.errors import UsageError
from rhm_sweeps.printable import count

from .drive_sweep import place_of
from .followed import followed
from .resume import go_on_unless_driven
from .sent_sweep import drive_there
from .session_flags import SessionFlags, SweepName, session_flags

Changes = Annotated[
    list[str] | None,
    typer.Option(
        "-s",
        "--set",
        metavar="FIELD=...",
        help="What is added: train_size=grid:2048, replicas=5, search.num_samples=100, or steps=32768. Repeatable.",
    ),
]


@followed(drive_there)
@session_flags
def extend(name: SweepName, *, changes: Changes = None, session: SessionFlags) -> None:
    """Add values, draws, replicas or steps to a sweep, finished or running; trials that get more steps go on where they ended."""
    if not changes:
        raise UsageError("nothing is added; say what with -s, such as -s train_size=grid:2048 or -s replicas=5")

    from rhm_sweeps.ledger import Ledger
    from rhm_sweeps.sweeps.folder import sweep_folder
    from rhm_sweeps.sweeps.growth import extend_sweep

    folder = sweep_folder(session.results, name)
    with Ledger(folder.path) as ledger:
        grown = extend_sweep(ledger, folder, changes, place_of(session, name).pools)
    continued = f", {grown.continued:,} of them from where shorter ones ended" if grown.continued else ""
    go_on_unless_driven(name, session, f"training {count(grown.added, 'more trial')}{continued}")
