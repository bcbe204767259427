"""Forward-backward experiments (arXiv 2402.16991, 2410.13770): noise x_0, denoise it to x_0', see what has changed in the tree.

Depth 0 is the root, depth L the leaves. The exact experiment draws x_0' from p(x_0' | what is seen of x_0), by belief propagation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rhm_sweeps.errors import UsageError
from rhm_sweeps.evaluation.evidence import PROCESSES, Process, noised_evidence, words_per_token
from rhm_sweeps.evaluation.resampling import resample_weights
from rhm_sweeps.evaluation.token_changes import ChangeTally
from rhm_sweeps.grammar.belief_propagation import downward_messages, upward_messages
from rhm_sweeps.grammar.productions import WeightedGrammar
from rhm_sweeps.grammar.tree_samples import sample_trees
from rhm_sweeps.streams import Streams, uniform


@dataclass(frozen=True)
class ForwardBackward:
    """Changes of trees by noise; each list is over noise.

    Attributes:
        noise: strength of the process, in [0, 1].
        class_flip: probability that the class changes.
        overlap: (n E[belief in the true class] - 1) / (n - 1), n the number of classes: 1 if all is known of it, 0 if nothing;
            NaN if n = 1. For a trained model the share of unchanged classes stands for the belief.
        latents_unchanged: for each depth 0..L a list: the probability that a node of this depth is unchanged.
        susceptibility: chi = sum_ij C_ij / Tr C, C the covariance over strings of sigma_i = ±1, whether token i has changed;
            NaN if no token ever changes or all always do.
        tokens_changed: probability that a token changes: 1 - latents_unchanged of the leaves.
        correlation_length: xi = sum_ij |i - j| C_ij / sum_ij C_ij in tokens (`ChangeTally.correlation_length`); NaN where the
            susceptibility is.
        resampled: the same curves of resamples of the strings (`resample_weights`), as many as were asked for: their spread is
            the curves' error.
    """

    noise: list[float]
    class_flip: list[float]
    overlap: list[float]
    latents_unchanged: list[list[float]]
    susceptibility: list[float]
    tokens_changed: list[float]
    correlation_length: list[float]
    resampled: tuple[ForwardBackward, ...] = ()

    @property
    def errors(self) -> dict[str, Any]:
        """The standard error of each curve, shaped as it, by name; NaN without two resamples, and where one of them has no value."""
        names = [field.name for field in fields(self) if field.name not in ("noise", "resampled")]
        if len(self.resampled) < 2:
            return {name: np.full(np.shape(getattr(self, name)), np.nan).tolist() for name in names}
        return {name: np.std([getattr(one, name) for one in self.resampled], 0, ddof=1).tolist() for name in names}


def exact_forward_backward(
    grammar: WeightedGrammar,
    process: Process,
    noise: Sequence[float],
    num_samples: int = 1024,
    seed: int = 0,
    resamples: int = 0,
) -> ForwardBackward:
    """What exact inference does: x_0 from the grammar, noised by `process`, x_0' from the posterior.

    Probabilities that a node changes are those of the posterior itself, free of the luck of drawing x_0'. The same strings and
    random numbers serve all noise levels; string i depends on (seed, i) alone.

    Raises:
        UsageError: if the process is unknown, a noise is not in [0, 1], `num_samples` < 1 or `resamples` < 0.
    """
    check_experiment(process, noise, num_samples, resamples)
    streams, leaves, tokens = Streams([seed]), grammar.num_nodes[-1], grammar.levels[-1].num_children
    tallies = [ChangeTally(len(grammar.num_nodes), leaves, resamples) for _ in noise]
    count = leaves * words_per_token(process, tokens)
    for indices in torch.arange(num_samples).split(grammar.strings_at_once):
        tree, words = draw_trees(grammar, streams, indices), noise_words(streams, indices, count)
        weights = resample_weights(streams, indices, resamples)
        draws = uniform(streams.words("forward-backward/posterior", indices, grammar.num_draws)[0])
        for strength, tally in zip(noise, tallies, strict=True):
            up = upward_messages(grammar, noised_evidence(process, tree[-1], strength, words, tokens))
            tally.add(_belief_in(tree, grammar, up), sample_trees(grammar, up, draws)[-1] != tree[-1], weights)
    return summary(noise, tallies, len(grammar.log_prior))


def check_experiment(process: str, noise: Sequence[float], num_samples: int, resamples: int = 0) -> None:
    """Raise a UsageError that says what of an experiment is out of bounds."""
    if process not in PROCESSES:
        raise UsageError(f"`process` is {process!r}, but must be one of {', '.join(PROCESSES)}")
    outside = [strength for strength in noise if not 0.0 <= strength <= 1.0]
    if outside or not noise:
        raise UsageError(f"`noise` is {', '.join(map(str, outside)) or 'empty'}, but must be numbers in [0, 1]")
    if num_samples < 1:
        raise UsageError(f"`num_samples` is {num_samples}, but must be >= 1")
    if resamples < 0:
        raise UsageError(f"`resamples` is {resamples}, but must be >= 0")


def draw_trees(grammar: WeightedGrammar, streams: Streams, indices: Tensor) -> tuple[Tensor, ...]:
    """Derivations from the grammar: for each depth the symbols (N, nodes) of the strings of given indices (N,)."""
    nothing = torch.zeros(len(indices), grammar.num_nodes[-1], grammar.levels[-1].num_children)
    draws = uniform(streams.words("forward-backward/tree", indices, grammar.num_draws)[0])
    return sample_trees(grammar, upward_messages(grammar, nothing), draws)


def noise_words(streams: Streams, indices: Tensor, count: int) -> Tensor:
    """The random words (N, count) that noise the strings of given indices (N,); as many as a string's tokens take."""
    return streams.words("forward-backward/noise", indices, count)[0]


def _belief_in(tree: Sequence[Tensor], grammar: WeightedGrammar, upward: Sequence[Tensor]) -> Tensor:
    """Mean posterior probability of the tree's own symbols at each depth: (N, L + 1)."""
    shares = []
    for symbols, up, down in zip(tree, upward, downward_messages(grammar, upward), strict=True):
        joint = up + down
        truth = joint.gather(0, symbols.T[None])[0]
        shares.append((truth - joint.logsumexp(0)).exp().mean(0))
    return torch.stack(shares, 1)


def summary(noise: Sequence[float], tallies: Sequence[ChangeTally], num_classes: int) -> ForwardBackward:
    """The curves over noise of one tally per noise level."""
    unchanged = torch.stack([tally.unchanged for tally in tallies], -1)  # (1 + R, L + 1, noise)
    chi, xi = (
        torch.stack([getattr(tally, name) for tally in tallies], -1)
        for name in ("susceptibility", "correlation_length")
    )
    first, *others = (_curves(noise, num_classes, *of_one) for of_one in zip(unchanged, chi, xi, strict=True))
    return replace(first, resampled=tuple(others))


def _curves(noise: Sequence[float], num_classes: int, unchanged: Tensor, chi: Tensor, xi: Tensor) -> ForwardBackward:
    """The curves of unchanged nodes (L + 1, noise), of chi and of xi (noise,)."""
    known = unchanged[0]
    overlap = (num_classes * known - 1.0) / (num_classes - 1.0) if num_classes > 1 else known * float("nan")
    return ForwardBackward(
        noise=list(noise),
        class_flip=(1.0 - known).tolist(),
        overlap=overlap.tolist(),
        latents_unchanged=unchanged.tolist(),
        susceptibility=chi.tolist(),
        tokens_changed=(1.0 - unchanged[-1]).tolist(),
        correlation_length=xi.tolist(),
    )
