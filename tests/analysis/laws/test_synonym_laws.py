"""The exponent of m in P*_l where it is known."""

from __future__ import annotations

import math

import pytest

from rhm_sweeps.analysis.laws.sample_complexity import level_complexities
from rhm_sweeps.analysis.laws.synonym_laws import synonym_laws
from rhm_sweeps.analysis.sweep_analysis import analyze

from ..law_sweeps import SIZES, with_complexities


def laws(make_sweep, trials, complexity, noise=()):
    analysis = with_complexities(analyze(make_sweep(trials)), complexity, noise)
    return synonym_laws(analysis, level_complexities(analysis))


@pytest.mark.parametrize("exponent", [0, 1, 2])
def test_the_exponent_is_found(make_sweep, grid, exponent: int) -> None:
    trials = grid(sizes=SIZES, seeds=2, grammar__num_synonyms=(3, 4, 5))
    found = laws(make_sweep, trials, lambda m, level: 50 * m**exponent, noise=(-0.1, 0.1))
    assert [law.level for law in found] == [1, 2, 3]
    assert [law.expected for law in found] == [2, 3, 4]
    for law in found:
        assert law.exponent == pytest.approx(exponent, abs=0.1)
        assert law.low < exponent < law.high
        assert law.synonyms == (3, 4, 5)


def test_levels_have_their_own_exponents(make_sweep, grid) -> None:
    found = laws(
        make_sweep, grid(sizes=SIZES, seeds=1, grammar__num_synonyms=(3, 4)), lambda m, level: 8 * m ** (level + 1)
    )
    assert [law.exponent for law in found] == pytest.approx([2, 3, 4])
    assert all(math.isnan(law.low) for law in found)


def test_other_settings_shift_the_line_and_not_its_slope(make_sweep, grid) -> None:
    """Width 32 takes three times the strings, and lacks m = 5: without a line of its own the slope would be off."""
    trials = [
        *grid(sizes=SIZES, seeds=1, grammar__num_synonyms=(3, 4, 5), model__width=64),
        *grid(sizes=SIZES, seeds=1, grammar__num_synonyms=(3, 4), model__width=32),
    ]
    analysis = analyze(make_sweep(trials))
    with_complexities(analysis, lambda m, level: 8 * m**2)
    narrow = analysis.results.trials["model.width"] == 32
    shifted = with_complexities(analyze(make_sweep(trials)), lambda m, level: 24 * m**2)
    analysis.trials.loc[narrow, "clean_validity_1"] = shifted.trials.loc[narrow, "clean_validity_1"]
    law = synonym_laws(analysis, level_complexities(analysis))[0]
    assert law.exponent == pytest.approx(2)


def test_one_number_of_synonyms_has_no_exponent(make_sweep, grid) -> None:
    assert laws(make_sweep, grid(sizes=SIZES, seeds=2), lambda m, level: 100) == ()


def test_what_is_not_crossed_does_not_count(make_sweep, grid) -> None:
    trials = grid(sizes=SIZES, seeds=1, grammar__num_synonyms=(3, 4, 5))
    found = laws(make_sweep, trials, lambda m, level: 1e6 if (m == 5 or level == 3) else 10 * m)
    assert [law.level for law in found] == [1, 2]
    assert found[0].synonyms == (3, 4)
    assert found[0].exponent == pytest.approx(1)
