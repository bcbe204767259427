"""The figure of the transition: what is drawn where."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rhm_sweeps.analysis.figures.axes import level_colour
from rhm_sweeps.analysis.figures.sweep_figures import figure_bytes
from rhm_sweeps.analysis.figures.transition_figure import transition_figure
from rhm_sweeps.analysis.transition.transition import measure_transition

from ..transitions import NOISE, pair, table

BOTH = pd.concat([pair(0.3, layers=2), pair(0.3, layers=3, signature="b")])


def test_lines_are_exact_and_points_are_trained() -> None:
    drawing = transition_figure(measure_transition(pair(0.3)))
    top, bottom = drawing.figure.axes
    lines = [
        line for line in top.get_lines() if line.get_color() == level_colour(3) and len(line.get_xdata()) == len(NOISE)
    ]
    exact = next(line for line in lines if line.get_linestyle() == "-")
    points = next(line for line in lines if line.get_marker() == "o")
    for line, source in ((exact, "exact"), (points, "model")):
        rows = pair(0.3).query(f"source == '{source}' and resample == 0")
        assert np.allclose(line.get_ydata(), rows["unchanged_3"])
    assert len(top.containers) == 4
    assert len(bottom.containers) == 1
    assert drawing.narrow
    assert "points trained models, with errors" in drawing.caption


def test_a_column_per_setting_with_levels_of_its_own() -> None:
    drawing = transition_figure(measure_transition(BOTH))
    assert [axes.get_title(loc="left") for axes in drawing.figure.axes[:2]] == ["$L$ = 2, process\xa0=\xa0uniform",
                                                                                "$L$ = 3, process\xa0=\xa0uniform"]  # fmt: skip
    assert [len(axes.containers) for axes in drawing.figure.axes] == [3, 4, 1, 1]


def test_exact_inference_alone_has_no_points_and_marks_theory() -> None:
    frame = table("exact", 0.4).assign(theory=0.5, theory_error=0.01)
    drawing = transition_figure(measure_transition(frame))
    top = drawing.figure.axes[0]
    assert not top.containers
    places = [line.get_xdata()[0] for line in top.get_lines() if len(line.get_xdata()) == 2]
    assert places == pytest.approx([0.4, 0.5], abs=0.003)
    assert "points" not in drawing.caption
    assert "infinitely deep trees" in drawing.caption


def test_many_settings_are_thinned_out_and_that_is_said() -> None:
    many = pd.concat([pair(0.3, signature=str(size), training__train_size=size) for size in range(1, 8)])
    drawing = transition_figure(measure_transition(many))
    assert len(drawing.figure.axes) == 8
    assert "4 of 7 settings are shown" in drawing.caption


@pytest.mark.parametrize(("file_format", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_formats(file_format: str, start: bytes) -> None:
    drawing = transition_figure(measure_transition(pair(0.3)))
    assert figure_bytes(drawing, file_format).startswith(start)
