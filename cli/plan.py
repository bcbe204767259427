"""`rhm-sweep plan`: what a launch would train, and what it would cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from .drive_sweep import place_of
from .expectation import of_command
from .output import Json, print_json, stdout
from .session_flags import DEFAULT_RESULTS, Address, PoolsFile, Results, SessionFlags
from .space_view import print_left_out, say_size
from .spaces import MaxSettings, Overrides, Space, accepted, load_space
from .trial_preview import Show, first_trials, print_trials

if TYPE_CHECKING:
    from rhm_sweeps.spaces.search_space import SearchSpace
    from rhm_sweeps.sweeps.outlook import Outlook


def plan(
    space: Space,
    *,
    overrides: Overrides = None,
    results: Results = DEFAULT_RESULTS,
    pools: PoolsFile = None,
    address: Address = None,
    show: Show = 0,
    max_settings: MaxSettings = None,
    as_json: Json = False,
) -> None:
    """Show trials, packs, memory and time of a launch, and start nothing."""
    session = SessionFlags(results=results, pools=pools, address=address, as_json=as_json)
    show_outlook(load_space(space, overrides), session, show, max_settings)


def show_outlook(space: SearchSpace, session: SessionFlags, show: int = 0, max_settings: int | None = None) -> None:
    """Print what a launch of a space would do, its size first, as one JSON document or as tables."""
    if not session.as_json:
        say_size(space)

    from rhm_sweeps.sweeps.folder import sweep_folder
    from rhm_sweeps.sweeps.outlook import look_ahead
    from rhm_sweeps.sweeps.plan import check_size, finished_trials

    check_size(space, accepted(max_settings))
    finished = finished_trials(sweep_folder(session.results, space.name).path)
    outlook = of_command(look_ahead(space, place_of(session, space.name).pools, finished, accepted(max_settings)))
    if session.as_json:
        first = {"first": first_trials(space, outlook.trials[:show])} if show else {}
        print_json(outlook.counts | first)
        return
    stdout.print(_table(outlook))
    print_left_out(outlook.plan)
    print_trials(space, outlook.trials[:show])


def _table(outlook: Outlook) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_header=False)
    for label, value in outlook.rows:
        table.add_row(label, value)
    return table
