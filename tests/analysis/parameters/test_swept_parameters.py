"""Which fields vary on their own."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from rhm_sweeps.analysis.parameters.swept_parameters import swept_parameters, value_codes


def found(trials: pd.DataFrame) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    result = swept_parameters(trials, list(trials.columns))
    return result.names, result.following, result.crossed


def test_a_grid_has_all_its_parameters() -> None:
    trials = pd.DataFrame(product((1, 2, 3), ("a", "b"), (0, 1)), columns=["x", "y", "replica"])
    assert found(trials[["x", "y"]]) == (("x", "y"), (), True)


def test_a_field_derived_from_several_is_left_out() -> None:
    trials = pd.DataFrame([(v, m, 4 * v * m * m) for v in (8, 16) for m in (2, 3)], columns=["v", "m", "size"])
    assert found(trials[["size", "v", "m"]]) == (("v", "m"), ("size",), True)


def test_zipped_fields_count_once() -> None:
    pairs = (("unet", 1e-2), ("transformer", 1e-3), ("mlp", 1e-2))
    trials = pd.DataFrame([(*pair, size) for pair in pairs for size in (256, 2048)], columns=["model", "rate", "size"])
    assert found(trials) == (("model", "size"), ("rate",), True)


def test_independent_draws_all_count() -> None:
    """Also with replicas, where each value of one field goes with one of the other."""
    trials = pd.DataFrame(np.random.default_rng(0).random((20, 3)), columns=["x", "y", "z"])
    assert found(trials.loc[trials.index.repeat(2)].reset_index(drop=True)) == (("x", "y", "z"), (), False)


def test_draws_that_come_again_in_each_cell_all_count() -> None:
    draws = np.random.default_rng(1).random((9, 2))
    trials = pd.DataFrame([(size, *draw) for size in (64, 128) for draw in draws], columns=["size", "x", "y"])
    assert found(trials) == (("size", "x", "y"), (), False)


def test_a_grid_with_a_hole_is_still_crossed() -> None:
    trials = pd.DataFrame([*product((1, 2, 3), (1, 2))][:-1], columns=["x", "y"])
    assert found(trials) == (("x", "y"), (), True)


def test_fields_of_one_value_and_no_trials() -> None:
    assert found(pd.DataFrame({"x": [1, 1], "y": [2, 3]})) == (("y",), (), True)
    assert found(pd.DataFrame({"x": [1], "y": [2]})) == ((), (), False)
    assert found(pd.DataFrame({"x": []})) == ((), (), False)


def test_many_fields_do_not_overflow() -> None:
    trials = pd.DataFrame(np.random.default_rng(2).random((2000, 8)), columns=list("abcdefgh"))
    assert len(found(trials)[0]) == 8


@pytest.mark.parametrize(
    ("values", "codes"), [([8, 2, 8], [1, 0, 1]), (["b", None, "a"], [1, 2, 0]), ([True, False, True], [1, 0, 1])]
)
def test_codes_are_places_in_order(values: list[object], codes: list[int]) -> None:
    assert list(value_codes(pd.Series(values, name="x"))) == codes
