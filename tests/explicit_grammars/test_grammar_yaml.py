"""Grammars in YAML: every way to write a tuple, and every problem with its line."""

from __future__ import annotations

import sys

import pytest

from rhm_sweeps.errors import ConfigError
from rhm_sweeps.explicit_grammars import grammar_text, grammar_yaml, parse_grammar_text, parse_grammar_yaml


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError, match=r"grammar") as caught:
        parse_grammar_yaml(text, "g.yaml")
    return list(map(str, caught.value.problems))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("{a: [ij, ji]}", "a>ij|ji"),
        ("{1: [[i, j], j i, 'ii', jj]}", "1>ij|ji|ii|jj"),
        ("{a: [{tuple: ij, weight: 3}, {tuple: [j, i]}]}", "a>ij*3|ji*1"),
        ("{np: [the dog, [a, dog]]}", "np>the,dog|a,dog"),
        ("{a: ['01', [1, 0]]}", "a>01|10"),
        ("{a: [[no, on]], b: [on no]}", "a>no,on b>on,no"),
    ],
)
def test_the_ways_to_write_a_tuple(rules: str, expected: str) -> None:
    assert grammar_text(parse_grammar_yaml(f"levels: [{rules}]")) == expected


def test_a_file_says_its_name_and_the_order_of_its_tokens() -> None:
    grammar = parse_grammar_yaml("# what for\nname: x\ntokens: [j, i]\nlevels:\n  - a: [ij]\n    b: [ji]\n")
    assert grammar == parse_grammar_text("a>ij b>ji; j i")
    assert grammar_yaml(grammar, "x") == "name: x\nlevels:\n  - a: [ij]\n    b: [ji]\ntokens: [j, i]\n"


def test_the_format_is_the_one_that_is_documented() -> None:
    example = str(sys.modules[parse_grammar_yaml.__module__].__doc__).split("\n\n", 1)[1]
    assert grammar_text(parse_grammar_yaml(example)) == "s>np,vp*1|np,np*0.5; np>ab|aa vp>ba"


def test_weights_are_kept_to_the_last_bit() -> None:
    grammar = parse_grammar_text(f"a>ij*{1 / 3}|ji*7e-300")
    assert parse_grammar_yaml(grammar_yaml(grammar)) == grammar


def test_everything_wrong_is_listed_with_its_line() -> None:
    text = """name: x
level: 3
levels:
  - a: [bc, bcd, cb, {tuple: bc, weight: -1}, 11]
    z: []
  - {b: [ij], c: [ii, jj], d: [[i, null]]}
tokens: [i]
"""
    assert problems(text) == [
        "g.yaml:2 level: there is no such key; did you mean `levels`?",
        "g.yaml:4 levels[0].a[1]: `a > b c d` makes 3 symbols, but the first rule, `a > b c`, makes 2: strings would differ in "
        "length, so positions would not align",
        "g.yaml:4 levels[0].a[3]: `a > b c` has the weight -1, but must have one > 0; or leave it out",
        "g.yaml:4 levels[0].a[3]: `a > b c` is written twice; add up the weights",
        "g.yaml:4 levels[0].a[4]: is 11, but must be a tuple of symbols; put it in quotes",
        "g.yaml:5 levels[0].z: is [], but must list at least one tuple: z: [ij, ik]",
        "g.yaml:6 levels[1].b[0]: `b > i j` makes `j`, which is not among `tokens`; add it there",
        "g.yaml:6 levels[1].c[1]: `c > j j` makes `j`, which is not among `tokens`; add it there",
        "g.yaml:6 levels[1].d[0]: has None, but must have names of symbols; put it in quotes",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: x", "must be a list of levels"),
        ("levels: []", "must be a list of levels"),
        ("levels: [[ij]]", r"levels[0]: is ['ij'], but must map symbols to their tuples"),
        ("levels: [{a: ij}]", "levels[0].a: is 'ij', but must list at least one tuple"),
        ("levels: [{a: [{weight: 2}]}]", "levels[0].a[0]: must have `tuple` and may have `weight`"),
        ("levels: [{a: [{tuple: ij, weight: x}]}]", "has the weight 'x', but must have a number > 0"),
        ("levels: [{a: [true]}]", "is True, but must be a tuple of symbols"),
        ("levels: [{a: [ab]}, {a: [ij]}]", "`a > a b` makes `b`, which has no productions at the next level; add it there"),
        ("levels: [{a: [ii]}]", "makes 1 token, but must make at least 2"),
        ("levels: [{a: [i, j]}]", "rules make 1 symbols, but must make 2 to 16"),
        ("levels: [{a: [[i|, j]]}]", "tokens: the name 'i|' must have"),
        ("levels: [{a>: [ij]}]", "the name 'a>' must have 1 to 32 characters that can be shown, no blanks and none of > |"),
        (r'levels: [{"\ec": [ij]}]', r"the name '\x1bc' must have 1 to 32 characters that can be shown"),
        (r'levels: [{"a\u202e": [ij]}]', r"the name 'a\u202e' must have 1 to 32 characters that can be shown"),
        ("levels: [{a: [ij]}]\ntokens: ij", "is 'ij', but must be a list of names"),
        ("levels: [{a: [ij]}]\nunreachable: 1", "is 1, but must be true or false"),
        ("levels: [{a: [bb]}, {b: [ij], c: [ji]}]", "no class leads to `c`; remove it, or write `unreachable: true`"),
        ("levels: [{a: [ij]}]\ntokens: [i, j, k]", "no class leads to `k`"),
        ("levels: [{a: [ij], a: [ji]}]", "is written twice"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_grammar_yaml(text, "g.yaml")
    assert message in str(caught.value)


def test_unreachable_symbols_may_be_meant() -> None:
    text = "levels:\n  - a: [bb]\n  - b: [ij]\n    c: [ji]\nunreachable: true\n"
    assert grammar_yaml(parse_grammar_yaml(text)) == text


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ("[" + ", ".join(["{a: [aa]}"] * 12) + ", {a: [ij]}]", "there are 13 levels, but must be <= 12"),
        ("[" + ", ".join(["{a: [aaaaa]}"] * 6) + ", {a: [ijjjj]}]", "strings have 5**7 = 78125 tokens, but must have <= 16384"),
        ("[{a: [[" + ", ".join(f"t{i}" for i in range(16)) + "]]}]", "there are 16 tokens, but must be <= 2"),
    ],
)  # fmt: skip
def test_grammars_beyond_any_table_are_refused(levels: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_grammar_yaml(f"levels: {levels}")
    assert message in str(caught.value)
