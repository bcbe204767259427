"""The forward-backward experiment with a trained denoiser, to hold against the exact one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from rhm_sweeps.diffusion.noise_schedules import alpha_bar_table
from rhm_sweeps.diffusion.process import p_sample_loop
from rhm_sweeps.errors import UsageError
from rhm_sweeps.evaluation.fixed_pairs import strings_per_call
from rhm_sweeps.evaluation.forward_backward import (
    ForwardBackward,
    check_experiment,
    draw_trees,
    noise_words,
    summary,
)
from rhm_sweeps.evaluation.resampling import resample_weights
from rhm_sweeps.evaluation.token_changes import ChangeTally
from rhm_sweeps.grammar import Parser, make_grammar
from rhm_sweeps.grammar.productions import WeightedGrammar
from rhm_sweeps.streams import Streams
from rhm_sweeps.training.denoiser import Denoiser
from rhm_sweeps.training.packs import PackedModel
from rhm_sweeps.training.saved_models import SavedModel

NoiseProcess = Literal["uniform", "masked", "gaussian"]
"""Processes of trained models that exact inference is compared with at the same noise."""


@dataclass(frozen=True)
class TrainedForwardBackward:
    """The curves of a trained model: `times` are the t whose 1 - alpha_bar_t, the curves' noise, is nearest to what was asked."""

    times: list[int]
    curves: ForwardBackward


def nearest_times(alpha_bar: Tensor, noise: Sequence[float]) -> list[int]:
    """For each noise the time t in 0..T whose 1 - alpha_bar_t is nearest; alpha_bar is (T + 1,)."""
    distances = (1.0 - alpha_bar.double() - torch.tensor(noise, dtype=torch.float64)[:, None]).abs()
    times: list[int] = distances.argmin(1).tolist()
    return times


def check_model(saved: SavedModel) -> None:
    """Raise a UsageError if a model cannot be asked to denoise strings."""
    if saved.config.model.name == "classifier":
        raise UsageError("the model is a classifier, which denoises no strings; choose one of a denoiser")


@torch.no_grad()
def trained_forward_backward(
    saved: SavedModel,
    noise: Sequence[float],
    num_samples: int = 1024,
    seed: int = 0,
    resamples: int = 0,
    device: torch.device | str = "cpu",
) -> TrainedForwardBackward:
    """What a trained model does: strings are noised to the nearest time and denoised step by step; x_0' is parsed.

    A node that does not parse has changed. The strings, their noise and their resamples are those of `exact_forward_backward`
    with this seed.

    Raises:
        UsageError: if the model is a classifier, a noise is not in [0, 1], `num_samples` < 1 or `resamples` < 0.
    """
    check_model(saved)
    check_experiment(saved.config.diffusion.process, noise, num_samples, resamples)
    rules = make_grammar(saved.config.grammar)
    grammar, parser = WeightedGrammar.of(rules), Parser(rules)
    denoiser = Denoiser.of([saved.config], PackedModel.of([saved.model.to(device)]), device)
    leaves, alpha_bar = rules.string_length, alpha_bar_table(saved.config.diffusion)
    streams, times = Streams([seed]), nearest_times(alpha_bar, noise)
    tallies = [ChangeTally(len(grammar.num_nodes), leaves, resamples) for _ in noise]
    for indices in torch.arange(num_samples).split(strings_per_call(torch.device(device).type, 1, leaves)):
        tree, weights = draw_trees(grammar, streams, indices), resample_weights(streams, indices, resamples)
        for t, tally in zip(times, tallies, strict=True):
            tokens = _noised_and_denoised(denoiser, tree[-1], t, Streams([seed], device), indices)
            tally.add(_unchanged(tree, tokens, parser), tokens != tree[-1], weights)
    return TrainedForwardBackward(times, summary((1.0 - alpha_bar[times]).tolist(), tallies, rules.num_classes))


def _noised_and_denoised(denoiser: Denoiser, x_0: Tensor, t: int, streams: Streams, indices: Tensor) -> Tensor:
    """Noise strings x_0 (N, d) to the time t and denoise them: (N, d). The draws of string i depend on (seed, i, t) alone."""
    process = denoiser.process
    count, x_0 = x_0.shape[1] * process.words_per_token, x_0.to(process.alpha_bar.device)
    times = torch.full((1, len(indices)), t, device=x_0.device)
    x_t = process.q_sample(x_0[None], times, noise_words(streams, indices, count)[None])

    def words(time: int) -> Tensor:
        return streams.words(f"forward-backward/denoise/{time}", indices, count)

    return p_sample_loop(process, denoiser.at, x_t, range(t, -1, -1), words)[0].cpu()


def _unchanged(tree: Sequence[Tensor], tokens: Tensor, parser: Parser) -> Tensor:
    """Share of the tree's nodes at each depth that strings (N, d) parse to as well: (N, L + 1)."""
    strings = tokens.numpy().astype(np.uint8)
    parsed = [strings, *parser.levels(strings)]
    shares = [(ours.numpy() == found).mean(1) for ours, found in zip(tree, reversed(parsed), strict=True)]
    return torch.from_numpy(np.stack(shares, 1))
