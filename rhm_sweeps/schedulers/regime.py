"""The scheduler of this field: a trial ends when it memorizes, or when nothing will change in it any more."""

from __future__ import annotations

import math
import re

from rhm_sweeps.ledger import MetricPoint
from rhm_sweeps.spaces.scheduler_settings import RegimeSettings

_VALIDITY = re.compile(r"validity_\d+")


class RegimeRule:
    """Judges each trial by its own points alone."""

    def __init__(self, settings: RegimeSettings) -> None:
        self._settings = settings
        self._losses: dict[str, list[tuple[int, float]]] = {}

    def judge(self, point: MetricPoint) -> str:
        self._losses.setdefault(point.signature, []).append((point.step, point.metrics.get("test_loss", math.nan)))
        reasons = (self._memorizes(point), self._has_learned(point), self._is_flat(point))
        return next((f"regime: {reason}" for reason in reasons if reason), "")

    def _memorizes(self, point: MetricPoint) -> str:
        bound, excess = self._settings.max_excess_copies, point.metrics.get("excess_copies", math.nan)
        if bound is None or not excess > bound:
            return ""
        return f"it memorizes: excess_copies {excess:.3f} > {bound} at step {point.step}"

    def _has_learned(self, point: MetricPoint) -> str:
        bound = self._settings.learned_validity
        levels = [value for name, value in point.metrics.items() if _VALIDITY.fullmatch(name)]
        if bound is None or not levels or not all(value >= bound for value in levels):
            return ""
        return f"all {len(levels)} levels are learned: validity >= {bound} at step {point.step}"

    def _is_flat(self, point: MetricPoint) -> str:
        """Over the window from the last point at or before step / 2**flat_doublings."""
        doublings, tolerance = self._settings.flat_doublings, self._settings.flat_tolerance
        if doublings is None:
            return ""
        points = self._losses[point.signature]
        start = max((step for step, _ in points if step * 2**doublings <= point.step), default=None)
        if start is None:
            return ""
        losses = [loss for step, loss in points if step >= start]
        if not all(map(math.isfinite, losses)) or max(losses) - min(losses) > tolerance * abs(max(losses, key=abs)):
            return ""
        return f"nothing changes: test_loss is flat within {tolerance:g} from step {start} to {point.step}"
