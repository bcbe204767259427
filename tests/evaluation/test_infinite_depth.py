"""Population dynamics against exact belief propagation on finite trees, and thresholds against theory and published values."""

from __future__ import annotations

import pytest

from rhm_sweeps.config import GrammarConfig
from rhm_sweeps.errors import UsageError
from rhm_sweeps.evaluation.evidence import PROCESSES, Process
from rhm_sweeps.evaluation.forward_backward import exact_forward_backward
from rhm_sweeps.evaluation.infinite_depth import infinite_depth_threshold, overlap_by_level
from rhm_sweeps.grammar import epsilon_star, make_grammar
from rhm_sweeps.grammar.productions import WeightedGrammar


@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("noise", [0.15, 0.45])
def test_a_population_has_the_overlap_of_whole_trees(process: Process, noise: float) -> None:
    grammar = make_grammar(GrammarConfig(num_features=6, num_classes=6, num_synonyms=2, num_layers=3, seed_rules=3))
    *_, overlap = overlap_by_level(reversed(grammar.levels), process, noise, 2048)
    exact = exact_forward_backward(WeightedGrammar.of(grammar), process, [noise], 2048)
    assert overlap == pytest.approx(exact.overlap[0], abs=0.03)


def test_without_noise_all_is_known_and_with_all_noise_nothing() -> None:
    levels = make_grammar(GrammarConfig(num_layers=4)).levels
    for process in PROCESSES:
        assert list(overlap_by_level(reversed(levels), process, 0.0, 16)) == pytest.approx([1] * 4)
        assert list(overlap_by_level(reversed(levels), process, 1.0, 16)) == pytest.approx([0] * 4, abs=1e-9)


@pytest.mark.long
@pytest.mark.parametrize(("process", "published", "error"), [("epsilon", 0.690, 0.004), ("uniform", 0.215, 0.007)])
def test_published_thresholds(process: Process, published: float, error: float) -> None:
    """(v, m) = (8, 3), from exact inference; for epsilon also the theory's .6857."""
    found = infinite_depth_threshold(GrammarConfig(), process, num_grammars=16)
    assert 0 < found.standard_error < 0.01
    tolerance = 2 * (found.standard_error + error)
    assert found.mean == pytest.approx(published, abs=tolerance)
    if process == "epsilon":
        assert found.mean == pytest.approx(epsilon_star(GrammarConfig()), abs=tolerance)


@pytest.mark.parametrize(
    ("config", "changes", "message"),
    [
        (GrammarConfig(zipf_exponent=1.0, zipf_level=1), {}, "random grammars with equally probable rules"),
        (GrammarConfig(), {"num_grammars": 0}, "`num_grammars` is 0, but must be >= 1"),
        (GrammarConfig(), {"population": 0}, "`num_samples` is 0, but must be >= 1"),
    ],
)
def test_what_is_refused(config: GrammarConfig, changes: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        infinite_depth_threshold(config, "uniform", **changes)
