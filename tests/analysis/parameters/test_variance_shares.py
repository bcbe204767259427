"""Exact shares of the variance, against closed forms and a brute force over cells."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from rhm_sweeps.analysis.parameters.variance_shares import variance_shares


def grid(*sizes: int, replicas: int = 1) -> np.ndarray:
    return np.array([cell for cell in product(*map(range, sizes)) for _ in range(replicas)])


def test_an_additive_function_has_the_variances_of_its_terms() -> None:
    codes = grid(4, 3, 2, replicas=2)
    f, g, h = np.array([0.0, 1, 4, 9]), np.array([0.0, 5, 1]), np.array([2.0, 3])
    values = f[codes[:, 0]] + g[codes[:, 1]] + h[codes[:, 2]]
    parts = np.array([f.var(), g.var(), h.var()])
    found = variance_shares(values, codes)
    assert found.main == pytest.approx(parts / parts.sum())
    assert found.total == pytest.approx(parts / parts.sum())
    assert found.noise == pytest.approx(0)


def test_a_pure_interaction_is_in_both_totals_and_in_no_main_effect() -> None:
    codes = grid(2, 2, replicas=3)
    found = variance_shares((2 * codes[:, 0] - 1) * (2 * codes[:, 1] - 1), codes)
    assert found.main == pytest.approx([0, 0])
    assert found.total == pytest.approx([1, 1])
    assert found.p_value == pytest.approx([1, 1])


def test_noise_is_taken_out_of_the_effects() -> None:
    """Replicas at +-1 around cell means 0, 0, 6, 6: SS_A = 72, SS_W = 8, MS_W = 2; omega squared = (72 - 2) / (80 + 2)."""
    codes = grid(2, 2, replicas=2)
    values = 6.0 * codes[:, 0] + np.tile([-1, 1], 4)
    found = variance_shares(values, codes)
    assert found.main == pytest.approx([70 / 82, -2 / 82])
    assert found.noise == pytest.approx(2 * 8 / 82)
    whole = found.noise + found.main.sum() + (found.total - found.main)[0]
    assert whole == pytest.approx(1)
    assert found.p_value[0] == pytest.approx(stats.f.sf(36, 1, 4))


def test_one_factor_agrees_with_the_f_test_of_scipy() -> None:
    draws = np.random.default_rng(1).normal(size=(4, 5)) + np.arange(4)[:, None] / 2
    found = variance_shares(draws.ravel(), grid(4, replicas=5))
    assert found.p_value[0] == pytest.approx(stats.f_oneway(*draws).pvalue)


def test_without_replicas_the_highest_interaction_is_the_noise() -> None:
    """Tukey's test for a two-way table without replicas: the residual of the additive fit, by least squares."""
    codes = grid(3, 4)
    values = np.random.default_rng(2).normal(size=12) + codes[:, 0]
    design = np.column_stack([np.ones(12), *(codes[:, 0] == i for i in (1, 2)), *(codes[:, 1] == i for i in (1, 2, 3))])
    residual = np.linalg.lstsq(design, values, rcond=None)[1][0] / 6
    found = variance_shares(values, codes)
    assert not found.replicated
    means = values.reshape(3, 4).mean(axis=1)
    assert found.p_value[0] == pytest.approx(stats.f.sf(4 * ((means - means.mean()) ** 2).sum() / 2 / residual, 2, 6))
    assert found.main == pytest.approx(found.total)
    assert found.main.sum() + found.noise == pytest.approx(1)


def test_a_single_factor_without_replicas_cannot_be_told_from_noise() -> None:
    assert np.isnan(variance_shares([1.0, 2, 3], grid(3)).main).all()


def test_order_of_trials_and_names_of_values_do_not_matter() -> None:
    generator = np.random.default_rng(3)
    codes = grid(3, 2, 2, replicas=2)
    values = generator.normal(size=len(codes))
    first = variance_shares(values, codes)
    order = generator.permutation(len(codes))
    renamed = codes.copy()
    renamed[:, 0] = np.array([2, 0, 1])[codes[:, 0]]
    second = variance_shares(values[order], renamed[order])
    assert second.total == pytest.approx(first.total)
    swapped = variance_shares(5 + 3 * values, codes[:, ::-1])
    assert swapped.total[::-1] == pytest.approx(first.total)
    assert swapped.noise == pytest.approx(first.noise)


def test_unequal_replicas_weigh_cells_alike() -> None:
    codes = np.vstack([grid(2, 2, replicas=2), [[0, 0]] * 7])
    values = 2.0 * codes[:, 0] + codes[:, 1]
    assert variance_shares(values, codes).main == pytest.approx([0.8, 0.2])


def test_pure_noise_has_no_share_on_average() -> None:
    generator, codes = np.random.default_rng(4), grid(4, 3, replicas=3)
    found = [variance_shares(generator.normal(size=len(codes)), codes) for _ in range(400)]
    assert np.mean([one.main for one in found], axis=0) == pytest.approx([0, 0], abs=0.02)
    assert np.mean([one.noise for one in found]) == pytest.approx(1, abs=0.03)
    assert np.mean([one.p_value < 0.05 for one in found]) == pytest.approx(0.05, abs=0.025)


def test_an_empty_cell_and_a_constant() -> None:
    assert variance_shares([1.0, 2, 3], [[0, 0], [0, 1], [1, 0]]) is None
    assert np.isnan(variance_shares(np.ones(8), grid(2, 2, replicas=2)).total).all()
