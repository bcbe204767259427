"""The figure of differences."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from rhm_sweeps.analysis.figures.comparison_figure import MOST_ROWS, OPEN, comparison_figure, draw_comparison
from rhm_sweeps.analysis.parameters.comparison import compare
from rhm_sweeps.analysis.sweep_analysis import analyze


def drawn(values: int, seeds: int, gain: float):
    trials = pd.DataFrame(product([f"m{i}" for i in range(values)], range(seeds)), columns=["model.name", "seed"])
    noise = np.random.default_rng(0).normal(size=len(trials))
    outcomes = pd.DataFrame({"last_copies": noise + gain * (trials["model.name"] == "m1")})
    found = compare(trials, ["model.name", "seed"], outcomes)
    return found.table, draw_comparison(found)


def test_intervals_stand_where_the_table_says() -> None:
    table, drawing = drawn(3, 12, gain=9)
    (axis,) = drawing.figure.axes
    intervals = [line for line in axis.lines if line.get_marker() == "None" and len(set(line.get_xdata())) == 2]
    assert [list(line.get_xdata()) for line in intervals] == table[["low", "high"]].to_numpy().tolist()
    marks = [line for line in axis.lines if line.get_marker() == "o"]
    assert [line.get_markerfacecolor() != OPEN for line in marks] == [True, False, True]
    assert list(table["p_holm"] < 0.05) == [True, False, True]
    labels = [label.get_text().replace("\n", " ") for label in axis.get_yticklabels()]
    assert labels == ["model: m0 → m1", "model: m0 → m2", "model: m1 → m2"]


def test_many_pairs_are_cut_to_the_surest() -> None:
    table, drawing = drawn(6, 3, gain=9)
    assert len(table) == 15
    assert len(drawing.figure.axes[0].get_yticks()) == MOST_ROWS
    assert f"The {MOST_ROWS} rows with the smallest p-values of 15." in drawing.caption


def test_an_outcome_that_a_pair_lacks_leaves_its_row_empty(make_sweep, grid) -> None:
    results = make_sweep(grid(sizes=(64, 128), seeds=1, model__width=(32, 64)))
    drawing = comparison_figure(analyze(results))
    assert {axis.get_xlabel() for axis in drawing.figure.axes} == {"difference", "doublings of the step"}


def test_nothing_to_compare_nothing_drawn(make_sweep, grid) -> None:
    for trials in ([], [{}], grid(sizes=(64, 128, 256))):
        assert comparison_figure(analyze(make_sweep(trials))) is None
