"""`rhm-sweep resume`: finish a sweep that was interrupted, or let a paused one go on."""

from __future__ import annotations

from dataclasses import replace

from .drive_sweep import drive_sweep, place_of, ray_ahead
from .followed import followed
from .output import print_json, stderr
from .sent_sweep import drive_there
from .session_flags import SessionFlags, SweepName, session_flags


@followed(drive_there)
@session_flags
def resume(name: SweepName, *, session: SessionFlags) -> None:
    """Finish an interrupted sweep: finished trials stay, the others go on from their checkpoints. A paused one goes on."""
    from rhm_sweeps.ledger import Ledger
    from rhm_sweeps.sweeps.folder import sweep_folder, sweep_status

    folder = sweep_folder(session.results, name)
    Ledger(folder.path).close()  # before the heavy imports: a wrong name is said at once

    from rhm_sweeps.sweeps.requests import unpause_sweep

    if unpause_sweep(folder):
        stderr.print(f"{name} goes on in the process that drives it", markup=False)
        if session.as_json:
            print_json(sweep_status(folder))
        return
    go_on(name, session)


def go_on_unless_driven(name: str, session: SessionFlags, said: str) -> None:
    """Leave what was planned to the process that drives the sweep; if there is none, drive it here."""
    from rhm_sweeps.sweeps.folder import sweep_folder, sweep_status
    from rhm_sweeps.sweeps.lock import is_locked

    folder = sweep_folder(session.results, name)
    if not is_locked(folder.path):
        stderr.print(said, markup=False)
        go_on(name, session)
    stderr.print(f"{said} by the process that drives {name}", markup=False)
    if session.as_json:
        print_json(sweep_status(folder))


def go_on(name: str, session: SessionFlags) -> None:
    """Drive a sweep here until nothing of it is left to train; does not return."""
    with ray_ahead(session) as ahead:
        from rhm_sweeps.sweeps.session import resume as resume_sweep

        place = place_of(session, name, ahead)
        options = replace(session.options, storage=place.storage)
        drive_sweep(
            lambda stop: resume_sweep(name, options, place.pools, place.run, stderr, stop), as_json=session.as_json
        )
