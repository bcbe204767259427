"""Memorizing, learned and flat trials."""

from __future__ import annotations

import math

import pytest

from rhm_sweeps.ledger import MetricPoint
from rhm_sweeps.schedulers import make_scheduler
from rhm_sweeps.spaces.scheduler_settings import NoScheduler, PbtSettings, RegimeSettings


def decided(points: list[tuple[int, dict[str, float]]], **settings: float) -> str:
    scheduler = make_scheduler(RegimeSettings.model_validate(settings))
    assert scheduler is not None
    return scheduler.decide([MetricPoint("a", step, metrics) for step, metrics in points]).get("a", "")


def losses(*values: float) -> list[tuple[int, dict[str, float]]]:
    return [(2**k, {"test_loss": value}) for k, value in enumerate(values)]


def test_a_memorizing_trial_ends() -> None:
    points = [(1, {"excess_copies": 0.1}), (2, {"excess_copies": 0.3})]
    assert decided(points, max_excess_copies=0.2) == "regime: it memorizes: excess_copies 0.300 > 0.2 at step 2"
    assert decided(points, max_excess_copies=0.3) == ""
    assert decided([(1, {"excess_copies": math.nan})], max_excess_copies=0.0) == ""


def test_a_trial_ends_once_every_level_is_learned() -> None:
    half, all_levels = {"validity_1": 0.99, "validity_2": 0.5}, {"validity_1": 0.99, "validity_2": 0.95}
    assert decided([(8, half)], learned_validity=0.95) == ""
    said = "regime: all 2 levels are learned: validity >= 0.95 at step 16"
    assert decided([(8, half), (16, all_levels)], learned_validity=0.95) == said
    assert decided([(8, {"accuracy": 1.0})], learned_validity=0.95) == ""


@pytest.mark.parametrize(
    ("values", "flat"),
    [
        ((1.0, 0.5, 0.5, 0.5), True),
        ((1.0, 0.5, 0.5), False),
        ((0.5, 0.5), False),
        ((1.0, 0.5, 0.51, 0.5), False),
        ((1.0, 0.5, 0.504, 0.5), True),
        ((1.0, 0.5, math.nan, 0.5), False),
        ((9.0, 0.0, 0.0, 0.0), True),
        ((-1.0, -2.0, -2.0, -2.01), True),
        ((-1.0, -2.0, -2.0, -2.03), False),
    ],
)
def test_a_flat_test_loss_ends_a_trial(values: tuple[float, ...], flat: bool) -> None:
    assert bool(decided(losses(*values), flat_doublings=2, flat_tolerance=0.01)) == flat


def test_the_window_is_in_doublings_whatever_the_evaluation_points() -> None:
    dense = [(step, {"test_loss": 0.5}) for step in (8, 10, 12, 14, 15)]
    assert decided(dense, flat_doublings=1) == ""
    assert "from step 8 to 16" in decided([*dense, (16, {"test_loss": 0.5})], flat_doublings=1)


def test_others_have_no_scheduler_here() -> None:
    assert make_scheduler(NoScheduler()) is None
    assert make_scheduler(PbtSettings()) is None
