"""The sampler's ceiling: how valid the samples of a perfect denoiser are, when the sampler takes so many steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from rhm_sweeps.config import DiffusionConfig, GrammarConfig, TrainingConfig, TrialConfig
from rhm_sweeps.diffusion.noise_schedules import sampling_times
from rhm_sweeps.diffusion.process import Process, asked_share, p_sample_loop
from rhm_sweeps.diffusion.processes import make_process
from rhm_sweeps.evaluation.exact_denoiser import exact_denoiser
from rhm_sweeps.grammar import Parser, WeightedGrammar, make_grammar
from rhm_sweeps.streams import Streams

NUM_SAMPLES = 256
OF_TRAINING = ("target", "output", "time_distribution", "time_mean", "time_std", "n_trajectories")
"""Fields of the diffusion that say how a network is trained: a perfect denoiser knows x_0 whatever they are."""
COST_OF_A_STEP = 2e-3
COST_OF_A_RULE = 1e-7
"""Seconds per denoising step, and per rule, node and string in it, on one core of 2.5 GHz; either may be off by 2."""


def sampler_ceiling(
    grammar: GrammarConfig,
    diffusion: DiffusionConfig,
    sampling_steps: int | None = None,
    *,
    num_samples: int = NUM_SAMPLES,
    seed: int = 0,
) -> tuple[float, ...]:
    """Validity at levels l = 1..L of strings that exact belief propagation samples from pure noise; the same call is free.

    A network's samples are valid more often only by luck or by copying. The standard error at level L is at most
    sqrt(p (1 - p) / num_samples), below it that of more blocks; grammars of one size with other rules differ by less than that.

    Args:
        sampling_steps: denoising steps, strides of nearly equal length over 1..T; None: all T.

    Raises:
        UsageError: if the grammar is ambiguous, as its strings cannot be parsed.
    """
    return _ceiling(grammar, sampling_part(diffusion), sampling_steps, num_samples, seed)


def sampling_part(diffusion: DiffusionConfig) -> DiffusionConfig:
    """The diffusion with the defaults in all fields that do not change the samples of a perfect denoiser."""
    return diffusion.model_copy(update={name: DiffusionConfig.model_fields[name].default for name in OF_TRAINING})


def ceiling_cost_s(
    grammar: GrammarConfig,
    diffusion: DiffusionConfig,
    sampling_steps: int | None = None,
    num_samples: int = NUM_SAMPLES,
) -> float:
    """About how many seconds `sampler_ceiling` takes: steps * (a + b * rules * nodes * strings), of those that it asks about."""
    nodes = (grammar.string_length - 1) // (grammar.tuple_size - 1)
    rules = grammar.num_features * grammar.num_synonyms * grammar.tuple_size
    times = sampling_times(diffusion.timesteps, sampling_steps)
    strings = num_samples * asked_share(_process(grammar, diffusion), times, grammar.string_length)
    return (len(times) - 1) * (COST_OF_A_STEP + COST_OF_A_RULE * rules * nodes * strings / 2)


def _process(grammar: GrammarConfig, diffusion: DiffusionConfig) -> Process:
    return make_process(
        [TrialConfig(grammar=grammar, diffusion=diffusion, training=TrainingConfig(train_size=1, test_size=0))]
    )


@lru_cache(maxsize=1024)
@torch.no_grad()
def _ceiling(
    sizes: GrammarConfig, diffusion: DiffusionConfig, sampling_steps: int | None, num_samples: int, seed: int
) -> tuple[float, ...]:
    grammar = make_grammar(sizes)
    process = _process(sizes, diffusion)
    streams, indices = Streams([seed]), torch.arange(num_samples)

    def words(t: int) -> Tensor:
        return streams.words(f"sample/{t}", indices, grammar.string_length * process.words_per_token)

    denoise = exact_denoiser(WeightedGrammar.of(grammar), process)
    times = sampling_times(diffusion.timesteps, sampling_steps)
    with _one_thread():
        strings = p_sample_loop(process, denoise, process.prior(words(diffusion.timesteps + 1)), times, words)[0]
    return tuple(Parser(grammar).parse(strings.numpy().astype(np.uint8)).level_validity.tolist())


@contextmanager
def _one_thread() -> Iterator[None]:
    """Small operations on several threads wait for each other: on a busy machine 50 times longer."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
