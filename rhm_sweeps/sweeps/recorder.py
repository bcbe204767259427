"""Writes what packs report into the ledger, and tells the view."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from rhm_sweeps.ledger import Ledger
from rhm_sweeps.packs.pack_progress import Ending, Progress
from rhm_sweeps.printable import one_line


class View(Protocol):
    """Somebody who watches a sweep."""

    def replan(self, unfinished: Mapping[str, int]) -> None: ...
    def update(self, pack: str, progress: Progress) -> None: ...
    def say(self, message: str) -> None: ...


class Recorder:
    """Every report is durable before the next one is asked for."""

    def __init__(self, ledger: Ledger, view: View) -> None:
        self.ledger, self.view = ledger, view
        self._open: dict[str, set[str]] = {}

    @property
    def open(self) -> Mapping[str, set[str]]:
        """The unfinished members of each pack that runs."""
        return self._open

    def opened(self, pack: str, signatures: Iterable[str]) -> None:
        """A pack is handed out."""
        self._open[pack] = set(signatures)

    def started(self, pack: str) -> None:
        """A process has the pack; also when it is the next one, after another died."""
        self.ledger.set_state(sorted(self._open[pack]), "running")

    def progressed(self, pack: str, progress: Progress) -> Progress:
        """Record a report, tell the view, and return the news in it."""
        news = self.record(pack, progress)
        self.tell(pack, news)
        return news

    def record(self, pack: str, progress: Progress) -> Progress:
        """Record a report and return it with those of its endings that are news.

        Points and endings are recorded together: a trial is never done without its last point. A pack whose process died
        reports again from its checkpoint on; an ending counts once, the first time.
        """
        endings = tuple(ending for ending in progress.endings if ending.signature in self._open[pack])
        if progress.points or endings:
            with self.ledger.transaction():
                self.ledger.add_points(progress.points)
                for ending in endings:
                    self.ledger.set_state([ending.signature], ending.state, ending.reason)
                self.ledger.drop_orders(ending.signature for ending in endings)
        self._open[pack] -= {ending.signature for ending in endings}
        return replace(progress, endings=endings)

    def tell(self, pack: str, news: Progress) -> None:
        """Tell the view, which may take its time: never within a transaction."""
        failures = [
            one_line(f"trial {end.signature} failed: {end.reason}") for end in news.endings if end.state == "failed"
        ]
        for message in (*news.warnings, *failures):
            self.view.say(message)
        self.view.update(pack, news)

    def closed(self, pack: str) -> None:
        """A pack gave up its place: what is left of it is pending."""
        self.ledger.set_state(sorted(self._open.pop(pack, ())), "pending")

    def failed(self, pack: str, reason: str) -> None:
        """What is left of a pack fails."""
        endings = tuple(Ending(signature, "failed", reason) for signature in sorted(self._open[pack]))
        self.progressed(pack, Progress(0, 0, 0, 0.0, endings=endings))
