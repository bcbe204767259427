"""Metrics of samples against enumeration of tiny grammars, and samples that each metric must find fault with."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.evaluation.string_metrics import Reference, string_metrics
from rhm_sweeps.grammar import Dataset, Grammar, decode_strings, make_dataset, make_grammar

from .derivations import TINY, Tokens, derivations

CONFIG = GrammarConfig(num_features=4, num_classes=4, num_synonyms=2, num_layers=2)
GRAMMAR = make_grammar(CONFIG)
EVERY = decode_strings(GRAMMAR, range(GRAMMAR.p_max))[0]
DATA = make_dataset(GRAMMAR, 8, 4, 0)


def metrics(samples: np.ndarray, grammar: Grammar = GRAMMAR, train: np.ndarray = DATA.train) -> dict[str, float]:
    return string_metrics(samples, Reference.of(grammar, train))


def test_names() -> None:
    of_levels = {f"{name}_{level}" for name in ("validity", "rule_usage_tv", "subtuple_copies") for level in (1, 2)}
    distances = {"hamming", "hamming_min", "hamming_median", "hamming_max"}
    of_strings = {"copies", "excess_copies", "novel_valid", "class_balance_tv", "log_likelihood", "distinct"}
    assert set(metrics(EVERY)) == of_levels | distances | of_strings


@pytest.mark.parametrize("config", TINY, ids=str)
def test_metrics_are_those_of_enumeration(config: GrammarConfig) -> None:
    """Samples: strings of the grammar, some with tokens replaced, in no proportion that the grammar would have."""
    grammar = make_grammar(config)
    every, generator = derivations(grammar), np.random.default_rng(0)
    strings = np.array([derivation.tokens for derivation in every], dtype=np.uint8)
    samples = strings[generator.integers(len(strings), size=60) ** 2 % len(strings)]
    replaced = generator.random(samples.shape) < 0.2
    samples[replaced] = generator.integers(grammar.num_features, size=int(replaced.sum()))
    train = strings[generator.choice(len(strings), size=min(6, len(strings) - 1), replace=False)]
    found = metrics(samples, grammar, train)
    for name, expected in brute_force(grammar, samples, train).items():
        assert found[name] == pytest.approx(expected, nan_ok=True), name


def brute_force(grammar: Grammar, samples: np.ndarray, train: np.ndarray) -> dict[str, float]:
    """Every metric, string by string and block by block."""
    probability = {derivation.tokens: derivation for derivation in derivations(grammar)}
    strings, known = [tuple(map(int, x)) for x in samples], {tuple(map(int, x)) for x in train}
    valid = [probability[x] for x in strings if x in probability]
    copies = np.mean([x in known for x in strings])
    by_chance = len(valid) / len(strings) * sum(probability[x].probability for x in known)
    classes = Counter(derivation.label for derivation in valid)
    nearest = [min(sum(a != b for a, b in zip(x, y, strict=True)) for y in known) for x in strings]
    of_levels: dict[str, float] = {}
    for level in range(1, grammar.num_layers + 1):
        of_levels |= brute_force_of_level(grammar, level, strings, known)
    return of_levels | {
        "class_balance_tv": distance(classes, dict.fromkeys(range(grammar.num_classes), 1 / grammar.num_classes)),
        "log_likelihood": float(np.mean([np.log(derivation.probability) for derivation in valid])),
        "copies": float(copies),
        "excess_copies": float(copies - by_chance),
        "novel_valid": float(np.mean([x in probability and x not in known for x in strings])),
        "distinct": len(set(strings)) / len(strings),
        "hamming": float(np.mean(nearest)),
        "hamming_min": float(min(nearest)),
        "hamming_median": float(np.median(nearest)),
        "hamming_max": float(max(nearest)),
    }


def brute_force_of_level(grammar: Grammar, level: int, strings: list[Tokens], known: set[Tokens]) -> dict[str, float]:
    """A block is valid if a symbol makes it; its rule is what the symbol was rewritten by."""
    size = grammar.tuple_size**level
    legal: dict[Tokens, Tokens] = {}
    expected: dict[Tokens, float] = defaultdict(float)
    for derivation in derivations(grammar):
        rules = [children for rule_level, children in derivation.rules if rule_level == level]
        for rule, block in zip(rules, blocks_of(derivation.tokens, size), strict=True):
            legal[block] = rule
            expected[rule] += derivation.probability * size / len(derivation.tokens)
    blocks = [block for x in strings for block in blocks_of(x, size)]
    valid = [block for block in blocks if block in legal]
    trained = {block for x in known for block in blocks_of(x, size)}
    return {
        f"validity_{level}": len(valid) / len(blocks),
        f"rule_usage_tv_{level}": distance(Counter(legal[block] for block in valid), expected),
        f"subtuple_copies_{level}": float(np.mean([block in trained for block in valid])),
    }


def blocks_of(string: Tokens, size: int) -> list[Tokens]:
    return [string[start : start + size] for start in range(0, len(string), size)]


def distance(counts: Counter[Any], expected: Mapping[Any, float]) -> float:
    return sum(abs(counts[key] / counts.total() - share) for key, share in expected.items()) / 2


def test_all_strings_once_are_without_fault() -> None:
    found = metrics(EVERY)
    assert [found["validity_1"], found["validity_2"]] == [1, 1]
    for name in ("rule_usage_tv_1", "rule_usage_tv_2", "class_balance_tv", "excess_copies", "hamming_min"):
        assert found[name] == pytest.approx(0, abs=1e-12)
    assert found["log_likelihood"] == pytest.approx(-np.log(GRAMMAR.p_max))
    assert found["copies"] == pytest.approx(8 / GRAMMAR.p_max)


def test_one_string_again_and_again_has_few_rules_and_one_class() -> None:
    found = metrics(np.repeat(DATA.train[:1], 50, axis=0))
    assert found["rule_usage_tv_2"] == pytest.approx(1 - 1 / 8)
    assert found["rule_usage_tv_1"] > 0.5
    assert found["class_balance_tv"] == pytest.approx(1 - 1 / 4)
    assert [found["copies"], found["subtuple_copies_1"], found["subtuple_copies_2"]] == [1, 1, 1]
    assert [found["hamming"], found["hamming_max"], found["novel_valid"]] == [0, 0, 0]
    assert found["excess_copies"] == pytest.approx(1 - 8 / GRAMMAR.p_max)


def test_training_on_few_blocks_shows_at_the_levels_where_new_ones_appear() -> None:
    found = metrics(EVERY, train=EVERY[:1])
    assert 0 < found["subtuple_copies_1"] < 1
    assert found["subtuple_copies_2"] == pytest.approx(1 / GRAMMAR.p_max)
    assert found["hamming_max"] == 4 > found["hamming_median"] >= found["hamming"] - 1


def test_probable_strings_are_more_likely_and_copied_by_chance_more_often() -> None:
    grammar = make_grammar(GrammarConfig(explicit="1>ab|ba*2 2>aa; a>ij*3|ji b>ik|jk|kk"))
    every = sorted(derivations(grammar), key=lambda derivation: derivation.probability)
    strings = np.array([derivation.tokens for derivation in every], dtype=np.uint8)
    likely, unlikely = (metrics(part, grammar, strings[-2:]) for part in (strings[-2:], strings[:2]))
    assert likely["log_likelihood"] > unlikely["log_likelihood"]
    assert likely["log_likelihood"] == pytest.approx(np.log([every[-1].probability, every[-2].probability]).mean())
    assert likely["excess_copies"] == pytest.approx(1 - every[-1].probability - every[-2].probability)


def test_without_a_valid_block_nothing_is_said_of_valid_ones() -> None:
    broken = np.full((3, 4), 200, dtype=np.uint8)
    found = metrics(broken)
    names = ("rule_usage_tv_1", "rule_usage_tv_2", "subtuple_copies_1", "subtuple_copies_2", "class_balance_tv")
    assert all(np.isnan(found[name]) for name in (*names, "log_likelihood"))
    assert [found["validity_1"], found["copies"], found["excess_copies"], found["hamming"]] == [0, 0, 0, 4]


def test_training_strings_that_come_twice_count_once() -> None:
    twice = np.concatenate([DATA.train, DATA.train])
    assert metrics(EVERY, train=twice) == metrics(EVERY)


def test_ambiguous_grammars_are_refused() -> None:
    ambiguous = make_grammar(GrammarConfig(explicit="1>ab|ba; a>ij|ji b>ij|jj"))
    with pytest.raises(UsageError, match="an ambiguous grammar cannot be parsed"):
        Reference.of(ambiguous, DATA.train)


@pytest.mark.parametrize(("num_layers", "bound_ms"), [(3, 20), (6, 60)])
def test_a_thousand_samples_take_milliseconds(num_layers: int, bound_ms: float) -> None:
    """Without the Hamming distances, which grow with the training set; measured 0.9 and 4 ms."""
    grammar = make_grammar(GrammarConfig(num_layers=num_layers))
    data: Dataset = make_dataset(grammar, 1, 1024, 0)
    reference = Reference.of(grammar, data.train)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        string_metrics(data.test, reference)
        times.append(time.perf_counter() - start)
    assert min(times) * 1e3 < bound_ms
