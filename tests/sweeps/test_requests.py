"""What one process asks of another that drives the sweep, and what it does itself when none does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from rhm_sweeps.errors import SweepError
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.packs.pack_progress import Progress
from rhm_sweeps.sweeps.drive import drive
from rhm_sweeps.sweeps.folder import SweepFolder, sweep_status
from rhm_sweeps.sweeps.lock import sweep_lock
from rhm_sweeps.sweeps.requests import pause_sweep, stop_sweep, stop_trials, unpause_sweep

from ..tiny_sweeps import LIMITS, RecordingView, run_alone, tiny_plan


class SlowView(RecordingView):
    """Takes its time over each report, so that a sweep of seconds lasts long enough to be asked for something."""

    def update(self, pack: str, progress: Progress) -> None:
        super().update(pack, progress)
        time.sleep(0.3)


@contextmanager
def driven(folder: SweepFolder) -> Iterator[RecordingView]:
    """A thread drives the sweep as another process would: with its own connection and the sweep's lock."""
    view = SlowView()

    def run() -> None:
        with sweep_lock(folder.path), Ledger(folder.path) as ledger:
            drive(ledger, folder, run_alone, LIMITS, view, view.stop)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield view
    finally:
        view.stop.ask()
        thread.join()


def soon(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("ask", [stop_sweep, pause_sweep])
def test_a_sweep_that_nobody_drives_cannot_be_asked(
    ledger: Ledger, folder: SweepFolder, ask: Callable[[SweepFolder, float], None]
) -> None:
    with pytest.raises(SweepError, match="no process drives sweep tiny"):
        ask(folder, 1.0)
    assert not unpause_sweep(folder)


def test_trials_of_a_sweep_that_nobody_drives_are_stopped_at_once(ledger: Ledger, folder: SweepFolder) -> None:
    first, second, *_ = ledger.states()
    ledger.set_state([first], "done")
    stopped = stop_trials(folder, [first, second], "not needed", 0.0)
    assert (stopped.ended_before, stopped.asked, stopped.still_running) == ((first,), (second,), ())
    assert [ledger.states()[name] for name in (first, second)] == ["done", "stopped"]
    assert ledger.trials("stopped")[0].reason == "not needed"


@pytest.mark.slow
def test_pause_stop_and_go_on_from_another_shell(ledger: Ledger, folder: SweepFolder) -> None:
    with driven(folder) as view:
        soon(lambda: view.updates)
        pause_sweep(folder, 20.0)
        assert sweep_status(folder)["state"] == "paused"
        reports = len(view.updates)
        time.sleep(0.3)
        assert len(view.updates) == reports
        (first, *_), states = [name for name, state in ledger.states().items() if state == "pending"], ledger.states()
        assert "running" not in states.values()
        assert stop_trials(folder, [first], "by hand", 20.0).still_running == ()
        assert ledger.states()[first] == "stopped"
        assert unpause_sweep(folder)
        soon(lambda: not ledger.counts()["pending"] and not ledger.counts()["running"])
    assert ledger.counts()["stopped"] == 1
    assert ledger.counts()["done"] == len(tiny_plan().trials) - 1


@pytest.mark.slow
def test_a_sweep_that_is_stopped_can_be_resumed(ledger: Ledger, folder: SweepFolder) -> None:
    with driven(folder) as view:
        soon(lambda: view.updates)
        stop_sweep(folder, 20.0)
        assert view.stop.signal == 2
    assert ledger.meta("state") in ("interrupted", "finished")
    with driven(folder):
        soon(lambda: ledger.counts()["done"] == 4)
