"""Steps are those of torch's own classes, bit by bit."""

import subprocess
import sys
from itertools import product

import pytest
import torch

from rhm_sweeps.config import TrainingConfig
from rhm_sweeps.training.fused_optimizers import FusedOptimizer

KINDS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
SHAPES = [(3, 5), (7,), (2, 2)]


def _parameters():
    return [torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed, shape in enumerate(SHAPES)]


def _set_gradients(parameters, step):
    for k, parameter in enumerate(parameters[:2]):  # the last one has none
        parameter.grad = torch.randn(parameter.shape, generator=torch.Generator().manual_seed(10 * step + k))


@pytest.mark.parametrize(("kind", "weight_decay", "momentum"), [*product(KINDS, [0.0, 0.1], [0.9]), ("sgd", 0.1, 0.0)])
def test_steps_and_what_is_remembered_are_torch_s(kind, weight_decay, momentum):
    ours, theirs = _parameters(), _parameters()
    options = {"momentum": momentum} if kind == "sgd" else {}
    optimizer = FusedOptimizer(ours, TrainingConfig(optimizer=kind, momentum=momentum), weight_decay)
    rate = torch.ones((), dtype=torch.float64)
    wanted = KINDS[kind](theirs, 1.0, weight_decay=weight_decay, fused=True, **options)
    wanted.param_groups[0]["lr"] = rate
    for step in range(5):
        rate.fill_(0.1 / (step + 1))
        for parameters, stepping in ((ours, lambda: optimizer.step(rate)), (theirs, wanted.step)):
            _set_gradients(parameters, step)
            stepping()
    assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))
    assert torch.equal(ours[2], _parameters()[2])
    remembered = {
        k: {name: value for name, value in one.items() if value is not None}
        for k, one in wanted.state_dict()["state"].items()
    }
    remembered = {k: one for k, one in remembered.items() if one}
    assert optimizer.moments.keys() == remembered.keys()
    for k, one in remembered.items():
        assert optimizer.moments[k].keys() == one.keys()
        assert all(torch.equal(optimizer.moments[k][name], one[name]) for name in one)


@pytest.mark.parametrize("kind", KINDS)
def test_it_goes_on_from_a_copy_of_what_was_remembered(kind):
    config, whole, first = TrainingConfig(optimizer=kind, momentum=0.9), _parameters(), _parameters()
    uninterrupted, before = FusedOptimizer(whole, config, 0.0), FusedOptimizer(first, config, 0.0)
    for step in range(4):
        _set_gradients(whole, step)
        uninterrupted.step(0.1)
        if step == 2:
            kept = before.moments
            before = FusedOptimizer(first, config, 0.0)
            before.load(kept)
            assert all(before.moments[k][name] is not kept[k][name] for k in kept for name in kept[k])
        _set_gradients(first, step)
        before.step(0.1)
    assert all(torch.equal(one, other) for one, other in zip(whole, first, strict=True))


@pytest.mark.slow
def test_torch_s_compiler_is_left_out():
    code = (
        "import sys, torch; from rhm_sweeps.config import TrainingConfig\n"
        "from rhm_sweeps.training.fused_optimizers import FusedOptimizer\n"
        "x = torch.zeros(3); x.grad = torch.ones(3)\n"
        "FusedOptimizer([x], TrainingConfig(), 0.0).step(0.1)\n"
        "print(x.mean() < 0, 'torch._dynamo' in sys.modules)"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.split() == ["tensor(True)", "False"]
