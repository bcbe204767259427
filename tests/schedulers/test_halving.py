"""Successive halving and Hyperband, against Optuna's pruners and a definition by brute force."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable
from random import Random

import optuna
import pytest
from optuna.pruners import SuccessiveHalvingPruner

from rhm_sweeps.ledger import MetricPoint
from rhm_sweeps.schedulers import Scheduler, make_scheduler
from rhm_sweeps.schedulers.halving import Hyperband, bracket_parts
from rhm_sweeps.spaces.scheduler_settings import AshaSettings, HyperbandSettings


def point(signature: str, step: int, value: float) -> MetricPoint:
    return MetricPoint(signature, step, {"novel_valid": value})


def asha(min_steps: int = 4, factor: int = 2, mode: str = "max") -> Scheduler:
    made = make_scheduler(AshaSettings(mode=mode, min_steps=min_steps, reduction_factor=factor))  # type: ignore[arg-type]
    assert made is not None
    return made


def optuna_decides(points: Iterable[MetricPoint], min_steps: int, factor: int, mode: str) -> dict[str, int]:
    """At which step Optuna's pruner stops each trial, if points of stopped trials are not shown."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        direction="maximize" if mode == "max" else "minimize",
        pruner=SuccessiveHalvingPruner(min_resource=min_steps, reduction_factor=factor),
    )
    trials: dict[str, optuna.Trial] = {}
    stopped: dict[str, int] = {}
    for shown in points:
        if shown.signature in stopped:
            continue
        trial = trials.setdefault(shown.signature, None) or study.ask()  # type: ignore[arg-type]
        trials[shown.signature] = trial
        trial.report(shown.metrics["novel_valid"], shown.step)
        if trial.should_prune():
            stopped[shown.signature] = shown.step
    return stopped


def curves(trials: int, steps: list[int], seed: int) -> list[MetricPoint]:
    """Points of trials in a random order that keeps each trial's own."""
    rng = Random(seed)
    left = {f"t{index}": list(steps) for index in range(trials)}
    shown = []
    while left:
        name = rng.choice(sorted(left))
        shown.append(point(name, left[name].pop(0), rng.choice([rng.random(), 0.5])))
        left = {name: rest for name, rest in left.items() if rest}
    return shown


@pytest.mark.parametrize("mode", ["max", "min"])
@pytest.mark.parametrize(("factor", "steps"), [(2, [1, 2, 4, 8, 16, 32]), (3, [1, 4, 12, 36])])
def test_halving_is_optunas_where_evaluations_fall_on_rungs(factor: int, steps: list[int], mode: str) -> None:
    shown = curves(40, steps, seed=factor)
    scheduler, stopped = asha(4, factor, mode), {}
    for one in shown:
        stopped |= dict.fromkeys(scheduler.decide([one]), one.step)
    assert stopped == optuna_decides(shown, 4, factor, mode)
    assert 20 < len(stopped) < 40


def test_decisions_do_not_depend_on_how_points_are_split() -> None:
    shown, rng = curves(60, [1, 2, 4, 8, 16], seed=7), Random(1)
    at_once = asha().decide(shown)
    in_parts, scheduler, rest = {}, asha(), list(shown)
    while rest:
        count = rng.randint(1, 9)
        in_parts |= scheduler.decide(rest[:count])
        rest = rest[count:]
    assert in_parts == at_once
    assert asha().decide([*shown, *shown]) == at_once


def test_the_reason_says_what_was_compared() -> None:
    scheduler = asha(4, 3)
    stops = scheduler.decide([point(f"t{index}", 4, index / 10) for index in range(9, -3, -1)])
    assert stops["t1"] == "asha: novel_valid 0.1 at step 4 is not in the best 1/3 of 9"
    assert {"t9", "t8", "t7"} & stops.keys() == {"t8", "t7"}


def test_a_rung_is_reached_at_the_first_evaluation_after_it() -> None:
    """Rungs 3, 9, 27 with evaluations at powers of two: at 4, 16 and 32, each counted once."""
    scheduler = asha(3, 3)
    good = [point("good", step, 1.0) for step in (1, 2, 4, 8, 16, 32, 64)]
    assert scheduler.decide(good) == {}
    assert scheduler.decide([point("a", 2, 0.0)]) == {}
    assert list(scheduler.decide([point("a", 4, 0.0)])) == ["a"]
    assert scheduler.decide([point("b", 4, 1.0), point("b", 8, 0.0)]) == {}
    assert list(scheduler.decide([point("b", 16, 0.0)])) == ["b"]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_worst(bad: float) -> None:
    assert list(asha().decide([point("bad", 4, bad)])) == ["bad"]
    assert list(asha(mode="min").decide([point("bad", 4, bad), point("fine", 4, 9.0)])) == ["bad"]


def test_a_trial_at_its_last_step_is_not_stopped() -> None:
    settings = AshaSettings(min_steps=4, reduction_factor=2)
    scheduler = make_scheduler(settings, {"a": 8, "b": 4}.get)
    assert scheduler is not None
    assert scheduler.decide([point("a", 4, 0.9), point("b", 4, 0.1)]) == {}


def test_the_brackets_have_their_shares() -> None:
    """Of 81 = 3**4 steps the paper's five brackets begin with 81, 34, 15, 8 and 5 trials (its table 1, without its rounding)."""
    assert bracket_parts(5, 3) == [81, 34, 15, 8, 5]
    rule = Hyperband(HyperbandSettings(), 4, 3, 3)
    counts = Counter(rule.bracket(f"{index:012x}") for index in range(6000))
    parts = bracket_parts(3, 3)
    for bracket, part in enumerate(parts):
        assert counts[bracket] / 6000 == pytest.approx(part / sum(parts), abs=0.03)


def test_brackets_do_not_compete() -> None:
    rule = Hyperband(HyperbandSettings(min_steps=4, brackets=2), 4, 3, 2)
    first = next(name for name in map(str, range(99)) if rule.bracket(name) == 0)
    second = next(name for name in map(str, range(99)) if rule.bracket(name) == 1)
    scheduler = make_scheduler(HyperbandSettings(min_steps=4, brackets=2))
    assert scheduler is not None
    assert scheduler.decide([point(first, 16, 0.9), point(second, 4, 0.0), point(second, 16, 0.1)]) == {}
    others = [name for name in map(str, range(99)) if rule.bracket(name) == 1 and name != second]
    assert "bracket 1" in scheduler.decide([point(others[0], 16, 0.0)])[others[0]]


@pytest.mark.slow
def test_ten_thousand_trials_are_judged_in_seconds() -> None:
    rng = Random(0)
    shown = [point(f"t{index}", 2**k, rng.random()) for k in range(15) for index in range(10_000)]
    start = time.perf_counter()
    stopped = sum(len(scheduler.decide([one])) for scheduler in [asha(4, 4)] for one in shown)
    assert time.perf_counter() - start < 20
    assert 9_900 < stopped < 10_000
