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


@contextmanager
def stop_on_signals(say: Callable[[str], None]) -> Iterator[StopRequest]:
    """Yield a request that SIGINT and SIGTERM set; after SIGTERM the process ends in time, whatever hangs.

    In another thread than the main one, which gets no signals, nothing sets it.
    """
    stop = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
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

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        deadline.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_now() -> None:
    os.write(2, b"stopping took too long; `rhm-sweep resume` goes on from the last checkpoints\n")
    os._exit(128 + signal.SIGTERM)
