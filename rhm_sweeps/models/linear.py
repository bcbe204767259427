"""Linear maps in a precision of choice."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor, nn


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


def _multiply(x: Tensor, weight: Tensor) -> Tensor:
    """x @ weight, added up in float32 and rounded to their own type."""
    if x.dtype == torch.bfloat16 and x.is_cpu and not has_bf16_products():
        # Without such instructions torch multiplies number by number, 40 times slower than this.
        return (x.float() @ weight.float()).to(x.dtype)
    return x @ weight


@cache
def has_bf16_products() -> bool:
    """Whether torch has fast products of bfloat16 on this processor."""
    return torch.backends.mkldnn.is_available() and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def per_member(values: Tensor, x: Tensor) -> Tensor:
    """Values (channels,), or of a pack (K, channels), shaped so that they apply to each entry of x, (..., channels)."""
    return values.reshape(*values.shape[:-1], *[1] * (x.ndim - values.ndim), values.shape[-1])
