"""Linear maps in a precision of choice."""

from __future__ import annotations

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
        product: Tensor = rows @ self.weight[..., inputs, :].to(self.dtype)
        return product.reshape(*x.shape[:-1], -1)


def per_member(values: Tensor, x: Tensor) -> Tensor:
    """Values (channels,), or of a pack (K, channels), shaped so that they apply to each entry of x, (..., channels)."""
    return values.reshape(*values.shape[:-1], *[1] * (x.ndim - values.ndim), values.shape[-1])
