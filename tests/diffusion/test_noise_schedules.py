"""Noise schedules against the product that defines them."""

import math
from itertools import pairwise

import pytest

from rhm_sweeps.config import DiffusionConfig
from rhm_sweeps.diffusion.noise_schedules import MIN_ALPHA_BAR, alpha_bar_table, linear_betas, sampling_times


def test_alpha_bar_starts_at_exactly_one_and_is_the_product_of_one_minus_beta():
    table = alpha_bar_table(DiffusionConfig(timesteps=50, beta1=0.002, beta2=0.3))
    betas = [0.002 + (0.3 - 0.002) * t / 50 for t in range(1, 51)]
    assert len(table) == 51
    assert float(table[0]) == 1.0
    assert [float(x) for x in table[1:]] == pytest.approx(
        [math.prod(1 - b for b in betas[:t]) for t in range(1, 51)], rel=1e-12
    )


def test_last_beta_is_beta2():
    assert float(linear_betas(200, 0.001, 0.1)[-1]) == pytest.approx(0.1)


@pytest.mark.parametrize("steps", [None, 200, 50, 7, 1])
def test_sampling_times_descend_from_the_last_time_to_zero(steps):
    times = sampling_times(200, steps)
    assert (times[0], times[-1], len(times)) == (200, 0, (steps or 200) + 1)
    assert all(t > s for t, s in pairwise(times))


@pytest.mark.parametrize(
    ("schedule", "closed_form"),
    [
        ({"noise_schedule": "cosine"}, lambda share: math.cos(math.pi * share / 2) ** 2),
        ({"noise_schedule": "exponential", "max_time": 10.0}, lambda share: math.exp(-10 * share / 2)),
        ({"noise_schedule": "log_linear"}, lambda share: 1 - share),
    ],
)
def test_closed_forms(schedule, closed_form):
    table = alpha_bar_table(DiffusionConfig(timesteps=40, **schedule))
    assert float(table[0]) == 1.0
    assert table[1:-1].tolist() == pytest.approx([closed_form(t / 40) for t in range(1, 40)], rel=1e-12)
    assert 0 < float(table[-1]) <= max(MIN_ALPHA_BAR, closed_form(1) * (1 + 1e-12))
    assert bool((table.diff() < 0).all())
