"""Grammars in one line: read back as they were, and everything that is wrong said at once."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rhm_sweeps.errors import ConfigError
from rhm_sweeps.explicit_grammars import (
    ExplicitGrammar,
    Production,
    grammar_text,
    grammar_yaml,
    parse_grammar_text,
    parse_grammar_yaml,
    plain_symbol,
)


@st.composite
def grammars(draw: st.DrawFn) -> ExplicitGrammar:
    """Levels of differing symbols, ragged and weighted rules, odd names; unreachable symbols and tokens included."""
    letters = st.text("abi01.é_-", min_size=1, max_size=3) | st.sampled_from(
        ["null", "1e3", "no", "true", "007", "0x1"]
    )
    sizes = draw(st.lists(st.integers(2, 4), min_size=2, max_size=4))
    names = [tuple(draw(st.lists(letters, min_size=size, max_size=size, unique=True))) for size in sizes]
    size = draw(st.integers(2, 3))
    levels = []
    for heads, below in pairwise(names):
        tuples = st.lists(st.tuples(*[st.sampled_from(below)] * size), min_size=1, max_size=3, unique=True)
        weights = st.sampled_from([1.0, 1.0, 0.1, 2.5e-7, 3.0, 1 / 3])
        symbols = []
        for head in heads:
            productions = [Production(children, draw(weights)) for children in draw(tuples)]
            symbols.append(plain_symbol(head, productions))
        levels.append(tuple(symbols))
    return ExplicitGrammar(tuple(levels), names[-1])


@settings(max_examples=30)
@given(grammars())
def test_what_is_written_is_read_back(grammar: ExplicitGrammar) -> None:
    assert parse_grammar_text(grammar_text(grammar)) == grammar
    assert parse_grammar_yaml(grammar_yaml(grammar, "some name")) == grammar
    assert "\n" not in grammar_text(grammar)


def test_the_way_it_is_written_does_not_matter() -> None:
    one, other = "1>ab*2|ba*2 2>aa; a>ij b>ik|jk", "1>ab|ba   2>a,a;a>ij b>ik*0.5|jk*0.50 ; i j k"
    assert (
        grammar_text(parse_grammar_text(other)) == grammar_text(parse_grammar_text(one)) == "1>ab|ba 2>aa; a>ij b>ik|jk"
    )


def test_tokens_in_another_order_are_another_grammar() -> None:
    one, other = parse_grammar_text("1>ij|ji"), parse_grammar_text("1>ij|ji; j i")
    assert one.tokens == ("i", "j")
    assert other.tokens == ("j", "i")
    assert grammar_text(other) == "1>ij|ji; j i"


def test_longer_names_are_separated_by_commas() -> None:
    grammar = parse_grammar_text("s>np,vp|np,v; np>the,dog|a,dog vp>sees,it v>barks,now")
    assert grammar.levels[0][0].productions[1].children == ("np", "v")
    assert grammar_text(grammar) == "s>np,vp|np,v; np>the,dog|a,dog vp>sees,it v>barks,now"


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("", ["levels[0]: has no symbols"]),
        ("1>ab; ; a>ij", ["levels[1]: has no symbols"]),
        ("a>bc*x|; b>ij ac", [
            "levels[0].a[0]: 'bc*x' has the weight 'x', but must have a number",
            "levels[0].a[1]: '' has no symbols",
            "levels[1].ac[0]: 'ac' is not of the form symbol>tuple|tuple",
        ]),
        ("1>ij 1>ji; i j j", ["levels[0].1: is written twice", "tokens: `j` is written twice"]),
        ("1>ij|ji*-1|jj*inf", [
            "levels[0].1[1]: `1 > j i` has the weight -1, but must have one > 0; or leave it out",
            "levels[0].1[2]: `1 > j j` has the weight inf, but must have one > 0; or leave it out",
        ]),
    ],
)  # fmt: skip
def test_everything_wrong_is_listed(text: str, messages: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_grammar_text(text)
    assert list(map(str, caught.value.problems)) == messages
