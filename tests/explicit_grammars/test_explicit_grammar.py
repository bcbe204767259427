"""What a written grammar says of itself: its sizes, how many derivations it has, and whether it is ambiguous."""

from __future__ import annotations

import itertools
import math

import pytest

from rhm_sweeps.explicit_grammars import (
    ExplicitGrammar,
    Production,
    derivation_counts,
    find_grammar,
    parse_grammar_text,
    plain_symbol,
    shipped_grammars,
)

RAGGED = "1>ab|ba|bb 2>aa; a>ij|ik*2|jj b>kk"


def derivations(grammar: ExplicitGrammar) -> list[tuple[str, ...]]:
    """The string of every derivation, by rewriting symbol by symbol."""
    strings = [(symbol.name,) for symbol in grammar.levels[0]]
    for level in grammar.levels:
        rules = {symbol.name: [production.children for production in symbol.productions] for symbol in level}
        strings = [
            tuple(itertools.chain(*chosen))
            for string in strings
            for chosen in itertools.product(*(rules[name] for name in string))
        ]
    return strings


@pytest.mark.parametrize("text", [RAGGED, "1>aab 2>bba; a>xyz|xxx b>zzz", "5-2", "binary_3_level"])
def test_the_number_of_derivations_is_that_of_writing_them_all(text: str) -> None:
    grammar = find_grammar(text)
    strings = derivations(grammar)
    assert grammar.p_max == len(strings)
    assert grammar.ambiguity is None
    assert len(set(strings)) == len(strings)


def test_counts_are_exact_at_any_size() -> None:
    grammar = find_grammar("binary_5_level")
    assert grammar.p_max == 8 * 3**30
    assert derivation_counts(grammar.tuples)[1] == [3**15] * 4


def test_sizes() -> None:
    grammar = parse_grammar_text(RAGGED)
    sizes = (grammar.num_features, grammar.num_classes, grammar.num_synonyms, grammar.tuple_size, grammar.num_layers)
    assert sizes == (3, 2, 3, 2, 2)
    assert grammar.names == (("1", "2"), ("a", "b"), ("i", "j", "k"))
    assert grammar.tuples[0] == [[[0, 1], [1, 0], [1, 1]], [[0, 0]]]
    assert [grammar.is_weighted(level) for level in (1, 2)] == [True, False]


def test_an_ambiguous_grammar_has_more_derivations_than_strings() -> None:
    grammar = parse_grammar_text("1>gh 2>hg; g>ij|ji h>ji|jj")
    assert grammar.ambiguity == "`g > j i` and `h > j i` at level 1"
    strings = derivations(grammar)
    assert grammar.p_max == len(strings) > len(set(strings))


def test_a_tuple_may_come_back_at_another_level() -> None:
    assert parse_grammar_text("1>ab 2>ba; a>ab|bb b>ba").ambiguity is None


@pytest.mark.parametrize(("name", "strings", "length"), [("binary_3_level", 512, 8), ("5-2", 960, 8)])
def test_shipped_grammars_are_unambiguous(name: str, strings: int, length: int) -> None:
    grammar = find_grammar(name)
    written = derivations(grammar)
    assert len(set(written)) == len(written) == strings
    assert {len(string) for string in written} == {length}
    assert len(grammar.tokens) ** length == {"5-2": 6**8, "binary_3_level": 4**8}[name]


def test_all_shipped_grammars_are_unambiguous() -> None:
    assert [find_grammar(name).ambiguity for name in shipped_grammars()] == [None] * 3


def test_equal_weights_are_none() -> None:
    pair = [Production(("i", "j"), 0.5), Production(("j", "i"), 0.5)]
    assert plain_symbol("a", pair) == plain_symbol("a", [Production(("i", "j")), Production(("j", "i"))])
    assert not math.isclose(plain_symbol("a", [pair[0], Production(("j", "i"), 2.0)]).productions[1].weight, 1.0)
