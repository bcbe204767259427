"""Productions: those of a Random Hierarchy Model are its rules, and wrong ones are refused."""

from __future__ import annotations

import math

import pytest
import torch

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.grammar import make_grammar
from rhm_sweeps.grammar.productions import Productions, WeightedGrammar

CONFIG = GrammarConfig(num_features=5, num_classes=3, num_synonyms=2, tuple_size=3, num_layers=2)


def test_productions_are_the_rules() -> None:
    grammar = WeightedGrammar.of(make_grammar(CONFIG))
    assert grammar.num_nodes == (1, 3, 9)
    assert grammar.num_draws == 5
    assert grammar.log_prior.exp().tolist() == pytest.approx([1 / 3] * 3)
    for level, table in zip(grammar.levels, make_grammar(CONFIG).levels, strict=True):
        found = {(int(p), *map(int, c)) for p, c in zip(level.parents, level.children, strict=True)}
        assert found == {(symbol, *synonym) for symbol, row in enumerate(table.tuples) for synonym in map(tuple, row)}
        assert level.log_weights.tolist() == pytest.approx([-math.log(2)] * len(found))
    assert [(level.num_parents, level.num_children) for level in grammar.levels] == [(3, 5), (5, 5)]


def test_rules_are_found_by_parent_and_by_child() -> None:
    parents, children = torch.tensor([1, 0, 1]), torch.tensor([[0, 2], [2, 2], [2, 1]])
    level = Productions(2, 3, parents, children, torch.tensor([0.5, 1.0, 0.5]).log())
    assert [rules.tolist() for rules in level.by_parent] == [[1], [0, 2]]
    assert [[rules.tolist() for rules in column] for column in level.by_child] == [[[0], [], [1, 2]], [[], [2], [0, 1]]]


@pytest.mark.parametrize(
    ("parents", "children", "weights", "message"),
    [
        ([0, 2], [[0, 1], [1, 1]], [1.0, 1.0], r"`parents` of productions are in 0..2, but must be in 0..1"),
        ([0, 1], [[0, -1], [1, 1]], [1.0, 1.0], r"`children` of productions are in -1..1, but must be in 0..2"),
        ([0, 1], [[0, 1], [1, 1]], [1.0, 0.5], "productions of symbol 1 sum to 0.5, but must sum to 1"),
        ([0, 0], [[0, 1], [1, 1]], [0.5, 0.5], "productions of symbol 1 sum to 0, but must sum to 1"),
    ],
)
def test_wrong_productions_are_refused(
    parents: list[int], children: list[list[int]], weights: list[float], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        Productions(2, 3, torch.tensor(parents), torch.tensor(children), torch.tensor(weights).log())


def test_levels_that_do_not_fit_are_refused() -> None:
    top, bottom = WeightedGrammar.of(make_grammar(CONFIG)).levels
    with pytest.raises(UsageError, match=r"levels rewrite \[5, 3\] symbols, but .* make \[3, 5\]"):
        WeightedGrammar(torch.zeros(3), (bottom, top))


def test_deep_and_wide_grammars_take_few_strings_at_once() -> None:
    wide = make_grammar(GrammarConfig(num_features=32, num_classes=32, num_synonyms=8, num_layers=9))
    assert WeightedGrammar.of(wide).strings_at_once == 8
    assert WeightedGrammar.of(make_grammar(GrammarConfig(num_layers=3))).strings_at_once == 5461
