"""What a pack reports as it trains: its progress, the endings of its members, and how long it has lived."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Literal

from rhm_sweeps.ledger import MetricPoint


@dataclass(frozen=True)
class Ending:
    """How a member ended, and why."""

    signature: str
    state: Literal["done", "failed", "stopped"]
    reason: str = ""


@dataclass(frozen=True)
class Progress:
    """What happened since the last report: new metric points, members that ended; and where the pack stands."""

    step: int
    steps: int
    active: int
    steps_per_second: float
    points: tuple[MetricPoint, ...] = ()
    endings: tuple[Ending, ...] = ()
    warnings: tuple[str, ...] = ()
    work: float | None = None
    """Share of a full trial's floating-point work that is done, evaluations included."""
    left: bool = False
    """The pack saved and gave up its place, as ordered; its members are not finished."""
    too_big: str = ""
    """Why the pack does not fit the memory of its place, in a line."""

    @property
    def finished(self) -> bool:
        """Whether the pack needs its place no longer."""
        return self.active == 0 or self.left or bool(self.too_big)

    @property
    def is_news(self) -> bool:
        """Whether it says more than where the pack stands."""
        return self.finished or bool(self.points or self.endings or self.warnings)


@dataclass
class PackClock:
    """Seconds of the pack's life, over all its resumes, and its pace since the last evaluation."""

    lived_s: float = 0.0
    steps_per_second: float = 0.0
    _steps: int = 0
    _seconds: float = 0.0
    _last: float = field(default_factory=time.monotonic)

    def tick(self) -> float:
        """Count the time since the last tick as lived, and return it."""
        now = time.monotonic()
        elapsed, self._last = now - self._last, now
        self.lived_s += elapsed
        return elapsed

    def trained(self, steps: int) -> None:
        """Count the time since the last tick as spent on `steps` optimizer steps."""
        self._steps += steps
        self._seconds += self.tick()
        self.steps_per_second = self._steps / self._seconds

    def evaluated(self) -> None:
        """Count the time since the last tick as spent on an evaluation; the pace is measured anew."""
        self.tick()
        self._steps, self._seconds = 0, 0.0
