"""Time scales of one trial against curves whose crossings are known."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rhm_sweeps.analysis.trials.time_scales import crossing, loss_gap, time_scales
from rhm_sweeps.config import GrammarConfig

GRAMMAR = GrammarConfig()
CHANCE = (0.375, 0.375**3, 0.375**7)


def trial(steps: list[int], **metrics: list[float]) -> pd.DataFrame:
    """Points of a trial with three levels; metrics that are not given stay at 0."""
    names = (
        "train_loss",
        "test_loss",
        "validity_1",
        "validity_2",
        "validity_3",
        "copies",
        "excess_copies",
        "novel_valid",
    )
    return pd.DataFrame({"step": steps} | {name: metrics.get(name, [0.0] * len(steps)) for name in names})


def test_crossing_is_interpolated_in_log2_of_the_step() -> None:
    assert crossing([1, 2, 4, 8], [0, 0, 1, 1], 0.5) == pytest.approx(2**1.5)
    assert crossing([1, 2, 1024], [0, 0.2, 1], 0.6) == pytest.approx(2**5.5)


def test_crossing_is_nan_when_the_threshold_is_never_reached() -> None:
    assert math.isnan(crossing([1, 2, 4], [0, 0.1, 0.2], 0.5))
    assert math.isnan(crossing([], [], 0.5))


def test_crossing_at_the_first_point_is_its_step() -> None:
    assert crossing([4, 8], [0.9, 0.1], 0.5) == 4


def test_crossing_leaves_out_values_that_are_not_finite() -> None:
    assert crossing([1, 2, 4, 8], [0, math.nan, math.inf, 1], 0.5) == pytest.approx(2**1.5)


def test_crossing_for_good_forgets_an_early_excursion() -> None:
    values = [0.3, 0.0, 0.0, 0.2, 0.4]
    assert crossing([1, 2, 4, 8, 16], values, 0.1) == 1
    assert crossing([1, 2, 4, 8, 16], values, 0.1, for_good=True) == pytest.approx(2**2.5)
    assert math.isnan(crossing([1, 2, 4], [0.0, 0.5, 0.0], 0.1, for_good=True))


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.floats(0.01, 0.99), st.booleans())
def test_crossing_lies_between_the_points_around_it(values: list[float], threshold: float, for_good: bool) -> None:
    steps = 2 ** np.arange(len(values))
    step = crossing(steps, values, threshold, for_good=for_good)
    if math.isnan(step):
        assert values[-1] < threshold if for_good else max(values) < threshold
        return
    after = int(np.searchsorted(steps, step * (1 - 1e-9)))
    assert steps[0] / step <= 1 + 1e-9
    assert step / steps[-1] <= 1 + 1e-9
    assert values[after] >= threshold
    if not for_good:
        assert all(value < threshold for value in values[:after])


def test_each_level_has_its_own_chance() -> None:
    points = trial(
        [1, 2, 4, 8],
        validity_1=[CHANCE[0], 1, 1, 1],
        validity_2=[CHANCE[1], CHANCE[1], 1, 1],
        validity_3=[CHANCE[2], CHANCE[2], CHANCE[2], 0.5],
    )
    scales = time_scales(points, GRAMMAR)
    assert scales.tau_rule[:2] == pytest.approx((2**0.9, 2**1.9))
    assert math.isnan(scales.tau_rule[2])


def test_innovation_window_runs_from_the_class_rule_to_the_copies() -> None:
    points = trial([1, 2, 4, 8], validity_3=[0, 1, 1, 1], excess_copies=[0, 0, 0, 0.2])
    start, end = time_scales(points, GRAMMAR).innovation_window
    assert start == pytest.approx(2 ** (0.9 + 0.1 * CHANCE[2]))
    assert end == pytest.approx(2**2.5)


def test_copies_and_losses_date_memorization_separately() -> None:
    points = trial(
        [1, 2, 4, 8],
        train_loss=[1, 1, 0.8, 0.1],
        test_loss=[1, 1, 1, 1],
        excess_copies=[0, 0, 0, 0.4],
        copies=[0, 0, 0, 0.5],
    )
    scales = time_scales(points, GRAMMAR)
    assert scales.tau_mem_loss == pytest.approx(2**1.5)
    assert scales.tau_mem_copies == pytest.approx(2**2.25)


def test_the_draw_of_pairs_does_not_move_the_gap() -> None:
    """Losses of one split, all scaled by the same luck, give the same gap."""
    train, test = np.array([1.0, 0.9, 0.5]), np.array([1.0, 0.95, 1.2])
    fair = loss_gap({"train_loss": train, "test_loss": test})
    assert loss_gap({"train_loss": train, "test_loss": 0.8 * test}) == pytest.approx(fair)
    assert fair[0] == 0


def test_without_a_test_loss_there_is_no_gap() -> None:
    points = trial([1, 2], train_loss=[1, 0.1], test_loss=[math.nan, math.nan])
    assert math.isnan(time_scales(points, GRAMMAR).tau_mem_loss)


def test_best_step_has_the_largest_novel_valid_share() -> None:
    points = trial([1, 2, 4, 8], novel_valid=[0, 0.7, math.nan, 0.2])
    scales = time_scales(points, GRAMMAR)
    assert (scales.best_step, scales.best_novel_valid) == (2, 0.7)


def test_clean_validity_ends_where_copies_begin() -> None:
    points = trial([1, 2, 4], validity_3=[0.1, 0.4, 1], excess_copies=[0, 0.09, 0.9])
    assert time_scales(points, GRAMMAR).clean_validity[2] == 0.4


@pytest.mark.parametrize(
    ("last", "regime"),
    [
        ({}, "untrained"),
        ({"validity_1": [0, 0.95]}, "partial_1"),
        ({"validity_1": [0, 0.95], "validity_3": [0, 0.95]}, "generalizing"),
        ({"validity_1": [0, 0.95], "validity_3": [0, 0.95], "excess_copies": [0, 0.1]}, "memorizing"),
        ({"excess_copies": [0.5, 0.0]}, "untrained"),
    ],
)
def test_regime_is_that_of_the_last_point(last: dict[str, list[float]], regime: str) -> None:
    assert time_scales(trial([1, 2], **last), GRAMMAR).regime == regime


def test_a_trial_without_points_has_no_regime() -> None:
    scales = time_scales(trial([]), GRAMMAR)
    assert scales.regime is None
    assert math.isnan(scales.best_step)
    assert all(map(math.isnan, scales.tau_rule))


def test_a_ceiling_brings_the_threshold_nearer() -> None:
    points = trial([1, 2, 4], validity_1=[CHANCE[0], 0.5, 0.8])
    assert math.isnan(time_scales(points, GRAMMAR).tau_rule[0])
    bound = CHANCE[0] + 0.9 * (0.8 - CHANCE[0])
    found = time_scales(points, GRAMMAR, ceiling=(0.8, 1.0, 1.0)).tau_rule[0]
    assert found == pytest.approx(2 ** (1 + (bound - 0.5) / 0.3))
