"""The median rule: a trial ends once its best value so far is worse than the median of the others at the same step."""

from __future__ import annotations

import math
from bisect import insort

from rhm_sweeps.ledger import MetricPoint
from rhm_sweeps.schedulers.scheduler import said, score
from rhm_sweeps.spaces.scheduler_settings import MedianSettings


class MedianRule:
    """The others are those that were at the step before, and those that the rule stopped earlier, with their last value.

    Without the latter each step would stop half of those that are left.
    """

    def __init__(self, settings: MedianSettings) -> None:
        self._settings = settings
        self._at_step: dict[int, list[float]] = {}
        self._stopped: list[tuple[int, float]] = []
        self._best: dict[str, float] = {}

    def judge(self, point: MetricPoint) -> str:
        value = score(self._settings, point)
        best = max(value, self._best.get(point.signature, -math.inf))
        self._best[point.signature] = best
        others = self._others(point.step)
        reason = "" if self._goes_on(point.step, best, others) else self._reason(point, others)
        insort(others, value)
        if reason:
            self._stop(point.step, value)
        return reason

    def _others(self, step: int) -> list[float]:
        if step not in self._at_step:
            self._at_step[step] = sorted(value for stopped_at, value in self._stopped if stopped_at < step)
        return self._at_step[step]

    def _goes_on(self, step: int, best: float, others: list[float]) -> bool:
        settings = self._settings
        if step < settings.warmup_steps or len(others) < settings.startup_trials:
            return True
        return best >= _median(others) and math.isfinite(best)

    def _stop(self, step: int, value: float) -> None:
        self._stopped.append((step, value))
        for later, others in self._at_step.items():
            if later > step:
                insort(others, value)

    def _reason(self, point: MetricPoint, others: list[float]) -> str:
        median = _median(others) * (1 if self._settings.maximizes else -1)
        return (
            f"median: {said(self._settings, point)}: its best is worse than {median:.4g}, the median of {len(others)}"
        )


def _median(ordered: list[float]) -> float:
    """The middle one, or the mean of the two in the middle; -inf if one of these is."""
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return (low + high) / 2
