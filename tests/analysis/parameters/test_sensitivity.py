"""Which parameter moves which outcome, on sweeps with known shares."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from rhm_sweeps.analysis.parameters.sensitivity import (
    FOREST,
    GRID,
    Sensitivity,
    complete_part,
    replica_share,
    sensitivity,
)
from rhm_sweeps.analysis.parameters.swept_parameters import swept_parameters


def crossed(*sizes: int, replicas: int = 2) -> pd.DataFrame:
    names = "xyz"[: len(sizes)]
    return pd.DataFrame([cell for cell in product(*map(range, sizes)) for _ in range(replicas)], columns=list(names))


def shares(trials: pd.DataFrame, **outcomes: pd.Series) -> Sensitivity:
    return sensitivity(pd.DataFrame(outcomes, dtype="float64"), swept_parameters(trials, list(trials.columns)))


def total(found: Sensitivity, outcome: str) -> dict[str, float]:
    rows = found.shares[found.shares["outcome"] == outcome]
    return dict(zip(rows["parameter"], rows["total"], strict=True))


def test_a_grid_is_shared_out_exactly() -> None:
    trials = crossed(4, 2)
    found = shares(trials, one=trials["x"] + 0.0, both=2 * trials["x"] + trials["y"])
    assert total(found, "one") == pytest.approx({"x": 1, "y": 0})
    assert total(found, "both") == pytest.approx({"x": 5 / 5.25, "y": 0.25 / 5.25})
    assert set(found.outcomes["method"]) == {GRID}
    assert found.outcomes["noise"].tolist() == pytest.approx([0, 0])
    assert found.outcomes["replicated"].all()


def test_trials_without_the_outcome_cut_the_grid() -> None:
    """Without x = 0 the rest is a grid of 3 x 2."""
    trials = crossed(4, 2)
    values = (2.0 * trials["x"] + trials["y"]).where(trials["x"] > 0)
    found = shares(trials, tau=values)
    row = found.outcomes.iloc[0]
    assert (row["method"], row["trials"], row["missing"], row["settings"], row["cells"]) == (GRID, 12, 4, 6, 8)
    assert total(found, "tau") == pytest.approx({"x": (8 / 3) / (8 / 3 + 1 / 4), "y": (1 / 4) / (8 / 3 + 1 / 4)})


def test_random_settings_are_shared_out_by_a_forest() -> None:
    trials = pd.DataFrame(np.random.default_rng(0).random((80, 2)), columns=["x", "y"])
    found = shares(trials, value=trials["x"])
    assert found.outcomes["method"].tolist() == [FOREST]
    assert found.outcomes["explained"][0] > 0.95
    assert total(found, "value") == pytest.approx({"x": 1, "y": 0}, abs=0.1)
    assert found.shares["main"].isna().all()


def test_few_random_settings_say_nothing() -> None:
    trials = pd.DataFrame(np.random.default_rng(0).random((8, 2)), columns=["x", "y"])
    found = shares(trials, value=trials["x"])
    assert found.known.empty
    assert found.outcomes["note"].tolist() == ["too few trials"]


def test_a_forest_that_predicts_nothing_says_nothing() -> None:
    generator = np.random.default_rng(1)
    trials = pd.DataFrame(generator.random((40, 3)), columns=list("xyz"))
    found = shares(trials, value=pd.Series(generator.normal(size=40)))
    assert found.shares.empty
    assert "no better" in found.outcomes["note"][0]


def test_constants_gaps_and_nothing_varied() -> None:
    trials = crossed(3, 2)
    found = shares(trials, constant=trials["x"] * 0 + 0.1, missing=trials["x"] * np.nan)
    assert found.shares.empty
    assert found.outcomes["note"].tolist() == ["the same in all trials", "not measured"]
    alone = shares(trials[["x"]].head(1), value=trials["x"].head(1))
    assert (alone.parameters.names, alone.known.empty) == ((), True)
    assert shares(trials.head(0), value=trials["x"].head(0)).known.empty


def test_an_outcome_of_one_setting_says_nothing() -> None:
    trials = crossed(4, replicas=3)
    values = pd.Series(np.random.default_rng(4).normal(size=12)).where(trials["x"] == 2)
    assert shares(trials, tau=values).outcomes["note"].tolist() == ["known in one setting only"]


def test_the_noise_of_replicas() -> None:
    """Two replicas at +-1 in each of 3 settings at 0, 4, 8: variance 2 within, 76 / 5 in all."""
    codes = pd.DataFrame({"x": [0, 0, 1, 1, 2, 2]})
    values = pd.Series([-1.0, 1, 3, 5, 7, 9])
    assert replica_share(values, codes) == (pytest.approx(2 / values.var()), True)
    share, replicated = replica_share(values, pd.DataFrame({"x": range(6)}))
    assert np.isnan(share)
    assert not replicated


def test_order_of_trials_does_not_matter() -> None:
    generator = np.random.default_rng(3)
    trials = crossed(3, 2, 2)
    values = pd.Series(generator.normal(size=len(trials)))
    order = generator.permutation(len(trials))
    first, second = shares(trials, value=values), shares(trials.iloc[order], value=values.iloc[order])
    assert total(first, "value") == pytest.approx(total(second, "value"))


def test_the_complete_part_of_a_grid() -> None:
    codes = crossed(3, 4, replicas=1)
    assert len(complete_part(codes)) == 12
    assert sorted(complete_part(codes.drop(index=5))["y"].unique()) == [0, 2, 3]
    assert complete_part(codes[codes["x"] == 1]).shape == (4, 2)
    staircase = codes[codes["x"] + codes["y"] >= 2]
    part = complete_part(staircase)
    assert len(part) == part["x"].nunique() * part["y"].nunique() > 1
