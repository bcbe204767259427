"""Effect sizes against closed forms, and intervals that hold the truth as often as they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from rhm_sweeps.analysis.parameters.effect_sizes import holm, paired_effect, unpaired_effect


def test_pairs_by_hand() -> None:
    """Gains 1, 2, 3, 6: mean 3, variance 14 / 3; J(3) = Gamma(1.5) / (sqrt(1.5) Gamma(1))."""
    found = paired_effect([1, 1, 1, 1], [2, 3, 4, 7])
    assert found.difference == 3
    correction = math.gamma(1.5) / math.sqrt(1.5)
    assert found.hedges_g == pytest.approx(correction * 3 / math.sqrt(14 / 3))
    assert found.dominance == 1
    assert found.p_value == found.least_p == 2 / 2**4
    half = stats.t.ppf(0.975, 3) * math.sqrt(14 / 3 / 4)
    assert (found.low, found.high) == pytest.approx((3 - half, 3 + half))


def test_rank_biserial_by_hand() -> None:
    """Gains 1, -2, 3, 0: ranks 1 + 3 for, 2 against, of 6; the pair without a difference says nothing."""
    assert paired_effect([0, 2, 0, 5], [1, 0, 3, 5]).dominance == pytest.approx((4 - 2) / 6)


def test_groups_by_hand() -> None:
    """Means 2 and 5, pooled variance (2 + 8) / 4; of 9 comparisons 8 are won and none is tied."""
    found = unpaired_effect([1, 2, 3], [2.5, 5.5, 7])
    x, y = np.array([1, 2, 3]), np.array([2.5, 5.5, 7])
    pooled = math.sqrt((x.var(ddof=1) + y.var(ddof=1)) / 2)
    correction = math.gamma(2) / (math.sqrt(2) * math.gamma(1.5))
    assert found.hedges_g == pytest.approx(correction * 3 / pooled)
    assert found.dominance == pytest.approx(8 / 9 - 1 / 9)
    assert found.least_p == 2 / 20
    welch = stats.ttest_ind(y, x, equal_var=False).confidence_interval()
    assert (found.low, found.high) == pytest.approx((welch.low, welch.high))


@pytest.mark.parametrize("compare", [paired_effect, unpaired_effect])
def test_swapping_the_groups_changes_signs_only(compare) -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 9))
    one, other = compare(a, b), compare(b, a)
    assert (one.difference, one.low, one.high) == pytest.approx((-other.difference, -other.high, -other.low))
    assert (one.hedges_g, one.g_low, one.g_high) == pytest.approx(
        (-other.hedges_g, -other.g_high, -other.g_low), rel=1e-4
    )
    assert (one.dominance, one.p_value) == pytest.approx((-other.dominance, other.p_value))


@pytest.mark.parametrize("compare", [paired_effect, unpaired_effect])
def test_order_and_scale_do_not_matter(compare) -> None:
    generator = np.random.default_rng(1)
    a, b = generator.normal(size=(2, 8))
    order = generator.permutation(8)
    one, other = compare(a, b), compare(3 * a[order] + 1, 3 * b[order] + 1)
    assert (one.hedges_g, one.g_low, one.dominance, one.p_value) == pytest.approx(
        (other.hedges_g, other.g_low, other.dominance, other.p_value)
    )
    assert other.difference == pytest.approx(3 * one.difference)


def test_the_interval_of_the_effect_inverts_the_noncentral_t() -> None:
    found = paired_effect(np.zeros(5), [1, 2, 2, 3, 5])
    t = stats.ttest_1samp([1, 2, 2, 3, 5], 0).statistic
    assert stats.nct.cdf(t, 4, found.g_low * math.sqrt(5)) == pytest.approx(0.975, abs=1e-4)
    assert stats.nct.cdf(t, 4, found.g_high * math.sqrt(5)) == pytest.approx(0.025, abs=1e-4)


def test_nothing_to_tell_from() -> None:
    same = paired_effect([1, 2], [1, 2])
    assert (same.difference, same.p_value, same.dominance) == (0, 1, 0)
    assert math.isnan(same.hedges_g)
    one = paired_effect([1], [2])
    assert (one.difference, one.least_p) == (1, 1)
    assert math.isnan(one.low)
    assert math.isnan(paired_effect([], []).p_value)
    alone = unpaired_effect([1], [2])
    assert (alone.difference, alone.p_value) == (1, 1)
    assert math.isnan(alone.low)
    assert math.isnan(unpaired_effect([], [2]).difference)


def test_two_pairs_have_an_interval_of_g_and_no_g() -> None:
    """J(1) = 0: Hedges' correction leaves nothing of the estimate."""
    found = paired_effect([0, 0], [1, 2])
    assert math.isnan(found.hedges_g)
    assert found.g_low < 0 < found.g_high


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, float("nan"), 0.005]) == pytest.approx(
        [0.03, 0.06, 0.06, float("nan"), 0.02], nan_ok=True
    )
    assert list(holm([0.9, 0.8])) == [1, 1]
    assert len(holm([])) == 0


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 5, 20])
def test_intervals_hold_the_truth_in_95_of_100(seeds: int) -> None:
    """A percentile bootstrap holds it in 65 (of g) and 76 (of the mean) of 100 at three seeds."""
    generator, effect, trials = np.random.default_rng(seeds), 0.8, 400
    held = np.zeros(4)
    for _ in range(trials):
        a, b = generator.normal(size=seeds), generator.normal(effect, 1, size=seeds)
        free = unpaired_effect(a, b)
        pairs = paired_effect(np.zeros(seeds), b)
        held += [
            free.low <= effect <= free.high, free.g_low <= effect <= free.g_high,
            pairs.low <= effect <= pairs.high, pairs.g_low <= effect <= pairs.g_high,
        ]  # fmt: skip
    assert held / trials == pytest.approx([0.95] * 4, abs=0.035)
