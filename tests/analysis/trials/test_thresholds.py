"""What counts as learned."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rhm_sweeps.analysis.trials.thresholds import Thresholds, learned_bounds, learned_validity
from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import UsageError

CHANCE = (0.375, 0.375**3, 0.375**7)


def test_a_level_is_learned_part_of_the_way_from_chance_to_the_ceiling() -> None:
    assert learned_validity(0.375, Thresholds(learned=0.8)) == pytest.approx(0.875)
    assert learned_validity(0.375, Thresholds(learned=0.8), ceiling=0.875) == pytest.approx(0.775)


def test_a_level_that_the_sampler_hides_is_never_learned() -> None:
    assert math.isinf(learned_validity(0.375, Thresholds(), ceiling=0.375))
    assert math.isinf(learned_validity(0.375, Thresholds(), ceiling=0.3))


def test_each_trial_has_the_bounds_of_its_levels() -> None:
    two, three = GrammarConfig(num_layers=2), GrammarConfig()
    bounds = learned_bounds([two, three, three], Thresholds(learned=0.5), [None, None, (0.9, 0.8, 0.7)])
    assert bounds[0, :2] == pytest.approx([(1 + chance) / 2 for chance in CHANCE[:2]])
    assert np.isnan(bounds[0, 2])
    assert bounds[1] == pytest.approx([(1 + chance) / 2 for chance in CHANCE])
    assert bounds[2] == pytest.approx([(top + chance) / 2 for top, chance in zip((0.9, 0.8, 0.7), CHANCE, strict=True)])


@pytest.mark.parametrize("value", [0, 1, -0.2, math.nan])
def test_thresholds_outside_their_bounds_are_refused(value: float) -> None:
    with pytest.raises(UsageError, match=r"`copied` is .*between 0 and 1"):
        Thresholds(copied=value)
