"""Learning rates over time, gradients clipped member by member, and moments that move with their members."""

import math

import pytest
import torch

from rhm_sweeps.config import TrainingConfig
from rhm_sweeps.training.optimizers import clip_gradients, join_moments, learning_rate, learning_rates, select_moments


def rates(**fields):
    config = TrainingConfig(learning_rate=2.0, **fields)
    return [learning_rate(config, step) for step in range(config.steps)]


def test_constant_after_warm_up():
    assert rates(steps=6, warmup_steps=4) == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.0, 2.0])


def test_rates_of_several_at_once_are_each_ones_own():
    configs = [TrainingConfig(steps=20, warmup_steps=3, lr_schedule=name) for name in ("constant", "cosine", "step")]
    expected = [[learning_rate(config, step) for step in range(2, 9)] for config in configs]
    assert learning_rates(configs, 2, 7).tolist() == expected


def test_cosine_falls_from_one_towards_zero():
    expected = [1.0, 2.0, *[1 + math.cos(math.pi * i / 8) for i in range(8)]]
    assert rates(steps=10, warmup_steps=2, lr_schedule="cosine") == pytest.approx(expected)


def test_step_decay():
    assert rates(steps=7, lr_schedule="step", lr_decay=0.1, lr_decay_steps=3) == pytest.approx(
        [2.0] * 3 + [0.2] * 3 + [0.02]
    )


def test_each_member_is_clipped_to_its_own_norm():
    parameters = [torch.zeros(2, 3, requires_grad=True), torch.zeros(2, 2, 2, requires_grad=True)]
    for parameter in parameters:
        parameter.grad = torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
        parameter.grad[0] *= 0.01
    before = [parameter.grad.clone() for parameter in parameters]
    clip_gradients(parameters, 1.0)
    small, large = (torch.cat([p.grad[k].flatten() for p in parameters]) for k in range(2))
    torch.testing.assert_close(small, torch.cat([grad[0].flatten() for grad in before]))
    assert float(large.norm()) == pytest.approx(1, rel=1e-4)
    whole = torch.cat([grad[1].flatten() for grad in before])
    torch.testing.assert_close(large, whole / whole.norm(), rtol=1e-4, atol=1e-6)


def test_moments_of_single_members_joined_are_those_of_the_pack():
    moments = {0: {"step": torch.tensor(3.0), "momentum_buffer": torch.randn(3, 2)}, 1: {"momentum_buffer": None}}
    members = [select_moments(moments, torch.tensor([k])) for k in (2, 0)]
    joined = join_moments(members)
    assert torch.equal(joined[0]["momentum_buffer"], moments[0]["momentum_buffer"][[2, 0]])
    assert float(joined[0]["step"]) == 3
    assert joined[1] == {"momentum_buffer": None}
