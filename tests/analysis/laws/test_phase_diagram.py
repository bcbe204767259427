"""The phase diagram against sweeps with known regimes."""

from __future__ import annotations

import numpy as np
import pytest

from rhm_sweeps.analysis.laws.phase_diagram import phase_diagrams
from rhm_sweeps.analysis.sweep_analysis import analyze

STEPS = [2**i for i in range(13)]
STEPS_OF = {"untrained": 0, "partial_1": 32, "partial_2": 128, "generalizing": 512}
"""First points of the regimes: level l is valid from step 2**(3 + 2 l) on."""


def expected(size: int, step: int) -> str:
    """Copies exceed chance from the first point after step 4 P."""
    if step > 4 * size:
        return "memorizing"
    return max((first, name) for name, first in STEPS_OF.items() if step >= first)[1]


def test_every_cell_is_in_its_regime(make_sweep, grid) -> None:
    (diagram,) = phase_diagrams(analyze(make_sweep(grid(sizes=(8, 64, 256), seeds=3))))
    assert diagram.regimes.index.tolist() == STEPS
    assert diagram.regimes.columns.tolist() == [8, 64, 256]
    for size in diagram.regimes:
        assert diagram.regimes[size].tolist() == [expected(size, step) for step in STEPS]
    assert (diagram.shares == 1).all(axis=None)
    assert diagram.levels == 3


def test_boundaries_are_the_medians_of_the_settings(make_sweep, grid) -> None:
    (diagram,) = phase_diagrams(analyze(make_sweep(grid(sizes=(64, 256, 2048), seeds=2))))
    assert diagram.boundaries.columns.tolist() == ["tau_rule_1", "tau_rule_2", "tau_rule_3", "tau_mem_copies"]
    assert diagram.boundaries["tau_rule_2"].tolist() == pytest.approx([2**6.9] * 3)
    assert diagram.boundaries["tau_mem_copies"].tolist() == pytest.approx(
        [256 * 2**0.2, 1024 * 2**0.2, np.nan], nan_ok=True
    )


def test_most_seeds_decide_and_at_a_tie_the_earlier_regime(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64, 128), seeds=2))
    last = results.points["step"] == STEPS[-1]
    points = results.points.copy()
    first_seed = points["signature"] == results.trials.index[0]
    points.loc[last & first_seed, ["excess_copies", "validity_1", "validity_2", "validity_3"]] = [0, 1, 1, 0]
    (diagram,) = phase_diagrams(analyze(type(results)("tie", results.trials, points, {})))
    assert diagram.regimes[64].iloc[-1] == "partial_2"
    assert diagram.shares[64].iloc[-1] == 0.5
    assert diagram.regimes[128].iloc[-1] == "memorizing"


def test_cells_that_few_seeds_reached_are_missing(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64, 128), seeds=3), length={0: 9, 1: 9, 3: 9}, failed=(5,))
    (diagram,) = phase_diagrams(analyze(results))
    assert diagram.regimes[64].notna().tolist() == [True] * 9 + [False] * 4
    assert diagram.regimes[128].notna().all()


def test_each_facet_has_its_own_diagram(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=(64, 128), seeds=1, model__width=(16, 32, 64))))
    assert [diagram.label for diagram in phase_diagrams(analysis)] == ["width = 16", "width = 32", "width = 64"]
    assert [diagram.label for diagram in phase_diagrams(analysis, 2)] == ["width = 16", "width = 64"]


def test_sweeps_without_two_sizes_have_none(make_sweep, grid) -> None:
    for trials in ([], [{}], grid(sizes=(64,), seeds=2, model__width=(16, 32))):
        assert phase_diagrams(analyze(make_sweep(trials))) == []
    assert phase_diagrams(analyze(make_sweep(grid(sizes=(64, 128), seeds=1, model__name="classifier")))) == []
    assert phase_diagrams(analyze(make_sweep(grid(sizes=(64, 128), seeds=1), length={0: 0}))) == []
