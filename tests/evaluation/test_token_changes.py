"""Sums of covariances against the covariance matrix itself, and lengths that are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

from rhm_sweeps.evaluation.token_changes import ChangeTally

GENERATOR = torch.Generator().manual_seed(0)
INDEPENDENT = torch.rand(50_000, 4, generator=GENERATOR) < 0.3


@dataclass(frozen=True)
class Counted:
    """What is counted of all strings."""

    susceptibility: float
    correlation_length: float


def tally(changed: Tensor) -> Counted:
    """What is counted of changes (N, d), part by part."""
    counted = ChangeTally(1, changed.shape[1])
    for part in changed.split(20_000):
        counted.add(torch.zeros(len(part), 1), part)
    return Counted(counted.susceptibility.item(), counted.correlation_length.item())


def chain(length: int, decay: float, count: int, generator: torch.Generator) -> Tensor:
    """Signs of a stationary Markov chain: cov(sigma_i, sigma_j) = decay**|i - j| exactly."""
    kept = torch.rand(count, length, generator=generator) < decay
    fresh = torch.rand(count, length, generator=generator) < 0.5
    columns = [fresh[:, 0]]
    for i in range(1, length):
        columns.append(torch.where(kept[:, i], columns[-1], fresh[:, i]))
    return torch.stack(columns, 1)


@pytest.mark.parametrize(("length", "count"), [(1, 20), (2, 30), (8, 50), (27, 1000)])
def test_both_are_ratios_of_sums_over_the_covariance_matrix(length: int, count: int) -> None:
    shared = torch.rand(count, 1, generator=GENERATOR) < 0.4
    changed = (torch.rand(count, length, generator=GENERATOR) < torch.linspace(0.1, 0.9, length)) ^ shared
    covariance = np.atleast_2d(np.cov(np.where(changed, 1, -1).T, ddof=0))
    distance = np.abs(np.subtract.outer(np.arange(length), np.arange(length)))
    counted = tally(changed)
    assert counted.susceptibility == pytest.approx(covariance.sum() / np.trace(covariance))
    expected = (distance * covariance).sum() / covariance.sum()
    assert counted.correlation_length == pytest.approx(expected, abs=1e-9)


def test_susceptibility_counts_tokens_that_change_together() -> None:
    assert tally(INDEPENDENT).susceptibility == pytest.approx(1, abs=0.03)
    assert tally(INDEPENDENT[:, :1].expand(-1, 4)).susceptibility == pytest.approx(4)
    assert tally(INDEPENDENT[:, [0, 0, 1, 1]]).susceptibility == pytest.approx(2, abs=0.03)


def test_correlation_length_tells_near_tokens_from_far_ones() -> None:
    assert tally(INDEPENDENT).correlation_length == pytest.approx(0, abs=0.03)
    assert tally(INDEPENDENT[:, :1].expand(-1, 4)).correlation_length == pytest.approx((4**2 - 1) / (3 * 4))
    assert tally(INDEPENDENT[:, [0, 0, 1, 1]]).correlation_length == pytest.approx(1 / 2, abs=0.03)
    assert tally(INDEPENDENT[:, [0, 1, 1, 0]]).correlation_length == pytest.approx((1 + 3) / 4, abs=0.03)


@pytest.mark.parametrize("length_of_decay", [1.0, 3.0])
def test_correlation_length_of_an_exponential_decay(length_of_decay: float) -> None:
    changed = chain(96, float(np.exp(-1 / length_of_decay)), 4000, torch.Generator().manual_seed(1))
    matrix = np.exp(-np.abs(np.subtract.outer(np.arange(96), np.arange(96))) / length_of_decay)
    counted, chi = tally(changed), matrix.sum() / 96
    error = 96 / (chi * np.sqrt(3 * 4000))
    assert counted.susceptibility == pytest.approx(chi, rel=0.1)
    assert counted.correlation_length == pytest.approx(1 / np.sinh(1 / length_of_decay), abs=4 * error)


def test_the_error_of_the_correlation_length_is_as_stated() -> None:
    generator = torch.Generator().manual_seed(2)
    found = [tally(torch.rand(500, 16, generator=generator) < 0.5).correlation_length for _ in range(200)]
    assert np.std(found) == pytest.approx(16 / np.sqrt(3 * 500), rel=0.2)


def test_without_change_or_with_nothing_but_change_neither_is_known() -> None:
    for changed in (torch.zeros(10, 4, dtype=torch.bool), torch.ones(10, 4, dtype=torch.bool)):
        assert np.isnan(tally(changed).susceptibility)
        assert np.isnan(tally(changed).correlation_length)


def test_tokens_that_exclude_each_other_have_no_length() -> None:
    """If always just one token changes, the number of changes does not vary: chi = 0."""
    one_each = torch.eye(4, dtype=torch.bool).repeat(5, 1)
    assert tally(one_each).susceptibility == pytest.approx(0, abs=1e-9)
    assert np.isnan(tally(one_each).correlation_length)


def test_a_resample_is_the_tally_of_its_strings() -> None:
    """Weights count strings as often as if they were there so often."""
    changed = torch.rand(60, 8, generator=GENERATOR) < 0.4
    unchanged = torch.rand(60, 3, generator=GENERATOR)
    weights = torch.stack([torch.ones(60), torch.arange(60) % 3]).double()
    both, repeated = ChangeTally(3, 8, resamples=1), ChangeTally(3, 8)
    both.add(unchanged[:25], changed[:25], weights[:, :25])
    both.add(unchanged[25:], changed[25:], weights[:, 25:])
    often = weights[1].long()
    repeated.add(unchanged.repeat_interleave(often, 0), changed.repeat_interleave(often, 0))
    assert both.strings.tolist() == [60, int(often.sum())]
    assert both.unchanged[1].tolist() == pytest.approx(repeated.unchanged[0].tolist())
    assert both.susceptibility.tolist() == pytest.approx(
        [tally(changed).susceptibility, repeated.susceptibility.item()]
    )
    assert both.correlation_length[1].item() == pytest.approx(repeated.correlation_length.item())
