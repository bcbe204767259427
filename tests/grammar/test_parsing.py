"""Parsing against a recursive reference, enumeration and the theory of chance."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.grammar import Grammar, Parser, chance_validity, make_dataset, make_grammar

CONFIGS = [
    GrammarConfig(seed_rules=42),
    GrammarConfig(num_features=5, num_classes=11, num_synonyms=2, num_layers=2),
    GrammarConfig(num_features=3, num_classes=2, num_synonyms=5, tuple_size=3, num_layers=2),
    GrammarConfig(num_features=4, num_classes=3, num_synonyms=2, num_layers=1),
    GrammarConfig(explicit="1>ab|ba*3|bb 2>aa; a>ij|ik*2|jj b>kk"),
    GrammarConfig(explicit="binary_3_level"),
]


def parse_block(grammar: Grammar, block: Sequence[int], level: int) -> int | None:
    """The level-`level` symbol of one block of s**level tokens, by searching the rules."""
    if level == 0:
        return block[0] if 0 <= block[0] < grammar.num_features else None
    size = len(block) // grammar.tuple_size
    children = [parse_block(grammar, block[i : i + size], level - 1) for i in range(0, len(block), size)]
    rules = grammar.levels[grammar.num_layers - level].tuples
    return next((symbol for symbol, synonyms in enumerate(rules) if children in synonyms), None)


def corrupted(grammar: Grammar, seed: int, share: float, top: int) -> np.ndarray:
    """Valid strings with a share of their tokens replaced by any in 0..top-1."""
    generator = np.random.default_rng(seed)
    strings = make_dataset(grammar, 30, 0, seed, replacement=True).train
    noise = generator.integers(0, top, strings.shape, dtype=np.uint8)
    return np.where(generator.random(strings.shape) < share, noise, strings)


@given(config=st.sampled_from(CONFIGS), seed=st.integers(0, 1000), share=st.sampled_from([0.0, 0.1, 1.0]))
def test_parsing_equals_a_search_of_the_rules(config: GrammarConfig, seed: int, share: float) -> None:
    grammar = make_grammar(config)
    strings = corrupted(grammar, seed, share, top=config.num_features + 2)
    for level, symbols in enumerate(Parser(grammar).levels(strings), start=1):
        size = config.tuple_size**level
        blocks = strings.reshape(-1, size).tolist()
        expected = [parse_block(grammar, block, level) for block in blocks]
        assert [None if symbol < 0 else symbol for symbol in symbols.ravel().tolist()] == expected


@pytest.mark.parametrize("config", CONFIGS)
def test_parse_summarizes_the_levels(config: GrammarConfig) -> None:
    grammar = make_grammar(config)
    strings = corrupted(grammar, 0, 0.1, top=config.num_features)
    levels = list(Parser(grammar).levels(strings))
    found = Parser(grammar).parse(strings)
    np.testing.assert_allclose(found.level_validity, [(symbols >= 0).mean() for symbols in levels])
    assert found.classes.tolist() == levels[-1][:, 0].tolist()
    assert found.valid.tolist() == [label >= 0 for label in found.classes.tolist()]
    assert 0 < found.valid.sum() < len(strings)


@pytest.mark.parametrize(
    "config",
    [
        GrammarConfig(num_features=3, num_classes=2, num_synonyms=2, num_layers=2),
        GrammarConfig(num_features=2, num_classes=3, num_synonyms=1, num_layers=3),
        GrammarConfig(num_features=2, num_classes=2, num_synonyms=3, tuple_size=3, num_layers=2),
        GrammarConfig(explicit="binary_3_level"),
        GrammarConfig(explicit="1>ab|ba|bb 2>aa 3>ca; a>ij|ik|jj b>kk c>ii"),
        GrammarConfig(num_features=3, num_classes=2, num_synonyms=2, num_layers=2, zipf_exponent=1.0, zipf_level=2),
    ],
)
def test_validity_of_all_strings_of_tokens_is_that_of_chance(config: GrammarConfig) -> None:
    """Over all v**d strings chance is exact, also where n != v; and P_max of them are valid."""
    every = np.array(list(itertools.product(range(config.num_features), repeat=config.string_length)), dtype=np.uint8)
    found = Parser(make_grammar(config)).parse(every)
    np.testing.assert_allclose(found.level_validity, chance_validity(config), rtol=1e-12)
    assert found.valid.sum() == config.p_max


def test_a_wrong_token_invalidates_its_ancestors_only() -> None:
    grammar = make_grammar(GrammarConfig())
    string = make_dataset(grammar, 1, 0, 0).train
    string[0, 0] = grammar.num_features
    found = Parser(grammar).parse(string)
    assert found.level_validity.tolist() == [3 / 4, 1 / 2, 0]
    assert found.classes.tolist() == [-1]


def test_tokens_beyond_a_byte_are_invalid_and_do_not_wrap() -> None:
    grammar = make_grammar(GrammarConfig())
    string = make_dataset(grammar, 1, 0, 0).train.astype(np.int64)
    for offset in (-(2**16), -256, 256, 2**16, 2**32):
        changed = string.copy()
        changed[0, 0] += offset
        assert not Parser(grammar).parse(changed).valid.any()


def test_the_validity_of_no_strings_is_unknown() -> None:
    found = Parser(make_grammar(GrammarConfig())).parse(np.empty((0, 8), dtype=np.uint8))
    assert np.isnan(found.level_validity).tolist() == [True, True, True]
    assert found.valid.shape == found.classes.shape == (0,)


@pytest.mark.parametrize("shape", [(3, 7), (3, 16), (8,)])
def test_strings_of_another_length_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match=r"must have s\*\*L = 8 tokens"):
        Parser(make_grammar(GrammarConfig())).parse(np.zeros(shape, dtype=np.uint8))


def test_the_widest_alphabet_parses() -> None:
    grammar = make_grammar(GrammarConfig(num_features=255, num_classes=255, num_synonyms=255, num_layers=2))
    data = make_dataset(grammar, 500, 0, 0)
    assert Parser(grammar).parse(data.train).classes.tolist() == data.train_classes.tolist()


def test_an_ambiguous_grammar_is_not_parsed() -> None:
    with pytest.raises(
        UsageError, match=r"ambiguous grammar cannot be parsed: `g > h g` and `h > h g` at level 1; give each"
    ):
        Parser(make_grammar(GrammarConfig(explicit="1>gh 2>gg; g>ij|hg h>hg|jj")))
