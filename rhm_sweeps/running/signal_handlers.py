"""The system's handlers of signals, which Python lets only its main thread set."""

from __future__ import annotations

import ctypes
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_GET, _SET = ctypes.pythonapi.PyOS_getsig, ctypes.pythonapi.PyOS_setsig
_GET.argtypes, _GET.restype = [ctypes.c_int], ctypes.c_void_p
_SET.argtypes, _SET.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_void_p
LOOK_INTERVAL_S = 0.005


@contextmanager
def heard_in_python(number: int) -> Iterator[None]:
    """Let Python's handler of a signal be called while the block lasts, in which a library may put its own below it at any time."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(LOOK_INTERVAL_S):
            hear_in_python(number)

    watcher = threading.Thread(target=watch, name="signals", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        hear_in_python(number)


def hear_in_python(number: int, like: int = signal.SIGINT) -> None:
    """Let Python's handler of a signal be called again after a library has put one of its own below it; in any thread.

    Args:
        like: a signal whose handler is Python's too, and which the library leaves alone. All such have one below them.
    """
    if callable(signal.getsignal(number)) and callable(signal.getsignal(like)):
        _SET(number, _GET(like))
