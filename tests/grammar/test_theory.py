"""Theory against published numbers and against iterating the maps themselves."""

from __future__ import annotations

import numpy as np
import pytest

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.grammar import (
    bayes_floor,
    chance_validity,
    derivation_entropy,
    epsilon_star,
    fixed_point,
    make_dataset,
    make_grammar,
    sample_complexity,
    symbol_chances,
)


def config_of(v: int, m: int, s: int = 2, layers: int = 3) -> GrammarConfig:
    return GrammarConfig(num_features=v, num_classes=v, num_synonyms=m, tuple_size=s, num_layers=layers)


def up_the_tree(config: GrammarConfig, p: float, levels: int) -> float:
    """Iterate F of the epsilon-process."""
    v, m, s = config.num_features, config.num_synonyms, config.tuple_size
    f, g = (m * v - 1) / (v**s - 1), (m - 1) / (v**s - 1)
    for _ in range(levels):
        p = (p**s + g * (1 - p**s)) / (p**s + f * (1 - p**s))
    return p


def test_chance_validity_of_the_standard_grammar() -> None:
    assert chance_validity(config_of(8, 3)) == pytest.approx([0.375, 0.053, 0.001], abs=5e-4)


def test_sample_complexity() -> None:
    assert sample_complexity(config_of(8, 3)) == [72, 216, 648]
    assert sample_complexity(config_of(16, 4, layers=4)) == [256, 1024, 4096, 16384]


@pytest.mark.parametrize(("v", "m", "expected"), [(8, 3, 0.6857), (16, 4, 0.8)])
def test_epsilon_star(v: int, m: int, expected: float) -> None:
    assert epsilon_star(config_of(v, m)) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(("v", "m"), [(8, 2), (8, 3), (8, 4), (16, 4), (16, 8), (32, 15), (255, 127)])
def test_fixed_point_of_pairs_is_the_closed_form(v: int, m: int) -> None:
    assert fixed_point(config_of(v, m)) == pytest.approx((m - 1) / (v - m), rel=1e-12)


@pytest.mark.parametrize(("v", "m", "s"), [(8, 3, 2), (8, 10, 3), (8, 4, 3), (4, 20, 4), (2, 900, 14), (6, 3, 2)])
def test_the_fixed_point_separates_what_is_lost_from_what_is_kept(v: int, m: int, s: int) -> None:
    config = config_of(v, m, s, layers=1)
    critical = fixed_point(config)
    assert critical is not None
    assert 1 / v < critical < 1
    assert up_the_tree(config, critical, 1) == pytest.approx(critical, rel=1e-9)
    assert up_the_tree(config, critical + 1e-3, 2000) == pytest.approx(1, abs=1e-6)
    assert up_the_tree(config, critical - 1e-3, 2000) == pytest.approx(1 / v, abs=1e-6)


@pytest.mark.parametrize(
    ("v", "m", "s", "limit"),
    [(6, 4, 2, 1 / 6), (8, 8, 2, 1 / 8), (8, 60, 3, 1 / 8), (8, 1, 2, 1.0), (8, 2, 3, 1.0)],
)
def test_grammars_without_a_transition_lose_or_keep_everything(v: int, m: int, s: int, limit: float) -> None:
    """Many synonyms: any noise hides the class of a deep tree. Few: none does."""
    config = config_of(v, m, s, layers=1)
    assert fixed_point(config) is None
    assert epsilon_star(config) is None
    for start in (1 / v + 0.01, 0.5, 0.99):
        assert up_the_tree(config, start, 20_000) == pytest.approx(limit, abs=1e-2)


def test_bayes_floor() -> None:
    assert bayes_floor(config_of(8, 3), 200) == pytest.approx(0.0060, abs=2e-4)
    assert bayes_floor(config_of(16, 4), 200) == pytest.approx(0.0078, abs=5e-5)


def test_bayes_floor_is_the_entropy_of_the_strings() -> None:
    """Per token and timestep; the strings are equally likely, so their entropy is the log of their number."""
    config = config_of(3, 2, layers=2)
    strings = make_dataset(make_grammar(config), config.p_max, 0, 0).train
    entropy = np.log(len(np.unique(strings, axis=0)))
    assert bayes_floor(config, 10) == pytest.approx(entropy / (4 * 10))


def test_bayes_floor_of_a_grammar_too_large_for_floats() -> None:
    assert bayes_floor(config_of(8, 3, layers=12), 100) == pytest.approx(np.log(3) / 100, rel=1e-2)


@pytest.mark.parametrize(
    "config", [config_of(8, 3), config_of(5, 2, 3), GrammarConfig(num_classes=2, num_features=6, num_synonyms=4)]
)
def test_chance_by_recursion_is_the_closed_form(config: GrammarConfig) -> None:
    chances = [float(level.sum()) for level in symbol_chances(make_grammar(config))]
    assert chances == pytest.approx(chance_validity(config), rel=1e-12)


def test_chance_validity_of_written_grammars() -> None:
    """Counted by hand: binary_3_level has 8 of 16 pairs, then 8 of 64 pairs of those, ...; 5-2 has 960 of 6**8 strings."""
    assert chance_validity(GrammarConfig(explicit="binary_3_level")) == pytest.approx([1 / 2, 32 / 256, 512 / 4**8])
    assert chance_validity(GrammarConfig(explicit="5-2")) == pytest.approx([12 / 36, 48 / 6**4, 960 / 6**8])


def test_chance_validity_of_an_ambiguous_grammar_is_unknown() -> None:
    with pytest.raises(UsageError, match="only known of unambiguous grammars, but `g > j i` and `h > j i`"):
        chance_validity(GrammarConfig(explicit="1>gh 2>gg; g>ij|ji h>ji|jj"))


def test_the_entropy_of_strings_is_that_of_their_probabilities(string_probabilities) -> None:
    for explicit in ("1>ab|ba*3|bb 2>aa; a>ij|ik*2|jj b>kk", "5-2"):
        config = GrammarConfig(explicit=explicit)
        p = np.array(list(string_probabilities(make_grammar(config)).values()))
        expected = -(p * np.log(p)).sum()
        assert derivation_entropy(make_grammar(config)) == pytest.approx(expected, rel=1e-12)
        assert bayes_floor(config, 10) == pytest.approx(expected / (config.string_length * 10), rel=1e-12)


def test_equal_probabilities_give_the_largest_entropy() -> None:
    plain, zipf = config_of(8, 3), GrammarConfig(zipf_exponent=1.0, zipf_level=1)
    assert derivation_entropy(make_grammar(plain)) == pytest.approx(np.log(plain.p_max), rel=1e-12)
    assert bayes_floor(zipf, 200) < bayes_floor(plain, 200)


@pytest.mark.parametrize("config", [GrammarConfig(explicit="5-2"), GrammarConfig(zipf_exponent=1.0, zipf_level=1)])
def test_the_epsilon_process_is_theory_of_plain_grammars_only(config: GrammarConfig) -> None:
    assert fixed_point(config) is None
    assert epsilon_star(config) is None


def test_sample_complexity_of_a_written_grammar_takes_its_largest_sizes() -> None:
    assert sample_complexity(GrammarConfig(explicit="5-2")) == [6 * 25, 6 * 125, 6 * 625]
