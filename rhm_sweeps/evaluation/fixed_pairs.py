"""Losses on fixed (x_t, t) pairs: common random numbers over steps and splits, so that curves differ by learning and not by luck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from rhm_sweeps.config import TrialConfig
from rhm_sweeps.streams import Streams, uniform
from rhm_sweeps.training.denoiser import Denoiser, Noised

ROWS_PER_CALL = {"cpu": 2**15, "cuda": 2**19}
"""Tokens that one forward pass takes, over all members: keeps a CPU's activations in its cache, and a GPU busy."""


def strings_per_call(device: str, members: int, length: int) -> int:
    """Strings of so many tokens that one forward pass takes of each member."""
    return max(1, ROWS_PER_CALL[device] // (members * length))


def fixed_pairs(
    config: TrialConfig,
    denoiser: Denoiser,
    streams: Streams,
    strings: Sequence[np.ndarray],
    classes: Sequence[np.ndarray],
    count: int,
) -> Noised:
    """Pair each of `count` strings, taken in turn from a split, with a time (stratified over 1..T) and its noise: (K, count, ...).

    Times and noise are the same for every split, which leaves less luck in the gap between two splits' losses.
    """
    device = denoiser.process.alpha_bar.device
    start, timesteps = torch.zeros(1, dtype=torch.int64, device=device), config.diffusion.timesteps
    x_0, labels = (torch.stack([_in_turn(x, count) for x in split]).to(device) for split in (strings, classes))
    offsets = uniform(streams.words("pairs/time", start, count))[:, 0]
    strata = torch.arange(count, device=device) + offsets
    t = 1 + (strata / count * timesteps).long().clamp_(max=timesteps - 1)
    words = streams.words("pairs/noise", start, x_0[0].numel() * denoiser.process.words_per_token)
    return Noised(x_0, denoiser.process.q_sample(x_0, t, words.reshape(*t.shape, -1)), t, labels)


def _in_turn(values: np.ndarray, count: int) -> Tensor:
    return torch.from_numpy(values[np.arange(count) % len(values)]).long()


@torch.no_grad()
def pair_values(denoiser: Denoiser, pairs: Noised) -> dict[str, Tensor]:
    """Each pair's `loss`, and of a classifier its `accuracy` (0 or 1): (K, count) each, in double precision.

    In nats per token and time step for discrete processes.
    """
    size = strings_per_call(pairs.x_0.device.type, pairs.x_0.shape[0], pairs.x_0.shape[2])
    losses, hits = [], []
    for part in pairs.parts(size):
        output = denoiser(part.x_t, part.t)
        losses.append(denoiser.losses_of(output, part))
        hits.append((output.argmax(-1) == part.classes).double() if denoiser.classifies else losses[-1][:, :0])
    found = {"loss": torch.cat(losses, 1)} | ({"accuracy": torch.cat(hits, 1)} if denoiser.classifies else {})
    return {name: values.double() for name, values in found.items()}


def pair_metrics(values: Mapping[str, Tensor], t: Tensor, timesteps: int, time_windows: int) -> list[dict[str, float]]:
    """Each member's means of `pair_values`: over its pairs, as `loss`, and over those of equal parts of 1..T, as `loss_time_1`..

    NaN in a part without pairs. `t`: the pairs' times, (K, count).
    """
    windows = (t - 1) * time_windows // timesteps
    members: list[dict[str, float]] = [{} for _ in range(len(t))]
    for name, found in values.items():
        for member, row, window in zip(members, found, windows, strict=True):
            member[name] = float(row.mean())
            member |= {f"{name}_time_{w + 1}": float(row[window == w].mean()) for w in range(time_windows)}
    return members


def ratio_errors(train: Tensor, test: Tensor) -> list[float]:
    """Standard error of each member's mean training loss divided by its mean test loss, (K, count) each.

    By the delta method over pairs of pairs: the k-th of either split share time and noise, which leaves their difference
    less luck than either has.
    """
    mean = test.mean(1)
    apart = train - (train.mean(1) / mean)[:, None] * test
    errors: list[float] = (apart.std(1) / mean / train.shape[1] ** 0.5).tolist()
    return errors
