"""Numbers of derivations: a bijection, in the order of the rules, level by level."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.grammar import Grammar, decode_strings, make_grammar
from rhm_sweeps.grammar.numbering import numbered, trees_of_numbers

RAGGED = "1>ab|ba*3|bb 2>aa 3>ac|cb|ca; a>ij|ik*2|jj b>kk c>ii|ji"
GRAMMARS = [
    GrammarConfig(explicit=RAGGED),
    GrammarConfig(explicit="5-2"),
    GrammarConfig(explicit="1>ab 2>bb|ba; a>ab|cc b>ba|ac|bc c>aa; a>ij|ii b>kk c>ji|kj|jk"),
    GrammarConfig(num_features=3, num_classes=2, num_synonyms=2, tuple_size=3, num_layers=2),
]  # fmt: skip


def all_derivations(grammar: Grammar) -> list[tuple[tuple[int, ...], list[list[int]]]]:
    """(class and rules in the order of a number's digits, symbols at each depth) of every derivation."""
    grown: list[tuple[tuple[int, ...], list[list[int]]]] = [((c,), [[c]]) for c in range(grammar.num_classes)]
    for level in grammar.levels:
        grown = [
            (
                (*digits, *choice),
                [*tree, [t for s, k in zip(tree[-1], choice, strict=True) for t in level.tuples[s][k]]],
            )
            for digits, tree in grown
            for choice in itertools.product(*(range(len(level.tuples[symbol])) for symbol in tree[-1]))
        ]
    return sorted(grown)


@pytest.mark.parametrize("config", GRAMMARS)
def test_number_i_is_derivation_i_in_the_order_of_rules(config: GrammarConfig) -> None:
    grammar = make_grammar(config)
    expected = all_derivations(grammar)
    strings, classes = decode_strings(grammar, range(grammar.p_max))
    assert len(expected) == grammar.p_max
    assert strings.tolist() == [tree[-1] for _, tree in expected]
    assert classes.tolist() == [digits[0] for digits, _ in expected]
    assert len(np.unique(strings, axis=0)) == grammar.p_max


def test_derivations_of_inner_symbols_next_to_each_other() -> None:
    """Of the symbols a b and c c, two levels above the leaves: as many strings as derivations, of the level's rules."""
    grammar = make_grammar(GRAMMARS[2])
    levels = numbered(grammar.levels[1:])
    for pair in ([0, 1], [2, 2]):
        total = int(levels[0].totals[pair].prod())
        trees = trees_of_numbers(levels, np.tile(np.array(pair, np.uint8), (total, 1)), np.arange(total))
        assert [level.shape for level in trees] == [(total, 2), (total, 4), (total, 8)]
        assert len(np.unique(trees[-1], axis=0)) == total
        for level, above, below in zip(grammar.levels[1:], trees, trees[1:], strict=False):
            made = below.reshape(-1, 2).tolist()
            assert all(pair in level.tuples[s] for s, pair in zip(above.ravel().tolist(), made, strict=True))


def test_numbers_of_a_deep_ragged_grammar_are_exact_near_2_to_63() -> None:
    """Digit by digit with Python integers, for the last numbers of a grammar with almost 2**63 strings."""
    text = "1>aa|ab|ba 2>bb; " + "; ".join(["a>aa|ab|ba b>bb|ac|bc c>cc"] * 3) + "; a>ii|ij b>ji|jj|ik c>kk|ki"
    grammar = make_grammar(GrammarConfig(explicit=text))
    assert 2**40 < grammar.p_max < 2**63
    numbers = [0, 1, grammar.p_max // 3, grammar.p_max - 2, grammar.p_max - 1]
    strings, classes = decode_strings(grammar, numbers)
    assert classes.tolist()[0] == 0
    assert classes.tolist()[-1] == 1
    assert [encode(grammar, string) for string in strings.tolist()] == numbers


def encode(grammar: Grammar, string: list[int]) -> int:
    """The number of a string of an unambiguous grammar, with Python integers: how many derivations come before its own."""
    parents = [
        {tuple(children): s for s, rules in enumerate(level.tuples) for children in rules} for level in grammar.levels
    ]
    tree = [string]
    for table in reversed(parents):
        tree.insert(0, [table[pair] for pair in zip(tree[0][::2], tree[0][1::2], strict=True)])
    counts: list[list[int]] = [[1] * grammar.num_features]
    for level in reversed(grammar.levels):
        counts.insert(0, [sum(counts[0][a] * counts[0][b] for a, b in rules) for rules in level.tuples])
    number = sum(counts[0][: tree[0][0]])
    for depth, level in enumerate(grammar.levels):
        done = 1
        for node, symbol in enumerate(tree[depth]):
            rest = done
            for later in tree[depth][node + 1 :]:
                rest *= counts[depth][later]
            chosen = tree[depth + 1][2 * node : 2 * node + 2]
            below = counts[depth + 1]
            for a, b in itertools.takewhile(lambda pair, chosen=chosen: pair != chosen, level.tuples[symbol]):
                number += below[a] * below[b] * rest
            done *= below[chosen[0]] * below[chosen[1]]
    return number


def test_an_ambiguous_grammar_has_no_numbers() -> None:
    grammar = make_grammar(GrammarConfig(explicit="1>gh 2>gg; g>ij|ji h>ji|jj"))
    with pytest.raises(UsageError, match="strings of an ambiguous grammar have no numbers: `g > j i` and `h > j i`"):
        decode_strings(grammar, [0])
