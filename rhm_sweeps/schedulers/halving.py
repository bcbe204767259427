"""Asynchronous successive halving, and Hyperband, which runs several of it with different first rungs."""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from itertools import accumulate
from zlib import crc32

from rhm_sweeps.ledger import MetricPoint
from rhm_sweeps.schedulers.scheduler import said, score
from rhm_sweeps.spaces.goal import Goal


class Halving:
    """Rungs at min_steps, min_steps * reduction_factor, ...: of those at a rung the best 1 / reduction_factor go on.

    A trial reaches a rung at its first evaluation at or after it, counts in the highest that it has reached there, and is held
    against those that were there before: no trial waits. While fewer than reduction_factor are there, the best so far goes on.
    Ties go on. What is not finite counts, and never goes on.
    """

    def __init__(self, goal: Goal, min_steps: int, reduction_factor: int, name: str = "asha") -> None:
        self._goal, self._min_steps, self._factor, self._name = goal, min_steps, reduction_factor, name
        self._rungs: dict[int, list[float]] = {}
        self._reached: dict[str, int] = {}

    def judge(self, point: MetricPoint) -> str:
        rung = self._rung(point.step)
        if rung <= self._reached.get(point.signature, -1):
            return ""
        self._reached[point.signature] = rung
        value, rivals = score(self._goal, point), self._rungs.setdefault(rung, [])
        insort(rivals, value)
        better = len(rivals) - bisect_right(rivals, value)
        if better < max(len(rivals) // self._factor, 1) and math.isfinite(value):
            return ""
        return f"{self._name}: {said(self._goal, point)} is not in the best 1/{self._factor} of {len(rivals)}"

    def _rung(self, step: int) -> int:
        """The highest rung that is reached at a step; -1 below the first."""
        rung, end = -1, self._min_steps
        while step >= end:
            rung, end = rung + 1, end * self._factor
        return rung


class Hyperband:
    """Brackets of successive halving, bracket b with its first rung at min_steps * reduction_factor**b.

    A trial's bracket follows from its signature, with the shares of arXiv 1603.06560: of n brackets the b-th has
    ceil(n * reduction_factor**(n-1-b) / (n-b)) parts.
    """

    def __init__(self, goal: Goal, min_steps: int, reduction_factor: int, brackets: int) -> None:
        starts = [min_steps * reduction_factor**bracket for bracket in range(brackets)]
        self._brackets = [
            Halving(goal, start, reduction_factor, f"hyperband, bracket {bracket}")
            for bracket, start in enumerate(starts)
        ]
        self._ends = list(accumulate(bracket_parts(brackets, reduction_factor)))

    def judge(self, point: MetricPoint) -> str:
        return self._brackets[self.bracket(point.signature)].judge(point)

    def bracket(self, signature: str) -> int:
        """The bracket of a trial."""
        return bisect_right(self._ends, crc32(signature.encode()) % self._ends[-1])


def bracket_parts(brackets: int, reduction_factor: int) -> list[int]:
    """How many parts of all trials each bracket of Hyperband has."""
    return [math.ceil(brackets * reduction_factor ** (brackets - 1 - b) / (brackets - b)) for b in range(brackets)]
