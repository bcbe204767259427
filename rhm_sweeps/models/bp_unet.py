"""The U-Net that mirrors belief propagation on the tree of the grammar (arXiv 2502.12089)."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.models.fused import gelu, norm, norm_gelu
from rhm_sweeps.models.linear import Linear, per_member
from rhm_sweeps.models.network import Network, NormalDraw

NORM_EPS = 1e-5
"""torch's default."""


class Norm(nn.Module):
    """LayerNorm over channels."""

    def __init__(self, channels: int, eps: float = NORM_EPS) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """(..., channels) to the same shape."""
        return norm(x, self.weight, self.bias, self.eps)


class Block(nn.Module):
    """Linear map divided by `divisor`, bias, LayerNorm over channels, GELU.

    The division is never done: a LayerNorm of x / c with eps is a LayerNorm of x with eps * c**2.
    """

    def __init__(
        self, inputs: int, outputs: int, channels: int, divisor: float, dtype: torch.dtype, *, bias: bool
    ) -> None:
        super().__init__()
        self.linear = Linear(inputs, outputs, dtype)
        self.bias = nn.Parameter(torch.zeros(channels)) if bias else None
        self.norm = Norm(channels, NORM_EPS * divisor**2)
        self.channels, self.divisor = channels, divisor

    def forward(self, x: Tensor, positions: int) -> Tensor:
        """(..., any, channels) regrouped to (..., positions, inputs), mapped, and returned as (..., ?, channels)."""
        lead = x.shape[:-2]
        x = self.linear.product(x.reshape(*lead, positions, -1)).reshape(*lead, -1, self.channels)
        if self.bias is not None:
            x = x + per_member(self.bias, x) * self.divisor
        return norm_gelu(x, self.norm.weight, self.norm.bias, self.norm.eps)


class BpUNet(Network):
    """Maps model inputs (B, d, v) to logits of x_0 (B, d, v): an upward and a downward sweep over the tree.

    L down blocks merge s children (s*w -> w); L up blocks split again (2w -> s*w) with the way up as skip connections. Each
    layer's output is divided by sqrt(fan_in), the readout by fan_in. Time enters through the input alone.
    """

    takes_packs: ClassVar[bool] = True

    def __init__(
        self, vocabulary: int, filter_size: int, depth: int, width: int, dtype: torch.dtype, *, bias: bool = False
    ) -> None:
        """Build with weights unset (`reset_parameters` draws them); v, s, L and w, and the precision of matrix products."""
        super().__init__()
        v, s, w = vocabulary, filter_size, width
        self.filter_size, self.width = s, w
        self.embed = Linear(v, w, dtype)
        self.embed_bias = nn.Parameter(torch.zeros(w)) if bias else None
        self.embed_divisor = math.sqrt(v)
        self.down = nn.ModuleList(Block(s * w, w, w, math.sqrt(s * w), dtype, bias=bias) for _ in range(depth))
        self.up = nn.ModuleList(Block(2 * w, s * w, w, math.sqrt(2 * s * w), dtype, bias=bias) for _ in range(depth))
        self.readout = Linear(2 * w, v, dtype)
        self.readout_bias = nn.Parameter(torch.zeros(v)) if bias else None

    def forward(self, x: Tensor, t: Tensor, dropout: Tensor | None = None) -> Tensor:  # noqa: ARG002 - see `Network`
        x = self.embed.product(x / self.embed_divisor)
        x = gelu(x if self.embed_bias is None else x + per_member(self.embed_bias, x))
        skips = [x]
        for block in self.down:
            x = block(x, x.shape[-2] // self.filter_size)
            skips.append(x)
        for block in self.up:
            skip = skips.pop()
            x = block(torch.cat((x, skip), -1), x.shape[-2])
        logits: Tensor = self.readout(torch.cat((x, skips.pop()), -1)) / (2 * self.width)
        return logits if self.readout_bias is None else logits + per_member(self.readout_bias, logits)

    @torch.no_grad()
    def reset_parameters(self, normal: NormalDraw) -> None:
        """Draw the weights N(0, 1); norms start as the identity, biases at 0."""
        for name, parameter in self.named_parameters():
            if "norm" not in name and "bias" not in name:
                parameter.copy_(normal(name, parameter.shape))


def build(config: TrialConfig, dtype: torch.dtype) -> BpUNet:
    """The network of a trial."""
    grammar, model = config.grammar, config.model
    size, depth = model.filter_size or grammar.tuple_size, model.depth or grammar.num_layers
    return BpUNet(grammar.num_features, size, depth, model.width, dtype, bias=model.bias)
