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
        self.rounded: Tensor | None = None
        """The weight in the precision of products where somebody keeps it so; gradients then arrive there."""

    def round_weight(self, wanted: bool) -> Tensor | None:
        """Keep the weight in the precision of products too, if that is another, or no more; whoever changes one changes both."""
        kept = wanted and self.dtype != self.weight.dtype
        self.rounded = self.weight.detach().to(self.dtype).requires_grad_() if kept else None
        return self.rounded

    def forward(self, x: Tensor) -> Tensor:
        """(..., inputs) to (..., outputs) in float32."""
        product = self.product(x).float()
        return product if self.bias is None else product + per_member(self.bias, product)

    def product(self, x: Tensor, inputs: slice = slice(None)) -> Tensor:
        """x @ weight in its own precision; of a pack, whose weight is (K, inputs, outputs), x begins with K.

        With `inputs` the part of the product that these inputs make, x holding nothing else.
        """
        rows = x.to(self.dtype).reshape(*self.weight.shape[:-2], -1, x.shape[-1])
        weight = self.weight if self.rounded is None else self.rounded
        product: Tensor = rows @ weight[..., inputs, :].to(self.dtype)
        return product.reshape(*x.shape[:-1], -1)


def per_member(values: Tensor, x: Tensor) -> Tensor:
    """Values (channels,), or of a pack (K, channels), shaped so that they apply to each entry of x, (..., channels)."""
    return values.reshape(*values.shape[:-1], *[1] * (x.ndim - values.ndim), values.shape[-1])
