"""The noise at which half of what can be known of the class is lost."""

from __future__ import annotations

import torch

from rhm_sweeps.errors import UsageError
from rhm_sweeps.evaluation.evidence import Process, noised_evidence, words_per_token
from rhm_sweeps.evaluation.forward_backward import check_experiment, draw_trees, noise_words
from rhm_sweeps.grammar.belief_propagation import upward_messages
from rhm_sweeps.grammar.productions import WeightedGrammar
from rhm_sweeps.streams import Streams

HALVINGS = 12


def half_overlap_noise(grammar: WeightedGrammar, process: Process, num_samples: int = 4096, seed: int = 0) -> float:
    """Noise where (n E[belief in the true class] - 1) / (n - 1) = 1/2, by exact belief propagation on `num_samples` strings.

    As the depth grows it goes to the threshold of the transition, if the grammar has one; grammars differ by .015-.025.

    Raises:
        UsageError: if the process is unknown, `num_samples` < 1 or the grammar has only one class.
    """
    check_experiment(process, [0.0], num_samples)
    if len(grammar.log_prior) < 2:
        raise UsageError("the overlap of a grammar with one class is undefined; set `num_classes` to 2 or more")
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _overlap(grammar, process, middle, num_samples, seed) > 0.5:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _overlap(grammar: WeightedGrammar, process: Process, noise: float, num_samples: int, seed: int) -> float:
    streams, leaves, tokens = Streams([seed]), grammar.num_nodes[-1], grammar.levels[-1].num_children
    known, n, count = 0.0, len(grammar.log_prior), leaves * words_per_token(process, tokens)
    for indices in torch.arange(num_samples).split(grammar.strings_at_once):
        tree, words = draw_trees(grammar, streams, indices), noise_words(streams, indices, count)
        up = upward_messages(grammar, noised_evidence(process, tree[-1], noise, words, tokens))
        belief = (up[0][:, 0] + grammar.log_prior[:, None]).softmax(0)
        known += float(belief.gather(0, tree[0].T).sum())
    return (n * known / num_samples - 1) / (n - 1)
