"""The bootstrap over strings: counts that are Poisson, and errors that are those of the mean."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import poisson

from rhm_sweeps.evaluation.resampling import resample_weights
from rhm_sweeps.streams import Streams

WEIGHTS = resample_weights(Streams([3]), torch.arange(400), 200)


def test_all_strings_come_first_and_once() -> None:
    assert WEIGHTS.shape == (201, 400)
    assert (WEIGHTS[0] == 1).all()
    assert resample_weights(Streams([3]), torch.arange(5), 0).tolist() == [[1.0] * 5]


def test_counts_are_poisson() -> None:
    share = [float((WEIGHTS[1:] == count).double().mean()) for count in range(5)]
    assert share == pytest.approx(poisson.pmf(range(5), 1), abs=0.006)


def test_counts_of_a_string_depend_on_it_alone() -> None:
    assert torch.equal(resample_weights(Streams([3]), torch.tensor([7, 300]), 200), WEIGHTS[:, [7, 300]])
    assert not torch.equal(resample_weights(Streams([4]), torch.arange(400), 200), WEIGHTS)


def test_the_spread_over_resamples_is_the_standard_error_of_a_mean() -> None:
    values = torch.from_numpy(np.random.default_rng(0).normal(size=400))
    means = (WEIGHTS @ values) / WEIGHTS.sum(1)
    assert float(means[1:].std()) == pytest.approx(float(values.std()) / 400**0.5, rel=0.15)
