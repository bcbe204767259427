"""The regime at each point against the definition, point by point."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rhm_sweeps.analysis.trials.ceilings import Ceilings
from rhm_sweeps.analysis.trials.regimes import level_of, regime_names, regime_words, regimes
from rhm_sweeps.analysis.trials.thresholds import Thresholds, learned_validity
from rhm_sweeps.analysis.trials.trial_table import date_trials
from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.grammar.theory import chance_validity

GRAMMAR = GrammarConfig()


def points(*rows: tuple[float, float, float, float]) -> pd.DataFrame:
    """Excess copies and the validities of three levels."""
    table = pd.DataFrame(rows, columns=["excess_copies", "validity_1", "validity_2", "validity_3"])
    return table.assign(step=2.0 ** np.arange(len(table)))


def test_each_regime_has_its_name() -> None:
    found = regimes(
        points((0, 0.4, 0, 0), (0, 0.95, 0, 0), (0, 1, 0.95, 0.8), (0, 1, 1, 0.95), (0.2, 1, 1, 1), (0.2, 0, 0, 0)),
        GRAMMAR,
    )
    assert found.tolist() == ["untrained", "partial_1", "partial_2", "generalizing", "memorizing", "memorizing"]


def test_a_point_without_samples_has_no_regime() -> None:
    nan = float("nan")
    assert regimes(points((nan, nan, nan, nan), (0, 0, 0, 0)), GRAMMAR).tolist() == [None, "untrained"]
    assert regimes(points(), GRAMMAR).tolist() == []


def test_a_low_ceiling_lowers_the_bar() -> None:
    half_way = points((0, 0.8, 0.6, 0.46))
    assert regimes(half_way, GRAMMAR).tolist() == ["untrained"]
    assert regimes(half_way, GRAMMAR, ceiling=(0.8, 0.6, 0.5)).tolist() == ["generalizing"]
    hidden = regimes(half_way, GRAMMAR, ceiling=(0.8, 0.6, 0.01))
    assert hidden.tolist() == ["partial_2"]


@pytest.mark.parametrize("seed", range(3))
def test_all_trials_at_once_are_as_point_by_point(make_sweep, grid, seed: int) -> None:
    """Random metrics, grammars of several depths and random ceilings."""
    random = np.random.default_rng(seed)
    results = make_sweep(
        grid(sizes=(8,), seeds=3, training__test_size=8, grammar__num_layers=(1, 2, 3)), length={4: 6, 5: 0}
    )
    names = ["excess_copies", *(f"validity_{level}" for level in (1, 2, 3))]
    drawn = random.random((len(results.points), 4)) ** [3, 0.2, 0.2, 0.2]
    results = type(results)(
        "random", results.trials, results.points.assign(**dict(zip(names, drawn.T, strict=True))), {}
    )
    depths = [int(depth) for depth in results.trials["grammar.num_layers"]]
    ceilings = Ceilings(tuple(tuple(random.uniform(0.9, 1, depth)) for depth in depths), 9, 0)
    limits = Thresholds()
    found = date_trials(results, limits, ceilings).regimes()
    for row, signature in enumerate(results.trials.index):
        own = results.points[results.points["signature"] == signature]
        chances = chance_validity(GrammarConfig(num_layers=depths[row]))
        bounds = [learned_validity(c, limits, top) for c, top in zip(chances, ceilings.of_trial[row], strict=True)]
        expected = [_by_hand(point, bounds, limits) for point in own.to_dict("records")]
        assert found[row, : len(own)].tolist() == expected
    assert {name for name in found.ravel() if name} == set(regime_names(3))


def _by_hand(point: dict[str, float], bounds: list[float], limits: Thresholds) -> str:
    if point["excess_copies"] >= limits.copied:
        return "memorizing"
    learned = [level for level, bound in enumerate(bounds, 1) if point[f"validity_{level}"] >= bound]
    if not learned:
        return "untrained"
    return "generalizing" if learned[-1] == len(bounds) else f"partial_{learned[-1]}"


def test_names_for_people() -> None:
    assert regime_names(3) == ["untrained", "partial_1", "partial_2", "generalizing", "memorizing"]
    assert regime_words("1 memorizing, 2 partial_1") == "1 memorizing, 2 partial (level 1)"
    assert [level_of(name) for name in ("partial_12", "memorizing")] == [12, None]
