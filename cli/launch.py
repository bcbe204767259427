"""`rhm-sweep launch`: from a search space to a finished sweep with its report."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from .drive_sweep import drive_sweep, place_of, ray_ahead
from .expectation import Expectation
from .output import stderr
from .session_flags import SessionFlags, session_flags
from .spaces import MaxSettings, Overrides, Space, accepted, load_space

DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop: trials, packs, memory, time.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a launch that takes long.")]


@session_flags
def launch(
    space: Space,
    *,
    overrides: Overrides = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    max_settings: MaxSettings = None,
    session: SessionFlags,
) -> None:
    """Train every trial of a search space and write the report; what is already trained is not trained again."""
    chosen = load_space(space, overrides)  # before the heavy imports: what is wrong in it is said at once
    if dry_run:
        from .plan import plan

        plan(
            space,
            overrides=overrides,
            results=session.results,
            pools=session.pools,
            address=session.address,
            max_settings=max_settings,
            as_json=session.as_json,
        )
        return
    expected = Expectation(ask=not yes)
    with ray_ahead(session) as ahead:
        from rhm_sweeps.sweeps.session import launch as launch_sweep

        place = place_of(session, chosen.name, ahead)
        options = replace(session.options, max_settings=accepted(max_settings), storage=place.storage)
        stderr.print(f"launching {chosen.name} on {place}", markup=False)
        drive_sweep(
            lambda stop: launch_sweep(chosen, options, place.pools, place.run, stderr, stop, expected.confirm),
            expected,
            as_json=session.as_json,
        )
