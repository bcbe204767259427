"""The heat map of shares."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rhm_sweeps.analysis.figures.sensitivity_figure import MOST_PARAMETERS, draw_sensitivity, sensitivity_figure
from rhm_sweeps.analysis.parameters.sensitivity import sensitivity
from rhm_sweeps.analysis.parameters.swept_parameters import swept_parameters
from rhm_sweeps.analysis.sweep_analysis import analyze


def texts(drawing) -> list[str]:
    return [text.get_text() for text in drawing.figure.axes[0].texts]


def test_the_largest_share_is_on_top_and_every_cell_has_its_number(make_sweep, grid) -> None:
    """Only P moves the copies of known sweeps."""
    drawing = sensitivity_figure(analyze(make_sweep(grid(sizes=(64, 512), model__width=(32, 64)))))
    (axis,) = drawing.figure.axes
    assert [label.get_text() for label in axis.get_yticklabels()] == ["$P$", "width", "between seeds"]
    columns = [label.get_text().splitlines() for label in axis.get_xticklabels()]
    place = columns.index(["copies", "last", "8 trials"])
    assert texts(drawing)[place :: len(columns)] == ["1.00", "0.00", "0.00"]


def test_interactions_are_told_from_the_parameter_alone() -> None:
    trials = pd.DataFrame([(x, y) for x in (0, 1) for y in (0, 1) for _ in range(2)], columns=["x", "y"])
    values = pd.DataFrame({"product": 1.0 * trials["x"] * trials["y"]})
    drawing = draw_sensitivity(sensitivity(values, swept_parameters(trials, ["x", "y"])))
    assert texts(drawing) == ["0.67\nalone 0.33", "0.67\nalone 0.33", "0.00"]
    assert "Exact decomposition" in drawing.caption
    assert "forest" not in drawing.caption


def test_a_forest_says_how_much_it_explains() -> None:
    trials = pd.DataFrame(np.random.default_rng(0).random((60, 14)), columns=[f"x{i}" for i in range(14)])
    values = pd.DataFrame({"value": trials["x0"]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rhm_sweeps.analysis.parameters.forest_shares.TRIALS_PER_PARAMETER", 2)
        found = sensitivity(values, swept_parameters(trials, list(trials.columns)))
    (axis,) = draw_sensitivity(found).figure.axes
    assert len(axis.get_yticks()) == MOST_PARAMETERS
    assert axis.get_yticklabels()[0].get_text() == "x0"
    assert f"R² {found.outcomes['explained'][0]:.2f}" in axis.get_xticklabels()[0].get_text()


def test_what_has_no_shares_has_no_figure(make_sweep, grid) -> None:
    for trials in ([], [{}], grid(sizes=(64,)), grid(sizes=(64, 128), seeds=1)):
        assert sensitivity_figure(analyze(make_sweep(trials))) is None
