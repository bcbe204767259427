"""The rules: the original code's stream, and no tuple with two parents."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.grammar import make_grammar


def original_rules(v: int, n: int, m: int, s: int, layers: int, seed: int) -> list[np.ndarray]:
    """The described system's algorithm as it is described, with the module-level generator."""
    random.seed(seed)
    tuples = list(itertools.product(range(v), repeat=s))
    rules = [np.array(random.sample(tuples, n * m)).reshape(n, m, s)]
    rules += [np.array(random.sample(tuples, v * m)).reshape(v, m, s) for _ in range(1, layers)]
    return rules


def config_of(v: int, n: int, m: int, s: int, layers: int, seed: int) -> GrammarConfig:
    return GrammarConfig(
        num_features=v, num_classes=n, num_synonyms=m, tuple_size=s, num_layers=layers, seed_rules=seed
    )


@pytest.mark.parametrize(
    "numbers", [(8, 8, 3, 2, 3, 42), (8, 8, 3, 2, 3, 0), (6, 10, 3, 2, 4, 7), (5, 2, 4, 3, 2, 1), (16, 16, 4, 2, 3, 42)]
)
def test_rules_equal_those_of_the_original_code(numbers: tuple[int, int, int, int, int, int]) -> None:
    grammar = make_grammar(config_of(*numbers))
    expected = original_rules(*numbers)
    assert [level.tuples for level in grammar.levels] == [rules.tolist() for rules in expected]
    assert all(level.is_uniform for level in grammar.levels)


def test_first_rules_of_seed_42() -> None:
    """Frozen: runs are published by seed, so these may never change."""
    levels = make_grammar(config_of(8, 8, 3, 2, 3, 42)).levels
    assert levels[0].tuples[0] == [[1, 6], [0, 1], [5, 7]]
    assert levels[-1].tuples[-1] == [[0, 4], [7, 0], [1, 6]]


def test_drawing_rules_leaves_the_global_stream_alone() -> None:
    random.seed(1)
    expected = random.random()
    random.seed(1)
    make_grammar(GrammarConfig(seed_rules=5))
    assert random.random() == expected


@given(
    v=st.integers(2, 12),
    n=st.integers(1, 12),
    m=st.integers(1, 6),
    s=st.integers(2, 3),
    layers=st.integers(1, 3),
    seed=st.integers(0, 2**32),
)
def test_no_tuple_has_two_parents(v: int, n: int, m: int, s: int, layers: int, seed: int) -> None:
    m = min(m, v ** (s - 1))
    n = min(n, v**s // m)
    grammar = make_grammar(config_of(v, n, m, s, layers, seed))
    assert grammar.ambiguity is None
    for level, symbols in zip(grammar.levels, [n, *[v] * (layers - 1)], strict=True):
        assert level.counts.tolist() == [m] * symbols
        assert level.children.min() >= 0
        assert level.children.max() < v
        assert len(np.unique(level.children, axis=0)) == symbols * m


def test_sizes_agree_with_the_configuration() -> None:
    config = config_of(6, 10, 3, 2, 4, 7)
    grammar = make_grammar(config)
    assert grammar.num_features == 6
    assert grammar.num_classes == 10
    assert grammar.num_synonyms == 3
    assert grammar.tuple_size == 2
    assert grammar.num_layers == 4
    assert grammar.string_length == config.string_length == 16
    assert grammar.p_max == config.p_max == 10 * 3**15


def test_rules_are_read_only() -> None:
    level = make_grammar(GrammarConfig()).levels[0]
    for array in (level.parents, level.children, level.weights):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
