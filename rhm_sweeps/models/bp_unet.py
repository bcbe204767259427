"""The U-Net that mirrors belief propagation on the tree of the grammar (arXiv 2502.12089)."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, layer_norm, one_hot

NORM_EPS = 1e-5
"""torch's default."""

NormalDraw = Callable[[str, torch.Size], Tensor]


class Linear(nn.Module):
    """x @ weight with weights drawn N(0, 1), multiplied in a precision of choice."""

    def __init__(self, inputs: int, outputs: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        self.dtype = dtype

    def forward(self, x: Tensor) -> Tensor:
        """(..., inputs) to (..., outputs) in float32."""
        return (x.to(self.dtype) @ self.weight.to(self.dtype)).float()


class Norm(nn.Module):
    """LayerNorm over channels; with a scale and a shift per pack member this is faster than torch's, which takes three passes."""

    def __init__(self, channels: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """(..., channels) to the same shape."""
        return torch.addcmul(self.bias, layer_norm(x, x.shape[-1:], eps=self.eps), self.weight)


class Block(nn.Module):
    """Linear map divided by `divisor`, LayerNorm over channels, GELU.

    The division is never done: a LayerNorm of x / c with eps is a LayerNorm of x with eps * c**2.
    """

    def __init__(self, inputs: int, outputs: int, channels: int, divisor: float, dtype: torch.dtype) -> None:
        super().__init__()
        self.linear = Linear(inputs, outputs, dtype)
        self.norm = Norm(channels, NORM_EPS * divisor**2)
        self.channels = channels

    def forward(self, x: Tensor, positions: int) -> Tensor:
        """(B, any) regrouped to (B, positions, inputs), mapped, and returned as (B, ?, channels)."""
        x = self.linear(x.reshape(x.shape[0], positions, -1))
        return gelu(self.norm(x.reshape(x.shape[0], -1, self.channels)))


class BpUNet(nn.Module):
    """Maps noised strings (B, d) and times (B,) to logits of x_0 (B, d, v): an upward and a downward sweep over the tree.

    L down blocks merge s children (s*w -> w); L up blocks split again (2w -> s*w) with the way up as skip connections. Each
    layer's output is divided by sqrt(fan_in), the readout by fan_in. Time enters through the input alone, which is
    (alpha_bar_t x_t + (1 - alpha_bar_t) / v - mean) / std.
    """

    def __init__(
        self,
        vocabulary: int,
        tuple_size: int,
        depth: int,
        width: int,
        alpha_bar: Tensor,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Build with weights unset (`reset_parameters` draws them).

        Args:
            vocabulary, tuple_size, depth, width: v, s, L and w.
            alpha_bar: (T + 1,) table that scales the input.
            dtype: precision of matrix products.
        """
        super().__init__()
        v, s, w = vocabulary, tuple_size, width
        self.vocabulary, self.tuple_size, self.width = v, s, w
        self.embed = Linear(v, w, dtype)
        self.down = nn.ModuleList(Block(s * w, w, w, math.sqrt(s * w), dtype) for _ in range(depth))
        self.up = nn.ModuleList(Block(2 * w, s * w, w, math.sqrt(2 * s * w), dtype) for _ in range(depth))
        self.readout = Linear(2 * w, v, dtype)
        absent, present = (level / math.sqrt(v) for level in input_levels(alpha_bar, v))  # the embedding's divisor
        self.absent: Tensor
        self.present: Tensor
        self.register_buffer("absent", absent.float())
        self.register_buffer("present", present.float())

    def forward(self, x_t: Tensor, t: Tensor) -> Tensor:
        x = torch.lerp(
            self.absent[t][:, None, None], self.present[t][:, None, None], one_hot(x_t, self.vocabulary).float()
        )
        x = gelu(self.embed(x))
        skips = [x]
        for block in self.down:
            x = block(x, x.shape[1] // self.tuple_size)
            skips.append(x)
        for block in self.up:
            skip = skips.pop()
            x = block(torch.cat((x, skip), -1), x.shape[1])
        logits: Tensor = self.readout(torch.cat((x, skips.pop()), -1))
        return logits / (2 * self.width)

    @torch.no_grad()
    def reset_parameters(self, normal: NormalDraw) -> None:
        """Draw the weights N(0, 1); norms start as the identity. `normal` maps (name, shape) to standard normal draws."""
        for name, parameter in self.named_parameters():
            if "norm" not in name:
                parameter.copy_(normal(name, parameter.shape))


def input_levels(alpha_bar: Tensor, vocabulary: int) -> tuple[Tensor, Tensor]:
    """Input values at an absent and at the present token for t = 0..T: two (T + 1,) tables.

    Both are standardized over t = 1..T by the mean and deviation of a variable that is 1 with probability alpha_bar_t, else 1/v,
    as in the original code.
    """
    v, noised = vocabulary, alpha_bar[1:]
    mean = (noised + (1 - noised) / v).mean()
    std = ((noised + (1 - noised) / v**2).mean() - mean**2).sqrt()
    absent = (1 - alpha_bar) / v
    return (absent - mean) / std, (alpha_bar + absent - mean) / std
