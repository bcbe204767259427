"""The system's handlers of signals, which Python lets only its main thread set."""

from __future__ import annotations

import ctypes
import signal

_GET, _SET = ctypes.pythonapi.PyOS_getsig, ctypes.pythonapi.PyOS_setsig
_GET.argtypes, _GET.restype = [ctypes.c_int], ctypes.c_void_p
_SET.argtypes, _SET.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_void_p


def hear_in_python(number: int, like: int = signal.SIGINT) -> None:
    """Let Python's handler of a signal be called again after a library has put one of its own below it; in any thread.

    Args:
        like: a signal whose handler is Python's too, and which the library leaves alone. All such have one below them.
    """
    if callable(signal.getsignal(number)) and callable(signal.getsignal(like)):
        _SET(number, _GET(like))
