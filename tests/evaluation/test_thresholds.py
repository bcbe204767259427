"""The noise at which the class of infinitely deep strings is lost: below it depth protects the class, above it depth hides it."""

from __future__ import annotations

import numpy as np
import pytest

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.evaluation.evidence import Process
from rhm_sweeps.evaluation.forward_backward import exact_forward_backward
from rhm_sweeps.grammar import WeightedGrammar, make_grammar


def overlaps(v: int, m: int, num_layers: int, process: Process, noise: list[float], strings: int) -> np.ndarray:
    """Mean over four grammars of what is known of the class, for each noise."""
    found = []
    for seed in range(4):
        config = GrammarConfig(num_features=v, num_classes=v, num_synonyms=m, num_layers=num_layers, seed_rules=seed)
        grammar = WeightedGrammar.of(make_grammar(config))
        found.append(exact_forward_backward(grammar, process, noise, strings, seed).overlap)
    return np.mean(found, 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("v", "m", "process", "threshold", "distance"),
    [
        (8, 3, "epsilon", 0.690, 0.03),
        (8, 3, "uniform", 0.215, 0.035),
        (8, 3, "masked", 0.44, 0.04),
        (16, 4, "epsilon", 0.801, 0.03),
        (16, 4, "uniform", 0.303, 0.04),
        (16, 4, "masked", 0.515, 0.04),
    ],
)
def test_published_thresholds(v: int, m: int, process: Process, threshold: float, distance: float) -> None:
    """From 16 to 256 tokens the class becomes better known just below the threshold and less known just above it."""
    noise = [threshold - distance, threshold + distance]
    shallow, deep = (overlaps(v, m, layers, process, noise, strings) for layers, strings in ((4, 512), (8, 128)))
    assert deep[0] > shallow[0] + 0.03
    assert deep[1] < shallow[1] - 0.03
