"""Axes as functions on the unit interval, and quasi-random search."""

from __future__ import annotations

import math
from collections import Counter
from random import Random
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest
from scipy.stats.qmc import discrepancy

from rhm_sweeps.errors import UsageError
from rhm_sweeps.spaces.distributions import (
    Choice,
    LogRandInt,
    LogUniform,
    Normal,
    QUniform,
    RandInt,
    RandomDistribution,
    Uniform,
)
from rhm_sweeps.spaces.expansion import expand
from rhm_sweeps.spaces.quantiles import at_quantile, contains, quantile_of
from rhm_sweeps.spaces.search_space import SearchSpace
from rhm_sweeps.spaces.sobol import sobol_points

AXES: list[RandomDistribution] = [
    Choice(("a", None, 3)),
    Uniform(-2.0, 5.0),
    LogUniform(1e-5, 10.0),
    RandInt(-3, 4),
    LogRandInt(1, 50),
    QUniform(0.1, 0.7, 0.1),
    QUniform(4, 20, 4),
    Normal(1.0, 2.0),
]


@pytest.mark.parametrize("axis", AXES, ids=str)
@given(u=st.floats(0, 1))
def test_quantiles_are_values_and_back(axis: RandomDistribution, u: float) -> None:
    value = at_quantile(axis, u)
    assert contains(axis, value)
    back = at_quantile(axis, quantile_of(axis, value))
    assert back == value or math.isclose(back, value, rel_tol=1e-6, abs_tol=1e-6)  # type: ignore[arg-type]


@pytest.mark.parametrize("axis", AXES, ids=str)
def test_uniform_quantiles_are_distributed_as_the_axis(axis: RandomDistribution) -> None:
    rng = Random(0)
    drawn = [axis.sample(rng) for _ in range(4000)]
    spread = [at_quantile(axis, (k + 0.5) / 4000) for k in range(4000)]
    if len(set(spread)) > 100:
        assert kstest(drawn, spread).statistic < 0.04
    else:
        counts = Counter(drawn)
        assert max(abs(counts[value] - count) for value, count in Counter(spread).items()) < 160
        assert counts.keys() == set(spread)


@pytest.mark.parametrize(
    ("axis", "value"),
    [
        (Choice((1, 2)), 3),
        (Uniform(0, 1), 1.5),
        (Uniform(0, 1), math.nan),
        (Uniform(0, 1), "a"),
        (Uniform(0, 1), True),
        (RandInt(0, 4), 4),
        (RandInt(0, 4), 1.5),
        (QUniform(0.1, 0.7, 0.1), 0.25),
    ],
    ids=str,
)
def test_what_lies_outside_has_no_quantile(axis: RandomDistribution, value: float) -> None:
    with pytest.raises(UsageError, match="is not in"):
        quantile_of(axis, value)


def test_quasi_random_draws_fill_the_cube_more_evenly() -> None:
    def points(algorithm: str, seed: int) -> np.ndarray:
        axes = {"training.momentum": {"uniform": [0, 0.999]}, "training.label_smoothing": {"uniform": [0, 0.999]}}
        space = SearchSpace.build("x", space=axes, search={"algorithm": algorithm, "num_samples": 50, "seed": seed})
        return np.array([[one[name] for name in axes] for one in expand(space)])

    even = max(discrepancy(points("qmc", seed)) for seed in range(5))
    assert even < 0.5 * median(discrepancy(points("random", seed)) for seed in range(5))


def test_more_quasi_random_draws_keep_the_earlier_ones() -> None:
    few, many = sobol_points(3, 5, "a"), sobol_points(3, 40, "a")
    np.testing.assert_array_equal(few, many[:5])
    assert not np.array_equal(few, sobol_points(3, 5, "b"))
    assert sobol_points(1, 1, "a").shape == (1, 1)


def test_quasi_random_draws_differ_between_cells_and_heed_conditions() -> None:
    space = SearchSpace.build(
        "x",
        space={
            "model.name": {"grid": ["bp_unet", "transformer"]},
            "model.dropout": {"uniform": [0.1, 0.5], "when": "name == 'transformer'"},
            "training.learning_rate": {"loguniform": [1e-4, 1e-1]},
        },
        search={"algorithm": "qmc", "num_samples": 4},
    )
    settings = list(expand(space))
    assert len({one["training.learning_rate"] for one in settings}) == len(settings) == 8
    assert ["model.dropout" in one for one in settings] == [False] * 4 + [True] * 4
