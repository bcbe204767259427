"""Writes what packs report into the ledger, and tells the view."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.sweeps.pack_progress import Ending, Progress
from rhm_sweeps.sweeps.stop_request import StopRequest


class View(Protocol):
    """Somebody who watches a sweep."""

    def update(self, pack: str, progress: Progress) -> None: ...
    def say(self, message: str) -> None: ...


class Recorder:
    """The listener of a run: every report is durable before the next one is asked for."""

    def __init__(self, ledger: Ledger, view: View, should_stop: StopRequest) -> None:
        self.ledger, self.view, self._should_stop = ledger, view, should_stop
        self._open: dict[str, set[str]] = {}
        for trial in ledger.trials("pending", "running"):
            self._open.setdefault(trial.pack, set()).add(trial.signature)

    def started(self, pack: str) -> None:
        """A process has the pack; also when it is the next one, after another died."""
        self.ledger.set_state(sorted(self._open[pack]), "running")

    def progressed(self, pack: str, progress: Progress) -> None:
        """Points and endings of one report are recorded together: a trial is never done without its last point.

        A pack whose process died reports again from its checkpoint on; an ending counts once, the first time.
        """
        endings = tuple(ending for ending in progress.endings if ending.signature in self._open[pack])
        if progress.points or endings:
            with self.ledger.transaction():
                self.ledger.add_points(progress.points)
                for ending in endings:
                    self.ledger.set_state([ending.signature], ending.state, ending.reason)
        self._open[pack] -= {ending.signature for ending in endings}
        failures = [f"trial {end.signature} failed: {end.reason}" for end in endings if end.state == "failed"]
        for message in (*progress.warnings, *failures):
            self.view.say(message)
        self.view.update(pack, replace(progress, endings=endings))

    def crashed(self, pack: str, reason: str) -> None:
        """The pack's process died too often: what is left of the pack fails."""
        endings = tuple(Ending(signature, "failed", reason) for signature in sorted(self._open[pack]))
        self.progressed(pack, Progress(0, 0, 0, 0.0, endings=endings))

    def should_stop(self) -> bool:
        return self._should_stop()
