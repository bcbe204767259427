"""Ctrl-C and SIGTERM: the first asks, the second insists."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_prepares_ends_at_once_whatever_it_imports(number: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", IMPORTS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as preparing:
        assert preparing.stdout is not None
        assert preparing.stderr is not None
        assert preparing.stdout.readline() == "ready\n"
        preparing.send_signal(number)
        assert preparing.wait(10) == 128 + number
        assert preparing.stderr.read() == "interrupted\n"


def test_after_preparing_the_handlers_are_those_of_before() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with end_on_signals():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_after_sigterm_the_process_ends_in_time_whatever_hangs() -> None:
    assert SIGTERM_TIMEOUT_S < 30  # Slurm's and Kubernetes' default
    with subprocess.Popen(
        [sys.executable, "-c", HANG], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as hung:
        assert hung.stdout is not None
        assert hung.stderr is not None
        assert hung.stdout.readline() == "ready\n"
        hung.terminate()
        started = time.monotonic()
        assert hung.wait(10) == 143
        assert time.monotonic() - started < 5
        said = hung.stderr.read()
    assert "stopping took too long; `rhm-sweep resume` goes on from the last checkpoints" in said
