"""The noise at which the class is lost of ever deeper trees, by population dynamics (density evolution).

The messages that a node of a random tree may receive are stood for by a population of them, for each true symbol. A level's rules
turn the population of the children into that of the parents: each new message is that of a random rule of the true symbol, with
random members of the children's populations. With many levels it says what no string can show whose length is s**L.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.evaluation.evidence import Process, noised_evidence, words_per_token
from rhm_sweeps.evaluation.forward_backward import check_experiment
from rhm_sweeps.grammar import make_grammar
from rhm_sweeps.grammar.rules import Rules
from rhm_sweeps.streams import Streams, below

LEAST = -700.0
"""Stands for log 0, so that a message of zeros times another stays a number."""
LEVELS = 24
HALVINGS = 9


@dataclass(frozen=True)
class Threshold:
    """A threshold over random grammars: its mean, its standard error, and the threshold of each."""

    mean: float
    standard_error: float
    of_grammars: tuple[float, ...]


def infinite_depth_threshold(
    config: GrammarConfig, process: Process, num_grammars: int = 32, population: int = 256, seed: int = 0
) -> Threshold:
    """Noise beyond which belief in the true symbol dies out up the tree, over random rules of the size of `config`.

    Classes are as many as features. Grammars differ by some .02, as their lowest levels decide: more of them make the mean exact
    sooner than larger populations do.

    Raises:
        UsageError: if the process is unknown, the grammar is not a plain random one, or a number is < 1.
    """
    check_experiment(process, [0.0], population)
    if not config.is_plain:
        raise UsageError("thresholds at infinite depth are those of random grammars with equally probable rules")
    if num_grammars < 1:
        raise UsageError(f"`num_grammars` is {num_grammars}, but must be >= 1")
    found = [_threshold(config, process, population, seed * num_grammars + index) for index in range(num_grammars)]
    error = float(np.std(found, ddof=1) / num_grammars**0.5) if num_grammars > 1 else float("nan")
    return Threshold(float(np.mean(found)), error, tuple(found))


def _threshold(config: GrammarConfig, process: Process, population: int, seed: int) -> float:
    levels, (low, high) = list(islice(_random_levels(config, seed), LEVELS)), (0.0, 1.0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        *_, overlap = overlap_by_level(levels, process, middle, population, seed)
        if overlap > 0.5:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _random_levels(config: GrammarConfig, seed: int) -> Iterator[Rules]:
    """Endless levels with rules of their own."""
    shape = {"num_classes": config.num_features, "num_layers": 1}
    level = 0
    while True:
        (rules,) = make_grammar(config.model_copy(update={**shape, "seed_rules": seed * 10_000 + level})).levels
        yield rules
        level += 1


def overlap_by_level(
    levels: Iterable[Rules], process: Process, noise: float, population: int = 256, seed: int = 0
) -> Iterator[float]:
    """Yield, level by level from the leaves, (v E[belief in the true symbol] - 1) / (v - 1), v symbols equally probable before.

    Args:
        levels: rules from the leaves up; the symbols of one are those that the next makes tuples of.
        process: how leaves are noised.
        noise: its strength, in [0, 1].
        population: messages per true symbol.
        seed: of the draws.
    """
    messages, streams = None, Streams([seed])
    for depth, rules in enumerate(levels):
        if messages is None:
            messages = _leaf_messages(process, noise, rules.num_children, population, streams)
        words = streams.words(f"level/{depth}", torch.zeros(1), rules.num_parents * population * (1 + _size(rules)))
        messages = _parent_messages(rules, messages, words.reshape(rules.num_parents, population, -1))
        belief = messages.exp().diagonal(dim1=0, dim2=2).mean()
        yield (rules.num_parents * float(belief) - 1) / (rules.num_parents - 1)


def _leaf_messages(process: Process, noise: float, vocabulary: int, population: int, streams: Streams) -> Tensor:
    """Log-likelihoods (v, M, v): of each true token, M draws of what is seen of it."""
    tokens = torch.arange(vocabulary).repeat_interleave(population)[:, None]
    count = len(tokens) * words_per_token(process, vocabulary)
    words = streams.words("leaves", torch.zeros(1), count)[0, 0].reshape(len(tokens), -1)
    return noised_evidence(process, tokens, noise, words, vocabulary).reshape(vocabulary, population, -1).clamp(LEAST)


def _parent_messages(rules: Rules, messages: Tensor, words: Tensor) -> Tensor:
    """Normalized log-messages (parents, M, parents) from those of the children (children, M, children).

    `words` are random, (parents, M, 1 + s): they choose the rule of each true parent and the messages of its children.
    """
    tuples, parents = torch.from_numpy(rules.children.copy()), torch.from_numpy(rules.parents.copy())
    first, counts = (torch.from_numpy(table.copy())[:, None] for table in (rules.first, rules.counts))
    children = tuples[first + below(words[..., 0], counts)]
    members = below(words[..., 1:], messages.shape[1])
    each = [messages[children[..., i], members[..., i]][..., tuples[:, i]] for i in range(_size(rules))]
    scores = torch.stack(each).sum(0)
    per_parent = [scores[..., parents == parent].logsumexp(-1) for parent in range(rules.num_parents)]
    return torch.stack(per_parent, -1).log_softmax(-1).clamp(LEAST)


def _size(rules: Rules) -> int:
    return int(rules.children.shape[1])
