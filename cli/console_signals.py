"""Ctrl-C and SIGTERM at the console: the first asks the sweep to stop and says so, the second ends it at once."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial

from rhm_sweeps.sweeps import stop_signals
from rhm_sweeps.sweeps.stop_request import StopRequest

from .output import stderr


def stop_on_signals() -> AbstractContextManager[StopRequest]:
    """A request that SIGINT and SIGTERM set."""
    return stop_signals.stop_on_signals(partial(stderr.print, markup=False))
