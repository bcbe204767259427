"""Leaf tuples that no rule makes: take their probability away, or penalize it. For tuples of any size."""

from __future__ import annotations

import torch
from torch import Tensor

from rhm_sweeps.diffusion.categorical import one_hot

TINY = 1e-30


def tuple_table(tuples: Tensor, vocabulary: int) -> Tensor:
    """One-hot of the legal tuples (R, s): floats (s, R, v)."""
    return one_hot(tuples.T, vocabulary)


def constrained(logits: Tensor, legal: Tensor) -> Tensor:
    """log p(token | its tuple is legal), tokens independent by `logits`: (K, B, d, v) and tables (K, s, R, v) to (K, B, d, v)."""
    weights = _log_weights(logits, legal).softmax(-1)
    of_tokens = torch.einsum("kbgr,kirv->kbgiv", weights, legal)
    return (of_tokens + TINY).log().flatten(2, 3)


def illegal_mass(logits: Tensor, legal: Tensor) -> Tensor:
    """Probability that a tuple is illegal, tokens independent by `logits`, mean over the tuples of a string: (K, B)."""
    return (1.0 - _log_weights(logits, legal).logsumexp(-1).exp()).mean(-1)


def _log_weights(logits: Tensor, legal: Tensor) -> Tensor:
    """log of the product of the tokens' probabilities, of each legal tuple: (K, B, d/s, R)."""
    blocks = logits.log_softmax(-1).unflatten(2, (-1, legal.shape[1]))
    return torch.einsum("kbgiv,kirv->kbgr", blocks, legal)
