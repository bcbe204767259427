"""Linear maps in a precision of choice."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.autograd import Function


class Linear(nn.Module):
    """x @ weight + bias, multiplied in a precision of choice; weights are unset, biases zero."""

    def __init__(self, inputs: int, outputs: int, dtype: torch.dtype, *, bias: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.dtype = dtype

    def forward(self, x: Tensor) -> Tensor:
        """(..., inputs) to (..., outputs) in float32."""
        product = self.product(x).float()
        return product if self.bias is None else product + per_member(self.bias, product)

    def product(self, x: Tensor, inputs: slice = slice(None)) -> Tensor:
        """x @ weight in its own precision; of a pack, whose weight is (K, inputs, outputs), x begins with K.

        With `inputs` the part of the product that these inputs make, x holding nothing else.
        """
        rows = x.to(self.dtype).reshape(*self.weight.shape[:-2], -1, x.shape[-1])
        product = _multiply(rows, self.weight[..., inputs, :].to(self.dtype))
        return product.reshape(*x.shape[:-1], -1)


_NARROW = 16
"""Outputs below which MKL multiplies what is transposed faster, up to 6 times; beyond, it makes no difference (docs/speed.md)."""


def _multiply(x: Tensor, weight: Tensor) -> Tensor:
    """x @ weight, added up in float32 and rounded to their own type."""
    if x.dtype == torch.bfloat16 and x.is_cpu and not has_bf16_products():
        # Without such instructions torch multiplies number by number, 40 times slower than this.
        return _multiply(x.float(), weight.float()).to(x.dtype)
    if x.dtype == torch.float32 and x.is_cpu and weight.shape[-1] < _NARROW:
        return cast(Tensor, _NarrowProduct.apply(x, weight))  # type: ignore[no-untyped-call]
    return x @ weight


class _NarrowProduct(Function):
    """x @ weight, of few outputs, as (weight.T @ x.T).T, and so the gradient of weight."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, weight: Tensor) -> Tensor:
        return (weight.mT @ x.mT).mT

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:  # noqa: ARG004 - torch's interface
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        return grad @ weight.mT, (grad.mT @ x).mT


@cache
def has_bf16_products() -> bool:
    """Whether torch has fast products of bfloat16 on this processor."""
    return torch.backends.mkldnn.is_available() and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def per_member(values: Tensor, x: Tensor) -> Tensor:
    """Values (channels,), or of a pack (K, channels), shaped so that they apply to each entry of x, (..., channels)."""
    return values.reshape(*values.shape[:-1], *[1] * (x.ndim - values.ndim), values.shape[-1])
