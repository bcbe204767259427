"""What a launch is expected to take: asked about before, if it is much, and compared with what it took."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from .output import stderr

if TYPE_CHECKING:
    from rhm_sweeps.sweeps.outlook import Outlook

EXPENSIVE_S = 3600.0
"""From here on a person is asked before anything starts."""


class Expectation:
    """The estimated seconds of a launch."""

    def __init__(self, *, ask: bool) -> None:
        self._ask = ask and sys.stdin.isatty()
        self._seconds: float | None = None

    def confirm(self, outlook: Outlook) -> None:
        """Say what is ahead, and ask before it starts if it takes long and a person is there.

        Raises:
            Abort: if the answer is no.
        """
        from rhm_sweeps.sweeps.progress import duration

        self._seconds = outlook.estimate.seconds
        if not self._seconds or self._seconds < EXPENSIVE_S:
            return
        trials = round(len(outlook.trials) / outlook.share)
        stderr.print(f"{trials:,} trials, about {duration(self._seconds)}", markup=False)
        if self._ask:
            typer.confirm("Launch?", abort=True, err=True)

    def compare(self, seconds: float) -> None:
        """Say how long the packs took, and how far off the estimate was."""
        from rhm_sweeps.sweeps.progress import duration

        if self._seconds:
            error = 100 * (self._seconds / seconds - 1)
            said = f"{duration(seconds)}, {duration(self._seconds)} were expected ({error:+.0f} %)"
            stderr.print(f"  training    {said}", markup=False)
