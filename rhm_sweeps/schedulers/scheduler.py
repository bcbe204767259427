"""What every scheduler does: judge metric points one by one, in the order in which they were recorded."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

from rhm_sweeps.ledger import MetricPoint
from rhm_sweeps.spaces.goal import Goal

LastStep = Callable[[str], int | None]
"""The optimizer step at which a trial ends anyway, by its signature; None if that is not known."""


class Scheduler(Protocol):
    """Its state is a function of the points that it has seen, so that a resumed sweep makes it again by showing it all of them."""

    def decide(self, points: Sequence[MetricPoint]) -> dict[str, str]:
        """The members to stop now and why, by signature, given new points in the order recorded; each is named once."""


class Judge(Protocol):
    """The rule of a scheduler."""

    def judge(self, point: MetricPoint) -> str:
        """Say why the trial of a point stops there; empty if it goes on."""


class PointwiseScheduler:
    """Shows a rule the points one by one, once each, and nothing of trials that it has stopped."""

    def __init__(self, rule: Judge, last_step: LastStep) -> None:
        self._rule, self._last_step = rule, last_step
        self._seen: dict[str, int] = {}
        self._stopped: set[str] = set()

    def decide(self, points: Sequence[MetricPoint]) -> dict[str, str]:
        stops = {}
        for point in points:
            if point.signature in self._stopped or point.step <= self._seen.get(point.signature, 0):
                continue
            self._seen[point.signature] = point.step
            reason = self._rule.judge(point)
            last = self._last_step(point.signature)
            if reason and (last is None or point.step < last):
                stops[point.signature] = reason
                self._stopped.add(point.signature)
        return stops


def score(goal: Goal, point: MetricPoint) -> float:
    """The metric of a point, more is better; -inf if it is missing or not finite, which is worst."""
    value = point.metrics.get(goal.metric, math.nan)
    if not math.isfinite(value):
        return -math.inf
    return value if goal.maximizes else -value


def said(goal: Goal, point: MetricPoint) -> str:
    """The metric of a point, for reasons."""
    return f"{goal.metric} {point.metrics.get(goal.metric, math.nan):.4g} at step {point.step}"
