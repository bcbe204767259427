"""The baseline of every benchmark: a plain one-model float32 loop, as a research script writes it.

Convolutions over one-hot strings, multinomial draws, eager Adam, one process per trial. Same network, loss and sampler as the
product; it shares no code with it but the grammar and the configuration.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import conv1d, conv_transpose1d, one_hot

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.grammar import Grammar, Parser


class Filter(nn.Module):
    """A convolution whose filters are N(0, 1) and whose output is divided by `divisor`."""

    def __init__(self, shape: tuple[int, int, int], stride: int, divisor: float, transposed: bool = False) -> None:
        super().__init__()
        self.filter = nn.Parameter(torch.randn(*shape))
        self.stride, self.divisor, self.convolve = stride, divisor, conv_transpose1d if transposed else conv1d

    def forward(self, x: Tensor) -> Tensor:
        return self.convolve(x, self.filter, stride=self.stride) / self.divisor


class ChannelNorm(nn.LayerNorm):
    """LayerNorm over the channels of (B, C, positions)."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class PlainUNet(nn.Module):
    """The convolutional U-Net: (B, v, d) one-hot strings and (B,) times to (B, v, d) logits."""

    def __init__(self, config: TrialConfig, alpha_bar: Tensor) -> None:
        super().__init__()
        v, s, w, depth = (
            config.grammar.num_features,
            config.grammar.tuple_size,
            config.model.width,
            config.grammar.num_layers,
        )
        self.alpha_bar = alpha_bar
        self.embed = nn.Sequential(Filter((w, v, 1), 1, math.sqrt(v)), nn.GELU())
        self.down = nn.ModuleList(
            nn.Sequential(Filter((w, w, s), s, math.sqrt(s * w)), ChannelNorm(w), nn.GELU()) for _ in range(depth)
        )
        self.up = nn.ModuleList(
            nn.Sequential(Filter((2 * w, w, s), s, math.sqrt(s * 2 * w), transposed=True), ChannelNorm(w), nn.GELU())
            for _ in range(depth)
        )
        self.readout = Filter((v, 2 * w, 1), 1, 2 * w)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        v = x.shape[1]
        mean = (self.alpha_bar[1:] + (1 - self.alpha_bar[1:]) / v).mean()
        std = ((self.alpha_bar[1:] + (1 - self.alpha_bar[1:]) / v**2).mean() - mean**2) ** 0.5
        level = self.alpha_bar[t, None, None]
        x = self.embed((level * x + (1 - level) / v * torch.ones_like(x) - mean) / std)
        skips = [x]
        for block in self.down:
            x = block(x)
            skips.append(x)
        for block in self.up:
            x = block(torch.cat((x, skips.pop()), 1))
        return self.readout(torch.cat((x, skips.pop()), 1))


@dataclass(frozen=True)
class PlainEvaluation:
    """Losses over the whole training and test set, validity per level, share of copies."""

    train_loss: float
    test_loss: float
    validity: list[float]
    copies: float


class PlainLoop:
    """Trains and evaluates one model."""

    def __init__(
        self, config: TrialConfig, train: np.ndarray, test: np.ndarray, seed: int = 0, device: str = "cpu"
    ) -> None:
        torch.manual_seed(seed)
        self.device, diffusion = device, config.diffusion
        t = torch.arange(diffusion.timesteps + 1) / diffusion.timesteps
        self.beta = diffusion.beta1 + (diffusion.beta2 - diffusion.beta1) * t
        self.beta[0] = 0.0
        self.alpha_bar = torch.cumprod(1 - self.beta, 0).to(device)
        self.beta = self.beta.to(device)
        self.config, self.v = config, config.grammar.num_features
        self.train_set, self.test_set = (
            one_hot(torch.from_numpy(x).long(), self.v).float().transpose(1, 2).to(device) for x in (train, test)
        )
        self.copies = {bytes(string) for string in train}
        self.model = PlainUNet(config, self.alpha_bar).to(device)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=config.training.learning_rate)

    def loss(self, x_0: Tensor) -> Tensor:
        """Mean KL loss of clean one-hot strings (B, v, d) at random times."""
        t = torch.randint(1, self.config.diffusion.timesteps + 1, (x_0.shape[0],), device=self.device)
        level = self.alpha_bar[t, None, None]
        x_t = self.draw(level * x_0 + (1 - level) / self.v)
        posterior = self.posterior(x_t, x_0, t)
        predicted = self.posterior(x_t, self.model(x_t, t).softmax(1), t)
        return nn.functional.kl_div((predicted + 1e-20).log(), posterior, reduction="none").sum(1).mean()

    def posterior(self, x_t: Tensor, x_0: Tensor, t: Tensor) -> Tensor:
        """q(x_{t-1} | x_t, x_0) over (B, v, d)."""
        beta, level = self.beta[t, None, None], self.alpha_bar[t - 1, None, None]
        product = ((1 - beta) * x_t + beta / self.v) * (level * x_0 + (1 - level) / self.v)
        return product / product.sum(1, keepdim=True)

    def draw(self, probs: Tensor) -> Tensor:
        """One-hot draws from (B, v, d) probabilities."""
        rows = probs.transpose(1, 2)
        drawn = torch.multinomial(rows.reshape(-1, self.v), 1).reshape(rows.shape[:2])
        return one_hot(drawn, self.v).float().transpose(1, 2)

    def train(self, steps: int) -> None:
        """Do optimizer steps on batches drawn with replacement."""
        for _ in range(steps):
            picks = torch.randint(len(self.train_set), (self.config.training.batch_size,), device=self.device)
            batch = self.train_set[picks]
            self.optimizer.zero_grad()
            self.loss(batch).backward()
            self.optimizer.step()

    @torch.no_grad()
    def sample(self, count: int) -> np.ndarray:
        """Draw strings (count, d) by all denoising steps."""
        x = self.draw(torch.full((count, self.v, self.config.grammar.string_length), 1 / self.v))
        for time in range(self.config.diffusion.timesteps, 0, -1):
            t = torch.full((count,), time)
            x = self.draw(self.posterior(x, self.model(x, t).softmax(1), t))
        return x.argmax(1).numpy().astype(np.uint8)

    @torch.no_grad()
    def evaluate(self, grammar: Grammar) -> PlainEvaluation:
        """Losses over both sets, and the metrics of samples."""
        losses = [
            torch.stack([self.loss(batch) for batch in part.split(256)]).mean()
            for part in (self.train_set, self.test_set)
        ]
        samples = self.sample(self.config.evaluation.num_samples)
        validity = Parser(grammar).parse(samples).level_validity.tolist()
        copies = sum(bytes(string) in self.copies for string in samples) / len(samples)
        return PlainEvaluation(float(losses[0]), float(losses[1]), validity, copies)
