"""Sampling from the members of a pack."""

from __future__ import annotations

import torch
from torch import Tensor

from rhm_sweeps.diffusion.noise_schedules import sampling_times
from rhm_sweeps.diffusion.uniform import p_sample_loop
from rhm_sweeps.evaluation.fixed_pairs import ROWS_PER_CALL
from rhm_sweeps.training.packs import PackedModel
from rhm_sweeps.training.streams import Streams, below, uniform


@torch.no_grad()
def sample_strings(
    model: PackedModel,
    alpha_bar: Tensor,
    streams: Streams,
    string_length: int,
    vocabulary: int,
    count: int,
    sampling_steps: int | None,
) -> Tensor:
    """Draw `count` strings from each member, all denoising steps of a few strings at a time: (K, count, d) tokens.

    A string depends on its member's seed and its own index only: not on the pack, nor on `count`. The draws are the same at every
    optimizer step, so that successive samples differ by what was learned in between.
    """
    timesteps = alpha_bar.shape[1] - 1
    times = sampling_times(timesteps, sampling_steps)
    size = max(1, ROWS_PER_CALL[alpha_bar.device.type] // (model.members * string_length))
    chunks = []
    for first in range(0, count, size):
        indices = torch.arange(first, min(first + size, count), device=alpha_bar.device)

        def words(time: int, indices: Tensor = indices) -> Tensor:
            return streams.words(f"sample/{time}", indices, string_length)

        def denoise(x_t: Tensor, t: int) -> Tensor:
            return model(x_t, torch.full(x_t.shape[:2], t, device=x_t.device))

        noise = below(words(timesteps + 1), vocabulary)
        chunks.append(p_sample_loop(denoise, noise, alpha_bar, times, lambda t: uniform(words(t))))
    return torch.cat(chunks, 1)
