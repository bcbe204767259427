"""Values of a parameter against each other, on trials whose differences are known."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from rhm_sweeps.analysis.parameters.comparison import BY_SEEDS, BY_SETTINGS, UNMATCHED, compare

FIELDS = ["model", "size", "seed"]


def crossed(models: tuple[object, ...] = ("a", "b"), seeds: int = 3) -> pd.DataFrame:
    return pd.DataFrame(product(models, (64, 128, 256), range(seeds)), columns=FIELDS)


def outcome(values: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"share": values.astype("float64")})


def only(trials: pd.DataFrame, values: pd.Series, fields: list[str] | None = None) -> pd.Series:
    table = compare(trials, fields or FIELDS, outcome(values)).table
    assert len(table) == 1
    return table.iloc[0]


def test_pairs_agree_in_settings_and_seeds() -> None:
    """The sizes and seeds move the outcome far more than the model does; only the model is left in the differences."""
    trials = crossed()
    row = only(trials, trials["size"] + 10.0 * trials["seed"] + (trials["model"] == "b"))
    assert (row["parameter"], row["a"], row["b"], row["outcome"]) == ("model", "a", "b", "share")
    assert (row["matching"], row["pairs"], row["n_a"], row["n_b"]) == (BY_SEEDS, 9, 9, 9)
    assert (row["difference"], row["low"], row["high"]) == pytest.approx((1, 1, 1))
    assert row["p_value"] == pytest.approx(2 / 2**9)
    assert row["mean_b"] - row["mean_a"] == pytest.approx(1)


def test_other_seeds_are_averaged_before_pairing() -> None:
    trials = crossed()
    trials["seed"] += 3 * (trials["model"] == "b")
    row = only(trials, trials["size"] + 1.0 * trials["seed"])
    assert (row["matching"], row["pairs"], row["difference"]) == (BY_SETTINGS, 3, 3)


def test_without_common_settings_all_trials_are_compared() -> None:
    draws = np.random.default_rng(0).random(12)
    trials = pd.DataFrame({"model": ["a", "b"] * 6, "rate": draws, "seed": 0})
    row = only(trials, pd.Series(draws), ["model", "rate"])
    assert (row["matching"], row["pairs"], row["n_a"], row["n_b"]) == (UNMATCHED, 0, 6, 6)
    assert row["test"] == "Mann-Whitney U"


def test_what_changes_along_is_named_and_does_not_keep_trials_apart() -> None:
    trials = crossed().assign(rate=lambda table: table["model"].map({"a": 1e-2, "b": 1e-3}))
    table = compare(trials, [*FIELDS, "rate"], outcome(trials["seed"] + (trials["model"] == "b"))).table
    row = table[table["parameter"] == "model"].iloc[0]
    assert (row["along"], row["matching"], row["pairs"], row["difference"]) == ("rate", BY_SEEDS, 9, 1)


def test_fields_that_vary_on_one_side_only_are_averaged_over() -> None:
    trials = pd.DataFrame(
        [("a", w, s) for w in (32, 64) for s in range(4)] + [("b", None, s) for s in range(4)],
        columns=["model", "width", "seed"],
    )
    values = trials["seed"] + trials["width"].fillna(0) / 32
    table = compare(trials, ["model", "width", "seed"], outcome(values)).table
    row = table[table["parameter"] == "model"].iloc[0]
    assert (row["matching"], row["pairs"], row["difference"]) == (BY_SEEDS, 4, -1.5)


def test_each_pair_of_values_is_corrected_for_all() -> None:
    trials = crossed(("a", "b", "c"), seeds=2)
    noise = np.random.default_rng(1).normal(size=len(trials))
    table = compare(trials, FIELDS, outcome(noise + 9.0 * (trials["model"] == "c"))).table
    assert list(zip(table["a"], table["b"], strict=True)) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert list(table["p_holm"] < 0.1) == [False, True, True]
    assert table["p_holm"].to_numpy() == pytest.approx([table["p_value"][0], 3 * 2 / 2**6, 3 * 2 / 2**6])


def test_which_parameters_are_compared() -> None:
    """Names, flags and two numbers; no seeds, no sizes of three values, no names of many values."""
    trials = crossed((True, False), seeds=2).assign(width=lambda table: np.where(table["size"] > 64, 32, 16))
    trials["tag"] = [f"tag{place}" for place in range(len(trials))]
    found = compare(trials, ["model", "size", "width", "tag", "seed"], outcome(pd.Series(range(len(trials)))))
    assert set(found.table["parameter"]) == {"model", "width"}
    assert found.skipped == ("tag",)
    values = outcome(pd.Series(range(len(trials))))
    assert set(compare(trials, ["model", "width", "seed"], values, ["width"]).table["parameter"]) == {"width"}


def test_order_of_trials_does_not_matter() -> None:
    generator = np.random.default_rng(2)
    trials = crossed(("a", "b", "c"))
    values = outcome(pd.Series(generator.normal(size=len(trials))))
    order = generator.permutation(len(trials))
    first = compare(trials, FIELDS, values).table
    second = compare(trials.iloc[order], FIELDS, values.iloc[order]).table
    pd.testing.assert_frame_equal(first, second)


def test_missing_outcomes_leave_pairs_out() -> None:
    trials = crossed()
    values = trials["size"] / 64 + (trials["model"] == "b")
    values[0] = np.nan
    row = only(trials, values)
    assert (row["pairs"], row["left_out"], row["n_a"], row["n_b"]) == (8, 1, 8, 9)


@pytest.mark.parametrize("values", [np.nan, 0.5])
def test_nothing_is_said_of_constants_and_gaps(values: float) -> None:
    trials = crossed()
    assert compare(trials, FIELDS, outcome(pd.Series(values, index=trials.index))).table.empty


def test_one_trial_and_none() -> None:
    for trials in (crossed().head(1), crossed().head(0)):
        assert compare(trials, FIELDS, outcome(trials["seed"])).table.empty


def test_one_trial_each_has_a_difference_and_no_interval() -> None:
    trials = pd.DataFrame({"model": ["a", "b"], "seed": [0, 0]})
    row = only(trials, pd.Series([1.0, 3.0]), ["model"])
    assert (row["difference"], row["p_value"], row["n_a"]) == (2, 1, 1)
    assert np.isnan(row["low"])
