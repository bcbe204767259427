"""Samples of trees have the frequencies of the exact posterior, and follow the rules."""

from __future__ import annotations

import itertools

import pytest
import torch

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.grammar import Parser, make_dataset, make_grammar
from rhm_sweeps.grammar.belief_propagation import upward_messages
from rhm_sweeps.grammar.productions import Productions, WeightedGrammar
from rhm_sweeps.grammar.tree_samples import sample_trees

COUNT = 40_000
CONFIG = GrammarConfig(num_features=3, num_classes=2, num_synonyms=2, num_layers=2, seed_rules=1)


def draws(grammar: WeightedGrammar, count: int) -> torch.Tensor:
    return torch.rand(count, grammar.num_draws, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def posterior_of_trees(grammar: WeightedGrammar, evidence: torch.Tensor) -> dict[tuple[int, ...], float]:
    """p(class, rule of the root, rules of its two children | evidence (d, v)) of a grammar with two levels of pairs."""
    top, bottom = grammar.levels
    weights = {}
    for root, (a, b, c) in itertools.product(
        range(len(grammar.log_prior)),
        itertools.product(range(len(top.parents)), *[range(len(bottom.parents))] * 2),
    ):
        if top.parents[a] == root and top.children[a].tolist() == [bottom.parents[b], bottom.parents[c]]:
            leaves = torch.cat((bottom.children[b], bottom.children[c]))
            log_p = grammar.log_prior[root] + top.log_weights[a] + bottom.log_weights[[b, c]].sum()
            tree = (root, *top.children[a].tolist(), *leaves.tolist())
            weights[tree] = float((log_p + evidence[range(4), leaves].sum()).exp())
    return {tree: weight / sum(weights.values()) for tree, weight in weights.items()}


@pytest.mark.parametrize("strength", [0.0, 1.5])
@pytest.mark.parametrize(
    "config",
    [
        CONFIG,
        GrammarConfig(explicit="1>ab|ba*3|bb 2>aa; a>ij|ik*2|jj b>kk"),
        GrammarConfig(explicit="1>gh*0.2|gg 2>hg; g>ij|ji h>ji|jk*5"),
    ],
    ids=["random", "ragged", "ambiguous"],
)
def test_frequencies_are_those_of_the_posterior(config: GrammarConfig, strength: float) -> None:
    grammar = WeightedGrammar.of(make_grammar(config))
    evidence = strength * torch.randn(4, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    expected = posterior_of_trees(grammar, evidence)
    up = upward_messages(grammar, evidence.expand(COUNT, 4, 3))
    sampled = torch.cat(sample_trees(grammar, up, draws(grammar, COUNT)), 1)
    trees, counts = sampled.unique(dim=0, return_counts=True)
    found = dict(zip(map(tuple, trees.tolist()), (counts / COUNT).tolist(), strict=True))
    assert set(found) <= set(expected)
    for tree, p in expected.items():
        assert found.get(tree, 0.0) == pytest.approx(p, abs=4 * (p / COUNT) ** 0.5 + 1e-4)


def test_rules_of_unequal_weight_and_number() -> None:
    """One class rewrites to three tuples, of probabilities .7 .2 .1; the other to one."""
    weights = torch.tensor([0.7, 1.0, 0.2, 0.1], dtype=torch.float64).log()
    tuples = torch.tensor([[0, 0], [1, 1], [0, 1], [1, 0]])
    level = Productions(2, 2, torch.tensor([0, 1, 0, 0]), tuples, weights)
    grammar = WeightedGrammar(torch.tensor([0.5, 0.5], dtype=torch.float64).log(), (level,))
    up = upward_messages(grammar, torch.zeros(COUNT, 2, 2))
    root, leaves = sample_trees(grammar, up, draws(grammar, COUNT))
    codes = leaves @ torch.tensor([2, 1])
    frequencies = torch.bincount(codes[root[:, 0] == 0], minlength=4) / int((root == 0).sum())
    assert frequencies.tolist() == pytest.approx([0.7, 0.2, 0.1, 0.0], abs=0.01)
    assert codes[root[:, 0] == 1].unique().tolist() == [3]


def test_trees_without_evidence_are_derivations_of_their_leaves() -> None:
    rules = make_grammar(GrammarConfig(num_layers=3, num_classes=5, num_features=6, tuple_size=3, num_synonyms=2))
    grammar = WeightedGrammar.of(rules)
    up = upward_messages(grammar, torch.zeros(200, 27, 6))
    *hidden, leaves = sample_trees(grammar, up, draws(grammar, 200))
    for symbols, parsed in zip(reversed(hidden), Parser(rules).levels(leaves.numpy()), strict=True):
        assert symbols.tolist() == parsed.tolist()


def test_certain_evidence_is_reproduced() -> None:
    rules = make_grammar(CONFIG)
    grammar, data = WeightedGrammar.of(rules), make_dataset(rules, 10, 0, 0)
    evidence = torch.nn.functional.one_hot(torch.from_numpy(data.train).long(), 3).double().log()
    root, _, leaves = sample_trees(grammar, upward_messages(grammar, evidence), draws(grammar, 10))
    assert leaves.tolist() == data.train.tolist()
    assert root[:, 0].tolist() == data.train_classes.tolist()


def test_impossible_evidence_is_refused() -> None:
    grammar = WeightedGrammar.of(make_grammar(CONFIG))
    evidence = torch.zeros(3, 4, 3)
    evidence[1, 2] = -torch.inf
    with pytest.raises(UsageError, match=r"no string of the grammar explains the evidence of strings \[1\]"):
        sample_trees(grammar, upward_messages(grammar, evidence), draws(grammar, 3))
