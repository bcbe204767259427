"""One driver per sweep, held by the operating system: it dies with its process."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rhm_sweeps.errors import LockedError
from rhm_sweeps.sweeps.lock import FILE_NAME, is_locked, sweep_lock

HOLD = """
import sys, pathlib
from rhm_sweeps.sweeps.lock import sweep_lock
with sweep_lock(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its input closes."""
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def test_a_second_driver_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        assert is_locked(tmp_path)
        where = re.escape(f"process {process.pid} on {socket.gethostname()}")
        with pytest.raises(LockedError, match=where), sweep_lock(tmp_path):
            pass
    assert not is_locked(tmp_path)
    with sweep_lock(tmp_path):
        assert is_locked(tmp_path)


def test_a_killed_driver_holds_nothing(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.kill()
        process.wait()
        assert str(process.pid) in (tmp_path / FILE_NAME).read_text()
        assert not is_locked(tmp_path)
        with sweep_lock(tmp_path):
            assert str(process.pid) not in (tmp_path / FILE_NAME).read_text()


def test_a_sweep_that_nobody_ever_drove_is_not_locked(tmp_path: Path) -> None:
    assert not is_locked(tmp_path)
    assert not is_locked(tmp_path / "nowhere")


def test_an_error_inside_releases(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), sweep_lock(tmp_path):
        1 / 0  # noqa: B018
    assert not is_locked(tmp_path)


def test_a_holder_without_a_note_is_refused_all_the_same(tmp_path: Path) -> None:
    with holder(tmp_path):
        (tmp_path / FILE_NAME).write_text('["?"]')
        with pytest.raises(LockedError, match="an unknown process"), sweep_lock(tmp_path):
            pass


def test_looking_does_not_keep_a_driver_out(tmp_path: Path) -> None:
    """`status` in a loop, as a dashboard does it, while sweeps start."""
    with sweep_lock(tmp_path):
        pass
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            is_locked(tmp_path)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        for _ in range(100):
            with sweep_lock(tmp_path):
                pass
    finally:
        done.set()
        watcher.join()
    assert not is_locked(tmp_path)
