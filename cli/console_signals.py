"""Ctrl-C and SIGTERM at the console: they end a command that prepares; a sweep that runs is asked to stop first."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from functools import partial
from types import FrameType

from rhm_sweeps.running.scratch import remove_own
from rhm_sweeps.sweeps import stop_signals
from rhm_sweeps.sweeps.stop_request import StopRequest

from .output import stderr


def stop_on_signals() -> AbstractContextManager[StopRequest]:
    """A request that SIGINT and SIGTERM set."""
    return stop_signals.stop_on_signals(partial(stderr.print, markup=False))


def end_on_signals() -> AbstractContextManager[None]:
    """Let Ctrl-C and SIGTERM end the command at once, as a kill would, while a sweep is prepared and after it has ended.

    An exception could not: raised within an import, it leaves Python's lock of imports closed, and the thread that starts Ray waits
    for that for ever. Ray's processes end with this one, whose scratch folder is removed.
    """
    return stop_signals.signals_handled(_end_now)


def _end_now(number: int, _: FrameType | None) -> None:
    os.write(2, b"interrupted\n")
    remove_own()
    os._exit(128 + number)
