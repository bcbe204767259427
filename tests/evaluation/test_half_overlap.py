"""The noise at which half of the overlap is lost."""

from __future__ import annotations

import numpy as np
import pytest

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.evaluation.evidence import PROCESSES, Process
from rhm_sweeps.evaluation.forward_backward import exact_forward_backward
from rhm_sweeps.evaluation.half_overlap import half_overlap_noise
from rhm_sweeps.grammar import make_grammar
from rhm_sweeps.grammar.productions import WeightedGrammar


@pytest.mark.parametrize("process", PROCESSES)
def test_half_of_the_overlap_is_left_there(process: Process) -> None:
    grammar = WeightedGrammar.of(make_grammar(GrammarConfig(num_layers=2, num_classes=4)))
    noise = half_overlap_noise(grammar, process, 256, seed=5)
    assert exact_forward_backward(grammar, process, [noise], 256, seed=5).overlap == [pytest.approx(0.5, abs=0.005)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("process", "num_layers", "expected"),
    [
        ("uniform", 3, 0.225),
        ("uniform", 4, 0.221),
        ("epsilon", 3, 0.592),
        ("epsilon", 4, 0.611),
        ("masked", 3, 0.387),
        ("masked", 4, 0.392),
    ],
)
def test_published_values(process: Process, num_layers: int, expected: float) -> None:
    """(v, m) = (8, 3): the mean over 16 grammars, each of deviation .015-.025."""
    found = []
    for seed in range(16):
        rules = make_grammar(GrammarConfig(num_layers=num_layers, seed_rules=seed))
        found.append(half_overlap_noise(WeightedGrammar.of(rules), process, 512, seed))
    assert np.mean(found) == pytest.approx(expected, abs=0.02)


def test_one_class_is_refused() -> None:
    grammar = WeightedGrammar.of(make_grammar(GrammarConfig(num_classes=1)))
    with pytest.raises(UsageError, match="overlap of a grammar with one class is undefined"):
        half_overlap_noise(grammar, "uniform")
