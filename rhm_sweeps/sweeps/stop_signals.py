"""Ctrl-C and SIGTERM: the first asks the sweep to stop and save, the second ends it at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from rhm_sweeps.sweeps.stop_request import StopRequest

SIGTERM_TIMEOUT_S = 25.0
"""Batch systems kill a job some 30 s after SIGTERM. One that signals all of its processes has ended Ray's, which Ray notices late."""


Handler = Callable[[int, FrameType | None], None]


@contextmanager
def signals_handled(handle: Handler) -> Iterator[None]:
    """Give SIGINT and SIGTERM to a handler while the block lasts; in another thread than the main one nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stop_on_signals(say: Callable[[str], None]) -> Iterator[StopRequest]:
    """Yield a request that SIGINT and SIGTERM set; after SIGTERM the process ends in time, whatever hangs.

    In another thread than the main one, which gets no signals, nothing sets it.
    """
    stop = StopRequest()
    deadline = threading.Timer(SIGTERM_TIMEOUT_S, _end_now)
    deadline.daemon = True

    def handle(number: int, _: FrameType | None) -> None:
        if stop():
            raise KeyboardInterrupt
        stop.signal = number
        if number == signal.SIGTERM:
            deadline.start()
        with suppress(RuntimeError):  # the signal came in the middle of a line
            say("stopping: the packs save where they are (once more to stop at once)")

    try:
        with signals_handled(handle):
            yield stop
    finally:
        deadline.cancel()


def _end_now() -> None:
    os.write(2, b"stopping took too long; `rhm-sweep resume` goes on from the last checkpoints\n")
    os._exit(128 + signal.SIGTERM)
