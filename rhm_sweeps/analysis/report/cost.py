"""What a sweep cost: when it ran, for how long, and how many steps were trained."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from rhm_sweeps.tracking.results import Results


@dataclass(frozen=True)
class Cost:
    """Times in Unix milliseconds and seconds; None where the record does not say.

    `training_s` is the time in which packs trained and evaluated, summed over the packs, so that it exceeds `wall_s` when several
    ran at a time; `steps` are optimizer steps, summed over the trials.
    """

    launched_ms: int | None
    last_point_ms: int | None
    training_s: float | None
    packs: int
    steps: int
    points: int

    @property
    def wall_s(self) -> float | None:
        """Seconds from launch to the last point, pauses included."""
        if self.launched_ms is None or self.last_point_ms is None:
            return None
        return (self.last_point_ms - self.launched_ms) / 1000


def cost(results: Results) -> Cost:
    """Add up what the points of a sweep say of its time and its steps."""
    points, launched_ms = results.points, results.meta.get("created_ms")
    training_s, packs = None, 0
    if "wall_time_s" in points:
        pack = points["signature"].map(results.trials["pack"])
        by_pack = points["wall_time_s"].groupby(pack).max().dropna()
        training_s, packs = float(by_pack.sum()), len(by_pack)
    return Cost(
        launched_ms=int(launched_ms) if launched_ms else None,
        last_point_ms=int(points["timestamp_ms"].max()) if len(points) else None,
        training_s=training_s,
        packs=packs,
        steps=int(points.groupby("signature")["step"].max().sum()),
        points=len(points),
    )


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 20 min`."""
    if seconds < 120:
        return f"{max(0, seconds):.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60:,} h {minutes % 60} min"


def date(time_ms: int) -> str:
    """`2026-02-02 02:40 UTC`."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
