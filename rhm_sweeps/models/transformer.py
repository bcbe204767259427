"""Transformers (arXiv 1706.03762): an encoder, and the encoder-decoder denoiser made of it.

Pre-norm layers with GELU. Weights start N(0, 1/fan_in), those of the readout a tenth of that, so that the first predictions are nearly
uniform; positions and queries start N(0, 1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.models.bp_unet import Norm
from rhm_sweeps.models.linear import Linear
from rhm_sweeps.models.network import Network, NormalDraw
from rhm_sweeps.streams import mix64, uniform

READOUT_SCALE = 0.1


class Dropout(nn.Module):
    """Zeroes a share of the channels and scales the rest up, by counter-based draws: the same alone and in a pack."""

    def __init__(self, share: float, site: int) -> None:
        super().__init__()
        self.share, self.site = share, site

    def forward(self, x: Tensor, words: Tensor | None) -> Tensor:
        """x (B, ...) and a random word for each string (B,), or None to drop nothing."""
        if words is None or not self.share:
            return x
        counters = torch.arange(x[0].numel(), device=x.device).reshape(x.shape[1:]) + self.site * 2**32
        kept = uniform(mix64(words.reshape(-1, *[1] * (x.ndim - 1)) ^ mix64(counters))) >= self.share
        return x * kept / (1.0 - self.share)


class Attention(nn.Module):
    """Multi-head attention from queries to a memory."""

    def __init__(self, channels: int, heads: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (Linear(channels, channels, dtype, bias=True) for _ in range(4))

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        """x (B, n, c) attends to memory (B, m, c): (B, n, c)."""
        query, key, value = self._split(self.query(x)), self._split(self.key(memory)), self._split(self.value(memory))
        weights = (query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])).softmax(-1)
        attended: Tensor = self.out((weights @ value).transpose(1, 2).reshape(x.shape))
        return attended

    def _split(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)


class Layer(nn.Module):
    """Self-attention, attention to a memory if `crossed`, and a feed-forward net, each added to its input."""

    def __init__(self, config: TrialConfig, dtype: torch.dtype, *, crossed: bool, site: int) -> None:
        super().__init__()
        model = config.model
        channels, heads = model.embedding_size, model.num_heads
        self.attend = nn.ModuleList(Attention(channels, heads, dtype) for _ in range(1 + crossed))
        self.norms = nn.ModuleList(Norm(channels) for _ in range(2 + crossed))
        self.expand = Linear(channels, model.feedforward_size, dtype, bias=True)
        self.contract = Linear(model.feedforward_size, channels, dtype, bias=True)
        self.drops = nn.ModuleList(Dropout(model.dropout, site * 4 + i) for i in range(2 + crossed))

    def forward(self, x: Tensor, memory: Tensor | None, words: Tensor | None) -> Tensor:
        normed = self.norms[0](x)
        x = x + self.drops[0](self.attend[0](normed, normed), words)
        if memory is not None:
            x = x + self.drops[1](self.attend[1](self.norms[1](x), memory), words)
        hidden = self.contract(gelu(self.expand(self.norms[-1](x))))
        added: Tensor = x + self.drops[-1](hidden, words)
        return added


class Encoder(nn.Module):
    """Maps model inputs (B, d, v) and times (B,) to (B, d, channels)."""

    def __init__(self, config: TrialConfig, dtype: torch.dtype) -> None:
        super().__init__()
        grammar, channels = config.grammar, config.model.embedding_size
        self.timesteps = config.diffusion.timesteps
        self.embed = Linear(grammar.num_features, channels, dtype, bias=True)
        self.positions = nn.Parameter(torch.empty(grammar.string_length, channels))
        self.time = Linear(channels, channels, dtype, bias=True)
        layers = range(config.model.encoder_layers)
        self.layers = nn.ModuleList(Layer(config, dtype, crossed=False, site=layer) for layer in layers)
        self.norm = Norm(channels)

    def forward(self, x: Tensor, t: Tensor, words: Tensor | None) -> Tensor:
        time = self.time(time_features(t / self.timesteps, self.positions.shape[-1]))
        x = self.embed(x) + self.positions + time[:, None]
        for layer in self.layers:
            x = layer(x, None, words)
        normed: Tensor = self.norm(x)
        return normed


class Transformer(Network):
    """Maps model inputs (B, d, v) and times (B,) to logits of x_0 (B, d, v): a decoder asks the encoder for each position."""

    def __init__(self, config: TrialConfig, dtype: torch.dtype) -> None:
        super().__init__()
        grammar, model = config.grammar, config.model
        self.encoder = Encoder(config, dtype)
        self.queries = nn.Parameter(torch.empty(grammar.string_length, model.embedding_size))
        sites = range(model.encoder_layers, model.encoder_layers + model.decoder_layers)
        self.layers = nn.ModuleList(Layer(config, dtype, crossed=True, site=site) for site in sites)
        self.norm = Norm(model.embedding_size)
        self.readout = Linear(model.embedding_size, grammar.num_features, dtype, bias=True)

    def forward(self, x: Tensor, t: Tensor, dropout: Tensor | None = None) -> Tensor:
        memory = self.encoder(x, t, dropout)
        x = self.queries.expand_as(memory)
        for layer in self.layers:
            x = layer(x, memory, dropout)
        logits: Tensor = self.readout(self.norm(x))
        return logits

    def reset_parameters(self, normal: NormalDraw) -> None:
        """Draw the weights."""
        reset_transformer(self, normal, tables=("encoder.positions", "queries"))


def time_features(share_of_time: Tensor, channels: int) -> Tensor:
    """Sines and cosines of t / T in (0, 1], at frequencies from 1 to 1000 in geometric progression: (B,) to (B, channels)."""
    half = -(-channels // 2)
    frequencies = torch.logspace(0, 3, half, device=share_of_time.device)
    angles = share_of_time[:, None] * frequencies
    return torch.cat((angles.sin(), angles.cos()), -1)[:, :channels]


@torch.no_grad()
def reset_transformer(model: nn.Module, normal: NormalDraw, tables: Sequence[str]) -> None:
    """Draw linear weights N(0, 1/fan_in), the readout's a tenth of that, and tables N(0, 1); norms and biases keep their start."""
    for name, parameter in model.named_parameters():
        if name in tables:
            parameter.copy_(normal(name, parameter.shape))
        elif parameter.ndim == 2:
            scale = READOUT_SCALE if name == "readout.weight" else 1.0
            parameter.copy_(normal(name, parameter.shape) * (scale / math.sqrt(parameter.shape[0])))


def build(config: TrialConfig, dtype: torch.dtype) -> Transformer:
    """The network of a trial."""
    return Transformer(config, dtype)
