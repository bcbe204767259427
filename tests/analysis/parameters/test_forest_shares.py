"""Shares of the variance by a forest, against the known ones of additive functions."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from rhm_sweeps.analysis.parameters.forest_shares import FEWEST_TRIALS, forest_shares


def uniform(trials: int, parameters: int, seed: int = 0) -> pd.DataFrame:
    draws = np.random.default_rng(seed).random((trials, parameters))
    return pd.DataFrame(draws, columns=[f"x{i}" for i in range(parameters)])


def test_an_additive_function_has_the_variances_of_its_terms() -> None:
    """16 : 4 : 5 for 4 x0, 2 x1 and noise of variance 5 / 12, up to the draw."""
    codes = uniform(600, 4)
    noise = pd.Series(np.random.default_rng(1).normal(scale=np.sqrt(5 / 12), size=600))
    values = 4 * codes["x0"] + 2 * codes["x1"] + noise
    found = forest_shares(values, codes)
    parts = [16 * codes["x0"].var(), 4 * codes["x1"].var(), 0, 0]
    assert found.total == pytest.approx(np.array(parts) / values.var(), abs=0.05)
    assert found.explained == pytest.approx(1 - noise.var() / values.var(), abs=0.06)


def test_noise_alone_is_explained_by_nothing() -> None:
    found = forest_shares(pd.Series(np.random.default_rng(2).normal(size=200)), uniform(200, 3))
    assert found.explained < 0.05
    assert found.total == pytest.approx([0, 0, 0], abs=0.1)


def test_a_monotonic_scale_of_a_parameter_changes_nothing() -> None:
    codes = uniform(40, 2)
    values = codes["x0"] ** 2
    first, second = forest_shares(values, codes), forest_shares(values, codes * 64)
    assert second.total == pytest.approx(first.total)


def test_the_same_seed_gives_the_same_shares() -> None:
    codes = uniform(30, 2)
    assert np.array_equal(forest_shares(codes["x1"], codes).total, forest_shares(codes["x1"], codes).total)


def test_few_or_constant_values_say_nothing() -> None:
    codes = uniform(FEWEST_TRIALS, 2)
    assert forest_shares(codes["x0"].iloc[1:], codes.iloc[1:]) is None
    assert forest_shares(pd.Series(np.ones(FEWEST_TRIALS)), codes) is None


@pytest.mark.slow
@pytest.mark.alone
def test_ten_thousand_trials_take_seconds() -> None:
    """The goal for 8 outcomes of 8 parameters is 15 s."""
    codes = uniform(10_000, 8)
    start = time.process_time()
    found = forest_shares(codes["x0"] + codes["x1"], codes)
    assert time.process_time() - start < 15 / 8
    assert found.total[:2] == pytest.approx([0.5, 0.5], abs=0.05)
