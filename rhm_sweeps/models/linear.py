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
        product: Tensor = (x.to(self.dtype) @ self.weight.to(self.dtype)).float()
        return product if self.bias is None else product + self.bias
