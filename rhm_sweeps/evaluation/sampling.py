"""Sampling from the members of a pack."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from rhm_sweeps.diffusion.noise_schedules import sampling_times
from rhm_sweeps.diffusion.process import asked_share, p_sample_loop
from rhm_sweeps.evaluation.fixed_pairs import strings_per_call
from rhm_sweeps.streams import Streams
from rhm_sweeps.training.denoiser import Denoiser

_MOST = 16
"""Times as many strings are drawn together, at most, as the network sees at once."""


def samples_per_call(device: str, members: int, length: int, asked: float) -> int:
    """Strings of each member that are drawn together: those of which the network sees `strings_per_call` at a step, in the mean.

    `asked` is the share that it is asked about, as from `asked_share`; 1 on a GPU, which has enough to do with a part of them.
    """
    return int(strings_per_call(device, members, length) / max(asked, 1 / _MOST))


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
    device = alpha_bar.device.type
    at_once = strings_per_call(device, members, string_length)
    asked = asked_share(process, times, string_length) if device == "cpu" else 1.0
    size = samples_per_call(device, members, string_length, asked)

    def denoise(x_t: Tensor, t: int, asked: Tensor | None) -> Tensor:
        parts = x_t.split(at_once, 1)
        asked_of = [None] * len(parts) if asked is None else asked.split(at_once, 1)
        return torch.cat([denoiser.at(part, t, some) for part, some in zip(parts, asked_of, strict=True)], 1)

    chunks = []
    for indices in torch.arange(count, device=alpha_bar.device).split(size):

        def words(time: int, indices: Tensor = indices) -> Tensor:
            return streams.words(f"sample/{time}", indices, string_length * process.words_per_token)

        start = process.prior(words(timesteps + 1))
        chunks.append(p_sample_loop(process, denoise, start, times, words, on_step))
    return torch.cat(chunks, 1)
