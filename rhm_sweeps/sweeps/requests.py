"""Asking for something of a sweep from another process than the one that drives it, if one does."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rhm_sweeps.errors import SweepError
from rhm_sweeps.ledger import Ledger
from rhm_sweeps.sweeps.control import WANTED, ask, stop_idle
from rhm_sweeps.sweeps.folder import SweepFolder
from rhm_sweeps.sweeps.lock import is_locked, sweep_lock

POLL_INTERVAL_S = 0.2
UNFINISHED = ("pending", "running")


@dataclass(frozen=True)
class Stopped:
    """Trials that were asked to stop: those that had ended before, and those whose end was not seen in time."""

    ended_before: tuple[str, ...]
    asked: tuple[str, ...]
    still_running: tuple[str, ...]


def stop_sweep(folder: SweepFolder, timeout_s: float) -> None:
    """Let the process that drives a sweep save and end.

    Raises:
        SweepError: if no process drives it, or it still runs then.
    """
    _ask(folder, "stop")
    if not _wait(lambda: not is_locked(folder.path), timeout_s):
        raise SweepError(
            f"sweep {folder.path.name} was asked to stop, but still runs after {timeout_s:g} s; it stops when its packs have saved"
        )


def pause_sweep(folder: SweepFolder, timeout_s: float) -> None:
    """Let the packs of a sweep save and leave, while its process waits.

    Raises:
        SweepError: if no process drives it, or some packs still run then.
    """
    _ask(folder, "pause")
    with Ledger(folder.path) as ledger:
        paused = _wait(lambda: ledger.meta("state") == "paused" and not ledger.counts()["running"], timeout_s)
    if not paused:
        raise SweepError(
            f"sweep {folder.path.name} was asked to pause, but some packs still run after {timeout_s:g} s; "
            "they leave when they have saved"
        )


def unpause_sweep(folder: SweepFolder) -> bool:
    """Let a paused sweep go on, and return whether there was one: driven by a process, and paused."""
    with Ledger(folder.path) as ledger:
        if not is_locked(folder.path) or ledger.meta(WANTED) != "pause":
            return False
        ask(ledger, "run")
    return True


def stop_trials(folder: SweepFolder, signatures: Sequence[str], reason: str, timeout_s: float) -> Stopped:
    """Stop trials where they are; each can be taken up again from there. Those that have ended stay as they are."""
    with Ledger(folder.path) as ledger:
        states = ledger.states()
        wanted = tuple(signature for signature in signatures if states[signature] in UNFINISHED)
        ended = tuple(signature for signature in signatures if states[signature] not in UNFINISHED)
        ledger.order_stop(wanted, reason)
        if not is_locked(folder.path):
            with sweep_lock(folder.path):
                stop_idle(ledger, wanted, ledger.orders())
        _wait(lambda: not set(wanted) & ledger.orders().keys(), timeout_s)
        return Stopped(ended, wanted, tuple(signature for signature in wanted if signature in ledger.orders()))


def _ask(folder: SweepFolder, wanted: str) -> None:
    with Ledger(folder.path) as ledger:
        if not is_locked(folder.path):
            raise SweepError(
                f"no process drives sweep {folder.path.name}; `rhm-sweep status {folder.path.name}` shows where it stands"
            )
        ask(ledger, wanted)


def _wait(over: Callable[[], bool], timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while not over():
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_INTERVAL_S)
    return True
