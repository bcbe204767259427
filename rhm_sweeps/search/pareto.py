"""The best of several results: those that no other dominates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rhm_sweeps.search.suggestion import Evaluated
from rhm_sweeps.spaces.goal import Goal


def pareto_front(evaluated: Iterable[Evaluated], goals: Sequence[Goal]) -> tuple[Evaluated, ...]:
    """The results that no other dominates, the best by the first goal first; of one goal the first of the best alone."""
    signs = [-1.0 if goal.maximizes else 1.0 for goal in goals]
    costs = {
        index: (tuple(sign * value for sign, value in zip(signs, one.values, strict=True)), one)
        for index, one in enumerate(evaluated)
    }
    front: list[tuple[tuple[float, ...], Evaluated]] = []
    for cost, one in sorted(costs.values(), key=lambda found: found[0]):
        if not any(all(a <= b for a, b in zip(kept, cost, strict=True)) for kept, _ in front):
            front.append((cost, one))
    return tuple(one for _, one in front)
