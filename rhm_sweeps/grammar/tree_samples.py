"""Exact samples of whole derivation trees, given evidence about the leaves."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from rhm_sweeps.errors import UsageError
from rhm_sweeps.grammar.productions import Productions, WeightedGrammar


def sample_trees(grammar: WeightedGrammar, upward: Sequence[Tensor], draws: Tensor) -> tuple[Tensor, ...]:
    """Draw one tree per string from p(tree | evidence), from the root down.

    Args:
        grammar: the grammar.
        upward: its `upward_messages`; without evidence (zeros) the trees are drawn from the grammar itself.
        draws: (N, num_draws) uniform in [0, 1): for the class, then for the rules depth by depth, left to right.

    Returns:
        For each depth 0..L, the symbols (N, nodes) as int64.

    Raises:
        UsageError: if the evidence of a string is impossible.
    """
    first, *rest = draws.to(torch.float64).T.split([1, *grammar.num_nodes[:-1]])
    scores = upward[0] + grammar.log_prior[:, None, None]
    impossible = scores.isneginf().all(0).any(0).nonzero().ravel().tolist()
    if impossible:
        raise UsageError(f"no string of the grammar explains the evidence of strings {impossible[:10]}")
    symbols = [_choose(scores, first)]
    for level, below, level_draws in zip(grammar.levels, upward[1:], rest, strict=True):
        symbols.append(_rewrite(level, symbols[-1], below, level_draws))
    return tuple(depth.T for depth in symbols)


def _rewrite(level: Productions, symbols: Tensor, below: Tensor, draws: Tensor) -> Tensor:
    """Draw a rule for each of symbols (nodes, N) and return the children, (nodes * s, N)."""
    table = pad_sequence(list(level.by_parent), padding_value=-1)
    rules = table[:, symbols]
    present = rules >= 0
    rules = rules.clamp(min=0)
    scores = level.log_weights[rules]
    blocks = below.unflatten(1, (-1, level.tuple_size))
    for position in range(level.tuple_size):
        scores = scores + blocks[:, :, position].gather(0, level.children[:, position][rules])
    chosen = _choose(scores.where(present, -torch.inf), draws)
    rule = rules.gather(0, chosen[None])[0]
    return level.children[rule].movedim(-1, 1).flatten(0, 1)


def _choose(scores: Tensor, draws: Tensor) -> Tensor:
    """Draw from log-weights (choices, nodes, N) by inverting their sum at draws (nodes, N): (nodes, N) in 0..choices-1."""
    scores = scores.double()
    cumulative = (scores - scores.amax(0)).exp().cumsum(0)
    return (cumulative <= draws * cumulative[-1]).sum(0)
