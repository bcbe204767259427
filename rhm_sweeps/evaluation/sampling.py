"""Sampling from the members of a pack."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from rhm_sweeps.diffusion.noise_schedules import sampling_times
from rhm_sweeps.diffusion.process import p_sample_loop
from rhm_sweeps.evaluation.fixed_pairs import strings_per_call
from rhm_sweeps.streams import Streams
from rhm_sweeps.training.denoiser import Denoiser


@torch.no_grad()
def sample_strings(
    denoiser: Denoiser,
    streams: Streams,
    string_length: int,
    count: int,
    sampling_steps: int | None = None,
    on_step: Callable[[int], None] | None = None,
) -> Tensor:
    """Draw `count` strings from each member, all denoising steps of a few strings at a time: (K, count, d) tokens.

    A string depends on its member's seed and its own index only: not on the pack, nor on `count`. The draws are the same at every
    optimizer step, so that successive samples differ by what was learned in between. `on_step` is told after each denoising step
    of how many strings per member it was.
    """
    process, alpha_bar = denoiser.process, denoiser.process.alpha_bar
    members, timesteps = alpha_bar.shape[0], alpha_bar.shape[1] - 1
    times = sampling_times(timesteps, sampling_steps)
    size = strings_per_call(alpha_bar.device.type, members, string_length)
    chunks = []
    for indices in torch.arange(count, device=alpha_bar.device).split(size):

        def words(time: int, indices: Tensor = indices) -> Tensor:
            return streams.words(f"sample/{time}", indices, string_length * process.words_per_token)

        def denoise(x_t: Tensor, t: int) -> Tensor:
            output = denoiser.at(x_t, t)
            if on_step is not None:
                on_step(x_t.shape[1])
            return output

        chunks.append(p_sample_loop(process, denoise, process.prior(words(timesteps + 1)), times, words))
    return torch.cat(chunks, 1)
