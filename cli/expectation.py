"""What a launch is expected to take: asked about before, if it is much, and compared with what it took."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from .output import stderr

if TYPE_CHECKING:
    from rhm_sweeps.sweeps.outlook import Outlook

EXPENSIVE_S = 3600.0
"""From here on a person is asked before anything starts."""
PROCESS_S = 3.0
"""Until Ray and its processes are ready for the first packs, once there is a plan: 2.9 s (docs/speed.md, `benchmarks/startup.py`)."""
COMMAND_S = 12.0
"""What is before that, imports and the plan, 4.4 s (there), and what is after the last pack: Ray ends, MLflow is told, the report is
written, 7 to 8 s for tiny sweeps on the same machine."""


def of_command(outlook: Outlook) -> Outlook:
    """What the whole command takes, not its packs alone."""
    return replace(outlook, around_s=PROCESS_S + COMMAND_S)


class Expectation:
    """The estimated seconds of a launch."""

    def __init__(self, *, ask: bool) -> None:
        self._ask = ask and sys.stdin.isatty()
        self._training_s: float | None = None

    def confirm(self, outlook: Outlook) -> None:
        """Say what is ahead, and ask before it starts if it takes long and a person is there.

        Raises:
            Abort: if the answer is no.
        """
        from rhm_sweeps.sweeps.progress import duration

        if not outlook.estimate.seconds:
            return
        self._training_s = outlook.estimate.seconds + PROCESS_S
        seconds = self._training_s + COMMAND_S
        if seconds < EXPENSIVE_S:
            return
        trials = round(len(outlook.trials) / outlook.share)
        stderr.print(f"{trials:,} trials, about {duration(seconds)}", markup=False)
        if self._ask:
            typer.confirm("Launch?", abort=True, err=True)

    def compare(self, seconds: float) -> None:
        """Say how long the packs took, and how far off the estimate was."""
        from rhm_sweeps.sweeps.progress import duration

        if self._training_s:
            error = 100 * (self._training_s / seconds - 1)
            said = f"{duration(seconds)}, {duration(self._training_s)} were expected ({error:+.0f} %)"
            stderr.print(f"  training    {said}", markup=False)
