"""Optimizers of stacked parameters against torch's own on each member alone."""

import math

import pytest
import torch

from rhm_sweeps.config import TrainingConfig
from rhm_sweeps.training.optimizers import (
    clip_gradients,
    learning_rate,
    load_moments,
    make_optimizer,
    select_moments,
)

CONFIGS = {
    "adam": TrainingConfig(learning_rate=0.1),
    "adam with decay": TrainingConfig(learning_rate=0.1, weight_decay=0.3),
    "adamw": TrainingConfig(optimizer="adamw", learning_rate=0.1, weight_decay=0.3),
    "sgd": TrainingConfig(optimizer="sgd", learning_rate=0.01),
    "sgd with momentum": TrainingConfig(optimizer="sgd", learning_rate=0.01, momentum=0.9, weight_decay=0.01),
}


def reference(config, parameter):
    """torch's optimizer, not fused."""
    if config.optimizer == "sgd":
        return torch.optim.SGD(
            [parameter], config.learning_rate, momentum=config.momentum, weight_decay=config.weight_decay
        )
    kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.Adam
    return kind([parameter], config.learning_rate, weight_decay=config.weight_decay)


def descend(optimizer, parameter, targets, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        ((parameter - targets) ** 4).sum().backward()
        optimizer.step()


@pytest.mark.parametrize("name", CONFIGS)
def test_members_move_as_if_alone_also_after_others_left(name):
    config, targets = CONFIGS[name], torch.randn(3, 5, generator=torch.Generator().manual_seed(0))
    stacked = torch.zeros(3, 5, requires_grad=True)
    optimizer = make_optimizer([stacked], config)
    descend(optimizer, stacked, targets, 5)
    kept = torch.tensor([2, 0])
    rest = stacked.detach()[kept].requires_grad_()
    again = make_optimizer([rest], config)
    load_moments(again, select_moments(optimizer.state_dict()["state"], kept))
    descend(again, rest, targets[kept], 5)
    for row, member in zip(rest, kept, strict=True):
        alone = torch.zeros(5, requires_grad=True)
        descend(reference(config, alone), alone, targets[member], 10)
        torch.testing.assert_close(row, alone, rtol=1e-5, atol=1e-6)


def rates(**fields):
    config = TrainingConfig(learning_rate=2.0, **fields)
    return [learning_rate(config, step) for step in range(config.steps)]


def test_constant_after_warm_up():
    assert rates(steps=6, warmup_steps=4) == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.0, 2.0])


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
