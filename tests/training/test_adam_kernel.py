"""Adam with a copy in bfloat16 against torch's on the same numbers in float32, and against its own Python."""

import numpy as np
import pytest
import torch

from rhm_sweeps.config import TrainingConfig
from rhm_sweeps.training import adam_kernel
from rhm_sweeps.training.fused_optimizers import FusedOptimizer

SIZE = adam_kernel._BLOCK + 100


def _normal(seed):
    return torch.randn(SIZE, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("kind", "weight_decay"), [("adam", 0.0), ("adam", 0.3), ("adamw", 0.3)])
def test_it_steps_as_torch_s_does_and_the_copy_is_the_weight_rounded(kind, weight_decay):
    config = TrainingConfig(optimizer=kind)
    ours, theirs = _normal(0), _normal(0)
    copy = ours.bfloat16()
    optimizer, wanted = (
        FusedOptimizer([ours], config, weight_decay, {0: copy}),
        FusedOptimizer([theirs], config, weight_decay),
    )
    for step in range(5):
        copy.grad = _normal(step + 1).bfloat16()
        theirs.grad = copy.grad.float()
        for one in (optimizer, wanted):
            one.step(0.1 / (step + 1))
        assert torch.equal(copy, ours.bfloat16())
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)
    for name, value in wanted.moments[0].items():
        torch.testing.assert_close(optimizer.moments[0][name], value, rtol=1e-5, atol=1e-7)
    assert float((ours - _normal(0)).abs().min()) > 0


def test_compiled_is_what_it_says_in_python(monkeypatch):
    monkeypatch.setattr(adam_kernel, "_BLOCK", 4)
    constants = [np.float32(x) for x in (0.1, 0.9, 0.2, 1e-8, 0.1, 1.5, 0.2, 0.99)]
    results = []
    for run in (adam_kernel.adam, adam_kernel.adam.py_func):
        rng = np.random.default_rng(0)
        weight, first = (rng.normal(size=10).astype(np.float32) for _ in range(2))
        gradient = (rng.normal(size=10).astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
        second, copy = np.abs(weight), np.zeros(10, np.uint16)
        run(weight, copy, gradient, first, second, *constants)
        results.append((weight, copy.astype(np.int64), first, second))
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_copies_without_gradients_stay():
    weight = torch.ones(3)
    copy = weight.bfloat16()
    optimizer = FusedOptimizer([weight], TrainingConfig(), 0.0, {0: copy})
    optimizer.step(0.1)
    assert (weight.tolist(), copy.tolist(), optimizer.moments) == ([1, 1, 1], [1, 1, 1], {})
