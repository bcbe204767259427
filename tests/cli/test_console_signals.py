"""Ctrl-C and SIGTERM: the first asks, the second insists."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from rhm_sweeps.cli.console_signals import stop_on_signals
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
