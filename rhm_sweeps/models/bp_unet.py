"""The U-Net that mirrors belief propagation on the tree of the grammar (arXiv 2502.12089)."""

from __future__ import annotations

import math
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.models.fused import gelu, norm, norm_gelu
from rhm_sweeps.models.linear import Linear, per_member
from rhm_sweeps.models.network import Network, NormalDraw, look_up
from rhm_sweeps.models.way_down import WayDown

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
        return self.after(self.linear.product(x.reshape(*x.shape[:-2], positions, -1)))

    def after(self, product: Tensor) -> Tensor:
        """What follows the linear map: (..., positions, any) to (..., ?, channels)."""
        x = product.reshape(*product.shape[:-2], -1, self.channels)
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
        embedded = self._embedded(x)
        levels = self._levels(self.down[0](embedded, embedded.shape[-2] // self.filter_size))
        x = levels[-1]
        for block, level in zip(self.up, reversed(levels), strict=True):
            x = block(torch.cat((x, level), -1), x.shape[-2])
        return self._logits(self.readout.product(torch.cat((x, embedded), -1)))

    def _embedded(self, x: Tensor) -> Tensor:
        x = self.embed.product(x / self.embed_divisor)
        return gelu(x if self.embed_bias is None else x + per_member(self.embed_bias, x))

    def _levels(self, x: Tensor) -> list[Tensor]:
        """The nodes of levels 1..L, (..., nodes, w) each, from those of level 1."""
        levels = [x]
        for block in self.down[1:]:
            levels.append(block(levels[-1], levels[-1].shape[-2] // self.filter_size))
        return levels

    def _logits(self, readout: Tensor) -> Tensor:
        logits = readout.float() / (2 * self.width)
        return logits if self.readout_bias is None else logits + per_member(self.readout_bias, logits)

    def at_one_time(self, seen: Tensor, tokens: Tensor, asked: Tensor | None = None) -> Tensor:
        """`forward` of strings that differ in their tokens alone: token k of a member is seen as its row k of `seen`.

        What depends on one token or one leaf tuple alone is computed once for each that there can be, and looked up. On the way down
        only the nodes above a token that is asked for are split.

        Args:
            seen: model inputs (K, symbols, v).
            tokens: (K, B, d) below the number of symbols.
            asked: (K, B, d), which outputs are asked for; the others are 0 or what they are.
        """
        symbols, s, width, last = seen.shape[1], self.filter_size, self.width, cast(Block, self.up[-1])
        if symbols**s > tokens[0].numel() // s:
            output: Tensor = self(look_up(seen, tokens), tokens[..., 0])
            return output
        tuples = torch.cartesian_prod(*[torch.arange(symbols, device=seen.device)] * s).reshape(-1)
        powers = symbols ** torch.arange(s - 1, -1, -1, device=seen.device)
        codes = (tokens.unflatten(-1, (-1, s)) * powers).sum(-1)
        embedded = self._embedded(seen)
        merged = self.down[0](embedded[:, tuples], symbols**s)
        levels = self._levels(look_up(merged, codes))
        way = WayDown(asked, s, len(self.up))
        x = levels[-1].flatten(1, 2)
        for block, level in zip(cast("list[Block]", self.up[:-1]), reversed(levels), strict=False):
            x = block.after(way.split(block.linear.product(torch.cat((x, way.reached(level)), -1))))
        beside = look_up(last.linear.product(merged, slice(width, None)), way.reached(codes))
        x = last.after(way.split(last.linear.product(x, slice(width)) + beside))
        own = look_up(self.readout.product(embedded, slice(width, None)), way.reached(tokens))
        return way.spread(self._logits(self.readout.product(x, slice(width)) + own), tokens.shape)

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
