"""Ctrl-C and SIGTERM: the first asks, the second insists."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from rhm_sweeps.cli.console_signals import end_on_signals, stop_on_signals
from rhm_sweeps.sweeps.stop_signals import SIGTERM_TIMEOUT_S

HANG = """
import sys, time
from rhm_sweeps.cli import console_signals
from rhm_sweeps.sweeps import stop_signals
stop_signals.SIGTERM_TIMEOUT_S = 0.3
with console_signals.stop_on_signals():
    print("ready", flush=True)
    while True:
        try:
            time.sleep(60)
        finally:
            continue
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_and_the_second_insists(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(number)
    with stop_on_signals() as stop:
        assert not stop()
        os.kill(os.getpid(), number)
        assert stop()
        assert stop.signal == number
        assert "stopping: the packs save where they are" in capsys.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) == before


def test_without_a_signal_nothing_is_changed(capsys: pytest.CaptureFixture[str]) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stop_on_signals() as stop:
        pass
    assert not stop()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert capsys.readouterr().err == ""


IMPORTS = """
import importlib, sys, threading
from rhm_sweeps.cli.console_signals import end_on_signals

def import_again_and_again(name):
    while True:
        sys.modules.pop(name, None)
        importlib.import_module(name)

with end_on_signals():
    threading.Thread(target=import_again_and_again, args=["colorsys"]).start()
    print("ready", flush=True)
    import_again_and_again("stringprep")
"""


SCRATCH = """
import tempfile, time
from rhm_sweeps.cli.console_signals import end_on_signals
from rhm_sweeps.running.scratch import scratch_folder

tempfile.tempdir = {base!r}
with end_on_signals(), scratch_folder() as folder:
    (folder / "session").mkdir()
    (folder / "session/log").touch()
    print("ready", flush=True)
    time.sleep(60)
"""


def ends(code: str, number: int) -> tuple[int, str, float]:
    """Send a signal to a process that says when it is ready: its exit code, what it said on standard error, and how long it took."""
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        started = time.monotonic()
        return process.wait(10), process.stderr.read(), time.monotonic() - started


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_prepares_ends_at_once_whatever_it_imports(number: int) -> None:
    code, said, _ = ends(IMPORTS, number)
    assert (code, said) == (128 + number, "interrupted\n")


def test_a_command_that_is_ended_while_it_prepares_leaves_no_scratch_folder() -> None:
    with tempfile.TemporaryDirectory(prefix="s", dir="/tmp") as base:
        code, _, _ = ends(SCRATCH.format(base=base), signal.SIGTERM)
        assert (code, list(Path(base).iterdir())) == (143, [])


def test_after_preparing_the_handlers_are_those_of_before() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with end_on_signals():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_after_sigterm_the_process_ends_in_time_whatever_hangs() -> None:
    assert SIGTERM_TIMEOUT_S < 30  # Slurm's and Kubernetes' default
    code, said, seconds = ends(HANG, signal.SIGTERM)
    assert code == 143
    assert seconds < 5
    assert "stopping took too long; `rhm-sweep resume` goes on from the last checkpoints" in said
