"""Strings: the original code's order, and that they are the grammar's."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import ConfigError, UsageError
from rhm_sweeps.grammar import Grammar, Parser, decode_strings, make_dataset, make_grammar

EIGHT_THREE = GrammarConfig(seed_rules=42)
DEEP = GrammarConfig(num_layers=6)


def original_string(grammar: Grammar, index: int) -> tuple[list[int], int]:
    """Decode one number with Python integers, rewriting symbol by symbol from the class down."""
    choices = []
    for _ in range((grammar.string_length - 1) // (grammar.tuple_size - 1)):
        index, choice = divmod(index, grammar.num_synonyms)
        choices.insert(0, choice)
    symbols = [index]
    for level in grammar.levels:
        symbols = [token for symbol in symbols for token in level.tuples[symbol][choices.pop(0)]]
    return symbols, index


@pytest.mark.parametrize(
    "config",
    [
        EIGHT_THREE,
        GrammarConfig(num_features=5, num_classes=3, num_synonyms=4, tuple_size=3, num_layers=2),
        GrammarConfig(num_features=16, num_classes=7, num_synonyms=4, num_layers=4),
        GrammarConfig(num_features=4, num_synonyms=6, tuple_size=8, num_layers=2),
    ],
)
def test_training_strings_equal_those_of_the_original_code(config: GrammarConfig) -> None:
    grammar = make_grammar(config)
    data = make_dataset(grammar, 40, 10, seed_sample=1)
    random.seed(1)
    expected = [original_string(grammar, index) for index in random.sample(range(config.p_max), 50)]
    assert [*data.train.tolist(), *data.test.tolist()] == [string for string, _ in expected]
    assert [*data.train_classes.tolist(), *data.test_classes.tolist()] == [label for _, label in expected]
    assert data.train.dtype == np.uint8
    assert data.train.shape == (40, config.string_length)
    assert data.test_classes.dtype == np.int64


def test_decoding_all_numbers_gives_all_strings_once() -> None:
    config = GrammarConfig(num_features=4, num_classes=3, num_synonyms=2, num_layers=2)
    strings, classes = decode_strings(make_grammar(config), range(config.p_max))
    assert len(np.unique(strings, axis=0)) == config.p_max == 24
    assert classes.tolist() == [0] * 8 + [1] * 8 + [2] * 8


def test_numbers_just_below_2_to_63_decode_exactly() -> None:
    config = GrammarConfig(num_features=21, num_classes=69, num_synonyms=2662, tuple_size=4, num_layers=2)
    assert 0.999 * 2**63 < config.p_max < 2**63
    grammar = make_grammar(config)
    numbers = [0, 1, 2**53 + 1, config.p_max - 2, config.p_max - 1]
    strings, classes = decode_strings(grammar, numbers)
    assert list(zip(strings.tolist(), classes.tolist(), strict=True)) == [original_string(grammar, i) for i in numbers]


@pytest.mark.parametrize("number", [-1, EIGHT_THREE.p_max])
def test_numbers_out_of_bounds_are_refused(number: int) -> None:
    with pytest.raises(UsageError, match=r"must be in 0\.\.17495"):
        decode_strings(make_grammar(EIGHT_THREE), [0, number])


def test_strings_of_large_grammars_have_no_numbers() -> None:
    with pytest.raises(UsageError, match=r"P_max is >= 2\*\*63"):
        decode_strings(make_grammar(DEEP), [0])


def test_all_strings_of_a_grammar_can_be_drawn() -> None:
    grammar = make_grammar(EIGHT_THREE)
    data = make_dataset(grammar, 17_000, 496, seed_sample=3)
    assert len(np.unique(np.concatenate([data.train, data.test]), axis=0)) == grammar.p_max


@given(seed=st.integers(0, 2**63), replacement=st.booleans())
def test_strings_parse_to_their_class(seed: int, replacement: bool) -> None:
    config = GrammarConfig(num_features=6, num_classes=9, num_synonyms=3, seed_rules=seed)
    grammar = make_grammar(config)
    data = make_dataset(grammar, 20, 5, seed, replacement)
    parser = Parser(grammar)
    assert parser.parse(data.train).classes.tolist() == data.train_classes.tolist()
    assert parser.parse(data.test).classes.tolist() == data.test_classes.tolist()


@pytest.mark.parametrize("config", [EIGHT_THREE, DEEP])
def test_a_draw_with_replacement_follows_its_seed(config: GrammarConfig) -> None:
    grammar = make_grammar(config)
    first, same, other = (make_dataset(grammar, 50, 7, seed, replacement=True) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.train, same.train)
    np.testing.assert_array_equal(first.test, same.test)
    assert first.test.shape == (7, config.string_length)
    assert (first.train != other.train).any()


def test_a_draw_with_replacement_is_uniform_over_strings() -> None:
    """Each of 24 strings has the share 1/24; sd of a count over 24000 draws is 31, so 6 sd are 186."""
    grammar = make_grammar(GrammarConfig(num_features=4, num_classes=3, num_synonyms=2, num_layers=2))
    data = make_dataset(grammar, 24_000, 0, seed_sample=0, replacement=True)
    _, counts = np.unique(data.train, axis=0, return_counts=True)
    assert len(counts) == 24
    assert np.abs(counts - 1000).max() < 186


def test_grammars_with_too_many_strings_to_number_are_drawn_with_replacement() -> None:
    grammar = make_grammar(DEEP)
    np.testing.assert_array_equal(make_dataset(grammar, 9, 1, 5).train, make_dataset(grammar, 9, 1, 5, True).train)


@pytest.mark.parametrize("replacement", [False, True])
def test_no_strings_are_a_dataset_too(replacement: bool) -> None:
    data = make_dataset(make_grammar(EIGHT_THREE), 0, 0, 0, replacement)
    assert data.train.shape == data.test.shape == (0, 8)


def test_more_strings_than_there_are_are_refused() -> None:
    grammar = make_grammar(EIGHT_THREE)
    with pytest.raises(ConfigError, match=r"17000 \+ 497 = 17497, but must be <= P_max = 17496.*set `replacement`"):
        make_dataset(grammar, 17_000, 497, 0)
    assert len(make_dataset(grammar, 17_000, 497, 0, replacement=True).test) == 497


def test_wrong_sizes_and_seeds_are_listed_together() -> None:
    with pytest.raises(ConfigError, match="dataset: 2 problems") as caught:
        make_dataset(make_grammar(EIGHT_THREE), -1, 5, 2**64)
    assert "`train_size` and `test_size` are -1 and 5, but must be >= 0" in str(caught.value)
    assert "`seed_sample` is 18446744073709551616, but must be in 0..2**64-1" in str(caught.value)


RAGGED = GrammarConfig(explicit="1>ab|ba*3|bb 2>aa; a>ij|ik*2|jj b>kk")
WEIGHTED = GrammarConfig(num_features=6, num_classes=4, num_synonyms=2, num_layers=4, zipf_exponent=1.5, zipf_level=2)


def test_strings_of_a_written_uniform_grammar_are_drawn_by_number() -> None:
    grammar = make_grammar(GrammarConfig(explicit="5-2"))
    random.seed(4)
    expected = decode_strings(grammar, random.sample(range(960), 30))
    data = make_dataset(grammar, 20, 10, seed_sample=4)
    assert [*data.train.tolist(), *data.test.tolist()] == expected[0].tolist()
    assert [*data.train_classes.tolist(), *data.test_classes.tolist()] == expected[1].tolist()


def test_binary_5_level_has_numbers_too() -> None:
    grammar = make_grammar(GrammarConfig(explicit="binary_5_level"))
    data = make_dataset(grammar, 50, 50, 0)
    assert Parser(grammar).parse(data.train).classes.tolist() == data.train_classes.tolist()


@pytest.mark.parametrize("config", [RAGGED, WEIGHTED], ids=["ragged", "zipf"])
def test_strings_of_weighted_rules_are_those_of_the_grammar(config: GrammarConfig) -> None:
    """All distinct, and they follow their seed."""
    grammar = make_grammar(config)
    drawn, same, other = (make_dataset(grammar, 6, 6, seed) for seed in (1, 1, 2))
    both = np.concatenate([drawn.train, drawn.test])
    assert len(np.unique(both, axis=0)) == 12
    assert both.tolist() == np.concatenate([same.train, same.test]).tolist()
    assert both.tolist() != np.concatenate([other.train, other.test]).tolist()
    assert Parser(grammar).parse(drawn.test).classes.tolist() == drawn.test_classes.tolist()


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_rules_of_a_zipf_level_are_drawn_with_their_weights(level: int) -> None:
    """Chi-square of how often each rule of each level is used by 4000 strings: below 5 sd above its mean."""
    grammar = make_grammar(WEIGHTED.model_copy(update={"zipf_level": level}))
    strings = make_dataset(grammar, 4000, 0, 0, replacement=True).train
    below = strings
    for rules, above in zip(reversed(grammar.levels), Parser(grammar).levels(strings), strict=True):
        pairs = {
            (s, *t): k for k, (s, t) in enumerate(zip(rules.parents.tolist(), rules.children.tolist(), strict=True))
        }
        used = [pairs[s, *t] for s, t in zip(above.ravel().tolist(), below.reshape(-1, 2).tolist(), strict=True)]
        counts = np.bincount(used, minlength=len(rules.parents))
        totals = np.bincount(above.ravel(), minlength=rules.num_parents)[rules.parents]
        expected = totals * rules.probabilities
        seen, freedom = totals > 0, len(np.unique(above))  # two rules of each symbol make one degree of freedom
        chi_square = (((counts - expected) ** 2)[seen] / expected[seen]).sum()
        assert chi_square < freedom + 5 * (2 * freedom) ** 0.5
        below = above


def test_nearly_all_strings_of_a_weighted_grammar_can_be_drawn() -> None:
    grammar = make_grammar(RAGGED)
    data = make_dataset(grammar, grammar.p_max - 2, 2, 3)
    assert len(np.unique(np.concatenate([data.train, data.test]), axis=0)) == grammar.p_max


def test_strings_of_an_ambiguous_grammar_can_be_drawn() -> None:
    grammar = make_grammar(GrammarConfig(explicit="1>gh 2>gg; g>ij|ji h>ji|jj"))
    data = make_dataset(grammar, 4, 2, 0)
    assert len(np.unique(np.concatenate([data.train, data.test]), axis=0)) == 6


def latents(grammar: Grammar, strings: np.ndarray) -> list[list[list[int]]]:
    """The symbols of strings at level 1..L."""
    return [symbols.tolist() for symbols in Parser(grammar).levels(strings)]


@pytest.mark.parametrize(
    "config", [EIGHT_THREE, WEIGHTED, GrammarConfig(explicit="5-2")], ids=["random", "zipf", "5-2"]
)
@pytest.mark.parametrize("level", [1, 2, 3])
def test_resampled_strings_keep_their_latents_above(config: GrammarConfig, level: int) -> None:
    grammar = make_grammar(config)
    plain = make_dataset(grammar, 60, 20, 5)
    data = make_dataset(grammar, 60, 20, 5, resample_level=level, seed_resample=9)
    assert data.train_classes.tolist() == plain.train_classes.tolist()
    for one, other in ((plain.train, data.train), (plain.test, data.test)):
        before, after = latents(grammar, one), latents(grammar, other)
        assert before[level - 1 :] == after[level - 1 :]
        assert all(a != b for a, b in zip(before[: level - 1], after[: level - 1], strict=True))
        assert one.tolist() != other.tolist()
    assert len(np.unique(np.concatenate([data.train, data.test]), axis=0)) == 80


def test_another_seed_resamples_otherwise_and_the_same_does_not() -> None:
    grammar = make_grammar(EIGHT_THREE)
    one, same, other = (make_dataset(grammar, 50, 5, 5, resample_level=2, seed_resample=seed) for seed in (1, 1, 2))
    assert one.train.tolist() == same.train.tolist()
    assert one.train.tolist() != other.train.tolist()
    assert one.train_classes.tolist() == other.train_classes.tolist()


@pytest.mark.parametrize("level", [1, 2, 3])
def test_all_strings_of_a_grammar_can_be_resampled(level: int) -> None:
    """Then every string is there again, below the latents of another."""
    grammar = make_grammar(EIGHT_THREE)
    data = make_dataset(grammar, 17_496, 0, 0, resample_level=level, seed_resample=1)
    assert len(np.unique(data.train, axis=0)) == grammar.p_max


def test_resampled_rules_are_equally_probable() -> None:
    """Each of the 81 strings below the latents of one string, over 900 seeds: within 5 sd."""
    grammar = make_grammar(EIGHT_THREE)
    drawn = [make_dataset(grammar, 1, 0, 7, resample_level=1, seed_resample=seed).train[0] for seed in range(900)]
    strings, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(strings) == 81
    assert abs(counts - 900 / 81).max() < 5 * (900 / 81) ** 0.5


def test_wrong_resampling_is_refused() -> None:
    with pytest.raises(ConfigError, match="dataset: 2 problems") as caught:
        make_dataset(make_grammar(EIGHT_THREE), 1, 1, 0, resample_level=4, seed_resample=-1)
    assert "`resample_level` is 4, but must be in 0..num_layers = 3" in str(caught.value)
