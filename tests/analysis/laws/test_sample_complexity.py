"""P*_l in sweeps where it is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rhm_sweeps.analysis.laws.sample_complexity import level_complexities
from rhm_sweeps.analysis.sweep_analysis import analyze

from ..law_sweeps import SIZES, with_complexities


@pytest.fixture
def known(make_sweep, grid):
    """A sweep in which P*_l = 0.8 v m^(l+1), with two seeds of half an octave between them."""

    def make(noise=(-0.25, 0.25), **fields):
        analysis = analyze(make_sweep(grid(sizes=SIZES, seeds=2, **fields)))
        return with_complexities(analysis, lambda m, level: 0.8 * 8 * m ** (level + 1), noise)

    return make


def test_the_crossing_is_found_beside_the_theory(known) -> None:
    found = level_complexities(known(noise=()))
    assert [item.level for item in found] == [1, 2, 3]
    assert [item.theory for item in found] == [72, 216, 648]
    assert [item.size for item in found] == pytest.approx([0.8 * 72, 0.8 * 216, 0.8 * 648])
    assert [item.ratio for item in found] == pytest.approx([0.8] * 3)
    assert all(item.place == "inside" and item.trials == 18 for item in found)
    assert [(item.low, item.high) for item in found] == [pytest.approx((item.size, item.size)) for item in found]


def test_the_interval_comes_from_the_seeds(known) -> None:
    """Seeds that cross at 2**-0.25 and 2**0.25 times P*: the interval has P* inside and does not leave what they reach."""
    for item in level_complexities(known()):
        assert item.size / 2**0.3 < item.low < item.size < item.high < item.size * 2**0.3


def test_each_grammar_has_its_own(known) -> None:
    found = level_complexities(known(noise=(), grammar__num_synonyms=(3, 4)))
    assert {(item.grammar.num_synonyms, item.level) for item in found} == {
        (m, level) for m in (3, 4) for level in (1, 2, 3)
    }
    assert [item.ratio for item in found if item.place == "inside"] == pytest.approx([0.8] * 6)


def test_another_threshold_moves_all_by_one_factor(make_sweep, grid) -> None:
    """The ramps run over two octaves, between three sizes: three quarters of the way come half an octave later."""
    analysis = with_complexities(analyze(make_sweep(grid(sizes=SIZES, seeds=1))), lambda m, level: 16 * 4**level)
    half, later = level_complexities(analysis), level_complexities(analysis, threshold=0.75)
    assert [item.size for item in half] == pytest.approx([64, 256, 1024])
    assert [b.size / a.size for a, b in zip(half, later, strict=True)] == pytest.approx([math.sqrt(2)] * 3)


def test_what_lies_outside_the_sizes_is_a_bound(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=(64, 128, 256), seeds=2)))
    first, second, third = level_complexities(with_complexities(analysis, lambda m, level: (10, 100, 1e4)[level - 1]))
    assert (first.place, third.place) == ("below", "above")
    assert math.isnan(first.size)
    assert math.isnan(third.size)
    assert (first.low, first.high) == (0, 0)
    assert (third.low, third.high) == (math.inf, math.inf)
    assert second.size == pytest.approx(100)


def test_a_level_that_is_lost_again_is_not_learned(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=(64, 128, 256), seeds=1)))
    analysis.trials["clean_validity_1"] = [0.5, 1.0, 0.5]
    assert level_complexities(analysis)[0].place == "above"


def test_one_seed_has_no_interval(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=SIZES, seeds=1)))
    item = level_complexities(with_complexities(analysis, lambda m, level: 100))[0]
    assert item.size == pytest.approx(100)
    assert math.isnan(item.low)
    assert math.isnan(item.high)


def test_trials_that_copy_from_the_start_do_not_count(make_sweep, grid) -> None:
    analysis = with_complexities(analyze(make_sweep(grid(sizes=SIZES, seeds=2))), lambda m, level: 100)
    analysis.trials.iloc[::2, analysis.trials.columns.get_loc("clean_validity_1")] = np.nan
    item = level_complexities(analysis)[0]
    assert item.trials == 9
    assert item.size == pytest.approx(100)


def test_nothing_known(make_sweep, grid) -> None:
    assert not level_complexities(analyze(make_sweep([])))
    assert not level_complexities(analyze(make_sweep([{}])))
    assert not level_complexities(analyze(make_sweep(grid(sizes=(64, 128)))))
    assert not level_complexities(analyze(make_sweep(grid(sizes=(64,), model__width=(32, 64)))))
