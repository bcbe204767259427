"""Sampled strings as tables and as text."""

from __future__ import annotations

import numpy as np
import pandas as pd

from rhm_sweeps.config import parse_trial
from rhm_sweeps.evaluation.sampled_strings import SampledStrings, string_lines
from rhm_sweeps.grammar import make_dataset, make_grammar, read_strings

RULES = {"num_features": 4, "num_classes": 3, "num_synonyms": 2, "num_layers": 2, "seed_rules": 5}
GRAMMAR = make_grammar(parse_trial({"grammar": RULES, "training": {"train_size": 8, "test_size": 4}}).grammar)


def test_labels_are_true() -> None:
    data = make_dataset(GRAMMAR, 4, 4, 0)
    wrong = data.test[:1].copy()
    pairs = GRAMMAR.levels[-1].children.tolist()
    wrong[0, 3] = next(token for token in range(4) if [wrong[0, 2], token] not in pairs)
    frame = SampledStrings.of(np.concatenate([data.train, data.test, wrong]), GRAMMAR, data.train).frame()
    assert frame["copied"].tolist() == [True] * 4 + [False] * 5
    assert frame["valid"].tolist() == [True] * 8 + [False]
    assert frame["class"].tolist() == [*data.train_classes, *data.test_classes, pd.NA]


def test_symbols_with_names_are_written_by_name() -> None:
    grammar = make_grammar(
        parse_trial({"grammar": {"explicit": "binary_3_level"}, "training": {"train_size": 8, "test_size": 0}}).grammar
    )
    strings = make_dataset(grammar, 3, 0, 0).train
    lines = string_lines(strings, grammar)
    assert set(lines.replace("\n", " ").split()) <= set("ijkl")
    np.testing.assert_array_equal(read_strings(lines, grammar), strings)
    frame = SampledStrings.of(strings, grammar, strings[:1]).frame()
    assert " ".join(frame.iloc[0, :8]) == lines.splitlines()[0]
    assert set(frame["class"]) <= set("1234")
