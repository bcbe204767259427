"""Writes what packs report into the ledger, and tells the view."""

from __future__ import annotations

from typing import Protocol

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.sweeps.pack_run import Ending, Progress


class View(Protocol):
    """Somebody who watches a sweep."""

    def update(self, pack: str, progress: Progress) -> None: ...
    def say(self, message: str) -> None: ...


class StopRequest:
    """Asks a running sweep to stop; set from a signal handler."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def __call__(self) -> bool:
        return self.signal is not None


class Recorder:
    """The listener of a run: every report is durable before the next one is asked for."""

    def __init__(self, ledger: Ledger, view: View, should_stop: StopRequest) -> None:
        self.ledger, self.view, self._should_stop = ledger, view, should_stop
        self._open: dict[str, set[str]] = {}
        for trial in ledger.trials("pending", "running"):
            self._open.setdefault(trial.pack, set()).add(trial.signature)

    def started(self, pack: str) -> None:
        self.ledger.set_state(sorted(self._open[pack]), "running")

    def progressed(self, pack: str, progress: Progress) -> None:
        """Points and endings of one report are recorded together: a trial is never done without its last point."""
        for warning in progress.warnings:
            self.view.say(warning)
        if progress.points or progress.endings:
            with self.ledger.transaction():
                self.ledger.add_points(progress.points)
                for ending in progress.endings:
                    self.ledger.set_state([ending.signature], ending.state, ending.reason)
        self._open[pack] -= {ending.signature for ending in progress.endings}
        for ending in progress.endings:
            if ending.state == "failed":
                self.view.say(f"trial {ending.signature} failed: {ending.reason}")
        self.view.update(pack, progress)

    def crashed(self, pack: str, reason: str) -> None:
        """The pack's process died too often: what is left of the pack fails."""
        endings = tuple(Ending(signature, "failed", reason) for signature in sorted(self._open[pack]))
        self.progressed(pack, Progress(0, 0, 0, 0.0, endings=endings))

    def should_stop(self) -> bool:
        return self._should_stop()
