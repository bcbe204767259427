"""`rhm-sweep pause`: let a running sweep give its cores and GPUs back for a while."""

from __future__ import annotations

from .answers import ask_there
from .followed import followed
from .output import Json, print_json, stderr
from .session_flags import DEFAULT_RESULTS, Results, SweepName
from .stop import Timeout


@followed(ask_there)
def pause(
    name: SweepName, *, results: Results = DEFAULT_RESULTS, timeout: Timeout = 60.0, as_json: Json = False
) -> None:
    """Let the packs of a running sweep save and leave, until `resume`; its process waits."""
    from rhm_sweeps.sweeps.folder import sweep_folder, sweep_status
    from rhm_sweeps.sweeps.requests import pause_sweep

    folder = sweep_folder(results, name)
    sweep_status(folder)
    pause_sweep(folder, timeout)
    if as_json:
        print_json(sweep_status(folder))
    else:
        stderr.print(f"{name} is paused; go on with  rhm-sweep resume {name}", markup=False)
