"""How busy slots were: from the times at which each pack began and ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

FULL = 0.95
"""Share of the slots that are busy when the start is over: of many processes some are always late."""


@dataclass(frozen=True)
class Span:
    """When a pack was at work, in seconds."""

    begun: float
    ended: float


@dataclass(frozen=True)
class Utilization:
    """Shares of the slots' time in which they were busy: from the first pack to the last, and `steady`: from when they were
    full for the first time, after `fill_s` seconds, until the last pack began. None: they were never full, or no pack was left.
    """

    overall: float
    fill_s: float | None
    steady: float | None


def busy(spans: Sequence[Span]) -> list[tuple[float, int]]:
    """How many slots were busy, from each time on at which that changed; times are since the first pack began."""
    changes = sorted([(span.begun, 1) for span in spans] + [(span.ended, -1) for span in spans])
    counts = accumulate(change for _, change in changes)
    return [(time - changes[0][0], count) for (time, _), count in zip(changes, counts, strict=True)]


def utilization(spans: Sequence[Span], slots: int) -> Utilization:
    """How busy so many slots were."""
    first, last = min(span.begun for span in spans), max(span.ended for span in spans)
    dry = max(span.begun for span in spans) - first
    full = next((time for time, count in busy(spans) if count >= FULL * slots), None)
    steady = None if full is None or dry <= full else _share(spans, slots, first + full, first + dry)
    return Utilization(_share(spans, slots, first, last), full, steady)


def _share(spans: Sequence[Span], slots: int, begin: float, end: float) -> float:
    at_work = sum(max(0.0, min(span.ended, end) - max(span.begun, begin)) for span in spans)
    return at_work / (slots * (end - begin))
