"""Distributions: what they list and draw, how they are written, and what is wrong with those that are refused."""

from __future__ import annotations

import math
import statistics
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhm_sweeps.errors import UsageError
from rhm_sweeps.spaces.distributions import (
    DISTRIBUTIONS,
    Choice,
    Grid,
    LogRandInt,
    LogUniform,
    Normal,
    QUniform,
    RandInt,
    Range,
    Uniform,
    parse_distribution,
)

seeds = st.integers(0, 10_000)


def test_grid_lists_its_options_in_order() -> None:
    assert list(parse_distribution({"grid": [128, 64, None, "adam"]}).values()) == [128, 64, None, "adam"]  # type: ignore[attr-defined]


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(-7, 7).filter(bool))
def test_range_is_pythons(start: int, stop: int, step: int) -> None:
    expected = list(range(start, stop, step))
    if not expected:
        with pytest.raises(UsageError, match="is empty; stop is excluded"):
            Range(start, stop, step)
    else:
        axis = Range(start, stop, step)
        assert list(axis.values()) == expected
        assert sorted(axis.extremes()) == [min(expected), max(expected)]


@given(st.integers(1, 100), st.integers(1, 100), seeds)
def test_integers_stay_below_the_upper_bound(low: int, width: int, seed: int) -> None:
    for axis in (RandInt(low, low + width), LogRandInt(low, low + width)):
        value = axis.sample(Random(seed))
        assert isinstance(value, int)
        assert low <= value < low + width


@given(st.floats(1e-6, 1e3), st.floats(1.001, 1e3), seeds)
def test_real_numbers_stay_between_the_bounds(low: float, factor: float, seed: int) -> None:
    for axis in (Uniform(low, low * factor), LogUniform(low, low * factor)):
        assert low <= axis.sample(Random(seed)) <= low * factor


def test_integer_bounds_draw_real_numbers() -> None:
    assert isinstance(Uniform(1, 2).sample(Random(0)), float)
    assert isinstance(LogUniform(1, 2).sample(Random(0)), float)


def test_logarithms_are_uniform_over_the_interval() -> None:
    """The mean of log10 over [1e-4, 1e-2] is -3, its standard deviation 2/sqrt(12)."""
    rng = Random(1)
    logs = [math.log10(LogUniform(1e-4, 1e-2).sample(rng)) for _ in range(4000)]
    assert statistics.mean(logs) == pytest.approx(-3, abs=0.05)
    assert statistics.stdev(logs) == pytest.approx(2 / math.sqrt(12), rel=0.05)


def test_every_integer_and_option_is_drawn() -> None:
    rng = Random(0)
    assert {RandInt(2, 6).sample(rng) for _ in range(200)} == {2, 3, 4, 5}
    assert {LogRandInt(2, 6).sample(rng) for _ in range(200)} == {2, 3, 4, 5}
    assert {Choice(("a", "b")).sample(rng) for _ in range(50)} == {"a", "b"}


def test_multiples_are_drawn_with_both_bounds_and_without_rounding_noise() -> None:
    rng = Random(0)
    assert {QUniform(64, 320, 64).sample(rng) for _ in range(200)} == {64, 128, 192, 256, 320}
    assert all(isinstance(QUniform(0, 8, 2).sample(rng), int) for _ in range(5))
    assert {QUniform(0.1, 0.7, 0.1).sample(rng) for _ in range(200)} == {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7}


def test_normal_draws_have_the_mean_and_spread_that_are_written() -> None:
    rng = Random(1)
    draws = [Normal(3, 0.5).sample(rng) for _ in range(4000)]
    assert statistics.mean(draws) == pytest.approx(3, abs=0.03)
    assert statistics.stdev(draws) == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize(
    "written",
    [
        {"grid": [1, 2.5, "x", None, True]},
        {"range": [0, 4]},
        {"range": [4, 0, -2]},
        {"choice": [1]},
        {"uniform": [0, 1]},
        {"loguniform": [1e-4, 1e-2]},
        {"randint": [0, 4]},
        {"lograndint": [1, 4]},
        {"quniform": [64, 512, 64]},
        {"quniform": [0.1, 0.5, 0.1]},
        {"normal": [0.0, 1]},
    ],
)
def test_what_is_read_is_written_back(written: dict[str, list[Any]]) -> None:
    axis = parse_distribution(written)
    assert axis.to_dict() == written
    assert parse_distribution(axis.to_dict()) == axis
    assert parse_distribution(axis) is axis


def test_each_form_in_the_messages_is_of_its_own_word() -> None:
    assert [kind.form.split(":")[0] for kind in DISTRIBUTIONS.values()] == list(DISTRIBUTIONS)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (64, r"is 64, but must be one distribution such as \{grid"),
        ({}, "must be one distribution"),
        ({"grid": [1], "range": [1]}, "must be one distribution"),
        ({"gird": [1]}, "`gird` is not a distribution; did you mean `grid`"),
        ({"zzz": [1]}, "there are grid, range, choice"),
        ({"grid": 64}, r"`grid` is 64, but takes a list: \{grid: \[64, 128\]\}"),
        ({"grid": []}, "`grid` is empty"),
        ({"choice": []}, "`choice` is empty"),
        ({"grid": [[1, 2]]}, r"lists \[1, 2\], but must list plain values"),
        ({"range": [4]}, r"`range` is \[4\], but is written \{range"),
        ({"range": [4, 4]}, "is empty"),
        ({"range": [0, 4, 0]}, "step of `range` is 0"),
        ({"range": [0, 1.5]}, "bound 1.5, but it must be an integer"),
        ({"range": [0, 10**20]}, "its size must be <="),
        ({"uniform": [1, 1]}, "low = 1 and high = 1, but low must be < high"),
        ({"uniform": [2, 1]}, "low must be < high"),
        ({"uniform": [0, "x"]}, "bound 'x', but it must be a number"),
        ({"uniform": [0, True]}, "bound True, but it must be a number"),
        ({"uniform": [0, math.inf]}, "bound inf, but its size must be <="),
        ({"uniform": [0, math.nan]}, "bound nan, but its size must be <="),
        ({"uniform": [0, 10**400]}, "its size must be <="),
        ({"loguniform": [0, 1]}, "low = 0, but must have low > 0"),
        ({"loguniform": [-1, 1]}, "low = -1, but must have low > 0"),
        ({"randint": [1]}, r"`randint` is \[1\], but is written \{randint: \[low, high\]\}"),
        ({"randint": [1, 2.0]}, "must be an integer"),
        ({"lograndint": [0, 5]}, "must have low > 0"),
        ({"quniform": [0, 1]}, r"is written \{quniform: \[low, high, q\]\}"),
        ({"quniform": [0, 1, 0]}, "q = 0, but must have q > 0"),
        ({"quniform": [4, 4, 1]}, "low must be < high"),
        ({"quniform": [0, 5, 2]}, "bound 5, but it must be a multiple of q = 2"),
        ({"quniform": [0, 1e300, 1e-300]}, "must be a multiple of q"),
        ({"quniform": [0, "x", 1]}, "bound 'x', but it must be a number"),
        ({"normal": [0, 1, 2]}, r"is written \{normal: \[mean, std\]\}"),
        ({"normal": [0, 0]}, "std = 0, but must have std > 0"),
        ({"normal": [math.nan, 1]}, "its size must be <="),
    ],
)
def test_what_is_wrong_is_said(written: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_distribution(written)


def test_grid_and_choice_of_the_same_options_differ() -> None:
    assert Grid((1, 2)) != Choice((1, 2))
    assert Uniform(1, 2) != LogUniform(1, 2)
