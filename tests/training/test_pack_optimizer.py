"""The optimizer of stacked parameters against torch's own on each member alone."""

import pytest
import torch

from rhm_sweeps.config import TrainingConfig
from rhm_sweeps.training.optimizers import learning_rate, learning_rates, select_moments
from rhm_sweeps.training.pack_optimizer import PackOptimizer

CONFIGS = {
    "adam": {},
    "adam with decay": {"weight_decay": 0.3},
    "adamw": {"optimizer": "adamw", "weight_decay": 0.3},
    "sgd": {"optimizer": "sgd", "learning_rate": 0.01},
    "sgd with momentum": {"optimizer": "sgd", "learning_rate": 0.01, "momentum": 0.9, "weight_decay": 0.01},
}
OWN_RATES = {
    "equal": [{}, {}, {}, {}],
    "all different": [{}, {"learning_rate": 0.03}, {"weight_decay": 0.1}, {"warmup_steps": 4}],
    "two of a kind apart": [{}, {"learning_rate": 0.03}, {}, {"lr_schedule": "step", "lr_decay_steps": 3}],
}
TARGETS = torch.randn(4, 5, generator=torch.Generator().manual_seed(0))


def configs(name, rates="equal"):
    return [TrainingConfig(**{"learning_rate": 0.1, **CONFIGS[name], **own}) for own in OWN_RATES[rates]]


def reference(config, parameter):
    """torch's optimizer, not fused."""
    if config.optimizer == "sgd":
        return torch.optim.SGD([parameter], momentum=config.momentum, weight_decay=config.weight_decay)
    kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.Adam
    return kind([parameter], weight_decay=config.weight_decay)


def descend_alone(config, target, steps):
    parameter = torch.zeros(5, requires_grad=True)
    optimizer = reference(config, parameter)
    for step in range(steps):
        optimizer.zero_grad()
        ((parameter - target) ** 4).sum().backward()
        optimizer.param_groups[0]["lr"] = learning_rate(config, step)
        optimizer.step()
    return parameter


def descend(training, optimizer, parameter, targets, steps):
    for rates in learning_rates(training, steps.start, len(steps)).unbind(1):
        optimizer.zero_grad()
        ((parameter - targets) ** 4).sum().backward()
        optimizer.step(rates)


@pytest.mark.parametrize("rates", OWN_RATES)
@pytest.mark.parametrize("name", CONFIGS)
def test_members_move_as_if_alone_also_after_others_left(name, rates):
    training = configs(name, rates)
    stacked = torch.zeros(4, 5, requires_grad=True)
    optimizer = PackOptimizer([stacked], training)
    descend(training, optimizer, stacked, TARGETS, range(5))
    kept = [2, 3, 0]
    rest = stacked.detach()[kept].requires_grad_()
    again = PackOptimizer([rest], [training[k] for k in kept])
    again.load(select_moments(optimizer.moments(), torch.tensor(kept)))
    descend([training[k] for k in kept], again, rest, TARGETS[kept], range(5, 10))
    for row, member in zip(rest, kept, strict=True):
        alone = descend_alone(training[member], TARGETS[member], 10)
        torch.testing.assert_close(row, alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", CONFIGS)
def test_equal_rates_are_one_fused_call_of_torchs_on_the_whole(name):
    training = configs(name)
    ours, theirs = torch.zeros(4, 5, requires_grad=True), torch.zeros(4, 5, requires_grad=True)
    descend(training, PackOptimizer([ours], training), ours, TARGETS, range(10))
    options = {"lr": training[0].learning_rate, "weight_decay": training[0].weight_decay, "fused": True}
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
    momentum = {"momentum": training[0].momentum} if training[0].optimizer == "sgd" else {}
    plain = kinds[training[0].optimizer]([theirs], **options, **momentum)
    for _ in range(10):
        plain.zero_grad()
        ((theirs - TARGETS) ** 4).sum().backward()
        plain.step()
    assert torch.equal(ours, theirs)


def test_loaded_moments_are_the_optimizers_own():
    parameter = torch.zeros(4, 5, requires_grad=True)
    training = configs("adam", "all different")
    optimizer = PackOptimizer([parameter], training)
    descend(training, optimizer, parameter, TARGETS, range(2))
    before = optimizer.moments()
    copy = {position: {name: value.clone() for name, value in state.items()} for position, state in before.items()}
    again = PackOptimizer([parameter], training)
    again.load(before)
    descend(training, again, parameter, TARGETS, range(2, 4))
    assert all(torch.equal(before[0][name], copy[0][name]) for name in copy[0])
    assert float(again.moments()[0]["step"]) == 4


def test_a_parameter_without_gradient_stays():
    used, unused = torch.zeros(4, 5, requires_grad=True), torch.ones(4, 2, requires_grad=True)
    training = configs("adam", "all different")
    optimizer = PackOptimizer([used, unused], training)
    descend(training, optimizer, used, TARGETS, range(2))
    assert torch.equal(unused, torch.ones(4, 2))
    assert set(optimizer.moments()) == {0}
