"""Exact belief propagation: what uncertain evidence about the leaves of a string says about every node of its tree.

All is in logarithms. Evidence is a log-likelihood per leaf and token, log p(what was seen of leaf i | leaf i is k), so that
noise of any kind fits in, and a mask is zeros. Messages have the shape (symbols, nodes, N), strings last: gathering the rules'
symbols then copies whole rows. Depth 0 is the root, depth L the leaves.

Results are NaN for strings whose evidence no string of the grammar explains (log-likelihood -inf).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from rhm_sweeps.errors import UsageError
from rhm_sweeps.grammar.productions import Productions, WeightedGrammar

Result = TypeVar("Result")


def log_likelihood(grammar: WeightedGrammar, log_evidence: Tensor) -> Tensor:
    """log p(evidence) of each string: log_evidence (N, d, v) to (N,)."""

    def of_chunk(evidence: Tensor) -> Tensor:
        root = upward_messages(grammar, evidence)[0]
        return torch.logsumexp(root[:, 0] + grammar.log_prior[:, None], 0)

    return torch.cat(_in_chunks(of_chunk, grammar, log_evidence))


def marginals(grammar: WeightedGrammar, log_evidence: Tensor) -> tuple[Tensor, ...]:
    """p(node | evidence) for each depth 0..L: log_evidence (N, d, v) to probabilities (N, nodes, symbols)."""

    def of_chunk(evidence: Tensor) -> list[Tensor]:
        up = upward_messages(grammar, evidence)
        down = downward_messages(grammar, up)
        return [_strings_first((a + b).softmax(0)) for a, b in zip(up, down, strict=True)]

    chunks = _in_chunks(of_chunk, grammar, log_evidence)
    return tuple(torch.cat(depth) for depth in zip(*chunks, strict=True))


def leaf_cavities(grammar: WeightedGrammar, log_evidence: Tensor) -> Tensor:
    """log p(leaf i | evidence of all leaves but i): log_evidence (N, d, v) to log-probabilities (N, d, v)."""

    def of_chunk(evidence: Tensor) -> Tensor:
        down = downward_messages(grammar, upward_messages(grammar, evidence))
        return _strings_first(down[-1].log_softmax(0))

    return torch.cat(_in_chunks(of_chunk, grammar, log_evidence))


def upward_messages(grammar: WeightedGrammar, log_evidence: Tensor) -> list[Tensor]:
    """log p(evidence below the node | its symbol) for each depth 0..L: log_evidence (N, d, v) to (symbols, nodes, N).

    Raises:
        UsageError: if the evidence has another shape than the grammar's strings.
    """
    leaves, tokens = grammar.num_nodes[-1], grammar.levels[-1].num_children
    if log_evidence.ndim != 3 or log_evidence.shape[1:] != (leaves, tokens):
        raise UsageError(
            f"evidence has the shape {tuple(log_evidence.shape)}, but must have (strings, {leaves}, {tokens})"
        )
    messages = [log_evidence.to(grammar.log_prior).permute(2, 1, 0).contiguous()]
    for level in reversed(grammar.levels):
        scores = level.log_weights[:, None, None] + sum(_children_of_rules(level, messages[0]))
        messages.insert(0, _log_sum(scores, level.by_parent))
    return messages


def downward_messages(grammar: WeightedGrammar, upward: Sequence[Tensor]) -> list[Tensor]:
    """log p(symbol of the node, evidence not below it) for each depth 0..L, (symbols, nodes, N), from the upward messages."""
    messages = [grammar.log_prior[:, None, None].expand_as(upward[0])]
    for level, below in zip(grammar.levels, upward[1:], strict=True):
        children = _children_of_rules(level, below)
        above = messages[-1].index_select(0, level.parents) + level.log_weights[:, None, None]
        to_children = [
            _log_sum(above + sum(children[:position] + children[position + 1 :]), rules)
            for position, rules in enumerate(level.by_child)
        ]
        messages.append(torch.stack(to_children, 2).flatten(1, 2))
    return messages


def _children_of_rules(level: Productions, messages: Tensor) -> list[Tensor]:
    """For each position 0..s-1, the message of the child that each rule puts there: (R, parent nodes, N)."""
    blocks = messages.unflatten(1, (-1, level.tuple_size))
    return [blocks[:, :, i].index_select(0, level.children[:, i]) for i in range(level.tuple_size)]


def _log_sum(scores: Tensor, groups: Sequence[Tensor]) -> Tensor:
    """log sum exp of the scores (R, nodes, N) of each group's rules: (groups, nodes, N).

    Group by group: torch takes 5 times longer over one table of all groups, filled up with -inf to equal size.
    """
    return torch.stack([scores.index_select(0, rules).logsumexp(0) for rules in groups])


def _strings_first(messages: Tensor) -> Tensor:
    return messages.permute(2, 1, 0)


def _in_chunks(function: Callable[[Tensor], Result], grammar: WeightedGrammar, log_evidence: Tensor) -> list[Result]:
    return [function(chunk) for chunk in log_evidence.split(grammar.strings_at_once)]
