"""Power laws with known exponents."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from rhm_sweeps.analysis.laws.scaling import PowerLaw, fit_power_law


def law(sizes: list[float], taus: list[float]):
    return fit_power_law(pd.Series(sizes), pd.Series(taus))


def test_an_exact_power_law_is_found_exactly() -> None:
    sizes = [64.0, 64, 128, 128, 256, 256]
    fit = law(sizes, [3 * size**0.7 for size in sizes])
    assert fit.exponent == pytest.approx(0.7)
    assert fit.prefactor == pytest.approx(3)
    assert (fit.low, fit.high) == pytest.approx((0.7, 0.7))
    assert fit.trials == 6


def test_the_interval_covers_the_exponent_of_noisy_trials() -> None:
    """95 % of intervals should: of 60 sweeps at least 50."""
    covered = 0
    sizes = np.repeat(2.0 ** np.arange(5, 11), 5)
    for seed in range(60):
        noise = np.random.default_rng(seed).normal(0, 0.3, len(sizes))
        fit = law(list(sizes), list(5 * sizes * np.exp(noise)))
        covered += fit.low <= 1 <= fit.high
    assert covered >= 50


def test_the_interval_narrows_with_more_trials() -> None:
    widths = []
    for replicas in (2, 32):
        sizes = np.repeat(2.0 ** np.arange(5, 10), replicas)
        noise = np.random.default_rng(0).normal(0, 0.3, len(sizes))
        fit = law(list(sizes), list(sizes * np.exp(noise)))
        widths.append(fit.high - fit.low)
    assert widths[1] < widths[0] / 2


def test_a_size_where_a_trial_did_not_get_there_is_left_out() -> None:
    """Keeping its fast trial alone would flatten the slope."""
    sizes = [64.0, 128, 256, 512, 512]
    fit = law(sizes, [64, 128, 256, 300, math.nan])
    assert fit.exponent == pytest.approx(1)
    assert fit.trials == 3


def test_two_sizes_are_no_power_law() -> None:
    assert law([64.0, 64, 128], [1, 2, 3]) is None
    assert law([], []) is None


def test_the_same_trials_give_the_same_interval() -> None:
    sizes, taus = [64.0, 128, 256, 512], [60.0, 140, 250, 520]
    assert law(sizes, taus) == law(sizes, taus)


def test_the_interval_covers_what_lies_inside() -> None:
    fit = PowerLaw(exponent=1.0, prefactor=2.0, low=0.9, high=1.1, trials=6)
    assert fit.covers(0.9)
    assert fit.covers(1.1)
    assert not fit.covers(0.89)


def test_many_trials_are_resampled_less_often() -> None:
    """The interval still has the width that the theory of least squares gives."""
    sizes = np.repeat(2.0 ** np.arange(5, 10), 300)
    noise = np.random.default_rng(0).normal(0, 0.3, len(sizes))
    fit = law(list(sizes), list(sizes * np.exp(noise)))
    deviation = 0.3 / (np.log(sizes).std() * math.sqrt(len(sizes)))
    assert fit.high - fit.low == pytest.approx(2 * 1.96 * deviation, rel=0.15)
