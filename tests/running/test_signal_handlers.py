"""A handler that a library has put below Python's is taken away, also by another thread than the main one."""

from __future__ import annotations

import signal
import subprocess
import sys

STOLEN = """
import ctypes, os, signal, sys, threading, time
from rhm_sweeps.running.signal_handlers import hear_in_python, heard_in_python

def steal():
    ctypes.pythonapi.PyOS_setsig(signal.SIGTERM, ctypes.c_void_p.from_buffer(ctypes.pythonapi.Py_FatalError).value)

signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
ctypes.pythonapi.PyOS_setsig.argtypes = [ctypes.c_int, ctypes.c_void_p]
"""
KILL = "os.kill(os.getpid(), signal.SIGTERM)"
MEND = "thread = threading.Thread(target=hear_in_python, args=[signal.SIGTERM]); thread.start(); thread.join()"
GUARD = "with heard_in_python(signal.SIGTERM): steal(); time.sleep(0.2); "


def ends_with(*lines: str) -> int:
    code = STOLEN + "\n".join(lines)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode


def test_another_thread_puts_pythons_handler_back() -> None:
    assert ends_with("steal()", KILL) != 128 + signal.SIGTERM
    assert ends_with("steal()", MEND, KILL) == 128 + signal.SIGTERM


def test_within_a_block_it_is_put_back_soon_and_at_its_end() -> None:
    assert ends_with(GUARD + KILL) == 128 + signal.SIGTERM
    assert ends_with("with heard_in_python(signal.SIGTERM): steal()", KILL) == 128 + signal.SIGTERM
