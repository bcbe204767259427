"""The figure of time scales against P."""

from __future__ import annotations

import numpy as np
import pytest

from rhm_sweeps.analysis.figures.axes import COPIES, GUIDE, level_colour
from rhm_sweeps.analysis.figures.scaling_figures import time_scale_figure
from rhm_sweeps.analysis.sweep_analysis import analyze

SIZES = (64, 128, 256, 512)


def figure_axis(make_sweep, grid, **options):
    drawing = time_scale_figure(analyze(make_sweep(grid(sizes=SIZES, seeds=2), **options)))
    (axis,) = drawing.figure.axes
    return axis


def test_tau_mem_is_drawn_with_its_slope(make_sweep, grid) -> None:
    axis = figure_axis(make_sweep, grid)
    copies = next(line for line in axis.lines if line.get_color() == COPIES and line.get_linestyle() == "-")
    assert copies.get_xdata() == pytest.approx(SIZES)
    assert copies.get_ydata() == pytest.approx(4 * np.array(SIZES) * 2**0.2)
    guide = next(line for line in axis.lines if line.get_color() == GUIDE)
    assert guide.get_ydata() == pytest.approx(4 * np.array([64, 512]) * 2**0.2)


def test_tau_rule_after_copies_is_marked_as_open(make_sweep, grid) -> None:
    """Level 3 is learned at 2**8.9: after copies begin for P = 64 and 128, where those begin at 2**8.2 and 2**9.2."""
    axis = figure_axis(make_sweep, grid)
    opened = [
        line for line in axis.lines if line.get_markerfacecolor() == "white" and line.get_color() == level_colour(3)
    ]
    assert [list(line.get_xdata()) for line in opened] == [[64]]


def test_what_was_not_reached_is_a_triangle_at_the_last_step(make_sweep, grid) -> None:
    axis = figure_axis(make_sweep, grid, length={6: 10, 7: 10})
    triangles = [line for line in axis.lines if line.get_marker() == "^" and line.get_color() == COPIES]
    steps = np.concatenate([line.get_ydata() for line in triangles])
    assert set(steps) == {512}
    assert all(line.get_xdata() == pytest.approx([512, 512], rel=0.2) for line in triangles)


def test_both_axes_are_logarithmic_with_powers_of_two(make_sweep, grid) -> None:
    axis = figure_axis(make_sweep, grid)
    assert (axis.get_xscale(), axis.get_yscale()) == ("log", "log")
    assert list(axis.xaxis.get_majorticklocs()) == list(SIZES)


def test_without_train_sizes_there_is_no_figure(make_sweep, grid) -> None:
    assert time_scale_figure(analyze(make_sweep(grid(sizes=(64,), model__width=(32, 64))))) is None
    assert time_scale_figure(analyze(make_sweep([]))) is None
