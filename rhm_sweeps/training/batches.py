"""Which training strings a step sees, and how they are noised: each step's draws depend on its own number alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from rhm_sweeps.config import DiffusionConfig, TrainingConfig, TrialConfig
from rhm_sweeps.diffusion.process import Process
from rhm_sweeps.grammar import Dataset, Grammar, make_dataset
from rhm_sweeps.streams import Streams, below, normal
from rhm_sweeps.training.denoiser import Noised


def draw_strings(grammar: Grammar, training: TrainingConfig) -> Dataset:
    """The training and test strings of a trial with this grammar."""
    return make_dataset(
        grammar,
        training.train_size,
        training.test_size,
        training.seed_sample,
        training.replacement,
        resample_level=training.resample_level,
        seed_resample=training.seed_resample,
    )


@dataclass(frozen=True, eq=False)
class TrainingSets:
    """Training strings of K members, padded to one length: strings (K, P, d) uint8, classes (K, P), sizes (K,)."""

    strings: Tensor
    classes: Tensor
    sizes: Tensor

    @classmethod
    def of(
        cls,
        strings: Sequence[np.ndarray],
        classes: Sequence[np.ndarray] | None = None,
        device: torch.device | str = "cpu",
    ) -> Self:
        """Each member's training strings, (P, d) uint8, and their classes; P may differ. Only a classifier needs classes."""
        classes = [np.zeros(len(member), np.int64) for member in strings] if classes is None else classes
        padded, labels = (
            pad_sequence([torch.from_numpy(x) for x in part], batch_first=True) for part in (strings, classes)
        )
        sizes = torch.tensor([len(member) for member in strings], device=device)
        return cls(padded.to(device), labels.to(device), sizes)

    def select(self, kept: Tensor) -> TrainingSets:
        """The sets of some of the members, by index."""
        return TrainingSets(self.strings[kept], self.classes[kept], self.sizes[kept])


def draw_batches(config: TrialConfig, data: TrainingSets, process: Process, streams: Streams, steps: Tensor) -> Noised:
    """The noised batches of some steps (S,): leading axes (K, S, B * n_trajectories)."""
    training, diffusion = config.training, config.diffusion
    pick = _in_passes if training.batches == "epoch" else _from_all
    picks = pick(data.sizes, streams, steps, training.batch_size).repeat_interleave(diffusion.n_trajectories, 2)
    members = torch.arange(len(data.sizes), device=picks.device)[:, None, None]
    x_0 = data.strings[members, picks].long()
    t = draw_times(diffusion, streams.words("time", steps, picks.shape[2]))
    noise = streams.words("noise", steps, x_0[0, 0].numel() * process.words_per_token)
    x_t = process.q_sample(x_0, t, noise.reshape(*x_0.shape[:-1], -1))
    return Noised(x_0, x_t, t, data.classes[members, picks])


def draw_times(diffusion: DiffusionConfig, words: Tensor) -> Tensor:
    """Times in 1..T, shaped as `words`: uniform, or normal and clipped."""
    timesteps = diffusion.timesteps
    if diffusion.time_distribution == "uniform":
        return 1 + below(words, timesteps)
    share = diffusion.time_mean + diffusion.time_std * normal(words)
    return (share * timesteps).round().long().clamp(1, timesteps)


def _from_all(sizes: Tensor, streams: Streams, steps: Tensor, batch_size: int) -> Tensor:
    """Strings drawn with replacement: indices (K, S, B)."""
    return below(streams.words("batch", steps, batch_size), sizes[:, None, None])


def _in_passes(sizes: Tensor, streams: Streams, steps: Tensor, batch_size: int) -> Tensor:
    """Strings in turn, each pass over a member's set in a new order: indices (K, S, B)."""
    places = steps[:, None] * batch_size + torch.arange(batch_size, device=steps.device)
    members = [_in_turn(int(size), streams.select(torch.tensor([k])), places) for k, size in enumerate(sizes)]
    return torch.stack(members)


def _in_turn(size: int, streams: Streams, places: Tensor) -> Tensor:
    """Entries of the concatenated random orders of 0..size-1 at `places`."""
    passes = places // size
    first = int(passes.min())
    needed = torch.arange(first, int(passes.max()) + 1, device=places.device)
    orders = streams.words("epoch", needed, size)[0].argsort(-1)
    return orders[passes - first, places % size]
