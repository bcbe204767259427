"""The median rule against its definition, written out."""

from __future__ import annotations

import math
from random import Random
from statistics import median

import pytest

from rhm_sweeps.ledger import MetricPoint
from rhm_sweeps.schedulers import Scheduler, make_scheduler
from rhm_sweeps.spaces.scheduler_settings import MedianSettings

STEPS = (1, 2, 4, 8, 16, 32)


def scheduler_of(**settings: object) -> Scheduler:
    made = make_scheduler(MedianSettings.model_validate({"startup_trials": 3, "warmup_steps": 4, **settings}))
    assert made is not None
    return made


def point(signature: str, step: int, value: float) -> MetricPoint:
    return MetricPoint(signature, step, {"novel_valid": value})


def by_definition(points: list[MetricPoint], sign: float) -> dict[str, int]:
    """At which step each trial is stopped: everything is worked out anew for each point."""
    seen: list[MetricPoint] = []
    stopped: dict[str, int] = {}
    for one in points:
        if one.signature in stopped:
            continue
        own = [sign * p.metrics["novel_valid"] for p in [*seen, one] if p.signature == one.signature]
        others = [
            sign * p.metrics["novel_valid"]
            for p in seen
            if p.step == one.step or (p.step == stopped.get(p.signature) and p.step < one.step)
        ]
        if one.step >= 4 and len(others) >= 3 and max(own) < median(others):
            stopped[one.signature] = one.step
        seen.append(one)
    return stopped


@pytest.mark.parametrize("mode", ["max", "min"])
@pytest.mark.parametrize("seed", range(3))
def test_the_rule_is_its_definition(seed: int, mode: str) -> None:
    rng = Random(seed)
    points = [point(f"t{k}", step, rng.random() + k / 50) for step in STEPS for k in rng.sample(range(30), 30)]
    points += [point(f"late{k}", step, rng.random()) for k in range(10) for step in STEPS]
    scheduler, stopped = scheduler_of(mode=mode), {}
    for one in points:
        stopped |= dict.fromkeys(scheduler.decide([one]), one.step)
    assert stopped == by_definition(points, 1.0 if mode == "max" else -1.0)
    assert 5 < len(stopped) < 40
    assert scheduler_of(mode=mode).decide(points).keys() == stopped.keys()


def test_stopped_trials_still_count() -> None:
    """Of curves that do not change about half go on, and not half of them at each of four steps, which leaves two or three."""
    rng = Random(0)
    points = [point(f"t{k:02}", step, k) for step in STEPS for k in rng.sample(range(40), 40)]
    assert 15 <= 40 - len(scheduler_of().decide(points)) <= 25


def test_nothing_ends_before_the_warm_up_or_without_others() -> None:
    assert scheduler_of().decide([point(f"t{k}", 2, -k) for k in range(9)]) == {}
    assert scheduler_of().decide([point(f"t{k}", 4, -k) for k in range(3)]) == {}
    reason = scheduler_of().decide([point(f"t{k}", 4, -k) for k in range(4)])["t3"]
    assert reason == "median: novel_valid -3 at step 4: its best is worse than -1, the median of 3"


def test_the_best_value_so_far_counts() -> None:
    others = [point(f"t{k}", step, 0.5) for k in range(4) for step in (4, 8)]
    assert scheduler_of().decide([*others, point("a", 4, 0.6), point("a", 8, 0.1)]) == {}


def test_what_is_not_finite_is_worst() -> None:
    others = [point(f"t{k}", 4, 0.5) for k in range(4)]
    assert list(scheduler_of().decide([*others, point("a", 4, math.nan)])) == ["a"]
    unknown = [point(f"t{k}", 4, math.nan) for k in range(4)]
    assert list(scheduler_of().decide([*unknown, point("a", 4, 0.1)])) == ["t3"]
