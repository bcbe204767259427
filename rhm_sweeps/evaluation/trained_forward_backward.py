"""The forward-backward experiment with a trained denoiser of uniform diffusion, to hold against the exact one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rhm_sweeps.diffusion.noise_schedules import alpha_bar_table
from rhm_sweeps.diffusion.uniform import p_sample_loop
from rhm_sweeps.errors import UsageError
from rhm_sweeps.evaluation.evidence import noised_tokens
from rhm_sweeps.evaluation.fixed_pairs import ROWS_PER_CALL
from rhm_sweeps.evaluation.forward_backward import (
    ChangeTally,
    ForwardBackward,
    check_experiment,
    draw_trees,
    noise_words,
    summary,
)
from rhm_sweeps.grammar import Parser, make_grammar
from rhm_sweeps.grammar.productions import WeightedGrammar
from rhm_sweeps.training.packs import PackedModel
from rhm_sweeps.training.saved_models import SavedModel
from rhm_sweeps.training.streams import Streams, uniform


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


@torch.no_grad()
def trained_forward_backward(
    saved: SavedModel, noise: Sequence[float], num_samples: int = 1024, seed: int = 0
) -> TrainedForwardBackward:
    """What a trained model does: strings are noised to the nearest time and denoised step by step; x_0' is parsed.

    A node that does not parse has changed. The strings and their noise are those of `exact_forward_backward` with this seed.

    Raises:
        UsageError: if the model is not one of uniform diffusion, a noise is not in [0, 1] or `num_samples` < 1.
    """
    check_experiment("uniform", noise, num_samples)
    process = saved.config.diffusion.process
    if process != "uniform":
        raise UsageError(f"the model was trained with the process {process!r}, but must be one of uniform diffusion")
    rules = make_grammar(saved.config.grammar)
    grammar, parser = WeightedGrammar.of(rules), Parser(rules)
    denoiser, streams, leaves = _Denoiser(saved, seed), Streams([seed]), rules.string_length
    times = nearest_times(denoiser.alpha_bar, noise)
    reached = (1.0 - denoiser.alpha_bar[times]).tolist()
    tallies = [ChangeTally(len(grammar.num_nodes), leaves) for _ in noise]
    for indices in torch.arange(num_samples).split(max(1, ROWS_PER_CALL["cpu"] // leaves)):
        tree, words = draw_trees(grammar, streams, indices), noise_words(streams, indices, leaves)
        for t, strength, tally in zip(times, reached, tallies, strict=True):
            x_t = noised_tokens(tree[-1], strength, words, rules.num_features)
            tokens = denoiser.denoise(x_t, t, indices)
            tally.add(_unchanged(tree, tokens, parser), tokens != tree[-1])
    return TrainedForwardBackward(times, summary(reached, tallies, rules.num_classes))


class _Denoiser:
    """Denoises strings from any time on; the draws of string i depend on (seed, i, t) alone."""

    def __init__(self, saved: SavedModel, seed: int) -> None:
        self.model = PackedModel.of([saved.model])
        self.alpha_bar = alpha_bar_table(saved.config.diffusion)
        self.streams = Streams([seed])

    def denoise(self, x_t: Tensor, start: int, indices: Tensor) -> Tensor:
        """Draw x_0 from x_t (N, d) at the time `start`: (N, d)."""

        def logits(x: Tensor, t: int) -> Tensor:
            return self.model(x, torch.full(x.shape[:2], t))

        def draw(t: int) -> Tensor:
            return uniform(self.streams.words(f"forward-backward/denoise/{t}", indices, x_t.shape[1]))

        return p_sample_loop(logits, x_t[None], self.alpha_bar.float()[None], range(start, -1, -1), draw)[0]


def _unchanged(tree: Sequence[Tensor], tokens: Tensor, parser: Parser) -> Tensor:
    """Share of the tree's nodes at each depth that strings (N, d) parse to as well: (N, L + 1)."""
    strings = tokens.numpy().astype(np.uint8)
    parsed = [strings, *parser.levels(strings)]
    shares = [(ours.numpy() == found).mean(1) for ours, found in zip(tree, reversed(parsed), strict=True)]
    return torch.from_numpy(np.stack(shares, 1))
