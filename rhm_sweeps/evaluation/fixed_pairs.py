"""Losses on fixed (x_t, t) pairs: common random numbers over steps and splits, so that curves differ by learning and not by luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rhm_sweeps.diffusion.uniform import q_sample
from rhm_sweeps.training.loop import PackTrainer
from rhm_sweeps.training.streams import below, uniform

ROWS_PER_CALL = {"cpu": 2**14, "cuda": 2**19}
"""Tokens that one forward pass takes, over all members: keeps a CPU's activations in its cache, and a GPU busy."""


@dataclass(frozen=True)
class FixedPairs:
    """Noised strings of one split: x_0 and x_t are (K, N, d) tokens, t is (K, N)."""

    x_0: Tensor
    x_t: Tensor
    t: Tensor

    def select(self, kept: Tensor) -> FixedPairs:
        """The pairs of some of the members."""
        return FixedPairs(self.x_0[kept], self.x_t[kept], self.t[kept])

    @torch.no_grad()
    def mean_loss(self, trainer: PackTrainer) -> Tensor:
        """Each member's mean KL loss over its pairs, (K,) in nats per token and time step; NaN where a member has no strings."""
        count = max(1, ROWS_PER_CALL[self.x_0.device.type] // (self.x_0.shape[0] * self.x_0.shape[2]))
        chunks = zip(self.x_0.split(count, 1), self.x_t.split(count, 1), self.t.split(count, 1), strict=True)
        return torch.cat([trainer.losses(*chunk) for chunk in chunks], 1).mean(1)


def fixed_pairs(trainer: PackTrainer, strings: Sequence[np.ndarray], count: int) -> FixedPairs:
    """Pair each of `count` strings, taken in turn from a split, with a time (stratified over 1..T) and its noise.

    Times and noise are the same for every split, which leaves less luck in the gap between two splits' losses.
    """
    config, start = trainer.config, torch.zeros(1, dtype=torch.int64, device=trainer.device)
    x_0 = torch.stack([_in_turn(member, count) for member in strings]).to(trainer.device)
    offsets = uniform(trainer.streams.words("pairs/time", start, count))[:, 0]
    strata = torch.arange(count, device=trainer.device) + offsets
    t = 1 + (strata / count * config.diffusion.timesteps).long().clamp_(max=config.diffusion.timesteps - 1)
    noise = trainer.streams.words("pairs/noise", start, x_0[0].numel()).reshape(x_0.shape)
    x_t = q_sample(x_0, trainer.alpha_bar_at(t), uniform(noise), below(noise, config.grammar.num_features))
    return FixedPairs(x_0, x_t, t)


def _in_turn(strings: np.ndarray, count: int) -> Tensor:
    return torch.from_numpy(strings[np.arange(count) % len(strings)]).long()
