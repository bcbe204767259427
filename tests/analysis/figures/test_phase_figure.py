"""The figure of the phase diagram."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from rhm_sweeps.analysis.figures.axes import COPIES, level_colour
from rhm_sweeps.analysis.figures.phase_cells import EMPTY
from rhm_sweeps.analysis.figures.phase_figure import MOST_SIZES, phase_figure
from rhm_sweeps.analysis.sweep_analysis import analyze


def labels(figure) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def colour_at(axis, size: float, step: float) -> np.ndarray:
    """The colour of the cell that holds a point."""
    for mesh in axis.collections:
        corners = mesh.get_coordinates()
        (left, low), (right, high) = corners[0, 0], corners[-1, -1]
        if left < size < right and low < step < high:
            cell = int(np.searchsorted(corners[:, 0, 1], step)) - 1
            return mesh.cmap(mesh.norm(mesh.get_array().ravel()[cell]))[:3]
    raise AssertionError("no cell")


def test_cells_have_the_colours_of_their_regimes(make_sweep, grid) -> None:
    (axis,) = phase_figure(analyze(make_sweep(grid(sizes=(8, 64, 256), seeds=2)))).figure.axes
    assert colour_at(axis, 64, 8) == pytest.approx(to_rgb(EMPTY))
    for size, step, colour in (
        (8, 512, COPIES),
        (256, 32, level_colour(1)),
        (256, 128, level_colour(2)),
        (256, 512, level_colour(3)),
    ):
        tint = 1 - np.array(colour_at(axis, size, step))
        full = 1 - np.array(to_rgb(colour))
        assert tint == pytest.approx(full * tint.max() / full.max(), abs=0.01)


def test_lines_are_the_time_scales_and_open_after_copies_began(make_sweep, grid) -> None:
    analysis = analyze(make_sweep(grid(sizes=(64, 256), seeds=2)))
    (axis,) = phase_figure(analysis).figure.axes
    lines = {line.get_color(): line for line in axis.lines if line.get_linestyle() != "None"}
    assert lines[COPIES].get_ydata() == pytest.approx(analysis.settings["tau_mem_copies"].to_numpy())
    assert lines[level_colour(3)].get_ydata() == pytest.approx(analysis.settings["tau_rule_3"].to_numpy())
    late = [line for line in axis.lines if line.get_markerfacecolor() == "white" and len(line.get_xdata())]
    assert [(line.get_color(), list(line.get_xdata())) for line in late] == [(level_colour(3), [64])]


def test_the_legend_names_what_is_there(make_sweep, grid) -> None:
    figure = phase_figure(analyze(make_sweep(grid(sizes=(64, 128), seeds=1), length={0: 7, 1: 7}))).figure
    assert labels(figure) == ["partial (level 1)", "untrained", "$\\tau_{rule}(1)$"]


def test_a_stopped_size_leaves_its_cells_white(make_sweep, grid) -> None:
    (axis,) = phase_figure(analyze(make_sweep(grid(sizes=(64, 128), seeds=1), length={0: 7}))).figure.axes
    assert colour_at(axis, 128, 4096) is not None
    with pytest.raises(AssertionError, match="no cell"):
        colour_at(axis, 64, 4096)


def test_many_sizes_and_settings_are_thinned_out_and_that_is_said(make_sweep, grid) -> None:
    sizes = tuple(range(100, 100 + 2 * MOST_SIZES))
    drawing = phase_figure(analyze(make_sweep(grid(sizes=sizes, seeds=1))))
    assert len(drawing.figure.axes[0].collections) == MOST_SIZES
    assert f"{MOST_SIZES} of {2 * MOST_SIZES} settings are shown" in drawing.caption


def test_without_sizes_there_is_no_figure(make_sweep, grid) -> None:
    assert phase_figure(analyze(make_sweep(grid(sizes=(64,), seeds=3)))) is None
    assert phase_figure(analyze(make_sweep([]))) is None
