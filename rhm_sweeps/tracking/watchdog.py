"""Runs a command that ends, with all its children, when standard input closes: when whoever started it ends, however."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

GRACE_S = 5


def watch(command: Sequence[str]) -> int:
    """Run the command in a process group of its own and return its exit status; nothing of the group is left."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    threading.Thread(target=_end_with_input, args=(child.pid,), daemon=True).start()
    status = child.wait()
    _signal(child.pid, signal.SIGKILL)
    return status


def _end_with_input(group: int) -> None:
    while os.read(sys.stdin.fileno(), 4096):  # not sys.stdin.read(): its lock aborts the interpreter at the end
        pass
    _signal(group, signal.SIGTERM)
    time.sleep(GRACE_S)
    _signal(group, signal.SIGKILL)


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


if __name__ == "__main__":
    sys.exit(watch(sys.argv[1:]))
