"""How often packs report: at once when they have news, and otherwise so seldom that one driver can listen to all of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from rhm_sweeps.packs.pack_progress import Progress

LOOK_INTERVAL_S = 1.0
"""How long a pack trains between two looks for orders."""
SHORTEST_INTERVAL_S, LONGEST_INTERVAL_S = 1.0, 120.0
"""The longest is well below `sweeps.standing.STALE_MS`, after which a pack does not count as training."""
REPORTS_PER_SECOND = 100.0
"""That have no news, of all packs together."""


def report_interval_s(packs: int) -> float:
    """Seconds between the reports without news of each of so many packs that are at work at once."""
    return min(max(SHORTEST_INTERVAL_S, packs / REPORTS_PER_SECOND), LONGEST_INTERVAL_S)


class Advances(Protocol):
    """A pack that trains for some seconds at a time, and looks for orders before."""

    def advance(self, budget_s: float) -> Progress: ...


@dataclass
class ReportPace:
    """Lets a pack train until it has something to report: news, or where it stands if it has not said so for an interval.

    The first report comes at once: it says on which node the pack is.
    """

    interval_s: float
    clock: Callable[[], float] = time.monotonic
    _reported: float = field(default=float("-inf"))

    def next_report(self, pack: Advances) -> Progress:
        """Advance a pack, in bursts after which it looks for orders, and return its next report."""
        while True:
            progress = pack.advance(min(self.interval_s, LOOK_INTERVAL_S))
            now = self.clock()
            if progress.is_news or now - self._reported >= self.interval_s:
                self._reported = now
                return progress
