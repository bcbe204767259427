"""Products in a precision of choice are the same on processors with and without instructions for it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.func import grad, vmap

from rhm_sweeps.models import linear
from rhm_sweeps.models.linear import Linear

HALF_STEP = 2.0**-8
"""By so much a number changes at most, relative to itself, when it is rounded to bfloat16."""


@pytest.fixture(params=[True, False], ids=["with", "without"])
def processor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that has instructions for bfloat16, or not."""
    monkeypatch.setattr(linear, "has_bf16_products", lambda: request.param)


@pytest.fixture
def layer() -> Linear:
    layer = Linear(24, 10, torch.bfloat16)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(24, 10, generator=torch.Generator().manual_seed(0)))
    return layer


def rounded(x: Tensor) -> Tensor:
    return x.bfloat16().double()


@pytest.mark.usefixtures("processor")
def test_inputs_and_the_exact_product_are_rounded_and_nothing_else(layer: Linear) -> None:
    x = torch.randn(50, 24, generator=torch.Generator().manual_seed(1))
    product = layer.product(x)
    assert product.dtype == torch.bfloat16
    exact = rounded(x) @ rounded(layer.weight)
    torch.testing.assert_close(product.double(), exact, rtol=1.01 * HALF_STEP, atol=1e-5)


@pytest.mark.usefixtures("processor")
def test_so_are_its_gradients(layer: Linear) -> None:
    x = torch.randn(50, 24, generator=torch.Generator().manual_seed(1), requires_grad=True)
    ahead = torch.randn(50, 10, generator=torch.Generator().manual_seed(2)).bfloat16()
    layer.product(x).backward(ahead)
    of_x, of_weight = ahead.double() @ rounded(layer.weight).T, rounded(x).T @ ahead.double()
    torch.testing.assert_close(x.grad.double(), of_x, rtol=1.01 * HALF_STEP, atol=1e-5)
    torch.testing.assert_close(layer.weight.grad.double(), of_weight, rtol=1.01 * HALF_STEP, atol=1e-5)


@pytest.mark.usefixtures("processor")
def test_a_pack_multiplies_each_members_own_weight(layer: Linear) -> None:
    weights = torch.stack([layer.weight.detach() * scale for scale in (1.0, 2.0, -4.0)])
    x = torch.randn(3, 50, 24, generator=torch.Generator().manual_seed(1))

    def loss(weight: Tensor, x: Tensor) -> Tensor:
        return torch.func.functional_call(layer, {"weight": weight}, (x,)).square().sum()

    together = vmap(grad(loss))(weights, x)
    for k in range(3):
        torch.testing.assert_close(together[k], grad(loss)(weights[k], x[k]), rtol=0.02, atol=0.02)


@pytest.mark.parametrize("outputs", [1, 8, 15, 16])
def test_products_of_few_outputs_and_their_gradients_are_as_those_of_many(outputs: int) -> None:
    generator = torch.Generator().manual_seed(0)
    layer = Linear(24, outputs, torch.float32)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(24, outputs, generator=generator))
    x = torch.randn(5, 10, 24, generator=generator, requires_grad=True)
    ahead = torch.randn(5, 10, outputs, generator=generator)
    product = layer.product(x)
    product.backward(ahead)
    rows, weight, grads = (
        x.detach().double().flatten(0, 1),
        layer.weight.detach().double(),
        ahead.double().flatten(0, 1),
    )
    torch.testing.assert_close(product.double().flatten(0, 1), rows @ weight, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(x.grad.double().flatten(0, 1), grads @ weight.T, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(layer.weight.grad.double(), rows.T @ grads, rtol=1e-5, atol=1e-5)
