"""Grammars that are drawn, written, weighted, saved and read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import ConfigError, UsageError
from rhm_sweeps.explicit_grammars import parse_grammar_text
from rhm_sweeps.grammar import Grammar, Rules, explicit_form, grammar_of, load_grammar, make_grammar, save_grammar

RAGGED = "1>ab|ba*3|bb 2>aa; a>ij|ik*2|jj b>kk"


def test_an_explicit_grammar_is_its_rules() -> None:
    grammar = grammar_of(parse_grammar_text(RAGGED))
    assert grammar.names == (("1", "2"), ("a", "b"), ("i", "j", "k"))
    assert grammar.is_named
    assert [level.tuples for level in grammar.levels] == [
        [[[0, 1], [1, 0], [1, 1]], [[0, 0]]],
        [[[0, 1], [0, 2], [1, 1]], [[2, 2]]],
    ]
    assert grammar.levels[0].probabilities.tolist() == pytest.approx([0.2, 0.6, 0.2, 1.0])
    assert grammar.levels[1].log_probabilities.tolist() == pytest.approx(np.log([0.25, 0.5, 0.25, 1.0]))
    sizes = (grammar.num_features, grammar.num_classes, grammar.num_synonyms, grammar.tuple_size, grammar.string_length)
    assert sizes == (3, 2, 3, 2, 4)
    assert grammar.p_max == 3 + 3 + 1 + 9
    assert make_grammar(GrammarConfig(explicit=RAGGED)).p_max == grammar.p_max
    assert not grammar.is_uniform


def test_uniform_grammars_have_equal_numbers_of_equally_probable_rules() -> None:
    def is_uniform(text: str) -> bool:
        return grammar_of(parse_grammar_text(text)).is_uniform

    assert make_grammar(GrammarConfig(num_classes=3)).is_uniform
    assert make_grammar(GrammarConfig(explicit="binary_5_level")).is_uniform
    assert not is_uniform("1>ij|ji 2>ii")
    assert not is_uniform("1>ij|ji*2")


@pytest.mark.parametrize(("exponent", "expected"), [(1.0, [6 / 11, 3 / 11, 2 / 11]), (2.0, [36 / 49, 9 / 49, 4 / 49])])
def test_zipf_rules_of_one_level(exponent: float, expected: list[float]) -> None:
    """p(rule k) = k**-a / sum_k k**-a, level counted from the leaves; the rules are those without weights."""
    plain = make_grammar(GrammarConfig(num_classes=4))
    grammar = make_grammar(GrammarConfig(num_classes=4, zipf_exponent=exponent, zipf_level=3))
    assert [level.tuples for level in grammar.levels] == [level.tuples for level in plain.levels]
    assert grammar.levels[0].probabilities.reshape(4, 3) == pytest.approx(np.tile(expected, (4, 1)))
    assert [level.is_uniform for level in grammar.levels] == [False, True, True]


def test_zipf_rules_of_a_ragged_grammar() -> None:
    grammar = make_grammar(GrammarConfig(explicit="1>ij|ji|ii 2>jj|kk 3>ik", zipf_exponent=1.0, zipf_level=1))
    expected = [6 / 11, 3 / 11, 2 / 11, 2 / 3, 1 / 3, 1]
    assert grammar.levels[0].probabilities.tolist() == pytest.approx(expected)


@pytest.mark.parametrize(
    "config",
    [
        GrammarConfig(seed_rules=42),
        GrammarConfig(num_features=30, num_classes=1, num_synonyms=1, num_layers=2),
        GrammarConfig(num_features=12, num_classes=5, num_synonyms=4, tuple_size=3, num_layers=3),
        GrammarConfig(zipf_exponent=0.7, zipf_level=2),
        GrammarConfig(explicit="5-2"),
        GrammarConfig(explicit=RAGGED),
        GrammarConfig(explicit="1>gh 2>gg; g>ij|ji h>ji|jj"),
    ],
)  # fmt: skip
def test_what_is_saved_is_loaded(config: GrammarConfig, tmp_path: Path) -> None:
    """Also symbols that no class leads to, tokens that no rule makes, and weights to the last bit."""
    grammar, path = make_grammar(config), tmp_path / "saved.yaml"
    save_grammar(grammar, path, "saved")
    assert path.read_text().startswith("name: saved\nlevels:\n  - ")
    loaded = load_grammar(path)
    assert explicit_form(loaded) == explicit_form(grammar)
    for one, other in zip(loaded.levels, grammar.levels, strict=True):
        assert one.num_children == other.num_children
        assert one.probabilities.tolist() == other.probabilities.tolist()


def test_a_saved_grammar_trains_as_an_explicit_one(tmp_path: Path) -> None:
    config = GrammarConfig(num_features=4, num_classes=3, num_synonyms=2, seed_rules=5)
    save_grammar(make_grammar(config), tmp_path / "saved.yaml")
    again = GrammarConfig(explicit=str(tmp_path / "saved.yaml"))
    assert again.p_max == config.p_max
    assert [level.tuples for level in make_grammar(again).levels] == [
        level.tuples for level in make_grammar(config).levels
    ]


def test_what_could_not_be_read_back_is_not_saved(tmp_path: Path) -> None:
    large = make_grammar(GrammarConfig(num_features=100, num_classes=100, num_synonyms=50))
    with pytest.raises(UsageError, match=r"takes \d+ bytes as YAML, but must take <= 65536"):
        save_grammar(large, tmp_path / "large.yaml")
    with pytest.raises(UsageError, match="cannot write the grammar"):
        save_grammar(make_grammar(GrammarConfig()), tmp_path / "no" / "folder.yaml")
    (tmp_path / "wrong.yaml").write_text("levels: 3")
    with pytest.raises(ConfigError, match=r"wrong\.yaml:1 levels: must be a list"):
        load_grammar(tmp_path / "wrong.yaml")


def test_ambiguity_is_named() -> None:
    twice = Grammar((Rules.of([[[0, 1], [0, 1]]], 2),))
    assert twice.ambiguity == "`0 > 0 1` and `0 > 0 1` at level 1"
    assert (
        make_grammar(GrammarConfig(explicit="1>gh 2>gg; g>ij|hg h>hg|jj")).ambiguity
        == "`g > h g` and `h > h g` at level 1"
    )
    assert make_grammar(GrammarConfig()).ambiguity is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Rules.of([[[0, 1]], []], 2), "`parents` must be ascending and name each of 0..1"),
        (lambda: Rules.of([[[0, 2]]], 2), r"`children` must be in 0\.\.1"),
        (lambda: Rules.of([[[0, 1]]], 2, [0.0]), "`weights` must be > 0"),
        (lambda: Grammar((Rules.of([[[0, 1]]], 2), Rules.of([[[0, 1]]], 2))), "levels make"),
    ],
)
def test_wrong_rules_are_refused(make: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()  # type: ignore[operator]
