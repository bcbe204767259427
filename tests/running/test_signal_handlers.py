"""A handler that a library has put below Python's is taken away, also by another thread than the main one."""

from __future__ import annotations

import signal
import subprocess
import sys

STOLEN = """
import ctypes, os, signal, sys, threading
from rhm_sweeps.running.signal_handlers import hear_in_python

signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
ctypes.pythonapi.PyOS_setsig.argtypes = [ctypes.c_int, ctypes.c_void_p]
ctypes.pythonapi.PyOS_setsig(signal.SIGTERM, ctypes.c_void_p.from_buffer(ctypes.pythonapi.Py_FatalError).value)
MEND
os.kill(os.getpid(), signal.SIGTERM)
"""
MEND = "thread = threading.Thread(target=hear_in_python, args=[signal.SIGTERM]); thread.start(); thread.join()"


def ends_with(mend: str) -> int:
    return subprocess.run(
        [sys.executable, "-c", STOLEN.replace("MEND", mend)], capture_output=True, check=False
    ).returncode


def test_another_thread_puts_pythons_handler_back() -> None:
    assert ends_with("") != 128 + signal.SIGTERM
    assert ends_with(MEND) == 128 + signal.SIGTERM
