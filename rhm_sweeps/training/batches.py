"""Which training strings a step sees, and how they are noised: each step's draws depend on its own number alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
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
    """Training strings of K members, padded to one length: strings (K, P, d) uint8, classes (K, P), sizes (K,).

    `known_sizes` are the same where Python knows them, so that nobody asks a GPU.
    """

    strings: Tensor
    classes: Tensor
    sizes: Tensor
    known_sizes: tuple[int, ...]

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
        sizes = tuple(len(member) for member in strings)
        return cls(padded.to(device), labels.to(device), torch.tensor(sizes, device=device), sizes)

    @cached_property
    def of_size(self) -> dict[int, Tensor]:
        """For each number of strings the members that have so many, by index."""
        members = {size: [k for k, own in enumerate(self.known_sizes) if own == size] for size in self.known_sizes}
        return {size: torch.tensor(some, device=self.sizes.device) for size, some in members.items()}

    def select(self, kept: Sequence[int]) -> TrainingSets:
        """The sets of some of the members, by index."""
        index = torch.tensor(kept, dtype=torch.int64, device=self.sizes.device)
        sizes = tuple(self.known_sizes[k] for k in kept)
        return TrainingSets(self.strings[index], self.classes[index], self.sizes[index], sizes)


def draw_batches(config: TrialConfig, data: TrainingSets, process: Process, streams: Streams, steps: range) -> Noised:
    """The noised batches of S steps in a row: leading axes (K, S, B * n_trajectories)."""
    training, diffusion = config.training, config.diffusion
    pick = _in_passes if training.batches == "epoch" else _from_all
    picks = pick(data, streams, steps, training.batch_size).repeat_interleave(diffusion.n_trajectories, 2)
    numbers, members = (torch.arange(one.start, one.stop, device=picks.device) for one in (steps, range(len(picks))))
    x_0 = data.strings[members[:, None, None], picks].long()
    t = draw_times(diffusion, streams.words("time", numbers, picks.shape[2]))
    noise = streams.words("noise", numbers, x_0[0, 0].numel() * process.words_per_token)
    x_t = process.q_sample(x_0, t, noise.reshape(*x_0.shape[:-1], -1))
    return Noised(x_0, x_t, t, data.classes[members[:, None, None], picks])


def draw_times(diffusion: DiffusionConfig, words: Tensor) -> Tensor:
    """Times in 1..T, shaped as `words`: uniform, or normal and clipped."""
    timesteps = diffusion.timesteps
    if diffusion.time_distribution == "uniform":
        return 1 + below(words, timesteps)
    share = diffusion.time_mean + diffusion.time_std * normal(words)
    return (share * timesteps).round().long().clamp(1, timesteps)


def _from_all(data: TrainingSets, streams: Streams, steps: range, batch_size: int) -> Tensor:
    """Strings drawn with replacement: indices (K, S, B)."""
    numbers = torch.arange(steps.start, steps.stop, device=data.sizes.device)
    return below(streams.words("batch", numbers, batch_size), data.sizes[:, None, None])


def _in_passes(data: TrainingSets, streams: Streams, steps: range, batch_size: int) -> Tensor:
    """Strings in turn, each pass over a member's set in a new order: indices (K, S, B)."""
    picks = data.sizes.new_empty(len(data.sizes), len(steps), batch_size)
    for size, members in data.of_size.items():
        picks[members] = _in_turn(size, streams.select(members), steps, batch_size)
    return picks


def _in_turn(size: int, streams: Streams, steps: range, batch_size: int) -> Tensor:
    """What each member's random orders of 0..size-1, one after another, have at the places of the steps: (K, S, B)."""
    first, last = steps.start * batch_size, steps.stop * batch_size
    passes = torch.arange(first // size, -(-last // size), device=streams.device)
    orders = streams.words("epoch", passes, size).argsort(-1).flatten(1)
    begin = first % size
    return orders[:, begin : begin + last - first].reshape(len(orders), len(steps), batch_size)
